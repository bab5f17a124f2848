import { describe, expect, test } from 'vitest';
import { toShownText } from '../../src/catalogue/drifting.ts';
import { apiAdministrator, describeLastAdministrator } from '../../tools/account-cautions.ts';
import * as users from '../../tools/users.ts';

const args = { userName: 'amira' };
const amira = {
  userName: 'amira',
  fullName: 'Amira Okoye',
  distinguishedName: null,
  authentication: 'integrated',
  mfaStatus: 'Enabled',
  emailAddresses: ['amira@example.com'],
  pop3UserNames: [],
  privileges: ['login', 'export'],
  loginPrivileges: ['windows', 'web'],
  privilegesOnFolders: [{ folder: 'amira', privileges: ['read'] }],
};
const { privilegesOnFolders: _rights, ...withoutRights } = amira;
/** What the 2012 edition shows of a user. */
const amira2012 = { userName: 'amira', fullName: 'Amira Okoye', authentication: 'integrated', privileges: ['login'] };

describe('what a person is asked', () => {
  test('the question before a user is deleted names what is lost and that the mail stays', () => {
    const { question } = users.deleteUser;
    const found = { user: { ...amira, authentication: 'directoryServices' }, archive: { name: 'amira' } };
    expect([question?.object(args, found), toShownText(question?.consequence(args, found) ?? '')]).toEqual([
      'user amira (Amira Okoye)',
      'The account is deleted for good, with its password, settings, rights and privileges (login, export). ' +
        'The user has rights on 1 archive now: amira (read). ' +
        'The archive amira stays, with its mail. ' +
        'If the user is still in the directory, the next synchronisation makes a new account.',
    ]);
    expect([question?.object(args, {}), toShownText(question?.consequence(args, {}) ?? '')]).toEqual([
      'user amira',
      'The account is deleted for good, with its password, settings, rights and privileges. Archived mail stays.',
    ]);
  });

  test('the question before all rights are revoked lists them, and of many the first five', () => {
    const rights = ['amira', 'support', 'sales', 'legal', 'press', 'board', 'audit'].map((folder) => ({
      folder,
      privileges: ['read', 'write'],
    }));
    const ask = (user: unknown) => toShownText(users.clearUserPrivilegesOnFolders.question?.consequence(args, { user }) ?? '');
    const lost = 'The user loses every right on archives, the own one included; each has to be granted again by itself.';
    expect([ask({ ...amira, privilegesOnFolders: rights }), ask(withoutRights), ask(amira2012)]).toEqual([
      `${lost} The user has rights on 7 archives now: amira (read, write), support (read, write), sales (read, write), ` +
        'legal (read, write), press (read, write) and 2 more. The archives stay, with their mail.',
      `${lost} The user has no rights on archives now. The archives stay, with their mail.`,
      `${lost} The archives stay, with their mail.`,
    ]);
  });

  test('a question about multi-factor login shows its status, and who is an administrator', () => {
    const admin = { ...amira, privileges: ['admin'] };
    expect({
      initialize: toShownText(users.initializeMFA.question?.consequence(args, { user: amira }) ?? ''),
      disable: toShownText(users.disableMFA.question?.consequence(args, { user: admin }) ?? ''),
      disableUnread: toShownText(users.disableMFA.question?.consequence(args, {}) ?? ''),
      appPasswords: toShownText(users.deleteAppPasswords.question?.consequence(args, { user: amira }) ?? ''),
    }).toEqual({
      initialize:
        'Multi-factor login is turned on, and the user has to enrol at the next login. An enrolment that exists is discarded for good. ' +
        'The status of multi-factor login is Enabled now.',
      disable:
        'From now on the password alone is enough to log in. The enrolment is deleted for good. ' +
        'The status of multi-factor login is Enabled now. The user is an administrator.',
      disableUnread: 'From now on the password alone is enough to log in. The enrolment is deleted for good.',
      appPasswords:
        'All app passwords of the user are deleted for good. ' +
        'Programs that log in with one, over IMAP or in scripts, are refused until they are given a new one. ' +
        "The user's own password stays.",
    });
  });
});

