import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as z from 'zod';
import { describe, expect, test } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { Journal } from '../../src/journal/journal.ts';
import { openSqlite, type SqliteEngine } from '../../src/journal/sqlite.ts';
import type { ChildOrder } from './child.ts';
import { describeEngines, ENGINES, untilTestEnds } from './engines.ts';
import { call, digestData } from './samples.ts';
import { findChild } from '../helpers/child-program.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

const CHILD = findChild(new URL('child.ts', import.meta.url));
const READY = 'ready';
const ROOT = fileURLToPath(new URL('../..', import.meta.url));

const lineSchema = z.object({
  opened: z.number().optional(),
  began: z.string().optional(),
  stored: z.string().optional(),
  digest: z.string().optional(),
  finished: z.string().optional(),
  result: z.number().optional(),
  taskId: z.string().optional(),
  isNew: z.boolean().optional(),
  epoch: z.number().optional(),
  won: z.number().optional(),
});
type Line = z.output<typeof lineSchema>;

interface ChildResult {
  readonly lines: readonly Line[];
  readonly stderr: string;
  readonly signal: string | null;
}

interface Child {
  readonly result: Promise<ChildResult>;
  /** Resolves when the child has opened its journal, or waits. */
  readonly opened: Promise<void>;
  /** Lets a child that waits begin. */
  begin(): void;
  kill(): void;
}

/** Starts a process on a journal. */
function startChild(order: ChildOrder, node = process.execPath): Child {
  const child = spawn(node, [CHILD, JSON.stringify(order)], { cwd: ROOT, stdio: ['pipe', 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const opened = new Promise<void>((resolve) => {
    child.stdout.on('data', (chunk: Buffer) => {
      stdout += chunk.toString();
      if (!order.waits || stdout.includes(`${READY}\n`)) resolve();
    });
    child.once('close', () => resolve());
  });
  const result = new Promise<ChildResult>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (_code, signal) => {
      // A process that was killed may have been in the middle of its last line.
      const complete = stdout
        .slice(0, stdout.lastIndexOf('\n') + 1)
        .split('\n')
        .filter((line) => line !== '' && line !== READY);
      resolve({ lines: complete.map((line) => lineSchema.parse(JSON.parse(line))), stderr, signal });
    });
  });
  return { result, opened, begin: () => void child.stdin.end('\n'), kill: () => void child.kill('SIGKILL') };
}

/** Starts processes that begin together, and returns what they said. */
async function runTogether(orders: readonly (readonly [order: ChildOrder, node?: string])[]): Promise<readonly ChildResult[]> {
  const children = orders.map(([order, node]) => startChild({ ...order, waits: true }, node));
  await Promise.all(children.map(async ({ opened }) => opened));
  for (const { begin } of children) begin();
  return Promise.all(children.map(async ({ result }) => result));
}

const pause = (ms: number) => systemClock.sleep(ms);

function checkIntegrity(folder: string, engine: SqliteEngine): unknown {
  const db = untilTestEnds(openSqlite(join(folder, 'journal.sqlite'), { engines: [engine] }));
  return db.all('PRAGMA integrity_check');
}

const INTACT = [{ integrity_check: 'ok' }];

/** Compares what processes said was stored with what the file has. */
async function expectEverythingKept(folder: string, engine: SqliteEngine, lines: readonly Line[]): Promise<void> {
  const { tasks } = untilTestEnds(Journal.open(folder, { clock: systemClock, engines: [engine] }));
  for (const { began, stored, digest, finished, result } of lines) {
    if (began !== undefined) expect(await tasks.get(began), began).toBeDefined();
    if (stored !== undefined) {
      const body = (await tasks.rawEnd(stored))?.body ?? new Uint8Array();
      expect(digestData(body), stored).toBe(digest);
    }
    if (finished !== undefined) expect(await tasks.get(finished)).toMatchObject({ status: 'succeeded', result });
  }
}

