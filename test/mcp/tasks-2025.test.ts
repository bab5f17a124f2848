import { CallToolResultSchema } from '@modelcontextprotocol/sdk/types.js';
import { expect, test } from 'vitest';
import type { SandboxOptions } from '../../src/sandbox/sandbox.ts';
import { ManualClock } from '../helpers/manual-clock.ts';
import {
  callTool,
  initialize,
  readAnswer,
  sandboxForTest,
  startPipe,
  startServer,
  untilTestEnds,
  type RunningServer,
  type ServerOptions,
} from '../helpers/start-server.ts';

const REBUILD = { name: 'rebuild_store_index', arguments: { id: 3, folder: 'amira' } };
const RUN_SECONDS = 100;

/** A client that has listed the tools, and runs that stand still until the sandbox's clock is moved. */
async function startHeld(sandboxOptions: SandboxOptions = {}, options: ServerOptions = {}) {
  const clock = new ManualClock();
  const sandbox = await sandboxForTest({ clock, runSeconds: RUN_SECONDS, ...sandboxOptions });
  const server = await startListed({ sandbox, access: 'read-write', ...options });
  return { clock, sandbox, server, tasks: server.client.experimental.tasks };
}

async function startQuick(sandboxOptions: SandboxOptions = {}) {
  const sandbox = await sandboxForTest({ runSeconds: 0.1, ...sandboxOptions });
  const server = await startListed({ sandbox, access: 'read-write' });
  return { sandbox, server, tasks: server.client.experimental.tasks };
}

async function startListed(options: ServerOptions): Promise<RunningServer> {
  const server = untilTestEnds(await startServer(options));
  await server.client.listTools();
  return server;
}

/** Starts a command as a task and returns the first answer. */
async function startTask({ client }: RunningServer, call = REBUILD) {
  for await (const message of client.experimental.tasks.callToolStream(call)) {
    if (message.type === 'taskCreated') return message.task;
    throw new Error(`the call began with ${JSON.stringify(message)}`);
  }
  throw new Error('the call ended without a word');
}

/** Follows a call to its end as the client's own loop does, and returns each kind of message with the status or text that it brought. */
async function follow({ client }: RunningServer, call = REBUILD): Promise<string[]> {
  const told: string[] = [];
  for await (const message of client.experimental.tasks.callToolStream(call)) {
    if (message.type === 'result') told.push(`result: ${readAnswer(message.result).text.split('\n', 1)[0]}`);
    else if (message.type === 'error') told.push(`error: ${message.error.message}`);
    else told.push(`${message.type}: ${message.task.status}`);
  }
  return [...new Set(told)];
}

test('tasks are advertised, and permitted for the long-running tools alone', async () => {
  const { server } = await startQuick();
  expect(server.client.getServerCapabilities()).toEqual({
    completions: {},
    prompts: {},
    resources: {},
    tools: {},
    tasks: { list: {}, cancel: {}, requests: { tools: { call: {} } } },
  });
  const { tools } = await server.client.listTools();
  const permitted = tools.filter(({ execution }) => execution !== undefined);
  expect(new Set(permitted.map(({ execution }) => execution?.taskSupport))).toEqual(new Set(['optional']));
  expect(permitted.map(({ name }) => name)).toContain('rebuild_store_index');
  expect(permitted.map(({ name }) => name)).not.toContain('get_user_info');
  expect(permitted.length).toBeLessThan(tools.length);
});

test("the client's own loop follows a task to its result", async () => {
  const { server } = await startQuick();
  const told = await follow(server);
  expect([told[0], ...told.slice(-2)]).toEqual(['taskCreated: working', 'taskStatus: completed', 'result: RebuildStoreIndex succeeded.']);
});

test('a task shows what the server is working on, and how it can be followed', async () => {
  const { server, tasks } = await startHeld();
  const created = await startTask(server);
  expect(created).toMatchObject({ status: 'working', ttl: null, pollInterval: 1000, lastUpdatedAt: created.createdAt });
  expect(created.statusMessage).toContain('Rebuilding the search index');
  const { _meta, ...got } = await tasks.getTask(created.taskId);
  expect(got).toEqual({ ...created, statusMessage: expect.any(String) as unknown });
});

