import { expect, test } from 'vitest';
import type { Sandbox, SandboxOptions } from '../../src/sandbox/sandbox.ts';
import { ManualClock } from '../helpers/manual-clock.ts';
import {
  modernMeta,
  readAnswer,
  sandboxForTest,
  startPipe,
  untilTestEnds,
  type Message,
  type Pipe,
  type ServerOptions,
} from '../helpers/start-server.ts';
import { untilRunning } from '../helpers/until-running.ts';

const EXTENSION = 'io.modelcontextprotocol/tasks';
const REBUILD = { name: 'rebuild_store_index', arguments: { id: 3, folder: 'amira' } };
const RUN_SECONDS = 100;

/** What a client sends that declares the extension. */
const declared = { ...modernMeta, 'io.modelcontextprotocol/clientCapabilities': { extensions: { [EXTENSION]: {} } } };

/** A request of a client that declares the extension. */
async function ask(pipe: Pipe, method: string, params: Readonly<Record<string, unknown>> = {}): Promise<Message> {
  return pipe.request(method, { ...params, _meta: declared });
}

/** A sandbox whose runs stand still until its clock is moved. */
async function startHeld(sandboxOptions: SandboxOptions = {}, options: ServerOptions = {}) {
  const clock = new ManualClock();
  const sandbox = await sandboxForTest({ clock, runSeconds: RUN_SECONDS, ...sandboxOptions });
  return { clock, sandbox, pipe: start(sandbox, options) };
}

async function startQuick(sandboxOptions: SandboxOptions = {}, options: ServerOptions = {}) {
  const sandbox = await sandboxForTest({ runSeconds: 0.1, ...sandboxOptions });
  return { sandbox, pipe: start(sandbox, options) };
}

function start(sandbox: Sandbox, options: ServerOptions): Pipe {
  return untilTestEnds(startPipe({ sandbox, access: 'read-write', ...options }));
}

async function startTask(pipe: Pipe, call: object = REBUILD): Promise<string> {
  const { result } = await ask(pipe, 'tools/call', { ...call });
  expect(result).toMatchObject({ resultType: 'task', status: 'working' });
  return String(result?.['taskId']);
}

/** Asks until the task is no longer at work. */
async function readEnd(pipe: Pipe, taskId: string): Promise<Readonly<Record<string, unknown>>> {
  for (;;) {
    const { result = {} } = await ask(pipe, 'tasks/get', { taskId });
    if (result['status'] !== 'working') return result;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

test('the extension is advertised where a client discovers, and the tasks of 2025-11-25 are not', async () => {
  const { pipe } = await startQuick();
  const { result } = await pipe.request('server/discover', { _meta: modernMeta });
  expect(result?.['capabilities']).toEqual({ completions: {}, prompts: {}, resources: {}, tools: {}, extensions: { [EXTENSION]: {} } });
  expect(JSON.stringify((await ask(pipe, 'tools/list')).result)).not.toContain('taskSupport');
});

test('a long command is answered at once with a task, which can be read from then on', async () => {
  const { pipe } = await startHeld();
  const { result: created } = await ask(pipe, 'tools/call', REBUILD);
  expect(created).toEqual({
    resultType: 'task',
    taskId: expect.stringMatching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/) as unknown,
    status: 'working',
    statusMessage: expect.stringContaining('Rebuilding the search index') as unknown,
    createdAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/) as unknown,
    lastUpdatedAt: created?.['createdAt'],
    ttlMs: null,
    pollIntervalMs: 1000,
    _meta: expect.anything() as unknown,
  });
  const { result: got } = await ask(pipe, 'tasks/get', { taskId: created?.['taskId'] });
  expect(got).toEqual({ ...created, resultType: 'complete', statusMessage: expect.any(String) as unknown });
});

test('a running task shows what the server is working on', async () => {
  const { pipe, clock } = await startHeld();
  const taskId = await startTask(pipe);
  await clock.advance(10_000);
  await expect
    .poll(async () => (await ask(pipe, 'tasks/get', { taskId })).result)
    .toMatchObject({ status: 'working', statusMessage: 'Removing the old index files' });
});

test('a task that has completed holds the result that a waiting call would have had, as often as it is read', async () => {
  const { pipe } = await startQuick();
  const taskId = await startTask(pipe);
  const end = await readEnd(pipe, taskId);
  const ordinary = await ask(pipe, 'tools/call', { name: 'get_task_status', arguments: { taskId } });
  expect(end).toMatchObject({ status: 'completed', resultType: 'complete', taskId });
  expect(end).not.toHaveProperty('error');
  expect(readAnswer(end['result'])).toEqual(readAnswer(ordinary.result));
  expect(readAnswer(end['result'])).toMatchObject({ isError: false, structured: { taskId, status: 'succeeded' } });
  expect(JSON.stringify(end)).not.toContain('related-task');
  expect(await readEnd(pipe, taskId)).toEqual(end);
});

test('a command that the server refuses is answered with the reason and no task', async () => {
  const { pipe } = await startQuick();
  const { result } = await ask(pipe, 'tools/call', { name: 'rebuild_store_index', arguments: { id: 99, folder: 'amira' } });
  expect(result).toMatchObject({ resultType: 'complete', isError: true });
  expect(readAnswer(result).text).toMatch(/^MailStore could not run RebuildStoreIndex: .*99/);
});

test.each([
  ['with arguments it does not take', { name: 'rebuild_store_index', arguments: { store: 3 } }, 'rebuild_store_index does not take store'],
  ['beyond the access level', { name: 'process_retention_policies', arguments: {} }, 'process_retention_policies is refused'],
])('a long tool called %s is answered with the reason and no task', async (_what, call, reason) => {
  const { pipe, sandbox } = await startQuick();
  const { result } = await ask(pipe, 'tools/call', call);
  expect(result).toMatchObject({ resultType: 'complete', isError: true });
  expect(readAnswer(result).text).toContain(reason);
  expect(sandbox.requests.filter(({ path }) => path.includes('/invoke/'))).toEqual([]);
});

