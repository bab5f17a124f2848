import { randomInt } from 'node:crypto';
import type { Clock } from '../base/clock.ts';
import type { ApprovableCall, Approval, ApprovalRequest, ApprovalState } from './approval-record.ts';
import { iso, json, parse } from './columns.ts';
import type { Sqlite, SqlValue } from './sqlite.ts';

/** How long an approval can be granted and used, in milliseconds after it was requested. */
export const APPROVAL_MS = 600_000;

/** Digits and letters that are not taken for one another when a person copies them. */
const ID_ALPHABET = '23456789acdefhjkmnprtvwxy';
const ID_LENGTH = 8;

interface ApprovalRow {
  readonly approval_id: string;
  readonly tool: string;
  readonly target: string;
  readonly arguments_key: string;
  readonly shown: string;
  readonly typed: string | null;
  readonly state_now: ApprovalState;
  readonly requested_at: number;
  readonly expires_at: number;
  readonly decided_at: number | null;
}

/** A request of the future was made before the clock was set back: nobody can say how old it is, so it counts as expired. */
const IS_OVER = `state IN ('pending', 'granted') AND ? NOT BETWEEN requested_at AND expires_at - 1`;
const SELECT_APPROVALS = `SELECT *, iif(${IS_OVER}, 'expired', state) AS state_now FROM approvals`;
const IS_CALL = 'tool = ? AND target = ? AND arguments_key = ?';

/** What persons outside of the conversation agreed to. Each method is one transaction, so what is good once is so for all processes together. */
export class ApprovalJournal {
  readonly #db: Sqlite;
  readonly #clock: Clock;

  constructor(db: Sqlite, clock: Clock) {
    this.#db = db;
    this.#clock = clock;
  }

  /** Asks for an approval, or returns the one that is pending for the same call, whose `shown` and `typed` are those of the first request. */
  request(request: ApprovalRequest): Approval {
    return this.#db.transaction(() => {
      const now = this.#expire();
      const [pending] = this.#select(now, `WHERE state = 'pending' AND ${IS_CALL}`, callColumns(request));
      if (pending) return pending;
      const approvalId = newId();
      this.#db.run(
        `INSERT INTO approvals (approval_id, tool, target, arguments_key, shown, typed, state, requested_at, expires_at)
          VALUES (?, ?, ?, ?, ?, ?, 'pending', ?, ?)`,
        [
          approvalId,
          ...callColumns(request),
          json(request.shown),
          request.typed === undefined ? null : json(request.typed),
          now,
          now + APPROVAL_MS,
        ],
      );
      const [made] = this.#select(now, 'WHERE approval_id = ?', [approvalId]);
      if (!made) throw new Error(`the approval ${approvalId} was stored and cannot be read`);
      return made;
    });
  }

  /** Returns the state it was found in: it is granted now where that is `pending`, and else unchanged. Undefined for an unknown id. */
  grant(approvalId: string): ApprovalState | undefined {
    return this.#decide(approvalId, 'granted');
  }

  /** Returns the state it was found in: it is refused now where that is `pending`, and else unchanged. Undefined for an unknown id. */
  refuse(approvalId: string): ApprovalState | undefined {
    return this.#decide(approvalId, 'refused');
  }

  /** Uses an approval up that was granted for exactly this call, and returns its id. Undefined where there is none, and nothing may run. */
  consume(call: ApprovableCall): string | undefined {
    return this.#db.transaction(() => {
      const now = this.#expire();
      const [granted] = this.#select(now, `WHERE state = 'granted' AND ${IS_CALL} ORDER BY number LIMIT 1`, callColumns(call));
      if (granted) this.#db.run(`UPDATE approvals SET state = 'used' WHERE approval_id = ?`, [granted.approvalId]);
      return granted?.approvalId;
    });
  }

  get(approvalId: string): Approval | undefined {
    return this.#select(this.#now(), 'WHERE approval_id = ?', [approvalId])[0];
  }

  /** Returns the approvals of every state, the newest first. */
  list({ limit = -1 }: { readonly limit?: number } = {}): readonly Approval[] {
    return this.#select(this.#now(), 'ORDER BY number DESC LIMIT ?', [limit]);
  }

  /**
   * Uses a nonce up that is good until `expiresAt` (milliseconds since the Unix epoch). True the first time; false afterwards, and for one that
   * has expired. The expiry has to be bound to the nonce by whoever signed both: expired nonces are cleared.
   */
  burn(nonce: string, expiresAt: number): boolean {
    return this.#db.transaction(() => {
      const now = this.#now();
      // When the clock is set back, what was cleared would be new again: nothing that expires as early as the latest of it is taken.
      const latest = 'coalesce((SELECT max(expires_at) FROM nonces WHERE expires_at <= ?), 0)';
      this.#db.run(`UPDATE counters SET value = max(value, ${latest}) WHERE name = 'nonces_cleared_until'`, [now]);
      this.#db.run('DELETE FROM nonces WHERE expires_at <= ?', [now]);
      const cleared = this.#db.get<{ value: number }>(`SELECT value FROM counters WHERE name = 'nonces_cleared_until'`)?.value ?? 0;
      const until = Math.trunc(expiresAt);
      if (until <= Math.max(now, cleared)) return false;
      return this.#db.run('INSERT INTO nonces (nonce, expires_at) VALUES (?, ?) ON CONFLICT DO NOTHING', [json(nonce), until]) > 0;
    });
  }

  #decide(approvalId: string, state: 'granted' | 'refused'): ApprovalState | undefined {
    return this.#db.transaction(() => {
      const now = this.#expire();
      const found = this.#select(now, 'WHERE approval_id = ?', [approvalId])[0]?.state;
      if (found === 'pending') {
        this.#db.run('UPDATE approvals SET state = ?, decided_at = ? WHERE approval_id = ?', [state, now, approvalId]);
      }
      return found;
    });
  }

  /** Stores what has expired as such, so that it stays so when the clock is set back. Returns the time by which it did. */
  #expire(): number {
    const now = this.#now();
    this.#db.run(`UPDATE approvals SET state = 'expired' WHERE ${IS_OVER}`, [now]);
    return now;
  }

  #select(now: number, where: string, params: readonly SqlValue[]): readonly Approval[] {
    return this.#db.all<ApprovalRow>(`${SELECT_APPROVALS} ${where}`, [now, ...params]).map(toApproval);
  }

  #now(): number {
    return Math.trunc(this.#clock.now());
  }
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
    shown: parse(row.shown),
    ...(row.typed !== null && { typed: parse<string>(row.typed) }),
    state: row.state_now,
    requestedAt: iso(row.requested_at),
    expiresAt: iso(row.expires_at),
    ...(row.decided_at !== null && { decidedAt: iso(row.decided_at) }),
  };
}