test('the result is waited for, is that of the ordinary tool, and names its task', async () => {
  const { server, tasks, clock } = await startHeld();
  const { taskId } = await startTask(server);
  let isAnswered = false;
  const waiting = tasks.getTaskResult(taskId, CallToolResultSchema).finally(() => (isAnswered = true));
  expect(await tasks.getTask(taskId)).toMatchObject({ status: 'working' });
  expect(isAnswered).toBe(false);
  await clock.advance(RUN_SECONDS * 1000);
  const result = await waiting;
  expect(result['_meta']).toMatchObject({ 'io.modelcontextprotocol/related-task': { taskId } });
  expect(readAnswer(result)).toEqual(await callTool(server, 'get_task_status', { taskId }));
  expect(readAnswer(result).structured).toMatchObject({ status: 'succeeded', progress: 100 });
  expect(readAnswer(await tasks.getTaskResult(taskId, CallToolResultSchema))).toEqual(readAnswer(result));
});

test('a command that fails on its way is a failed task with its reason, and an error as its result', async () => {
  const { server, tasks, clock, sandbox } = await startHeld();
  const { taskId } = await startTask(server);
  sandbox.world.store(3).requestedState = 'disabled';
  await clock.advance(RUN_SECONDS * 1000);
  const { isError, structured } = readAnswer(await tasks.getTaskResult(taskId, CallToolResultSchema));
  const { status, statusMessage } = await tasks.getTask(taskId);
  expect([status, isError, statusMessage]).toEqual(['failed', true, structured['error']]);
  expect(statusMessage).toMatch(/^MailStore could not run RebuildStoreIndex: /);
});

test('a command that the server refuses is a failed task as well', async () => {
  const { server, tasks } = await startQuick();
  const created = await startTask(server, { name: 'rebuild_store_index', arguments: { id: 99, folder: 'amira' } });
  expect(created.status).toBe('working');
  expect(await tasks.getTask(created.taskId)).toMatchObject({ status: 'failed', statusMessage: expect.stringContaining('99') as unknown });
});

test('cancelling waits for the command to stop and returns the cancelled task, whose result says so', async () => {
  const { server, tasks, clock, sandbox } = await startHeld();
  const { taskId } = await startTask(server);
  const cancelling = tasks.cancelTask(taskId);
  await expect.poll(() => sandbox.requests.filter(({ path }) => path.includes('/cancel-async')).length).toBe(1);
  await clock.advance(RUN_SECONDS * 1000);
  expect(await cancelling).toMatchObject({ taskId, status: 'cancelled' });
  expect(readAnswer(await tasks.getTaskResult(taskId, CallToolResultSchema))).toMatchObject({
    isError: false,
    structured: { status: 'cancelled' },
  });
  await expect(tasks.cancelTask(taskId)).rejects.toMatchObject({
    code: -32602,
    message: expect.stringContaining('already ended') as unknown,
  });
});

test('cancelling is refused with the reason where the server has no way to stop a command, which runs to its end', async () => {
  const { server, tasks, clock } = await startHeld({}, { api: 'legacy' });
  const { taskId } = await startTask(server);
  await expect(tasks.cancelTask(taskId)).rejects.toMatchObject({
    code: -32602,
    message: expect.stringContaining('RebuildStoreIndex cannot be cancelled') as unknown,
  });
  await clock.advance(RUN_SECONDS * 1000);
  expect(readAnswer(await tasks.getTaskResult(taskId, CallToolResultSchema)).structured).toMatchObject({ status: 'succeeded' });
});

test('tasks are listed, the newest first, however they were started', async () => {
  const { server, tasks } = await startQuick();
  const { structured } = await callTool(server, 'get_folder_statistics');
  const { taskId } = await startTask(server);
  const listed = await tasks.listTasks();
  expect(listed.tasks.map((task) => task.taskId)).toEqual([taskId, structured['taskId']]);
  expect(listed.tasks[1]).toMatchObject({ status: 'completed', ttl: null });
  expect(listed).not.toHaveProperty('nextCursor');
});

