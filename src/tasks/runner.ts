import { randomUUID } from 'node:crypto';
import { EventEmitter } from 'node:events';
import { hostname } from 'node:os';
import { findCommand } from '../../tools/index.ts';
import type { Clock } from '../base/clock.ts';
import { isError, MailStoreError } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import type { Command } from '../catalogue/define-command.ts';
import { maskSecrets } from '../catalogue/mask-secrets.ts';
import { CommandFailed, type MailStoreClient, type Outcome } from '../client/client.ts';
import type { Permit } from '../policy/gate.ts';
import type { GivingUp, TaskJournal } from '../journal/task-journal.ts';
import { isEnded, type Holder, type TaskRecord } from '../journal/task-record.ts';
import type { Progress, WireResponse } from '../wire/reply.ts';
import { argumentsKey } from './arguments-key.ts';
import { gatherEvidence } from './evidence.ts';
import { LeaseWatch } from './lease-watch.ts';
import { mergeMessages } from './messages.ts';
import { isJournalFault, mayHaveBegun, mayHaveTakenTheEnd, readIfNoEnd, REASONS } from './readings.ts';

export interface RunnerOptions {
  readonly clients: ReadonlyMap<string, MailStoreClient>;
  readonly journal: TaskJournal;
  /** Told of each task that has ended after its call was answered, by the process that stored the end. */
  readonly onEnd?: (task: TaskRecord) => void;
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

/** How often and with which pause, in milliseconds, a process that is about to end tries to store what nobody else has. */
const LAST_ATTEMPTS = { count: 40, pauseMs: 250 } as const;

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
  /** How many parts of this process act upon the lease of a task. */
  readonly #held = new Map<string, number>();
  readonly #watch: LeaseWatch;

  constructor(options: RunnerOptions) {
    this.#options = options;
    this.#timing = { ...DEFAULT_TIMING, ...options.timing };
    const { clock, journal } = options;
    this.#watch = new LeaseWatch({ own: this.#holder, clock, fenceMs: journal.fenceMs, stepMs: 2 * this.#timing.adoptMs });
  }

