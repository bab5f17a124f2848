import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import type { Access } from '../../src/base/target.ts';
import { wireType } from '../../src/catalogue/fields.ts';
import { toolName } from '../../src/catalogue/naming.ts';
import { commands } from '../helpers/server-catalogue.ts';
import { ManualClock } from '../helpers/manual-clock.ts';
import { runBinary } from '../helpers/run-binary.ts';
import { callTool, sandboxForTest, settingsFor, startServer, untilTestEnds, type ServerOptions } from '../helpers/start-server.ts';

/** A server whose person answers every question alike, and what they were asked. */
async function startAsking(options: Partial<ServerOptions> & { access: Access }, action: 'accept' | 'decline' = 'decline') {
  const sandbox = options.sandbox ?? (await sandboxForTest());
  const asked: string[] = [];
  const server = untilTestEnds(
    await startServer({
      ...options,
      sandbox,
      onElicit: ({ message }) => {
        asked.push(message);
        return action === 'accept' ? { action, content: { confirm: true } } : { action };
      },
    }),
  );
  return { sandbox, server, asked };
}

const BACKUP_SHARE = String.raw`\\host\share`;
const FOREIGN_PROFILE = { name: 'x', owner: 'admin', type: 'I', connector: 'Imap', details: { host: 'imap.example.org', userName: 'a' } };

test('in read-write a person is asked before power, disclosure, less protection and a lock-out, and a no leaves everything as it is', async () => {
  const { sandbox, server, asked } = await startAsking({ access: 'read-write' });
  const before = JSON.stringify(sandbox.world.state);
  const own = sandbox.username;
  const calls: readonly (readonly [tool: string, args: Record<string, unknown>, words: string])[] = [
    ['create_user', { userName: 'eve', privileges: ['admin'], loginPrivileges: ['api'] }, 'becomes an administrator'],
    ['set_user_privileges_on_folder', { userName: 'johndoe', folder: 'amira', privileges: ['read'] }, 'in the archive amira'],
  ];
  const more: typeof calls = [
    ['create_backup', { path: BACKUP_SHARE }, 'need not be on this server'],
    ['run_temporary_profile', { properties: FOREIGN_PROFILE }, 'imap.example.org'],
  ];
  const last: typeof calls = [
    ['set_user_login_privileges', { userName: own, loginPrivileges: ['none'] }, `Lock-out: mailstore-mcp itself logs in as ${own}`],
    ['create_job', { name: 'x', owner: own, time: '02:00', action: `SetUserPassword --userName="${own}"` }, 'Lock-out'],
  ];
  for (const [tool, args, words] of [...calls, ...more, ...last]) {
    asked.length = 0;
    const { isError } = await callTool(server, tool, args);
    expect([tool, isError, asked.length]).toEqual([tool, true, 1]);
    expect(asked[0]).toContain(words);
  }
  expect(JSON.stringify(sandbox.world.state)).toBe(before);
});

test('in read-write, ordinary work runs without a question', async () => {
  const { server, asked, sandbox } = await startAsking({ access: 'read-write' });
  const calls: readonly (readonly [tool: string, args: Record<string, unknown>])[] = [
    ['create_user', { userName: 'new.user', privileges: ['login'], fullName: 'New User' }],
    ['set_user_privileges_on_folder', { userName: 'new.user', folder: 'new.user', privileges: ['read'] }],
    ['set_user_email_addresses', { userName: 'new.user', emailAddresses: ['new.user@example.com'] }],
    ['set_user_full_name', { userName: 'johndoe', fullName: 'J. Doe' }],
    ['rename_store', { id: 5, name: 'Import' }],
    ['create_job', { name: 'Check', owner: sandbox.username, time: '02:00', action: 'VerifyStores --includeIndexes="false"' }],
    ['set_compliance_configuration', { config: { legalHoldEnabled: true } }],
  ];
  for (const [tool, args] of calls) expect([tool, await callTool(server, tool, args)]).toMatchObject([tool, { isError: false }]);
  expect(asked).toEqual([]);
  expect(sandbox.world.user('new.user').privilegesOnFolders).toEqual([{ folder: 'new.user', privileges: ['read'] }]);
});

