import * as z from 'zod';
import { defineCommand } from '../src/catalogue/define-command.ts';
import * as f from '../src/catalogue/fields.ts';
import { pickFields, readRow, findRow, readRows } from '../src/base/rows.ts';
import { joinSentences } from '../src/catalogue/phrases.ts';
import { anything, guess, describeList, nothing, record } from '../src/catalogue/outputs.ts';
import { isOwnLogin, listRisks } from '../src/catalogue/risk.ts';
import { defaultLoginPrivileges, requireApiOnlyForAdministrators, updateUser } from '../src/emulation/users.ts';
import { CommandFailure, getArchive } from '../src/emulation/world.ts';
import {
  apiAdministrator,
  archivingProfiles,
  describeLastAdministrator,
  describeRecreation,
  describeWriters,
  directoryAccount,
  isFromDirectory,
  resetBySync,
} from './account-cautions.ts';
import {
  words,
  theUser,
  accountNamed,
  wholeUser,
  identities,
  mfaStatus,
  archiveNames,
  hasArchive,
  takenFromOthers,
  takenInWords,
  grantRights,
  readRights,
  givesPower,
  hasWord,
  isOnlyWord,
  givesApiLogin,
  API_LOGIN,
  describePower,
  mayBeAdministrator,
  describeAdministrator,
  describeField,
  isOwnArchive,
  otherArchives,
  describeTakeOver,
  isIdentityTaken,
  replacesField,
  rightsInWords,
  describeRights,
  readWords,
  nameUser,
  describeAccount,
  describeMfa,
} from './describe-user.ts';

const group = 'users';
const editions = ['server', 'spe'] as const;

const clearableText = f.text().nullable().describe('null clears.');
const addressList = z.array(f.emailAddress()).min(1).nullable().describe('The complete new list, primary first; null removes all.');
const pop3NameList = z.array(f.listEntry()).min(1).nullable().describe('The complete new list; null removes all.');

const NO_ARCHIVE = 'There is no archive of this name now; the rights hold as soon as there is one.';

export const getUsers = defineCommand({
  name: 'GetUsers',
  title: 'List users',
  summary: 'Lists user accounts: login name, full name, directory identity, MFA status. Rights and e-mail addresses: get_user_info.',
  group,
  editions,
  effect: 'read',
  input: {},
  output: describeList(
    {
      userName: z.string(),
      fullName: z.string().nullish(),
      distinguishedName: z.string().nullish(),
      mfaStatus: z.string().optional(),
    },
    {
      nouns: ['user', 'users'],
      lists: [{ names: 'user', value: 'userName', title: 'fullName' }],
      elsewhere: 'E-mail addresses and rights are in get_user_info.',
    },
  ),
  examples: [{}],
  emulate: (world) =>
    world.state.users.map(({ userName, fullName, distinguishedName, mfaStatus }) => ({ userName, fullName, distinguishedName, mfaStatus })),
});

export const getUserInfo = defineCommand({
  name: 'GetUserInfo',
  title: 'Show a user',
  summary:
    'Shows one user: login type, addresses, POP3 names, privileges, rights on archives. Administrators read everything without such a right.',
  group,
  editions,
  effect: 'read',
  input: { userName: f.userName },
  output: record({
    userName: z.string(),
    fullName: z.string().nullish(),
    distinguishedName: z.string().nullish(),
    authentication: z.string(),
    mfaStatus: z.string().optional(),
    emailAddresses: z.array(z.string()),
    pop3UserNames: z.array(z.string()).optional(),
    privileges: words,
    loginPrivileges: z.array(z.string()).optional(),
    privilegesOnFolders: z.array(z.looseObject({ folder: z.string(), privileges: z.array(z.string()) })).optional(),
  }),
  examples: [{ userName: 'johndoe' }],
  emulate: (world, { userName }) => {
    const { password: _password, appPasswords: _appPasswords, privilegesOnFolders, ...shown } = world.user(userName);
    return structuredClone({ ...shown, ...(privilegesOnFolders.length > 0 && { privilegesOnFolders }) });
  },
  emulate2012: ({ userName, fullName, authentication, emailAddresses, privileges }) => ({
    userName,
    fullName,
    authentication,
    emailAddresses,
    privileges: Array.isArray(privileges) ? privileges.join(', ') : privileges,
  }),
});

