import { describe, expect, test } from 'vitest';
import { toShownText } from '../../src/catalogue/drifting.ts';
import { commands } from '../helpers/server-catalogue.ts';
import { createJob, deleteJob, renameJob, runJobAsync, setJobEnabled, setJobSchedule } from '../../tools/jobs.ts';

const timeZoneId = 'W. Europe Standard Time';
const monthly = { timeZoneId, time: '22:00:00', dayOfWeek: null, dayOfMonth: '1' };
const compact = { id: 4, name: 'Compact 2024', action: 'CompactStore --id="2"', owner: 'admin', enabled: false, schedule: monthly };
const retention = { ...compact, id: 2, name: 'Retention', action: 'ProcessRetentionPolicies', enabled: true };

describe('what a person is asked', () => {
  test('the question before a job is run now names its command and whose rights it has', () => {
    const { question } = runJobAsync;
    expect([question?.object({ id: 4 }, { job: compact }), toShownText(question?.consequence({ id: 4 }, { job: compact }) ?? '')]).toEqual([
      'job 4 "Compact 2024", which runs CompactStore --id="2"',
      'The server runs it now with the rights of admin. ' +
        'What its command deletes, overwrites or sends away cannot be brought back. Stopping it later takes nothing back.',
    ]);
    expect([question?.object({ id: 4 }, {}), toShownText(question?.consequence({ id: 4 }, {}) ?? '')]).toEqual([
      'job 4',
      'The server runs it now. What it runs is not known here, so the worst has to be expected. ' +
        'What its command deletes, overwrites or sends away cannot be brought back. Stopping it later takes nothing back.',
    ]);
  });

  test('the question before a job is switched on says when it will run', () => {
    const args = { id: 4, enabled: true };
    expect([
      setJobEnabled.question?.object(args, { job: compact }),
      toShownText(setJobEnabled.question?.consequence(args, { job: compact }) ?? ''),
    ]).toEqual([
      'job 4 "Compact 2024", which runs CompactStore --id="2"',
      'The server will run it by itself, on day 1 of each month at 22:00 (W. Europe Standard Time) with the rights of admin, ' +
        'and no one is asked again. What its command deletes, overwrites or sends away cannot be brought back.',
    ]);
  });

  test('the question before a schedule is replaced shows the old and the new one', () => {
    const args = { id: 4, timeZoneId: '$Local', interval: 60 } as const;
    expect(toShownText(setJobSchedule.question?.consequence(args, { job: compact }) ?? '')).toBe(
      'Its schedule is now: on day 1 of each month at 22:00 (W. Europe Standard Time). ' +
        'The server will run it every hour with the rights of admin, and no one is asked again. ' +
        'It is switched off, and runs only once it is switched on. What its command deletes, overwrites or sends away cannot be brought back.',
    );
  });

  test('the question before a job is made names its command, its times and whose rights it has', () => {
    const args = { name: 'Compact', action: 'CompactStore --id="3"', owner: 'johndoe', timeZoneId: '$Local', time: '04:00' };
    expect([createJob.question?.object(args, {}), toShownText(createJob.question?.consequence(args, {}) ?? '')]).toEqual([
      'new job "Compact", which runs CompactStore --id="3"',
      "The server runs it daily at 04:00 (the server's time zone) with the rights of johndoe, and no one is asked again. " +
        'What its command deletes, overwrites or sends away cannot be brought back.',
    ]);
  });

  test('the question before a job is deleted says what stops', () => {
    const { question } = deleteJob;
    expect([
      question?.object({ id: 4 }, { before: compact }),
      toShownText(question?.consequence({ id: 4 }, { before: compact }) ?? ''),
    ]).toEqual([
      'job 4 "Compact 2024", which runs CompactStore --id="2"',
      'The job is deleted for good, and its command no longer runs unless another job runs it. ' +
        'Its schedule is lost with it: on day 1 of each month at 22:00 (W. Europe Standard Time). It is switched off already. ' +
        'To pause a job, set_job_enabled is enough.',
    ]);
    expect([question?.object({ id: 4 }, {}), toShownText(question?.consequence({ id: 4 }, {}) ?? '')]).toEqual([
      'job 4',
      'The job is deleted for good, and its command no longer runs unless another job runs it. To pause a job, set_job_enabled is enough.',
    ]);
  });

  test.each([
    [{ timeZoneId: '$Local', interval: 30 }, 'every 30 minutes'],
    [{ timeZoneId: '$Local', interval: 720 }, 'every 12 hours'],
    [{ timeZoneId, date: '2026-11-01T00:00:00' }, 'once, at 2026-11-01 00:00 (W. Europe Standard Time)'],
    [{ timeZoneId, time: '04:00:30', dayOfWeek: 'Sunday' }, 'every Sunday at 04:00:30 (W. Europe Standard Time)'],
    [{ timeZoneId, time: '04:00:00', dayOfMonth: 13 }, 'on day 13 of each month at 04:00 (W. Europe Standard Time)'],
    [{ timeZoneId, time: '04:00:00', dayOfMonth: 'Last' }, 'on the last day of each month at 04:00 (W. Europe Standard Time)'],
    [
      { timeZoneId, time: '04:00:00', dayOfMonth: '13', dayOfWeek: 'Friday' },
      'on day 13 of each month, if that is a Friday, at 04:00 (W. Europe Standard Time)',
    ],
  ])('a schedule %j reads: %s', (schedule, words) => {
    expect(toShownText(deleteJob.question?.consequence({ id: 4 }, { before: { ...compact, schedule } }) ?? '')).toContain(
      `Its schedule is lost with it: ${words}.`,
    );
  });

  test('deleting a job asks for its name to be typed where its command, called by itself, can ask for a name or is unknown', () => {
    const typed = (job?: unknown) => runJobAsync.question?.typed?.({ id: 2 }, { job });
    expect([typed(retention), typed(compact), typed({ ...compact, action: 'CompactStore\n' }), typed()]).toEqual([
      'Retention',
      undefined,
      'Compact 2024',
      '2',
    ]);
    const asking = commands.filter(({ name, question }) => question?.typed && !/^(?:Create|Run|Set)Job/.test(name)).map(({ name }) => name);
    expect(asking.filter((action) => typed({ ...compact, action }) === undefined)).toEqual([]);
    expect(asking.filter((action) => typed({ ...compact, action: action.toLowerCase() }) === undefined)).toEqual([]);
  });
});

