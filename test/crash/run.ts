import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { parseLine } from '../../src/audit/read-audit.ts';
import { systemClock } from '../../src/base/clock.ts';
import { Journal } from '../../src/journal/journal.ts';
import { openSqlite } from '../../src/journal/sqlite.ts';
import type { RunEvent } from '../../src/sandbox/runs.ts';
import { startSandbox, type Sandbox } from '../../src/sandbox/sandbox.ts';
import { check, type Finding, type PlayedWorker, type RecordedTask, type RunTruth } from './check.ts';
import { readLog, timeOfMachine } from './log.ts';
import { namePoint } from './points.ts';
import { HALT_MS, type Plan, type WorkerPlan } from './schedule.ts';
import type { WorkerOrder } from './worker.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const WORKER = fileURLToPath(new URL('worker.ts', import.meta.url));

/** How long one process may take to come to an end. It only catches a hang: with 40 others on two processors, one start took a minute. */
const PATIENCE_MS = 600_000;

/** A lease that nothing but the end of its holder costs, and one that a halted holder loses. */
const FENCE_MS = { never: 600_000, halted: 1200 } as const;

export interface PlayedRun {
  readonly plan: Plan;
  readonly findings: readonly Finding[];
  /** Where processes were killed; `outside` for those that were killed at a time. */
  readonly kills: readonly string[];
  readonly processes: number;
  readonly tasks: readonly RecordedTask[];
  /** What was seen, one line each, for the analysis of a finding. */
  readonly story: readonly string[];
}

interface EventLog {
  current: (RunEvent & { readonly at: number })[];
}

/** Plays runs one after the other, against one emulated server. */
export class Lane {
  readonly #sandbox: Sandbox;
  readonly #folder: string;
  readonly #program: string;
  readonly #events: EventLog;

  private constructor(sandbox: Sandbox, folder: string, program: string, events: EventLog) {
    this.#sandbox = sandbox;
    this.#folder = folder;
    this.#program = program;
    this.#events = events;
  }

  static async open(): Promise<Lane> {
    const folder = mkdtempSync(join(tmpdir(), 'crash-'));
    const events: EventLog = { current: [] };
    const onRun = (event: RunEvent) => void events.current.push({ ...event, at: timeOfMachine() });
    const sandbox = await startSandbox({ seed: 'small', runSeconds: 0.25, onRun });
    return new Lane(sandbox, folder, await bundleWorker(folder), events);
  }