test('a directory account gets no name unasked under which the directory may know another person, and an account of MailStore does', async () => {
  const { sandbox, server, asked } = await startAsking({ access: 'read-write' });
  await callTool(server, 'rename_user', { oldUserName: 'amira', newUserName: 'eve' });
  expect(asked).toHaveLength(1);
  expect(asked[0]).toContain('The directory checks the password, so the person that it knows as eve can log in as this user');
  sandbox.world.user('amira').authentication = 'integrated';
  expect((await callTool(server, 'rename_user', { oldUserName: 'amira', newUserName: 'amira.o' })).isError).toBe(false);
  expect(asked).toHaveLength(1);
});

test('an address that another user has is given to no one unasked, and the question names who has it', async () => {
  const { sandbox, server, asked } = await startAsking({ access: 'read-write' });
  const [address = ''] = sandbox.world.user('amira').emailAddresses;
  await callTool(server, 'set_user_email_addresses', { userName: 'johndoe', emailAddresses: [address.toUpperCase()] });
  expect(asked).toHaveLength(1);
  expect(asked[0]).toContain('belongs to amira now');
});

describe('a configuration object', () => {
  test('keeps the fields that a call leaves out, and the answer shows what changed', async () => {
    const { sandbox, server } = await startAsking({ access: 'read-write' });
    const { logSuccessfulUserActivities } = sandbox.world.state.compliance;
    const { structured } = await callTool(server, 'set_compliance_configuration', { config: { legalHoldEnabled: true } });
    expect(sandbox.world.state.compliance).toEqual({ legalHoldEnabled: true, logSuccessfulUserActivities });
    expect(logSuccessfulUserActivities).toHaveLength(17);
    expect(structured['change']).toMatchObject({ before: { legalHoldEnabled: false }, after: { legalHoldEnabled: true } });
  });

  test('settings of a credential under an unknown name are added, and the others keep their values', async () => {
    const { sandbox, server } = await startAsking({ access: 'read-write' }, 'accept');
    const [credential] = sandbox.world.state.credentials;
    const settings = { ApplicationId: 'a', TenantId: 'b' };
    if (credential) credential.Settings = { ...settings };
    const { isError, text } = await callTool(server, 'set_credential_settings', { id: 1, settings: { NewInVersion27: ['x'] } });
    expect([isError, isError ? text : '']).toEqual([false, '']);
    expect(sandbox.world.state.credentials[0]?.Settings).toEqual({ ...settings, NewInVersion27: ['x'] });
    const twin = await callTool(server, 'set_credential_settings', { id: 1, settings: { tenantId: 'c' } });
    expect([twin.isError, twin.text]).toEqual([true, expect.stringContaining('TenantId')]);
    expect(sandbox.world.state.credentials[0]?.Settings).toEqual({ ...settings, NewInVersion27: ['x'] });
  });

  test('a configuration object that would empty the activity log is asked about', async () => {
    const { server, asked } = await startAsking({ access: 'read-write' });
    await callTool(server, 'set_compliance_configuration', { config: { logSuccessfulUserActivities: [] } });
    expect(asked).toHaveLength(1);
    expect(asked[0]).toContain('The activity log of MailStore is emptied');
  });

  test('whose password no read shows is not sent without it', async () => {
    const { sandbox, server } = await startAsking({ access: 'read-write' }, 'accept');
    const { isError, text } = await callTool(server, 'set_smtp_settings', { settings: { fromDisplayName: 'Archive' } });
    expect([isError, text]).toEqual([true, expect.stringContaining('settings.password would be cleared when left out')]);
    expect(sandbox.world.state.smtp.fromDisplayName).toBe('MailStore archive');
  });
});

test('a toolset that is switched off is refused by its name, and what a question needs of it is read all the same', async () => {
  const { sandbox, server, asked } = await startAsking({ access: 'read-write', env: { MAILSTORE_TOOLSETS: 'users' } });
  expect(await callTool(server, 'get_messages', { folder: 'johndoe/Inbox' })).toMatchObject({
    isError: true,
    text: 'get_messages is refused: it belongs to the toolset messages, which is not among MAILSTORE_TOOLSETS. An administrator can add it there and restart the server.',
  });
  expect(sandbox.requests.some(({ path }) => path.includes('GetMessages'))).toBe(false);
  await callTool(server, 'create_user', { userName: 'oldcolleague', privileges: ['login'] });
  expect(asked[0]).toContain('There is an archive oldcolleague already');
});

