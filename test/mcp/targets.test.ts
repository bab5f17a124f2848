import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Access } from '../../src/base/target.ts';
import type { Sandbox } from '../../src/sandbox/sandbox.ts';
import { callTool, sandboxForTest, startServer, untilTestEnds } from '../helpers/start-server.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

const OWN_TOOLS = new Set(['get_task_status', 'list_tasks', 'cancel_task', 'list_changes', 'revert_change']);
const rename = { userName: 'johndoe', fullName: 'Johnny Doe' };

/** Starts a server with two targets, `london` and `paris`, described by a configuration file. */
async function startWithTwo({ access = 'read-write', londonAccess }: { readonly access?: Access; readonly londonAccess?: Access } = {}) {
  const [london, paris] = await Promise.all([sandboxForTest(), sandboxForTest()]);
  const folder = temporaryFolder();
  const path = join(folder, 'config.json');
  const targets = { london: { ...makeTarget(london), ...(londonAccess && { access: londonAccess }) }, paris: makeTarget(paris) };
  writeFileSync(path, JSON.stringify({ access, targets }), { mode: 0o600 });
  const server = untilTestEnds(await startServer({ env: { MAILSTORE_CONFIG: path, MAILSTORE_INLINE_WAIT_MS: '20000' } }));
  return { server, london, paris };
}

function makeTarget({ url, username, password, fingerprint }: Sandbox) {
  return { url, username, password, fingerprint };
}

function fullNames(...sandboxes: readonly Sandbox[]) {
  return sandboxes.map(({ world }) => world.user('johndoe').fullName);
}

test('with more than one MailStore every tool takes a target, and every one that can change something demands it', async () => {
  const { server } = await startWithTwo({ access: 'full' });
  const { tools } = await server.client.listTools();
  for (const { name, inputSchema, annotations } of tools.filter((tool) => !OWN_TOOLS.has(tool.name))) {
    expect([name, inputSchema.properties?.['target']]).toEqual([name, expect.objectContaining({ enum: ['london', 'paris'] })]);
    expect([name, inputSchema.required?.includes('target') ?? false]).toEqual([name, annotations?.readOnlyHint !== true]);
  }
});

test('a read goes to the target that it names, and to the first one where it names none', async () => {
  const { server, london, paris } = await startWithTwo();
  paris.world.user('johndoe').fullName = 'Jean Dupont';
  const nameAt = async (target?: string) =>
    (await callTool(server, 'get_user_info', { userName: 'johndoe', ...(target && { target }) })).structured['fullName'];
  expect([await nameAt('paris'), await nameAt('london'), await nameAt()]).toEqual(['Jean Dupont', 'John Doe', 'John Doe']);
  expect(london.requests.filter(({ path }) => path.endsWith('/GetUserInfo'))).toHaveLength(2);
});

test('a write without a target, or with one that does not exist, changes nothing anywhere', async () => {
  const { server, london, paris } = await startWithTwo();
  const without = await callTool(server, 'set_user_full_name', rename);
  const unknown = await callTool(server, 'set_user_full_name', { ...rename, target: 'berlin' });
  expect([without.isError, without.text]).toEqual([
    true,
    'set_user_full_name was not called: target is missing. Correct this and call again.',
  ]);
  expect([unknown.isError, unknown.text]).toEqual([true, expect.stringContaining('expected one of "london"|"paris"')]);
  expect(fullNames(london, paris)).toEqual(['John Doe', 'John Doe']);
});

test('a write changes the target that it names, and no other', async () => {
  const { server, london, paris } = await startWithTwo();
  expect((await callTool(server, 'set_user_full_name', { ...rename, target: 'paris' })).isError).toBe(false);
  expect(fullNames(london, paris)).toEqual(['John Doe', 'Johnny Doe']);
});

test('a long command is a task of its target', async () => {
  const { server, london, paris } = await startWithTwo();
  const args = { id: 3, folder: 'amira' };
  const [first, second] = await Promise.all(
    ['london', 'paris'].map((target) => callTool(server, 'rebuild_store_index', { ...args, target })),
  );
  expect([first?.structured, second?.structured]).toMatchObject([
    { target: 'london', status: 'succeeded' },
    { target: 'paris', status: 'succeeded' },
  ]);
  expect(first?.structured['taskId']).not.toBe(second?.structured['taskId']);
  for (const sandbox of [london, paris]) expect(sandbox.requests.filter(({ path }) => path.endsWith('/RebuildStoreIndex'))).toHaveLength(1);
});

test("a target's own access can tighten that of all", async () => {
  const { server, london, paris } = await startWithTwo({ access: 'read-write', londonAccess: 'read-only' });
  const refused = await callTool(server, 'set_user_full_name', { ...rename, target: 'london' });
  const allowed = await callTool(server, 'set_user_full_name', { ...rename, target: 'paris' });
  expect([refused.isError, allowed.isError]).toEqual([true, false]);
  expect(refused.text).toBe(
    'set_user_full_name is refused: with these arguments it is a write, and the target london has its own access read-only. To allow it, an administrator sets that to read-write in the file of MAILSTORE_CONFIG, with MAILSTORE_ACCESS no lower, and restarts the server.',
  );
  expect(fullNames(london, paris)).toEqual(['John Doe', 'Johnny Doe']);
  // The read by which the server tests its connection is no part of the call.
  const sent = london.requests.filter(({ path }) => path.includes('/invoke/') && !path.endsWith('/GetServerInfo'));
  expect(sent).toEqual([]);
});

test("a target's own access cannot widen that of all", async () => {
  const { server, london, paris } = await startWithTwo({ access: 'read-only', londonAccess: 'full' });
  const { isError, text } = await callTool(server, 'set_user_full_name', { ...rename, target: 'london' });
  expect([isError, text]).toEqual([true, expect.stringContaining('MAILSTORE_ACCESS=read-only')]);
  expect(fullNames(london, paris)).toEqual(['John Doe', 'John Doe']);
});
