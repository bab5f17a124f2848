import { readRow, readString, type Row } from '../../src/base/rows.ts';
import { DAY, HOUR, formatDuration, isFinished, findMedian, groupBy, formatTime, writeCount, type ProfileRun } from './runs.ts';

/** How an archiving profile stands against its own rhythm. */
export interface ProfileState {
  readonly id: unknown;
  readonly name: string;
  readonly state: 'ok' | 'overdue' | 'failing' | 'silent' | 'no run' | 'not automatic';
  readonly reason: string;
  readonly lastRun?: string | undefined;
  readonly lastResult?: string | undefined;
  readonly lastSuccess?: string | undefined;
  readonly lastItems?: string | undefined;
  readonly itemsThen?: number | undefined;
  /** What its rhythm is judged by, such as `a run each 2 hours`. */
  readonly rhythm?: string | undefined;
  readonly maintenanceWindows?: string | undefined;
}

/** A profile is overdue after so many of its own intervals, and never before an hour. */
const INTERVALS = 3;
/**
 * It is silent when it has archived nothing for longer than ever before in the window, by this factor. A window without a whole week before it
 * has seen no weekend, so three days have to pass.
 */
const SILENT_FACTOR = 2;
const WINDOW_WITH_WEEKEND = 10;
/** Fewer runs that archived something have no rhythm. */
const RUNS_FOR_RHYTHM = 12;

/** What of a profile it is judged by. */
export const PROFILE_FIELDS = ['id', 'type', 'serverSideExecution', 'automatic', 'automaticPauseBetweenExecutions'];

const ARCHIVING = 'I';

/** Compares each archiving profile with its own rhythm in the runs of the last days, newest first; what needs attention comes first. */
export function judgeProfiles(profiles: readonly Row[], runs: readonly ProfileRun[], now: number, days: number): readonly ProfileState[] {
  const byProfile = groupBy(runs, ({ profileId }) => profileId as unknown);
  return profiles
    .filter(({ type }) => type === ARCHIVING)
    .map((profile) => judgeProfile(profile, byProfile.get(profile['id']) ?? [], now, days))
    .toSorted((a, b) => ORDER.indexOf(a.state) - ORDER.indexOf(b.state));
}

const ORDER: readonly ProfileState['state'][] = ['overdue', 'no run', 'failing', 'silent', 'ok', 'not automatic'];

export function needsAttention({ state }: ProfileState): boolean {
  return state !== 'ok' && state !== 'not automatic';
}

function judgeProfile(profile: Row, runs: readonly ProfileRun[], now: number, days: number): ProfileState {
  const { automatic, automaticPauseBetweenExecutions, automaticMaintenanceWindows } = readRow(profile['serverSideExecution']);
  const pause = Number(automaticPauseBetweenExecutions ?? 0) * 1000 || 0;
  const [last] = runs;
  const success = runs.find(isFinished);
  const withItems = runs.filter(({ items }) => items > 0);
  const interval = Math.max(pause, measureMedianGap(runs) ?? 0);
  const facts = {
    id: profile['id'],
    name: readString(profile['name']) ?? '',
    // Here for the order of the columns: a narrow terminal leaves out the last ones.
    state: 'ok' as ProfileState['state'],
    lastRun: formatTime(last?.end ?? last?.start),
    lastResult: last?.result,
    lastSuccess: formatTime(success?.end ?? success?.start),
    lastItems: formatTime(withItems[0]?.end ?? withItems[0]?.start),
    itemsThen: withItems[0]?.items,
    rhythm: interval > 0 ? `a run each ${formatDuration(interval)}` : undefined,
    maintenanceWindows: readString(automaticMaintenanceWindows),
  };
  if (automatic !== true && automatic !== 'true') {
    return { ...facts, state: 'not automatic', reason: 'It runs when a person or a job starts it.' };
  }
  if (!last) return { ...facts, state: 'no run', reason: `It is automatic and has no run in the last ${writeCount(days, 'day')}.` };
  const age = now - (last.end ?? last.start);
  if (age > Math.max(HOUR, INTERVALS * interval)) {
    const how = isFinished(last) ? ', which ended without a failure' : '';
    return {
      ...facts,
      state: 'overdue',
      reason: `No run for ${formatDuration(age)} since the last one${how}; its rhythm is a run each ${formatDuration(interval)}.`,
    };
  }
  const failures = success ? runs.indexOf(success) : runs.length;
  if (failures >= INTERVALS || (failures > 0 && !success)) {
    const since = runs[failures - 1];
    return {
      ...facts,
      state: 'failing',
      reason: `The last ${failures === 1 ? 'run' : `${failures} runs`} ended as ${last.result}, since ${formatTime(since?.start) ?? ''}.`,
    };
  }
  const longest = Math.max(0, ...measureGaps(withItems));
  const quiet = now - (withItems[0]?.start ?? now - days * DAY);
  const shortest = days >= WINDOW_WITH_WEEKEND ? DAY : 3 * DAY;
  if (withItems.length >= RUNS_FOR_RHYTHM && quiet > Math.max(shortest, SILENT_FACTOR * longest)) {
    const reason = `It runs, but has archived nothing for ${formatDuration(quiet)}; the longest pause before was ${formatDuration(longest)}.`;
    return { ...facts, state: 'silent', reason };
  }
  return { ...facts, state: 'ok', reason: `Last run ${formatDuration(age)} ago.` };
}

/** Returns the times from each run to the next. */
function measureGaps(runs: readonly ProfileRun[]): readonly number[] {
  return runs.slice(1).map(({ start }, index) => (runs[index]?.start ?? start) - start);
}

function measureMedianGap(runs: readonly ProfileRun[]): number | undefined {
  return findMedian(measureGaps(runs));
}
