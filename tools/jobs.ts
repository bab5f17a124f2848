import * as z from 'zod';
import { parseAction } from '../src/base/action.ts';
import {
  defineCommand,
  RISKS,
  type Cautions,
  type DecisionContext,
  type Effect,
  type Found,
  type Look,
  type Risk,
  type Verdict,
} from '../src/catalogue/define-command.ts';
import * as f from '../src/catalogue/fields.ts';
import { pickFields, readRow, findRow, readRows, readString } from '../src/base/rows.ts';
import { drifts } from '../src/catalogue/drifting.ts';
import { joinSentences } from '../src/catalogue/phrases.ts';
import { anything, guess, describeList, knownWords, nothing, RUN_RESULTS } from '../src/catalogue/outputs.ts';
import { makeSchedule, planNextStart } from '../src/emulation/jobs.ts';
import { DAYS_OF_WEEK } from '../src/emulation/schedule.ts';
import { utcToZone, zoneToUtc } from '../src/emulation/time-zones.ts';
import { CommandFailure, type WorldJob } from '../src/emulation/world.ts';

const group = 'jobs';
const editions = ['server', 'spe'] as const;
const since = 'between 9.0 (2014) and 2018';

/** Marks an argument of the ways in which a job can be scheduled; true for those that a way needs. */
const when = <Schema extends z.ZodType>(ways: Readonly<Record<string, boolean>>, schema: Schema): Schema =>
  f.addToChoice({ title: 'When it runs', ways }, schema);

const schedule = {
  timeZoneId: f.timeZone,
  date: when({ once: true }, f.localDateTime('Runs once, at this time.').optional()),
  interval: when(
    { 'every few minutes or hours': true },
    z.literal([5, 10, 15, 20, 30, 60, 120, 180, 240, 360, 720]).optional().describe('Minutes between runs.'),
  ),
  time: when(
    { 'every day': true, 'every week': true, 'every month': true },
    z
      .string()
      .regex(/^([01]\d|2[0-3]):[0-5]\d(:[0-5]\d)?$/, 'must be a time of day such as 01:30')
      .optional()
      .describe('Time of day, hh:mm; alone it means daily.'),
  ),
  dayOfWeek: when({ 'every week': true, 'every month': false }, z.enum(DAYS_OF_WEEK).optional().describe('Needs time.')),
  dayOfMonth: when(
    { 'every month': true },
    z
      .string()
      .regex(/^([1-9]|[12]\d|3[01]|Last)$/, 'must be 1 to 31 or Last')
      .optional()
      .describe('1 to 31 or Last; needs time.'),
  ),
};

type ScheduleArguments = z.output<z.ZodObject<typeof schedule>>;

const storedSchedule = z.object({ ...schedule, timeZoneId: f.text() });

/** Returns a schedule that a server shows as arguments that set it again; undefined unless it is of one form. */
function scheduleArguments(shown: unknown): ScheduleArguments | undefined {
  const { dayOfMonth, ...fields } = readRow(shown);
  const given = { ...fields, dayOfMonth: typeof dayOfMonth === 'number' ? String(dayOfMonth) : dayOfMonth };
  const read = storedSchedule.safeParse(Object.fromEntries(Object.entries(given).filter(([, value]) => value !== null))).data;
  if (!read) return undefined;
  const { date, interval, time, dayOfWeek, dayOfMonth: day } = read;
  const forms = [date, interval, time].filter((form) => form !== undefined).length;
  return forms === 1 && (time !== undefined || (dayOfWeek ?? day) === undefined) ? read : undefined;
}