  async close(): Promise<void> {
    await this.#sandbox.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async play(plan: Plan): Promise<PlayedRun> {
    const folder = join(this.#folder, `run-${plan.seed}`);
    mkdirSync(folder);
    this.#events.current = [];
    for (const fault of plan.faults) this.#sandbox.faults.add(fault);
    const workers: Worker[] = [];
    const start = (worker: WorkerPlan) => {
      const started = new Worker(this.#program, this.#order(plan, worker, folder, `${workers.length}.log`));
      workers.push(started);
      return started;
    };
    const replacements = [...plan.replacements];
    const follow = async (worker: WorkerPlan): Promise<void> => {
      await systemClock.sleep(worker.afterMs);
      await start(worker).ended;
      const next = workers.at(-1)?.isStuck ? undefined : replacements.shift();
      if (next) await follow(next);
    };
    const disturbance = new AbortController();
    const disturbed = this.#disturb(plan, disturbance.signal);
    await Promise.all(plan.workers.map(follow));
    disturbance.abort();
    const restartedAt = await disturbed;
    // After all that happened before, in the end one process is there and lives.
    await start({ afterMs: 0, calls: [] }).ended;
    this.#sandbox.faults.clear();
    const truth = await collectTruth(plan, folder, workers, this.#events.current, restartedAt);
    const story = tellStory(truth);
    rmSync(folder, { recursive: true, force: true });
    return {
      plan,
      findings: check(truth),
      kills: truth.workers.flatMap(({ diedAt, plan: { point } }, index) =>
        diedAt === undefined ? [] : [point && workers[index]?.killedItself ? namePoint(point) : 'outside'],
      ),
      processes: workers.length,
      tasks: truth.tasks,
      story,
    };
  }

  #order(plan: Plan, worker: WorkerPlan, folder: string, name: string): WorkerOrder {
    const { url, username, password, fingerprint } = this.#sandbox;
    const fenceMs = plan.workers.some(({ haltAfterMs }) => haltAfterMs !== undefined) ? FENCE_MS.halted : FENCE_MS.never;
    return { plan: worker, folder, log: join(folder, name), url, username, password, fingerprint, api: plan.api, fenceMs };
  }

  /** Restarts the server, and takes a store away from the runs that are at it; returns when the server was restarted. */
  async #disturb({ restartAfterMs, failsMidway }: Plan, signal: AbortSignal): Promise<number | undefined> {
    const pause = async (ms: number) => systemClock.sleep(ms, signal).catch(() => undefined);
    const fail = async () => {
      const store = this.#sandbox.world.store(4);
      await pause(400);
      const { requestedState } = store;
      store.requestedState = 'disabled';
      await pause(600);
      store.requestedState = requestedState;
    };
    const restart = async () => {
      if (restartAfterMs === undefined) return undefined;
      await pause(restartAfterMs);
      if (signal.aborted) return undefined;
      const at = timeOfMachine();
      await this.#sandbox.restart();
      return at;
    };
    const [restartedAt] = await Promise.all([restart(), failsMidway ? fail() : undefined]);
    return restartedAt;
  }
}

/** One process of a run. */
class Worker {
  readonly order: WorkerOrder;
  readonly ended: Promise<void>;
  readonly #child: ChildProcess;
  #killedAt: number | undefined;
  #signal: NodeJS.Signals | null = null;
  isStuck = false;
  stderr = '';

  constructor(program: string, order: WorkerOrder) {
    this.order = order;
    this.#child = spawn(process.execPath, [program, JSON.stringify(order)], { stdio: ['ignore', 'ignore', 'pipe'] });
    this.#child.stderr?.on('data', (chunk: Buffer) => (this.stderr += chunk.toString()));
    this.ended = this.#live();
  }

  get killedAt(): number | undefined {
    return this.#killedAt;
  }

  /** True for one that reached the point at which it had to die. */
  get killedItself(): boolean {
    return this.#signal === 'SIGKILL' && this.#killedAt === undefined;
  }

  get died(): boolean {
    return this.#signal === 'SIGKILL' && !this.isStuck;
  }

