import type { Drift } from '../client/value.ts';
import type { Message, RunHandle } from '../wire/reply.ts';

/** Every state of a task. `unknown` is an end: the server can no longer say how the command ended. */
export const TASK_STATES = ['starting', 'running', 'succeeded', 'failed', 'cancelled', 'unknown'] as const;
export type TaskState = (typeof TASK_STATES)[number];

const ENDS: ReadonlySet<TaskState> = new Set(['succeeded', 'failed', 'cancelled', 'unknown']);

export function isEnded(task: { readonly status: TaskState }): boolean {
  return ENDS.has(task.status);
}

/** A long run of one command on one target, from the intent to its end. Times are ISO 8601 UTC. */
export interface Task {
  readonly taskId: string;
  readonly command: string;
  readonly target: string;
  /** A digest of the arguments: the same key means the same call. */
  readonly argumentsKey: string;
  readonly status: TaskState;
  /** Absent until the server has answered with a token. */
  readonly run?: RunHandle;
  /** The status version to send with the next poll. */
  readonly version: number;
  /** Percent, as far as the server tells; it may go backwards. */
  readonly progress: number | null;
  readonly statusText: string | null;
  readonly messages: readonly Message[];
  /** The bytes of the answer that ended the run, kept as they came. */
  readonly rawEnd?: Uint8Array;
  readonly result?: unknown;
  /** Where the result was not of the declared shape; absent when all of it was. */
  readonly drift?: readonly Drift[];
  readonly error?: string;
  readonly startedAt: string;
  readonly endedAt?: string;
  /** A sentence for the reader: what is known of an unknown end, or that a cancellation was asked for. */
  readonly note?: string;
}

/** Where tasks are kept. Writes are complete when the promise resolves: a reader never sees a task that could still be lost. */
export interface TaskStore {
  put(task: Task): Promise<void>;
  get(taskId: string): Promise<Task | undefined>;
  /** Returns all tasks, the newest first. */
  list(): Promise<readonly Task[]>;
}

/** Keeps tasks for the life of the process. */
export class MemoryTaskStore implements TaskStore {
  readonly #tasks = new Map<string, Task>();

  async put(task: Task): Promise<void> {
    this.#tasks.set(task.taskId, task);
  }

  async get(taskId: string): Promise<Task | undefined> {
    return this.#tasks.get(taskId);
  }

  async list(): Promise<readonly Task[]> {
    return [...this.#tasks.values()].toReversed();
  }
}
