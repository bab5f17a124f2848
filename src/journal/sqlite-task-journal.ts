import { randomUUID } from 'node:crypto';
import type { Clock } from '../base/clock.ts';
import type { Progress, RunHandle } from '../wire/reply.ts';
import { CellReader, isAnything, isList, isObject, isText, iso, json } from './columns.ts';
import type { Database } from './database.ts';
import type { PageRequest, RowPage, TASK_FIELDS } from './page.ts';
import type { FieldColumns } from './sqlite-page.ts';
import { readPage } from './read-page.ts';
import type { Sqlite, SqlValue } from './sqlite.ts';
import { type GivingUp, type TaskEnd, type TaskJournal } from './task-journal.ts';
import { FENCE_MS, LEASE_MS, type LeaseTiming } from './lease.ts';
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
  type TaskIntent,
  type TaskRecord,
  type TaskState,
  type UntoldEnd,
} from './task-record.ts';

/** Unreadable answers kept of one task. The first ones are nearest to the end that the server handed out, so later ones give way. */
const UNREADABLE_LIMIT = 20;

interface TaskRow {
  readonly number: number;
  readonly task_id: string;
  readonly revision: number;
  readonly command: string;
  readonly target: string;
  readonly origin: string;
  readonly arguments_key: string;
  readonly arguments_masked: string;
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

type ChangedColumns = Partial<Omit<TaskRow, 'number' | 'task_id' | 'revision' | 'has_raw_end'>>;

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
/** Takes one value: the time before which a task ended. */
const IS_PRUNABLE = `ended_at < ? AND NOT ${IS_ACTIVE}`;
/** The same, as two looks into indexes: however many tasks have ended, they are not looked at. */
const ACTIVE_NUMBERS = `SELECT number FROM tasks WHERE status IN ('starting', 'running')
  UNION ALL SELECT number FROM tasks WHERE status = 'unknown' AND ${HAS_RAW_END}`;
/** What a list shows of a task: all but what makes rows large. */
const LIST_COLUMNS = `number, task_id, revision, command, target, origin, arguments_key, arguments_masked, status, NULL AS run, dialect, version,
  percent, progress_at, status_text, '[]' AS messages, NULL AS result, error, NULL AS drift, finding, note, reason, '[]' AS evidence, started_at,
  ended_at, cancel_asked_at, epoch, holder, heartbeat_at, poll_mark, lost_poll, end_teller, '' AS search, 0 AS has_raw_end`;
const PAGE_FIELDS: FieldColumns<typeof TASK_FIELDS> = {
  values: {
    taskId: 'task_id',
    command: 'command',
    target: 'target',
    status: 'status',
    progress: 'percent',
    error: 'error',
    startedAt: 'started_at',
    endedAt: 'ended_at',
  },
  objects: { arguments: 'arguments_masked', finding: 'finding' },
};

const LIST = {
  table: 'tasks',
  columns: LIST_COLUMNS,
  contains: 'instr(search, ?) > 0 OR instr(status, ?) > 0',
  fields: PAGE_FIELDS,
} as const;
const SELECT_TASKS = `SELECT *, ${HAS_RAW_END} AS has_raw_end FROM tasks`;

const NO_MARKS = { poll_mark: null, lost_poll: null } as const;
const NO_LEASE = { holder: null, heartbeat_at: null } as const;

export class SqliteTaskJournal implements TaskJournal {
  readonly #db: Database;
  readonly #clock: Clock;
  readonly #leaseMs: number;
  /** The age, in milliseconds, at which a heartbeat costs the lease of a holder that seems to live. */
  readonly fenceMs: number;

  constructor(db: Database, clock: Clock, { leaseMs = LEASE_MS, fenceMs = FENCE_MS }: LeaseTiming = {}) {
    this.#db = db;
    this.#clock = clock;
    this.#leaseMs = leaseMs;
    this.fenceMs = fenceMs;
  }

