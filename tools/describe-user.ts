import * as z from 'zod';
import { type CommandCall, type Look, type ReadCommand, type Search } from '../src/catalogue/define-command.ts';
import * as f from '../src/catalogue/fields.ts';
import { pickFields, readRow, readRowsWith, findRow, readRows, readString } from '../src/base/rows.ts';
import { formatCount } from '../src/catalogue/phrases.ts';
import { isSameName } from '../src/catalogue/risk.ts';

/** The 2012 edition returned privileges as one string. */
export const words = z.preprocess((value) => (typeof value === 'string' ? value.split(/,\s*/) : value), z.array(z.string()));

/** The arguments of a command about one user. */
export interface OfUser {
  readonly userName: string;
}

/** The arguments of GetUserInfo for the user that a call names. */
export const theUser = ({ userName }: OfUser) => ({ userName });

export const accountNamed: Look<OfUser> = {
  read: 'GetUsers',
  pick: (users, { userName }) => pickFields(findRow(users, 'userName', userName), ['userName', 'fullName', 'distinguishedName']),
};

export const wholeUser: Look<OfUser> = { read: 'GetUserInfo', args: theUser, pick: (user) => user };

export const identities: Look<unknown> = { read: 'GetUsers', pick: (users) => (Array.isArray(users) ? users : undefined) };

export const mfaStatus: Look<OfUser> = {
  read: 'GetUserInfo',
  args: theUser,
  pick: (user) => pickFields(readRow(user), ['userName', 'mfaStatus']),
};

/** Reads the names of all user archives. */
export const archiveNames: Look<unknown> = {
  read: 'GetChildFolders',
  args: () => ({ maxLevels: 1 }),
  pick: (archives) =>
    Array.isArray(archives)
      ? archives.map(
          (archive: unknown) =>
            readString(archive) ?? readString(readRow(archive)['name']) ?? readString(readRow(archive)['fullPath']) ?? '',
        )
      : undefined,
};

/** True when an archive of this name, or of its part before a separator, is there already; true where the archives could not be read. */
export function hasArchive(archives: unknown, name: unknown): boolean {
  const archiveName = typeof name === 'string' ? name.split(SEPARATOR, 1)[0] : name;
  return (
    !Array.isArray(archives) || archives.some((archive) => isSameName(archive, name) || isSameName(archive, archiveName) || archive === '')
  );
}

/** Separates a folder from the folders in it. */
const SEPARATOR = /[\\/]/;

/** Looking through more accounts than this takes longer than a call may. */
const ACCOUNTS_READ = 1_000;

const AT_ONCE = 8;

interface Taken {
  readonly userName: string;
  readonly value: string;
}

/**
 * Returns a search for values of a user's field, such as e-mail addresses, that another user has. It finds undefined where there are too many
 * users to look through or where one of them does not show the field. Values that the user has already are not looked for.
 */
export function takenFromOthers(field: string): Search<{ readonly userName: string }> {
  const search = async (args: { readonly userName: string }, read: ReadCommand): Promise<unknown> => {
    const given = readRow(args)[field];
    if (given === null) return [];
    if (!Array.isArray(given)) return undefined;
    const own = readTexts(readRow(await read('GetUserInfo', { userName: args.userName }))[field]);
    const wanted = given.filter((value) => !own?.some((had) => isSameName(had, value)));
    if (wanted.length === 0) return [];
    const users = readRowsWith(await read('GetUsers'), 'userName')?.map(({ userName }) => userName) ?? [];
    const others = users.filter((name) => name !== args.userName);
    if (users.length === others.length || others.length > ACCOUNTS_READ || !others.every((name) => typeof name === 'string'))
      return undefined;
    const taken: Taken[] = [];
    for (let first = 0; first < others.length; first += AT_ONCE) {
      const batch = others.slice(first, first + AT_ONCE);
      const lists = await Promise.all(batch.map(async (userName) => readTexts(readRow(await read('GetUserInfo', { userName }))[field])));
      for (const [position, list] of lists.entries()) {
        if (!list) return undefined;
        const userName = batch[position] ?? '';
        taken.push(...list.filter((had) => wanted.some((value) => isSameName(had, value))).map((value) => ({ userName, value })));
      }
    }
    return taken;
  };
  return { search };
}

