import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { callTool, sandboxForTest, startServer, untilTestEnds, type RunningServer, type ServerOptions } from '../helpers/start-server.ts';

const FOUR_MB = 'x'.repeat(4_000_000);
const HALF_A_MB = 'x'.repeat(500_000);

/** Such calls take seconds on a machine that has other things to do. */
const LONG_MS = 180_000;

async function startWith(options: ServerOptions): Promise<RunningServer> {
  return untilTestEnds(await startServer({ sandbox: await sandboxForTest(), ...options }));
}

/** Bytes of everything in the state folder. */
function measureSize(folder: string): number {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);
}

test.each([
  [8, 'of 4 MB that are refused', 'read-only', 'set_user_full_name', { userName: 'amira', fullName: FOUR_MB }],
  [2, 'of 500 KB that wait for an approval', 'full', 'delete_user', { userName: HALF_A_MB }],
  [2, 'of 500 KB that become tasks', 'read-write', 'rebuild_store_index', { id: 3, folder: HALF_A_MB }],
  [2, 'of 500 KB that change something', 'read-write', 'set_user_full_name', { userName: 'amira', fullName: HALF_A_MB }],
] as const)('%i calls %s leave less than 300 KB in all', { timeout: LONG_MS }, async (calls, _what, access, tool, args) => {
  const server = await startWith({ access });
  for (let count = 0; count < calls; count++) {
    const written = 'fullName' in args ? { ...args, fullName: `${count}${args.fullName}` } : args;
    await callTool(server, tool, written, { timeout: 60_000 });
  }
  await server.client.close();
  expect(measureSize(server.stateDir)).toBeLessThan(300_000);
});

test('a change of 20 KB is put back whole', { timeout: LONG_MS }, async () => {
  const sandbox = await sandboxForTest();
  const server = await startWith({ sandbox, access: 'read-write' });
  const long = 'ä'.repeat(20_000);
  await callTool(server, 'set_user_full_name', { userName: 'amira', fullName: long });
  await callTool(server, 'set_user_full_name', { userName: 'amira', fullName: 'short' });
  const { items } = (await callTool(server, 'list_changes')).structured as { items: { number: number }[] };
  expect((await callTool(server, 'revert_change', { number: items[0]?.number })).isError).toBe(false);
  expect(sandbox.world.user('amira').fullName).toBe(long);
});

test('a change that is too large to be kept says that it cannot be put back, and is not', { timeout: LONG_MS }, async () => {
  const server = await startWith({ access: 'read-write' });
  const answer = await callTool(server, 'set_user_full_name', { userName: 'amira', fullName: HALF_A_MB }, { timeout: 60_000 });
  expect(answer.text).toContain('It cannot be put back: what would have to be kept for it has 1');
  const refused = await callTool(server, 'revert_change', { number: 1 });
  expect(refused.isError).toBe(true);
  expect(refused.text).toContain('cannot be put back');
});
