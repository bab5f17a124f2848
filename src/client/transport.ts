import { type TlsTrust, checkCertificate } from './check-certificate.ts';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { buildConnector, Pool } from 'undici';
import type { Deadline } from '../base/deadline.ts';
import { excerpt, MailStoreError } from '../base/errors.ts';
import { HOLD_MS } from '../base/limits.ts';
import { toolName } from '../catalogue/naming.ts';
import { Redactor } from '../masking/redactor.ts';
import { UNMASKED_TYPE } from '../wire/body.ts';
import { refuseUnavailable } from '../wire/http-status.ts';
import type { WireRequest, WireResponse } from '../wire/reply.ts';
import type { Command } from '../catalogue/define-command.ts';
import { ExchangeFailed, startExchange, TIME_IS_UP, type RunningExchange } from './exchange.ts';
import { Observation, type OnExchange, type Purpose } from './record-exchange.ts';

export interface TransportOptions {
  /** `https://host:port`, without a path. */
  readonly origin: string;
  readonly authorization: string;
  readonly trust: TlsTrust;
  /** Time limit for the connection including the TLS handshake. */
  readonly connectTimeoutMs: number;
  /** Time limit for a whole exchange: the wait for a connection, the request, and the answer to its last byte. */
  readonly timeoutMs: number;
  /** The most connections for calls. Polls have `POLL_CONNECTIONS` of their own. */
  readonly connections?: number;
  /** Bytes of an answer that are read at most. */
  readonly bodyLimit?: number;
  /**
   * Masks secrets and credentials in every answer as soon as it was read, so that nothing behind the transport ever holds one. Default: one that
   * knows no secrets, and masks what looks like a credential.
   */
  readonly redactor?: Redactor;
  /** Returns the names that answers are read by, which stay readable even if they are known secrets. Default: none. */
  readonly keptNames?: () => ReadonlySet<string>;
  /** Receives each exchange when it is over, in the course of the call that it belongs to. */
  readonly onExchange?: OnExchange;
}

export interface SendOptions {
  /** Milliseconds that are left for the exchange. It never takes longer than the time limit of the transport. */
  readonly limitMs?: number | undefined;
  /** Added to the time limit of the exchange, in milliseconds. */
  readonly extraMs?: number;
  /** The call that the exchange belongs to; the exchange ends when its time is over. */
  readonly deadline?: Deadline | undefined;
  /** Ends the exchange. A reason that is a MailStoreError is thrown as it is, with what is known of the request. */
  readonly signal?: AbortSignal | undefined;
  /** Purpose reported to observers. Default: `support`. */
  readonly purpose?: Purpose;
  /** The command that is called; it decides what an observer may see of the request. */
  readonly command?: Command;
  /** True for a request whose answer is waited for when the transport is closed: a change, whose outcome would be unknown. */
  readonly isChange?: boolean;
  /**
   * True for a request whose answer exists only once. An answer that may be whole is returned: one whose connection ended before HTTP
   * was done with it has the error as `cutBy`, and the status 502, 503 or 504 of a proxy is returned as well.
   */
  readonly isOnlyOnce?: boolean;
}

/** Answers larger than this are not read: nothing in the API is meant to be. */
const BODY_LIMIT = 256 * 1024 * 1024;

/** Headers of an answer larger than this are not read. */
const HEADER_LIMIT = 16 * 1024;

/** The most connections for polls. The server holds each poll open, so that polls among the calls would use up the connections of the calls. */
const POLL_CONNECTIONS = 64;

/** Sends requests to one server over keep-alive TLS connections: one pool for calls, one for polls. */
export class Transport {
  readonly #calls: Pool;
  readonly #polls: Pool;
  readonly #options: TransportOptions & { readonly redactor: Redactor };
  /** Whose request was begun last: a request is written in one go. */
  #writing: Observation | undefined;
  readonly #running = new Map<RunningExchange, { readonly isChange: boolean; readonly masked: Promise<WireResponse> }>();
  #isClosing = false;

