import { formatDuration as formatLongDuration } from '../../../base/durations.ts';
import { localiseNumbers, mapUnquoted } from '../../../base/localise-numbers.ts';
import { formatSize as formatSizeFor } from '../../../base/sizes.ts';

/** Digits, sizes and dates follow the locale and the time zone of the browser; the words around them are English. */

/** The locale of the browser; without one, that of the machine. */
function readLocale(): string | undefined {
  return (globalThis as { readonly navigator?: { readonly language?: string } }).navigator?.language;
}

const SECOND_MS = 1000;

/** From here on a duration is shown in its two largest units. */
const LONG_MS = 60 * SECOND_MS;

const formats = new Map<string, Intl.DateTimeFormat>();

/** Formats are kept: making one takes longer than using it a thousand times. */
function findFormat(options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = `${readLocale()} ${JSON.stringify(options)}`;
  const known = formats.get(key) ?? new Intl.DateTimeFormat(readLocale(), options);
  formats.set(key, known);
  return known;
}

/** A moment comes from a record or from the far end, and can be no moment at all: it is shown as it came then. */
function writeMoment(moment: number | string, options: Intl.DateTimeFormatOptions): string {
  const date = new Date(moment);
  return Number.isNaN(date.getTime()) ? String(moment) : findFormat(options).format(date);
}

export function formatNumber(value: number): string {
  return value.toLocaleString(readLocale(), { maximumFractionDigits: 20 });
}

/** Returns a number of bytes such as `5.3 GB`, in the units of questions and of the terminal. */
export function formatSize(bytes: number): string {
  return formatSizeFor(bytes, readLocale());
}

/** Returns a number with its noun, such as `1,234 rows`. */
export function formatCount(value: number, one: string, many = `${one}s`): string {
  return `${formatNumber(value)} ${value === 1 ? one : many}`;
}

/** Returns a duration in milliseconds, such as `12 ms`, `1.3 s` or `2 h 5 min`. */
export function formatDuration(ms: number): string {
  if (ms < SECOND_MS) return `${formatNumber(Math.round(ms))} ms`;
  if (ms >= LONG_MS) return formatLongDuration(ms);
  return `${(ms / SECOND_MS).toLocaleString(readLocale(), { minimumFractionDigits: 1, maximumFractionDigits: 1 })} s`;
}

/** Returns date and time of day of a moment, given in milliseconds since the Unix epoch or as ISO 8601; in the zone of the browser without `timeZone`. */
export function formatDateTime(moment: number | string, timeZone?: string): string {
  return writeMoment(moment, { dateStyle: 'medium', timeStyle: 'medium', timeZone });
}

/** Returns the same to the minute. */
export function formatMinute(moment: string, timeZone: string): string {
  return writeMoment(moment, { dateStyle: 'medium', timeStyle: 'short', timeZone });
}

/** Returns the time of day of a moment in a zone. */
export function formatTimeOfDay(moment: string, timeZone: string): string {
  return writeMoment(moment, { timeStyle: 'medium', timeZone });
}

/** Returns a day that is written as `2026-11-29`. */
export function formatDay(day: string, style: 'long' | 'short' = 'long'): string {
  const options: Intl.DateTimeFormatOptions =
    style === 'long' ? { weekday: 'short', day: 'numeric', month: 'short', year: 'numeric' } : { day: 'numeric', month: 'short' };
  return writeMoment(`${day}T00:00:00Z`, { ...options, timeZone: 'UTC' });
}

/** Returns the time of day of a moment; with its date where it was not today. */
export function formatClock(moment: string): string {
  const [date, today] = [new Date(moment), new Date()];
  return date.toDateString() === today.toDateString() ? findFormat({ timeStyle: 'medium' }).format(date) : formatDateTime(moment);
}

/** Returns a date without a time of day, of wall-clock text such as `2026-11-01T00:00:00`. */
export function formatWallClock(text: string): string {
  const date = new Date(`${text.slice(0, 19)}Z`);
  return Number.isNaN(date.getTime()) ? text : findFormat({ dateStyle: 'medium', timeStyle: 'medium', timeZone: 'UTC' }).format(date);
}

const INSTANT = /\b\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:Z|[+-]\d{2}:\d{2})(?![\w-])/g;

/** Returns a text with every moment in it as the reader writes it, to the minute where a zone is given. */
export function localiseTimes(text: string, timeZone?: string): string {
  const format = (instant: string) => (timeZone === undefined ? formatDateTime(instant) : formatMinute(instant, timeZone));
  return text.replaceAll(INSTANT, (instant) => (Number.isNaN(Date.parse(instant)) ? instant : format(instant)));
}

/** Returns a sentence of this program with its numbers and moments as the reader writes them. What is quoted in it stays as it is. */
export function localiseSentence(text: string, timeZone?: string): string {
  return localiseNumbers(
    mapUnquoted(text, (part) => localiseTimes(part, timeZone)),
    readLocale(),
  );
}
