import { isEnded, type StoredRawEnd, type TaskRecord } from '../../src/journal/task-record.ts';
import type { RunEvent } from '../../src/sandbox/runs.ts';
import { findCommand } from '../helpers/server-catalogue.ts';
import { createHash } from 'node:crypto';
import type { Logged } from './log.ts';
import type { Plan, WorkerPlan } from './schedule.ts';

export type RecordedTask = TaskRecord & { readonly ends: readonly StoredRawEnd[] };

export interface PlayedWorker {
  readonly plan: WorkerPlan;
  readonly log: readonly Logged[];
  readonly stderr: string;
  /** True for one that came to no end in time. */
  readonly isStuck: boolean;
  /** When it was killed; absent for one that ended by itself. */
  readonly diedAt?: number;
}

/** All that is known about a run, from the server, from the processes, and from the file that they left behind. */
export interface RunTruth {
  readonly plan: Plan;
  readonly events: readonly (RunEvent & { readonly at: number })[];
  readonly restartedAt?: number;
  readonly workers: readonly PlayedWorker[];
  readonly tasks: readonly RecordedTask[];
  readonly integrity: readonly string[];
  /** The lines of the audit that name a task. */
  readonly audit: readonly { readonly task: string; readonly command: string; readonly outcome: string }[];
}

/** A promise that was broken. */
export interface Finding {
  readonly promise:
    | 'an end that was handed to a living process is kept'
    | 'one reader per token'
    | 'no command is started twice'
    | 'no end is made up'
    | 'nothing runs for ever'
    | 'an unknown end has its reason and evidence'
    | 'the end that was shown stays the same'
    | 'the file is intact'
    | 'every end is on record'
    | 'no process fails';
  readonly what: string;
}

/** Holds what the journal says against what the server and the processes say, and returns the promises that were broken. */
export function check(truth: RunTruth): readonly Finding[] {
  return CHECKS.flatMap(({ promise, find }) => find(truth).map((what) => ({ promise, what })));
}

const DEFINITE: ReadonlySet<string> = new Set(['succeeded', 'failed', 'cancelled']);

const CHECKS: readonly { readonly promise: Finding['promise']; readonly find: (truth: RunTruth) => readonly string[] }[] = [
  { promise: 'an end that was handed to a living process is kept', find: findLostEnds },
  { promise: 'one reader per token', find: findSecondReaders },
  { promise: 'no command is started twice', find: findSecondStarts },
  { promise: 'no end is made up', find: findMadeUpEnds },
  { promise: 'nothing runs for ever', find: findEndless },
  { promise: 'an unknown end has its reason and evidence', find: findUnexplained },
  { promise: 'the end that was shown stays the same', find: findChanged },
  { promise: 'the file is intact', find: ({ integrity }) => integrity.filter((line) => line !== 'ok') },
  { promise: 'every end is on record', find: findUnrecorded },
  {
    promise: 'no process fails',
    find: ({ workers }) => workers.flatMap(({ stderr }, index) => (stderr === '' ? [] : [`process ${index}: ${stderr}`])),
  },
];

