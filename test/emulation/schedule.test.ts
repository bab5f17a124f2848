import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DAYS_OF_WEEK, nextStart } from '../../src/emulation/schedule.ts';
import { utcToZone, zoneToUtc } from '../../src/emulation/time-zones.ts';
import { CommandFailure, utcMilliseconds, type WorldSchedule } from '../../src/emulation/world.ts';

const BERLIN = 'W. Europe Standard Time';
const NEW_YORK = 'Eastern Standard Time';

const at = (utc: string) => utcMilliseconds(utc);

/** The next starts in the schedule's own wall-clock time. */
function nextStarts(schedule: WorldSchedule, afterUtc: string, count: number): string[] {
  const starts: string[] = [];
  let after = at(afterUtc);
  while (starts.length < count) {
    const start = nextStart(schedule, after);
    if (start === null) break;
    starts.push(utcToZone(start, schedule.timeZoneId));
    after = at(start);
  }
  return starts;
}

describe('a job with a date', () => {
  const schedule = { timeZoneId: BERLIN, date: '2026-07-01T12:00:00' };

  it('starts once, at that time of its zone', () => {
    expect(nextStart(schedule, at('2026-06-30T00:00:00'))).toBe('2026-07-01T10:00:00');
  });

  it('has no next start from that moment on', () => {
    expect(nextStart(schedule, at('2026-07-01T09:59:59') + 999)).toBe('2026-07-01T10:00:00');
    expect(nextStart(schedule, at('2026-07-01T10:00:00'))).toBeNull();
    expect(nextStart(schedule, at('2027-01-01T00:00:00'))).toBeNull();
  });
});

describe('a daily job', () => {
  it('starts today when its time is still to come, otherwise tomorrow', () => {
    const schedule = { timeZoneId: BERLIN, time: '01:00:00' };
    expect(nextStart(schedule, at('2026-01-14T23:59:59'))).toBe('2026-01-15T00:00:00');
    expect(nextStart(schedule, at('2026-01-15T00:00:00'))).toBe('2026-01-16T00:00:00');
  });

  it('takes the day from its own zone, not from UTC', () => {
    expect(nextStart({ timeZoneId: 'Tokyo Standard Time', time: '08:00' }, at('2026-01-14T22:00:00'))).toBe('2026-01-14T23:00:00');
    expect(nextStart({ timeZoneId: 'Pacific Standard Time', time: '20:00' }, at('2026-01-15T03:00:00'))).toBe('2026-01-15T04:00:00');
  });

  it('keeps its wall-clock time across both changes of daylight saving', () => {
    const schedule = { timeZoneId: BERLIN, time: '01:00:00' };
    expect([
      nextStart(schedule, at('2026-03-28T12:00:00')),
      nextStart(schedule, at('2026-03-29T12:00:00')),
      nextStart(schedule, at('2026-10-24T12:00:00')),
      nextStart(schedule, at('2026-10-25T12:00:00')),
    ]).toEqual(['2026-03-29T00:00:00', '2026-03-29T23:00:00', '2026-10-24T23:00:00', '2026-10-26T00:00:00']);
  });

  it('starts an hour later on the day that skips its time', () => {
    expect(nextStarts({ timeZoneId: BERLIN, time: '02:30:00' }, '2026-03-28T00:00:00', 3)).toEqual([
      '2026-03-28T02:30:00',
      '2026-03-29T03:30:00',
      '2026-03-30T02:30:00',
    ]);
    expect(nextStart({ timeZoneId: NEW_YORK, time: '02:30:00' }, at('2026-03-08T05:00:00'))).toBe('2026-03-08T07:30:00');
  });

  it('starts once, at the first of the two, on the day that repeats its time', () => {
    const berlin = { timeZoneId: BERLIN, time: '02:30:00' };
    expect(nextStart(berlin, at('2026-10-24T12:00:00'))).toBe('2026-10-25T00:30:00');
    expect(nextStart(berlin, at('2026-10-25T00:30:00'))).toBe('2026-10-26T01:30:00');
    const newYork = { timeZoneId: NEW_YORK, time: '01:30:00' };
    expect(nextStart(newYork, at('2026-11-01T04:00:00'))).toBe('2026-11-01T05:30:00');
    expect(nextStart(newYork, at('2026-11-01T05:30:00'))).toBe('2026-11-02T06:30:00');
  });
});

describe('a weekly job', () => {
  it('starts on its weekday, which is that of its zone', () => {
    expect(nextStarts({ timeZoneId: BERLIN, time: '04:00:00', dayOfWeek: 'Sunday' }, '2026-10-20T00:00:00', 3)).toEqual([
      '2026-10-25T04:00:00',
      '2026-11-01T04:00:00',
      '2026-11-08T04:00:00',
    ]);
    expect(nextStart({ timeZoneId: 'AUS Eastern Standard Time', time: '06:00', dayOfWeek: 'Monday' }, at('2026-07-05T00:00:00'))).toBe(
      '2026-07-05T20:00:00',
    );
  });
});

