import { LINE_LIMIT } from '../wire/log-lines.ts';
import type { Message } from '../wire/reply.ts';

/** Lines kept of one task; what came before is counted and left out. */
export const MESSAGE_LIMIT = 1000;

/**
 * Joins the lines known so far with those of a new status. Servers may send all lines each time or only the news, which no source settles:
 * when the new text starts with the old one it replaces it, otherwise it is appended.
 */
export function mergeMessages(known: readonly Message[], news: readonly Message[]): readonly Message[] {
  const { left, lines } = withoutNote(known);
  return startsWith(news.slice(left), lines) ? capped(news, 0) : capped([...lines, ...news], left);
}

/** Returns the last lines, below a note of how many came before them; `left` of those are no longer among `lines`. */
function capped(lines: readonly Message[], left: number): readonly Message[] {
  const room = left > 0 ? MESSAGE_LIMIT - 1 : MESSAGE_LIMIT;
  if (lines.length <= room) return left > 0 ? [makeNote(left), ...lines] : lines;
  const kept = lines.slice(lines.length - (MESSAGE_LIMIT - 1));
  return [makeNote(left + lines.length - kept.length), ...kept];
}

function makeNote(left: number): Message {
  return { type: 'line', text: `(${left} earlier lines are left out)` };
}

/** Takes the note of `capped` off again. A list that is shorter than the limit has none, even if its first line reads like it. */
function withoutNote(messages: readonly Message[]): { readonly left: number; readonly lines: readonly Message[] } {
  const left = Number(/^\((\d+) earlier lines are left out\)$/.exec(messages[0]?.text ?? '')?.[1] ?? 0);
  return left > 0 && messages.length >= MESSAGE_LIMIT ? { left, lines: messages.slice(1) } : { left: 0, lines: messages };
}

/** The last known line may be the beginning of a longer one: a log is cut anywhere. */
function startsWith(news: readonly Message[], known: readonly Message[]): boolean {
  return (
    news.length >= known.length &&
    known.every(({ text }, index) => lineStartsWith(news[index]?.text ?? '', text, index === known.length - 1))
  );
}

function lineStartsWith(line: string, known: string, isLast: boolean): boolean {
  if (!isLast) return line === known;
  // A line that was cut says how much was, which grows with it.
  return (
    line.startsWith(known) || (known.length > LINE_LIMIT && line.length > LINE_LIMIT && line.startsWith(known.slice(0, LINE_LIMIT - 1)))
  );
}
