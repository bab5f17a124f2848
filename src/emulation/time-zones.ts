import { DAY_MS } from '../base/clock.ts';
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
  const time = utcMilliseconds(utc);
  return utcText(time + offsetAt(time, findRules(zoneId)));
}

/** Returns a wall-clock text of the zone as UTC text; of a time that occurs twice, the first, and of one that is skipped, the moment an hour on. */
export function zoneToUtc(local: string, zoneId: string): string {
  const rules = findRules(zoneId);
  const wall = utcMilliseconds(local);
  const [before, after] = [offsetAt(wall - DAY_MS, rules), offsetAt(wall + DAY_MS, rules)];
  // An offset counts only where it is in force at the moment that it gives; in a skipped hour neither is, and the old one carries on.
  return utcText(offsetAt(wall - before, rules) === before || offsetAt(wall - after, rules) !== after ? wall - before : wall - after);
}

function findRules(id: string): string {
  const zone = ZONES[id === '$Local' ? LOCAL : id];
  if (!zone) throw new CommandFailure(`The time zone ID '${id}' was not found on the local computer.`);
  return zone.rules;
}

const formats = new Map<string, Intl.DateTimeFormat>();

function offsetAt(time: number, rules: string): number {
  let format = formats.get(rules);
  if (!format) {
    format = new Intl.DateTimeFormat('en-US', { timeZone: rules, timeZoneName: 'longOffset' });
    formats.set(rules, format);
  }
  const name = format.formatToParts(time).find((part) => part.type === 'timeZoneName')?.value ?? 'GMT';
  const [, sign, hours = '0', minutes = '0'] = /GMT([+-])(\d{2}):(\d{2})/.exec(name) ?? [];
  return (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * 60_000;
}
