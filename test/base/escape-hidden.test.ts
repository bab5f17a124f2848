import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fromVisible, fromVisibleValue, toVisible, visibleValue } from '../../src/base/escape-hidden.ts';
import { untrustedTexts } from '../security/untrusted-text.corpus.ts';

describe('untrusted text', () => {
  test.each(untrustedTexts.map(({ from, what, text, visible }) => [from, what, text, visible]))(
    'a %s with %s',
    (_from, _what, text, visible) => {
      expect(toVisible(text)).toBe(visible);
      expect(fromVisible(visible)).toBe(text);
    },
  );
});

/** The characters that are promised to be visible, one range of code points each. */
const PROMISED: readonly (readonly [first: number, last: number])[] = [
  [0x0000, 0x0008],
  [0x000b, 0x000c],
  [0x000e, 0x001f],
  [0x007f, 0x009f],
  [0x00ad, 0x00ad],
  [0x034f, 0x034f],
  [0x061c, 0x061c],
  [0x115f, 0x1160],
  [0x180e, 0x180e],
  [0x200b, 0x200f],
  [0x2028, 0x202e],
  [0x2060, 0x2064],
  [0x2066, 0x2069],
  [0x3164, 0x3164],
  [0xd800, 0xdfff],
  [0xe000, 0xf8ff],
  [0xfe00, 0xfe0d],
  [0xfeff, 0xfeff],
  [0xffa0, 0xffa0],
  [0xfff9, 0xfffb],
  [0xfffe, 0xffff],
  [0xe0000, 0xe007f],
  [0xe0100, 0xe01ef],
];

const isPromised = (codePoint: number) => PROMISED.some(([first, last]) => first <= codePoint && codePoint <= last);
const promised = fc.constantFrom(...PROMISED).chain(([first, last]) => fc.integer({ min: first, max: last }));

/** Texts of characters of every kind, halves of surrogate pairs and pieces of visible forms. */
const anyText = fc
  .array(
    fc.oneof(
      promised.map((codePoint) => String.fromCodePoint(codePoint)),
      fc.integer({ min: 0, max: 0xffff }).map((codeUnit) => String.fromCharCode(codeUnit)),
      fc.string({ unit: 'binary', maxLength: 3 }),
      fc.constantFrom('\r', '\n', '[', '[U', '[U+', 'U+', '+', ']', '202E]', '[U+202E]', '[U+005B]', '5B', '0'),
    ),
    { maxLength: 12 },
  )
  .map((parts) => parts.join(''));

describe('the visible form', () => {
  test('shows every character that hides or commands as its code point', () => {
    const left = PROMISED.flatMap(([first, last]) => [...Array(last - first + 1).keys()].map((index) => first + index)).filter(
      (codePoint) => toVisible(String.fromCodePoint(codePoint)) !== `[U+${codePoint.toString(16).toUpperCase().padStart(4, '0')}]`,
    );
    expect(left).toEqual([]);
  });

  test('contains none of these characters, for any text', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const visible = toVisible(text);
        expect([...visible].filter((character) => isPromised(character.codePointAt(0) ?? 0))).toEqual([]);
        expect(visible).not.toMatch(/\r(?!\n)/);
      }),
      { numRuns: 2000 },
    );
  });

  test('gives back exactly the text that it was made of', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        expect(fromVisible(toVisible(text))).toBe(text);
      }),
      { numRuns: 2000 },
    );
  });

  test('is read only where it is one: other code points, spellings and numbers stay text', () => {
    const texts = ['[U+0041]', '[U+202e]', '[U+00202E]', '[U+FFFFFF]', '[U+202E', '[U+005B]', 'U+202E'];
    expect(texts.map(fromVisible)).toEqual(texts);
  });
});

describe('the visible form of a value', () => {
  const value = { 'na\u202Eme': ['a\u200Bb', { ok: 'plain', n: 1, none: null, yes: true }], other: 'x' };
  const visible = { 'na[U+202E]me': ['a[U+200B]b', { ok: 'plain', n: 1, none: null, yes: true }], other: 'x' };

  test('is that of every string and every key in it', () => {
    expect(visibleValue(value)).toEqual(visible);
    expect(fromVisibleValue(visible)).toEqual(value);
  });

  test('keeps a key named __proto__ a key', () => {
    const read: unknown = JSON.parse('{"__proto__":{"isAdmin":"\u202E"}}');
    expect(JSON.stringify(visibleValue(read))).toBe('{"__proto__":{"isAdmin":"[U+202E]"}}');
  });

  test('is the same object where there is nothing to show', () => {
    const clean = { items: [{ name: 'amira', n: 1 }], total: 1 };
    expect(visibleValue(clean)).toBe(clean);
    expect(fromVisibleValue(clean)).toBe(clean);
  });
});
