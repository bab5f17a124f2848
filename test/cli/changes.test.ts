import { expect, test } from 'vitest';
import { runBinary } from '../helpers/run-binary.ts';
import { callTool, sandboxForTest, settingsFor, startServer, untilTestEnds } from '../helpers/start-server.ts';

test('a person sees in a terminal what an assistant changed, and puts it back', async () => {
  const sandbox = await sandboxForTest();
  const server = untilTestEnds(await startServer({ sandbox, access: 'read-write' }));
  await callTool(server, 'set_user_full_name', { userName: 'johndoe', fullName: 'Johnny\u202EDoe' });
  const settings = { ...settingsFor(sandbox), MAILSTORE_STATE_DIR: server.stateDir, MAILSTORE_ACCESS: 'read-write' };

  expect((await runBinary(['changes'], settings)).stdout).toMatch(
    /^NUMBER {2}CHANGED .*\n {5}1 {2}(?:now|\d+ s ago) +Set a user's full name: .*Johnny\[U\+202E\]Doe.* {2}can be put back {2}admin {2}default\n$/,
  );
  expect((await runBinary(['changes', 'show', '1'], settings)).stdout).toContain(
    'before    {"userName":"johndoe","fullName":"John Doe"}\n',
  );
  expect((await runBinary(['changes', 'revert', '1'], settings)).stdout).toBe('The change 1 was put back, as change 2.\n');
  expect(sandbox.world.user('johndoe').fullName).toBe('John Doe');
  expect((await runBinary(['changes', 'revert', '1'], settings)).stderr).toBe(
    'mailstore-mcp: The change 1 was put back before, by the change 2; revert that one to have it again.\n',
  );
  expect((await runBinary(['changes'], settings)).stdout).toContain('put back by 2');
});

test('putting back needs the access that the opposite call needs', async () => {
  const sandbox = await sandboxForTest();
  const server = untilTestEnds(await startServer({ sandbox, access: 'read-write' }));
  await callTool(server, 'set_user_full_name', { userName: 'johndoe', fullName: 'Johnny' });
  const { stderr } = await runBinary(['changes', 'revert', '1'], { ...settingsFor(sandbox), MAILSTORE_STATE_DIR: server.stateDir });
  expect(stderr).toContain(
    'changes revert 1 is refused: with these arguments it is a write, and the access is read-only. To run it, add --access read-write',
  );
  expect(sandbox.world.user('johndoe').fullName).toBe('Johnny');
});
