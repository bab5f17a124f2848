import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openSqlite } from '../../src/journal/sqlite.ts';
import { runBinary } from '../helpers/run-binary.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

const LEFT_ALONE = 'it was left alone. Move it away to begin a new one, and keep it if its tasks matter.';
const READERS = ['tasks list', 'changes list', 'audit verify'];
const ALL = [...READERS, 'approve'];

const emptied = {
  what: 'a journal without a byte',
  place: (path: string) => writeFileSync(path, '', { mode: 0o600 }),
  reason: 'it is empty',
  commands: READERS,
};
const foreign = {
  what: 'a database of another program',
  place: (path: string) => {
    const db = openSqlite(path);
    db.exec('CREATE TABLE things (id INTEGER)');
    db.close();
  },
  reason: 'it has tables of another program',
  commands: ALL,
};
const folder = {
  what: 'a folder in the place of the journal',
  place: (path: string) => mkdirSync(path),
  reason: 'it is a folder',
  commands: ALL,
};

describe.each([emptied, foreign, folder])('$what', ({ place, reason, commands }) => {
  test.each(commands)('is named with its path and its cure by %s', async (command) => {
    const MAILSTORE_STATE_DIR = temporaryFolder();
    const path = join(MAILSTORE_STATE_DIR, 'journal.sqlite');
    place(path);
    const stderr = `mailstore-mcp: '${path}' is damaged or is no journal of this server (${reason}); ${LEFT_ALONE}\n`;
    expect(await runBinary(command.split(' '), { MAILSTORE_STATE_DIR })).toEqual({ code: 2, stdout: '', stderr });
  });
});

test.each(['show', 'verify'])('a folder in the place of the audit is named with its path and its cure by audit %s', async (action) => {
  const MAILSTORE_STATE_DIR = temporaryFolder();
  const path = join(MAILSTORE_STATE_DIR, 'audit.jsonl');
  mkdirSync(path);
  expect(await runBinary(['audit', action], { MAILSTORE_STATE_DIR })).toEqual({
    code: 2,
    stdout: '',
    stderr: `mailstore-mcp: The audit '${path}' cannot be read (EISDIR); give this account the right to read it, or move away what has its place and put the file back.\n`,
  });
});

test('a folder without an audit has no line to show', async () => {
  expect(await runBinary(['audit', 'show'], { MAILSTORE_STATE_DIR: temporaryFolder() })).toEqual({
    code: 0,
    stdout: 'No line of the audit fits.\n',
    stderr: '',
  });
});
