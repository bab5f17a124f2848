import { POINTS, type Point } from './points.ts';

/** One call of a long command. */
export interface PlannedCall {
  readonly command: string;
  readonly args: Readonly<Record<string, unknown>>;
  readonly afterMs: number;
  /** True asks for its cancellation once it runs. */
  readonly cancels: boolean;
}

/** What one process does and how it dies. */
export interface WorkerPlan {
  readonly afterMs: number;
  readonly calls: readonly PlannedCall[];
  /** Where it kills itself; absent for one that lives. */
  readonly point?: Point;
  /** When it is killed from outside. */
  readonly killAfterMs?: number;
  /** When it is held, and let go again after longer than its lease lasts. */
  readonly haltAfterMs?: number;
  readonly clockJump?: { readonly afterMs: number; readonly byMs: number };
  /** The disk is full for so long from the moment at which a statement of this kind is run. */
  readonly fullDisk?: { readonly storing: 'token' | 'end'; readonly forMs: number };
}

/** One run of the matrix; the same seed gives the same plan. */
export interface Plan {
  readonly seed: number;
  readonly api: 'modern' | 'legacy';
  /** The processes that begin together. */
  readonly workers: readonly WorkerPlan[];
  /** Each takes the place of one that was killed, in this order. */
  readonly replacements: readonly WorkerPlan[];
  /** Faults as the sandbox reads them. */
  readonly faults: readonly string[];
  readonly restartAfterMs?: number;
  /** True disables the store of a rebuild while it runs, so that the server says it failed. */
  readonly failsMidway: boolean;
}

/** Draws numbers that follow from a seed (mulberry32). */
class Dice {
  #state: number;

  constructor(seed: number) {
    this.#state = (seed * 0x9e3779b1) | 0;
  }

  /** Returns a number from 0 up to and without 1. */
  roll(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  chance(probability: number): boolean {
    return this.roll() < probability;
  }

  /** Returns a whole number from `low` to `high`, both included. */
  between(low: number, high: number): number {
    return low + Math.floor(this.roll() * (high - low + 1));
  }

  pick<T>(values: readonly [T, ...T[]]): T {
    return values[Math.floor(this.roll() * values.length)] ?? values[0];
  }
}

/** Faults without which a step is never taken. */
const LEADS_TO: Readonly<Record<string, (dice: Dice) => string>> = {
  unmarkPoll: () => 'status-503:2',
  setRawEndAside: (dice) => `${dice.pick(['garbage', 'html', 'invalid-utf8'])}:1`,
  giveUp: (dice) => dice.pick(['lost-end:1', 'truncate:9', 'garbage:9']),
};

/** How long a halted process is held: longer than `timingOf` lets a lease be silent. */
export const HALT_MS = 2500;
const HOUR = 3_600_000;

/** Returns the plan of a seed. Consecutive seeds go through all points in both dialects. */
export function makePlan(seed: number): Plan {
  const dice = new Dice(seed);
  const point = POINTS[seed % POINTS.length];
  const api = Math.floor(seed / POINTS.length) % 2 === 0 ? 'modern' : 'legacy';
  const isAdoption = point?.method === 'acquireLease';
  const size = isAdoption ? dice.between(2, 4) : dice.between(1, 4);
  let calls = 0;
  const call = (): PlannedCall => {
    // Several processes may make the very same call: then it has to be one task.
    const isShared = dice.chance(0.2);
    const args = dice.pick<Pick<PlannedCall, 'command' | 'args'>>([
      { command: 'CreateBackup', args: { path: `E:\\${isShared ? 'shared' : calls++}`, excludeSearchIndexes: true } },
      { command: 'CreateBackup', args: { path: `E:\\${isShared ? 'shared' : calls++}`, excludeSearchIndexes: false } },
      { command: 'RebuildStoreIndex', args: { id: dice.between(2, 4), folder: dice.pick(['amira', 'johndoe']) } },
      { command: 'VerifyStore', args: { id: dice.between(2, 4), includeIndexes: dice.chance(0.5) } },
    ]);
    return { ...args, afterMs: dice.between(0, 60), cancels: dice.chance(0.08) };
  };
  const worker = (own: Partial<WorkerPlan>, minCalls: number): WorkerPlan => ({
    afterMs: dice.between(0, 80),
    calls: Array.from({ length: dice.between(minCalls, 2) }, call),
    ...(dice.chance(0.15) && { clockJump: { afterMs: dice.between(0, 300), byMs: dice.pick([HOUR, -HOUR, 24 * HOUR, 2000]) } }),
    ...(dice.chance(0.15) && { fullDisk: { storing: dice.pick(['token', 'end', 'end']), forMs: dice.between(10, 500) } }),
    ...own,
  });
  const dying = (): Partial<WorkerPlan> =>
    dice.chance(0.7) ? { point: dice.pick(POINTS as readonly [Point, ...Point[]]) } : { killAfterMs: dice.between(250, 1100) };
  const first = worker(isAdoption ? { point: { method: 'accepted', call: 1, side: 'after' }, afterMs: 0 } : { ...(point && { point }) }, 1);
  const second = (): WorkerPlan => worker(isAdoption && point ? { point } : dice.chance(0.85) ? dying() : {}, 0);
  const halts = size > 1 && dice.chance(0.07);
  const status = api === 'modern' ? '/api/get-status' : '/JSON/Status/*';
  const invoke = api === 'modern' ? '/api/invoke/*' : '/JSON/Invoke/*';
  const needed = point && LEADS_TO[point.method]?.(dice);
  const faults = needed === undefined ? [] : [`${needed}@${status}`];
  while (dice.chance(0.35)) {
    const kind = dice.pick(['lost-end', 'drop', 'truncate', 'garbage', 'html', 'status-503', 'invalid-utf8', 'delay=150']);
    faults.push(`${kind}:${dice.between(1, 3)}@${kind === 'lost-end' || dice.chance(0.75) ? status : invoke}`);
  }
  return {
    seed,
    api,
    workers: Array.from({ length: size }, (_, index) => {
      const plan = index === 0 ? first : second();
      return halts && index === 1 ? { ...plan, haltAfterMs: dice.between(200, 500) } : plan;
    }),
    replacements: Array.from({ length: dice.between(0, 2) }, () => worker(dying(), 0)),
    faults,
    ...(dice.chance(0.12) && { restartAfterMs: dice.between(250, 900) }),
    failsMidway: dice.chance(0.25),
  };
}
