import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { buildConnector, errors, Pool } from 'undici';
import { excerpt, isError, MailStoreError } from '../base/errors.ts';
import type { Redactor } from '../base/redact.ts';
import type { WireRequest, WireResponse } from '../wire/reply.ts';
import type { Command } from '../catalogue/define-command.ts';
import { exchange } from './exchange.ts';
import { Observation, type OnExchange, type Purpose } from './observe.ts';

/** How the server's certificate is checked: by the system's trust, a private CA, or the fingerprint of the certificate itself. */
export interface TlsTrust {
  /** SHA-256 of the server certificate as upper-case hex pairs with colons; it replaces the check of the chain and of the host name. */
  readonly fingerprint?: string;
  /** PEM text of a private CA, trusted beside none of the system's. */
  readonly ca?: string;
}

export interface TransportOptions {
  /** `https://host:port`, without a path. */
  readonly origin: string;
  readonly authorization: string;
  readonly trust: TlsTrust;
  /** Time limit for the connection including the TLS handshake. */
  readonly connectTimeoutMs: number;
  /** Time limit for the head of the answer, and again between two parts of its body. */
  readonly replyTimeoutMs: number;
  /** The number of connections kept at most. */
  readonly connections?: number;
  /** Bytes of an answer that are read at most. */
  readonly bodyLimit?: number;
  /** Masks its secrets in every answer as soon as it was read, so that nothing behind the transport ever holds one that was sent back. */
  readonly redactor?: Redactor;
  /** Told of each exchange when it is over, in the course of the call that it belongs to. */
  readonly onExchange?: OnExchange;
}

export interface SendOptions {
  /** Added to the time limit for the answer, in milliseconds. */
  readonly extraMs?: number;
  readonly signal?: AbortSignal | undefined;
  /** What the request is made for, as an observer is told; `support` unless told. */
  readonly purpose?: Purpose;
  /** The command that is called; it tells an observer what is secret in the request. */
  readonly command?: Command;
}

/** Answers larger than this are not read: nothing in the API is meant to be. */
const BODY_LIMIT = 256 * 1024 * 1024;

/** Sends requests over one pool of keep-alive TLS connections to one server. */
export class Transport {
  readonly #pool: Pool;
  readonly #options: TransportOptions;
  /** Whose request was begun last: a request is written in one go. */
  #writing: Observation | undefined;

  constructor(options: TransportOptions) {
    this.#options = options;
    this.#pool = new Pool(options.origin, {
      connections: options.connections ?? 8,
      pipelining: 1,
      keepAliveTimeout: 60_000,
      headersTimeout: options.replyTimeoutMs,
      bodyTimeout: options.replyTimeoutMs,
      connect: checkedConnector(options, options.onExchange && ((bytes) => this.#writing?.write(bytes))),
    });
  }

  /**
   * Sends one request and returns its complete answer.
   * Throws MailStoreError when no connection comes about, the certificate is not the expected one (nothing was sent then), the answer does
   * not arrive whole and in time, or it says that the server is not available (502, 503, 504).
   */
  async send(request: WireRequest, options: SendOptions = {}): Promise<WireResponse> {
    const { origin, authorization, replyTimeoutMs, bodyLimit = BODY_LIMIT, redactor, onExchange } = this.#options;
    const headers = {
      authorization,
      accept: 'application/json, application/xml;q=0.9, text/plain;q=0.8',
      ...(request.body !== '' && { 'content-type': 'application/x-www-form-urlencoded; charset=utf-8' }),
    };
    const observation = onExchange && this.#observe(request, headers, options, onExchange);
    try {
      const answer = await exchange(
        this.#pool,
        {
          method: request.method ?? 'POST',
          path: request.path,
          headers,
          // undici states the length of nothing for a POST, without which the server answers 411.
          body: request.body === '' ? null : request.body,
          headersTimeout: replyTimeoutMs + (options.extraMs ?? 0),
        },
        { bodyLimit, signal: options.signal, observation },
      );
      const response = redactor ? redacted(answer, redactor) : answer;
      observation?.end(response);
      if (response.status >= 502 && response.status <= 504) throw new MailStoreError('unavailable', { status: response.status, origin });
      return response;
    } catch (error) {
      const explained: unknown = options.signal?.aborted ? options.signal.reason : this.#explain(error);
      observation?.fail(explained);
      throw explained;
    }
  }

