import { afterEach, beforeEach, expect, test } from 'vitest';
import { CommandFailure, utcText, World, type WorldJob, type WorldProfile, type WorldSchedule } from '../../src/emulation/world.ts';
import { Engine } from '../../src/sandbox/engine.ts';
import type { RunEnd } from '../../src/sandbox/runs.ts';
import { seedWorld } from '../../src/sandbox/seed.ts';
import { ManualClock } from '../helpers/manual-clock.ts';

const NOON = Date.UTC(2026, 2, 4, 12);
const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

interface Call {
  readonly at: string;
  readonly command: string;
  readonly args: Record<string, string>;
}

let clock: ManualClock;
let world: World;
let engine: Engine;
let calls: Call[];
let ends: RunEnd[];
/** How long each command takes, and how it ends unless it is cancelled. */
let duration: number;
let outcome: RunEnd;

beforeEach(() => {
  clock = new ManualClock(NOON);
  calls = [];
  ends = [];
  duration = 0;
  outcome = 'succeeded';
  engine = new Engine({ clock, invoke });
  const state = seedWorld('small', NOON);
  state.profiles.length = 0;
  state.jobs.length = 0;
  state.jobResults.length = 0;
  world = new World(state, engine);
  engine.attach(world);
});

afterEach(() => engine.stop());

test('a daily job starts at its time and its end is recorded', async () => {
  const job = addJob(
    { timeZoneId: 'UTC', time: '13:00:00' },
    '2026-03-04T13:00:00',
    'CreateBackup --path="E:\\Backup" --excludeSearchIndexes="true"',
  );
  duration = 90 * SECOND;
  engine.start();

  await clock.advance(HOUR - SECOND);
  expect(calls).toEqual([]);

  await clock.advance(SECOND);
  expect(calls).toEqual([
    { at: '2026-03-04T13:00:00', command: 'CreateBackup', args: { path: 'E:\\Backup', excludeSearchIndexes: 'true' } },
  ]);
  expect(job).toMatchObject({
    lastStartDateTimeUtc: '2026-03-04T13:00:00',
    lastCompleteDateTimeUtc: null,
    nextStartDateTimeUtc: '2026-03-05T13:00:00',
  });
  expect(world.state.jobResults).toEqual([]);

  await clock.advance(2 * MINUTE);
  expect(job.lastCompleteDateTimeUtc).toBe('2026-03-04T13:01:30');
  expect(world.state.jobResults).toEqual([
    {
      jobResultId: world.state.lastIds.jobResult,
      jobId: job.id,
      action: job.action,
      startTime: '2026-03-04T13:00:00',
      completeTime: '2026-03-04T13:01:30',
      result: 'succeeded',
    },
  ]);
});

test('a job that the clock has jumped over starts once', async () => {
  const job = addJob({ timeZoneId: 'UTC', interval: 30 }, '2026-03-04T12:30:00');
  engine.start();
  await clock.jump(5 * 24 * HOUR + MINUTE);
  expect(calls.map(({ at }) => at)).toEqual(['2026-03-09T12:01:00']);
  expect(job.nextStartDateTimeUtc).toBe('2026-03-09T12:30:00');
});

test('a job that became due while the sandbox was down starts once when it comes up', async () => {
  addJob({ timeZoneId: 'UTC', time: '01:00:00' }, '2026-03-01T01:00:00');
  engine.start();
  await clock.advance(MINUTE);
  expect(calls).toHaveLength(1);
});

test('a job with a date runs once and is never planned again', async () => {
  const job = addJob({ timeZoneId: 'UTC', date: '2026-03-04T12:10:00' }, '2026-03-04T12:10:00');
  engine.start();
  await clock.advance(3 * HOUR);
  expect(calls.map(({ at }) => at)).toEqual(['2026-03-04T12:10:00']);
  expect(job).toMatchObject({ enabled: true, nextStartDateTimeUtc: null });
});

test('a disabled job stays where it is', async () => {
  const job = addJob({ timeZoneId: 'UTC', interval: 5 }, '2026-03-04T12:05:00');
  job.enabled = false;
  engine.start();
  await clock.advance(HOUR);
  expect(calls).toEqual([]);
});

