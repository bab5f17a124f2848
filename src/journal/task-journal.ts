import type { Progress, RunHandle } from '../wire/reply.ts';
import type { PageRequest, RowPage } from './page.ts';
import type {
  DialectName,
  Evidence,
  Finding,
  Holder,
  Lease,
  RawEnd,
  ResultDrift,
  StoredRawEnd,
  TaskEndState,
  TaskIntent,
  TaskRecord,
  UntoldEnd,
} from './task-record.ts';

/** How a task ended, as the server said it. `progress` is the last one, its messages merged; absent leaves what is known. */
export interface TaskEnd {
  readonly status: TaskEndState;
  readonly result?: unknown;
  readonly error?: string;
  /** Where the result differs from what the command is declared to return. */
  readonly drift?: readonly ResultDrift[];
  readonly note?: string;
  readonly finding?: Finding;
  readonly progress?: Progress;
  /** The process that reports the end; absent where the answer to the call itself reports it. */
  readonly teller?: Holder;
}

export interface GivingUp {
  /** Where given, only the present holder of the lease may give up. */
  readonly epoch?: number;
  /** True where the reason is that no token came: a token that has come since keeps the task from being given up. */
  readonly unanswered?: boolean;
  /** The stored answer that cannot be read; it is set aside in the same step. */
  readonly unreadable?: number;
  readonly reason: string;
  readonly evidence?: readonly Evidence[];
  /** The process that reports the end; absent where the answer to the call itself reports it. */
  readonly teller?: Holder;
}

/**
 * The tasks of the journal. Each method is one transaction, so what holds for one process holds for all that share the journal. Methods that return a
 * boolean return false, and have changed nothing, when the task is not in a state for it, does not exist, or the lease of the caller has passed to
 * another holder.
 */
export interface TaskJournal {
  /** The age, in milliseconds, at which a heartbeat costs the lease of a holder that seems to live. */
  readonly fenceMs: number;

  /**
   * Records that a call is about to be sent, its lease held by `holder` with epoch 1; or returns the task that is starting or running at
   * the same origin with the same command and arguments, also under another target name. Without an origin the target counts in its place.
   */
  begin(intent: TaskIntent, holder: Holder): Promise<{ readonly task: TaskRecord; readonly isNew: boolean }>;

  /**
   * Stores the token that the server answered with and calls the task running. The token is the only copy in the world, so it is stored for
   * a holder of the past as well, and for a task that was already given up; false then says that the caller must not poll.
   */
  accepted(taskId: string, epoch: number, run: RunHandle, dialect: DialectName, progress: Progress): Promise<boolean>;

  get(taskId: string): Promise<TaskRecord | undefined>;

  /** Returns the tasks that are starting or running, with `includeEnded` all; the newest first. */
  list(options?: { readonly includeEnded?: boolean; readonly limit?: number }): Promise<readonly TaskRecord[]>;

  /**
   * Returns one page of all tasks, the newest first, without their results, messages, evidence and drift. `match` looks at the id, command, target,
   * arguments and status.
   */
  page(request: PageRequest): Promise<RowPage<TaskRecord>>;

  /** Returns the number of a task, by which `page` goes on behind it. */
  findNumber(taskId: string): Promise<number | undefined>;

  /** Returns the ids that begin with a text, two at most: enough to know whether it names one task. */
  findIds(start: string): Promise<readonly string[]>;

  /** Returns the tasks at these origins that are starting or running, and the newest `ended` others of each, the newest first. */
  recent(ended: number, origins: readonly string[]): Promise<readonly TaskRecord[]>;

  /** Returns the tasks that a process has to continue, the oldest first: starting, running, or given up before the stored end was read. */
  active(): Promise<readonly TaskRecord[]>;

  /** A number that grows with every change to any task that a reader can see; cheap enough to be asked several times a second. */
  revision(): Promise<number>;

  /**
   * Takes the lease of a starting or running task and returns its new epoch, or undefined where another holder keeps it: its heartbeat is
   * fresh, or is missed for less than `fenceMs` while `isGone` is false. Times prove nothing where the clock
   * of either was set, so `isSilent` has a say before a holder that is not gone loses its lease.
   */
  acquireLease(
    taskId: string,
    holder: Holder,
    isGone: (holder: Holder) => boolean,
    isSilent?: (lease: Lease) => boolean,
  ): Promise<number | undefined>;

  /** Says that the holder is alive. */
  heartbeat(taskId: string, epoch: number): Promise<boolean>;

  /** Leaves the task to the next process that takes it. */
  releaseLease(taskId: string, epoch: number): Promise<boolean>;

  /**
   * Marks that a poll is about to be sent; the mark of an earlier one that never got an answer stays as the lost poll. After false the caller
   * must not poll: it is fenced, the task has ended, or its end is stored and waits to be read.
   */
  markPoll(taskId: string, epoch: number): Promise<boolean>;

  /** Takes the latest mark of this epoch back, for a poll that certainly brought no end. Lost polls stay. */
  unmarkPoll(taskId: string, epoch: number): Promise<boolean>;

  /** Stores how far a running task is; the messages replace those known, so they come merged. Clears the marks: it has not ended yet. */
  progressed(taskId: string, epoch: number, progress: Progress): Promise<boolean>;

  /**
   * Stores the answer that ended a run, from any process, in any state of the task and its lease: it is the only copy in the world.
   * Returns whether it is the one that counts, which is the first; another one waits in case that one turns out to be unreadable.
   */
  storeRawEnd(taskId: string, raw: RawEnd): Promise<boolean>;

  /** Returns the stored answer that ended the run. */
  rawEnd(taskId: string): Promise<StoredRawEnd | undefined>;

  /** Returns every stored answer, the unreadable ones too, in the order in which they came. */
  rawEnds(taskId: string): Promise<readonly StoredRawEnd[]>;

  /**
   * Sets an answer aside that turned out not to be one (cut off, or a proxy's page), so that the next one counts or the task can be given up.
   * Its bytes are kept. Only for a task without a definite end: what an end was read from stays with it.
   */
  setRawEndAside(taskId: string, rawEndId: number, reason: string): Promise<boolean>;

  /**
   * Ends a task as the server said, for a task that has not ended, or one that was given up and whose answer has come to light: the stored end
   * of its run, or the answer to the call itself, which brought no token. Returns whether the task stands with this end: true again for the
   * same end, false for another one.
   */
  finish(taskId: string, end: TaskEnd): Promise<boolean>;

  /** Ends a task as `unknown`. Refused when it has ended or its end is stored. The marks stay: they show which process may have taken the end. */
  giveUp(taskId: string, why: GivingUp): Promise<boolean>;

  /** Returns the ends that have still to be reported, the oldest first. */
  untoldEnds(): Promise<readonly UntoldEnd[]>;

  /** Makes `teller` the one that reports an end, in place of `before`; false when another process was faster. */
  takeTelling(taskId: string, before: Holder, teller: Holder): Promise<boolean>;

  /** Notes that an end was reported. */
  told(taskId: string): Promise<boolean>;

  /** Records the first time that a cancellation of a task without an end was asked for. */
  askedToCancel(taskId: string): Promise<boolean>;

  /** Returns how many tasks `prune` would remove. */
  countEndedBefore(endedBefore: number): Promise<number>;
  /**
   * Removes the tasks that ended before `endedBefore` (milliseconds since the Unix epoch) and returns how many. A task with an end that is
   * stored and not yet read stays.
   */
  prune(endedBefore: number): Promise<number>;
}
