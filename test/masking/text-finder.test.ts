import { describe, expect, test } from 'vitest';
import { TextFinder } from '../../src/masking/text-finder.ts';

/** Finds what is enough of the needles, and counts the steps that it took. */
function look(needles: readonly string[], text: string, enough = 32): { readonly found: readonly string[]; readonly steps: number } {
  const finder = new TextFinder();
  for (const needle of needles) finder.add(needle, enough);
  const found: string[] = [];
  const steps = finder.find(text, (start, end) => found.push(text.slice(start, end)));
  return { found, steps };
}

describe('among many texts that are looked for', () => {
  test.each<[string, readonly string[], string, readonly string[]]>([
    ['one', ['harbour'], 'a harbour', ['harbour']],
    ['one at the beginning and at the end', ['abcd'], 'abcd-abcd', ['abcd', 'abcd']],
    ['one that overlaps itself', ['ababab'], 'abababab', ['ababab', 'ababab']],
    ['one in another', ['harbour', 'the harbour-41'], 'the harbour-42', ['harbour']],
    ['one that begins where another breaks off', ['abcdefgh', 'cdefxy'], 'abcdefxy', ['cdefxy']],
    ['one that ends within another', ['abcdef', 'xabcdefg'], 'xabcdefg', ['abcdef', 'xabcdefg']],
    [
      'a beginning that is enough',
      ['0123456789'.repeat(4)],
      `${'0123456789'.repeat(4).slice(0, 34)}!`,
      ['0123456789'.repeat(4).slice(0, 32), '0123456789'.repeat(4).slice(0, 33), '0123456789'.repeat(4).slice(0, 34)],
    ],
    ['none', ['harbour'], 'harbou r harbor', []],
  ])('%s is found', (_, needles, text, found) => {
    expect(look(needles, text).found).toEqual(found);
  });

  test('thousands that begin alike cost no more steps than one does', () => {
    const start = 'the-same-thirty-two-characters-0';
    const alike = Array.from({ length: 2000 }, (_, index) => `${start}${'x'.repeat(200)}${index}`);
    const text = `${start}${'x'.repeat(200)}!`.repeat(50);
    expect(look(alike, text).steps).toBeLessThanOrEqual(2 * text.length);
    expect(look(alike.slice(0, 1), text).steps).toBeLessThanOrEqual(2 * text.length);
  });

  test('one of a single character, repeated, costs two steps for a character at the most', () => {
    const needles = Array.from({ length: 250 }, (_, index) => 'a'.repeat(index + 6));
    const text = `${'a'.repeat(300)}b`.repeat(30);
    const { found, steps } = look(needles, text);
    expect(found).toHaveLength(295 * 30);
    expect(steps).toBeLessThanOrEqual(2 * text.length);
  });

  test('none that a text holds costs no step at all', () => {
    expect(look(['harbour', 'lighthouse'], 'nothing of that kind is in here').steps).toBe(0);
  });
});
