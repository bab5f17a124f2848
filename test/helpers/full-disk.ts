import { SQLITE_ENGINES, type SqliteEngine } from '../../src/journal/sqlite.ts';

/** Returns the engines with a disk that is full for each statement of which `isFull` says so. */
export function enginesOnFullDisk(isFull: (sql: string) => boolean): readonly SqliteEngine[] {
  return SQLITE_ENGINES.map((engine) => ({
    ...engine,
    load: () => {
      const open = engine.load();
      return (path) => {
        const connection = open(path);
        return {
          ...connection,
          run: (sql, params) => {
            if (isFull(sql)) throw Object.assign(new Error('database or disk is full'), { errcode: 13 });
            return connection.run(sql, params);
          },
        };
      };
    },
  }));
}