describe('the inverse', () => {
  test('the inverse from a field that was empty clears it, and from a list of privileges that was empty leaves none', () => {
    const user = { ...amira, fullName: null, emailAddresses: [], privileges: [] };
    const fullName = { userName: 'amira', fullName: 'A' };
    const emailAddresses = { userName: 'amira', emailAddresses: ['a@example.com'] };
    const privileges = { userName: 'amira', privileges: ['login' as const] };
    expect([
      users.setUserFullName.inverse?.(fullName, users.setUserFullName.before?.pick(user, fullName), undefined),
      users.setUserEmailAddresses.inverse?.(emailAddresses, users.setUserEmailAddresses.before?.pick(user, emailAddresses), undefined),
      users.setUserPrivileges.inverse?.(privileges, users.setUserPrivileges.before?.pick(user, privileges), undefined),
    ]).toEqual([
      { command: 'SetUserFullName', args: { userName: 'amira', fullName: null } },
      { command: 'SetUserEmailAddresses', args: { userName: 'amira', emailAddresses: null } },
      { command: 'SetUserPrivileges', args: { userName: 'amira', privileges: ['none'] } },
    ]);
  });

  test('is not known where the old value is not shown, or is one that the command does not accept', () => {
    const identity = { userName: 'amira', distinguishedName: null };
    const authentication = { userName: 'amira', authentication: 'integrated' as const };
    const addresses = { userName: 'amira', emailAddresses: null };
    expect([
      users.setUserDistinguishedName.inverse?.(identity, users.setUserDistinguishedName.before?.pick(amira2012, identity), undefined),
      users.setUserAuthentication.inverse?.(authentication, { userName: 'amira', authentication: 'Standard' }, undefined),
      users.setUserEmailAddresses.inverse?.(addresses, { userName: 'amira', emailAddresses: ['"Okoye, A"@example.com'] }, undefined),
      users.setUserFullName.inverse?.({ userName: 'amira', fullName: 'A' }, undefined, undefined),
    ]).toEqual([undefined, undefined, undefined, undefined]);
  });

  test('the inverse from a right on an archive is the old right, or none where there was none and the answer would show it', () => {
    const { before, inverse } = users.setUserPrivilegesOnFolder;
    const back = (user: unknown, folder: string) => {
      const call = { userName: 'amira', folder, privileges: ['write' as const] };
      return inverse?.(call, before?.pick(user, call), undefined)?.args;
    };
    expect([
      back(amira, 'amira'),
      back(amira, 'Amira'),
      back(amira, 'sales'),
      back(withoutRights, 'amira'),
      back(amira2012, 'amira'),
    ]).toEqual([
      { userName: 'amira', folder: 'amira', privileges: ['read'] },
      { userName: 'amira', folder: 'Amira', privileges: ['read'] },
      { userName: 'amira', folder: 'sales', privileges: ['none'] },
      { userName: 'amira', folder: 'amira', privileges: ['none'] },
      undefined,
    ]);
  });

  test('the inverse from revoking all rights is one call, and so only from a single right', () => {
    const { before, inverse } = users.clearUserPrivilegesOnFolders;
    const back = (user: unknown) => inverse?.(args, before?.pick(user, args), undefined);
    const two = [...amira.privilegesOnFolders, { folder: 'sales', privileges: ['read'] }];
    expect([back(amira), back({ ...amira, privilegesOnFolders: two }), back(withoutRights), back(amira2012)]).toEqual([
      { command: 'SetUserPrivilegesOnFolder', args: { userName: 'amira', folder: 'amira', privileges: ['read'] } },
      undefined,
      undefined,
      undefined,
    ]);
  });

  test('the inverse from a new user deletes it, and from one that was there does nothing', () => {
    const call = { userName: 'amira', privileges: ['login' as const] };
    const row = { userName: 'amira', fullName: null, distinguishedName: null };
    expect([users.createUser.inverse?.(call, undefined, row), users.createUser.inverse?.(call, row, row)]).toEqual([
      { command: 'DeleteUser', args: { userName: 'amira' } },
      undefined,
    ]);
  });

  test('the inverse from a new name finds the user under either', () => {
    const { before, inverse } = users.renameUser;
    const call = { oldUserName: 'amira', newUserName: 'amira.okoye' };
    const [was, is] = ['amira', 'amira.okoye'].map((userName) => before?.pick([{ userName: 'admin' }, { userName, fullName: 'A' }], call));
    expect([was, is, inverse?.(call, was, is), inverse?.(call, was, was)]).toEqual([
      { userName: 'amira' },
      { userName: 'amira.okoye' },
      { command: 'RenameUser', args: { oldUserName: 'amira.okoye', newUserName: 'amira' } },
      undefined,
    ]);
  });

  test('the inverse from turning multi-factor login on is turning it off, unless an enrolment was discarded', () => {
    const back = (mfaStatus?: string) => users.initializeMFA.inverse?.(args, { userName: 'amira', mfaStatus }, undefined);
    expect([back('Disabled'), back('Enabled'), back()]).toEqual([
      { command: 'DisableMFA', args: { userName: 'amira' } },
      undefined,
      undefined,
    ]);
  });

  test('a change of what is no longer known has no inverse', () => {
    const { setUserPassword, disableMFA, deleteAppPasswords, deleteUser } = users;
    expect([setUserPassword, disableMFA, deleteAppPasswords, deleteUser].map(({ irreversible }) => irreversible)).toEqual([
      'The old password is not kept anywhere that can be read.',
      'The enrolment is deleted, and only the user can enrol again.',
      'The deleted app passwords are kept nowhere, so new ones have to be made.',
      'A new account of the same name lacks the password, the settings and the rights of the deleted one.',
    ]);
  });
});

