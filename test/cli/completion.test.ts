import { execFile, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { completeLine } from '../../src/cli/completion.ts';
import { subcommands } from '../../src/cli/subcommands.ts';
import { runBinary } from '../helpers/run-binary.ts';
import { hasTerminal } from '../helpers/run-in-terminal.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

const BINARY = fileURLToPath(new URL('../../dist/mailstore-mcp.cjs', import.meta.url));

const scriptFor = async (shell: string) => (await runBinary(['completion', shell])).stdout;

describe('the completion of a command line', () => {
  test.each([
    ['mailstore-mcp c', ['call', 'console', 'changes', 'completion']],
    ['mailstore-mcp audit ', ['show', 'verify', 'restart']],
    ['mailstore-mcp tasks ca', ['cancel']],
    ['mailstore-mcp tasks nonsense ', []],
    ['mailstore-mcp tasks prune --old', ['--older-than']],
    ['mailstore-mcp audit --dec', ['--decision']],
    ['mailstore-mcp audit show --decision ', ['allow', 'ask', 'refuse']],
    ['mailstore-mcp sandbox --dialect=m', ['--dialect=modern']],
    ['mailstore-mcp completion ', ['bash', 'zsh', 'powershell']],
    ['mailstore-mcp help ap', ['approve']],
    ['mailstore-mcp serve --st', ['--state-dir']],
    ['mailstore-mcp nonsense ', []],
    ['mailstore-mcp call GetUser', ['GetUserInfo', 'GetUsers']],
    ['mailstore-mcp call getuseri', ['GetUserInfo']],
    ['mailstore-mcp call get_user_', ['get_user_info']],
    ['mailstore-mcp call SetUserAuthentication ', ['userName=', 'authentication=']],
    ['mailstore-mcp call SetUserAuthentication username=a ', ['authentication=']],
    ['mailstore-mcp call set_user_authentication Authentication=d', ['authentication=directoryServices']],
    ['mailstore-mcp call SetUserPrivilegesOnFolder privileges=read,w', ['privileges=read,write']],
    ['mailstore-mcp call GetStores includeSize=', ['includeSize=true', 'includeSize=false']],
    ['mailstore-mcp call GetUsers --a', ['--arguments', '--access', '--api']],
    ['mailstore-mcp call --access read-w', ['read-write']],
    ['mailstore-mcp call --access full GetUserI', ['GetUserInfo']],
    ['mailstore-mcp call GetUsers --access=read-w', ['--access=read-write']],
    ['mailstore-mcp call GetUsers --target=', []],
    ['mailstore-mcp call --target Get', []],
  ])('%s', async (line, candidates) => {
    expect(await completeLine(line, { subcommands })).toEqual(candidates);
  });
});

describe('the script for bash', () => {
  /** Returns what bash would offer for a line that ends at the cursor. */
  async function offered(line: string): Promise<string[]> {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'mailstore-mcp'), `#!/bin/sh\nexec '${process.execPath}' '${BINARY}' "$@"\n`, { mode: 0o755 });
    const script = [
      'compopt() { :; }',
      'eval "$(mailstore-mcp completion bash)"',
      `COMP_LINE='${line}' COMP_POINT=${line.length}`,
      '_mailstore_mcp',
      'printf "%s\\n" "${COMPREPLY[@]}"',
    ].join('\n');
    const env = { ...process.env, PATH: `${folder}${delimiter}${process.env['PATH'] ?? ''}` };
    const { stdout } = await promisify(execFile)('bash', ['-c', script], { env });
    return stdout.trim().split('\n');
  }

  test('offers commands, arguments and, where bash ends a word at =, no more than the value', async () => {
    expect(await offered('mailstore-mcp call GetUser')).toEqual(['GetUserInfo', 'GetUsers']);
    expect(await offered('mailstore-mcp call GetUserInfo ')).toEqual(['userName=']);
    expect(await offered('mailstore-mcp call SetUserPrivilegesOnFolder privileges=read,w')).toEqual(['read,write']);
    // Three shells that each start the program twice; a busy machine takes its time.
  }, 120_000);
});

test.runIf(hasTerminal)('bash completes files where the program has nothing to offer', async () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'mailstore-mcp'), `#!/bin/sh\n[ "$1 $2" = 'completion bash' ] || echo "it got $*"\n`, { mode: 0o755 });
  writeFileSync(join(folder, 'bash.rc'), `PATH='${folder}':$PATH\nPS1=ready\n${await scriptFor('bash')}`);
  writeFileSync(join(folder, 'arguments.json'), '{}');
  const bash = spawn('script', ['-qec', `bash --noprofile --rcfile '${join(folder, 'bash.rc')}' -i`, '/dev/null'], { cwd: folder });
  bash.stdin.end('mailstore-mcp call GetUsers --arguments arg\t\nexit\n');
  expect(await text(bash.stdout)).toContain('it got call GetUsers --arguments arguments.json');
});

test('there are scripts for zsh and PowerShell, which call the same', async () => {
  expect(await scriptFor('zsh')).toContain('mailstore-mcp completion zsh --line "${(j: :)words[1,CURRENT]}"');
  expect(await scriptFor('powershell')).toContain('mailstore-mcp completion powershell --line "$line"');
});
