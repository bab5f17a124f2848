import fs, { appendFileSync, truncateSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { Journal } from '../../src/journal/journal.ts';
import { openSqlite } from '../../src/journal/sqlite.ts';
import { runBinary } from '../helpers/run-binary.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

interface Statement {
  all(...params: readonly unknown[]): readonly unknown[];
}
interface Engine {
  readonly prototype: { prepare(sql: string): Statement };
}

/** The engine that this Node uses; the program runs in this process and has the same one. */
function findEngine(): Engine {
  const builtin = process.getBuiltinModule?.('node:sqlite' as 'fs') as unknown as { readonly DatabaseSync: Engine } | undefined;
  return builtin?.DatabaseSync ?? (createRequire(import.meta.url)('libsql') as Engine);
}

/** Counts the rows that statements return from now on. */
function watchRows(): { count: number } {
  const read = { count: 0 };
  const { prototype } = findEngine();
  const { prepare } = prototype;
  vi.spyOn(prototype, 'prepare').mockImplementation(function (this: unknown, sql) {
    const statement = Reflect.apply(prepare, this, [sql]);
    const all = statement.all.bind(statement);
    statement.all = (...params) => {
      const rows = all(...params);
      read.count += rows.length;
      return rows;
    };
    return statement;
  });
  return read;
}

function fillJournal(): string {
  const folder = temporaryFolder();
  Journal.open(folder, { clock: systemClock }).close();
  const db = openSqlite(join(folder, 'journal.sqlite'));
  db.exec(`
    BEGIN;
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000)
    INSERT INTO tasks (task_id, revision, command, target, origin, arguments_key, arguments_masked, status, started_at, ended_at, epoch, search, result)
    SELECT printf('%08d', i), i, 'VerifyStore', 'default', '', 'key', '{}', 'succeeded', i, i + 1, 1, 'verifystore', '"' || hex(zeroblob(500)) || '"' FROM n;
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000)
    INSERT INTO changes (command, target, origin, login, arguments_masked, before, after, summary, changed_at)
    SELECT 'RenameUser', 'default', '', 'admin', '{}', '{}', '{}', '"Rename ' || i || '"', i FROM n;
    COMMIT`);
  db.close();
  return folder;
}

test('the lists of twenty thousand tasks and ten thousand changes read only what they print', async () => {
  const MAILSTORE_STATE_DIR = fillJournal();
  const read = watchRows();
  for (const [list, newest] of [
    ['tasks', '00020000'],
    ['changes', '10000'],
  ] as const) {
    read.count = 0;
    const { code, stdout } = await runBinary([list, 'list'], { MAILSTORE_STATE_DIR });
    expect([list, code]).toEqual([list, 0]);
    expect(stdout).toContain(newest);
    expect(read.count).toBeGreaterThan(0);
    expect(read.count).toBeLessThan(200);
  }
});

test('the end of an audit of four gigabytes is shown without reading the rest', async () => {
  const MAILSTORE_STATE_DIR = temporaryFolder();
  const path = join(MAILSTORE_STATE_DIR, 'audit.jsonl');
  writeFileSync(path, '', { mode: 0o600 });
  truncateSync(path, 4_000_000_000);
  const lines = Array.from({ length: 60 }, (_, index) =>
    JSON.stringify({ format: 1, time: '2026-03-04T09:00:00.000Z', command: `Call${index}` }),
  );
  appendFileSync(path, `\n${lines.join('\n')}\n`);
  const readSync = vi.spyOn(fs, 'readSync');
  const { code, stdout } = await runBinary(['audit', 'show'], { MAILSTORE_STATE_DIR });
  expect([code, stdout.match(/Call\d+/g)?.length, stdout.includes('Call59')]).toEqual([0, 50, true]);
  const bytes = readSync.mock.results.reduce((sum, { value }) => sum + Number(value), 0);
  expect(bytes).toBeGreaterThan(1000);
  expect(bytes).toBeLessThan(200_000);
});
