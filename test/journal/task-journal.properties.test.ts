import { join } from 'node:path';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { Database } from '../../src/journal/database.ts';
import { migrate } from '../../src/journal/migrations.ts';
import type { Sqlite, SqliteEngine } from '../../src/journal/sqlite.ts';
import { SqliteTaskJournal } from '../../src/journal/sqlite-task-journal.ts';
import { type TaskJournal } from '../../src/journal/task-journal.ts';
import { LEASE_MS } from '../../src/journal/lease.ts';
import type { Holder, StoredRawEnd, TaskRecord, TaskState } from '../../src/journal/task-record.ts';
import { ManualClock } from '../helpers/manual-clock.ts';
import { describeEngines } from './engines.ts';
import { intent, progress, rawEnd } from './samples.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

const HOLDERS: readonly Holder[] = ['alpha', 'beta', 'gamma'].map((id, index) => ({ id, pid: index + 1, host: 'desk' }));
const KEYS = ['key-1', 'key-2'];

const who = fc.nat({ max: HOLDERS.length - 1 });
/** Most calls are about one task, so that it comes far in its life. */
const key = fc.constantFrom('key-1', 'key-1', 'key-1', ...KEYS);
const end = fc.constantFrom('succeeded', 'failed', 'cancelled');
const on = { who, key };

/** One call of one holder about the newest task of one key. */
const step = fc.oneof(
  fc.record({ do: fc.constant('begin'), ...on }),
  fc.record({ do: fc.constant('accept'), ...on }),
  fc.record({ do: fc.constant('acquire'), ...on, gone: fc.boolean() }),
  fc.record({ do: fc.constant('heartbeat'), ...on }),
  fc.record({ do: fc.constant('release'), ...on }),
  fc.record({ do: fc.constant('mark'), ...on }),
  fc.record({ do: fc.constant('unmark'), ...on }),
  fc.record({ do: fc.constant('progress'), ...on, percent: fc.integer({ min: 0, max: 3 }) }),
  fc.record({ do: fc.constant('storeEnd'), ...on, text: fc.constantFrom('one', 'two', 'three') }),
  fc.record({ do: fc.constant('setAside'), ...on, index: fc.nat({ max: 2 }) }),
  fc.record({ do: fc.constant('finish'), ...on, status: end, result: fc.nat({ max: 1 }) }),
  fc.record({ do: fc.constant('giveUp'), ...on, isFenced: fc.boolean() }),
  fc.record({ do: fc.constant('cancel'), ...on }),
  fc.record({ do: fc.constant('clock'), ...on, ms: fc.constantFrom(1, 5000, 16_000, 61_000, -16_000, -61_000) }),
  fc.record({ do: fc.constant('prune'), ...on }),
);
type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never;

const NEXT: Readonly<Record<TaskState, readonly TaskState[]>> = {
  starting: ['running', 'succeeded', 'failed', 'cancelled', 'unknown'],
  running: ['succeeded', 'failed', 'cancelled', 'unknown'],
  succeeded: [],
  failed: [],
  cancelled: [],
  unknown: ['succeeded', 'failed', 'cancelled'],
};

const DEFINITE: ReadonlySet<TaskState> = new Set(['succeeded', 'failed', 'cancelled']);

interface Snapshot {
  readonly tasks: ReadonlyMap<string, TaskRecord>;
  readonly ends: ReadonlyMap<string, readonly StoredRawEnd[]>;
  readonly revision: number;
}

/** Several processes on one file, each with its own connection and its own memory of the leases it was given. */
class Processes {
  readonly clock = new ManualClock();
  readonly #journals: readonly TaskJournal[];
  readonly #close: () => void;
  readonly #epochs: readonly Map<string, number>[] = HOLDERS.map(() => new Map<string, number>());

