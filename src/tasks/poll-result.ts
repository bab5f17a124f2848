import { isError, MailStoreError } from '../base/errors.ts';
import type { Command } from '../catalogue/define-command.ts';
import { CommandFailed, type ClientRun, type MailStoreClient } from '../client/client.ts';
import type { Progress, WireResponse } from '../wire/reply.ts';

/** What the answer to a poll is, as far as it may be read before it is stored. */
export type PollResult =
  | { readonly kind: 'end' }
  | { readonly kind: 'running'; readonly progress: Progress }
  /** MailStore says that it does not know the run. */
  | { readonly kind: 'denied'; readonly error: MailStoreError }
  | { readonly kind: 'refused'; readonly error: Error };

/** Reads an answer that holds no end; of any other nothing is read, since its bytes have to be stored first. */
export function readIfNoEnd(client: MailStoreClient, command: Command, run: ClientRun, raw: WireResponse): PollResult {
  if (raw.status === 200 && !client.saysRunning(run, raw)) return { kind: 'end' };
  try {
    const outcome = client.readPoll(command, run, raw);
    return outcome.kind === 'running' ? { kind: 'running', progress: outcome.progress } : { kind: 'end' };
  } catch (error) {
    if (isError(error, 'tokenUnknown')) return { kind: 'denied', error };
    if (raw.status === 200 || error instanceof CommandFailed || client.saysEnded(run, raw)) return { kind: 'end' };
    if (!(error instanceof MailStoreError)) throw error;
    return { kind: 'refused', error };
  }
}

/** Why an end is not known, in a sentence for the reader. */
export const REASONS = {
  neverAnswered: 'The process that sent the command ended before the server’s answer was stored; the server may have begun it or not.',
  lostWithProcess:
    'The process that was asking for the status ended before it stored the answer; the end may have been in that answer, or the server was restarted.',
  lostOnTheWay: 'The connection broke while the server was answering; the end was in that answer, or the server was restarted.',
  unreadable: 'An answer of the server could not be read; it is kept, and was the end unless the server was restarted.',
  forgotten: 'The server no longer knows the command: it was restarted, the status expired, or somebody else has read the end.',
} as const;

/**
 * True for an answer that MailStore itself may have given and that says neither that the run goes on nor how it ended. Such answers are ridden
 * out for a while only: one of them may have been the end. What a proxy answers in MailStore's place says nothing, however long it lasts.
 */
export function isStrange(error: unknown): error is MailStoreError {
  return isError(
    error,
    'unknownStatus',
    'foreignStatus',
    'invalidStatus',
    'tooDeep',
    'notMasked',
    'notJson',
    'notXml',
    'notUtf8',
    'notAnEnvelope',
    'truncated',
    'unexpectedStatus',
    'turnedAway',
    'compressed',
  );
}

/** Says of an answer that holds an end and cannot be read why the end is not known. */
export function undigested(why: string): string {
  return `MailStore’s answer holds the end of the command and cannot be read; it is kept as it came. ${why}`;
}

/** True for a fault of the record itself, which says nothing about the server. */
export function isRecordFault(error: unknown): error is MailStoreError {
  return error instanceof MailStoreError && error.audience === 'record';
}
