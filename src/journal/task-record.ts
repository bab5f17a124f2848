import type { Dialect, Message, RunHandle } from '../wire/reply.ts';

/** Every state of a task. `unknown` is an end: how the command ended is not known, unless its answer comes to light after all. */
export const TASK_STATES = ['starting', 'running', 'succeeded', 'failed', 'cancelled', 'unknown'] as const;
export type TaskState = (typeof TASK_STATES)[number];

/** The states in which the server itself has said how the command ended. They are never left again. */
export type TaskEndState = Extract<TaskState, 'succeeded' | 'failed' | 'cancelled'>;

/** True for a task that has an end, an unknown one included. */
export function isEnded({ status }: { readonly status: TaskState }): boolean {
  return status !== 'starting' && status !== 'running';
}

export type DialectName = Dialect['name'];

/** What is about to be called. */
export interface TaskIntent {
  readonly command: string;
  readonly target: string;
  /** `https://host:port` of the server that is called: two configurations may give the same name to different servers. */
  readonly origin?: string;
  /** A digest of the arguments: the same key means the same call. */
  readonly argumentsKey: string;
  /** The arguments as people may read them, secrets already masked. */
  readonly argumentsMasked: Readonly<Record<string, unknown>>;
}

/** A process that holds leases; `id` is random, since a process id comes back. */
export interface Holder {
  readonly id: string;
  readonly pid: number;
  readonly host: string;
}

/** The right to poll a task. `epoch` grows each time the lease changes hands, so that a past holder is distinguished from the present one. */
export interface Lease {
  readonly holder: Holder;
  readonly epoch: number;
  readonly heartbeatAt: string;
}

/** A poll that was about to be sent and whose answer has not come to the journal. */
export interface PollMark {
  readonly at: string;
  readonly holder: Holder;
  readonly epoch: number;
  /** The status version that the poll asked with. */
  readonly version: number;
}

/** What a read showed about a command whose end is not known. */
export interface Evidence {
  /** The wire name of the read. */
  readonly source: string;
  /** One sentence for people. */
  readonly finding: string;
  readonly data?: unknown;
}

/** What a run found that MailStore says succeeded. */
export interface Finding {
  readonly errors: number;
  readonly warnings: number;
}

/** Says it in words, such as `2 errors and 1 warning`. */
export function findingWords({ errors, warnings }: Finding): string {
  const count = (number: number, word: string) => `${number} ${word}${number === 1 ? '' : 's'}`;
  return [...(errors > 0 ? [count(errors, 'error')] : []), ...(warnings > 0 ? [count(warnings, 'warning')] : [])].join(' and ');
}

/** A part of the result that was not of the declared shape. */
export interface ResultDrift {
  readonly path: string;
  readonly expected: string;
  /** The value that came; absent when the field was missing. */
  readonly got?: unknown;
}

/** A long run of one command on one target, from the intent to its end. Times are ISO 8601 UTC. */
export interface TaskRecord extends TaskIntent {
  readonly taskId: string;
  /** Grows with every change that a reader can see; heartbeats and poll marks leave it alone. */
  readonly revision: number;
  readonly status: TaskState;
  /** Absent until the server has answered with a token. */
  readonly run?: RunHandle;
  readonly dialect?: DialectName;
  /** The status version to send with the next poll. */
  readonly version: number;
  /** Percent, as far as the server reports it; it may go backwards. */
  readonly progress: number | null;
  readonly statusText: string | null;
  readonly messages: readonly Message[];
  readonly result?: unknown;
  readonly error?: string;
  readonly drift?: readonly ResultDrift[];
  /** Present where the run found errors or warnings; the end of the call is not the finding of the work. */
  readonly finding?: Finding;
  /** When the server last said how far the run is; absent before it said so. */
  readonly progressAt?: string;
  /** A sentence for the reader, for instance that a cancellation was asked for. */
  readonly note?: string;
  /** Why the end is not known. */
  readonly reason?: string;
  readonly evidence: readonly (Evidence & { readonly at: string })[];
  readonly startedAt: string;
  readonly endedAt?: string;
  readonly cancelAskedAt?: string;
  /** Present while a process holds the right to poll. */
  readonly lease?: Lease;
  readonly pollMark?: PollMark;
  /** The mark of an earlier holder that never stored the answer: it may have taken the end with it. */
  readonly lostPoll?: PollMark;
  /** True while the answer that ended the run is stored and has not been found unreadable. */
  readonly hasRawEnd: boolean;
  /** Columns of the journal that hold what this server never wrote; absent where there is none. Their fields have an empty value here. */
  readonly damaged?: readonly string[];
}

/** An end that has still to be reported to the listeners for ends. */
export interface UntoldEnd {
  readonly taskId: string;
  /** The process that stored the end and was about to report it. */
  readonly teller: Holder;
}

/** An answer that ended a run, byte for byte as it came. */
export interface RawEnd {
  readonly status: number;
  readonly contentType: string;
  /** The compression that the body has; absent for a plain one. */
  readonly encoding?: string;
  readonly body: Uint8Array;
}

export interface StoredRawEnd extends RawEnd {
  readonly rawEndId: number;
  readonly storedAt: string;
  /** Why the bytes were set aside. */
  readonly unreadableBecause?: string;
}
