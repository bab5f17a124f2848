import { randomUUID } from 'node:crypto';
import { EventEmitter } from 'node:events';
import { hostname } from 'node:os';
import type { Clock } from '../base/clock.ts';
import { isError, MailStoreError } from '../base/errors.ts';
import { keepArguments } from '../base/keep-bounded.ts';
import type { Log } from '../base/log.ts';
import type { Command } from '../catalogue/define-command.ts';
import { maskSecrets } from '../catalogue/mask-secrets.ts';
import { CommandFailed, type MailStoreClient, type Outcome, type PreparedCall } from '../client/client.ts';
import type { Permit } from '../policy/gate.ts';
import type { PageRequest, RowPage } from '../journal/page.ts';
import type { GivingUp, TaskEnd, TaskJournal } from '../journal/task-journal.ts';
import { isEnded, type Holder, type TaskRecord } from '../journal/task-record.ts';
import type { Progress, WireResponse } from '../wire/reply.ts';
import { argumentsKey } from '../base/arguments-key.ts';
import { gatherEvidence } from './evidence.ts';
import { readFinding } from './finding.ts';
import { LeaseWatch } from './lease-watch.ts';
import { mergeMessages } from './messages.ts';
import { isRecordFault, isStrange, readIfNoEnd, REASONS, undigested } from './poll-result.ts';

export interface RunnerOptions {
  readonly clients: ReadonlyMap<string, MailStoreClient>;
  readonly journal: TaskJournal;
  /**
   * Called for each task that has ended after its call was answered, by the process that stored the end, or by a later one if that was killed in
   * between; `again` is true if an earlier process may have called it. After a rejection it is called again later.
   */
  readonly onEnd?: (task: TaskRecord, options: { readonly again: boolean }) => void | Promise<void>;
  /** How long the answer to a call is waited for before its task is returned as starting, in milliseconds; without it to the end. */
  readonly startWaitMs?: number;
  readonly clock: Clock;
  readonly log: Log;
  readonly timing?: Partial<RunnerTiming>;
}

export interface RunnerTiming {
  /** Between two signs of life for a lease; several fit into the time after which one counts as missed. */
  readonly heartbeatMs: number;
  /** Between two looks for tasks that no process follows. */
  readonly adoptMs: number;
  /** Between two looks of a waiting reader at what other processes wrote. */
  readonly lookMs: number;
  /** Between polls after faults; the last one repeats until the server answers again. */
  readonly faultPausesMs: readonly number[];
  /** Between polls of a server that does not hold the request while it has no news. */
  readonly shortPollPauseMs: number;
  /** How long MailStore has to deny a token, with nothing else said in between, before its word is taken: one that stumbles may do so. */
  readonly deniedMs: number;
  /** How long answers that are no status are ridden out that MailStore itself may have given. */
  readonly strangeMs: number;
}

const DEFAULT_TIMING: RunnerTiming = {
  heartbeatMs: 4000,
  adoptMs: 5000,
  lookMs: 200,
  faultPausesMs: [500, 1000, 2000, 5000, 10_000, 30_000],
  shortPollPauseMs: 1000,
  deniedMs: 60_000,
  strangeMs: 600_000,
};

/** For how long and with which pause, in milliseconds, a process that is about to end tries to store what no other process has. */
const LAST_ATTEMPTS = { ms: 10_000, pauseMs: 250 } as const;

