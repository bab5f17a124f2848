import { describe, expect, test } from 'vitest';
import { findingWords } from '../../src/journal/task-record.ts';
import { readFinding } from '../../src/tasks/finding.ts';

const lines = (...texts: readonly string[]) => texts.map((text) => ({ type: 'line', text }));
const found = (words: Partial<Parameters<typeof readFinding>[0]>) =>
  readFinding({ messages: [], statusText: null, result: null, ...words });

describe('what a run found', () => {
  test.each([
    [
      'messages of type error and warning',
      {
        messages: [
          { type: 'error', text: 'The database is damaged.' },
          { type: 'warning', text: 'Old.' },
        ],
      },
      [1, 1],
    ],
    [
      'the counts of its last line',
      { messages: lines('Store 1; errors: 0, warnings: 2', 'Verification finished; errors: 3, warnings: 0') },
      [3, 0],
    ],
    ['the counts of its last line in German', { messages: lines('Überprüfung beendet. Fehler: 2, Warnungen: 1') }, [2, 1]],
    [
      'types in another letter case, and lines of an unknown type that begin with the word',
      {
        messages: [
          { type: 'Error', text: 'Damaged.' },
          { type: 'WARNING', text: 'Old.' },
          { type: 'unknown', text: 'Error: no access' },
          { type: 'information', text: 'Error texts are in the log.' },
        ],
      },
      [2, 1],
    ],
    ['the counts of its status text', { statusText: 'errors: 7' }, [7, 0]],
    ['lines that begin with the word', { messages: lines('ERROR: no access', '[Warning] old format', 'The errors were mended.') }, [1, 1]],
    ['the counts of its result', { result: { numberOfErrors: 4, warnings: ['a', 'b'] } }, [4, 2]],
    [
      'a line with a type that its summary counts again',
      {
        messages: [
          { type: 'error', text: 'Damaged.' },
          { type: 'line', text: 'errors: 1, warnings: 0' },
        ],
      },
      [1, 0],
    ],
  ])('is read from %s', (_, words, [errors, warnings]) => {
    expect(found(words)).toEqual({ errors, warnings });
  });

  test.each([
    ['no words', {}],
    ['counts of nothing', { messages: lines('Verification finished; errors: 0, warnings: 0') }],
    ['a result that is none', { result: { errors: -1, warnings: 'many', errorsFound: 3 } }],
  ])('is nothing with %s', (_, words) => {
    expect(found(words)).toBeUndefined();
  });

  test('is said in words', () => {
    expect([
      findingWords({ errors: 1, warnings: 0 }),
      findingWords({ errors: 2, warnings: 1 }),
      findingWords({ errors: 0, warnings: 3 }),
    ]).toEqual(['1 error', '2 errors and 1 warning', '3 warnings']);
  });
});
