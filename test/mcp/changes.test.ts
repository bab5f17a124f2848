import { expect, test } from 'vitest';
import { callTool, sandboxForTest, startServer, untilTestEnds } from '../helpers/start-server.ts';

const start = async () => {
  const sandbox = await sandboxForTest();
  return { sandbox, server: untilTestEnds(await startServer({ sandbox, access: 'read-write' })) };
};

test('a write answers with what it changed, before and after', async () => {
  const { server } = await start();
  expect((await callTool(server, 'set_user_full_name', { userName: 'johndoe', fullName: 'Johnny Doe' })).structured).toEqual({
    result: null,
    change: { number: 1, before: { fullName: 'John Doe' }, after: { fullName: 'Johnny Doe' } },
  });
});

test('a write that changes nothing says so and is no change', async () => {
  const { server } = await start();
  const { structured } = await callTool(server, 'set_user_full_name', { userName: 'johndoe', fullName: 'John Doe' });
  expect(structured['change']).toEqual({ before: {}, after: {}, note: 'All that can be read of it is as before.' });
  expect((await callTool(server, 'list_changes')).structured).toEqual({ items: [], total: 0 });
});

test('a change is listed and can be put back, once', async () => {
  const { sandbox, server } = await start();
  const before = structuredClone(sandbox.world.user('johndoe').emailAddresses);
  await callTool(server, 'set_user_email_addresses', { userName: 'johndoe', emailAddresses: ['jd@example.com'] });
  expect((await callTool(server, 'list_changes')).structured).toMatchObject({
    total: 1,
    items: [
      {
        number: 1,
        command: 'SetUserEmailAddresses',
        target: 'default',
        arguments: { userName: 'johndoe', emailAddresses: ['jd@example.com'] },
        before: { userName: 'johndoe', emailAddresses: before },
        after: { userName: 'johndoe', emailAddresses: ['jd@example.com'] },
        revertible: true,
      },
    ],
  });
  expect((await callTool(server, 'revert_change', { number: 1 })).isError).toBe(false);
  expect(sandbox.world.user('johndoe').emailAddresses).toEqual(before);
  expect(await callTool(server, 'revert_change', { number: 1 })).toMatchObject({
    isError: true,
    text: 'The change 1 was put back before, by the change 2; revert that one to have it again.',
  });
  expect((await callTool(server, 'revert_change', { number: 2 })).isError).toBe(false);
  expect(sandbox.world.user('johndoe').emailAddresses).toEqual(['jd@example.com']);
});

test('a change is not put back over a later one, and both versions are shown', async () => {
  const { sandbox, server } = await start();
  await callTool(server, 'set_user_full_name', { userName: 'johndoe', fullName: 'First' });
  sandbox.world.user('johndoe').fullName = 'Second';
  const { isError, text } = await callTool(server, 'revert_change', { number: 1 });
  expect(isError).toBe(true);
  expect(text).toContain('it left {"userName":"johndoe","fullName":"First"}, and now it is {"userName":"johndoe","fullName":"Second"}');
  expect(sandbox.world.user('johndoe').fullName).toBe('Second');
});

test('a later change of another field does not stand in the way', async () => {
  const { sandbox, server } = await start();
  await callTool(server, 'set_user_full_name', { userName: 'johndoe', fullName: 'First' });
  sandbox.world.user('johndoe').emailAddresses.push('third@example.com');
  expect((await callTool(server, 'revert_change', { number: 1 })).isError).toBe(false);
  expect(sandbox.world.user('johndoe').fullName).toBe('John Doe');
});

test('putting a creation back is a deletion, and is refused where those are', async () => {
  const { sandbox, server } = await start();
  await callTool(server, 'create_user', { userName: 'jane.roe', privileges: ['login'] });
  const { isError, text } = await callTool(server, 'revert_change', { number: 1 });
  expect([isError, text.startsWith('delete_user is refused: ')]).toEqual([true, true]);
  expect(sandbox.world.user('jane.roe').userName).toBe('jane.roe');
});

test('a change that is not there is said to be so', async () => {
  const { server } = await start();
  expect((await callTool(server, 'revert_change', { number: 7 })).text).toBe('There is no change 7; list_changes shows the recorded ones.');
});
