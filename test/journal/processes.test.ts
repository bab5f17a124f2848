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
import { temporaryFolder } from '../helpers/temporary-folder.ts';

const CHILD = fileURLToPath(new URL('child.ts', import.meta.url));
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
  /** Resolves when the child has opened its journal. */
  readonly opened: Promise<void>;
  kill(): void;
}

/** Starts a process on a journal. */
function startChild(order: ChildOrder, node = process.execPath): Child {
  const child = spawn(node, ['--import', 'tsx', CHILD, JSON.stringify(order)], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const opened = new Promise<void>((resolve) => {
    child.stdout.on('data', (chunk: Buffer) => {
      stdout += chunk.toString();
      resolve();
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
        .filter(Boolean);
      resolve({ lines: complete.map((line) => lineSchema.parse(JSON.parse(line))), stderr, signal });
    });
  });
  return { result, opened, kill: () => void child.kill('SIGKILL') };
}

/** Long enough for processes that start together to have opened the journal. */
const startTime = (): number => Date.now() + 2500;

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
  const order = (role: ChildOrder['role'], folder: string, name: string, at: number, rounds?: number): ChildOrder => ({
    role,
    folder,
    engine: engine.name,
    name,
    at,
    ...(rounds !== undefined && { rounds }),
  });

  test('that start at once lay the schema once, and say nothing on stderr', async () => {
    const folder = temporaryFolder();
    const at = startTime();
    const results = await Promise.all(['a', 'b', 'c', 'd'].map(async (name) => startChild(order('open', folder, name, at)).result));
    expect(results).toEqual(results.map(() => ({ lines: [{ opened: 0 }], stderr: '', signal: null })));
    expect(checkIntegrity(folder, engine)).toEqual(INTACT);
  }, 60_000);

  test('that begin the same call at once get one task', async () => {
    const folder = temporaryFolder();
    const at = startTime();
    const results = await Promise.all(['a', 'b', 'c', 'd'].map(async (name) => startChild(order('begin', folder, name, at)).result));
    const answers = results.flatMap(({ lines }) => lines.filter(({ taskId }) => taskId !== undefined));
    expect(new Set(answers.map(({ taskId }) => taskId)).size).toBe(1);
    expect([answers.length, answers.filter(({ isNew }) => isNew).length]).toEqual([4, 1]);
  }, 60_000);

  test('that take a lease from each other never get the same epoch', async () => {
    const folder = temporaryFolder();
    const at = startTime();
    const results = await Promise.all(['a', 'b', 'c'].map(async (name) => startChild(order('take', folder, name, at, 100)).result));
    const epochs = results.map(({ lines }) => lines.flatMap(({ epoch }) => epoch ?? []));
    const all = epochs.flat();
    expect(all.length).toBeGreaterThan(100);
    expect(new Set(all).size).toBe(all.length);
    for (const own of epochs) expect(own).toEqual(own.toSorted((a, b) => a - b));
  }, 60_000);

  /** Runs four processes that go through the same rounds at the same time, and returns the rounds that any of them won, in order. */
  async function race(role: ChildOrder['role'], folder: string, rounds: number): Promise<readonly number[]> {
    const at = startTime();
    const names = ['a', 'b', 'c', 'd'];
    const results = await Promise.all(names.map(async (name) => startChild(order(role, folder, name, at, rounds)).result));
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
  }, 60_000);

  test('that burn the same nonces are let through once for each', async () => {
    const rounds = Array.from({ length: 60 }, (_, round) => round);
    expect(await race('burn', temporaryFolder(), rounds.length)).toEqual(rounds);
  }, 60_000);

  test('that are killed while they write leave an intact file with everything that was confirmed', async () => {
    const folder = temporaryFolder();
    const lines: Line[] = [];
    for (let round = 0; round < 4; round++) {
      const children = ['a', 'b', 'c'].map((name) => startChild(order('write', folder, `${name}${round}`, 0)));
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
  }, 90_000);

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
      const { lines, stderr } = await startChild({ ...order('open', folder, 'a', 0), ...(uid !== undefined && { uid }) }).result;
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
      const start = (role: ChildOrder['role'], name: string, at: number, rounds?: number) =>
        runtimes.map(({ node, engine }) =>
          startChild({ role, folder, engine, name: `${name}-${engine}`, at, ...(rounds !== undefined && { rounds }) }, node),
        );
      const whole = [...start('write', 'whole', startTime(), 40), ...start('take', 'taker', startTime(), 60)];
      const results = await Promise.all(whole.map(async ({ result }) => result));
      expect(results.map(({ stderr, signal }) => [stderr, signal])).toEqual(results.map(() => ['', null]));
      const epochs = results.flatMap(({ lines }) => lines.flatMap(({ epoch }) => epoch ?? []));
      expect(new Set(epochs).size).toBe(epochs.length);

      const killed = start('write', 'killed', 0);
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
    }, 90_000);
  },
);
