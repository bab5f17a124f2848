import { createHash, randomUUID } from 'node:crypto';
import { EventEmitter } from 'node:events';
import { findCommand } from '../../tools/index.ts';
import type { Clock } from '../base/clock.ts';
import { isError, MailStoreError } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import type { Command } from '../catalogue/define-command.ts';
import { CommandFailed, type Confirm, type MailStoreClient, type Outcome } from '../client/client.ts';
import { isTransient } from '../client/transport.ts';
import type { Progress, RunHandle } from '../wire/reply.ts';
import { mergeMessages } from './messages.ts';
import { isEnded, type Task, type TaskStore } from './task.ts';

export interface RunnerOptions {
  readonly clients: ReadonlyMap<string, MailStoreClient>;
  readonly store: TaskStore;
  readonly clock: Clock;
  readonly log: Log;
}

/** The call that a task is made of. */
export interface TaskCall {
  readonly command: Command;
  readonly args: Readonly<Record<string, unknown>>;
  readonly target: string;
}

/** Pauses between polls after faults, in milliseconds; the last one repeats until the server answers again. */
const FAULT_PAUSES_MS: readonly number[] = [500, 1000, 2000, 5000, 10_000, 30_000];

/** Pause between polls where the server does not hold the request while it has no news. */
const SHORT_POLL_PAUSE_MS = 1000;

/** Starts long commands, follows each to its end with exactly one poller, and keeps the end for as often as it is asked for. */
export class TaskRunner {
  readonly #options: RunnerOptions;
  readonly #changes = new EventEmitter().setMaxListeners(0);
  readonly #stop = new AbortController();
  readonly #polling = new Set<Promise<void>>();
  /** Calls on their way to the server, which no stored task may show yet. */
  readonly #starting = new Map<string, Promise<Task>>();

  constructor(options: RunnerOptions) {
    this.#options = options;
  }

  /**
   * Starts a command as a task and returns it as soon as the server has answered; a call that is still running with the same arguments is
   * returned instead of started again. Throws MailStoreError when the call was refused or could not be sent.
   */
  async start(call: TaskCall, options: { readonly confirm?: Confirm } = {}): Promise<Task> {
    const key = JSON.stringify([call.target, call.command.name, argumentsKey(call.args)]);
    const starting = this.#starting.get(key);
    if (starting) return asTwin(await starting);
    const start = this.#startUnlessRunning(call, options).finally(() => this.#starting.delete(key));
    this.#starting.set(key, start);
    return start;
  }

