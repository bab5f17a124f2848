import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { runBinary } from '../helpers/run-binary.ts';
import { startBinary, type Ended, type Started } from '../helpers/start-binary.ts';
import { settingsFor } from '../helpers/start-server.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';
import { respond, respondStatus, startTlsServer } from '../helpers/tls-server.ts';

const PATIENCE = { timeout: 60_000 };
const ACCESS = ['--access', 'read-write'];
const REBUILD = ['call', 'RebuildStoreIndex', 'id=3', 'folder=amira', ...ACCESS];
const RENAME = ['call', 'SetUserFullName', 'userName=johndoe', 'fullName=Jo', ...ACCESS];
const ENDED = respondStatus(9, { statusCode: 'succeeded', result: null });

/** A MailStore that answers each question for a status, and each change, when the test says so. */
async function startHolding() {
  const held: ((answer: Buffer) => void)[] = [];
  const far = await startTlsServer(({ path }) => {
    if (/\/(?:get-status|SetUserFullName)$/.test(path)) return { later: new Promise<Buffer>((resolve) => held.push(resolve)) };
    return path.endsWith('/RebuildStoreIndex') ? respondStatus(1) : respond('404 Not Found', 'text/plain', '');
  });
  const env = { ...settingsFor(far), MAILSTORE_API: 'modern', MAILSTORE_STATE_DIR: temporaryFolder() };
  return {
    env,
    /** Waits for a request that is held, and returns how it is answered. */
    next: async (): Promise<(answer: Buffer) => void> => {
      await expect.poll(() => held.length, PATIENCE).toBeGreaterThan(0);
      return held.shift() ?? (() => undefined);
    },
    /** Says of every run that it goes on until the program has ended: it may ask once more before the signal reaches it. */
    end: async (program: Started): Promise<Ended> => {
      const answering = setInterval(() => held.shift()?.(respondStatus(3)), 20);
      try {
        return await program.ended;
      } finally {
        clearInterval(answering);
      }
    },
    listTasks: async () => JSON.parse((await runBinary(['tasks', 'list', '--json'], env)).stdout) as { taskId: string; status: string },
  };
}

describe('a program in a terminal that is asked to end', () => {
  test.each(['SIGTERM', 'SIGHUP'] as const)(
    'stores the end of a long command that MailStore is handing out to it, for %s',
    async (signal) => {
      const { env, next, listTasks } = await startHolding();
      const called = startBinary(REBUILD, env, { ownProcess: true });
      const answer = await next();
      called.kill(signal);
      answer(ENDED);
      await called.ended;
      expect((await listTasks()).status).toBe('succeeded');
    },
    60_000,
  );

  test('stores the end of a task that it waits for, and says where the task goes on', async () => {
    const { env, next, end, listTasks } = await startHolding();
    const called = startBinary(REBUILD, env, { ownProcess: true });
    const first = await next();
    called.kill('SIGINT');
    first(respondStatus(2));
    expect((await end(called)).code).toBe(130);
    const { taskId } = await listTasks();

    const waiting = startBinary(['tasks', 'wait', taskId], env, { ownProcess: true });
    const second = await next();
    waiting.kill('SIGINT');
    second(respondStatus(2));
    expect(await end(waiting)).toMatchObject({ code: 130, stdout: expect.stringContaining('RebuildStoreIndex goes on.') as string });

    const again = startBinary(['tasks', 'wait', taskId], env, { ownProcess: true });
    const third = await next();
    again.kill('SIGTERM');
    third(ENDED);
    await again.ended;
    expect((await listTasks()).status).toBe('succeeded');
  }, 60_000);

  test('records how a change ended that was on its way', async () => {
    const { env, next } = await startHolding();
    const called = startBinary(RENAME, env, { ownProcess: true });
    const answer = await next();
    called.kill('SIGTERM');
    answer(respondStatus(2, { token: null, statusCode: 'succeeded', result: null }));
    expect((await called.ended).code).toBe(0);
    const audit = readFileSync(join(env.MAILSTORE_STATE_DIR, 'audit.jsonl'), 'utf8');
    expect(audit).toContain('"outcome":"succeeded"');
  }, 60_000);
});
