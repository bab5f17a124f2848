import { countTokens } from 'gpt-tokenizer/encoding/o200k_base';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startSandbox, type Sandbox } from '../../src/sandbox/sandbox.ts';
import { callTool, startServer, untilTestEnds, type RunningServer } from '../helpers/start-server.ts';

let sandbox: Sandbox;
let server: RunningServer;
beforeAll(async () => {
  sandbox = await startSandbox({ seed: 'small', runSeconds: 0.2 });
  server = await startServer({ sandbox, args: ['--surface', 'compact'] });
});
afterAll(async () => {
  await server.close();
  await sandbox.close();
});

test('a compact surface lists three tools and those of tasks, in under 600 tokens', async () => {
  const { tools } = await server.client.listTools();
  expect(tools.map(({ name }) => name)).toEqual([
    'find_tools',
    'describe_tool',
    'run_tool',
    'get_task_status',
    'list_tasks',
    'cancel_task',
  ]);
  const read = tools.map(({ name, description = '', inputSchema }) => `${name} ${description} ${JSON.stringify(inputSchema)}`).join('\n');
  expect(countTokens(read)).toBeLessThan(700);
  expect(server.client.getInstructions()).toContain('find_tools, describe_tool and run_tool');
});

test.each([
  ['who can read a mailbox', 'access_report'],
  ['is everything healthy? health check', 'archive_health'],
  ['rebuild the search of a store', 'get_store_indexes'],
  ['list users', 'get_users'],
  ['2FA status of accounts', 'user_audit'],
  ['did the nightly backup run', 'get_job_results'],
  ['how much disk space is left', 'storage_report'],
])('find_tools finds for %j the tool %s', async (query, tool) => {
  const { structured } = await callTool(server, 'find_tools', { query });
  expect((structured['items'] as readonly { readonly name: string }[]).map(({ name }) => name)).toContain(tool);
});

test('describe_tool shows the arguments that run_tool takes, and run_tool answers as the tool itself', async () => {
  const { structured } = await callTool(server, 'describe_tool', { name: 'get_user_info' });
  expect(structured).toMatchObject({ name: 'get_user_info', inputSchema: { properties: { userName: { type: 'string' } } } });
  const ran = await callTool(server, 'run_tool', { name: 'get_user_info', arguments: { userName: 'johndoe' } });
  const plain = await callTool(server, 'get_user_info', { userName: 'johndoe' });
  expect(ran).toEqual(plain);
});

test.each([
  ['a wrong argument', { name: 'get_user_info', arguments: { user: 'johndoe' } }, 'get_user_info does not take user'],
  ['an unknown tool', { name: 'get_user', arguments: {} }, "There is no tool 'get_user'; did you mean get_users?"],
  ['a tool that is like no other', { name: 'xyzzy', arguments: {} }, "There is no tool 'xyzzy'; find_tools finds what this server offers."],
  ['itself', { name: 'run_tool', arguments: { name: 'get_users' } }, "There is no tool 'run_tool'"],
  ['what the access refuses', { name: 'delete_user', arguments: { userName: 'amira' } }, 'delete_user is refused'],
])('run_tool refuses %s', async (_what, args, message) => {
  const { isError, text } = await callTool(server, 'run_tool', args);
  expect([isError, text]).toEqual([true, expect.stringContaining(message)]);
  expect(sandbox.world.state.users.some(({ userName }) => userName === 'amira')).toBe(true);
});

test('what run_tool runs is asked about like any call', async () => {
  const questions: string[] = [];
  const full = untilTestEnds(
    await startServer({
      sandbox,
      access: 'full',
      args: ['--surface', 'compact'],
      onElicit: ({ message }) => {
        questions.push(message);
        return { action: 'decline' };
      },
    }),
  );
  const { isError } = await callTool(full, 'run_tool', { name: 'delete_user', arguments: { userName: 'amira' } });
  expect(isError).toBe(true);
  expect(questions).toEqual([expect.stringContaining('Delete user amira')]);
});

test('find_tools finds the tool for a purpose in German words too, among the first three', async () => {
  const full = untilTestEnds(await startServer({ sandbox, access: 'full', args: ['--surface', 'compact'] }));
  for (const [query, tool] of [
    ['Postfach umbenennen', 'rename_person'],
    ['Mitarbeiter verlässt die Firma', 'offboard_user'],
    ['Festplatte voll', 'storage_report'],
    ['Aufbewahrungsfrist ändern', 'get_retention_policies'],
    ['Zertifikat läuft ab', 'archive_health'],
    ['restore a store', 'recover_store'],
  ] as const) {
    const { structured } = await callTool(full, 'find_tools', { query });
    const names = (structured['items'] as readonly { name: string }[]).slice(0, 3).map(({ name }) => name);
    expect([query, names]).toEqual([query, expect.arrayContaining([tool])]);
  }
});
