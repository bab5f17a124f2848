import { MAX_READS, READING_MS, type InsightReader } from '../../src/catalogue/define-insight.ts';
import { readRow, readRows, readString } from '../../src/base/rows.ts';

/** What an account may do. */
export interface Account {
  readonly userName: string;
  readonly fullName: string | undefined;
  readonly authentication: string | undefined;
  readonly mfaStatus: string | undefined;
  readonly emailAddresses: readonly string[];
  readonly privileges: readonly string[];
  /** Undefined where the server does not show which clients the account may log in with. */
  readonly loginPrivileges: readonly string[] | undefined;
  /** Rights on archives; undefined where the account does not show them. */
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
  const accounts = values.flatMap((value) => (value === undefined || value === null ? [] : [toAccount(value)]));
  const nextOffset = values.length < wanted.length ? offset + values.length : undefined;
  const failed = values.length - accounts.length;
  return {
    accounts,
    total: users && names.length,
    nextOffset,
    failed,
    missing: [
      ...(offset > 0 ? [`The first ${offset} accounts by name, as asked for.`] : []),
      ...(nextOffset === undefined
        ? []
        : [
            `The accounts after number ${nextOffset} of ${names.length}, by name: one answer looks at ${MAX_READS} at most, for ${READING_MS / 1000} seconds. offset ${nextOffset} goes on.`,
          ]),
      ...(failed > 0 ? [`${failed} accounts that could not be read.`] : []),
    ],
  };
}

export function toAccount(value: unknown): Account {
  const user = readRow(value);
  const { loginPrivileges, privilegesOnFolders } = user;
  return {
    userName: readString(user['userName']) ?? '',
    fullName: readString(user['fullName']),
    authentication: readString(user['authentication']),
    mfaStatus: readString(user['mfaStatus']),
    emailAddresses: readWords(user['emailAddresses']),
    privileges: readWords(user['privileges']),
    loginPrivileges: loginPrivileges === undefined ? undefined : readWords(loginPrivileges),
    // The key is missing where there are none (privileges-and-enums.md §3); the edition of 2012 shows neither.
    folders:
      privilegesOnFolders === undefined && loginPrivileges === undefined
        ? undefined
        : readRows(privilegesOnFolders).map(({ folder, privileges }) => ({
            folder: readString(folder) ?? '',
            privileges: readWords(privileges),
          })),
  };
}

function readWords(value: unknown): readonly string[] {
  if (typeof value === 'string') return value.split(/,\s*/).filter((word) => word !== '');
  return Array.isArray(value) ? value.filter((word) => typeof word === 'string') : [];
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
