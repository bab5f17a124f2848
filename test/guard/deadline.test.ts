import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import type { Access } from '../../src/base/target.ts';
import { openBackend } from '../../src/cli/backend.ts';
import { loadConfig } from '../../src/config/load.ts';
import type { Sandbox } from '../../src/sandbox/sandbox.ts';
import type { Answer } from '../../src/guard/prompter.ts';
import { Journal } from '../../src/journal/journal.ts';
import { ManualClock } from '../helpers/manual-clock.ts';
import { collectingLog, commandNamed } from '../helpers/start-client.ts';
import { plans } from '../../tools/plans/index.ts';
import { sandboxForTest, settingsFor } from '../helpers/start-server.ts';
import { respond, respondJson, startTlsServer } from '../helpers/tls-server.ts';

const PATIENCE = { timeout: 60_000, interval: 10 };
const CALLER = { client: { claimed: 'test' } };

function startHere(far: Parameters<typeof settingsFor>[0], access: Access = 'read-write') {
  const stateDir = mkdtempSync(join(tmpdir(), 'mailstore-mcp-deadline-'));
  const clock = new ManualClock();
  const config = loadConfig({
    env: { ...settingsFor(far), MAILSTORE_ACCESS: access, MAILSTORE_API: 'modern', MAILSTORE_STATE_DIR: stateDir },
    flags: {},
  });
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
  const approvals = () => {
    const journal = Journal.open(stateDir, { clock });
    onTestFinished(() => journal.close());
    return journal.approvals;
  };
  return { backend, clock, close, lines, approvals };
}

const isSent = (sandbox: Sandbox, command: string) => sandbox.requests.some(({ path }) => path.endsWith(`/${command}`));

/** Reports when a call is over, and how. */
function watchEnd<T>(running: Promise<T>) {
  const end: { value?: T; error?: unknown; isOver: boolean } = { isOver: false };
  const done = running.then(
    (value) => Object.assign(end, { value, isOver: true }),
    (error: unknown) => Object.assign(end, { error, isOver: true }),
  );
  return Object.assign(end, { done });
}

/** A MailStore with one user; what it is asked by a held command it answers when `release` is called. */
async function startHeldMailStore(held: string) {
  const user = { userName: 'amira', fullName: 'Amira Okafor', emailAddresses: ['amira@example.com'], privileges: ['login'] };
  const waiting: (() => void)[] = [];
  const answer = (command: string, form: URLSearchParams): unknown => {
    if (command === 'GetUserInfo') return { ...user };
    if (command === 'GetUsers') return [{ ...user }];
    if (command === 'GetChildFolders') return [];
    if (command === 'SetUserFullName') user.fullName = form.get('fullName') ?? '';
    return null;
  };
  const server = await startTlsServer(async ({ path, body }) => {
    const command = path.slice('/api/invoke/'.length);
    if (!path.startsWith('/api/invoke/')) return respond('404 Not Found', 'text/plain', 'unknown');
    if (command === held) await new Promise<void>((resolve) => waiting.push(resolve));
    const result = answer(command, new URLSearchParams(body));
    return respondJson({
      error: null,
      token: null,
      statusVersion: 0,
      statusCode: 'succeeded',
      percentProgress: 100,
      result,
      logOutput: null,
    });
  });
  const release = () => waiting.splice(0).forEach((resolve) => resolve());
  return Object.assign(server, { user, release, countWaiting: () => waiting.length });
}

const RENAME = { command: commandNamed('SetUserFullName'), args: { userName: 'amira', fullName: 'Amira O.' }, target: 'default' };
const fullName = (sandbox: Sandbox) => sandbox.world.state.users.find(({ userName }) => userName === 'amira')?.fullName;

test('a long command whose start is slow is returned as starting even if the time of day is set back, and its end is kept', async () => {
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
  const far = await startHeldMailStore('SetUserFullName');
  const { backend, clock, close, lines } = startHere(far);
  const end = watchEnd(backend.guard.run(RENAME, CALLER));
  await expect.poll(far.countWaiting, PATIENCE).toBeGreaterThan(0);
  await clock.advance(44_000);
  await end.done;
  expect(end.error).toMatchObject({ code: 'stillRunning', mayHaveChanged: true });
  far.release();
  await close();
  expect(lines()).toContain('"outcome":"succeeded"');
  expect(far.user.fullName).toBe('Amira O.');
});

