import { expect, test } from 'vitest';
import type { RunEvent } from '../../src/sandbox/runs.ts';
import { callTool, sandboxForTest, startServer, untilTestEnds } from '../helpers/start-server.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

/** The SDK closes stdin, sends SIGTERM after 2 s and SIGKILL after 4 s. */
test.each([
  ['ends while the status request is held', 0.8],
  ['ends after the client has killed the server', 4.5],
])(
  'a client that closes while a status request is held loses no end: a command that %s',
  async (_what, runSeconds) => {
    const stateDir = temporaryFolder();
    const events: RunEvent[] = [];
    const sandbox = await sandboxForTest({ runSeconds, onRun: (event) => events.push(event) });
    const env = { MAILSTORE_STATE_DIR: stateDir, MAILSTORE_INLINE_WAIT_MS: '0' };

    const first = untilTestEnds(await startServer({ ownProcess: true, sandbox, access: 'read-write', env }));
    const { structured } = await callTool(first, 'rebuild_store_index', { id: 3, folder: 'amira' });
    const taskId = String(structured['taskId']);
    await expect.poll(() => sandbox.requests.some(({ path }) => path.endsWith('/get-status'))).toBe(true);
    await first.client.close();

    const second = untilTestEnds(await startServer({ ownProcess: true, sandbox, access: 'read-write', env }));
    const status = async () => (await callTool(second, 'get_task_status', { taskId, waitSeconds: 5 })).structured['status'];
    await expect.poll(status, { timeout: 60_000 }).not.toBe('running');
    expect(await status()).toBe('succeeded');
    expect(events.filter(({ kind }) => kind === 'handedOver')).toHaveLength(1);
  },
  90_000,
);
