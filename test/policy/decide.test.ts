import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { ACCESS_LEVELS, type Access } from '../../src/base/target.ts';
import type { Effect } from '../../src/catalogue/define-command.ts';
import { allows, neededAccess, widest } from '../../src/policy/access.ts';
import { decide, effectOfAction, effectOfCall, mildestEffect, worstEffect, type Decision } from '../../src/policy/decide.ts';
import { commands } from '../../tools/index.ts';
import { commandNamed } from '../helpers/start-client.ts';

type Kind = Decision['kind'];

/** What a call comes to: its effect, and the decision under read-only, read-write and full access. */
type Verdict = readonly [effect: Effect, readOnly: Kind, readWrite: Kind, full: Kind];

const READ: Verdict = ['read', 'allow', 'allow', 'allow'];
const WRITE: Verdict = ['write', 'refuse', 'allow', 'allow'];
const DESTROY: Verdict = ['destructive', 'refuse', 'refuse', 'ask'];

/** What each command comes to with its documented arguments, where nothing that it depends on was read. */
const DECISIONS: readonly (readonly [command: string, ...Verdict])[] = [
  ['AttachStore', 'write', 'refuse', 'allow', 'allow'],
  ['CancelJobAsync', 'write', 'refuse', 'allow', 'allow'],
  ['ClearUserPrivilegesOnFolders', 'destructive', 'refuse', 'refuse', 'ask'],
  ['CompactMasterDatabase', 'write', 'refuse', 'allow', 'allow'],
  ['CompactStore', 'destructive', 'refuse', 'refuse', 'ask'],
  ['CreateBackup', 'write', 'refuse', 'allow', 'allow'],
  ['CreateCredential', 'write', 'refuse', 'allow', 'allow'],
  // Documented with a job that verifies stores.
  ['CreateJob', 'write', 'refuse', 'allow', 'allow'],
  ['CreateProfile', 'write', 'refuse', 'allow', 'allow'],
  ['CreateStore', 'write', 'refuse', 'allow', 'allow'],
  ['CreateUser', 'write', 'refuse', 'allow', 'allow'],
  ['DeleteAppPasswords', 'destructive', 'refuse', 'refuse', 'ask'],
  ['DeleteCredential', 'destructive', 'refuse', 'refuse', 'ask'],
  ['DeleteEmptyFolders', 'destructive', 'refuse', 'refuse', 'ask'],
  ['DeleteJob', 'destructive', 'refuse', 'refuse', 'ask'],
  ['DeleteMessage', 'destructive', 'refuse', 'refuse', 'ask'],
  ['DeleteProfile', 'destructive', 'refuse', 'refuse', 'ask'],
  ['DeleteUser', 'destructive', 'refuse', 'refuse', 'ask'],
  ['DetachStore', 'destructive', 'refuse', 'refuse', 'ask'],
  ['DisableMFA', 'destructive', 'refuse', 'refuse', 'ask'],
  ['GetActiveSessions', 'read', 'allow', 'allow', 'allow'],
  ['GetChildFolders', 'read', 'allow', 'allow', 'allow'],
  ['GetComplianceConfiguration', 'read', 'allow', 'allow', 'allow'],
  ['GetCredentialSettings', 'read', 'allow', 'allow', 'allow'],
  ['GetCredentials', 'read', 'allow', 'allow', 'allow'],
  ['GetDirectoryServicesConfiguration', 'read', 'allow', 'allow', 'allow'],
  ['GetFolderStatistics', 'read', 'allow', 'allow', 'allow'],
  ['GetJobResults', 'read', 'allow', 'allow', 'allow'],
  ['GetJobs', 'read', 'allow', 'allow', 'allow'],
  ['GetLicenseInformation', 'read', 'allow', 'allow', 'allow'],
  ['GetMessages', 'read', 'allow', 'allow', 'allow'],
  ['GetProfiles', 'read', 'allow', 'allow', 'allow'],
  ['GetRetentionPolicies', 'read', 'allow', 'allow', 'allow'],
  ['GetServerInfo', 'read', 'allow', 'allow', 'allow'],
  ['GetServiceConfiguration', 'read', 'allow', 'allow', 'allow'],
  ['GetSmtpSettings', 'read', 'allow', 'allow', 'allow'],
  ['GetStoreAutoCreateConfiguration', 'read', 'allow', 'allow', 'allow'],
  ['GetStoreIndexes', 'read', 'allow', 'allow', 'allow'],
  ['GetStores', 'read', 'allow', 'allow', 'allow'],
  ['GetTimeZones', 'read', 'allow', 'allow', 'allow'],
  ['GetUserInfo', 'read', 'allow', 'allow', 'allow'],
  ['GetUsers', 'read', 'allow', 'allow', 'allow'],
  ['GetWorkerResultReport', 'read', 'allow', 'allow', 'allow'],
  ['GetWorkerResults', 'read', 'allow', 'allow', 'allow'],
  ['InitializeMFA', 'destructive', 'refuse', 'refuse', 'ask'],
  ['MaintainFileSystemDatabases', 'write', 'refuse', 'allow', 'allow'],
  ['MergeStore', 'write', 'refuse', 'allow', 'allow'],
  ['MoveFolder', 'write', 'refuse', 'allow', 'allow'],
  ['ProcessRetentionPolicies', 'destructive', 'refuse', 'refuse', 'ask'],
  ['RebuildSelectedStoreIndexes', 'write', 'refuse', 'allow', 'allow'],
  ['RebuildStoreIndex', 'write', 'refuse', 'allow', 'allow'],
  ['RecoverStore', 'destructive', 'refuse', 'refuse', 'ask'],
  ['RecreateRecoveryRecords', 'destructive', 'refuse', 'refuse', 'ask'],
  ['RefreshAllStoreStatistics', 'write', 'refuse', 'allow', 'allow'],
  ['RenameJob', 'write', 'refuse', 'allow', 'allow'],
  ['RenameStore', 'write', 'refuse', 'allow', 'allow'],
  ['RenameUser', 'write', 'refuse', 'allow', 'allow'],
  ['RenewMasterKey', 'write', 'refuse', 'allow', 'allow'],
  ['RepairStoreDatabase', 'write', 'refuse', 'allow', 'allow'],
  ['RetryOpenStores', 'write', 'refuse', 'allow', 'allow'],
  // What the job does was not read.
  ['RunJobAsync', 'destructive', 'refuse', 'refuse', 'ask'],
  ['RunProfile', 'write', 'refuse', 'allow', 'allow'],
  ['RunTemporaryProfile', 'write', 'refuse', 'allow', 'allow'],
  ['SelectAllStoreIndexesForRebuild', 'write', 'refuse', 'allow', 'allow'],
  ['SendStatusReport', 'write', 'refuse', 'allow', 'allow'],
  // Documented with legal hold on.
  ['SetComplianceConfiguration', 'write', 'refuse', 'allow', 'allow'],
  ['SetCredentialSettings', 'write', 'refuse', 'allow', 'allow'],
  ['SetDirectoryServicesConfiguration', 'write', 'refuse', 'allow', 'allow'],
  // Documented with a job that is switched off.
  ['SetJobEnabled', 'write', 'refuse', 'allow', 'allow'],
  // What the job does was not read.
  ['SetJobSchedule', 'destructive', 'refuse', 'refuse', 'ask'],
  ['SetProfileServerSideExecution', 'write', 'refuse', 'allow', 'allow'],
  ['SetRetentionPolicies', 'destructive', 'refuse', 'refuse', 'ask'],
  ['SetServiceCertificate', 'write', 'refuse', 'allow', 'allow'],
  ['SetSmtpSettings', 'write', 'refuse', 'allow', 'allow'],
  ['SetStoreAutoCreateConfiguration', 'write', 'refuse', 'allow', 'allow'],
  ['SetStoreProperties', 'write', 'refuse', 'allow', 'allow'],
  ['SetStoreRequestedState', 'write', 'refuse', 'allow', 'allow'],
  ['SetUserAuthentication', 'write', 'refuse', 'allow', 'allow'],
  ['SetUserDistinguishedName', 'write', 'refuse', 'allow', 'allow'],
  ['SetUserEmailAddresses', 'write', 'refuse', 'allow', 'allow'],
  ['SetUserFullName', 'write', 'refuse', 'allow', 'allow'],
  ['SetUserLoginPrivileges', 'write', 'refuse', 'allow', 'allow'],
  ['SetUserPassword', 'write', 'refuse', 'allow', 'allow'],
  ['SetUserPop3UserNames', 'write', 'refuse', 'allow', 'allow'],
  ['SetUserPrivileges', 'write', 'refuse', 'allow', 'allow'],
  ['SetUserPrivilegesOnFolder', 'write', 'refuse', 'allow', 'allow'],
  // Documented with a dry run.
  ['SyncUsersWithDirectoryServices', 'read', 'allow', 'allow', 'allow'],
  ['TestSmtpSettings', 'write', 'refuse', 'allow', 'allow'],
  ['UnlockStore', 'write', 'refuse', 'allow', 'allow'],
  ['UpgradeStore', 'write', 'refuse', 'allow', 'allow'],
  ['UpgradeStores', 'write', 'refuse', 'allow', 'allow'],
  ['VerifyStore', 'read', 'allow', 'allow', 'allow'],
  ['VerifyStores', 'read', 'allow', 'allow', 'allow'],
];

