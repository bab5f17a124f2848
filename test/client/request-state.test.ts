import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { Deadline } from '../../src/base/deadline.ts';
import { isError, MailStoreError, type RequestState } from '../../src/base/errors.ts';
import { Transport, type SendOptions } from '../../src/client/transport.ts';
import { ManualClock } from '../helpers/manual-clock.ts';
import { RESET, respond, respondJson, startTlsServer, type RawAnswer, type TlsServer } from '../helpers/tls-server.ts';

const ERRNOS = [
  'ECONNABORTED',
  'ECONNRESET',
  'ECONNREFUSED',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'EHOSTDOWN',
  'ENETUNREACH',
  'ENETDOWN',
  'ENETRESET',
  'ENOTCONN',
  'EADDRNOTAVAIL',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EIO',
  'ENOBUFS',
  'ERR_SSL_DECRYPTION_FAILED_OR_BAD_RECORD_MAC',
  'UND_ERR_CONNECT_TIMEOUT',
  'UND_ERR_SOCKET',
  'UND_ERR_DESTROYED',
];

const REQUEST = { path: '/api/invoke/SetUserFullName', body: 'userName=amira' };

function startTransport(far: { readonly url: string; readonly fingerprint?: string }, timeoutMs = 60_000): Transport {
  const transport = new Transport({
    origin: far.url,
    authorization: 'Basic x',
    trust: far.fingerprint === undefined ? {} : { fingerprint: far.fingerprint },
    connectTimeoutMs: timeoutMs,
    timeoutMs,
    connections: 1,
  });
  onTestFinished(async () => transport.close());
  return transport;
}

async function catchFailure(sent: Promise<unknown>): Promise<MailStoreError> {
  const error = await sent.then(
    () => undefined,
    (cause: unknown) => cause,
  );
  if (!(error instanceof MailStoreError)) throw new Error('expected an error of the table', { cause: error });
  return error;
}

/** Hands every socket of undici to a function, as soon as its handshake is over or as soon as a request is written to it. */
function onSocket(when: 'undici:client:connected' | 'undici:client:sendHeaders', use: (socket: Socket) => void): void {
  const listener = (message: unknown) => use((message as { readonly socket: Socket }).socket);
  subscribe(when, listener);
  onTestFinished(() => void unsubscribe(when, listener));
}

function errorWith(code: string): Error {
  return Object.assign(new Error(`write ${code}`), { code });
}

/** Starts a server that takes every request and never answers; `arrived` resolves when one is there. */
async function startSilent(): Promise<TlsServer & { readonly arrived: Promise<void> }> {
  let arrive: () => void = () => undefined;
  const arrived = new Promise<void>((resolve) => {
    arrive = resolve;
  });
  const server = await startTlsServer(() => {
    arrive();
    return '';
  });
  return Object.assign(server, { arrived });
}

