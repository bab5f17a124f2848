import type { Dispatcher, Pool } from 'undici';
import { MailStoreError } from '../base/errors.ts';
import type { WireResponse } from '../wire/reply.ts';
import type { Observation } from './record-exchange.ts';

export interface ExchangeOptions {
  /** Bytes of the answer that are read at most. */
  readonly bodyLimit: number;
  /** Time limit, in milliseconds, for everything: the wait for a connection, the request, the head and the whole body of the answer. */
  readonly timeoutMs: number;
  readonly observation?: Observation | undefined;
}

/** Why an exchange has no answer, and how far its request got. */
export class ExchangeFailed extends Error {
  /** True if the request may have left: undici had taken it to a connection. Its outcome is not known then, for any cause. */
  readonly hasBegun: boolean;
  /** Returns what had come of the answer; absent where not even its head had. */
  readonly readPart: (() => WireResponse) | undefined;

  constructor(hasBegun: boolean, cause: unknown, readPart?: () => WireResponse) {
    super('the exchange has no answer', { cause });
    this.hasBegun = hasBegun;
    this.readPart = readPart;
  }
}

/** The cause of an exchange that took longer than its time limit. */
export const TIME_IS_UP = Symbol('time is up');

export interface RunningExchange {
  /** The complete answer. Rejects with ExchangeFailed, whose cause is undici's error, `TIME_IS_UP`, what `abort` was called with, or MailStoreError `tooLarge`. */
  readonly answer: Promise<WireResponse>;
  readonly hasBegun: boolean;
  /** Ends the exchange. A request that was not begun is not sent any more. */
  abort(cause: unknown): void;
}

/**
 * Sends one request and collects its whole answer. It uses the pool's `dispatch`, because the streams of `request` cost about as much processor
 * time as the rest of a small call.
 */
export function startExchange(
  pool: Pool,
  request: Dispatcher.DispatchOptions,
  { bodyLimit, timeoutMs, observation }: ExchangeOptions,
): RunningExchange {
  let controller: Dispatcher.DispatchController | undefined;
  let hasBegun = false;
  let isOver = false;
  let fail: (cause: unknown) => void = () => undefined;
  const abort = (cause: unknown) => {
    fail(cause);
    controller?.abort(cause instanceof Error ? cause : new Error('aborted'));
  };
  const timer = setTimeout(() => abort(TIME_IS_UP), Math.max(0, timeoutMs));
  const answer = new Promise<WireResponse>((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    let status = 0;
    let head: Pick<WireResponse, 'contentType' | 'encoding' | 'location'> = { contentType: '' };
    fail = (cause) => {
      if (isOver) return;
      isOver = true;
      clearTimeout(timer);
      const readPart = () => ({ status, ...head, body: Buffer.concat(chunks) });
      reject(new ExchangeFailed(hasBegun, cause, status === 0 ? undefined : readPart));
    };
    pool.dispatch(request, {
      onRequestStart: (started) => {
        controller = started;
        // The caller knows already that nothing was sent.
        if (isOver) {
          started.abort(new Error('aborted'));
          return;
        }
        hasBegun = true;
        observation?.begin();
      },
      onResponseStart: (started, statusCode, headers, reason = '') => {
        status = statusCode;
        observation?.answer(statusCode, reason, started.rawHeaders);
        head = readHead(headers);
      },
      onResponseData: (_, chunk) => {
        size += chunk.byteLength;
        if (size <= bodyLimit) chunks.push(chunk);
        else abort(new MailStoreError('tooLarge', { command: request.path, limit: bodyLimit }));
      },
      onResponseEnd: () => {
        if (isOver) return;
        isOver = true;
        clearTimeout(timer);
        observation?.receive(size);
        resolve({ status, ...head, body: Buffer.concat(chunks, size) });
      },
      onResponseError: (_, error) => fail(error),
    });
  });
  return {
    answer,
    get hasBegun() {
      return hasBegun;
    },
    abort,
  };
}

function readHead(headers: Readonly<Record<string, string | string[] | undefined>>): Omit<WireResponse, 'status' | 'body'> {
  const { 'content-type': contentType, 'content-encoding': encoding, location } = headers;
  return {
    contentType: typeof contentType === 'string' ? contentType : '',
    ...(encoding !== undefined && encoding !== '' && String(encoding).toLowerCase() !== 'identity' && { encoding: String(encoding) }),
    ...(typeof location === 'string' && { location }),
  };
}
