import { expect, test } from 'vitest';
import { toShownText } from '../../src/catalogue/drifting.ts';
import { setDirectoryServicesConfiguration, syncUsersWithDirectoryServices } from '../../tools/directory-services.ts';

const sync = syncUsersWithDirectoryServices.question;

test('before a synchronisation, the question says whether it deletes accounts', () => {
  const config = { type: 'activeDirectory', serverName: 'dc1.example.com', deleteUsers: true };
  const ask = (found: Readonly<Record<string, unknown>>) => [sync?.object({}, found), toShownText(sync?.consequence({}, found) ?? '')];
  expect([ask({ config, users: { total: 1234 } }), ask({ config: { type: 'ldap', deleteUsers: false } }), ask({})]).toEqual([
    [
      'user accounts with the directory (activeDirectory, dc1.example.com)',
      'Accounts are created and changed to match the directory. ' +
        'Accounts whose users are no longer in the directory are deleted for good, with their rights and settings; archived mail stays. ' +
        'There are 1,234 accounts now. With dryRun the same call lists the changes and makes none.',
    ],
    [
      'user accounts with the directory (ldap)',
      'Accounts are created and changed to match the directory. No account is deleted: deleteUsers is off. ' +
        'With dryRun the same call lists the changes and makes none.',
    ],
    [
      'user accounts with the directory',
      'Accounts are created and changed to match the directory. If deleteUsers is on, accounts whose users are no longer in the directory ' +
        'are deleted for good, with their rights and settings; archived mail stays. ' +
        'With dryRun the same call lists the changes and makes none.',
    ],
  ]);
  expect(syncUsersWithDirectoryServices.irreversible).toBe('It changes many accounts at once, and a deleted one cannot be restored.');
});

test('a directory configuration is put back only where it cannot have held a password', () => {
  const back = (before: unknown) => setDirectoryServicesConfiguration.inverse?.({ config: {} }, before, undefined);
  const config = { type: 'office365OpenIDConnect', credentialId: 1, deleteUsers: false, groups: null };
  expect([
    back(config),
    back({ ...config, password: null }),
    back({ ...config, oauth: { clientSecret: null } }),
    back({ ...config, proxy: 'https://sync:***@proxy.example.com' }),
    back({ type: 'activeDirectory', userName: 'sync' }),
    back(undefined),
  ]).toEqual([{ command: 'SetDirectoryServicesConfiguration', args: { config } }, undefined, undefined, undefined, undefined, undefined]);
});
