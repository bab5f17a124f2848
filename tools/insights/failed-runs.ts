import * as z from 'zod';
import { defineInsight } from '../../src/catalogue/define-insight.ts';
import * as f from '../../src/catalogue/fields.ts';
import { readString, type Row } from '../../src/base/rows.ts';
import { drawRuns } from './run-calendar.ts';
import { writeCount, countValues, groupBy, readRuns, formatTime, parseTime, makeWindow, RUN_FIELDS, type ProfileRun } from './runs.ts';

/** Reports that are opened for one answer. */
const MAX_REPORTS = 40;
const MAX_REPORTS_WITH_DETAILS = 60;

/** Runs of one profile with the same result and no other result in between: they most often have one cause. */
interface Streak {
  /** Newest first. */
  readonly runs: readonly ProfileRun[];
}

interface Failure {
  readonly run: ProfileRun;
  readonly cause: string | undefined;
  /** True where the cause is that of the runs before and after it in its streak. */
  readonly isAssumed: boolean;
}

export const failedRuns = defineInsight({
  name: 'failed_runs',
  title: 'Explain failed runs',
  summary:
    'Why did runs fail? Profile runs grouped by profile and cause, with the reasons from their reports opened for you; failed jobs too.',
  input: {
    days: z.int().min(1).max(365).default(7).describe('How far back to look.'),
    profileID: f.profileId.optional().describe('Only this profile, by its id from get_profiles.'),
    errorsOnly: z.boolean().default(false).describe('true leaves out runs that ended with warnings or were cancelled.'),
    details: z.boolean().default(false).describe('true opens more reports and lists the runs of each group.'),
  },
  reads: ['GetWorkerResults', 'GetWorkerResultReport', 'GetJobResults', 'GetJobs', 'GetProfiles'],
  examples: [{}, { days: 30, errorsOnly: true, details: true }],
  room: { name: 'runs', args: { days: 30, details: true } },
  answer: async ({ days, profileID, errorsOnly, details }, reader) => {
    const [all, jobResults, jobs, profiles] = await Promise.all([
      readRuns(reader, days),
      profileID === undefined ? reader.readList('GetJobResults', { ...makeWindow(reader, days), timeZoneId: 'UTC' }) : undefined,
      profileID === undefined ? reader.readList('GetJobs') : undefined,
      // Only a calendar shows what never ran.
      reader.isDrawn ? reader.readList('GetProfiles') : undefined,
    ]);
    const runs = (all ?? []).filter((run) => profileID === undefined || run.profileId === profileID);
    const streaks = [...groupBy(runs, ({ profileId, profile }) => `${profileId ?? ''} ${profile}`).values()]
      .flatMap(splitIntoStreaks)
      .filter(({ runs: [first] }) => first && isFailure(first.result, errorsOnly))
      .toSorted((a, b) => (b.runs[0]?.start ?? 0) - (a.runs[0]?.start ?? 0));
    const opened = chooseReports(streaks).slice(0, details ? MAX_REPORTS_WITH_DETAILS : MAX_REPORTS);
    const reports = await reader.readEach('GetWorkerResultReport', opened, ({ id }) => ({ id }));
    const causes = new Map(opened.map((run, index) => [run, findCause(reports[index])]));
    const failures = streaks.flatMap(({ runs: inStreak }): Failure[] => {
      const [first, last] = [causes.get(inStreak[0] as ProfileRun), causes.get(inStreak.at(-1) as ProfileRun)];
      const shared = first === last ? first : undefined;
      return inStreak.map((run) => ({
        run,
        cause: causes.has(run) ? causes.get(run) : shared,
        isAssumed: !causes.has(run) && shared !== undefined,
      }));
    });
    const groups = [...groupBy(failures, ({ run, cause }) => `${run.profile} ${run.result} ${cause ?? ''}`).values()]
      .map((group) => describeGroup(group, details))
      .toSorted((a, b) => rankSeverity(a.result) - rankSeverity(b.result) || b.runs - a.runs);
    const failedJobs = describeJobs(jobResults ?? [], jobs ?? []);
    const isWhole =
      reader.isAsDeclared('GetWorkerResults', RUN_FIELDS) && reader.isAsDeclared('GetJobResults', ['jobId', 'result', 'startTime']);
    const explained = new Map(failures.map((failure) => [failure.run, failure]));
    const unexplained = failures.filter(({ cause }) => cause === undefined).length;
    return {
      headline: all
        ? `${writeHeadline(failures, groups, failedJobs, runs.length, days)}${isWhole ? '' : ' This is as far as could be read.'}`
        : 'It cannot be said which runs failed: the run history could not be read.',
      data: {
        groups,
        failedJobs,
        results: runs.length > 0 ? countValues(runs.map(({ result }) => result)) : undefined,
        reportsOpened: all && reports.filter((report) => report !== undefined).length,
      },
      notLookedAt: [
        'Of several equal failures in a row the first and the last report are opened; the others are taken to have the same cause (assumed).',
        ...(unexplained > 0 ? [`The reports of ${writeCount(unexplained, 'run')}: details true opens more, days fewer.`] : []),
        ...(failedJobs.length > 0 || profileID === undefined
          ? ["Why a job failed: the API keeps no reason; MailStore's own service log on the server has it."]
          : []),
      ],
      next: groups.some(({ result }) => result === 'failed') ? 'archiving_gaps shows whether archiving has recovered since.' : undefined,
      view: reader.isDrawn
        ? drawRuns({
            days,
            now: reader.now,
            timeZone: reader.timeZone,
            profiles: profiles?.filter(({ id }) => profileID === undefined || id === profileID),
            runs: all && runs,
            ...(profileID === undefined ? { jobs, jobResults } : { jobs: [], jobResults: [] }),
            explain: (run) => {
              const { cause, isAssumed = false } = explained.get(run) ?? {};
              return { cause, isAssumed };
            },
          })
        : undefined,
    };
  },
});

