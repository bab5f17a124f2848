import { execFile, execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { terminalCommand, type Installation } from '../../src/cli/terminal-command.ts';
import { defaultStateDir } from '../../src/config/state-dir.ts';
import { initialize, readAnswer, sandboxForTest, settingsFor, startPipe, untilTestEnds } from '../helpers/start-server.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

const DIST = fileURLToPath(new URL('../../dist', import.meta.url));

function folder(name = 'x'): string {
  const root = temporaryFolder();
  const path = join(realpathSync(root), name);
  mkdirSync(path);
  return path;
}

describe('the command that a message asks a person to run', () => {
  const told = (installation: Partial<Installation>, stateDir?: string) => {
    const full: Installation = {
      platform: 'linux',
      node: '/usr/bin/node',
      script: '/opt/m/dist/mailstore-mcp.cjs',
      searchPath: '',
      ...installation,
    };
    return terminalCommand('approve x69tpx97', stateDir ?? defaultStateDir({}, full.platform), full);
  };

  test('is node and the script where no terminal finds the bare name', () => {
    expect([
      told({}),
      told({}, '/srv/state'),
      told({ node: '/opt/my node/node', script: "/home/jürgen's/m.cjs" }, '/srv/my state'),
    ]).toEqual([
      '/usr/bin/node /opt/m/dist/mailstore-mcp.cjs approve x69tpx97',
      '/usr/bin/node /opt/m/dist/mailstore-mcp.cjs approve x69tpx97 --state-dir /srv/state',
      String.raw`'/opt/my node/node' '/home/jürgen'\''s/m.cjs' approve x69tpx97 --state-dir '/srv/my state'`,
    ]);
  });

  test('is the bare name only where the first of that name on PATH is this very script', () => {
    const [own, other, empty] = [folder(), folder(), folder()];
    const script = join(own, 'mailstore-mcp.cjs');
    writeFileSync(script, '');
    symlinkSync(script, join(own, 'mailstore-mcp'));
    writeFileSync(join(other, 'mailstore-mcp'), '');
    expect([
      told({ script, searchPath: `${empty}:${own}:${other}` }),
      told({ script, searchPath: `${other}:${own}` }),
      told({ script, searchPath: empty }),
    ]).toEqual(['mailstore-mcp approve x69tpx97', `/usr/bin/node ${script} approve x69tpx97`, `/usr/bin/node ${script} approve x69tpx97`]);
  });

  test('is for PowerShell on Windows, and for cmd where no path needs quotes', () => {
    const windows = { platform: 'win32', script: String.raw`C:\m\mailstore-mcp.cjs` } as const;
    expect([
      told({ ...windows, node: String.raw`C:\node\node.exe` }),
      told({ ...windows, node: String.raw`C:\Program Files\nodejs\node.exe` }, String.raw`D:\my state`),
      told({ ...windows, node: String.raw`C:\node\node.exe` }, String.raw`D:\$state's`),
    ]).toEqual([
      String.raw`C:\node\node.exe C:\m\mailstore-mcp.cjs approve x69tpx97`,
      String.raw`& "C:\Program Files\nodejs\node.exe" C:\m\mailstore-mcp.cjs approve x69tpx97 --state-dir "D:\my state"`,
      String.raw`C:\node\node.exe C:\m\mailstore-mcp.cjs approve x69tpx97 --state-dir 'D:\$state''s'`,
    ]);
  });

  test('is the bare name on Windows where npm has put its starter of this script on PATH', () => {
    const prefix = folder();
    const script = join(prefix, 'node_modules', 'mailstore-mcp', 'dist', 'mailstore-mcp.cjs');
    mkdirSync(join(script, '..'), { recursive: true });
    writeFileSync(script, '');
    const starter = String.raw`"%_prog%"  "%dp0%\node_modules\mailstore-mcp\dist\mailstore-mcp.cjs" %*`;
    writeFileSync(join(prefix, 'mailstore-mcp.cmd'), starter);
    const windows = { platform: 'win32', node: 'node', searchPath: prefix } as const;
    expect([told({ ...windows, script }), told({ ...windows, script: DIST })]).toEqual([
      'mailstore-mcp approve x69tpx97',
      expect.stringMatching(/^node /),
    ]);
  });
});

describe.skipIf(process.platform === 'win32')('what is printed for a person to run', () => {
  test.each(['plain', 'with a blank and an ümlaut'])('runs as it is printed, from a path that is %s', async (name) => {
    const dist = folder(name);
    cpSync(DIST, dist, { recursive: true });
    symlinkSync(join(DIST, '..', 'node_modules'), join(dist, 'node_modules'));
    const stateDir = folder('the state');
    const sandbox = await sandboxForTest();
    const env = { ...settingsFor(sandbox), MAILSTORE_STATE_DIR: stateDir };
    const pipe = untilTestEnds(startPipe({ access: 'full', env, binary: join(dist, 'mailstore-mcp.cjs') }));
    await initialize(pipe);
    const removal = { name: 'delete_user', arguments: { userName: 'johndoe' } };
    const { text } = readAnswer((await pipe.request('tools/call', removal)).result);
    const command = /`(.+)`/.exec(text)?.[1] ?? '';
    expect(text).toContain(' approve ');
    expect(await runShell(`${command} --refuse`)).toEqual({ code: 0, output: 'Refused.\n' });
  });

  test('is the bare name after an installation that puts it on PATH', () => {
    const bin = folder();
    symlinkSync(join(DIST, 'mailstore-mcp.cjs'), join(bin, 'mailstore-mcp'));
    execFileSync('chmod', ['+x', join(DIST, 'mailstore-mcp.cjs')]);
    const script = join(DIST, 'mailstore-mcp.cjs');
    const command = terminalCommand('--version', defaultStateDir({}), {
      platform: process.platform,
      node: process.execPath,
      script,
      searchPath: bin,
    });
    expect(command).toBe('mailstore-mcp --version');
    const env = { ...process.env, PATH: `${bin}:${process.env['PATH'] ?? ''}` };
    expect(execFileSync('sh', ['-c', command], { env, encoding: 'utf8' })).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});

/** Runs a line as a person does in a terminal, with none of the server's settings. */
function runShell(line: string): Promise<{ readonly code: number; readonly output: string }> {
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('MAILSTORE_')));
  return new Promise((resolve) => {
    execFile('sh', ['-c', line], { env }, (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, output: stdout + stderr });
    });
  });
}
