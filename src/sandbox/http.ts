import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '../base/clock.ts';
import { CommandFailure } from '../emulation/world.ts';
import { decodeForm, type RawArguments } from './arguments.ts';
import type { Fault, Faults } from './faults.ts';
import type { Login } from './login.ts';
import type { Delivery, HandOver } from './runs.ts';

export interface ApiRequest {
  /** What the route's pattern captured. */
  readonly captures: readonly string[];
  readonly contentType: string;
  readonly body: Buffer;
  /** Aborts when the client is gone. */
  readonly signal: AbortSignal;
}

export interface HttpAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Present when the reply hands out the end of a run. */
  readonly handOver?: HandOver | undefined;
}

export interface Route {
  readonly pattern: RegExp;
  readonly methods: readonly string[];
  readonly needsLogin: boolean;
  handle(request: ApiRequest): HttpAnswer | Promise<HttpAnswer>;
}

/** A request as it was met; `status` is null when the connection was cut before an answer. */
export interface RecordedRequest {
  readonly method: string;
  /** As sent, doubled slashes included. */
  readonly path: string;
  readonly status: number | null;
}

export interface HttpOptions {
  readonly routes: readonly Route[];
  readonly faults: Faults;
  readonly clock: Clock;
  checkLogin(request: IncomingMessage): Login;
  record(request: RecordedRequest): void;
}

/** Larger bodies are refused; the longest arguments are settings of a few kilobytes. */
const BODY_LIMIT = 8 * 1024 * 1024;

export function text(status: number, body: string, headers: Readonly<Record<string, string>> = {}): HttpAnswer {
  return { status, contentType: 'text/plain', body, headers };
}

/** Reads the arguments of a request's body. Throws CommandFailure when the body is not a UTF-8 form. */
export function readForm({ body, contentType }: ApiRequest): RawArguments {
  if (body.length > 0 && /^application\/json\b/i.test(contentType)) {
    throw new CommandFailure('Arguments are read from an application/x-www-form-urlencoded body; a JSON body is not supported.');
  }
  return decodeForm(body);
}

/** Returns the listener of the HTTPS server: finds the route, checks the login, lets the route answer, and plays the faults. */
export function createListener(options: HttpOptions): (request: IncomingMessage, response: ServerResponse) => void {
  return (request, response) => {
    void serve(options, request, response).catch((error: unknown) => response.destroy(error instanceof Error ? error : undefined));
  };
}

async function serve(options: HttpOptions, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { faults, clock } = options;
  const method = request.method ?? '';
  const url = request.url ?? '/';
  const path = url.replace(/\?.*$/s, '').replaceAll(/\/{2,}/g, '/');
  const record = (status: number | null) => options.record({ method, path: url, status });

  const delay = faults.take(path, ['delay']);
  if (delay) await clock.sleep(delay.milliseconds);
  const proxy = faults.take(path, ['html', 'status-502', 'status-503']);
  if (proxy) {
    request.resume();
    const reply = PROXY_REPLIES[proxy.kind] ?? PROXY_REPLIES['status-503'];
    record(reply.status);
    writeReply(response, reply, Buffer.from(reply.body), clock.now());
    return;
  }

  const reply = await answer(options, request, response, path);
  if (response.destroyed || !response.writable) {
    reply.handOver?.lost();
    record(null);
    return;
  }
  if (reply.handOver && faults.take(path, ['lost-end'])) {
    reply.handOver.written('withheld');
    record(null);
    request.socket.destroy();
    return;
  }
  const fault = faults.take(path, ['drop', 'truncate', 'garbage', 'invalid-utf8']);
  if (fault?.kind === 'drop') {
    reply.handOver?.lost();
    record(null);
    request.socket.destroy();
    return;
  }
  record(reply.status);
  settleWhenWritten(response, reply.handOver, fault ? 'spoiled' : 'whole');
  const body = spoil(Buffer.from(reply.body), fault);
  if (fault?.kind !== 'truncate') {
    writeReply(response, reply, body, clock.now());
    return;
  }
  reply.handOver?.written('cut');
  setHeaders(response, reply, body.length, clock.now());
  response.write(body.subarray(0, Math.floor(body.length / 2)), () => request.socket.destroy());
}