  constructor(engine: SqliteEngine) {
    const path = join(temporaryFolder(), 'test.sqlite');
    const prepare = (file: Sqlite) => {
      // Nothing is killed here, so nothing has to reach the disk.
      file.exec('PRAGMA synchronous = OFF');
      migrate(file, path);
    };
    const files = HOLDERS.map(() => Database.open(path, { clock: this.clock, engines: [engine], prepare }));
    this.#journals = files.map((file) => new SqliteTaskJournal(file, this.clock));
    this.#close = () => {
      for (const file of files) file.close();
    };
  }

  close(): void {
    this.#close();
  }

  getEpoch(index: number, taskId: string): number {
    return this.#epochs[index]?.get(taskId) ?? 0;
  }

  /** Returns the newest task of the key, as any of the processes sees it. */
  async find(index: number, argumentsKey: string): Promise<TaskRecord | undefined> {
    const tasks = await this.#journal(index).list({ includeEnded: true });
    return tasks.find((task) => task.argumentsKey === argumentsKey);
  }

  async snapshot(): Promise<Snapshot> {
    const journal = this.#journal(0);
    const tasks = await journal.list({ includeEnded: true });
    const ends = new Map<string, readonly StoredRawEnd[]>();
    for (const { taskId } of tasks) ends.set(taskId, await journal.rawEnds(taskId));
    return {
      tasks: new Map(tasks.map((task) => [task.taskId, task])),
      ends,
      revision: await journal.revision(),
    };
  }

  /** Carries out one step and returns what the journal answered. */
  async run(call: Step, taskId: string): Promise<unknown> {
    const journal = this.#journal(call.who);
    const epoch = this.getEpoch(call.who, taskId);
    switch (call.do) {
      case 'begin': {
        const { task, isNew } = await journal.begin(intent(call.key), this.#holder(call.who));
        if (isNew) this.#epochs[call.who]?.set(task.taskId, 1);
        return isNew;
      }
      case 'accept':
        return await journal.accepted(taskId, epoch, { token: `token-${call.who}` }, 'modern', progress(0));
      case 'acquire': {
        const acquired = await journal.acquireLease(taskId, this.#holder(call.who), () => 'gone' in call && call.gone);
        if (acquired !== undefined) this.#epochs[call.who]?.set(taskId, acquired);
        return acquired;
      }
      case 'heartbeat':
        return await journal.heartbeat(taskId, epoch);
      case 'release':
        return await journal.releaseLease(taskId, epoch);
      case 'mark':
        return await journal.markPoll(taskId, epoch);
      case 'unmark':
        return await journal.unmarkPoll(taskId, epoch);
      case 'progress':
        return await journal.progressed(taskId, epoch, progress('percent' in call ? call.percent : 0));
      case 'storeEnd':
        return await journal.storeRawEnd(taskId, rawEnd('text' in call ? call.text : ''));
      case 'setAside':
        return await journal.setRawEndAside(
          taskId,
          (await journal.rawEnds(taskId))['index' in call ? call.index : 0]?.rawEndId ?? 0,
          'unreadable',
        );
      case 'finish':
        return 'status' in call && (await journal.finish(taskId, { status: call.status, result: call.result }));
      case 'giveUp':
        return await journal.giveUp(taskId, { reason: 'no answer', ...('isFenced' in call && call.isFenced && { epoch }) });
      case 'cancel':
        return await journal.askedToCancel(taskId);
      case 'clock':
        return this.clock.jump('ms' in call ? call.ms : 0);
      default:
        return await journal.prune(this.clock.now() - 20_000);
    }
  }

  #journal(index: number): TaskJournal {
    const journal = this.#journals[index];
    if (!journal) throw new Error(`no process ${index}`);
    return journal;
  }

  #holder(index: number): Holder {
    const holder = HOLDERS[index];
    if (!holder) throw new Error(`no holder ${index}`);
    return holder;
  }
}

/** The calls that only the present holder of a lease may make. */
const NEEDS_LEASE: ReadonlySet<string> = new Set(['heartbeat', 'release', 'mark', 'unmark', 'progress']);

const readEnd = ({ status, result, error, endedAt }: TaskRecord) => ({ status, result, error, endedAt });
const pickBytes = (ends: readonly StoredRawEnd[] | undefined) => ends?.map(({ rawEndId, status, body }) => ({ rawEndId, status, body }));
const current = (ends: readonly StoredRawEnd[] | undefined) => ends?.find(({ unreadableBecause }) => unreadableBecause === undefined);
const seen = ({
  lease: _lease,
  pollMark: _pollMark,
  lostPoll: _lostPoll,
  progressAt: _progressAt,
  revision: _revision,
  ...rest
}: TaskRecord) => rest;

