import * as z from 'zod';
import { defineInsight } from '../../src/catalogue/define-insight.ts';
import { readRow, readString } from '../../src/base/rows.ts';
import { isAdministrator, isClosed, isSameArchive, readAccounts, type Account } from './accounts.ts';
import { writeCount, groupBy } from './runs.ts';

interface UserFinding {
  readonly finding: string;
  readonly severity: 'high' | 'medium' | 'low';
  readonly count: number;
  readonly users: string;
}

export const userAudit = defineInsight({
  name: 'user_audit',
  title: 'Audit users',
  summary:
    'Which accounts need a look? Administrators, API logins, missing MFA, rights on others, archives without a user, shared addresses.',
  input: {
    offset: z.int().min(0).default(0).describe('Goes on where an earlier answer ended.'),
    details: z.boolean().default(false).describe('true names more users for each finding.'),
  },
  reads: ['GetUsers', 'GetUserInfo', 'GetChildFolders', 'GetLicenseInformation', 'GetDirectoryServicesConfiguration'],
  examples: [{}, { details: true }],
  answer: async ({ offset, details }, reader) => {
    const [{ accounts, total, missing, nextOffset }, archives, license, directory] = await Promise.all([
      readAccounts(reader, offset),
      reader.readList('GetChildFolders', { maxLevels: 1 }),
      reader.read('GetLicenseInformation'),
      reader.read('GetDirectoryServicesConfiguration'),
    ]);
    const shown = details ? 60 : 8;
    const isWhole = offset === 0 && nextOffset === undefined && total !== undefined && accounts.length === total;
    const findings = [...findAccounts(accounts, shown), ...(isWhole ? findOrphans(archives ?? [], accounts, shown) : [])].toSorted(
      (a, b) => SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity),
    );
    const { userCount, maxUsers } = readRow(license);
    const administrators = accounts.filter(isAdministrator);
    const looked =
      total === undefined
        ? 'The users could not be listed.'
        : `${accounts.length.toLocaleString('en-US')} of ${writeCount(total, 'account')} looked at.`;
    const isKnown = total !== undefined && (total === 0 || accounts.length > 0);
    return {
      headline: isKnown
        ? `${writeCount(findings.filter(({ severity }) => severity !== 'low').length, 'finding')} to look at, ${writeCount(administrators.length, 'administrator')}. ${looked}`
        : `It cannot be said which accounts need a look: ${total === undefined ? 'the users could not be listed' : `none of ${writeCount(total, 'account')} could be read`}.`,
      data: {
        findings,
        administrators: administrators.map(({ userName, loginPrivileges, mfaStatus, authentication }) => ({
          userName,
          loginsBy: loginPrivileges?.join(', '),
          mfaStatus,
          authentication,
        })),
        licence: userCount === undefined ? undefined : { usersCounted: userCount, allowed: maxUsers },
        directory: readString(readRow(directory)['type']),
        directoryDeletesUsers: readRow(directory)['deleteUsers'],
      },
      notLookedAt: [
        ...missing,
        ...describeUnseen(accounts),
        ...(isWhole ? [] : ['Archives without a user: that needs all accounts in one answer.']),
        'Last logins: the API does not show them.',
        'Whether an account still exists in the directory: sync_users_with_directory_services with dryRun true shows it.',
        'How strong passwords are.',
      ],
      next: nextOffset === undefined ? undefined : `Call again with offset ${nextOffset} for the remaining accounts.`,
    };
  },
});

/** Says of which accounts rights and clients are not known: they are in none of the findings about those. */
function describeUnseen(accounts: readonly Account[]): readonly string[] {
  const unseen = accounts.filter(({ folders, loginPrivileges }) => folders === undefined || loginPrivileges === undefined);
  if (unseen.length === 0) return [];
  const whose = unseen.length === accounts.length ? '' : ` of ${writeCount(unseen.length, 'account')}`;
  return [`Rights on archives and the clients of logins${whose}: this server does not show them.`];
}

const SEVERITIES: readonly UserFinding['severity'][] = ['high', 'medium', 'low'];

function makeFinding(severity: UserFinding['severity'], what: string, names: readonly string[], shown: number): readonly UserFinding[] {
  if (names.length === 0) return [];
  const more = names.length > shown ? `, and ${names.length - shown} more` : '';
  return [{ severity, finding: what, count: names.length, users: `${names.slice(0, shown).join(', ')}${more}` }];
}

function findAccounts(accounts: readonly Account[], shown: number): readonly UserFinding[] {
  const selectNames = (matches: (account: Account) => boolean) => accounts.filter(matches).map(({ userName }) => userName);
  const isActive = ({ mfaStatus }: Account) => mfaStatus !== undefined && mfaStatus !== 'Disabled';
  const foreign = accounts.flatMap(({ userName, folders = [] }) =>
    folders.filter(({ folder }) => !isSameArchive(folder, userName)).map(({ folder }) => `${userName} on ${folder}`),
  );
  const byAddress = groupBy(
    accounts.flatMap(({ userName, emailAddresses }) => emailAddresses.map((address) => ({ userName, address: address.toLowerCase() }))),
    ({ address }) => address,
  );
  const shared = [...byAddress].flatMap(([address, owners]) =>
    owners.length > 1 ? [`${address} (${owners.map(({ userName }) => userName).join(', ')})`] : [],
  );
  return [
    ...makeFinding(
      'high',
      'administrators without multi-factor authentication',
      selectNames((user) => isAdministrator(user) && user.mfaStatus !== undefined && !isActive(user)),
      shown,
    ),
    ...makeFinding(
      'high',
      'accounts that may use the administration API',
      selectNames(({ loginPrivileges }) => loginPrivileges?.includes('api') === true),
      shown,
    ),
    ...makeFinding('medium', 'rights on the archive of somebody else', foreign, shown),
    ...makeFinding(
      'medium',
      'accounts that cannot log in and still have rights on archives of others',
      selectNames((user) => isClosed(user) && (user.folders ?? []).some(({ folder }) => !isSameArchive(folder, user.userName))),
      shown,
    ),
    ...makeFinding('medium', 'addresses that more than one account has', shared, shown),
    ...makeFinding(
      'medium',
      'accounts that may delete messages',
      selectNames(({ privileges }) => privileges.includes('delete')),
      shown,
    ),
    ...makeFinding(
      'medium',
      'accounts that may export mail',
      selectNames(({ privileges }) => privileges.includes('export') || privileges.includes('modifyExportProfiles')),
      shown,
    ),
    ...makeFinding(
      'low',
      'accounts without a right on any archive, which see no mail',
      selectNames((user) => user.folders?.length === 0 && !isAdministrator(user)),
      shown,
    ),
    ...makeFinding('low', 'accounts that cannot log in (privilege login or every client missing)', selectNames(isClosed), shown),
    ...makeFinding(
      'low',
      'ordinary accounts without multi-factor authentication',
      selectNames((user) => !isAdministrator(user) && user.mfaStatus !== undefined && !isActive(user)),
      shown,
    ),
  ];
}

/** Returns the archives whose name is no account's. */
function findOrphans(
  archives: readonly Readonly<Record<string, unknown>>[],
  accounts: readonly Account[],
  shown: number,
): readonly UserFinding[] {
  const names = new Set(accounts.map(({ userName }) => userName.toLowerCase()));
  const orphans = archives
    .flatMap((row) => readString(row['name']) ?? readString(row['fullPath']) ?? [])
    .filter((archive) => !names.has(archive.toLowerCase()) && !archive.startsWith('@'));
  return makeFinding('low', 'archives without an account of that name', orphans, shown);
}
