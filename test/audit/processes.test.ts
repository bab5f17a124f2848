import { expect, test } from 'vitest';
import { AuditLog } from '../../src/audit/audit-log.ts';
import { verifyAudit } from '../../src/audit/verify-audit.ts';
import { systemClock } from '../../src/base/clock.ts';
import { Journal } from '../../src/journal/journal.ts';
import { describeEngines, untilTestEnds } from '../journal/engines.ts';
import { auditEntry } from '../journal/samples.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';
import type { AuditOrder } from './audit-child.ts';
import { callsIn, verdictOn } from './read-record.ts';
import { startChild } from './start-child.ts';

const pause = (ms: number) => systemClock.sleep(ms);

describeEngines('the audit of several processes', (engine) => {
  const order = (folder: string, name: string, more: Partial<AuditOrder> = {}): AuditOrder => ({
    folder,
    engine: engine.name,
    name,
    ...more,
  });

  test('is unbroken and has every line of eight of them, through the change of files', async () => {
    const folder = temporaryFolder();
    const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
    const children = names.map((name) => startChild(order(folder, name, { waits: true, rounds: 15, maxBytes: 12_000 })));
    await Promise.all(children.map(async ({ ready }) => ready));
    for (const { begin } of children) begin();
    const results = await Promise.all(children.map(async ({ result }) => result));
    expect(results.map(({ stderr, signal }) => [stderr, signal])).toEqual(names.map(() => ['', null]));
    const { chains, files, problems, notes } = await verdictOn(folder, engine);
    expect([chains, problems, notes]).toEqual([8, [], []]);
    expect(files).toBeGreaterThan(10);
    const calls = callsIn(folder);
    expect(calls.toSorted()).toEqual(results.flatMap(({ said }) => said).toSorted());
    for (const { said } of results) {
      const own = calls.filter((call) => said.includes(call));
      const rounds = own.map((call) => Number(/\d+/.exec(call)?.[0]));
      expect(rounds).toEqual(rounds.toSorted((a, b) => a - b));
    }
  }, 120_000);

  test('can be checked while they write and begin new files', async () => {
    const folder = temporaryFolder();
    // Waits for a busy journal, so the clock must run.
    const journal = untilTestEnds(Journal.open(folder, { clock: systemClock, engines: [engine] }));
    const child = startChild(order(folder, 'a', { rounds: 150, maxBytes: 3000 }));
    const ended: unknown[] = [];
    const over = child.result.then((result) => ended.push(result.stderr));
    await child.ready;
    const problems: unknown[] = [];
    do problems.push(...(await verifyAudit(folder, journal.audit)).problems);
    while (ended.length === 0);
    await over;
    expect([ended, problems, callsIn(folder).length]).toEqual([[''], [], 600]);
  }, 180_000);

  test('that are killed keeps every line that was confirmed', async () => {
    const folder = temporaryFolder();
    const said: string[] = [];
    for (let round = 0; round < 3; round++) {
      const children = Array.from({ length: 8 }, (_, index) =>
        startChild(order(folder, `${index}x${round}`, { maxBytes: 100_000, argumentBytes: 3000 })),
      );
      await Promise.all(
        children.map(async ({ ready, kill }) => {
          await ready;
          await pause(20 + Math.random() * 300);
          kill();
        }),
      );
      const results = await Promise.all(children.map(async ({ result }) => result));
      expect(results.map(({ signal, stderr }) => [signal, stderr])).toEqual(results.map(() => ['SIGKILL', '']));
      said.push(...results.flatMap((result) => result.said));
      expect((await verdictOn(folder, engine)).problems).toEqual([]);
    }
    const calls = new Set(callsIn(folder));
    expect(said.length).toBeGreaterThan(20);
    expect(said.filter((call) => !calls.has(call))).toEqual([]);
    const journal = untilTestEnds(Journal.open(folder, { clock: systemClock, engines: [engine] }));
    const log = new AuditLog(folder, journal.audit, systemClock);
    await log.record(auditEntry());
    await log.close();
    expect((await verifyAudit(folder, journal.audit)).problems).toEqual([]);
  }, 180_000);
});
