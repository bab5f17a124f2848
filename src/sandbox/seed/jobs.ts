import { DAY_MS } from '../../base/clock.ts';
import { nextStart } from '../../emulation/schedule.ts';
import {
  utcMilliseconds,
  utcText,
  type WorldJob,
  type WorldJobResult,
  type WorldSchedule,
  type WorldState,
} from '../../emulation/world.ts';
import type { Dice } from './dice.ts';

const MINUTE = 60_000;

const timeZoneId = 'W. Europe Standard Time';

interface JobHabit {
  readonly id: number;
  readonly name: string;
  readonly action: string;
  readonly enabled: boolean;
  readonly schedule: WorldSchedule;
  readonly minutes: readonly [shortest: number, longest: number];
  /** The runs that failed: those that began between these ages, in days. */
  readonly failed?: { readonly from: number; readonly to: number };
}

const HABITS: readonly JobHabit[] = [
  {
    id: 1,
    name: 'Nightly backup',
    action: 'CreateBackup --path="E:\\Backup" --excludeSearchIndexes="true"',
    enabled: true,
    schedule: { timeZoneId, time: '01:00:00' },
    minutes: [58, 81],
    failed: { from: 17.5, to: 15.5 },
  },
  {
    id: 2,
    name: 'Process retention policies',
    action: 'ProcessRetentionPolicies',
    enabled: true,
    schedule: { timeZoneId, time: '03:00:00' },
    minutes: [2, 5],
  },
  {
    id: 3,
    name: 'Weekly verification',
    action: 'VerifyStores --includeIndexes="false"',
    enabled: true,
    schedule: { timeZoneId, time: '04:00:00', dayOfWeek: 'Sunday' },
    minutes: [38, 62],
    failed: { from: 12, to: 0 },
  },
  {
    id: 4,
    name: 'Compact 2024',
    action: 'CompactStore --id="2"',
    enabled: false,
    schedule: { timeZoneId, time: '22:00:00', dayOfMonth: '1' },
    minutes: [10, 20],
  },
];

/** Returns the jobs, their runs from `historyStart` to `now` in the order in which they ended, and the backups those made. */
export function makeJobs(dice: Dice, span: { historyStart: number; now: number }): Pick<WorldState, 'jobs' | 'jobResults' | 'backups'> {
  const results = HABITS.filter((habit) => habit.enabled)
    .flatMap((habit) => makeRuns(dice, habit, span))
    .toSorted((a, b) => a.completeTime.localeCompare(b.completeTime))
    .map((run, index): WorldJobResult => ({ jobResultId: index + 1, ...run }));
  const jobs = HABITS.map(({ id, name, action, enabled, schedule }): WorldJob => {
    const last = results.findLast(({ jobId }) => jobId === id);
    return {
      id,
      name,
      action,
      owner: 'admin',
      enabled,
      schedule: { ...schedule },
      creationDateTimeUtc: utcText(span.historyStart - (400 - id * 30) * DAY_MS),
      lastStartDateTimeUtc: last?.startTime ?? null,
      lastCompleteDateTimeUtc: last?.completeTime ?? null,
      nextStartDateTimeUtc: enabled ? nextStart(schedule, span.now) : null,
    };
  });
  const backups = results
    .filter(({ jobId, result }) => jobId === 1 && result === 'succeeded')
    .map(({ completeTime }) => ({ time: completeTime, path: 'E:\\Backup', includesSearchIndexes: false }));
  return { jobs, jobResults: results, backups };
}

function makeRuns(dice: Dice, habit: JobHabit, span: { historyStart: number; now: number }): Omit<WorldJobResult, 'jobResultId'>[] {
  const runs: Omit<WorldJobResult, 'jobResultId'>[] = [];
  let startTime = nextStart(habit.schedule, span.historyStart);
  while (startTime !== null && utcMilliseconds(startTime) <= span.now) {
    const start = utcMilliseconds(startTime);
    const age = (span.now - start) / DAY_MS;
    const failed = habit.failed && age <= habit.failed.from && age >= habit.failed.to;
    const duration = (failed ? 1 : dice.between(...habit.minutes)) * MINUTE + dice.between(0, 60) * 1_000;
    runs.push({
      jobId: habit.id,
      action: habit.action,
      startTime,
      completeTime: utcText(Math.min(start + duration, span.now)),
      result: failed ? 'failed' : 'succeeded',
    });
    startTime = nextStart(habit.schedule, start);
  }
  return runs;
}