/** Returns the arguments of the command's documented example, as the gate receives them. */
function documentedArguments(name: string): Readonly<Record<string, unknown>> {
  const { input, examples } = commandNamed(name);
  return z.strictObject(input).parse(examples[0]);
}

function verdictOn(name: string, args: unknown = documentedArguments(name), stored?: unknown): readonly [Effect | undefined, ...Kind[]] {
  const decisions = ACCESS_LEVELS.map((access) => decide(commandNamed(name), args as Readonly<Record<string, unknown>>, access, stored));
  const effects = new Set(decisions.map(({ effect }) => effect));
  expect(effects.size).toBe(1);
  return [decisions[0]?.effect, ...decisions.map(({ kind }) => kind)];
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
    const documented = effects.indexOf(effectOfCall(command, documentedArguments(name)));
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
      needed: 'read-write',
    });
    expect(decide(commandNamed('DeleteUser'), { userName: 'amira' }, 'read-write')).toEqual({
      kind: 'refuse',
      effect: 'destructive',
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

  test('a command that no declaration knows is destructive', () => {
    expect(ACCESS_LEVELS.map((access) => decide(undefined, {}, access))).toEqual([
      { kind: 'refuse', effect: 'destructive', needed: 'full' },
      { kind: 'refuse', effect: 'destructive', needed: 'full' },
      { kind: 'ask', effect: 'destructive' },
    ]);
  });
});

