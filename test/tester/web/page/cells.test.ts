import { afterEach, expect, test, vi } from 'vitest';
import { makeCell } from '../../../../src/tester/web/page/cells.ts';
import { formatDuration, localiseSentence } from '../../../../src/tester/web/page/locale.ts';

afterEach(() => {
  vi.unstubAllGlobals();
});

function readAs(language: string): void {
  vi.stubGlobal('navigator', { language });
}

test.each([
  ['en-US', ['98.6 MB', '2,879', '12345', 'Nov 1, 2026, 2:00:00']],
  ['de-DE', ['98,6 MB', '2.879', '12345', '01.11.2026, 02:00:00']],
])(
  'a value is shown in the locale %s of the reader, in the units of questions, and ids keep their digits',
  (language, [size, count, id, time]) => {
    readAs(language);
    const facts = { bytes: ['size'], zone: 'UTC' };
    expect(makeCell('size', 103_378_468, facts)).toEqual({ text: size, raw: '103378468', isNumber: true });
    expect(makeCell('count', 2879, facts)).toEqual({ text: count, raw: '2879', isNumber: true });
    expect(makeCell('storeId', 12_345, facts)).toEqual({ text: id, isNumber: true });
    const shown = makeCell('startTime', '2026-11-01T02:00:00');
    expect([shown.raw, shown.text]).toEqual(['2026-11-01T02:00:00', expect.stringContaining(time ?? '-')]);
  },
);

test('what is null, empty or hides in a text is shown as such', () => {
  readAs('en-US');
  const texts = [null, undefined, '', [], ['a', 'b'], { a: 1 }, true, 'line\nbreak \u202Egnp.exe'].map(
    (value) => makeCell('x', value).text,
  );
  expect(texts).toEqual(['', '', '', '', 'a, b', '{"a":1}', 'yes', 'line[U+000A]break [U+202E]gnp.exe']);
});

test('the numbers of a sentence follow the locale, and what is quoted, listed or part of a name does not', () => {
  readAs('de-DE');
  expect(localiseSentence('It keeps 3,650 days; 1,234 messages, 5.3 GB.')).toBe('It keeps 3.650 days; 1.234 messages, 5,3 GB.');
  expect(localiseSentence('Store "Import 1,234 old" with ids [1,234] in version 25.3.0.')).toBe(
    'Store "Import 1,234 old" with ids [1,234] in version 25.3.0.',
  );
});

test('a duration is in words', () => {
  readAs('de-DE');
  expect([12, 1300, 125_000, 7_500_000].map(formatDuration)).toEqual(['12 ms', '1,3 s', '2 min 5 s', '2 h 5 min']);
});
