import { expect, test } from 'vitest';
import { ManualClock } from '../helpers/manual-clock.ts';
import { followRun, getStatus, invoke, REBUILD, send, start, startRun, type Envelope } from './client.ts';

test('an answer is the envelope with all of its members, after a byte order mark', async () => {
  const sandbox = await start();
  const answer = await send(sandbox, '/api/invoke/GetServerInfo');
  expect([...answer.bytes.subarray(0, 3)]).toEqual([0xef, 0xbb, 0xbf]);
  expect(answer.json()).toEqual({
    error: null,
    token: null,
    statusVersion: 2,
    statusCode: 'succeeded',
    percentProgress: null,
    statusText: null,
    result: { version: '25.3.0.23012', machineName: 'ARCHIVE01' },
    logOutput: null,
  });
  expect(answer.headers).toMatchObject({
    'cache-control': 'no-store, no-cache',
    'content-type': 'application/json',
    server: 'Microsoft-HTTPAPI/2.0',
  });
});

test('a failed command is an HTTP 200 with a stack trace in its details', async () => {
  const sandbox = await start();
  const answer = await send(sandbox, '/api/invoke/GetUserInfo', { userName: 'nobody' });
  const envelope = answer.json() as Envelope;
  expect([answer.status, envelope.statusCode, envelope.result, envelope.error?.message]).toEqual([
    200,
    'failed',
    null,
    "User 'nobody' does not exist.",
  ]);
  expect(envelope.error?.details).toMatch(/^System\.Exception: User 'nobody' does not exist\.\r\n {3}at MailStore\.\S+\(.*\)\r\n/);
});

test('an unknown command is a failure that names the nearest one', async () => {
  const sandbox = await start();
  expect((await invoke(sandbox, 'GetUserInf')).error?.message).toBe("The command 'GetUserInf' does not exist. Did you mean 'GetUserInfo'?");
  expect((await invoke(sandbox, 'toString')).error?.message).toMatch(/^The command 'toString' does not exist\./);
});

test('the metadata is a plain list that needs no login and can be read with GET', async () => {
  const sandbox = await start();
  const posted = await send(sandbox, '/api/get-metadata', '', { login: null });
  const got = await send(sandbox, '/api/get-metadata', '', { method: 'GET', login: null });
  expect([posted.status, got.status, got.text === posted.text]).toEqual([200, 200, true]);
  const commands = posted.json() as { name: string; args: unknown[] }[];
  const findArguments = (name: string) => commands.find((command) => command.name === name)?.args;
  expect(findArguments('GetUsers')).toEqual([]);
  expect(findArguments('SetUserFullName')).toEqual([
    { name: 'userName', type: 'string', nullable: false },
    { name: 'fullName', type: 'string', nullable: true },
  ]);
  expect(findArguments('GetWorkerResults')).toEqual([
    { name: 'fromIncluding', type: 'string', nullable: false },
    { name: 'toExcluding', type: 'string', nullable: false },
    { name: 'timeZoneID', type: 'string', nullable: false },
    { name: 'profileID', type: 'number', nullable: true },
    { name: 'userName', type: 'string', nullable: true },
  ]);
  expect(findArguments('CreateProfile')).toEqual([
    { name: 'properties', type: 'json', nullable: false },
    { name: 'raw', type: 'bool', nullable: false },
  ]);
  expect(findArguments('SetUserPrivileges')).toContainEqual({ name: 'privileges', type: 'string', nullable: false });
  expect(commands.map(({ name }) => name)).not.toContain('get-status');
});

test('a long command answers with a token and is followed to its end', async () => {
  const sandbox = await start();
  const first = await invoke(sandbox, 'RebuildStoreIndex', REBUILD);
  expect(first).toMatchObject({ error: null, statusVersion: 2, statusCode: 'running', result: null });
  expect(first.percentProgress).toBeLessThan(20);
  const end = await followRun(sandbox, first.token ?? '');
  expect(end).toMatchObject({
    error: null,
    token: first.token,
    statusCode: 'succeeded',
    percentProgress: 100,
    statusText: null,
    result: null,
  });
  expect(end.statusVersion).toBeGreaterThan(first.statusVersion);
  expect(end.logOutput?.startsWith(first.logOutput ?? 'no log')).toBe(true);
});

test('a status is held back until there is news', async () => {
  const clock = new ManualClock();
  const sandbox = await start({ clock, runSeconds: 100 });
  const { token, statusVersion } = await invoke(sandbox, 'RebuildStoreIndex', REBUILD);
  const before = clock.sleeping;
  const held = getStatus(sandbox, token ?? '', statusVersion, 60_000);
  await expect.poll(() => clock.sleeping).toBe(before + 1);
  await clock.advance(20_000);
  const news = (await held).json() as Envelope;
  expect(news.statusCode).toBe('running');
  expect(news.statusVersion).toBeGreaterThan(statusVersion);
});

test('without news the unchanged status comes when the time is over', async () => {
  const clock = new ManualClock();
  const sandbox = await start({ clock, runSeconds: 100_000 });
  const started = await invoke(sandbox, 'RebuildStoreIndex', REBUILD);
  const before = clock.sleeping;
  const held = getStatus(sandbox, started.token ?? '', started.statusVersion, 5000);
  await expect.poll(() => clock.sleeping).toBe(before + 1);
  await clock.advance(5000);
  expect((await held).json()).toEqual(started);
});

test('a status of another version than the known one comes at once', async () => {
  const sandbox = await start({ clock: new ManualClock() });
  const started = await invoke(sandbox, 'RebuildStoreIndex', REBUILD);
  for (const known of [0, 1, 99]) expect((await getStatus(sandbox, started.token ?? '', known)).json()).toEqual(started);
});

