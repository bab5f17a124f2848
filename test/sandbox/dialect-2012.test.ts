import { expect, test } from 'vitest';
import { ManualClock } from '../helpers/manual-clock.ts';
import { REBUILD, send, start, startRun } from './client.ts';

interface Status {
  readonly status: string;
  readonly result: unknown;
  readonly progressPercentage: number;
  readonly messages: readonly { readonly type: string; readonly text: string }[];
}

test('a success is the bare value without a byte order mark', async () => {
  const sandbox = await start();
  const answer = await send(sandbox, '/JSON/Invoke/GetServerInfo');
  expect([answer.status, answer.headers['content-type'], answer.text]).toEqual([
    200,
    'application/json',
    '{"version":"25.3.0.23012","machineName":"ARCHIVE01"}',
  ]);
});

test('GetUserInfo has the documented fields, and privileges are one text', async () => {
  const sandbox = await start();
  expect((await send(sandbox, '/JSON/Invoke/GetUserInfo', { userName: 'johndoe' })).text).toBe(
    '{"userName":"johndoe","fullName":"John Doe","authentication":"integrated",' +
      '"emailAddresses":["john.doe@example.com","johndoe@example.com"],"privileges":"admin"}',
  );
});

test.each(['JSON', 'XML'])('a failure in the %s form is HTTP 500 with the bare message', async (form) => {
  const sandbox = await start();
  const refusal = async (command: string, body: Record<string, string>) => {
    const { status, headers, text } = await send(sandbox, `/${form}/Invoke/${command}`, body);
    return [status, headers['content-type'], text];
  };
  expect(await refusal('GetUserInfo', { userName: 'nobody' })).toEqual([500, 'text/plain', "User 'nobody' does not exist."]);
  expect(await refusal('GetUserInfo', {})).toEqual([500, 'text/plain', "Argument 'userName' is missing."]);
  expect(await refusal('GetUserInfo', { user: 'x' })).toEqual([
    500,
    'text/plain',
    "Unknown argument 'user'. Expected arguments: userName.",
  ]);
  expect(await refusal('GetUserInfos', {})).toEqual([
    500,
    'text/plain',
    "The command 'GetUserInfos' does not exist. Did you mean 'GetUserInfo'?",
  ]);
});

test('a long command answers with an upper-case GUID and the path of its status', async () => {
  const sandbox = await start();
  const started = (await send(sandbox, '/JSON/Invoke/RebuildStoreIndex', REBUILD)).json() as Record<string, string>;
  expect(started['statusToken']).toMatch(/^[\dA-F]{8}(-[\dA-F]{4}){3}-[\dA-F]{12}$/);
  expect(started).toEqual({ statusToken: started['statusToken'], statusUrl: `/JSON/Status/${started['statusToken']}` });
});

test('a status holds all messages so far, and the end is handed out exactly once', async () => {
  const clock = new ManualClock();
  const sandbox = await start({ clock, runSeconds: 10 });
  const { statusUrl } = (await send(sandbox, '/JSON/Invoke/RebuildStoreIndex', REBUILD)).json() as { statusUrl: string };
  const poll = async () => (await send(sandbox, statusUrl)).json() as Status;
  const first = await poll();
  await clock.advance(5_000);
  const second = await poll();
  await clock.advance(5_000);
  const end = await poll();
  expect([first, second, end].map(({ status, result }) => [status, result])).toEqual([
    ['running', null],
    ['running', null],
    ['succeeded', null],
  ]);
  expect(first.messages).toHaveLength(1);
  expect(second.messages.length).toBeGreaterThan(1);
  expect(second.messages.slice(0, 1)).toEqual(first.messages);
  expect(end.messages.slice(0, second.messages.length)).toEqual(second.messages);
  expect(first.progressPercentage).toBeLessThan(second.progressPercentage);
  expect(end.progressPercentage).toBe(100);
  const gone = await send(sandbox, statusUrl);
  expect([gone.status, gone.headers['content-type'], gone.text]).toEqual([
    500,
    'text/plain',
    `The status token '${statusUrl.split('/').at(-1)}' does not exist.`,
  ]);
});

test('the failure of a long command is in its status', async () => {
  const clock = new ManualClock();
  const sandbox = await start({ clock, runSeconds: 10 });
  const { statusUrl } = (await send(sandbox, '/JSON/Invoke/RebuildStoreIndex', REBUILD)).json() as { statusUrl: string };
  await send(sandbox, '/JSON/Invoke/SetStoreRequestedState', { id: '3', requestedState: 'disabled' });
  await clock.advance(10_000);
  const answer = await send(sandbox, statusUrl);
  const end = answer.json() as Status;
  expect([answer.status, end.status, end.result, end.messages.at(-1)?.type]).toEqual([200, 'failed', null, 'error']);
  expect(end.messages.at(-1)?.text).toContain('2025');
});

test('the XML form says the same as the JSON form', async () => {
  const clock = new ManualClock();
  const sandbox = await start({ clock, runSeconds: 10 });
  const started = (await send(sandbox, '/XML/Invoke/RebuildStoreIndex', REBUILD)).text;
  const statusUrl = /<statusUrl type="string">([^<]*)</.exec(started)?.[1] ?? '';
  expect(statusUrl).toMatch(/^\/XML\/Status\/[\dA-F-]{36}$/);
  const running = await send(sandbox, statusUrl);
  expect(running.headers['content-type']).toBe('application/xml');
  expect(running.text).toMatch(
    /^<root type="object"><status type="string">running<\/status><result type="null"\/><progressPercentage type="number">/,
  );
  await clock.advance(10_000);
  expect((await send(sandbox, statusUrl)).text).toContain('<status type="string">succeeded</status>');
  expect((await send(sandbox, statusUrl)).status).toBe(500);
});

test('there is no metadata and no cancelling, and a token of the modern form is unknown', async () => {
  const sandbox = await start();
  const token = await startRun(sandbox);
  expect((await send(sandbox, `/JSON/Status/${token}`)).status).toBe(500);
  expect((await send(sandbox, '/JSON/Metadata')).status).toBe(404);
  expect((await send(sandbox, `/JSON/Cancel/${token}`)).status).toBe(404);
});
