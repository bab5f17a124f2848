import { systemClock } from '../../src/base/clock.ts';
import { readBackwards } from '../../src/audit/read-audit.ts';
import { verifyAudit, type AuditVerdict } from '../../src/audit/verify-audit.ts';
import { Journal } from '../../src/journal/journal.ts';
import type { SqliteEngine } from '../../src/journal/sqlite.ts';

/** Returns the calls in the order of the file, and the names of events but `opened` and `rotated`, which any chain may have. */
export function callsIn(folder: string): readonly string[] {
  return [...readBackwards(folder)]
    .map(({ call, event }) => String(call ?? event))
    .filter((call) => !['opened', 'entered', 'rotated'].includes(call))
    .toReversed();
}

/** Verifies the audit in a folder against its journal. */
export async function verdictOn(folder: string, engine: SqliteEngine): Promise<AuditVerdict> {
  const journal = Journal.open(folder, { clock: systemClock, engines: [engine] });
  try {
    return await verifyAudit(folder, journal.audit);
  } finally {
    journal.close();
  }
}
