import { readFileSync, renameSync, rmSync, truncateSync, writeFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Journal } from '../../src/journal/journal.ts';
import type { TakenAlong } from '../../src/journal/take-along.ts';
import type { SqliteEngine } from '../../src/journal/sqlite.ts';
import { ManualClock } from '../helpers/manual-clock.ts';
import { runBinary } from '../helpers/run-binary.ts';
import { callTool, sandboxForTest, startServer, untilTestEnds } from '../helpers/start-server.ts';
import { describeEngines, untilTestEnds as closedAtEnd } from './engines.ts';
import { ALPHA, call, intent, progress, rawEnd, RUN } from './samples.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

const FILE = 'journal.sqlite';

function openIn(folder: string, engine: SqliteEngine) {
  const taken: TakenAlong[] = [];
  const clock = new ManualClock();
  const journal = closedAtEnd(Journal.open(folder, { clock, engines: [engine], onReplaced: (what) => taken.push(what) }));
  return { journal, clock, taken };
}

describeEngines('a journal whose file is moved while it is open', (engine) => {
  test('takes along what runs, the answers that wait to be read and the ends to report, and leaves what is over behind', async () => {
    const folder = temporaryFolder();
    const { journal, taken } = openIn(folder, engine);
    const over = (await journal.tasks.begin(intent('over'), ALPHA)).task;
    await journal.tasks.finish(over.taskId, { status: 'succeeded', result: 1 });
    const running = (await journal.tasks.begin(intent('running'), ALPHA)).task;
    await journal.tasks.accepted(running.taskId, 1, RUN, 'modern', progress(10));
    await journal.tasks.storeRawEnd(running.taskId, rawEnd('{"statusCode": "succeeded"}'));
    const untold = (await journal.tasks.begin(intent('untold'), ALPHA)).task;
    await journal.tasks.finish(untold.taskId, { status: 'failed', error: 'No.', teller: ALPHA });
    const before = await journal.tasks.get(running.taskId);
    renameSync(join(folder, FILE), join(folder, 'moved.sqlite'));
    expect(await journal.tasks.get(running.taskId)).toEqual(before);
    expect((await journal.tasks.rawEnd(running.taskId))?.body).toEqual(rawEnd('{"statusCode": "succeeded"}').body);
    expect(await journal.tasks.untoldEnds()).toEqual([{ taskId: untold.taskId, teller: ALPHA }]);
    expect(await journal.tasks.get(over.taskId)).toBeUndefined();
    expect(taken).toEqual([{ tasks: 2 }]);
    expect(await journal.tasks.heartbeat(running.taskId, 1)).toBe(true);
    expect((await openIn(folder, engine).journal.tasks.list()).map(({ taskId }) => taskId)).toEqual([running.taskId]);
  });

  test('lets no number be given twice, no nonce be used twice, and readers see the next news', async () => {
    const folder = temporaryFolder();
    const { journal, clock } = openIn(folder, engine);
    const expiresAt = clock.now() + 60_000;
    expect(await journal.approvals.burn('nonce', expiresAt)).toBe(true);
    const { task } = await journal.tasks.begin(intent('old'), ALPHA);
    const number = (await journal.tasks.findNumber(task.taskId)) ?? 0;
    const revision = await journal.tasks.revision();
    await journal.tasks.finish(task.taskId, { status: 'succeeded' });
    renameSync(join(folder, FILE), join(folder, 'moved.sqlite'));
    expect(await journal.approvals.burn('nonce', expiresAt)).toBe(false);
    const next = (await journal.tasks.begin(intent('new'), ALPHA)).task;
    expect(next.revision).toBeGreaterThan(revision);
    expect(await journal.tasks.findNumber(next.taskId)).toBeGreaterThan(number);
  });

  test('forgets approvals: a person gives them again', async () => {
    const folder = temporaryFolder();
    const { journal } = openIn(folder, engine);
    const { approvalId } = await journal.approvals.request({ ...call(), prompt: 'Delete?', label: 'Delete' });
    await journal.approvals.grant(approvalId);
    renameSync(join(folder, FILE), join(folder, 'moved.sqlite'));
    expect(await journal.approvals.consume(call())).toBeUndefined();
  });

  test('goes on in the old file when it is moved back, with the newer state of each task', async () => {
    const folder = temporaryFolder();
    const { journal, taken } = openIn(folder, engine);
    const { task } = await journal.tasks.begin(intent(), ALPHA);
    await journal.tasks.accepted(task.taskId, 1, RUN, 'modern', progress(10));
    renameSync(join(folder, FILE), join(folder, 'moved.sqlite'));
    expect(await journal.tasks.progressed(task.taskId, 1, progress(60, 2))).toBe(true);
    expect(await journal.tasks.finish(task.taskId, { status: 'succeeded', result: 'done' })).toBe(true);
    renameSync(join(folder, 'moved.sqlite'), join(folder, FILE));
    expect(await journal.tasks.get(task.taskId)).toMatchObject({ status: 'succeeded', progress: 60, result: 'done' });
    expect(taken).toEqual([{ tasks: 1 }, { tasks: 1 }]);
  });

  test('says why nothing was taken along from a file that was damaged or emptied, and goes on', async () => {
    for (const damage of [(path: string) => truncateSync(path), (path: string) => writeFileSync(path, 'x'.repeat(8192))]) {
      const folder = temporaryFolder();
      const { journal, taken } = openIn(folder, engine);
      await journal.tasks.begin(intent(), ALPHA);
      damage(join(folder, FILE));
      if (readFileSync(join(folder, FILE)).length > 0) renameSync(join(folder, FILE), join(folder, 'moved.sqlite'));
      expect(await journal.tasks.list()).toEqual([]);
      expect(taken).toEqual([{ tasks: 0, lost: expect.stringMatching(/\w/) as string }]);
      expect((await journal.tasks.begin(intent(), ALPHA)).isNew).toBe(true);
    }
  });

  test('tries again with each call while no file can be made in its place', async () => {
    const folder = temporaryFolder();
    const { journal } = openIn(folder, engine);
    const { task } = await journal.tasks.begin(intent(), ALPHA);
    renameSync(join(folder, FILE), join(folder, 'moved.sqlite'));
    writeFileSync(join(folder, FILE), 'This is no database, but a note about where it went. '.repeat(20));
    await expect(journal.tasks.list()).rejects.toThrow(/is damaged or is no journal of this server/);
    rmSync(join(folder, FILE));
    expect((await journal.tasks.list()).map(({ taskId }) => taskId)).toEqual([task.taskId]);
  });
});