test('a job that is created while the engine runs starts at its time', async () => {
  engine.start();
  await clock.advance(10 * MINUTE);
  addJob({ timeZoneId: 'UTC', interval: 15 }, '2026-03-04T12:15:00');
  await clock.advance(25 * MINUTE);
  expect(calls.map(({ at }) => at)).toEqual(['2026-03-04T12:15:00', '2026-03-04T12:30:00']);
});

test('a job that is still running when it is due again is left running', async () => {
  const job = addJob({ timeZoneId: 'UTC', interval: 5 }, '2026-03-04T12:05:00');
  duration = 12 * MINUTE;
  engine.start();
  await clock.advance(18 * MINUTE);
  expect(calls.map(({ at }) => at)).toEqual(['2026-03-04T12:05:00']);
  expect(job.nextStartDateTimeUtc).toBe('2026-03-04T12:20:00');
  expect(world.state.jobResults).toHaveLength(1);
});

test('a job can be started by hand, though not twice at a time', async () => {
  const job = addJob({ timeZoneId: 'UTC', time: '01:00:00' }, '2026-03-05T01:00:00');
  duration = MINUTE;
  engine.startJob(job);
  expect(() => engine.startJob(job)).toThrow(new CommandFailure(`Job '${job.name}' is already running.`));
  await clock.advance(MINUTE);
  engine.startJob(job);
  await clock.advance(MINUTE);
  expect(world.state.jobResults.map(({ startTime, completeTime }) => [startTime, completeTime])).toEqual([
    ['2026-03-04T12:00:00', '2026-03-04T12:01:00'],
    ['2026-03-04T12:01:00', '2026-03-04T12:02:00'],
  ]);
  expect(job.nextStartDateTimeUtc).toBe('2026-03-05T01:00:00');
});

test('a running job can be cancelled, and its result says so', async () => {
  const job = addJob({ timeZoneId: 'UTC', time: '01:00:00' }, '2026-03-05T01:00:00');
  duration = HOUR;
  expect(engine.cancelJob(job)).toBe(false);
  engine.startJob(job);
  await clock.advance(MINUTE);
  expect(engine.cancelJob(job)).toBe(true);
  await clock.advance(SECOND);
  expect(world.state.jobResults).toMatchObject([{ result: 'cancelled', completeTime: '2026-03-04T12:01:00' }]);
  expect(engine.cancelJob(job)).toBe(false);
});

test.each(['', '--path="E:\\Backup"', 'CreateBackup --path="E:\\'])('a job whose action is %j ends as failed', async (action) => {
  engine.startJob(addJob({ timeZoneId: 'UTC', time: '01:00:00' }, '2026-03-05T01:00:00', action));
  await clock.advance(0);
  expect(calls).toEqual([]);
  expect(world.state.jobResults).toMatchObject([{ action, result: 'failed' }]);
});

test('a job whose command fails is recorded as failed', async () => {
  outcome = 'failed';
  engine.startJob(addJob({ timeZoneId: 'UTC', time: '01:00:00' }, '2026-03-05T01:00:00'));
  await clock.advance(0);
  expect(world.state.jobResults).toMatchObject([{ result: 'failed' }]);
});

test('an automatic profile runs again a pause after the end of its last run', async () => {
  addProfile({ pause: 600, lastEnd: NOON - 4 * MINUTE });
  duration = 2 * MINUTE;
  engine.start();
  await clock.advance(20 * MINUTE);
  expect(calls).toEqual([
    { at: '2026-03-04T12:06:00', command: 'RunProfile', args: { id: '71' } },
    { at: '2026-03-04T12:18:00', command: 'RunProfile', args: { id: '71' } },
  ]);
});

test('a new automatic profile runs at once', async () => {
  engine.start();
  await clock.advance(MINUTE);
  addProfile({ pause: 600 });
  await clock.advance(2 * SECOND);
  expect(calls).toHaveLength(1);
});

