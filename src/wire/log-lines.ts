import type { Message } from './reply.ts';

/** Characters kept of one line; a server may write a thousand names, or a whole file, into one. */
export const LINE_LIMIT = 2000;

/** Characters of one log that are looked at: its end says most, and splitting much more keeps everybody waiting. */
const LOG_LIMIT = 4_000_000;

/** Splits a log into lines, each cut to what is kept of it. Of a log beyond all measure only the end is read, and a first line says so. */
export function readLogLines(log: string): readonly Message[] {
  const cut = Math.max(0, log.length - LOG_LIMIT);
  const lines = log
    .slice(cut)
    .split(/\r?\n/)
    .filter((text) => text !== '')
    .map((text) => cutMessage({ type: 'line', text }));
  return cut === 0 ? lines : [{ type: 'line', text: `(the first ${cut} characters of the log are left out)` }, ...lines];
}

/**
 * Returns the lines of a log in any form: a text, a list of lines or messages, one of them alone, or a list inside of one field, as a conversion to
 * XML makes it. What has no form of a line is one line with its JSON.
 */
export function readMessages(told: unknown): readonly Message[] {
  if (typeof told === 'string') return readLogLines(told);
  return takeListOut(told).flatMap((item) => {
    if (item === null || item === undefined) return [];
    if (typeof item === 'string') return readLogLines(item);
    const { type = 'line', text } = item as { readonly type?: unknown; readonly text?: unknown };
    if (typeof text !== 'string') return [cutMessage({ type: 'line', text: JSON.stringify(item) })];
    return [cutMessage({ type: typeof type === 'string' ? type : JSON.stringify(type), text })];
  });
}

function takeListOut(told: unknown): readonly unknown[] {
  if (Array.isArray(told)) return told;
  if (typeof told !== 'object' || told === null || 'text' in told) return [told];
  const values: readonly unknown[] = Object.values(told);
  if (values.length !== 1) return values.length === 0 ? [] : [told];
  return Array.isArray(values[0]) ? values[0] : values;
}

/** Returns the message with its text cut to what is kept, and says how much was cut. */
export function cutMessage({ type, text }: Message): Message {
  if (text.length <= LINE_LIMIT) return { type, text };
  const kept = text.slice(0, LINE_LIMIT).replace(/[\uD800-\uDBFF]$/, '');
  return { type, text: `${kept} (${text.length - kept.length} more characters are left out)` };
}
