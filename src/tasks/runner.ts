import { createHash, randomUUID } from 'node:crypto';
import { EventEmitter } from 'node:events';
import { hostname } from 'node:os';
import { findCommand } from '../../tools/index.ts';
import type { Clock } from '../base/clock.ts';
import { isError, MailStoreError } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import type { Command } from '../catalogue/define-command.ts';
import { maskSecrets } from '../catalogue/mask-secrets.ts';
import { CommandFailed, type Confirm, type MailStoreClient, type Outcome } from '../client/client.ts';
import type { TaskJournal } from '../journal/task-journal.ts';
import { isEnded, type Holder, type TaskRecord } from '../journal/task-record.ts';
import type { Progress, WireResponse } from '../wire/reply.ts';
import { gatherEvidence } from './evidence.ts';
import { mergeMessages } from './messages.ts';

export interface RunnerOptions {
  readonly clients: ReadonlyMap<string, MailStoreClient>;
  readonly journal: TaskJournal;
  readonly clock: Clock;
  readonly log: Log;
  readonly timing?: Partial<RunnerTiming>;
}

export interface RunnerTiming {
  /** Between two signs of life for a lease; several fit into the time after which one counts as missed. */
  readonly heartbeatMs: number;
  /** Between two looks for tasks that nobody follows. */
  readonly adoptMs: number;
  /** Between two looks of a waiting reader at what other processes wrote. */
  readonly lookMs: number;
  /** Between polls after faults; the last one repeats until the server answers again. */
  readonly faultPausesMs: readonly number[];
  /** Between polls of a server that does not hold the request while it has no news. */
  readonly shortPollPauseMs: number;
}

const DEFAULT_TIMING: RunnerTiming = {
  heartbeatMs: 4000,
  adoptMs: 5000,
  lookMs: 200,
  faultPausesMs: [500, 1000, 2000, 5000, 10_000, 30_000],
  shortPollPauseMs: 1000,
};

/** The call that a task is made of. */
export interface TaskCall {
  readonly command: Command;
  readonly args: Readonly<Record<string, unknown>>;
  readonly target: string;
}

/**
 * Starts long commands, follows each to its end, and hands the end out as often as it is asked for. Everything that matters is in the
 * journal before it is acted upon, so that any process may be killed at any point: another one goes on from there.
 */
export class TaskRunner {
  readonly #options: RunnerOptions;
  readonly #timing: RunnerTiming;
  readonly #holder: Holder = { id: randomUUID(), pid: process.pid, host: hostname() };
  readonly #changes = new EventEmitter().setMaxListeners(0);
  readonly #stop = new AbortController();
  /** What is under way in this process, to be waited for when it ends. */
  readonly #work = new Set<Promise<void>>();

  constructor(options: RunnerOptions) {
    this.#options = options;
    this.#timing = { ...DEFAULT_TIMING, ...options.timing };
  }