describe('cancelling', () => {
  const recover = { id: 6, recoverDeletedMessages: false };

  test('a destructive command that runs needs a yes of its own', async () => {
    const sandbox = await sandboxForTest({ runSeconds: 30 });
    const { server, asked } = await startAsking({ access: 'full', sandbox }, 'accept');
    const { structured } = await callTool(server, 'recover_store', recover);
    const answer = await callTool(server, 'cancel_task', { taskId: structured['taskId'] });
    expect([answer.isError, asked.length]).toEqual([false, 2]);
    expect(asked[1]).toContain('Cancel recover_store?');
  });

  test('cancelling by a request of the protocol or in a pipe fails closed with the id of an approval', async () => {
    const sandbox = await sandboxForTest({ runSeconds: 30 });
    const { server, asked } = await startAsking({ access: 'full', sandbox }, 'accept');
    const { structured } = await callTool(server, 'recover_store', recover);
    const taskId = String(structured['taskId']);
    const cancelled = server.client.experimental.tasks.cancelTask(taskId);
    await expect(cancelled).rejects.toThrow('cancel_task was not run');
    const env = { ...settingsFor(sandbox), MAILSTORE_ACCESS: 'full', MAILSTORE_STATE_DIR: server.stateDir };
    const { code, stderr } = await runBinary(['tasks', 'cancel', taskId], env);
    expect(code).not.toBe(0);
    expect(stderr).toContain('cancel_task was not run');
    expect(asked).toHaveLength(1);
    expect(sandbox.requests.some(({ path }) => path.includes('cancel'))).toBe(false);
  });

  test('cancelling a task is refused below the access that its command needs, whichever client started it', async () => {
    const sandbox = await sandboxForTest({ runSeconds: 30 });
    const { server } = await startAsking({ access: 'full', sandbox }, 'accept');
    const { structured } = await callTool(server, 'recover_store', recover);
    const env = { ...settingsFor(sandbox), MAILSTORE_ACCESS: 'read-write', MAILSTORE_STATE_DIR: server.stateDir };
    const { stderr } = await runBinary(['tasks', 'cancel', String(structured['taskId'])], env);
    expect(stderr).toMatch(/tasks cancel [\da-f]{8} is refused: with these arguments it is destructive, .+ add --access full;/);
    expect(sandbox.requests.some(({ path }) => path.includes('cancel'))).toBe(false);
  });

  test('a destructive command that is just starting needs a yes too, and is said not to be cancelled while MailStore has not answered', async () => {
    const clock = new ManualClock();
    const sandbox = await sandboxForTest({ clock, faults: ['delay=1000@/api/invoke/RecoverStore'] });
    const { server, asked } = await startAsking({ access: 'full', sandbox, env: { MAILSTORE_INLINE_WAIT_MS: '0' } }, 'accept');
    const { structured } = await callTool(server, 'recover_store', recover);
    expect(structured['status']).toBe('starting');
    const answer = await callTool(server, 'cancel_task', { taskId: structured['taskId'] });
    expect(asked[1]).toContain('Cancel recover_store?');
    expect([answer.isError, answer.text]).toEqual([true, expect.stringContaining('RecoverStore cannot be cancelled yet')]);
    const cancelling = callTool(server, 'cancel_task', { taskId: structured['taskId'] });
    await expect.poll(() => asked.length).toBe(3);
    await clock.advance(1000);
    expect((await cancelling).isError).toBe(false);
    expect(sandbox.requests.some(({ path }) => path.includes('cancel-async'))).toBe(true);
  });

  test('cancelling a read runs without a question, in read-only too', async () => {
    const sandbox = await sandboxForTest({ runSeconds: 30 });
    const { server, asked } = await startAsking({ access: 'read-only', sandbox });
    const { structured } = await callTool(server, 'verify_store', { id: 3, includeIndexes: false });
    expect((await callTool(server, 'cancel_task', { taskId: structured['taskId'] })).isError).toBe(false);
    expect(asked).toEqual([]);
  });
});

