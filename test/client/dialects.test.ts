import { describe, expect, test } from 'vitest';
import type { ApiForm } from '../../src/base/target.ts';
import type { ClientRun, MailStoreClient } from '../../src/client/client.ts';
import { ManualClock } from '../helpers/manual-clock.ts';
import { commandNamed, permitted, startClient } from '../helpers/start-client.ts';
import { respond, respondJson, startTlsServer, type RawAnswer, type TlsServer } from '../helpers/tls-server.ts';
import { start } from '../sandbox/client.ts';

const INFO = { kind: 'value', value: { version: '25.3.0.23012', machineName: 'ARCHIVE01' }, drift: [] };
const METADATA = '/api/get-metadata';
const MODERN = '/api/invoke/GetServerInfo';
const JSON_2012 = '/JSON/Invoke/GetServerInfo';
const XML_2012 = '/XML/Invoke/GetServerInfo';

describe('on a real server', () => {
  test.each<[sandbox: 'both' | 'modern' | '2012', api: ApiForm, paths: readonly string[]]>([
    ['both', 'auto', [METADATA, MODERN]],
    ['modern', 'auto', [METADATA, MODERN]],
    ['2012', 'auto', [METADATA, JSON_2012, JSON_2012]],
    ['both', 'modern', [METADATA, MODERN]],
    ['both', 'legacy', [JSON_2012]],
    ['2012', 'legacy', [JSON_2012]],
    ['both', 'legacy-xml', [XML_2012]],
    ['2012', 'legacy-xml', [XML_2012]],
  ])('on a real server of the kind %s, MAILSTORE_API=%s asks %j', async (dialect, api, paths) => {
    const sandbox = await start({ dialect });
    const { call } = startClient(sandbox, { api });
    expect(await call('GetServerInfo')).toMatchObject(INFO);
    expect(sandbox.requests.map(({ path }) => path)).toEqual(paths);
  });

  test('the form is found out once for all calls, however many come at the same time', async () => {
    const sandbox = await start({ dialect: '2012' });
    const { call } = startClient(sandbox);
    await Promise.all([call('GetServerInfo'), call('GetServerInfo'), call('GetServerInfo')]);
    await call('GetServerInfo');
    expect(sandbox.requests.map(({ path }) => path)).toEqual([METADATA, JSON_2012, ...Array.from({ length: 4 }, () => JSON_2012)]);
  });

  test.each<[api: ApiForm, sandbox: 'modern' | '2012', message: string]>([
    [
      'legacy',
      'modern',
      "The server knows no '/JSON/Invoke/GetServerInfo' (HTTP 404); check MAILSTORE_URL and MAILSTORE_API, this may not be MailStore's API.",
    ],
    [
      'legacy-xml',
      'modern',
      "The server knows no '/XML/Invoke/GetServerInfo' (HTTP 404); check MAILSTORE_URL and MAILSTORE_API, this may not be MailStore's API.",
    ],
    [
      'modern',
      '2012',
      "The server knows no '/api/invoke/GetServerInfo' (HTTP 404); check MAILSTORE_URL and MAILSTORE_API, this may not be MailStore's API.",
    ],
  ])('MAILSTORE_API=%s is kept to on a server that speaks %s, and the answer says so', async (api, dialect, message) => {
    const sandbox = await start({ dialect });
    await expect(startClient(sandbox, { api }).call('GetServerInfo')).rejects.toThrow(message);
  });

  test.each<ApiForm>(['modern', 'legacy', 'legacy-xml'])('under MAILSTORE_API=%s privileges are a list', async (api) => {
    const sandbox = await start();
    expect(await startClient(sandbox, { api }).call('GetUserInfo', { userName: 'johndoe' })).toMatchObject({
      value: { privileges: ['admin'] },
      drift: [],
    });
  });
});

/** Answers by path; what has no answer is a 404. */
async function startStrange(answers: Readonly<Record<string, RawAnswer>>): Promise<TlsServer> {
  return startTlsServer(({ path }) => (path in answers ? (answers[path] ?? null) : respond('404 Not Found', 'text/plain', 'Not found.')));
}

const BARE = respondJson({ version: '8.2.0.1', machineName: 'OLD' });

