import { ianaZone } from '../base/windows-zones.ts';
import { fromWallClock, toWallClock } from '../base/zoned-time.ts';
import { CommandFailure, utcMilliseconds, utcText } from './world.ts';

/** Windows time zone ids that the sandbox knows, with the zone that carries their rules. */
const ZONES: Readonly<Record<string, { readonly rules: string; readonly displayName: string }>> = {
  UTC: { rules: 'UTC', displayName: '(UTC) Coordinated Universal Time' },
  'GMT Standard Time': { rules: 'Europe/London', displayName: '(UTC+00:00) Dublin, Edinburgh, Lisbon, London' },
  'W. Europe Standard Time': { rules: 'Europe/Berlin', displayName: '(UTC+01:00) Amsterdam, Berlin, Bern, Rome, Stockholm, Vienna' },
  'Romance Standard Time': { rules: 'Europe/Paris', displayName: '(UTC+01:00) Brussels, Copenhagen, Madrid, Paris' },
  'GTB Standard Time': { rules: 'Europe/Athens', displayName: '(UTC+02:00) Athens, Bucharest' },
  'Eastern Standard Time': { rules: 'America/New_York', displayName: '(UTC-05:00) Eastern Time (US & Canada)' },
  'Central Standard Time': { rules: 'America/Chicago', displayName: '(UTC-06:00) Central Time (US & Canada)' },
  'Mountain Standard Time': { rules: 'America/Denver', displayName: '(UTC-07:00) Mountain Time (US & Canada)' },
  'Pacific Standard Time': { rules: 'America/Los_Angeles', displayName: '(UTC-08:00) Pacific Time (US & Canada)' },
  'India Standard Time': { rules: 'Asia/Kolkata', displayName: '(UTC+05:30) Chennai, Kolkata, Mumbai, New Delhi' },
  'China Standard Time': { rules: 'Asia/Shanghai', displayName: '(UTC+08:00) Beijing, Chongqing, Hong Kong, Urumqi' },
  'Tokyo Standard Time': { rules: 'Asia/Tokyo', displayName: '(UTC+09:00) Osaka, Sapporo, Tokyo' },
  'AUS Eastern Standard Time': { rules: 'Australia/Sydney', displayName: '(UTC+10:00) Canberra, Melbourne, Sydney' },
};

/** The zone of the sandbox's machine, which `$Local` names. */
const LOCAL = 'W. Europe Standard Time';

export function timeZoneList(): { id: string; displayName: string }[] {
  return Object.entries(ZONES).map(([id, { displayName }]) => ({ id, displayName }));
}

/** Throws CommandFailure unless the id is one the server knows; IANA names are not. */
export function requireTimeZone(id: string): void {
  findRules(id);
}

/** Returns a UTC text as wall-clock text in the zone. */
export function utcToZone(utc: string, zoneId: string): string {
  return toWallClock(utcMilliseconds(utc), findRules(zoneId));
}

/** Returns a wall-clock text of the zone as UTC text; of a time that occurs twice, the first, and of one that is skipped, the moment an hour on. */
export function zoneToUtc(local: string, zoneId: string): string {
  return utcText(fromWallClock(local, findRules(zoneId)) ?? Number.NaN);
}

function findRules(id: string): string {
  const rules = ZONES[id === '$Local' ? LOCAL : id]?.rules ?? ianaZone(id);
  if (rules === undefined) throw new CommandFailure(`The time zone ID '${id}' was not found on the local computer.`);
  return rules;
}
