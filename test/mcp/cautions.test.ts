import { afterAll, beforeAll, expect, test } from 'vitest';
import { startSandbox, type Sandbox } from '../../src/sandbox/sandbox.ts';
import { callTool, startServer, type RunningServer } from '../helpers/start-server.ts';

let sandbox: Sandbox;
let server: RunningServer;
/** The questions that were asked. */
const questions: string[] = [];
beforeAll(async () => {
  sandbox = await startSandbox({ seed: 'small', runSeconds: 0.2 });
  server = await startServer({
    sandbox,
    access: 'read-write',
    onElicit: ({ message }) => {
      questions.push(message);
      return { action: 'accept', content: { confirm: true } };
    },
  });
});
afterAll(async () => {
  await server.close();
  await sandbox.close();
});

function user(userName: string) {
  const found = sandbox.world.state.users.find((known) => known.userName === userName);
  if (!found) throw new Error(`there is no ${userName}`);
  return found;
}

async function notesOf(tool: string, args: Readonly<Record<string, unknown>>): Promise<readonly string[]> {
  const { isError, structured, text } = await callTool(server, tool, args);
  expect([tool, isError, isError ? text : '']).toEqual([tool, false, '']);
  const notes = (structured['notes'] ?? []) as readonly string[];
  for (const note of notes) expect(text).toContain(`Note: ${note}`);
  return notes.filter((note) => note.startsWith('Caution: '));
}

test('a change of a directory user is answered with what the next synchronisation does to it', async () => {
  Object.assign(user('amira'), { authentication: 'directoryServices', distinguishedName: 'CN=Amira Okoye,DC=example,DC=com' });
  expect(await notesOf('set_user_full_name', { userName: 'amira', fullName: 'Amira Miller' })).toEqual([
    'Caution: amira comes from the directory: the next synchronisation can set the name back, so change it in the directory too.',
  ]);
  expect(await notesOf('rename_user', { oldUserName: 'amira', newUserName: 'amira.miller' })).toEqual(
    expect.arrayContaining([
      'Caution: amira comes from the directory: unless the name is changed there first, the next synchronisation makes an account amira again. The login follows the directory.',
    ]),
  );
  await callTool(server, 'rename_user', { oldUserName: 'amira.miller', newUserName: 'amira' });
  Object.assign(user('amira'), { authentication: 'integrated', distinguishedName: null });
  expect(await notesOf('set_user_full_name', { userName: 'amira', fullName: 'Amira Okoye' })).toEqual([]);
});

test('a right on an archive that does not exist is answered, and asked, with that', async () => {
  const sentence = 'There is no archive of this name now; the rights hold as soon as there is one.';
  sandbox.world.state.users.push({ ...structuredClone(user('amira')), userName: 'newcomer', emailAddresses: [], privilegesOnFolders: [] });
  expect(await notesOf('set_user_privileges_on_folder', { userName: 'newcomer', folder: 'newcomer', privileges: ['read'] })).toEqual([
    `Caution: ${sentence}`,
  ]);
  questions.length = 0;
  expect(await notesOf('set_user_privileges_on_folder', { userName: 'johndoe', folder: 'newcomer', privileges: ['read'] })).toEqual([
    `Caution: ${sentence}`,
  ]);
  // The question says it once.
  expect(questions[0]?.split(sentence)).toHaveLength(2);
});

test('an address that another user has is answered and asked with its owner', async () => {
  const [address = ''] = user('amira').emailAddresses;
  questions.length = 0;
  const said = await notesOf('set_user_email_addresses', {
    userName: 'johndoe',
    emailAddresses: [...user('johndoe').emailAddresses, address],
  });
  expect(said).toEqual([`Caution: ${address} belongs to amira now.`]);
  expect(questions[0]).toContain(`${address} belongs to amira now.`);
});

test('the last administrator with API login is pointed out in the question', async () => {
  for (const account of sandbox.world.state.users) {
    if (account.userName !== 'admin') account.loginPrivileges = account.loginPrivileges.filter((word) => word !== 'api');
  }
  const declining = await startServer({
    sandbox,
    access: 'read-write',
    onElicit: ({ message }) => {
      questions.push(message);
      return { action: 'decline' };
    },
  });
  questions.length = 0;
  await callTool(declining, 'set_user_login_privileges', { userName: 'admin', loginPrivileges: ['web'] });
  await declining.close();
  expect(questions[0]).toContain(
    'Caution: admin is the last administrator who can log in to the Management API: after this, no account administers the archive through it.',
  );
});

test('a new current store is answered with the one that it demotes', async () => {
  const current = sandbox.world.state.stores.find(({ requestedState }) => requestedState === 'current');
  const place = 'D:\\MailStore\\Rotated';
  const args = {
    name: 'Rotated',
    type: 'FileSystemInternal',
    databasePath: place,
    contentPath: place,
    indexPath: place,
    requestedState: 'current',
  };
  expect(await notesOf('create_store', args)).toEqual([
    `Caution: Store ${current?.id} "${current?.name}" is current now and becomes normal.`,
  ]);
});

test('a job that runs in a few minutes and an archive that a profile writes to are pointed out', async () => {
  const job = sandbox.world.state.jobs.find(({ enabled }) => enabled);
  if (!job) throw new Error('there is no job');
  job.nextStartDateTimeUtc = new Date(Date.now() + 4.5 * 60_000).toISOString().slice(0, 19);
  const warned = await notesOf('rename_job', { id: job.id, name: 'Renamed' });
  expect(warned).toEqual([expect.stringMatching(/^Caution: Job \d+ ".+" runs next in [45] minutes\.$/)]);
  const writer = sandbox.world.state.profiles.find(({ details }) => details['targetUserFolder'] !== undefined);
  const archive = String(writer?.details['targetUserFolder']);
  sandbox.world.state.folders.push(archive);
  const said = await notesOf('move_folder', { fromFolder: archive, toFolder: `${archive}.old` });
  expect(said).toContain(
    `Caution: The archiving profile ${writer?.name} still writes to the archive ${archive}, and the next run opens it again.`,
  );
});
