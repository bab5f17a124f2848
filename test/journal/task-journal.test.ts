import { expect, test } from 'vitest';
import { Journal } from '../../src/journal/journal.ts';
import { type TaskJournal } from '../../src/journal/task-journal.ts';
import { FENCE_MS, LEASE_MS } from '../../src/journal/lease.ts';
import type { TaskRecord } from '../../src/journal/task-record.ts';
import { ManualClock } from '../helpers/manual-clock.ts';
import { describeEngines, untilTestEnds } from './engines.ts';
import { ALPHA, BETA, intent, progress, rawEnd, RUN } from './samples.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

const nobodyIsGone = () => false;
const everybodyIsGone = () => true;

describeEngines('the journal of tasks', (engine) => {
  const open = (folder: string, clock: ManualClock) => untilTestEnds(Journal.open(folder, { clock, engines: [engine] })).tasks;

  function setUp() {
    const folder = temporaryFolder();
    const clock = new ManualClock();
    const tasks = open(folder, clock);
    const state = async (taskId: string): Promise<TaskRecord> => {
      const task = await tasks.get(taskId);
      if (!task) throw new Error(`no task ${taskId}`);
      return task;
    };
    return { folder, clock, tasks, state };
  }

  async function begin(tasks: TaskJournal, key?: string): Promise<string> {
    return (await tasks.begin(intent(key), ALPHA)).task.taskId;
  }

  async function startRun(tasks: TaskJournal, key?: string): Promise<string> {
    const taskId = await begin(tasks, key);
    await tasks.accepted(taskId, 1, RUN, 'modern', progress(0));
    return taskId;
  }

  test('has the intent and the lease before anything is sent', async () => {
    const { tasks } = setUp();
    const { task, isNew } = await tasks.begin(intent(), ALPHA);
    expect({ isNew, task: await tasks.get(task.taskId) }).toEqual({
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

  test('returns the task of the same call as long as it has no end', async () => {
    const { tasks } = setUp();
    const taskId = await begin(tasks);
    expect(await tasks.begin(intent(), BETA)).toMatchObject({ isNew: false, task: { taskId, lease: { holder: ALPHA } } });
    await tasks.accepted(taskId, 1, RUN, 'modern', progress(0));
    expect(await tasks.begin(intent(), BETA)).toMatchObject({ isNew: false, task: { taskId, status: 'running' } });
    expect((await tasks.begin(intent('other'), BETA)).isNew).toBe(true);
    await tasks.finish(taskId, { status: 'succeeded' });
    expect((await tasks.begin(intent(), BETA)).isNew).toBe(true);
  });

  test('keeps everything from one process to the next', async () => {
    const { folder, clock, tasks, state } = setUp();
    const taskId = await begin(tasks);
    expect(
      await tasks.accepted(
        taskId,
        1,
        { token: 'a\0b', statusPath: '/JSON/Status/1' },
        'json-2012',
        progress(10, 3, 'größer', 'NUL \0 \ud800'),
      ),
    ).toBe(true);
    await tasks.finish(taskId, {
      status: 'failed',
      error: 'broken \0 text',
      result: { list: [1, 'ü'] },
      drift: [{ path: 'list', expected: 'nothing' }],
      note: 'why',
    });
    const kept = await open(folder, clock).get(taskId);
    expect(kept).toEqual(await state(taskId));
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

  test('knows no task that was never begun', async () => {
    const { tasks } = setUp();
    expect([
      await tasks.get('x'),
      await tasks.rawEnd('x'),
      await tasks.accepted('x', 1, RUN, 'modern', progress(0)),
      await tasks.storeRawEnd('x', rawEnd('end')),
      await tasks.finish('x', { status: 'succeeded' }),
      await tasks.giveUp('x', { reason: 'r' }),
      await tasks.acquireLease('x', ALPHA, everybodyIsGone),
    ]).toEqual([undefined, undefined, false, false, false, false, undefined]);
  });

  test('lists the newest first even when the clock was set back', async () => {
    const { clock, tasks } = setUp();
    const first = await begin(tasks, '1');
    await clock.jump(-3_600_000);
    const second = await begin(tasks, '2');
    const third = await begin(tasks, '3');
    await tasks.finish(second, { status: 'succeeded' });
    const ids = (records: readonly TaskRecord[]) => records.map(({ taskId }) => taskId);
    expect(ids(await tasks.list())).toEqual([third, first]);
    expect(ids(await tasks.list({ includeEnded: true }))).toEqual([third, second, first]);
    expect(ids(await tasks.list({ includeEnded: true, limit: 2 }))).toEqual([third, second]);
    expect(ids(await tasks.active())).toEqual([first, third]);
  });

  test('shows readers in other processes what changed, and not that a holder is alive', async () => {
    const { folder, clock, tasks } = setUp();
    const reader = open(folder, clock);
    const taskId = await startRun(tasks);
    const seen = await reader.revision();
    await tasks.heartbeat(taskId, 1);
    await tasks.markPoll(taskId, 1);
    await tasks.progressed(taskId, 1, progress(0));
    expect(await reader.revision()).toBe(seen);
    await tasks.progressed(taskId, 1, progress(50));
    expect(await reader.revision()).toBe(seen + 1);
    expect(await reader.get(taskId)).toMatchObject({ taskId, progress: 50, revision: seen + 1 });
  });

  test('never returns the same revision for another state, not even after pruning', async () => {
    const { tasks } = setUp();
    await begin(tasks, '1');
    const last = await startRun(tasks, '2');
    await tasks.finish(last, { status: 'succeeded' });
    const before = await tasks.revision();
    expect(await tasks.prune(Number.MAX_SAFE_INTEGER)).toBe(1);
    expect(await tasks.revision()).toBeGreaterThan(before);
  });

  test('keeps what a status leaves out', async () => {
    const { tasks, state } = setUp();
    const taskId = await startRun(tasks);
    await tasks.progressed(taskId, 1, progress(40, 2, 'a'));
    await tasks.progressed(taskId, 1, { version: 3, percent: null, text: null, messages: [{ type: 'line', text: 'a' }] });
    expect(await state(taskId)).toMatchObject({
      version: 3,
      progress: 40,
      statusText: '40 of 100',
      messages: [{ type: 'line', text: 'a' }],
    });
  });

  test('takes progress and poll marks only after the server has answered with a token', async () => {
    const { tasks, state } = setUp();
    const taskId = await begin(tasks);
    const before = await state(taskId);
    expect([await tasks.progressed(taskId, 1, progress(10)), await tasks.markPoll(taskId, 1)]).toEqual([false, false]);
    expect(await state(taskId)).toEqual(before);
  });

  test('accepts the same token again and no other one', async () => {
    const { tasks, state } = setUp();
    const taskId = await startRun(tasks);
    expect(await tasks.accepted(taskId, 1, RUN, 'modern', progress(0))).toBe(true);
    expect(await tasks.accepted(taskId, 1, { token: 'other' }, 'modern', progress(0))).toBe(false);
    expect((await state(taskId)).run).toEqual(RUN);
  });

  test('stores a token from a fenced holder, which must not poll then', async () => {
    const { clock, tasks, state } = setUp();
    const taken = await begin(tasks, '1');
    const given = await begin(tasks, '2');
    await clock.advance(FENCE_MS + 1);
    await tasks.acquireLease(taken, BETA, nobodyIsGone);
    await tasks.giveUp(given, { reason: 'no one answered' });
    expect(await tasks.accepted(taken, 1, RUN, 'modern', progress(5))).toBe(false);
    expect(await tasks.accepted(given, 1, RUN, 'modern', progress(5))).toBe(false);
    expect(await state(taken)).toMatchObject({ status: 'running', run: RUN, lease: { holder: BETA, epoch: 2 } });
    expect(await state(given)).toMatchObject({ status: 'unknown', run: RUN });
    expect(await tasks.markPoll(taken, 2)).toBe(true);
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
    const taskId = await startRun(tasks);
    await clock.jump(age);
    const asked: unknown[] = [];
    const epoch = await tasks.acquireLease(taskId, BETA, (holder) => {
      asked.push(holder);
      return gone;
    });
    expect(epoch).toBe(taken ? 2 : undefined);
    expect((await state(taskId)).lease).toMatchObject(taken ? { holder: BETA, epoch: 2 } : { holder: ALPHA, epoch: 1 });
    expect(asked.every((holder) => JSON.stringify(holder) === JSON.stringify(ALPHA))).toBe(true);
  });

  test('keeps the lease of a holder that goes on beating', async () => {
    const { clock, tasks } = setUp();
    const taskId = await startRun(tasks);
    for (let i = 0; i < 10; i++) {
      await clock.advance(LEASE_MS);
      expect(await tasks.acquireLease(taskId, BETA, everybodyIsGone)).toBeUndefined();
      expect(await tasks.heartbeat(taskId, 1)).toBe(true);
    }
  });

  test('gives a released lease to the next, with an epoch of its own', async () => {
    const { tasks } = setUp();
    const taskId = await startRun(tasks);
    expect(await tasks.releaseLease(taskId, 1)).toBe(true);
    expect([await tasks.heartbeat(taskId, 1), await tasks.markPoll(taskId, 1), await tasks.releaseLease(taskId, 1)]).toEqual([
      false,
      false,
      false,
    ]);
    expect(await tasks.acquireLease(taskId, BETA, nobodyIsGone)).toBe(2);
  });

  test('lets a fenced holder do nothing but hand in the end', async () => {
    const { clock, tasks, state } = setUp();
    const taskId = await startRun(tasks);
    await clock.advance(FENCE_MS + 1);
    expect(await tasks.acquireLease(taskId, BETA, nobodyIsGone)).toBe(2);
    const before = await state(taskId);
    expect([
      await tasks.heartbeat(taskId, 1),
      await tasks.markPoll(taskId, 1),
      await tasks.unmarkPoll(taskId, 1),
      await tasks.progressed(taskId, 1, progress(99)),
      await tasks.giveUp(taskId, { epoch: 1, reason: 'late' }),
      await tasks.releaseLease(taskId, 1),
    ]).toEqual([false, false, false, false, false, false]);
    expect(await state(taskId)).toEqual(before);
    expect(await tasks.storeRawEnd(taskId, rawEnd('end'))).toBe(true);
    expect(await tasks.rawEnd(taskId)).toMatchObject(rawEnd('end'));
  });

  test('keeps with an answer how it is compressed, so that it is named whenever the answer is read', async () => {
    const { tasks } = setUp();
    const taskId = await startRun(tasks);
    await tasks.storeRawEnd(taskId, { ...rawEnd('end'), encoding: 'br' });
    expect(await tasks.rawEnd(taskId)).toMatchObject({ encoding: 'br' });
  });

  test('marks a poll ahead, with who asks when and for what, until there is an answer', async () => {
    const { clock, tasks, state } = setUp();
    const taskId = await startRun(tasks);
    await clock.advance(1000);
    expect(await tasks.markPoll(taskId, 1)).toBe(true);
    expect((await state(taskId)).pollMark).toEqual({ at: '2026-03-04T09:00:01.000Z', holder: ALPHA, epoch: 1, version: 1 });
    await tasks.progressed(taskId, 1, progress(20, 2));
    expect(await state(taskId)).not.toHaveProperty('pollMark');
    await tasks.markPoll(taskId, 1);
    expect((await state(taskId)).pollMark).toMatchObject({ version: 2 });
    await tasks.unmarkPoll(taskId, 1);
    expect(await state(taskId)).not.toHaveProperty('pollMark');
    await tasks.markPoll(taskId, 1);
    await tasks.storeRawEnd(taskId, rawEnd('end'));
    expect(await state(taskId)).not.toHaveProperty('pollMark');
    expect(await tasks.markPoll(taskId, 1)).toBe(false);
  });

  test('remembers the unanswered poll of a dead holder until the server says that the command still runs', async () => {
    const { clock, tasks, state } = setUp();
    const taskId = await startRun(tasks);
    await tasks.markPoll(taskId, 1);
    await clock.advance(LEASE_MS + 1);
    expect(await tasks.acquireLease(taskId, BETA, everybodyIsGone)).toBe(2);
    await tasks.markPoll(taskId, 2);
    await tasks.unmarkPoll(taskId, 2);
    expect(await state(taskId)).toMatchObject({ lostPoll: { holder: ALPHA, epoch: 1 } });
    await clock.advance(LEASE_MS + 1);
    expect(await tasks.acquireLease(taskId, ALPHA, everybodyIsGone)).toBe(3);
    expect(await state(taskId)).toMatchObject({ lostPoll: { holder: ALPHA, epoch: 1 } });
    await tasks.progressed(taskId, 3, progress(50));
    expect(await state(taskId)).not.toHaveProperty('lostPoll');
  });

  test('keeps the first of two ends', async () => {
    const { tasks } = setUp();
    const taskId = await startRun(tasks);
    const bytes = { status: 500, contentType: 'text/plain', body: new Uint8Array([0, 255, 10, 0]) };
    expect([
      await tasks.storeRawEnd(taskId, bytes),
      await tasks.storeRawEnd(taskId, bytes),
      await tasks.storeRawEnd(taskId, rawEnd('second')),
    ]).toEqual([true, false, false]);
    expect(await tasks.rawEnd(taskId)).toMatchObject(bytes);
    expect(await tasks.rawEnds(taskId)).toMatchObject([bytes, rawEnd('second')]);
  });

  test('shows readers that an end was stored', async () => {
    const { tasks, state } = setUp();
    const taskId = await startRun(tasks);
    const { revision } = await state(taskId);
    await tasks.storeRawEnd(taskId, rawEnd('end'));
    expect(await state(taskId)).toMatchObject({ hasRawEnd: true, revision: revision + 1 });
  });

  test('sets an unreadable answer aside, keeps its bytes, and lets the next one count', async () => {
    const { tasks, state } = setUp();
    const taskId = await startRun(tasks);
    await tasks.storeRawEnd(taskId, rawEnd('<html>'));
    await tasks.storeRawEnd(taskId, rawEnd('the end'));
    const other = await startRun(tasks, 'other');
    await tasks.storeRawEnd(other, rawEnd('of the other'));
    expect(await tasks.setRawEndAside(taskId, (await tasks.rawEnd(other))?.rawEndId ?? 0, 'not its own')).toBe(false);
    const page = (await tasks.rawEnd(taskId))?.rawEndId ?? 0;
    expect(await tasks.giveUp(taskId, { reason: 'no end' })).toBe(false);
    expect([await tasks.setRawEndAside(taskId, page, 'a page'), await tasks.setRawEndAside(taskId, page, 'a page')]).toEqual([true, false]);
    expect(await tasks.rawEnd(taskId)).toMatchObject(rawEnd('the end'));
    expect(await tasks.setRawEndAside(taskId, (await tasks.rawEnd(taskId))?.rawEndId ?? 0, 'cut off')).toBe(true);
    expect((await state(taskId)).hasRawEnd).toBe(false);
    expect(await tasks.rawEnds(taskId)).toMatchObject([
      { ...rawEnd('<html>'), unreadableBecause: 'a page' },
      { ...rawEnd('the end'), unreadableBecause: 'cut off' },
    ]);
    expect(await tasks.storeRawEnd(taskId, rawEnd('<html>'))).toBe(false);
    expect([await tasks.markPoll(taskId, 1), await tasks.giveUp(taskId, { reason: 'no end' })]).toEqual([true, true]);
  });

  test('keeps the first unreadable answers of many', async () => {
    const { tasks } = setUp();
    const taskId = await startRun(tasks);
    for (let i = 0; i < 30; i++) {
      await tasks.storeRawEnd(taskId, rawEnd(`page ${i}`));
      expect(await tasks.setRawEndAside(taskId, (await tasks.rawEnd(taskId))?.rawEndId ?? 0, 'a page')).toBe(true);
    }
    const texts = (await tasks.rawEnds(taskId)).map(({ body }) => new TextDecoder().decode(body));
    expect(texts).toEqual(Array.from({ length: 20 }, (_, i) => `page ${i}`));
  });

  test('takes the end of a task that was given up, and finishes it then', async () => {
    const { clock, tasks, state } = setUp();
    const taskId = await startRun(tasks);
    await tasks.giveUp(taskId, {
      epoch: 1,
      reason: 'the token is unknown',
      evidence: [{ source: 'GetStores', finding: 'The store is there.' }],
    });
    expect(await tasks.finish(taskId, { status: 'succeeded', result: 1 })).toBe(false);
    expect(await tasks.active()).toEqual([]);
    await clock.advance(5000);
    expect(await tasks.storeRawEnd(taskId, rawEnd('{"ok":true}'))).toBe(true);
    expect([(await state(taskId)).status, (await tasks.active()).map((task) => task.taskId)]).toEqual(['unknown', [taskId]]);
    expect(await tasks.setRawEndAside('other', 1, 'no')).toBe(false);
    expect(await tasks.finish(taskId, { status: 'succeeded', result: { ok: true }, progress: progress(100) })).toBe(true);
    expect(await state(taskId)).toMatchObject({
      status: 'succeeded',
      result: { ok: true },
      progress: 100,
      endedAt: '2026-03-04T09:00:05.000Z',
    });
    expect(await state(taskId)).not.toHaveProperty('reason');
    expect([await tasks.active(), await tasks.setRawEndAside(taskId, (await tasks.rawEnd(taskId))?.rawEndId ?? 0, 'no')]).toEqual([
      [],
      false,
    ]);
  });

  test('finishes a task once; the same end again changes nothing, and no other end is taken', async () => {
    const { clock, tasks, state } = setUp();
    const taskId = await startRun(tasks);
    await tasks.storeRawEnd(taskId, rawEnd('end'));
    const end = { status: 'failed', error: 'No such store.', result: null } as const;
    expect(await tasks.finish(taskId, end)).toBe(true);
    const finished = await state(taskId);
    await clock.advance(1000);
    expect([
      await tasks.finish(taskId, end),
      await tasks.finish(taskId, { ...end, error: 'Another.' }),
      await tasks.finish(taskId, { status: 'succeeded' }),
      await tasks.giveUp(taskId, { reason: 'r' }),
      await tasks.progressed(taskId, 1, progress(1)),
      await tasks.askedToCancel(taskId),
      await tasks.accepted(taskId, 1, { token: 'late' }, 'modern', progress(1)),
    ]).toEqual([true, false, false, false, false, false, false]);
    expect([await state(taskId), await tasks.acquireLease(taskId, BETA, everybodyIsGone)]).toEqual([finished, undefined]);
    expect(finished).not.toHaveProperty('lease');
  });

  test('never lets a task end before it started', async () => {
    const { clock, tasks, state } = setUp();
    const taskId = await startRun(tasks);
    await clock.jump(-3_600_000);
    await tasks.finish(taskId, { status: 'succeeded' });
    expect((await state(taskId)).endedAt).toBe((await state(taskId)).startedAt);
  });

  test('gives up with the reason and the evidence', async () => {
    const { clock, tasks, state } = setUp();
    const taskId = await startRun(tasks);
    await tasks.markPoll(taskId, 1);
    expect(await tasks.giveUp(taskId, { reason: 'gone', evidence: [{ source: 'GetStores', finding: 'One.', data: { id: 4 } }] })).toBe(
      true,
    );
    await clock.advance(1000);
    expect(await state(taskId)).toMatchObject({
      status: 'unknown',
      reason: 'gone',
      evidence: [{ source: 'GetStores', finding: 'One.', data: { id: 4 }, at: '2026-03-04T09:00:00.000Z' }],
      pollMark: { holder: ALPHA },
      endedAt: '2026-03-04T09:00:00.000Z',
    });
    expect(await tasks.giveUp(taskId, { reason: 'again' })).toBe(false);
  });

  test('remembers when a cancellation was first asked for', async () => {
    const { clock, tasks, state } = setUp();
    const taskId = await startRun(tasks);
    expect(await tasks.askedToCancel(taskId)).toBe(true);
    await clock.advance(1000);
    expect(await tasks.askedToCancel(taskId)).toBe(true);
    expect(await state(taskId)).toMatchObject({ status: 'running', cancelAskedAt: '2026-03-04T09:00:00.000Z' });
  });

  test('prunes what ended long ago, with its bytes, and nothing that a process still has to follow', async () => {
    const { clock, tasks } = setUp();
    const ended = await startRun(tasks, '1');
    await tasks.storeRawEnd(ended, rawEnd('end'));
    await tasks.finish(ended, { status: 'cancelled' });
    const unknown = await startRun(tasks, '2');
    await tasks.giveUp(unknown, { reason: 'r' });
    const toRead = await startRun(tasks, '3');
    await tasks.giveUp(toRead, { reason: 'r' });
    await tasks.storeRawEnd(toRead, rawEnd('late'));
    const running = await startRun(tasks, '4');
    await clock.advance(1000);
    const recent = await startRun(tasks, '5');
    await tasks.finish(recent, { status: 'succeeded' });
    expect(await tasks.prune(clock.now())).toBe(2);
    expect((await tasks.list({ includeEnded: true })).map(({ taskId }) => taskId)).toEqual([recent, running, toRead]);
    expect([await tasks.rawEnds(ended), await tasks.rawEnd(toRead)]).toMatchObject([[], rawEnd('late')]);
  });
});
