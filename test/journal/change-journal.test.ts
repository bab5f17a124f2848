import { expect, test } from 'vitest';
import type { NewChange } from '../../src/journal/change-journal.ts';
import { Journal } from '../../src/journal/journal.ts';
import { ManualClock } from '../helpers/manual-clock.ts';
import { describeEngines, temporaryFolder, untilTestEnds } from './engines.ts';

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

  test('keeps what a write did for every process', () => {
    const { changes, open } = setUp();
    const renamed = changes.record(RENAMED);
    const created = changes.record(CREATED);
    expect([renamed, created]).toEqual([
      { ...RENAMED, number: 1, changedAt: '2026-03-04T09:00:00.000Z' },
      { ...CREATED, number: 2, changedAt: '2026-03-04T09:00:00.000Z' },
    ]);
    expect([open().get(1), open().get(2), open().get(3)]).toEqual([renamed, created, undefined]);
  });

  test('lists the newest first even when the clock was set back', async () => {
    const { clock, changes } = setUp();
    const numbers = (limit?: number) => changes.list(limit === undefined ? {} : { limit }).map(({ number }) => number);
    changes.record(RENAMED);
    await clock.jump(-3_600_000);
    changes.record(RENAMED);
    changes.record(RENAMED);
    expect([numbers(), numbers(2), numbers(0)]).toEqual([[3, 2, 1], [3, 2], []]);
  });

  test('is put back once', () => {
    const { changes, open } = setUp();
    for (let count = 0; count < 3; count++) changes.record(RENAMED);
    expect([changes.markReverted(1, 2), open().markReverted(1, 3), changes.markReverted(1, 2)]).toEqual([true, false, false]);
    expect(open().get(1)).toEqual({ ...RENAMED, number: 1, changedAt: '2026-03-04T09:00:00.000Z', revertedBy: 2 });
    expect(changes.markReverted(2, 3)).toBe(true);
  });

  test('is put back only by a change that was recorded later', () => {
    const { changes } = setUp();
    changes.record(RENAMED);
    changes.record(RENAMED);
    expect([changes.markReverted(2, 1), changes.markReverted(2, 2), changes.markReverted(2, 9), changes.markReverted(9, 10)]).toEqual([
      false,
      false,
      false,
      false,
    ]);
    expect(changes.list().some(({ revertedBy }) => revertedBy !== undefined)).toBe(false);
  });
});
