import { spawn } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  appendFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { AuditLog } from '../../src/audit/audit-log.ts';
import { Journal } from '../../src/journal/journal.ts';
import type { SqliteEngine } from '../../src/journal/sqlite.ts';
import { readAudit, verifyAudit } from '../../src/audit/verify-audit.ts';
import { enginesOnFullDisk } from '../helpers/full-disk.ts';
import { ManualClock } from '../helpers/manual-clock.ts';
import type { AuditOrder } from './audit-child.ts';
import { describeEngines, temporaryFolder, untilTestEnds } from '../journal/engines.ts';
import { AUDIT_FILE, auditEntry, digestOf } from '../journal/samples.ts';

const CHILD = fileURLToPath(new URL('audit-child.ts', import.meta.url));
const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const ZEROS = '0'.repeat(64);
const isPosix = process.platform !== 'win32';
const isRoot = process.getuid?.() === 0;

const pause = (ms: number) => systemClock.sleep(ms);

function linesOf(folder: string, file = AUDIT_FILE): readonly string[] {
  return readFileSync(join(folder, file), 'utf8').split('\n').slice(0, -1);
}

function parsedLines(folder: string, file = AUDIT_FILE): readonly Readonly<Record<string, unknown>>[] {
  return linesOf(folder, file).map((line) => JSON.parse(line) as Record<string, unknown>);
}

function filesOf(folder: string): readonly string[] {
  return readdirSync(folder)
    .filter((name) => name.startsWith('audit'))
    .toSorted();
}

async function callsIn(folder: string): Promise<readonly string[]> {
  const calls: string[] = [];
  for await (const { call, event } of readAudit(folder)) calls.push(String(call ?? event));
  return calls;
}

async function verdictOn(folder: string, engine: SqliteEngine) {
  const journal = Journal.open(folder, { clock: systemClock, engines: [engine] });
  const head = journal.audit.head();
  journal.close();
  return verifyAudit(folder, head);
}

function thrownBy(work: () => unknown): unknown {
  try {
    work();
    return undefined;
  } catch (error) {
    return error;
  }
}

interface Child {
  readonly ready: Promise<void>;
  readonly result: Promise<{ readonly said: readonly string[]; readonly stderr: string; readonly signal: string | null }>;
  kill(): void;
}

function startChild(order: AuditOrder, shell?: string): Child {
  const args = ['--import', 'tsx', CHILD, JSON.stringify(order)];
  const options = { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] as ['ignore', 'pipe', 'pipe'] };
  const child =
    shell === undefined
      ? spawn(process.execPath, args, options)
      : spawn('/bin/sh', ['-c', `${shell}; exec "$0" "$@"`, process.execPath, ...args], options);
  let stdout = '';
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const ready = new Promise<void>((resolve) => {
    child.stdout.on('data', (chunk: Buffer) => {
      stdout += chunk.toString();
      resolve();
    });
    child.once('close', () => resolve());
  });
  const result = new Promise<Awaited<Child['result']>>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (_code, signal) => {
      resolve({
        said: stdout
          .split('\n')
          .slice(0, -1)
          .filter((line) => line !== 'ready'),
        stderr,
        signal,
      });
    });
  });
  return { ready, result, kill: () => void child.kill('SIGKILL') };
}