export const createUser = defineCommand({
  name: 'CreateUser',
  title: 'Create a user',
  summary:
    'Adds a user account. It sees no mail until set_user_privileges_on_folder grants an archive; addresses: set_user_email_addresses.',
  group,
  editions,
  effect: 'write',
  risks: ['grants-power', 'opens-mail'],
  risk: ({ userName, privileges, loginPrivileges, distinguishedName }, { archives, users }) =>
    listRisks({
      'grants-power': givesPower(privileges) || givesApiLogin(loginPrivileges),
      'opens-mail': hasArchive(archives, userName) || isIdentityTaken(distinguishedName, users),
    }),
  decidesFrom: { archives: archiveNames, users: identities },
  idempotent: false,
  input: {
    userName: f.userName,
    privileges: f.globalPrivileges,
    fullName: f.text().optional(),
    distinguishedName: f.text().optional(),
    authentication: f.authentication.optional().describe('Where the password is checked. Default: integrated.'),
    password: f.secret('Initial password, for integrated authentication.').optional(),
    loginPrivileges: f.loginPrivileges.optional().describe('Clients to log in with. Default: all, api for administrators only.'),
  },
  before: accountNamed,
  inverse: ({ userName }, before, after) =>
    readRow(before)['userName'] === undefined && (after === undefined || readRow(after)['userName'] === userName)
      ? { command: 'DeleteUser', args: { userName } }
      : undefined,
  question: {
    verb: () => 'Create',
    label: ({ userName }) => `Create ${userName}`,
    object: ({ userName, fullName }) => `new ${nameUser(userName, { fullName })}`,
    consequence: ({ userName, privileges, loginPrivileges, distinguishedName }, { archives, users }) =>
      joinSentences(
        describePower(privileges),
        givesApiLogin(loginPrivileges) && API_LOGIN,
        describeTakeOver(userName, archives),
        isIdentityTaken(distinguishedName, users) && 'Another account has this directory identity, or it is not known whether one has.',
      ),
  },
  output: nothing,
  examples: [
    { userName: 'jane.roe', privileges: ['login'], fullName: 'Jane Roe', password: 'Quiet-Harbour-41' },
    { userName: 'backup.operator', privileges: ['admin'], password: 'Amber-Lantern-7', loginPrivileges: ['windowsCmd', 'api'] },
  ],
  emulate: (world, args) => {
    world.requireFreeUserName(args.userName);
    if (args.loginPrivileges) requireApiOnlyForAdministrators(args.loginPrivileges, args.privileges);
    world.state.users.push({
      userName: args.userName,
      fullName: args.fullName ?? null,
      distinguishedName: args.distinguishedName ?? null,
      authentication: args.authentication ?? 'integrated',
      password: args.password ?? '',
      emailAddresses: [],
      pop3UserNames: [],
      privileges: [...args.privileges],
      loginPrivileges: [...(args.loginPrivileges ?? defaultLoginPrivileges(args.privileges))],
      privilegesOnFolders: [],
      mfaStatus: 'Disabled',
      appPasswords: 0,
    });
    world.audit('UserAdd', `User '${args.userName}' was created.`);
    return null;
  },
});

export const setUserFullName = defineCommand({
  name: 'SetUserFullName',
  title: "Set a user's full name",
  summary: "Replaces or clears a user's display name.",
  group,
  editions,
  effect: 'write',
  idempotent: true,
  input: { userName: f.userName, fullName: clearableText },
  ...replacesField('SetUserFullName', 'fullName', clearableText, null),
  cautions: resetBySync('the name'),
  output: guess(nothing),
  examples: [{ userName: 'johndoe', fullName: 'John A. Doe' }],
  emulate: (world, { userName, fullName }) => updateUser(world, userName, { fullName }),
});

export const setUserDistinguishedName = defineCommand({
  name: 'SetUserDistinguishedName',
  title: "Set a user's directory identity",
  summary: "Replaces or clears a user's LDAP distinguished name, the identity in the directory service.",
  group,
  editions,
  effect: 'write',
  risks: ['grants-power', 'opens-mail', 'locks-out'],
  risk: ({ userName, distinguishedName }, { user }, context) =>
    listRisks({
      'grants-power': distinguishedName !== null && mayBeAdministrator(user),
      'opens-mail': distinguishedName !== null,
      'locks-out': isOwnLogin(userName, context),
    }),
  decidesFrom: { user: wholeUser },
  idempotent: true,
  input: { userName: f.userName, distinguishedName: clearableText },
  ...replacesField('SetUserDistinguishedName', 'distinguishedName', clearableText, null),
  question: {
    verb: () => 'Change the directory identity of',
    label: ({ userName }) => `Change the directory identity of ${userName}`,
    object: ({ userName }, { user }) => nameUser(userName, user),
    facts: (_args, { user }) => describeAccount(user),
    consequence: ({ distinguishedName }, { user }) =>
      joinSentences(
        distinguishedName === null
          ? 'The account loses its directory identity, by which it logs in while the directory checks its password.'
          : `Anyone who has the identity ${distinguishedName} in the directory can then log in as this user and read what the user may read.`,
        describeField('directory identity', readRow(user)['distinguishedName']),
        describeAdministrator(user),
        describeRights(user),
      ),
  },
  output: guess(nothing),
  examples: [{ userName: 'johndoe', distinguishedName: 'CN=John Doe,OU=Staff,DC=example,DC=com' }],
  emulate: (world, { userName, distinguishedName }) => updateUser(world, userName, { distinguishedName }),
});