test('get-status reads all three of its arguments', async () => {
  const sandbox = await start();
  const token = await startRun(sandbox);
  const refusal = async (form: Record<string, string>) => {
    const answer = await send(sandbox, '/api/get-status', form);
    return [answer.status, (answer.json() as Envelope).error?.message];
  };
  expect(await refusal({})).toEqual([200, "Argument 'token' is missing."]);
  expect(await refusal({ token, millisecondsTimeout: '1' })).toEqual([200, "Argument 'lastKnownStatusVersion' is missing."]);
  expect(await refusal({ token, lastKnownStatusVersion: '0' })).toEqual([200, 'Nullable object must have a value.']);
  expect(await refusal({ token, lastKnownStatusVersion: 'x', millisecondsTimeout: '1' })).toEqual([
    200,
    "Argument 'lastKnownStatusVersion': Input string was not in a correct format.",
  ]);
  expect(await refusal({ token, lastKnownStatusVersion: '0', millisecondsTimeout: '1', wait: '1' })).toEqual([
    200,
    "Unknown argument 'wait'. Expected arguments: token, lastKnownStatusVersion, millisecondsTimeout.",
  ]);
  expect((await followRun(sandbox, token)).statusCode).toBe('succeeded');
});

test('the end of a run is handed out exactly once', async () => {
  const sandbox = await start();
  const token = await startRun(sandbox);
  expect((await followRun(sandbox, token)).statusCode).toBe('succeeded');
  for (let again = 0; again < 2; again++) {
    const gone = await getStatus(sandbox, token);
    expect([gone.status, gone.headers['content-type'], gone.text]).toEqual([
      404,
      'text/plain',
      'The session has expired or the token is wrong.',
    ]);
  }
});

test('of many readers that wait for the same end, one gets it', async () => {
  const clock = new ManualClock();
  const sandbox = await start({ clock, runSeconds: 10 });
  const token = await startRun(sandbox);
  await clock.advance(9_800);
  const { statusVersion } = (await getStatus(sandbox, token)).json() as Envelope;
  const before = clock.sleeping;
  const readers = Array.from({ length: 8 }, async () => getStatus(sandbox, token, statusVersion, 60_000));
  await expect.poll(() => clock.sleeping).toBe(before + readers.length);
  await clock.advance(1_000);
  const statuses = (await Promise.all(readers)).map(({ status }) => status);
  expect(statuses.toSorted((a, b) => a - b)).toEqual([200, ...Array.from({ length: 7 }, () => 404)]);
});

test('a reader that leaves while it waits takes nothing with it', async () => {
  const clock = new ManualClock();
  const sandbox = await start({ clock, runSeconds: 10 });
  const { token, statusVersion } = await invoke(sandbox, 'RebuildStoreIndex', REBUILD);
  const before = clock.sleeping;
  const leaving = new AbortController();
  const form = { token: token ?? '', lastKnownStatusVersion: `${statusVersion}`, millisecondsTimeout: '60000' };
  const left = send(sandbox, '/api/get-status', form, { signal: leaving.signal });
  await expect.poll(() => clock.sleeping).toBe(before + 1);
  leaving.abort();
  await expect(left).rejects.toThrow('The operation was aborted');
  await expect.poll(() => clock.sleeping).toBe(before);
  await clock.advance(10_000);
  expect((await getStatus(sandbox, token ?? '')).json()).toMatchObject({ statusCode: 'succeeded' });
});

test('a failure in the middle of a run is its end', async () => {
  const clock = new ManualClock();
  const sandbox = await start({ clock, runSeconds: 10 });
  const token = await startRun(sandbox);
  await invoke(sandbox, 'SetStoreRequestedState', { id: '3', requestedState: 'disabled' });
  await clock.advance(10_000);
  const end = (await getStatus(sandbox, token)).json() as Envelope;
  expect(end.statusCode).toBe('failed');
  expect(end.error?.message).toContain('2025');
  expect(end.error?.details).toContain('\r\n   at MailStore.');
  expect(end.logOutput).toContain(end.error?.message);
});

test('cancel-async only asks: the run goes on to its next step and ends as cancelled', async () => {
  const clock = new ManualClock();
  const sandbox = await start({ clock, runSeconds: 10 });
  const token = await startRun(sandbox);
  const answer = await send(sandbox, '/api/cancel-async', { token });
  expect([answer.status, answer.json()]).toMatchObject([200, { statusCode: 'succeeded', error: null, token: null, result: null }]);
  expect((await getStatus(sandbox, token)).json()).toMatchObject({ statusCode: 'running' });
  await clock.advance(5_000);
  expect((await getStatus(sandbox, token)).json()).toMatchObject({ statusCode: 'cancelled', error: null, result: null });
  expect((await getStatus(sandbox, token)).status).toBe(404);
  const { result } = await invoke(sandbox, 'GetStoreIndexes', { id: '3' });
  expect(result).toContainEqual(expect.objectContaining({ folder: 'amira', needsRebuild: true }));
});

test('cancel-async of an unknown token is a 404, and of a run that is over changes nothing', async () => {
  const clock = new ManualClock();
  const sandbox = await start({ clock });
  expect((await send(sandbox, '/api/cancel-async', { token: 'x' })).status).toBe(404);
  const token = await startRun(sandbox);
  await clock.advance(10_000);
  expect((await send(sandbox, '/api/cancel-async', { token })).status).toBe(200);
  expect((await getStatus(sandbox, token)).json()).toMatchObject({ statusCode: 'succeeded' });
});

test('a token of the 2012 form is unknown here', async () => {
  const sandbox = await start();
  const { statusToken } = (await send(sandbox, '/JSON/Invoke/RebuildStoreIndex', REBUILD)).json() as { statusToken: string };
  expect((await getStatus(sandbox, statusToken)).status).toBe(404);
});
