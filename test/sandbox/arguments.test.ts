import { expect, test } from 'vitest';
import { decodeForm } from '../../src/sandbox/arguments.ts';
import { invoke, catchRefusal, send, start } from './client.ts';

const decode = (text: string | Buffer) => ({ ...decodeForm(Buffer.from(text)) });

test('a form is decoded with + as blank and percent escapes as UTF-8', () => {
  expect(decode('a=J%C3%BCrgen+%F0%9F%98%80&b=%2B%26%3D%25%23&c=&d&ü=ö&&e=x=y')).toEqual({
    a: 'Jürgen 😀',
    b: '+&=%#',
    c: '',
    d: '',
    ü: 'ö',
    e: 'x=y',
  });
});

test.each([
  ['a=%', "The request body holds the malformed escape '%'."],
  ['a=%4', "The request body holds the malformed escape '%4'."],
  ['a=%zz', "The request body holds the malformed escape '%zz'."],
  ['a=%FF', 'The request body is not valid UTF-8.'],
  ['%C3=1', 'The request body is not valid UTF-8.'],
  ['a=1&a=2', "Argument 'a' was given more than once."],
])('the form %s is refused', (form, message) => {
  expect(() => decode(form)).toThrow(message);
});

test('a body with bytes that are not UTF-8 is refused', async () => {
  const sandbox = await start();
  const body = Buffer.from([...Buffer.from('userName='), 0xe4]);
  expect((await send(sandbox, '/api/invoke/GetUserInfo', body)).json()).toMatchObject({
    statusCode: 'failed',
    error: { message: 'The request body is not valid UTF-8.' },
  });
});

test('a JSON body is refused with the form it should have had', async () => {
  const sandbox = await start();
  const answer = await send(sandbox, '/api/invoke/GetUserInfo', '{"userName":"johndoe"}', {
    headers: { 'Content-Type': 'application/json' },
  });
  expect(answer.json()).toMatchObject({
    statusCode: 'failed',
    error: { message: 'Arguments are read from an application/x-www-form-urlencoded body; a JSON body is not supported.' },
  });
});

test('arguments in the query are refused', async () => {
  const sandbox = await start();
  const answer = await send(sandbox, '/api/invoke/GetUserInfo?userName=johndoe');
  expect([answer.status, answer.text]).toEqual([400, 'Arguments are read from the request body; the query string must be empty.']);
});

test.each<[string, Record<string, string>, string]>([
  ['GetUserInfo', {}, "Argument 'userName' is missing."],
  ['GetUserInfo', { username: 'johndoe' }, "Unknown argument 'username'. Expected arguments: userName."],
  ['GetUsers', { limit: '3' }, "Unknown argument 'limit'. GetUsers takes no arguments."],
  ['GetUserInfo', { userName: '' }, "Argument 'userName' must not be empty."],
  ['RebuildStoreIndex', { id: '3x', folder: 'amira' }, "Argument 'id': Input string was not in a correct format."],
  ['RebuildStoreIndex', { id: '0x3', folder: 'amira' }, "Argument 'id': Input string was not in a correct format."],
  ['GetProfiles', {}, "Argument 'raw' is missing."],
  ['GetProfiles', { raw: 'false' }, "Argument 'raw' must be 'true'; 'false' is not supported."],
])('%s with %j is refused: %s', async (command, form, message) => {
  const sandbox = await start();
  expect(await catchRefusal(sandbox, command, form)).toBe(message);
});

const WINDOW = { fromIncluding: '2026-01-01T00:00:00', toExcluding: '2026-02-01T00:00:00', timeZoneID: '$Local' };