describeEngines('several processes', (engine) => {
  const order = (role: ChildOrder['role'], folder: string, name: string, rounds?: number): ChildOrder => ({
    role,
    folder,
    engine: engine.name,
    name,
    ...(rounds !== undefined && { rounds }),
  });

  test('that start at once lay the schema once, and say nothing on stderr', async () => {
    const folder = temporaryFolder();
    const results = await runTogether(['a', 'b', 'c', 'd'].map((name) => [order('open', folder, name)]));
    expect(results).toEqual(results.map(() => ({ lines: [{ opened: 0 }], stderr: '', signal: null })));
    expect(checkIntegrity(folder, engine)).toEqual(INTACT);
  });

  test('that begin the same call at once get one task', async () => {
    const folder = temporaryFolder();
    const results = await runTogether(['a', 'b', 'c', 'd'].map((name) => [order('begin', folder, name)]));
    const answers = results.flatMap(({ lines }) => lines.filter(({ taskId }) => taskId !== undefined));
    expect(new Set(answers.map(({ taskId }) => taskId)).size).toBe(1);
    expect([answers.length, answers.filter(({ isNew }) => isNew).length]).toEqual([4, 1]);
  });

  test('that take a lease from each other never get the same epoch', async () => {
    const folder = temporaryFolder();
    const results = await runTogether(['a', 'b', 'c'].map((name) => [order('take', folder, name, 100)]));
    const epochs = results.map(({ lines }) => lines.flatMap(({ epoch }) => epoch ?? []));
    const all = epochs.flat();
    expect(all.length).toBeGreaterThan(100);
    expect(new Set(all).size).toBe(all.length);
    for (const own of epochs) expect(own).toEqual(own.toSorted((a, b) => a - b));
  });

  /** Runs four processes that go through the same rounds at the same time, and returns the rounds that any of them won, in order. */
  async function race(role: ChildOrder['role'], folder: string, rounds: number): Promise<readonly number[]> {
    const results = await runTogether(['a', 'b', 'c', 'd'].map((name) => [order(role, folder, name, rounds)]));
    expect(results.map(({ stderr, signal }) => [stderr, signal])).toEqual(results.map(() => ['', null]));
    return results.flatMap(({ lines }) => lines.flatMap(({ won }) => won ?? [])).toSorted((a, b) => a - b);
  }

  test('that want to use the same approvals use each of them once', async () => {
    const folder = temporaryFolder();
    const { approvals } = untilTestEnds(Journal.open(folder, { clock: systemClock, engines: [engine] }));
    const keys = Array.from({ length: 60 }, (_, round) => round);
    for (const round of keys) {
      const { approvalId } = await approvals.request({ ...call(`key-${round}`), prompt: 'Delete?', label: 'Delete' });
      if (round % 6 !== 0) await approvals.grant(approvalId);
    }
    expect(await race('consume', folder, keys.length)).toEqual(keys.filter((round) => round % 6 !== 0));
    expect((await approvals.list()).filter(({ state }) => state === 'used').length).toBe(50);
  });

  test('that burn the same nonces are let through once for each', async () => {
    const rounds = Array.from({ length: 60 }, (_, round) => round);
    expect(await race('burn', temporaryFolder(), rounds.length)).toEqual(rounds);
  });

  test('that are killed while they write leave an intact file with everything that was confirmed', async () => {
    const folder = temporaryFolder();
    const lines: Line[] = [];
    for (let round = 0; round < 4; round++) {
      const children = ['a', 'b', 'c'].map((name) => startChild(order('write', folder, `${name}${round}`)));
      await Promise.all(
        children.map(async ({ opened, kill }) => {
          await opened;
          await pause(20 + Math.random() * 300);
          kill();
        }),
      );
      const results = await Promise.all(children.map(async ({ result }) => result));
      expect(results.map(({ signal, stderr }) => [signal, stderr])).toEqual(results.map(() => ['SIGKILL', '']));
      lines.push(...results.flatMap((result) => result.lines));
      expect(checkIntegrity(folder, engine)).toEqual(INTACT);
    }
    expect(lines.some(({ stored }) => stored !== undefined)).toBe(true);
    await expectEverythingKept(folder, engine, lines);
  });

  const isRoot = process.getuid?.() === 0;

  test.runIf(process.platform !== 'win32')(
    'get an error when they may not write in the folder',
    async () => {
      const folder = join(temporaryFolder(), 'state');
      mkdirSync(folder);
      const uid = isRoot ? 65_534 : undefined;
      if (uid !== undefined) {
        chmodSync(dirname(folder), 0o755);
        chownSync(folder, uid, uid);
      }
      chmodSync(folder, 0o500);
      const { lines, stderr } = await startChild({ ...order('open', folder, 'a'), ...(uid !== undefined && { uid }) }).result;
      expect(lines).toEqual([]);
      expect(stderr).toContain(`'${join(folder, 'journal.sqlite')}' cannot be written (EACCES); give the account of this server the right`);
    },
    30_000,
  );
});

