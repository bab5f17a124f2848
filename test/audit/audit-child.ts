/**
 * A process of its own that writes to the audit. It prints the name of each entry after the audit has confirmed it, and nothing before: what
 * is in its output has to be in the file.
 */
import { readSync, writeSync } from 'node:fs';
import { systemClock } from '../../src/base/clock.ts';
import { AuditLog } from '../../src/audit/audit-log.ts';
import { Journal } from '../../src/journal/journal.ts';
import { SQLITE_ENGINES } from '../../src/journal/sqlite.ts';
import { auditEntry } from '../journal/samples.ts';

export interface AuditOrder {
  readonly folder: string;
  readonly engine: string;
  readonly name: string;
  /** How many rounds to make, each with a record and three notes; without it until killed. */
  readonly rounds?: number;
  /** True to wait for a byte on stdin, so that several processes begin together. */
  readonly waits?: boolean;
  readonly maxBytes?: number;
  /** How long the arguments of each entry are. */
  readonly argumentBytes?: number;
  /** The account to become before anything is written. */
  readonly uid?: number;
}

const order = JSON.parse(process.argv[2] ?? '{}') as AuditOrder;
const { folder, name, rounds = Infinity, waits = false, maxBytes, argumentBytes = 10 } = order;

function say(text: string): void {
  writeSync(1, `${text}\n`);
}

const engines = SQLITE_ENGINES.filter((engine) => engine.name === order.engine);
const journal = Journal.open(folder, { clock: systemClock, engines });
if (order.uid !== undefined) {
  process.setgid?.(order.uid);
  process.setuid?.(order.uid);
}
const log = new AuditLog(folder, journal.audit, systemClock, maxBytes === undefined ? {} : { maxBytes });
const entry = (call: string) => auditEntry({ call, arguments: { text: 'x'.repeat(argumentBytes) } });
say('ready');
// Blocks, because an event would wake the processes farther apart.
if (waits) readSync(0, Buffer.alloc(1));

for (let round = 0; round < rounds; round++) {
  const notes = ['a', 'b', 'c'].map((letter) => `${name}-${round}${letter}`);
  const noted = Promise.all(notes.map(async (call) => log.note(entry(call)).then(() => say(call))));
  if (round % 3 === 0) await noted;
  await log.record(entry(`${name}-${round}`));
  say(`${name}-${round}`);
  await noted;
}
await log.close();
journal.close();
