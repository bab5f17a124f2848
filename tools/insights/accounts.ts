import { MAX_READS, READING_MS, type InsightReader } from '../../src/catalogue/define-insight.ts';
import { readRow, readString } from '../../src/base/rows.ts';
import { writeCount } from './runs.ts';

/** What an account may do. */
export interface Account {
  readonly userName: string;
  readonly fullName: string | undefined;
  readonly authentication: string | undefined;
  readonly mfaStatus: string | undefined;
  readonly emailAddresses: readonly string[];
  readonly privileges: readonly string[];
  /** Undefined where the server does not show which clients the account may log in with, or shows it in an unknown form. */
  readonly loginPrivileges: readonly string[] | undefined;
  /** Rights on archives; undefined where the account does not show them, or shows them in an unknown form. */
  readonly folders: readonly { readonly folder: string; readonly privileges: readonly string[] }[] | undefined;
}

export interface Accounts {
  readonly accounts: readonly Account[];
  /** All users that there are; undefined where the list could not be read. */
  readonly total: number | undefined;
  /** What was left out, and how to go on: one sentence each. */
  readonly missing: readonly string[];
  /** Accounts of which the read failed. */
  readonly failed: number;
  /** Where the next call goes on. */
  readonly nextOffset: number | undefined;
}

/** Reads each account, which the API shows one at a time, from an offset in the list of users by name, as far as one answer goes. */
export async function readAccounts(reader: InsightReader, offset: number): Promise<Accounts> {
  const users = await reader.readList('GetUsers');
  const names = (users ?? []).flatMap(({ userName }) => readString(userName) ?? []).toSorted();
  const wanted = names.slice(offset);
  const values = await reader.readEach('GetUserInfo', wanted, (userName) => ({ userName }));
  const accounts = values.flatMap((value) => toAccount(value) ?? []);
  const nextOffset = values.length < wanted.length ? offset + values.length : undefined;
  const failed = values.length - accounts.length;
  return {
    accounts,
    total: users && names.length,
    nextOffset,
    failed,
    missing: [
      // A page has them and has its own way on.
      ...(offset > 0 && !reader.isDrawn ? [`The first ${offset} accounts by name, as asked for.`] : []),
      ...(nextOffset === undefined
        ? []
        : [
            `The accounts after number ${nextOffset} of ${names.length}, by name: one answer looks at ${MAX_READS} at most, for ${READING_MS / 1000} seconds.${reader.isDrawn ? '' : ` offset ${nextOffset} goes on.`}`,
          ]),
      ...(failed > 0 ? [`${writeCount(failed, 'account')} that could not be read.`] : []),
    ],
  };
}

/**
 * Returns what an account may do; undefined for a value that does not show its name, privileges or addresses as they are declared: an account of
 * which that is not known must not pass for one that has none.
 */
export function toAccount(value: unknown): Account | undefined {
  const user = readRow(value);
  const { loginPrivileges, privilegesOnFolders } = user;
  const userName = readString(user['userName']);
  const privileges = readWords(user['privileges']);
  const emailAddresses = readWords(user['emailAddresses'] ?? []);
  if (userName === undefined || privileges === undefined || emailAddresses === undefined) return undefined;
  return {
    userName,
    fullName: readString(user['fullName']),
    authentication: readString(user['authentication']),
    mfaStatus: readString(user['mfaStatus']),
    emailAddresses,
    privileges,
    loginPrivileges: readWords(loginPrivileges),
    // The key is missing where there are none (privileges-and-enums.md §3); the edition of 2012 shows neither.
    folders: loginPrivileges === undefined && privilegesOnFolders === undefined ? undefined : readRights(privilegesOnFolders ?? []),
  };
}

/** Returns rights on archives; undefined for anything else than a list of them. */
function readRights(value: unknown): Account['folders'] {
  const rights = (Array.isArray(value) ? value : [undefined]).map((entry: unknown) => {
    const folder = readString(readRow(entry)['folder']);
    const privileges = readWords(readRow(entry)['privileges']);
    return folder === undefined || privileges === undefined ? undefined : { folder, privileges };
  });
  return rights.every((right) => right !== undefined)
    ? rights.filter(({ privileges }) => privileges.some((word) => word !== 'none'))
    : undefined;
}

/** Returns a list of words, which the edition of 2012 shows as one text; undefined for anything else. */
function readWords(value: unknown): readonly string[] | undefined {
  if (typeof value === 'string') return value.split(/,\s*/).filter((word) => word !== '');
  return Array.isArray(value) && value.every((word) => typeof word === 'string') ? value : undefined;
}

export function isAdministrator({ privileges }: Account): boolean {
  return privileges.includes('admin');
}

/** True for an account whose privileges or clients let no one log in. */
export function isClosed({ privileges, loginPrivileges }: Account): boolean {
  const mayLogIn = privileges.includes('login') || privileges.includes('admin');
  return !mayLogIn || loginPrivileges?.every((word) => word === 'none') === true;
}

/** Archives are compared without regard to case (reference: lower case looks usual), so that no right is overlooked. */
export function isSameArchive(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase();
}

/** Returns the names that differ from one in the case of letters only, where MailStore may take either for the other. */
export function findTwins(names: readonly string[], name: string): readonly string[] {
  return [...new Set(names)].filter((other) => other !== name && isSameArchive(other, name));
}

export function describeTwins(name: string, twins: readonly string[]): string {
  return `There are names that differ from ${name} in the case of letters only (${twins.join(', ')}), and MailStore may take one for the other; rename one of them first.`;
}

/** Returns what is wrong with a name that an account and its archive are to have; undefined where nothing is. */
export function refuseName(name: string): string | undefined {
  if (/[\\/\p{Cc}]/u.test(name))
    return `The name ${JSON.stringify(name)} has a separator of folders or a control character in it, so its archive would be another.`;
  if (name !== name.trim() || name === '.' || name === '..')
    return `The name ${JSON.stringify(name)} is no name of an archive: blanks at its ends, or dots alone.`;
  return undefined;
}