describe('after the first byte of a request, everything but an answer leaves its outcome open', () => {
  test.each(ERRNOS)(
    'after the first byte of a request, everything but an answer leaves its outcome open when the socket dies with %s',
    async (code) => {
      const server = await startSilent();
      const sockets: Socket[] = [];
      onSocket('undici:client:sendHeaders', (socket) => sockets.push(socket));
      const failure = catchFailure(startTransport(server).send(REQUEST));
      await server.arrived;
      for (const socket of sockets) socket.destroy(errorWith(code));
      expect(await failure).toMatchObject({ code: 'connectionLost', request: 'unknown' });
      expect(server.requests).toHaveLength(1);
    },
  );

  test.each<[string, RawAnswer, string]>([
    ['closes the connection', null, 'connectionLost'],
    ['ends the connection in the head', { cut: 'HTTP/1.1 200 OK\r\nContent-Ty' }, 'connectionLost'],
    ['ends the connection in the body', { cut: 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}' }, 'connectionLost'],
    ['answers something else than HTTP', { cut: 'SSH-2.0-OpenSSH_9.6\r\n' }, 'connectionLost'],
    ['answers with a broken chunk', { cut: 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n' }, 'connectionLost'],
    ['answers with 20 KiB of headers', `HTTP/1.1 200 OK\r\nX: ${'x'.repeat(20_480)}\r\nContent-Length: 0\r\n\r\n`, 'headersTooLarge'],
    ['answers with more than is read', respondJson('x'.repeat(100_000)), 'tooLarge'],
    ['answers through a proxy that got nothing', respond('502 Bad Gateway', 'text/html', ''), 'gatewayFailed'],
    ['answers through a proxy that waited too long', respond('504 Gateway Timeout', 'text/html', ''), 'gatewayFailed'],
  ])('after the first byte of a request, everything but an answer leaves its outcome open when the far end %s', async (_, answer, code) => {
    const server = await startTlsServer(() => answer);
    const transport = new Transport({
      origin: server.url,
      authorization: 'Basic x',
      trust: { fingerprint: server.fingerprint },
      connectTimeoutMs: 60_000,
      timeoutMs: 60_000,
      bodyLimit: 50_000,
    });
    onTestFinished(async () => transport.close());
    expect(await catchFailure(transport.send(REQUEST))).toMatchObject({ code, request: 'unknown' });
  });

  test('after the first byte of a request, everything but an answer leaves its outcome open when the far end resets the connection', async () => {
    const server = await startTlsServer(() => RESET);
    const transport = startTransport(server);
    expect(await catchFailure(transport.send(REQUEST))).toMatchObject({ code: 'connectionLost', request: 'unknown' });
  });

  test('after the first byte of a request, everything but an answer leaves its outcome open when the answer does not come in time', async () => {
    const server = await startSilent();
    expect(await catchFailure(startTransport(server, 300).send(REQUEST))).toMatchObject({ code: 'replyTimeout', request: 'unknown' });
    expect(server.requests).toHaveLength(1);
  });

  test.each<[string, (transport: Transport) => { readonly options: SendOptions; readonly end: () => unknown }, string]>([
    ['the caller cancels it', abortWith(undefined), 'cancelledSent'],
    ['its signal has a reason of the error table', abortWith(new MailStoreError('replyTimeout', { origin: 'x', ms: 1 })), 'replyTimeout'],
    ['its signal has another reason', abortWith('no more'), 'cancelledSent'],
    ['the program gets a signal to stop', (transport) => ({ options: {}, end: () => void transport.close() }), 'cancelledSent'],
  ])('after the first byte of a request, everything but an answer leaves its outcome open when %s', async (_, make, code) => {
    const server = await startSilent();
    const transport = startTransport(server);
    const { options, end } = make(transport);
    const failure = catchFailure(transport.send(REQUEST, options));
    await server.arrived;
    end();
    expect(await failure).toMatchObject({ code, request: 'unknown' });
  });
});

function abortWith(reason: unknown) {
  return () => {
    const controller = new AbortController();
    return { options: { signal: controller.signal }, end: () => controller.abort(reason) };
  };
}

describe('before its first byte, a request was not sent', () => {
  test.each(ERRNOS)(
    'before its first byte, a request was not sent when every connection dies with %s as soon as it stands, and nothing of it arrives',
    async (code) => {
      const server = await startTlsServer(() => respondJson({}));
      onSocket('undici:client:connected', (socket) => socket.destroy(errorWith(code)));
      const error = await catchFailure(startTransport(server, 300).send(REQUEST));
      expect(error.request).toBe('not sent' satisfies RequestState);
      expect([error.audience, server.bytesReceived]).toEqual(['network', 0]);
    },
  );

  test.each<[string, (socket: Socket) => void, string]>([
    ['closes', (socket) => socket.destroy(), 'connectionFailed'],
    ['resets', (socket) => void socket.resetAndDestroy(), 'connectionFailed'],
    ['ends', (socket) => void socket.end(), 'connectionFailed'],
    ['answers in plain text in', (socket) => void socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'), 'connectionFailed'],
    ['goes silent in', () => undefined, 'connectTimeout'],
  ])('before its first byte, a request was not sent when the far end %s the handshake', async (_, act, code) => {
    const plain = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.once('data', () => act(socket));
    }).listen(0, '127.0.0.1');
    await once(plain, 'listening');
    onTestFinished(() => void plain.close());
    const url = `https://127.0.0.1:${(plain.address() as AddressInfo).port}`;
    expect(await catchFailure(startTransport({ url }, 300).send(REQUEST))).toMatchObject({ code, request: 'not sent' });
  });

  test('before its first byte, a request was not sent when nothing listens, no such host exists, or another certificate is shown', async () => {
    const closed = createServer().listen(0, '127.0.0.1');
    await once(closed, 'listening');
    const { port } = closed.address() as AddressInfo;
    closed.close();
    await once(closed, 'close');
    const server = await startTlsServer(() => respondJson({}));
    const failures = await Promise.all([
      catchFailure(startTransport({ url: `https://127.0.0.1:${port}` }).send(REQUEST)),
      catchFailure(startTransport({ url: 'https://mailstore.invalid:8463' }).send(REQUEST)),
      catchFailure(startTransport({ url: server.url, fingerprint: 'AA:BB' }).send(REQUEST)),
      catchFailure(startTransport({ url: server.url }).send(REQUEST)),
    ]);
    expect(failures.map(({ code, request }) => [code, request])).toEqual([
      ['connectionRefused', 'not sent'],
      ['hostNotFound', 'not sent'],
      ['certificateMismatch', 'not sent'],
      ['certificateUntrusted', 'not sent'],
    ]);
    expect(server.bytesReceived).toBe(0);
  });

  test.each([
    ['the caller has cancelled it', AbortSignal.abort(), 'cancelledUnsent'],
    ['its deadline has passed', AbortSignal.abort(new MailStoreError('connectTimeout', { origin: 'x', ms: 1 })), 'connectTimeout'],
  ])('before its first byte, a request was not sent when %s by then', async (_, signal, code) => {
    const server = await startTlsServer(() => respondJson({}));
    expect(await catchFailure(startTransport(server).send(REQUEST, { signal }))).toMatchObject({ code, request: 'not sent' });
    expect(server.connections).toBe(0);
  });

  test('before its first byte, a request was not sent when it waits for a connection and is cancelled, its time is up, or the program gets a signal to stop', async () => {
    const server = await startSilent();
    const transport = startTransport(server);
    const held = catchFailure(transport.send(REQUEST));
    await server.arrived;
    const controller = new AbortController();
    const cancelled = catchFailure(transport.send(REQUEST, { signal: controller.signal }));
    controller.abort();
    const clock = new ManualClock();
    const late = catchFailure(transport.send(REQUEST, { deadline: new Deadline(clock, 43_000) }));
    await clock.advance(43_000);
    const stopped = catchFailure(transport.send(REQUEST, { isChange: true }));
    const ends = [await cancelled, await late];
    await transport.close();
    ends.push(await stopped, await catchFailure(transport.send(REQUEST)));
    expect(ends.map((error) => [error.code, error.request])).toEqual([
      ['cancelledUnsent', 'not sent'],
      ['outOfTime', 'not sent'],
      ['cancelledUnsent', 'not sent'],
      ['cancelledUnsent', 'not sent'],
    ]);
    expect((await held).code).toBe('cancelledSent');
    expect(server.requests).toHaveLength(1);
  });
});

test('a transport that is closed waits for the answers to changes, and for no read', async () => {
  let answerAll: () => void = () => undefined;
  const answers = new Promise<void>((resolve) => {
    answerAll = resolve;
  });
  let arrivals = 0;
  const server = await startTlsServer(() => {
    arrivals++;
    return { later: answers.then(() => respondJson({ ok: true })) };
  });
  const transport = new Transport({
    origin: server.url,
    authorization: 'Basic x',
    trust: { fingerprint: server.fingerprint },
    connectTimeoutMs: 60_000,
    timeoutMs: 60_000,
  });
  const change = transport.send(REQUEST, { isChange: true });
  const read = transport.send({ path: '/api/invoke/GetUsers', body: '' });
  const readEnd = catchFailure(read);
  await expect.poll(() => arrivals).toBe(2);
  const closed = transport.close();
  expect(await readEnd).toSatisfy((error: MailStoreError) => isError(error, 'cancelledSent'));
  answerAll();
  expect(await change).toMatchObject({ status: 200 });
  await closed;
});

describe('one time limit spans an exchange', () => {
  test.each([
    ['its body', 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n'],
    ['its head', ''],
  ])('although a byte of %s comes every few milliseconds', async (_, head) => {
    const server = await startTlsServer(() => ({ trickle: head, everyMs: 20 }));
    const error = await catchFailure(startTransport(server, 600).send(REQUEST));
    expect(error).toMatchObject({ code: 'replyTimeout', request: 'unknown', details: { ms: 600 } });
  });

  test('which the time of its call shortens and never lengthens', async () => {
    const server = await startSilent();
    const clock = new ManualClock();
    const patient = startTransport(server);
    const early = catchFailure(patient.send(REQUEST, { deadline: new Deadline(clock, 43_000) }));
    await server.arrived;
    await clock.advance(43_000);
    expect(await early).toMatchObject({ code: 'outOfTime', request: 'unknown' });
    const late = await catchFailure(startTransport(server, 400).send(REQUEST, { deadline: new Deadline(clock, 3_600_000) }));
    expect(late).toMatchObject({ code: 'replyTimeout', details: { ms: 400 } });
  });
});
