import * as z from 'zod';
import { definePlan, type PlanStep } from '../../src/catalogue/define-plan.ts';
import * as f from '../../src/catalogue/fields.ts';
import { readString } from '../../src/base/rows.ts';
import { isSameName } from '../../src/catalogue/risk.ts';
import { isFromDirectory } from '../account-cautions.ts';
import { describeTwins, findTwins, isSameArchive, toAccount } from '../insights/accounts.ts';

export const offboardUser = definePlan({
  name: 'offboard_user',
  title: 'Plan: offboard a leaver',
  summary:
    'Plans the leave of a user: logins, privileges and rights taken away, mail kept. Shows the steps first; repeat with its planId to run them.',
  input: {
    userName: f.userName,
    successor: f.text().optional().describe('Who may read the archive from then on.'),
    deleteAppPasswords: z.boolean().default(true).describe('Default: true. Cannot be put back; needs full access.'),
  },
  reads: ['GetUsers', 'GetUserInfo', 'GetJobs', 'GetProfiles'],
  examples: [{ userName: 'amira', successor: 'johndoe' }],
  prepare: async ({ userName, successor, deleteAppPasswords }, reader) => {
    const [users, value, jobs, profiles] = await Promise.all([
      reader.readList('GetUsers'),
      reader.read('GetUserInfo', { userName }),
      reader.readList('GetJobs'),
      reader.readList('GetProfiles'),
    ]);
    if (value === undefined || value === null)
      return { impossible: `The account ${userName} could not be read; get_users lists the accounts.` };
    if (successor !== undefined && users?.some((user) => isSameName(user['userName'], successor)) !== true)
      return { impossible: `There is no user ${successor} to succeed; get_users lists the accounts.` };
    const account = toAccount(value);
    if (!account) return { impossible: `What ${userName} may do is shown in an unknown form; get_user_info shows it.` };
    const twins = findTwins(
      (users ?? []).flatMap((user) => readString(user['userName']) ?? []),
      account.userName,
    );
    if (twins.length > 0) return { impossible: describeTwins(account.userName, twins) };
    const others = (account.folders ?? []).filter(({ folder }) => !isSameArchive(folder, userName));
    const unseen = [
      ...(account.loginPrivileges === undefined ? ['the clients of the login'] : []),
      ...(account.folders === undefined ? ['rights on archives of others'] : []),
    ];
    const owned = [...(jobs ?? []), ...(profiles ?? [])]
      .filter(({ owner }) => isSameName(owner, userName))
      .map(({ name, id }) => readString(name) ?? String(id));
    const steps: readonly PlanStep[] = [
      ...(account.loginPrivileges === undefined || account.loginPrivileges.every((word) => word === 'none')
        ? []
        : [
            {
              does: `Take every client from ${userName}`,
              command: 'SetUserLoginPrivileges',
              args: { userName, loginPrivileges: ['none'] },
            },
          ]),
      ...(account.privileges.every((word) => word === 'none')
        ? []
        : [{ does: `Take every privilege from ${userName}`, command: 'SetUserPrivileges', args: { userName, privileges: ['none'] } }]),
      ...(deleteAppPasswords
        ? [{ does: `Delete the app passwords of ${userName}`, command: 'DeleteAppPasswords', args: { userName } }]
        : []),
      ...others.map(({ folder }) => ({
        does: `Take the rights on the archive ${folder} from ${userName}`,
        command: 'SetUserPrivilegesOnFolder',
        args: { userName, folder, privileges: ['none'] },
      })),
      ...(successor === undefined
        ? []
        : [
            {
              does: `Let ${successor} read the archive ${userName}`,
              command: 'SetUserPrivilegesOnFolder',
              args: { userName: successor, folder: userName, privileges: ['read'] },
            },
          ]),
    ];
    if (steps.length === 0)
      return {
        impossible:
          unseen.length === 0
            ? `${userName} has no login, privilege or right left to take away.`
            : `This server does not show ${unseen.join(' and ')} of ${userName}, and no privilege is left to take away.`,
      };
    return {
      headline: `Offboard ${userName}${account.fullName === undefined ? '' : ` (${account.fullName})`}`,
      steps,
      notes: [
        ...(unseen.length > 0
          ? [
              `This server does not show ${unseen.join(' and ')}, so these are not taken away: set_user_login_privileges and clear_user_privileges_on_folders take them.`,
            ]
          : []),
        'The account and the archive with its mail stay.',
        ...(owned.length > 0 ? [`These run under the name and need another owner: ${owned.join(', ')}.`] : []),
        ...(isFromDirectory(value)
          ? ['The account comes from the directory: disable it there, or the next synchronisation can give back what is taken.']
          : []),
      ],
      basis: { account, owned, successor },
    };
  },
});
