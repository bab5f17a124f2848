const UNITS = ['bytes', 'KB', 'MB', 'GB', 'TB', 'PB'];

/** A moment within a text, as this program writes it. */
const INSTANT = /\b\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?Z(?![\w-])/g;

/** Returns a number of bytes such as `5.3 GB`, counted in steps of 1,024, in the digits of the reader. */
export function formatSize(bytes: number): string {
  const step = bytes < 1 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log2(bytes) / 10));
  return `${formatNumber(bytes / 1024 ** step, 1)} ${UNITS[step]}`;
}

export function formatNumber(value: number, digits = 0): string {
  return value.toLocaleString(navigator.language, { maximumFractionDigits: digits });
}

/** Returns a number with its noun, such as `1,234 runs`. */
export function formatCount(value: number, one: string, many = `${one}s`): string {
  return `${formatNumber(value)} ${value === 1 ? one : many}`;
}

/** Returns date and time of a moment in a zone. */
export function formatMoment(moment: string, timeZone: string): string {
  return new Intl.DateTimeFormat(navigator.language, { dateStyle: 'medium', timeStyle: 'short', timeZone }).format(new Date(moment));
}

export function formatClock(moment: string, timeZone: string): string {
  return new Intl.DateTimeFormat(navigator.language, { timeStyle: 'medium', timeZone }).format(new Date(moment));
}

/** Returns a day that is written as `2026-11-29`. */
export function formatDay(day: string, style: 'long' | 'short' = 'long'): string {
  const options: Intl.DateTimeFormatOptions =
    style === 'long' ? { weekday: 'short', day: 'numeric', month: 'short', year: 'numeric' } : { day: 'numeric', month: 'short' };
  return new Intl.DateTimeFormat(navigator.language, { ...options, timeZone: 'UTC' }).format(new Date(`${day}T00:00:00Z`));
}

/** Returns the day on which a moment falls in a zone, as `2026-11-29`. */
export function nameDay(moment: string, timeZone: string): string {
  return new Intl.DateTimeFormat('sv-SE', { dateStyle: 'short', timeZone }).format(new Date(moment));
}

/** Returns a sentence with every moment in it as the reader writes it. */
export function localise(text: string, timeZone: string): string {
  return text.replaceAll(INSTANT, (instant) => (Number.isNaN(Date.parse(instant)) ? instant : formatMoment(instant, timeZone)));
}