describe('a monthly job', () => {
  it('starts on its day and leaves out the months that lack it', () => {
    expect(nextStarts({ timeZoneId: BERLIN, time: '22:00:00', dayOfMonth: '31' }, '2026-01-31T21:00:00', 3)).toEqual([
      '2026-03-31T22:00:00',
      '2026-05-31T22:00:00',
      '2026-07-31T22:00:00',
    ]);
  });

  it('starts on the last day of every month, leap years included', () => {
    expect(nextStarts({ timeZoneId: BERLIN, time: '04:00:00', dayOfMonth: 'Last' }, '2028-01-15T00:00:00', 4)).toEqual([
      '2028-01-31T04:00:00',
      '2028-02-29T04:00:00',
      '2028-03-31T04:00:00',
      '2028-04-30T04:00:00',
    ]);
  });

  it('starts only where the weekday fits too, when both are given', () => {
    expect(nextStarts({ timeZoneId: BERLIN, time: '13:00', dayOfMonth: '13', dayOfWeek: 'Friday' }, '2026-01-01T00:00:00', 3)).toEqual([
      '2026-02-13T13:00:00',
      '2026-03-13T13:00:00',
      '2026-11-13T13:00:00',
    ]);
  });
});

describe('a job with an interval', () => {
  it('starts every so many minutes, counted from midnight of its zone', () => {
    expect(nextStarts({ timeZoneId: BERLIN, interval: 360 }, '2026-01-15T01:23:45', 5)).toEqual([
      '2026-01-15T06:00:00',
      '2026-01-15T12:00:00',
      '2026-01-15T18:00:00',
      '2026-01-16T00:00:00',
      '2026-01-16T06:00:00',
    ]);
    expect(nextStart({ timeZoneId: 'India Standard Time', interval: 60 }, at('2026-01-15T00:00:00'))).toBe('2026-01-15T00:30:00');
  });

  it('keeps its pace through the hour that daylight saving repeats or skips', () => {
    const schedule = { timeZoneId: BERLIN, interval: 30 };
    expect(nextStarts(schedule, '2026-10-24T23:50:00', 6)).toEqual([
      '2026-10-25T02:00:00',
      '2026-10-25T02:30:00',
      '2026-10-25T02:00:00',
      '2026-10-25T02:30:00',
      '2026-10-25T03:00:00',
      '2026-10-25T03:30:00',
    ]);
    expect(nextStarts(schedule, '2026-03-29T00:10:00', 3)).toEqual(['2026-03-29T01:30:00', '2026-03-29T03:00:00', '2026-03-29T03:30:00']);
  });
});

describe('any job', () => {
  const zone = fc.constantFrom('UTC', BERLIN, NEW_YORK, 'India Standard Time', 'AUS Eastern Standard Time', '$Local');
  const time = fc.tuple(fc.nat(23), fc.nat(59)).map((parts) => parts.map((part) => String(part).padStart(2, '0')).join(':'));
  const schedule: fc.Arbitrary<WorldSchedule> = fc.oneof(
    fc.record({ timeZoneId: zone, interval: fc.constantFrom(5, 10, 15, 20, 30, 60, 120, 180, 240, 360, 720) }),
    fc.record(
      {
        timeZoneId: zone,
        time,
        dayOfWeek: fc.constantFrom(...DAYS_OF_WEEK),
        dayOfMonth: fc.oneof(fc.integer({ min: 1, max: 31 }).map(String), fc.constant('Last')),
      },
      { requiredKeys: ['timeZoneId', 'time'] },
    ),
  );

  it('any job that repeats has a next start after every moment, and none between the two', () => {
    fc.assert(
      fc.property(
        schedule,
        fc.integer({ min: at('2020-01-01T00:00:00'), max: at('2040-01-01T00:00:00') }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (plan, after, share) => {
          const start = nextStart(plan, after);
          if (start === null) throw new Error('The schedule never starts.');
          expect(at(start)).toBeGreaterThan(after);
          const between = after + Math.floor((at(start) - after - 1) * share);
          expect(nextStart(plan, between)).toBe(start);
        },
      ),
    );
  });

  it('any job without a form of schedule never starts', () => {
    expect(nextStart({ timeZoneId: BERLIN }, at('2026-01-01T00:00:00'))).toBeNull();
  });

  it('fails on a time zone that the server does not know, IANA names included', () => {
    expect(() => nextStart({ timeZoneId: 'Europe/Berlin', time: '01:00' }, 0)).toThrow(CommandFailure);
  });
});

describe('a wall-clock time', () => {
  it('a wall-clock time that exists once comes back from UTC as it was, in every zone', () => {
    const hours = Array.from({ length: 4 * 24 }, (_, hour) => at('2026-10-23T00:30:00') + hour * 3_600_000);
    for (const zoneId of [BERLIN, NEW_YORK, 'Pacific Standard Time', 'Tokyo Standard Time', 'AUS Eastern Standard Time', 'UTC']) {
      const walls = hours.map((time) => utcToZone(new Date(time).toISOString().slice(0, 19), zoneId));
      for (const wall of walls) expect(utcToZone(zoneToUtc(wall, zoneId), zoneId)).toBe(wall);
    }
  });
});
