import type { WorldState, WorldUser } from '../../emulation/world.ts';
import type { Dice } from './dice.ts';
import { asciiName, NAMES, NON_LATIN_NAMES, SHARED_MAILBOXES } from './names.ts';

/** A user archive as the seed fills it. */
export interface Mailbox {
  readonly archive: string;
  readonly address: string;
  /** Folders that hold mail. */
  readonly folders: readonly string[];
  /** First and last year with mail. */
  readonly from: number;
  readonly until: number;
  /** Belongs to the branch office, whose mail one profile alone archives. */
  readonly branch: boolean;
  /** Came with the acquired company, whose store is still locked. */
  readonly acquired: boolean;
}

interface People {
  readonly users: WorldUser[];
  readonly mailboxes: Mailbox[];
  readonly directory: WorldState['directory'];
}

const ALL_LOGINS = ['windows', 'web', 'outlook', 'windowsCmd', 'imap'];

/** Makes the four users that are always there, and as many others as asked for, with their archives and the customer's directory. */
export function makePeople(dice: Dice, generatedUsers: number): People {
  const users: WorldUser[] = [
    makeUser('admin', 'Administrator', {
      password: 'admin',
      privileges: ['admin'],
      loginPrivileges: [...ALL_LOGINS, 'api'],
      privilegesOnFolders: [],
      emailAddresses: [],
    }),
    makeUser('johndoe', 'John Doe', {
      password: 'correct horse 7',
      privileges: ['admin'],
      loginPrivileges: [...ALL_LOGINS, 'api'],
      emailAddresses: ['john.doe@example.com', 'johndoe@example.com'],
      privilegesOnFolders: [...own('johndoe'), ...own('oldcolleague')],
    }),
    inDirectory(
      makeUser('amira', 'Amira Okoye', {
        privileges: ['login', 'export'],
        loginPrivileges: ['windows', 'web'],
        emailAddresses: ['amira@example.com'],
      }),
    ),
    makeUser('maria.lopez', 'María López', { password: 'paper boat 31', mfaStatus: 'Enabled', appPasswords: 2 }),
  ];
  const generated = makeColleagues(dice, generatedUsers);
  users.push(...generated.map(({ user }) => user));
  const mailboxes = [
    makeMailbox('johndoe', { address: 'john.doe@example.com' }),
    makeMailbox('amira', { address: 'amira@example.com', folders: ['amira/Inbox', 'amira/Sent Items', 'amira/Outlook/Inbox'] }),
    makeMailbox('maria.lopez', {}),
    makeMailbox('oldcolleague', { until: 2024 }),
    makeMailbox('@catchall', { address: 'postmaster@example.com', folders: ['@catchall/Inbox'] }),
    // Archives of colleagues whose accounts were deleted.
    ...(generatedUsers > 0 ? [makeMailbox('petra.exner', { until: 2023 }), makeMailbox('gunnar.lund', { until: 2025 })] : []),
    ...generated.map(({ user, ...traits }) => makeMailbox(user.userName, traits)),
  ];
  return { users, mailboxes, directory: makeDirectory(users) };
}

/** Returns every folder of the archives; parents come before children. */
export function listFolders(mailboxes: readonly Mailbox[]): string[] {
  const folders = new Set<string>();
  for (const { archive, folders: filled } of mailboxes) {
    for (const path of archive === 'amira' ? [...filled, 'amira/Drafts'] : filled) {
      const parts = path.split('/');
      for (let depth = 1; depth <= parts.length; depth++) folders.add(parts.slice(0, depth).join('/'));
    }
  }
  return [...folders];
}

/** Places of the leavers among the colleagues. */
const LEAVERS: readonly number[] = [101, 149, 202];

/** Colleagues without a number in their login names. */
const UNNUMBERED = 500;

