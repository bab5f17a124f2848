import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { startSandbox, type Sandbox } from '../../src/sandbox/sandbox.ts';
import { callTool, startServer, type RunningServer } from '../helpers/start-server.ts';

let sandbox: Sandbox;
let server: RunningServer;

beforeAll(async () => {
  sandbox = await startSandbox({ seed: 'small' });
  server = await startServer({ sandbox, access: 'read-write' });
  // The server tests its connection once after the opening and once by itself; what comes later belongs to a call.
  await server.client.listTools();
  const countTests = () => sandbox.requests.filter(({ path }) => path.endsWith('/GetServerInfo')).length;
  await vi.waitUntil(() => countTests() === 2, { timeout: 60_000 });
}, 120_000);

afterAll(async () => {
  await server.close();
  await sandbox.close();
});

test.each([
  [
    'an unknown argument',
    'get_user_info',
    { userName: 'johndoe', user: 'x' },
    'get_user_info does not take user; it takes userName. Remove or rename and call again.',
  ],
  [
    'several of them',
    'get_child_folders',
    { path: 'a', depth: 1 },
    'get_child_folders does not take path and depth; it takes folder, maxLevels, limit, offset, match, where, sort and fields. Remove or rename and call again.',
  ],
  [
    'any argument, where there are none',
    'get_server_info',
    { verbose: true },
    'get_server_info does not take verbose; it takes no arguments. Remove or rename and call again.',
  ],
  [
    'a name in other letter case',
    'get_worker_results',
    { since: 'yesterday', timeZoneId: 'UTC' },
    expect.stringContaining('get_worker_results does not take timeZoneId (did you mean timeZoneID?); it takes') as unknown as string,
  ],
  [
    'a name that another list has in other letter case',
    'get_worker_results',
    { since: 'yesterday', profileId: 2 },
    expect.stringContaining('get_worker_results does not take profileId (did you mean profileID?); it takes') as unknown as string,
  ],
  ['a missing argument', 'get_user_info', {}, 'get_user_info was not called: userName is missing. Correct this and call again.'],
  [
    'each argument that is missing or of another type',
    'set_user_privileges_on_folder',
    { userName: 5, folder: 'johndoe' },
    'set_user_privileges_on_folder was not called: userName: Invalid input: expected string, received number; privileges is missing. Correct this and call again.',
  ],
  [
    'a word that is none of the accepted ones',
    'set_store_requested_state',
    { id: 4, requestedState: 'readonly' },
    'set_store_requested_state was not called: requestedState: Invalid option: expected one of "current"|"normal"|"writeProtected"|"disabled". Correct this and call again.',
  ],
  [
    'a missing word of a list',
    'set_store_requested_state',
    { id: 4 },
    'set_store_requested_state was not called: requestedState is missing. Correct this and call again.',
  ],
  [
    'a limit that is out of bounds',
    'get_users',
    { limit: 501 },
    'get_users was not called: limit: Too big: expected number to be <=500. Correct this and call again.',
  ],
  ['a tool that does not exist', 'get_usres', {}, "There is no tool 'get_usres'; did you mean get_users?"],
  ['a tool that is like no other', 'xyzzy', {}, "There is no tool 'xyzzy'; list the tools to see what this server offers."],
  ['a wire name in place of the tool name', 'GetUserInfo', {}, "There is no tool 'GetUserInfo'; did you mean get_user_info?"],
  [
    'a task that does not exist',
    'get_task_status',
    { taskId: 'none' },
    "There is no task 'none'; list the tasks to see those that are recorded.",
  ],
  ['a name that every object has', 'toString', {}, "There is no tool 'toString'; list the tools to see what this server offers."],
  [
    'half of a surrogate pair',
    'get_user_info',
    { userName: '\ud800' },
    'The argument userName contains a NUL character or half of a surrogate pair, which cannot be sent; remove it and call again.',
  ],
])('%s is named, and nothing is sent for it', async (_what, tool, args, sentence) => {
  await callTool(server, 'get_server_info');
  const before = sandbox.requests.length;
  expect(await callTool(server, tool, args)).toEqual({ isError: true, text: sentence, structured: {} });
  expect(sandbox.requests.slice(before)).toEqual([]);
});

test.each([
  ['an object', () => JSON.parse(`${'{"a":'.repeat(1000)}1${'}'.repeat(1000)}`) as unknown],
  ['a JSON text', () => `{"x":${'['.repeat(5000)}${']'.repeat(5000)}}`],
])('%s that nests a thousand deep is refused by the name of its argument, and nothing is sent', async (_form, deep) => {
  const answer = await callTool(server, 'create_profile', { properties: deep() });
  expect([answer.isError, answer.text]).toEqual([true, expect.stringContaining('properties nests lists and objects more than 256 deep')]);
});

test.each<readonly [string, string, Record<string, unknown>]>([
  ['the name of an argument', 'get_server_info', { ['y'.repeat(1_000_000)]: 1 }],
  ['the id of a task', 'get_task_status', { taskId: 'q'.repeat(1_000_000) }],
  ['a field to sort by', 'list_tasks', { sort: 's'.repeat(1_000_000) }],
])('%s that is a million characters long is not said back in full', async (_what, tool, args) => {
  const { isError, text } = await callTool(server, tool, args);
  expect(isError).toBe(true);
  expect(text.length).toBeLessThan(5000);
});
