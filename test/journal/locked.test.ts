import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import { Database } from '../../src/journal/database.ts';
import { Journal } from '../../src/journal/journal.ts';
import { openSqlite } from '../../src/journal/sqlite.ts';
import { systemClock } from '../../src/base/clock.ts';
import { ManualClock } from '../helpers/manual-clock.ts';
import { runBinary } from '../helpers/run-binary.ts';
import { initialize, readAnswer, sandboxForTest, startPipe, untilTestEnds, type Pipe } from '../helpers/start-server.ts';
import { describeEngines, untilTestEnds as closedAtEnd } from './engines.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

/** Keeps a file locked in a process of its own until it is released. */
async function lock(path: string): Promise<{ release(): Promise<void> }> {
  const program = `
    import { openSqlite } from ${JSON.stringify(new URL('../../src/journal/sqlite.ts', import.meta.url).href)};
    let db;
    // Opening the file needs the lock for a moment as well.
    for (let isLocked = false; !isLocked; ) {
      try { db ??= openSqlite(${JSON.stringify(path)}); db.exec('BEGIN EXCLUSIVE'); isLocked = true; }
      catch { await new Promise((resolve) => setTimeout(resolve, 5)); }
    }
    console.log('locked');
    // A connection that nothing can reach any more is collected, and its lock with it.
    setInterval(() => db.exec('SELECT 1'), 1000);
  `;
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '--eval', program], {
    cwd: fileURLToPath(new URL('../..', import.meta.url)),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const closed = once(child, 'close');
  const release = async () => {
    child.kill('SIGKILL');
    await closed;
  };
  onTestFinished(release);
  const isLocked = await Promise.race([once(child.stdout, 'data').then(() => true), closed.then(() => false)]);
  expect(isLocked).toBe(true);
  return { release };
}

async function call(pipe: Pipe, name: string, args: Readonly<Record<string, unknown>> = {}) {
  const { result } = await pipe.request('tools/call', { name, arguments: args });
  return readAnswer(result);
}

describe('a server whose journal another process keeps locked', () => {
  test.each(['before the first call', 'after calls were made'])(
    'answers pings and reads, lets a change wait, and goes on without a gap: locked %s',
    async (when) => {
      const sandbox = await sandboxForTest();
      const pipe = untilTestEnds(startPipe({ sandbox, access: 'read-write' }));
      const path = join(pipe.stateDir, 'journal.sqlite');
      const journal = Journal.open(pipe.stateDir, { clock: systemClock });
      await journal.tasks.revision();
      journal.close();
      await initialize(pipe);
      if (when === 'after calls were made') {
        expect((await call(pipe, 'set_user_full_name', { userName: 'amira', fullName: 'Before' })).isError).toBe(false);
      }
      const { release } = await lock(path);

      expect((await call(pipe, 'get_users')).isError).toBe(false);
      const change = call(pipe, 'set_user_full_name', { userName: 'amira', fullName: 'Meanwhile' });
      expect((await pipe.request('ping')).result).toEqual({});
      expect((await call(pipe, 'get_users')).isError).toBe(false);
      expect(sandbox.requests.filter(({ path: asked }) => asked.endsWith('/SetUserFullName')).length).toBe(
        when === 'after calls were made' ? 1 : 0,
      );
      await release();

      expect((await change).isError).toBe(false);
      expect((await call(pipe, 'list_changes')).isError).toBe(false);
      const MAILSTORE_STATE_DIR = pipe.stateDir;
      await expect.poll(async () => (await runBinary(['audit', 'verify'], { MAILSTORE_STATE_DIR })).code).toBe(0);
      const { stdout } = await runBinary(['audit', 'show', '--json'], { MAILSTORE_STATE_DIR });
      const commands = stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as { readonly command?: string; readonly outcome?: string })
        .filter(({ command }) => command !== undefined)
        .map(({ command, outcome }) => `${command} ${outcome}`)
        .toSorted();
      const changed = ['SetUserFullName sent', 'SetUserFullName succeeded'];
      expect(commands).toEqual(
        ['GetUsers succeeded', 'GetUsers succeeded', ...changed, ...(when === 'after calls were made' ? changed : [])].toSorted(),
      );
    },
    180_000,
  );
});

describeEngines('a database that another process keeps locked', (engine) => {
  const setUp = () => {
    const path = join(temporaryFolder(), 'test.sqlite');
    const other = closedAtEnd(openSqlite(path, { engines: [engine] }));
    const clock = new ManualClock();
    const prepare = (db: { exec(sql: string): void }) => db.exec('CREATE TABLE IF NOT EXISTS things (value TEXT) STRICT');
    return { other, clock, open: () => closedAtEnd(Database.open(path, { clock, engines: [engine], prepare })) };
  };

  test('is opened when it is free', async () => {
    const { other, clock, open } = setUp();
    other.exec('BEGIN EXCLUSIVE');
    const database = open();
    const found = database.read((db) => db.all('SELECT value FROM things'));
    await clock.advance(5000);
    other.exec('COMMIT');
    await clock.advance(100);
    expect(await found).toEqual([]);
  });

  test('runs the whole work again when the commit finds it locked, and nothing of the first attempt is left', async () => {
    const { other, clock, open } = setUp();
    const database = open();
    let attempts = 0;
    other.exec('BEGIN; SELECT value FROM things');
    const written = database.write((db) => db.run('INSERT INTO things (value) VALUES (?)', [String(++attempts)]));
    await clock.advance(1000);
    expect(attempts).toBeGreaterThan(1);
    other.exec('COMMIT');
    await clock.advance(100);
    await written;
    expect(other.all('SELECT value FROM things')).toEqual([{ value: String(attempts) }]);
  });

  test('is given up after 15 seconds with the sentence that says what to do', async () => {
    const { other, clock, open } = setUp();
    const database = open();
    other.exec('BEGIN EXCLUSIVE');
    const failed = database.write(() => 1).catch((error: unknown) => error);
    await clock.advance(15_100);
    expect(String(await failed)).toMatch(/kept '.*test\.sqlite' locked for 15000 ms\. Call again/);
    other.exec('ROLLBACK');
    expect(await database.write(() => 2)).toBe(2);
  });
});