/** One way to run a child: which Node, with which engine. */
interface Runtime {
  readonly node: string;
  readonly engine: string;
}

/** Where the preferred engine and the other one can be had: in this Node, or in the one that OTHER_NODE names. */
function findRuntimes(): readonly Runtime[] {
  const other = process.env['OTHER_NODE'];
  const here = ENGINES.filter(({ missing }) => missing === undefined).map(({ engine }) => ({
    node: process.execPath,
    engine: engine.name,
  }));
  // Two SQLites in one process would take each other's locks away, so each has a process of its own in any case.
  const [preferred] = here;
  if (preferred && other !== undefined) {
    const engine = listEngines(other).find((name) => name !== preferred.engine);
    if (engine !== undefined) return [preferred, { node: other, engine }];
  }
  return here;
}

function listEngines(node: string): readonly string[] {
  const script = `process.stdout.write(process.getBuiltinModule('node:sqlite') ? 'node:sqlite' : 'libsql')`;
  return [execFileSync(node, ['--no-warnings', '-e', script], { encoding: 'utf8' })];
}

const runtimes = findRuntimes();

describe.skipIf(runtimes.length < 2)(
  `two engines on one file${runtimes.length < 2 ? `, of which only ${runtimes[0]?.engine} is here: name another Node in OTHER_NODE` : ''}`,
  () => {
    test('keep what either of them confirmed, killed or not, and never give the same epoch', async () => {
      const folder = temporaryFolder();
      const orders = (role: ChildOrder['role'], name: string, rounds?: number) =>
        runtimes.map(
          ({ node, engine }) =>
            [{ role, folder, engine, name: `${name}-${engine}`, ...(rounds !== undefined && { rounds }) }, node] as const,
        );
      const results = await runTogether([...orders('write', 'whole', 40), ...orders('take', 'taker', 60)]);
      expect(results.map(({ stderr, signal }) => [stderr, signal])).toEqual(results.map(() => ['', null]));
      const epochs = results.flatMap(({ lines }) => lines.flatMap(({ epoch }) => epoch ?? []));
      expect(new Set(epochs).size).toBe(epochs.length);

      const killed = orders('write', 'killed').map(([order, node]) => startChild(order, node));
      await Promise.all(
        killed.map(async ({ opened, kill }) => {
          await opened;
          await pause(100 + Math.random() * 200);
          kill();
        }),
      );
      const lines = [...results, ...(await Promise.all(killed.map(async ({ result }) => result)))].flatMap((result) => result.lines);
      const engine = ENGINES.find(({ missing }) => missing === undefined)?.engine;
      expect(engine).toBeDefined();
      if (!engine) return;
      expect(checkIntegrity(folder, engine)).toEqual(INTACT);
      await expectEverythingKept(folder, engine, lines);
    });
  },
);
