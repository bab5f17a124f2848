import { readRow, readString, type Row } from '../../src/base/rows.ts';
import { fromWallClock, toWallClock } from '../../src/base/zoned-time.ts';
import type { FailedRun, RunDay, RunDayState, RunRow, RunsView } from '../../src/catalogue/insight-view.ts';
import { DAY, findMedian, formatTime, listDays, parseTime, type ProfileRun } from './runs.ts';

const MAX_ROWS = 60;
const MAX_DAYS = 92;
const MAX_FAILURES = 500;

/** A row is silent on a day when the last run before its end is older than so many of its own intervals, and never before a day: half an hour late in a day. */
const INTERVALS = 1 + 1 / 48;

/** Runs over so many days show on which days of the week there are none. */
const DAYS_WITH_WEEKENDS = 14;

/** A run of a profile or a job. */
interface CalendarRun {
  readonly start: number;
  readonly state: Exclude<RunDayState, 'silent' | 'none'>;
  readonly result: string;
  readonly items?: number;
  readonly cause?: string | undefined;
  readonly isAssumed: boolean;
}

interface CalendarRow {
  readonly kind: RunRow['kind'];
  readonly name: string;
  /** True where MailStore starts the runs by itself, so that a day without any is news. */
  readonly isScheduled: boolean;
  /** The pause between runs as it is configured, in milliseconds. */
  readonly pause: number;
  /** When it was made; before then no run was due. */
  readonly madeAt?: number | undefined;
  /** Undefined where they could not be read. */
  readonly runs: readonly CalendarRun[] | undefined;
}

export interface CalendarParts {
  readonly days: number;
  readonly now: number;
  readonly timeZone: string;
  /** These four are undefined where they could not be read. */
  readonly profiles: readonly Row[] | undefined;
  readonly runs: readonly ProfileRun[] | undefined;
  readonly jobs: readonly Row[] | undefined;
  readonly jobResults: readonly Row[] | undefined;
  /** Returns why a run did not succeed, as far as reports were opened. */
  readonly explain: (run: ProfileRun) => { readonly cause: string | undefined; readonly isAssumed: boolean };
}

/** Returns the runs of the last days by profile and job, with the days on which a run was due and none began. */
export function drawRuns({ days, now, timeZone, profiles, runs, jobs, jobResults, explain }: CalendarParts): RunsView {
  const dayNames = listDays({ now, timeZone }, Math.min(days, MAX_DAYS)).toReversed();
  const known = new Map(profiles?.map((profile) => [profile['id'], profile]));
  const keys = [...new Set([...known.keys(), ...(runs ?? []).map(({ profileId, profile }) => profileId ?? profile)])];
  // Without their list, the jobs are those that have run.
  const everyJob: readonly Row[] = jobs ?? [...new Set(jobResults?.map(({ jobId }) => jobId))].map((id) => ({ id, enabled: false }));
  const rows: CalendarRow[] = [
    ...keys.map((key): CalendarRow => {
      const own = runs?.filter(({ profileId, profile }) => (profileId ?? profile) === key);
      const { automatic, automaticPauseBetweenExecutions } = readRow(known.get(key)?.['serverSideExecution']);
      return {
        kind: 'profile',
        name: readString(known.get(key)?.['name']) ?? own?.[0]?.profile ?? String(key),
        isScheduled: automatic === true || automatic === 'true',
        pause: Number(automaticPauseBetweenExecutions ?? 0) * 1000 || 0,
        runs: own?.map((run) => ({ ...run, state: judgeResult(run.result), ...explain(run) })),
      };
    }),
    ...everyJob.map(({ id, name, enabled, schedule, creationDateTimeUtc }): CalendarRow => ({
      kind: 'job',
      name: readString(name) ?? `job ${String(id)}`,
      isScheduled: enabled !== false && isUnset(readRow(schedule)['date']),
      pause: readPause(readRow(schedule)),
      madeAt: parseTime(creationDateTimeUtc),
      runs: jobResults
        ?.filter(({ jobId }) => jobId === id)
        .flatMap((row) => {
          const [start, result] = [parseTime(row['startTime']), readString(row['result']) ?? 'unknown'];
          return start === undefined ? [] : [{ start, result, state: judgeResult(result), isAssumed: false }];
        }),
    })),
  ];
  const drawn = rows
    .map((row) => ({
      row,
      days: row.runs ? drawRow({ ...row, runs: row.runs }, { dayNames, now, timeZone }) : dayNames.map(() => UNKNOWN_DAY),
    }))
    .toSorted((a, b) => countProblems(b.days) - countProblems(a.days));
  const shown = drawn.slice(0, MAX_ROWS);
  const failures = shown
    .flatMap(({ row: { runs: own = [] } }, row) =>
      own.flatMap(({ start, state, result, cause, isAssumed }): (FailedRun & { readonly start: number })[] =>
        state === 'ok'
          ? []
          : [
              {
                row,
                day: nameDay(start, timeZone),
                at: formatTime(start) ?? '',
                start,
                result,
                isAssumed,
                ...(cause !== undefined && { cause }),
              },
            ],
      ),
    )
    .toSorted((a, b) => b.start - a.start);
  return {
    room: 'runs',
    days: dayNames,
    rows: shown.map(({ row: { kind, name }, days: ownDays }) => ({ kind, name, days: ownDays })),
    rowsLeftOut: drawn.length - shown.length,
    unread: [
      ...(profiles ? [] : ['the profiles']),
      ...(runs ? [] : ['the runs of profiles']),
      ...(jobs ? [] : ['the jobs']),
      ...(jobResults ? [] : ['the runs of jobs']),
    ],
    failures: failures.slice(0, MAX_FAILURES).map(({ start: _start, ...failure }) => failure),
    failuresLeftOut: Math.max(0, failures.length - MAX_FAILURES),
  };
}