function readTexts(value: unknown): readonly string[] | undefined {
  return Array.isArray(value) && value.every((entry) => typeof entry === 'string') ? value : undefined;
}

/** Says who has the values now, such as `jd@example.com belongs to amira now.`; undefined where no user has them, or where that could not be read. */
export function takenInWords(taken: unknown): string | undefined {
  const said = readRows(taken).map(({ userName, value }) => `${String(value)} belongs to ${String(userName)} now`);
  return said.length === 0 ? undefined : `${said.join('; ')}.`;
}

/**
 * What a command that replaces one field of a user changes, and the call of the same command that puts it back: none where the old value
 * is not shown, or is not one that the command accepts. An empty value is put back as `empty`.
 */
export function replacesField(command: string, field: string, accepted: z.ZodType, empty?: unknown) {
  return {
    before: { read: 'GetUserInfo', args: theUser, pick: (user: unknown) => pickFields(readRow(user), ['userName', field]) },
    inverse: ({ userName }: OfUser, before: unknown): CommandCall | undefined => {
      const old = readRow(before)[field];
      const isEmpty = old === null || old === '' || (Array.isArray(old) && old.length === 0);
      const value = accepted.safeParse(isEmpty ? empty : old);
      return value.success ? { command, args: { userName, [field]: value.data } } : undefined;
    },
  };
}

/** Returns the call that gives a user these rights on an archive, or undefined where they are not ones that can be given. */
export function grantRights(userName: string, folder: unknown, rights: unknown): CommandCall | undefined {
  const privileges = f.folderPrivileges.safeParse(rights);
  return privileges.success ? { command: 'SetUserPrivilegesOnFolder', args: { userName, folder, privileges: privileges.data } } : undefined;
}

const folderRights = z.array(z.object({ folder: z.string(), privileges: z.array(z.string()) }));

/** Returns a user's rights on archives, or undefined where they are not shown. */
export function readRights(user: unknown): z.output<typeof folderRights> | undefined {
  const { privilegesOnFolders, pop3UserNames: names } = readRow(user);
  // A user without rights lacks the field. So does every user of the 2012 edition, which shows no POP3 names either.
  return privilegesOnFolders === undefined && names !== undefined ? [] : folderRights.safeParse(privilegesOnFolders).data;
}

/** Global privileges that let a user do no more than use the own archive. */
const HARMLESS = ['none', 'login', 'changePassword'];

/** True unless the list is known to hold nothing that goes beyond the own archive. */
export function givesPower(privileges: unknown): boolean {
  return !Array.isArray(privileges) || !privileges.every((word) => HARMLESS.includes(String(word)));
}

export function hasWord(list: unknown, word: string): boolean {
  return Array.isArray(list) && list.includes(word);
}

export function isOnlyWord(list: unknown, word: string): boolean {
  return Array.isArray(list) && list.length === 1 && list[0] === word;
}

/** True unless the login privileges are left out, or known to lack the API. */
export function givesApiLogin(loginPrivileges: unknown): boolean {
  if (loginPrivileges === undefined) return false;
  return (
    !Array.isArray(loginPrivileges) ||
    !loginPrivileges.every((word) => word !== 'api' && f.LOGIN_PRIVILEGES.some((known) => known === word))
  );
}

export const API_LOGIN = 'The user can then log in to the Management API, which administers the whole archive.';

/** What a privilege lets a user do, in the words of a question. */
const POWER = new Map([
  ['admin', 'becomes an administrator, who can read, change and delete everything'],
  ['archive', 'can run archiving profiles, which may delete mail at its source'],
  ['modifyArchiveProfiles', 'can change archiving profiles'],
  ['export', 'can export mail'],
  ['modifyExportProfiles', 'can change export profiles'],
  ['delete', 'can delete messages, in the archives on which the user has that right'],
]);

export function describePower(privileges: unknown): string | undefined {
  const said = readWords(privileges).flatMap((word) => POWER.get(word) ?? []);
  return said.length === 0 ? undefined : `The user ${said.join(', ')}.`;
}

/** True unless the user was read and is no administrator. */
export function mayBeAdministrator(user: unknown): boolean {
  const privileges = words.safeParse(readRow(user)['privileges']).data;
  return privileges === undefined || privileges.includes('admin');
}