describe('the inverse', () => {
  test('a new job is deleted by the id that was not there before', () => {
    const again = { ...compact, id: 7 };
    const back = (was: unknown, is: unknown) => createJob.inverse?.(createArguments, look(was), look(is));
    const createArguments = { name: 'Compact 2024', action: 'CompactStore', owner: 'admin', timeZoneId: '$Local', interval: 60 } as const;
    const look = (jobs: unknown) => createJob.before?.pick(jobs, createArguments);
    expect([
      look([retention]),
      back([retention], [compact]),
      back([compact], [compact, again]),
      back([], [compact, again]),
      back([], []),
    ]).toEqual([undefined, { command: 'DeleteJob', args: { id: 4 } }, { command: 'DeleteJob', args: { id: 7 } }, undefined, undefined]);
  });

  test('a schedule is set again as it was shown, and one of no known form is not', () => {
    const args = { id: 4, timeZoneId: '$Local', interval: 60 } as const;
    const back = (schedule: unknown) => setJobSchedule.inverse?.(args, { id: 4, schedule }, undefined)?.args;
    expect([
      back(monthly),
      back({ timeZoneId, date: null, interval: 30 }),
      back({ timeZoneId, date: '2026-11-01T00:00:00' }),
      back({ timeZoneId, time: '04:00:00', dayOfMonth: 13 }),
    ]).toEqual([
      { id: 4, timeZoneId, time: '22:00:00', dayOfMonth: '1' },
      { id: 4, timeZoneId, interval: 30 },
      { id: 4, timeZoneId, date: '2026-11-01T00:00:00' },
      { id: 4, timeZoneId, time: '04:00:00', dayOfMonth: '13' },
    ]);
    const unknown = [
      undefined,
      { time: '04:00:00' },
      { timeZoneId },
      { timeZoneId, interval: 7 },
      { timeZoneId, interval: 30, time: '04:00:00' },
      { timeZoneId, interval: 30, dayOfWeek: 'Friday' },
      { timeZoneId, time: '04:00:00', dayOfWeek: 5 },
    ];
    expect(unknown.filter((schedule) => back(schedule) !== undefined)).toEqual([]);
  });

  test('only what a call changes is looked at', () => {
    const at = (command: typeof renameJob | typeof setJobEnabled | typeof setJobSchedule) =>
      command.before?.pick([retention, compact], { id: 4, name: 'x', enabled: true, timeZoneId });
    expect([at(renameJob), at(setJobEnabled), at(setJobSchedule)]).toEqual([
      { id: 4, name: 'Compact 2024' },
      { id: 4, enabled: false },
      { id: 4, schedule: monthly },
    ]);
    expect(renameJob.before?.pick([retention], { id: 4, name: 'x' })).toBeUndefined();
  });
});
