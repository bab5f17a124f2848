import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { Database } from '../../src/journal/database.ts';
import { Journal } from '../../src/journal/journal.ts';
import { migrate, MIGRATIONS } from '../../src/journal/migrations.ts';
import { openSqlite, type Sqlite } from '../../src/journal/sqlite.ts';
import { SqliteTaskJournal } from '../../src/journal/sqlite-task-journal.ts';
import type { TaskJournal } from '../../src/journal/task-journal.ts';
import { describeEngines, untilTestEnds } from './engines.ts';
import { ALPHA, call, intent, progress, rawEnd, RUN } from './samples.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

describeEngines('the schema', (engine) => {
  const openFile = (path: string) => untilTestEnds(openSqlite(path, { engines: [engine] }));
  const openJournal = (folder: string) => untilTestEnds(Journal.open(folder, { clock: systemClock, engines: [engine] }));

  test('is laid once and not written again', () => {
    const folder = temporaryFolder();
    const { path } = openJournal(folder);
    const before = readFileSync(path);
    openJournal(folder);
    expect(readFileSync(path)).toEqual(before);
    expect(openFile(path).get('PRAGMA integrity_check')).toEqual({ integrity_check: 'ok' });
  });

  test('grows by the steps that a file has not had, and keeps what is in it', () => {
    const path = join(temporaryFolder(), 'test.sqlite');
    const db = openFile(path);
    const first = 'CREATE TABLE a (x TEXT); CREATE TABLE kept (x TEXT)';
    const second = 'CREATE TABLE b (x TEXT); INSERT INTO b SELECT x FROM kept';
    migrate(db, path, [first]);
    db.exec(`INSERT INTO kept VALUES ('before')`);
    migrate(db, path, [first, second]);
    migrate(db, path, [first, second]);
    expect([db.all('SELECT x FROM b'), db.get('PRAGMA user_version')]).toEqual([[{ x: 'before' }], { user_version: 2 }]);
  });

  test('gets approvals, changes and audit where a file has tasks alone, and keeps the tasks', async () => {
    const folder = temporaryFolder();
    const path = join(folder, 'journal.sqlite');
    const prepare = (file: Sqlite) => migrate(file, path, MIGRATIONS.slice(0, 1));
    const db = untilTestEnds(Database.open(path, { clock: systemClock, engines: [engine], prepare }));
    const old = new SqliteTaskJournal(db, systemClock);
    const { taskId } = (await old.begin(intent('ended'), ALPHA)).task;
    await old.accepted(taskId, 1, RUN, 'modern', progress(10, 1, 'a line'));
    await old.storeRawEnd(taskId, rawEnd('the end'));
    await old.finish(taskId, { status: 'succeeded', result: { items: [1] } });
    await old.begin(intent('running'), ALPHA);
    const read = async (tasks: TaskJournal) => [
      await tasks.list({ includeEnded: true }),
      await tasks.rawEnds(taskId),
      await tasks.revision(),
    ];
    const before = await read(old);
    db.close();

    const { tasks, approvals, changes, audit } = openJournal(folder);
    expect(await read(tasks)).toEqual(before);
    expect([(await tasks.list({ includeEnded: true })).length, (await tasks.begin(intent('running'), ALPHA)).isNew]).toEqual([2, false]);
    expect([await approvals.list(), await changes.list(), (await audit.known()).heads]).toEqual([[], [], []]);
    expect((await approvals.request({ ...call(), prompt: 'Delete?', label: 'Delete' })).state).toBe('pending');
    expect(openFile(path).get('PRAGMA user_version')).toEqual({ user_version: 2 });
  });

  test('stays as it was when a step fails', () => {
    const path = join(temporaryFolder(), 'test.sqlite');
    const db = openFile(path);
    expect(() => migrate(db, path, ['CREATE TABLE a (x TEXT)', 'CREATE TABLE b (x TEXT); nonsense'])).toThrow('syntax error');
    expect([db.all('SELECT name FROM sqlite_schema'), db.get('PRAGMA user_version')]).toEqual([[], { user_version: 0 }]);
  });

  test('of a newer version is refused with a sentence, and the file is not touched', () => {
    const folder = temporaryFolder();
    const { path } = openJournal(folder);
    openFile(path).exec('PRAGMA user_version = 99');
    const before = readFileSync(path);
    expect(() => openJournal(folder)).toThrow(
      `'${path}' was written by a newer mailstore-mcp (format 99; this one knows 2) and was left alone. Update this one, or set MAILSTORE_STATE_DIR to another folder.`,
    );
    expect(readFileSync(path)).toEqual(before);
  });
});
