import { randomInt } from 'node:crypto';
import type { Clock } from '../base/clock.ts';
import { MailStoreError } from '../base/errors.ts';
import { CONSENT_MS } from '../base/limits.ts';
import type { ApprovalJournal, Pause } from './approval-journal.ts';
import type { ApprovableCall, Approval, ApprovalRequest, ApprovalState, ConsumedApproval } from './approval-record.ts';
import { iso, json, parse } from './columns.ts';
import type { Database } from './database.ts';
import type { Sqlite, SqlValue } from './sqlite.ts';

/** How many requests may be pending at a time, so that a program cannot bury the one that matters. */
const MAX_PENDING = { target: 20, all: 100 } as const;

/**
 * After so many refusals of one kind within this time, in milliseconds, no question of that kind is asked for as long again; and after so many of all
 * kinds together, no question at all, so that a program does not get more of them by turning to other tools.
 */
const PAUSE = { kind: 3, all: 6, ms: CONSENT_MS } as const;

/** Digits and letters that are not taken for one another when a person copies them. */
const ID_ALPHABET = '23456789acdefhjkmnprtvwxy';
const ID_LENGTH = 8;

interface ApprovalRow {
  readonly approval_id: string;
  readonly tool: string;
  readonly target: string;
  readonly arguments_key: string;
  readonly prompt_key: string;
  readonly prompt: string;
  readonly label: string;
  readonly confirmation_text: string | null;
  readonly state_now: ApprovalState;
  readonly requested_at: number;
  readonly expires_at: number;
  readonly decided_at: number | null;
}

/** A request of the future was made before the clock was set back: its age is not known, so it counts as expired. */
const IS_OVER = `state IN ('pending', 'granted') AND ? NOT BETWEEN requested_at AND expires_at - 1`;
const SELECT_APPROVALS = `SELECT *, iif(${IS_OVER}, 'expired', state) AS state_now FROM approvals`;
const IS_CALL = 'tool = ? AND target = ? AND arguments_key = ?';

export class SqliteApprovalJournal implements ApprovalJournal {
  readonly #db: Database;
  readonly #clock: Clock;

  constructor(db: Database, clock: Clock) {
    this.#db = db;
    this.#clock = clock;
  }

  request(request: ApprovalRequest): Promise<Approval> {
    return this.#db.write((db) => {
      const now = this.#expire(db);
      const [pending] = select(db, now, `WHERE state = 'pending' AND ${IS_CALL}`, callColumns(request));
      if (pending?.promptKey === request.promptKey) return pending;
      if (pending) db.run(`UPDATE approvals SET state = 'void' WHERE approval_id = ?`, [pending.approvalId]);
      refuseFlood(db, request.target);
      const approvalId = newId();
      db.run(
        `INSERT INTO approvals (approval_id, tool, target, arguments_key, prompt_key, prompt, label, confirmation_text, state, requested_at, expires_at)
          VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'pending', ?, ?)`,
        [
          approvalId,
          ...callColumns(request),
          json(request.promptKey),
          json(request.prompt),
          json(request.label),
          request.confirmationText === undefined ? null : json(request.confirmationText),
          now,
          now + CONSENT_MS,
        ],
      );
      const [made] = select(db, now, 'WHERE approval_id = ?', [approvalId]);
      if (!made) throw new Error(`the approval ${approvalId} was stored and cannot be read`);
      return made;
    });
  }

  grant(approvalId: string): Promise<ApprovalState | undefined> {
    return this.#decide(approvalId, 'granted');
  }

  refuse(approvalId: string): Promise<ApprovalState | undefined> {
    return this.#decide(approvalId, 'refused');
  }

  consume(call: ApprovableCall): Promise<ConsumedApproval | undefined> {
    return this.#db.write((db) => {
      const now = this.#expire(db);
      const [granted] = select(db, now, `WHERE state = 'granted' AND ${IS_CALL} ORDER BY number LIMIT 1`, callColumns(call));
      if (!granted) return undefined;
      const { approvalId, prompt } = granted;
      const isValid = granted.promptKey === call.promptKey;
      db.run('UPDATE approvals SET state = ? WHERE approval_id = ?', [isValid ? 'used' : 'void', approvalId]);
      return { approvalId, prompt, isValid };
    });
  }

  countRefusal({ tool, target }: Pick<ApprovableCall, 'tool' | 'target'>): Promise<void> {
    return this.#db.write((db) => {
      const now = this.#now();
      // One of the future was counted before the clock was set back.
      db.run('DELETE FROM refusals WHERE refused_at NOT BETWEEN ? AND ?', [now - 2 * PAUSE.ms, now]);
      db.run('INSERT INTO refusals (tool, target, refused_at) VALUES (?, ?, ?)', [json(tool), json(target), now]);
    });
  }

  forgetRefusal({ tool, target }: Pick<ApprovableCall, 'tool' | 'target'>): Promise<void> {
    const latest = 'SELECT max(rowid) FROM refusals WHERE tool = ? AND target = ?';
    return this.#db.write((db) => void db.run(`DELETE FROM refusals WHERE rowid = (${latest})`, [json(tool), json(target)]));
  }

  findPause({ tool, target }: Pick<ApprovableCall, 'tool' | 'target'>): Promise<Pause | undefined> {
    return this.#db.read((db) => {
      const now = this.#now();
      const all = endOfPause(db, now, PAUSE.all, '', []);
      if (all !== undefined) return { until: all, of: 'all' };
      const kind = endOfPause(db, now, PAUSE.kind, 'tool = ? AND target = ? AND', [json(tool), json(target)]);
      return kind === undefined ? undefined : { until: kind, of: 'kind' };
    });
  }

  get(approvalId: string): Promise<Approval | undefined> {
    return this.#db.read((db) => select(db, this.#now(), 'WHERE approval_id = ?', [approvalId])[0]);
  }

  list({ limit = -1 }: { readonly limit?: number } = {}): Promise<readonly Approval[]> {
    return this.#db.read((db) => select(db, this.#now(), 'ORDER BY number DESC LIMIT ?', [limit]));
  }

  burn(nonce: string, expiresAt: number): Promise<boolean> {
    return this.#db.write((db) => {
      const now = this.#now();
      // When the clock is set back, what was cleared would be new again: nothing that expires as early as the latest of it is taken.
      const latest = 'coalesce((SELECT max(expires_at) FROM nonces WHERE expires_at <= ?), 0)';
      db.run(`UPDATE counters SET value = max(value, ${latest}) WHERE name = 'nonces_cleared_until'`, [now]);
      db.run('DELETE FROM nonces WHERE expires_at <= ?', [now]);
      const cleared = db.get<{ value: number }>(`SELECT value FROM counters WHERE name = 'nonces_cleared_until'`)?.value ?? 0;
      const until = Math.trunc(expiresAt);
      if (until <= Math.max(now, cleared)) return false;
      return db.run('INSERT INTO nonces (nonce, expires_at) VALUES (?, ?) ON CONFLICT DO NOTHING', [json(nonce), until]) > 0;
    });
  }

  #decide(approvalId: string, state: 'granted' | 'refused'): Promise<ApprovalState | undefined> {
    return this.#db.write((db) => {
      const now = this.#expire(db);
      const found = select(db, now, 'WHERE approval_id = ?', [approvalId])[0]?.state;
      if (found === 'pending') {
        db.run('UPDATE approvals SET state = ?, decided_at = ? WHERE approval_id = ?', [state, now, approvalId]);
      }
      return found;
    });
  }

  /** Stores what has expired as such, so that it stays so when the clock is set back. Returns the time by which it did. */
  #expire(db: Sqlite): number {
    const now = this.#now();
    db.run(`UPDATE approvals SET state = 'expired' WHERE ${IS_OVER}`, [now]);
    return now;
  }

  #now(): number {
    return Math.trunc(this.#clock.now());
  }
}