export const setUserAuthentication = defineCommand({
  name: 'SetUserAuthentication',
  title: 'Set how a user logs in',
  summary: 'Switches a user between a password kept by MailStore and login through the directory service; the wrong one locks out.',
  group,
  editions,
  effect: 'write',
  risks: ['grants-power', 'opens-mail', 'locks-out'],
  certainRisks: ['opens-mail'],
  risk: ({ userName }, { user }, context) =>
    listRisks({ 'grants-power': mayBeAdministrator(user), 'locks-out': isOwnLogin(userName, context) }),
  decidesFrom: { user: wholeUser },
  idempotent: true,
  input: { userName: f.userName, authentication: f.authentication },
  ...replacesField('SetUserAuthentication', 'authentication', f.authentication),
  question: {
    verb: () => 'Change the authentication of',
    label: ({ userName }) => `Change the authentication of ${userName}`,
    object: ({ userName }, { user }) => nameUser(userName, user),
    facts: (_args, { user }) => describeAccount(user),
    consequence: ({ authentication }, { user }) =>
      joinSentences(
        authentication === 'integrated'
          ? 'From now on the password that MailStore keeps opens the account, and the directory is no longer asked.'
          : 'From now on the directory checks the password; anyone who has the identity there opens the account.',
        describeField('directory identity', readRow(user)['distinguishedName']),
        describeAdministrator(user),
        describeRights(user),
      ),
  },
  output: guess(nothing),
  examples: [{ userName: 'amira', authentication: 'integrated' }],
  emulate: (world, { userName, authentication }) => updateUser(world, userName, { authentication }),
});

export const setUserEmailAddresses = defineCommand({
  name: 'SetUserEmailAddresses',
  title: "Set a user's e-mail addresses",
  summary: "Replaces all e-mail addresses of a user, by which new mail finds its archive; a dropped address's mail goes to the catch-all.",
  group,
  editions,
  effect: 'write',
  risks: ['opens-mail'],
  risk: (_args, { taken }) => listRisks({ 'opens-mail': !Array.isArray(taken) || taken.length > 0 }),
  decidesFrom: { taken: takenFromOthers('emailAddresses') },
  idempotent: true,
  input: { userName: f.userName, emailAddresses: addressList },
  ...replacesField('SetUserEmailAddresses', 'emailAddresses', addressList, null),
  question: {
    reads: { user: wholeUser },
    verb: () => 'Change the e-mail addresses of',
    label: ({ userName }) => `Change the e-mail addresses of ${userName}`,
    object: ({ userName }, { user }) => nameUser(userName, user),
    facts: (_args, { user }) => describeAccount(user),
    consequence: (_args, { taken }) =>
      joinSentences(
        takenInWords(taken) ?? 'Whether another user has one of these addresses could not be found out.',
        'New mail to an address goes to the archive of the user who has it, so mail for that user can be read by this one.',
      ),
  },
  cautions: {
    reads: { directoryAccount },
    list: ({ userName }, { taken, directoryAccount: account }) => [
      takenInWords(taken),
      ...resetBySync('the addresses').list({ userName }, { directoryAccount: account }),
    ],
  },
  output: guess(nothing),
  examples: [{ userName: 'johndoe', emailAddresses: ['john.doe@example.com', 'johndoe@example.com', 'jd@example.com'] }],
  emulate: (world, { userName, emailAddresses }) => updateUser(world, userName, { emailAddresses: [...(emailAddresses ?? [])] }),
});

