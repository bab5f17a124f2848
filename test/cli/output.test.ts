import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

const BINARY = fileURLToPath(new URL('../../dist/mailstore-mcp.cjs', import.meta.url));

/** Runs a line of bash in which `"$@"` is the program; the exit code is the program's own. */
function runInShell(line: string): Promise<{ readonly code: number; readonly stderr: string }> {
  const stateDir = temporaryFolder();
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('MAILSTORE_') && name !== 'NODE_EXTRA_CA_CERTS');
  const env = { ...Object.fromEntries(inherited), MAILSTORE_STATE_DIR: stateDir };
  const script = `${line}; exit "\${PIPESTATUS[0]}"`;
  return new Promise((resolve) => {
    execFile('bash', ['-c', script, 'bash', process.execPath, BINARY], { env }, (error, _stdout, stderr) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, stderr });
    });
  });
}

describe.skipIf(process.platform === 'win32')('stdout', () => {
  test.each([
    ['call', '"$@" call GetUsers --sandbox'],
    ['call --list', '"$@" call --list'],
    ['--help', '"$@" --help'],
    ['audit show', '"$@" audit show --help'],
    ['tasks list', '"$@" tasks list'],
  ])('on a full device makes %s fail with one sentence', async (_what, line) => {
    const { code, stderr } = await runInShell(`${line} >/dev/full`);
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: 'mailstore-mcp: The output could not be written (ENOSPC), so it is not complete; free space, or write it to another place.\n',
    });
  });

  test.each([
    ['call', '"$@" call GetUsers --sandbox'],
    ['call --list', '"$@" call --list'],
    ['--help', '"$@" --help'],
    ['tasks list', '"$@" tasks list'],
  ])('whose reader has closed the pipe ends %s without a word', async (_what, line) => {
    expect((await runInShell(`${line} | true`)).stderr).toBe('');
  });

  test('takes more than a pipe holds before the program ends', async () => {
    expect(await runInShell('[ "$("$@" call GetUsers --sandbox --raw | (sleep 1; tail -c 2))" != "" ]')).toEqual({ code: 0, stderr: '' });
  });
});
