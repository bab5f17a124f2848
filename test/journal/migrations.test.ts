import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { Journal } from '../../src/journal/journal.ts';
import { migrate, MIGRATIONS } from '../../src/journal/migrations.ts';
import { openSqlite } from '../../src/journal/sqlite.ts';
import { TaskJournal } from '../../src/journal/task-journal.ts';
import { describeEngines, temporaryFolder, untilTestEnds } from './engines.ts';
import { ALPHA, call, intent, progress, rawEnd, RUN } from './samples.ts';

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
    const db = openFile(path);
    migrate(db, path, MIGRATIONS.slice(0, 1));
    const old = new TaskJournal(db, systemClock);
    const { taskId } = old.begin(intent('ended'), ALPHA).task;
    old.accepted(taskId, 1, RUN, 'modern', progress(10, 1, 'a line'));
    old.storeRawEnd(taskId, rawEnd('the end'));
    old.finish(taskId, { status: 'succeeded', result: { items: [1] } });
    old.begin(intent('running'), ALPHA);
    const read = (tasks: TaskJournal) => [tasks.list({ includeEnded: true }), tasks.rawEnds(taskId), tasks.revision()];
    const before = read(old);
    db.close();

    const { tasks, approvals, changes, audit } = openJournal(folder);
    expect(read(tasks)).toEqual(before);
    expect([tasks.list({ includeEnded: true }).length, tasks.begin(intent('running'), ALPHA).isNew]).toEqual([2, false]);
    expect([approvals.list(), changes.list(), (await audit.known()).heads]).toEqual([[], [], []]);
    expect(approvals.request({ ...call(), prompt: 'Delete?', label: 'Delete' }).state).toBe('pending');
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
