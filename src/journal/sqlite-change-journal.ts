import type { Clock } from '../base/clock.ts';
import type { Change, ChangeJournal, InverseCall, NewChange, SettledChange } from './change-journal.ts';
import { iso, json, parse } from './columns.ts';
import type { Database } from './database.ts';
import type { CHANGE_FIELDS, PageRequest, RowPage } from './page.ts';
import type { FieldColumns } from './sqlite-page.ts';
import { readPage } from './read-page.ts';
import type { Sqlite, SqlValue } from './sqlite.ts';

interface ChangeRow {
  readonly number: number;
  readonly command: string;
  readonly target: string;
  readonly origin: string;
  readonly login: string;
  readonly arguments_masked: string;
  readonly before: string;
  readonly after: string;
  readonly after_unread_because: string | null;
  readonly inverse: string | null;
  readonly summary: string;
  readonly changed_at: number;
  readonly reverted_by: number | null;
  readonly run_task: string | null;
  readonly run_before_is_exact: number;
}

const PAGE_FIELDS: FieldColumns<typeof CHANGE_FIELDS> = {
  values: {
    number: 'number',
    changedAt: 'changed_at',
    target: 'target',
    origin: 'origin',
    login: 'login',
    command: 'command',
    revertible: '(inverse IS NOT NULL AND reverted_by IS NULL)',
    revertedBy: 'reverted_by',
  },
  objects: { arguments: 'arguments_masked', before: 'before', after: 'after' },
};

const LIST = {
  table: 'changes',
  columns: '*',
  contains: `instr(lower(command || ' ' || target || ' ' || summary || ' ' || before || ' ' || after), ?) > 0`,
  fields: PAGE_FIELDS,
} as const;

export class SqliteChangeJournal implements ChangeJournal {
  readonly #db: Database;
  readonly #clock: Clock;

  constructor(db: Database, clock: Clock) {
    this.#db = db;
    this.#clock = clock;
  }

  record(change: NewChange): Promise<Change> {
    const sql = `INSERT INTO changes
        (command, target, origin, login, arguments_masked, before, after, after_unread_because, inverse, summary, changed_at,
          run_task, run_before_is_exact)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING *`;
    const params = [
      change.command,
      change.target,
      change.origin,
      change.login,
      json(change.argumentsMasked),
      json(change.before),
      json(change.after),
      change.afterUnreadBecause === undefined ? null : json(change.afterUnreadBecause),
      change.inverse && json(change.inverse),
      json(change.summary),
      Math.trunc(this.#clock.now()),
      change.run?.taskId ?? null,
      change.run?.isExact === true ? 1 : 0,
    ];
    return this.#db.write((db) => {
      const [recorded] = select(db, sql, params);
      if (!recorded) throw new Error('a change was stored and cannot be read');
      return recorded;
    });
  }

  list({ limit = -1 }: { readonly limit?: number } = {}): Promise<readonly Change[]> {
    return this.#db.read((db) => select(db, 'SELECT * FROM changes ORDER BY number DESC LIMIT ?', [limit]));
  }

  page(request: PageRequest): Promise<RowPage<Change>> {
    return this.#db.read((db) => {
      const { rows, ...page } = readPage<ChangeRow>(db, LIST, request);
      return { ...page, rows: rows.map(toChange) };
    });
  }

  get(number: number): Promise<Change | undefined> {
    return this.#db.read((db) => select(db, 'SELECT * FROM changes WHERE number = ?', [number])[0]);
  }

  findByRun(taskId: string): Promise<Change | undefined> {
    return this.#db.read((db) => select(db, 'SELECT * FROM changes WHERE run_task = ?', [taskId])[0]);
  }

  settle(number: number, { after, afterUnreadBecause, inverse }: SettledChange): Promise<boolean> {
    const sql = `UPDATE changes SET after = ?, after_unread_because = ?, inverse = ?, run_task = NULL
      WHERE number = ? AND run_task IS NOT NULL`;
    const unread = afterUnreadBecause === undefined ? null : json(afterUnreadBecause);
    return this.#db.write((db) => db.run(sql, [json(after), unread, inverse && json(inverse), number]) > 0);
  }

  markReverted(number: number, byNumber: number): Promise<boolean> {
    const isLater = 'EXISTS (SELECT 1 FROM changes AS later WHERE later.number = ? AND later.number > changes.number)';
    const sql = `UPDATE changes SET reverted_by = ? WHERE number = ? AND reverted_by IS NULL AND ${isLater}`;
    return this.#db.write((db) => db.run(sql, [byNumber, number, byNumber]) > 0);
  }
}

function select(db: Sqlite, sql: string, params: readonly SqlValue[]): readonly Change[] {
  return db.all<ChangeRow>(sql, params).map(toChange);
}

function toChange(row: ChangeRow): Change {
  return {
    number: row.number,
    command: row.command,
    target: row.target,
    origin: row.origin,
    login: row.login,
    argumentsMasked: parse(row.arguments_masked),
    before: parse(row.before),
    after: parse(row.after),
    ...(row.after_unread_because !== null && { afterUnreadBecause: parse<string>(row.after_unread_because) }),
    inverse: row.inverse === null ? null : parse<InverseCall>(row.inverse),
    summary: parse(row.summary),
    changedAt: iso(row.changed_at),
    ...(row.reverted_by !== null && { revertedBy: row.reverted_by }),
    ...(row.run_task !== null && { run: { taskId: row.run_task, isExact: row.run_before_is_exact === 1 } }),
  };
}