export const setUserPop3UserNames = defineCommand({
  name: 'SetUserPop3UserNames',
  title: "Set a user's POP3 names",
  summary: 'Replaces the POP3 login names that MailStore Proxy maps to a user.',
  group,
  editions,
  effect: 'write',
  risks: ['opens-mail'],
  risk: (_args, { taken }) => listRisks({ 'opens-mail': !Array.isArray(taken) || taken.length > 0 }),
  decidesFrom: { taken: takenFromOthers('pop3UserNames') },
  idempotent: true,
  input: { userName: f.userName, pop3UserNames: pop3NameList },
  ...replacesField('SetUserPop3UserNames', 'pop3UserNames', pop3NameList, null),
  question: {
    reads: { user: wholeUser },
    verb: () => 'Change the POP3 names of',
    label: ({ userName }) => `Change the POP3 names of ${userName}`,
    object: ({ userName }, { user }) => nameUser(userName, user),
    facts: (_args, { user }) => describeAccount(user),
    consequence: (_args, { taken }) =>
      joinSentences(
        takenInWords(taken) ?? 'Whether another user has one of these names could not be found out.',
        'Mail that MailStore Proxy fetches under a POP3 name goes to the archive of the user who has it, so mail for that user can be read by this one.',
      ),
  },
  output: guess(nothing),
  examples: [{ userName: 'johndoe', pop3UserNames: ['johndoe-pop'] }],
  emulate: (world, { userName, pop3UserNames }) => {
    world.user(userName).pop3UserNames = [...(pop3UserNames ?? [])];
    world.audit('UserSetMappings', `The POP3 user names of user '${userName}' were changed.`);
    return null;
  },
});

export const setUserPassword = defineCommand({
  name: 'SetUserPassword',
  title: "Set a user's password",
  summary: "Sets a user's password; the old one cannot be restored. Not used at login while authentication is directoryServices.",
  group,
  editions,
  effect: 'write',
  risks: ['grants-power', 'locks-out'],
  risk: ({ userName }, _found, context) =>
    listRisks({
      'grants-power': !isOwnLogin(userName, context) || context.login === undefined,
      'locks-out': isOwnLogin(userName, context),
    }),
  idempotent: true,
  input: { userName: f.userName, password: f.secret('New password.') },
  irreversible: 'The old password is not kept anywhere that can be read.',
  question: {
    reads: { user: wholeUser },
    verb: () => 'Set the password of',
    label: ({ userName }) => `Set the password of ${userName}`,
    object: ({ userName }, { user }) => nameUser(userName, user),
    facts: (_args, { user }) => describeAccount(user),
    consequence: (_args, { user }) =>
      joinSentences(
        'Anyone who knows the new password can log in as this user, and the old one no longer works; it cannot be restored.',
        readRow(user)['authentication'] === 'directoryServices' &&
          'The directory checks the password now, so the new one has no effect until that changes.',
        describeAdministrator(user),
        describeRights(user),
      ),
  },
  output: guess(nothing),
  examples: [{ userName: 'johndoe', password: 'Quiet-Harbour-41' }],
  emulate: (world, { userName, password }) => {
    world.user(userName).password = password;
    world.audit('UserSetPassword', `The password of user '${userName}' was set.`);
    return null;
  },
});

export const setUserPrivileges = defineCommand({
  name: 'SetUserPrivileges',
  title: "Set a user's privileges",
  summary: 'Replaces the global privileges of a user (login, export, admin …). Rights on archives: set_user_privileges_on_folder.',
  group,
  editions,
  effect: 'write',
  risks: ['grants-power', 'locks-out'],
  risk: ({ userName, privileges }, _found, context) =>
    listRisks({ 'grants-power': givesPower(privileges), 'locks-out': isOwnLogin(userName, context) && !isOnlyWord(privileges, 'admin') }),
  idempotent: true,
  input: { userName: f.userName, privileges: f.globalPrivileges },
  ...replacesField('SetUserPrivileges', 'privileges', f.globalPrivileges, ['none']),
  question: {
    reads: { user: wholeUser },
    verb: () => 'Change the privileges of',
    label: ({ userName }) => `Change the privileges of ${userName}`,
    object: ({ userName }, { user }) => nameUser(userName, user),
    facts: (_args, { user }) => describeAccount(user),
    consequence: ({ privileges }, { user }) =>
      joinSentences(
        describePower(privileges) ?? `The user keeps no more than: ${privileges.join(', ')}.`,
        describeField('privileges', readWords(readRow(user)['privileges']).join(', ')),
      ),
  },
  cautions: {
    reads: { apiAdministrator },
    list: ({ userName, privileges }, found) => [
      privileges.includes('admin') ? undefined : describeLastAdministrator(userName, found['apiAdministrator']),
    ],
  },
  output: guess(nothing),
  examples: [{ userName: 'amira', privileges: ['login', 'export', 'changePassword'] }],
  emulate: (world, { userName, privileges }) => {
    if (!privileges.includes('admin') && world.isLastAdministrator(world.user(userName))) {
      throw new CommandFailure(`User '${userName}' is the last administrator and must keep this privilege.`);
    }
    return updateUser(world, userName, { privileges: [...privileges] });
  },
});

