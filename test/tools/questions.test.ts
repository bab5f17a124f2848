import { expect, test } from 'vitest';
import * as z from 'zod';
import { Deadline } from '../../src/base/deadline.ts';
import { CallTime } from '../../src/guard/call-time.ts';
import { renderQuestion } from '../../src/guard/question.ts';
import { commands } from '../helpers/server-catalogue.ts';
import { ManualClock } from '../helpers/manual-clock.ts';
import { startClient } from '../helpers/start-client.ts';
import { sandboxForTest } from '../helpers/start-server.ts';

test('every question names the act and its object in the first line, and the act again on its button', async () => {
  const sandbox = await sandboxForTest();
  const { client } = startClient(sandbox);
  const target = { name: 'default', origin: sandbox.url, user: 'admin', access: 'full', client } as const;
  const shown: Record<string, readonly [string, string]> = {};
  for (const command of commands.filter(({ question }) => question !== undefined)) {
    const args = z.strictObject(command.input).parse(command.examples[0]);
    const { question } = await renderQuestion({
      request: { command, args, target: 'default' },
      target,
      decision: { kind: 'ask', effect: 'write', risks: [] },
      time: new CallTime('test', new Deadline(new ManualClock(), 1000)),
      now: 0,
    });
    shown[command.name] = [question.prompt.split('\n')[0] ?? '', question.label];
  }
  expect(shown).toEqual({
    AttachStore: ['Attach archive store "2018"?', 'Attach store 2018'],
    CancelJobAsync: [
      'Stop job 1 "Nightly backup", which runs CreateBackup --path="E:\\Backup" --excludeSearchIndexes="true"?',
      'Stop job 1',
    ],
    ClearUserPrivilegesOnFolders: ['Revoke all archive rights of user johndoe (John Doe)?', 'Revoke all archive rights of johndoe'],
    CompactStore: ['Compact archive store 2 "2024"?', 'Compact store 2'],
    CreateBackup: ['Create a backup to E:\\Backup?', 'Create the backup'],
    CreateCredential: ['Create new credential "M365 subsidiary" (Office365_Modern)?', 'Create credential M365 subsidiary'],
    CreateJob: ['Create new job "Verify stores", which runs VerifyStores --includeIndexes="true"?', 'Create job Verify stores'],
    CreateProfile: ['Create new profile "Sales mailbox"?', 'Create profile "Sales mailbox"'],
    CreateStore: ['Create archive store "2027"?', 'Create store 2027'],
    CreateUser: ['Create new user jane.roe (Jane Roe)?', 'Create jane.roe'],
    DeleteAppPasswords: ['Delete all app passwords of user maria.lopez (María López)?', 'Delete the app passwords of maria.lopez'],
    DeleteCredential: ['Delete credential 1 "M365 archiving app"?', 'Delete credential 1'],
    DeleteEmptyFolders: ['Delete the empty folders in amira?', 'Delete the empty folders'],
    DeleteJob: ['Delete job 4 "Compact 2024", which runs CompactStore --id="2"?', 'Delete job 4'],
    DeleteMessage: [expect.stringMatching(/^Delete message 4:1 ".+"\?$/), 'Delete message 4:1'],
    DeleteProfile: ['Delete profile 5 "Branch office"?', 'Delete profile 5'],
    DeleteUser: ['Delete user amira (Amira Okoye)?', 'Delete amira'],
    DetachStore: ['Detach archive store 2 "2024"?', 'Detach store 2'],
    DisableMFA: ['Switch off multi-factor login of user maria.lopez (María López)?', 'Switch off multi-factor login of maria.lopez'],
    InitializeMFA: ['Start multi-factor login of user johndoe (John Doe)?', 'Start multi-factor login of johndoe'],
    MoveFolder: ['Move the archive oldcolleague to former.colleague?', 'Move oldcolleague'],
    ProcessRetentionPolicies: [
      'Process the retention policies of ARCHIVE01: "Default" (3,650 days, then deleted)?',
      'Process the retention policies',
    ],
    RecoverStore: ['Recover archive store 6 "Import 2021"?', 'Recover store 6'],
    RecreateRecoveryRecords: ['Recreate the recovery records of archive store 3 "2025"?', 'Recreate the recovery records of store 3'],
    RenameUser: ['Rename user amira (Amira Okoye) to amira.okoye?', 'Rename amira to amira.okoye'],
    RunJobAsync: ['Run job 1 "Nightly backup", which runs CreateBackup --path="E:\\Backup" --excludeSearchIndexes="true"?', 'Run job 1'],
    RunProfile: ['Run profile 1 "Microsoft 365 journal"?', 'Run profile 1'],
    RunTemporaryProfile: ['Run profile "One-off import" once?', 'Run profile "One-off import" once'],
    SendStatusReport: ['Send the status report of lastweek?', 'Send the status report'],
    SetComplianceConfiguration: ['Replace the compliance settings of ARCHIVE01?', 'Replace the compliance settings'],
    SetCredentialSettings: ['Change the settings of credential 1 "M365 archiving app"?', 'Change credential 1'],
    SetDirectoryServicesConfiguration: [
      'Change the directory that users are synchronised with (now activeDirectory, dc1.example.com)?',
      'Change the directory',
    ],
    SetJobEnabled: ['Switch off job 2 "Process retention policies", which runs ProcessRetentionPolicies?', 'Switch off job 2'],
    SetJobSchedule: [
      'Change the schedule of job 3 "Weekly verification", which runs VerifyStores --includeIndexes="false"?',
      'Change the schedule of job 3',
    ],
    SetProfileServerSideExecution: ['Switch on or change automatic runs of profile 2 "Support mailbox"?', 'Automatic runs of profile 2'],
    SetRetentionPolicies: ['Replace the retention policies of ARCHIVE01?', 'Replace the retention policies'],
    SetServiceCertificate: ['Present the TLS certificate 0F1E2D3C4B5A69788796A5B4C3D2E1F001122334?', 'Change the TLS certificate'],
    SetSmtpSettings: ['Change the SMTP settings (now smtp.example.com)?', 'Change the SMTP settings'],
    SetStoreAutoCreateConfiguration: ['Change the rule by which stores are created?', 'Change the rule for new stores'],
    SetStoreProperties: ['Change archive store 3 "2025"?', 'Change store 3'],
    SetStoreRequestedState: ['Change the state of archive store 2 "2024" to writeProtected?', 'Set store 2 to writeProtected'],
    SetUserAuthentication: ['Change the authentication of user amira (Amira Okoye)?', 'Change the authentication of amira'],
    SetUserDistinguishedName: ['Change the directory identity of user johndoe (John Doe)?', 'Change the directory identity of johndoe'],
    SetUserEmailAddresses: ['Change the e-mail addresses of user johndoe (John Doe)?', 'Change the e-mail addresses of johndoe'],
    SetUserLoginPrivileges: ['Change the login clients of user amira (Amira Okoye)?', 'Change the login clients of amira'],
    SetUserPassword: ['Set the password of user johndoe (John Doe)?', 'Set the password of johndoe'],
    SetUserPop3UserNames: ['Change the POP3 names of user johndoe (John Doe)?', 'Change the POP3 names of johndoe'],
    SetUserPrivileges: ['Change the privileges of user amira (Amira Okoye)?', 'Change the privileges of amira'],
    SetUserPrivilegesOnFolder: [
      'Change the rights of user johndoe (John Doe) on the archive amira?',
      'Change the rights of johndoe on amira',
    ],
    SyncUsersWithDirectoryServices: [
      'Synchronise user accounts with the directory (activeDirectory, dc1.example.com)?',
      'Synchronise users',
    ],
    UnlockStore: ['Unlock archive store 8 "Acquired company"?', 'Unlock store 8'],
  });
});
