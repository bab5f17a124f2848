import {
  chmodSync,
  chownSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
  appendFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { AuditLog } from '../../src/audit/audit-log.ts';
import { Journal } from '../../src/journal/journal.ts';
import { openSqlite } from '../../src/journal/sqlite.ts';
import { readBackwards } from '../../src/audit/read-audit.ts';
import { verifyAudit } from '../../src/audit/verify-audit.ts';
import { enginesOnFullDisk } from '../helpers/full-disk.ts';
import { ManualClock } from '../helpers/manual-clock.ts';
import type { AuditOrder } from './audit-child.ts';
import { callsIn, verdictOn } from './read-record.ts';
import { startChild } from './start-child.ts';
import { describeEngines, untilTestEnds } from '../journal/engines.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';
import { AUDIT_FILE, auditEntry, digestData } from '../journal/samples.ts';

const ZEROS = '0'.repeat(64);
const isPosix = process.platform !== 'win32';
const isRoot = process.getuid?.() === 0;

function readLines(folder: string, file = AUDIT_FILE): readonly string[] {
  return readFileSync(join(folder, file), 'utf8').split('\n').slice(0, -1);
}

function parsedLines(folder: string, file = AUDIT_FILE): readonly Readonly<Record<string, unknown>>[] {
  return readLines(folder, file).map((line) => JSON.parse(line) as Record<string, unknown>);
}

function listFiles(folder: string): readonly string[] {
  return readdirSync(folder)
    .filter((name) => name.startsWith('audit'))
    .toSorted();
}

describeEngines('the audit', (engine) => {
  function setUp({
    folder = temporaryFolder(),
    clock = new ManualClock(),
    maxBytes,
  }: { folder?: string; clock?: ManualClock; maxBytes?: number } = {}) {
    const journal = untilTestEnds(Journal.open(folder, { clock, engines: [engine] }));
    const log = new AuditLog(folder, journal.audit, clock, maxBytes === undefined ? {} : { maxBytes });
    const head = async () => (await journal.audit.known()).heads.at(-1);
    return { folder, clock, journal, log, head, verify: async () => verifyAudit(folder, journal.audit) };
  }

  test('is a file of JSON lines, each with the SHA-256 of the line before it in its chain', async () => {
    const { folder, log, head } = setUp();
    await log.record(auditEntry({ call: 'one' }));
    await log.record(auditEntry({ call: 'two', decision: 'refuse', reason: 'größer\n' }));
    const [opened = '', first = '', second = ''] = readLines(folder);
    const { chain } = parsedLines(folder)[0] ?? {};
    expect(chain).toMatch(/^[\da-f]{16}$/);
    expect(JSON.parse(opened)).toMatchObject({
      format: 1,
      number: 1,
      previous: ZEROS,
      event: 'opened',
      process: { pid: process.pid },
      heads: [],
    });
    expect(first).toBe(
      `{"format":1,"chain":"${String(chain)}","number":2,"time":"2026-03-04T09:00:00.000Z","previous":"${digestData(opened)}","call":"one","client":{"claimed":"test 1.0"},"target":"default","origin":"https://mail.example.com:8463","user":"admin","command":"GetUserInfo","effect":"read","arguments":{"userName":"johndoe"},"decision":"allow"}`,
    );
    expect(JSON.parse(second)).toMatchObject({ number: 3, previous: digestData(first), call: 'two', reason: 'größer\n' });
    expect(await head()).toEqual({ chain, number: 3, hash: digestData(second) });
  });

  test.runIf(isPosix)('belongs to its owner alone, also when it was open to others', async () => {
    const folder = temporaryFolder();
    const path = join(folder, AUDIT_FILE);
    const modes: number[] = [];
    for (const mode of [0o600, 0o644]) {
      if (mode !== 0o600) chmodSync(path, mode);
      await setUp({ folder }).log.record(auditEntry());
      modes.push(statSync(path).mode & 0o777);
    }
    expect(modes).toEqual([0o600, 0o600]);
  });

  test.runIf(isPosix)('is not written through a link', async () => {
    const { folder, log } = setUp();
    symlinkSync(join(folder, 'elsewhere'), join(folder, AUDIT_FILE));
    await expect(log.record(auditEntry())).rejects.toMatchObject({ code: 'auditNotWritable', details: { reason: 'ELOOP' } });
    expect(readdirSync(folder)).not.toContain('elsewhere');
  });

  test('keeps the order of the calls, whichever way they are written', async () => {
    const { folder, log } = setUp();
    const noted = [log.note(auditEntry({ call: 'a' })), log.note(auditEntry({ call: 'b' }))];
    noted.push(log.record(auditEntry({ call: 'c' })), log.note(auditEntry({ call: 'd' })));
    await Promise.all(noted);
    expect(callsIn(folder)).toEqual(['a', 'b', 'c', 'd']);
  });

  test('has a noted line in the file before it says so, and its head in the journal a second later', async () => {
    const { folder, log, head, clock, verify } = setUp();
    await log.note(auditEntry({ call: 'a' }));
    await log.note(auditEntry({ call: 'b' }));
    expect([callsIn(folder), await head(), (await verify()).problems]).toEqual([['a', 'b'], undefined, []]);
    await clock.advance(999);
    expect(await head()).toBeUndefined();
    await clock.advance(1);
    await expect.poll(head).toMatchObject({ number: 3, hash: digestData(readLines(folder)[2] ?? '') });
    await log.note(auditEntry({ call: 'c' }));
    await clock.advance(1000);
    await expect.poll(head).toMatchObject({ number: 4 });
  });

  test('stores noted lines and their head when it is closed, and says then that they are written', async () => {
    const { folder, log, head } = setUp();
    const noted = log.note(auditEntry({ call: 'a' }));
    await log.close();
    await noted;
    expect([callsIn(folder), (await head())?.number]).toEqual([['a'], 2]);
  });

  test('has a chain for each process, which names the heads of the others', async () => {
    const folder = temporaryFolder();
    const [one, other] = [setUp({ folder }), setUp({ folder })];
    for (const { log } of [one, other, one, other]) {
      await log.note(auditEntry());
      await log.record(auditEntry());
    }
    const lines = parsedLines(folder);
    const [first, second] = lines.filter(({ event }) => event === 'opened');
    expect(second).toMatchObject({ heads: [{ chain: first?.['chain'], number: 3, hash: digestData(readLines(folder)[2] ?? '') }] });
    expect(await one.verify()).toMatchObject({ lines: 10, chains: 2, files: 1, problems: [] });
  });

  test('begins a new file when one is full, and never writes over one that is there', async () => {
    const { folder, log, verify } = setUp({ maxBytes: 1500 });
    for (let round = 0; round < 12; round++) await log.record(auditEntry());
    expect(listFiles(folder).length).toBeGreaterThan(3);
    expect(Math.max(...listFiles(folder).map((name) => statSync(join(folder, name)).size))).toBeLessThanOrEqual(1500);
    expect(await verify()).toMatchObject({ files: listFiles(folder).length, problems: [] });
    const next = join(folder, `audit-${String(listFiles(folder).length).padStart(9, '0')}.jsonl`);
    writeFileSync(next, 'mine');
    for (let round = 0; round < 5; round++) await log.record(auditEntry());
    expect(readFileSync(next, 'utf8')).toBe('mine');
  });

  test('keeps a line that is larger than a file is meant to be', async () => {
    const { folder, log, verify } = setUp({ maxBytes: 1500 });
    for (const length of [3000, 1, 4000]) await log.record(auditEntry({ arguments: { text: 'x'.repeat(length) } }));
    expect([callsIn(folder).length, (await verify()).problems]).toEqual([3, []]);
  });

  test('keeps a few KB of a call, with any arguments and errors', async () => {
    const { folder, log } = setUp();
    const text = 'x'.repeat(4_000_000);
    for (let round = 0; round < 8; round++) {
      await log.record(
        auditEntry({
          client: { claimed: text },
          arguments: { userName: 'johndoe', text, list: [text] },
          reason: text,
          error: text,
          consent: { channel: 'terminal', answer: 'accepted', prompt: text },
        }),
      );
    }
    expect(statSync(join(folder, AUDIT_FILE)).size).toBeLessThan(300_000);
    expect(parsedLines(folder).at(-1)).toMatchObject({
      arguments: {
        userName: 'johndoe',
        text: `${'x'.repeat(4096)}… [cut: 4000000 characters in all, SHA-256 ${digestData(text)}]`,
        list: { cut: true, head: `["${'x'.repeat(4094)}`, length: 4_000_004, sha256: digestData(JSON.stringify([text])) },
      },
    });
  });

  test('goes on in a new file where a process died between two files', async () => {
    const { folder, log } = setUp();
    await log.record(auditEntry());
    await log.record(auditEntry());
    renameSync(join(folder, AUDIT_FILE), join(folder, 'audit-000000001.jsonl'));
    const next = setUp({ folder });
    await next.log.note(auditEntry());
    await log.record(auditEntry());
    expect(await next.verify()).toMatchObject({ lines: 6, files: 2, problems: [], notes: [] });
  });

  test.each([20, 40_000])('closes a line of %i bytes that was not written to its end with a line break, and says so', async (length) => {
    const { folder, log } = setUp();
    await log.record(auditEntry({ call: 'a' }));
    const half = '{"format":1,"chain":"0123456789abcdef","number":7,"time":'.padEnd(length, 'x').slice(0, length);
    appendFileSync(join(folder, AUDIT_FILE), half);
    const next = setUp({ folder });
    await next.log.note(auditEntry({ call: 'b' }));
    expect(readLines(folder)[2]).toBe(half);
    expect([...readBackwards(folder)].find(({ event }) => event === 'torn')).toMatchObject({ bytes: length, hash: digestData(half) });
    expect((await next.verify()).problems).toEqual([]);
  });

  test('completes a last line that lacks only its line break', async () => {
    const { folder, log } = setUp();
    await log.record(auditEntry({ call: 'a' }));
    const path = join(folder, AUDIT_FILE);
    truncateSync(path, statSync(path).size - 1);
    const next = setUp({ folder });
    await next.log.note(auditEntry({ call: 'b' }));
    expect(callsIn(folder).filter((call) => call !== 'shortened')).toEqual(['a', 'b']);
  });

  /** Three lines, then what `tamper` does to the folder, and a line of this process and one of another. */
  async function afterTampering(tamper: (folder: string) => void) {
    const { folder, log } = setUp();
    for (const call of ['a', 'b', 'c']) await log.record(auditEntry({ call }));
    tamper(folder);
    await log.note(auditEntry({ call: 'd' }));
    const next = setUp({ folder });
    await next.log.record(auditEntry({ call: 'e' }));
    const { problems } = await next.verify();
    return { calls: callsIn(folder), problems: problems.map(({ says }) => says).join('\n') };
  }

  test('goes on after lines were cut off under it, and says for ever which', async () => {
    const { calls, problems } = await afterTampering((where) => writeFileSync(join(where, AUDIT_FILE), `${readLines(where)[0]}\n`));
    expect(calls).toEqual(['shortened', 'd', 'shortened', 'e']);
    expect(problems).toContain('lines 2 to 4 of the chain');
  });

  test('goes on after its file was removed under it, and says for ever what is missing', async () => {
    const { calls, problems } = await afterTampering((where) => rmSync(join(where, AUDIT_FILE)));
    expect(calls).toEqual(['missing', 'd', 'replaced', 'e']);
    expect(problems).toContain('lines 1 to 4 of the chain');
  });

  test('goes on after its last line was changed under it, and says for ever which', async () => {
    const { calls, problems } = await afterTampering((where) => {
      const path = join(where, AUDIT_FILE);
      writeFileSync(path, readFileSync(path, 'utf8').replace('"call":"c"', '"call":"x"'));
    });
    expect(calls).toEqual(['a', 'b', 'x', 'd', 'e']);
    expect(problems).toContain('it or the line that follows it in its chain was changed');
  });

  test('starts again on record, for every process, and does not let what was set aside be changed', async () => {
    const { folder, log, verify } = setUp();
    await log.record(auditEntry({ call: 'a' }));
    const path = join(folder, AUDIT_FILE);
    writeFileSync(path, readFileSync(path, 'utf8').replace('"call":"a"', '"call":"x"'));
    expect((await verify()).problems).toHaveLength(1);
    await setUp({ folder }).log.restart('The file was saved with an editor.', 'amira');
    await log.record(auditEntry({ call: 'b' }));
    expect(await verify()).toMatchObject({
      problems: [],
      notes: ['begun again on 2026-03-04T09:00:00.000Z by amira: The file was saved with an editor.'],
    });
    expect(parsedLines(folder).map(({ event, call }) => event ?? call)).toEqual(['opened', 'restarted', 'opened', 'b']);
    appendFileSync(join(folder, 'audit-000000001.jsonl'), 'more');
    expect((await verify()).problems).toEqual([]);
    writeFileSync(join(folder, 'audit-000000001.jsonl'), 'other');
    expect((await verify()).problems).toMatchObject([{ says: 'the file was changed after it was set aside' }]);
  });

  test('waits at most 3 seconds for a locked journal at its start and does not where a file is full, and has no gap afterwards', async () => {
    const { folder, clock, log, verify } = setUp({ maxBytes: 1000 });
    const other = untilTestEnds(openSqlite(join(folder, 'journal.sqlite'), { engines: [engine] }));
    other.exec('BEGIN EXCLUSIVE');
    /** Returns the milliseconds in which some work was done. */
    const measure = async (...work: readonly Promise<void>[]) => {
      const since = clock.monotonic();
      const done = new AbortController();
      const all = Promise.all(work).finally(() => done.abort());
      while (!done.signal.aborted) await clock.advance(10);
      await all;
      return clock.monotonic() - since;
    };
    expect(await measure(log.note(auditEntry({ call: 'first' })))).toBe(3000);
    other.exec('ROLLBACK');
    await measure(log.record(auditEntry({ call: 'second' })));
    other.exec('BEGIN EXCLUSIVE');
    expect(await measure(...['third', 'fourth', 'fifth'].map(async (call) => log.note(auditEntry({ call }))))).toBeLessThan(1000);
    other.exec('ROLLBACK');
    await measure(log.record(auditEntry({ call: 'sixth' })));
    await log.close();
    expect((await verify()).problems).toEqual([]);
    expect(callsIn(folder).filter((call) => call !== 'entered')).toEqual(['first', 'second', 'third', 'fourth', 'fifth', 'sixth']);
    expect(listFiles(folder).length).toBeGreaterThan(1);
  });

  test('reports that the file cannot be written, and the noted lines with it', async () => {
    const { folder, log } = setUp();
    mkdirSync(join(folder, AUDIT_FILE));
    const refused = { code: 'auditNotWritable', details: { path: join(folder, AUDIT_FILE), reason: 'EISDIR' } };
    const noted = log.note(auditEntry());
    await expect(log.record(auditEntry())).rejects.toMatchObject(refused);
    await expect(noted).rejects.toMatchObject(refused);
    rmSync(join(folder, AUDIT_FILE), { recursive: true });
    await log.record(auditEntry());
    expect(readLines(folder)).toHaveLength(2);
  });

  test('takes a line back when the disk is full before its head is stored', async () => {
    const folder = temporaryFolder();
    let isFull = false;
    const [full] = enginesOnFullDisk((sql) => isFull && sql.startsWith('UPDATE audit_chains SET number')).filter(
      ({ name }) => name === engine.name,
    );
    if (!full) throw new Error('the engine is not there');
    const { audit } = untilTestEnds(Journal.open(folder, { clock: systemClock, engines: [full] }));
    const log = new AuditLog(folder, audit, systemClock);
    await log.record(auditEntry({ call: 'a' }));
    isFull = true;
    const path = join(folder, AUDIT_FILE);
    await expect(log.record(auditEntry({ call: 'b' }))).rejects.toMatchObject({
      code: 'auditNotWritable',
      details: { path, reason: 'ENOSPC' },
    });
    expect(parsedLines(folder).at(-1)).toMatchObject({ event: 'withdrawn', number: 4, line: 3 });
    isFull = false;
    await log.record(auditEntry({ call: 'c' }));
    expect(callsIn(folder)).toEqual(['a', 'b', 'withdrawn', 'c']);
    expect((await verifyAudit(folder, audit)).problems).toEqual([]);
  });

  const order = (folder: string, name: string, more: Partial<AuditOrder> = {}): AuditOrder => ({
    folder,
    engine: engine.name,
    name,
    ...more,
  });

  test.runIf(isPosix)(
    'confirms no line that is not whole when the file cannot grow',
    async () => {
      const folder = temporaryFolder();
      // The limit is counted in blocks of 512 bytes, or of 1024 by some shells.
      const limited = order(folder, 'a', { argumentBytes: 4000, rounds: 100 });
      const { said, stderr } = await startChild(limited, 'ulimit -f 400').result;
      expect(stderr).toContain('cannot be written (EFBIG), so the call is not on record');
      expect(said.length).toBeGreaterThan(3);
      const calls = callsIn(folder);
      expect(said.filter((call) => !calls.includes(call))).toEqual([]);
      await setUp({ folder }).log.record(auditEntry({ call: 'after' }));
      expect((await verdictOn(folder, engine)).problems).toEqual([]);
    },
    30_000,
  );

  test.runIf(isPosix)(
    'says that the account may not write the file',
    async () => {
      const folder = temporaryFolder();
      const { log } = setUp({ folder });
      await log.record(auditEntry());
      const path = join(folder, AUDIT_FILE);
      chmodSync(path, 0o400);
      if (isRoot) {
        chmodSync(folder, 0o777);
        for (const name of readdirSync(folder)) chownSync(join(folder, name), 65_534, 65_534);
      }
      const { said, stderr } = await startChild(order(folder, 'a', isRoot ? { uid: 65_534 } : {})).result;
      expect(said).toEqual([]);
      expect(stderr).toContain(`The audit '${path}' cannot be written (EACCES), so the call is not on record`);
    },
    30_000,
  );
});
