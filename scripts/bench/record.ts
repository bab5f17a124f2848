import { execFile } from 'node:child_process';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { systemClock } from '../../src/base/clock.ts';
import { Journal } from '../../src/journal/journal.ts';
import { openSqlite } from '../../src/journal/sqlite.ts';
import { budgets, type Row } from './budgets.ts';
import { median } from './statistics.ts';
import { StdioClient, type Program } from './stdio-client.ts';
import type { Workbench } from './workbench.ts';

/** How many rows a record has. */
interface Size {
  readonly tasks: number;
  readonly changes: number;
  readonly lines: number;
}

const SMALL: Size = { tasks: 10, changes: 10, lines: 10 };
const LARGE: Size = { tasks: 100_000, changes: 50_000, lines: 1_000_000 };
const LARGE_IN_SHORT: Size = { tasks: 2000, changes: 1000, lines: 20_000 };

const ROUNDS = 15;

/** Measures what lists and the audit cost with a long record, against the same with ten rows. */
export async function measureRecord(bench: Workbench): Promise<readonly Row[]> {
  const large = bench.isShort ? LARGE_IN_SHORT : LARGE;
  const folders = [await makeRecord(bench, SMALL), await makeRecord(bench, large)] as const;
  try {
    const programs = folders.map((folder) => bench.product(bench.lean, folder));
    const clients = programs.map((program) => new StdioClient(program));
    for (const client of clients) await client.open();
    const rows: Row[] = [];
    const compare = async (what: string, measure: (index: number) => Promise<unknown>, budget?: Row['budget']) => {
      const times: number[][] = [[], []];
      for (let round = 0; round < bench.rounds(ROUNDS); round++) {
        for (const [index, list] of times.entries()) {
          const start = performance.now();
          await measure(index);
          list.push(performance.now() - start);
        }
      }
      const [few, many] = times.map((list) => median(list));
      const ratio = few === undefined || many === undefined ? undefined : many / few;
      rows.push({ what, unit: 'ms', product: many, floor: { name: 'ten rows', value: few, ratio }, ...(budget && { budget }) });
    };
    const tool = (name: string, args: object) => (index: number) => clients[index]?.call(name, { ...args }) ?? Promise.resolve();
    const count = (number: number) => number.toLocaleString('en');
    await compare(`\`list_tasks\` with ${count(large.tasks)} tasks`, tool('list_tasks', {}), budgets.record);
    await compare(`the same with \`match\`, which looks at every task`, tool('list_tasks', { match: 'no such text' }));
    await compare(`\`list_changes\` with ${count(large.changes)} changes`, tool('list_changes', {}), budgets.record);
    await compare('`get_task_status` there', tool('get_task_status', { taskId: '00000007' }), budgets.record);
    for (const client of clients) await client.close();
    await compare(`\`audit show\` with ${count(large.lines)} lines`, (index) => showAudit(programs[index]), budgets.record);
    return rows;
  } finally {
    for (const folder of folders) await rm(folder, { recursive: true, force: true });
  }
}

async function showAudit(program: Program | undefined): Promise<void> {
  await promisify(execFile)(process.execPath, [...(program?.args ?? []), 'audit', 'show'], { env: program?.env ?? {} });
}

async function makeRecord({ lean: { url } }: Workbench, { tasks, changes, lines }: Size): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'mailstore-mcp-bench-record-'));
  const journal = Journal.open(folder, { clock: systemClock });
  await journal.tasks.list();
  journal.close();
  const db = openSqlite(join(folder, 'journal.sqlite'));
  const numbers = (last: number) => `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${last})`;
  db.exec(`
    ${numbers(tasks)} INSERT INTO tasks (task_id, revision, command, target, origin, arguments_key, arguments_masked, status, started_at, ended_at, epoch, search)
    SELECT printf('%08d', i), i, 'VerifyStore', 'default', '${url}', 'key', '{"id":' || i || '}', 'succeeded', i, i + 1, 1, 'verifystore' FROM n`);
  const columns = db
    .all<{ name: string; notnull: number; type: string }>('PRAGMA table_info(changes)')
    .filter(({ name }) => name !== 'number');
  const known: Readonly<Record<string, string>> = { origin: `'${url}'`, command: `'RenameUser'`, target: `'default'`, login: `'admin'` };
  const values = columns.map(({ name, notnull, type }) => known[name] ?? (notnull === 0 ? 'NULL' : type === 'TEXT' ? `'{}'` : 'i'));
  db.exec(`${numbers(changes)} INSERT INTO changes (${columns.map(({ name }) => name).join(', ')}) SELECT ${values.join(', ')} FROM n`);
  db.close();
  const file = await open(join(folder, 'audit.jsonl'), 'a', 0o600);
  const fields = `"time":"2026-03-04T09:00:00.000Z","client":"mailstore-mcp","target":"default","origin":"${url}","user":"admin","command":"GetUsers","effect":"read","arguments":{},"decision":"allow","outcome":"succeeded"`;
  for (let written = 0; written < lines; written += 10_000) {
    const batch = Array.from({ length: Math.min(10_000, lines - written) }, (_, index) => written + index + 1);
    await file.write(batch.map((number) => `{"format":1,"chain":"bench","number":${number},${fields}}\n`).join(''));
  }
  await file.close();
  return folder;
}