export const setUserLoginPrivileges = defineCommand({
  name: 'SetUserLoginPrivileges',
  title: 'Set the clients a user may use',
  summary:
    'Replaces the clients that a user may log in with; none locks the account, and keeps rights. App passwords: delete_app_passwords.',
  group,
  editions,
  since: 'between April 2023 and August 2024',
  effect: 'write',
  risks: ['grants-power', 'locks-out'],
  risk: ({ userName, loginPrivileges }, _found, context) =>
    listRisks({
      'grants-power': givesApiLogin(loginPrivileges),
      'locks-out': isOwnLogin(userName, context) && !hasWord(loginPrivileges, 'api'),
    }),
  idempotent: true,
  input: { userName: f.userName, loginPrivileges: f.loginPrivileges },
  ...replacesField('SetUserLoginPrivileges', 'loginPrivileges', f.loginPrivileges, ['none']),
  question: {
    reads: { user: wholeUser },
    verb: () => 'Change the login clients of',
    label: ({ userName }) => `Change the login clients of ${userName}`,
    object: ({ userName }, { user }) => nameUser(userName, user),
    facts: (_args, { user }) => describeAccount(user),
    consequence: ({ loginPrivileges }, { user }) =>
      joinSentences(
        givesApiLogin(loginPrivileges) ? API_LOGIN : `The user can log in with these clients and no other: ${loginPrivileges.join(', ')}.`,
        describeField('clients', readWords(readRow(user)['loginPrivileges']).join(', ')),
      ),
  },
  cautions: {
    reads: { apiAdministrator },
    list: ({ userName, loginPrivileges }, found) => [
      loginPrivileges.includes('api') ? undefined : describeLastAdministrator(userName, found['apiAdministrator']),
    ],
  },
  output: guess(nothing),
  examples: [{ userName: 'amira', loginPrivileges: ['web', 'outlook'] }],
  emulate: (world, { userName, loginPrivileges }) => {
    requireApiOnlyForAdministrators(loginPrivileges, world.user(userName).privileges);
    return updateUser(world, userName, { loginPrivileges: [...loginPrivileges] });
  },
});

export const initializeMFA = defineCommand({
  name: 'InitializeMFA',
  title: 'Start multi-factor login',
  summary:
    'Turns on multi-factor login, or resets it after a lost phone: discards the enrolment, and the user enrols again at the next login.',
  group,
  editions,
  since: 'between April 2023 and August 2024',
  effect: 'destructive',
  risks: ['grants-power', 'locks-out'],
  certainRisks: ['grants-power'],
  risk: ({ userName }, _found, context) => listRisks({ 'locks-out': isOwnLogin(userName, context) }),
  idempotent: false,
  input: { userName: f.userName },
  before: mfaStatus,
  inverse: ({ userName }, before) =>
    readRow(before)['mfaStatus'] === 'Disabled' ? { command: 'DisableMFA', args: { userName } } : undefined,
  question: {
    reads: { user: wholeUser },
    verb: () => 'Start multi-factor login of',
    object: ({ userName }, { user }) => nameUser(userName, user),
    label: ({ userName }) => `Start multi-factor login of ${userName}`,
    facts: (_args, { user }) => describeAccount(user),
    consequence: (_args, { user }) =>
      joinSentences(
        'Multi-factor login is turned on, and the user has to enrol at the next login.',
        'An enrolment that exists is discarded for good.',
        describeMfa(user),
      ),
  },
  output: anything,
  examples: [{ userName: 'johndoe' }],
  emulate: (world, { userName }) => {
    world.user(userName).mfaStatus = 'Initialized';
    world.audit('UserInitializeMFA', `Multi-factor authentication of user '${userName}' was initialized.`);
    return null;
  },
});

