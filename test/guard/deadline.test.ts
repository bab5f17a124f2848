import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { openBackend } from '../../src/cli/backend.ts';
import { loadConfig } from '../../src/config/load.ts';
import type { Sandbox } from '../../src/sandbox/sandbox.ts';
import { ManualClock } from '../helpers/manual-clock.ts';
import { collectingLog, commandNamed } from '../helpers/start-client.ts';
import { sandboxForTest, settingsFor } from '../helpers/start-server.ts';

const PATIENCE = { timeout: 15_000, interval: 10 };
const CALLER = { client: { claimed: 'test' } };

function startHere(sandbox: Sandbox) {
  const stateDir = mkdtempSync(join(tmpdir(), 'mailstore-mcp-deadline-'));
  const clock = new ManualClock();
  const config = loadConfig({ env: { ...settingsFor(sandbox), MAILSTORE_ACCESS: 'read-write', MAILSTORE_STATE_DIR: stateDir }, flags: {} });
  const backend = openBackend(config, { clock, log: collectingLog([]) });
  let isClosed = false;
  const close = async () => {
    if (!isClosed) await backend.close();
    isClosed = true;
  };
  onTestFinished(async () => {
    await close();
    rmSync(stateDir, { recursive: true, force: true });
  });
  const lines = () => readFileSync(join(stateDir, 'audit.jsonl'), 'utf8');
  return { backend, clock, close, lines };
}

const isSent = (sandbox: Sandbox, command: string) => sandbox.requests.some(({ path }) => path.endsWith(`/${command}`));

test('a long command whose start is slow is returned as starting, whatever the time of day does, and its end is kept', async () => {
  const sandbox = await sandboxForTest({ faults: ['delay=700@/api/invoke/VerifyStore'] });
  const { backend, clock } = startHere(sandbox);
  const call = { command: commandNamed('VerifyStore'), args: { id: 3, includeIndexes: false }, target: 'default' };
  let isOver = false;
  const running = backend.guard.run(call, CALLER).finally(() => {
    isOver = true;
  });
  await expect.poll(() => isSent(sandbox, 'VerifyStore') || clock.sleeping > 2, PATIENCE).toBe(true);
  clock.setTimeOfDay(Date.UTC(2026, 2, 4, 8));
  await expect
    .poll(async () => {
      await clock.advance(500);
      return isOver;
    }, PATIENCE)
    .toBe(true);
  const answered = await running;
  if (answered.kind !== 'task') throw new Error('no task');
  expect(answered.task.status).toMatch(/^(?:starting|running)$/);
  await expect
    .poll(async () => {
      await clock.advance(1000);
      return (await backend.runner.get(answered.task.taskId)).status;
    }, PATIENCE)
    .toMatch(/^(?:running|succeeded)$/);
});

test('a write that MailStore does not answer in time is answered within 45 seconds, and the record has its outcome', async () => {
  const sandbox = await sandboxForTest({ faults: ['delay=1500@/api/invoke/SetUserFullName'] });
  const { backend, clock, close, lines } = startHere(sandbox);
  const call = { command: commandNamed('SetUserFullName'), args: { userName: 'amira', fullName: 'Amira O.' }, target: 'default' };
  let isOver = false;
  const failed = backend.guard.run(call, CALLER).then(
    () => undefined,
    (error: unknown) => {
      isOver = true;
      return error;
    },
  );
  await expect.poll(lines, PATIENCE).toContain('"sent"');
  await clock.advance(43_000);
  await expect.poll(() => isOver, PATIENCE).toBe(true);
  expect(await failed).toMatchObject({ code: 'stillRunning' });
  await close();
  expect(lines()).toContain('"outcome":"succeeded"');
  expect(sandbox.world.state.users.find(({ userName }) => userName === 'amira')?.fullName).toBe('Amira O.');
});
