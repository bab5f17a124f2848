/**
 * A process that starts tasks or takes over those that it finds, and ends when every task has ended. It is killed at a point of its life or
 * from outside. What it did is in its log, one line of JSON each, written before it goes on.
 */
import { createHash } from 'node:crypto';
import { openSync, writeSync } from 'node:fs';
import * as z from 'zod';
import { systemClock, type Clock } from '../../src/base/clock.ts';
import { MailStoreError } from '../../src/base/errors.ts';
import { MailStoreClient, type ClientRun, type Outcome } from '../../src/client/client.ts';
import { Journal } from '../../src/journal/journal.ts';
import { isEnded, type RawEnd } from '../../src/journal/task-record.ts';
import { AuditLog } from '../../src/audit/audit-log.ts';
import { TOOLSETS } from '../../src/catalogue/define-command.ts';
import type { Prompter } from '../../src/guard/prompter.ts';
import { Guard } from '../../src/guard/guard.ts';
import { Redactor } from '../../src/masking/redactor.ts';
import { TaskRunner } from '../../src/tasks/runner.ts';
import type { RunHandle, WireResponse } from '../../src/wire/reply.ts';
import { catalogue, findCommand } from '../helpers/server-catalogue.ts';
import { timeOfMachine, type LogLine } from './log.ts';
import type { PlannedCall, WorkerPlan } from './schedule.ts';
import { enginesOnFullDisk } from '../helpers/full-disk.ts';

export interface WorkerOrder {
  readonly plan: WorkerPlan;
  readonly folder: string;
  readonly log: string;
  readonly url: string;
  readonly username: string;
  readonly password: string;
  readonly fingerprint: string;
  readonly api: 'modern' | 'legacy';
  readonly fenceMs: number;
}

const TARGET = 'default';

const order = JSON.parse(process.argv[2] ?? '{}') as WorkerOrder;
const { plan } = order;
const logFile = openSync(order.log, 'a');
let offset = 0;
let fullUntil = 0;

const clock: Clock = {
  now: () => Date.now() + offset,
  monotonic: () => performance.now(),
  sleep: (ms, signal) => systemClock.sleep(ms, signal),
  after: (ms, act) => systemClock.after(ms, act),
};
if (plan.clockJump) {
  const { afterMs, byMs } = plan.clockJump;
  setTimeout(() => (offset += byMs), afterMs);
}

function say(line: LogLine): void {
  writeSync(logFile, `${JSON.stringify({ at: timeOfMachine(), ...line })}\n`);
}

const calls = new Map<string, number>();

/** Counts a call and dies if this is where it has to. */
function pass(method: string, side: 'before' | 'after', call: number): void {
  const { point } = plan;
  if (point?.method !== method || point.side !== side || point.call !== call) return;
  say({ what: 'died' });
  process.kill(process.pid, 'SIGKILL');
  // Nothing more may happen here, however long the signal takes.
  for (;;) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
}

type Observe = (method: string, args: readonly unknown[], result?: unknown) => void;

/** Returns an object that does the same, and passes a point before and after each call. */
function watched<T extends object>(target: T, before: Observe, after: Observe): T {
  return new Proxy(target, {
    get: (object, property) => {
      const value: unknown = Reflect.get(object, property, object);
      if (typeof value !== 'function') return value;
      const method = String(property);
      return (...args: unknown[]): unknown => {
        const call = (calls.get(method) ?? 0) + 1;
        calls.set(method, call);
        pass(method, 'before', call);
        before(method, args);
        const end = <Result>(result: Result): Result => {
          after(method, args, result);
          pass(method, 'after', call);
          return result;
        };
        const result: unknown = Reflect.apply(value, object, args);
        if (!(result instanceof Promise)) return end(result);
        return result.then(end, (error: unknown) => {
          end(error);
          throw error;
        });
      };
    },
  });
}

/** Simulates a disk that is full for a while, from the moment at which it is asked to store something of which there is no other copy. */
function fillsUp({ storing, forMs }: NonNullable<WorkerPlan['fullDisk']>): (sql: string) => boolean {
  const trigger = storing === 'end' ? /^INSERT INTO raw_ends/ : /^UPDATE tasks SET .*\brun = /;
  return (sql) => {
    if (fullUntil === 0 && trigger.test(sql)) fullUntil = Date.now() + forMs;
    return Date.now() < fullUntil;
  };
}

const { fullDisk } = plan;
const journal = Journal.open(order.folder, {
  clock,
  leaseMs: 300,
  fenceMs: order.fenceMs,
  ...(fullDisk && { engines: enginesOnFullDisk(fillsUp(fullDisk)) }),
});
const log = { error: sayLogged, warn: sayLogged, info: () => {}, debug: () => {} };
function sayLogged(text: string): void {
  say({ what: 'logged', text });
}
const client = new MailStoreClient({
  origin: order.url,
  username: order.username,
  password: order.password,
  trust: { fingerprint: order.fingerprint },
  api: order.api,
  catalogue,
  timeoutMs: 40_000,
  clock,
  log,
});

