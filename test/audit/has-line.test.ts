import { expect, test } from 'vitest';
import { AuditLog } from '../../src/audit/audit-log.ts';
import { Journal } from '../../src/journal/journal.ts';
import { ManualClock } from '../helpers/manual-clock.ts';
import { untilTestEnds } from '../journal/engines.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';
import { auditEntry } from '../journal/samples.ts';

test('a line is found by what is in it, in every process, and no other line in its place', async () => {
  const folder = temporaryFolder();
  const clock = new ManualClock();
  const open = () => new AuditLog(folder, untilTestEnds(Journal.open(folder, { clock })).audit, clock);
  const endedAt = new Date(clock.now()).toISOString();
  await open().record({ ...auditEntry(), task: 'task-1', outcome: 'succeeded', finding: { errors: 1, warnings: 0 } });
  await open().record(auditEntry());
  const other = open();
  const ends = [
    ['task-1', 'succeeded'],
    ['task-2', 'succeeded'],
    ['task-1', 'unknown'],
  ];
  expect(ends.map(([task, outcome]) => other.hasLine((line) => line['task'] === task && line['outcome'] === outcome, endedAt))).toEqual([
    true,
    false,
    false,
  ]);
});
