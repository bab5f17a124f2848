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

/** Returns the message with its text cut to what is kept, and says how much was cut. */
export function cutMessage({ type, text }: Message): Message {
  if (text.length <= LINE_LIMIT) return { type, text };
  const kept = text.slice(0, LINE_LIMIT).replace(/[\uD800-\uDBFF]$/, '');
  return { type, text: `${kept} (${text.length - kept.length} more characters are left out)` };
}
