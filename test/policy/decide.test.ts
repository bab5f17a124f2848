import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { ACCESS_LEVELS, type Access } from '../../src/base/target.ts';
import type { Effect, Found, Risk } from '../../src/catalogue/define-command.ts';
import { allows, neededAccess, widest } from '../../src/policy/access.ts';
import { decide, judgeAction, judgeCall, mildestEffect, possibleRisks, worstEffect, type Decision } from '../../src/policy/decide.ts';
import { catalogue, commands } from '../helpers/server-catalogue.ts';
import { commandNamed } from '../helpers/start-client.ts';

type Kind = Decision['kind'];

const EVERY_RISK = 'grants-power opens-mail sends-data-out weakens-protection deletes-at-source locks-out';

/** What a call comes to: its effect, its risks, and the decision under read-only, read-write and full access. */
type Verdict = readonly [effect: Effect, risks: string, readOnly: Kind, readWrite: Kind, full: Kind];

const READ: Verdict = ['read', '', 'allow', 'allow', 'allow'];
const WRITE: Verdict = ['write', '', 'refuse', 'allow', 'allow'];
const DESTROY: Verdict = ['destructive', '', 'refuse', 'refuse', 'ask'];
const WORST: Verdict = ['destructive', EVERY_RISK, 'refuse', 'refuse', 'ask'];
/** A directory configuration as it is set. */
const DIRECTORY = { type: 'activeDirectory', serverName: 'dc1', userName: 'sync', password: null, groups: null, deleteUsers: false };

/** What is read of an ordinary account, and of the archives that there are. */
const USER = { authentication: 'integrated', privileges: ['login'] };
const ARCHIVES = ['johndoe', 'oldcolleague', '@catchall'];

const risky = (risks: string): Verdict => ['write', risks, 'refuse', 'ask', 'ask'];
const destroying = (risks: string): Verdict => ['destructive', risks, 'refuse', 'refuse', 'ask'];

/** What each command comes to with its documented arguments, where nothing that it depends on was read and this server logs in as admin. */
const DECISIONS: readonly (readonly [command: string, ...Verdict])[] = [
  // Documented with a drive of the server itself.
  ['AttachStore', 'write', '', 'refuse', 'allow', 'allow'],
  // What the job does was not read.
  ['CancelJobAsync', 'destructive', EVERY_RISK, 'refuse', 'refuse', 'ask'],
  ['ClearUserPrivilegesOnFolders', 'destructive', '', 'refuse', 'refuse', 'ask'],
  ['CompactMasterDatabase', 'write', '', 'refuse', 'allow', 'allow'],
  ['CompactStore', 'destructive', '', 'refuse', 'refuse', 'ask'],
  ['CreateBackup', 'write', 'sends-data-out', 'refuse', 'ask', 'ask'],
  ['CreateCredential', 'write', 'sends-data-out', 'refuse', 'ask', 'ask'],
  // Documented with a job that verifies stores.
  ['CreateJob', 'write', '', 'refuse', 'allow', 'allow'],
  ['CreateProfile', 'write', 'sends-data-out', 'refuse', 'ask', 'ask'],
  ['CreateStore', 'write', '', 'refuse', 'allow', 'allow'],
  // Which archives there are was not read.
  ['CreateUser', 'write', 'opens-mail', 'refuse', 'ask', 'ask'],
  ['DeleteAppPasswords', 'destructive', '', 'refuse', 'refuse', 'ask'],
  ['DeleteCredential', 'destructive', 'weakens-protection', 'refuse', 'refuse', 'ask'],
  ['DeleteEmptyFolders', 'destructive', '', 'refuse', 'refuse', 'ask'],
  ['DeleteJob', 'destructive', 'weakens-protection', 'refuse', 'refuse', 'ask'],
  ['DeleteMessage', 'destructive', '', 'refuse', 'refuse', 'ask'],
  ['DeleteProfile', 'destructive', 'weakens-protection', 'refuse', 'refuse', 'ask'],
  ['DeleteUser', 'destructive', '', 'refuse', 'refuse', 'ask'],
  ['DetachStore', 'destructive', 'weakens-protection', 'refuse', 'refuse', 'ask'],
  ['DisableMFA', 'destructive', 'grants-power', 'refuse', 'refuse', 'ask'],
  ['GetActiveSessions', 'read', '', 'allow', 'allow', 'allow'],
  ['GetChildFolders', 'read', '', 'allow', 'allow', 'allow'],
  ['GetComplianceConfiguration', 'read', '', 'allow', 'allow', 'allow'],
  ['GetCredentialSettings', 'read', '', 'allow', 'allow', 'allow'],
  ['GetCredentials', 'read', '', 'allow', 'allow', 'allow'],
  ['GetDirectoryServicesConfiguration', 'read', '', 'allow', 'allow', 'allow'],
  ['GetFolderStatistics', 'read', '', 'allow', 'allow', 'allow'],
  ['GetJobResults', 'read', '', 'allow', 'allow', 'allow'],
  ['GetJobs', 'read', '', 'allow', 'allow', 'allow'],
  ['GetLicenseInformation', 'read', '', 'allow', 'allow', 'allow'],
  ['GetMessages', 'read', '', 'allow', 'allow', 'allow'],
  ['GetProfiles', 'read', '', 'allow', 'allow', 'allow'],
  ['GetRetentionPolicies', 'read', '', 'allow', 'allow', 'allow'],
  ['GetServerInfo', 'read', '', 'allow', 'allow', 'allow'],
  ['GetServiceConfiguration', 'read', '', 'allow', 'allow', 'allow'],
  ['GetSmtpSettings', 'read', '', 'allow', 'allow', 'allow'],
  ['GetStoreAutoCreateConfiguration', 'read', '', 'allow', 'allow', 'allow'],
  ['GetStoreIndexes', 'read', '', 'allow', 'allow', 'allow'],
  ['GetStores', 'read', '', 'allow', 'allow', 'allow'],
  ['GetTimeZones', 'read', '', 'allow', 'allow', 'allow'],
  ['GetUserInfo', 'read', '', 'allow', 'allow', 'allow'],
  ['GetUsers', 'read', '', 'allow', 'allow', 'allow'],
  ['GetWorkerResultReport', 'read', '', 'allow', 'allow', 'allow'],
  ['GetWorkerResults', 'read', '', 'allow', 'allow', 'allow'],
  ['InitializeMFA', 'destructive', 'grants-power', 'refuse', 'refuse', 'ask'],
  ['MaintainFileSystemDatabases', 'write', '', 'refuse', 'allow', 'allow'],
  ['MergeStore', 'write', '', 'refuse', 'allow', 'allow'],
  ['MoveFolder', 'write', 'opens-mail', 'refuse', 'ask', 'ask'],
  ['ProcessRetentionPolicies', 'destructive', '', 'refuse', 'refuse', 'ask'],
  ['RebuildSelectedStoreIndexes', 'write', '', 'refuse', 'allow', 'allow'],
  ['RebuildStoreIndex', 'write', '', 'refuse', 'allow', 'allow'],
  ['RecoverStore', 'destructive', '', 'refuse', 'refuse', 'ask'],
  ['RecreateRecoveryRecords', 'destructive', '', 'refuse', 'refuse', 'ask'],
  ['RefreshAllStoreStatistics', 'write', '', 'refuse', 'allow', 'allow'],
  ['RenameJob', 'write', '', 'refuse', 'allow', 'allow'],
  ['RenameStore', 'write', '', 'refuse', 'allow', 'allow'],
  // Which archives there are, and how the user logs in, was not read.
  ['RenameUser', 'write', 'grants-power opens-mail', 'refuse', 'ask', 'ask'],
  ['RenewMasterKey', 'write', '', 'refuse', 'allow', 'allow'],
  ['RepairStoreDatabase', 'write', '', 'refuse', 'allow', 'allow'],
  ['RetryOpenStores', 'write', '', 'refuse', 'allow', 'allow'],
  // What the job does was not read.
  ['RunJobAsync', 'destructive', EVERY_RISK, 'refuse', 'refuse', 'ask'],
  ['RunProfile', 'write', 'sends-data-out deletes-at-source', 'refuse', 'ask', 'ask'],
  ['RunTemporaryProfile', 'write', 'sends-data-out', 'refuse', 'ask', 'ask'],
  ['SelectAllStoreIndexesForRebuild', 'write', '', 'refuse', 'allow', 'allow'],
  ['SendStatusReport', 'write', 'sends-data-out', 'refuse', 'ask', 'ask'],
  // What is logged now was not read.
  ['SetComplianceConfiguration', 'write', 'weakens-protection', 'refuse', 'ask', 'ask'],
  ['SetCredentialSettings', 'write', 'grants-power sends-data-out', 'refuse', 'ask', 'ask'],
  ['SetDirectoryServicesConfiguration', 'write', 'grants-power sends-data-out locks-out', 'refuse', 'ask', 'ask'],
  // Documented with a job that is switched off; what it does was not read.
  ['SetJobEnabled', 'write', 'weakens-protection', 'refuse', 'ask', 'ask'],
  // What the job does was not read.
  ['SetJobSchedule', 'destructive', EVERY_RISK, 'refuse', 'refuse', 'ask'],
  ['SetProfileServerSideExecution', 'write', 'sends-data-out weakens-protection deletes-at-source', 'refuse', 'ask', 'ask'],
  ['SetRetentionPolicies', 'destructive', 'weakens-protection', 'refuse', 'refuse', 'ask'],
  ['SetServiceCertificate', 'write', 'locks-out', 'refuse', 'ask', 'ask'],
  ['SetSmtpSettings', 'write', 'sends-data-out', 'refuse', 'ask', 'ask'],
  ['SetStoreAutoCreateConfiguration', 'write', '', 'refuse', 'allow', 'allow'],
  ['SetStoreProperties', 'write', '', 'refuse', 'allow', 'allow'],
  ['SetStoreRequestedState', 'write', 'weakens-protection', 'refuse', 'ask', 'ask'],
  ['SetUserAuthentication', 'write', 'grants-power opens-mail', 'refuse', 'ask', 'ask'],
  ['SetUserDistinguishedName', 'write', 'grants-power opens-mail', 'refuse', 'ask', 'ask'],
  // Whose the addresses are was not read.
  ['SetUserEmailAddresses', 'write', 'opens-mail', 'refuse', 'ask', 'ask'],
  ['SetUserFullName', 'write', '', 'refuse', 'allow', 'allow'],
  // Documented without the API.
  ['SetUserLoginPrivileges', 'write', '', 'refuse', 'allow', 'allow'],
  ['SetUserPassword', 'write', 'grants-power', 'refuse', 'ask', 'ask'],
  ['SetUserPop3UserNames', 'write', 'opens-mail', 'refuse', 'ask', 'ask'],
  // Documented with the privilege to export.
  ['SetUserPrivileges', 'write', 'grants-power', 'refuse', 'ask', 'ask'],
  ['SetUserPrivilegesOnFolder', 'write', 'opens-mail', 'refuse', 'ask', 'ask'],
  // Documented with a dry run.
  ['SyncUsersWithDirectoryServices', 'read', '', 'allow', 'allow', 'allow'],
  ['TestSmtpSettings', 'write', '', 'refuse', 'allow', 'allow'],
  ['UnlockStore', 'write', 'opens-mail', 'refuse', 'ask', 'ask'],
  ['UpgradeStore', 'write', '', 'refuse', 'allow', 'allow'],
  ['UpgradeStores', 'write', '', 'refuse', 'allow', 'allow'],
  ['VerifyStore', 'read', '', 'allow', 'allow', 'allow'],
  ['VerifyStores', 'read', '', 'allow', 'allow', 'allow'],
];

