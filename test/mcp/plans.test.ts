import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { CommandFailure } from '../../src/emulation/world.ts';
import { startSandbox, type Sandbox } from '../../src/sandbox/sandbox.ts';
import { commandNamed } from '../helpers/start-client.ts';
import { callTool, startServer, untilTestEnds, type RunningServer, type ServerOptions } from '../helpers/start-server.ts';

type Row = Readonly<Record<string, unknown>>;

let sandbox: Sandbox;
const questions: string[] = [];

beforeEach(async () => {
  sandbox = untilTestEnds(await startSandbox({ seed: 'small', runSeconds: 0.2 }));
  questions.length = 0;
});

async function start(options: Partial<ServerOptions> = {}): Promise<RunningServer> {
  return untilTestEnds(
    await startServer({
      sandbox,
      access: 'full',
      onElicit: ({ message }) => {
        questions.push(message);
        return { action: 'accept', content: { confirm: true } };
      },
      ...options,
    }),
  );
}

function user(userName: string) {
  return sandbox.world.state.users.find((known) => known.userName === userName);
}

/** The changing commands in the audit, in their order, with their outcomes. */
function listChanges({ stateDir }: RunningServer): readonly string[] {
  const lines = readFileSync(join(stateDir, 'audit.jsonl'), 'utf8').trim().split('\n');
  return lines
    .map((line) => JSON.parse(line) as Row)
    .filter(({ effect, outcome }) => effect !== undefined && effect !== 'read' && outcome !== undefined && outcome !== 'sent')
    .map(({ command, outcome }) => `${String(command)} ${String(outcome)}`);
}

test('a plan shows its steps and changes nothing; its id runs exactly these, each with its own line, after one question', async () => {
  const server = await start();
  Object.assign(user('amira') ?? {}, {
    privileges: ['login', 'export'],
    privilegesOnFolders: [
      { folder: 'amira', privileges: ['read', 'write'] },
      { folder: 'johndoe', privileges: ['read'] },
    ],
  });
  const before = structuredClone(sandbox.world.state.users);
  const plan = await callTool(server, 'offboard_user', { userName: 'amira', successor: 'johndoe' });
  expect(plan.isError).toBe(false);
  expect((plan.structured['steps'] as Row[]).map(({ tool }) => tool)).toEqual([
    'set_user_login_privileges',
    'set_user_privileges',
    'delete_app_passwords',
    'set_user_privileges_on_folder',
    'set_user_privileges_on_folder',
  ]);
  expect(sandbox.world.state.users).toEqual(before);
  expect(questions).toEqual([]);
  const run = await callTool(server, 'offboard_user', { planId: plan.structured['planId'] });
  expect([run.isError, run.text]).toEqual([false, expect.stringContaining('all 5 steps done.')]);
  expect(questions).toHaveLength(1);
  expect(questions[0]).toContain('3. Delete the app passwords of amira (delete_app_passwords)');
  expect(questions[0]).toContain('All app passwords of the user are deleted for good.');
  expect(user('amira')).toMatchObject({
    privileges: ['none'],
    loginPrivileges: ['none'],
    appPasswords: 0,
    privilegesOnFolders: [{ folder: 'amira' }],
  });
  expect(user('johndoe')?.privilegesOnFolders).toContainEqual({ folder: 'amira', privileges: ['read'] });
  expect(listChanges(server)).toEqual([
    'SetUserLoginPrivileges succeeded',
    'SetUserPrivileges succeeded',
    'DeleteAppPasswords succeeded',
    'SetUserPrivilegesOnFolder succeeded',
    'SetUserPrivilegesOnFolder succeeded',
  ]);
  expect(run.structured['putBack']).toMatch(
    /^revert_change with number \d+(?:, then \d+)+ puts back what was done\. These cannot be put back by a call: Delete the app passwords of amira\.$/,
  );
  const again = await callTool(server, 'offboard_user', { userName: 'amira', successor: 'johndoe', planId: plan.structured['planId'] });
  expect([again.isError, again.text]).toEqual([true, expect.stringContaining('The plan is stale')]);
});

