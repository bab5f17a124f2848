import { excerpt, MailStoreError } from '../base/errors.ts';
import { readJson, withoutStack } from './body.ts';
import { refuseHttpError, type Addressed } from './http-status.ts';
import type { Dialect, Message, Progress } from './reply.ts';

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
    read: (response, { name: command }, run) => {
      if (response.status === 404 && run) throw new MailStoreError('tokenUnknown', { command });
      if (response.status !== 200) refuseHttpError(response, run ? '/api/get-status' : `/api/invoke/${command}`, address);
      const envelope = readJson(response, command, address.origin);
      if (!isEnvelope(envelope)) {
        throw new MailStoreError('notAnEnvelope', { command, excerpt: excerpt(JSON.stringify(envelope)) });
      }
      const progress = progressOf(envelope);
      if (envelope.statusCode === 'running') {
        const token = envelope.token ?? run?.token;
        if (!token) throw new MailStoreError('notAnEnvelope', { command, excerpt: excerpt(JSON.stringify(envelope)) });
        return { kind: 'running', run: { token }, progress };
      }
      if (envelope.statusCode === 'succeeded') return { kind: 'value', value: envelope.result ?? null, progress };
      const message = envelope.error?.message;
      return {
        kind: 'failed',
        word: envelope.statusCode,
        message: withoutStack(typeof message === 'string' && message !== '' ? message : `the server reports '${envelope.statusCode}'`),
        progress,
      };
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

function progressOf(envelope: Envelope): Progress {
  const { statusVersion, percentProgress, statusText, logOutput } = envelope;
  return {
    version: typeof statusVersion === 'number' ? statusVersion : 0,
    percent: typeof percentProgress === 'number' ? percentProgress : null,
    text: typeof statusText === 'string' && statusText !== '' ? statusText : null,
    messages: typeof logOutput === 'string' ? logLines(logOutput) : [],
  };
}

function logLines(log: string): Message[] {
  return log
    .split(/\r?\n/)
    .filter((text) => text !== '')
    .map((text) => ({ type: 'line', text }));
}
