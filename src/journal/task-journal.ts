import { randomUUID } from 'node:crypto';
import type { Clock } from '../base/clock.ts';
import type { Progress, RunHandle } from '../wire/reply.ts';
import { CellReader, isAnything, isList, isObject, isText, iso, json } from './columns.ts';
import type { PageRequest, RowPage } from './page.ts';
import type { Sqlite, SqlValue } from './sqlite.ts';
import {
  isEnded,
  type DialectName,
  type Evidence,
  type Finding,
  type Holder,
  type Lease,
  type PollMark,
  type RawEnd,
  type ResultDrift,
  type StoredRawEnd,
  type TaskEndState,
  type TaskIntent,
  type TaskRecord,
  type TaskState,
  type UntoldEnd,
} from './task-record.ts';

/** A heartbeat of this age, in milliseconds, is missed unless told otherwise: the lease is taken from a holder that is gone. */
export const LEASE_MS = 15_000;

/**
 * A heartbeat of this age, in milliseconds, costs the lease even where the holder seems to live: it may hang, or another process may have
 * got its id. Too early means two pollers for a moment, of which the fenced one can still store an end; too late means a task that stands
 * still. The first is worse, so this is several times LEASE_MS.
 */
export const FENCE_MS = 60_000;

export interface LeaseTiming {
  /** LEASE_MS by default. */
  readonly leaseMs?: number;
  /** FENCE_MS by default. */
  readonly fenceMs?: number;
}

/** Unreadable answers kept of one task. The first ones are nearest to the end that the server handed out, so later ones give way. */
const UNREADABLE_LIMIT = 20;

/** How a task ended, as the server said it. `progress` is the last one, its messages merged; absent leaves what is known. */
export interface TaskEnd {
  readonly status: TaskEndState;
  readonly result?: unknown;
  readonly error?: string;
  /** Where the result differs from what the command is declared to return. */
  readonly drift?: readonly ResultDrift[];
  readonly note?: string;
  readonly finding?: Finding;
  readonly progress?: Progress;
  /** The process that tells the end; absent where the answer to the call itself tells it. */
  readonly teller?: Holder;
}

export interface GivingUp {
  /** Where given, only the present holder of the lease may give up. */
  readonly epoch?: number;
  /** True where the reason is that no token came: a token that has come since keeps the task from being given up. */
  readonly unanswered?: boolean;
  /** The stored answer that cannot be read; it is set aside in the same step. */
  readonly unreadable?: number;
  readonly reason: string;
  readonly evidence?: readonly Evidence[];
  /** The process that tells the end; absent where the answer to the call itself tells it. */
  readonly teller?: Holder;
}

interface TaskRow {
  readonly number: number;
  readonly task_id: string;
  readonly revision: number;
  readonly command: string;
  readonly target: string;
  readonly origin: string;
  readonly arguments_key: string;
  readonly arguments_shown: string;
  readonly status: TaskState;
  readonly run: string | null;
  readonly dialect: DialectName | null;
  readonly version: number;
  readonly percent: number | null;
  readonly status_text: string | null;
  readonly messages: string;
  readonly result: string | null;
  readonly error: string | null;
  readonly drift: string | null;
  readonly finding: string | null;
  readonly progress_at: number | null;
  readonly search: string;
  readonly note: string | null;
  readonly reason: string | null;
  readonly evidence: string;
  readonly started_at: number;
  readonly ended_at: number | null;
  readonly cancel_asked_at: number | null;
  readonly epoch: number;
  readonly holder: string | null;
  readonly heartbeat_at: number | null;
  readonly poll_mark: string | null;
  readonly lost_poll: string | null;
  readonly end_teller: string | null;
  readonly has_raw_end: number;
}

type Changes = Partial<Omit<TaskRow, 'number' | 'task_id' | 'revision' | 'has_raw_end'>>;

/** Columns that no reader waits for. */
const UNSEEN: ReadonlySet<string> = new Set([
  'epoch',
  'holder',
  'heartbeat_at',
  'poll_mark',
  'lost_poll',
  'end_teller',
  'progress_at',
] satisfies (keyof TaskRow)[]);

