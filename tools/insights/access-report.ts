import * as z from 'zod';
import { defineInsight, type InsightAnswer, type InsightReader } from '../../src/catalogue/define-insight.ts';
import * as f from '../../src/catalogue/fields.ts';
import { nearest } from '../../src/base/nearest.ts';
import { readRow, readString } from '../../src/base/rows.ts';
import type { AccessView } from '../../src/catalogue/insight-view.ts';
import { isAdministrator, isClosed, isSameArchive, readAccounts, toAccount, type Account, type Accounts } from './accounts.ts';
import { writeCount } from './runs.ts';

/** Rights that are drawn. */
const MAX_DRAWN = 5000;

/** What the reference says of administrators (privileges-and-enums.md §1). */
const ADMINISTRATORS =
  'Administrators may do everything, which includes giving themselves a right on any archive; what is listed are the rights they have been given.';

export const accessReport = defineInsight({
  name: 'access_report',
  title: 'Report access',
  summary:
    'Who can read an archive (folder), what a user can reach (userName), and how two users differ (compareWith). Administrators included.',
  input: {
    folder: f.folderPath.optional().describe('A folder; rights are those of its user archive, the first part.'),
    userName: f.userName.optional().describe('Login name.'),
    compareWith: f.userName.optional().describe('Another login name, in addition to userName.'),
    offset: z.int().min(0).default(0).describe('Goes on where an earlier answer ended.'),
    details: z.boolean().default(false).describe('true lists more rows.'),
  },
  reads: ['GetUsers', 'GetUserInfo', 'GetChildFolders', 'GetComplianceConfiguration'],
  examples: [{ folder: 'oldcolleague' }, { userName: 'johndoe' }, { userName: 'johndoe', compareWith: 'amira' }, {}],
  room: { name: 'access', args: {} },
  answer: async ({ folder, userName, compareWith, offset, details }, reader) => {
    if (userName !== undefined)
      return compareWith === undefined ? reportUser(userName, reader) : compareUsers(userName, compareWith, reader);
    return reportArchives(folder, offset, details, reader);
  },
});