  begin(intent: TaskIntent, holder: Holder): Promise<{ readonly task: TaskRecord; readonly isNew: boolean }> {
    return this.#db.write((db) => {
      const { target, origin = '', command, argumentsKey } = intent;
      const twin = db.get<TaskRow>(
        `${SELECT_TASKS} WHERE origin = ? AND iif(origin = '', target, '') = ? AND command = ? AND arguments_key = ?
          AND status IN ('starting', 'running')`,
        [origin, origin === '' ? target : '', command, argumentsKey],
      );
      if (twin) return { task: toRecord(twin), isNew: false };
      const taskId = randomUUID();
      const now = this.#now();
      db.run(
        `INSERT INTO tasks
          (task_id, revision, command, target, origin, arguments_key, arguments_masked, status, started_at, epoch, holder, heartbeat_at, search)
          VALUES (?, ?, ?, ?, ?, ?, ?, 'starting', ?, 1, ?, ?, ?)`,
        [
          taskId,
          nextRevision(db),
          command,
          target,
          origin,
          argumentsKey,
          json(intent.argumentsMasked),
          now,
          json(holder),
          now,
          [taskId, command, target, json(intent.argumentsMasked)].join(' ').toLowerCase(),
        ],
      );
      const row = readRow(db, taskId);
      if (!row) throw new Error(`the task ${taskId} was stored and cannot be read`);
      return { task: toRecord(row), isNew: true };
    });
  }

  accepted(taskId: string, epoch: number, run: RunHandle, dialect: DialectName, progress: Progress): Promise<boolean> {
    return this.#db.write((db) => {
      const row = readRow(db, taskId);
      if (!row) return false;
      if (row.run === null && (row.status === 'starting' || row.status === 'unknown')) {
        const token: ChangedColumns = {
          run: json({ token: run.token, ...(run.statusPath !== undefined && { statusPath: run.statusPath }) }),
          dialect,
        };
        writeChanges(
          db,
          row,
          row.status === 'starting' ? { ...token, ...progressColumns(row, progress), progress_at: this.#now(), status: 'running' } : token,
        );
        return row.status === 'starting' && isHeldBy(row, epoch);
      }
      return row.status === 'running' && isHeldBy(row, epoch) && toRecord(row).run?.token === run.token;
    });
  }

  get(taskId: string): Promise<TaskRecord | undefined> {
    return this.#db.read((db) => {
      const row = readRow(db, taskId);
      return row && toRecord(row);
    });
  }

  list({ includeEnded = false, limit = -1 }: { readonly includeEnded?: boolean; readonly limit?: number } = {}): Promise<
    readonly TaskRecord[]
  > {
    const where = includeEnded ? '' : `WHERE status IN ('starting', 'running')`;
    return this.#readRecords(`${SELECT_TASKS} ${where} ORDER BY number DESC LIMIT ?`, [limit]);
  }

  page(request: PageRequest): Promise<RowPage<TaskRecord>> {
    return this.#db.read((db) => {
      const { rows, ...page } = readPage<TaskRow>(db, LIST, request);
      return { ...page, rows: rows.map(toRecord) };
    });
  }

  findNumber(taskId: string): Promise<number | undefined> {
    return this.#db.read((db) => db.get<{ number: number }>('SELECT number FROM tasks WHERE task_id = ?', [taskId])?.number);
  }

  findIds(start: string): Promise<readonly string[]> {
    const sql = 'SELECT task_id FROM tasks WHERE task_id >= ? AND task_id < ? ORDER BY task_id LIMIT 2';
    return this.#db.read((db) => db.all<{ task_id: string }>(sql, [start, `${start}\u{10FFFF}`]).map(({ task_id: taskId }) => taskId));
  }

  recent(ended: number, origins: readonly string[]): Promise<readonly TaskRecord[]> {
    const isEndedState = `status NOT IN ('starting', 'running')`;
    const numbers = [
      `SELECT number FROM tasks WHERE status IN ('starting', 'running') AND origin IN (${origins.map(() => '?').join(', ')})`,
      ...origins.map(() => `SELECT * FROM (SELECT number FROM tasks WHERE origin = ? AND ${isEndedState} ORDER BY number DESC LIMIT ?)`),
    ];
    const sql = `${SELECT_TASKS} WHERE number IN (${numbers.join(' UNION ALL ')}) ORDER BY number DESC`;
    return this.#readRecords(sql, [...origins, ...origins.flatMap((origin) => [origin, ended])]);
  }

  active(): Promise<readonly TaskRecord[]> {
    return this.#readRecords(`${SELECT_TASKS} WHERE number IN (${ACTIVE_NUMBERS}) ORDER BY number`);
  }

  revision(): Promise<number> {
    return this.#db.read(readRevision);
  }

  acquireLease(
    taskId: string,
    holder: Holder,
    isGone: (holder: Holder) => boolean,
    isSilent: (lease: Lease) => boolean = () => true,
  ): Promise<number | undefined> {
    return this.#db.write((db) => {
      const row = readRow(db, taskId);
      if (!row || isEnded(row) || !this.#isFree(row, isGone, isSilent)) return undefined;
      const epoch = row.epoch + 1;
      writeChanges(db, row, {
        epoch,
        holder: json(holder),
        heartbeat_at: this.#now(),
        poll_mark: null,
        lost_poll: row.lost_poll ?? row.poll_mark,
      });
      return epoch;
    });
  }

  heartbeat(taskId: string, epoch: number): Promise<boolean> {
    return this.#change(taskId, (row) => (isHeldBy(row, epoch) ? { heartbeat_at: this.#now() } : undefined));
  }

  releaseLease(taskId: string, epoch: number): Promise<boolean> {
    return this.#change(taskId, (row) => (isHeldBy(row, epoch) ? NO_LEASE : undefined));
  }

  markPoll(taskId: string, epoch: number): Promise<boolean> {
    return this.#change(taskId, (row) => {
      if (!isHeldBy(row, epoch) || row.status !== 'running' || row.has_raw_end || row.holder === null) return undefined;
      const mark: PollMark = { at: iso(this.#now()), holder: toRecord(row).lease?.holder ?? NOBODY, epoch, version: row.version };
      return { poll_mark: json(mark), lost_poll: row.lost_poll ?? row.poll_mark };
    });
  }

  unmarkPoll(taskId: string, epoch: number): Promise<boolean> {
    return this.#change(taskId, (row) => (isHeldBy(row, epoch) ? { poll_mark: null } : undefined));
  }

  progressed(taskId: string, epoch: number, progress: Progress): Promise<boolean> {
    return this.#change(taskId, (row) =>
      isHeldBy(row, epoch) && row.status === 'running'
        ? { ...progressColumns(row, progress), progress_at: this.#now(), ...NO_MARKS }
        : undefined,
    );
  }

  storeRawEnd(taskId: string, raw: RawEnd): Promise<boolean> {
    return this.#db.write((db) => {
      const row = readRow(db, taskId);
      if (!row) return false;
      const { number } = row;
      const same = db.get<{ raw_end_id: number }>(
        'SELECT raw_end_id FROM raw_ends WHERE task_number = ? AND status = ? AND content_type = ? AND body = ?',
        [number, raw.status, raw.contentType, raw.body],
      );
      if (!same) {
        db.run('INSERT INTO raw_ends (task_number, status, content_type, encoding, body, stored_at) VALUES (?, ?, ?, ?, ?, ?)', [
          number,
          raw.status,
          raw.contentType,
          raw.encoding ?? null,
          raw.body,
          this.#now(),
        ]);
        countChange(db, number);
      }
      writeChanges(db, row, NO_MARKS);
      return !same && !row.has_raw_end;
    });
  }

  async rawEnd(taskId: string): Promise<StoredRawEnd | undefined> {
    const stored = await this.rawEnds(taskId);
    return stored.find(({ unreadableBecause }) => unreadableBecause === undefined);
  }

  rawEnds(taskId: string): Promise<readonly StoredRawEnd[]> {
    const sql = 'SELECT * FROM raw_ends WHERE task_number = (SELECT number FROM tasks WHERE task_id = ?) ORDER BY raw_end_id';
    return this.#db.read((db) => db.all<RawEndRow>(sql, [taskId]).map(toStoredRawEnd));
  }

  setRawEndAside(taskId: string, rawEndId: number, reason: string): Promise<boolean> {
    return this.#db.write((db) => {
      const row = readRow(db, taskId);
      return row !== undefined && !isDefinite(row.status) && setAside(db, row, rawEndId, reason);
    });
  }

  finish(taskId: string, end: TaskEnd): Promise<boolean> {
    return this.#db.write((db) => {
      const row = readRow(db, taskId);
      if (!row) return false;
      const columns = {
        status: end.status,
        result: end.result === undefined ? null : json(end.result),
        error: end.error === undefined ? null : json(end.error),
      };
      if (isDefinite(row.status)) return row.status === columns.status && row.result === columns.result && row.error === columns.error;
      if (row.status === 'unknown' && !row.has_raw_end && row.run !== null) return false;
      writeChanges(db, row, {
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

  giveUp(taskId: string, { epoch, unanswered = false, unreadable, reason, evidence = [], teller }: GivingUp): Promise<boolean> {
    return this.#change(taskId, (row, db) => {
      const isAside = unreadable !== undefined && !isDefinite(row.status) && setAside(db, row, unreadable, reason);
      if (isEnded(row) || (row.has_raw_end && !(isAside && !hasRawEnd(db, row.number))) || (epoch !== undefined && !isHeldBy(row, epoch)))
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

  untoldEnds(): Promise<readonly UntoldEnd[]> {
    const sql = 'SELECT task_id, end_teller FROM tasks WHERE end_teller IS NOT NULL ORDER BY number';
    return this.#db.read((db) =>
      db.all<{ task_id: string; end_teller: string }>(sql).map(({ task_id: taskId, end_teller: teller }) => ({
        taskId,
        teller: new CellReader().json<Holder>('end_teller', teller, isObject, NOBODY),
      })),
    );
  }

  takeTelling(taskId: string, before: Holder, teller: Holder): Promise<boolean> {
    return this.#change(taskId, (row) => {
      if (row.end_teller === null) return undefined;
      const now = new CellReader().json<Holder>('end_teller', row.end_teller, isObject, NOBODY);
      return now.id === before.id ? { end_teller: json(teller) } : undefined;
    });
  }

  told(taskId: string): Promise<boolean> {
    return this.#change(taskId, (row) => (row.end_teller === null ? undefined : { end_teller: null }));
  }

  askedToCancel(taskId: string): Promise<boolean> {
    return this.#change(taskId, (row) => (isEnded(row) ? undefined : { cancel_asked_at: row.cancel_asked_at ?? this.#now() }));
  }

  countEndedBefore(endedBefore: number): Promise<number> {
    const sql = `SELECT count(*) AS count FROM tasks WHERE ${IS_PRUNABLE}`;
    return this.#db.read((db) => db.get<{ count: number }>(sql, [Math.trunc(endedBefore)])?.count ?? 0);
  }

  prune(endedBefore: number): Promise<number> {
    return this.#db.write((db) => {
      const count = db.run(`DELETE FROM tasks WHERE ${IS_PRUNABLE}`, [Math.trunc(endedBefore)]);
      if (count > 0) nextRevision(db);
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
    const lease = readLease(row);
    if (!lease || row.heartbeat_at === null) return true;
    // A heartbeat of the future comes from a clock that was set back since; the age of a far one is not known.
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

  #readRecords(sql: string, params: readonly SqlValue[] = []): Promise<readonly TaskRecord[]> {
    return this.#db.read((db) => db.all<TaskRow>(sql, params).map(toRecord));
  }

  /** Writes the changes that `decide` returns for the row as it stands; nothing, and false, when it returns none. */
  #change(taskId: string, decide: (row: TaskRow, db: Sqlite) => ChangedColumns | undefined): Promise<boolean> {
    return this.#db.write((db) => {
      const row = readRow(db, taskId);
      const changes = row && decide(row, db);
      if (!changes) return false;
      writeChanges(db, row, changes);
      return true;
    });
  }
}

