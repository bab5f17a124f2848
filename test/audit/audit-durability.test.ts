import { fstatSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { AuditLog } from '../../src/audit/audit-log.ts';
import { Journal } from '../../src/journal/journal.ts';
import { ManualClock } from '../helpers/manual-clock.ts';
import { untilTestEnds } from '../journal/engines.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';
import { AUDIT_FILE, auditEntry } from '../journal/samples.ts';

/** An audit with one recorded line, and each time from then on that its file is brought to the disk: its size, and the head that is stored by then. */
async function setUp() {
  const folder = temporaryFolder();
  const clock = new ManualClock();
  const { audit } = untilTestEnds(Journal.open(folder, { clock }));
  const synced: (readonly [bytes: number, head: number | undefined])[] = [];
  const syncToDisk = async (fd: number) => {
    const { size } = fstatSync(fd);
    const { heads } = await audit.known();
    synced.push([size, heads[0]?.number]);
  };
  const log = new AuditLog(folder, audit, clock, { syncToDisk });
  await log.record(auditEntry());
  synced.length = 0;
  return { log, clock, synced, size: () => statSync(join(folder, AUDIT_FILE)).size };
}

test('what is recorded is on the disk before the journal has its head', async () => {
  const { log, synced, size } = await setUp();
  await log.record(auditEntry());
  expect(synced).toEqual([[size(), 2]]);
});

test('what is noted waits for no disk, and is on it before the journal has its head', async () => {
  const { log, clock, synced, size } = await setUp();
  await log.note(auditEntry());
  await log.note(auditEntry());
  expect(synced).toEqual([]);
  await clock.advance(1000);
  await expect.poll(() => synced).toEqual([[size(), 2]]);
});