const HAS_RAW_END = 'EXISTS (SELECT 1 FROM raw_ends WHERE task_number = tasks.number AND unreadable_because IS NULL)';
const IS_ACTIVE = `(status IN ('starting', 'running') OR (status = 'unknown' AND ${HAS_RAW_END}))`;
/** The same, as two looks into indexes: however many tasks have ended, they are not looked at. */
const ACTIVE_NUMBERS = `SELECT number FROM tasks WHERE status IN ('starting', 'running')
  UNION ALL SELECT number FROM tasks WHERE status = 'unknown' AND ${HAS_RAW_END}`;
/** What a list shows of a task: all but what makes rows large. */
const LIST_COLUMNS = `number, task_id, revision, command, target, origin, arguments_key, arguments_shown, status, NULL AS run, dialect, version,
  percent, progress_at, status_text, '[]' AS messages, NULL AS result, error, NULL AS drift, finding, note, reason, '[]' AS evidence, started_at,
  ended_at, cancel_asked_at, epoch, holder, heartbeat_at, poll_mark, lost_poll, end_teller, '' AS search, 0 AS has_raw_end`;
const SELECT_TASKS = `SELECT *, ${HAS_RAW_END} AS has_raw_end FROM tasks`;

const NO_MARKS = { poll_mark: null, lost_poll: null } as const;
const NO_LEASE = { holder: null, heartbeat_at: null } as const;

/**
 * The tasks of the journal. Each method is one transaction, so what holds for one process holds for all that share the file. Methods that
 * return a boolean return false, and have changed nothing, when the task is not in a state for it, does not exist, or the caller's lease
 * has passed to another holder.
 */
export class TaskJournal {
  readonly #db: Sqlite;
  readonly #clock: Clock;
  readonly #leaseMs: number;
  /** The age, in milliseconds, at which a heartbeat costs the lease of a holder that seems to live. */
  readonly fenceMs: number;

  constructor(db: Sqlite, clock: Clock, { leaseMs = LEASE_MS, fenceMs = FENCE_MS }: LeaseTiming = {}) {
    this.#db = db;
    this.#clock = clock;
    this.#leaseMs = leaseMs;
    this.fenceMs = fenceMs;
  }