function makeColleagues(dice: Dice, count: number): ({ user: WorldUser } & Pick<Mailbox, 'from' | 'branch' | 'acquired'>)[] {
  const colleagues: { userName: string; fullName: string | null }[] = [
    ...NON_LATIN_NAMES,
    ...SHARED_MAILBOXES.map((userName) => ({ userName, fullName: null })),
  ].slice(0, count);
  const taken = new Set(['maria.lopez', ...colleagues.map(({ userName }) => userName)]);
  while (colleagues.length < count) {
    const { given, family } = dice.pick(NAMES);
    const [first, last] = [dice.pick(given), dice.pick(family)];
    const name = `${asciiName(first)}.${asciiName(last)}`;
    // There are some 600 names; a company of more people numbers them.
    const userName = colleagues.length < UNNUMBERED ? name : `${name}${colleagues.length}`;
    if (taken.has(userName)) continue;
    taken.add(userName);
    colleagues.push({ userName, fullName: `${first} ${last}` });
  }
  return colleagues.map(({ userName, fullName }, index) => {
    const user = makeUser(userName, fullName, {
      privileges: dice.chance(0.3) ? ['login', 'changePassword'] : ['login'],
      loginPrivileges: dice.chance(0.5) ? ['web', 'outlook'] : ['windows', 'web', 'outlook'],
      pop3UserNames: dice.chance(0.05) ? [`pop.${userName}`] : [],
      mfaStatus: dice.chance(0.15) ? 'Enabled' : 'Disabled',
    });
    const shared = fullName === null;
    // The people who work with the shared mailbox, and one who represents amira.
    if (!shared && index % 30 === 7) user.privilegesOnFolders.push({ folder: 'support', privileges: ['read', 'write'] });
    if (index === 40) user.privilegesOnFolders.push({ folder: 'amira', privileges: ['read'] });
    // Two who took over the work of leavers, and a manager who reads two archives.
    if (index === 65) user.privilegesOnFolders.push({ folder: 'petra.exner', privileges: ['read'] });
    if (index === 66) user.privilegesOnFolders.push({ folder: 'gunnar.lund', privileges: ['read', 'write'] });
    if (index === 90) for (const folder of ['sales', 'invoices']) user.privilegesOnFolders.push({ folder, privileges: ['read'] });
    // Leavers whose accounts were closed and whose rights were forgotten.
    if (LEAVERS.includes(index)) {
      Object.assign(user, { privileges: ['none'], loginPrivileges: ['none'] });
      user.privilegesOnFolders.push({ folder: 'hr', privileges: ['read'] });
    }
    return {
      user: shared || index % 4 === 3 ? user : inDirectory(user),
      from: shared ? 2012 : dice.between(2014, 2027),
      branch: !shared && index % 9 === 8,
      acquired: !shared && index % 20 === 10,
    };
  });
}

function makeUser(userName: string, fullName: string | null, traits: Partial<WorldUser>): WorldUser {
  return {
    userName,
    fullName,
    distinguishedName: null,
    authentication: 'integrated',
    password: `start-${userName}`,
    emailAddresses: [`${userName}@example.com`],
    pop3UserNames: [],
    privileges: ['login'],
    loginPrivileges: ['windows', 'web', 'outlook'],
    privilegesOnFolders: own(userName),
    mfaStatus: 'Disabled',
    appPasswords: 0,
    ...traits,
  };
}

function inDirectory(user: WorldUser): WorldUser {
  const distinguishedName = distinguish(user.fullName ?? user.userName);
  return { ...user, authentication: 'directoryServices', password: '', distinguishedName };
}

function distinguish(commonName: string): string {
  return `CN=${commonName},OU=Staff,DC=example,DC=com`;
}

function own(archive: string): WorldUser['privilegesOnFolders'] {
  return [{ folder: archive, privileges: ['read'] }];
}

function makeMailbox(archive: string, traits: Partial<Mailbox>): Mailbox {
  return {
    archive,
    address: `${archive}@example.com`,
    folders: [`${archive}/Inbox`, `${archive}/Sent Items`],
    from: 2012,
    until: 9999,
    branch: false,
    acquired: false,
    ...traits,
  };
}

/** The directory lacks the last four of the generated accounts that came from it, and has three people who joined since the last synchronisation. */
function makeDirectory(users: readonly WorldUser[]): WorldState['directory'] {
  const synchronised = users.filter((user) => user.authentication === 'directoryServices');
  const leavers = synchronised.slice(1).slice(-4);
  const joiners = [
    { userName: 'noemi.keller', fullName: 'Noémi Keller' },
    { userName: 'tariq.haddad', fullName: 'Tariq Haddad' },
    { userName: 'yuki.tanabe', fullName: '田辺 有希' },
  ];
  return [
    ...synchronised
      .filter((user) => !leavers.includes(user))
      .map(({ userName, fullName, distinguishedName, emailAddresses }) => ({
        userName,
        fullName: fullName ?? userName,
        distinguishedName: distinguishedName ?? '',
        emailAddresses: [...emailAddresses],
      })),
    ...joiners.map(({ userName, fullName }) => ({
      userName,
      fullName,
      distinguishedName: distinguish(fullName),
      emailAddresses: [`${userName}@example.com`],
    })),
  ];
}