test('a long command is returned as starting while this server still reads what MailStore knows', async () => {
  const sandbox = await sandboxForTest({ faults: ['delay=1500@/api/get-metadata'] });
  const { backend, clock } = startHere(sandbox);
  const call = { command: commandNamed('VerifyStore'), args: { id: 3, includeIndexes: false }, target: 'default' };
  const end = watchEnd(backend.guard.run(call, CALLER));
  await expect
    .poll(async () => {
      await clock.advance(1000);
      return end.isOver;
    }, PATIENCE)
    .toBe(true);
  if (end.value?.kind !== 'task') throw new Error('no task');
  expect(end.value.task.status).toBe('starting');
  expect(isSent(sandbox, 'VerifyStore')).toBe(false);
  const { taskId } = end.value.task;
  await expect
    .poll(async () => {
      await clock.advance(1000);
      return (await backend.runner.get(taskId)).status;
    }, PATIENCE)
    .toMatch(/^(?:running|succeeded)$/);
});

test('a write between two reads of 30 seconds each is answered within 45 seconds, with what could not be read any more', async () => {
  const far = await startHeldMailStore('GetUserInfo');
  const { backend, clock, lines } = startHere(far);
  const end = watchEnd(backend.guard.run(RENAME, CALLER));
  await expect.poll(far.countWaiting, PATIENCE).toBeGreaterThan(0);
  await clock.advance(30_000);
  far.release();
  await expect.poll(far.countWaiting, PATIENCE).toBeGreaterThan(0);
  expect(far.user.fullName).toBe('Amira O.');
  await clock.advance(13_000);
  await end.done;
  expect(end.value).toMatchObject({
    kind: 'value',
    change: {
      note: 'What it is now could not be read (get_user_info was not answered completely within the 45 seconds that a call may take. Narrow what it reads, or call again when MailStore has less to do.). It cannot be put back: no call restores exactly what was read before it.',
    },
  });
  expect(lines()).toContain('"outcome":"succeeded"');
});

test('a write whose object is not read in time is not sent, not even later, and its caller and the record say so', async () => {
  const far = await startHeldMailStore('GetUserInfo');
  const { backend, clock, close, lines } = startHere(far);
  const end = watchEnd(backend.guard.run(RENAME, CALLER));
  await expect.poll(far.countWaiting, PATIENCE).toBeGreaterThan(0);
  await clock.advance(43_000);
  await end.done;
  expect(end.error).toMatchObject({ code: 'notBegun', request: 'not sent' });
  far.release();
  await close();
  expect(far.user.fullName).toBe('Amira Okafor');
  expect(lines()).toContain('"outcome":"not sent"');
});

test('a question whose facts are not read in time is not put to a person', async () => {
  const far = await startHeldMailStore('GetUserInfo');
  const { backend, clock, lines } = startHere(far, 'full');
  const ask = vi.fn<() => Promise<Answer>>();
  const call = { command: commandNamed('DeleteUser'), args: { userName: 'amira' }, target: 'default' };
  const prompter = { channel: 'elicitation', isPausable: true, ask } as const;
  const end = watchEnd(backend.guard.run(call, { ...CALLER, prompter }));
  await expect.poll(far.countWaiting, PATIENCE).toBeGreaterThan(0);
  await clock.advance(43_000);
  await end.done;
  expect(end.error).toMatchObject({ code: 'notBegun' });
  expect(ask).not.toHaveBeenCalled();
  expect(lines()).toContain('"outcome":"not sent"');
});

test('the time in which a person thinks does not count', async () => {
  const sandbox = await sandboxForTest();
  const { backend, clock } = startHere(sandbox, 'full');
  const call = { command: commandNamed('DeleteUser'), args: { userName: 'amira' }, target: 'default' };
  const ask = async () => {
    await clock.advance(599_999);
    return { kind: 'accepted' } as const;
  };
  const end = watchEnd(backend.guard.run(call, { ...CALLER, prompter: { channel: 'elicitation', isPausable: true, ask } }));
  await end.done;
  expect(end.value).toMatchObject({ kind: 'value' });
  expect(fullName(sandbox)).toBeUndefined();
});

