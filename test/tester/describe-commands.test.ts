import { expect, test } from 'vitest';
import { describeCommand } from '../../src/tester/describe-commands.ts';
import type { FieldInfo } from '../../src/tester/web/protocol.ts';
import { commands } from '../helpers/server-catalogue.ts';
import { commandNamed } from '../helpers/start-client.ts';

function findField(command: string, field: string): FieldInfo | undefined {
  return describeCommand(commandNamed(command)).fields.find(({ name }) => name === field);
}

test('a command is described with what a person needs to choose it', () => {
  const { fields: _, ...described } = describeCommand(commandNamed('DeleteUser'));
  expect(described).toEqual({
    name: 'DeleteUser',
    tool: 'delete_user',
    title: 'Delete a user',
    summary: 'Removes a user account with its settings and rights, for good. The archived mail stays. To close an account: offboard_user.',
    group: 'users',
    effects: ['destructive', 'destructive'],
    risks: { certain: [], possible: ['locks-out'] },
    putBack: 'A new account of the same name lacks the password, the settings and the rights of the deleted one.',
    needs: 'full',
    isLong: false,
    isDoubtful: false,
    example: { userName: 'amira' },
  });
});

test('a command whose effect depends on its arguments shows its mildest and its worst effect', () => {
  const { effects, needs } = describeCommand(commandNamed('SetComplianceConfiguration'));
  expect({ effects, needs }).toEqual({ effects: ['write', 'destructive'], needs: 'read-write' });
});

test('a command says which risks each of its changes has, which depend on the call, and whether a change can be put back', () => {
  const safetyWords = (name: string) => {
    const { risks, putBack } = describeCommand(commandNamed(name));
    return [risks.certain, risks.possible, putBack];
  };
  expect(safetyWords('GetUsers')).toEqual([[], [], undefined]);
  expect(safetyWords('RenameStore')).toEqual([[], [], true]);
  expect(safetyWords('SetUserAuthentication')).toEqual([['opens-mail'], ['grants-power', 'locks-out'], true]);
  expect(safetyWords('CreateBackup')).toEqual([['sends-data-out'], [], 'No command deletes a backup; its files stay in the directory.']);
});

test.each<[string, string, Partial<FieldInfo>]>([
  ['GetUserInfo', 'userName', { kind: 'text', isRequired: true, isNullable: false, description: 'Login name.' }],
  ['VerifyStore', 'id', { kind: 'number', isRequired: true }],
  ['VerifyStore', 'includeIndexes', { kind: 'boolean', isRequired: true }],
  ['CreateBackup', 'excludeSearchIndexes', { kind: 'boolean', isRequired: false, default: false }],
  ['CreateUser', 'authentication', { kind: 'choice', isRequired: false, choices: ['integrated', 'directoryServices'] }],
  ['SetJobSchedule', 'interval', { kind: 'choice', isRequired: false }],
  ['SetUserPrivilegesOnFolder', 'privileges', { kind: 'choices', isRequired: true, choices: ['none', 'read', 'write', 'delete'] }],
  ['SetUserEmailAddresses', 'emailAddresses', { kind: 'list', isRequired: true, isNullable: true }],
  ['SetUserFullName', 'fullName', { kind: 'text', isRequired: true, isNullable: true }],
  ['GetJobResults', 'fromIncluding', { kind: 'datetime', isRequired: false }],
  ['GetJobResults', 'timeZoneId', { kind: 'text', isRequired: false, description: 'Windows or IANA name. Default: the configured zone.' }],
  ['GetJobResults', 'since', { kind: 'text', isRequired: false }],
  ['SetSmtpSettings', 'settings', { kind: 'json', isRequired: true }],
  ['SetUserPassword', 'password', { kind: 'secret', isRequired: true }],
])('%s.%s gets the control of its kind', (command, field, expected) => {
  expect(findField(command, field)).toMatchObject(expected);
});

test('a field has something to choose from exactly where its control is one for choosing', () => {
  const fields = commands.flatMap((command) => describeCommand(command).fields.map((field) => ({ ...field, of: command.name })));
  const unlike = fields.filter(({ kind, choices = [] }) => (kind === 'choice' || kind === 'choices') !== choices.length > 0);
  expect(unlike).toEqual([]);
});