describe('a strange server', () => {
  test('a strange server that answers 401 to get-metadata is modern with a wrong login, and nothing else is tried', async () => {
    const server = await startStrange({ [METADATA]: respond('401 Unauthorized', 'text/plain', 'no'), [JSON_2012]: BARE });
    await expect(startClient(server).call('GetServerInfo')).rejects.toMatchObject({ code: 'unauthorized' });
    expect(server.requests.map(({ path }) => path)).toEqual([METADATA]);
  });

  test('a strange server that answers 401 to the 2012 form has a wrong login as well', async () => {
    const server = await startStrange({ [JSON_2012]: respond('401 Unauthorized', 'text/plain', 'no') });
    await expect(startClient(server).call('GetServerInfo')).rejects.toMatchObject({ code: 'unauthorized' });
  });

  test.each<[string, RawAnswer]>([
    ['404 as text', respond('404 Not Found', 'text/plain', 'Not found.')],
    ['404 as JSON', respond('404 Not Found', 'application/json', '{"error":"not found"}')],
    ['500 as JSON', respond('500 Internal Server Error', 'application/json', '{"error":{"message":"x"}}')],
    ['405', respond('405 Method Not Allowed', 'text/plain', '')],
    ['a page', respond('200 OK', 'text/html', '<html><title>It works</title></html>')],
    ['an object', respondJson({ commands: [] })],
    ['a list of other things', respondJson([1, 2])],
    ['text', respond('200 OK', 'text/plain', 'hello')],
    ['invalid UTF-8', respond('200 OK', 'application/json', Buffer.from([0x22, 0xff, 0x22]))],
  ])('whose get-metadata answers %s is asked in the 2012 form', async (_, answer) => {
    const server = await startStrange({ [METADATA]: answer, [JSON_2012]: BARE });
    expect(await startClient(server).call('GetServerInfo')).toMatchObject({ kind: 'value', value: { version: '8.2.0.1' } });
    expect(server.requests.map(({ path }) => path)).toEqual([METADATA, JSON_2012, JSON_2012]);
  });

  test('a strange server that refuses the command of the probe in the words of 2012 speaks that form', async () => {
    const failure = respond('500 Internal Server Error', 'text/plain', 'Unknown command.');
    const server = await startStrange({ [JSON_2012]: failure });
    await expect(startClient(server).call('GetServerInfo')).rejects.toThrow('MailStore could not run GetServerInfo: Unknown command.');
  });

  test.each<[string, RawAnswer, RawAnswer, string]>([
    [
      'knows neither',
      respond('404 Not Found', 'text/plain', ''),
      respond('404 Not Found', 'text/plain', ''),
      'get-metadata: HTTP 404 text/plain; /JSON/Invoke: HTTP 404 text/plain',
    ],
    [
      'has a page for everything',
      respond('200 OK', 'text/html; charset=utf-8', '<html></html>'),
      respond('200 OK', 'text/html; charset=utf-8', '<html></html>'),
      'get-metadata: HTTP 200 text/html; /JSON/Invoke: HTTP 200 text/html',
    ],
    [
      'fails in JSON',
      respond('500 Internal Server Error', 'application/json', '{}'),
      respond('500 Internal Server Error', 'application/json', '{}'),
      'get-metadata: HTTP 500 application/json; /JSON/Invoke: HTTP 500 application/json',
    ],
    [
      'says nothing of what it sends',
      'HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n',
      'HTTP/1.1 418 Teapot\r\nContent-Length: 0\r\n\r\n',
      'get-metadata: HTTP 404; /JSON/Invoke: HTTP 418',
    ],
    [
      'refuses everyone, with a page',
      respond('403 Forbidden', 'text/html', '<html></html>'),
      respond('403 Forbidden', 'text/html', '<html></html>'),
      'get-metadata: HTTP 403 text/html; /JSON/Invoke: HTTP 403 text/html',
    ],
  ])('a strange server that %s is not MailStore, and both answers are named', async (_, metadata, invoke, answers) => {
    const server = await startStrange({ [METADATA]: metadata, [JSON_2012]: invoke });
    await expect(startClient(server).call('GetServerInfo')).rejects.toThrow(
      `Neither form of MailStore's API answers at ${server.url} (${answers}). Check MAILSTORE_URL, or force one with MAILSTORE_API.`,
    );
  });

  test('a strange server that refuses the user in both forms, without a page, refuses one who is no administrator', async () => {
    const refusal = respond('403 Forbidden', 'text/plain', '');
    const server = await startStrange({ [METADATA]: refusal, [JSON_2012]: refusal });
    await expect(startClient(server).call('GetServerInfo')).rejects.toThrow('(HTTP 403); the API needs an administrator.');
  });

  test('a strange server with MAILSTORE_API=modern is called without its list of commands when it has none', async () => {
    const server = await startStrange({ [MODERN]: respondJson({ statusCode: 'succeeded', result: { version: '25', machineName: 'A' } }) });
    expect(await startClient(server, { api: 'modern' }).call('GetServerInfo')).toMatchObject({ value: { version: '25' } });
  });

  test('a strange server with MAILSTORE_API=modern and a page for get-metadata is reported as what it is', async () => {
    const server = await startStrange({ [METADATA]: respond('200 OK', 'text/html', '<html><title>It works</title></html>') });
    await expect(startClient(server, { api: 'modern' }).call('GetServerInfo')).rejects.toThrow(
      `${server.url} answered with a web page instead of MailStore's API ('It works'); a proxy or another service is in between. Check MAILSTORE_URL.`,
    );
  });
});