describe('arguments that change the effect', () => {
  test.each<[unknown, Verdict]>([
    [{ dryRun: true }, READ],
    [{ dryRun: false }, DESTROY],
    [{}, DESTROY],
    [{ dryRun: 'true' }, DESTROY],
    [{ dryRun: 1 }, DESTROY],
    [{ dryRun: null }, DESTROY],
    [{ dryRun: [true] }, DESTROY],
    [{ DryRun: true }, DESTROY],
    [null, DESTROY],
  ])('SyncUsersWithDirectoryServices with %j: %j', (args, verdict) => {
    expect(verdictOn('SyncUsersWithDirectoryServices', args)).toEqual(verdict);
  });

  test.each<[unknown, Verdict]>([
    [{ config: { legalHoldEnabled: true } }, WRITE],
    [{ config: { legalHoldEnabled: false } }, DESTROY],
    [{ config: {} }, DESTROY],
    [{ config: { legalHoldEnabled: 'true' } }, DESTROY],
    [{ config: { legalHoldEnabled: 1 } }, DESTROY],
    [{ config: { LegalHoldEnabled: true } }, DESTROY],
    [{ config: { legalHoldEnabled: null } }, DESTROY],
    // Another reader of the same object may take the other spelling for the setting.
    [{ config: { legalHoldEnabled: true, LegalHoldEnabled: false } }, DESTROY],
    [{ config: { LEGALHOLDENABLED: true, legalHoldEnabled: true } }, DESTROY],
    [{ config: [{ legalHoldEnabled: true }] }, DESTROY],
    [{ config: '{"legalHoldEnabled":true}' }, DESTROY],
    [{ config: null }, DESTROY],
    [{}, DESTROY],
    [null, DESTROY],
  ])('SetComplianceConfiguration with %j: %j', (args, verdict) => {
    expect(verdictOn('SetComplianceConfiguration', args)).toEqual(verdict);
  });

  test('legal hold counts as stated only where it would be sent', () => {
    const inherited: unknown = Object.create({ legalHoldEnabled: true });
    expect([JSON.stringify(inherited), verdictOn('SetComplianceConfiguration', { config: inherited })]).toEqual(['{}', DESTROY]);
  });

  test.each<[unknown, Verdict]>([
    ['VerifyStores', WRITE],
    ['CreateBackup --path="E:\\Backup"', WRITE],
    ['CompactStore --id="2"', DESTROY],
    ['ProcessRetentionPolicies', DESTROY],
    ['SyncUsersWithDirectoryServices --dryRun="true"', DESTROY],
    ['CreateJob --name="x" --action="VerifyStores" --owner="admin"', DESTROY],
    ['NoSuchCommand', DESTROY],
    ['gibberish (', DESTROY],
    ['', DESTROY],
    [['VerifyStores'], DESTROY],
    [{ toString: 'VerifyStores' }, DESTROY],
    [7, DESTROY],
    [null, DESTROY],
    [undefined, DESTROY],
  ])('CreateJob with the action %j: %j', (action, verdict) => {
    expect(verdictOn('CreateJob', { name: 'x', action, owner: 'admin', time: '22:30' })).toEqual(verdict);
  });
});

