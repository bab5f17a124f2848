import supplement from 'cldr-core/supplemental/windowsZones.json' with { type: 'json' };
import { isTimeZone, offsetAt } from './zoned-time.ts';

/** One row of Unicode CLDR: a Windows zone with the IANA zones that are like it in a territory; `001` is the world. */
interface MapZone {
  readonly mapZone: { readonly _other: string; readonly _type: string; readonly _territory: string };
}

const rows = (supplement.supplemental.windowsZones.mapTimezones as readonly MapZone[]).map(({ mapZone }) => mapZone);

/** The IANA zone of each Windows zone, by its name in small letters. */
const ianaByWindows = new Map(rows.filter((row) => row._territory === '001').map((row) => [row._other.toLowerCase(), row._type]));

const windowsByIana = new Map([
  ...rows.flatMap((row) => row._type.split(' ').map((iana) => [iana.toLowerCase(), row._other] as const)),
  ['utc', 'UTC'] as const,
]);

/** Moments at which zones of different rules differ: each month of two years. */
const PROBES = Array.from({ length: 24 }, (_, month) => Date.UTC(2025, month, 15, 12));

/** Returns the IANA zone of a Windows time zone id such as `W. Europe Standard Time`; undefined for an unknown one. */
export function ianaZone(windows: string): string | undefined {
  return ianaByWindows.get(windows.toLowerCase());
}

/**
 * Returns the Windows time zone id of an IANA zone such as `Europe/Berlin`, by Unicode CLDR. A name that CLDR does not list, such as one that was
 * renamed, gets the zone with the same offsets. Undefined where there is none.
 */
export function windowsZone(iana: string): string | undefined {
  const listed = windowsByIana.get(iana.toLowerCase());
  if (listed !== undefined) return listed;
  if (!isTimeZone(iana)) return undefined;
  const canonical = new Intl.DateTimeFormat('en-US', { timeZone: iana }).resolvedOptions().timeZone;
  const renamed = windowsByIana.get(canonical.toLowerCase());
  if (renamed !== undefined) return renamed;
  return rows.find((row) => row._territory === '001' && PROBES.every((time) => hasSameOffset(time, iana, row._type)))?._other;
}

function hasSameOffset(time: number, one: string, other: string): boolean {
  return isTimeZone(other) && offsetAt(time, one) === offsetAt(time, other);
}