function checkTask(before: TaskRecord, after: TaskRecord): void {
  if (before.status !== after.status) {
    expect(NEXT[before.status], `${before.status} → ${after.status}`).toContain(after.status);
    if (before.status === 'unknown') expect(before.hasRawEnd || before.run === undefined).toBe(true);
  }
  if (DEFINITE.has(before.status)) expect(readEnd(after)).toEqual(readEnd(before));
  const hasNews = JSON.stringify(seen(before)) !== JSON.stringify(seen(after));
  if (hasNews) expect(after.revision).toBeGreaterThan(before.revision);
  else expect(after.revision).toBeGreaterThanOrEqual(before.revision);
  const isOver = after.status === 'unknown' || DEFINITE.has(after.status);
  expect([isOver, after.endedAt !== undefined]).toEqual([isOver, isOver]);
  if (isOver) expect(after.lease).toBeUndefined();
  if (after.endedAt !== undefined) expect(after.endedAt >= after.startedAt).toBe(true);
  if (before.lostPoll && after.lostPoll) expect(after.lostPoll).toEqual(before.lostPoll);
  if (before.lease && after.lease && before.lease.holder.id !== after.lease.holder.id) {
    expect(after.lease.epoch).toBeGreaterThan(before.lease.epoch);
  }
}

function check(call: Step, answer: unknown, about: TaskRecord | undefined, before: Snapshot, after: Snapshot, processes: Processes): void {
  expect(after.revision).toBeGreaterThanOrEqual(before.revision);
  for (const [taskId, was] of before.tasks) {
    const is = after.tasks.get(taskId);
    if (!is) {
      expect([call.do, was.endedAt !== undefined, was.status === 'unknown' && was.hasRawEnd]).toEqual(['prune', true, false]);
      continue;
    }
    checkTask(was, is);
    if (taskId !== about?.taskId) expect(is).toEqual(was);
    const [had, has] = [before.ends.get(taskId), after.ends.get(taskId)];
    expect(pickBytes(has)?.slice(0, had?.length)).toEqual(pickBytes(had));
    if (call.do !== 'setAside' && current(had)) expect(current(has)).toEqual(current(had));
    const holding = HOLDERS.filter((_, index) => is.lease !== undefined && processes.getEpoch(index, taskId) === is.lease.epoch);
    expect(holding.length).toBe(is.lease ? 1 : 0);
  }
  for (const argumentsKey of KEYS) {
    const active = [...after.tasks.values()].filter((task) => task.argumentsKey === argumentsKey && task.endedAt === undefined);
    expect(active.length).toBeLessThanOrEqual(1);
  }
  if (!about) return;
  const isHolder = about.lease !== undefined && about.lease.epoch === processes.getEpoch(call.who, about.taskId);
  if (NEEDS_LEASE.has(call.do) && !isHolder) {
    expect(answer).toBe(false);
    expect(after.tasks.get(about.taskId)).toEqual(about);
  }
  if (call.do === 'mark' && answer === true) expect([about.status, about.hasRawEnd]).toEqual(['running', false]);
  if (call.do === 'progress' && answer === true) expect(about.status).toBe('running');
  if (call.do === 'giveUp' && answer === true) {
    expect([about.endedAt, about.hasRawEnd]).toEqual([undefined, false]);
    if ('isFenced' in call && call.isFenced) expect(isHolder).toBe(true);
  }
  if (DEFINITE.has(about.status) && call.do === 'setAside') expect(after.ends.get(about.taskId)).toEqual(before.ends.get(about.taskId));
  if (call.do === 'acquire' && about.lease) {
    const age = processes.clock.now() - Date.parse(about.lease.heartbeatAt);
    if (age >= 0 && age <= LEASE_MS) expect(answer).toBeUndefined();
  }
  if (call.do === 'storeEnd') expect(current(after.ends.get(about.taskId)) ?? after.ends.get(about.taskId)?.[0]).toBeDefined();
  if (answer === false) expect(after.tasks.get(about.taskId)?.status === about.status || call.do === 'accept').toBe(true);
}

describeEngines('any calls of any holders', (engine) => {
  test('move tasks along the allowed ways, keep every end, and leave one holder at most', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 60 }), async (steps) => {
        const processes = new Processes(engine);
        try {
          const first = { who: 0, key: 'key-1' } as const;
          for (const call of [{ ...first, do: 'begin' } as const, { ...first, do: 'accept' } as const, ...steps]) {
            const before = await processes.snapshot();
            const about = await processes.find(call.who, call.key);
            const answer = await processes.run(call, about?.taskId ?? 'none');
            check(call, answer, about, before, await processes.snapshot(), processes);
          }
        } finally {
          processes.close();
        }
      }),
      { numRuns: 120 },
    );
  });
});
