import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { ACCESS_LEVELS, type Access } from '../../src/base/target.ts';
import type { Effect } from '../../src/catalogue/define-command.ts';
import { allows, neededAccess } from '../../src/policy/access.ts';
import { decide, effectOfAction, effectOfCall, mildestEffect, worstEffect } from '../../src/policy/decide.ts';
import { commands } from '../../tools/index.ts';
import { commandNamed } from '../helpers/start-client.ts';

/** What each command comes to with its documented arguments, under read-only, read-write and full access. */
const READS = 'allow allow allow';
const WRITES = 'refuse allow allow';
const DESTROYS = 'refuse refuse ask';

const DECISIONS: Readonly<Record<string, string>> = {
  AttachStore: WRITES,
  CancelJobAsync: WRITES,
  ClearUserPrivilegesOnFolders: DESTROYS,
  CompactMasterDatabase: WRITES,
  CompactStore: DESTROYS,
  CreateBackup: WRITES,
  CreateCredential: WRITES,
  // Documented with a job that verifies stores.
  CreateJob: WRITES,
  CreateProfile: WRITES,
  CreateStore: WRITES,
  CreateUser: WRITES,
  DeleteAppPasswords: DESTROYS,
  DeleteCredential: DESTROYS,
  DeleteEmptyFolders: DESTROYS,
  DeleteJob: DESTROYS,
  DeleteMessage: DESTROYS,
  DeleteProfile: DESTROYS,
  DeleteUser: DESTROYS,
  DetachStore: DESTROYS,
  DisableMFA: DESTROYS,
  GetActiveSessions: READS,
  GetChildFolders: READS,
  GetComplianceConfiguration: READS,
  GetCredentialSettings: READS,
  GetCredentials: READS,
  GetDirectoryServicesConfiguration: READS,
  GetFolderStatistics: READS,
  GetJobResults: READS,
  GetJobs: READS,
  GetLicenseInformation: READS,
  GetMessages: READS,
  GetProfiles: READS,
  GetRetentionPolicies: READS,
  GetServerInfo: READS,
  GetServiceConfiguration: READS,
  GetSmtpSettings: READS,
  GetStoreAutoCreateConfiguration: READS,
  GetStoreIndexes: READS,
  GetStores: READS,
  GetTimeZones: READS,
  GetUserInfo: READS,
  GetUsers: READS,
  GetWorkerResultReport: READS,
  GetWorkerResults: READS,
  InitializeMFA: DESTROYS,
  MaintainFileSystemDatabases: WRITES,
  MergeStore: WRITES,
  MoveFolder: WRITES,
  ProcessRetentionPolicies: DESTROYS,
  RebuildSelectedStoreIndexes: WRITES,
  RebuildStoreIndex: WRITES,
  RecoverStore: DESTROYS,
  RecreateRecoveryRecords: DESTROYS,
  RefreshAllStoreStatistics: WRITES,
  RenameJob: WRITES,
  RenameStore: WRITES,
  RenameUser: WRITES,
  RenewMasterKey: WRITES,
  RepairStoreDatabase: WRITES,
  RetryOpenStores: WRITES,
  RunJobAsync: DESTROYS,
  RunProfile: WRITES,
  RunTemporaryProfile: WRITES,
  SelectAllStoreIndexesForRebuild: WRITES,
  SendStatusReport: WRITES,
  // Documented with legal hold on.
  SetComplianceConfiguration: WRITES,
  SetCredentialSettings: WRITES,
  SetDirectoryServicesConfiguration: WRITES,
  SetJobEnabled: WRITES,
  SetJobSchedule: WRITES,
  SetProfileServerSideExecution: WRITES,
  SetRetentionPolicies: DESTROYS,
  SetServiceCertificate: WRITES,
  SetSmtpSettings: WRITES,
  SetStoreAutoCreateConfiguration: WRITES,
  SetStoreProperties: WRITES,
  SetStoreRequestedState: WRITES,
  SetUserAuthentication: WRITES,
  SetUserDistinguishedName: WRITES,
  SetUserEmailAddresses: WRITES,
  SetUserFullName: WRITES,
  SetUserLoginPrivileges: WRITES,
  SetUserPassword: WRITES,
  SetUserPop3UserNames: WRITES,
  SetUserPrivileges: WRITES,
  SetUserPrivilegesOnFolder: WRITES,
  // Documented with a dry run.
  SyncUsersWithDirectoryServices: READS,
  TestSmtpSettings: WRITES,
  UnlockStore: WRITES,
  UpgradeStore: WRITES,
  UpgradeStores: WRITES,
  VerifyStore: READS,
  VerifyStores: READS,
};

/** Returns the arguments of the command's documented example, as the gate receives them. */
function documentedArguments(name: string): Readonly<Record<string, unknown>> {
  const { input, examples } = commandNamed(name);
  return z.strictObject(input).parse(examples[0]);
}

function kindsOf(name: string, args = documentedArguments(name)): string {
  return ACCESS_LEVELS.map((access) => decide(commandNamed(name), args, access).kind).join(' ');
}

