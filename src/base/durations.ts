const SECOND_MS = 1000;

/** The units of a duration with their length in seconds, the longest first. */
const UNITS = [
  ['d', 86_400],
  ['h', 3600],
  ['min', 60],
  ['s', 1],
] as const;

/** Returns a duration in milliseconds in its two largest units, such as `2 h 5 min`; less than a second as `0.3 s`. */
export function formatDuration(ms: number): string {
  if (ms < SECOND_MS) return `${(Math.max(0, ms) / SECOND_MS).toFixed(1)} s`;
  let rest = Math.round(ms / SECOND_MS);
  const parts: string[] = [];
  for (const [unit, seconds] of UNITS) {
    const count = Math.floor(rest / seconds);
    rest -= count * seconds;
    if (count > 0) parts.push(`${count} ${unit}`);
    else if (parts.length > 0) break;
    if (parts.length === 2) break;
  }
  return parts.join(' ');
}

/** Returns how long ago something was, in its largest unit, such as `3 h ago`; `now` for less than a second, also where clocks differ. */
export function formatAge(ms: number): string {
  const seconds = Math.floor(ms / SECOND_MS);
  const [unit, length] = UNITS.find(([, one]) => seconds >= one) ?? [undefined, 1];
  return unit === undefined ? 'now' : `${Math.floor(seconds / length)} ${unit} ago`;
}
