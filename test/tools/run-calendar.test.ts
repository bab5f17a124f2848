import { expect, test } from 'vitest';
import { drawRuns } from '../../tools/insights/run-calendar.ts';

const DAY = 86_400_000;
const NOW = Date.parse('2026-11-29T12:00:00Z');

/** Returns runs that began so many days ago, as the history of profiles has them. */
const runsAgo = (profileId: number, ...days: readonly number[]) =>
  days.map((back) => ({
    id: back,
    profileId,
    profile: `profile ${profileId}`,
    userName: '',
    result: 'succeeded',
    items: 1,
    start: NOW - back * DAY,
    end: undefined,
  }));

const automatic = (id: number) => ({
  id,
  name: `profile ${id}`,
  serverSideExecution: { automatic: true, automaticPauseBetweenExecutions: 300 },
});

test('a day without a run is silent where one was due by the rhythm of the profile or job, and an empty day where none was', () => {
  const { rows } = drawRuns({
    days: 21,
    now: NOW,
    timeZone: 'UTC',
    profiles: [
      automatic(1),
      automatic(2),
      { id: 3, name: 'by hand', serverSideExecution: { automatic: false } },
      automatic(4),
      automatic(5),
    ],
    runs: [
      ...runsAgo(1, ...Array.from({ length: 21 }, (_, back) => back)),
      ...runsAgo(2, ...Array.from({ length: 17 }, (_, back) => back + 4)),
      ...runsAgo(3, 5),
      ...runsAgo(5, 2, 3, 4, 5, 6, 9, 10, 11, 12, 13, 16, 17, 18, 19, 20),
    ],
    jobs: [
      { id: 1, name: 'weekly', enabled: true },
      { id: 2, name: 'switched off', enabled: false },
    ],
    jobResults: [
      { jobId: 1, startTime: '2026-11-21T03:00:00', result: 'succeeded' },
      { jobId: 1, startTime: '2026-11-28T03:00:00', result: 'failed' },
    ],
    explain: () => ({ cause: undefined, isAssumed: false }),
  });
  const signs = { ok: 'o', warnings: 'w', errors: 'e', failed: 'F', silent: '-', none: '.', unknown: '?' };
  expect(Object.fromEntries(rows.map(({ name, days }) => [name, days.map(({ state }) => signs[state]).join('')]))).toEqual({
    'profile 1': 'ooooooooooooooooooooo',
    'profile 2': 'ooooooooooooooooo----',
    'by hand': '...............o.....',
    'profile 4': '.--------------------',
    // Works on weekdays alone, and 28 November was a Saturday.
    'profile 5': 'ooooo..ooooo..ooooo..',
    // Its first week has no run, so one was due on 16 November at the latest.
    weekly: '.......-----o......F.',
    'switched off': '.....................',
  });
});

test('a week without a run is not silent for a weekly job with one run in it, and a job is not silent before it was made', () => {
  const { rows } = drawRuns({
    days: 7,
    now: NOW,
    timeZone: 'UTC',
    profiles: [],
    runs: [],
    jobs: [
      { id: 1, name: 'weekly', enabled: true, schedule: { time: '03:00:00', dayOfWeek: 'Sunday' } },
      { id: 2, name: 'once', enabled: true, schedule: { date: '2026-12-24T03:00:00' } },
      { id: 3, name: 'daily', enabled: true, schedule: { time: '03:00:00' }, creationDateTimeUtc: '2026-11-26T12:00:00+00:00' },
    ],
    jobResults: [{ jobId: 1, startTime: '2026-11-29T03:00:00', result: 'failed' }],
    explain: () => ({ cause: undefined, isAssumed: false }),
  });
  const signs = { ok: 'o', warnings: 'w', errors: 'e', failed: 'F', silent: '-', none: '.', unknown: '?' };
  expect(Object.fromEntries(rows.map(({ name, days }) => [name, days.map(({ state }) => signs[state]).join('')]))).toEqual({
    weekly: '......F',
    once: '.......',
    daily: '....---',
  });
});