describe('the last administrator who can log in to the API', () => {
  const administrator = { privileges: ['admin'], loginPrivileges: ['api'] };
  const accounts = new Map<string, object>([
    ['boss', administrator],
    ...Array.from({ length: 9998 }, (_, index) => [`user${index}`, {}] as const),
  ]);
  const find = async (userName: string, login: string, more: Readonly<Record<string, object>> = {}, mayGoOn = () => true) => {
    const all = new Map([...accounts, ...Object.entries(more)]);
    let reads = 0;
    const read = async (command: string, args: Readonly<Record<string, unknown>> = {}) => {
      if (command === 'GetUsers') return [...all.keys()].map((name) => ({ userName: name }));
      reads += 1;
      return all.get(String(args['userName']));
    };
    return { finding: await apiAdministrator.search({ userName }, read, login, mayGoOn), reads };
  };

  test('is found among 10,000 accounts, and not taken for one where another one is', async () => {
    expect((await find('boss', 'boss', { last: {} })).finding).toBe('only');
    expect((await find('boss', 'boss', { zoe: administrator })).finding).toBe('one of several');
    expect((await find('user1', 'boss')).finding).toBe('none');
  });

  test('is not looked for where the account of this server is another one, or one is called administrator', async () => {
    expect(await find('boss', 'svc-mcp', { 'svc-mcp': administrator })).toMatchObject({ finding: 'one of several', reads: 9 });
    expect(await find('boss', 'boss', { 'it.admin': administrator })).toMatchObject({ finding: 'one of several', reads: 9 });
  });

  test('is said to be unknown where the time was up before one was found', async () => {
    let batches = 0;
    const { finding, reads } = await find('boss', 'boss', {}, () => ++batches <= 3);
    expect(reads).toBe(25);
    expect(toShownText(describeLastAdministrator('boss', finding) ?? '')).toBe(
      'Whether an administrator other than boss can log in to the Management API is not known: of 24 of 9998 other accounts that were looked at, none can.',
    );
  });
});