/** Splits the runs of one profile where their result changes. */
function splitIntoStreaks(runs: readonly ProfileRun[]): readonly Streak[] {
  const streaks: ProfileRun[][] = [];
  for (const run of runs) {
    const last = streaks.at(-1);
    if (last && last[0]?.result === run.result) last.push(run);
    else streaks.push([run]);
  }
  return streaks.map((inStreak) => ({ runs: inStreak }));
}

/**
 * Returns the first and the last run of each streak: those of the longest of every profile and result before further ones of any, the worst
 * results first. An outage is a long streak.
 */
function chooseReports(streaks: readonly Streak[]): readonly ProfileRun[] {
  const ranks = new Map<string, number>();
  return streaks
    .toSorted((a, b) => b.runs.length - a.runs.length)
    .flatMap(({ runs: [first, ...others] }) => {
      if (!first) return [];
      const key = `${first.profile} ${first.result}`;
      const rank = ranks.get(key) ?? 0;
      ranks.set(key, rank + 1);
      return [first, others.at(-1)].flatMap((run) => (run ? [{ run, rank }] : []));
    })
    .toSorted((a, b) => Math.sign(a.rank) - Math.sign(b.rank) || rankSeverity(a.run.result) - rankSeverity(b.run.result) || a.rank - b.rank)
    .map(({ run }) => run);
}

const HARMLESS = ['succeeded'];
const MILD = ['completedWithWarnings', 'cancelled', 'canceled'];

function isFailure(result: string, errorsOnly: boolean): boolean {
  return !HARMLESS.includes(result) && !(errorsOnly && MILD.includes(result));
}

/** Returns 0 for a run that failed, and more for a milder result. */
function rankSeverity(result: string): number {
  return MILD.includes(result) ? 2 : result === 'completedWithErrors' ? 1 : 0;
}

