import { existsSync, mkdirSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runBinary } from '../helpers/run-binary.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

test('the folder that the sandbox of a killed process left is swept at the next start, and no other', async () => {
  const folder = temporaryFolder();
  const { pid: dead } = spawnSync(process.execPath, ['-e', '']);
  const names = [`mailstore-mcp-sandbox-${dead}-a`, `mailstore-mcp-sandbox-${process.pid}-b`, 'mailstore-mcp-sandbox-c', 'other'];
  for (const name of names) mkdirSync(join(folder, name));
  expect((await runBinary(['call', 'GetUsers', '--sandbox'], { TMPDIR: folder, TMP: folder, TEMP: folder })).code).toBe(0);
  expect(names.map((name) => existsSync(join(folder, name)))).toEqual([false, true, true, true]);
});
