import { expect, test } from 'vitest';
import { describeCommand } from '../../../../src/tester/describe-commands.ts';
import { formatAddress, readAddress } from '../../../../src/tester/web/page/address.ts';
import { EMPTY_DRAFT, endsInQuotes, splitEntries, type Draft } from '../../../../src/tester/web/page/drafts.ts';
import { commands } from '../../../helpers/server-catalogue.ts';

const known = commands.map((command) => describeCommand(command));

function format(
  name: string,
  drafts: Readonly<Record<string, Partial<Draft>>>,
  more: Partial<Parameters<typeof formatAddress>[1]> = {},
): string {
  const command = known.find((candidate) => candidate.name === name);
  if (!command) throw new Error(name);
  const whole = Object.fromEntries(Object.entries(drafts).map(([field, draft]) => [field, { ...EMPTY_DRAFT, ...draft }]));
  return formatAddress(command, { ...more, drafts: whole });
}

test.each<[string, string, Readonly<Record<string, Partial<Draft>>>]>([
  ['#GetUsers', 'GetUsers', {}],
  ['#GetUserInfo?userName=M%C3%BCller+%26+S%C3%B6hne%3F', 'GetUserInfo', { userName: { text: 'Müller & Söhne?' } }],
  ['#SetUserFullName?userName=amira&fullName.null=', 'SetUserFullName', { userName: { text: 'amira' }, fullName: { isNull: true } }],
  [
    '#SetUserEmailAddresses?emailAddresses.entry=a%40example.com&emailAddresses=b%40',
    'SetUserEmailAddresses',
    { emailAddresses: { entries: ['a@example.com'], text: 'b@' } },
  ],
  ['#SetUserPassword?password.generate=', 'SetUserPassword', { password: { way: 'generate' } }],
  ['#SetUserPassword?password.fromEnv=MAILSTORE_SECRET_X', 'SetUserPassword', { password: { way: 'fromEnv', text: 'MAILSTORE_SECRET_X' } }],
])('%s is the address of a form, and brings it back', (hash, command, drafts) => {
  expect(format(command, drafts)).toBe(hash);
  const whole = Object.fromEntries(Object.entries(drafts).map(([field, draft]) => [field, { ...EMPTY_DRAFT, ...draft }]));
  expect(readAddress(hash, known)).toEqual({ command, drafts: whole });
});

test.each<[string, string, Readonly<Record<string, Partial<Draft>>>, string]>([
  ['a password', 'SetUserPassword', { password: { text: 'Quiet-Harbour-41' } }, '#SetUserPassword'],
  [
    'a password in the place of a variable',
    'SetUserPassword',
    { password: { way: 'fromEnv', text: 'Quiet-41' } },
    '#SetUserPassword?password.fromEnv=',
  ],
  [
    'a password in the place of a file',
    'SetUserPassword',
    { password: { way: 'fromFile', text: 'Quiet-41' } },
    '#SetUserPassword?password.fromFile=',
  ],
  ['a configuration that can hold one', 'SetSmtpSettings', { settings: { text: '{"password":"Quiet-41"}' } }, '#SetSmtpSettings'],
  ['the properties of a profile', 'CreateProfile', { properties: { text: '{"password":"Quiet-41"}' } }, '#CreateProfile'],
  ['the action of a job', 'CreateJob', { action: { text: 'SetUserPassword --password="Quiet-41"' } }, '#CreateJob'],
  ['input of 20,000 characters', 'GetUserInfo', { userName: { text: 'x'.repeat(20_000) } }, '#GetUserInfo'],
])('%s stays out of the address', (_name, command, drafts, hash) => {
  expect(format(command, drafts)).toBe(hash);
});

test('target and form of the API are in the address, and what it does not know is left out', () => {
  expect(format('GetUsers', {}, { target: 'north; 2', form: 'legacy-xml' })).toBe('#GetUsers;target=north%3B%202;form=legacy-xml');
  expect(readAddress('#GetUsers;target=north%3B%202;form=legacy-xml', known)).toEqual({
    command: 'GetUsers',
    drafts: {},
    target: 'north; 2',
    form: 'legacy-xml',
  });
  expect(readAddress('#GetUsers;form=soap?nothing=1', known)).toEqual({ command: 'GetUsers', drafts: {} });
  expect([readAddress('', known), readAddress('#NoCommand?userName=x', known)]).toEqual([undefined, undefined]);
  expect(readAddress('#SetUserPassword?password=Quiet-41&password.here=Quiet-41', known)).toEqual({
    command: 'SetUserPassword',
    drafts: {},
  });
});

test.each([
  ['a@example.com, b@example.com', ['a@example.com', 'b@example.com']],
  ['"x,y"@z.example', ['"x,y"@z.example']],
  ['"x\\",y"@z.example,b', ['"x\\",y"@z.example', 'b']],
  ['"x,y', ['"x,y']],
  [' , ', []],
])('%s is split into %j', (text, entries) => {
  expect(splitEntries(text)).toEqual(entries);
});

test('a comma that is typed between quotes belongs to the entry', () => {
  expect([endsInQuotes('"x'), endsInQuotes('"x"@z'), endsInQuotes('"x\\"'), endsInQuotes('x')]).toEqual([true, false, true, false]);
});