  /** Goes on with every task that no living process follows, now and from time to time. */
  adopt(): void {
    this.#spawn('adoption', async () => {
      while (!this.#stop.signal.aborted) {
        for (const task of this.#options.journal.active()) this.#adoptOne(task);
        await this.#pause(this.#timing.adoptMs);
      }
    });
  }

  /**
   * Starts a command as a task and returns it as soon as the server has answered; a call that is still running with the same arguments is
   * returned instead of started again. Throws MailStoreError when the call was refused or could not be sent.
   */
  async start(call: TaskCall, options: { readonly confirm?: Confirm } = {}): Promise<TaskRecord> {
    const client = this.#client(call.target);
    const prepared = await client.prepare(call.command, call.args, options);
    const { task, isNew } = this.#begin(call);
    if (!isNew) return { ...task, note: 'This call is already running with the same arguments; no second one was started.' };
    const beating = new AbortController();
    this.#beat(task.taskId, FIRST_EPOCH, beating.signal);
    try {
      return await this.#settleStart(task, call, await client.send(prepared));
    } catch (error) {
      return this.#startFailed(task, call, error);
    } finally {
      beating.abort();
    }
  }

  /** Turns the running answer to an ordinary call into a task, because any command may answer with a token. */
  async follow(call: TaskCall, outcome: Outcome & { readonly kind: 'running' }): Promise<TaskRecord> {
    // A twin that is already followed keeps its own token; this one is a run of its own, so its intent must not be merged with another's.
    const { task } = this.#begin(call, randomUUID());
    return this.#settleStart(task, call, outcome);
  }

  /** Returns the task. Throws MailStoreError `unknownTask` when there is none of this id. */
  async get(taskId: string): Promise<TaskRecord> {
    return this.#task(taskId);
  }

  #task(taskId: string): TaskRecord {
    const task = this.#options.journal.get(taskId);
    if (!task) throw new MailStoreError('unknownTask', { taskId });
    return task;
  }

  /** Returns all tasks, the newest first. */
  async list(): Promise<readonly TaskRecord[]> {
    return this.#options.journal.list({ includeEnded: true });
  }

  /** Returns the task when it has ended or `ms` have passed, whichever comes first; `onChange` sees each step in between. */
  async waitForEnd(
    taskId: string,
    ms: number,
    { onChange, signal }: { readonly onChange?: (task: TaskRecord) => void; readonly signal?: AbortSignal } = {},
  ): Promise<TaskRecord> {
    return this.#wait(taskId, ms, isEnded, onChange, signal);
  }

  /** Returns the task when it has news beyond `known`, or `ms` have passed. */
  async waitForNews(known: TaskRecord, ms: number, signal?: AbortSignal): Promise<TaskRecord> {
    return this.#wait(known.taskId, ms, (task) => isEnded(task) || task.revision > known.revision, undefined, signal);
  }

  /** Asks the server to stop a running task and returns it; polling goes on to the end. Throws MailStoreError `cannotCancel` in the 2012 form. */
  async cancel(taskId: string): Promise<TaskRecord> {
    const task = this.#task(taskId);
    if (isEnded(task) || !task.run || !task.dialect) return task;
    await this.#client(task.target).cancel(commandOf(task), { ...task.run, dialect: task.dialect });
    this.#options.journal.askedToCancel(taskId);
    return this.#task(taskId);
  }

  /**
   * Stops following; the commands themselves run on. Resolves when the polls that are under way have been answered and stored: an end
   * that the server is just handing out would be lost with them.
   */
  async close(): Promise<void> {
    this.#stop.abort();
    await Promise.allSettled(this.#work);
  }

  #begin({ command, args, target }: TaskCall, salt = ''): { readonly task: TaskRecord; readonly isNew: boolean } {
    return this.#options.journal.begin(
      { command: command.name, target, argumentsKey: argumentsKey(args) + salt, argumentsShown: maskSecrets(command, args) },
      this.#holder,
    );
  }

  async #settleStart(task: TaskRecord, { command }: TaskCall, outcome: Outcome): Promise<TaskRecord> {
    const { journal } = this.#options;
    const { taskId } = task;
    if (outcome.kind === 'value') {
      this.#succeed(task, outcome);
      return this.#task(taskId);
    }
    const { dialect, ...run } = outcome.run;
    if (journal.accepted(taskId, FIRST_EPOCH, run, dialect, outcome.progress)) this.#followInBackground(taskId, command, FIRST_EPOCH);
    return this.#task(taskId);
  }

  /** What the server has surely not begun is refused to the caller; what it may have begun is a task with an unknown end. */
  async #startFailed(task: TaskRecord, { command }: TaskCall, error: unknown): Promise<TaskRecord> {
    const { journal } = this.#options;
    const { taskId } = task;
    if (error instanceof CommandFailed) {
      journal.finish(taskId, { status: 'failed', error: error.message, progress: this.#merged(task, error.progress) });
      return this.#task(taskId);
    }
    if (error instanceof MailStoreError && !mayHaveBegun(error)) {
      journal.finish(taskId, { status: 'failed', error: error.message });
      throw error;
    }
    await this.#giveUp(task, command, error instanceof MailStoreError ? error.message : 'The answer to the call could not be read.');
    if (!(error instanceof MailStoreError)) throw error;
    return this.#task(taskId);
  }

  #adoptOne(task: TaskRecord): void {
    const { journal, clients } = this.#options;
    const { taskId } = task;
    const command = findCommand(task.command);
    if (!command || !clients.has(task.target)) return;
    if (task.hasRawEnd) {
      this.#finishFromRaw(taskId, command);
      return;
    }
    const epoch = journal.acquireLease(taskId, this.#holder, isGone);
    if (epoch === undefined) return;
    if (task.run) this.#followInBackground(taskId, command, epoch);
    else this.#spawn(task.command, () => this.#giveUp(task, command, REASONS.neverAnswered));
  }

  #followInBackground(taskId: string, command: Command, epoch: number): void {
    this.#spawn(command.name, async () => {
      const beating = new AbortController();
      this.#beat(taskId, epoch, beating.signal);
      try {
        await this.#follow(taskId, command, epoch);
      } finally {
        beating.abort();
        this.#options.journal.releaseLease(taskId, epoch);
      }
    });
  }

  /** Polls until the task has ended, the lease has passed to another process, or this one is about to end. */
  async #follow(taskId: string, command: Command, epoch: number): Promise<void> {
    const { journal, log } = this.#options;
    let faults = 0;
    let unknowns = 0;
    let isAnswerLost = false;
    const pauseAfterFault = async (error: MailStoreError) => {
      log.warn(`asking for ${command.name} failed and is tried again: ${error.message}`);
      await this.#pause(this.#faultPause(faults++));
    };
    while (!this.#stop.signal.aborted) {
      const task = journal.get(taskId);
      if (!task || !task.run || !task.dialect) return;
      if (task.hasRawEnd && this.#finishFromRaw(taskId, command)) return;
      if (!journal.markPoll(taskId, epoch)) return;
      const client = this.#client(task.target);
      const run = { ...task.run, dialect: task.dialect };
      let raw: WireResponse;
      try {
        raw = await client.poll(run, task.version);
      } catch (error) {
        if (!(error instanceof MailStoreError)) throw error;
        if (isUnsent(error)) journal.unmarkPoll(taskId, epoch);
        else isAnswerLost = true;
        await pauseAfterFault(error);
        continue;
      }
      // Stored before it is read: these may be the only copy of the end in the world.
      if (raw.status === 200 && !client.saysRunning(run, raw)) {
        if (await this.#keepEnd(taskId, command, raw)) return;
        isAnswerLost = true;
        await this.#pause(this.#faultPause(faults++));
        continue;
      }
      try {
        const outcome = client.readPoll(command, run, raw);
        if (outcome.kind === 'value') {
          await this.#keepEnd(taskId, command, raw);
          return;
        }
        faults = 0;
        unknowns = 0;
        isAnswerLost = false;
        if (!journal.progressed(taskId, epoch, this.#merged(task, outcome.progress))) return;
        this.#changes.emit(taskId);
        if (outcome.progress.version === task.version) await this.#pause(this.#timing.shortPollPauseMs);
      } catch (error) {
        if (error instanceof CommandFailed) {
          await this.#keepEnd(taskId, command, raw);
          return;
        }
        if (!(error instanceof MailStoreError)) throw error;
        // A server that stumbles may deny a token once; of one that is gone it says so again.
        if (isError(error, 'tokenUnknown') && ++unknowns === TIMES_UNKNOWN) {
          await this.#giveUp(task, command, reasonOf(task, isAnswerLost), epoch);
          return;
        }
        await pauseAfterFault(error);
      }
    }
  }

  /**
   * Stores the answer that ended a run, for as long as the disk refuses to take it, and reads it then. Returns false when it turns out to
   * be no end.
   */
  async #keepEnd(taskId: string, command: Command, raw: WireResponse): Promise<boolean> {
    const { journal, clock, log } = this.#options;
    for (let attempt = 0; ; attempt++) {
      try {
        journal.storeRawEnd(taskId, raw);
        return this.#finishFromRaw(taskId, command);
      } catch (error) {
        if (!(error instanceof MailStoreError)) throw error;
        log.error(`the end of ${command.name} is held in memory until it can be stored: ${error.message}`);
        // Not cut short when the process is about to end: what has not been stored by then is lost for good.
        await clock.sleep(this.#faultPause(attempt));
      }
    }
  }

  /** Reads the stored end. An answer that turns out to be none (cut off, a proxy's page) is set aside, and false returned: the run goes on. */
  #finishFromRaw(taskId: string, command: Command): boolean {
    const { journal } = this.#options;
    for (;;) {
      const task = journal.get(taskId);
      const raw = journal.rawEnd(taskId);
      if (!task?.run || !task.dialect || !raw) return false;
      try {
        const outcome = this.#client(task.target).readPoll(command, { ...task.run, dialect: task.dialect }, raw);
        if (outcome.kind === 'value') {
          this.#succeed(task, outcome);
          return true;
        }
        journal.setRawEndAside(taskId, raw.rawEndId, 'It says that the command is running.');
      } catch (error) {
        if (error instanceof CommandFailed) {
          const status = /cancel/i.test(error.word) ? 'cancelled' : 'failed';
          const progress = this.#merged(task, error.progress);
          journal.finish(taskId, { status, progress, ...(status === 'failed' && { error: error.message }) });
          this.#changes.emit(taskId);
          return true;
        }
        if (!(error instanceof MailStoreError)) throw error;
        journal.setRawEndAside(taskId, raw.rawEndId, error.message);
      }
    }
  }

  #succeed(task: TaskRecord, { value, drift, progress }: Outcome & { readonly kind: 'value' }): void {
    this.#options.journal.finish(task.taskId, {
      status: 'succeeded',
      result: value,
      progress: { ...this.#merged(task, progress), percent: 100 },
      ...(drift.length > 0 && { drift }),
    });
    this.#changes.emit(task.taskId);
  }

  /** Calls the end unknown first, since that is what is certain, and adds what reads can tell about it. */
  async #giveUp(task: TaskRecord, command: Command, reason: string, epoch?: number): Promise<void> {
    const { journal } = this.#options;
    const { taskId } = task;
    if (!journal.giveUp(taskId, { reason, ...(epoch !== undefined && { epoch }) })) return;
    for (const evidence of await gatherEvidence(this.#client(task.target), command, task)) journal.addEvidence(taskId, evidence);
    this.#changes.emit(taskId);
  }

  #merged(task: TaskRecord, progress: Progress): Progress {
    return { ...progress, messages: mergeMessages(task.messages, progress.messages) };
  }

  /** Shows that this process is alive for as long as it holds the lease. */
  #beat(taskId: string, epoch: number, signal: AbortSignal): void {
    this.#spawn('heartbeat', async () => {
      const { clock, journal } = this.#options;
      for (;;) {
        await clock.sleep(this.#timing.heartbeatMs, signal).catch(() => undefined);
        if (signal.aborted || !journal.heartbeat(taskId, epoch)) return;
      }
    });
  }

  async #wait(
    taskId: string,
    ms: number,
    isEnough: (task: TaskRecord) => boolean,
    onChange: ((task: TaskRecord) => void) | undefined,
    signal: AbortSignal | undefined,
  ): Promise<TaskRecord> {
    const { clock } = this.#options;
    const until = clock.now() + ms;
    let seen = -1;
    for (;;) {
      const task = this.#task(taskId);
      if (task.revision !== seen) onChange?.(task);
      seen = task.revision;
      const left = until - clock.now();
      if (isEnough(task) || left <= 0 || signal?.aborted || this.#stop.signal.aborted) return task;
      await this.#changeOrPause(taskId, Math.min(left, this.#timing.lookMs));
    }
  }

  /** Resolves when this process has changed the task, or after `ms`, in which another one may have. */
  async #changeOrPause(taskId: string, ms: number): Promise<void> {
    const changed = new AbortController();
    const abort = () => changed.abort();
    this.#changes.once(taskId, abort);
    await this.#options.clock.sleep(ms, changed.signal).catch(() => undefined);
    this.#changes.off(taskId, abort);
  }

  async #pause(ms: number): Promise<void> {
    await this.#options.clock.sleep(ms, this.#stop.signal).catch(() => undefined);
  }

  #faultPause(faults: number): number {
    const { faultPausesMs } = this.#timing;
    return faultPausesMs[Math.min(faults, faultPausesMs.length - 1)] ?? 0;
  }

  #spawn(what: string, work: () => Promise<void>): void {
    const running = work()
      .catch((error: unknown) => this.#options.log.error(`following ${what} stopped: ${String(error)}`))
      .finally(() => this.#work.delete(running));
    this.#work.add(running);
  }

  #client(target: string): MailStoreClient {
    const client = this.#options.clients.get(target);
    if (!client) throw new Error(`no client for target ${target}`);
    return client;
  }
}

