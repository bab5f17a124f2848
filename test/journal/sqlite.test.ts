import { chmodSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { isError } from '../../src/base/errors.ts';
import { openSqlite, type Sqlite, type SqliteConnection, type SqliteEngine } from '../../src/journal/sqlite.ts';
import { describeEngines, untilTestEnds } from './engines.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

const isPosix = process.platform !== 'win32';

function readMode(path: string): string {
  return (statSync(path).mode & 0o777).toString(8);
}

function thrownBy(work: () => unknown): unknown {
  try {
    work();
    return undefined;
  } catch (error) {
    return error;
  }
}

describeEngines('a database', (engine) => {
  const open = (path = join(temporaryFolder(), 'new', 'test.sqlite')): Sqlite => untilTestEnds(openSqlite(path, { engines: [engine] }));

  const openWithTable = (path?: string): Sqlite => {
    const db = open(path);
    db.exec('CREATE TABLE IF NOT EXISTS things (id INTEGER PRIMARY KEY, value ANY) STRICT');
    return db;
  };

  const values = (db: Sqlite) => db.all<{ value: unknown }>('SELECT value FROM things ORDER BY id').map(({ value }) => value);

  test('is in rollback mode with full synchronisation', () => {
    const db = open();
    const settings = ['journal_mode', 'synchronous', 'busy_timeout', 'foreign_keys'].map((name) => db.get(`PRAGMA ${name}`));
    expect(settings).toEqual([{ journal_mode: 'truncate' }, { synchronous: 2 }, { timeout: 0 }, { foreign_keys: 1 }]);
  });

  test.runIf(isPosix).each(['', '-journal'])('is not opened where test.sqlite%s is a symbolic link', (ending) => {
    const folder = temporaryFolder();
    const target = join(folder, 'of-somebody-else');
    writeFileSync(target, '');
    const link = join(folder, `test.sqlite${ending}`);
    symlinkSync(target, link);
    const error = thrownBy(() => open(join(folder, 'test.sqlite')));
    expect(isError(error, 'notPrivate') && error.message).toContain(`'${link}' (the journal) is a symbolic link`);
    expect(readFileSync(target, 'utf8')).toBe('');
  });

  test('returns what was stored', () => {
    const db = openWithTable();
    const stored = ['', 'größer 😀 "x"', 0, -1.5, Number.MAX_SAFE_INTEGER, null, new Uint8Array([0, 1, 255]), new Uint8Array()];
    for (const value of stored) expect(db.run('INSERT INTO things (value) VALUES (?)', [value])).toBe(1);
    expect(values(db)).toEqual(stored);
  });

  test('stores the part of a buffer that a view shows', () => {
    const db = openWithTable();
    db.run('INSERT INTO things (value) VALUES (?)', [new Uint8Array([1, 2, 3, 4]).subarray(1, 3)]);
    db.run('INSERT INTO things (value) VALUES (?)', [Buffer.from('text')]);
    expect(values(db)).toEqual([new Uint8Array([2, 3]), new Uint8Array(Buffer.from('text'))]);
  });

  test('refuses a value that has no form in SQLite', () => {
    const db = openWithTable();
    const values: readonly unknown[] = [true, undefined, 1n, {}];
    for (const value of values) {
      expect(() => db.run('INSERT INTO things (value) VALUES (?)', [value as string])).toThrow(
        `a ${typeof value} cannot be bound to a statement`,
      );
    }
  });

  test('returns how many rows a statement changed, and the first row or none', () => {
    const db = openWithTable();
    db.exec(`INSERT INTO things (value) VALUES ('a'), ('b'), ('c')`);
    expect(db.run('UPDATE things SET value = ? WHERE id > ?', ['x', 1])).toBe(2);
    expect(db.run('DELETE FROM things WHERE id > ?', [3])).toBe(0);
    expect(db.get('SELECT value FROM things WHERE id = ?', [1])).toEqual({ value: 'a' });
    expect(db.get('SELECT value FROM things WHERE id = ?', [9])).toBeUndefined();
  });

  test('undoes a transaction that throws, with the one inside it', () => {
    const db = openWithTable();
    const insert = (value: string) => db.run('INSERT INTO things (value) VALUES (?)', [value]);
    db.transaction(() => insert('kept'));
    expect(() =>
      db.transaction(() => {
        insert('outer');
        db.transaction(() => insert('inner'));
        throw new Error('no');
      }),
    ).toThrow('no');
    expect(values(db)).toEqual(['kept']);
    expect(db.transaction(() => insert('after'))).toBe(1);
    expect(values(db)).toEqual(['kept', 'after']);
  });

  test('lets another connection write after a read', () => {
    const path = join(temporaryFolder(), 'test.sqlite');
    const reader = openWithTable(path);
    const writer = open(path);
    writer.run('INSERT INTO things (value) VALUES (1), (2)');
    expect(reader.get('SELECT value FROM things ORDER BY id')).toEqual({ value: 1 });
    expect(writer.run('INSERT INTO things (value) VALUES (3)')).toBe(1);
    expect(reader.all('SELECT value FROM things')).toHaveLength(3);
  });

  test('reports at once that another process keeps the file locked', () => {
    const path = join(temporaryFolder(), 'test.sqlite');
    const other = openWithTable(path);
    const db = open(path);
    other.transaction(() => {
      expect(thrownBy(() => db.transaction(() => 1))).toMatchObject({ code: 'journalBusy', details: { path } });
    });
    expect(db.transaction(() => 1)).toBe(1);
  });

  test('reports that the disk is full, keeps what it has, and continues when there is space', () => {
    const db = openWithTable();
    db.run('INSERT INTO things (value) VALUES (?)', ['kept']);
    const pages = db.get<{ page_count: number }>('PRAGMA page_count')?.page_count;
    db.get(`PRAGMA max_page_count = ${pages}`);
    const large = new Uint8Array(200_000);
    const insert = () => db.transaction(() => db.run('INSERT INTO things (value) VALUES (?)', [large]));
    expect(thrownBy(insert)).toMatchObject({ code: 'journalFull', audience: 'record' });
    expect(values(db)).toEqual(['kept']);
    db.get('PRAGMA max_page_count = 1000');
    insert();
    expect(values(db)).toEqual(['kept', large]);
  });

  test('leaves alone a file that is no database', () => {
    const path = join(temporaryFolder(), 'test.sqlite');
    const content = 'These are notes, and they are longer than the head of a database. '.repeat(100);
    writeFileSync(path, content);
    expect(thrownBy(() => openSqlite(path, { engines: [engine] }))).toMatchObject({ code: 'journalBroken', details: { path } });
    expect(readFileSync(path, 'utf8')).toBe(content);
  });

  test('is not opened when the inspection throws', () => {
    const path = join(temporaryFolder(), 'test.sqlite');
    openWithTable(path).close();
    const before = readFileSync(path);
    const refuse = () => {
      throw new Error('not this one');
    };
    expect(() => openSqlite(path, { engines: [engine], inspect: refuse })).toThrow('not this one');
    expect(readFileSync(path)).toEqual(before);
  });

  test('may be closed twice', () => {
    const db = open();
    db.close();
    expect(() => db.close()).not.toThrow();
  });

  test.runIf(isPosix)('belongs to its owner alone, as does a folder made for it', () => {
    const folder = join(temporaryFolder(), 'a', 'b');
    const path = join(folder, 'test.sqlite');
    openWithTable(path).run('INSERT INTO things (value) VALUES (1)');
    expect([join(folder, '..'), folder, path, `${path}-journal`].map(readMode)).toEqual(['700', '700', '600', '600']);
  });

  test.runIf(isPosix)('is closed to others when it was open to them, and a folder of others stays as it is', () => {
    const folder = join(temporaryFolder(), 'shared');
    mkdirSync(folder);
    chmodSync(folder, 0o755);
    const path = join(folder, 'test.sqlite');
    openWithTable(path).close();
    chmodSync(path, 0o644);
    open(path);
    expect([folder, path].map(readMode)).toEqual(['755', '600']);
  });

  test('reports a file in the place of its folder', () => {
    const folder = join(temporaryFolder(), 'state');
    writeFileSync(folder, '');
    const path = join(folder, 'test.sqlite');
    expect(thrownBy(() => openSqlite(path, { engines: [engine] }))).toMatchObject({ code: 'journalUnusable', details: { path } });
  });
});

describe('an engine', () => {
  const failing = (error: Error): SqliteEngine => {
    const fail = () => {
      throw error;
    };
    const connection: SqliteConnection = { exec: fail, run: fail, all: fail, close: () => {} };
    return { name: 'failing', find: () => undefined, load: () => () => connection };
  };
  const open = (error: Error) => thrownBy(() => openSqlite(join(temporaryFolder(), 'test.sqlite'), { engines: [failing(error)] }));

  test('an engine that loads is used, the first of several', () => {
    const used: string[] = [];
    const connection: SqliteConnection = { exec: () => {}, run: () => 0, all: () => [], close: () => {} };
    const engine = (name: string, load?: () => never): SqliteEngine => ({
      name,
      find: () => undefined,
      load: load ?? (() => () => (used.push(name), connection)),
    });
    const missing = engine('missing', () => {
      throw new Error('not here');
    });
    openSqlite(join(temporaryFolder(), 'test.sqlite'), { engines: [missing, engine('first'), engine('second')] });
    expect(used).toEqual(['first']);
  });

  test('an engine that is missing everywhere is reported with the reasons and what to do', () => {
    const missing = (name: string): SqliteEngine => ({
      name,
      find: () => undefined,
      load: () => {
        throw new Error(`${name} is not here\nRequire stack: and so on`);
      },
    });
    const error = thrownBy(() => openSqlite(join(temporaryFolder(), 'test.sqlite'), { engines: [missing('one'), missing('two')] }));
    expect(isError(error, 'noSqlite') && error.message).toBe(
      'Tasks cannot be kept, because no SQLite loads (one: one is not here; two: two is not here). Run with Node 22.13 or later, or install the package libsql next to mailstore-mcp.',
    );
  });

  test.each([
    [5, 'journalBusy'],
    [8, 'journalNotWritable'],
    [1032, 'journalNotWritable'],
    [14, 'journalNotWritable'],
    [778, 'journalUnusable'],
    [11, 'journalBroken'],
    [13, 'journalFull'],
    [26, 'journalBroken'],
  ])('an engine that fails with the result code %i is reported as %s', (code, told) => {
    expect([open(Object.assign(new Error('x'), { errcode: code })), open(Object.assign(new Error('x'), { rawCode: code }))]).toMatchObject([
      { code: told },
      { code: told },
    ]);
  });

  test('an engine that cannot open a file says so in words alone', () => {
    expect(open(new Error('ConnectionFailed("Unable to open connection to local database /x: 14")'))).toMatchObject({
      code: 'journalNotWritable',
    });
  });

  test('an engine that fails over a statement is not taken for a fault of the disk', () => {
    const error = Object.assign(new Error('near "x": syntax error'), { errcode: 1 });
    expect(open(error)).toBe(error);
  });
});