  /** Goes on with every task that no living process follows, now and from time to time. */
  adopt(): void {
    this.#spawn('adoption', async () => {
      while (!this.#stop.signal.aborted) {
        this.#adoptAll();
        await this.#pause(this.#timing.adoptMs);
      }
    });
  }

  #adoptAll(): void {
    const { journal, log } = this.#options;
    try {
      const active = journal.active();
      for (const task of active) this.#adoptOne(task);
      this.#watch.keepOnly(new Set(active.map(({ taskId }) => taskId)));
    } catch (error) {
      if (!(error instanceof MailStoreError)) throw error;
      log.error(`looking for tasks that nobody follows failed and is tried again: ${error.message}`);
    }
  }

  /**
   * Starts a command as a task and returns it as soon as the server has answered; a call that is still running with the same arguments is
   * returned instead of started again. Throws MailStoreError when the call could not be sent.
   */
  async start(call: TaskCall, permit: Permit): Promise<TaskRecord> {
    const client = this.#client(call.target);
    const prepared = await client.prepare(permit);
    const { task, isNew } = this.#begin(call);
    if (!isNew) return { ...task, note: 'This call is already running with the same arguments; no second one was started.' };
    return this.#answer(call.command, (tell) =>
      this.#holding(task.taskId, FIRST_EPOCH, async () => {
        let outcome: Outcome;
        try {
          outcome = await client.send(prepared, { once: true });
        } catch (error) {
          return this.#startFailed(task, call, error, tell);
        }
        return this.#settleStart(task, call, outcome, tell);
      }),
    );
  }

  /** Turns the running answer to an ordinary call into a task, because any command may answer with a token. */
  async follow(call: TaskCall, outcome: Outcome & { readonly kind: 'running' }): Promise<TaskRecord> {
    return this.#answer(call.command, async (tell) => {
      // A twin that is already followed keeps its own token; this one is a run of its own, so its intent must not be merged with another's.
      const { task } = await this.#keep(() => this.#begin(call, randomUUID()), tell);
      return this.#settleStart(task, call, outcome, tell);
    });
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
    const client = this.#clientOf(task);
    if (!client)
      return { ...task, note: `It runs on ${task.origin ?? task.target}, to which this server is not connected; nothing was asked.` };
    await client.cancel(commandOf(task), { ...task.run, dialect: task.dialect });
    this.#options.journal.askedToCancel(taskId);
    return this.#task(taskId);
  }

  /**
   * Stops following; the commands themselves run on. Resolves when the polls that are under way have been answered and stored: an end
   * that the server is just handing out would be lost with them.
   */
  async close(): Promise<void> {
    this.#stop.abort();
    // What ends here may begin something else, such as the following of a command that was just being started.
    while (this.#work.size > 0) await Promise.allSettled(this.#work);
  }

  #begin({ command, args, target }: TaskCall, salt = ''): { readonly task: TaskRecord; readonly isNew: boolean } {
    return this.#options.journal.begin(
      {
        command: command.name,
        target,
        origin: this.#client(target).origin,
        argumentsKey: argumentsKey(args) + salt,
        argumentsShown: maskSecrets(command, args),
      },
      this.#holder,
    );
  }

  /** Runs to the end even where the caller has to be told of a fault before, through `tell`: what the server has answered must get to the disk. */
  #answer(command: Command, work: (tell: Tell) => Promise<TaskRecord>): Promise<TaskRecord> {
    return new Promise((resolve, reject) => {
      this.#spawn(command.name, async () => {
        await work(reject).then(resolve, reject);
      });
    });
  }

  async #settleStart(task: TaskRecord, { command }: TaskCall, outcome: Outcome, tell: Tell): Promise<TaskRecord> {
    const { journal } = this.#options;
    const { taskId } = task;
    if (outcome.kind === 'value') {
      await this.#keep(() => this.#succeed(task, outcome), tell);
      return this.#task(taskId);
    }
    const { dialect, ...run } = outcome.run;
    const mayPoll = await this.#keep(() => journal.accepted(taskId, FIRST_EPOCH, run, dialect, outcome.progress), tell);
    if (mayPoll) this.#followInBackground(taskId, command, FIRST_EPOCH);
    return this.#task(taskId);
  }

  /** What the server has surely not begun is refused to the caller; what it may have begun is a task with an unknown end. */
  async #startFailed(task: TaskRecord, { command }: TaskCall, error: unknown, tell: Tell): Promise<TaskRecord> {
    const { journal } = this.#options;
    const { taskId } = task;
    if (error instanceof CommandFailed) {
      const end = { status: 'failed', error: error.message, progress: this.#merged(task, error.progress) } as const;
      await this.#keep(() => journal.finish(taskId, end), tell);
      return this.#task(taskId);
    }
    if (error instanceof MailStoreError && !mayHaveBegun(error)) {
      await this.#keep(() => journal.finish(taskId, { status: 'failed', error: error.message }), tell);
      throw error;
    }
    const reason = error instanceof MailStoreError ? error.message : 'The answer to the call could not be read.';
    await this.#giveUp(task, command, { reason, unanswered: true }, tell);
    if (!(error instanceof MailStoreError)) throw error;
    return this.#task(taskId);
  }

  #adoptOne(task: TaskRecord): void {
    const { journal } = this.#options;
    const { taskId } = task;
    const command = findCommand(task.command);
    if (!command || this.#held.has(taskId) || !this.#clientOf(task)) return;
    if (task.hasRawEnd) {
      this.#finishFromRaw(taskId, command);
      return;
    }
    // Looked at without a lock first: most tasks are in good hands.
    if (task.lease && !this.#watch.isGone(task.lease.holder) && !this.#watch.isSilent(taskId, task.lease)) return;
    const epoch = journal.acquireLease(
      taskId,
      this.#holder,
      (holder) => this.#watch.isGone(holder),
      (lease) => this.#watch.isSilent(taskId, lease),
    );
    if (epoch === undefined) return;
    // The token may have come since this task was looked at, from a holder that was slow.
    if (journal.get(taskId)?.run) this.#followInBackground(taskId, command, epoch);
    else this.#giveUpInBackground(task, command, epoch);
  }

  #giveUpInBackground(task: TaskRecord, command: Command, epoch: number): void {
    this.#spawn(command.name, () =>
      this.#holding(task.taskId, epoch, async () => {
        await this.#giveUp(task, command, { reason: REASONS.neverAnswered, epoch, unanswered: true });
        this.#tellEnd(task.taskId);
        // Where a token has come meanwhile, the task goes on with the next look.
        this.#options.journal.releaseLease(task.taskId, epoch);
      }),
    );
  }

  #followInBackground(taskId: string, command: Command, epoch: number): void {
    this.#spawn(command.name, () =>
      this.#holding(taskId, epoch, async () => {
        try {
          await this.#follow(taskId, command, epoch);
        } finally {
          this.#options.journal.releaseLease(taskId, epoch);
        }
      }),
    );
  }

  /** Polls until the task has ended, the lease has passed to another process, or this one is about to end. */
  async #follow(taskId: string, command: Command, epoch: number): Promise<void> {
    let faults = 0;
    let denials = 0;
    while (!this.#stop.signal.aborted) {
      let step: FollowStep;
      try {
        step = await this.#askOnce(taskId, command, epoch, denials);
      } catch (error) {
        if (!(error instanceof MailStoreError)) throw error;
        this.#options.log.warn(`asking for ${command.name} failed and is tried again: ${error.message}`);
        step = 'fault';
        // A password that was changed does not come right by itself, and an account may be locked after a few wrong ones.
        if (isError(error, 'unauthorized', 'forbidden')) faults = this.#timing.faultPausesMs.length;
      }
      switch (step) {
        case 'over':
          return;
        case 'fault':
        case 'denied':
          denials += step === 'denied' ? 1 : 0;
          await this.#pause(this.#faultPause(faults++));
          break;
        default:
          faults = 0;
          denials = 0;
          if (step === 'no news') await this.#pause(this.#timing.shortPollPauseMs);
      }
    }
  }

  /** Marks, asks and stores once. Throws MailStoreError when the way to the server or to the disk is broken; the run may go on then. */
  async #askOnce(taskId: string, command: Command, epoch: number, denials: number): Promise<FollowStep> {
    const { journal, log } = this.#options;
    const task = journal.get(taskId);
    const client = task && this.#clientOf(task);
    if (!client || !task.run || !task.dialect) return 'over';
    if (task.hasRawEnd && this.#finishFromRaw(taskId, command)) return 'over';
    if (!journal.markPoll(taskId, epoch)) return 'over';
    const run = { ...task.run, dialect: task.dialect };
    let raw: WireResponse;
    try {
      raw = await client.poll(run, task.version);
    } catch (error) {
      if (isError(error, 'foreignStatusUrl')) {
        // It was kept by an older version, or put into the journal by somebody else; nothing of it is ever requested.
        await this.#giveUp(task, command, { reason: error.message, epoch });
        this.#tellEnd(taskId);
        return 'over';
      }
      if (error instanceof MailStoreError && !mayHaveTakenTheEnd(error)) journal.unmarkPoll(taskId, epoch);
      throw error;
    }
    const reading = readIfNoEnd(client, command, run, raw);
    if (reading.kind === 'end') {
      // Stored before it is read: these may be the only copy of the end in the world.
      await this.#keep(() => journal.storeRawEnd(taskId, raw));
      if (this.#finishFromRaw(taskId, command)) return 'over';
      log.warn(`the answer to asking for ${command.name} could not be read; it is kept, and asked for again`);
      return 'fault';
    }
    if (reading.kind === 'denied') {
      journal.unmarkPoll(taskId, epoch);
      if (denials + 1 < TIMES_DENIED) return 'denied';
      await this.#giveUp(task, command, { reason: this.#reasonOf(taskId), epoch });
      this.#tellEnd(taskId);
      return 'over';
    }
    if (reading.kind === 'refused') {
      journal.unmarkPoll(taskId, epoch);
      throw reading.error;
    }
    const { progress } = reading;
    if (!journal.progressed(taskId, epoch, this.#merged(task, progress))) return 'over';
    this.#changes.emit(taskId);
    return progress.version === task.version ? 'no news' : 'news';
  }

  /** Says why the server may no longer know the run. */
  #reasonOf(taskId: string): string {
    const { journal } = this.#options;
    const lost = journal.get(taskId)?.lostPoll;
    if (lost) return lost.holder.id === this.#holder.id ? REASONS.lostOnTheWay : REASONS.lostWithProcess;
    return journal.rawEnds(taskId).length > 0 ? REASONS.unreadable : REASONS.forgotten;
  }

  /** Reads the stored end. An answer that turns out to be none (cut off, a proxy's page) is set aside, and false returned: the run goes on. */
  #finishFromRaw(taskId: string, command: Command): boolean {
    const { journal } = this.#options;
    for (;;) {
      const task = journal.get(taskId);
      const raw = journal.rawEnd(taskId);
      const client = task && this.#clientOf(task);
      if (!client || !task.run || !task.dialect || !raw) return false;
      try {
        const outcome = client.readPoll(command, { ...task.run, dialect: task.dialect }, raw);
        if (outcome.kind === 'value') {
          this.#succeed(task, outcome);
          this.#tellEnd(taskId);
          return true;
        }
        journal.setRawEndAside(taskId, raw.rawEndId, 'It says that the command is running.');
      } catch (error) {
        if (error instanceof CommandFailed) {
          const status = /cancel/i.test(error.word) ? 'cancelled' : 'failed';
          const progress = this.#merged(task, error.progress);
          journal.finish(taskId, { status, progress, ...(status === 'failed' && { error: error.message }) });
          this.#changes.emit(taskId);
          this.#tellEnd(taskId);
          return true;
        }
        if (!(error instanceof MailStoreError) || isJournalFault(error)) throw error;
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

  /** Gathers what reads can tell and then calls the end unknown, in one step: a process that dies between leaves a task that is gone on with. */
  async #giveUp(task: TaskRecord, command: Command, why: Omit<GivingUp, 'evidence'>, tell?: Tell): Promise<void> {
    const client = this.#clientOf(task);
    const evidence = client ? await gatherEvidence(client, command, task) : [];
    if (await this.#keep(() => this.#options.journal.giveUp(task.taskId, { ...why, evidence }), tell)) this.#changes.emit(task.taskId);
  }

  #tellEnd(taskId: string): void {
    const task = this.#options.journal.get(taskId);
    if (task && isEnded(task)) this.#options.onEnd?.(task);
  }

  /**
   * Writes what exists nowhere else, for as long as it takes: a full disk gets room again, and a locked file is let go. Rejects when this
   * process is about to end and cannot wait any longer. `tell` hears of each fault.
   */
  async #keep<T>(write: () => T, tell?: Tell): Promise<T> {
    const { clock, log } = this.#options;
    let lastAttempts = 0;
    for (let faults = 0; ; faults++) {
      try {
        return write();
      } catch (error) {
        if (!isJournalFault(error)) throw error;
        const isEnding = this.#stop.signal.aborted;
        if (isEnding && ++lastAttempts > LAST_ATTEMPTS.count) throw error;
        log.error(`what has to be stored is held in memory until it can be: ${error.message}`);
        tell?.(error);
        await (isEnding ? clock.sleep(LAST_ATTEMPTS.pauseMs) : this.#pause(this.#faultPause(faults)));
      }
    }
  }

  #merged(task: TaskRecord, progress: Progress): Progress {
    return { ...progress, messages: mergeMessages(task.messages, progress.messages) };
  }

  /** Does what the lease allows, and shows meanwhile that this process is alive. */
  async #holding<T>(taskId: string, epoch: number, work: () => Promise<T>): Promise<T> {
    this.#held.set(taskId, (this.#held.get(taskId) ?? 0) + 1);
    const over = new AbortController();
    this.#beat(taskId, epoch, over.signal);
    try {
      return await work();
    } finally {
      over.abort();
      const left = (this.#held.get(taskId) ?? 0) - 1;
      if (left > 0) this.#held.set(taskId, left);
      else this.#held.delete(taskId);
    }
  }

  #beat(taskId: string, epoch: number, signal: AbortSignal): void {
    this.#spawn('heartbeat', async () => {
      const { clock, journal, log } = this.#options;
      for (;;) {
        await clock.sleep(this.#timing.heartbeatMs, signal).catch(() => undefined);
        if (signal.aborted) return;
        try {
          if (!journal.heartbeat(taskId, epoch)) return;
        } catch (error) {
          if (!isJournalFault(error)) throw error;
          log.warn(`a sign of life could not be stored and is tried again: ${error.message}`);
        }
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

  /** Returns the client of the server on which a task runs, whatever its target is called here. */
  #clientOf({ target, origin }: TaskRecord): MailStoreClient | undefined {
    const { clients } = this.#options;
    const named = clients.get(target);
    if (origin === undefined || named?.origin === origin) return named;
    return [...clients.values()].find((client) => client.origin === origin);
  }
}

/** Tells the caller of a fault before the work is over. */
type Tell = (error: MailStoreError) => void;

/**
 * What one poll came to: the task has ended or is not ours any more, there was news or none, the answer was no status, or the server did not
 * know the token.
 */
type FollowStep = 'over' | 'news' | 'no news' | 'fault' | 'denied';

/** How often in a row a server has to deny a token before its word is taken: one that stumbles may do so once. */
const TIMES_DENIED = 2;

/** The epoch that the process holds which begins a task. */
const FIRST_EPOCH = 1;

function commandOf(task: TaskRecord): Command {
  const command = findCommand(task.command);
  if (!command) throw new MailStoreError('unknownCommand', { command: task.command });
  return command;
}
