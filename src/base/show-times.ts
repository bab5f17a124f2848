import { ianaZone } from './windows-zones.ts';
import { formatInZone, fromWallClock } from './zoned-time.ts';
import { isRow, mapFields } from './rows.ts';

/** A date with a time of day, as MailStore and this server write it; a zone stands at the end of some. */
const DATE_TIME = /^(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2})(:\d{2})?(?:\.\d+)?(Z|[+-]\d{2}:?\d{2})?$/;

/** A moment within a text, as this server writes it. */
const INSTANT = /\b\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z(?![\w-])/g;

/** Returns a text with every moment in it that is written as `2026-11-01T02:00:00Z` in the form `2026-11-01T03:00:00+01:00`. */
export function showInstants(text: string, zone: string): string {
  return text.replaceAll(INSTANT, (instant) => {
    const time = Date.parse(instant);
    return Number.isNaN(time) ? instant : formatInZone(time, zone);
  });
}

export interface TimeZones {
  /** The IANA zone in which times are shown. */
  readonly shown: string;
  /** The IANA zone of times without one, where the call named it; `shown` by default. */
  readonly answered?: string | undefined;
}

/**
 * Returns a value with every time in the form `2026-11-01T03:00:00+01:00`. A time without an offset is UTC where its field's name says so
 * (`…Utc`), else in the zone that its own object names, as a schedule does, else in that of the answer.
 */
export function showTimes(value: unknown, { shown, answered = shown }: TimeZones): unknown {
  if (typeof value === 'string') return showTime(value, answered, answered, shown);
  if (Array.isArray(value)) return value.map((entry) => showTimes(entry, { shown, answered }));
  if (!isRow(value)) return value;
  const own = ownZone(value);
  return mapFields(value, (inner, name) => {
    if (typeof inner !== 'string') return showTimes(inner, { shown, answered });
    if (/utc$/i.test(name)) return showTime(inner, 'UTC', shown, shown);
    return showTime(inner, own ?? answered, own ?? answered, shown);
  });
}

function showTime(text: string, writtenIn: string, shownIn: string, shown: string): string {
  const match = DATE_TIME.exec(text);
  if (!match) return text;
  const [, date, minutes, seconds = ':00', offset] = match;
  const wall = `${date}T${minutes}${seconds}`;
  if (offset === undefined) {
    const time = fromWallClock(wall, writtenIn);
    return time === undefined ? text : formatInZone(time, shownIn);
  }
  const time = Date.parse(`${wall}${offset.replace(/^([+-]\d{2}):?(\d{2})$/, '$1:$2')}`);
  return Number.isNaN(time) ? text : formatInZone(time, shown);
}

function ownZone(row: Readonly<Record<string, unknown>>): string | undefined {
  const id = row['timeZoneId'] ?? row['timeZoneID'];
  return typeof id === 'string' ? ianaZone(id) : undefined;
}