  /**
   * Records that a call is about to be sent, its lease held by `holder` with epoch 1; or returns the task that is starting or running with
   * the same server, target, command and arguments.
   */
  begin(intent: TaskIntent, holder: Holder): { readonly task: TaskRecord; readonly isNew: boolean } {
    return this.#db.transaction(() => {
      const { target, origin = '', command, argumentsKey } = intent;
      const twin = this.#db.get<TaskRow>(
        `${SELECT_TASKS} WHERE target = ? AND origin = ? AND command = ? AND arguments_key = ? AND status IN ('starting', 'running')`,
        [target, origin, command, argumentsKey],
      );
      if (twin) return { task: toRecord(twin), isNew: false };
      const taskId = randomUUID();
      const now = this.#now();
      this.#db.run(
        `INSERT INTO tasks
          (task_id, revision, command, target, origin, arguments_key, arguments_shown, status, started_at, epoch, holder, heartbeat_at, search)
          VALUES (?, ?, ?, ?, ?, ?, ?, 'starting', ?, 1, ?, ?, ?)`,
        [
          taskId,
          this.#nextRevision(),
          command,
          target,
          origin,
          argumentsKey,
          json(intent.argumentsShown),
          now,
          json(holder),
          now,
          [taskId, command, target, json(intent.argumentsShown)].join(' ').toLowerCase(),
        ],
      );
      return { task: this.#require(taskId), isNew: true };
    });
  }

  /**
   * Stores the token that the server answered with and calls the task running. The token is the only copy in the world, so it is stored for
   * a holder of the past as well, and for a task that was already given up; false then says that the caller must not poll.
   */
  accepted(taskId: string, epoch: number, run: RunHandle, dialect: DialectName, progress: Progress): boolean {
    return this.#db.transaction(() => {
      const row = this.#row(taskId);
      if (!row) return false;
      if (row.run === null && (row.status === 'starting' || row.status === 'unknown')) {
        const token: Changes = {
          run: json({ token: run.token, ...(run.statusPath !== undefined && { statusPath: run.statusPath }) }),
          dialect,
        };
        this.#write(
          row,
          row.status === 'starting' ? { ...token, ...progressColumns(row, progress), progress_at: this.#now(), status: 'running' } : token,
        );
        return row.status === 'starting' && isHeldBy(row, epoch);
      }
      return row.status === 'running' && isHeldBy(row, epoch) && toRecord(row).run?.token === run.token;
    });
  }

  get(taskId: string): TaskRecord | undefined {
    const row = this.#row(taskId);
    return row && toRecord(row);
  }

  /** Returns the tasks that are starting or running, with `includeEnded` all; the newest first. */
  list({ includeEnded = false, limit = -1 }: { readonly includeEnded?: boolean; readonly limit?: number } = {}): readonly TaskRecord[] {
    const where = includeEnded ? '' : `WHERE status IN ('starting', 'running')`;
    return this.#records(`${SELECT_TASKS} ${where} ORDER BY number DESC LIMIT ?`, [limit]);
  }

  /**
   * Returns one page of all tasks, the newest first, without their results, messages, evidence and drift. `match` looks at the id, command, target,
   * arguments and status.
   */
  page({ limit, before, offset = 0, match }: PageRequest): RowPage<TaskRecord> {
    const wanted = match?.toLowerCase();
    const isWanted = wanted === undefined ? '' : `AND (instr(search, ?) > 0 OR instr(status, ?) > 0)`;
    const params = wanted === undefined ? [] : [wanted, wanted];
    const rows = this.#db.all<TaskRow>(
      `SELECT ${LIST_COLUMNS} FROM tasks WHERE number < ? ${isWanted} ORDER BY number DESC LIMIT ? OFFSET ?`,
      [before ?? Number.MAX_SAFE_INTEGER, ...params, limit + 1, offset],
    );
    const total =
      wanted === undefined
        ? this.#db.get<{ value: number }>(`SELECT value FROM counters WHERE name = 'task_count'`)?.value
        : this.#db.get<{ value: number }>(`SELECT count(*) AS value FROM tasks WHERE number > 0 ${isWanted}`, params)?.value;
    const shown = rows.slice(0, limit);
    const next = rows.length > limit ? shown.at(-1)?.number : undefined;
    return { rows: shown.map(toRecord), total: total ?? 0, ...(next !== undefined && { next }) };
  }

  /** Returns the number of a task, by which `page` goes on behind it. */
  numberOf(taskId: string): number | undefined {
    return this.#db.get<{ number: number }>('SELECT number FROM tasks WHERE task_id = ?', [taskId])?.number;
  }

  /** Returns the ids that begin with a text, two at most: enough to tell that it names one task. */
  idsBeginning(start: string): readonly string[] {
    const rows = this.#db.all<{ task_id: string }>(
      'SELECT task_id FROM tasks WHERE task_id >= ? AND task_id < ? ORDER BY task_id LIMIT 2',
      [start, `${start}\u{10FFFF}`],
    );
    return rows.map(({ task_id: taskId }) => taskId);
  }

  /** Returns the tasks that are starting or running and the newest `ended` others, the newest first. */
  recent(ended: number): readonly TaskRecord[] {
    return this.#records(
      `${SELECT_TASKS} WHERE number IN (SELECT number FROM tasks WHERE status IN ('starting', 'running')) OR number IN (
        SELECT number FROM tasks WHERE status NOT IN ('starting', 'running') ORDER BY number DESC LIMIT ?) ORDER BY number DESC`,
      [ended],
    );
  }

  /** Returns the tasks that somebody has to go on with, the oldest first: starting, running, or given up before the stored end was read. */
  active(): readonly TaskRecord[] {
    return this.#records(`${SELECT_TASKS} WHERE number IN (${ACTIVE_NUMBERS}) ORDER BY number`);
  }

  /** A number that grows with every change to any task that a reader can see; cheap enough to be asked several times a second. */
  revision(): number {
    return this.#db.get<{ value: number }>(`SELECT value FROM counters WHERE name = 'tasks'`)?.value ?? 0;
  }

  /** Returns the tasks that changed after `revision`, the earliest change first. */
  changesSince(revision: number): readonly TaskRecord[] {
    return this.#records(`${SELECT_TASKS} WHERE revision > ? ORDER BY revision`, [revision]);
  }

  /**
   * Takes the lease of a starting or running task and returns its new epoch, or undefined where another holder keeps it: its heartbeat is
   * fresh, or is missed for less than `fenceMs` while `isGone` does not tell that the process has ended. Times prove nothing where the clock
   * of either was set, so `isSilent` has a say before a holder that is not gone loses its lease.
   */
  acquireLease(
    taskId: string,
    holder: Holder,
    isGone: (holder: Holder) => boolean,
    isSilent: (lease: Lease) => boolean = () => true,
  ): number | undefined {
    return this.#db.transaction(() => {
      const row = this.#row(taskId);
      if (!row || isEnded(row) || !this.#isFree(row, isGone, isSilent)) return undefined;
      const epoch = row.epoch + 1;
      this.#write(row, {
        epoch,
        holder: json(holder),
        heartbeat_at: this.#now(),
        poll_mark: null,
        lost_poll: row.lost_poll ?? row.poll_mark,
      });
      return epoch;
    });
  }

  /** Says that the holder is alive. */
  heartbeat(taskId: string, epoch: number): boolean {
    return this.#change(taskId, (row) => (isHeldBy(row, epoch) ? { heartbeat_at: this.#now() } : undefined));
  }

  /** Leaves the task to whoever takes it next. */
  releaseLease(taskId: string, epoch: number): boolean {
    return this.#change(taskId, (row) => (isHeldBy(row, epoch) ? NO_LEASE : undefined));
  }

  /**
   * Marks that a poll is about to be sent; the mark of an earlier one that never got an answer stays as the lost poll. After false the caller
   * must not poll: it is fenced, the task has ended, or its end is stored and waits to be read.
   */
  markPoll(taskId: string, epoch: number): boolean {
    return this.#change(taskId, (row) => {
      if (!isHeldBy(row, epoch) || row.status !== 'running' || row.has_raw_end || row.holder === null) return undefined;
      const mark: PollMark = { at: iso(this.#now()), holder: toRecord(row).lease?.holder ?? NOBODY, epoch, version: row.version };
      return { poll_mark: json(mark), lost_poll: row.lost_poll ?? row.poll_mark };
    });
  }

  /** Takes the latest mark of this epoch back, for a poll that surely brought no end. Lost polls stay. */
  unmarkPoll(taskId: string, epoch: number): boolean {
    return this.#change(taskId, (row) => (isHeldBy(row, epoch) ? { poll_mark: null } : undefined));
  }

  /** Stores how far a running task is; the messages replace those known, so they come merged. Clears the marks: it has not ended yet. */
  progressed(taskId: string, epoch: number, progress: Progress): boolean {
    return this.#change(taskId, (row) =>
      isHeldBy(row, epoch) && row.status === 'running'
        ? { ...progressColumns(row, progress), progress_at: this.#now(), ...NO_MARKS }
        : undefined,
    );
  }

  /**
   * Stores the answer that ended a run, from whoever has it, whatever the state of the task and its lease: it is the only copy in the world.
   * Returns whether it is the one that counts, which is the first; another one waits in case that one turns out to be unreadable.
   */
  storeRawEnd(taskId: string, raw: RawEnd): boolean {
    return this.#db.transaction(() => {
      const row = this.#row(taskId);
      if (!row) return false;
      const { number } = row;
      const same = this.#db.get<{ raw_end_id: number }>(
        'SELECT raw_end_id FROM raw_ends WHERE task_number = ? AND status = ? AND content_type = ? AND body = ?',
        [number, raw.status, raw.contentType, raw.body],
      );
      if (!same) {
        this.#db.run('INSERT INTO raw_ends (task_number, status, content_type, body, stored_at) VALUES (?, ?, ?, ?, ?)', [
          number,
          raw.status,
          raw.contentType,
          raw.body,
          this.#now(),
        ]);
        this.#touch(number);
      }
      this.#write(row, NO_MARKS);
      return !same && !row.has_raw_end;
    });
  }

  /** Returns the stored answer that ended the run. */
  rawEnd(taskId: string): StoredRawEnd | undefined {
    return this.rawEnds(taskId).find(({ unreadableBecause }) => unreadableBecause === undefined);
  }

  /** Returns every stored answer, the unreadable ones too, in the order in which they came. */
  rawEnds(taskId: string): readonly StoredRawEnd[] {
    return this.#db
      .all<RawEndRow>('SELECT * FROM raw_ends WHERE task_number = (SELECT number FROM tasks WHERE task_id = ?) ORDER BY raw_end_id', [
        taskId,
      ])
      .map(toStoredRawEnd);
  }

  /**
   * Sets an answer aside that turned out not to be one (cut off, or a proxy's page), so that the next one counts or the task can be given up.
   * Its bytes are kept. Only for a task without a definite end: what an end was read from stays with it.
   */
  setRawEndAside(taskId: string, rawEndId: number, reason: string): boolean {
    return this.#db.transaction(() => {
      const row = this.#row(taskId);
      return row !== undefined && !isDefinite(row.status) && this.#setAside(row, rawEndId, reason);
    });
  }

  #setAside({ number }: TaskRow, rawEndId: number, reason: string): boolean {
    const isOver = this.#countUnreadable(number) >= UNREADABLE_LIMIT;
    const where = 'raw_end_id = ? AND task_number = ? AND unreadable_because IS NULL';
    const changed = isOver
      ? this.#db.run(`DELETE FROM raw_ends WHERE ${where}`, [rawEndId, number])
      : this.#db.run(`UPDATE raw_ends SET unreadable_because = ? WHERE ${where}`, [json(reason), rawEndId, number]);
    if (changed > 0) this.#touch(number);
    return changed > 0;
  }

  #hasRawEnd(number: number): boolean {
    return (this.#db.get<{ has: number }>(`SELECT ${HAS_RAW_END} AS has FROM tasks WHERE number = ?`, [number])?.has ?? 0) !== 0;
  }

  /**
   * Ends a task as the server said, for a task that has not ended, or one that was given up and whose answer has come to light: the stored end
   * of its run, or the answer to the call itself, which brought no token. Returns whether the task stands with this end: true again for the
   * same end, false for another one.
   */
  finish(taskId: string, end: TaskEnd): boolean {
    return this.#db.transaction(() => {
      const row = this.#row(taskId);
      if (!row) return false;
      const columns = {
        status: end.status,
        result: end.result === undefined ? null : json(end.result),
        error: end.error === undefined ? null : json(end.error),
      };
      if (isDefinite(row.status)) return row.status === columns.status && row.result === columns.result && row.error === columns.error;
      if (row.status === 'unknown' && !row.has_raw_end && row.run !== null) return false;
      this.#write(row, {
        ...columns,
        ...(end.progress && progressColumns(row, end.progress)),
        drift: end.drift === undefined ? null : json(end.drift),
        note: end.note === undefined ? null : json(end.note),
        finding: end.finding === undefined ? null : json(end.finding),
        reason: null,
        ended_at: this.#endTime(row),
        end_teller: end.teller === undefined ? null : json(end.teller),
        ...NO_LEASE,
        ...NO_MARKS,
      });
      return true;
    });
  }

  /** Ends a task as `unknown`. Refused when it has ended or its end is stored. The marks stay: they tell who may have taken the end. */
  giveUp(taskId: string, { epoch, unanswered = false, unreadable, reason, evidence = [], teller }: GivingUp): boolean {
    return this.#change(taskId, (row) => {
      const isAside = unreadable !== undefined && !isDefinite(row.status) && this.#setAside(row, unreadable, reason);
      if (isEnded(row) || (row.has_raw_end && !(isAside && !this.#hasRawEnd(row.number))) || (epoch !== undefined && !isHeldBy(row, epoch)))
        return undefined;
      if (unanswered && row.run !== null) return undefined;
      return {
        status: 'unknown',
        reason: json(reason),
        evidence: this.#withEvidence(row, evidence),
        ended_at: this.#endTime(row),
        end_teller: teller === undefined ? null : json(teller),
        ...NO_LEASE,
      };
    });
  }

  /** Returns the ends that have still to be told, the oldest first. */
  untoldEnds(): readonly UntoldEnd[] {
    const rows = this.#db.all<{ task_id: string; end_teller: string }>(
      'SELECT task_id, end_teller FROM tasks WHERE end_teller IS NOT NULL ORDER BY number',
    );
    return rows.map(({ task_id: taskId, end_teller: teller }) => ({
      taskId,
      teller: new CellReader().json<Holder>('end_teller', teller, isObject, NOBODY),
    }));
  }

  /** Makes `teller` the one that tells an end, in place of `before`; false when another process was faster. */
  takeTelling(taskId: string, before: Holder, teller: Holder): boolean {
    return this.#change(taskId, (row) => {
      if (row.end_teller === null) return undefined;
      const now = new CellReader().json<Holder>('end_teller', row.end_teller, isObject, NOBODY);
      return now.id === before.id ? { end_teller: json(teller) } : undefined;
    });
  }

  /** Notes that an end was told. */
  told(taskId: string): boolean {
    return this.#change(taskId, (row) => (row.end_teller === null ? undefined : { end_teller: null }));
  }

  addEvidence(taskId: string, evidence: Evidence): boolean {
    return this.#change(taskId, (row) => ({ evidence: this.#withEvidence(row, [evidence]) }));
  }

  /** Records the first time that a cancellation of a task without an end was asked for. */
  askedToCancel(taskId: string): boolean {
    return this.#change(taskId, (row) => (isEnded(row) ? undefined : { cancel_asked_at: row.cancel_asked_at ?? this.#now() }));
  }

  /** Replaces the sentence for the reader. */
  note(taskId: string, text: string): boolean {
    return this.#change(taskId, () => ({ note: json(text) }));
  }

  /**
   * Removes the tasks that ended before `endedBefore` (milliseconds since the Unix epoch) and returns how many. A task with an end that is
   * stored and not yet read stays.
   */
  prune(endedBefore: number): number {
    return this.#db.transaction(() => {
      const count = this.#db.run(`DELETE FROM tasks WHERE ended_at < ? AND NOT ${IS_ACTIVE}`, [Math.trunc(endedBefore)]);
      if (count > 0) this.#nextRevision();
      return count;
    });
  }

  #now(): number {
    return Math.trunc(this.#clock.now());
  }

  /** A clock that was set back must not let a task end before it started. */
  #endTime(row: TaskRow): number {
    return Math.max(this.#now(), row.started_at);
  }

  #isFree(row: TaskRow, isGone: (holder: Holder) => boolean, isSilent: (lease: Lease) => boolean): boolean {
    const lease = leaseOf(row);
    if (!lease || row.heartbeat_at === null) return true;
    // A heartbeat of the future comes from a clock that was set back since; of a far one nobody can say how old it is.
    const age = this.#now() - row.heartbeat_at;
    if (Math.abs(age) > this.fenceMs) return isGone(lease.holder) || isSilent(lease);
    return age > this.#leaseMs && isGone(lease.holder);
  }

  #withEvidence(row: TaskRow, evidence: readonly Evidence[]): string {
    const at = iso(this.#now());
    const cells = new CellReader();
    const before = cells.json<readonly unknown[]>('evidence', row.evidence, isList, []);
    const damaged = cells.damaged.map(() => ({ source: 'journal', finding: 'This cell was damaged.', at, data: row.evidence }));
    return json([...damaged, ...before, ...evidence.map((one) => ({ ...one, at }))]);
  }

  #countUnreadable(number: number): number {
    const sql = 'SELECT count(*) AS count FROM raw_ends WHERE task_number = ? AND unreadable_because IS NOT NULL';
    return this.#db.get<{ count: number }>(sql, [number])?.count ?? 0;
  }

  #row(taskId: string): TaskRow | undefined {
    return this.#db.get<TaskRow>(`${SELECT_TASKS} WHERE task_id = ?`, [taskId]);
  }

  #records(sql: string, params: readonly SqlValue[] = []): readonly TaskRecord[] {
    return this.#db.all<TaskRow>(sql, params).map(toRecord);
  }

  #require(taskId: string): TaskRecord {
    const task = this.get(taskId);
    if (!task) throw new Error(`the task ${taskId} was stored and cannot be read`);
    return task;
  }

  /** Writes the changes that `decide` returns for the row as it stands; nothing, and false, when it returns none. */
  #change(taskId: string, decide: (row: TaskRow) => Changes | undefined): boolean {
    return this.#db.transaction(() => {
      const row = this.#row(taskId);
      const changes = row && decide(row);
      if (!changes) return false;
      this.#write(row, changes);
      return true;
    });
  }

  #write(row: TaskRow, changes: Changes): void {
    const old = new Map<string, unknown>(Object.entries(row));
    const news = Object.entries(changes).filter(([name, value]) => value !== old.get(name));
    if (news.length === 0) return;
    const columns = news.map(([name]) => `${name} = ?`).join(', ');
    this.#db.run(`UPDATE tasks SET ${columns} WHERE number = ?`, [...news.map(([, value]) => value), row.number]);
    if (news.some(([name]) => !UNSEEN.has(name))) this.#touch(row.number);
  }

  #touch(number: number): void {
    this.#db.run('UPDATE tasks SET revision = ? WHERE number = ?', [this.#nextRevision(), number]);
  }

  /** The counter lives apart from the tasks: the greatest revision among them would go back when its task is pruned. */
  #nextRevision(): number {
    this.#db.run(`UPDATE counters SET value = value + 1 WHERE name = 'tasks'`);
    return this.revision();
  }
}