function findLostEnds({ workers, tasks, events }: RunTruth): string[] {
  const byToken = new Map(tasks.flatMap((task) => (task.run ? [[task.run.token, task]] : [])));
  const kept = (task: RecordedTask | undefined, digest: string) => task?.ends.some((end) => digestBody(end) === digest) ?? false;
  const ofProcesses = workers.flatMap(({ log, diedAt }, index) =>
    log.flatMap((line, place): string[] => {
      if (line.what === 'began') return diedAt !== undefined || byToken.has(line.token) ? [] : [`process ${index} was given ${line.token}`];
      if (line.what === 'accepted') return byToken.get(line.token)?.taskId === line.taskId ? [] : [`process ${index}: ${line.token}`];
      if (line.what === 'stored') {
        const task = tasks.find(({ taskId }) => taskId === line.taskId);
        return kept(task, line.end) ? [] : [`process ${index} stored ${line.end} of ${line.taskId}`];
      }
      if (line.what !== 'answered' || line.end === undefined) return [];
      const task = byToken.get(line.token);
      // One that died with the answer in its hands may not have stored it; a later action proves it.
      const { end } = line;
      const mayLackIt = diedAt !== undefined && !log.slice(place + 1).some((later) => later.what === 'stored' && later.end === end);
      return mayLackIt || kept(task, end) ? [] : [`process ${index} was answered ${end} for ${line.token}`];
    }),
  );
  const ofServer = events.flatMap((event): string[] => {
    if (event.kind !== 'handedOver' || event.delivery !== 'whole') return [];
    // One reader asks at a time, and the server notes an end only after it was sent: the last poll that began before that has it.
    const asked = listPolls(workers).filter(({ token, from }) => token === event.token && from <= event.at);
    const last = asked.toSorted((one, other) => one.from - other.from).at(-1);
    if (last?.endedBy === 'death' || last?.endedBy === 'end') return [];
    return [`${event.token} was handed over at ${event.at}, to a poll that ended by ${last?.endedBy ?? 'nothing'}`];
  });
  const ofTasks = events.flatMap((event): string[] => {
    if (event.kind !== 'handedOver' || event.delivery !== 'whole') return [];
    const reader = listPolls(workers).find(({ token, endedBy }) => token === event.token && endedBy === 'end');
    const task = byToken.get(event.token);
    if (!reader || workers[reader.worker]?.diedAt !== undefined || DEFINITE.has(task?.status ?? '')) return [];
    return [`${event.token} was read by process ${reader.worker}, which lived, and is ${task?.status}`];
  });
  return [...ofProcesses, ...ofServer, ...ofTasks];
}

/** A clock that jumps may keep a process from seeing that an earlier one wrote the line; twice is better than never. */
function findUnrecorded({ plan, tasks, audit }: RunTruth): string[] {
  const jumps = [...plan.workers, ...plan.replacements].some(({ clockJump }) => clockJump !== undefined);
  return tasks.flatMap(({ taskId, command, status }): string[] => {
    const outcomes = status === 'failed' ? [status, 'not sent'] : [status];
    const lines = audit.filter((line) => line.task === taskId && line.command === command && outcomes.includes(line.outcome));
    if (lines.length === 1 || (jumps && lines.length > 1)) return [];
    return [`${taskId} is ${status}, and the audit says so ${lines.length} times`];
  });
}

interface Poll {
  readonly worker: number;
  readonly token: string;
  readonly from: number;
  readonly to: number;
  readonly endedBy: 'answer' | 'end' | 'fault' | 'death';
}

/** Returns when which process was asking for which token. */
function listPolls(workers: readonly PlayedWorker[]): readonly Poll[] {
  return workers.flatMap(({ log, diedAt }, worker) => {
    const open = new Map<string, number>();
    const polls: Poll[] = [];
    for (const line of log) {
      if (line.what === 'asks') open.set(line.token, line.at);
      if (line.what !== 'answered' && line.what !== 'unanswered') continue;
      const endedBy = line.what === 'unanswered' ? 'fault' : line.end === undefined ? 'answer' : 'end';
      polls.push({ worker, token: line.token, from: open.get(line.token) ?? line.at, to: line.at, endedBy });
      open.delete(line.token);
    }
    for (const [token, from] of open) polls.push({ worker, token, from, to: diedAt ?? Infinity, endedBy: 'death' });
    return polls;
  });
}

/** A halted process may still be asking when another one has taken its lease: it did not know that it was halted. */
function findSecondReaders({ plan, workers, events }: RunTruth): string[] {
  const ends = events.filter((event) => event.kind === 'handedOver').map(({ token }) => token);
  const twice = ends.filter((token, index) => ends.indexOf(token) !== index).map((token) => `the end of ${token} was handed out twice`);
  if (plan.workers.some(({ haltAfterMs }) => haltAfterMs !== undefined)) return twice;
  const polls = listPolls(workers);
  const together = polls.flatMap((one, index) =>
    polls
      .slice(index + 1)
      .filter((other) => other.worker !== one.worker && other.token === one.token && one.from < other.to && other.from < one.to)
      .map((other) => `processes ${one.worker} and ${other.worker} asked for ${one.token} at the same time`),
  );
  return [...twice, ...together];
}

