import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MESSAGE_LIMIT, mergeMessages } from '../../src/tasks/messages.ts';
import type { Message } from '../../src/wire/reply.ts';

const lines = (...texts: readonly string[]): Message[] => texts.map((text) => ({ type: 'line', text }));
const numbered = (from: number, to: number): Message[] =>
  Array.from({ length: to - from + 1 }, (_, index) => ({ type: 'line', text: `line ${from + index}` }));

/** Merges one status after another, as a task that is followed does. */
const follow = (statuses: readonly (readonly Message[])[]) =>
  statuses.reduce<readonly Message[]>((known, news) => mergeMessages(known, news), []);

describe('a log that comes in full each time', () => {
  test('replaces what was known', () => {
    expect(follow([lines('a'), lines('a', 'b'), lines('a', 'b'), lines('a', 'b', 'c')])).toEqual(lines('a', 'b', 'c'));
  });

  test('may have been cut in the middle of its last line', () => {
    expect(follow([lines('Checking', 'Che'), lines('Checking', 'Checked', 'Done')])).toEqual(lines('Checking', 'Checked', 'Done'));
  });

  test('keeps the types of its newest copy', () => {
    expect(mergeMessages(lines('a'), [{ type: 'warning', text: 'a' }])).toEqual([{ type: 'warning', text: 'a' }]);
  });
});

describe('a log that comes as news', () => {
  test('is put together', () => {
    expect(follow([lines('a'), lines('b', 'c'), [], lines('d')])).toEqual(lines('a', 'b', 'c', 'd'));
  });

  test('keeps lines that repeat', () => {
    expect(follow([lines('a', 'b'), lines('b'), lines('b')])).toEqual(lines('a', 'b', 'b', 'b'));
  });
});

test('a status without lines takes none away', () => {
  expect([mergeMessages(lines('a'), []), mergeMessages([], [])]).toEqual([lines('a'), []]);
});

describe('a long log', () => {
  const last = (total: number, note: number) => [...lines(`(${note} earlier lines are left out)`), ...numbered(total - 998, total)];

  test('a long log of exactly the limit is kept in full', () => {
    expect([MESSAGE_LIMIT, mergeMessages([], numbered(1, 1000))]).toEqual([1000, numbered(1, 1000)]);
  });

  test.each([
    ['at once', [numbered(1, 1500)]],
    ['in full each time', [numbered(1, 900), numbered(1, 1200), numbered(1, 1200), numbered(1, 1500)]],
    ['as news', [numbered(1, 900), numbered(901, 1200), numbered(1201, 1201), [], numbered(1202, 1500)]],
    ['line by line', Array.from({ length: 1500 }, (_, index) => numbered(index + 1, index + 1))],
  ])('a long log that came %s keeps its end, and says how many lines it is short of', (_, statuses) => {
    expect(follow(statuses)).toEqual(last(1500, 501));
  });

  test('is not misled by a line that reads like the note', () => {
    const told = lines('(7 earlier lines are left out)', 'a');
    expect(follow([told, [...told, ...lines('b')]])).toEqual([...told, ...lines('b')]);
  });
});

test('however a server sends its log, the lines and their number are the same', () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.string({ minLength: 1 }), { minLength: 1, maxLength: 40 }), fc.array(fc.nat(40)), (texts, cuts) => {
      const ends = [...new Set([...cuts.map((cut) => Math.min(cut, texts.length)), texts.length])].toSorted((a, b) => a - b);
      // Numbers keep one line from being the beginning of another.
      const log = lines(...texts.map((text, index) => `${index}: ${text}`));
      const inFull = ends.map((end) => log.slice(0, end));
      const asNews = ends.map((end, index) => log.slice(ends[index - 1] ?? 0, end));
      expect([follow(inFull), follow(asNews)]).toEqual([log, log]);
    }),
  );
});