function readRow(db: Sqlite, taskId: string): TaskRow | undefined {
  return db.get<TaskRow>(`${SELECT_TASKS} WHERE task_id = ?`, [taskId]);
}

function writeChanges(db: Sqlite, row: TaskRow, changes: ChangedColumns): void {
  const old = new Map<string, unknown>(Object.entries(row));
  const news = Object.entries(changes).filter(([name, value]) => value !== old.get(name));
  if (news.length === 0) return;
  const columns = news.map(([name]) => `${name} = ?`).join(', ');
  db.run(`UPDATE tasks SET ${columns} WHERE number = ?`, [...news.map(([, value]) => value), row.number]);
  if (news.some(([name]) => !UNSEEN.has(name))) countChange(db, row.number);
}

/** Gives the task the next revision, by which readers see that it has changed. */
function countChange(db: Sqlite, number: number): void {
  db.run('UPDATE tasks SET revision = ? WHERE number = ?', [nextRevision(db), number]);
}

/** The counter is kept apart from the tasks: the greatest revision among them would go back when its task is pruned. */
function nextRevision(db: Sqlite): number {
  db.run(`UPDATE counters SET value = value + 1 WHERE name = 'tasks'`);
  return readRevision(db);
}

function readRevision(db: Sqlite): number {
  return db.get<{ value: number }>(`SELECT value FROM counters WHERE name = 'tasks'`)?.value ?? 0;
}

