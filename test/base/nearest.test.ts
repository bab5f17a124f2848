import { expect, test } from 'vitest';
import { nearest } from '../../src/base/nearest.ts';

const SETTINGS = ['MAILSTORE_URL', 'MAILSTORE_ACCESS', 'MAILSTORE_API'];

test.each([
  ['MAILSTORE_ACESS', 'MAILSTORE_ACCESS'],
  ['mailstore_url', 'MAILSTORE_URL'],
  ['MAILSTORE_APIS', 'MAILSTORE_API'],
  ['SOMETHING_ELSE_ALTOGETHER', undefined],
  ['', undefined],
])('the nearest setting to %j is %j', (word, expected) => {
  expect(nearest(word, SETTINGS)).toBe(expected);
});

test('of several candidates at the same distance the first is taken', () => {
  expect(nearest('full', ['fully', 'fill'])).toBe('fully');
});

test('a short word allows two edits and not three', () => {
  expect([nearest('abc', ['axy']), nearest('abc', ['xyz'])]).toEqual(['axy', undefined]);
});

test('without candidates nothing is near', () => {
  expect(nearest('url', [])).toBeUndefined();
});