export const disableMFA = defineCommand({
  name: 'DisableMFA',
  title: 'Switch off multi-factor login',
  summary:
    'Switches off multi-factor login for a user for good; the password alone is enough then. After a lost phone, use initialize_mfa.',
  group,
  editions,
  since: 'between April 2023 and August 2024',
  effect: 'destructive',
  risks: ['grants-power', 'locks-out'],
  certainRisks: ['grants-power'],
  risk: ({ userName }, _found, context) => listRisks({ 'locks-out': isOwnLogin(userName, context) }),
  idempotent: true,
  input: { userName: f.userName },
  before: mfaStatus,
  irreversible: 'The enrolment is deleted, and only the user can enrol again.',
  question: {
    reads: { user: wholeUser },
    verb: () => 'Switch off multi-factor login of',
    object: ({ userName }, { user }) => nameUser(userName, user),
    label: ({ userName }) => `Switch off multi-factor login of ${userName}`,
    facts: (_args, { user }) => describeAccount(user),
    consequence: (_args, { user }) =>
      joinSentences(
        'From now on the password alone is enough to log in.',
        'The enrolment is deleted for good.',
        describeMfa(user),
        readWords(readRow(user)['privileges']).includes('admin') && 'The user is an administrator.',
      ),
  },
  output: guess(nothing),
  examples: [{ userName: 'maria.lopez' }],
  emulate: (world, { userName }) => {
    world.user(userName).mfaStatus = 'Disabled';
    world.audit('UserDisableMFA', `Multi-factor authentication of user '${userName}' was disabled.`);
    return null;
  },
});

export const deleteAppPasswords = defineCommand({
  name: 'DeleteAppPasswords',
  title: "Delete a user's app passwords",
  summary: 'Deletes all app passwords of a user; scripted and IMAP logins stop until they are set up again.',
  group,
  editions,
  since: 'between April 2023 and August 2024',
  effect: 'destructive',
  risks: ['locks-out'],
  risk: ({ userName }, _found, context) => listRisks({ 'locks-out': isOwnLogin(userName, context) }),
  idempotent: true,
  input: { userName: f.userName },
  irreversible: 'The deleted app passwords are kept nowhere, so new ones have to be made.',
  question: {
    reads: { user: wholeUser },
    verb: () => 'Delete all app passwords of',
    object: ({ userName }, { user }) => nameUser(userName, user),
    label: ({ userName }) => `Delete the app passwords of ${userName}`,
    facts: (_args, { user }) => describeAccount(user),
    consequence: () =>
      'All app passwords of the user are deleted for good. ' +
      'Programs that log in with one, over IMAP or in scripts, are refused until they are given a new one. ' +
      "The user's own password stays.",
  },
  output: guess(nothing),
  examples: [{ userName: 'maria.lopez' }],
  emulate: (world, { userName }) => {
    world.user(userName).appPasswords = 0;
    world.audit('UserAppPasswordDelete', `The app passwords of user '${userName}' were deleted.`);
    return null;
  },
});

export const renameUser = defineCommand({
  name: 'RenameUser',
  title: 'Rename a user',
  summary: 'Changes a login name, not the archive: new mail opens a second one. rename_person plans login, archive and rights together.',
  group,
  editions,
  effect: 'write',
  risks: ['grants-power', 'opens-mail', 'locks-out'],
  risk: ({ oldUserName, newUserName }, { archives, user }, context) => {
    // The directory may know another person by the new name, and checks that person's password from then on.
    const isOfDirectory = readRow(user)['authentication'] !== 'integrated';
    return listRisks({
      'grants-power': isOfDirectory && mayBeAdministrator(user),
      'opens-mail': isOfDirectory || hasArchive(otherArchives(archives, oldUserName), newUserName),
      'locks-out': isOwnLogin(oldUserName, context),
    });
  },
  decidesFrom: {
    archives: archiveNames,
    user: { read: 'GetUserInfo', args: ({ oldUserName }) => ({ userName: oldUserName }), pick: (user) => user },
  },
  idempotent: false,
  input: { oldUserName: f.userName, newUserName: f.text() },
  before: {
    read: 'GetUsers',
    pick: (users, { oldUserName, newUserName }) =>
      pickFields(findRow(users, 'userName', oldUserName) ?? findRow(users, 'userName', newUserName), ['userName']),
  },
  inverse: ({ oldUserName, newUserName }, before, after) =>
    readRow(before)['userName'] === oldUserName && (after === undefined || readRow(after)['userName'] === newUserName)
      ? { command: 'RenameUser', args: { oldUserName: newUserName, newUserName: oldUserName } }
      : undefined,
  question: {
    verb: () => 'Rename',
    label: ({ oldUserName, newUserName }) => `Rename ${oldUserName} to ${newUserName}`,
    object: ({ oldUserName, newUserName }, { user }) => `${nameUser(oldUserName, user)} to ${newUserName}`,
    facts: (_args, { user }) => describeAccount(user),
    consequence: ({ oldUserName, newUserName }, { archives, user }) =>
      joinSentences(
        `The user logs in as ${newUserName} from now on, and the archive ${oldUserName} keeps its name.`,
        readRow(user)['authentication'] === 'directoryServices' &&
          `The directory checks the password, so the person that it knows as ${newUserName} can log in as this user and read what the user may read.`,
        describeTakeOver(newUserName, otherArchives(archives, oldUserName)),
        describeAdministrator(user),
      ),
  },
  cautions: {
    reads: {
      renamed: { ...directoryAccount, args: ({ oldUserName }) => ({ userName: oldUserName }), pick: (user) => user },
      profiles: archivingProfiles,
    },
    list: ({ oldUserName, newUserName }, { renamed, profiles, archives }) => [
      describeRecreation(oldUserName, renamed),
      hasArchive(archives, oldUserName) && Array.isArray(archives)
        ? `The archive ${oldUserName} keeps its name: without move_folder, new mail for ${newUserName} opens a second archive.`
        : undefined,
      describeWriters(oldUserName, profiles),
    ],
  },
  output: guess(nothing),
  examples: [{ oldUserName: 'amira', newUserName: 'amira.okoye' }],
  emulate: (world, { oldUserName, newUserName }) => {
    const user = world.user(oldUserName);
    world.requireFreeUserName(newUserName, user);
    user.userName = newUserName;
    for (const owned of [...world.state.jobs, ...world.state.profiles]) {
      if (owned.owner === oldUserName) owned.owner = newUserName;
    }
    for (const session of world.state.sessions) {
      if (session.userName === oldUserName) session.userName = newUserName;
    }
    world.audit('UserRename', `User '${oldUserName}' was renamed to '${newUserName}'.`);
    return null;
  },
});