test('a command that fails on its way is a call that completed with an error', async () => {
  const { pipe, sandbox, clock } = await startHeld();
  const taskId = await startTask(pipe);
  sandbox.world.store(3).requestedState = 'disabled';
  await clock.advance(RUN_SECONDS * 1000);
  const end = await readEnd(pipe, taskId);
  const { isError, structured } = readAnswer(end['result']);
  expect([end['status'], isError, structured['status']]).toEqual(['completed', true, 'failed']);
  expect(end['statusMessage']).toBe(structured['error']);
  expect(end['statusMessage']).toMatch(/^MailStore could not run RebuildStoreIndex: /);
});

test('cancelling is acknowledged and nothing more, the task ends cancelled, and asking again changes nothing', async () => {
  const { pipe, clock, sandbox } = await startHeld();
  const taskId = await startTask(pipe);
  const acknowledged = { resultType: 'complete', _meta: expect.anything() as unknown };
  expect((await ask(pipe, 'tasks/cancel', { taskId })).result).toEqual(acknowledged);
  await clock.advance(RUN_SECONDS * 1000);
  const end = await readEnd(pipe, taskId);
  expect(end).toMatchObject({ status: 'cancelled' });
  expect(end).not.toHaveProperty('result');
  expect((await ask(pipe, 'tasks/cancel', { taskId })).result).toEqual(acknowledged);
  expect(await readEnd(pipe, taskId)).toEqual(end);
  expect(sandbox.requests.filter(({ path }) => path.includes('/cancel-async'))).toHaveLength(1);
});

test('cancelling is acknowledged where the server cannot stop a command, which runs to its end', async () => {
  const { pipe, clock } = await startHeld({}, { api: 'legacy' });
  const taskId = await startTask(pipe);
  expect((await ask(pipe, 'tasks/cancel', { taskId })).result).toMatchObject({ resultType: 'complete' });
  await clock.advance(RUN_SECONDS * 1000);
  expect(await readEnd(pipe, taskId)).toMatchObject({ status: 'completed' });
});

test('an update is acknowledged and leaves a task alone that waits for no input', async () => {
  const { pipe } = await startHeld();
  const taskId = await startTask(pipe);
  const { result } = await ask(pipe, 'tasks/update', { taskId, inputResponses: { stray: { action: 'accept' } } });
  expect(result).toEqual({ resultType: 'complete', _meta: expect.anything() as unknown });
  expect((await ask(pipe, 'tasks/get', { taskId })).result).toMatchObject({ status: 'working' });
});

test('the same call while it runs is the same task', async () => {
  const { pipe } = await startHeld();
  const first = await startTask(pipe);
  const { result } = await ask(pipe, 'tools/call', REBUILD);
  expect(result).toMatchObject({ taskId: first, statusMessage: expect.stringContaining('no second one was started') as unknown });
});

test('a client that does not declare the extension gets no task, and may not ask for one', async () => {
  const { pipe } = await startHeld({}, { env: { MAILSTORE_INLINE_WAIT_MS: '0' } });
  const taskId = await startTask(pipe);
  // The declaration counts for its own request alone.
  const { result } = await pipe.request('tools/call', { ...REBUILD, _meta: modernMeta });
  expect(result).toMatchObject({ resultType: 'complete' });
  expect(readAnswer(result).structured).toMatchObject({ taskId, status: expect.stringMatching(/^(?:starting|running)$/) as unknown });
  const status = { name: 'get_task_status', arguments: { taskId }, _meta: modernMeta };
  const running = await untilRunning(async () => readAnswer((await pipe.request('tools/call', status)).result));
  expect(running.structured).toMatchObject({ taskId, status: 'running' });
  for (const method of ['tasks/get', 'tasks/update', 'tasks/cancel']) {
    const { error } = await pipe.request(method, { taskId, inputResponses: {}, _meta: modernMeta });
    expect([method, error]).toEqual([
      method,
      {
        code: -32021,
        message: expect.any(String) as unknown,
        data: { requiredCapabilities: { extensions: { [EXTENSION]: {} } } },
      },
    ]);
  }
});

test.each(['tasks/get', 'tasks/update', 'tasks/cancel'])('%s of a task that does not exist names it', async (method) => {
  const { pipe } = await startQuick();
  const { error } = await ask(pipe, method, { taskId: 'none', inputResponses: {} });
  expect(error).toMatchObject({ code: -32602, message: expect.stringContaining("There is no task 'none'") as unknown });
});

test.each(['tasks/list', 'tasks/result'])('%s belongs to 2025-11-25 and is no method here', async (method) => {
  const { pipe } = await startQuick();
  expect((await ask(pipe, method, { taskId: 'none' })).error).toMatchObject({ code: -32601 });
});

test('the parameter of 2025-11-25 makes no task of a short command', async () => {
  const { pipe } = await startQuick();
  const { result } = await ask(pipe, 'tools/call', { name: 'get_user_info', arguments: { userName: 'johndoe' }, task: { ttl: 60_000 } });
  expect(result).toMatchObject({ resultType: 'complete' });
  expect(readAnswer(result).structured).toMatchObject({ userName: 'johndoe' });
});

test('a task is not accompanied by progress notifications', async () => {
  const { pipe } = await startQuick({ runSeconds: 0.5 });
  const { result } = await pipe.request('tools/call', { ...REBUILD, _meta: { ...declared, progressToken: 7 } });
  await readEnd(pipe, String(result?.['taskId']));
  expect(pipe.notifications).toEqual([]);
});
