import { countTokens } from 'gpt-tokenizer/encoding/o200k_base';
import { expect, test } from 'vitest';
import { toolName } from '../../src/catalogue/naming.ts';
import { mildestEffect } from '../../src/policy/decide.ts';
import { commands } from '../helpers/server-catalogue.ts';
import { callTool, sandboxForTest, startServer, untilTestEnds, type ServerOptions } from '../helpers/start-server.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

const TASK_TOOLS = ['get_task_status', 'list_tasks', 'cancel_task'];
const PLANS = ['onboard_user', 'offboard_user', 'rename_person', 'rotate_store'];
const INSIGHTS = ['archive_health', 'archiving_gaps', 'failed_runs', 'archiving_volume', 'access_report', 'storage_report', 'user_audit'];
const CHANGE_TOOLS = ['list_changes', 'revert_change'];
const sure = commands.filter(({ doubtful }) => !doubtful);
const listNames = (some: typeof commands) => some.map(({ name }) => toolName(name));

async function list(options: ServerOptions) {
  // Listing needs no MailStore, so there is none behind this address.
  const env = { MAILSTORE_URL: 'https://127.0.0.1:1', MAILSTORE_USERNAME: 'admin', MAILSTORE_PASSWORD: 'secret', ...options.env };
  const server = untilTestEnds(await startServer({ ...options, env }));
  return (await server.client.listTools()).tools;
}

test('the default list fits into 40 tools, 5,000 tokens, and 125 tokens a tool', async () => {
  const tools = await list({});
  const sizes = tools.map(({ name, description = '', inputSchema }) =>
    countTokens(`${name} ${description} ${JSON.stringify(inputSchema)}`),
  );
  const sum = sizes.reduce((total, size) => total + size, 0);
  expect(tools.length).toBeLessThanOrEqual(40);
  expect(sum).toBeLessThanOrEqual(5000);
  expect(sum / tools.length).toBeLessThanOrEqual(125);
});

test('the list of full access fits into 12,000 tokens', async () => {
  const tools = await list({ access: 'full' });
  const sizes = tools.map(({ name, description = '', inputSchema }) =>
    countTokens(`${name} ${description} ${JSON.stringify(inputSchema)}`),
  );
  expect(sizes.reduce((total, size) => total + size, 0)).toBeLessThanOrEqual(12_000);
});

test('read-only lists the insights, what can read in the order of the declarations, and the tools of tasks', async () => {
  const tools = await list({});
  expect(tools.map(({ name }) => name)).toEqual([
    ...INSIGHTS,
    ...listNames(sure.filter((command) => mildestEffect(command) === 'read')),
    ...TASK_TOOLS,
  ]);
});

test('read-write adds what can write, and full everything', async () => {
  const [some, all] = await Promise.all([list({ access: 'read-write' }), list({ access: 'full' })]);
  expect(some.map(({ name }) => name)).toEqual([
    ...INSIGHTS,
    ...PLANS,
    ...listNames(sure.filter((command) => mildestEffect(command) !== 'destructive')),
    ...TASK_TOOLS,
    ...CHANGE_TOOLS,
  ]);
  expect(all.map(({ name }) => name)).toEqual([...INSIGHTS, ...PLANS, ...listNames(sure), ...TASK_TOOLS, ...CHANGE_TOOLS]);
});

test('the list is the same each time it is asked for', async () => {
  const server = untilTestEnds(await startServer({ args: ['--sandbox'] }));
  const before = await server.client.listTools();
  await callTool(server, 'get_users');
  expect(await server.client.listTools()).toEqual(before);
});

test('no schema repeats its dialect, and every tool states all four annotations', async () => {
  const tools = await list({ access: 'full' });
  expect(JSON.stringify(tools)).not.toContain('$schema');
  for (const { annotations } of tools) {
    expect(Object.keys(annotations ?? {}).toSorted()).toEqual(['destructiveHint', 'idempotentHint', 'openWorldHint', 'readOnlyHint']);
  }
});

test('each tool of a command has the wire name of its command in _meta', async () => {
  const tools = await list({ access: 'full' });
  const wireNames = tools.flatMap(({ _meta }) => _meta?.['mailstore/command'] ?? []);
  expect(wireNames).toEqual(sure.map(({ name }) => name));
});

test('MAILSTORE_TOOLSETS lists the named groups only', async () => {
  const tools = await list({ env: { MAILSTORE_TOOLSETS: 'smtp, license' } });
  expect(tools.map(({ name }) => name)).toEqual(['get_smtp_settings', 'get_license_information', ...TASK_TOOLS]);
});

test('a command of doubtful existence is offered once the server has shown that it has it', async () => {
  const stateDir = temporaryFolder();
  const sandbox = await sandboxForTest();
  const options = { sandbox, env: { MAILSTORE_STATE_DIR: stateDir } };
  const first = await startServer(options);
  const before = (await first.client.listTools()).tools.map(({ name }) => name);
  await callTool(first, 'get_users');
  await first.close();
  const second = untilTestEnds(await startServer(options));
  const after = (await second.client.listTools()).tools.map(({ name }) => name);
  const doubtful = listNames(commands.filter((command) => command.doubtful && mildestEffect(command) === 'read'));
  expect(doubtful.length).toBeGreaterThan(0);
  expect(before.filter((name) => doubtful.includes(name))).toEqual([]);
  expect(after.filter((name) => doubtful.includes(name))).toEqual(doubtful);
});
