import type { Clock } from './clock.ts';

/**
 * The time that one call may take, from its arrival to its answer, on a clock that only grows. It does not run while a person is waited for. Everything
 * that works for the call gets the same one.
 */
export class Deadline {
  readonly #clock: Clock;
  readonly #acts = new Set<() => void>();
  /** What was left when the time last began to run. */
  #leftMs: number;
  /** When the time last began to run; absent while a person is waited for. */
  #runsSince: number | undefined;
  #stopTimer: () => void = () => undefined;

  /** Begins to run at once. Until `end` is called, a timer keeps the process alive. */
  constructor(clock: Clock, ms: number) {
    this.#clock = clock;
    this.#leftMs = ms;
    this.#start();
  }

  get isOver(): boolean {
    return this.leftMs() <= 0;
  }

  /** Returns the milliseconds that are left; never less than 0. */
  leftMs(): number {
    const passed = this.#runsSince === undefined ? 0 : this.#clock.monotonic() - this.#runsSince;
    return Math.max(0, this.#leftMs - passed);
  }

  /** Calls `act` once when the time is over, unless the returned function was called before. */
  onOver(act: () => void): () => void {
    this.#acts.add(act);
    return () => void this.#acts.delete(act);
  }

  /** Returns what `work` comes to, or throws what `late` returns when the time, and `graceMs` after it, is over first; `work` itself goes on. */
  within<T>(work: Promise<T>, late: () => Error, graceMs = 0): Promise<T> {
    return new Promise((resolve, reject) => {
      let isDone = false;
      let stop = () => {};
      const end = () => {
        isDone = true;
        stop();
      };
      const refuse = () => {
        if (isDone) return;
        if (graceMs === 0) reject(late());
        else stop = this.#clock.after(graceMs, () => reject(late()));
      };
      void work.finally(end).then(resolve, reject);
      // Work that is done already counts.
      if (this.isOver) queueMicrotask(refuse);
      else stop = this.onOver(refuse);
    });
  }

  /** Waits for a person, and lets the time run on afterwards. */
  async suspend<T>(wait: () => Promise<T>): Promise<T> {
    this.#leftMs = this.leftMs();
    this.#runsSince = undefined;
    this.#stopTimer();
    try {
      return await wait();
    } finally {
      this.#start();
    }
  }

  /** Makes the time over now. */
  expire(): void {
    this.#leftMs = 0;
    this.#runsSince = undefined;
    this.#stopTimer();
    this.#act();
  }

  /** Stops the timer when the call was answered: nothing is called any more. */
  end(): void {
    this.#acts.clear();
    this.#stopTimer();
  }

  #start(): void {
    this.#runsSince = this.#clock.monotonic();
    this.#watch();
  }

  #watch(): void {
    this.#stopTimer = this.#clock.after(this.leftMs(), () => {
      // A timer may be a moment early.
      if (!this.isOver) {
        this.#watch();
        return;
      }
      this.#act();
    });
  }

  #act(): void {
    const acts = [...this.#acts];
    this.#acts.clear();
    for (const act of acts) act();
  }
}
