import { localiseSentence } from '../../tester/web/page/locale.ts';

/** A moment within a text, as this program writes it. */
const INSTANT = /\b\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?Z(?![\w-])/g;

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

/** Returns a sentence of this program with its moments in a zone, and its numbers, as the reader writes them. */
export function localise(text: string, timeZone: string): string {
  const inZone = text.replaceAll(INSTANT, (instant) => (Number.isNaN(Date.parse(instant)) ? instant : formatMoment(instant, timeZone)));
  return localiseSentence(inZone);
}