interface RawEndRow {
  readonly raw_end_id: number;
  readonly status: number;
  readonly content_type: string;
  readonly body: Uint8Array;
  readonly stored_at: number;
  readonly unreadable_because: string | null;
}

function toStoredRawEnd(row: RawEndRow): StoredRawEnd {
  return {
    rawEndId: row.raw_end_id,
    status: row.status,
    contentType: row.content_type,
    body: row.body,
    storedAt: new CellReader().time('stored_at', row.stored_at),
    ...(row.unreadable_because !== null && {
      unreadableBecause: new CellReader().json('unreadable_because', row.unreadable_because, isText, ''),
    }),
  };
}

/** In the place of a holder that cannot be read. */
const NOBODY: Holder = { id: '', pid: 0, host: '' };

/** Returns the lease; none where it cannot be read, so that somebody else takes the task. */
function leaseOf({ holder, heartbeat_at: heartbeatAt, epoch }: TaskRow, cells = new CellReader()): Lease | undefined {
  if (holder === null || heartbeatAt === null) return undefined;
  const read = cells.json<Holder | undefined>('holder', holder, isHolder, undefined);
  const at = cells.time('heartbeat_at', heartbeatAt);
  return read && cells.damaged.length === 0 ? { holder: read, epoch, heartbeatAt: at } : undefined;
}