/** How often in a row a server has to deny a token before its word is taken. */
const TIMES_UNKNOWN = 2;

/** The epoch that the process holds which begins a task. */
const FIRST_EPOCH = 1;

const REASONS = {
  neverAnswered: 'The process that sent the command ended before the server’s answer was stored; the server may have begun it or not.',
  lostWithProcess:
    'The process that was asking for the status ended before it stored the answer; the end may have been in that answer, or the server was restarted.',
  lostOnTheWay: 'The connection broke while the server was answering; the end was in that answer, or the server was restarted.',
  forgotten: 'The server no longer knows the command: it was restarted, the status expired, or somebody else has read the end.',
} as const;

function reasonOf(task: TaskRecord, isAnswerLost: boolean): string {
  if (isAnswerLost) return REASONS.lostOnTheWay;
  return task.lostPoll ? REASONS.lostWithProcess : REASONS.forgotten;
}

/** True when the process of a lease has surely ended; of a process on another machine nobody here can tell. */
function isGone({ pid, host }: Holder): boolean {
  if (host !== hostname()) return false;
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'ESRCH';
  }
}

/** True when the request surely never reached the server. */
function isUnsent(error: MailStoreError): boolean {
  return isError(
    error,
    'hostNotFound',
    'connectionRefused',
    'connectTimeout',
    'connectionFailed',
    'certificateUntrusted',
    'certificateMismatch',
  );
}

function commandOf(task: TaskRecord): Command {
  const command = findCommand(task.command);
  if (!command) throw new MailStoreError('unknownCommand', { command: task.command });
  return command;
}

/** An answer that did not arrive whole or readable: the server may well have begun the command. */
function mayHaveBegun(error: MailStoreError): boolean {
  if (isError(error, 'unavailable')) return error.details.status !== 503;
  return isError(
    error,
    'connectionLost',
    'replyTimeout',
    'truncated',
    'notJson',
    'notXml',
    'notUtf8',
    'notAnEnvelope',
    'notMailStore',
    'tooLarge',
    'foreignStatusUrl',
    'unexpectedStatus',
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