describe('a job that MailStore keeps', () => {
  const ACTIONS: readonly (readonly [stored: unknown, Verdict])[] = [
    ['VerifyStores', WRITE],
    ['CreateBackup --path="E:\\Backup"', WRITE],
    ['CompactStore --id="2"', DESTROY],
    ['RunJobAsync --id="1"', DESTROY],
    ['NoSuchCommand', DESTROY],
    ['VerifyStores; DeleteUser --userName="amira"', DESTROY],
    ['', DESTROY],
    [['VerifyStores'], DESTROY],
    [{ action: 'VerifyStores' }, DESTROY],
    [null, DESTROY],
    [undefined, DESTROY],
  ];

  test.each(ACTIONS)('that runs %j counts as that when it is started: %j', (stored, verdict) => {
    expect(verdictOn('RunJobAsync', { id: 1 }, stored)).toEqual(verdict);
  });

  test.each(ACTIONS)('that runs %j counts as that when it gets another schedule: %j', (stored, verdict) => {
    expect(verdictOn('SetJobSchedule', { id: 1, time: '22:30' }, stored)).toEqual(verdict);
  });

  test.each(ACTIONS)('that runs %j counts as that when it is switched on: %j', (stored, verdict) => {
    expect(verdictOn('SetJobEnabled', { id: 1, enabled: true }, stored)).toEqual(verdict);
  });

  test.each(ACTIONS)('that runs %j can be switched off by a write', (stored) => {
    expect(verdictOn('SetJobEnabled', { id: 1, enabled: false }, stored)).toEqual(WRITE);
  });

  test.each([[undefined], [null], [0], [''], ['false'], ['true'], [1], [[]]])('is taken for switched on by %j', (enabled) => {
    expect(verdictOn('SetJobEnabled', { id: 1, enabled }, 'CompactStore --id="2"')).toEqual(DESTROY);
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
    expect(effectOfAction(action)).toBe(effect);
  });
});