/** Words in the line of a report that says what went wrong. */
const WENT_WRONG =
  /\b(?:error|fail|exception|denied|refused|timed? ?out|could not|cannot|can't|unable|invalid|full|in use|cancell?ed|closed|lost|not found|warning|expired|rejected|fehler|abgebrochen)\w*/i;

const NOT_READ = 'report not opened';
const CAUSE_CHARACTERS = 160;

/** Returns the sentence of a report that says what went wrong, or its last line; undefined where there is none. */
function findCause(report: unknown): string | undefined {
  if (report === undefined || report === null) return undefined;
  const text = (typeof report === 'string' ? report : JSON.stringify(report)).replaceAll(/<[^>]+>/g, '\n');
  const sentences = text.split(/\r?\n|(?<=[.!?])\s+/).flatMap((line) => (line.trim() === '' ? [] : [line.trim()]));
  const found = sentences.find((line) => WENT_WRONG.test(line)) ?? sentences.at(-1);
  if (found === undefined) return undefined;
  return found.length > CAUSE_CHARACTERS ? `${found.slice(0, CAUSE_CHARACTERS)}…` : found;
}

function describeGroup(group: readonly Failure[], details: boolean) {
  const [newest] = group;
  const { profile = '', profileId, result = '' } = newest?.run ?? {};
  const assumed = group.filter(({ isAssumed }) => isAssumed).length;
  return {
    profile,
    profileId,
    result,
    runs: group.length,
    cause: newest?.cause ?? NOT_READ,
    first: formatTime(group.at(-1)?.run.start),
    last: formatTime(newest?.run.start),
    newestRunId: newest?.run.id,
    ...(assumed > 0 && { assumed }),
    ...(details && { runIds: group.map(({ run }) => run.id).join(', ') }),
  };
}

interface FailedJob {
  readonly job: string;
  readonly jobId: unknown;
  readonly action: string | undefined;
  readonly failed: number;
  readonly ofRuns: number;
  readonly lastFailure: string | undefined;
  readonly lastResult: string | undefined;
}

function describeJobs(results: readonly Row[], jobs: readonly Row[]): readonly FailedJob[] {
  const names = new Map(jobs.map(({ id, name }) => [id, name]));
  return [...groupBy(results, ({ jobId }) => jobId)].flatMap(([jobId, unordered]) => {
    const runs = unordered.toSorted((a, b) => (parseTime(b['startTime']) ?? 0) - (parseTime(a['startTime']) ?? 0));
    const failed = runs.filter(({ result }) => isFailure(readString(result) ?? '', true));
    if (failed.length === 0) return [];
    return [
      {
        job: readString(names.get(jobId)) ?? `job ${String(jobId)}`,
        jobId,
        action: readString(runs[0]?.['action']),
        failed: failed.length,
        ofRuns: runs.length,
        lastFailure: formatTime(parseTime(failed[0]?.['startTime'])),
        lastResult: readString(runs[0]?.['result']),
      },
    ];
  });
}

function writeHeadline(
  failures: readonly Failure[],
  groups: readonly { readonly profile: string; readonly result: string; readonly runs: number; readonly cause: string }[],
  jobs: readonly FailedJob[],
  total: number,
  days: number,
): string {
  const worst = groups.find(({ cause }) => cause !== NOT_READ) ?? groups[0];
  const ofJobs =
    jobs.length === 0
      ? ''
      : ` ${writeCount(jobs.length, 'job')} failed: ${jobs.map(({ job, failed, ofRuns }) => `${job} (${failed} of ${ofRuns})`).join(', ')}.`;
  if (!worst) return `None of ${writeCount(total, 'profile run')} of the last ${writeCount(days, 'day')} failed.${ofJobs}`;
  const failed = failures.filter(({ run }) => rankSeverity(run.result) === 0).length;
  return (
    `${writeCount(failures.length, 'run')} of ${total.toLocaleString('en-US')} in ${writeCount(days, 'day')} did not end as succeeded, ${failed} of them failed outright. ` +
    `Foremost: ${worst.profile}, ${writeCount(worst.runs, 'run')} ${worst.result} (${worst.cause.replace(/[.…]$/, '')}).${ofJobs}`
  );
}