test('a plan is stale when what it read has changed, for other arguments, and under an id that was not issued', async () => {
  const server = await start();
  const args = { userName: 'amira', newUserName: 'amira.miller' };
  const { structured } = await callTool(server, 'rename_person', args);
  const planId = String(structured['planId']);
  const attempt = async (given: Row) => (await callTool(server, 'rename_person', given)).text;
  expect(await attempt({ ...args, newUserName: 'amira.mueller', planId })).toContain('The plan is stale');
  expect(await attempt({ ...args, planId: `${planId.slice(0, -1)}${planId.endsWith('A') ? 'B' : 'A'}` })).toContain('The plan is stale');
  expect(await attempt({ planId: 'unknown' })).toContain('The plan is stale');
  user('johndoe')?.privilegesOnFolders.push({ folder: 'amira', privileges: ['read'] });
  expect(await attempt({ ...args, planId })).toContain('The plan is stale');
  expect(user('amira')).toBeDefined();
  expect(listChanges(server)).toEqual([]);
});

test('a renamed person keeps archive, rights, and the rights of others on it', async () => {
  const server = await start();
  Object.assign(user('amira') ?? {}, { privilegesOnFolders: [{ folder: 'amira', privileges: ['read', 'write'] }] });
  user('johndoe')?.privilegesOnFolders.push({ folder: 'amira', privileges: ['read'] });
  const args = { userName: 'amira', newUserName: 'amira.miller', fullName: 'Amira Miller', newEmailAddress: 'amira.miller@example.com' };
  const addresses = user('amira')?.emailAddresses ?? [];
  const plan = await callTool(server, 'rename_person', args);
  // What other steps of the plan take care of is no caution.
  for (const settled of ['without move_folder', 'There is a user amira', 'There is no archive of this name now'])
    expect(plan.text).not.toContain(settled);
  const run = await callTool(server, 'rename_person', { ...args, planId: plan.structured['planId'] });
  expect([run.isError, run.isError ? run.text : '']).toEqual([false, '']);
  expect(user('amira')).toBeUndefined();
  expect(user('amira.miller')).toMatchObject({
    fullName: 'Amira Miller',
    emailAddresses: ['amira.miller@example.com', ...addresses],
    privilegesOnFolders: [{ folder: 'amira.miller', privileges: ['read', 'write'] }],
  });
  expect(user('johndoe')?.privilegesOnFolders.filter(({ folder }) => folder.startsWith('amira'))).toEqual([
    { folder: 'amira.miller', privileges: ['read'] },
  ]);
  expect(sandbox.world.state.folders.filter((folder) => folder === 'amira' || folder.startsWith('amira/'))).toEqual([]);
});

test('a plan stops at the first step that fails, and says what was done, what was not, and how to put it back', async () => {
  const server = await start();
  const args = { userName: 'jane.roe', fullName: 'Jane Roe', emailAddresses: ['jane.roe@example.com'], readArchives: ['amira'] };
  const plan = await callTool(server, 'onboard_user', args);
  expect(plan.text).toContain('Create the account jane.roe (Jane Roe) with a generated password (create_user)');
  sandbox.faults.add('status-503:1@*/SetUserEmailAddresses');
  const run = await callTool(server, 'onboard_user', { ...args, planId: plan.structured['planId'] });
  expect(run.isError).toBe(true);
  expect(run.structured).toMatchObject({
    done: [{ number: 1, does: 'Create the account jane.roe (Jane Roe) with a generated password' }],
    failed: { number: 2, tool: 'set_user_email_addresses', error: expect.stringContaining('503') as unknown },
    notDone: [{ number: 3 }, { number: 4, arguments: { userName: 'jane.roe', folder: 'amira', privileges: ['read'] } }],
    next: 'Mend the cause, then call the tools of step 2 and of those after it with their arguments; or put back what was done and plan again.',
    putBack: expect.stringMatching(/^revert_change with number \d+ puts back what was done\.$/) as unknown,
  });
  expect(user('jane.roe')).toMatchObject({ emailAddresses: [] });
});

