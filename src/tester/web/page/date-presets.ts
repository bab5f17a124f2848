import { toWallClock } from '../../../base/zoned-time.ts';

const DAY_MS = 86_400_000;
const WEEKDAYS = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'];
const PRESET = /^(?:(today|yesterday|tomorrow)|(\d+) days ago|next (\w+))(?: (\d{2}:\d{2}))?$/;

/**
 * Returns the clock time that a preset of a date means, such as `2026-11-29T02:00` for `tomorrow 02:00`; without a time of day its beginning. Days
 * are those of an IANA zone, and those of the browser where there is no such zone.
 */
export function resolveDate(preset: string, zone: string | undefined, now = Date.now()): string {
  const [, word, ago, weekday, time = '00:00'] = PRESET.exec(preset) ?? [];
  const today = Date.parse(`${nameToday(zone, now)}T00:00:00Z`);
  const days = weekday === undefined ? (DAYS[word ?? ''] ?? -Number(ago ?? 0)) : countDaysTo(weekday, today);
  return `${new Date(today + days * DAY_MS).toISOString().slice(0, 10)}T${time}`;
}

const DAYS: Readonly<Record<string, number>> = { today: 0, yesterday: -1, tomorrow: 1 };

/** Days to the next day of this name, which is not today. */
function countDaysTo(weekday: string, today: number): number {
  return ((WEEKDAYS.indexOf(weekday) - new Date(today).getUTCDay() + 6) % 7) + 1;
}

function nameToday(zone: string | undefined, now: number): string {
  try {
    return toWallClock(now, zone ?? 'browser').slice(0, 10);
  } catch {
    const local = new Date(now);
    return new Date(now - local.getTimezoneOffset() * 60_000).toISOString().slice(0, 10);
  }
}