/** Returns when a job runs, such as `every Sunday at 04:00 (W. Europe Standard Time)`; undefined for a schedule of no known form. */
function scheduleInWords(shown: unknown): string | undefined {
  const read = scheduleArguments(shown);
  if (!read) return undefined;
  const { timeZoneId, date, interval, time, dayOfWeek, dayOfMonth } = read;
  const zone = timeZoneId === '$Local' ? "the server's time zone" : timeZoneId;
  if (date !== undefined) return `once, at ${withoutSeconds(date.replace('T', ' '))} (${zone})`;
  if (interval !== undefined) return `every ${interval === 60 ? 'hour' : interval > 60 ? `${interval / 60} hours` : `${interval} minutes`}`;
  return `${daysInWords(dayOfWeek, dayOfMonth)} at ${withoutSeconds(time ?? '')} (${zone})`;
}

function daysInWords(dayOfWeek: string | undefined, dayOfMonth: string | undefined): string {
  if (dayOfMonth === undefined) return dayOfWeek === undefined ? 'daily' : `every ${dayOfWeek}`;
  const day = dayOfMonth === 'Last' ? 'the last day of each month' : `day ${dayOfMonth} of each month`;
  return `on ${day}${dayOfWeek === undefined ? '' : `, if that is a ${dayOfWeek},`}`;
}

function withoutSeconds(time: string): string {
  return time.replace(/(\d\d:\d\d):00$/, '$1');
}

interface OfJob {
  readonly id: number;
}

const JOB = ['id', 'name', 'action', 'owner', 'enabled', 'schedule'];

const lookAtJob = (fields: readonly string[]): Look<OfJob> => ({
  read: 'GetJobs',
  pick: (jobs, { id }) => pickFields(findRow(jobs, 'id', id), fields),
});

const actionOfJob: Look<OfJob> = { read: 'GetJobs', pick: (jobs, { id }) => findRow(jobs, 'id', id)?.action };

/** The job itself is changed or run, also where its command only reads. */
function atLeastWrite({ effect }: Verdict): Effect {
  return effect === 'read' ? 'write' : effect;
}

/** Judges a call that makes the server run what a stored job holds. */
const asItsAction = {
  effectRange: ['write', 'destructive'],
  effectOf: (_args: unknown, { action }: Found, { judgeAction }: DecisionContext) => atLeastWrite(judgeAction(action)),
  risks: RISKS,
  risk: (_args: unknown, { action }: Found, { judgeAction }: DecisionContext) => judgeAction(action).risks,
  decidesFrom: { action: actionOfJob },
} as const;

/** Stopping what keeps mail safe weakens protection. */
function stopping(action: unknown, { judgeAction }: DecisionContext): readonly Risk[] {
  return judgeAction(action).protects ? ['weakens-protection'] : [];
}

/** Names a job with its command, so that a yes is void once the job has another one. */
function nameJob({ id }: OfJob, { job }: Found): string {
  const { name, action } = readRow(job);
  const called = readString(name);
  return `job ${id}${called === undefined ? '' : ` "${called}"`}${runs(action)}`;
}

/** Returns facts that identify a job in addition to its id, name and command. They do not change when the job runs. */
function describeJob(job: unknown): string | undefined {
  const { owner, enabled, schedule } = readRow(job);
  const when = scheduleInWords(schedule);
  return (
    [
      ...(readString(owner) === undefined ? [] : [`owner ${String(owner)}`]),
      ...(typeof enabled === 'boolean' ? [enabled ? 'switched on' : 'switched off'] : []),
      ...(when === undefined ? [] : [when]),
    ].join('; ') || undefined
  );
}

function runs(action: unknown): string {
  const text = readString(action);
  return text === undefined ? '' : `, which runs ${text}`;
}

function describeRights(owner: unknown): string {
  const name = readString(owner);
  return name === undefined ? '' : ` with the rights of ${name}`;
}

/** Says what a destructive job comes to. */
function whatIsLost(action: unknown): string {
  return joinSentences(
    readString(action) === undefined && 'What it runs is not known here, so the worst has to be expected.',
    'What its command deletes, overwrites or sends away cannot be brought back.',
  );
}

/** The commands whose own questions can ask for a typed name, in small letters: the server may ignore letter case in an action. */
const TYPED = new Set(['deletemessage', 'detachstore', 'processretentionpolicies', 'setcomplianceconfiguration', 'setretentionpolicies']);

