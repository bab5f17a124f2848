import { describe, expect, test } from 'vitest';
import type { Sandbox } from '../../src/sandbox/sandbox.ts';
import { send, start, type Answer, type Envelope } from '../sandbox/client.ts';

/*
 * How programs written after the vendor's published wrappers talk to a server. The emulated server has to serve them as the real one does;
 * nothing of this server's own client takes part.
 */

interface Habits {
  /** Which path is asked for statuses; joined from `/api/` and `/get-status` it has two slashes. */
  readonly statusPath: string;
  readonly millisecondsTimeout: string;
  /** Whether the login is sent at once or only after a 401 has asked for it. */
  readonly waitsForChallenge: boolean;
}

const PYTHON_2024: Habits = { statusPath: '/api//get-status', millisecondsTimeout: '1000', waitsForChallenge: false };
const PYTHON_2014: Habits = { statusPath: '/api//get-status', millisecondsTimeout: '2000', waitsForChallenge: true };
const POWERSHELL: Habits = { statusPath: '/api/get-status', millisecondsTimeout: '5000', waitsForChallenge: true };

type Form = Readonly<Record<string, string>>;

async function post(sandbox: Sandbox, { waitsForChallenge }: Habits, path: string, form: Form = {}): Promise<Answer> {
  if (!waitsForChallenge) return send(sandbox, path, form);
  const challenge = await send(sandbox, path, form, { login: null });
  if (challenge.status !== 401) return challenge;
  if (!String(challenge.headers['www-authenticate']).startsWith('Basic realm=')) throw new Error('The server does not ask for a login.');
  return send(sandbox, path, form);
}

/** Calls a command and follows it for as long as it says that it is running. */
async function invoke(sandbox: Sandbox, habits: Habits, command: string, form: Form = {}): Promise<readonly Envelope[]> {
  const read = (answer: Answer) => {
    if (answer.status !== 200) throw new Error(`HTTP ${answer.status}: ${answer.text}`);
    return answer.json() as Envelope;
  };
  let status = read(await post(sandbox, habits, `/api/invoke/${command}`, form));
  const seen = [status];
  while (status.statusCode === 'running') {
    const { token, statusVersion } = status;
    if (token === null) throw new Error('A running command has no token.');
    const query = { token, lastKnownStatusVersion: String(statusVersion), millisecondsTimeout: habits.millisecondsTimeout };
    status = read(await post(sandbox, habits, habits.statusPath, query));
    seen.push(status);
  }
  return seen;
}

describe.each([
  ['2024 Python', PYTHON_2024],
  ['2014 Python', PYTHON_2014],
  ['PowerShell', POWERSHELL],
])('a program in the manner of the %s wrapper', (_, habits) => {
  test('reads a user at once', async () => {
    const sandbox = await start();
    const [answer, ...others] = await invoke(sandbox, habits, 'GetUserInfo', { userName: 'johndoe' });
    expect(answer).toMatchObject({ statusCode: 'succeeded', statusVersion: 2, token: null, error: null, result: { fullName: 'John Doe' } });
    expect(others).toEqual([]);
  });

  test('follows a rebuild to its end', async () => {
    const sandbox = await start();
    const seen = await invoke(sandbox, habits, 'RebuildStoreIndex', { id: '3', folder: 'amira' });
    expect(seen[0]).toMatchObject({ statusCode: 'running', token: expect.any(String) as string });
    expect(seen.at(-1)).toMatchObject({ statusCode: 'succeeded', percentProgress: 100, error: null });
    const versions = seen.map(({ statusVersion }) => statusVersion);
    expect(versions).toEqual(versions.toSorted((a, b) => a - b));
    expect(sandbox.requests.filter(({ path, status }) => path === habits.statusPath && status === 200)).toHaveLength(seen.length - 1);
  });

  test('verifies a store by its id alone, as the tutorial does', async () => {
    const sandbox = await start();
    const seen = await invoke(sandbox, habits, 'VerifyStore', { id: '3' });
    expect(seen.at(-1)).toMatchObject({ statusCode: 'succeeded', error: null });
  });

  test('learns of a failure from the status word of an HTTP 200', async () => {
    const sandbox = await start();
    const [answer] = await invoke(sandbox, habits, 'GetUserInfo', { userName: 'nobody' });
    expect(answer).toMatchObject({ statusCode: 'failed', error: { message: "User 'nobody' does not exist." } });
  });

  test('is not let in with a wrong password', async () => {
    const sandbox = await start();
    const wrong: Sandbox = { ...sandbox, username: 'admin', password: 'wrong' };
    await expect(invoke(wrong, habits, 'GetUsers')).rejects.toThrow('HTTP 401');
  });
});

test('the metadata is read without a login, with POST and with GET', async () => {
  const sandbox = await start();
  const read = async (method: string) =>
    (await send(sandbox, '/api/get-metadata', '', { method, login: null })).json() as { name: string }[];
  const [posted, got] = [await read('POST'), await read('GET')];
  expect(posted.map(({ name }) => name)).toEqual(expect.arrayContaining(['GetUserInfo', 'VerifyStore']));
  expect(got).toEqual(posted);
});

test('the words that a program uses for true and false are accepted in small letters alone', async () => {
  const sandbox = await start();
  const said = async (includeSize: string) => {
    const [answer] = await invoke(sandbox, PYTHON_2024, 'GetStores', { includeSize });
    return answer?.error?.message ?? answer?.statusCode;
  };
  const refusal = (word: string) => expect.stringContaining(`'${word}'`) as string;
  expect([await said('true'), await said('false')]).toEqual(['succeeded', 'succeeded']);
  expect([await said('True'), await said('False'), await said('1')]).toEqual([refusal('True'), refusal('False'), refusal('1')]);
});

test('a body in JSON is not read', async () => {
  const sandbox = await start();
  const answer = await send(sandbox, '/api/invoke/GetUserInfo', '{"userName":"johndoe"}', {
    headers: { 'Content-Type': 'application/json' },
  });
  expect(answer.json()).toMatchObject({ statusCode: 'failed' });
});

test('a status that is asked for without its timeout fails in the words of the real server', async () => {
  const sandbox = await start();
  const { token } = (await send(sandbox, '/api/invoke/RebuildStoreIndex', { id: '3', folder: 'amira' })).json() as Envelope;
  const answer = await send(sandbox, '/api//get-status', { token: token ?? '', lastKnownStatusVersion: '0' });
  expect(answer.json()).toMatchObject({ statusCode: 'failed', error: { message: 'Nullable object must have a value.' } });
});

test('a program may ask to cancel and goes on asking until the run has stopped', async () => {
  const sandbox = await start({ runSeconds: 1 });
  const started = (await send(sandbox, '/api/invoke/RebuildStoreIndex', { id: '3', folder: 'amira' })).json() as Envelope;
  const token = started.token ?? '';
  expect((await send(sandbox, '/api//cancel-async', { token })).status).toBe(200);
  let status = started;
  while (status.statusCode === 'running') {
    const query = { token, lastKnownStatusVersion: String(status.statusVersion), millisecondsTimeout: '1000' };
    status = (await send(sandbox, '/api//get-status', query)).json() as Envelope;
  }
  expect(status.statusCode).toBe('cancelled');
});
