import { createServer, type AddressInfo, type Socket } from 'node:net';
import { once } from 'node:events';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { describe, expect, onTestFinished, test } from 'vitest';
import { MailStoreError } from '../../src/base/errors.ts';
import type { ClientOptions } from '../../src/client/client.ts';
import { Transport } from '../../src/client/transport.ts';
import type { Sandbox } from '../../src/sandbox/sandbox.ts';
import { ManualClock } from '../helpers/manual-clock.ts';
import { startClient, type TestClient } from '../helpers/start-client.ts';
import { respond, respondJson, startTlsServer, type RawAnswer, type TlsServer } from '../helpers/tls-server.ts';
import { start } from '../sandbox/client.ts';

const READ = ['GetUserInfo', { userName: 'johndoe' }] as const;
const WRITE = ['SetUserFullName', { userName: 'johndoe', fullName: 'Jo' }] as const;
const NOT_KNOWN = 'Whether the call was carried out is not known; read the state before you repeat it.';

/** Returns the one sentence or two with which a call ends; a stack trace or the password in it is a failure of the test. */
async function catchFailure(call: Promise<unknown>, password = 'secret'): Promise<string> {
  const error = await call.then(
    (value) => new Error(`no failure but ${JSON.stringify(value)}`),
    (reason: unknown) => reason,
  );
  if (!(error instanceof MailStoreError)) throw error;
  expect(error.message).not.toMatch(/[\r\n]|\bat [\w$]+\.[\w$.]+\(|node:internal|System\.Exception/);
  expect(error.message).not.toContain(password);
  return error.message;
}

/** A client that knows the dialect of its sandbox, before anything goes wrong. */
async function startKnown(options: Partial<ClientOptions> = {}): Promise<TestClient & { sandbox: Sandbox; counted: () => number }> {
  const sandbox = await start({ clock: new ManualClock() });
  const started = startClient(sandbox, options);
  await started.client.warm();
  const before = sandbox.requests.length;
  return { ...started, sandbox, counted: () => sandbox.requests.length - before };
}

describe('a fault on the way', () => {
  test.each([
    ['drop', (url: string) => `The connection to ${url} broke before the answer was complete (other side closed).`, 3],
    ['truncate', (url: string) => `The connection to ${url} broke before the answer was complete (other side closed).`, 3],
    ['status-503', (url: string) => `${url} is not available right now (HTTP 503); try again later.`, 3],
    ['status-502', (url: string) => `A proxy in front of ${url} got no answer from it (HTTP 502).`, 3],
    [
      'garbage',
      (_: string, command: string) =>
        `The answer to ${command} is not JSON: '%~ neither JSON nor XML {[<'. Check that MAILSTORE_API fits this server.`,
      1,
    ],
    ['invalid-utf8', (_: string, command: string) => `The answer to ${command} is not valid UTF-8, so it was not used.`, 1],
    [
      'html',
      (url: string) =>
        `${url} answered with a web page instead of MailStore's API ('Sign in to the network'); a proxy or another service is in between. Check MAILSTORE_URL.`,
      1,
    ],
  ])('%s ends in one clear sentence; a read is tried as often as that helps, a write once', async (fault, sentence, tries) => {
    const { sandbox, call, counted, pauses } = await startKnown();
    sandbox.faults.add(fault);
    const read = sentence(sandbox.url, 'GetUserInfo');
    // What broke on the way can be called again; what came back broken would come so again.
    const again = fault === 'drop' || fault === 'truncate' ? ' Nothing was changed; call again.' : '';
    expect(await catchFailure(call(...READ), sandbox.password)).toBe(`${read}${again}`);
    expect([counted(), pauses]).toEqual([tries, tries === 3 ? [200, 800] : []]);
    const isRefused = fault === 'status-503';
    const write = sentence(sandbox.url, 'SetUserFullName');
    expect(await catchFailure(call(...WRITE), sandbox.password)).toBe(isRefused ? write : `${write} ${NOT_KNOWN}`);
    expect([counted(), pauses.length]).toEqual([tries + 1, tries - 1]);
  });

  test('an answer that does not come in time is not waited for any longer and not asked for again', async () => {
    const { sandbox, call, counted, pauses } = await startKnown({ timeoutMs: 250 });
    sandbox.faults.add('delay=3600000');
    const sentence = `${sandbox.url} accepted the request and did not answer completely within 250 ms.`;
    expect([await catchFailure(call(...READ)), await catchFailure(call(...WRITE))]).toEqual([
      `${sentence} Nothing was changed; call again.`,
      `${sentence} ${NOT_KNOWN}`,
    ]);
    expect([counted(), pauses]).toEqual([0, []]);
  });

  test('a body that stops halfway is not waited for either', async () => {
    const server = await startTlsServer(
      () => 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"statusCode"',
    );
    const { call } = startClient(server, { timeoutMs: 250, api: 'legacy' });
    expect(await catchFailure(call(...READ))).toBe(
      `${server.url} accepted the request and did not answer completely within 250 ms. Nothing was changed; call again.`,
    );
  });

  test.each([
    ['drop:2', 3, [200, 800]],
    ['status-503:1', 2, [200]],
  ])('a read that is tried again after %s succeeds', async (fault, tries, expectedPauses) => {
    const { sandbox, call, counted, pauses } = await startKnown();
    sandbox.faults.add(fault);
    expect(await call(...READ)).toMatchObject({ kind: 'value', value: { fullName: 'John Doe' } });
    expect([counted(), pauses]).toEqual([tries, expectedPauses]);
  });

  test('a write whose answer is lost is carried out once', async () => {
    const { sandbox, call } = await startKnown();
    sandbox.faults.add('drop:1');
    await catchFailure(call('CreateUser', { userName: 'nova', authentication: 'integrated', privileges: ['login'] }), sandbox.password);
    expect(sandbox.world.state.users.filter(({ userName }) => userName === 'nova')).toHaveLength(1);
    expect(sandbox.requests.filter(({ path }) => path.endsWith('/CreateUser'))).toHaveLength(1);
  });

  test('a dry run is a read, and the same command without it is none', async () => {
    const { sandbox, call, counted } = await startKnown();
    sandbox.faults.add('status-503');
    await catchFailure(call('SyncUsersWithDirectoryServices', { dryRun: true }), sandbox.password);
    const afterDryRun = counted();
    await catchFailure(call('SyncUsersWithDirectoryServices', {}), sandbox.password);
    expect([afterDryRun, counted() - afterDryRun]).toEqual([3, 1]);
  });

  test('finding out the dialect is tried again for a write too, since nothing of the write has been sent', async () => {
    const sandbox = await start({ faults: ['drop:1@/api/get-metadata'] });
    const { call, pauses } = startClient(sandbox);
    expect(await call(...WRITE)).toMatchObject({ kind: 'value' });
    expect(pauses).toEqual([200]);
    expect(sandbox.requests.map(({ path }) => path)).toEqual(['/api/get-metadata', '/api/get-metadata', '/api/invoke/SetUserFullName']);
  });

  test('after a fault on first contact the next call finds out the dialect again', async () => {
    const sandbox = await start({ faults: ['html:2'] });
    const { call } = startClient(sandbox);
    expect(await catchFailure(call(...READ), sandbox.password)).toBe(
      `Neither form of MailStore's API answers at ${sandbox.url} (get-metadata: HTTP 200 text/html; /JSON/Invoke: HTTP 200 text/html). Check MAILSTORE_URL, or force one with MAILSTORE_API.`,
    );
    expect(await call(...READ)).toMatchObject({ kind: 'value' });
  });
});

describe('a server that turns the call away', () => {
  test('a wrong password is said once and not tried again', async () => {
    const sandbox = await start();
    const { call, pauses } = startClient({ ...sandbox, username: 'admin', password: 'wrong' });
    expect(await catchFailure(call(...READ), 'wrong')).toBe(
      "MailStore does not accept the login 'admin' (HTTP 401); check user name and password, that the user has the login privilege api, and that with multi-factor authentication the password is an app password. The default password of admin is refused from other machines.",
    );
    expect([sandbox.requests.map(({ status }) => status), pauses]).toEqual([[200, 401], []]);
  });

  test('a user who is no administrator is refused by that reason', async () => {
    const sandbox = await start();
    sandbox.world.user('amira').password = 'amiras';
    const { call } = startClient({ ...sandbox, username: 'amira', password: 'amiras' });
    expect(await catchFailure(call(...READ), 'amiras')).toBe("MailStore refuses 'amira' (HTTP 403); the API needs an administrator.");
  });

  test('a password outside of ASCII is sent as UTF-8', async () => {
    const sandbox = await start({ password: 'grün: 100% 📨' });
    expect(await startClient(sandbox).call(...READ)).toMatchObject({ kind: 'value' });
  });

  test('an API that is switched off is one of three things to check, and works as soon as it is switched on', async () => {
    const sandbox = await start({ apiDisabled: true });
    const { call, pauses } = startClient(sandbox);
    expect(await catchFailure(call(...READ), sandbox.password)).toBe(
      `${sandbox.url} refuses connections; check that the Administration API is switched on in the MailStore Server service configuration, the port, and the firewall.`,
    );
    expect(pauses).toEqual([200, 800]);
    await sandbox.enableApi();
    expect(await call(...READ)).toMatchObject({ kind: 'value' });
  });

  test('a server that was restarted is spoken to on a new connection', async () => {
    const { sandbox, call } = await startKnown();
    await sandbox.restart();
    expect(await call(...READ)).toMatchObject({ kind: 'value' });
  });

  test.each<[string, string]>([
    [
      '404 Not Found',
      "The server knows no '/api/invoke/GetUserInfo' (HTTP 404); check MAILSTORE_URL and MAILSTORE_API, this may not be MailStore's API.",
    ],
    ['411 Length Required', 'The server answered 411 Length Required; a proxy in between may have removed the Content-Length header.'],
    ['500 Internal Server Error', 'The server answered HTTP 500: System error.'],
    ['400 Bad Request', 'The server answered HTTP 400: System error.'],
    ['429 Too Many Requests', 'The server answered HTTP 429: System error.'],
    ['204 No Content', 'The server answered HTTP 204 without a text.'],
  ])('%s has its sentence', async (status, sentence) => {
    const answer = status.startsWith('204')
      ? `HTTP/1.1 ${status}\r\n\r\n`
      : respond(status, 'text/plain', 'System error.\r\n   at MailStore.A.B()');
    const server = await startModern(answer);
    expect(await catchFailure(startClient(server).call(...READ))).toBe(sentence);
    expect(server.requests).toHaveLength(2);
  });

  test.each([
    ['https://login.example.com/x?token=1', 'login.example.com'],
    ['http://other.example:8080/', 'other.example:8080'],
    ['//evil.example/api', 'evil.example'],
    ['/relative', 'SELF'],
  ])('a redirect to %s is not followed, and the error names its host', async (location, host) => {
    const server = await startModern(`HTTP/1.1 302 Found\r\nLocation: ${location}\r\nContent-Length: 0\r\n\r\n`);
    const shown = host === 'SELF' ? new URL(server.url).host : host;
    expect(await catchFailure(startClient(server).call(...WRITE))).toBe(
      `${server.url} redirects to ${shown} (HTTP 302), which is not followed because the login would go there. Set MAILSTORE_URL to MailStore's own address.`,
    );
    expect(server.requests).toHaveLength(2);
  });

  test.each([
    ['gzip', gzipSync],
    ['br', brotliCompressSync],
    ['deflate', deflateSync],
  ])('a body that is compressed with %s is named as such', async (encoding, compress) => {
    const body = compress('{"statusCode":"succeeded","result":null}');
    const head = `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Encoding: ${encoding}\r\nContent-Length: ${body.length}\r\n\r\n`;
    const server = await startModern(Buffer.concat([Buffer.from(head), body]));
    expect(await catchFailure(startClient(server).call(...WRITE))).toBe(
      `The answer to SetUserFullName is compressed (${encoding}), which was not asked for, so it was not read; a proxy in between may do that. Switch it off for this address. ${NOT_KNOWN}`,
    );
  });

  test('HTTP 504 leaves open whether the request got through', async () => {
    const server = await startModern(respond('504 Gateway Timeout', 'text/html', '<html>…</html>'));
    expect(await catchFailure(startClient(server).call(...WRITE))).toBe(
      `A proxy in front of ${server.url} got no answer from it (HTTP 504). ${NOT_KNOWN}`,
    );
    expect(server.requests).toHaveLength(2);
  });

  test("the server's stack trace stays where it is", async () => {
    const details = 'System.Exception: Disk full.\r\n   at MailStore.A.B()';
    const failed = { statusCode: 'failed', error: { message: 'Disk full.\r\n   at MailStore.A.B()', details } };
    const server = await startModern(respondJson(failed));
    expect(await catchFailure(startClient(server).call(...READ))).toBe('MailStore could not run GetUserInfo: Disk full.');
  });
});

/** A modern server that knows two commands and answers both alike. */
async function startModern(answer: RawAnswer): Promise<TlsServer> {
  const names = [READ, WRITE].map(([name, args]) => ({ name, args: Object.keys(args).map((arg) => ({ name: arg, nullable: false })) }));
  return startTlsServer(({ path }) => (path === '/api/get-metadata' ? respondJson(names) : answer));
}

describe('an answer that is none', () => {
  const HEAD = 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n';
  const CUT = (url: string) => `The connection to ${url} broke before the answer was complete (other side closed). ${NOT_KNOWN}`;

  test.each<[string, RawAnswer, (url: string) => string]>([
    ['a body shorter than its length', { cut: `${HEAD}Content-Length: 100\r\n\r\n{"statusCode"` }, CUT],
    ['a chunked body without its end', { cut: `${HEAD}Transfer-Encoding: chunked\r\n\r\n5\r\n{"sta\r\n` }, CUT],
    ['half a chunk', { cut: `${HEAD}Transfer-Encoding: chunked\r\n\r\nff\r\n{"sta` }, CUT],
    ['half a head', { cut: 'HTTP/1.1 200 OK\r\nContent-Ty' }, CUT],
    ['nothing', null, CUT],
  ])('%s is a broken connection', async (_, answer, sentence) => {
    const server = await startModern(answer);
    expect(await catchFailure(startClient(server).call(...WRITE))).toBe(sentence(server.url));
  });

  test('a body that ends with the connection, in the middle of its JSON, is cut off', async () => {
    const server = await startModern({ cut: `${HEAD}Connection: close\r\n\r\n{"statusCode":"succeeded","result":{"a":1}` });
    expect(await catchFailure(startClient(server).call(...WRITE))).toBe(
      'The answer to SetUserFullName ended after 42 bytes, before it was complete. Whether the call was carried out is not known; read the state before you repeat it.',
    );
  });

  test('bytes that are no HTTP are a broken connection with the reason', async () => {
    const server = await startModern({ cut: 'SSH-2.0-OpenSSH_9.6\r\n' });
    expect(await catchFailure(startClient(server).call(...WRITE))).toBe(
      `The connection to ${server.url} broke before the answer was complete (Response does not match the HTTP/1.1 protocol (Expected HTTP/, RTSP/ or ICE/)). ${NOT_KNOWN}`,
    );
  });

  test('an answer larger than the limit is not read to its end', async () => {
    const server = await startTlsServer(() => respond('200 OK', 'application/json', JSON.stringify('x'.repeat(100_000))));
    const transport = startTransport(server.url, { fingerprint: server.fingerprint }, { bodyLimit: 1000 });
    expect(await catchFailure(transport.send({ path: '/JSON/Invoke/GetUsers', body: '' }))).toBe(
      'The answer to /JSON/Invoke/GetUsers is larger than 1000 bytes and was not read; narrow the request.',
    );
    expect((await startTransport(server.url, { fingerprint: server.fingerprint }).send({ path: '/', body: '' })).body).toHaveLength(
      100_002,
    );
  });
});

function startTransport(
  origin: string,
  trust: { fingerprint?: string } = {},
  options: { bodyLimit?: number; connectTimeoutMs?: number } = {},
): Transport {
  const transport = new Transport({
    origin,
    authorization: 'Basic x',
    trust,
    connectTimeoutMs: 10_000,
    timeoutMs: 10_000,
    ...options,
  });
  onTestFinished(async () => transport.close());
  return transport;
}

describe('no server', () => {
  test('a port where nothing listens refuses', async () => {
    const closed = createServer().listen(0, '127.0.0.1');
    await once(closed, 'listening');
    const { port } = closed.address() as AddressInfo;
    closed.close();
    await once(closed, 'close');
    const url = `https://127.0.0.1:${port}`;
    expect(await catchFailure(startTransport(url).send({ path: '/', body: '' }))).toBe(
      `${url} refuses connections; check that the Administration API is switched on in the MailStore Server service configuration, the port, and the firewall.`,
    );
  });

  test('a host that does not exist cannot be found', async () => {
    expect(await catchFailure(startTransport('https://mailstore.invalid:8463').send({ path: '/', body: '' }))).toBe(
      "The host 'mailstore.invalid' cannot be found; check the name in MAILSTORE_URL.",
    );
  });

  test.each([
    ['answers in plain text', 'HTTP/1.1 400 Bad Request\r\n\r\n', 'wrong version number'],
    ['hangs up', null, 'Client network socket disconnected before secure TLS connection was established'],
  ])('a server that %s instead of a TLS handshake is no HTTPS port', async (_, greeting, reason) => {
    const url = await startPlain((socket) => (greeting === null ? socket.destroy() : socket.end(greeting)));
    expect(await catchFailure(startTransport(url).send({ path: '/', body: '' }))).toBe(
      `No connection to ${url} (${reason}); check that MAILSTORE_URL names MailStore's HTTPS port.`,
    );
  });

  test('a server that never shakes hands is given up', async () => {
    const url = await startPlain(() => undefined);
    expect(await catchFailure(startTransport(url, {}, { connectTimeoutMs: 250 }).send({ path: '/', body: '' }))).toBe(
      `${url} did not accept a connection and take the request within 250 ms; check host, port and firewall.`,
    );
  });
});

/** Starts a TCP server without TLS, and returns the URL under which somebody might take it for one. */
async function startPlain(greet: (socket: Socket) => unknown): Promise<string> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.once('data', () => greet(socket));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