/** Returns the arguments of the command's documented example, as the gate receives them. */
function documentedArguments(name: string): Readonly<Record<string, unknown>> {
  const { input, examples } = commandNamed(name);
  return z.strictObject(input).parse(examples[0]);
}

function verdictOn(
  name: string,
  args: unknown = documentedArguments(name),
  found: Found = {},
): readonly [Effect | undefined, string, ...Kind[]] {
  const decisions = ACCESS_LEVELS.map((access) =>
    decide(commandNamed(name), args as Readonly<Record<string, unknown>>, access, { catalogue, found, login: 'admin' }),
  );
  const verdicts = new Set(decisions.map(({ effect, risks }) => [effect, ...risks].join(' ')));
  expect(verdicts.size).toBe(1);
  return [decisions[0]?.effect, decisions[0]?.risks.join(' ') ?? '', ...decisions.map(({ kind }) => kind)];
}

describe('every command', () => {
  test('is decided on as listed here, under every access', () => {
    const byName = ([a]: readonly [string, ...unknown[]], [b]: readonly [string, ...unknown[]]) => (a < b ? -1 : 1);
    const decided = commands.map(({ name }): readonly [string, ...unknown[]] => [name, ...verdictOn(name)]);
    expect(decided.toSorted(byName)).toEqual(DECISIONS.toSorted(byName));
  });

  test.each(commands.map(({ name }) => name))('%s is in its documented call no milder and no worse than it claims to be', (name) => {
    const command = commandNamed(name);
    const effects: readonly Effect[] = ['read', 'write', 'destructive'];
    const documented = effects.indexOf(judgeCall(command, documentedArguments(name)).effect);
    expect(documented).toBeGreaterThanOrEqual(effects.indexOf(mildestEffect(command)));
    expect(documented).toBeLessThanOrEqual(effects.indexOf(worstEffect(command)));
  });
});

describe('access', () => {
  test.each<[Access, Effect, boolean]>([
    ['read-only', 'read', true],
    ['read-only', 'write', false],
    ['read-only', 'destructive', false],
    ['read-write', 'read', true],
    ['read-write', 'write', true],
    ['read-write', 'destructive', false],
    ['full', 'read', true],
    ['full', 'write', true],
    ['full', 'destructive', true],
  ])('%s with a call that is %s: %s', (access, effect, allowed) => {
    expect(allows(access, effect)).toBe(allowed);
  });

  test('the access that a refusal names is the lowest that would do', () => {
    expect((['read', 'write', 'destructive'] as const).map(neededAccess)).toEqual(['read-only', 'read-write', 'full']);
    expect(decide(commandNamed('RenameStore'), { id: 1, name: 'x' }, 'read-only')).toEqual({
      kind: 'refuse',
      effect: 'write',
      risks: [],
      needed: 'read-write',
    });
    expect(decide(commandNamed('DeleteUser'), { userName: 'amira' }, 'read-write')).toEqual({
      kind: 'refuse',
      effect: 'destructive',
      risks: ['locks-out'],
      needed: 'full',
    });
  });

  test('the widest of some levels covers what any of them covers, and of none nothing but reads', () => {
    expect([widest(['read-only', 'full', 'read-write']), widest(['read-write', 'read-only']), widest(['read-only']), widest([])]).toEqual([
      'full',
      'read-write',
      'read-only',
      'read-only',
    ]);
  });

  test('a command that no declaration knows is destructive with every risk', () => {
    const risks = ['grants-power', 'opens-mail', 'sends-data-out', 'weakens-protection', 'deletes-at-source', 'locks-out'];
    expect(ACCESS_LEVELS.map((access) => decide(undefined, {}, access))).toEqual([
      { kind: 'refuse', effect: 'destructive', risks, needed: 'full' },
      { kind: 'refuse', effect: 'destructive', risks, needed: 'full' },
      { kind: 'ask', effect: 'destructive', risks },
    ]);
  });

  test('a command of a toolset that is switched off is refused under every access, also where it only reads', () => {
    const refused = ACCESS_LEVELS.map((access) =>
      decide(commandNamed('GetMessages'), { folder: 'amira' }, access, { groups: ['license'] }),
    );
    expect(refused).toEqual(ACCESS_LEVELS.map(() => ({ kind: 'refuse', effect: 'read', risks: [], toolset: 'messages' })));
    expect(decide(commandNamed('GetMessages'), { folder: 'amira' }, 'read-only', { groups: ['license', 'messages'] }).kind).toBe('allow');
  });
});