test('a step does not run where what it changes was changed since the plan was shown, and says what', async () => {
  const server = await start({
    onElicit: () => {
      Object.assign(user('amira') ?? {}, { privileges: ['login'] });
      return { action: 'accept', content: { confirm: true } };
    },
  });
  Object.assign(user('amira') ?? {}, { privileges: ['login', 'export'] });
  const plan = await callTool(server, 'offboard_user', { userName: 'amira' });
  const run = await callTool(server, 'offboard_user', { planId: plan.structured['planId'] });
  expect(run.isError).toBe(true);
  expect(run.structured).toMatchObject({
    done: [],
    failed: {
      number: 1,
      error:
        'set_user_login_privileges was not called: what the plan changes is no longer as it was shown: it was {"privileges":["login","export"]}, and now it is {"privileges":["login"]}. Plan again, and look at the steps.',
    },
    notDone: [{ number: 2 }, { number: 3 }],
  });
  expect(user('amira')).toMatchObject({ privileges: ['login'], loginPrivileges: ['windows', 'web'] });
  expect(listChanges(server)).toEqual([]);
});

describe('a plan does not begin', () => {
  test('a plan does not begin where its question is declined', async () => {
    const server = await start({ onElicit: () => ({ action: 'decline' }) });
    const plan = await callTool(server, 'offboard_user', { userName: 'amira' });
    const run = await callTool(server, 'offboard_user', { planId: plan.structured['planId'] });
    expect(run.isError).toBe(true);
    expect(listChanges(server)).toEqual([]);
  });

  test('a plan does not begin where the access refuses one of its steps, and says which', async () => {
    const server = await start({ access: 'read-write' });
    const plan = await callTool(server, 'offboard_user', { userName: 'amira' });
    expect(plan.structured['planId']).toBeUndefined();
    expect(plan.text).toContain('It cannot run here: step 3 is refused by the access of this server.');
    const without = await callTool(server, 'offboard_user', { userName: 'amira', deleteAppPasswords: false });
    expect(without.structured['planId']).toBeDefined();
  });

  test.each([
    ['onboard_user', { userName: 'amira' }, 'There is a user amira already'],
    ['offboard_user', { userName: 'ghost' }, 'The account ghost could not be read'],
    ['rename_person', { userName: 'amira', newUserName: 'johndoe' }, 'There is a user johndoe already.'],
    ['rotate_store', { name: '2025' }, 'There is a store 2025 already'],
  ])('a plan does not begin where there is nothing to plan: %s %j', async (tool, args, message) => {
    const server = await start();
    const { isError, text } = await callTool(server, tool, args);
    expect([isError, text]).toEqual([true, expect.stringContaining(message)]);
  });
});

test('a rotation makes a new current store next to the old one', async () => {
  const server = await start();
  const current = sandbox.world.state.stores.find(({ requestedState }) => requestedState === 'current');
  const plan = await callTool(server, 'rotate_store', { name: '2027' });
  expect(plan.text).toContain(`Store ${current?.id} "${current?.name}" is current now and becomes normal.`);
  const run = await callTool(server, 'rotate_store', { name: '2027', planId: plan.structured['planId'] });
  expect([run.isError, run.isError ? run.text : '']).toEqual([false, '']);
  expect(sandbox.world.state.stores.filter(({ requestedState }) => requestedState === 'current').map(({ name }) => name)).toEqual(['2027']);
});

test('a plan that would write the mask of a secret back is refused before any step runs', async () => {
  const server = await start();
  const before = structuredClone(user('johndoe'));
  await callTool(server, 'create_user', { userName: 'new.user', privileges: ['login'], password: 'example.com' });
  const plan = await callTool(server, 'rename_person', { userName: 'johndoe', newUserName: 'jdoe', newEmailAddress: 'jd@example.org' });
  expect([plan.isError, plan.text]).toEqual([true, expect.stringContaining('the text of a secret')]);
  expect(user('johndoe')).toEqual(before);
});

