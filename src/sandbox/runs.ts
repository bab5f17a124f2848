import { randomUUID } from 'node:crypto';
import type { Clock } from '../base/clock.ts';
import { nearest } from '../base/nearest.ts';
import type { Command } from '../catalogue/define-command.ts';
import { CommandFailure, type Step, type World } from '../emulation/world.ts';
import { parseArguments, type RawArguments } from './arguments.ts';

/** Which generation of the API a run was started through; its token is known to that one alone. */
export type Generation = 'modern' | '2012';

export type RunEnd = 'succeeded' | 'failed' | 'cancelled';

export interface LogLine {
  readonly type: NonNullable<Step['type']>;
  readonly text: string;
}

/** How a run stands at one moment. */
export interface RunStatus {
  readonly command: Command;
  readonly token: string;
  readonly version: number;
  readonly status: 'running' | RunEnd;
  readonly percent: number;
  /** The step that the server is at; null once the run has ended. */
  readonly text: string | null;
  /** All lines so far. */
  readonly log: readonly LogLine[];
  /** The command's value; null while running and after a failure. */
  readonly result: unknown;
  /** Why the run failed. */
  readonly error: string | null;
}

/** In which form an end left the server: as it is, cut off, made unreadable on its way, or not at all although the server believes it did. */
export type Delivery = 'whole' | 'cut' | 'spoiled' | 'withheld';

/**
 * The one-time hand-over of a run's end. Exactly one of the two is called: `written` makes the server forget the run,
 * `lost` keeps its end for the next reader.
 */
export interface HandOver {
  written(delivery: Delivery): void;
  lost(): void;
}

/** Events of runs, reported as they happen; `raw` holds the arguments as they were sent. */
export type RunEvent =
  | { readonly kind: 'started'; readonly token: string; readonly command: string; readonly raw: RawArguments }
  | { readonly kind: 'handedOver'; readonly token: string; readonly status: RunEnd; readonly delivery: Delivery };

export interface StatusAnswer {
  readonly status: RunStatus;
  /** Present when the status is an end. */
  readonly handOver?: HandOver;
}

/** What starting a command leads to: its value at once, or the first status of a run. */
export type StartedRun =
  | { readonly kind: 'value'; readonly command: Command; readonly value: unknown }
  | { readonly kind: 'run'; readonly command: Command; readonly status: RunStatus };

/** A command started inside the sandbox, without a token. */
export interface Invocation {
  /** Never rejects: a refusal counts as failed. */
  readonly done: Promise<RunEnd>;
  cancel(): void;
}

export interface RunsOptions {
  readonly clock: Clock;
  readonly world: World;
  /** How long a whole run takes. */
  readonly seconds: number;
  findCommand(name: string): Command | undefined;
  /** Names that a misspelt command is compared with. */
  readonly commandNames: readonly string[];
  /** Called after everything that may have changed the world. */
  onChange(): void;
  /** Called when a run begins, and when its end is handed out. */
  onRun?(event: RunEvent): void;
}

/** Runs commands against the world, and keeps the long runs by their tokens until their ends are handed out. */
export class Runs {
  readonly #options: RunsOptions;
  readonly #byToken = new Map<string, { readonly generation: Generation; readonly run: SandboxRun }>();
  readonly #unfinished = new Set<SandboxRun>();

  constructor(options: RunsOptions) {
    this.#options = options;
  }

  /**
   * Starts a command. Throws CommandFailure when the server refuses it: an unknown command, arguments that do not fit,
   * or what the command itself checks before its first step.
   */
  start(name: string, raw: RawArguments, generation: Generation): StartedRun {
    const command = this.#find(name);
    const run = this.#begin(command, raw);
    if (!(run instanceof SandboxRun)) return { kind: 'value', command, value: run.value };
    const token = generation === '2012' ? randomUUID().toUpperCase() : randomUUID();
    this.#byToken.set(token, { generation, run });
    this.#options.onRun?.({ kind: 'started', token, command: name, raw });
    return { kind: 'run', command, status: run.statusFor(token) };
  }

  /** Runs a command for the server itself, such as the action of a stored job. */
  readonly invoke = (name: string, raw: RawArguments): Invocation => {
    try {
      const run = this.#begin(this.#find(name), raw);
      if (run instanceof SandboxRun) return { done: run.ended, cancel: () => run.requestCancel() };
      return { done: Promise.resolve('succeeded'), cancel: () => {} };
    } catch {
      return { done: Promise.resolve('failed'), cancel: () => {} };
    }
  };

