import type { Dispatcher, Pool } from 'undici';
import { MailStoreError } from '../base/errors.ts';
import type { WireResponse } from '../wire/reply.ts';
import type { Observation } from './observe.ts';

export interface ExchangeOptions {
  /** Bytes of the answer that are read at most. */
  readonly bodyLimit: number;
  readonly signal?: AbortSignal | undefined;
  readonly observation?: Observation | undefined;
}

/**
 * Sends one request and collects its whole answer. It stands on the pool's `dispatch`, because the streams of `request` cost about as much
 * processor time as the rest of a small call. Rejects with undici's error, the signal's reason, or MailStoreError `tooLarge`.
 */
export function exchange(
  pool: Pool,
  request: Dispatcher.DispatchOptions,
  { bodyLimit, signal, observation }: ExchangeOptions,
): Promise<WireResponse> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    let status = 0;
    let contentType = '';
    let stopListening = () => {};
    pool.dispatch(request, {
      onRequestStart: (controller) => {
        observation?.begin();
        if (!signal) return;
        const abort = () => controller.abort(signal.reason as Error);
        stopListening = () => signal.removeEventListener('abort', abort);
        if (signal.aborted) abort();
        else signal.addEventListener('abort', abort, { once: true });
      },
      onResponseStart: (controller, statusCode, headers, reason = '') => {
        status = statusCode;
        observation?.answer(statusCode, reason, controller.rawHeaders);
        const type = headers['content-type'];
        contentType = typeof type === 'string' ? type : '';
      },
      onResponseData: (controller, chunk) => {
        size += chunk.byteLength;
        if (size <= bodyLimit) chunks.push(chunk);
        else controller.abort(new MailStoreError('tooLarge', { command: request.path, limit: bodyLimit }));
      },
      onResponseEnd: () => {
        stopListening();
        observation?.receive(size);
        resolve({ status, contentType, body: Buffer.concat(chunks, size) });
      },
      onResponseError: (_controller, error) => {
        stopListening();
        reject(error);
      },
    });
  });
}
