import { hostname } from 'node:os';
import type { Clock } from '../base/clock.ts';
import { readErrno } from '../base/errno.ts';
import type { Holder, Lease } from '../journal/task-record.ts';

interface Silence {
  /** The latest sign of life. */
  readonly sign: string;
  /** How long it has been the latest. */
  readonly ms: number;
  readonly seenAt: number;
}

export interface LeaseWatchOptions {
  readonly own: Holder;
  readonly clock: Clock;
  /** How long a holder that may not have ended must have been silent, in milliseconds, before its lease is taken. */
  readonly fenceMs: number;
  /** The most, in milliseconds, that passes between two looks while this process runs as it should. */
  readonly stepMs: number;
}

/** Watches the leases of other processes, and says from which of them one may be taken. */
export class LeaseWatch {
  readonly #options: LeaseWatchOptions;
  /** How long the holders of other leases have given no sign of life, by task. */
  readonly #silences = new Map<string, Silence>();

  constructor(options: LeaseWatchOptions) {
    this.#options = options;
  }

  /**
   * True when this process itself has seen no sign of life from the holder for `fenceMs`. Times that others wrote prove nothing: after a
   * clock was set, or while a machine slept, they would take the lease from a holder that is polling.
   */
  isSilent(taskId: string, { epoch, heartbeatAt }: Lease): boolean {
    const { clock, fenceMs, stepMs } = this.#options;
    const now = clock.monotonic();
    const sign = `${epoch} ${heartbeatAt}`;
    const before = this.#silences.get(taskId);
    // One look accounts for little more than the pause before it, however far the clock has moved.
    const ms = before?.sign === sign ? before.ms + Math.min(Math.max(0, now - before.seenAt), stepMs) : 0;
    this.#silences.set(taskId, { sign, ms, seenAt: now });
    return ms > fenceMs;
  }

  /** A lease of this very process that nothing here acts upon was left behind when it could not be given back. */
  isGone(holder: Holder): boolean {
    return holder.id === this.#options.own.id || hasEnded(holder);
  }

  /** Forgets all but these tasks. */
  keepOnly(taskIds: ReadonlySet<string>): void {
    for (const taskId of this.#silences.keys()) if (!taskIds.has(taskId)) this.#silences.delete(taskId);
  }
}

/** True when the process of a lease has ended; it is not known of a process on another machine. */
export function hasEnded({ pid, host }: Holder): boolean {
  if (host !== hostname()) return false;
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return readErrno(error) === 'ESRCH';
  }
}