const watchedClient = watched(
  client,
  (method, args) => {
    if (method === 'poll') say({ what: 'asks', token: (args[0] as ClientRun).token });
  },
  (method, args, result) => {
    if (method === 'send' && !(result instanceof Error)) {
      const outcome = result as Outcome;
      if (outcome.kind === 'running') say({ what: 'began', token: outcome.run.token });
    }
    if (method !== 'poll') return;
    const run = args[0] as ClientRun;
    const { token } = run;
    if (result instanceof Error) say({ what: 'unanswered', token, code: readCode(result) });
    else {
      const raw = result as WireResponse;
      const isEnd = raw.status === 200 && !client.saysRunning(run, raw);
      say({ what: 'answered', token, ...(isEnd && { end: digestBody(raw) }) });
    }
  },
);
const watchedTasks = watched(
  journal.tasks,
  () => {},
  (method, args, result) => {
    // A full disk: nothing was written.
    if (result instanceof Error) return;
    const taskId = String(args[0]);
    if (method === 'accepted') say({ what: 'accepted', taskId, token: (args[2] as RunHandle).token });
    if (method === 'storeRawEnd') say({ what: 'stored', taskId, end: digestBody(args[1] as RawEnd) });
    if (method === 'finish' && result === true) say({ what: 'finished', taskId, status: (args[1] as { status: string }).status });
  },
);

function readCode(error: unknown): string {
  return error instanceof MailStoreError ? String(error.code) : String(error);
}

function digestBody({ body }: { readonly body: Uint8Array }): string {
  return createHash('sha256').update(body).digest('hex');
}

const watchedAudit = watched(
  new AuditLog(order.folder, journal.audit, clock),
  () => {},
  () => {},
);
const runner = new TaskRunner({
  clients: new Map([[TARGET, watchedClient]]),
  journal: watchedTasks,
  onEnd: (task, { again }) => guard.taskEnded(task, { again }),
  clock,
  log,
  timing: {
    heartbeatMs: 60,
    adoptMs: 60,
    lookMs: 15,
    faultPausesMs: [20, 40, 80, 150],
    shortPollPauseMs: 20,
    deniedMs: 100,
    strangeMs: 2000,
  },
});
/** What its questions read is asked by a client that passes no points. */
const guard = new Guard({
  clock,
  targets: new Map([[TARGET, { name: TARGET, origin: order.url, user: order.username, access: 'full', client }]]),
  groups: TOOLSETS,
  journal,
  audit: watchedAudit,
  runner,
  secrets: { variables: {}, generatedFolder: order.folder },
  redactor: new Redactor(),
  approveCommand: (approvalId) => approvalId,
  log,
});
const prompter: Prompter = { channel: 'terminal', ask: async () => ({ kind: 'accepted' }) };
/** The moment at which a caller sees the end. */
const caller = watched(
  { deliver: (taskId: string, status: string, result: unknown) => say({ what: 'delivered', taskId, status, result: result ?? null }) },
  () => {},
  () => {},
);

async function call({ command: name, args, afterMs, cancels }: PlannedCall): Promise<void> {
  await systemClock.sleep(afterMs);
  const command = findCommand(name);
  if (!command) throw new Error(`no command ${name}`);
  try {
    const parsed = z.strictObject(command.input).parse(args);
    const answered = await guard.run({ command, args: parsed, target: TARGET }, { client: { claimed: 'crash matrix' }, prompter });
    if (answered.kind !== 'task') throw new Error(`${name} is no task`);
    const { task } = answered;
    say({ what: 'handle', taskId: task.taskId, status: task.status });
    if (cancels) await runner.cancel(task.taskId).catch((error: unknown) => sayLogged(String(error)));
    const end = await runner.waitForEnd(task.taskId, 60_000);
    if (isEnded(end)) caller.deliver(end.taskId, end.status, end.result);
  } catch (error) {
    say({ what: 'refused', code: readCode(error) });
  }
}

/** True when nothing is left to do for anybody: what is ended, and on record, twice in a row stays so. */
async function isSettled(): Promise<boolean> {
  const { tasks } = journal;
  return (await tasks.active()).length === 0 && (await tasks.list()).length === 0 && (await tasks.untoldEnds()).length === 0;
}

async function main(): Promise<void> {
  runner.adopt();
  await Promise.all(plan.calls.map(call));
  for (let settled = 0; settled < 2; settled = (await isSettled()) ? settled + 1 : 0) await systemClock.sleep(25);
  await runner.close();
  await guard.close();
  await client.close();
  await watchedAudit.close();
  journal.close();
  say({ what: 'closed' });
  process.exit();
}

void main();
