import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import { createServer, type TlsOptions, type TLSSocket } from 'node:tls';
import { onTestFinished } from 'vitest';
import { createCertificate, type Certificate } from '../../src/sandbox/certificate.ts';

/** A request as its bytes say it. */
export interface ReceivedRequest {
  readonly method: string;
  readonly path: string;
  /** By name in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/**
 * The bytes of a response; `cut` ends the connection after them, null cuts it without any, and `RESET` resets it; `later` writes them when
 * they are there, `rest` is asked for what follows `first` once that has left this process, and `trickle` continues with a blank every few milliseconds.
 */
export type RawAnswer =
  | string
  | Buffer
  | { readonly cut: string | Buffer }
  | { readonly later: Promise<Buffer> }
  | { readonly first: Buffer; readonly rest: () => Promise<Buffer> }
  | { readonly trickle: string; readonly everyMs: number }
  | typeof RESET
  | null;

export const RESET = Symbol('reset');

export interface TlsServer {
  readonly url: string;
  readonly username: string;
  readonly password: string;
  readonly fingerprint: string;
  readonly certificate: string;
  /** Every request that arrived whole. */
  readonly requests: readonly ReceivedRequest[];
  /** How many TCP connections came in. */
  readonly connections: number;
  /** How many TLS handshakes were completed on this side. */
  readonly handshakes: number;
  /** How many bytes came in after the handshakes. */
  readonly bytesReceived: number;
  /** Shows another certificate on the connections from now on. */
  changeCertificate(certificate: Certificate): void;
  /** Resolves when no connection is open any more, so that nothing can come in. */
  allClosed(): Promise<void>;
}

/** Making a certificate takes longer than starting a server. */
let shared: Promise<Certificate> | undefined;

/** Starts a TLS server that knows nothing of HTTP but where a request ends, and writes the given bytes; ended with the test. */
export async function startTlsServer(
  answer: (request: ReceivedRequest) => RawAnswer | Promise<RawAnswer>,
  options: { readonly certificate?: Certificate; readonly tls?: TlsOptions } = {},
): Promise<TlsServer> {
  const { certificate, privateKey, fingerprint } = options.certificate ?? (await (shared ??= createCertificate('127.0.0.1')));
  const requests: ReceivedRequest[] = [];
  const sockets = new Set<Socket>();
  let connections = 0;
  let handshakes = 0;
  let bytesReceived = 0;
  const server = createServer({ key: privateKey, cert: certificate, ...options.tls }, (socket) => {
    handshakes++;
    let received: Buffer = Buffer.alloc(0);
    socket.on('error', () => undefined);
    socket.on('data', (chunk: Buffer) => {
      bytesReceived += chunk.length;
      received = Buffer.concat([received, chunk]);
      for (let whole = takeRequest(received); whole; whole = takeRequest(received)) {
        received = whole.rest;
        requests.push(whole.request);
        const given = answer(whole.request);
        const reset = () => findRawSocket(socket, sockets)?.resetAndDestroy();
        if (given instanceof Promise) void given.then((later) => write(socket, later, reset));
        else write(socket, given, reset);
      }
    });
  });
  server.on('tlsClientError', () => undefined);
  server.on('connection', (socket: Socket) => {
    connections++;
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return {
    url: `https://127.0.0.1:${(server.address() as AddressInfo).port}`,
    username: 'admin',
    password: 'secret',
    fingerprint,
    certificate,
    requests,
    get connections() {
      return connections;
    },
    get handshakes() {
      return handshakes;
    },
    get bytesReceived() {
      return bytesReceived;
    },
    changeCertificate: (other) => server.setSecureContext({ key: other.privateKey, cert: other.certificate }),
    allClosed: async () => {
      await Promise.all([...sockets].map((socket) => once(socket, 'close')));
    },
  };
}

/** Returns the bytes of a response with its length stated. */
export function respond(status: string, contentType: string, body: string | Buffer): Buffer {
  const bytes = Buffer.from(body);
  return Buffer.concat([
    Buffer.from(`HTTP/1.1 ${status}\r\nContent-Type: ${contentType}\r\nContent-Length: ${bytes.length}\r\n\r\n`),
    bytes,
  ]);
}

/** Returns the bytes of a response with a JSON value. */
export function respondJson(value: unknown): Buffer {
  return respond('200 OK', 'application/json', JSON.stringify(value));
}

/** The envelope of a run with the token T: running, unless `more` says otherwise. */
export function respondStatus(statusVersion: number, more: Readonly<Record<string, unknown>> = {}): Buffer {
  return respondJson({
    error: null,
    token: 'T',
    statusVersion,
    statusCode: 'running',
    percentProgress: null,
    statusText: null,
    logOutput: null,
    ...more,
  });
}

function takeRequest(bytes: Buffer): { request: ReceivedRequest; rest: Buffer } | undefined {
  const headEnd = bytes.indexOf('\r\n\r\n');
  if (headEnd < 0) return undefined;
  const [requestLine = '', ...lines] = bytes.subarray(0, headEnd).toString('latin1').split('\r\n');
  const [method = '', path = ''] = requestLine.split(' ');
  const headers = Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]),
  );
  const end = headEnd + 4 + Number(headers['content-length'] ?? 0);
  if (bytes.length < end) return undefined;
  return { request: { method, path, headers, body: bytes.subarray(headEnd + 4, end).toString('utf8') }, rest: bytes.subarray(end) };
}

/** TLS sockets cannot be reset; the TCP socket below can. */
function findRawSocket({ remotePort }: TLSSocket, sockets: ReadonlySet<Socket>): Socket | undefined {
  return [...sockets].find((raw) => raw.remotePort === remotePort);
}

function write(socket: TLSSocket, answer: RawAnswer, reset: () => void): void {
  if (answer === null) socket.destroy();
  else if (answer === RESET) reset();
  else if (typeof answer === 'string' || Buffer.isBuffer(answer)) socket.write(answer);
  else if ('cut' in answer) socket.end(answer.cut);
  else if ('later' in answer) void answer.later.then((bytes) => socket.write(bytes));
  else if ('first' in answer) {
    socket.write(answer.first, () => void answer.rest().then((bytes) => socket.write(bytes)));
  } else {
    socket.write(answer.trickle || 'HTTP/1.1 200 OK\r\nX: ');
    const timer = setInterval(() => socket.write(' '), answer.everyMs);
    socket.once('close', () => clearInterval(timer));
  }
}