/** Returns the name to be typed where a job's command, called by itself, takes one too; an action that cannot be read may be any command. */
function typedForAction(action: unknown, name: string): string | undefined {
  try {
    return TYPED.has(parseAction(readString(action) ?? '').command.toLowerCase()) ? name : undefined;
  } catch {
    return name;
  }
}

const typedForJob = ({ id }: OfJob, { job }: Found) => typedForAction(readRow(job).action, readString(readRow(job).name) ?? String(id));

/** A job that starts within this time may start before a person has looked. */
const SOON_MS = 15 * 60_000;

/** Says that a job runs in a few minutes. */
const runsSoon: Cautions<OfJob> = {
  reads: {
    startingJob: { read: 'GetJobs', pick: (jobs, { id }) => pickFields(findRow(jobs, 'id', id), ['nextStartDateTimeUtc', 'name']) },
  },
  list: ({ id }, { startingJob }, now) => {
    const { nextStartDateTimeUtc: next, name } = readRow(startingJob);
    const minutes = typeof next === 'string' ? (Date.parse(next.endsWith('Z') ? next : `${next}Z`) - now) / 60_000 : Number.NaN;
    if (!(minutes >= 0 && minutes * 60_000 <= SOON_MS)) return [];
    return [`Job ${id} "${String(name)}" runs next ${drifts(`in ${Math.ceil(minutes)} minutes`)}.`];
  },
};

export const getJobs = defineCommand({
  name: 'GetJobs',
  title: 'List scheduled jobs',
  summary: 'Lists scheduled jobs: the command each runs, owner, schedule, last and next start. Outcomes: get_job_results.',
  group,
  editions,
  since,
  effect: 'read',
  input: {},
  output: describeList(
    {
      id: z.number(),
      name: z.string(),
      action: z.string(),
      owner: z.string(),
      creationDateTimeUtc: z.string().nullish(),
      lastStartDateTimeUtc: z.string().nullish(),
      lastCompleteDateTimeUtc: z.string().nullish(),
      nextStartDateTimeUtc: z.string().nullish(),
      enabled: z.boolean(),
      schedule: z.looseObject({
        timeZoneId: z.string(),
        date: z.string().nullish(),
        interval: z.number().nullish(),
        time: z.string().nullish(),
        dayOfWeek: z.union([z.string(), z.number()]).nullish(),
        dayOfMonth: z.union([z.string(), z.number()]).nullish(),
      }),
    },
    { nouns: ['job', 'jobs'], lists: [{ names: 'job', value: 'id', title: 'name' }] },
  ),
  examples: [{}],
  emulate: (world) => world.state.jobs.map((job) => ({ ...job, schedule: { ...job.schedule } })),
});

export const getJobResults = defineCommand({
  name: 'GetJobResults',
  title: 'List job runs',
  summary:
    'Lists finished runs of scheduled jobs with their outcome, such as whether the backup ran. Reasons are only in MailStore’s service log.',
  group,
  editions,
  since,
  effect: 'read',
  input: {
    fromIncluding: f.windowBound('since'),
    toExcluding: f.windowBound('until'),
    timeZoneId: f.timeZone,
    jobId: f.jobId.optional(),
  },
  output: describeList(
    {
      jobResultId: z.number(),
      jobId: z.number(),
      action: z.string(),
      startTime: z.string(),
      completeTime: z.string().nullish(),
      result: knownWords(RUN_RESULTS),
    },
    { nouns: ['run', 'runs'], order: '-startTime', counts: 'result' },
  ),
  examples: [
    { fromIncluding: '2026-11-01', toExcluding: '2026-11-08T00:00:00' },
    { fromIncluding: '2020-01-01', toExcluding: '2100-01-01', timeZoneId: 'W. Europe Standard Time', jobId: 1 },
  ],
  emulate: (world, { fromIncluding, toExcluding, timeZoneId, jobId }) => {
    const [from, to] = [zoneToUtc(fromIncluding, timeZoneId), zoneToUtc(toExcluding, timeZoneId)];
    return world.state.jobResults
      .filter((run) => run.startTime >= from && run.startTime < to && (jobId === undefined || run.jobId === jobId))
      .map((run) => ({
        ...run,
        startTime: utcToZone(run.startTime, timeZoneId),
        completeTime: utcToZone(run.completeTime, timeZoneId),
      }));
  },
});

