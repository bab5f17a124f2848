import type { InsightReader } from '../../src/catalogue/define-insight.ts';
import { readString, type Row } from '../../src/base/rows.ts';
import { RUN_RESULTS } from '../../src/catalogue/outputs.ts';
import { toWallClock } from '../../src/base/zoned-time.ts';

const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** A run of a profile, with its times in milliseconds since the Unix epoch. */
export interface ProfileRun {
  readonly id: unknown;
  readonly profileId: number | undefined;
  readonly profile: string;
  readonly userName: string;
  readonly result: string;
  readonly items: number;
  readonly start: number;
  /** Undefined for a run that has not ended, or whose end was not shown. */
  readonly end: number | undefined;
}

/** What of a run it is judged by. */
export const RUN_FIELDS = ['profileId', 'result', 'startTime', 'completeTime', 'itemsArchived'];

/** Returns the runs of the last days, newest first; undefined where they could not be read. */
export async function readRuns(reader: InsightReader, days: number): Promise<readonly ProfileRun[] | undefined> {
  const rows = await reader.readList('GetWorkerResults', { ...makeWindow(reader, days), timeZoneID: 'UTC' });
  return rows?.map(toRun).toSorted((a, b) => b.start - a.start);
}

/** Returns the window of the last days as the run histories take it, in UTC, with a day beyond the present for clocks that differ. */
export function makeWindow({ now }: InsightReader, days: number): { readonly fromIncluding: string; readonly toExcluding: string } {
  return { fromIncluding: formatSeconds(now - days * DAY), toExcluding: formatSeconds(now + DAY) };
}

function toRun(row: Row): ProfileRun {
  const profileId = typeof row['profileId'] === 'number' ? row['profileId'] : undefined;
  return {
    id: row['id'],
    profileId,
    profile: readString(row['profileName']) ?? (profileId === undefined ? 'runs without a stored profile' : `profile ${profileId}`),
    userName: readString(row['userName']) ?? '',
    result: readResult(row['result']),
    items: typeof row['itemsArchived'] === 'number' ? row['itemsArchived'] : 0,
    start: parseTime(row['startTime']) ?? 0,
    end: parseTime(row['completeTime']),
  };
}

/** Returns the result of a run in the letter case of its known words. */
function readResult(value: unknown): string {
  const word = readString(value) ?? 'unknown';
  return RUN_RESULTS.find((known) => known.toLowerCase() === word.toLowerCase()) ?? word;
}

/** Returns the last days as `2026-11-29`, the newest first. */
export function listDays({ now, timeZone }: Pick<InsightReader, 'now' | 'timeZone'>, days: number): readonly string[] {
  const today = Date.parse(toWallClock(now, timeZone).slice(0, 10));
  return Array.from({ length: days }, (_, back) => new Date(today - back * DAY).toISOString().slice(0, 10));
}

/** Returns a time without a zone, which is in UTC here, in milliseconds since the Unix epoch; undefined for anything else. */
export function parseTime(value: unknown): number | undefined {
  if (typeof value !== 'string') return undefined;
  const time = Date.parse(/(?:Z|[+-]\d{2}:?\d{2})$/.test(value) ? value : `${value}Z`);
  return Number.isNaN(time) ? undefined : time;
}

/** Returns a time as `2026-11-29T06:00:00Z`, or undefined. */
export function formatTime(time: number | undefined): string | undefined {
  return time === undefined ? undefined : `${formatSeconds(time)}Z`;
}

function formatSeconds(time: number): string {
  return new Date(time).toISOString().slice(0, 19);
}

/** Returns a duration as people say it, such as `9 days`, `3 hours` or `20 minutes`. */
export function formatDuration(milliseconds: number): string {
  const [unit, name] = milliseconds >= 2 * DAY ? [DAY, 'day'] : milliseconds >= 2 * HOUR ? [HOUR, 'hour'] : [MINUTE, 'minute'];
  const count = Math.max(0, Math.round(milliseconds / unit));
  return `${count} ${count === 1 ? name : `${name}s`}`;
}

/** The results with which a run has archived what it could; the others have not. */
const FINISHED = ['succeeded', 'completedWithErrors', 'completedWithWarnings'];

export function isFinished({ result }: Pick<ProfileRun, 'result'>): boolean {
  return FINISHED.includes(result);
}

/** Returns the middle value of some numbers; undefined of none. */
export function findMedian(values: readonly number[]): number | undefined {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
}

/** Returns how often each value occurs, the most frequent first. */
export function countValues(values: readonly string[]): Readonly<Record<string, number>> {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return Object.fromEntries([...counts].toSorted((a, b) => b[1] - a[1]));
}

/** Groups values by a key, in the order in which the keys first occur. */
export function groupBy<Value, Key>(values: readonly Value[], toKey: (value: Value) => Key): Map<Key, Value[]> {
  const groups = new Map<Key, Value[]>();
  for (const value of values) {
    const key = toKey(value);
    const group = groups.get(key);
    if (group) group.push(value);
    else groups.set(key, [value]);
  }
  return groups;
}

/** Returns a number with its noun, such as `1 store` or `1,234 stores`. */
export function writeCount(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString('en-US')} ${count === 1 ? one : many}`;
}
