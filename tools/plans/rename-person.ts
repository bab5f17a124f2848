import { definePlan, type PlanStep } from '../../src/catalogue/define-plan.ts';
import * as f from '../../src/catalogue/fields.ts';
import { readString, readRow } from '../../src/base/rows.ts';
import { isSameName } from '../../src/catalogue/risk.ts';
import { describeTwins, findTwins, isSameArchive, readAccounts, refuseName, toAccount } from '../insights/accounts.ts';

export const renamePerson = definePlan({
  name: 'rename_person',
  title: 'Plan: rename a person',
  summary:
    'Plans a new name everywhere: login, archive, rights on it, full name, addresses. Shows the steps first; repeat with its planId to run them.',
  input: {
    userName: f.userName.describe('Login name now.'),
    newUserName: f.text(),
    fullName: f.text().optional(),
    newEmailAddress: f.emailAddress().optional().describe('Becomes the primary one; the old ones stay.'),
  },
  reads: ['GetUsers', 'GetUserInfo', 'GetChildFolders'],
  examples: [{ userName: 'amira', newUserName: 'amira.miller', fullName: 'Amira Miller' }],
  prepare: async ({ userName, newUserName, fullName, newEmailAddress }, reader) => {
    const [{ accounts: looked, failed, nextOffset }, users, archives] = await Promise.all([
      readAccounts(reader, 0),
      reader.readList('GetUsers'),
      reader.read('GetChildFolders', { maxLevels: 1 }),
    ]);
    const refused = refuseName(newUserName);
    if (refused !== undefined) return { impossible: refused };
    const names = (users ?? []).flatMap((user) => readString(user['userName']) ?? []);
    const name = names.find((known) => known === userName) ?? names.find((known) => isSameName(known, userName));
    const known = looked.find((one) => one.userName === name);
    const value = known === undefined && name !== undefined ? await reader.read('GetUserInfo', { userName: name }) : undefined;
    const account = known ?? toAccount(value);
    if (!account) return { impossible: `The account ${userName} could not be read; get_users lists the accounts.` };
    if (failed > 0 || !Array.isArray(archives))
      return { impossible: 'Not every account and archive could be read, so rights could be left behind on the old name.' };
    if (names.some((other) => other !== name && isSameName(other, newUserName)))
      return { impossible: `There is a user ${newUserName} already.` };
    const twins = findTwins(names, account.userName);
    if (twins.length > 0) return { impossible: describeTwins(account.userName, twins) };
    const accounts = looked.includes(account) ? looked : [...looked, account];
    const archiveNames = archives.map(
      (archive: unknown) => readString(archive) ?? readString(readRow(archive)['name']) ?? readString(readRow(archive)['fullPath']) ?? '',
    );
    const same = archiveNames.filter((name) => isSameArchive(name, account.userName));
    if (same.length > 1) return { impossible: `There are several archives of this name: ${same.join(', ')}; move one of them first.` };
    const [old] = same;
    if (archiveNames.some((name) => name !== old && isSameArchive(name, newUserName)))
      return { impossible: `There is an archive ${newUserName} already, whose mail the new name would open; move one of them first.` };
    const holders = accounts.flatMap(({ userName: holder, folders = [] }) =>
      folders
        .filter(({ folder }) => isSameArchive(folder, account.userName))
        .map(({ folder, privileges }) => ({ holder, folder, privileges: [...privileges] })),
    );
    const waiting = isSameName(account.userName, newUserName)
      ? []
      : accounts.filter(({ folders = [] }) => folders.some(({ folder }) => isSameArchive(folder, newUserName))).map((one) => one.userName);
    const unseen = accounts.filter(({ folders }) => folders === undefined).length;
    const { emailAddresses } = account;
    const addresses =
      newEmailAddress === undefined
        ? undefined
        : [newEmailAddress, ...emailAddresses.filter((address) => !isSameName(address, newEmailAddress))];
    const isSpelling = isSameName(account.userName, newUserName);
    const renamed = (holder: string) => (holder === account.userName ? newUserName : holder);
    const moved = isSpelling ? [] : holders;
    // What is set under the old name can be read before it is planned, and each step can be put back while those after it are.
    const steps: readonly PlanStep[] = [
      ...(fullName === undefined
        ? []
        : [{ does: `Set the full name to ${fullName}`, command: 'SetUserFullName', args: { userName: account.userName, fullName } }]),
      ...(addresses
        ? [
            {
              does: `Set the addresses to ${addresses.join(', ')}`,
              command: 'SetUserEmailAddresses',
              args: { userName: account.userName, emailAddresses: addresses },
            },
          ]
        : []),
      {
        does: `Rename the login ${account.userName} to ${newUserName}`,
        command: 'RenameUser',
        args: { oldUserName: account.userName, newUserName },
        ...(old !== undefined && { settled: ['without move_folder'] }),
      },
      ...moved.map(({ holder, folder }) => ({
        does: `Take the rights of ${renamed(holder)} on the old name ${folder} away`,
        command: 'SetUserPrivilegesOnFolder',
        args: { userName: renamed(holder), folder, privileges: ['none'] },
      })),
      ...(old === undefined
        ? []
        : [
            {
              does: `Rename the archive ${old} to ${newUserName}`,
              command: 'MoveFolder',
              args: { fromFolder: old, toFolder: newUserName },
              settled: [`There is a user ${old}`],
            },
          ]),
      ...moved.map(({ holder, privileges }) => ({
        does: `Give ${renamed(holder)} the same rights (${privileges.join(', ')}) on the archive ${newUserName}`,
        command: 'SetUserPrivilegesOnFolder',
        args: { userName: renamed(holder), folder: newUserName, privileges },
        settled: ['There is no archive of this name now'],
      })),
    ];
    return {
      headline: `Rename ${account.userName}${account.fullName === undefined ? '' : ` (${account.fullName})`} to ${newUserName}`,
      steps,
      notes: [
        ...(old === undefined ? [`There is no archive ${account.userName}, so none is renamed.`] : []),
        ...(nextOffset === undefined
          ? []
          : [
              `Rights of ${names.length - nextOffset} of ${names.length} accounts were not looked at and stay on the old name: access_report with folder ${account.userName} and offset ${nextOffset} shows them.`,
            ]),
        ...(waiting.length > 0
          ? [`Rights on the name ${newUserName} are there already, and open the archive to ${waiting.join(', ')} once it has that name.`]
          : []),
        ...(unseen > 0
          ? [
              `This server does not show the rights of ${unseen} of ${accounts.length} accounts: those on the archive stay on the old name, and set_user_privileges_on_folder gives them on the new one.`,
            ]
          : []),
        'Mail clients that log in with the old name have to be set up again.',
      ],
      basis: { account, holders, old, waiting },
    };
  },
});
