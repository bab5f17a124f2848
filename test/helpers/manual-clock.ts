import type { Clock } from '../../src/base/clock.ts';

interface Sleeper {
  readonly due: number;
  wake(): void;
}

/** A clock that stands still until the test moves it. */
export class ManualClock implements Clock {
  #now: number;
  #elapsed = 0;
  #sleepers: Sleeper[] = [];

  constructor(now = Date.UTC(2026, 2, 4, 9)) {
    this.#now = now;
  }

  now(): number {
    return this.#now;
  }

  monotonic(): number {
    return this.#elapsed;
  }

  /** Sets the time of day, as an administrator does; no time passes. */
  setTimeOfDay(now: number): void {
    this.#now = now;
  }

  /** How many sleeps wait for the clock. */
  get sleeping(): number {
    return this.#sleepers.length;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) {
        reject(signal.reason as Error);
        return;
      }
      const leave = () => {
        this.#sleepers = this.#sleepers.filter((other) => other !== sleeper);
        signal?.removeEventListener('abort', abort);
      };
      const abort = () => {
        leave();
        reject(signal?.reason as Error);
      };
      const sleeper = {
        due: this.#elapsed + Math.max(0, ms),
        wake: () => {
          leave();
          resolve();
        },
      };
      this.#sleepers.push(sleeper);
      signal?.addEventListener('abort', abort, { once: true });
    });
  }

  after(ms: number, act: () => void): () => void {
    const leave = () => {
      this.#sleepers = this.#sleepers.filter((other) => other !== sleeper);
    };
    const sleeper = {
      due: this.#elapsed + Math.max(0, ms),
      wake: () => {
        leave();
        act();
      },
    };
    this.#sleepers.push(sleeper);
    return leave;
  }

  /** Moves the time on and wakes the sleepers in the order of their times; what they do then sees the time for which they slept. */
  async advance(ms: number): Promise<void> {
    const target = this.#elapsed + ms;
    for (;;) {
      await settle();
      const next = this.#sleepers.reduce<Sleeper | undefined>(
        (first, other) => (first && first.due <= other.due ? first : other),
        undefined,
      );
      if (!next || next.due > target) break;
      this.#pass(next.due);
      next.wake();
    }
    this.#pass(target);
  }

  /**
   * Moves the time on in one leap, as when a machine was suspended, and then wakes every sleeper whose time is over. A negative leap sets the time of day back;
   * no time passes in it.
   */
  async jump(ms: number): Promise<void> {
    if (ms < 0) this.#now += ms;
    else this.#pass(this.#elapsed + ms);
    await this.advance(0);
  }

  #pass(elapsed: number): void {
    const ms = Math.max(0, elapsed - this.#elapsed);
    this.#elapsed += ms;
    this.#now += ms;
  }
}

/** Lets everything run that is ready to. */
function settle(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