describe('a server whose journal is moved or deleted while it runs', () => {
  const withSlowRuns = async () => {
    const clock = new ManualClock();
    const sandbox = await sandboxForTest({ clock, runSeconds: 100 });
    const server = untilTestEnds(await startServer({ sandbox, access: 'read-write', env: { MAILSTORE_INLINE_WAIT_MS: '0' } }));
    const { structured } = await callTool(server, 'rebuild_store_index', { id: 3, folder: 'amira' });
    return { clock, sandbox, server, taskId: String(structured['taskId']) };
  };
  const taskIds = async (server: Awaited<ReturnType<typeof startServer>>) => {
    const { structured } = await callTool(server, 'list_tasks');
    return (structured['items'] as readonly { taskId: string; status: string }[]).map(({ taskId, status }) => `${taskId} ${status}`);
  };

  test.each([
    ['moved', (path: string) => renameSync(path, `${path}.moved`)],
    ['deleted', (path: string) => rmSync(path)],
  ])(
    'goes on when it was %s, follows its tasks to their ends, and leaves an audit that verify refuses with the reason',
    async (_how, remove) => {
      const { clock, server, taskId } = await withSlowRuns();
      const MAILSTORE_STATE_DIR = server.stateDir;
      expect((await runBinary(['audit', 'verify'], { MAILSTORE_STATE_DIR })).code).toBe(0);
      remove(join(server.stateDir, FILE));
      expect(await taskIds(server)).toEqual([`${taskId} running`]);
      expect((await callTool(server, 'get_users')).isError).toBe(false);
      expect(existsSync(join(server.stateDir, FILE))).toBe(true);
      await expect
        .poll(async () => runBinary(['audit', 'verify'], { MAILSTORE_STATE_DIR }))
        .toMatchObject({
          code: 1,
          stdout: expect.stringMatching(
            /line \d+: the journal is newer than the lines before it \(while running\); 1 task was taken along\.\n$/,
          ) as string,
        });
      await clock.advance(100_000);
      await expect.poll(() => taskIds(server)).toEqual([`${taskId} succeeded`]);
      expect((await callTool(server, 'set_user_full_name', { userName: 'amira', fullName: 'Amira B.' })).isError).toBe(false);
    },
  );

  test('shows no task as running that the moved file alone has', async () => {
    const { server } = await withSlowRuns();
    const path = join(server.stateDir, FILE);
    truncateSync(path);
    expect(await taskIds(server)).toEqual([]);
  });
});