export const deleteUser = defineCommand({
  name: 'DeleteUser',
  title: 'Delete a user',
  summary: 'Removes a user account with its settings and rights, for good. The archived mail stays. To close an account: offboard_user.',
  group,
  editions,
  effect: 'destructive',
  risks: ['locks-out'],
  risk: ({ userName }, _found, context) => listRisks({ 'locks-out': isOwnLogin(userName, context) }),
  idempotent: true,
  input: { userName: f.userName },
  // GetUserInfo fails once the user is gone; a list shows it.
  before: accountNamed,
  irreversible: 'A new account of the same name lacks the password, the settings and the rights of the deleted one.',
  question: {
    reads: {
      user: wholeUser,
      archive: {
        read: 'GetChildFolders',
        args: () => ({ maxLevels: 1 }),
        pick: (archives, { userName }) => pickFields(findRow(archives, 'name', userName), ['name']),
      },
    },
    verb: () => 'Delete',
    object: ({ userName }, { user }) => nameUser(userName, user),
    label: ({ userName }) => `Delete ${userName}`,
    facts: (_args, { user }) => describeAccount(user),
    consequence: ({ userName }, { user, archive }) => {
      const privileges = readWords(readRow(user)['privileges']).join(', ');
      return joinSentences(
        `The account is deleted for good, with its password, settings, rights and privileges${privileges && ` (${privileges})`}.`,
        describeRights(user),
        archive === undefined ? 'Archived mail stays.' : `The archive ${userName} stays, with its mail.`,
        readRow(user)['authentication'] === 'directoryServices' &&
          'If the user is still in the directory, the next synchronisation makes a new account.',
      );
    },
  },
  cautions: {
    reads: { directoryAccount, apiAdministrator, profiles: archivingProfiles },
    list: ({ userName }, { directoryAccount: account, apiAdministrator: finding, profiles }) => [
      isFromDirectory(account) ? 'If the user is still in the directory, the next synchronisation makes a new account.' : undefined,
      describeLastAdministrator(userName, finding),
      describeWriters(userName, profiles),
    ],
  },
  output: guess(nothing),
  examples: [{ userName: 'amira' }],
  emulate: (world, { userName }) => {
    world.removeUser(world.user(userName));
    return null;
  },
});

