import { describe, expect, test } from 'vitest';
import { Journal } from '../../src/journal/journal.ts';
import { SQLITE_ENGINES, openSqlite, type Sqlite, type SqliteEngine } from '../../src/journal/sqlite.ts';
import { ManualClock } from '../helpers/manual-clock.ts';
import { untilTestEnds } from './engines.ts';
import { join } from 'node:path';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

/** Engines that keep how each read finds its rows, as SQLite plans it, and how many bytes of text it returned. */
function watchedEngines(plans: string[], bytes: { read: number }): readonly SqliteEngine[] {
  return SQLITE_ENGINES.map((engine) => ({
    ...engine,
    load: () => {
      const open = engine.load();
      return (path) => {
        const connection = open(path);
        return {
          ...connection,
          all: (sql, params) => {
            const plan = /^\s*SELECT/.test(sql) ? connection.all(`EXPLAIN QUERY PLAN ${sql}`, params) : [];
            plans.push(...plan.map(({ detail }) => String(detail)));
            const rows = connection.all(sql, params);
            bytes.read += JSON.stringify(rows).length;
            return rows;
          },
        };
      };
    },
  }));
}

function setUp() {
  const folder = temporaryFolder();
  const plans: string[] = [];
  const bytes = { read: 0 };
  const journal = untilTestEnds(Journal.open(folder, { clock: new ManualClock(), engines: watchedEngines(plans, bytes) }));
  const db = untilTestEnds(openSqlite(join(folder, 'journal.sqlite')));
  db.exec(`
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000)
    INSERT INTO tasks (task_id, revision, command, target, origin, arguments_key, arguments_masked, status, started_at, ended_at, epoch, search, result, messages)
    SELECT printf('%08d', i), i, 'VerifyStore', 'default', '', 'key', '{"id":' || i || '}', iif(i % 500 = 0, 'unknown', 'succeeded'), i, i + 1, 1,
      printf('%08d', i) || ' verifystore default {"id":' || i || '}', '"' || hex(zeroblob(2000)) || '"', '[]' FROM n`);
  plans.length = 0;
  bytes.read = 0;
  return { journal, plans, bytes, db };
}

/** Adds rows of a second archive, which are newer than all others. */
function addElsewhere(db: Sqlite) {
  db.exec(`
    WITH RECURSIVE n(i) AS (SELECT 3001 UNION ALL SELECT i + 1 FROM n WHERE i < 6000)
    INSERT INTO tasks (task_id, revision, command, target, origin, arguments_key, arguments_masked, status, started_at, ended_at, epoch, search)
    SELECT printf('%08d', i), i, 'VerifyStore', 'default', 'https://b:8463', 'key', '{}', 'succeeded', i, i + 1, 1, 'verifystore' FROM n`);
}

