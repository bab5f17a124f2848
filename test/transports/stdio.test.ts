import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { initialize, sandboxForTest, startPipe, untilTestEnds, type Message, type Pipe } from '../helpers/start-server.ts';

const START = { MAILSTORE_URL: 'https://127.0.0.1:1', MAILSTORE_USERNAME: 'admin', MAILSTORE_PASSWORD: 'Quiet-Harbour-41' };

/** A server that has been opened; each test looks at what was answered to its own lines. */
let opened: Pipe;
beforeAll(async () => {
  opened = startPipe({ env: START });
  await initialize(opened);
});
afterAll(() => opened.close());

/** Writes a line and returns what was answered before the answer to the `ping` that follows it. */
async function answersToLine(line: string): Promise<readonly Message[]> {
  const before = opened.lines.length;
  opened.writeLine(line);
  await opened.request('ping');
  return opened.lines.slice(before, -1).map((answer) => JSON.parse(answer) as Message);
}

/** Returns what was answered under this id. */
function answersTo(pipe: Pipe, id: unknown): readonly Message[] {
  return pipe.lines.map((line) => JSON.parse(line) as Message).filter((message) => message.id === id);
}

describe('a line that is no message of the protocol', () => {
  const INVALID = { code: -32600, message: expect.any(String) as unknown };

  test.each([
    ['has a member that no message has', '{"jsonrpc":"2.0","id":77,"method":"ping","extra":1}', 77, INVALID],
    ['has parameters in an array', '{"jsonrpc":"2.0","id":"a","method":"ping","params":[]}', 'a', INVALID],
    ['has no method', '{"jsonrpc":"2.0","id":1005}', 1005, INVALID],
    ['has a method that is a number', '{"jsonrpc":"2.0","id":1006,"method":3}', 1006, INVALID],
    ['names another version', '{"jsonrpc":"1.0","id":1007,"method":"ping"}', 1007, INVALID],
    ['has null for its parameters', '{"jsonrpc":"2.0","id":1008,"method":"ping","params":null}', 1008, INVALID],
    ['has a text for its metadata', '{"jsonrpc":"2.0","id":1009,"method":"ping","params":{"_meta":"x"}}', 1009, INVALID],
    [
      'has an object for its progress token',
      '{"jsonrpc":"2.0","id":1010,"method":"ping","params":{"_meta":{"progressToken":{}}}}',
      1010,
      INVALID,
    ],
    ['has null for its id', '{"jsonrpc":"2.0","id":null,"method":"ping"}', null, INVALID],
    ['has an object for its id', '{"jsonrpc":"2.0","id":{"a":1},"method":"ping"}', null, INVALID],
    ['has a fraction for its id', '{"jsonrpc":"2.0","id":1.5,"method":"ping"}', 1.5, INVALID],
    ['is a batch', '[{"jsonrpc":"2.0","id":11,"method":"ping"}]', null, INVALID],
    ['is a number', '42', null, INVALID],
    ['is no JSON', '{"jsonrpc":"2.0",', null, { code: -32700, message: expect.any(String) as unknown }],
  ])('is answered with an error where it %s', async (_what, line, id, error) => {
    expect(await answersToLine(line)).toEqual([{ jsonrpc: '2.0', id, error }]);
  });

  test('gets an answer before initialize, too', async () => {
    const pipe = untilTestEnds(startPipe({ env: START }));
    pipe.writeLine('{"jsonrpc":"2.0","id":77,"method":"ping","extra":1}');
    await initialize(pipe);
    expect(answersTo(pipe, 77)).toMatchObject([{ error: { code: -32600 } }]);
  });

  test.each([
    ['is blank', ''],
    ['is a notification with a member too many', '{"jsonrpc":"2.0","method":"notifications/x","extra":1}'],
    ['is a response to nothing', '{"jsonrpc":"2.0","id":99,"result":{}}'],
  ])('gets no answer where it %s', async (_what, line) => {
    expect(await answersToLine(line)).toEqual([]);
  });
});

test('an error does not repeat a megabyte of the request', async () => {
  const pipe = untilTestEnds(startPipe({ sandbox: await sandboxForTest() }));
  await initialize(pipe);
  const { error } = await pipe.request('tasks/get', { taskId: 'x'.repeat(1_000_000) });
  expect(error?.message).toMatch(/x… \[\d+ characters left out\] …/);
  expect(error?.message.length).toBeLessThan(4000);
});

test('a byte order mark before the first line is skipped', async () => {
  const pipe = untilTestEnds(startPipe({ env: START }));
  pipe.writeLine('\uFEFF{"jsonrpc":"2.0","id":"first","method":"ping"}\r');
  await initialize(pipe);
  expect(answersTo(pipe, 'first')).toEqual([{ jsonrpc: '2.0', id: 'first', result: {} }]);
});

test('null for the arguments of a call is no arguments', async () => {
  const { result } = await opened.request('tools/call', { name: 'list_tasks', arguments: null });
  expect(result).toMatchObject({ structuredContent: { items: [], total: 0 } });
});

test.each([
  ['resources/list', 'resources', 'users'],
  ['resources/templates/list', 'resourceTemplates', 'user'],
  ['prompts/list', 'prompts', 'morning_check'],
])('%s is answered with %s, such as %s', async (method, list, name) => {
  expect((await opened.request(method)).result?.[list]).toContainEqual(expect.objectContaining({ name }));
});

test.each([
  ['prompts/get', { name: 'leaver', arguments: { userName: 5 } }, 'params.arguments.userName: expected string, received number'],
  ['prompts/get', { name: 5 }, 'params.name: expected string, received number'],
  ['prompts/get', undefined, 'params: expected object, received undefined'],
  ['resources/read', { uri: 5 }, 'params.uri: expected string, received number'],
  ['resources/list', { cursor: 5 }, 'params.cursor: expected string, received number'],
  ['tools/call', { name: 'get_users', arguments: 'x' }, 'params.arguments: expected record, received string'],
  [
    'completion/complete',
    { ref: { type: 'x' }, argument: { name: 'a', value: 5 } },
    'params.ref: it has none of the forms that are taken; params.argument.value: expected string, received number',
  ],
])('%s with %j is answered with one sentence on what does not fit', async (method, params, problem) => {
  const error = { code: -32602, message: `The request does not fit: ${problem}. Correct this and send it again.` };
  expect((await opened.request(method, params)).error).toEqual(error);
});

test('a client that does not read its answers is not read from, and gets all of them when it reads on', async () => {
  const pipe = untilTestEnds(startPipe({ ownProcess: true, env: START }));
  await initialize(pipe);
  await pipe.request('tools/list');
  pipe.stopReading();
  // Several times what the buffers of a pipe and of the server hold.
  const sent = 400;
  const line = (id: number) => ({ jsonrpc: '2.0', id: `${id}`, method: 'tools/list', params: { _meta: { filler: 'x'.repeat(8000) } } });
  for (let id = 0; id < sent; id++) pipe.writeLine(JSON.stringify(line(id)));
  // A pipe's worth of answers for the client, and of requests on the way: the rest stays unasked.
  const isHeld = async () => {
    const before = pipe.unsentBytes();
    await new Promise((resolve) => setTimeout(resolve, 300));
    return before > 0 && pipe.unsentBytes() === before;
  };
  await expect.poll(isHeld).toBe(true);
  pipe.readOn();
  await pipe.request('ping');
  expect(answersTo(pipe, String(sent - 1))).toHaveLength(1);
  expect(pipe.lines.length).toBe(sent + 3);
});