  /**
   * Returns how a run stands, or undefined for an unknown token. With `news`, waits up to its time for a version other than the known one.
   * A reading of an end must be settled through its `handOver`; other readers of the token wait until it is.
   */
  async read(
    token: string,
    generation: Generation,
    news?: { readonly knownVersion: number; readonly milliseconds: number; readonly signal: AbortSignal },
  ): Promise<StatusAnswer | undefined> {
    const entry = this.#byToken.get(token);
    if (entry?.generation !== generation) return undefined;
    const { run } = entry;
    if (news) await run.waitForNews(news.knownVersion, news.milliseconds, news.signal);
    while (run.claim) await run.claim;
    if (!this.#byToken.has(token)) return undefined;
    const status = run.statusFor(token);
    return status.status === 'running' ? { status } : { status, handOver: this.#claim(token, run, status.status) };
  }

  /** Asks a run to stop at its next step; returns false for an unknown token. */
  cancel(token: string): boolean {
    const entry = this.#byToken.get(token);
    if (entry?.generation !== 'modern') return false;
    entry.run.requestCancel();
    return true;
  }

  /** Stops all runs where they are and forgets every token, as the end of the server's process does. */
  async forgetAll(): Promise<void> {
    this.#byToken.clear();
    const unfinished = [...this.#unfinished];
    for (const run of unfinished) run.abandon();
    await Promise.all(unfinished.map(({ ended }) => ended));
  }

  #find(name: string): Command {
    const command = this.#options.findCommand(name);
    if (command) return command;
    const guess = nearest(name, this.#options.commandNames);
    throw new CommandFailure(`The command '${name}' does not exist.${guess === undefined ? '' : ` Did you mean '${guess}'?`}`);
  }

  #begin(command: Command, raw: RawArguments): SandboxRun | { readonly value: unknown } {
    const { world, clock, seconds, onChange } = this.#options;
    const emulation = command.emulate(world, parseArguments(command, raw));
    onChange();
    if (!isSteps(emulation)) return { value: emulation };
    const first = emulation.next();
    onChange();
    if (first.done) return { value: first.value };
    const run = new SandboxRun({ command, steps: emulation, first: first.value, clock, milliseconds: seconds * 1000, onChange });
    this.#unfinished.add(run);
    void run.ended.then(() => this.#unfinished.delete(run));
    return run;
  }

  #claim(token: string, run: SandboxRun, status: RunEnd): HandOver {
    let release = () => {};
    run.claim = new Promise((resolve) => {
      release = () => {
        run.claim = undefined;
        resolve();
      };
    });
    return {
      written: (delivery) => {
        this.#byToken.delete(token);
        this.#options.onRun?.({ kind: 'handedOver', token, status, delivery });
        release();
      },
      lost: release,
    };
  }
}

type Steps = Generator<Step, unknown, void>;

interface RunOptions {
  readonly command: Command;
  readonly steps: Steps;
  readonly first: Step;
  readonly clock: Clock;
  readonly milliseconds: number;
  onChange(): void;
}

/** One long run. Its first step shows at once; each later one when as much of the run's time is over as the step says is done. */
class SandboxRun {
  readonly ended: Promise<RunEnd>;
  /** Set while a reader is being handed the end; resolves when that reader has it or has gone. */
  claim: Promise<void> | undefined;
  readonly #options: RunOptions;
  readonly #stop = new AbortController();
  readonly #waiting = new Set<() => void>();
  readonly #log: LogLine[] = [];
  #cancelRequested = false;
  #version = 1;
  #status: RunStatus['status'] = 'running';
  #percent = 0;
  #text: string | null = null;
  #result: unknown = null;
  #error: string | null = null;

  constructor(options: RunOptions) {
    this.#options = options;
    this.#show(options.first);
    this.ended = this.#play();
  }

  statusFor(token: string): RunStatus {
    return {
      command: this.#options.command,
      token,
      version: this.#version,
      status: this.#status,
      percent: this.#percent,
      text: this.#text,
      log: [...this.#log],
      result: this.#result,
      error: this.#error,
    };
  }

  requestCancel(): void {
    this.#cancelRequested = true;
  }

  abandon(): void {
    this.#stop.abort(new Error('The sandbox was restarted.'));
  }

  /** Resolves when the version is not the known one, when the time is over, or when the signal aborts. */
  async waitForNews(knownVersion: number, milliseconds: number, signal: AbortSignal): Promise<void> {
    if (this.#version !== knownVersion || this.#status !== 'running' || signal.aborted) return;
    const over = new AbortController();
    const end = () => over.abort();
    this.#waiting.add(end);
    signal.addEventListener('abort', end, { once: true });
    try {
      await this.#options.clock.sleep(milliseconds, over.signal);
    } catch (error) {
      if (!over.signal.aborted) throw error;
    } finally {
      this.#waiting.delete(end);
      signal.removeEventListener('abort', end);
    }
  }

  async #play(): Promise<RunEnd> {
    const { steps, first, clock, milliseconds, onChange } = this.#options;
    const start = clock.now();
    const reach = async (percent: number) =>
      clock.sleep(Math.max(0, start + (milliseconds * percent) / 100 - clock.now()), this.#stop.signal);
    try {
      await reach(first.percent);
      while (!this.#cancelRequested) {
        const next = steps.next();
        onChange();
        if (next.done) {
          await reach(100);
          this.#percent = 100;
          return this.#end('succeeded', next.value);
        }
        await reach(next.value.percent);
        this.#show(next.value);
      }
      steps.return(null);
      return this.#end('cancelled', null);
    } catch (error) {
      if (this.#stop.signal.aborted) return this.#end('failed', null);
      this.#error = error instanceof Error ? error.message : String(error);
      this.#log.push({ type: 'error', text: this.#error });
      return this.#end('failed', null);
    }
  }

  #show(step: Step): void {
    this.#percent = step.percent;
    this.#text = step.text;
    this.#log.push({ type: step.type ?? 'information', text: step.text });
    this.#changed();
  }

  #end(status: RunEnd, result: unknown): RunEnd {
    this.#status = status;
    this.#text = null;
    this.#result = result;
    this.#changed();
    this.#options.onChange();
    return status;
  }

  #changed(): void {
    this.#version++;
    for (const wake of this.#waiting) wake();
  }
}

function isSteps(value: unknown): value is Steps {
  return typeof value === 'object' && value !== null && 'next' in value && typeof value.next === 'function' && Symbol.iterator in value;
}