async function reportArchives(folder: string | undefined, offset: number, details: boolean, reader: InsightReader): Promise<InsightAnswer> {
  const [{ accounts, total, missing, failed, nextOffset }, archives] = await Promise.all([
    readAccounts(reader, offset),
    reader.readList('GetChildFolders', { maxLevels: 1 }),
  ]);
  const administrators = accounts.filter(isAdministrator);
  const unknown = accounts.filter(({ folders }) => folders === undefined).length;
  const rights = accounts.flatMap((account) =>
    (account.folders ?? []).map((right) => ({
      archive: right.folder,
      userName: account.userName,
      fullName: account.fullName,
      rights: right.privileges.join(', '),
      ...(isAdministrator(account) && { administrator: true }),
    })),
  );
  const admins = administrators.map(({ userName, loginPrivileges, mfaStatus }) => ({
    userName,
    loginsBy: loginPrivileges?.join(', '),
    mfaStatus,
  }));
  const notLookedAt = [
    ...missing,
    ...(unknown > 0 ? [`The rights of ${writeCount(unknown, 'account')}: this server does not show them.`] : []),
    'Rights inside of an archive: MailStore gives them on whole archives only.',
    'What people can read outside of MailStore: backups, exports, store files and the mail server itself.',
  ];
  const next = nextOffset === undefined ? undefined : `Call again with offset ${nextOffset} for the remaining accounts.`;
  const unknowable =
    total === undefined
      ? 'the users could not be listed.'
      : total > 0 && accounts.length === 0
        ? `none of ${writeCount(total, 'account')} could be read.`
        : undefined;
  // An account of which the rights are not known may have any.
  const isUnseen = accounts.length > 0 && unknown === accounts.length;
  const asFar = unknown + failed > 0 && !isUnseen ? ', as far as could be read' : '';
  const looked =
    total === undefined
      ? 'The users could not be listed.'
      : `${accounts.length.toLocaleString('en-US')} of ${writeCount(total, 'account')} looked at.`;
  if (folder === undefined) {
    const foreign = rights.filter(({ archive, userName: reads }) => !isSameArchive(archive, reads));
    return {
      headline:
        unknowable !== undefined
          ? `It cannot be said who can read what: ${unknowable}`
          : `${isUnseen ? 'This server does not show rights on archives. There are' : `${writeCount(foreign.length, 'right')} on archives of others, and`} ${writeCount(administrators.length, 'administrator')}${asFar}. ${looked}`,
      data: {
        ...(unknowable === undefined && { rightsOnOthersArchives: foreign.slice(0, details ? 200 : 20), administrators: admins }),
        administratorsMay: ADMINISTRATORS,
      },
      notLookedAt: [
        ...notLookedAt,
        // A matrix shows them.
        ...(reader.isDrawn ? [] : ['Rights of users on the archive of their own name are left out; userName or folder shows them.']),
      ],
      next,
      view: reader.isDrawn ? drawAccess(accounts, { total, nextOffset: isUnseen ? undefined : nextOffset }) : undefined,
    };
  }
  const archive = folder.replaceAll('\\', '/').split('/', 1)[0] ?? folder;
  if (unknowable !== undefined) {
    const headline = `It cannot be said who can open the archive ${archive}: ${unknowable}`;
    return { headline, data: { archive, administratorsMay: ADMINISTRATORS }, notLookedAt, next };
  }
  const readers = rights
    .filter((right) => isSameArchive(right.archive, archive))
    .map(({ archive: _archive, ...right }) => ({ ...right, owner: isSameArchive(right.userName, archive) || undefined }));
  const named = archives?.map((row) => readString(row['name']) ?? readString(row['fullPath']) ?? '');
  const exists = named === undefined || named.some((name) => isSameArchive(name, archive));
  const meant = exists ? undefined : nearest(archive, named);
  const others = readers.filter(({ owner }) => !owner).map(({ userName }) => userName);
  return {
    headline: exists
      ? `${isUnseen ? `This server does not show which accounts can open the archive ${archive}` : `${writeCount(readers.length, 'account')} can open the archive ${archive}`}${asFar}${others.length === 0 ? '' : `: ${others.slice(0, 8).join(', ')}${others.length > 8 ? `, and ${others.length - 8} more` : ''}${others.length < readers.length ? ', and the user of that name' : ''}`}; ${writeCount(administrators.length, 'administrator')} can give themselves the right. ${looked}`
      : `There is no archive ${archive}${meant === undefined ? '' : ` (did you mean ${meant}?)`}; rights on that name: ${readers.length}${asFar}. ${looked}`,
    data: { archive, readers: readers.slice(0, details ? 200 : 20), administrators: admins, administratorsMay: ADMINISTRATORS },
    notLookedAt,
    next,
  };
}

/** Returns who has which rights on archives, those on the archives of others first. */
function drawAccess(accounts: readonly Account[], { total, nextOffset }: Pick<Accounts, 'total' | 'nextOffset'>): AccessView {
  const rights = accounts
    .flatMap(({ userName, folders = [] }) =>
      folders.map(({ folder, privileges }) => ({ archive: folder, userName, privileges, isOwn: isSameArchive(folder, userName) })),
    )
    .toSorted((a, b) => Number(a.isOwn) - Number(b.isOwn));
  return {
    room: 'access',
    people: accounts.map((account) => ({
      userName: account.userName,
      fullName: account.fullName,
      isAdministrator: isAdministrator(account),
    })),
    peopleInAll: total,
    rights: rights.slice(0, MAX_DRAWN),
    rightsLeftOut: Math.max(0, rights.length - MAX_DRAWN),
    nextOffset,
    administratorsMay: ADMINISTRATORS,
  };
}

async function readUser(userName: string, reader: InsightReader): Promise<Account | undefined> {
  const user = await reader.read('GetUserInfo', { userName });
  return toAccount(user);
}