test('a secret from a file is sent nowhere unasked, and the question names the file and the host', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'mailstore-mcp-'));
  writeFileSync(join(folder, 'db.txt'), 'Violet-Anchor-93', { mode: 0o600 });
  const { server, asked } = await startAsking({ access: 'read-write', env: { MAILSTORE_SECRETS_DIR: folder } });
  await callTool(server, 'set_smtp_settings', { settings: { hostname: 'mail.example.org', password: { fromFile: 'db.txt' } } });
  expect(asked).toHaveLength(1);
  expect(asked[0]).toContain('Secret: what is in the file db.txt is sent to mail.example.org.');
  expect(asked[0]).not.toContain('Violet-Anchor-93');
});

test('a name in another Unicode spelling, or with a path behind it, opens no archive unasked', async () => {
  const { sandbox, server, asked } = await startAsking({ access: 'read-write' });
  const before = JSON.stringify(sandbox.world.state);
  const calls: readonly (readonly [tool: string, args: Record<string, unknown>])[] = [
    ['create_user', { userName: 'old\u200Bcolleague', privileges: ['login'] }],
    ['create_user', { userName: 'oldcolleague/Inbox', privileges: ['login'] }],
    ['rename_user', { oldUserName: 'amira', newUserName: String.raw`oldcolleague\x` }],
    ['set_user_privileges_on_folder', { userName: 'kim', folder: '\u212Aim', privileges: ['read'] }],
    ['set_user_privileges_on_folder', { userName: 'amira/Inbox', folder: 'amira/Inbox', privileges: ['read'] }],
    ['set_user_privileges', { userName: 'ad\u00ADmin', privileges: ['login'] }],
  ];
  for (const [tool, args] of calls) {
    asked.length = 0;
    expect([tool, args, (await callTool(server, tool, args)).isError, asked.length]).toEqual([tool, args, true, 1]);
  }
  expect(JSON.stringify(sandbox.world.state)).toBe(before);
});

test('another scope of the directory is asked about while the next synchronisation deletes whom it leaves out', async () => {
  const { sandbox, server, asked } = await startAsking({ access: 'read-write' });
  sandbox.world.state.directoryServices['credentialId'] = 1;
  const narrow = { config: { groups: ['Staff'], password: null } };
  expect((await callTool(server, 'set_directory_services_configuration', narrow)).isError).toBe(false);
  expect(asked).toEqual([]);
  sandbox.world.state.directoryServices['deleteUsers'] = true;
  await callTool(server, 'set_directory_services_configuration', { config: { groups: ['Nobody'], password: null } });
  expect(asked).toHaveLength(1);
  expect(asked[0]).toContain('risk: weakens-protection');
  expect(sandbox.world.state.directoryServices['groups']).toEqual(['Staff']);
});

describe('where the directory lets the own login in', () => {
  test('another scope, which only narrows, and a synchronisation are asked about as lock-outs', async () => {
    const sandbox = await sandboxForTest();
    sandbox.world.user(sandbox.username).authentication = 'directoryServices';
    sandbox.world.state.directoryServices['credentialId'] = 1;
    const { server, asked } = await startAsking({ access: 'full', sandbox });
    await callTool(server, 'set_directory_services_configuration', { config: { groups: ['Staff'], password: null } });
    await callTool(server, 'sync_users_with_directory_services', { dryRun: false });
    expect(asked).toHaveLength(2);
    for (const question of asked) expect(question).toContain(`Lock-out: mailstore-mcp itself logs in as ${sandbox.username}`);
  });

  test('one whose password MailStore keeps is not locked out by them', async () => {
    const { server, asked } = await startAsking({ access: 'full' });
    await callTool(server, 'sync_users_with_directory_services', { dryRun: false });
    expect(asked).toHaveLength(1);
    expect(asked[0]).not.toContain('Lock-out');
  });
});