test('a plan of more steps than a person reviews is refused before anything is read for them', async () => {
  const server = await start();
  const requests = sandbox.requests.length;
  const readArchives = Array.from({ length: 200 }, (_, index) => `archive ${index}`);
  const plan = await callTool(server, 'onboard_user', { userName: 'new.user', readArchives });
  expect([plan.isError, plan.text]).toEqual([true, expect.stringContaining('202 steps')]);
  expect(sandbox.requests.length - requests).toBeLessThan(10);
});

/** Has the sandbox answer a command in another way for the rest of the test. */
function answerWith(command: string, answer: (args: Row) => unknown): void {
  const spy = vi.spyOn(commandNamed(command), 'emulate').mockImplementation((_world, args) => answer(args));
  onTestFinished(() => spy.mockRestore());
}

test('a plan waits for a step that becomes a task, and goes on after its success alone', async () => {
  const server = await start();
  const fullName = 'Amira Miller';
  answerWith('RenameUser', function* ({ oldUserName, newUserName }) {
    yield { percent: 10, text: 'Renaming' };
    Object.assign(user(String(oldUserName)) ?? {}, { userName: newUserName });
    return null;
  });
  const plan = await callTool(server, 'rename_person', { userName: 'amira', newUserName: 'amira.miller', fullName });
  const run = await callTool(server, 'rename_person', { planId: plan.structured['planId'] });
  expect([run.isError, run.isError ? run.text : '']).toEqual([false, '']);
  expect(user('amira.miller')).toMatchObject({ fullName });
  // revert_change of all that putBack names leads back to where it began.
  const numbers = (/^revert_change with number ([\d, then]+) puts/.exec(String(run.structured['putBack']))?.[1] ?? '').split(', then ');
  vi.restoreAllMocks();
  for (const number of numbers) {
    const back = await callTool(server, 'revert_change', { number: Number(number) });
    expect([back.isError, back.isError ? back.text : '']).toEqual([false, '']);
  }
  expect(user('amira')).toMatchObject({ fullName: 'Amira Okoye', privilegesOnFolders: [{ folder: 'amira' }] });
});

test('a plan stops where a step becomes a task that fails, and claims neither the step nor those after it', async () => {
  const server = await start();
  answerWith('SetUserLoginPrivileges', function* () {
    yield { percent: 10, text: 'Working' };
    throw new CommandFailure('The user database is locked.');
  });
  const before = structuredClone(user('amira'));
  const plan = await callTool(server, 'offboard_user', { userName: 'amira' });
  const run = await callTool(server, 'offboard_user', { planId: plan.structured['planId'] });
  expect(run.isError).toBe(true);
  expect(run.structured).toMatchObject({
    done: [],
    failed: {
      number: 1,
      error: expect.stringContaining(
        'which ended as failed (MailStore could not run SetUserLoginPrivileges: The user database is locked.)',
      ) as unknown,
    },
    notDone: [{ number: 2 }, { number: 3 }],
  });
  expect(user('amira')).toEqual(before);
});

