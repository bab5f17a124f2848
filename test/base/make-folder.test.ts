import { existsSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { makeFolder } from '../../src/base/make-folder.ts';
import { runBinary } from '../helpers/run-binary.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

test('a folder is made with those above it, for its owner alone, and stays when it is there', () => {
  const folder = join(temporaryFolder(), 'a', 'b');
  makeFolder(folder);
  makeFolder(folder);
  expect(statSync(folder).isDirectory()).toBe(true);
  if (process.platform !== 'win32')
    expect([statSync(folder).mode & 0o777, statSync(join(folder, '..')).mode & 0o777]).toEqual([0o700, 0o700]);
});

test('a file in the place of a folder is an error', () => {
  const file = join(temporaryFolder(), 'file');
  writeFileSync(file, '');
  expect(() => makeFolder(file)).toThrow(/^EEXIST/);
  expect(() => makeFolder(join(file, 'x'))).toThrow(/^ENOTDIR/);
});

// There mkdir of Node with `recursive` never returns.
test.runIf(existsSync('/proc/self'))('a state folder in a place that holds no folders ends with a sentence', async () => {
  expect(() => makeFolder('/proc/none/state')).toThrow(/^ENOENT/);
  const env = {
    MAILSTORE_URL: 'https://127.0.0.1:1',
    MAILSTORE_USERNAME: 'admin',
    MAILSTORE_PASSWORD: 'Hunter2-x',
    MAILSTORE_STATE_DIR: '/proc/none',
  };
  const { code, stderr } = await runBinary(['call', 'GetServerInfo'], env);
  expect([code, stderr]).toEqual([
    2,
    "mailstore-mcp: '/proc/none/journal.sqlite' cannot be used (ENOENT); check the disk and the folder, or set MAILSTORE_STATE_DIR to another folder.\n",
  ]);
});