test('the changes that a synchronisation made are listed with what each account was before', async () => {
  const sandbox = await sandboxForTest({ runSeconds: 0.05 });
  const { state } = sandbox.world;
  Object.assign(state.directory[0] ?? {}, { fullName: 'Amira Miller' });
  const { server } = await startAsking({ access: 'full', sandbox }, 'accept');
  const { structured } = await callTool(server, 'sync_users_with_directory_services', { dryRun: true });
  const dry = await callTool(server, 'get_task_status', { taskId: structured['taskId'], waitSeconds: 30 });
  expect(dry.text).toContain('amira: fullName Amira Okoye → Amira Miller');
  const sync = await callTool(server, 'sync_users_with_directory_services', {});
  await callTool(server, 'get_task_status', { taskId: sync.structured['taskId'], waitSeconds: 30 });
  const place = 'CN=Amira Okoye,OU=Staff,DC=example,DC=com';
  await vi.waitFor(
    async () => {
      const { structured: changes } = await callTool(server, 'list_changes');
      expect(changes['items']).toMatchObject([
        {
          command: 'SyncUsersWithDirectoryServices',
          revertible: false,
          before: { amira: `Amira Okoye; ${place}`, 'noemi.keller': null },
          after: { amira: `Amira Miller; ${place}`, 'noemi.keller': 'Noémi Keller; CN=Noémi Keller,OU=Staff,DC=example,DC=com' },
        },
      ]);
    },
    { timeout: 60_000 },
  );
});

describe('a change that locks the own login out', () => {
  test.each<readonly [tool: string, args: Record<string, unknown>, before: unknown]>([
    ['set_user_privileges', { userName: 'boss', privileges: ['login'] }, { userName: 'boss', privileges: ['admin'] }],
    ['rename_user', { oldUserName: 'boss', newUserName: 'chief' }, { userName: 'boss' }],
  ])(
    'by %s is kept with what was before, and another administrator can put it back',
    async (tool, args, before) => {
      const sandbox = await sandboxForTest();
      const password = 'Quiet-Harbour-41';
      sandbox.world.state.users.push({ ...structuredClone(sandbox.world.user(sandbox.username)), userName: 'boss', password });
      const stateDir = mkdtempSync(join(tmpdir(), 'mailstore-mcp-'));
      const env = { MAILSTORE_USERNAME: 'boss', MAILSTORE_PASSWORD: password, MAILSTORE_STATE_DIR: stateDir };
      const own = await startAsking({ access: 'full', sandbox, env }, 'accept');
      expect((await callTool(own.server, tool, args)).isError).toBe(false);
      expect(own.asked[0]).toContain('Lock-out: mailstore-mcp itself logs in as boss');
      const { structured } = await callTool(own.server, 'list_changes');
      expect(structured['items']).toMatchObject([{ number: 1, before, after: null, revertible: true }]);
      await own.server.close();
      const other = await startAsking({ access: 'full', sandbox, env: { MAILSTORE_STATE_DIR: stateDir } }, 'accept');
      expect(await callTool(other.server, 'revert_change', { number: 1 })).toMatchObject({ isError: false });
      expect(sandbox.world.user('boss').privileges).toEqual(['admin']);
    },
    120_000,
  );
});

test('two spellings of one field are refused in every JSON argument, before anybody is asked', async () => {
  const { server, asked } = await startAsking({ access: 'full' });
  const takers = commands.flatMap(({ name, input }) =>
    Object.entries(input)
      .filter(([, schema]) => wireType(schema) === 'json')
      .map(([argument]) => [toolName(name), argument] as const),
  );
  expect(takers.length).toBeGreaterThan(5);
  for (const [tool, argument] of takers) {
    for (const twins of [{ a: { keepDays: 1, KeepDays: 2 } }, { a: { keepDays: 1, 'keep\u200BDays': 2 } }, '{"keepDays":1,"keepDays":2}']) {
      const { isError, text } = await callTool(server, tool, { [argument]: twins });
      expect([tool, isError, text]).toEqual([tool, true, expect.stringMatching(/which MailStore may take for the same one|twice/)]);
    }
  }
  expect(asked).toEqual([]);
});