describe('an account of which it is not known what it may do', () => {
  const unknown: Row = { userName: 'amira', privileges: 7, loginPrivileges: { all: true }, privilegesOnFolders: 'all', emailAddresses: [] };
  const answerFor = (shown: Row) =>
    answerWith('GetUserInfo', ({ userName }) => (userName === 'amira' ? shown : structuredClone(user(String(userName)))));

  test.each([
    ['offboard_user', { userName: 'amira' }, 'What amira may do is shown in an unknown form'],
    ['onboard_user', { userName: 'new.user', like: 'amira' }, 'The rights of amira on archives are not shown, or in an unknown form'],
    ['rename_person', { userName: 'johndoe', newUserName: 'jdoe' }, 'Not every account and archive could be read'],
    ['rename_person', { userName: 'amira', newUserName: 'am' }, 'The account amira could not be read'],
  ])('an account of unknown rights has no plan: %s %j', async (tool, args, message) => {
    const server = await start();
    answerFor(unknown);
    const { isError, text } = await callTool(server, tool, args);
    expect([isError, text]).toEqual([true, expect.stringContaining(message)]);
  });

  test('rights of an unknown form are no rights that are not there: access_report and user_audit say so', async () => {
    const server = await start();
    answerFor({ ...structuredClone(user('amira')), privilegesOnFolders: [{ folder: 'amira', privileges: 3 }] });
    const folder = await callTool(server, 'access_report', { folder: 'amira' });
    expect(folder.structured['headline']).toContain('0 accounts can open the archive amira, as far as could be read;');
    expect(folder.structured['notLookedAt']).toContain('The rights of 1 account: this server does not show them.');
    const reach = await callTool(server, 'access_report', { userName: 'amira' });
    expect(reach.structured['headline']).toContain('amira can open 0 archives as far as this server shows');
    const audit = await callTool(server, 'user_audit');
    expect(audit.structured['notLookedAt']).toContain(
      'Rights on archives and the clients of logins of 1 account: this server does not show them.',
    );
    expect(JSON.stringify(audit.structured['findings'])).not.toContain('which see no mail');
    const plan = await callTool(server, 'offboard_user', { userName: 'amira' });
    expect((plan.structured['notes'] as string[])[0]).toContain('This server does not show rights on archives of others');
  });

  test('an account of an unknown form counts as one that could not be read', async () => {
    const server = await start();
    answerFor(unknown);
    const folder = await callTool(server, 'access_report', { folder: 'amira' });
    expect(folder.structured['headline']).toContain('0 accounts can open the archive amira, as far as could be read;');
    expect(folder.structured['headline']).toContain('3 of 4 accounts looked at');
    const alone = await callTool(server, 'access_report', { userName: 'amira' });
    expect(alone.structured['headline']).toBe('The account amira could not be read.');
  });
});

test('in the form of 2012, which shows neither clients nor rights, plans say what they leave and reports do not call two users alike', async () => {
  const server = await start({ api: 'legacy' });
  const offboard = await callTool(server, 'offboard_user', { userName: 'amira' });
  expect((offboard.structured['notes'] as string[])[0]).toContain(
    'This server does not show the clients of the login and rights on archives of others, so these are not taken away',
  );
  const rename = await callTool(server, 'rename_person', { userName: 'johndoe', newUserName: 'jdoe' });
  expect(rename.text).toContain('This server does not show the rights of 4 of 4 accounts');
  const onboard = await callTool(server, 'onboard_user', { userName: 'new.user', like: 'johndoe' });
  expect([onboard.isError, onboard.text]).toEqual([true, expect.stringContaining('are not shown')]);
  const same = await callTool(server, 'access_report', { userName: 'johndoe', compareWith: 'admin' });
  expect(same.structured['headline']).toMatch(/, as far as this server shows|differ in/);
  expect(same.structured['notLookedAt']).toContain('The rights of johndoe on archives: this server does not show them.');
});

test.each(['johndoe/Inbox', 'a\\b', '..', ' amira2', 'a\nb'])(
  'a plan makes no account with the name of another place: %j',
  async (name) => {
    const server = await start();
    const rename = await callTool(server, 'rename_person', { userName: 'amira', newUserName: name });
    expect([rename.isError, rename.text]).toEqual([true, expect.stringMatching(/^rename_person has no plan: The name/)]);
    const onboard = await callTool(server, 'onboard_user', { userName: name });
    expect([onboard.isError, onboard.text]).toEqual([true, expect.stringMatching(/^onboard_user has no plan: The name/)]);
  },
);

