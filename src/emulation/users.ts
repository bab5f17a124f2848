import { CommandFailure, type World, type WorldUser } from './world.ts';

/** Changes fields of a user, and notes their names in the archive's own log. */
export function updateUser(world: World, userName: string, changes: Partial<WorldUser>): null {
  Object.assign(world.user(userName), changes);
  world.audit('UserUpdate', `User '${userName}' was changed: ${Object.keys(changes).join(', ')}.`);
  return null;
}

/** Throws CommandFailure for the login privilege `api` of a user who is no administrator. */
export function requireApiOnlyForAdministrators(loginPrivileges: readonly string[], privileges: readonly string[]): void {
  if (loginPrivileges.includes('api') && !privileges.includes('admin')) {
    throw new CommandFailure("The login privilege 'api' can be granted to administrators only.");
  }
}

/** Returns the login privileges of a new user who was given none. */
export function defaultLoginPrivileges(privileges: readonly string[]): readonly string[] {
  return ['windows', 'web', 'outlook', 'windowsCmd', 'imap', ...(privileges.includes('admin') ? ['api'] : [])];
}