test('a question without an answer ends after ten minutes as not answered, with the id of an approval, and runs nothing', async () => {
  const sandbox = await sandboxForTest();
  const { backend, clock, lines } = startHere(sandbox, 'full');
  const call = { command: commandNamed('DeleteUser'), args: { userName: 'amira' }, target: 'default' };
  const signals: (AbortSignal | undefined)[] = [];
  const ask = (_question: unknown, signal?: AbortSignal) => {
    signals.push(signal);
    return new Promise<never>(() => undefined);
  };
  const end = watchEnd(backend.guard.run(call, { ...CALLER, prompter: { channel: 'elicitation', isPausable: true, ask } }));
  await expect.poll(() => signals.length, PATIENCE).toBe(1);
  await clock.advance(599_999);
  expect([end.isOver, signals[0]?.aborted]).toEqual([false, false]);
  await clock.advance(1);
  await end.done;
  expect(signals[0]?.aborted).toBe(true);
  expect(end.error).toMatchObject({
    code: 'needsApproval',
    message: expect.stringContaining('the question was not answered (10 minutes have passed)') as string,
  });
  expect(lines()).toContain('"answer":"no_answer"');
  expect(isSent(sandbox, 'DeleteUser')).toBe(false);
});

test('an approval is good for ten minutes from its request, and the same call needs a new one after that', async () => {
  const sandbox = await sandboxForTest();
  const { backend, clock, approvals } = startHere(sandbox, 'full');
  const call = (userName: string) => ({ command: commandNamed('DeleteUser'), args: { userName }, target: 'default' });
  const request = async (userName: string) => {
    const end = watchEnd(backend.guard.run(call(userName), CALLER));
    await end.done;
    return / approve ([2-9a-y]{8})/.exec(String(end.error))?.[1] ?? '';
  };
  const [early, late] = [await request('amira'), await request('maria.lopez')];
  await clock.advance(599_999);
  expect([await approvals().grant(early), await approvals().grant(late)]).toEqual(['pending', 'pending']);
  await backend.guard.run(call('amira'), CALLER);
  await clock.advance(1);
  const next = await request('maria.lopez');
  expect([next !== late, next !== '']).toEqual([true, true]);
  expect((await approvals().get(late))?.state).toBe('expired');
  const left = sandbox.world.state.users.map(({ userName }) => userName);
  expect([left.includes('amira'), left.includes('maria.lopez')]).toEqual([false, true]);
});

test('a read that takes longer ends with the time of its call, and is on record by then', async () => {
  const far = await startHeldMailStore('GetUsers');
  const { backend, clock, lines } = startHere(far);
  const end = watchEnd(backend.guard.run({ command: commandNamed('GetUsers'), args: {}, target: 'default' }, CALLER));
  await expect.poll(far.countWaiting, PATIENCE).toBeGreaterThan(0);
  await clock.advance(43_000);
  await end.done;
  expect(end.error).toMatchObject({ code: 'outOfTime', mayHaveChanged: false });
  expect(lines()).toContain('get_users was not answered completely within the 45 seconds that a call may take');
});

test('a plan whose time is over in the middle answers with what it has done, what goes on, and what it has not begun', async () => {
  const far = await startHeldMailStore('RenameUser');
  const { backend, clock } = startHere(far, 'full');
  const plan = plans.find(({ name }) => name === 'rename_person');
  if (!plan) throw new Error('there is no such plan');
  const caller = { ...CALLER, prompter: { channel: 'terminal' as const, ask: async (): Promise<Answer> => ({ kind: 'accepted' }) } };
  const args = { userName: 'amira', newUserName: 'amira.miller', fullName: 'Amira Miller' };
  const prepared = await backend.guard.preparePlan(plan, args, { target: 'default', caller, timeZone: 'UTC', onProgress: undefined });
  const end = watchEnd(backend.guard.runPlan(prepared, caller, async () => undefined));
  await expect.poll(() => far.countWaiting(), PATIENCE).toBeGreaterThanOrEqual(1);
  await expect
    .poll(async () => {
      await clock.advance(5000);
      return end.isOver;
    }, PATIENCE)
    .toBe(true);
  expect(end.error).toBeUndefined();
  expect(end.value).toMatchObject({
    done: [{ step: { tool: 'set_user_full_name' } }],
    failed: {
      step: { tool: 'rename_user' },
      error: { message: expect.stringMatching(/^rename_user was not answered within \d+ seconds; it goes on/) as unknown },
    },
    notDone: [],
  });
  far.release();
  await end.done;
});