describe('arguments that change the effect', () => {
  test.each<[unknown, Verdict]>([
    [{ dryRun: true }, READ],
    [{ dryRun: false }, destroying('locks-out')],
    [{}, destroying('locks-out')],
    [{ dryRun: 'true' }, destroying('locks-out')],
    [{ dryRun: 1 }, destroying('locks-out')],
    [{ dryRun: null }, destroying('locks-out')],
    [{ dryRun: [true] }, destroying('locks-out')],
    [{ DryRun: true }, destroying('locks-out')],
    [null, WORST],
  ])('SyncUsersWithDirectoryServices with %j: %j', (args, verdict) => {
    expect(verdictOn('SyncUsersWithDirectoryServices', args)).toEqual(verdict);
  });

  const LIFTED = destroying('weakens-protection');
  const HELD = { legalHoldEnabled: true, logSuccessfulUserActivities: ['SessionLogin', 'UserDelete'] };
  const FREE = { ...HELD, legalHoldEnabled: false };
  test.each<[current: unknown, config: unknown, Verdict]>([
    [FREE, { legalHoldEnabled: true }, WRITE],
    [HELD, { legalHoldEnabled: true }, WRITE],
    [HELD, {}, WRITE],
    [FREE, { legalHoldEnabled: false }, WRITE],
    [FREE, { logSuccessfulUserActivities: ['UserDelete', 'SessionLogin', 'UserAdd'] }, WRITE],
    [HELD, { logSuccessfulUserActivities: ['UserDelete'] }, risky('weakens-protection')],
    [FREE, { legalHoldEnabled: true, logSuccessfulUserActivities: [] }, risky('weakens-protection')],
    [FREE, { logSuccessfulUserActivities: null }, risky('weakens-protection')],
    [FREE, { logSuccessfulUserActivities: 'SessionLogin,UserDelete' }, risky('weakens-protection')],
    [FREE, { somethingElse: false }, risky('weakens-protection')],
    [undefined, { legalHoldEnabled: true }, risky('weakens-protection')],
    [undefined, {}, LIFTED],
    [undefined, { legalHoldEnabled: false }, LIFTED],
    [HELD, { legalHoldEnabled: false }, LIFTED],
    [HELD, { legalHoldEnabled: 'true' }, LIFTED],
    [HELD, { legalHoldEnabled: 1 }, LIFTED],
    [HELD, { legalHoldEnabled: null }, LIFTED],
    // Another reader of the same object may take the other spelling for the setting.
    [HELD, { LegalHoldEnabled: true }, LIFTED],
    [HELD, { legalHoldEnabled: true, LegalHoldEnabled: false }, LIFTED],
    [HELD, { LEGALHOLDENABLED: true, legalHoldEnabled: true }, LIFTED],
    [FREE, { logsuccessfuluseractivities: [] }, LIFTED],
    [HELD, [{ legalHoldEnabled: true }], LIFTED],
    [HELD, '{"legalHoldEnabled":true}', LIFTED],
    [HELD, null, LIFTED],
  ])('SetComplianceConfiguration, while %j is set, with %j: %j', (current, config, verdict) => {
    expect(verdictOn('SetComplianceConfiguration', { config }, { current })).toEqual(verdict);
  });

  test('arguments that cannot be judged are the worst', () => {
    expect(verdictOn('SetComplianceConfiguration', null)).toEqual(WORST);
  });

  test.each<[unknown, Verdict]>([
    ['VerifyStores', WRITE],
    ['CompactMasterDatabase', WRITE],
    ['CreateBackup --path="E:\\Backup"', risky('sends-data-out')],
    ['RunProfile --id="1"', risky('sends-data-out deletes-at-source')],
    ['SetUserPassword --userName="admin" --password="x"', risky('grants-power locks-out')],
    ['SetUserPrivileges --userName="amira" --privileges="login"', risky('grants-power locks-out')],
    ['SetUserPrivilegesOnFolder --userName="amira" --folder="amira" --privileges="read"', risky('opens-mail')],
    ['CompactStore --id="2"', DESTROY],
    ['ProcessRetentionPolicies', DESTROY],
    ['SyncUsersWithDirectoryServices --dryRun="true"', destroying('locks-out')],
    ['CreateJob --name="x" --action="VerifyStores" --owner="admin"', WORST],
    ['NoSuchCommand', WORST],
    ['gibberish (', WORST],
    ['', WORST],
    [['VerifyStores'], WORST],
    [{ toString: 'VerifyStores' }, WORST],
    [7, WORST],
    [null, WORST],
    [undefined, WORST],
  ])('CreateJob with the action %j: %j', (action, verdict) => {
    expect(verdictOn('CreateJob', { name: 'x', action, owner: 'admin', time: '22:30' })).toEqual(verdict);
  });
});

describe('a job that MailStore keeps', () => {
  /** What running the job comes to, and what stopping it is a risk to. */
  const ACTIONS: readonly (readonly [action: unknown, Verdict, stopping: string])[] = [
    ['VerifyStores', WRITE, ''],
    ['SetUserPassword --userName="admin"', risky('grants-power locks-out'), ''],
    ['CreateBackup --path="E:\\Backup"', risky('sends-data-out'), 'weakens-protection'],
    ['RunProfile --id="1"', risky('sends-data-out deletes-at-source'), 'weakens-protection'],
    ['CompactStore --id="2"', DESTROY, ''],
    ['RunJobAsync --id="1"', WORST, ''],
    ['NoSuchCommand', WORST, 'weakens-protection'],
    ['VerifyStores; DeleteUser --userName="amira"', WORST, 'weakens-protection'],
    ['', WORST, 'weakens-protection'],
    [['VerifyStores'], WORST, 'weakens-protection'],
    [{ action: 'VerifyStores' }, WORST, 'weakens-protection'],
    [null, WORST, 'weakens-protection'],
    [undefined, WORST, 'weakens-protection'],
  ];

  test.each(ACTIONS)('a job that MailStore keeps that runs %j counts as that when it is started or stopped: %j', (action, verdict) => {
    expect(verdictOn('RunJobAsync', { id: 1 }, { action })).toEqual(verdict);
    expect(verdictOn('CancelJobAsync', { id: 1 }, { action })).toEqual(verdict);
  });

  test.each(ACTIONS)(
    'a job that MailStore keeps that runs %j counts as that, and as stopped, when it gets another schedule',
    (action, [effect, risks], stopping) => {
      const all = EVERY_RISK.split(' ').filter((risk) => `${risks} ${stopping}`.includes(risk));
      const [, found, ...kinds] = verdictOn('SetJobSchedule', { id: 1, time: '22:30' }, { action });
      expect([found, ...kinds]).toEqual([
        all.join(' '),
        ...(effect === 'destructive' ? DESTROY : all.length > 0 ? risky('') : WRITE).slice(2),
      ]);
    },
  );

  test.each(ACTIONS)('a job that MailStore keeps that runs %j counts as that when it is switched on: %j', (action, verdict) => {
    expect(verdictOn('SetJobEnabled', { id: 1, enabled: true }, { action })).toEqual(verdict);
  });

  test.each(ACTIONS)(
    'a job that MailStore keeps that runs %j is switched off by a write, which asks where it keeps mail safe',
    (action, _verdict, stopping) => {
      expect(verdictOn('SetJobEnabled', { id: 1, enabled: false }, { action })).toEqual(stopping === '' ? WRITE : risky(stopping));
      expect(verdictOn('DeleteJob', { id: 1 }, { action })).toEqual(destroying(stopping));
    },
  );

  test.each([[undefined], [null], [0], [''], ['false'], ['true'], [1], [[]]])('is taken for switched on by %j', (enabled) => {
    expect(verdictOn('SetJobEnabled', { id: 1, enabled }, { action: 'CompactStore --id="2"' })).toEqual(DESTROY);
  });
});

describe('the action of a job', () => {
  test.each<[string, Effect]>([
    ['VerifyStores', 'read'],
    ['VerifyStores --includeIndexes="false"', 'read'],
    [' VerifyStores ', 'read'],
    ['CreateBackup --path="E:\\Backup" --excludeSearchIndexes="true"', 'write'],
    // A backslash escapes nothing; read either way, these are arguments of the one command.
    ['VerifyStores --includeIndexes="a\\" --x="b"', 'read'],
    ['CompactStore --id="2"', 'destructive'],
    ['ProcessRetentionPolicies', 'destructive'],
    ['DeleteUser --userName="amira"', 'destructive'],
    // An action is text that the server reads by its own rules, so the arguments earn it nothing.
    ['SyncUsersWithDirectoryServices --dryRun="true"', 'destructive'],
    ['SetComplianceConfiguration --config="{legalHoldEnabled:true}"', 'destructive'],
    // A job that makes or starts a job is as dangerous as any.
    ['CreateJob --name="x" --action="VerifyStores" --owner="admin"', 'destructive'],
    ['RunJobAsync --id="1"', 'destructive'],
    ['SetJobEnabled --id="1" --enabled="false"', 'destructive'],
    ['NoSuchCommand', 'destructive'],
    ['verifystores', 'destructive'],
    // The first letter is a Cyrillic one.
    ['\u0421reateBackup --path="E:\\Backup"', 'destructive'],
    // The letters are fullwidth ones.
    ['\uFF36\uFF45\uFF52\uFF49\uFF46\uFF59Stores', 'destructive'],
    ['Verify\u200BStores', 'destructive'],
    ['VerifyStores\u00A0--includeIndexes="false"', 'destructive'],
    ['', 'destructive'],
    [' ', 'destructive'],
    ['VerifyStores; DeleteUser --userName="amira"', 'destructive'],
    ['VerifyStores && DeleteUser', 'destructive'],
    ['VerifyStores | DeleteUser', 'destructive'],
    ['VerifyStores DeleteUser', 'destructive'],
    ['VerifyStores --includeIndexes="false" DeleteUser', 'destructive'],
    ['VerifyStores --includeIndexes="false"; DeleteUser', 'destructive'],
    ['VerifyStores\nDeleteUser --userName="amira"', 'destructive'],
    ['VerifyStores\r\nDeleteUser', 'destructive'],
    ['VerifyStores\u2028DeleteUser', 'destructive'],
    ['VerifyStores\u0085DeleteUser', 'destructive'],
    ['CreateBackup --path="E:\\Backup\nDeleteUser"', 'destructive'],
    ['CreateBackup --path="E:\\Backup\u2029DeleteUser"', 'destructive'],
    ['VerifyStores --includeIndexes="false" --includeIndexes="true"', 'destructive'],
    ['VerifyStores --includeIndexes="false', 'destructive'],
    ['VerifyStores --command=DeleteUser --', 'destructive'],
    ['VerifyStores#', 'destructive'],
    ['VerifyStores\0', 'destructive'],
    ['"VerifyStores"', 'destructive'],
    ['--VerifyStores', 'destructive'],
    ['constructor', 'destructive'],
    ['__proto__', 'destructive'],
  ])('%j is %s', (action, effect) => {
    expect(judgeAction(action, catalogue).effect).toBe(effect);
  });
});

