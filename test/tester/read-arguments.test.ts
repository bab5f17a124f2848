import { describe, expect, test } from 'vitest';
import { MailStoreError } from '../../src/base/errors.ts';
import { findNamed, requireNamed } from '../../src/tester/find-command.ts';
import { checkArguments, readArguments } from '../../src/tester/read-arguments.ts';
import { catalogue } from '../helpers/server-catalogue.ts';

function catchRefusal(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    if (error instanceof MailStoreError) return error.message;
    throw error;
  }
  return 'no refusal';
}

describe('a command that a person names', () => {
  test.each(['GetUserInfo', 'getuserinfo', 'get_user_info', 'GET_USER_INFO'])('is found as %s', (name) => {
    expect(findNamed(catalogue, name)?.name).toBe('GetUserInfo');
  });

  test.each([
    ['GetUserInf', "There is no MailStore command 'GetUserInf'; did you mean GetUserInfo?"],
    ['get_usr_info', "There is no MailStore command 'get_usr_info'; did you mean get_user_info?"],
    ['Frobnicate', "There is no MailStore command 'Frobnicate'."],
  ])('is refused as %s with the nearest one', (name, message) => {
    expect(catchRefusal(() => requireNamed(catalogue, name))).toBe(message);
  });
});

describe('arguments as people write them', () => {
  test.each([
    ['GetStores', { includeSize: 'True' }, { includeSize: true }],
    ['DeleteJob', { id: '12' }, { id: 12 }],
    ['CreateUser', { username: 'a=b', privileges: 'LOGIN, export' }, { userName: 'a=b', privileges: ['login', 'export'] }],
    ['CreateUser', { privileges: '["login"]' }, { privileges: ['login'] }],
    ['SetUserAuthentication', { authentication: 'directoryservices' }, { authentication: 'directoryServices' }],
    ['SetUserEmailAddresses', { emailAddresses: 'null' }, { emailAddresses: null }],
    ['GetUserInfo', { userName: 'null' }, { userName: 'null' }],
    ['GetUserInfo', { userName: 'evil[U+202E]' }, { userName: 'evil\u202E' }],
    ['SetSmtpSettings', { settings: '{"hostname": "mx"}' }, { settings: { hostname: 'mx' } }],
    ['SetUserPassword', { password: '{"fromEnv": "MAILSTORE_SECRET_P"}' }, { password: { fromEnv: 'MAILSTORE_SECRET_P' } }],
    ['SetUserPassword', { password: '{"generate": true}' }, { password: { generate: true } }],
    ['SetUserPassword', { password: '{not json[U+202E]' }, { password: '{not json[U+202E]' }],
    ['CreateJob', { interval: '5' }, { interval: 5 }],
  ])('%s %j', (name, written, args) => {
    expect(readArguments(requireNamed(catalogue, name), written)).toEqual(args);
  });

  test.each([
    [
      'GetStores',
      { includeSize: 'yes' },
      "GetStores was not called: includeSize is 'yes', but must be true or false. Correct this and call again.",
    ],
    ['DeleteJob', { id: 'two' }, "DeleteJob was not called: id is 'two', but must be a number. Correct this and call again."],
    [
      'SetUserAuthentication',
      { authentication: 'ldap' },
      "SetUserAuthentication was not called: authentication is 'ldap', but must be integrated or directoryServices. Correct this and call again.",
    ],
    [
      'SetUserPrivilegesOnFolder',
      { privileges: 'read,own' },
      "SetUserPrivilegesOnFolder was not called: privileges is 'read,own', but must be a list of none, read, write or delete. Correct this and call again.",
    ],
    [
      'SetUserPrivilegesOnFolder',
      { privileges: 'none,read' },
      "SetUserPrivilegesOnFolder was not called: privileges is 'none,read', but is refused: none must be the only entry. Correct this and call again.",
    ],
    [
      'SetComplianceConfiguration',
      { config: '[]' },
      'SetComplianceConfiguration was not called: config is \'[]\', but must be a JSON object such as {"name": "value"}. Correct this and call again.',
    ],
    [
      'GetJobResults',
      { fromIncluding: 'yesterday' },
      "GetJobResults was not called: fromIncluding is 'yesterday', but must be a date or date-time of the calendar such as 2026-11-01T00:00:00. Correct this and call again.",
    ],
    [
      'GetUserInfo',
      { usrName: 'x' },
      'GetUserInfo does not take usrName (did you mean userName?); it takes userName. Remove or rename and call again.',
    ],
  ])('%s %j is refused', (name, written, message) => {
    expect(catchRefusal(() => readArguments(requireNamed(catalogue, name), written))).toBe(message);
  });

  test('never shows a secret in a refusal', () => {
    expect(catchRefusal(() => readArguments(requireNamed(catalogue, 'SetSmtpSettings'), { settings: '{"password": "hunter2' }))).toBe(
      'SetSmtpSettings was not called: settings must be a JSON object such as {"name": "value"}. Correct this and call again.',
    );
    expect(catchRefusal(() => readArguments(requireNamed(catalogue, 'SetUserPassword'), { password: '' }))).not.toContain("''");
  });
});

const TIMES = { timeZone: 'Europe/Berlin', now: Date.UTC(2026, 10, 29, 9), login: 'admin', commands: catalogue.commands };

describe('the arguments of a call', () => {
  test('are completed with the configured time zone', () => {
    const args = { fromIncluding: '2026-11-01', toExcluding: '2026-11-02T10:00' };
    expect(checkArguments(requireNamed(catalogue, 'GetJobResults'), args, TIMES)).toEqual({
      fromIncluding: '2026-11-01T00:00:00',
      toExcluding: '2026-11-02T10:00:00',
      timeZoneId: 'W. Europe Standard Time',
    });
  });

  test.each([
    ['GetUserInfo', {}, 'GetUserInfo was not called: userName is missing. Correct this and call again.'],
    [
      'GetUserInfo',
      { userName: 'a', UserName: 'b' },
      'GetUserInfo does not take UserName (did you mean userName?); it takes userName. Remove or rename and call again.',
    ],
    [
      'DeleteJob',
      { id: 'three' },
      'DeleteJob was not called: id is refused: Invalid input: expected number, received string. Correct this and call again.',
    ],
  ])('%s %j is refused', (name, args, message) => {
    expect(catchRefusal(() => checkArguments(requireNamed(catalogue, name), args, TIMES))).toBe(message);
  });
});
