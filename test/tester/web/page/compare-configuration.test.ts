import { expect, test } from 'vitest';
import { compareConfiguration } from '../../../../src/tester/web/page/compare-configuration.ts';

test.each([
  ['{"hold": false}', [{ path: 'hold', before: 'true', after: 'false' }]],
  ['{"hold": true}', []],
  ['{}', []],
  ['{"list": ["a"]}', [{ path: 'list', before: '["a","b"]', after: '["a"]' }]],
  ['{"inner": {"port": 25}}', [{ path: 'inner.host', before: '"x"', after: 'not set' }]],
  ['{"added": null}', [{ path: 'added', before: 'not set', after: 'null' }]],
])('what %s changes is listed field by field, and what it leaves out stays', (written, differences) => {
  const current = { hold: true, list: ['a', 'b'], inner: { host: 'x', port: 25 } };
  expect(compareConfiguration(current, written)).toEqual(differences);
});

test.each(['', '[]', '{"hold":', 'null'])('%j is not compared', (written) => {
  expect(compareConfiguration({}, written)).toBeUndefined();
});
