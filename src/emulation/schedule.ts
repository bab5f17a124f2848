import { DAY_MS } from '../base/clock.ts';
import { utcToZone, zoneToUtc } from './time-zones.ts';
import { utcMilliseconds, utcText, type WorldSchedule } from './world.ts';

/** The names of the weekdays, in the order of `Date.getUTCDay`. */
export const DAYS_OF_WEEK = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'] as const;

const MINUTE = 60_000;

/** The rarest day, a 31st or last of a month that must also be a certain weekday, comes within a few years. */
const DAYS_TO_SEARCH = 3660;

/**
 * Returns the first start of a schedule after a moment (milliseconds since the epoch), as UTC text, or null when there is none.
 * A date runs once; an interval counts in elapsed minutes from each local midnight; a time runs daily, or on the days that match all of
 * `dayOfWeek` and `dayOfMonth` that are given. Months without the given day are left out.
 * A start in the hour that summer time repeats happens once, the first time; one in the hour that it skips happens an hour later.
 * Thrown when the time zone is not known: CommandFailure.
 */
export function nextStart(schedule: WorldSchedule, afterMilliseconds: number): string | null {
  const { timeZoneId, date, interval, time } = schedule;
  if (date !== undefined) return laterThan(afterMilliseconds, zoneToUtc(date, timeZoneId));
  const firstDay = Math.floor(utcMilliseconds(utcToZone(utcText(afterMilliseconds), timeZoneId)) / DAY_MS);
  if (interval !== undefined) return nextInterval(interval, timeZoneId, firstDay, afterMilliseconds);
  if (time === undefined) return null;
  for (let day = firstDay; day < firstDay + DAYS_TO_SEARCH; day++) {
    if (!matchesDay(schedule, day)) continue;
    const start = laterThan(afterMilliseconds, zoneToUtc(`${dateText(day)}T${withSeconds(time)}`, timeZoneId));
    if (start !== null) return start;
  }
  return null;
}

function nextInterval(minutes: number, timeZoneId: string, day: number, after: number): string {
  const midnight = findMidnight(day, timeZoneId);
  const length = minutes * MINUTE;
  const next = midnight + (Math.floor((after - midnight) / length) + 1) * length;
  return utcText(Math.min(next, findMidnight(day + 1, timeZoneId)));
}

/** Days are counted from 1970-01-01, without regard to a zone. */
function matchesDay({ dayOfWeek, dayOfMonth }: WorldSchedule, day: number): boolean {
  const date = new Date(day * DAY_MS);
  if (dayOfWeek !== undefined && DAYS_OF_WEEK[date.getUTCDay()] !== dayOfWeek) return false;
  if (dayOfMonth === undefined) return true;
  if (dayOfMonth === 'Last') return new Date((day + 1) * DAY_MS).getUTCDate() === 1;
  return date.getUTCDate() === Number(dayOfMonth);
}

function findMidnight(day: number, timeZoneId: string): number {
  return utcMilliseconds(zoneToUtc(`${dateText(day)}T00:00:00`, timeZoneId));
}

function dateText(day: number): string {
  return utcText(day * DAY_MS).slice(0, 10);
}

function withSeconds(time: string): string {
  return time.length === 5 ? `${time}:00` : time;
}

function laterThan(after: number, utc: string): string | null {
  return utcMilliseconds(utc) > after ? utc : null;
}
