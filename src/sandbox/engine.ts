import { runProfile } from '../../tools/profiles.ts';
import type { Clock } from '../base/clock.ts';
import { parseAction } from '../base/action.ts';
import { nextStart } from '../emulation/schedule.ts';
import { CommandFailure, utcMilliseconds, type World, type WorldEngine, type WorldJob, type WorldProfile } from '../emulation/world.ts';
import type { Invocation } from './runs.ts';

interface EngineOptions {
  readonly clock: Clock;
  /** Starts a command for the server itself. */
  readonly invoke: (command: string, args: Record<string, string>) => Invocation;
  /** Called after the engine changed the world. */
  readonly onChange?: () => void;
}

/** How often the engine re-reads the schedules: commands change them without notifying it. */
const LOOK_AGAIN_MS = 1_000;

/** A profile without a pause of its own still rests this long, so that one which fails at once does not fill the history. */
const SHORTEST_PAUSE_MS = 1_000;

/** Starts what is due by the clock: stored jobs, and automatic profiles after their pause. */
export class Engine implements WorldEngine {
  readonly #options: EngineOptions;
  readonly #runningJobs = new Map<number, Invocation>();
  readonly #runningProfiles = new Map<number, Invocation>();
  /** When a profile's last automatic run ended: it may have ended before it could record a result. */
  readonly #profileEnds = new Map<number, number>();
  #world: World | undefined;
  #stopped: AbortController | undefined;

  constructor(options: EngineOptions) {
    this.#options = options;
  }

  /** Makes this the engine of the world; a world is attached before `start`. */
  attach(world: World): void {
    this.#world = world;
  }

  /** Begins to watch the clock; what became due before is started at once, however often it was missed. */
  start(): void {
    if (this.#stopped) return;
    this.#stopped = new AbortController();
    void this.#watch(this.#stopped.signal);
  }

  /** Ends the watch and asks everything that runs to stop. The engine can be started again. */
  stop(): void {
    this.#stopped?.abort(new Error('The engine was stopped.'));
    this.#stopped = undefined;
    for (const run of [...this.#runningJobs.values(), ...this.#runningProfiles.values()]) run.cancel();
  }

  now(): number {
    return this.#options.clock.now();
  }

  /** Runs the job's action now; thrown when the job is running already: CommandFailure. An action that cannot be read ends as failed. */
  startJob(job: WorldJob): void {
    if (this.#runningJobs.has(job.id)) throw new CommandFailure(`Job '${job.name}' is already running.`);
    const world = this.#attached();
    const { id, action } = job;
    const startTime = world.now();
    job.lastStartDateTimeUtc = startTime;
    const run = this.#invokeAction(action);
    this.#runningJobs.set(id, run);
    void run.done.then((result) => {
      this.#runningJobs.delete(id);
      const completeTime = world.now();
      job.lastCompleteDateTimeUtc = completeTime;
      world.state.jobResults.push({ jobResultId: world.nextId('jobResult'), jobId: id, action, startTime, completeTime, result });
      this.#options.onChange?.();
    });
  }

  cancelJob(job: WorldJob): boolean {
    const run = this.#runningJobs.get(job.id);
    run?.cancel();
    return run !== undefined;
  }

  async #watch(stopped: AbortSignal): Promise<void> {
    while (!stopped.aborted) {
      this.#startDueJobs();
      this.#startDueProfiles();
      try {
        await this.#options.clock.sleep(LOOK_AGAIN_MS, stopped);
      } catch (error) {
        if (!stopped.aborted) throw error;
      }
    }
  }

  #startDueJobs(): void {
    const now = this.now();
    for (const job of this.#attached().state.jobs) {
      const due = job.nextStartDateTimeUtc;
      if (!job.enabled || due === null || utcMilliseconds(due) > now) continue;
      // Planned from the present and not from the time it was due: starts that were missed are not made up for.
      job.nextStartDateTimeUtc = nextStart(job.schedule, now);
      if (!this.#runningJobs.has(job.id)) this.startJob(job);
      this.#options.onChange?.();
    }
  }

  #startDueProfiles(): void {
    for (const profile of this.#attached().state.profiles) {
      const { id, alive, serverSideExecution } = profile;
      if (!alive || !serverSideExecution.automatic || this.#runningProfiles.has(id) || this.#dueTime(profile) > this.now()) continue;
      const run = this.#options.invoke(runProfile.name, { id: String(id) });
      this.#runningProfiles.set(id, run);
      void run.done.then(() => {
        this.#runningProfiles.delete(id);
        this.#profileEnds.set(id, this.now());
      });
    }
  }

  /** Returns when the profile's pause after its last run ends, for manual and automatic runs alike. */
  #dueTime({ id, serverSideExecution }: WorldProfile): number {
    const last = this.#attached().state.workerResults.findLast((run) => run.profileId === id);
    const lastEnd = Math.max(last ? utcMilliseconds(last.completeTime) : 0, this.#profileEnds.get(id) ?? 0);
    return lastEnd + Math.max(SHORTEST_PAUSE_MS, serverSideExecution.automaticPauseBetweenExecutions * 1_000);
  }

  #invokeAction(text: string): Invocation {
    const action = readAction(text);
    return action ? this.#options.invoke(action.command, action.args) : { done: Promise.resolve('failed'), cancel: () => {} };
  }

  #attached(): World {
    if (!this.#world) throw new Error('No world is attached to the engine.');
    return this.#world;
  }
}

/** Returns the command that an action names, or undefined when it cannot be read. */
function readAction(text: string): ReturnType<typeof parseAction> | undefined {
  try {
    return parseAction(text);
  } catch {
    return undefined;
  }
}