async function reportUser(userName: string, reader: InsightReader): Promise<InsightAnswer> {
  const [account, compliance] = await Promise.all([readUser(userName, reader), reader.read('GetComplianceConfiguration')]);
  if (!account)
    return {
      headline: `The account ${userName} could not be read.`,
      data: {},
      notLookedAt: ['Everything else: it rests on this account.'],
      next: 'get_users lists the login names.',
    };
  const admin = isAdministrator(account);
  const own = account.folders?.some(({ folder }) => isSameArchive(folder, account.userName));
  const reach = (account.folders ?? []).map(({ folder, privileges }) => ({ archive: folder, rights: privileges.join(', ') }));
  const closed = isClosed(account) ? ' The account cannot log in now; the rights stay and hold again when it can.' : '';
  const hold = readRow(compliance)['legalHoldEnabled'];
  return {
    headline: admin
      ? `${account.userName} is an administrator: every archive is within reach, ${writeCount(reach.length, 'archive')} opened already.${closed}`
      : `${account.userName} can open ${writeCount(reach.length, 'archive')}${account.folders === undefined ? ' as far as this server shows' : ''}${own === false ? ', not the one of their own name' : ''}.${closed}`,
    data: {
      userName: account.userName,
      fullName: account.fullName,
      administrator: admin,
      ...(admin && { administratorsMay: ADMINISTRATORS }),
      archives: reach,
      privileges: account.privileges.join(', '),
      loginsBy: account.loginPrivileges?.join(', '),
      authentication: account.authentication,
      mfaStatus: account.mfaStatus,
      ...(account.privileges.includes('delete') && {
        mayDelete: hold === true ? 'not while legal hold is on' : 'in archives with the right delete',
      }),
    },
    notLookedAt: [
      ...(account.folders === undefined ? ['Rights on archives: this server does not show them.'] : []),
      'Whether the login works: a directory may refuse an account that is in order here.',
    ],
  };
}

async function compareUsers(one: string, other: string, reader: InsightReader): Promise<InsightAnswer> {
  const [first, second] = await Promise.all([readUser(one, reader), readUser(other, reader)]);
  if (!first || !second) {
    return {
      headline: `${first ? other : one} could not be read, so the two cannot be compared.`,
      data: {},
      notLookedAt: ['Everything else: it rests on this account.'],
      next: 'get_users lists the login names.',
    };
  }
  const listRights = ({ folders, userName }: Account) =>
    folders?.map(({ folder, privileges }) => `${isSameArchive(folder, userName) ? 'the own archive' : folder}: ${privileges.join(', ')}`);
  const facts: readonly (readonly [string, (account: Account) => readonly string[] | undefined])[] = [
    ['archives', listRights],
    ['privileges', ({ privileges }) => privileges],
    ['logins', ({ loginPrivileges }) => loginPrivileges],
    ['authentication', ({ authentication = '' }) => [authentication]],
    ['mfaStatus', ({ mfaStatus = '' }) => [mfaStatus]],
  ];
  const differences = facts.flatMap(([what, listValues]) => {
    const [left, right] = [listValues(first), listValues(second)];
    if (!left || !right) return [];
    const onlyFirst = left.filter((value) => !right.includes(value));
    const onlySecond = right.filter((value) => !left.includes(value));
    return onlyFirst.length + onlySecond.length === 0
      ? []
      : [{ what, [first.userName]: onlyFirst.join('; ') || '-', [second.userName]: onlySecond.join('; ') || '-' }];
  });
  const admins = [first, second].filter(isAdministrator).map(({ userName }) => userName);
  const unseen = [first, second].flatMap(({ userName, folders, loginPrivileges }) => [
    ...(folders === undefined ? [`The rights of ${userName} on archives: this server does not show them.`] : []),
    ...(loginPrivileges === undefined ? [`The clients that ${userName} may log in with: this server does not show them.`] : []),
  ]);
  return {
    headline:
      differences.length === 0
        ? `${first.userName} and ${second.userName} may do the same${unseen.length > 0 ? ', as far as this server shows' : ''}.`
        : `${first.userName} and ${second.userName} differ in ${differences.map(({ what }) => what).join(', ')}.${admins.length > 0 ? ` ${admins.join(' and ')} ${admins.length === 1 ? 'is an administrator' : 'are administrators'}.` : ''}`,
    data: { differences, ...(admins.length > 0 && { administratorsMay: ADMINISTRATORS }) },
    notLookedAt: [...unseen, 'Names, addresses and passwords of the two.'],
  };
}
