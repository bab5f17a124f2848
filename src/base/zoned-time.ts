/** Wall-clock text `YYYY-MM-DDThh:mm:ss`, without a zone. */
const WALL_CLOCK = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}$/;

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

/** No zone changes its offset within a quarter of an hour. */
const SLOT_MS = 15 * MINUTE_MS;
const SLOTS_KEPT = 20_000;

const formats = new Map<string, Intl.DateTimeFormat>();
const offsets = new Map<string, number>();

/** Returns the offset of an IANA time zone from UTC at a moment, both in milliseconds. Throws RangeError for an unknown zone. */
export function offsetAt(time: number, zone: string): number {
  const slot = `${zone}|${Math.floor(time / SLOT_MS)}`;
  const known = offsets.get(slot);
  if (known !== undefined) return known;
  if (offsets.size >= SLOTS_KEPT) offsets.clear();
  const offset = readOffset(time, zone);
  offsets.set(slot, offset);
  return offset;
}

function readOffset(time: number, zone: string): number {
  let format = formats.get(zone);
  if (!format) {
    format = new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'longOffset' });
    formats.set(zone, format);
  }
  const name = format.formatToParts(time).find((part) => part.type === 'timeZoneName')?.value ?? 'GMT';
  const [, sign, hours = '0', minutes = '0'] = /GMT([+-])(\d{2}):(\d{2})/.exec(name) ?? [];
  return (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * MINUTE_MS;
}

/** Returns a moment as wall-clock text of a zone. */
export function toWallClock(time: number, zone: string): string {
  return new Date(time + offsetAt(time, zone)).toISOString().slice(0, 19);
}

/** Returns a moment in a zone with its offset, such as `2026-11-01T03:00:00+01:00`. */
export function formatInZone(time: number, zone: string): string {
  const minutes = offsetAt(time, zone) / MINUTE_MS;
  const digits = (value: number) => String(Math.floor(Math.abs(value))).padStart(2, '0');
  return `${toWallClock(time, zone)}${minutes < 0 ? '-' : '+'}${digits(minutes / 60)}:${digits(Math.abs(minutes) % 60)}`;
}

/**
 * Returns the moment of a wall-clock text in a zone: of a time that occurs twice the first, and of one that summer time skips the moment an hour
 * later. Undefined for a text of any other form.
 */
export function fromWallClock(text: string, zone: string): number | undefined {
  const wall = WALL_CLOCK.test(text) ? Date.parse(`${text}Z`) : Number.NaN;
  if (Number.isNaN(wall)) return undefined;
  const [before, after] = [offsetAt(wall - DAY_MS, zone), offsetAt(wall + DAY_MS, zone)];
  // An offset counts only where it is in force at the moment that it gives; in a skipped hour neither is, and the old one carries on.
  return offsetAt(wall - before, zone) === before || offsetAt(wall - after, zone) !== after ? wall - before : wall - after;
}

/** Returns the IANA name of the machine's time zone; UTC where it has none. */
export function machineTimeZone(): string {
  const { timeZone } = new Intl.DateTimeFormat().resolvedOptions();
  return isTimeZone(timeZone) ? timeZone : 'UTC';
}

/** Returns true if a text is the name of an IANA time zone. An offset such as `+01:00` is none. */
export function isTimeZone(name: string): boolean {
  if (!/^[A-Za-z]/.test(name)) return false;
  try {
    new Intl.DateTimeFormat('en-US', { timeZone: name }).format(0);
    return true;
  } catch {
    return false;
  }
}