function findSecondStarts({ events, tasks }: RunTruth): string[] {
  const started = events.filter((event) => event.kind === 'started');
  const makeCall = (command: string, args: Readonly<Record<string, unknown>>) =>
    `${command} ${JSON.stringify(Object.entries(args).map(([name, value]) => [name, String(value)])).toString()}`;
  const count = (calls: readonly string[], call: string) => calls.filter((other) => other === call).length;
  const runs = started.map(({ command, raw }) => makeCall(command, raw));
  const recorded = tasks.map(({ command, argumentsMasked }) => makeCall(command, argumentsMasked));
  return [...new Set(runs)]
    .filter((call) => count(runs, call) > count(recorded, call))
    .map((call) => `${call} was started ${count(runs, call)} times for ${count(recorded, call)} tasks`);
}

function findMadeUpEnds({ plan, events, tasks }: RunTruth): string[] {
  const ends = new Map(events.flatMap((event) => (event.kind === 'handedOver' ? [[event.token, event]] : [])));
  return tasks.flatMap(({ taskId, run, status, command, argumentsMasked }): string[] => {
    if (!DEFINITE.has(status)) return [];
    if (!run) {
      // Without a token only a refusal is an end, and then nothing was begun.
      const runs = events.filter(
        (event) =>
          event.kind === 'started' &&
          event.command === command &&
          Object.entries(event.raw).every(([name, value]) => String(argumentsMasked[name]) === value),
      ).length;
      const others = tasks.filter(
        (other) =>
          other.taskId !== taskId &&
          other.command === command &&
          JSON.stringify(other.argumentsMasked) === JSON.stringify(argumentsMasked) &&
          (other.run || other.status === 'unknown'),
      ).length;
      return status === 'failed' && runs <= others ? [] : [`${taskId} is ${status} although the server has begun it`];
    }
    const end = ends.get(run.token);
    // The 2012 form has no word for a cancelled run.
    const told = end?.status === 'cancelled' && plan.api === 'legacy' ? 'failed' : end?.status;
    return end?.delivery === 'whole' && told === status ? [] : [`${taskId} is ${status}, and the server said ${told} (${end?.delivery})`];
  });
}

function findEndless({ tasks, workers }: RunTruth): string[] {
  return [
    ...tasks
      .filter((task) => !isEnded(task) || (task.status === 'unknown' && task.hasRawEnd))
      .map((task) => `${task.taskId} is ${task.status}`),
    ...workers.flatMap(({ isStuck }, index) => (isStuck ? [`process ${index} came to no end`] : [])),
  ];
}

function findUnexplained({ events, tasks, restartedAt, workers, plan }: RunTruth): string[] {
  const handedOver = new Set(events.flatMap((event) => (event.kind === 'handedOver' ? [event.token] : [])));
  const isDisturbed = workers.some(({ diedAt, plan: { haltAfterMs } }) => diedAt !== undefined || haltAfterMs !== undefined);
  return tasks.flatMap((task): string[] => {
    const { taskId, status, reason, evidence, run, command, argumentsMasked, startedAt } = task;
    if (status !== 'unknown') return [];
    const declared = findCommand(command)?.evidence?.({ ...argumentsMasked }, startedAt.slice(0, 19)) ?? [];
    const problems: string[] = [];
    if (!reason) problems.push(`${taskId} has no reason`);
    if (evidence.length !== declared.length) problems.push(`${taskId} has ${evidence.length} of ${declared.length} pieces of evidence`);
    if (run && !handedOver.has(run.token) && restartedAt === undefined)
      problems.push(`${taskId} is unknown, and the server still has its end`);
    if (!run && !isDisturbed && restartedAt === undefined && plan.faults.length === 0)
      problems.push(`${taskId} is unknown without a cause`);
    return problems;
  });
}

/** What a caller has seen as the end is what the record says for ever; only an unknown end may come to light. */
function findChanged({ workers, tasks }: RunTruth): string[] {
  return workers.flatMap(({ log }, index) =>
    log.flatMap((line): string[] => {
      if (line.what !== 'delivered' && line.what !== 'finished') return [];
      const task = tasks.find(({ taskId }) => taskId === line.taskId);
      const isSame =
        task?.status === line.status && (line.what === 'finished' || JSON.stringify(task.result ?? null) === JSON.stringify(line.result));
      return isSame || (line.status === 'unknown' && DEFINITE.has(task?.status ?? ''))
        ? []
        : [`process ${index} was shown that ${line.taskId} is ${line.status}, and it is ${task?.status}`];
    }),
  );
}

function digestBody({ body }: StoredRawEnd): string {
  return createHash('sha256').update(body).digest('hex');
}
