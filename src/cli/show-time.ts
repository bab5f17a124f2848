import { formatInZone, toWallClock } from '../base/zoned-time.ts';
import { loadTimeZone } from '../config/load.ts';

/** Writes moments of the record in the configured time zone. */
export interface TimeFormat {
  readonly zone: string;
  /** Returns a moment with its offset, such as `2026-03-04 10:30:00 +01:00`. */
  withOffset(time: string): string;
  /** Returns a moment without its offset, such as `2026-03-04 10:30:00`, below a header that names the zone. */
  plain(time: string): string;
}

/** Returns the format of the time zone that is configured; the machine's by default. */
export function makeTimeFormat(flags: Readonly<Record<string, string>>): TimeFormat {
  const zone = loadTimeZone({ flags });
  const format = (time: string, write: (moment: number) => string) => {
    const moment = Date.parse(time);
    return Number.isNaN(moment) ? time : write(moment);
  };
  return {
    zone,
    withOffset: (time) => format(time, (moment) => formatInZone(moment, zone).replace(/^(.{10})T(.{8})/, '$1 $2 ')),
    plain: (time) => format(time, (moment) => toWallClock(moment, zone).replace('T', ' ')),
  };
}