function setAside(db: Sqlite, { number }: TaskRow, rawEndId: number, reason: string): boolean {
  const isOver = countUnreadable(db, number) >= UNREADABLE_LIMIT;
  const where = 'raw_end_id = ? AND task_number = ? AND unreadable_because IS NULL';
  const changed = isOver
    ? db.run(`DELETE FROM raw_ends WHERE ${where}`, [rawEndId, number])
    : db.run(`UPDATE raw_ends SET unreadable_because = ? WHERE ${where}`, [json(reason), rawEndId, number]);
  if (changed > 0) countChange(db, number);
  return changed > 0;
}

function hasRawEnd(db: Sqlite, number: number): boolean {
  return (db.get<{ has: number }>(`SELECT ${HAS_RAW_END} AS has FROM tasks WHERE number = ?`, [number])?.has ?? 0) !== 0;
}

function countUnreadable(db: Sqlite, number: number): number {
  const sql = 'SELECT count(*) AS count FROM raw_ends WHERE task_number = ? AND unreadable_because IS NOT NULL';
  return db.get<{ count: number }>(sql, [number])?.count ?? 0;
}

interface RawEndRow {
  readonly raw_end_id: number;
  readonly status: number;
  readonly content_type: string;
  readonly encoding: string | null;
  readonly body: Uint8Array;
  readonly stored_at: number;
  readonly unreadable_because: string | null;
}

function toStoredRawEnd(row: RawEndRow): StoredRawEnd {
  return {
    rawEndId: row.raw_end_id,
    status: row.status,
    contentType: row.content_type,
    ...(row.encoding !== null && { encoding: row.encoding }),
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
function readLease({ holder, heartbeat_at: heartbeatAt, epoch }: TaskRow, cells = new CellReader()): Lease | undefined {
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
  const lease = readLease(row, cells);
  const isDialect = row.dialect === null || DIALECTS.has(row.dialect);
  const record: TaskRecord = {
    taskId: row.task_id,
    revision: row.revision,
    command: row.command,
    target: row.target,
    ...(row.origin !== '' && { origin: row.origin }),
    argumentsKey: row.arguments_key,
    argumentsMasked: cells.json('arguments_masked', row.arguments_masked, isObject, {}),
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

/** What a status leaves out keeps the value that was last reported. */
function progressColumns(row: TaskRow, progress: Progress): ChangedColumns {
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
