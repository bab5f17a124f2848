import { expect, test } from 'vitest';
import { Journal } from '../../src/journal/journal.ts';
import { FENCE_MS, LEASE_MS, type TaskJournal } from '../../src/journal/task-journal.ts';
import type { TaskRecord } from '../../src/journal/task-record.ts';
import { ManualClock } from '../helpers/manual-clock.ts';
import { describeEngines, temporaryFolder, untilTestEnds } from './engines.ts';
import { ALPHA, BETA, intent, progress, rawEnd, RUN } from './samples.ts';

const nobodyIsGone = () => false;
const everybodyIsGone = () => true;

describeEngines('the journal of tasks', (engine) => {
  const open = (folder: string, clock: ManualClock) => untilTestEnds(Journal.open(folder, { clock, engines: [engine] })).tasks;

  function setUp() {
    const folder = temporaryFolder();
    const clock = new ManualClock();
    const tasks = open(folder, clock);
    const state = (taskId: string): TaskRecord => {
      const task = tasks.get(taskId);
      if (!task) throw new Error(`no task ${taskId}`);
      return task;
    };
    return { folder, clock, tasks, state };
  }

  function begin(tasks: TaskJournal, key?: string): string {
    return tasks.begin(intent(key), ALPHA).task.taskId;
  }

  function startRun(tasks: TaskJournal, key?: string): string {
    const taskId = begin(tasks, key);
    tasks.accepted(taskId, 1, RUN, 'modern', progress(0));
    return taskId;
  }

  test('has the intent and the lease before anything is sent', () => {
    const { tasks } = setUp();
    const { task, isNew } = tasks.begin(intent(), ALPHA);
    expect({ isNew, task: tasks.get(task.taskId) }).toEqual({
      isNew: true,
      task: {
        ...intent(),
        taskId: task.taskId,
        revision: 1,
        status: 'starting',
        version: 0,
        progress: null,
        statusText: null,
        messages: [],
        evidence: [],
        startedAt: '2026-03-04T09:00:00.000Z',
        lease: { holder: ALPHA, epoch: 1, heartbeatAt: '2026-03-04T09:00:00.000Z' },
        hasRawEnd: false,
      },
    });
  });

  test('returns the task of the same call as long as it has no end', () => {
    const { tasks } = setUp();
    const taskId = begin(tasks);
    expect(tasks.begin(intent(), BETA)).toMatchObject({ isNew: false, task: { taskId, lease: { holder: ALPHA } } });
    tasks.accepted(taskId, 1, RUN, 'modern', progress(0));
    expect(tasks.begin(intent(), BETA)).toMatchObject({ isNew: false, task: { taskId, status: 'running' } });
    expect(tasks.begin(intent('other'), BETA).isNew).toBe(true);
    tasks.finish(taskId, { status: 'succeeded' });
    expect(tasks.begin(intent(), BETA).isNew).toBe(true);
  });

  test('keeps everything from one process to the next', () => {
    const { folder, clock, tasks, state } = setUp();
    const taskId = begin(tasks);
    expect(
      tasks.accepted(taskId, 1, { token: 'a\0b', statusPath: '/JSON/Status/1' }, 'json-2012', progress(10, 3, 'größer', 'NUL \0 \ud800')),
    ).toBe(true);
    tasks.note(taskId, 'one \0 note');
    tasks.finish(taskId, {
      status: 'failed',
      error: 'broken \0 text',
      result: { list: [1, 'ü'] },
      drift: [{ path: 'list', expected: 'nothing' }],
      note: 'why',
    });
    const kept = open(folder, clock).get(taskId);
    expect(kept).toEqual(state(taskId));
    expect(kept).toMatchObject({
      status: 'failed',
      run: { token: 'a\0b', statusPath: '/JSON/Status/1' },
      dialect: 'json-2012',
      version: 3,
      progress: 10,
      messages: [
        { type: 'line', text: 'größer' },
        { type: 'line', text: 'NUL \0 \ud800' },
      ],
      error: 'broken \0 text',
      result: { list: [1, 'ü'] },
      drift: [{ path: 'list', expected: 'nothing' }],
      note: 'why',
    });
  });

  test('knows no task that was never begun', () => {
    const { tasks } = setUp();
    expect([
      tasks.get('x'),
      tasks.rawEnd('x'),
      tasks.accepted('x', 1, RUN, 'modern', progress(0)),
      tasks.storeRawEnd('x', rawEnd('end')),
      tasks.finish('x', { status: 'succeeded' }),
      tasks.giveUp('x', { reason: 'r' }),
      tasks.acquireLease('x', ALPHA, everybodyIsGone),
      tasks.note('x', 'n'),
    ]).toEqual([undefined, undefined, false, false, false, false, undefined, false]);
  });

  test('lists the newest first even when the clock was set back', async () => {
    const { clock, tasks } = setUp();
    const first = begin(tasks, '1');
    await clock.jump(-3_600_000);
    const second = begin(tasks, '2');
    const third = begin(tasks, '3');
    tasks.finish(second, { status: 'succeeded' });
    const ids = (records: readonly TaskRecord[]) => records.map(({ taskId }) => taskId);
    expect(ids(tasks.list())).toEqual([third, first]);
    expect(ids(tasks.list({ includeEnded: true }))).toEqual([third, second, first]);
    expect(ids(tasks.list({ includeEnded: true, limit: 2 }))).toEqual([third, second]);
    expect(ids(tasks.active())).toEqual([first, third]);
  });

  test('tells readers in other processes what changed, and not that a holder is alive', () => {
    const { folder, clock, tasks } = setUp();
    const reader = open(folder, clock);
    const taskId = startRun(tasks);
    const seen = reader.revision();
    tasks.heartbeat(taskId, 1);
    tasks.markPoll(taskId, 1);
    tasks.progressed(taskId, 1, progress(0));
    expect([reader.revision(), reader.changesSince(seen)]).toEqual([seen, []]);
    tasks.progressed(taskId, 1, progress(50));
    expect(reader.revision()).toBe(seen + 1);
    expect(reader.changesSince(seen)).toMatchObject([{ taskId, progress: 50, revision: seen + 1 }]);
  });

  test('never tells the same revision for another state, not even after pruning', () => {
    const { tasks } = setUp();
    begin(tasks, '1');
    const last = startRun(tasks, '2');
    tasks.finish(last, { status: 'succeeded' });
    const before = tasks.revision();
    expect(tasks.prune(Number.MAX_SAFE_INTEGER)).toBe(1);
    expect(tasks.revision()).toBeGreaterThan(before);
  });

  test('keeps what a status leaves out', () => {
    const { tasks, state } = setUp();
    const taskId = startRun(tasks);
    tasks.progressed(taskId, 1, progress(40, 2, 'a'));
    tasks.progressed(taskId, 1, { version: 3, percent: null, text: null, messages: [{ type: 'line', text: 'a' }] });
    expect(state(taskId)).toMatchObject({ version: 3, progress: 40, statusText: '40 of 100', messages: [{ type: 'line', text: 'a' }] });
  });

  test('takes progress and poll marks only after the server has answered with a token', () => {
    const { tasks, state } = setUp();
    const taskId = begin(tasks);
    const before = state(taskId);
    expect([tasks.progressed(taskId, 1, progress(10)), tasks.markPoll(taskId, 1)]).toEqual([false, false]);
    expect(state(taskId)).toEqual(before);
  });

  test('accepts the same token again and no other one', () => {
    const { tasks, state } = setUp();
    const taskId = startRun(tasks);
    expect(tasks.accepted(taskId, 1, RUN, 'modern', progress(0))).toBe(true);
    expect(tasks.accepted(taskId, 1, { token: 'other' }, 'modern', progress(0))).toBe(false);
    expect(state(taskId).run).toEqual(RUN);
  });

  test('stores a token from a fenced holder, which must not poll then', async () => {
    const { clock, tasks, state } = setUp();
    const taken = begin(tasks, '1');
    const given = begin(tasks, '2');
    await clock.advance(FENCE_MS + 1);
    tasks.acquireLease(taken, BETA, nobodyIsGone);
    tasks.giveUp(given, { reason: 'nobody answered' });
    expect(tasks.accepted(taken, 1, RUN, 'modern', progress(5))).toBe(false);
    expect(tasks.accepted(given, 1, RUN, 'modern', progress(5))).toBe(false);
    expect(state(taken)).toMatchObject({ status: 'running', run: RUN, lease: { holder: BETA, epoch: 2 } });
    expect(state(given)).toMatchObject({ status: 'unknown', run: RUN });
    expect(tasks.markPoll(taken, 2)).toBe(true);
  });

  test.each([
    { what: 'a fresh heartbeat', age: LEASE_MS, gone: true, taken: false },
    { what: 'a missed heartbeat of a process that lives', age: LEASE_MS + 1, gone: false, taken: false },
    { what: 'a missed heartbeat of a process that is gone', age: LEASE_MS + 1, gone: true, taken: true },
    { what: 'a heartbeat missed too long of a process that seems to live', age: FENCE_MS + 1, gone: false, taken: true },
    { what: 'a heartbeat from a little in the future', age: -FENCE_MS, gone: true, taken: false },
    { what: 'a heartbeat from far in the future', age: -FENCE_MS - 1, gone: false, taken: true },
  ])('with $what, a lease is taken over: $taken', async ({ age, gone, taken }) => {
    const { clock, tasks, state } = setUp();
    const taskId = startRun(tasks);
    await clock.jump(age);
    const asked: unknown[] = [];
    const epoch = tasks.acquireLease(taskId, BETA, (holder) => {
      asked.push(holder);
      return gone;
    });
    expect(epoch).toBe(taken ? 2 : undefined);
    expect(state(taskId).lease).toMatchObject(taken ? { holder: BETA, epoch: 2 } : { holder: ALPHA, epoch: 1 });
    expect(asked.every((holder) => JSON.stringify(holder) === JSON.stringify(ALPHA))).toBe(true);
  });

  test('keeps the lease of a holder that goes on beating', async () => {
    const { clock, tasks } = setUp();
    const taskId = startRun(tasks);
    for (let i = 0; i < 10; i++) {
      await clock.advance(LEASE_MS);
      expect(tasks.acquireLease(taskId, BETA, everybodyIsGone)).toBeUndefined();
      expect(tasks.heartbeat(taskId, 1)).toBe(true);
    }
  });

  test('gives a released lease to the next, with an epoch of its own', () => {
    const { tasks } = setUp();
    const taskId = startRun(tasks);
    expect(tasks.releaseLease(taskId, 1)).toBe(true);
    expect([tasks.heartbeat(taskId, 1), tasks.markPoll(taskId, 1), tasks.releaseLease(taskId, 1)]).toEqual([false, false, false]);
    expect(tasks.acquireLease(taskId, BETA, nobodyIsGone)).toBe(2);
  });

  test('lets a fenced holder do nothing but hand in the end', async () => {
    const { clock, tasks, state } = setUp();
    const taskId = startRun(tasks);
    await clock.advance(FENCE_MS + 1);
    expect(tasks.acquireLease(taskId, BETA, nobodyIsGone)).toBe(2);
    const before = state(taskId);
    expect([
      tasks.heartbeat(taskId, 1),
      tasks.markPoll(taskId, 1),
      tasks.unmarkPoll(taskId, 1),
      tasks.progressed(taskId, 1, progress(99)),
      tasks.giveUp(taskId, { epoch: 1, reason: 'late' }),
      tasks.releaseLease(taskId, 1),
    ]).toEqual([false, false, false, false, false, false]);
    expect(state(taskId)).toEqual(before);
    expect(tasks.storeRawEnd(taskId, rawEnd('end'))).toBe(true);
    expect(tasks.rawEnd(taskId)).toMatchObject(rawEnd('end'));
  });

  test('marks a poll ahead, with who asks when and for what, until there is an answer', async () => {
    const { clock, tasks, state } = setUp();
    const taskId = startRun(tasks);
    await clock.advance(1000);
    expect(tasks.markPoll(taskId, 1)).toBe(true);
    expect(state(taskId).pollMark).toEqual({ at: '2026-03-04T09:00:01.000Z', holder: ALPHA, epoch: 1, version: 1 });
    tasks.progressed(taskId, 1, progress(20, 2));
    expect(state(taskId)).not.toHaveProperty('pollMark');
    tasks.markPoll(taskId, 1);
    expect(state(taskId).pollMark).toMatchObject({ version: 2 });
    tasks.unmarkPoll(taskId, 1);
    expect(state(taskId)).not.toHaveProperty('pollMark');
    tasks.markPoll(taskId, 1);
    tasks.storeRawEnd(taskId, rawEnd('end'));
    expect(state(taskId)).not.toHaveProperty('pollMark');
    expect(tasks.markPoll(taskId, 1)).toBe(false);
  });

  test('remembers the unanswered poll of a dead holder until the server says that the command still runs', async () => {
    const { clock, tasks, state } = setUp();
    const taskId = startRun(tasks);
    tasks.markPoll(taskId, 1);
    await clock.advance(LEASE_MS + 1);
    expect(tasks.acquireLease(taskId, BETA, everybodyIsGone)).toBe(2);
    tasks.markPoll(taskId, 2);
    tasks.unmarkPoll(taskId, 2);
    expect(state(taskId)).toMatchObject({ lostPoll: { holder: ALPHA, epoch: 1 } });
    await clock.advance(LEASE_MS + 1);
    expect(tasks.acquireLease(taskId, ALPHA, everybodyIsGone)).toBe(3);
    expect(state(taskId)).toMatchObject({ lostPoll: { holder: ALPHA, epoch: 1 } });
    tasks.progressed(taskId, 3, progress(50));
    expect(state(taskId)).not.toHaveProperty('lostPoll');
  });

  test('keeps the first of two ends', () => {
    const { tasks } = setUp();
    const taskId = startRun(tasks);
    const bytes = { status: 500, contentType: 'text/plain', body: new Uint8Array([0, 255, 10, 0]) };
    expect([tasks.storeRawEnd(taskId, bytes), tasks.storeRawEnd(taskId, bytes), tasks.storeRawEnd(taskId, rawEnd('second'))]).toEqual([
      true,
      false,
      false,
    ]);
    expect(tasks.rawEnd(taskId)).toMatchObject(bytes);
    expect(tasks.rawEnds(taskId)).toMatchObject([bytes, rawEnd('second')]);
  });

  test('tells readers that an end was stored', () => {
    const { tasks, state } = setUp();
    const taskId = startRun(tasks);
    const { revision } = state(taskId);
    tasks.storeRawEnd(taskId, rawEnd('end'));
    expect(state(taskId)).toMatchObject({ hasRawEnd: true, revision: revision + 1 });
  });

  test('sets an unreadable answer aside, keeps its bytes, and lets the next one count', () => {
    const { tasks, state } = setUp();
    const taskId = startRun(tasks);
    tasks.storeRawEnd(taskId, rawEnd('<html>'));
    tasks.storeRawEnd(taskId, rawEnd('the end'));
    const other = startRun(tasks, 'other');
    tasks.storeRawEnd(other, rawEnd('of the other'));
    expect(tasks.setRawEndAside(taskId, tasks.rawEnd(other)?.rawEndId ?? 0, 'not its own')).toBe(false);
    const page = tasks.rawEnd(taskId)?.rawEndId ?? 0;
    expect(tasks.giveUp(taskId, { reason: 'no end' })).toBe(false);
    expect([tasks.setRawEndAside(taskId, page, 'a page'), tasks.setRawEndAside(taskId, page, 'a page')]).toEqual([true, false]);
    expect(tasks.rawEnd(taskId)).toMatchObject(rawEnd('the end'));
    expect(tasks.setRawEndAside(taskId, tasks.rawEnd(taskId)?.rawEndId ?? 0, 'cut off')).toBe(true);
    expect(state(taskId).hasRawEnd).toBe(false);
    expect(tasks.rawEnds(taskId)).toMatchObject([
      { ...rawEnd('<html>'), unreadableBecause: 'a page' },
      { ...rawEnd('the end'), unreadableBecause: 'cut off' },
    ]);
    expect(tasks.storeRawEnd(taskId, rawEnd('<html>'))).toBe(false);
    expect([tasks.markPoll(taskId, 1), tasks.giveUp(taskId, { reason: 'no end' })]).toEqual([true, true]);
  });

  test('keeps the first unreadable answers of many', () => {
    const { tasks } = setUp();
    const taskId = startRun(tasks);
    for (let i = 0; i < 30; i++) {
      tasks.storeRawEnd(taskId, rawEnd(`page ${i}`));
      expect(tasks.setRawEndAside(taskId, tasks.rawEnd(taskId)?.rawEndId ?? 0, 'a page')).toBe(true);
    }
    const texts = tasks.rawEnds(taskId).map(({ body }) => new TextDecoder().decode(body));
    expect(texts).toEqual(Array.from({ length: 20 }, (_, i) => `page ${i}`));
  });

  test('takes the end of a task that was given up, and finishes it then', async () => {
    const { clock, tasks, state } = setUp();
    const taskId = startRun(tasks);
    tasks.giveUp(taskId, { epoch: 1, reason: 'the token is unknown', evidence: [{ source: 'GetStores', finding: 'The store is there.' }] });
    expect(tasks.finish(taskId, { status: 'succeeded', result: 1 })).toBe(false);
    expect(tasks.active()).toEqual([]);
    await clock.advance(5000);
    expect(tasks.storeRawEnd(taskId, rawEnd('{"ok":true}'))).toBe(true);
    expect([state(taskId).status, tasks.active().map((task) => task.taskId)]).toEqual(['unknown', [taskId]]);
    expect(tasks.setRawEndAside('other', 1, 'no')).toBe(false);
    expect(tasks.finish(taskId, { status: 'succeeded', result: { ok: true }, progress: progress(100) })).toBe(true);
    expect(state(taskId)).toMatchObject({ status: 'succeeded', result: { ok: true }, progress: 100, endedAt: '2026-03-04T09:00:05.000Z' });
    expect(state(taskId)).not.toHaveProperty('reason');
    expect([tasks.active(), tasks.setRawEndAside(taskId, tasks.rawEnd(taskId)?.rawEndId ?? 0, 'no')]).toEqual([[], false]);
  });

  test('finishes a task once; the same end again changes nothing, and no other end is taken', async () => {
    const { clock, tasks, state } = setUp();
    const taskId = startRun(tasks);
    tasks.storeRawEnd(taskId, rawEnd('end'));
    const end = { status: 'failed', error: 'No such store.', result: null } as const;
    expect(tasks.finish(taskId, end)).toBe(true);
    const finished = state(taskId);
    await clock.advance(1000);
    expect([
      tasks.finish(taskId, end),
      tasks.finish(taskId, { ...end, error: 'Another.' }),
      tasks.finish(taskId, { status: 'succeeded' }),
      tasks.giveUp(taskId, { reason: 'r' }),
      tasks.progressed(taskId, 1, progress(1)),
      tasks.askedToCancel(taskId),
      tasks.accepted(taskId, 1, { token: 'late' }, 'modern', progress(1)),
    ]).toEqual([true, false, false, false, false, false, false]);
    expect([state(taskId), tasks.acquireLease(taskId, BETA, everybodyIsGone)]).toEqual([finished, undefined]);
    expect(finished).not.toHaveProperty('lease');
  });

  test('never lets a task end before it started', async () => {
    const { clock, tasks, state } = setUp();
    const taskId = startRun(tasks);
    await clock.jump(-3_600_000);
    tasks.finish(taskId, { status: 'succeeded' });
    expect(state(taskId).endedAt).toBe(state(taskId).startedAt);
  });

  test('gives up with the reason and the evidence, to which more can be added', async () => {
    const { clock, tasks, state } = setUp();
    const taskId = startRun(tasks);
    tasks.markPoll(taskId, 1);
    expect(tasks.giveUp(taskId, { reason: 'gone', evidence: [{ source: 'GetStores', finding: 'One.', data: { id: 4 } }] })).toBe(true);
    await clock.advance(1000);
    tasks.addEvidence(taskId, { source: 'GetJobResults', finding: 'Two.' });
    expect(state(taskId)).toMatchObject({
      status: 'unknown',
      reason: 'gone',
      evidence: [
        { source: 'GetStores', finding: 'One.', data: { id: 4 }, at: '2026-03-04T09:00:00.000Z' },
        { source: 'GetJobResults', finding: 'Two.', at: '2026-03-04T09:00:01.000Z' },
      ],
      pollMark: { holder: ALPHA },
      endedAt: '2026-03-04T09:00:00.000Z',
    });
    expect(tasks.giveUp(taskId, { reason: 'again' })).toBe(false);
  });

  test('remembers when a cancellation was first asked for', async () => {
    const { clock, tasks, state } = setUp();
    const taskId = startRun(tasks);
    expect(tasks.askedToCancel(taskId)).toBe(true);
    await clock.advance(1000);
    expect(tasks.askedToCancel(taskId)).toBe(true);
    expect(state(taskId)).toMatchObject({ status: 'running', cancelAskedAt: '2026-03-04T09:00:00.000Z' });
  });

  test('prunes what ended long ago, with its bytes, and nothing that somebody has to go on with', async () => {
    const { clock, tasks } = setUp();
    const ended = startRun(tasks, '1');
    tasks.storeRawEnd(ended, rawEnd('end'));
    tasks.finish(ended, { status: 'cancelled' });
    const unknown = startRun(tasks, '2');
    tasks.giveUp(unknown, { reason: 'r' });
    const toRead = startRun(tasks, '3');
    tasks.giveUp(toRead, { reason: 'r' });
    tasks.storeRawEnd(toRead, rawEnd('late'));
    const running = startRun(tasks, '4');
    await clock.advance(1000);
    const recent = startRun(tasks, '5');
    tasks.finish(recent, { status: 'succeeded' });
    expect(tasks.prune(clock.now())).toBe(2);
    expect(tasks.list({ includeEnded: true }).map(({ taskId }) => taskId)).toEqual([recent, running, toRead]);
    expect([tasks.rawEnds(ended), tasks.rawEnd(toRead)]).toMatchObject([[], rawEnd('late')]);
  });
});
