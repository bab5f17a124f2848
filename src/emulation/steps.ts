import type { Step } from './world.ts';

/** A run whose end carries no value. */
export type Run = Generator<Step, null, void>;

/** A log line, with its kind where that is not information. */
export type Line = string | Omit<Step, 'percent'>;

/** Yields the lines as steps that are spread evenly over the run. */
export function* evenly(lines: readonly Line[]): Generator<Step, void, void> {
  for (const [position, line] of lines.entries()) {
    const percent = Math.floor((position * 100) / lines.length);
    yield typeof line === 'string' ? { percent, text: line } : { percent, ...line };
  }
}

/** Cuts the items into at most six slices; `percent` of the run, between `from` and `to`, is where a slice begins, after `done` items. */
export function slices<T>(items: readonly T[], from: number, to: number): { percent: number; done: number; items: readonly T[] }[] {
  const size = Math.max(1, Math.ceil(items.length / 6));
  return Array.from({ length: Math.ceil(items.length / size) }, (_, position) => {
    const done = position * size;
    return { percent: Math.floor(from + ((to - from) * done) / items.length), done, items: items.slice(done, done + size) };
  });
}
