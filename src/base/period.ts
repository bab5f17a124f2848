import { fromWallClock, toWallClock } from './zoned-time.ts';

/** A stretch of time in milliseconds since the Unix epoch. `end` is excluded: undefined if it has not come, and equal to `start` for a moment. */
export interface Period {
  readonly start: number;
  readonly end?: number;
}

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
const UNIT_MS = { minute: MINUTE_MS, hour: 60 * MINUTE_MS, day: DAY_MS, week: 7 * DAY_MS };

const LAST = /^(?:the )?last (?:(\d{1,5}) )?(minute|hour|day|week|month)s?$/;
const AGO = /^(\d{1,5}) (minute|hour|day|week|month)s? ago$/;
const CALENDAR = /^(this|last) (week|month|year)$/;

const DATE = /^(\d{4}-\d{2}-\d{2})$/;
const DATE_TIME = /^(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2})(:\d{2})?(?:\.\d+)?(Z|[+-]\d{2}:?\d{2})?$/i;

/** What the words for a stretch of time are, for an error. */
export const PERIOD_FORMS =
  'last 24 hours, last 7 days, 3 days ago, today, yesterday, this week, last month, 2026-11-01 or 2026-11-01T03:00:00+01:00';

/**
 * Reads a stretch of time as people say it: `last 24 hours`, `3 days ago`, `today`, `yesterday`, `this week`, `last month`, a date, or a time with or
 * without an offset. Days, weeks and months are those of `zone`, an IANA time zone; a week begins on Monday. Undefined for any other text.
 */
export function readPeriod(text: string, now: number, zone: string): Period | undefined {
  const words = text
    .trim()
    .toLowerCase()
    .replaceAll(/[\s_]+/g, ' ');
  const today = toWallClock(now, zone).slice(0, 10);
  const findStart = (date: string) => fromWallClock(`${date}T00:00:00`, zone) ?? Number.NaN;
  if (words === 'now') return makeMoment(now);
  if (words === 'today') return { start: findStart(today) };
  if (words === 'yesterday') return { start: findStart(addDays(today, -1)), end: findStart(today) };
  const [, which, calendar] = CALENDAR.exec(words) ?? [];
  if (calendar !== undefined) {
    const first = firstDay(today, calendar);
    return which === 'this'
      ? { start: findStart(first) }
      : { start: findStart(firstDay(addDays(first, -1), calendar)), end: findStart(first) };
  }
  const [, length = '1', unit] = LAST.exec(words) ?? [];
  if (unit !== undefined) return { start: goBack(now, Number(length), unit, zone) };
  const [, count, unitAgo] = AGO.exec(words) ?? [];
  if (unitAgo !== undefined) return makeMoment(goBack(now, Number(count), unitAgo, zone));
  const [, day] = DATE.exec(text.trim()) ?? [];
  if (day !== undefined) return checked({ start: findStart(day), end: findStart(addDays(day, 1)) }, day);
  return readInstant(text.trim(), zone);
}

function makeMoment(time: number): Period {
  return { start: time, end: time };
}

function goBack(now: number, count: number, unit: string, zone: string): number {
  if (unit !== 'month') return now - count * UNIT_MS[unit as keyof typeof UNIT_MS];
  const [date = '', time = ''] = toWallClock(now, zone).split('T');
  const month = new Date(`${date.slice(0, 7)}-01T00:00:00Z`);
  month.setUTCMonth(month.getUTCMonth() - count);
  const last = new Date(Date.UTC(month.getUTCFullYear(), month.getUTCMonth() + 1, 0)).getUTCDate();
  const day = String(Math.min(Number(date.slice(8)), last)).padStart(2, '0');
  return fromWallClock(`${month.toISOString().slice(0, 8)}${day}T${time}`, zone) ?? now;
}

/** A date that no calendar has, such as 30 February, is none. */
function checked(period: Period, day: string): Period | undefined {
  return Number.isNaN(period.start) || addDays(day, 0) !== day ? undefined : period;
}

/** Returns the moment of a date with a time of day; one without an offset is clock time of `zone`. */
function readInstant(text: string, zone: string): Period | undefined {
  const [, date, minutes, seconds = ':00', offset] = DATE_TIME.exec(text) ?? [];
  if (date === undefined || minutes === undefined || addDays(date, 0) !== date) return undefined;
  const wall = `${date}T${minutes}${seconds}`;
  const start =
    offset === undefined
      ? (fromWallClock(wall, zone) ?? Number.NaN)
      : Date.parse(`${wall}${offset.toUpperCase().replace(/^([+-]\d{2}):?(\d{2})$/, '$1:$2')}`);
  return Number.isNaN(start) ? undefined : makeMoment(start);
}

function addDays(date: string, days: number): string {
  const time = Date.parse(`${date}T00:00:00Z`);
  return Number.isNaN(time) ? '' : new Date(time + days * DAY_MS).toISOString().slice(0, 10);
}

function firstDay(date: string, calendar: string): string {
  if (calendar === 'month') return `${date.slice(0, 7)}-01`;
  if (calendar === 'year') return `${date.slice(0, 4)}-01-01`;
  const weekday = (new Date(`${date}T00:00:00Z`).getUTCDay() + 6) % 7;
  return addDays(date, -weekday);
}