export function describeAdministrator(user: unknown): string | undefined {
  return hasWord(readWords(readRow(user)['privileges']), 'admin') ? 'The user is an administrator, who can read everything.' : undefined;
}

/** Says what is set now; undefined where nothing is. */
export function describeField(what: string, value: unknown): string | undefined {
  const text = readString(value);
  return text === undefined ? undefined : `Now: ${what} ${text}.`;
}

/** True only where the archive is certainly the user's own: its name is the login name but for letter case, and no path into another archive. */
export function isOwnArchive(userName: unknown, folder: unknown): boolean {
  if (typeof userName !== 'string' || typeof folder !== 'string' || userName === '' || SEPARATOR.test(folder)) return false;
  // Some letters have the same small form as another, such as the Kelvin sign and k.
  return userName.toLowerCase() === folder.toLowerCase() && userName.toUpperCase() === folder.toUpperCase();
}

/** The archives without the user's own, which a new spelling of the name keeps. */
export function otherArchives(archives: unknown, userName: string): unknown {
  return Array.isArray(archives) ? archives.filter((archive) => !isSameName(archive, userName)) : archives;
}

export function describeTakeOver(userName: string, archives: unknown): string | undefined {
  if (!hasArchive(archives, userName)) return undefined;
  if (!Array.isArray(archives)) return 'Whether there is an archive of this name could not be read.';
  return `There is an archive ${userName} already: as the one of that name, the user counts as its owner, and new mail for the user goes there.`;
}

/** True unless no other account has this directory identity. */
export function isIdentityTaken(distinguishedName: unknown, users: unknown): boolean {
  if (distinguishedName === undefined) return false;
  return readRowsWith(users, 'userName')?.some((user) => isSameName(user['distinguishedName'], distinguishedName)) ?? true;
}

export function rightsInWords(privileges: readonly string[]): string {
  const words = new Map([
    ['read', 'read all mail'],
    ['write', 'move and rename'],
    ['delete', 'delete messages, with the privilege to delete'],
  ]);
  return privileges.map((word) => words.get(word) ?? word).join(', ');
}

/** Rights listed in one sentence; of more, the number is shown. */
const RIGHTS_SHOWN = 5;

export function describeRights(user: unknown): string | undefined {
  const rights = readRights(user);
  if (!rights) return undefined;
  if (rights.length === 0) return 'The user has no rights on archives now.';
  const shown = rights.slice(0, RIGHTS_SHOWN).map(({ folder, privileges }) => `${folder} (${privileges.join(', ')})`);
  const more = rights.length - shown.length;
  return `The user has rights on ${formatCount(rights.length, 'archive')} now: ${shown.join(', ')}${more > 0 ? ` and ${more} more` : ''}.`;
}

export function readWords(value: unknown): readonly string[] {
  return words.safeParse(value).data ?? [];
}

export function nameUser(userName: string, user: unknown): string {
  const fullName = readString(readRow(user)['fullName']);
  return `user ${userName}${fullName === undefined ? '' : ` (${fullName})`}`;
}

/** Returns facts that identify an account in addition to its names, so that another account that takes over a name is not taken for it. */
export function describeAccount(user: unknown): string | undefined {
  const account = readRow(user);
  const parts: readonly (readonly [string, string | undefined])[] = [
    ['login', readString(account['authentication'])],
    ['directory identity', readString(account['distinguishedName'])],
    ['e-mail addresses', listInWords(account['emailAddresses'])],
    ['POP3 names', listInWords(account['pop3UserNames'])],
    ['privileges', listInWords(readWords(account['privileges']))],
    ['clients', listInWords(account['loginPrivileges'])],
    [
      'rights on archives',
      readRights(account)
        ?.map(({ folder, privileges }) => `${folder} (${privileges.join(', ')})`)
        .join(', '),
    ],
  ];
  const known = parts.flatMap(([name, value]) => (value === undefined || value === '' ? [] : [`${name} ${value}`]));
  return known.length === 0 ? undefined : known.join('; ');
}

function listInWords(value: unknown): string | undefined {
  return Array.isArray(value) && value.length > 0 ? value.map(String).join(', ') : undefined;
}

export function describeMfa(user: unknown): string | undefined {
  const status = readString(readRow(user)['mfaStatus']);
  return status === undefined ? undefined : `The status of multi-factor login is ${status} now.`;
}
