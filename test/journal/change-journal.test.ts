import { expect, test } from 'vitest';
import type { NewChange } from '../../src/journal/change-journal.ts';
import { Journal } from '../../src/journal/journal.ts';
import { ManualClock } from '../helpers/manual-clock.ts';
import { describeEngines, untilTestEnds } from './engines.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

const RENAMED: NewChange = {
  command: 'SetUserFullName',
  target: 'default',
  origin: 'https://mail.example.com:8463',
  login: 'admin',
  argumentsMasked: { userName: 'johndoe', fullName: 'Jon \0 Dœ \ud800' },
  before: { fullName: 'John Doe' },
  after: { fullName: 'Jon \0 Dœ \ud800' },
  inverse: { command: 'SetUserFullName', args: { userName: 'johndoe', fullName: 'John Doe' } },
  summary: 'Full name of johndoe: John Doe → Jon \0 Dœ \ud800',
};

const CREATED: NewChange = { ...RENAMED, command: 'AddUser', before: null, inverse: null };

describeEngines('the journal of changes', (engine) => {
  function setUp() {
    const folder = temporaryFolder();
    const clock = new ManualClock();
    const open = () => untilTestEnds(Journal.open(folder, { clock, engines: [engine] })).changes;
    return { clock, open, changes: open() };
  }

  test('keeps what a write did for every process', async () => {
    const { changes, open } = setUp();
    const renamed = await changes.record(RENAMED);
    const created = await changes.record(CREATED);
    expect([renamed, created]).toEqual([
      { ...RENAMED, number: 1, changedAt: '2026-03-04T09:00:00.000Z' },
      { ...CREATED, number: 2, changedAt: '2026-03-04T09:00:00.000Z' },
    ]);
    expect(await Promise.all([1, 2, 3].map((number) => open().get(number)))).toEqual([renamed, created, undefined]);
  });

  test('lists the newest first even when the clock was set back', async () => {
    const { clock, changes } = setUp();
    const numbers = async (limit?: number) => (await changes.list(limit === undefined ? {} : { limit })).map(({ number }) => number);
    await changes.record(RENAMED);
    await clock.jump(-3_600_000);
    await changes.record(RENAMED);
    await changes.record(RENAMED);
    expect([await numbers(), await numbers(2), await numbers(0)]).toEqual([[3, 2, 1], [3, 2], []]);
  });

  test('is settled once, when the task that makes it has ended', async () => {
    const { changes, open } = setUp();
    const under = { ...RENAMED, after: null, afterUnreadBecause: 'It runs.', inverse: null, run: { taskId: 't1', isExact: true } };
    await changes.record(under);
    await changes.record({ ...under, run: { taskId: 't2', isExact: false } });
    expect(await open().findByRun('t1')).toEqual({ ...under, number: 1, changedAt: '2026-03-04T09:00:00.000Z' });
    expect((await open().findByRun('t2'))?.run).toEqual({ taskId: 't2', isExact: false });
    expect(await open().findByRun('t3')).toBeUndefined();
    const { after, inverse } = RENAMED;
    expect([await changes.settle(1, { after, inverse }), await open().settle(1, { after: null, inverse: null })]).toEqual([true, false]);
    expect(await open().get(1)).toEqual({ ...RENAMED, number: 1, changedAt: '2026-03-04T09:00:00.000Z' });
    expect(await open().findByRun('t1')).toBeUndefined();
  });

  test('is put back once', async () => {
    const { changes, open } = setUp();
    for (let count = 0; count < 3; count++) await changes.record(RENAMED);
    expect([await changes.markReverted(1, 2), await open().markReverted(1, 3), await changes.markReverted(1, 2)]).toEqual([
      true,
      false,
      false,
    ]);
    expect(await open().get(1)).toEqual({ ...RENAMED, number: 1, changedAt: '2026-03-04T09:00:00.000Z', revertedBy: 2 });
    expect(await changes.markReverted(2, 3)).toBe(true);
  });

  test('is put back only by a change that was recorded later', async () => {
    const { changes } = setUp();
    await changes.record(RENAMED);
    await changes.record(RENAMED);
    expect([
      await changes.markReverted(2, 1),
      await changes.markReverted(2, 2),
      await changes.markReverted(2, 9),
      await changes.markReverted(9, 10),
    ]).toEqual([false, false, false, false]);
    expect((await changes.list()).some(({ revertedBy }) => revertedBy !== undefined)).toBe(false);
  });
});