  async #live(): Promise<void> {
    const { killAfterMs, haltAfterMs } = this.order.plan;
    const timers = [
      setTimeout(() => {
        this.isStuck = true;
        this.#child.kill('SIGKILL');
      }, PATIENCE_MS),
    ];
    if (killAfterMs !== undefined) timers.push(setTimeout(() => this.#kill(), killAfterMs));
    if (haltAfterMs !== undefined && process.platform !== 'win32') {
      timers.push(setTimeout(() => this.#child.kill('SIGSTOP'), haltAfterMs));
      timers.push(setTimeout(() => this.#child.kill('SIGCONT'), haltAfterMs + HALT_MS));
    }
    await new Promise<void>((resolve) => {
      this.#child.once('close', (_code, signal) => {
        this.#signal = signal;
        resolve();
      });
    });
    for (const timer of timers) clearTimeout(timer);
  }

  #kill(): void {
    // Taken before: what a process did up to here it may have done.
    const at = timeOfMachine();
    if (this.#child.kill('SIGKILL')) this.#killedAt = at;
  }
}

async function collectTruth(
  plan: Plan,
  folder: string,
  workers: readonly Worker[],
  events: RunTruth['events'],
  restartedAt: number | undefined,
): Promise<RunTruth> {
  const journal = Journal.open(folder, { clock: systemClock });
  const tasks: RecordedTask[] = [];
  for (const task of await journal.tasks.list({ includeEnded: true })) {
    tasks.push({ ...task, ends: await journal.tasks.rawEnds(task.taskId) });
  }
  journal.close();
  const db = openSqlite(join(folder, 'journal.sqlite'));
  const integrity = db.all<{ integrity_check: string }>('PRAGMA integrity_check').map((row) => row.integrity_check);
  db.close();
  return {
    plan,
    events,
    tasks,
    integrity,
    audit: readEnds(folder),
    ...(restartedAt !== undefined && { restartedAt }),
    workers: workers.map((worker): PlayedWorker => {
      const log = readLogIfAny(worker.order.log);
      const diedAt = worker.died ? (worker.killedAt ?? log.at(-1)?.at ?? 0) : undefined;
      return {
        plan: worker.order.plan,
        log,
        stderr: worker.stderr,
        isStuck: worker.isStuck,
        ...(diedAt !== undefined && { diedAt }),
      };
    }),
  };
}

/** Returns the lines of the audit that name a task and were not withdrawn. A process that was killed may have left half a line. */
function readEnds(folder: string): RunTruth['audit'] {
  const path = join(folder, 'audit.jsonl');
  if (!existsSync(path)) return [];
  const lines = readFileSync(path, 'utf8')
    .split('\n')
    .map((line) => parseLine(Buffer.from(line)) ?? {});
  const name = (chain: unknown, number: unknown) => `${String(chain)}:${String(number)}`;
  // A line whose head could not be stored does not count: its process withdraws it and records the end later.
  const withdrawn = new Set(lines.filter(({ event }) => event === 'withdrawn').map(({ chain, line }) => name(chain, line)));
  return lines.flatMap(({ task, command, outcome, chain, number }) =>
    typeof task === 'string' && !withdrawn.has(name(chain, number)) ? [{ task, command: String(command), outcome: String(outcome) }] : [],
  );
}

/** A process may be killed before it has a log. */
function readLogIfAny(path: string): ReturnType<typeof readLog> {
  try {
    return readLog(path);
  } catch {
    return [];
  }
}

function tellStory({ workers, events, restartedAt, tasks }: RunTruth): readonly string[] {
  const lines = [
    ...workers.flatMap(({ log }, index) => log.map(({ at, ...line }) => ({ at, text: `process ${index}: ${JSON.stringify(line)}` }))),
    ...workers.flatMap(({ diedAt }, index) => (diedAt === undefined ? [] : [{ at: diedAt, text: `process ${index} is killed` }])),
    ...events.map(({ at, ...event }) => ({ at, text: `server: ${JSON.stringify(event)}` })),
    ...(restartedAt === undefined ? [] : [{ at: restartedAt, text: 'server: restarted' }]),
  ].toSorted((a, b) => a.at - b.at);
  const start = lines[0]?.at ?? 0;
  return [
    ...lines.map(({ at, text }) => `${(at - start).toFixed(1).padStart(8)} ${text}`),
    ...tasks.map(({ taskId, command, argumentsMasked, status, run, reason }) =>
      [taskId, command, JSON.stringify(argumentsMasked), run?.token, status, reason].join(' '),
    ),
    ...workers.flatMap(({ stderr }, index) => (stderr === '' ? [] : [`process ${index} on stderr: ${stderr}`])),
  ];
}

/** Returns the path of the worker as one file, which starts several times faster than its sources. */
async function bundleWorker(folder: string): Promise<string> {
  const outfile = join(folder, 'worker.cjs');
  // The bundle loads its native module from its own folder.
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'), 'junction');
  await build({
    entryPoints: [WORKER],
    outfile,
    bundle: true,
    format: 'cjs',
    platform: 'node',
    target: 'node20.19',
    external: ['libsql'],
    logLevel: 'error',
    logOverride: { 'empty-import-meta': 'silent' },
  });
  return outfile;
}
