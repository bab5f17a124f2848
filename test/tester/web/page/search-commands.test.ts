import { expect, test } from 'vitest';
import { describeCommand } from '../../../../src/tester/describe-commands.ts';
import { searchCommands } from '../../../../src/tester/web/page/search-commands.ts';
import { commands } from '../../../helpers/server-catalogue.ts';

const known = commands.map((command) => describeCommand(command));

function find(search: string): readonly string[] {
  return searchCommands(known, search).map(({ name }) => name);
}

test.each([
  ['delete mail', 'DeleteMessage'],
  ['Nachricht löschen', 'DeleteMessage'],
  ['remove e-mail', 'DeleteMessage'],
  ['mailbox', 'GetChildFolders'],
  ['Postfach', 'GetChildFolders'],
  ['health', 'VerifyStores'],
  ['Kennwort', 'SetUserPassword'],
  ['Passwort ändern', 'SetUserPassword'],
  ['reset password', 'SetUserPassword'],
  ['Sicherung', 'CreateBackup'],
  ['backup', 'CreateBackup'],
  ['Benutzer löschen', 'DeleteUser'],
  ['Benutzer loeschen', 'DeleteUser'],
  ['delete a user', 'DeleteUser'],
  ['rename user', 'RenameUser'],
  ['Ordner verschieben', 'MoveFolder'],
  ['email address', 'SetUserEmailAddresses'],
  ['who is logged in', 'GetActiveSessions'],
  ['quota', 'GetFolderStatistics'],
  ['Lizenz', 'GetLicenseInformation'],
  ['Aufbewahrung', 'GetRetentionPolicies'],
  ['show user privileges', 'GetUserInfo'],
  ['GetUserInfo', 'GetUserInfo'],
  ['get_user_info', 'GetUserInfo'],
  ['getusers', 'GetUsers'],
  ['verifystores', 'VerifyStores'],
  ['verify_stores', 'VerifyStores'],
  ['verify store', 'VerifyStore'],
])('the search for %s shows %s first', (search, first) => {
  expect(find(search)[0]).toBe(first);
});

test.each([
  ['2fa', ['InitializeMFA', 'DisableMFA']],
  ['Zwei-Faktor', ['InitializeMFA', 'DisableMFA']],
  ['xyzzy', []],
])('the search for %s finds %j', (search, found) => {
  expect(find(search)).toEqual(found);
});

test.each(['permission', 'Berechtigung', 'permissions', 'Zugriff'])(
  'the search for %s begins with the commands that set rights',
  (search) => {
    expect(find(search).slice(0, 4).toSorted()).toEqual([
      'ClearUserPrivilegesOnFolders',
      'SetUserLoginPrivileges',
      'SetUserPrivileges',
      'SetUserPrivilegesOnFolder',
    ]);
  },
);

test('a search without a word finds every command in the order of the catalogue, and a word that none has does not hide the others', () => {
  const all = known.map(({ name }) => name);
  expect(find('  ')).toEqual(all);
  expect(find('delete xyzzy')).toEqual(find('delete'));
});