async function answer(options: HttpOptions, request: IncomingMessage, response: ServerResponse, path: string): Promise<HttpAnswer> {
  const { headers, method = '' } = request;
  if (method === 'POST' && headers['content-length'] === undefined && headers['transfer-encoding'] === undefined) {
    return text(411, 'The request must be chunked or have a content length.', { Connection: 'close' });
  }
  const body = await readBody(request);
  if (!body) return text(413, `The request body is longer than ${BODY_LIMIT} bytes.`, { Connection: 'close' });
  const found = findRoute(options.routes, path);
  if (!found) return text(404, `The path '${path}' does not exist. Paths are case-sensitive.`);
  const { route, captures } = found;
  if (!route.methods.includes(method)) {
    const allowed = route.methods.join(', ');
    return text(405, `The method ${method} is not allowed here; use ${allowed}.`, { Allow: allowed });
  }
  if (route.needsLogin) {
    const login = options.checkLogin(request);
    if (login === 'unauthorized')
      return text(401, 'The user name or the password is wrong.', { 'WWW-Authenticate': 'Basic realm="MailStore"' });
    if (login === 'forbidden') return text(403, 'Only administrators may use the Administration API.');
  }
  if (request.url?.includes('?')) return text(400, 'Arguments are read from the request body; the query string must be empty.');
  const gone = new AbortController();
  response.once('close', () => gone.abort());
  try {
    return await route.handle({ captures, body, contentType: headers['content-type'] ?? '', signal: gone.signal });
  } catch (error) {
    return text(500, `Internal error: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function findRoute(routes: readonly Route[], path: string): { route: Route; captures: string[] } | undefined {
  for (const route of routes) {
    const match = route.pattern.exec(path);
    if (match) return { route, captures: match.slice(1) };
  }
  return undefined;
}

/** Returns the whole body, or undefined when it is too long; the rest is then left unread. */
async function readBody(request: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    const bytes = chunk as Buffer;
    length += bytes.length;
    if (length > BODY_LIMIT) return undefined;
    chunks.push(bytes);
  }
  return Buffer.concat(chunks);
}

/** An end counts as handed out when its last byte went to the operating system, and not when the client left before. */
function settleWhenWritten(response: ServerResponse, handOver: HandOver | undefined, delivery: Delivery): void {
  if (!handOver) return;
  let settled = false;
  const once = (settle: () => void) => () => {
    if (!settled) settle();
    settled = true;
  };
  response.once(
    'finish',
    once(() => handOver.written(delivery)),
  );
  response.once(
    'close',
    once(() => handOver.lost()),
  );
}

function writeReply(response: ServerResponse, reply: HttpAnswer, body: Buffer, now: number): void {
  setHeaders(response, reply, body.length, now);
  response.end(body);
}

function setHeaders(response: ServerResponse, reply: HttpAnswer, length: number, now: number): void {
  response.statusCode = reply.status;
  response.setHeader('Cache-Control', 'no-store, no-cache');
  response.setHeader('Content-Length', length);
  response.setHeader('Content-Type', reply.contentType);
  response.setHeader('Server', 'Microsoft-HTTPAPI/2.0');
  for (const [name, value] of Object.entries(reply.headers ?? {})) response.setHeader(name, value);
  response.setHeader('Date', new Date(now).toUTCString());
  // The Windows HTTP stack keeps HTTP/1.1 connections open without saying so.
  if (response.shouldKeepAlive && !response.hasHeader('Connection')) response.removeHeader('Connection');
}

const PROXY_REPLIES: Readonly<Record<string, HttpAnswer>> & { readonly 'status-503': HttpAnswer } = {
  html: {
    status: 200,
    contentType: 'text/html; charset=utf-8',
    body: '<!DOCTYPE html>\n<html><head><title>Sign in to the network</title></head><body><h1>Sign in to the network</h1></body></html>\n',
  },
  'status-502': {
    status: 502,
    contentType: 'text/html',
    body: '<html><head><title>502 Bad Gateway</title></head><body>Bad Gateway</body></html>\n',
  },
  'status-503': text(503, 'Service Unavailable'),
};

function spoil(body: Buffer, fault: Fault | undefined): Buffer {
  switch (fault?.kind) {
    case 'garbage':
      return Buffer.from('%~ neither JSON nor XML {[<');
    case 'invalid-utf8': {
      // 0xFF occurs nowhere in UTF-8; inside the first string it leaves everything else well-formed.
      const place = body.indexOf('"') + 1;
      return Buffer.concat([body.subarray(0, place), Buffer.from([0xff]), body.subarray(place)]);
    }
    default:
      return body;
  }
}
