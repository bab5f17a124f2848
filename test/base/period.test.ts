import { expect, test } from 'vitest';
import { readPeriod } from '../../src/base/period.ts';
import { formatInZone } from '../../src/base/zoned-time.ts';

const BERLIN = 'Europe/Berlin';
/** A Sunday, 10:04 in Berlin. */
const NOW = Date.UTC(2026, 10, 29, 9, 4);

test.each([
  ['last 24 hours', '2026-11-28T10:04:00+01:00', undefined],
  ['Last 7 days', '2026-11-22T10:04:00+01:00', undefined],
  ['last 30 minutes', '2026-11-29T09:34:00+01:00', undefined],
  ['last month', '2026-10-01T00:00:00+02:00', '2026-11-01T00:00:00+01:00'],
  ['last 2 months', '2026-09-29T10:04:00+02:00', undefined],
  ['today', '2026-11-29T00:00:00+01:00', undefined],
  ['yesterday', '2026-11-28T00:00:00+01:00', '2026-11-29T00:00:00+01:00'],
  ['this week', '2026-11-23T00:00:00+01:00', undefined],
  ['last week', '2026-11-16T00:00:00+01:00', '2026-11-23T00:00:00+01:00'],
  ['this year', '2026-01-01T00:00:00+01:00', undefined],
  ['3 days ago', '2026-11-26T10:04:00+01:00', '2026-11-26T10:04:00+01:00'],
  ['now', '2026-11-29T10:04:00+01:00', '2026-11-29T10:04:00+01:00'],
  // A day of 25 hours.
  ['2026-10-25', '2026-10-25T00:00:00+02:00', '2026-10-26T00:00:00+01:00'],
  ['2026-11-01T03:00', '2026-11-01T03:00:00+01:00', '2026-11-01T03:00:00+01:00'],
  ['2026-11-01T03:00:00Z', '2026-11-01T04:00:00+01:00', '2026-11-01T04:00:00+01:00'],
  ['2026-11-01T03:00:00.123-08:00', '2026-11-01T12:00:00+01:00', '2026-11-01T12:00:00+01:00'],
])('%j begins at %s and ends at %s', (text, start, end) => {
  const read = readPeriod(text, NOW, BERLIN);
  expect(read && formatInZone(read.start, BERLIN)).toBe(start);
  expect(read?.end && formatInZone(read.end, BERLIN)).toBe(end);
});

test.each(['', 'soon', 'last', 'last 24', 'last -1 days', '2026-02-30', '2026-13-01', '2026-11-01T25:00', '01.11.2026'])(
  '%j is no period',
  (text) => {
    expect(readPeriod(text, NOW, BERLIN)).toBeUndefined();
  },
);