describe('the cost of a list does not grow with what was recorded', () => {
  test('a page of tasks reads its own rows by an index, and none of their results', async () => {
    const { journal, plans, bytes } = setUp();
    const { rows, total, next } = await journal.tasks.page({ limit: 50 });
    expect([rows.length, total, rows[0]?.taskId, next]).toEqual([50, 3000, '00003000', 2951]);
    expect(plans.filter((plan) => plan.startsWith('SCAN tasks'))).toEqual([]);
    expect(bytes.read).toBeLessThan(50 * 1000);
    expect((await journal.tasks.page({ limit: 2, before: next })).rows.map(({ taskId }) => taskId)).toEqual(['00002950', '00002949']);
    expect((await journal.tasks.page({ limit: 2, offset: 2998 })).next).toBeUndefined();
  });

  test('a page of one archive is found behind thousands of newer rows of another by an index, and those are counted', async () => {
    const { journal, plans, bytes, db } = setUp();
    addElsewhere(db);
    plans.length = 0;
    bytes.read = 0;
    const first = await journal.tasks.page({ limit: 2, origins: [''] });
    expect(first).toMatchObject({ total: 3000, elsewhere: 3000, next: 2999, rows: [{ taskId: '00003000' }, { taskId: '00002999' }] });
    const both = await journal.tasks.page({ limit: 2, offset: 2999, origins: ['', 'https://b:8463'] });
    expect(both).toMatchObject({ total: 6000, elsewhere: 0, rows: [{ taskId: '00003001' }, { taskId: '00003000' }] });
    expect(await journal.tasks.page({ limit: 2, origins: ['https://c:8463'] })).toEqual({ rows: [], total: 0, elsewhere: 6000 });
    expect(await journal.tasks.page({ limit: 2, origins: [] })).toEqual({ rows: [], total: 0, elsewhere: 6000 });
    expect(await journal.tasks.page({ limit: 1, match: '{"id":17}', origins: ['https://b:8463'] })).toMatchObject({ total: 0, rows: [] });
    expect((await journal.tasks.recent(2, [''])).map(({ taskId }) => taskId)).toEqual(['00003000', '00002999']);
    const scanned = plans.filter((plan) => plan.startsWith('SCAN tasks'));
    expect(scanned).toEqual([]);
    expect(bytes.read).toBeLessThan(40_000);
  });

  test('the tasks that somebody has to follow are found without a look at those that have ended', async () => {
    const { journal, plans } = setUp();
    expect(await journal.tasks.active()).toEqual([]);
    expect(await journal.tasks.untoldEnds()).toEqual([]);
    expect(
      plans.filter((plan) => /^SCAN tasks(?! USING (?:COVERING )?INDEX (?:active_tasks|unknown_tasks|ends_to_tell))/.test(plan)),
    ).toEqual([]);
  });

  test('a text is looked for in the database, upper or lower case, and counted', async () => {
    const { journal, bytes } = setUp();
    const { rows, total } = await journal.tasks.page({ limit: 5, match: 'VERIFYSTORE' });
    expect([rows.length, total]).toEqual([5, 3000]);
    expect((await journal.tasks.page({ limit: 5, match: '{"id":17}' })).rows.map(({ taskId }) => taskId)).toEqual(['00000017']);
    expect((await journal.tasks.page({ limit: 500, match: 'unknown' })).total).toBe(6);
    expect(bytes.read).toBeLessThan(20_000);
  });

  test('a task is found by the beginning of its id through the index', async () => {
    const { journal, plans } = setUp();
    const found = await Promise.all(['00000017', '0000001', 'x'].map((start) => journal.tasks.findIds(start)));
    expect([found[0], found[1]?.length, found[2]]).toEqual([['00000017'], 2, []]);
    expect(plans.filter((plan) => plan.startsWith('SCAN tasks'))).toEqual([]);
  });

  test('a page of changes reads its own rows by an index, and pages go on behind a number', async () => {
    const { journal, plans } = setUp();
    const change = {
      command: 'RenameUser',
      target: 'default',
      origin: 'https://mail.example.com:8463',
      login: 'admin',
      argumentsMasked: { userName: 'amira' },
      before: {},
      after: {},
      inverse: null,
    };
    for (let number = 1; number <= 20; number++) await journal.changes.record({ ...change, summary: `Rename ${number}` });
    plans.length = 0;
    const { rows, total, next } = await journal.changes.page({ limit: 5 });
    expect([rows.map(({ number }) => number), total, next]).toEqual([[20, 19, 18, 17, 16], 20, 16]);
    expect((await journal.changes.page({ limit: 5, before: next })).rows[0]?.number).toBe(15);
    expect((await journal.changes.page({ limit: 5, match: 'RENAME 7' })).rows.map(({ number }) => number)).toEqual([7]);
    expect(plans.filter((plan) => /^SCAN changes(?! USING)/.test(plan) && !plan.includes('ROWID')).length).toBeLessThanOrEqual(1);
  });
});
