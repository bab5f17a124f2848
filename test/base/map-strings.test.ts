import { expect, test } from 'vitest';
import { mapStrings } from '../../src/base/map-strings.ts';

test('every string of a value is mapped with the key under which it stands, directly or in a list', () => {
  const value = { a: 'x', list: ['y', ['z', { b: 'w' }]], n: 1, none: null, yes: true };
  expect(mapStrings(value, (text, name) => `${String(name)}:${text}`)).toEqual({
    a: 'a:x',
    list: ['list:y', ['list:z', { b: 'b:w' }]],
    n: 1,
    none: null,
    yes: true,
  });
  expect(mapStrings('x', (text, name) => `${String(name)}:${text}`)).toBe('undefined:x');
});

test('what does not change stays the same reference, next to what does', () => {
  const kept = { name: 'kept', list: ['kept'] };
  const value = { kept, other: 'x' };
  expect(mapStrings(value, (text) => text)).toBe(value);
  const mapped = mapStrings(value, (text) => (text === 'x' ? 'y' : text));
  expect(mapped).toEqual({ kept, other: 'y' });
  expect(mapped).toHaveProperty('kept', kept);
});