function isHolder(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'id' in value && 'pid' in value && 'host' in value;
}

function isFinding(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'errors' in value && 'warnings' in value;
}

function isMark(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'holder' in value && isHolder(value.holder);
}

function isRun(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || !('token' in value) || typeof value.token !== 'string') return false;
  return !('statusPath' in value) || typeof value.statusPath === 'string';
}

function isMessageList(value: unknown): boolean {
  return (
    Array.isArray(value) &&
    value.every((one: unknown) => typeof one === 'object' && one !== null && 'text' in one && typeof one.text === 'string')
  );
}

function toRecord(row: TaskRow): TaskRecord {
  const cells = new CellReader();
  const lease = leaseOf(row, cells);
  const isDialect = row.dialect === null || DIALECTS.has(row.dialect);
  const record: TaskRecord = {
    taskId: row.task_id,
    revision: row.revision,
    command: row.command,
    target: row.target,
    ...(row.origin !== '' && { origin: row.origin }),
    argumentsKey: row.arguments_key,
    argumentsShown: cells.json('arguments_shown', row.arguments_shown, isObject, {}),
    status: row.status,
    ...(row.run !== null && readable('run', cells.json<RunHandle | undefined>('run', row.run, isRun, undefined))),
    ...(row.dialect !== null && isDialect && { dialect: row.dialect }),
    version: row.version,
    progress: row.percent,
    statusText: row.status_text === null ? null : cells.json('status_text', row.status_text, isText, ''),
    messages: cells.json('messages', row.messages, isMessageList, []),
    ...(row.result !== null && readable('result', cells.json<unknown>('result', row.result, isAnything, undefined))),
    ...(row.error !== null && { error: cells.json('error', row.error, isText, '') }),
    ...(row.drift !== null && { drift: cells.json<readonly ResultDrift[]>('drift', row.drift, isList, []) }),
    ...(row.finding !== null && readable('finding', cells.json<Finding | undefined>('finding', row.finding, isFinding, undefined))),
    ...(row.progress_at !== null && { progressAt: cells.time('progress_at', row.progress_at) }),
    ...(row.note !== null && { note: cells.json('note', row.note, isText, '') }),
    ...(row.reason !== null && { reason: cells.json('reason', row.reason, isText, '') }),
    evidence: cells.json('evidence', row.evidence, isList, []),
    startedAt: cells.time('started_at', row.started_at),
    ...(row.ended_at !== null && { endedAt: cells.time('ended_at', row.ended_at) }),
    ...(row.cancel_asked_at !== null && { cancelAskedAt: cells.time('cancel_asked_at', row.cancel_asked_at) }),
    ...(lease && { lease }),
    ...(row.poll_mark !== null && readable('pollMark', cells.json<PollMark | undefined>('poll_mark', row.poll_mark, isMark, undefined))),
    ...(row.lost_poll !== null && readable('lostPoll', cells.json<PollMark | undefined>('lost_poll', row.lost_poll, isMark, undefined))),
    hasRawEnd: row.has_raw_end !== 0,
  };
  const damaged = isDialect ? cells.damaged : [...cells.damaged, 'dialect'];
  return damaged.length === 0 ? record : { ...record, damaged };
}

const DIALECTS: ReadonlySet<string> = new Set(['modern', 'json-2012', 'xml-2012'] satisfies DialectName[]);

/** A field that is left out where its cell could not be read. */
function readable<Name extends string, T>(name: Name, value: T | undefined): Partial<Record<Name, T>> {
  return value === undefined ? {} : ({ [name]: value } as Record<Name, T>);
}

/** What a status leaves out is still what was last told. */
function progressColumns(row: TaskRow, progress: Progress): Changes {
  return {
    version: Number.isSafeInteger(progress.version) ? progress.version : 0,
    percent: progress.percent ?? row.percent,
    status_text: progress.text === null ? row.status_text : json(progress.text),
    messages: json(progress.messages),
  };
}

function isHeldBy(row: TaskRow, epoch: number): boolean {
  return row.holder !== null && row.epoch === epoch;
}

function isDefinite(status: TaskState): boolean {
  return status === 'succeeded' || status === 'failed' || status === 'cancelled';
}
