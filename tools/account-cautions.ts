import { drifts } from '../src/catalogue/drifting.ts';
import type { Found, Look, Search } from '../src/catalogue/define-command.ts';
import { isSameName } from '../src/catalogue/risk.ts';
import { pickFields, readRow, readRows, readRowsWith, readString } from '../src/base/rows.ts';
import type { OfUser } from './describe-user.ts';

/** Reads whether an account comes from a directory, which sets its fields again at each synchronisation. */
export const directoryAccount: Look<OfUser> = {
  read: 'GetUserInfo',
  args: ({ userName }) => ({ userName }),
  pick: (user) => pickFields(readRow(user), ['userName', 'authentication', 'distinguishedName']),
};

/** True for an account that MailStore takes from a directory. */
export function isFromDirectory(account: unknown): boolean {
  const { authentication, distinguishedName } = readRow(account);
  return authentication === 'directoryServices' || readString(distinguishedName) !== undefined;
}

/** Cautions of a change of one field that the directory may set back. */
export function resetBySync(what: string) {
  return {
    reads: { directoryAccount },
    list: ({ userName }: OfUser, { directoryAccount: account }: Found) => [describeReset(userName, account, what)],
  };
}

function describeReset(userName: string, account: unknown, what: string): string | undefined {
  if (!isFromDirectory(account)) return undefined;
  return `${userName} comes from the directory: the next synchronisation can set ${what} back, so change it in the directory too.`;
}

/** Says what a synchronisation makes of a directory user who has another name here than there. */
export function describeRecreation(userName: string, account: unknown): string | undefined {
  if (!isFromDirectory(account)) return undefined;
  return `${userName} comes from the directory: unless the name is changed there first, the next synchronisation makes an account ${userName} again. The login follows the directory.`;
}

const AT_ONCE = 8;

/** How far a search came before its time was up. */
interface Unfinished {
  readonly looked: number;
  readonly others: number;
}

/**
 * Finds out whether a user is the only administrator who can log in to the API: `only`, `one of several` or `none`; how many accounts were looked at
 * where the time was up before another one was found.
 */
export const apiAdministrator: Search<OfUser> = {
  search: async ({ userName }, read, login, mayGoOn): Promise<string | Unfinished | undefined> => {
    if (!administersByApi(await read('GetUserInfo', { userName }))) return 'none';
    const names = (readRowsWith(await read('GetUsers'), 'userName') ?? []).map((user) => String(user['userName']));
    const others = names.filter((name) => !isSameName(name, userName));
    if (others.length === names.length) return undefined;
    // Accounts are shown one at a time: those come first that most likely are one, such as that of this server.
    const isLikely = (name: string) => isSameName(name, login) || /adm/i.test(name);
    const sorted = [...others.filter(isLikely), ...others.filter((name) => !isLikely(name))];
    for (let first = 0; first < sorted.length; first += AT_ONCE) {
      if (!mayGoOn()) return { looked: first, others: sorted.length };
      const batch = sorted.slice(first, first + AT_ONCE);
      const users = await Promise.all(batch.map(async (name) => read('GetUserInfo', { userName: name })));
      if (users.some(administersByApi)) return 'one of several';
    }
    return 'only';
  },
};

function administersByApi(user: unknown): boolean {
  const { privileges, loginPrivileges } = readRow(user);
  return hasWord(privileges, 'admin') && (loginPrivileges === undefined || hasWord(loginPrivileges, 'api'));
}

/** The edition of 2012 shows lists as one text. */
function hasWord(list: unknown, word: string): boolean {
  const words: readonly unknown[] = typeof list === 'string' ? list.split(/,\s*/) : Array.isArray(list) ? list : [];
  return words.includes(word);
}

/** Says that no administrator would be left who can use the API, or that this could not be found out. */
export function describeLastAdministrator(userName: string, finding: unknown): string | undefined {
  const { looked, others } = readRow(finding);
  if (typeof looked === 'number')
    return `Whether an administrator other than ${userName} can log in to the Management API is not known: of ${drifts(`${looked} of ${String(others)}`)} other accounts that were looked at, none can.`;
  if (finding !== 'only') return undefined;
  return `${userName} is the last administrator who can log in to the Management API: after this, no account administers the archive through it.`;
}

export const archivingProfiles: Look<unknown> = { read: 'GetProfiles', pick: (profiles) => profiles };

/** Says which archiving profiles write to an archive. */
export function describeWriters(archive: string, profiles: unknown): string | undefined {
  const names = readRows(profiles)
    .filter(({ type, details }) => type === 'I' && isSameName(readRow(details)['targetUserFolder'], archive))
    .map(({ name, id }) => readString(name) ?? `profile ${String(id)}`);
  if (names.length === 0) return undefined;
  const [noun, verb] = names.length === 1 ? ['profile', 'writes'] : ['profiles', 'write'];
  return `The archiving ${noun} ${names.join(', ')} still ${verb} to the archive ${archive}, and the next run opens it again.`;
}