describeEngines('the audit', (engine) => {
  function setUp({
    folder = temporaryFolder(),
    clock = new ManualClock(),
    maxBytes,
  }: { folder?: string; clock?: ManualClock; maxBytes?: number } = {}) {
    const journal = untilTestEnds(Journal.open(folder, { clock, engines: [engine] }));
    const log = untilTestEnds(new AuditLog(folder, journal.audit, clock, maxBytes === undefined ? {} : { maxBytes }));
    return { folder, clock, journal, log, head: () => journal.audit.head(), verify: () => verifyAudit(folder, journal.audit.head()) };
  }

  test('is a file of JSON lines, each with the SHA-256 of the line before it', () => {
    const { folder, log, head } = setUp();
    log.record(auditEntry({ call: 'one' }));
    log.record(auditEntry({ call: 'two', decision: 'refuse', reason: 'größer\n' }));
    const [first = '', second = ''] = linesOf(folder);
    expect(first).toBe(
      `{"sequence":1,"time":"2026-03-04T09:00:00.000Z","previous":"${ZEROS}","call":"one","client":"test 1.0","target":"default","origin":"https://mail.example.com:8463","user":"admin","command":"GetUserInfo","effect":"read","arguments":{"userName":"johndoe"},"decision":"allow"}`,
    );
    expect(JSON.parse(second)).toMatchObject({ sequence: 2, previous: digestOf(first), call: 'two', reason: 'größer\n' });
    expect(head()).toEqual({ sequence: 2, hash: digestOf(second), file: AUDIT_FILE });
  });

  test.runIf(isPosix)('belongs to its owner alone, also when it was open to others', () => {
    const { folder, log } = setUp();
    const path = join(folder, AUDIT_FILE);
    const modes = [0o600, 0o644].map((mode) => {
      if (mode !== 0o600) chmodSync(path, mode);
      log.record(auditEntry());
      return statSync(path).mode & 0o777;
    });
    expect(modes).toEqual([0o600, 0o600]);
  });

  test('keeps the order of the calls, whichever way they are written', async () => {
    const { folder, log } = setUp();
    const noted = [log.note(auditEntry({ call: 'a' })), log.note(auditEntry({ call: 'b' }))];
    log.record(auditEntry({ call: 'c' }));
    noted.push(log.note(auditEntry({ call: 'd' })));
    await Promise.all(noted);
    expect(await callsIn(folder)).toEqual(['a', 'b', 'c', 'd']);
  });

  test('has what was noted in the file before it says so, and its head in the journal a second later', async () => {
    const { folder, log, head, clock, verify } = setUp();
    await log.note(auditEntry({ call: 'a' }));
    await log.note(auditEntry({ call: 'b' }));
    expect([await callsIn(folder), head().sequence, (await verify()).problem]).toEqual([['a', 'b'], 0, undefined]);
    await clock.advance(999);
    expect(head().sequence).toBe(0);
    await clock.advance(1);
    expect(head()).toEqual({ sequence: 2, hash: digestOf(linesOf(folder)[1] ?? ''), file: AUDIT_FILE });
    await log.note(auditEntry({ call: 'c' }));
    await clock.advance(1000);
    expect(head().sequence).toBe(3);
  });

  test('stores what was noted and its head when it is closed, and says then that it is written', async () => {
    const { folder, log, head } = setUp();
    const noted = log.note(auditEntry({ call: 'a' }));
    log.close();
    await noted;
    expect([await callsIn(folder), head().sequence]).toEqual([['a'], 1]);
  });

  test('goes on where another process ended', async () => {
    const folder = temporaryFolder();
    const [one, other] = [setUp({ folder }), setUp({ folder })];
    for (const { log } of [one, other, one, other]) {
      await log.note(auditEntry());
      log.record(auditEntry());
    }
    expect(await one.verify()).toEqual({ lines: 8, files: 1, head: { sequence: 8, hash: one.head().hash } });
  });

  test('begins a new file when one is full, and never writes over one that is there', async () => {
    const { folder, log, head, verify } = setUp({ maxBytes: 1000 });
    for (let round = 0; round < 7; round++) log.record(auditEntry());
    expect(filesOf(folder)).toEqual(['audit-000000001.jsonl', 'audit-000000004.jsonl', AUDIT_FILE]);
    expect(Math.max(...filesOf(folder).map((name) => statSync(join(folder, name)).size))).toBeLessThanOrEqual(1000);
    expect(await verify()).toEqual({ lines: 7, files: 3, head: { sequence: 7, hash: head().hash } });
    writeFileSync(join(folder, 'audit-000000007.jsonl'), 'mine');
    for (let round = 0; round < 5; round++) log.record(auditEntry());
    expect(readFileSync(join(folder, 'audit-000000007.jsonl'), 'utf8')).toBe('mine');
    expect(linesOf(folder)).toHaveLength(6);
  });

  test('keeps a line that is larger than a file is meant to be', async () => {
    const { folder, log, verify } = setUp({ maxBytes: 1000 });
    for (const length of [5000, 1, 100_000]) log.record(auditEntry({ arguments: { text: 'x'.repeat(length) } }));
    expect([filesOf(folder).length, (await verify()).problem, (await verify()).lines]).toEqual([3, undefined, 3]);
  });

  test('goes on in a new file where a process died between two files', async () => {
    const { folder, log } = setUp();
    log.record(auditEntry());
    log.record(auditEntry());
    renameSync(join(folder, AUDIT_FILE), join(folder, 'audit-000000001.jsonl'));
    const next = setUp({ folder });
    await next.log.note(auditEntry());
    expect(await next.verify()).toMatchObject({ lines: 3, files: 2, head: { sequence: 3 } });
    expect((await next.verify()).problem).toBeUndefined();
  });

  test.each([20, 40_000])('cuts off a line of %i bytes that was not written to its end, and says so', async (length) => {
    const { folder, log } = setUp();
    log.record(auditEntry({ call: 'a' }));
    appendFileSync(join(folder, AUDIT_FILE), '{"sequence":2,"time":'.padEnd(length, 'x').slice(0, length));
    const next = setUp({ folder });
    await next.log.note(auditEntry({ call: 'b' }));
    expect(parsedLines(folder).slice(1)).toMatchObject([
      { sequence: 2, event: 'repaired', cut: length },
      { sequence: 3, call: 'b' },
    ]);
    expect(readFileSync(join(folder, AUDIT_FILE), 'latin1').endsWith('}\n')).toBe(true);
    expect(await next.verify()).toEqual({ lines: 3, files: 1, head: { sequence: 3, hash: next.head().hash } });
  });

  /** Three lines, then what `tamper` does to the folder, and one more line of another process. */
  async function afterTampering(tamper: (folder: string) => void) {
    const { folder, log } = setUp();
    for (const call of ['a', 'b', 'c']) log.record(auditEntry({ call }));
    const lines = linesOf(folder);
    tamper(folder);
    const next = setUp({ folder });
    await next.log.note(auditEntry({ call: 'd' }));
    next.log.record(auditEntry({ call: 'e' }));
    const gap = parsedLines(folder).find(({ event }) => event === 'gap');
    return { folder, lines, gap, problem: (await next.verify()).problem };
  }

  test('goes on after lines were cut off, and says for ever which', async () => {
    const { folder, lines, gap, problem } = await afterTampering((where) =>
      writeFileSync(join(where, AUDIT_FILE), `${linesOf(where)[0]}\n`),
    );
    const hash = digestOf(lines[2] ?? '');
    expect(gap).toMatchObject({ sequence: 4, previous: digestOf(lines[0] ?? ''), head: { sequence: 3, hash } });
    expect(await callsIn(folder)).toEqual(['a', 'gap', 'd', 'e']);
    expect(problem).toEqual({
      file: AUDIT_FILE,
      line: 2,
      says: `it was written when lines 2 to 3 of the audit were not found; line 3 had the SHA-256 ${hash}`,
    });
  });

  test('goes on after its file was removed, and says for ever what is missing', async () => {
    const { folder, gap, problem } = await afterTampering((where) => rmSync(join(where, AUDIT_FILE)));
    expect(gap).toMatchObject({ sequence: 4, previous: ZEROS, head: { sequence: 3 } });
    expect(await callsIn(folder)).toEqual(['gap', 'd', 'e']);
    expect(problem).toMatchObject({ line: 1, says: expect.stringContaining('lines 1 to 3 of the audit were not found') as unknown });
  });

  test('goes on after its last line was changed, and says for ever which', async () => {
    const { folder, problem } = await afterTampering((where) => {
      const path = join(where, AUDIT_FILE);
      writeFileSync(path, readFileSync(path, 'utf8').replace('"call":"c"', '"call":"x"'));
    });
    expect(await callsIn(folder)).toEqual(['a', 'b', 'x', 'gap', 'd', 'e']);
    expect(problem).toMatchObject({
      line: 4,
      says: expect.stringContaining('it was written when line 3 of the audit had been changed') as unknown,
    });
  });

  test('notices that a noted line was cut off before its head was stored, as long as the process lives that wrote it', async () => {
    const { folder, log, verify } = setUp();
    log.record(auditEntry({ call: 'a' }));
    await log.note(auditEntry({ call: 'b' }));
    const path = join(folder, AUDIT_FILE);
    truncateSync(path, (linesOf(folder)[0] ?? '').length + 1);
    await log.note(auditEntry({ call: 'c' }));
    expect(await callsIn(folder)).toEqual(['a', 'gap', 'c']);
    expect((await verify()).problem?.line).toBe(2);
  });

  test('finds the stored head far behind the end of the file, and in a file before', async () => {
    const folder = temporaryFolder();
    const one = setUp({ folder });
    one.log.record(auditEntry());
    for (let round = 0; round < 20; round++) await Promise.all(Array.from({ length: 20 }, async () => one.log.note(auditEntry())));
    const other = setUp({ folder });
    await other.log.note(auditEntry());
    renameSync(join(folder, AUDIT_FILE), join(folder, 'audit-000000001.jsonl'));
    const third = setUp({ folder });
    await third.log.note(auditEntry());
    expect(third.head().sequence).toBe(1);
    expect((await third.verify()).problem).toBeUndefined();
    expect((await callsIn(folder)).filter((call) => call === 'gap')).toEqual([]);
  });

  test('tells that the file cannot be written, and what was noted with it', async () => {
    const { folder, log } = setUp();
    mkdirSync(join(folder, AUDIT_FILE));
    const noted = log.note(auditEntry());
    const refused = { code: 'auditNotWritable', details: { path: join(folder, AUDIT_FILE), reason: 'EISDIR' } };
    expect(thrownBy(() => log.record(auditEntry()))).toMatchObject(refused);
    await expect(noted).rejects.toMatchObject(refused);
    await expect(log.note(auditEntry())).rejects.toMatchObject(refused);
    rmSync(join(folder, AUDIT_FILE), { recursive: true });
    log.record(auditEntry());
    expect(linesOf(folder)).toHaveLength(1);
  });

  test('takes a line back when the disk is full before its head is stored', async () => {
    const folder = temporaryFolder();
    let isFull = false;
    const [full] = enginesOnFullDisk((sql) => isFull && sql.startsWith('UPDATE audit_head')).filter(({ name }) => name === engine.name);
    if (!full) throw new Error('the engine is not there');
    const { audit } = untilTestEnds(Journal.open(folder, { clock: systemClock, engines: [full] }));
    const log = new AuditLog(folder, audit, systemClock);
    log.record(auditEntry({ call: 'a' }));
    isFull = true;
    const path = join(folder, AUDIT_FILE);
    expect(thrownBy(() => log.record(auditEntry({ call: 'b' })))).toMatchObject({
      code: 'auditNotWritable',
      details: { path, reason: 'ENOSPC' },
    });
    expect(await callsIn(folder)).toEqual(['a']);
    isFull = false;
    log.record(auditEntry({ call: 'c' }));
    expect(await callsIn(folder)).toEqual(['a', 'c']);
    expect((await verifyAudit(folder, audit.head())).problem).toBeUndefined();
  });

  const order = (folder: string, name: string, more: Partial<AuditOrder> = {}): AuditOrder => ({
    folder,
    engine: engine.name,
    name,
    ...more,
  });

  test.runIf(isPosix)(
    'leaves no part of a line when the file cannot grow',
    async () => {
      const folder = temporaryFolder();
      // The limit is counted in blocks of 512 bytes, or of 1024 by some shells.
      const limited = order(folder, 'a', { argumentBytes: 50_000, rounds: 100 });
      const { said, stderr } = await startChild(limited, 'ulimit -f 800').result;
      expect(stderr).toContain('cannot be written (EFBIG), so the call is not on record');
      expect(said.length).toBeGreaterThan(3);
      expect((await callsIn(folder)).toSorted()).toEqual(said.toSorted());
      expect(readFileSync(join(folder, AUDIT_FILE), 'latin1').endsWith('}\n')).toBe(true);
      expect((await verdictOn(folder, engine)).problem).toBeUndefined();
    },
    30_000,
  );

  test.runIf(isPosix)(
    'tells that the account may not write the file',
    async () => {
      const folder = temporaryFolder();
      const { log } = setUp({ folder });
      log.record(auditEntry());
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

  describe('of several processes', () => {
    test('is one unbroken chain of every line, through the change of files', async () => {
      const folder = temporaryFolder();
      const at = Date.now() + 2500;
      const children = ['a', 'b'].map((name) => startChild(order(folder, name, { at, rounds: 60, maxBytes: 9000 })));
      const results = await Promise.all(children.map(async ({ result }) => result));
      expect(results.map(({ stderr, signal }) => [stderr, signal])).toEqual([
        ['', null],
        ['', null],
      ]);
      const { lines, files, problem } = await verdictOn(folder, engine);
      expect([lines, problem]).toEqual([480, undefined]);
      expect(files).toBeGreaterThan(10);
      const calls = await callsIn(folder);
      expect(calls.toSorted()).toEqual(results.flatMap(({ said }) => said).toSorted());
      for (const { said } of results) {
        const own = calls.filter((call) => said.includes(call));
        const rounds = own.map((call) => Number(/\d+/.exec(call)?.[0]));
        expect(rounds).toEqual(rounds.toSorted((a, b) => a - b));
      }
    }, 60_000);

    test('can be checked while they write and begin new files', async () => {
      const folder = temporaryFolder();
      const { verify } = setUp({ folder });
      const child = startChild(order(folder, 'a', { rounds: 150, maxBytes: 900 }));
      const ended: unknown[] = [];
      const over = child.result.then((result) => ended.push(result.stderr));
      await child.ready;
      const problems: unknown[] = [];
      while (ended.length === 0) problems.push((await verify()).problem);
      await over;
      expect(ended).toEqual(['']);
      expect(problems.length).toBeGreaterThan(5);
      expect(problems.filter((problem) => problem !== undefined)).toEqual([]);
      expect((await verify()).lines).toBe(600);
    }, 60_000);

    test('that are killed keeps every line that was confirmed, and none torn', async () => {
      const folder = temporaryFolder();
      const said: string[] = [];
      for (let round = 0; round < 4; round++) {
        const children = ['a', 'b', 'c'].map((name) =>
          startChild(order(folder, `${name}${round}`, { maxBytes: 20_000, argumentBytes: 300 })),
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
        expect((await verdictOn(folder, engine)).problem).toBeUndefined();
      }
      const calls = new Set(await callsIn(folder));
      expect(said.length).toBeGreaterThan(20);
      expect(said.filter((call) => !calls.has(call))).toEqual([]);
      expect(calls.has('gap')).toBe(false);
      const { log, verify } = setUp({ folder });
      log.record(auditEntry());
      expect((await verify()).problem).toBeUndefined();
    }, 90_000);
  });
});