/** How long a cancellation waits, in milliseconds, for the answer to the start of its task. */
const CANCEL_START_WAIT_MS = 5000;

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
  /** The ends that this process is telling. */
  readonly #reporting = new Set<string>();
  /** The tasks whose end, if it comes with the answer to their call, is reported by the caller, through `recorded`. */
  readonly #answering = new Set<string>();

  constructor(options: RunnerOptions) {
    this.#options = options;
    this.#timing = { ...DEFAULT_TIMING, ...options.timing };
    const { clock, journal } = options;
    this.#watch = new LeaseWatch({ own: this.#holder, clock, fenceMs: journal.fenceMs, stepMs: 2 * this.#timing.adoptMs });
  }

  /** Takes over every task that no living process follows, now and from time to time. */
  adopt(): void {
    this.#spawn('adoption', async () => {
      while (!this.#stop.signal.aborted) {
        await this.#adoptAll();
        await this.#pause(this.#timing.adoptMs);
      }
    });
  }

  /** Each task is looked at by itself: a fault of one does not stop the others. */
  async #adoptAll(): Promise<void> {
    const { journal } = this.#options;
    await this.#guarded('looking for tasks that no process follows', async () => {
      const active = await journal.active();
      for (const task of active) await this.#guarded(`taking over the task ${task.taskId}`, () => this.#adoptOne(task));
      this.#watch.keepOnly(new Set(active.map(({ taskId }) => taskId)));
    });
    await this.#guarded('reporting ends that were not reported', async () => {
      for (const { taskId, teller } of await journal.untoldEnds()) {
        const isBeingReported = this.#reporting.has(taskId) || this.#answering.has(taskId);
        if (isBeingReported || !(teller.id === '' || this.#watch.isGone(teller))) continue;
        await this.#guarded(`reporting the end of the task ${taskId}`, async () => {
          // Only a process that is connected to its server can record it.
          const task = await journal.get(taskId);
          if (!task || !this.#findClient(task)) return;
          if (await journal.takeTelling(taskId, teller, this.#holder)) await this.#reportEnd(taskId, { again: true });
        });
      }
    });
  }

  /** Does what is tried again with the next look when it fails. */
  async #guarded(what: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.#options.log.error(`${what} failed and is tried again: ${describe(error)}`);
    }
  }

  /**
   * Starts a command as a task and returns it as soon as the server has answered, or as starting when that, or what has to be read before, takes
   * longer than `startWaitMs` or `leftMs`; a call that is still running with the same arguments is returned instead of started again. Throws
   * MailStoreError when the call could not be sent. Its caller calls `recorded` for a task that was begun.
   */
  async start(call: TaskCall, permit: Permit, { leftMs = Infinity, onBegun }: StartOptions = {}): Promise<TaskRecord> {
    const { startWaitMs, clock } = this.#options;
    const client = this.#client(call.target);
    const over = new AbortController();
    const waitMs = Math.min(startWaitMs ?? leftMs, leftMs);
    const slow = waitMs === Infinity ? undefined : clock.sleep(waitMs, over.signal).catch(() => undefined);
    const preparing = client.prepare(permit);
    try {
      await (slow ? Promise.race([preparing, slow]) : preparing);
      return await this.#startWithin(slow, call, client, preparing, onBegun);
    } finally {
      over.abort();
    }
  }

  /** Returns the task as starting when `slow` resolves before MailStore has answered. */
  async #startWithin(
    slow: Promise<void> | undefined,
    call: TaskCall,
    client: MailStoreClient,
    preparing: Promise<PreparedCall>,
    onBegun: StartOptions['onBegun'],
  ): Promise<TaskRecord> {
    const { task, isNew } = await this.#begin(call);
    if (!isNew) return { ...this.#named(task), note: 'This call is already running with the same arguments; no second one was started.' };
    this.#answering.add(task.taskId);
    onBegun?.(task.taskId);
    let isReturned = false;
    const settled = this.#answer(call.command, (report) =>
      this.#holding(task.taskId, FIRST_EPOCH, async () => {
        try {
          return await this.#send(client, preparing, task, call, report);
        } finally {
          // Its caller has the task as starting and gets no more answer, so the end is reported like that of any other task.
          if (isReturned) await this.#reportEnd(task.taskId);
        }
      }),
    );
    if (!slow) return settled;
    const isSlow = slow.then(() => {
      isReturned = true;
      this.#answering.delete(task.taskId);
    });
    await Promise.race([settled.catch(() => undefined), isSlow]);
    return isReturned ? task : settled;
  }

  async #send(
    client: MailStoreClient,
    preparing: Promise<PreparedCall>,
    task: TaskRecord,
    call: TaskCall,
    report: ReportFault,
  ): Promise<TaskRecord> {
    let outcome: Outcome;
    try {
      outcome = await client.send(await preparing, { once: true });
    } catch (error) {
      return this.#startFailed(task, call, error, report);
    }
    return withNotes(await this.#settleStart(task, call, outcome, report), outcome);
  }

  /**
   * Called once the audit line of the call that began a task is written, or could not be. `isEnd` is true when that line records the end of the task; without
   * it, an end is reported later.
   */
  async recorded(taskId: string, { isEnd }: { readonly isEnd: boolean }): Promise<void> {
    try {
      if (isEnd) await this.#options.journal.told(taskId);
    } catch (error) {
      this.#options.log.error(`that the end of the task ${taskId} is on record could not be stored: ${describe(error)}`);
    } finally {
      this.#answering.delete(taskId);
    }
  }

  /** Turns the running answer to an ordinary call into a task, because any command may answer with a token. */
  async follow(call: TaskCall, outcome: Outcome & { readonly kind: 'running' }): Promise<TaskRecord> {
    return this.#answer(call.command, async (report) => {
      // A twin that is already followed keeps its own token; this one is a run of its own, so its intent must not be merged with another's.
      const { task } = await this.#keep(() => this.#begin(call, randomUUID()), report);
      return withNotes(await this.#settleStart(task, call, outcome, report), outcome);
    });
  }

  /**
   * Returns the task, its target as the archive is called today. Throws MailStoreError `unknownTask` when there is none of this id, and `taskElsewhere`
   * when its archive is not configured.
   */
  async get(taskId: string): Promise<TaskRecord> {
    return this.#task(taskId);
  }

  async #task(taskId: string): Promise<TaskRecord> {
    const task = await this.#options.journal.get(taskId);
    if (!task) throw new MailStoreError('unknownTask', { taskId });
    const [target] = this.#findPlace(task) ?? [];
    if (target === undefined) throw new MailStoreError('taskElsewhere', { taskId, origin: task.origin ?? `the target '${task.target}'` });
    return { ...task, target };
  }

  /** Returns all tasks, the newest first. */
  async list(): Promise<readonly TaskRecord[]> {
    return this.#options.journal.list({ includeEnded: true });
  }

  /** Returns one page of the tasks of the configured archives, the newest first, without what makes them large. */
  async page(request: Omit<PageRequest, 'origins'>): Promise<RowPage<TaskRecord>> {
    const { rows, ...page } = await this.#options.journal.page({ ...request, origins: this.#origins() });
    return { ...page, rows: rows.map((task) => this.#named(task)) };
  }

  /** Returns the number of a task, by which `page` goes on behind it. */
  async findNumber(taskId: string): Promise<number | undefined> {
    return this.#options.journal.findNumber(taskId);
  }

  /** Returns the tasks of the configured archives that run and the newest `ended` others of each, the newest first. */
  async recent(ended: number): Promise<readonly TaskRecord[]> {
    const tasks = await this.#options.journal.recent(ended, this.#origins());
    return tasks.map((task) => this.#named(task));
  }

  /** Returns how many tasks belong to archives that are not configured. */
  async countElsewhere(): Promise<number> {
    return (await this.#options.journal.page({ limit: 1, origins: this.#origins() })).elsewhere;
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

  /**
   * Asks the server to stop a running task and returns it; polling goes on to the end. Throws MailStoreError `cannotCancel` in the 2012 form, and
   * `cannotCancelYet` while the server has not answered the start.
   */
  async cancel(taskId: string): Promise<TaskRecord> {
    // A task that is just starting gets its token with the answer to its call.
    const task = await this.#wait(
      taskId,
      CANCEL_START_WAIT_MS,
      ({ status, run }) => status !== 'starting' || run !== undefined,
      undefined,
      undefined,
    );
    if (isEnded(task)) return task;
    if (!task.run || !task.dialect) throw new MailStoreError('cannotCancelYet', { command: task.command });
    const client = this.#findClient(task);
    if (!client) throw new Error(`no client for the task ${taskId}`);
    await client.cancel(requireCommand(client, task), { ...task.run, dialect: task.dialect });
    await this.#options.journal.askedToCancel(taskId);
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

  async #begin({ command, args, target }: TaskCall, salt = ''): Promise<{ readonly task: TaskRecord; readonly isNew: boolean }> {
    return this.#options.journal.begin(
      {
        command: command.name,
        target,
        origin: this.#client(target).origin,
        argumentsKey: argumentsKey(args) + salt,
        argumentsMasked: keepArguments(maskSecrets(command, args)),
      },
      this.#holder,
    );
  }

  /** Runs to the end even where a fault is reported to the caller before, through `report`: what the server has answered must be written. */
  #answer(command: Command, work: (report: ReportFault) => Promise<TaskRecord>): Promise<TaskRecord> {
    return new Promise((resolve, reject) => {
      this.#spawn(command.name, async () => {
        await work(reject).then(resolve, reject);
      });
    });
  }

  async #settleStart(task: TaskRecord, { command }: TaskCall, outcome: Outcome, report: ReportFault): Promise<TaskRecord> {
    const { journal } = this.#options;
    const { taskId } = task;
    if (outcome.kind === 'value') {
      await this.#keep(() => this.#succeed(task, outcome), report);
      return this.#task(taskId);
    }
    const { dialect, ...run } = outcome.run;
    this.#answering.delete(taskId);
    const mayPoll = await this.#keep(() => journal.accepted(taskId, FIRST_EPOCH, run, dialect, outcome.progress), report);
    if (mayPoll) this.#followInBackground(taskId, command, FIRST_EPOCH);
    return this.#task(taskId);
  }

  /** What the server has not begun is refused to the caller; what it may have begun is a task with an unknown end. */
  async #startFailed(task: TaskRecord, { command }: TaskCall, error: unknown, report: ReportFault): Promise<TaskRecord> {
    const { journal } = this.#options;
    const { taskId } = task;
    if (error instanceof CommandFailed) {
      await this.#keep(() => journal.finish(taskId, this.#endFrom(task, error)), report);
      return this.#task(taskId);
    }
    if (error instanceof MailStoreError && error.request !== 'unknown') {
      await this.#keep(() => journal.finish(taskId, { status: 'failed', error: error.message, teller: this.#holder }), report);
      throw error;
    }
    const reason = error instanceof MailStoreError ? error.message : 'The answer to the call could not be read.';
    await this.#giveUp(task, command, { reason, unanswered: true }, report);
    if (!(error instanceof MailStoreError)) throw error;
    return this.#task(taskId);
  }

  async #adoptOne(task: TaskRecord): Promise<void> {
    const { journal } = this.#options;
    const { taskId, lease } = task;
    const command = this.#findClient(task)?.catalogue.find(task.command);
    if (!command || this.#held.has(taskId)) return;
    const isInGoodHands = lease !== undefined && !this.#watch.isGone(lease.holder) && !this.#watch.isSilent(taskId, lease);
    if (task.damaged && !isInGoodHands) {
      this.#giveUpInBackground(task, command, { reason: damagedReason(task.damaged) });
      return;
    }
    if (task.hasRawEnd) {
      this.#spawn(command.name, () => this.#holding(taskId, undefined, async () => void (await this.#finishFromRaw(taskId, command))));
      return;
    }
    // Looked at without a lock first: most tasks are followed by a living process.
    if (isInGoodHands) return;
    const epoch = await journal.acquireLease(
      taskId,
      this.#holder,
      (holder) => this.#watch.isGone(holder),
      (held) => this.#watch.isSilent(taskId, held),
    );
    if (epoch === undefined) return;
    // The token may have come since this task was looked at, from a holder that was slow.
    if ((await journal.get(taskId))?.run) this.#followInBackground(taskId, command, epoch);
    else this.#giveUpInBackground(task, command, { reason: REASONS.neverAnswered, epoch, unanswered: true });
  }

  #giveUpInBackground(task: TaskRecord, command: Command, why: Omit<GivingUp, 'evidence' | 'teller'>): void {
    this.#spawn(command.name, () =>
      this.#holding(task.taskId, why.epoch, async () => {
        await this.#giveUp(task, command, why);
        await this.#reportEnd(task.taskId);
        // Where a token has come meanwhile, the next look follows the task.
        if (why.epoch !== undefined) await this.#options.journal.releaseLease(task.taskId, why.epoch);
      }),
    );
  }

  #followInBackground(taskId: string, command: Command, epoch: number): void {
    this.#spawn(command.name, () =>
      this.#holding(taskId, epoch, async () => {
        try {
          await this.#follow(taskId, command, epoch);
        } finally {
          await this.#options.journal.releaseLease(taskId, epoch);
        }
      }),
    );
  }

  /** Polls until the task has ended, the lease has passed to another process, or this one is about to end. */
  async #follow(taskId: string, command: Command, epoch: number): Promise<void> {
    const { clock, log } = this.#options;
    const { deniedMs, strangeMs, shortPollPauseMs, faultPausesMs } = this.#timing;
    const denied = new Spell(clock, deniedMs);
    const strange = new Spell(clock, strangeMs);
    let faults = 0;
    while (!this.#stop.signal.aborted) {
      let step: FollowStep;
      try {
        step = await this.#askOnce(taskId, command, epoch);
      } catch (error) {
        log.warn(`asking for ${command.name} failed and is tried again: ${describe(error)}`);
        step = { kind: 'fault', error };
      }
      switch (step.kind) {
        case 'over':
          return;
        case 'fault': {
          const { error } = step;
          const spell = isError(error, 'tokenUnknown') ? denied : strange;
          // A fault of ours is bounded like a strange answer: it would be the same for ever.
          const counts = spell === denied || isStrange(error) || !(error instanceof MailStoreError);
          if (counts && spell.hasLasted()) {
            const reason = spell === denied ? await this.#findReason(taskId) : strangeReason(strangeMs, error);
            if (await this.#endUnknown(taskId, command, { reason, epoch })) return;
          }
          // A password that was changed does not come right by itself, and an account may be locked after a few wrong ones.
          if (isError(error, 'unauthorized', 'forbidden')) faults = faultPausesMs.length;
          const pause = this.#faultPause(faults++);
          await this.#pause(counts ? Math.min(pause, spell.leftMs()) : pause);
          break;
        }
        default:
          faults = 0;
          denied.end();
          strange.end();
          if (step.kind === 'no news') await this.#pause(shortPollPauseMs);
      }
    }
  }

  /** Marks, asks and stores once. Throws when the way to the server or to the disk is broken; the run may go on then. */
  async #askOnce(taskId: string, command: Command, epoch: number): Promise<FollowStep> {
    const { journal, log } = this.#options;
    const task = await journal.get(taskId);
    const client = task && this.#findClient(task);
    if (!task)
      log.error(`${command.name} is no longer followed, because the journal has no task ${taskId} any more; how it ends is not kept`);
    if (task?.damaged) {
      await this.#endUnknown(taskId, command, { reason: damagedReason(task.damaged), epoch });
      return { kind: 'over' };
    }
    if (!client || !task.run || !task.dialect) return { kind: 'over' };
    if (task.hasRawEnd && (await this.#finishFromRaw(taskId, command))) return { kind: 'over' };
    if (!(await journal.markPoll(taskId, epoch))) return { kind: 'over' };
    const run = { ...task.run, dialect: task.dialect };
    let raw: WireResponse;
    try {
      raw = await client.poll(run, task.version);
    } catch (error) {
      if (isError(error, 'foreignStatusUrl')) {
        // It was kept by an older version, or put into the journal by somebody else; nothing of it is ever requested.
        await this.#endUnknown(taskId, command, { reason: error.message, epoch });
        return { kind: 'over' };
      }
      if (error instanceof MailStoreError && error.request !== 'unknown') await journal.unmarkPoll(taskId, epoch);
      throw error;
    }
    const reading = readIfNoEnd(client, command, run, raw);
    if (reading.kind === 'end') {
      // Stored before it is read: these may be the only copy of the end in the world.
      await this.#keep(() => journal.storeRawEnd(taskId, raw));
      if (await this.#finishFromRaw(taskId, command)) return { kind: 'over' };
      const error = catchError(() => client.readPoll(command, run, raw));
      log.warn(`the answer to asking for ${command.name} is kept, and asked for again: ${describe(error)}`);
      return { kind: 'fault', error };
    }
    if (reading.kind === 'denied' || reading.kind === 'refused') {
      // A proxy that got no answer may have lost one.
      if (!isError(reading.error, 'gatewayFailed')) await journal.unmarkPoll(taskId, epoch);
      throw reading.error;
    }
    const { progress } = reading;
    if (!(await journal.progressed(taskId, epoch, this.#merged(task, progress)))) return { kind: 'over' };
    this.#changes.emit(taskId);
    return { kind: progress.version === task.version ? 'no news' : 'news' };
  }

  /** Gives a task up whose answer to the call was returned before; false where it may not be given up, since its end is stored. */
  async #endUnknown(taskId: string, command: Command, why: Omit<GivingUp, 'evidence' | 'teller'>): Promise<boolean> {
    const { journal, log } = this.#options;
    const task = await journal.get(taskId);
    if (!task) return true;
    log.error(`it is not known how ${command.name} ended (task ${taskId}): ${why.reason}`);
    await this.#giveUp(task, command, why);
    await this.#reportEnd(taskId);
    const now = await journal.get(taskId);
    return !now || isEnded(now);
  }

  /** Says why the server may no longer know the run. */
  async #findReason(taskId: string): Promise<string> {
    const { journal } = this.#options;
    const lost = (await journal.get(taskId))?.lostPoll;
    if (lost) return lost.holder.id === this.#holder.id ? REASONS.lostOnTheWay : REASONS.lostWithProcess;
    const unreadable = (await journal.rawEnds(taskId)).at(-1)?.unreadableBecause;
    return unreadable === undefined ? REASONS.forgotten : `${REASONS.unreadable} ${unreadable}`;
  }

  /**
   * Ends the task from the stored answer. An answer that turns out to be none (cut off, a proxy's page) is set aside, and false returned: the run
   * goes on. One that holds the end and cannot be read ends the task as unknown.
   */
  async #finishFromRaw(taskId: string, command: Command): Promise<boolean> {
    const { journal } = this.#options;
    for (;;) {
      const task = await journal.get(taskId);
      const raw = await journal.rawEnd(taskId);
      const client = task && this.#findClient(task);
      if (!client || !task.run || !task.dialect || !raw) return false;
      const run = { ...task.run, dialect: task.dialect };
      try {
        const outcome = client.readPoll(command, run, raw);
        if (outcome.kind === 'value') {
          await this.#succeed(task, outcome);
          await this.#reportEnd(taskId);
          return true;
        }
        await journal.setRawEndAside(taskId, raw.rawEndId, 'It says that the command is running.');
      } catch (error) {
        if (error instanceof CommandFailed) {
          await journal.finish(taskId, this.#endFrom(task, error));
          this.#changes.emit(taskId);
          await this.#reportEnd(taskId);
          return true;
        }
        if (isRecordFault(error)) throw error;
        const why = describe(error);
        const isReadElse = isError(error, 'truncated', 'notMailStore', 'foreignStatus', 'unknownStatus');
        const holdsEnd = raw.status === 200 && client.saysEnded(run, raw) && !isReadElse;
        // A fault of this program with one answer is the same for every reading of it.
        if (!holdsEnd && error instanceof MailStoreError) await journal.setRawEndAside(taskId, raw.rawEndId, why);
        else if (await this.#endUnknown(taskId, command, { unreadable: raw.rawEndId, reason: undigested(why) })) return true;
      }
    }
  }

  /** Returns the end that MailStore calls failed or cancelled. */
  #endFrom(task: TaskRecord, { word: status, message, progress }: CommandFailed): TaskEnd {
    return { status, progress: this.#merged(task, progress), teller: this.#holder, ...(status === 'failed' && { error: message }) };
  }

  async #succeed(task: TaskRecord, { value, drift, progress }: Outcome & { readonly kind: 'value' }): Promise<void> {
    const merged = this.#merged(task, progress);
    const finding = readFinding({ messages: merged.messages, statusText: merged.text ?? task.statusText, result: value });
    await this.#options.journal.finish(task.taskId, {
      status: 'succeeded',
      result: value,
      progress: { ...merged, percent: 100 },
      ...(finding && { finding }),
      ...(drift.length > 0 && { drift }),
      teller: this.#holder,
    });
    this.#changes.emit(task.taskId);
  }

  /** Gathers what reads can report and then calls the end unknown, in one step: a process that dies between leaves a task that another process takes over. */
  async #giveUp(task: TaskRecord, command: Command, why: Omit<GivingUp, 'evidence' | 'teller'>, report?: ReportFault): Promise<void> {
    const client = this.#findClient(task);
    const evidence = client ? await gatherEvidence(client, command, task) : [];
    if (await this.#keep(() => this.#options.journal.giveUp(task.taskId, { ...why, evidence, teller: this.#holder }), report))
      this.#changes.emit(task.taskId);
  }

  /** Reports an end that this process finished, and records that it did. Two processes may read one stored end; the first to finish the task reports it. */
  async #reportEnd(taskId: string, { again = false }: { readonly again?: boolean } = {}): Promise<void> {
    const { journal, onEnd } = this.#options;
    if (this.#reporting.has(taskId)) return;
    this.#reporting.add(taskId);
    try {
      const task = await journal.get(taskId);
      if (!task || !isEnded(task)) return;
      const isOurs = (await journal.untoldEnds()).some((end) => end.taskId === taskId && end.teller.id === this.#holder.id);
      if (!isOurs) return;
      await onEnd?.(task, { again });
      await journal.told(taskId);
    } catch (error) {
      this.#options.log.error(`the end of the task ${taskId} was not reported and is reported later: ${describe(error)}`);
    } finally {
      this.#reporting.delete(taskId);
    }
  }

  /**
   * Writes what exists nowhere else, for as long as it takes: a full disk gets room again, and a locked file is let go. Rejects when this
   * process is about to end and cannot wait any longer. `report` receives each fault.
   */
  async #keep<T>(write: () => Promise<T>, report?: ReportFault): Promise<T> {
    const { clock, log } = this.#options;
    let endingSince: number | undefined;
    for (let faults = 0; ; faults++) {
      try {
        return await write();
      } catch (error) {
        if (!isRecordFault(error)) throw error;
        const isEnding = this.#stop.signal.aborted;
        if (isEnding) endingSince ??= clock.monotonic();
        if (endingSince !== undefined && clock.monotonic() - endingSince > LAST_ATTEMPTS.ms) throw error;
        log.error(`what has to be stored is held in memory until it can be: ${error.message}`);
        report?.(error);
        await (isEnding ? clock.sleep(LAST_ATTEMPTS.pauseMs) : this.#pause(this.#faultPause(faults)));
      }
    }
  }

  #merged(task: TaskRecord, progress: Progress): Progress {
    return { ...progress, messages: mergeMessages(task.messages, progress.messages) };
  }

  /** Does what the lease allows, and shows meanwhile that this process is alive. */
  async #holding<T>(taskId: string, epoch: number | undefined, work: () => Promise<T>): Promise<T> {
    this.#held.set(taskId, (this.#held.get(taskId) ?? 0) + 1);
    const over = new AbortController();
    if (epoch !== undefined) this.#beat(taskId, epoch, over.signal);
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
          if (!(await journal.heartbeat(taskId, epoch))) return;
        } catch (error) {
          if (!isRecordFault(error)) throw error;
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
    const until = clock.monotonic() + ms;
    let seen = -1;
    for (;;) {
      const task = await this.#task(taskId);
      if (task.revision !== seen) onChange?.(task);
      seen = task.revision;
      const left = until - clock.monotonic();
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

  /** Returns the client of the server on which a task runs, under any name of its target here. */
  #findClient(task: TaskRecord): MailStoreClient | undefined {
    return this.#findPlace(task)?.[1];
  }

  /** Returns the name that the archive of a task has here, and its client. */
  #findPlace({ target, origin }: TaskRecord): readonly [name: string, client: MailStoreClient] | undefined {
    const { clients } = this.#options;
    const named = clients.get(target);
    if (named && (origin === undefined || named.origin === origin)) return [target, named];
    return origin === undefined ? undefined : [...clients].find(([, client]) => client.origin === origin);
  }

  #named(task: TaskRecord): TaskRecord {
    return { ...task, target: this.#findPlace(task)?.[0] ?? task.target };
  }

  #origins(): readonly string[] {
    return [...new Set([...this.#options.clients.values()].map(({ origin }) => origin))];
  }
}

export interface StartOptions {
  /** How much of the time of the call is left, in milliseconds; without it, it is not bounded. */
  readonly leftMs?: number;
  /** Receives the id of a task that this call begins, before its request leaves. */
  readonly onBegun?: (taskId: string) => void;
}

/** Reports a fault to the caller before the work is over. */
type ReportFault = (error: MailStoreError) => void;

/** What one poll came to: the task has ended or is not ours any more, there was news or none, or the answer was no status. */
type FollowStep = { readonly kind: 'over' | 'news' | 'no news' } | { readonly kind: 'fault'; readonly error: unknown };

/** Measures how long one kind of answer has lasted. */
class Spell {
  readonly #clock: Clock;
  readonly #limitMs: number;
  #since: number | undefined;

  constructor(clock: Clock, limitMs: number) {
    this.#clock = clock;
    this.#limitMs = limitMs;
  }

  /** Begins the spell where it has not begun; true when it has lasted to its limit. */
  hasLasted(): boolean {
    this.#since ??= this.#clock.monotonic();
    return this.leftMs() <= 0;
  }

  leftMs(): number {
    return this.#since === undefined ? this.#limitMs : this.#limitMs - (this.#clock.monotonic() - this.#since);
  }

  end(): void {
    this.#since = undefined;
  }
}

function damagedReason(columns: readonly string[]): string {
  return `The task is damaged in the journal (${columns.join(', ')}), so it could not be followed; what is left of it is kept.`;
}

function strangeReason(ms: number, error: unknown): string {
  return `For ${Math.round(ms / 60_000)} minutes no answer said that the command goes on or how it ended; the answers are kept. The last one: ${describe(error)}`;
}

function catchError(read: () => unknown): unknown {
  try {
    read();
    return new Error('the answer was read by another process');
  } catch (error) {
    return error;
  }
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The epoch that the process holds which begins a task. */
const FIRST_EPOCH = 1;

function requireCommand({ catalogue }: MailStoreClient, task: TaskRecord): Command {
  const command = catalogue.find(task.command);
  if (!command) throw new MailStoreError('unknownCommand', { command: task.command });
  return command;
}

/** Returns the task with what its caller has to know of the call that started it. */
function withNotes(task: TaskRecord, { notes = [] }: Outcome): TaskRecord {
  return notes.length > 0 && task.note === undefined ? { ...task, note: notes.join(' ') } : task;
}