describe('the status of a 2012 run', () => {
  const verify = commandNamed('VerifyStore');
  const SUCCEEDED = respondJson({ status: 'succeeded', result: null, progressPercentage: 100, messages: [] });

  async function startRun(client: MailStoreClient): Promise<ClientRun> {
    const outcome = await client.send(await client.prepare(permitted(verify, { id: 3, includeIndexes: false })));
    return outcome.kind === 'running' ? outcome.run : { token: 'none', dialect: 'json-2012' };
  }

  test.each([
    ['a path', () => '/JSON/Status/T', '/JSON/Status/T'],
    ['a path without its slash', () => 'JSON/Status/T', '/JSON/Status/T'],
    ['a URL of the server', (url: string) => `${url}/JSON/Status/T`, '/JSON/Status/T'],
    ['the path of the XML form', () => '/XML/Status/T', '/XML/Status/T'],
  ])('is asked at %s', async (_, statusUrl, path) => {
    const server = await startTlsServer((request) =>
      request.path.startsWith('/JSON/Invoke/') ? respondJson({ statusToken: 'T', statusUrl: statusUrl(server.url) }) : SUCCEEDED,
    );
    const { client } = startClient(server, { api: 'legacy' });
    const run = await startRun(client);
    expect(client.readPoll(verify, run, await client.poll(run, 0))).toMatchObject({ kind: 'value' });
    expect(server.requests.map((request) => [request.method, request.path, request.headers['content-length']])).toEqual([
      ['POST', '/JSON/Invoke/VerifyStore', server.requests[0]?.headers['content-length']],
      ['POST', path, '0'],
    ]);
  });

  test('the status of a 2012 run on another host is refused, and that host is never contacted', async () => {
    const other = await startTlsServer(() => SUCCEEDED);
    const server = await startTlsServer(() => respondJson({ statusToken: 'T', statusUrl: `${other.url}/JSON/Status/T` }));
    const { client } = startClient(server, { api: 'legacy' });
    await expect(startRun(client)).rejects.toThrow(
      `The status of a command is said to be at '${other.url}/JSON/Status/T'; it was not asked there, because the login goes only to /JSON/Status/ and /XML/Status/ on ${server.url}. The outcome is not known; check it by reading.`,
    );
    expect([other.connections, server.requests.map(({ path }) => path)]).toEqual([0, ['/JSON/Invoke/VerifyStore']]);
  });

  test('is asked with GET by a server that wants no POST', async () => {
    const server = await startTlsServer((request) => {
      if (request.path.startsWith('/JSON/Invoke/')) return respondJson({ statusToken: 'T', statusUrl: '/JSON/Status/T' });
      return request.method === 'GET' ? SUCCEEDED : respond('405 Method Not Allowed', 'text/plain', 'no');
    });
    const { client } = startClient(server, { api: 'legacy' });
    const run = await startRun(client);
    expect(client.readPoll(verify, run, await client.poll(run, 0))).toMatchObject({ kind: 'value' });
    expect(
      server.requests.slice(1).map(({ method, path, headers }) => [method, path, headers['content-length'], headers.authorization]),
    ).toEqual([
      ['POST', '/JSON/Status/T', '0', 'Basic YWRtaW46c2VjcmV0'],
      ['GET', '/JSON/Status/T', undefined, 'Basic YWRtaW46c2VjcmV0'],
    ]);
  });

  test('cannot be asked to cancel', async () => {
    const sandbox = await start({ clock: new ManualClock() });
    const { client } = startClient(sandbox, { api: 'legacy' });
    const run = await startRun(client);
    await expect(client.cancel(verify, run)).rejects.toThrow(
      'VerifyStore cannot be cancelled: the 2012 form of the API has no way to ask for it. The command runs on and its end will be kept.',
    );
  });
});

describe('cancelling a modern run', () => {
  const verify = commandNamed('VerifyStore');

  test.each<[string, RawAnswer]>([
    ['an envelope', respondJson({ statusCode: 'succeeded', result: null })],
    ['the status of the run', respondJson({ statusCode: 'running', token: 'T' })],
    ['an end that is the cancellation', respondJson({ statusCode: 'cancelled', error: null })],
    ['nothing', 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n'],
    ['a bare value', respondJson(true)],
  ])('is asked for once, with any answer: %s', async (_, answer) => {
    const server = await startStrange({ '/api/cancel-async': answer });
    const { client } = startClient(server, { api: 'modern' });
    await expect(client.cancel(verify, { dialect: 'modern', token: 'T' })).resolves.toBeUndefined();
    expect(server.requests.at(-1)).toMatchObject({ method: 'POST', path: '/api/cancel-async', body: 'token=T' });
  });

  test.each<[string, RawAnswer, string]>([
    [
      'refuses',
      respondJson({ statusCode: 'failed', error: { message: 'Not now.', details: 'System.Exception' } }),
      'MailStore could not run cancel-async: Not now.',
    ],
    [
      'does not know the token',
      respond('404 Not Found', 'text/plain', 'no'),
      'MailStore no longer knows the token of VerifyStore: its end was handed out before, or the server was restarted. The outcome is not known; check it by reading.',
    ],
    ['fails', respond('500 Internal Server Error', 'text/plain', 'Oops.'), 'The server answered HTTP 500: Oops.'],
  ])('cancelling a modern run that the server %s is an error', async (_, answer, message) => {
    const server = await startStrange({ '/api/cancel-async': answer });
    await expect(startClient(server, { api: 'modern' }).client.cancel(verify, { dialect: 'modern', token: 'T' })).rejects.toThrow(message);
  });
});
