import { excerpt, MailStoreError } from '../base/errors.ts';
import { readJson } from './body.ts';
import { stripStack } from '../base/strip-stack.ts';
import { refuseHttpError, refuseToken, type Addressed } from './http-status.ts';
import { cutMessage, readMessages } from './log-lines.ts';
import type { Dialect, Progress, WireResponse } from './reply.ts';
import { END_WORD, readPercent, readStatusWord, readVersion, refuseForeignStatus, sayWithoutReason } from './status.ts';

const ENDED = new RegExp(`"statusCode"\\s*:\\s*"${END_WORD}"`);

/** The form of the API since 9.0: `/api/invoke/…`, an envelope around every answer, long-polling with versions (protocol.md §2). */
export function modernDialect(address: Addressed): Dialect {
  return {
    name: 'modern',
    metadata: { path: '/api/get-metadata', body: '' },
    invoke: (command, form) => ({ path: `/api/invoke/${command}`, body: form }),
    status: (run, knownVersion, waitMs) => ({
      path: '/api/get-status',
      body: new URLSearchParams({
        token: run.token,
        lastKnownStatusVersion: String(knownVersion),
        millisecondsTimeout: String(waitMs),
      }).toString(),
    }),
    cancel: (run) => ({ path: '/api/cancel-async', body: new URLSearchParams({ token: run.token }).toString() }),
    saysRunning: ({ body }) => /"statusCode"\s*:\s*"running"/.test(Buffer.from(body).toString('latin1')),
    saysEnded: ({ body }) => ENDED.test(Buffer.from(body).toString('latin1')),
    read: (response, { name: command }, run) => {
      const ownEnd = run && response.status !== 200 ? readOwnEnd(response, command, run.token) : undefined;
      if (!ownEnd && response.status === 404 && run) refuseToken(response, command, address.origin);
      if (!ownEnd && response.status !== 200) refuseHttpError(response, run ? '/api/get-status' : `/api/invoke/${command}`, address);
      const envelope = ownEnd ?? readJson(response, command, address.origin);
      if (!isEnvelope(envelope)) {
        throw new MailStoreError('notAnEnvelope', { command, excerpt: excerpt(JSON.stringify(envelope)) });
      }
      if (run) refuseForeignStatus(command, run.token, envelope.token);
      const word = readStatusWord(envelope.statusCode);
      const progress = readProgress(envelope, command);
      // A call that was answered with a token has begun, also where the status reports something else.
      if (word === 'running' || (word === undefined && !run && envelope.token)) {
        const token = run?.token ?? envelope.token;
        if (!token) throw new MailStoreError('notAnEnvelope', { command, excerpt: excerpt(JSON.stringify(envelope)) });
        return { kind: 'running', run: { token }, progress };
      }
      if (word === undefined) throw new MailStoreError('unknownStatus', { command, word: excerpt(envelope.statusCode) });
      if (word === 'succeeded') return { kind: 'value', value: envelope.result ?? null, progress };
      return { kind: 'failed', word, message: readError(envelope) ?? sayWithoutReason(word, envelope.result), progress };
    },
  };
}

interface Envelope {
  readonly error?: { readonly message?: unknown } | null;
  readonly token?: string | null;
  readonly statusVersion?: unknown;
  readonly statusCode: string;
  readonly percentProgress?: unknown;
  readonly statusText?: unknown;
  readonly result?: unknown;
  readonly logOutput?: unknown;
}

function isEnvelope(value: unknown): value is Envelope {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const { statusCode, token, error } = value as Record<string, unknown>;
  return (
    typeof statusCode === 'string' &&
    (token === undefined || token === null || typeof token === 'string') &&
    (error === undefined || error === null || typeof error === 'object')
  );
}

/**
 * Returns the status of a run that has ended, under any HTTP status, since no source settles that (protocol.md §5, 8 and 11). Only MailStore knows
 * the token, so an envelope that states it is no page of a proxy; undefined for everything else.
 */
function readOwnEnd(response: WireResponse, command: string, token: string): Envelope | undefined {
  let value: unknown;
  try {
    value = readJson(response, command, '');
  } catch (error) {
    if (error instanceof MailStoreError) return undefined;
    throw error;
  }
  if (!isEnvelope(value) || value.token?.toLowerCase() !== token.toLowerCase()) return undefined;
  const word = readStatusWord(value.statusCode);
  return word === undefined || word === 'running' ? undefined : value;
}

/** Returns the message of an error, or undefined where an envelope states none. */
function readError({ error }: Envelope): string | undefined {
  return typeof error?.message === 'string' && error.message !== '' ? stripStack(error.message) : undefined;
}

function readProgress(envelope: Envelope, command: string): Progress {
  const { statusVersion, percentProgress, statusText, logOutput } = envelope;
  const error = envelope.statusCode === 'succeeded' ? readError(envelope) : undefined;
  return {
    version: readVersion(command, statusVersion),
    percent: readPercent(percentProgress),
    text: typeof statusText === 'string' && statusText !== '' ? cutMessage({ type: 'line', text: statusText }).text : null,
    messages: [
      ...readMessages(logOutput),
      // A success that comes with an error is MailStore's word, and so is the error.
      ...(error === undefined ? [] : [cutMessage({ type: 'error', text: error })]),
    ],
  };
}