export const createJob = defineCommand({
  name: 'CreateJob',
  title: 'Create a scheduled job',
  summary: 'Schedules a command to run unattended: give exactly one of date, interval or time. Counts as what its command does.',
  group,
  editions,
  since,
  effect: 'write',
  effectRange: ['write', 'destructive'],
  effectOf: ({ action }, _found, { judgeAction }) => atLeastWrite(judgeAction(action)),
  risks: RISKS,
  risk: ({ action }, _found, { judgeAction }) => judgeAction(action).risks,
  idempotent: false,
  input: {
    name: f.text(),
    action: f.jobAction(),
    owner: f.ownLogin('Login name of an administrator. Default: the login in use.'),
    ...schedule,
  },
  before: {
    read: 'GetJobs',
    pick: (jobs, { name }) => {
      const named = readRows(jobs).filter((job) => job.name === name);
      return named.length === 0 ? undefined : named.map((job) => pickFields(job, JOB));
    },
  },
  inverse: (_args, before, after) => {
    const [added, ...others] = readRows(after).filter(({ id }) => findRow(before, 'id', id) === undefined);
    return added?.id === undefined || others.length > 0 ? undefined : { command: 'DeleteJob', args: { id: added.id } };
  },
  question: {
    verb: () => 'Create',
    label: ({ name }) => `Create job ${name}`,
    object: ({ name, action }) => `new job "${name}"${runs(action)}`,
    consequence: ({ action, owner, ...when }) => {
      const schedule = scheduleInWords(when);
      return joinSentences(
        `The server runs it${schedule === undefined ? '' : ` ${schedule}`}${describeRights(owner)}, and no one is asked again.`,
        whatIsLost(action),
      );
    },
    typed: ({ name, action }) => typedForAction(action, name),
  },
  output: anything,
  examples: [
    { name: 'Verify stores', action: 'VerifyStores --includeIndexes="true"', owner: 'admin', time: '22:30', dayOfWeek: 'Saturday' },
    { name: 'Backup', action: 'CreateBackup --path="E:\\Backup"', owner: 'johndoe', timeZoneId: 'GMT Standard Time', interval: 720 },
  ],
  emulate: (world, { name, action, owner, ...when }) => {
    if (!world.user(owner).privileges.includes('admin')) throw new CommandFailure(`The job owner '${owner}' is not an administrator.`);
    requireAction(action);
    const planned = makeSchedule(when);
    const job: WorldJob = {
      id: world.nextId('job'),
      name,
      action,
      owner,
      enabled: true,
      schedule: planned,
      creationDateTimeUtc: world.now(),
      lastStartDateTimeUtc: null,
      lastCompleteDateTimeUtc: null,
      nextStartDateTimeUtc: null,
    };
    planNextStart(world, job);
    world.state.jobs.push(job);
    return structuredClone(job);
  },
});

/** Throws CommandFailure unless the text is one command with its arguments. */
function requireAction(action: string): void {
  try {
    parseAction(action);
  } catch (error) {
    throw new CommandFailure(error instanceof Error ? error.message : String(error));
  }
}