/** Calls that ask a person in read-write, and calls of the same commands that are ordinary work; this server logs in as admin. */
const RISKS: readonly (readonly [command: string, args: Readonly<Record<string, unknown>>, found: Found, ...Verdict])[] = [
  [
    'CreateUser',
    { userName: 'jane', privileges: ['login'] },
    { archives: ['johndoe', 'oldcolleague', '@catchall'], users: [{ userName: 'amira', distinguishedName: 'CN=Amira' }] },
    ...WRITE,
  ],
  [
    'CreateUser',
    { userName: 'jane', privileges: ['login', 'changePassword'], fullName: 'Jane Roe', password: 'x' },
    { archives: ['johndoe', 'oldcolleague', '@catchall'], users: [{ userName: 'amira', distinguishedName: 'CN=Amira' }] },
    ...WRITE,
  ],
  [
    'CreateUser',
    { userName: 'jane', privileges: ['login'], loginPrivileges: ['windows', 'web', 'outlook', 'windowsCmd', 'imap'] },
    { archives: ['johndoe', 'oldcolleague', '@catchall'], users: [{ userName: 'amira', distinguishedName: 'CN=Amira' }] },
    ...WRITE,
  ],
  [
    'CreateUser',
    { userName: 'jane', privileges: ['login'], distinguishedName: 'CN=Jane' },
    { archives: ['johndoe', 'oldcolleague', '@catchall'], users: [{ userName: 'amira', distinguishedName: 'CN=Amira' }] },
    ...WRITE,
  ],
  [
    'CreateUser',
    { userName: 'jane', privileges: ['admin'] },
    { archives: ['johndoe', 'oldcolleague', '@catchall'], users: [{ userName: 'amira', distinguishedName: 'CN=Amira' }] },
    ...risky('grants-power'),
  ],
  ['SetUserPrivileges', { userName: 'amira', privileges: ['login', 'admin'] }, {}, ...risky('grants-power')],
  [
    'CreateUser',
    { userName: 'jane', privileges: ['archive'] },
    { archives: ['johndoe', 'oldcolleague', '@catchall'], users: [{ userName: 'amira', distinguishedName: 'CN=Amira' }] },
    ...risky('grants-power'),
  ],
  ['SetUserPrivileges', { userName: 'amira', privileges: ['login', 'archive'] }, {}, ...risky('grants-power')],
  [
    'CreateUser',
    { userName: 'jane', privileges: ['modifyArchiveProfiles'] },
    { archives: ['johndoe', 'oldcolleague', '@catchall'], users: [{ userName: 'amira', distinguishedName: 'CN=Amira' }] },
    ...risky('grants-power'),
  ],
  ['SetUserPrivileges', { userName: 'amira', privileges: ['login', 'modifyArchiveProfiles'] }, {}, ...risky('grants-power')],
  [
    'CreateUser',
    { userName: 'jane', privileges: ['export'] },
    { archives: ['johndoe', 'oldcolleague', '@catchall'], users: [{ userName: 'amira', distinguishedName: 'CN=Amira' }] },
    ...risky('grants-power'),
  ],
  ['SetUserPrivileges', { userName: 'amira', privileges: ['login', 'export'] }, {}, ...risky('grants-power')],
  [
    'CreateUser',
    { userName: 'jane', privileges: ['modifyExportProfiles'] },
    { archives: ['johndoe', 'oldcolleague', '@catchall'], users: [{ userName: 'amira', distinguishedName: 'CN=Amira' }] },
    ...risky('grants-power'),
  ],
  ['SetUserPrivileges', { userName: 'amira', privileges: ['login', 'modifyExportProfiles'] }, {}, ...risky('grants-power')],
  [
    'CreateUser',
    { userName: 'jane', privileges: ['delete'] },
    { archives: ['johndoe', 'oldcolleague', '@catchall'], users: [{ userName: 'amira', distinguishedName: 'CN=Amira' }] },
    ...risky('grants-power'),
  ],
  ['SetUserPrivileges', { userName: 'amira', privileges: ['login', 'delete'] }, {}, ...risky('grants-power')],
  [
    'CreateUser',
    { userName: 'jane', privileges: 'login' },
    { archives: ['johndoe', 'oldcolleague', '@catchall'], users: [{ userName: 'amira', distinguishedName: 'CN=Amira' }] },
    ...risky('grants-power'),
  ],
  [
    'CreateUser',
    { userName: 'jane', privileges: ['login'], loginPrivileges: ['api'] },
    { archives: ['johndoe', 'oldcolleague', '@catchall'], users: [{ userName: 'amira', distinguishedName: 'CN=Amira' }] },
    ...risky('grants-power'),
  ],
  [
    'CreateUser',
    { userName: 'OldColleague', privileges: ['login'] },
    { archives: ['johndoe', 'oldcolleague', '@catchall'], users: [{ userName: 'amira', distinguishedName: 'CN=Amira' }] },
    ...risky('opens-mail'),
  ],
  [
    'CreateUser',
    { userName: ' oldcolleague', privileges: ['login'] },
    { archives: ['johndoe', 'oldcolleague', '@catchall'], users: [{ userName: 'amira', distinguishedName: 'CN=Amira' }] },
    ...risky('opens-mail'),
  ],
  [
    'CreateUser',
    { userName: '@catchall', privileges: ['login'] },
    { archives: ['johndoe', 'oldcolleague', '@catchall'], users: [{ userName: 'amira', distinguishedName: 'CN=Amira' }] },
    ...risky('opens-mail'),
  ],
  [
    'CreateUser',
    { userName: 'jane', privileges: ['login'], distinguishedName: 'cn=amira' },
    { archives: ['johndoe', 'oldcolleague', '@catchall'], users: [{ userName: 'amira', distinguishedName: 'CN=Amira' }] },
    ...risky('opens-mail'),
  ],
  ['CreateUser', { userName: 'jane', privileges: ['login'] }, { archives: ['johndoe', 'oldcolleague', '@catchall'] }, ...WRITE],
  [
    'CreateUser',
    { userName: 'jane', privileges: ['login'], distinguishedName: 'CN=Jane' },
    { archives: ['johndoe', 'oldcolleague', '@catchall'] },
    ...risky('opens-mail'),
  ],
  ['SetUserPrivileges', { userName: 'amira', privileges: ['login'] }, {}, ...WRITE],
  ['SetUserPrivileges', { userName: 'amira', privileges: ['none'] }, {}, ...WRITE],
  ['SetUserPrivileges', { userName: 'admin', privileges: ['login'] }, {}, ...risky('locks-out')],
  ['SetUserPrivileges', { userName: 'ADMIN', privileges: ['login'] }, {}, ...risky('locks-out')],
  ['SetUserPrivileges', { userName: ' Admin', privileges: ['login'] }, {}, ...risky('locks-out')],
  ['SetUserPrivileges', { userName: 'EXAMPLE\\admin', privileges: ['login'] }, {}, ...risky('locks-out')],
  ['SetUserPrivileges', { userName: 'admin@example.com', privileges: ['login'] }, {}, ...risky('locks-out')],
  ['SetUserPrivileges', { userName: 'admin', privileges: ['admin'] }, {}, ...risky('grants-power')],
  ['SetUserLoginPrivileges', { userName: 'amira', loginPrivileges: ['none'] }, {}, ...WRITE],
  ['SetUserLoginPrivileges', { userName: 'amira', loginPrivileges: ['web', 'imap', 'windowsCmd'] }, {}, ...WRITE],
  ['SetUserLoginPrivileges', { userName: 'amira', loginPrivileges: ['web', 'api'] }, {}, ...risky('grants-power')],
  ['SetUserLoginPrivileges', { userName: 'admin', loginPrivileges: ['none'] }, {}, ...risky('locks-out')],
  ['SetUserLoginPrivileges', { userName: 'admin', loginPrivileges: ['web'] }, {}, ...risky('locks-out')],
  ['SetUserPassword', { userName: 'amira', password: 'x' }, {}, ...risky('grants-power')],
  ['SetUserPassword', { userName: 'admin', password: 'x' }, {}, ...risky('locks-out')],
  [
    'SetUserAuthentication',
    { userName: 'amira', authentication: 'integrated' },
    { user: { privileges: ['login'] } },
    ...risky('opens-mail'),
  ],
  [
    'SetUserAuthentication',
    { userName: 'amira', authentication: 'integrated' },
    { user: { privileges: ['admin'] } },
    ...risky('grants-power opens-mail'),
  ],
  [
    'SetUserAuthentication',
    { userName: 'admin', authentication: 'directoryServices' },
    { user: { privileges: ['admin'] } },
    ...risky('grants-power opens-mail locks-out'),
  ],
  [
    'SetUserDistinguishedName',
    { userName: 'amira', distinguishedName: 'CN=Eve' },
    { user: { privileges: ['login'] } },
    ...risky('opens-mail'),
  ],
  ['SetUserDistinguishedName', { userName: 'amira', distinguishedName: null }, { user: { privileges: ['login'] } }, ...WRITE],
  ['SetUserDistinguishedName', { userName: 'admin', distinguishedName: null }, { user: { privileges: ['admin'] } }, ...risky('locks-out')],
  ['SetUserEmailAddresses', { userName: 'amira', emailAddresses: ['a@example.com'] }, { taken: [] }, ...WRITE],
  [
    'SetUserEmailAddresses',
    { userName: 'amira', emailAddresses: ['jd@example.com'] },
    { taken: [{ userName: 'johndoe', value: 'jd@example.com' }] },
    ...risky('opens-mail'),
  ],
  [
    'SetUserPop3UserNames',
    { userName: 'amira', pop3UserNames: ['jd'] },
    { taken: [{ userName: 'johndoe', value: 'jd' }] },
    ...risky('opens-mail'),
  ],
  ['SetUserPop3UserNames', { userName: 'amira', pop3UserNames: ['jd'] }, { taken: [] }, ...WRITE],
  ['RenameUser', { oldUserName: 'amira', newUserName: 'amira.okoye' }, { archives: ARCHIVES, user: USER }, ...WRITE],
  ['RenameUser', { oldUserName: 'johndoe', newUserName: 'JohnDoe' }, { archives: ARCHIVES, user: USER }, ...WRITE],
  ['RenameUser', { oldUserName: 'amira', newUserName: 'oldcolleague' }, { archives: ARCHIVES, user: USER }, ...risky('opens-mail')],
  ['RenameUser', { oldUserName: 'Admin', newUserName: 'root' }, { archives: ARCHIVES, user: USER }, ...risky('locks-out')],
  // The directory decides who the person of a name is.
  [
    'RenameUser',
    { oldUserName: 'amira', newUserName: 'eve' },
    { archives: ARCHIVES, user: { ...USER, authentication: 'directoryServices' } },
    ...risky('opens-mail'),
  ],
  [
    'RenameUser',
    { oldUserName: 'amira', newUserName: 'eve' },
    { archives: ARCHIVES, user: { authentication: 'directoryServices', privileges: ['admin'] } },
    ...risky('grants-power opens-mail'),
  ],
  ['RenameUser', { oldUserName: 'amira', newUserName: 'eve' }, { archives: ARCHIVES }, ...risky('grants-power opens-mail')],
  ['SetUserPrivilegesOnFolder', { userName: 'amira', folder: 'amira', privileges: ['read', 'write', 'delete'] }, {}, ...WRITE],
  ['SetUserPrivilegesOnFolder', { userName: 'Amira', folder: 'amira', privileges: ['read'] }, {}, ...WRITE],
  ['SetUserPrivilegesOnFolder', { userName: 'amira', folder: 'johndoe', privileges: ['none'] }, {}, ...WRITE],
  ['SetUserPrivilegesOnFolder', { userName: 'amira', folder: 'johndoe', privileges: ['read'] }, {}, ...risky('opens-mail')],
  ['SetUserPrivilegesOnFolder', { userName: 'amira', folder: '@catchall', privileges: ['read'] }, {}, ...risky('opens-mail')],
  ['SetUserPrivilegesOnFolder', { userName: 'amira', folder: 'amira ', privileges: ['read'] }, {}, ...risky('opens-mail')],
  ['SetUserPrivilegesOnFolder', { userName: 'amira', folder: 'amira/Inbox', privileges: ['read'] }, {}, ...risky('opens-mail')],
  ['SetUserPrivilegesOnFolder', { userName: 'amira', folder: '\u0430mira', privileges: ['read'] }, {}, ...risky('opens-mail')],
  ['SetUserPrivilegesOnFolder', { userName: 'amira', folder: 'johndoe', privileges: [] }, {}, ...risky('opens-mail')],
  ['DeleteUser', { userName: 'amira' }, {}, ...DESTROY],
  ['DeleteUser', { userName: 'admin' }, {}, ...destroying('locks-out')],
  ['DeleteAppPasswords', { userName: 'amira' }, {}, ...DESTROY],
  ['DeleteAppPasswords', { userName: 'admin' }, {}, ...destroying('locks-out')],
  ['DisableMFA', { userName: 'amira' }, {}, ...destroying('grants-power')],
  ['DisableMFA', { userName: 'admin' }, {}, ...destroying('grants-power locks-out')],
  ['InitializeMFA', { userName: 'amira' }, {}, ...destroying('grants-power')],
  ['InitializeMFA', { userName: 'admin' }, {}, ...destroying('grants-power locks-out')],
  [
    'SetDirectoryServicesConfiguration',
    { config: { groups: ['Staff'] } },
    { current: DIRECTORY, own: { authentication: 'directoryServices' } },
    ...risky('locks-out'),
  ],
  ['SetDirectoryServicesConfiguration', { config: { groups: ['Staff'] } }, { current: DIRECTORY }, ...risky('locks-out')],
  ['SetDirectoryServicesConfiguration', { config: { groups: null } }, { current: DIRECTORY }, ...WRITE],
  ['SyncUsersWithDirectoryServices', {}, { own: { authentication: 'integrated' } }, ...DESTROY],
  ['SyncUsersWithDirectoryServices', {}, { own: { authentication: 'directoryServices' } }, ...destroying('locks-out')],
  [
    'SetDirectoryServicesConfiguration',
    { config: { enabledUsersOnly: true } },
    { current: DIRECTORY, own: { authentication: 'integrated' } },
    ...WRITE,
  ],
  [
    'SetDirectoryServicesConfiguration',
    { config: { groups: ['Staff'] } },
    { current: DIRECTORY, own: { authentication: 'integrated' } },
    ...WRITE,
  ],
  [
    'SetDirectoryServicesConfiguration',
    { config: { serverName: 'dc1', groups: ['Staff'], deleteUsers: false } },
    { current: DIRECTORY, own: { authentication: 'integrated' } },
    ...WRITE,
  ],
  [
    'SetDirectoryServicesConfiguration',
    { config: { deleteUsers: true } },
    { current: DIRECTORY, own: { authentication: 'integrated' } },
    ...risky('weakens-protection'),
  ],
  [
    'SetDirectoryServicesConfiguration',
    { config: { serverName: 'dc2' } },
    { current: DIRECTORY, own: { authentication: 'integrated' } },
    ...risky('grants-power sends-data-out'),
  ],
  [
    'SetDirectoryServicesConfiguration',
    { config: { type: 'ldap' } },
    { current: DIRECTORY, own: { authentication: 'integrated' } },
    ...risky('grants-power sends-data-out'),
  ],
  [
    'SetDirectoryServicesConfiguration',
    { config: { credentialId: 2 } },
    { current: DIRECTORY, own: { authentication: 'integrated' } },
    ...risky('grants-power sends-data-out'),
  ],
  [
    'SetDirectoryServicesConfiguration',
    { config: { password: 'x' } },
    { current: DIRECTORY, own: { authentication: 'integrated' } },
    ...risky('grants-power sends-data-out'),
  ],
  [
    'SetDirectoryServicesConfiguration',
    { config: { openIdDiscoveryUrl: 'https://x.example' } },
    { current: DIRECTORY, own: { authentication: 'integrated' } },
    ...risky('grants-power sends-data-out'),
  ],
  [
    'SetDirectoryServicesConfiguration',
    { config: { baseDN: 'DC=x' } },
    { current: DIRECTORY, own: { authentication: 'integrated' } },
    ...risky('grants-power sends-data-out'),
  ],
  [
    'SetDirectoryServicesConfiguration',
    { config: { groups: ['Staff'], password: { fromFile: 'db.txt' } } },
    { current: DIRECTORY, own: { authentication: 'integrated' } },
    ...risky('grants-power sends-data-out'),
  ],
  [
    'SetSmtpSettings',
    { settings: { fromDisplayName: 'B', password: null } },
    {
      current: {
        hostname: 'smtp.example.com',
        port: 587,
        username: 'a',
        password: null,
        fromDisplayName: 'A',
        recipientEmailAddress: 'x@example.com',
      },
    },
    ...WRITE,
  ],
  [
    'SetSmtpSettings',
    { settings: { hostname: 'smtp.example.com', port: 587, fromDisplayName: 'B' } },
    {
      current: {
        hostname: 'smtp.example.com',
        port: 587,
        username: 'a',
        password: null,
        fromDisplayName: 'A',
        recipientEmailAddress: 'x@example.com',
      },
    },
    ...WRITE,
  ],
  [
    'SetSmtpSettings',
    { settings: { hostname: 'mail.example.org' } },
    {
      current: {
        hostname: 'smtp.example.com',
        port: 587,
        username: 'a',
        password: null,
        fromDisplayName: 'A',
        recipientEmailAddress: 'x@example.com',
      },
    },
    ...risky('sends-data-out'),
  ],
  [
    'SetSmtpSettings',
    { settings: { port: 25 } },
    {
      current: {
        hostname: 'smtp.example.com',
        port: 587,
        username: 'a',
        password: null,
        fromDisplayName: 'A',
        recipientEmailAddress: 'x@example.com',
      },
    },
    ...risky('sends-data-out'),
  ],
  [
    'SetSmtpSettings',
    { settings: { password: 'x' } },
    {
      current: {
        hostname: 'smtp.example.com',
        port: 587,
        username: 'a',
        password: null,
        fromDisplayName: 'A',
        recipientEmailAddress: 'x@example.com',
      },
    },
    ...risky('sends-data-out'),
  ],
  [
    'SetSmtpSettings',
    { settings: { ignoreSslPolicyErrors: true } },
    {
      current: {
        hostname: 'smtp.example.com',
        port: 587,
        username: 'a',
        password: null,
        fromDisplayName: 'A',
        recipientEmailAddress: 'x@example.com',
      },
    },
    ...risky('sends-data-out'),
  ],
  [
    'SetSmtpSettings',
    { settings: { recipientEmailAddress: 'eve@example.org' } },
    {
      current: {
        hostname: 'smtp.example.com',
        port: 587,
        username: 'a',
        password: null,
        fromDisplayName: 'A',
        recipientEmailAddress: 'x@example.com',
      },
    },
    ...risky('sends-data-out'),
  ],
  [
    'SetSmtpSettings',
    { settings: { fromDisplayName: 'B', password: { fromEnv: 'MAILSTORE_SECRET_X' } } },
    {
      current: {
        hostname: 'smtp.example.com',
        port: 587,
        username: 'a',
        password: null,
        fromDisplayName: 'A',
        recipientEmailAddress: 'x@example.com',
      },
    },
    ...risky('sends-data-out'),
  ],
  ['SetSmtpSettings', { settings: { fromDisplayName: 'B' } }, {}, ...WRITE],
  ['SetSmtpSettings', { settings: { hostname: 'smtp.example.com' } }, {}, ...risky('sends-data-out')],
  ['CreateStore', { name: 'x', type: 'FileSystemInternal', databasePath: 'D:\\x', requestedState: 'normal' }, {}, ...WRITE],
  [
    'CreateStore',
    { name: 'x', type: 'FileSystemInternal', databasePath: 'D:\\x', requestedState: 'current', contentPath: 'E:/x' },
    {},
    ...WRITE,
  ],
  [
    'CreateStore',
    { name: 'x', type: 'FileSystemInternal', databasePath: '\\\\host\\share', requestedState: 'normal' },
    {},
    ...risky('sends-data-out'),
  ],
  [
    'CreateStore',
    { name: 'x', type: 'FileSystemInternal', databasePath: 'D:\\x', requestedState: 'normal', contentPath: '//host/share' },
    {},
    ...risky('sends-data-out'),
  ],
  [
    'CreateStore',
    { name: 'x', type: 'FileSystemInternal', databasePath: 'D:\\x', requestedState: 'normal', indexPath: '\\\\?\\UNC\\host\\share' },
    {},
    ...risky('sends-data-out'),
  ],
  [
    'CreateStore',
    { name: 'x', type: 'FileSystemInternal', databasePath: 'http://host/x', requestedState: 'normal' },
    {},
    ...risky('sends-data-out'),
  ],
  [
    'CreateStore',
    { name: 'x', type: 'FileSystemInternal', databasePath: '%TEMP%\\x', requestedState: 'normal' },
    {},
    ...risky('sends-data-out'),
  ],
  [
    'CreateStore',
    { name: 'x', type: 'FileSystemInternal', databasePath: '/mnt/x', requestedState: 'normal' },
    {},
    ...risky('sends-data-out'),
  ],
  [
    'CreateStore',
    { name: 'x', type: 'FileSystemInternal', databasePath: 'D:\\x', requestedState: 'normal', serverName: 'db' },
    {},
    ...risky('sends-data-out'),
  ],
  [
    'CreateStore',
    { name: 'x', type: 'FileSystemInternal', databasePath: 'D:\\x', requestedState: 'normal', databaseName: 'Server=db;Database=x' },
    {},
    ...risky('sends-data-out'),
  ],
  [
    'CreateStore',
    { name: 'x', type: 'FileSystemInternal', databasePath: 'D:\\x', requestedState: 'normal', password: 'x' },
    {},
    ...risky('sends-data-out'),
  ],
  [
    'CreateStore',
    { name: 'x', type: 'FileSystemInternal', databasePath: 'D:\\x', requestedState: 'normal', userName: 'sa' },
    {},
    ...risky('sends-data-out'),
  ],
  ['CreateStore', { name: 'x', type: 'SQLServer', databasePath: 'D:\\x', requestedState: 'normal' }, {}, ...risky('sends-data-out')],
  ['CreateStore', { name: 'x', type: 'PostgreSQL', databasePath: 'D:\\x', requestedState: 'normal' }, {}, ...risky('sends-data-out')],
  ['AttachStore', { name: 'x', type: 'FileSystemInternal', databasePath: 'D:\\x', requestedState: 'normal' }, {}, ...WRITE],
  [
    'AttachStore',
    { name: 'x', type: 'FileSystemInternal', databasePath: 'D:\\x', requestedState: 'current', contentPath: 'E:/x' },
    {},
    ...WRITE,
  ],
  [
    'AttachStore',
    { name: 'x', type: 'FileSystemInternal', databasePath: '\\\\host\\share', requestedState: 'normal' },
    {},
    ...risky('sends-data-out'),
  ],
  [
    'AttachStore',
    { name: 'x', type: 'FileSystemInternal', databasePath: 'D:\\x', requestedState: 'normal', contentPath: '//host/share' },
    {},
    ...risky('sends-data-out'),
  ],
  [
    'AttachStore',
    { name: 'x', type: 'FileSystemInternal', databasePath: 'D:\\x', requestedState: 'normal', indexPath: '\\\\?\\UNC\\host\\share' },
    {},
    ...risky('sends-data-out'),
  ],
  [
    'AttachStore',
    { name: 'x', type: 'FileSystemInternal', databasePath: 'http://host/x', requestedState: 'normal' },
    {},
    ...risky('sends-data-out'),
  ],
  [
    'AttachStore',
    { name: 'x', type: 'FileSystemInternal', databasePath: '%TEMP%\\x', requestedState: 'normal' },
    {},
    ...risky('sends-data-out'),
  ],
  [
    'AttachStore',
    { name: 'x', type: 'FileSystemInternal', databasePath: '/mnt/x', requestedState: 'normal' },
    {},
    ...risky('sends-data-out'),
  ],
  [
    'AttachStore',
    { name: 'x', type: 'FileSystemInternal', databasePath: 'D:\\x', requestedState: 'normal', serverName: 'db' },
    {},
    ...risky('sends-data-out'),
  ],
  [
    'AttachStore',
    { name: 'x', type: 'FileSystemInternal', databasePath: 'D:\\x', requestedState: 'normal', databaseName: 'Server=db;Database=x' },
    {},
    ...risky('sends-data-out'),
  ],
  [
    'AttachStore',
    { name: 'x', type: 'FileSystemInternal', databasePath: 'D:\\x', requestedState: 'normal', password: 'x' },
    {},
    ...risky('sends-data-out'),
  ],
  [
    'AttachStore',
    { name: 'x', type: 'FileSystemInternal', databasePath: 'D:\\x', requestedState: 'normal', userName: 'sa' },
    {},
    ...risky('sends-data-out'),
  ],
  ['AttachStore', { name: 'x', type: 'SQLServer', databasePath: 'D:\\x', requestedState: 'normal' }, {}, ...risky('sends-data-out')],
  ['AttachStore', { name: 'x', type: 'PostgreSQL', databasePath: 'D:\\x', requestedState: 'normal' }, {}, ...risky('sends-data-out')],
  ['SetStoreProperties', { id: 3, contentPath: 'E:\\x' }, {}, ...WRITE],
  ['SetStoreProperties', { id: 3, serverName: null, databaseName: null }, {}, ...WRITE],
  ['SetStoreProperties', { id: 3, contentPath: '\\\\host\\x' }, {}, ...risky('sends-data-out')],
  ['SetStoreProperties', { id: 3, serverName: 'db' }, {}, ...risky('sends-data-out')],
  ['SetStoreProperties', { id: 3, userName: 'sa' }, {}, ...risky('sends-data-out')],
  ['SetStoreProperties', { id: 3, password: 'x' }, {}, ...risky('sends-data-out')],
  ['SetStoreProperties', { id: 3, type: 'SQLServer' }, {}, ...risky('sends-data-out')],
  ['SetStoreRequestedState', { id: 3, requestedState: 'writeProtected' }, { store: { requestedState: 'normal' } }, ...WRITE],
  ['SetStoreRequestedState', { id: 3, requestedState: 'current' }, { store: { requestedState: 'normal' } }, ...WRITE],
  ['SetStoreRequestedState', { id: 3, requestedState: 'disabled' }, { store: { requestedState: 'normal' } }, ...WRITE],
  ['SetStoreRequestedState', { id: 3, requestedState: 'normal' }, { store: { requestedState: 'disabled' } }, ...WRITE],
  ['SetStoreRequestedState', { id: 3, requestedState: 'current' }, { store: { requestedState: 'current' } }, ...WRITE],
  ['SetStoreRequestedState', { id: 3, requestedState: 'normal' }, { store: { requestedState: 'current' } }, ...risky('weakens-protection')],
  [
    'SetStoreRequestedState',
    { id: 3, requestedState: 'disabled' },
    { store: { requestedState: 'current' } },
    ...risky('weakens-protection'),
  ],
  [
    'SetStoreRequestedState',
    { id: 3, requestedState: 'normal' },
    { store: { requestedState: 'writeProtected' } },
    ...risky('weakens-protection'),
  ],
  [
    'SetStoreRequestedState',
    { id: 3, requestedState: 'disabled' },
    { store: { requestedState: 'writeProtected' } },
    ...risky('weakens-protection'),
  ],
  [
    'SetStoreRequestedState',
    { id: 3, requestedState: 'current' },
    { store: { requestedState: 'writeProtected' } },
    ...risky('weakens-protection'),
  ],
  [
    'SetStoreAutoCreateConfiguration',
    { config: { enabled: true, namePattern: '{yyyy}-{MM}' } },
    { current: { enabled: false, interval: 'yearly', namePattern: '{yyyy}' } },
    ...WRITE,
  ],
  [
    'SetStoreAutoCreateConfiguration',
    { config: { path: '\\\\host\\x' } },
    { current: { enabled: false, interval: 'yearly', namePattern: '{yyyy}' } },
    ...risky('sends-data-out'),
  ],
  [
    'SetStoreAutoCreateConfiguration',
    { config: { namePattern: '\\\\host\\{yyyy}' } },
    { current: { enabled: false, interval: 'yearly', namePattern: '{yyyy}' } },
    ...risky('sends-data-out'),
  ],
  ['CreateBackup', { path: 'E:\\Backup', excludeSearchIndexes: false }, {}, ...risky('sends-data-out')],
  ['CreateBackup', { path: '\\\\host\\share', excludeSearchIndexes: false }, {}, ...risky('sends-data-out')],
  [
    'RunProfile',
    { id: 1 },
    {
      profile: {
        id: 1,
        type: 'I',
        details: { host: 'imap.example.com', deleteAfterArchiving: '0', excluded: ['Deleted Items'] },
        serverSideExecution: { automatic: true, automaticPauseBetweenExecutions: 600, automaticMaintenanceWindows: null },
      },
    },
    ...WRITE,
  ],
  [
    'RunProfile',
    { id: 1 },
    {
      profile: {
        id: 1,
        type: 'I',
        details: { deleteAfterArchiving: '1' },
        serverSideExecution: { automatic: true, automaticPauseBetweenExecutions: 600, automaticMaintenanceWindows: null },
      },
    },
    ...risky('deletes-at-source'),
  ],
  [
    'RunProfile',
    { id: 1 },
    {
      profile: {
        id: 1,
        type: 'I',
        details: { deleteAfterArchiving: true },
        serverSideExecution: { automatic: true, automaticPauseBetweenExecutions: 600, automaticMaintenanceWindows: null },
      },
    },
    ...risky('deletes-at-source'),
  ],
  [
    'RunProfile',
    { id: 1 },
    {
      profile: {
        id: 1,
        type: 'I',
        details: { DeleteMessages: 'true' },
        serverSideExecution: { automatic: true, automaticPauseBetweenExecutions: 600, automaticMaintenanceWindows: null },
      },
    },
    ...risky('deletes-at-source'),
  ],
  [
    'RunProfile',
    { id: 1 },
    {
      profile: {
        id: 1,
        type: 'I',
        details: { afterArchiving: 'delete' },
        serverSideExecution: { automatic: true, automaticPauseBetweenExecutions: 600, automaticMaintenanceWindows: null },
      },
    },
    ...risky('deletes-at-source'),
  ],
  [
    'RunProfile',
    { id: 1 },
    {
      profile: {
        id: 1,
        type: 'I',
        details: { options: { removeFromServer: 1 } },
        serverSideExecution: { automatic: true, automaticPauseBetweenExecutions: 600, automaticMaintenanceWindows: null },
      },
    },
    ...risky('deletes-at-source'),
  ],
  [
    'RunProfile',
    { id: 1 },
    {
      profile: {
        id: 1,
        type: 'I',
        details: { rules: [{ moveTo: 'Archived' }] },
        serverSideExecution: { automatic: true, automaticPauseBetweenExecutions: 600, automaticMaintenanceWindows: null },
      },
    },
    ...risky('deletes-at-source'),
  ],
  [
    'RunProfile',
    { id: 1 },
    {
      profile: {
        id: 1,
        type: 'I',
        details: { deleteAfterDays: 30 },
        serverSideExecution: { automatic: true, automaticPauseBetweenExecutions: 600, automaticMaintenanceWindows: null },
      },
    },
    ...risky('deletes-at-source'),
  ],
  [
    'RunProfile',
    { id: 1 },
    {
      profile: {
        id: 1,
        type: 'I',
        details: { deleteAfterArchiving: false },
        serverSideExecution: { automatic: true, automaticPauseBetweenExecutions: 600, automaticMaintenanceWindows: null },
      },
    },
    ...WRITE,
  ],
  [
    'RunProfile',
    { id: 1 },
    {
      profile: {
        id: 1,
        type: 'I',
        details: { deleteAfterArchiving: 'never' },
        serverSideExecution: { automatic: true, automaticPauseBetweenExecutions: 600, automaticMaintenanceWindows: null },
      },
    },
    ...WRITE,
  ],
  [
    'RunProfile',
    { id: 1 },
    {
      profile: {
        id: 1,
        type: 'E',
        details: { host: 'imap.example.com', deleteAfterArchiving: '0', excluded: ['Deleted Items'] },
        serverSideExecution: { automatic: true, automaticPauseBetweenExecutions: 600, automaticMaintenanceWindows: null },
      },
    },
    ...risky('sends-data-out'),
  ],
  [
    'RunProfile',
    { id: 1 },
    {
      profile: {
        id: 1,
        type: 'I',
        details: 'text',
        serverSideExecution: { automatic: true, automaticPauseBetweenExecutions: 600, automaticMaintenanceWindows: null },
      },
    },
    ...risky('deletes-at-source'),
  ],
  ['CreateProfile', { properties: { type: 'I', details: { host: 'imap.example.org' } } }, {}, ...risky('sends-data-out')],
  [
    'CreateProfile',
    { properties: { type: 'I', details: { deleteAfterArchiving: true } } },
    {},
    ...risky('sends-data-out deletes-at-source'),
  ],
  ['CreateProfile', { properties: { type: 'E' } }, {}, ...risky('sends-data-out deletes-at-source')],
  ['RunTemporaryProfile', { properties: { type: 'I', details: { host: 'imap.example.org' } } }, {}, ...risky('sends-data-out')],
  [
    'RunTemporaryProfile',
    { properties: { type: 'I', details: { deleteAfterArchiving: true } } },
    {},
    ...risky('sends-data-out deletes-at-source'),
  ],
  ['RunTemporaryProfile', { properties: { type: 'E' } }, {}, ...risky('sends-data-out deletes-at-source')],
  [
    'SetProfileServerSideExecution',
    { id: 1, automatic: true },
    {
      profile: {
        id: 1,
        type: 'I',
        details: { host: 'imap.example.com', deleteAfterArchiving: '0', excluded: ['Deleted Items'] },
        serverSideExecution: { automatic: true, automaticPauseBetweenExecutions: 600, automaticMaintenanceWindows: null },
      },
    },
    ...WRITE,
  ],
  [
    'SetProfileServerSideExecution',
    { id: 1, automatic: true, automaticPauseBetweenExecutions: 3600 },
    {
      profile: {
        id: 1,
        type: 'I',
        details: { host: 'imap.example.com', deleteAfterArchiving: '0', excluded: ['Deleted Items'] },
        serverSideExecution: { automatic: true, automaticPauseBetweenExecutions: 600, automaticMaintenanceWindows: null },
      },
    },
    ...WRITE,
  ],
  [
    'SetProfileServerSideExecution',
    { id: 1, automatic: true, automaticMaintenanceWindows: null },
    {
      profile: {
        id: 1,
        type: 'I',
        details: { host: 'imap.example.com', deleteAfterArchiving: '0', excluded: ['Deleted Items'] },
        serverSideExecution: { automatic: true, automaticPauseBetweenExecutions: 600, automaticMaintenanceWindows: null },
      },
    },
    ...WRITE,
  ],
  [
    'SetProfileServerSideExecution',
    { id: 1, automatic: false },
    {
      profile: {
        id: 1,
        type: 'I',
        details: { host: 'imap.example.com', deleteAfterArchiving: '0', excluded: ['Deleted Items'] },
        serverSideExecution: { automatic: true, automaticPauseBetweenExecutions: 600, automaticMaintenanceWindows: null },
      },
    },
    ...risky('weakens-protection'),
  ],
  [
    'SetProfileServerSideExecution',
    { id: 1, automatic: true, automaticPauseBetweenExecutions: 99999999 },
    {
      profile: {
        id: 1,
        type: 'I',
        details: { host: 'imap.example.com', deleteAfterArchiving: '0', excluded: ['Deleted Items'] },
        serverSideExecution: { automatic: true, automaticPauseBetweenExecutions: 600, automaticMaintenanceWindows: null },
      },
    },
    ...risky('weakens-protection'),
  ],
  [
    'SetProfileServerSideExecution',
    { id: 1, automatic: true, automaticMaintenanceWindows: '00:00-24:00' },
    {
      profile: {
        id: 1,
        type: 'I',
        details: { host: 'imap.example.com', deleteAfterArchiving: '0', excluded: ['Deleted Items'] },
        serverSideExecution: { automatic: true, automaticPauseBetweenExecutions: 600, automaticMaintenanceWindows: null },
      },
    },
    ...risky('weakens-protection'),
  ],
  [
    'SetProfileServerSideExecution',
    { id: 1, automatic: false },
    {
      profile: {
        id: 1,
        type: 'I',
        details: { host: 'imap.example.com', deleteAfterArchiving: '0', excluded: ['Deleted Items'] },
        serverSideExecution: { automatic: false },
      },
    },
    ...WRITE,
  ],
  [
    'SetProfileServerSideExecution',
    { id: 1, automatic: true },
    {
      profile: {
        id: 1,
        type: 'I',
        details: { deleteAfterArchiving: '1' },
        serverSideExecution: { automatic: true, automaticPauseBetweenExecutions: 600, automaticMaintenanceWindows: null },
      },
    },
    ...risky('deletes-at-source'),
  ],
  [
    'SetProfileServerSideExecution',
    { id: 1, automatic: true },
    {
      profile: {
        id: 1,
        type: 'E',
        details: { host: 'imap.example.com', deleteAfterArchiving: '0', excluded: ['Deleted Items'] },
        serverSideExecution: { automatic: true, automaticPauseBetweenExecutions: 600, automaticMaintenanceWindows: null },
      },
    },
    ...risky('sends-data-out'),
  ],
  [
    'DeleteProfile',
    { id: 1 },
    {
      profile: {
        id: 1,
        type: 'I',
        details: { host: 'imap.example.com', deleteAfterArchiving: '0', excluded: ['Deleted Items'] },
        serverSideExecution: { automatic: true, automaticPauseBetweenExecutions: 600, automaticMaintenanceWindows: null },
      },
    },
    ...destroying('weakens-protection'),
  ],
  [
    'DeleteProfile',
    { id: 1 },
    {
      profile: {
        id: 1,
        type: 'E',
        details: { host: 'imap.example.com', deleteAfterArchiving: '0', excluded: ['Deleted Items'] },
        serverSideExecution: { automatic: true, automaticPauseBetweenExecutions: 600, automaticMaintenanceWindows: null },
      },
    },
    ...DESTROY,
  ],
  ['MoveFolder', { fromFolder: 'amira/Drafts', toFolder: 'amira/Old' }, {}, ...WRITE],
  ['MoveFolder', { fromFolder: 'amira/Drafts', toFolder: 'johndoe/Drafts' }, {}, ...risky('opens-mail')],
  ['MoveFolder', { fromFolder: 'oldcolleague', toFolder: 'former' }, {}, ...risky('opens-mail')],
  ['MoveFolder', { fromFolder: 'amira', toFolder: 'johndoe/amira' }, {}, ...risky('opens-mail')],
  ['MoveFolder', { fromFolder: 'amira/Drafts', toFolder: 'Drafts' }, {}, ...risky('opens-mail')],
  ['MoveFolder', { fromFolder: 'amira/Drafts', toFolder: 'amira/../johndoe/x' }, {}, ...risky('opens-mail')],
  ['MoveFolder', { fromFolder: 'amira/Drafts', toFolder: '/johndoe/x' }, {}, ...risky('opens-mail')],
  ['MoveFolder', { fromFolder: 'amira/Drafts', toFolder: 'amira\\..\\johndoe' }, {}, ...risky('opens-mail')],
  ['MoveFolder', { fromFolder: 'amira/Drafts', toFolder: 'Amira/Drafts' }, {}, ...risky('opens-mail')],
];

describe('risk', () => {
  test.each(RISKS)('%s with %j, where %j was found: %s, risks "%s"', (name, args, found, ...verdict) => {
    expect(verdictOn(name, args, found)).toEqual(verdict);
  });

  test('is assumed in full of every command where nothing was read and the login is not known, within what the command declares', () => {
    for (const command of commands) {
      const { risks } = judgeCall(command, documentedArguments(command.name));
      expect([command.name, risks.filter((risk) => !possibleRisks(command).includes(risk))]).toEqual([command.name, []]);
    }
  });

  test('the risk of a change of an account is a lock-out where the login of this server is not known', () => {
    expect(judgeCall(commandNamed('RenameUser'), { oldUserName: 'amira', newUserName: 'x' }).risks).toEqual<Risk[]>([
      'grants-power',
      'opens-mail',
      'locks-out',
    ]);
  });

  test('is in a read only where the read can be something else', () => {
    expect(commands.filter((command) => command.risks && worstEffect(command) === 'read').map(({ name }) => name)).toEqual([]);
  });
});
