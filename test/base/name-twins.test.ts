import { expect, test } from 'vitest';
import { findTwins, findTwinsInJson } from '../../src/base/name-twins.ts';

test.each([
  [
    { policies: [], Policies: [] },
    { path: '', names: ['policies', 'Policies'] },
  ],
  [{ a: [{ kü: 1, 'ku\u0308': 2 }] }, { path: 'a.0', names: ['kü', 'ku\u0308'] }],
  [{ a: { id: 1, ｉｄ: 2 } }, { path: 'a', names: ['id', 'ｉｄ'] }],
  [
    { id: 1, 'i\u200Bd': 2 },
    { path: '', names: ['id', 'i\u200Bd'] },
  ],
])('two keys of %j that differ in their spelling alone are found', (value, twins) => {
  expect(findTwins(value)).toEqual(twins);
});

test('the same key in two objects, and keys that begin alike, are no twins', () => {
  expect(findTwins([{ id: 1 }, { id: 2, ids: [], idle: { id: 3 } }])).toBeUndefined();
});

test('a JSON text shows a key that it has twice, also by an escape, which its value no longer does', () => {
  expect(findTwinsInJson('{"a":{"access":1,"\\u0061ccess":2}}')).toEqual({ path: 'a', names: ['access', 'access'] });
  expect(findTwinsInJson('[{"a":1},{"a":{"a":"{\\"a\\":1,\\"a\\":2}"}}]')).toBeUndefined();
});

test('nesting of any depth is read', () => {
  expect(findTwinsInJson(`${'{"a":'.repeat(50_000)}{"b":1,"B":2}`)?.names).toEqual(['b', 'B']);
});