  async #startUnlessRunning(call: TaskCall, options: { readonly confirm?: Confirm }): Promise<Task> {
    const twin = await this.#findRunning(call);
    if (twin) return asTwin(twin);
    const client = this.#client(call.target);
    const prepared = await client.prepare(call.command, call.args, options);
    const task = await this.#save(this.#newTask(call));
    let outcome: Outcome;
    try {
      outcome = await client.send(prepared);
    } catch (error) {
      return await this.#startFailed(task, error);
    }
    return this.#continue(task, call.command, outcome);
  }

  /** Turns the running answer to an ordinary call into a task, because any command may answer with a token. */
  async adopt(call: TaskCall, run: RunHandle, progress: Progress): Promise<Task> {
    return this.#continue(this.#newTask(call), call.command, { kind: 'running', run, progress });
  }

  /** Returns the task. Throws MailStoreError `unknownTask` when there is none of this id. */
  async get(taskId: string): Promise<Task> {
    const task = await this.#options.store.get(taskId);
    if (!task) throw new MailStoreError('unknownTask', { taskId });
    return task;
  }

  async list(): Promise<readonly Task[]> {
    return this.#options.store.list();
  }

  /** Returns the task when it has ended or `ms` have passed, whichever comes first; `onChange` sees each step in between. */
  async waitForEnd(taskId: string, ms: number, options: { onChange?: (task: Task) => void; signal?: AbortSignal } = {}): Promise<Task> {
    return this.#wait(taskId, ms, isEnded, options);
  }

  /** Returns the task when it has news beyond `known`, or `ms` have passed. */
  async waitForNews(known: Task, ms: number, signal?: AbortSignal): Promise<Task> {
    return this.#wait(known.taskId, ms, (task) => isEnded(task) || isNews(known, task), signal ? { signal } : {});
  }

  /** Asks the server to stop a running task and returns it; polling goes on to the end. Throws MailStoreError `cannotCancel` in the 2012 form. */
  async cancel(taskId: string): Promise<Task> {
    const task = await this.get(taskId);
    if (isEnded(task) || !task.run) return task;
    await this.#client(task.target).cancel(commandOf(task), task.run);
    const current = await this.get(taskId);
    if (isEnded(current)) return current;
    return this.#save({ ...current, note: 'Cancellation was asked for; the command stops when the server gets to it.' });
  }

  /** Stops polling; the commands themselves run on. Resolves when nothing is in flight any more. */
  async close(): Promise<void> {
    this.#stop.abort();
    await Promise.allSettled(this.#polling);
  }

  async #findRunning({ command, args, target }: TaskCall): Promise<Task | undefined> {
    const key = argumentsKey(args);
    return (await this.list()).find(
      (task) => !isEnded(task) && task.command === command.name && task.target === target && task.argumentsKey === key,
    );
  }

  #newTask({ command, args, target }: TaskCall): Task {
    return {
      taskId: randomUUID(),
      command: command.name,
      target,
      argumentsKey: argumentsKey(args),
      status: 'starting',
      version: 0,
      progress: null,
      statusText: null,
      messages: [],
      startedAt: this.#now(),
    };
  }

  async #continue(task: Task, command: Command, outcome: Outcome): Promise<Task> {
    if (outcome.kind === 'value') return this.#succeed(task, outcome);
    const running = await this.#save({ ...withProgress(task, outcome.progress), status: 'running', run: outcome.run });
    const polling = this.#follow(running, command, outcome.run)
      .catch((error: unknown) => this.#options.log.error(`polling ${command.name} stopped: ${String(error)}`))
      .finally(() => this.#polling.delete(polling));
    this.#polling.add(polling);
    return running;
  }

  /** What the server has surely not begun is refused to the caller; what it may have begun is a task with an unknown end. */
  async #startFailed(task: Task, error: unknown): Promise<Task> {
    if (error instanceof CommandFailed) return this.#fail(task, error);
    if (error instanceof MailStoreError && mayHaveBegun(error)) return this.#end(task, { status: 'unknown', note: error.message });
    await this.#end(task, { status: 'failed', error: error instanceof MailStoreError ? error.message : 'The call was not made.' });
    throw error;
  }

  async #follow(task: Task, command: Command, run: RunHandle): Promise<void> {
    const client = this.#client(task.target);
    const { clock } = this.#options;
    const signal = this.#stop.signal;
    let faults = 0;
    let current = task;
    while (!signal.aborted) {
      try {
        const raw = await client.poll(run, current.version, signal);
        const outcome = await client.readPoll(command, run, raw).catch(async (error: unknown) => {
          // That the server no longer knows the run is no end of it, and an unreadable answer before it may have been.
          if (!isError(error, 'tokenUnknown')) current = await this.#save(await this.#reload(current, { rawEnd: raw.body }));
          throw error;
        });
        faults = 0;
        if (outcome.kind === 'value') {
          await this.#succeed(await this.#reload(current, { rawEnd: raw.body }), outcome);
          return;
        }
        const before = current.version;
        current = await this.#save(withProgress(await this.#reload(current), outcome.progress));
        if (current.version === before) await clock.sleep(SHORT_POLL_PAUSE_MS, signal);
      } catch (error) {
        if (signal.aborted) return;
        if (error instanceof CommandFailed) {
          await this.#fail(current, error);
          return;
        }
        if (!isTransient(error) && !isGarbled(error)) {
          await this.#end(current, {
            status: 'unknown',
            note: error instanceof MailStoreError ? error.message : 'The status could not be read.',
          });
          if (!(error instanceof MailStoreError)) throw error;
          return;
        }
        this.#options.log.warn(`asking for ${command.name} failed and is tried again: ${error.message}`);
        await clock.sleep(FAULT_PAUSES_MS[Math.min(faults++, FAULT_PAUSES_MS.length - 1)] ?? 0, signal).catch(() => undefined);
      }
    }
  }

  #succeed(task: Task, outcome: Outcome & { readonly kind: 'value' }): Promise<Task> {
    return this.#end(withProgress(task, outcome.progress), {
      status: 'succeeded',
      progress: 100,
      result: outcome.value,
      ...(outcome.drift.length > 0 && { drift: outcome.drift }),
    });
  }

  #fail(task: Task, error: CommandFailed): Promise<Task> {
    const status = /cancel/i.test(error.word) ? 'cancelled' : 'failed';
    return this.#end(withProgress(task, error.progress), { status, ...(status === 'failed' && { error: error.message }) });
  }

  async #end(task: Task, end: Partial<Task>): Promise<Task> {
    const { note: _note, ...rest } = task;
    return this.#save({ ...rest, ...end, endedAt: this.#now() });
  }

  /** Returns the stored task, so that a note written meanwhile is not lost, with these changes. */
  async #reload(task: Task, changes: Partial<Task> = {}): Promise<Task> {
    return { ...(await this.get(task.taskId)), ...changes };
  }

  async #save(task: Task): Promise<Task> {
    await this.#options.store.put(task);
    this.#changes.emit(task.taskId, task);
    return task;
  }

  async #wait(
    taskId: string,
    ms: number,
    isEnough: (task: Task) => boolean,
    { onChange, signal }: { onChange?: (task: Task) => void; signal?: AbortSignal },
  ): Promise<Task> {
    const done = new AbortController();
    const stop = () => done.abort();
    const listener = (task: Task) => {
      onChange?.(task);
      if (isEnough(task)) stop();
    };
    this.#changes.on(taskId, listener);
    signal?.addEventListener('abort', stop, { once: true });
    try {
      const task = await this.get(taskId);
      if (isEnough(task) || signal?.aborted) return task;
      await this.#options.clock.sleep(ms, done.signal).catch(() => undefined);
      return await this.get(taskId);
    } finally {
      this.#changes.off(taskId, listener);
      signal?.removeEventListener('abort', stop);
    }
  }

  #client(target: string): MailStoreClient {
    const client = this.#options.clients.get(target);
    if (!client) throw new Error(`no client for target ${target}`);
    return client;
  }

  #now(): string {
    return new Date(this.#options.clock.now()).toISOString();
  }
}

