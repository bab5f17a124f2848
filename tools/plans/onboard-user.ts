import * as z from 'zod';
import { definePlan, type PlanStep } from '../../src/catalogue/define-plan.ts';
import * as f from '../../src/catalogue/fields.ts';
import { readString } from '../../src/base/rows.ts';
import { isSameName } from '../../src/catalogue/risk.ts';
import { isSameArchive, refuseName, toAccount } from '../insights/accounts.ts';

export const onboardUser = definePlan({
  name: 'onboard_user',
  title: 'Plan: onboard a user',
  summary: 'Plans an account for a new colleague: login, addresses, rights. Shows the steps first; repeat with its planId to run them.',
  input: {
    userName: f.userName,
    fullName: f.text().optional(),
    emailAddresses: z.array(f.emailAddress()).min(1).optional().describe('Primary first.'),
    authentication: f.authentication.optional(),
    like: f.text().optional().describe('A colleague whose rights on archives of others are given too.'),
    readArchives: z.array(f.text()).optional().describe('Further archives to read.'),
  },
  reads: ['GetUsers', 'GetUserInfo', 'GetChildFolders'],
  examples: [{ userName: 'jane.roe', fullName: 'Jane Roe', emailAddresses: ['jane.roe@example.com'] }],
  prepare: async ({ userName, fullName, emailAddresses, authentication, like, readArchives = [] }, reader) => {
    const [users, model] = await Promise.all([
      reader.readList('GetUsers'),
      like === undefined ? undefined : reader.read('GetUserInfo', { userName: like }),
    ]);
    const refused = refuseName(userName);
    if (refused !== undefined) return { impossible: refused };
    if (!users) return { impossible: 'The users could not be read, so it is not known whether the account exists.' };
    if (users.some((user) => isSameName(user['userName'], userName)))
      return { impossible: `There is a user ${userName} already; get_user_info shows the account.` };
    if (like !== undefined && (model === undefined || model === null))
      return { impossible: `The account ${like} could not be read, so its rights are not known.` };
    const modelRights = like === undefined ? [] : toAccount(model)?.folders;
    if (!modelRights)
      return { impossible: `The rights of ${like} on archives are not shown, or in an unknown form, so they cannot be given too.` };
    const inside = readArchives.find((folder) => /[\\/]/.test(folder));
    if (inside !== undefined)
      return {
        impossible: `readArchives names ${inside}, which is no archive: rights are given on whole archives, the first part of a path.`,
      };
    const rights = modelRights
      .filter(({ folder }) => like === undefined || !isSameArchive(folder, like))
      .map(({ folder, privileges }) => ({ folder, privileges: [...privileges] }));
    const wanted = [
      { folder: userName, privileges: ['read', 'write'] },
      ...rights,
      ...readArchives.map((folder) => ({ folder, privileges: ['read'] })),
    ];
    // A later right on the same archive would replace the one before it.
    const granted = wanted.filter(({ folder }, index) => wanted.findIndex((other) => isSameArchive(other.folder, folder)) === index);
    const hasPassword = authentication !== 'directoryServices';
    const steps: readonly PlanStep[] = [
      {
        does: `Create the account ${userName}${fullName === undefined ? '' : ` (${fullName})`}${hasPassword ? ' with a generated password' : ''}`,
        command: 'CreateUser',
        args: {
          userName,
          privileges: ['login', 'changePassword'],
          ...(fullName !== undefined && { fullName }),
          ...(authentication !== undefined && { authentication }),
          ...(hasPassword && { password: { generate: true } }),
        },
      },
      ...(emailAddresses
        ? [
            {
              does: `Give it the addresses ${emailAddresses.join(', ')}`,
              command: 'SetUserEmailAddresses',
              args: { userName, emailAddresses },
            },
          ]
        : []),
      ...granted.map(({ folder, privileges }) => ({
        does: `Let ${userName} ${privileges.join(', ')} in the archive ${folder}`,
        command: 'SetUserPrivilegesOnFolder',
        args: { userName, folder, privileges },
      })),
    ];
    return {
      headline: `Onboard ${userName}${fullName === undefined ? '' : ` (${fullName})`}`,
      steps,
      notes: [
        ...(hasPassword ? ['The password is generated into a file that the answer names; a person reads it there.'] : []),
        'If the directory makes this account by itself, let a synchronisation do it instead.',
      ],
      basis: { rights, fullName: readString(fullName) },
    };
  },
});