export const setUserPrivilegesOnFolder = defineCommand({
  name: 'SetUserPrivilegesOnFolder',
  title: "Set a user's rights on an archive",
  summary: 'Grants or revokes the read, write and delete rights of a user on one user archive; replaces what was there.',
  group,
  editions,
  effect: 'write',
  risks: ['opens-mail'],
  risk: ({ userName, folder, privileges }) =>
    listRisks({ 'opens-mail': !isOnlyWord(privileges, 'none') && !isOwnArchive(userName, folder) }),
  idempotent: true,
  input: { userName: f.userName, folder: f.archiveName, privileges: f.folderPrivileges },
  before: {
    read: 'GetUserInfo',
    args: theUser,
    pick: (user, { userName, folder }) => {
      const rights = readRights(user);
      const right = rights?.find((entry) => entry.folder.toLowerCase() === folder.toLowerCase());
      return rights && { userName, folder, privileges: right && right.privileges.length > 0 ? right.privileges : ['none'] };
    },
  },
  inverse: ({ userName, folder }, before) => grantRights(userName, folder, readRow(before)['privileges']),
  question: {
    reads: {
      user: wholeUser,
      archive: {
        read: 'GetChildFolders',
        args: () => ({ maxLevels: 1 }),
        pick: (archives, { folder }) => ({ isThere: hasArchive(archiveNames.pick(archives, {}), folder) }),
      },
    },
    verb: () => 'Change',
    label: ({ userName, folder }) => `Change the rights of ${userName} on ${folder}`,
    object: ({ userName, folder }, { user }) => `the rights of ${nameUser(userName, user)} on the archive ${folder}`,
    facts: (_args, { user }) => describeAccount(user),
    consequence: ({ folder, privileges }, { before, archive }) =>
      joinSentences(
        `The user can then ${rightsInWords(privileges)} in the archive ${folder}, which is not the user's own.`,
        describeField('rights there', readWords(readRow(before)['privileges']).join(', ')),
        readRow(archive)['isThere'] === false && NO_ARCHIVE,
      ),
  },
  cautions: {
    reads: { archives: archiveNames },
    list: ({ folder, privileges }, { archives }) => [
      Array.isArray(archives) && !hasArchive(archives, folder) && !isOnlyWord(privileges, 'none') ? NO_ARCHIVE : undefined,
    ],
  },
  output: nothing,
  examples: [
    { userName: 'johndoe', folder: 'amira', privileges: ['read'] },
    { userName: 'johndoe', folder: 'oldcolleague', privileges: ['none'] },
  ],
  emulate: (world, { userName, folder, privileges }) => {
    const user = world.user(userName);
    if (getArchive(folder) !== folder) throw new CommandFailure(`Folder '${folder}' is not a top-level folder.`);
    const others = user.privilegesOnFolders.filter((entry) => entry.folder !== folder);
    // A new user's rights are granted before the first mail creates the archive, and rights can outlive a renamed archive.
    const isKnown = others.length < user.privilegesOnFolders.length || world.state.users.some((owner) => owner.userName === folder);
    if (!isKnown) world.requireFolder(folder);
    user.privilegesOnFolders = privileges.includes('none') ? others : [...others, { folder, privileges: [...privileges] }];
    world.audit('UserSetFolderAccess', `The rights of user '${userName}' on folder '${folder}' were set to ${privileges.join(', ')}.`);
    return null;
  },
});

export const clearUserPrivilegesOnFolders = defineCommand({
  name: 'ClearUserPrivilegesOnFolders',
  title: 'Revoke all archive rights of a user',
  summary: 'Revokes every right of a user on archives at once, the own one included. get_user_info shows them beforehand.',
  group,
  editions,
  effect: 'destructive',
  idempotent: true,
  input: { userName: f.userName },
  before: {
    read: 'GetUserInfo',
    args: theUser,
    pick: (user, { userName }) => {
      const privilegesOnFolders = readRights(user);
      return privilegesOnFolders && { userName, privilegesOnFolders };
    },
  },
  inverse: ({ userName }, before) => {
    const [right, ...others] = readRows(readRow(before)['privilegesOnFolders']);
    // A call grants the rights on one archive.
    return right && others.length === 0 ? grantRights(userName, right['folder'], right['privileges']) : undefined;
  },
  question: {
    reads: { user: wholeUser },
    verb: () => 'Revoke all archive rights of',
    object: ({ userName }, { user }) => nameUser(userName, user),
    label: ({ userName }) => `Revoke all archive rights of ${userName}`,
    facts: (_args, { user }) => describeAccount(user),
    consequence: (_args, { user }) =>
      joinSentences(
        'The user loses every right on archives, the own one included; each has to be granted again by itself.',
        describeRights(user),
        'The archives stay, with their mail.',
      ),
  },
  output: guess(nothing),
  examples: [{ userName: 'johndoe' }],
  emulate: (world, { userName }) => {
    world.user(userName).privilegesOnFolders = [];
    world.audit('UserSetFolderAccess', `All rights of user '${userName}' on folders were revoked.`);
    return null;
  },
});
