import { expect, test } from 'vitest';
import { mergeMessages } from '../../src/tasks/messages.ts';
import { LINE_LIMIT, readLogLines } from '../../src/wire/log-lines.ts';

test('a line of 30 MB keeps its beginning and says how much is left out', () => {
  const [note, line] = readLogLines('x'.repeat(30_000_000));
  expect(note?.text).toBe('(the first 26000000 characters of the log are left out)');
  expect(line?.text).toBe(`${'x'.repeat(LINE_LIMIT)} (3998000 more characters are left out)`);
});

test('a log within its measure is kept line by line, without empty lines', () => {
  expect(readLogLines('a\r\n\r\nb\n').map(({ text }) => text)).toEqual(['a', 'b']);
});

test('a long line that grows is still the same line', () => {
  const first = readLogLines('x'.repeat(5000));
  const second = readLogLines(`${'x'.repeat(6000)}\nnext`);
  expect(mergeMessages(first, second)).toEqual(second);
});
