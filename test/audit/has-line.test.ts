import { expect, test } from 'vitest';
import { AuditLog } from '../../src/audit/audit-log.ts';
import { Journal } from '../../src/journal/journal.ts';
import { ManualClock } from '../helpers/manual-clock.ts';
import { temporaryFolder, untilTestEnds } from '../journal/engines.ts';
import { auditEntry } from '../journal/samples.ts';

test('the end of a task that is on record is found by every process, and not the end of another task or another state', async () => {
  const folder = temporaryFolder();
  const clock = new ManualClock();
  const open = () => new AuditLog(folder, untilTestEnds(Journal.open(folder, { clock })).audit, clock);
  const endedAt = new Date(clock.now()).toISOString();
  await open().record({
    ...auditEntry(),
    client: 'mailstore-mcp',
    task: 'task-1',
    outcome: 'succeeded',
    finding: { errors: 1, warnings: 0 },
  });
  await open().record(auditEntry());
  const other = open();
  const ends = [
    { client: 'mailstore-mcp' as const, task: 'task-1', outcome: 'succeeded' },
    { client: 'mailstore-mcp' as const, task: 'task-2', outcome: 'succeeded' },
    { client: 'mailstore-mcp' as const, task: 'task-1', outcome: 'unknown' },
  ];
  expect(ends.map((end) => other.hasLine(end, endedAt))).toEqual([true, false, false]);
});