test('a plan does not take one of two accounts for the other whose names differ in the case of letters only', async () => {
  const server = await start();
  const amira = user('amira');
  if (!amira) throw new Error('amira is missing');
  sandbox.world.state.users.push({ ...structuredClone(amira), userName: 'Amira' });
  for (const [tool, args] of [
    ['offboard_user', {}],
    ['rename_person', { newUserName: 'am' }],
  ] as const) {
    const { isError, text } = await callTool(server, tool, { userName: 'amira', ...args });
    expect([isError, text]).toEqual([true, expect.stringContaining('differ from amira in the case of letters only (Amira)')]);
  }
});

test('a right of a colleague or an archive named twice does not take away what an earlier step gives', async () => {
  const server = await start();
  const args = { userName: 'oldcolleague', like: 'johndoe', readArchives: ['amira', 'AMIRA', 'OldColleague'] };
  const plan = await callTool(server, 'onboard_user', args);
  expect((plan.structured['steps'] as Row[]).slice(1).map((step) => step['arguments'])).toEqual([
    { userName: 'oldcolleague', folder: 'oldcolleague', privileges: ['read', 'write'] },
    { userName: 'oldcolleague', folder: 'amira', privileges: ['read'] },
  ]);
  const inside = await callTool(server, 'onboard_user', { userName: 'new.user', readArchives: ['johndoe/Inbox'] });
  expect([inside.isError, inside.text]).toEqual([true, expect.stringContaining('johndoe/Inbox, which is no archive')]);
});

test('a plan says who has rights on the new name already', async () => {
  const server = await start();
  user('johndoe')?.privilegesOnFolders.push({ folder: 'amira.miller', privileges: ['read'] });
  const plan = await callTool(server, 'rename_person', { userName: 'amira', newUserName: 'amira.miller' });
  expect(plan.structured['notes']).toContain(
    'Rights on the name amira.miller are there already, and open the archive to johndoe once it has that name.',
  );
});

test('a plan that would take the login of the server before its last step is refused', async () => {
  const server = await start();
  const plan = await callTool(server, 'offboard_user', { userName: 'admin' });
  expect([plan.isError, plan.text]).toEqual([true, expect.stringContaining('can take the login of this server (admin)')]);
});

test.each([
  [{ name: '..' }, 'give folder'],
  [{ name: '2027.' }, 'give folder'],
  [{ name: 'con' }, 'give folder'],
  [{ name: '2027', folder: 'd:/mailstore/2026/' }, 'is that of the store 2026'],
])('a rotation puts no store where Windows or another store has its own: %j', async (args, message) => {
  const server = await start();
  const { isError, text } = await callTool(server, 'rotate_store', args);
  expect([isError, text]).toEqual([true, expect.stringContaining(message)]);
});

test('the question of a plan warns of every step, and of nothing that another step takes care of', async () => {
  const server = await start();
  const args = { userName: 'amira', newUserName: 'amira.miller', fullName: 'Amira Miller' };
  const plan = await callTool(server, 'rename_person', args);
  await callTool(server, 'rename_person', { ...args, planId: plan.structured['planId'] });
  expect(questions[0]).toMatch(
    /Set the full name to Amira Miller \(set_user_full_name\)\n {3}Caution: .*synchronisation can set the name back/,
  );
  expect(questions[0]).not.toContain('There is a user amira');
});

test('a hidden character in a name is shown once in the text of a plan, in the form that a call takes back', async () => {
  const server = await start();
  Object.assign(user('amira') ?? {}, { privilegesOnFolders: [{ folder: 'x\u202Ey', privileges: ['read'] }] });
  const plan = await callTool(server, 'offboard_user', { userName: 'amira' });
  expect(plan.text).toContain('Take the rights on the archive x[U+202E]y from amira');
});

test('the id of another plan is stale, and runs nothing', async () => {
  const server = await start();
  const plan = await callTool(server, 'offboard_user', { userName: 'amira' });
  const { text } = await callTool(server, 'rename_person', { planId: plan.structured['planId'] });
  expect(text).toContain('The plan is stale');
});