describe('every command', () => {
  test('is decided on as listed here, under every access', () => {
    expect(Object.fromEntries(commands.map(({ name }) => [name, kindsOf(name)]))).toEqual(DECISIONS);
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

  test('nothing destructive runs without asking, whatever the access', () => {
    expect(decide(commandNamed('DeleteUser'), { userName: 'amira' }, 'full')).toEqual({ kind: 'ask', effect: 'destructive' });
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
  test.each<[unknown, string]>([
    [{ dryRun: true }, READS],
    [{ dryRun: false }, DESTROYS],
    [{}, DESTROYS],
    [{ dryRun: 'true' }, DESTROYS],
    [{ dryRun: 1 }, DESTROYS],
    [{ dryRun: null }, DESTROYS],
    [{ DryRun: true }, DESTROYS],
  ])('SyncUsersWithDirectoryServices with %j: %s', (args, kinds) => {
    expect(kindsOf('SyncUsersWithDirectoryServices', args as Readonly<Record<string, unknown>>)).toBe(kinds);
  });

  test.each<[unknown, string]>([
    [{ config: { legalHoldEnabled: true } }, WRITES],
    [{ config: { legalHoldEnabled: false } }, DESTROYS],
    [{ config: {} }, DESTROYS],
    [{ config: { legalHoldEnabled: 'true' } }, DESTROYS],
    [{ config: { legalHoldEnabled: 1 } }, DESTROYS],
    [{ config: { LegalHoldEnabled: true } }, DESTROYS],
    [{ config: { legalHoldEnabled: null } }, DESTROYS],
    [{ config: null }, DESTROYS],
    [{}, DESTROYS],
  ])('SetComplianceConfiguration with %j: %s', (args, kinds) => {
    expect(kindsOf('SetComplianceConfiguration', args as Readonly<Record<string, unknown>>)).toBe(kinds);
  });

  test('starting a stored job is destructive, because what it does is not in the arguments', () => {
    expect(kindsOf('RunJobAsync', { id: 1 })).toBe(DESTROYS);
  });

  test('a decision never throws and never allows under read-only what is no read, whatever the arguments are', () => {
    fc.assert(
      fc.property(fc.constantFrom(...commands), fc.dictionary(fc.string(), fc.anything()), (command, args) => {
        const decision = decide(command, args, 'read-only');
        expect(decision.kind === 'allow').toBe(decision.effect === 'read');
        expect(decision.effect === 'read' || mildestEffect(command) !== 'read' || decision.effect === worstEffect(command)).toBe(true);
      }),
    );
  });
});

describe('the action of a stored job', () => {
  test.each<[string, Effect]>([
    ['VerifyStores', 'read'],
    ['VerifyStores --includeIndexes="false"', 'read'],
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
    ['NoSuchCommand', 'destructive'],
    ['verifystores', 'destructive'],
    ['', 'destructive'],
    [' ', 'destructive'],
    ['VerifyStores; DeleteUser --userName="amira"', 'destructive'],
    ['VerifyStores && DeleteUser', 'destructive'],
    ['VerifyStores DeleteUser', 'destructive'],
    ['VerifyStores\nDeleteUser --userName="amira"', 'destructive'],
    ['VerifyStores\u2028DeleteUser', 'destructive'],
    ['CreateBackup --path="E:\\Backup\nDeleteUser"', 'destructive'],
    ['CreateBackup --path="E:\\Backup\u2029DeleteUser"', 'destructive'],
    ['VerifyStores --includeIndexes="false" --includeIndexes="true"', 'destructive'],
    ['VerifyStores --includeIndexes="false', 'destructive'],
    ['VerifyStores#', 'destructive'],
    ['VerifyStores\0', 'destructive'],
    ['"VerifyStores"', 'destructive'],
    ['--VerifyStores', 'destructive'],
    ['constructor', 'destructive'],
    ['__proto__', 'destructive'],
  ])('%j is %s', (action, effect) => {
    expect(effectOfAction(action)).toBe(effect);
  });

  test.each([
    ['VerifyStores', WRITES],
    ['CreateBackup --path="E:\\Backup"', WRITES],
    ['CompactStore --id="2"', DESTROYS],
    ['gibberish (', DESTROYS],
  ])('a job made of %j: %s', (action, kinds) => {
    expect(kindsOf('CreateJob', { name: 'x', action, owner: 'admin' })).toBe(kinds);
  });

  test('is never judged milder than a command whose name stands in it', () => {
    const destructive = commands.filter((command) => worstEffect(command) === 'destructive').map(({ name }) => name);
    const part = fc.oneof(
      fc.constantFrom(...commands.map(({ name }) => name)),
      fc.constantFrom(
        ' ',
        '  ',
        ' --',
        '--',
        '="',
        '"',
        '=',
        ';',
        '|',
        '&',
        '\n',
        '\r',
        '\t',
        '\\',
        "'",
        '#',
        '//',
        '\u2028',
        '\u00A0',
        '\0',
      ),
      fc.string({ unit: 'binary', maxLength: 3 }),
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 12 }), (parts) => {
        const action = parts.join('');
        const effect = effectOfAction(action);
        // What is not destructive is one command by itself: any other word in it is quoted, or the name or value of an argument.
        const [first = ''] = /^[A-Za-z\d]*/.exec(action.trim()) ?? [];
        if (effect !== 'destructive') {
          expect(destructive).not.toContain(first);
          expect(
            action
              .trim()
              .slice(first.length)
              .replaceAll(/ +--[A-Za-z][A-Za-z\d]*=(?:"[^"]*"|[^\s"]+)/g, ''),
          ).toBe('');
        }
      }),
      { numRuns: 2000 },
    );
  });
});
