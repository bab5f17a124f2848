import type { Message } from '../wire/reply.ts';

/** Lines kept of one task; what came before is counted and left out. */
export const MESSAGE_LIMIT = 1000;

/**
 * Joins the lines known so far with those of a new status. Servers may send all lines each time or only the news, which no source settles:
 * when the new text starts with the old one it replaces it, otherwise it is appended.
 */
export function mergeMessages(known: readonly Message[], news: readonly Message[]): readonly Message[] {
  const merged = startsWith(news, known) ? news : [...known, ...news];
  if (merged.length <= MESSAGE_LIMIT) return merged;
  const dropped = merged.length - (MESSAGE_LIMIT - 1);
  return [{ type: 'line', text: `(${dropped} earlier lines are left out)` }, ...merged.slice(dropped)];
}

/** The last known line may be the beginning of a longer one: a log is cut anywhere. */
function startsWith(news: readonly Message[], known: readonly Message[]): boolean {
  return (
    news.length >= known.length &&
    known.every(({ text }, index) => lineStartsWith(news[index]?.text ?? '', text, index === known.length - 1))
  );
}

function lineStartsWith(line: string, known: string, isLast: boolean): boolean {
  return isLast ? line.startsWith(known) : line === known;
}