function select(db: Sqlite, now: number, where: string, params: readonly SqlValue[]): readonly Approval[] {
  return db.all<ApprovalRow>(`${SELECT_APPROVALS} ${where}`, [now, ...params]).map(toApproval);
}

/** Returns until when (milliseconds since the Unix epoch) refusals of one sort pause questions; undefined where there are too few. */
function endOfPause(db: Sqlite, now: number, limit: number, where: string, params: readonly SqlValue[]): number | undefined {
  const sql = `SELECT refused_at FROM refusals WHERE ${where} refused_at <= ? ORDER BY refused_at DESC LIMIT ?`;
  const refusals = db.all<{ refused_at: number }>(sql, [...params, now, limit]);
  const [last, first] = [refusals[0]?.refused_at, refusals[limit - 1]?.refused_at];
  if (last === undefined || first === undefined || last - first > PAUSE.ms) return undefined;
  return now < last + PAUSE.ms ? last + PAUSE.ms : undefined;
}

function refuseFlood(db: Sqlite, target: string): void {
  const sql = `SELECT count(*) AS total, coalesce(sum(target = ?), 0) AS here FROM approvals WHERE state = 'pending'`;
  const { total, here } = db.get<{ total: number; here: number }>(sql, [json(target)]) ?? { total: 0, here: 0 };
  if (total < MAX_PENDING.all && here < MAX_PENDING.target) return;
  throw new MailStoreError('tooManyApprovals', { pending: total, target, here });
}

function newId(): string {
  return Array.from({ length: ID_LENGTH }, () => ID_ALPHABET.charAt(randomInt(ID_ALPHABET.length))).join('');
}

/** As JSON, in which no two texts are the same: as they are, all would be the same from a NUL character on. */
function callColumns({ tool, target, argumentsKey }: ApprovableCall): readonly string[] {
  return [json(tool), json(target), json(argumentsKey)];
}

function toApproval(row: ApprovalRow): Approval {
  return {
    approvalId: row.approval_id,
    tool: parse(row.tool),
    target: parse(row.target),
    argumentsKey: parse(row.arguments_key),
    promptKey: parse(row.prompt_key),
    prompt: parse(row.prompt),
    label: parse(row.label),
    ...(row.confirmation_text !== null && { confirmationText: parse<string>(row.confirmation_text) }),
    state: row.state_now,
    requestedAt: iso(row.requested_at),
    expiresAt: iso(row.expires_at),
    ...(row.decided_at !== null && { decidedAt: iso(row.decided_at) }),
  };
}