test('an automatic profile that fails before it records a result still keeps its pause', async () => {
  addProfile({ pause: 600 });
  outcome = 'failed';
  engine.start();
  await clock.advance(15 * MINUTE);
  expect(calls.map(({ at }) => at)).toEqual(['2026-03-04T12:00:00', '2026-03-04T12:10:00']);
});

test('a manual profile, and one that silently stopped, never run by themselves', async () => {
  addProfile({ pause: 60, automatic: false });
  addProfile({ pause: 60, alive: false });
  engine.start();
  await clock.advance(HOUR);
  expect(calls).toEqual([]);
});

test('a profile is not started again while it runs', async () => {
  addProfile({ pause: 60 });
  duration = 30 * MINUTE;
  engine.start();
  await clock.advance(29 * MINUTE);
  expect(calls).toHaveLength(1);
});

test('a stopped engine starts nothing, asks what runs to stop, and waits for no time', async () => {
  const job = addJob({ timeZoneId: 'UTC', interval: 5 }, '2026-03-04T12:05:00');
  addProfile({ pause: 300 });
  duration = 10 * MINUTE;
  engine.start();
  await clock.advance(6 * MINUTE);
  expect(calls.map(({ command }) => command)).toEqual(['RunProfile', 'ProcessRetentionPolicies']);

  engine.stop();
  expect(clock.sleeping).toBe(0);
  await clock.advance(HOUR);
  expect(ends).toEqual(['cancelled', 'cancelled']);
  expect(calls).toHaveLength(2);
  expect(job.lastCompleteDateTimeUtc).toBe('2026-03-04T12:06:00');
});

test('a stopped engine can be started again', async () => {
  addJob({ timeZoneId: 'UTC', interval: 5 }, '2026-03-04T12:05:00');
  engine.start();
  engine.stop();
  engine.start();
  engine.start();
  expect(clock.sleeping).toBe(1);
  await clock.advance(6 * MINUTE);
  expect(calls).toHaveLength(1);
});

function invoke(command: string, args: Record<string, string>): { done: Promise<RunEnd>; cancel(): void } {
  calls.push({ at: utcText(clock.now()), command, args });
  const cancelled = new AbortController();
  const run = async (): Promise<RunEnd> => {
    try {
      await clock.sleep(duration, cancelled.signal);
      return outcome;
    } catch {
      return 'cancelled';
    }
  };
  const done = run().then((end) => {
    ends.push(end);
    return end;
  });
  return { done, cancel: () => cancelled.abort() };
}

function addJob(schedule: WorldSchedule, nextStartDateTimeUtc: string, action = 'ProcessRetentionPolicies'): WorldJob {
  const job: WorldJob = {
    id: world.nextId('job'),
    name: 'Test job',
    action,
    owner: 'admin',
    enabled: true,
    schedule,
    creationDateTimeUtc: '2026-01-01T00:00:00',
    lastStartDateTimeUtc: null,
    lastCompleteDateTimeUtc: null,
    nextStartDateTimeUtc,
  };
  world.state.jobs.push(job);
  return job;
}

function addProfile({
  pause,
  automatic = true,
  alive = true,
  lastEnd,
}: {
  pause: number;
  automatic?: boolean;
  alive?: boolean;
  lastEnd?: number;
}): void {
  const id = 71 + world.state.profiles.length;
  const profile: WorldProfile = {
    id,
    version: 1,
    name: 'Test profile',
    owner: 'admin',
    type: 'I',
    connector: 'Imap',
    details: {},
    serverSideExecution: { automatic, automaticPauseBetweenExecutions: pause, automaticMaintenanceWindows: null },
    alive,
  };
  world.state.profiles.push(profile);
  if (lastEnd === undefined) return;
  world.state.workerResults.push({
    id: world.nextId('workerResult'),
    userName: 'admin',
    profileId: id,
    profileName: profile.name,
    result: 'succeeded',
    itemsArchived: 0,
    startTime: utcText(lastEnd - MINUTE),
    completeTime: utcText(lastEnd),
    machineName: 'ARCHIVE01',
    report: '',
  });
}
