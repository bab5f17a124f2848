import { fstatSync, fsyncSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, test, vi } from 'vitest';
import { AuditLog } from '../../src/audit/audit-log.ts';
import { Journal } from '../../src/journal/journal.ts';
import { ManualClock } from '../helpers/manual-clock.ts';
import { temporaryFolder, untilTestEnds } from '../journal/engines.ts';
import { AUDIT_FILE, auditEntry } from '../journal/samples.ts';

vi.mock('node:fs', { spy: true });

const sync = vi.mocked(fsyncSync);

beforeEach(() => {
  sync.mockReset();
});

/** An audit with one recorded line, and each time from then on that its file is brought to the disk: its size, and the head that is stored by then. */
function setUp() {
  const folder = temporaryFolder();
  const clock = new ManualClock();
  const { audit } = untilTestEnds(Journal.open(folder, { clock }));
  const log = untilTestEnds(new AuditLog(folder, audit, clock));
  log.record(auditEntry());
  const synced: (readonly [bytes: number, head: number])[] = [];
  sync.mockImplementation((fd) => {
    synced.push([fstatSync(fd).size, audit.head().sequence]);
  });
  return { log, clock, synced, size: () => statSync(join(folder, AUDIT_FILE)).size };
}

test('what is recorded is on the disk before the journal has its head', () => {
  const { log, synced, size } = setUp();
  log.record(auditEntry());
  expect(synced).toEqual([[size(), 1]]);
});

test('what is noted waits for no disk, and is on it before the journal has its head', async () => {
  const { log, clock, synced, size } = setUp();
  await log.note(auditEntry());
  await log.note(auditEntry());
  expect(synced).toEqual([]);
  await clock.advance(1000);
  expect(synced).toEqual([[size(), 1]]);
});