function judgeResult(result: string): CalendarRun['state'] {
  switch (result) {
    case 'succeeded':
      return 'ok';
    case 'completedWithErrors':
      return 'errors';
    case 'completedWithWarnings':
    case 'cancelled':
    case 'canceled':
      return 'warnings';
    default:
      return 'failed';
  }
}

/** Returns the longest time between two runs of a job as it is scheduled, in milliseconds; 0 for a day and less. */
function readPause({ dayOfWeek, dayOfMonth }: Row): number {
  if (!isUnset(dayOfMonth)) return 31 * DAY;
  return isUnset(dayOfWeek) ? 0 : 7 * DAY;
}

function isUnset(value: unknown): boolean {
  return value === undefined || value === null || value === '';
}

const UNKNOWN_DAY: RunDay = { state: 'unknown', runs: 0, notSucceeded: 0 };

const WORST_FIRST = ['failed', 'errors', 'warnings', 'ok'] as const satisfies readonly CalendarRun['state'][];

function drawRow(
  { kind, runs, isScheduled, pause, madeAt = -Infinity }: CalendarRow & { readonly runs: readonly CalendarRun[] },
  { dayNames, now, timeZone }: { readonly dayNames: readonly string[]; readonly now: number; readonly timeZone: string },
): readonly RunDay[] {
  const starts = runs.map(({ start }) => start).toSorted((a, b) => a - b);
  const gaps = starts.slice(1).map((start, index) => start - (starts[index] ?? start));
  const patience = Math.max(DAY, INTERVALS * Math.max(pause, findMedian(gaps) ?? 0));
  // What ran before the calendar begins is not known: what has not run since then is silent from when it would have been.
  const opens = Math.max(madeAt, startOfDay(dayNames[0] ?? '', timeZone));
  const [first = now, last = now] = [starts[0], starts.at(-1)];
  const weekdays = new Set(starts.map((start) => readWeekday(nameDay(start, timeZone))));
  const rests = (day: string) => last - first >= DAYS_WITH_WEEKENDS * DAY && !weekdays.has(readWeekday(day));
  const byDay = new Map<string, CalendarRun[]>();
  for (const run of runs) {
    const day = nameDay(run.start, timeZone);
    byDay.set(day, [...(byDay.get(day) ?? []), run]);
  }
  return dayNames.map((day, index) => {
    const own = byDay.get(day) ?? [];
    if (own.length > 0) {
      return {
        state: WORST_FIRST.find((state) => own.some((run) => run.state === state)) ?? 'ok',
        runs: own.length,
        notSucceeded: own.filter(({ state }) => state !== 'ok').length,
        ...(kind === 'profile' && { items: own.reduce((sum, { items = 0 }) => sum + items, 0) }),
      };
    }
    const next = dayNames[index + 1];
    const end = Math.min(now, next === undefined ? now : startOfDay(next, timeZone));
    const before = starts.findLast((start) => start < end) ?? opens;
    const isSilent = isScheduled && !rests(day) && end - before > patience;
    return { state: isSilent ? 'silent' : 'none', runs: 0, notSucceeded: 0 };
  });
}

function startOfDay(day: string, timeZone: string): number {
  return fromWallClock(`${day}T00:00:00`, timeZone) ?? Date.parse(`${day}T00:00:00Z`);
}

function readWeekday(day: string): number {
  return new Date(`${day}T00:00:00Z`).getUTCDay();
}

function nameDay(time: number, timeZone: string): string {
  return toWallClock(time, timeZone).slice(0, 10);
}

const WEIGHTS: Readonly<Record<RunDayState, number>> = { failed: 4, silent: 4, errors: 2, warnings: 1, ok: 0, none: 0, unknown: 3 };

function countProblems(days: readonly RunDay[]): number {
  return days.reduce((sum, { state }) => sum + WEIGHTS[state], 0);
}