export const renameJob = defineCommand({
  name: 'RenameJob',
  title: 'Rename a job',
  summary: 'Renames a scheduled job; its command and schedule stay.',
  group,
  editions,
  since,
  effect: 'write',
  idempotent: true,
  input: { id: f.jobId, name: f.text() },
  before: lookAtJob(['id', 'name']),
  inverse: ({ id }, before) => {
    const name = readString(readRow(before).name);
    return name === undefined ? undefined : { command: 'RenameJob', args: { id, name } };
  },
  cautions: runsSoon,
  output: guess(nothing),
  examples: [{ id: 1, name: 'Backup to E:' }],
  emulate: (world, { id, name }) => {
    world.job(id).name = name;
    return null;
  },
});

export const setJobEnabled = defineCommand({
  name: 'SetJobEnabled',
  title: 'Switch a job on or off',
  summary: 'Switches the schedule of a job on or off; a run in progress goes on.',
  group,
  editions,
  since,
  effect: 'write',
  effectRange: ['write', 'destructive'],
  effectOf: ({ enabled }, { action }, { judgeAction }) => (enabled === false ? 'write' : atLeastWrite(judgeAction(action))),
  risks: RISKS,
  risk: ({ enabled }, { action }, context) => (enabled === false ? stopping(action, context) : context.judgeAction(action).risks),
  decidesFrom: { action: actionOfJob },
  idempotent: true,
  input: { id: f.jobId, enabled: z.boolean() },
  before: lookAtJob(['id', 'enabled']),
  inverse: ({ id }, before) => {
    const { enabled } = readRow(before);
    return typeof enabled === 'boolean' ? { command: 'SetJobEnabled', args: { id, enabled } } : undefined;
  },
  question: {
    reads: { job: lookAtJob(JOB) },
    verb: ({ enabled }) => (enabled ? 'Switch on' : 'Switch off'),
    label: ({ id, enabled }) => `${enabled ? 'Switch on' : 'Switch off'} job ${id}`,
    object: nameJob,
    facts: (_args, { job }) => describeJob(job),
    consequence: ({ enabled }, { job }) => {
      const { action, schedule, owner } = readRow(job);
      const when = scheduleInWords(schedule);
      if (enabled === false) return joinSentences('It no longer runs by itself.', when !== undefined && `Until now it runs ${when}.`);
      return joinSentences(
        `The server will run it by itself${when === undefined ? '' : `, ${when}`}${describeRights(owner)}, and no one is asked again.`,
        whatIsLost(action),
      );
    },
    typed: typedForJob,
  },
  cautions: runsSoon,
  output: guess(nothing),
  examples: [{ id: 2, enabled: false }],
  emulate: (world, { id, enabled }) => {
    const job = world.job(id);
    job.enabled = enabled;
    planNextStart(world, job);
    return null;
  },
});

export const setJobSchedule = defineCommand({
  name: 'SetJobSchedule',
  title: 'Change when a job runs',
  summary: 'Replaces the whole schedule of a job: give exactly one of date, interval or time.',
  group,
  editions,
  since,
  effect: 'write',
  ...asItsAction,
  risk: (_args, { action }, context) => [...context.judgeAction(action).risks, ...stopping(action, context)],
  idempotent: true,
  input: { id: f.jobId, ...schedule },
  before: lookAtJob(['id', 'schedule']),
  inverse: ({ id }, before) => {
    const former = scheduleArguments(readRow(before).schedule);
    return former && { command: 'SetJobSchedule', args: { id, ...former } };
  },
  question: {
    reads: { job: lookAtJob(JOB) },
    verb: () => 'Change the schedule of',
    label: ({ id }) => `Change the schedule of job ${id}`,
    object: nameJob,
    facts: (_args, { job }) => describeJob(job),
    consequence: ({ id: _id, ...when }, { job }) => {
      const { action, schedule, owner, enabled } = readRow(job);
      const [now, then] = [scheduleInWords(schedule), scheduleInWords(when)];
      return joinSentences(
        now !== undefined && `Its schedule is now: ${now}.`,
        `The server will run it${then === undefined ? ' at other times' : ` ${then}`}${describeRights(owner)}, and no one is asked again.`,
        enabled === false && 'It is switched off, and runs only once it is switched on.',
        whatIsLost(action),
      );
    },
    typed: typedForJob,
  },
  cautions: runsSoon,
  output: guess(nothing),
  examples: [
    { id: 3, time: '04:00', dayOfMonth: 'Last' },
    { id: 1, interval: 360 },
  ],
  emulate: (world, { id, ...when }) => {
    const job = world.job(id);
    job.schedule = makeSchedule(when);
    planNextStart(world, job);
    return null;
  },
});

