import { describe, expect, test } from 'vitest';
import { initialize, startPipe, untilTestEnds, type Message, type Pipe } from '../helpers/start-server.ts';

const START = { MAILSTORE_URL: 'https://127.0.0.1:1', MAILSTORE_USERNAME: 'admin', MAILSTORE_PASSWORD: 'Quiet-Harbour-41' };

function start(): Pipe {
  return untilTestEnds(startPipe({ ownProcess: true, env: START }));
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
    ['has no method', '{"jsonrpc":"2.0","id":5}', 5, INVALID],
    ['has a method that is a number', '{"jsonrpc":"2.0","id":6,"method":3}', 6, INVALID],
    ['names another version', '{"jsonrpc":"1.0","id":7,"method":"ping"}', 7, INVALID],
    ['has null for its parameters', '{"jsonrpc":"2.0","id":8,"method":"ping","params":null}', 8, INVALID],
    ['has a text for its metadata', '{"jsonrpc":"2.0","id":9,"method":"ping","params":{"_meta":"x"}}', 9, INVALID],
    [
      'has an object for its progress token',
      '{"jsonrpc":"2.0","id":10,"method":"ping","params":{"_meta":{"progressToken":{}}}}',
      10,
      INVALID,
    ],
    ['has null for its id', '{"jsonrpc":"2.0","id":null,"method":"ping"}', null, INVALID],
    ['has an object for its id', '{"jsonrpc":"2.0","id":{"a":1},"method":"ping"}', null, INVALID],
    ['has a fraction for its id', '{"jsonrpc":"2.0","id":1.5,"method":"ping"}', 1.5, INVALID],
    ['is a batch', '[{"jsonrpc":"2.0","id":11,"method":"ping"}]', null, INVALID],
    ['is a number', '42', null, INVALID],
    ['is no JSON', '{"jsonrpc":"2.0",', null, { code: -32700, message: expect.any(String) as unknown }],
  ])('is answered with an error where it %s', async (_what, line, id, error) => {
    const pipe = start();
    await initialize(pipe);
    pipe.writeLine(line);
    await pipe.request('ping');
    expect(answersTo(pipe, id)).toEqual([{ jsonrpc: '2.0', id, error }]);
  });

  test('gets an answer before initialize, too', async () => {
    const pipe = start();
    pipe.writeLine('{"jsonrpc":"2.0","id":77,"method":"ping","extra":1}');
    await initialize(pipe);
    expect(answersTo(pipe, 77)).toMatchObject([{ error: { code: -32600 } }]);
  });

  test.each([
    ['is blank', ''],
    ['is a notification with a member too many', '{"jsonrpc":"2.0","method":"notifications/x","extra":1}'],
    ['is a response to nothing', '{"jsonrpc":"2.0","id":99,"result":{}}'],
  ])('gets no answer where it %s', async (_what, line) => {
    const pipe = start();
    await initialize(pipe);
    pipe.writeLine(line);
    await pipe.request('ping');
    expect(pipe.lines).toHaveLength(2);
  });
});

test('a byte order mark before the first line is skipped', async () => {
  const pipe = start();
  pipe.writeLine('\uFEFF{"jsonrpc":"2.0","id":"first","method":"ping"}\r');
  await initialize(pipe);
  expect(answersTo(pipe, 'first')).toEqual([{ jsonrpc: '2.0', id: 'first', result: {} }]);
});

test('null for the arguments of a call is no arguments', async () => {
  const pipe = start();
  await initialize(pipe);
  const { result } = await pipe.request('tools/call', { name: 'list_tasks', arguments: null });
  expect(result).toMatchObject({ structuredContent: { items: [], total: 0 } });
});

test.each([
  ['resources/list', 'resources', 'users'],
  ['resources/templates/list', 'resourceTemplates', 'user'],
  ['prompts/list', 'prompts', 'morning_check'],
])('%s is answered with %s, such as %s', async (method, list, name) => {
  const pipe = start();
  await initialize(pipe);
  expect((await pipe.request(method)).result?.[list]).toContainEqual(expect.objectContaining({ name }));
});

test('a client that does not read its answers is not read from, and gets all of them when it reads on', async () => {
  const pipe = start();
  await initialize(pipe);
  await pipe.request('tools/list');
  pipe.stopReading();
  const sent = 1000;
  for (let id = 0; id < sent; id++) pipe.writeLine(`{"jsonrpc":"2.0","id":"${id}","method":"tools/list"}`);
  // A megabyte for the client, a pipe's worth on the way: the rest of 25 MB stays unasked.
  await expect.poll(() => pipe.unsentBytes()).toBeGreaterThan(0);
  const held = pipe.unsentBytes();
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(pipe.unsentBytes()).toBe(held);
  pipe.readOn();
  await pipe.request('ping');
  expect(answersTo(pipe, String(sent - 1))).toHaveLength(1);
  expect(pipe.lines.length).toBe(sent + 3);
}, 60_000);
