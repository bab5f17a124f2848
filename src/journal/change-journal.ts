import type { Clock } from '../base/clock.ts';
import { iso, json, parse } from './columns.ts';
import type { PageRequest, RowPage } from './page.ts';
import type { Sqlite, SqlValue } from './sqlite.ts';

/** The call that puts a change back. */
export interface InverseCall {
  readonly command: string;
  readonly args: Readonly<Record<string, unknown>>;
}

/** What a write did. Secrets are masked before they come here. */
export interface NewChange {
  readonly command: string;
  /** The target's name when the change was made. */
  readonly target: string;
  /** `https://host:port` of the archive that was changed: the only one that the change can be put back in. */
  readonly origin: string;
  /** The login name there. */
  readonly login: string;
  readonly argumentsMasked: Readonly<Record<string, unknown>>;
  /** The object as it was read before the write; null where there was none. */
  readonly before: unknown;
  /** The object as it was read after the write; null if there is none, or it could not be read. */
  readonly after: unknown;
  /** Why the object could not be read after the write; absent if it was read. */
  readonly afterUnreadBecause?: string;
  /** Null for a change that cannot be put back. */
  readonly inverse: InverseCall | null;
  /** One sentence for people. */
  readonly summary: string;
}

export interface Change extends NewChange {
  /** Grows from change to change and is never given twice. */
  readonly number: number;
  /** ISO 8601 UTC. */
  readonly changedAt: string;
  /** The number of the change that put this one back. */
  readonly revertedBy?: number;
}

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
}

/** The writes that can be shown, and put back, later. Each method is one transaction. */
export class ChangeJournal {
  readonly #db: Sqlite;
  readonly #clock: Clock;

  constructor(db: Sqlite, clock: Clock) {
    this.#db = db;
    this.#clock = clock;
  }

  record(change: NewChange): Change {
    const sql = `INSERT INTO changes
        (command, target, origin, login, arguments_masked, before, after, after_unread_because, inverse, summary, changed_at)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING *`;
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
    ];
    const [recorded] = this.#db.transaction(() => this.#changes(sql, params));
    if (!recorded) throw new Error('a change was stored and cannot be read');
    return recorded;
  }

  /** Returns the changes, the newest first. */
  list({ limit = -1 }: { readonly limit?: number } = {}): readonly Change[] {
    return this.#changes('SELECT * FROM changes ORDER BY number DESC LIMIT ?', [limit]);
  }

  /** Returns one page of the changes, the newest first. `match` looks at the command, target, arguments and both states. */
  page({ limit, before, offset = 0, match }: PageRequest): RowPage<Change> {
    const wanted = match?.toLowerCase();
    const isWanted =
      wanted === undefined ? '' : `AND instr(lower(command || ' ' || target || ' ' || summary || ' ' || before || ' ' || after), ?) > 0`;
    const params = wanted === undefined ? [] : [wanted];
    const rows = this.#changes(`SELECT * FROM changes WHERE number < ? ${isWanted} ORDER BY number DESC LIMIT ? OFFSET ?`, [
      before ?? Number.MAX_SAFE_INTEGER,
      ...params,
      limit + 1,
      offset,
    ]);
    const total =
      wanted === undefined
        ? this.#db.get<{ value: number }>(`SELECT value FROM counters WHERE name = 'change_count'`)?.value
        : this.#db.get<{ value: number }>(`SELECT count(*) AS value FROM changes WHERE number > 0 ${isWanted}`, params)?.value;
    const shown = rows.slice(0, limit);
    const next = rows.length > limit ? shown.at(-1)?.number : undefined;
    return { rows: shown, total: total ?? 0, ...(next !== undefined && { next }) };
  }

  get(number: number): Change | undefined {
    return this.#changes('SELECT * FROM changes WHERE number = ?', [number])[0];
  }

  /**
   * Records that the change `byNumber` put the change `number` back. False, and nothing is changed, where it was put back before, where
   * either does not exist, or where `byNumber` is not the later one.
   */
  markReverted(number: number, byNumber: number): boolean {
    const isLater = 'EXISTS (SELECT 1 FROM changes AS later WHERE later.number = ? AND later.number > changes.number)';
    const sql = `UPDATE changes SET reverted_by = ? WHERE number = ? AND reverted_by IS NULL AND ${isLater}`;
    return this.#db.transaction(() => this.#db.run(sql, [byNumber, number, byNumber]) > 0);
  }

  #changes(sql: string, params: readonly SqlValue[]): readonly Change[] {
    return this.#db.all<ChangeRow>(sql, params).map(toChange);
  }
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
  };
}