export const deleteJob = defineCommand({
  name: 'DeleteJob',
  title: 'Delete a job',
  summary: 'Deletes a scheduled job for good; to pause it, use set_job_enabled.',
  group,
  editions,
  since,
  effect: 'destructive',
  risks: ['weakens-protection'],
  risk: (_args, { action }, context) => stopping(action, context),
  decidesFrom: { action: actionOfJob },
  idempotent: true,
  input: { id: f.jobId },
  before: lookAtJob(JOB),
  irreversible: 'A new job has another id, and the past runs do not belong to it.',
  question: {
    verb: () => 'Delete',
    label: ({ id }) => `Delete job ${id}`,
    object: (args, { before }) => nameJob(args, { job: before }),
    facts: (_args, { before }) => describeJob(before),
    consequence: (_args, { before }) => {
      const { schedule, enabled } = readRow(before);
      const when = scheduleInWords(schedule);
      return joinSentences(
        'The job is deleted for good, and its command no longer runs unless another job runs it.',
        when !== undefined && `Its schedule is lost with it: ${when}.`,
        enabled === false && 'It is switched off already.',
        'To pause a job, set_job_enabled is enough.',
      );
    },
  },
  cautions: runsSoon,
  output: guess(nothing),
  examples: [{ id: 4 }],
  emulate: (world, { id }) => {
    const job = world.job(id);
    world.engine.cancelJob(job);
    world.state.jobs.splice(world.state.jobs.indexOf(job), 1);
    return null;
  },
});

export const runJobAsync = defineCommand({
  name: 'RunJobAsync',
  title: 'Run a job now',
  summary: 'Starts a job now, with the command that it holds (see get_jobs), and does not wait. The outcome appears in get_job_results.',
  group,
  editions,
  since,
  effect: 'write',
  ...asItsAction,
  idempotent: false,
  input: { id: f.jobId },
  irreversible: 'What the command of a job has done cannot be taken back through the job.',
  question: {
    reads: { job: lookAtJob(JOB) },
    verb: () => 'Run',
    label: ({ id }) => `Run job ${id}`,
    object: nameJob,
    facts: (_args, { job }) => describeJob(job),
    consequence: (_args, { job }) => {
      const { action, owner } = readRow(job);
      return joinSentences(`The server runs it now${describeRights(owner)}.`, whatIsLost(action), 'Stopping it later takes nothing back.');
    },
    typed: typedForJob,
  },
  cautions: runsSoon,
  output: guess(nothing),
  examples: [{ id: 1 }],
  emulate: (world, { id }) => {
    world.engine.startJob(world.job(id));
    return null;
  },
});

export const cancelJobAsync = defineCommand({
  name: 'CancelJobAsync',
  title: 'Stop a running job',
  summary: 'Asks a running job to stop and does not wait; the schedule stays.',
  group,
  editions,
  since,
  effect: 'write',
  ...asItsAction,
  idempotent: true,
  input: { id: f.jobId },
  irreversible: 'A run that was stopped does not go on; starting the job again begins from the start.',
  question: {
    reads: { job: lookAtJob(JOB) },
    verb: () => 'Stop',
    label: ({ id }) => `Stop job ${id}`,
    object: nameJob,
    facts: (_args, { job }) => describeJob(job),
    consequence: () => 'If it is running, it stops where it is, which can leave its work half done. Its schedule stays.',
  },
  output: guess(nothing),
  examples: [{ id: 1 }],
  emulate: (world, { id }) => {
    world.engine.cancelJob(world.job(id));
    return null;
  },
});
