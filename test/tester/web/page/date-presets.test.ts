import { expect, test } from 'vitest';
import { resolveDate } from '../../../../src/tester/web/page/date-presets.ts';

/** A Sunday in UTC, and already Monday in Auckland. */
const NOW = Date.parse('2026-11-29T12:00:00Z');

test.each([
  ['today', 'UTC', '2026-11-29T00:00'],
  ['today', 'Pacific/Auckland', '2026-11-30T00:00'],
  ['yesterday', 'UTC', '2026-11-28T00:00'],
  ['30 days ago', 'UTC', '2026-10-30T00:00'],
  ['tomorrow 02:00', 'UTC', '2026-11-30T02:00'],
  ['next saturday 02:00', 'UTC', '2026-12-05T02:00'],
  ['next sunday 02:00', 'UTC', '2026-12-06T02:00'],
])('the preset %s of a date means in the zone %s the clock time %s', (preset, zone, clock) => {
  expect(resolveDate(preset, zone, NOW)).toBe(clock);
});

test('a preset of a date falls back to the days of the browser for a zone that it does not know', () => {
  expect(resolveDate('today', 'W. Europe Standard Time', NOW)).toMatch(/^2026-11-(?:29|30)T00:00$/);
});
