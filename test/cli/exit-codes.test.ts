import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { runBinary } from '../helpers/run-binary.ts';

const EXIT = fileURLToPath(new URL('../../src/cli/exit-codes.ts', import.meta.url));

/** Ends a process with this error, written as an expression. */
function endWith(error: string): { readonly code: number | null; readonly stderr: string } {
  const program = `import { exitWithError } from ${JSON.stringify(EXIT)}; exitWithError(${error});`;
  const { status, stderr } = spawnSync(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', program], { encoding: 'utf8' });
  return { code: status, stderr };
}

test('what was wrong on the command line is said in one line that gives a terminal no commands', async () => {
  expect(await runBinary(['help', 'serve\u001B[2K\r\u202E'])).toEqual({
    code: 2,
    stdout: '',
    stderr: "mailstore-mcp: There is no subcommand 'serve[U+001B][2K [U+202E]'; see mailstore-mcp --help.\n",
  });
});

test('an error without a line of its own ends the program with its message and no stack trace', () => {
  const error = String.raw`Object.assign(new Error('broken\n    at Module.load (/src/x.ts:1:2)\n    at main'), { stack: 'Error: broken\n    at /src/x.ts:3:4' })`;
  expect(endWith(error)).toEqual({ code: 1, stderr: 'mailstore-mcp: broken\n' });
  expect(endWith(String.raw`'not an error\n\u001B[8m'`)).toEqual({ code: 1, stderr: 'mailstore-mcp: not an error [U+001B][8m\n' });
});