test('a long list comes in pages that do not shift while tasks begin', async () => {
  const { server, tasks } = await startHeld({}, { env: { MAILSTORE_INLINE_WAIT_MS: '0' } });
  const start = async (id: number) => String((await callTool(server, 'rebuild_store_index', { id, folder: 'amira' })).structured['taskId']);
  const refused = Array.from({ length: 55 }, async (_, index) => start(100 + index));
  const ids = await Promise.all(refused);
  const first = await tasks.listTasks();
  const begunMeanwhile = await start(3);
  const second = await tasks.listTasks(first.nextCursor);
  expect([first.tasks.length, second.tasks.length, second.nextCursor]).toEqual([50, 5, undefined]);
  expect([...first.tasks, ...second.tasks].map(({ taskId }) => taskId).toSorted()).toEqual(ids.toSorted());
  expect((await tasks.listTasks()).tasks[0]?.taskId).toBe(begunMeanwhile);
  await expect(tasks.listTasks('none')).rejects.toMatchObject({ code: -32602 });
});

test('a client that does not ask for a task gets the ordinary answer', async () => {
  const { server } = await startHeld({}, { env: { MAILSTORE_INLINE_WAIT_MS: '0' } });
  const { structured, text } = await callTool(server, REBUILD.name, REBUILD.arguments);
  expect(structured['status']).toMatch(/^(?:starting|running)$/);
  expect(text).toContain('Next: get_task_status');
});

test('on the wire the task stands by itself in the answer', async () => {
  const sandbox = await sandboxForTest({ clock: new ManualClock(), runSeconds: RUN_SECONDS });
  const pipe = untilTestEnds(startPipe({ sandbox, access: 'read-write' }));
  await initialize(pipe);
  const { result } = await pipe.request('tools/call', { ...REBUILD, task: { ttl: 60_000 } });
  expect(result).toEqual({
    task: {
      taskId: expect.any(String) as unknown,
      status: 'working',
      statusMessage: expect.any(String) as unknown,
      createdAt: expect.any(String) as unknown,
      lastUpdatedAt: expect.any(String) as unknown,
      ttl: null,
      pollInterval: 1000,
    },
  });
});

test('what cannot become a task is an error, and nothing of it is sent', async () => {
  const sandbox = await sandboxForTest();
  const pipe = untilTestEnds(startPipe({ sandbox, access: 'read-write' }));
  await initialize(pipe);
  const call = async (name: string, args: object) => (await pipe.request('tools/call', { name, arguments: args, task: {} })).error;
  expect(await call('get_user_info', { userName: 'johndoe' })).toMatchObject({
    code: -32601,
    message: expect.stringContaining('get_user_info cannot be called as a task') as unknown,
  });
  expect(await call('no_such_tool', {})).toMatchObject({ code: -32601 });
  expect(await call('rebuild_store_index', { store: 3 })).toMatchObject({
    code: -32602,
    message: expect.stringContaining('rebuild_store_index does not take store') as unknown,
  });
  expect(await call('process_retention_policies', {})).toMatchObject({
    code: -32602,
    message: expect.stringContaining('process_retention_policies is refused') as unknown,
  });
  // The connection test of a starting server is no part of a call.
  const sent = sandbox.requests.map(({ path }) => path).filter((path) => path.includes('/invoke/') && !path.endsWith('/GetServerInfo'));
  expect(sent).toEqual([]);
});

test.each(['tasks/get', 'tasks/result', 'tasks/cancel'])('%s of a task that does not exist names it', async (method) => {
  const pipe = untilTestEnds(startPipe({ sandbox: await sandboxForTest() }));
  await initialize(pipe);
  expect((await pipe.request(method, { taskId: 'none' })).error).toMatchObject({
    code: -32602,
    message: expect.stringContaining("There is no task 'none'") as unknown,
  });
});

test('tasks/update belongs to the extension and is no method here', async () => {
  const pipe = untilTestEnds(startPipe({ sandbox: await sandboxForTest() }));
  await initialize(pipe);
  expect((await pipe.request('tasks/update', { taskId: 'none', inputResponses: {} })).error).toMatchObject({ code: -32601 });
});