test('a date-time is accepted in its one form only', async () => {
  const sandbox = await start();
  const withStart = async (fromIncluding: string) => catchRefusal(sandbox, 'GetWorkerResults', { ...WINDOW, fromIncluding });
  expect((await invoke(sandbox, 'GetWorkerResults', WINDOW)).statusCode).not.toBe('failed');
  for (const refused of [
    '2026-01-01T00:00:00Z',
    '2026-01-01T00:00:00+01:00',
    '2026-01-01T00:00:00.000',
    '2026-01-01',
    '2026-02-30T00:00:00',
  ]) {
    expect(await withStart(refused)).toBe(`Argument 'fromIncluding': String '${refused}' was not recognized as a valid DateTime.`);
  }
});

test('an optional filter is left out, never sent empty or as 0', async () => {
  const sandbox = await start();
  expect(await catchRefusal(sandbox, 'GetWorkerResults', { ...WINDOW, userName: '' })).toBe(
    "Argument 'userName' must not be empty; leave it out instead.",
  );
  expect(await catchRefusal(sandbox, 'GetWorkerResults', { ...WINDOW, profileID: '' })).toBe(
    "Argument 'profileID' must not be empty; leave it out instead.",
  );
  expect(await catchRefusal(sandbox, 'GetWorkerResults', { ...WINDOW, profileID: '0' })).toContain("argument 'profileID' is not valid");
});

test('argument names are case-sensitive and keep their differences', async () => {
  const sandbox = await start();
  const { timeZoneID, ...others } = WINDOW;
  expect(await catchRefusal(sandbox, 'GetWorkerResults', { ...others, timeZoneId: timeZoneID })).toMatch(
    /^Unknown argument 'timeZoneId'\./,
  );
});

test('a time zone that the caller must choose is mandatory', async () => {
  const sandbox = await start();
  const { timeZoneID: _, ...others } = WINDOW;
  expect(await catchRefusal(sandbox, 'GetWorkerResults', others)).toBe("Argument 'timeZoneID' is missing.");
});

test('booleans are the lower-case words', async () => {
  const sandbox = await start();
  for (const refused of ['True', 'TRUE', '1', 'yes']) {
    expect(await catchRefusal(sandbox, 'VerifyStores', { includeIndexes: refused })).toBe(
      `Argument 'includeIndexes': String '${refused}' was not recognized as a valid Boolean.`,
    );
  }
  expect((await invoke(sandbox, 'VerifyStores', { includeIndexes: 'false' })).statusCode).not.toBe('failed');
});

test('lists are split at commas, blanks around an entry do not count, and unknown words are refused', async () => {
  const sandbox = await start();
  const setPrivileges = async (privileges: string) => invoke(sandbox, 'SetUserPrivileges', { userName: 'maria.lopez', privileges });
  expect((await setPrivileges('login , export')).statusCode).toBe('succeeded');
  expect((await invoke(sandbox, 'GetUserInfo', { userName: 'maria.lopez' })).result).toMatchObject({ privileges: ['login', 'export'] });
  expect((await setPrivileges('login,fly')).error?.message).toMatch(
    /^The value.* of argument 'privileges' is not valid at 1: .*"login".*\.$/,
  );
  expect((await setPrivileges('admin,login')).error?.message).toContain('must be the only entry');
});

test('a JSON argument must be JSON and fit', async () => {
  const sandbox = await start();
  expect(await catchRefusal(sandbox, 'SetComplianceConfiguration', { config: '{' })).toBe("Argument 'config' is not valid JSON.");
  expect(await catchRefusal(sandbox, 'SetComplianceConfiguration', { config: '[]' })).toContain("argument 'config' is not valid");
});

test('leaving out a value that a setter sets clears it', async () => {
  const sandbox = await start();
  await invoke(sandbox, 'SetUserFullName', { userName: 'johndoe' });
  expect((await invoke(sandbox, 'GetUserInfo', { userName: 'johndoe' })).result).toMatchObject({ fullName: null });
});

test('the refusal of a value never repeats a list or a JSON argument', async () => {
  const sandbox = await start();
  const properties = JSON.stringify({ name: 5, details: { password: 'hunter2' } });
  expect(await catchRefusal(sandbox, 'CreateProfile', { properties, raw: 'true' })).not.toContain('hunter2');
});