  async close(): Promise<void> {
    await this.#pool.destroy();
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

  #explain(error: unknown): unknown {
    const { origin, connectTimeoutMs, replyTimeoutMs, redactor } = this.#options;
    if (error instanceof MailStoreError) return error;
    const code = codeOf(error);
    const reason = reasonOf(error, redactor);
    const cause = { cause: error };
    switch (code) {
      case 'ECONNREFUSED':
        return new MailStoreError('connectionRefused', { origin }, cause);
      case 'ENOTFOUND':
      case 'EAI_AGAIN':
        return new MailStoreError('hostNotFound', { host: new URL(origin).hostname }, cause);
      case 'UND_ERR_CONNECT_TIMEOUT':
      case 'ETIMEDOUT':
        return new MailStoreError('connectTimeout', { origin, ms: connectTimeoutMs }, cause);
      case 'UND_ERR_HEADERS_TIMEOUT':
      case 'UND_ERR_BODY_TIMEOUT':
        return new MailStoreError('replyTimeout', { origin, ms: replyTimeoutMs }, cause);
      case 'UND_ERR_SOCKET':
      case 'UND_ERR_REQ_CONTENT_LENGTH_MISMATCH':
      case 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH':
      case 'ECONNRESET':
      case 'EPIPE':
        return new MailStoreError('connectionLost', { origin, reason }, cause);
      default:
        if (error instanceof errors.HTTPParserError || /terminated|other side closed/i.test(reason)) {
          return new MailStoreError('connectionLost', { origin, reason }, cause);
        }
        return new MailStoreError('connectionFailed', { origin, reason }, cause);
    }
  }
}

function redacted({ status, contentType, body }: WireResponse, redactor: Redactor): WireResponse {
  return { status, contentType: redactor.header(contentType), body: redactor.body(body, contentType) };
}

/** Returns whether trying the same request again may help: the connection failed, or the server said that it is not available. */
export function isTransient(error: unknown): error is MailStoreError {
  return isError(error, 'connectionRefused', 'connectTimeout', 'connectionLost', 'connectionFailed', 'unavailable');
}

/**
 * Checks the certificate when the handshake is complete and before undici gets the socket: with a wrong one, no byte of a request leaves.
 * The check is ours in every case, so that the error can name the certificate that was seen and no environment variable can switch it off.
 * Sessions are not resumed, because a resumed handshake need not show the certificate.
 */
function checkedConnector(
  { origin, trust, connectTimeoutMs, redactor }: TransportOptions,
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
        // A connection that breaks in the handshake has carried no request.
        const isBroken = ['ECONNRESET', 'EPIPE'].includes(codeOf(error) ?? '');
        callback(
          isBroken ? new MailStoreError('connectionFailed', { origin, reason: reasonOf(error, redactor) }, { cause: error }) : error,
          null,
        );
        return;
      }
      const refusal = certificateRefusal(socket as TLSSocket, origin, trust);
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

function certificateRefusal(socket: TLSSocket, origin: string, trust: TlsTrust): MailStoreError | undefined {
  const seen = socket.getPeerCertificate().fingerprint256 ?? 'none';
  if (trust.fingerprint !== undefined) {
    return seen === trust.fingerprint
      ? undefined
      : new MailStoreError('certificateMismatch', { origin, expected: trust.fingerprint, seen });
  }
  if (socket.authorized) return undefined;
  return new MailStoreError('certificateUntrusted', { origin, reason: String(socket.authorizationError), fingerprint: seen });
}

function reasonOf(error: unknown, redactor: Redactor | undefined): string {
  const told = tellReason(error);
  return excerpt(redactor?.text(told) ?? told);
}

/** OpenSSL's messages are lists of codes and source lines; what they mean stands beside them. */
function tellReason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const told = 'reason' in error && typeof error.reason === 'string' ? error.reason : error.message;
  return told || (codeOf(error) ?? error.name);
}

function codeOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  if ('code' in error && typeof error.code === 'string') return error.code;
  // A host with several addresses fails with one error for each of them.
  if (error instanceof AggregateError) return codeOf(error.errors[0]);
  return 'cause' in error ? codeOf(error.cause) : undefined;
}