  constructor({ redactor = new Redactor(), ...rest }: TransportOptions) {
    const options = { ...rest, redactor };
    this.#options = options;
    const openPool = (connections: number) =>
      new Pool(options.origin, {
        connections,
        pipelining: 1,
        keepAliveTimeout: 60_000,
        // The exchange has its own time limit: undici would start these two again with each byte.
        headersTimeout: 0,
        bodyTimeout: 0,
        maxHeaderSize: HEADER_LIMIT,
        connect: checkedConnector(options, options.onExchange && ((bytes) => this.#writing?.write(bytes))),
      });
    this.#calls = openPool(options.connections ?? 8);
    this.#polls = openPool(POLL_CONNECTIONS);
  }

  /**
   * Sends one request and returns its complete answer.
   * Throws MailStoreError when no connection comes about, the certificate is not the expected one (nothing was sent then), the answer does
   * not arrive whole and in time, or it says that the server is not available (502, 503, 504). How far the request got decides what the error
   * says of it, not the code of the fault: after its first byte, everything but an answer is `unknown`.
   */
  async send(request: WireRequest, options: SendOptions = {}): Promise<WireResponse> {
    const { origin, authorization, timeoutMs, bodyLimit = BODY_LIMIT, onExchange } = this.#options;
    const { limitMs: leftMs = timeoutMs, extraMs = 0, deadline, signal } = options;
    const headers = {
      authorization,
      accept: 'application/json, application/xml;q=0.9, text/plain;q=0.8',
      ...(request.body !== '' && { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' }),
    };
    const observation = onExchange && this.#observe(request, headers, options, onExchange);
    const limitMs = Math.max(1, Math.ceil(Math.min(timeoutMs, leftMs))) + extraMs;
    try {
      if (this.#isClosing) throw new ExchangeFailed(false, STOPPING);
      if (signal?.aborted) throw new ExchangeFailed(false, readCause(signal));
      if (deadline?.isOver) throw new ExchangeFailed(false, OUT_OF_TIME);
      const running = startExchange(
        options.purpose === 'status' ? this.#polls : this.#calls,
        {
          method: request.method ?? 'POST',
          path: request.path,
          headers,
          // undici states the length of nothing for a POST, without which the server answers 411.
          body: request.body === '' ? null : request.body,
        },
        { bodyLimit, timeoutMs: limitMs, observation },
      );
      const shown = await this.#follow(running, request, options);
      observation?.end(shown.contentType === UNMASKED_TYPE ? { ...shown, body: NOT_MASKED } : shown);
      if (!options.isOnlyOnce) refuseUnavailable(shown.status, origin);
      return shown;
    } catch (error) {
      if (!(error instanceof ExchangeFailed)) {
        observation?.fail(error);
        throw error;
      }
      const explained = this.#explain(error, limitMs, options.command ? toolName(options.command.name) : request.path);
      observation?.fail(explained);
      const part = options.isOnlyOnce ? error.readPart?.() : undefined;
      if (!part || !mayBeWhole(part)) throw explained;
      return { ...(await maskAnswer(part, request, this.#options)), cutBy: explained };
    }
  }

  /** Ends what can be repeated at once, and resolves when the answers to the changes that were begun are in. */
  async close(): Promise<void> {
    this.#isClosing = true;
    const changes = [...this.#running].filter(([running, { isChange }]) => isChange && running.hasBegun);
    const begun = new Set(changes.map(([running]) => running));
    for (const running of this.#running.keys()) if (!begun.has(running)) running.abort(STOPPING);
    await Promise.allSettled(changes.map(([, { masked }]) => masked));
    await Promise.all([this.#calls.destroy(), this.#polls.destroy()]);
  }

  /** Waits for the answer, and masks it. */
  async #follow(
    running: RunningExchange,
    request: WireRequest,
    { isChange = false, signal, deadline }: SendOptions,
  ): Promise<WireResponse> {
    const abort = () => signal && running.abort(readCause(signal));
    signal?.addEventListener('abort', abort, { once: true });
    const forget = deadline?.onOver(() => running.abort(OUT_OF_TIME));
    const masked = running.answer.then(async (response) => maskAnswer(response, request, this.#options));
    this.#running.set(running, { isChange, masked });
    try {
      // Masking a large answer takes time as well.
      return await (deadline ? deadline.within(masked, () => new ExchangeFailed(running.hasBegun, OUT_OF_TIME)) : masked);
    } finally {
      this.#running.delete(running);
      forget?.();
      signal?.removeEventListener('abort', abort);
    }
  }

  #observe(
    request: WireRequest,
    headers: Readonly<Record<string, string>>,
    { purpose = 'support', command }: SendOptions,
    onExchange: OnExchange,
  ): Observation {
    const { origin, redactor } = this.#options;
    const onWriting = (observation: Observation) => {
      this.#writing = observation;
    };
    return new Observation({ purpose, origin, request, headers, command, redactor, onWriting, onExchange });
  }

  #explain({ hasBegun, cause }: ExchangeFailed, ms: number, what: string): MailStoreError {
    const { origin, connectTimeoutMs, redactor } = this.#options;
    if (cause instanceof MailStoreError) return (cause as MailStoreError).in({ request: hasBegun ? 'unknown' : 'not sent' });
    if (cause === OUT_OF_TIME) {
      return new MailStoreError('outOfTime', { read: what, seconds: HOLD_MS / 1000 }, { request: hasBegun ? 'unknown' : 'not sent' });
    }
    if (cause === TIME_IS_UP) return new MailStoreError(hasBegun ? 'replyTimeout' : 'connectTimeout', { origin, ms });
    if (cause === STOPPING || cause === CANCELLED) {
      const reason = cause === STOPPING ? 'this program is ending' : 'the caller cancelled it';
      return new MailStoreError(hasBegun ? 'cancelledSent' : 'cancelledUnsent', { reason });
    }
    const code = readCode(cause);
    const reason = describeReason(cause, redactor);
    if (hasBegun) {
      return code === 'UND_ERR_HEADERS_OVERFLOW'
        ? new MailStoreError('headersTooLarge', { origin, limit: HEADER_LIMIT }, { cause })
        : new MailStoreError('connectionLost', { origin, reason }, { cause });
    }
    switch (code) {
      case 'ECONNREFUSED':
        return new MailStoreError('connectionRefused', { origin }, { cause });
      case 'ENOTFOUND':
      case 'EAI_AGAIN':
        return new MailStoreError('hostNotFound', { host: new URL(origin).hostname }, { cause });
      case 'UND_ERR_CONNECT_TIMEOUT':
      case 'ETIMEDOUT':
        return new MailStoreError('connectTimeout', { origin, ms: connectTimeoutMs }, { cause });
      default:
        return new MailStoreError('connectionFailed', { origin, reason }, { cause });
    }
  }
}

/** True for a body that ends as an object of JSON or an element of XML does: what is cut off inside of one does not parse. */
function mayBeWhole({ status, body }: WireResponse): boolean {
  return status === 200 && /[}>]\s*$/.test(Buffer.from(body.subarray(-64)).toString('latin1'));
}

/** The cause of an exchange that ended because the transport was closed. */
const STOPPING = Symbol('stopping');

/** The cause of an exchange that ended because the time of its call was over. */
const OUT_OF_TIME = Symbol('out of time');

/** The cause of an exchange that ended because its signal was aborted without a reason of the error table. */
const CANCELLED = Symbol('cancelled');

function readCause(signal: AbortSignal): unknown {
  return signal.reason instanceof MailStoreError ? signal.reason : CANCELLED;
}

/** What names a run in an envelope is no credential: without it, the status could not be asked for. */
const ENVELOPE_PLAIN: ReadonlySet<string> = new Set(['token']);

/** What observers see in place of a body that could not be masked. */
const NOT_MASKED = Buffer.from('(Masking the secrets in this body failed, so it is not shown.)');

type ObservedMask = Pick<TransportOptions, 'keptNames'> & { readonly redactor: Redactor };

/** Masks an answer. Where masking fails, the bytes stay as they came, under a content type that no reader turns into text. */
async function maskAnswer(response: WireResponse, { path }: WireRequest, { redactor, keptNames }: ObservedMask): Promise<WireResponse> {
  const { status, contentType, location, body } = response;
  const masked = await redactor.bodyApart(body, {
    contentType,
    ...(keptNames && { keptNames }),
    ...(path.startsWith('/api/') && { plainNames: ENVELOPE_PLAIN }),
  });
  if (masked === undefined) return { status, contentType: UNMASKED_TYPE, body };
  return {
    ...response,
    contentType: redactor.header(contentType),
    ...(location !== undefined && { location: redactor.header(location) }),
    body: masked,
  };
}

/**
 * Checks the certificate when the handshake is complete and before undici gets the socket: with a wrong one, no byte of a request leaves.
 * The check is ours in every case, so that the error can name the certificate that was seen and no environment variable can switch it off.
 * Sessions are not resumed, because a resumed handshake need not show the certificate.
 */
function checkedConnector(
  { origin, trust, connectTimeoutMs }: TransportOptions,
  onWrite: ((bytes: Buffer) => void) | undefined,
): ReturnType<typeof buildConnector> {
  const connect = buildConnector({
    timeout: connectTimeoutMs,
    maxCachedSessions: 0,
    ALPNProtocols: ['http/1.1'],
    minVersion: 'TLSv1.2',
    rejectUnauthorized: false,
    ...(trust.ca !== undefined && { ca: trust.ca }),
  });
  return (options, callback) => {
    connect(options, (error, socket) => {
      if (error) {
        callback(error, null);
        return;
      }
      const refusal = checkCertificate(socket as TLSSocket, origin, trust);
      if (!refusal) {
        if (onWrite) watchWrites(socket, onWrite);
        callback(null, socket);
        return;
      }
      socket.destroy();
      callback(refusal, null);
    });
  };
}

/** Shows every write to a socket before it is made. */
function watchWrites(socket: Socket, onWrite: (bytes: Buffer) => void): void {
  const { write } = socket;
  const watched = (chunk: string | Uint8Array, ...rest: readonly unknown[]) => {
    // undici writes heads as latin1 text.
    onWrite(typeof chunk === 'string' ? Buffer.from(chunk, 'latin1') : Buffer.from(chunk));
    return Reflect.apply(write, socket, [chunk, ...rest]) as boolean;
  };
  Object.defineProperty(socket, 'write', { value: watched, writable: true, configurable: true });
}

function describeReason(error: unknown, redactor: Redactor): string {
  const told = tellReason(error);
  return excerpt(redactor.text(told));
}

/** OpenSSL's messages are lists of codes and source lines; their meaning is in another property. */
function tellReason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const told = 'reason' in error && typeof error.reason === 'string' ? error.reason : error.message;
  return told || (readCode(error) ?? error.name);
}

function readCode(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  if ('code' in error && typeof error.code === 'string') return error.code;
  // A host with several addresses fails with one error for each of them.
  if (error instanceof AggregateError) return readCode(error.errors[0]);
  return 'cause' in error ? readCode(error.cause) : undefined;
}