/** An answer that did not arrive whole or readable. It tells nothing of the run, and the next answer may. */
function isGarbled(error: unknown): error is MailStoreError {
  return isError(error, 'replyTimeout', 'truncated', 'notJson', 'notXml', 'notUtf8', 'notAnEnvelope', 'notMailStore');
}

/** True unless the request surely never came to the command: no connection, or an answer that turns it away. */
function mayHaveBegun(error: MailStoreError): boolean {
  const isTurnedAway = isError(error, 'unavailable') && error.details.status === 503;
  return (
    !isTurnedAway &&
    (isGarbled(error) || isError(error, 'connectionLost', 'unavailable', 'tooLarge', 'foreignStatusUrl', 'unexpectedStatus'))
  );
}

/** Returns a task as the answer to a call that is the same as the one it was started by. */
function asTwin(task: Task): Task {
  return isEnded(task) ? task : { ...task, note: 'This call is already running with the same arguments; no second one was started.' };
}

function commandOf(task: Task): Command {
  const command = findCommand(task.command);
  if (!command) throw new MailStoreError('unknownCommand', { command: task.command });
  return command;
}

function withProgress(task: Task, progress: Progress): Task {
  return {
    ...task,
    version: progress.version,
    progress: progress.percent ?? task.progress,
    statusText: progress.text ?? task.statusText,
    messages: mergeMessages(task.messages, progress.messages),
  };
}

function isNews(known: Task, task: Task): boolean {
  return (
    task.status !== known.status ||
    task.progress !== known.progress ||
    task.statusText !== known.statusText ||
    task.messages.length !== known.messages.length
  );
}

/** The same arguments give the same key, in whatever order they were written; the key tells nothing of a secret among them. */
function argumentsKey(args: Readonly<Record<string, unknown>>): string {
  return createHash('sha256')
    .update(JSON.stringify(sorted(args)))
    .digest('hex');
}

function sorted(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(sorted);
  return Object.fromEntries(
    Object.entries(value)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, entry]) => [key, sorted(entry)]),
  );
}
