import { CommandFailure, type World, type WorldState, type WorldUser } from './world.ts';

/** A change of the users that would make them match the directory. */
export interface DirectoryChange {
  readonly kind: 'created' | 'updated' | 'deleted';
  readonly userName: string;
  /** Old and new values of what differs, of an account that is changed. */
  readonly values?: string;
  /** Makes the change; returns false when the account has come or gone since the comparison. */
  readonly apply: () => boolean;
}

/** Returns what would make the users match the directory, without changing anything. Names are compared without regard to case. */
export function compareWithDirectory(
  world: World,
  deleteUsers: boolean,
): { changes: DirectoryChange[]; ignored: string[]; missing: string[] } {
  const { users, directory } = world.state;
  const byName = new Map(users.map((user) => [user.userName.toLowerCase(), user]));
  const listed = new Set(directory.map((account) => account.userName.toLowerCase()));
  const changes: DirectoryChange[] = [];
  const ignored: string[] = [];
  const missing: string[] = [];

  for (const account of directory) {
    const { userName } = account;
    const attributes = () => ({
      fullName: account.fullName,
      distinguishedName: account.distinguishedName,
      emailAddresses: [...account.emailAddresses],
    });
    const user = byName.get(userName.toLowerCase());
    if (!user) {
      const apply = () => {
        if (users.some((other) => other.userName.toLowerCase() === userName.toLowerCase())) return false;
        users.push({
          userName,
          ...attributes(),
          authentication: 'directoryServices',
          password: '',
          pop3UserNames: [],
          privileges: ['login'],
          loginPrivileges: ['windows', 'web', 'outlook', 'windowsCmd', 'imap'],
          privilegesOnFolders: [{ folder: userName, privileges: ['read'] }],
          mfaStatus: 'Disabled',
          appPasswords: 0,
        });
        world.audit('UserAdd', `User '${userName}' was created by directory services synchronisation.`);
        return true;
      };
      changes.push({ kind: 'created', userName, apply });
    } else if (user.authentication !== 'directoryServices') {
      ignored.push(user.userName);
    } else if (
      user.fullName !== account.fullName ||
      user.distinguishedName !== account.distinguishedName ||
      user.emailAddresses.join() !== account.emailAddresses.join()
    ) {
      const apply = () => {
        if (!users.includes(user)) return false;
        Object.assign(user, attributes());
        world.audit('UserUpdate', `User '${user.userName}' was changed by directory services synchronisation.`);
        return true;
      };
      changes.push({ kind: 'updated', userName: user.userName, values: describeValues(user, account), apply });
    }
  }

  for (const user of users) {
    const { userName } = user;
    if (user.authentication !== 'directoryServices' || listed.has(userName.toLowerCase())) continue;
    if (!deleteUsers || world.isLastAdministrator(user)) {
      missing.push(userName);
      continue;
    }
    const apply = () => {
      if (!users.includes(user) || world.isLastAdministrator(user)) return false;
      world.removeUser(user);
      return true;
    };
    changes.push({ kind: 'deleted', userName, apply });
  }
  return { changes, ignored, missing };
}

function describeValues(user: WorldUser, account: WorldState['directory'][number]): string {
  return (['fullName', 'distinguishedName', 'emailAddresses'] as const)
    .filter((name) => String(user[name]) !== String(account[name]))
    .map((name) => `${name} ${String(user[name])} → ${String(account[name])}`)
    .join(', ');
}

/** Returns the type of the configured directory. Throws CommandFailure where none is configured. */
export function directoryType(world: World): string {
  const { type } = world.state.directoryServices;
  if (typeof type !== 'string') throw new CommandFailure('Directory services are not configured.');
  return type;
}
