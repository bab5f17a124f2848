import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { EXIT_CODES } from '../../src/cli/exit-codes.ts';
import { terminalCommand } from '../../src/cli/terminal-command.ts';
import type { SandboxOptions } from '../../src/sandbox/sandbox.ts';
import { ManualClock } from '../helpers/manual-clock.ts';
import { runBinary } from '../helpers/run-binary.ts';
import { describeCommand, hasTerminal, runInTerminal, runShellInTerminal } from '../helpers/run-in-terminal.ts';
import { startBinary } from '../helpers/start-binary.ts';
import { sandboxForTest, settingsFor } from '../helpers/start-server.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

const REBUILD = ['call', 'RebuildStoreIndex', 'id=3', 'folder=amira', '--access', 'read-write'];
const DIST = fileURLToPath(new URL('../../dist', import.meta.url));

function folderForTest(): string {
  const folder = temporaryFolder();
  return folder;
}

/** A sandbox and the settings by which a terminal reaches it, with a record of its own. */
async function withSandbox(options: SandboxOptions = {}) {
  const sandbox = await sandboxForTest(options);
  return { sandbox, env: { ...settingsFor(sandbox), MAILSTORE_STATE_DIR: folderForTest() } };
}

describe('mailstore-mcp call', () => {
  test.each(['GetUserInfo', 'get_user_info', 'GETUSERINFO'])('takes the command as %s and writes its answer as JSON', async (name) => {
    const { env } = await withSandbox();
    const { code, stdout, stderr } = await runBinary(['call', name, 'username=johndoe'], env);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(JSON.parse(stdout)).toMatchObject({ userName: 'johndoe', fullName: 'John Doe', privileges: ['admin'] });
  });

  test.each([
    ['modern', '/api/invoke/GetUserInfo'],
    ['legacy', '/JSON/Invoke/GetUserInfo'],
    ['legacy-xml', '/XML/Invoke/GetUserInfo'],
  ])('speaks the %s form', async (api, path) => {
    const { env, sandbox } = await withSandbox();
    const { stdout } = await runBinary(['call', 'GetUserInfo', 'userName=johndoe', '--api', api], env);
    expect(JSON.parse(stdout)).toMatchObject({ userName: 'johndoe' });
    expect(sandbox.requests.at(-1)?.path).toBe(path);
  });

  test('writes the XML of the 2012 form as it came, also that of a long command', async () => {
    const { env } = await withSandbox();
    const user = await runBinary(['call', 'GetUserInfo', 'userName=amira', '--format', 'xml'], env);
    expect(user.stdout).toMatch(/^\uFEFF?<root type="object"><userName type="string">amira<\/userName>.*<\/root>\n$/s);
    const rebuilt = await runBinary([...REBUILD, '--format', 'xml'], env);
    expect(rebuilt.stdout).toMatch(/<status type="string">succeeded<\/status>/);
  });

  test('takes arguments from a file or from stdin, and lets those of the command line win', async () => {
    const { env } = await withSandbox();
    const file = join(folderForTest(), 'arguments.json');
    writeFileSync(file, '\uFEFF{"userName": "johndoe"}');
    expect(JSON.parse((await runBinary(['call', 'GetUserInfo', '--arguments', file], env)).stdout)).toMatchObject({ userName: 'johndoe' });
    expect(JSON.parse((await runBinary(['call', 'GetUserInfo', 'userName=amira', '--arguments', file], env)).stdout)).toMatchObject({
      userName: 'amira',
    });
    const piped = startBinary(['call', 'GetUserInfo', '--arguments', '-'], env);
    piped.write('{"userName": "johndoe"}');
    piped.endInput();
    expect(JSON.parse((await piped.ended).stdout)).toMatchObject({ userName: 'johndoe' });
  });

  test('shows a change and how to put it back, and keeps it out of the answer', async () => {
    const { env } = await withSandbox();
    const args = ['call', 'SetUserFullName', 'userName=johndoe', 'fullName=Jack', '--access', 'read-write'];
    const { code, stdout, stderr } = await runBinary(args, env);
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'null\n' });
    const revert = terminalCommand('changes revert 1', env.MAILSTORE_STATE_DIR, {
      platform: process.platform,
      node: process.execPath,
      script: join(DIST, 'mailstore-mcp.cjs'),
      searchPath: process.env['PATH'] ?? '',
    });
    expect(stderr).toBe(`Changed from {"fullName":"John Doe"} to {"fullName":"Jack"}.\nTo put it back: ${revert}\n`);
    const audited = readFileSync(join(env.MAILSTORE_STATE_DIR, 'audit.jsonl'), 'utf8').split('\n')[1] ?? '';
    expect(JSON.parse(audited)).toMatchObject({ client: 'call', command: 'SetUserFullName', decision: 'allow' });
  });

  test('says where a generated password is, and never writes it', async () => {
    const { env } = await withSandbox();
    const args = [
      'call',
      'CreateUser',
      'userName=new.user',
      'privileges=login',
      'password={"generate":true}',
      '--access',
      'read-write',
      '--raw',
    ];
    const { code, stdout, stderr } = await runBinary(args, env);
    expect(code).toBe(0);
    const path = /^The generated password is in (.*)\.$/m.exec(stderr)?.[1] ?? '';
    const password = readFileSync(path, 'utf8').trim();
    expect(stdout).toContain('userName=new.user&privileges=login&password=***');
    expect(stdout.match(/^(?:POST|GET) .*$/gm)).toEqual(['POST /api/invoke/CreateUser HTTP/1.1']);
    expect(stdout + stderr).not.toContain(password);
  });

  test.each([[['call', 'CreateUser', 'userName=new.user', 'privileges=login'], 'Added: {"userName":"new.user"']])(
    '%j says what was added and not that it was changed from null',
    async (args, line) => {
      const { env } = await withSandbox();
      const { stderr } = await runBinary([...args, '--access', 'read-write'], env);
      expect(stderr).not.toContain('from null');
      expect(stderr).toContain(line);
    },
  );

  test('names the option that allows a change to be put back', async () => {
    const { env } = await withSandbox();
    await runBinary(['call', 'SetUserFullName', 'userName=johndoe', 'fullName=Jack', '--access', 'read-write'], env);
    expect(await runBinary(['changes', 'revert', '1'], env)).toEqual({
      code: 3,
      stdout: '',
      stderr:
        "mailstore-mcp: changes revert 1 is refused: with these arguments it is a write, and the access is read-only. To run it, add --access read-write; a target's own setting may still be lower.\n",
    });
    expect((await runBinary(['changes', 'revert', '1', '--access', 'read-write'], env)).code).toBe(0);
  });

  test('runs against an emulated MailStore inside itself', async () => {
    const { code, stdout } = await runBinary(['call', 'GetUserInfo', 'userName=johndoe', '--sandbox']);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ fullName: 'John Doe' });
  });

  test('writes the exchanges of the call itself with --raw, and no credential', async () => {
    const { env, sandbox } = await withSandbox();
    const { stdout } = await runBinary(['call', 'GetUserInfo', 'userName=nobody', '--raw', '--api', 'legacy'], env);
    expect(stdout.replace(/^Date: .*$/m, 'Date: NOW').replaceAll(new URL(sandbox.url).host, 'HOST')).toBe(
      [
        'POST /JSON/Invoke/GetUserInfo HTTP/1.1',
        'host: HOST',
        'connection: keep-alive',
        'authorization: Basic ***',
        'accept: application/json, application/xml;q=0.9, text/plain;q=0.8',
        'content-type: application/x-www-form-urlencoded; charset=utf-8',
        'content-length: 15',
        '',
        'userName=nobody',
        '',
        'HTTP/1.1 500 Internal Server Error',
        'Cache-Control: no-store, no-cache',
        'Content-Length: 29',
        'Content-Type: text/plain',
        'Server: Microsoft-HTTPAPI/2.0',
        'Date: NOW',
        '',
        "User 'nobody' does not exist.",
        '',
      ].join('\n'),
    );
  });
});

describe('an insight', () => {
  test('is answered by call as JSON, from reads that the record has', async () => {
    const { env, sandbox } = await withSandbox();
    const { code, stdout, stderr } = await runBinary(['call', 'archive_health'], env);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(JSON.parse(stdout)).toMatchObject({ headline: expect.any(String) as unknown, checks: expect.arrayContaining([]) as unknown });
    const commands = new Set(sandbox.requests.filter(({ path }) => path.includes('/invoke/')).map(({ path }) => path.split('/').at(-1)));
    expect([...commands].every((name) => name?.startsWith('Get'))).toBe(true);
    const audited = await runBinary(['audit', 'show', '--command', 'GetStores'], env);
    expect(audited.stdout).toMatch(/call +allow +succeeded +GetStores/);
  });

  test.each([
    [2, ['archive_health', 'foo=1'], 'archive_health does not take foo; it takes details. Remove or rename and call again.'],
    [2, ['archive_helth'], "There is no MailStore command 'archive_helth'; did you mean archive_health?"],
    [2, ['failed_runs', 'days=soon'], "failed_runs was not called: days is 'soon', but must be a number. Correct this and call again."],
    [2, ['archive_health', '--format', 'xml'], "--format is 'xml', but must be json with archive_health, which makes several calls."],
    [
      3,
      ['archive_health', '--toolsets', 'users'],
      'archive_health is refused: it belongs to the toolset insights, which is not among MAILSTORE_TOOLSETS. An administrator can add it there and restart the server.',
    ],
  ])('has exit code %i for %j, with the cure', async (code, args, message) => {
    const { env } = await withSandbox();
    expect(await runBinary(['call', ...args], env)).toEqual({ code, stdout: '', stderr: `mailstore-mcp: ${message}\n` });
  });

  test.runIf(hasTerminal)('is shown on a terminal with its headline first, and lists as tables that fit', async () => {
    const { env } = await withSandbox();
    const { screen, code } = await runInTerminal(['call', 'archive_health', '--quiet'], [], env, 80);
    // A command is copied, so its line is not broken.
    expect(screen.split('\n').filter((line) => line.length > 80 && !/^ {2}\S.* call archiving_gaps/.test(line))).toEqual([]);
    expect(code).toBe(0);
    expect(screen).toMatch(/^Archiving works in part: \d of 4 automatic profiles/);
    expect(screen).toMatch(/\nchecks\narea +state\n/);
    expect(screen).toMatch(/\nNot looked at\n- /);
  });
});

describe('text from the archive', () => {
  const HIDING = '\u202Egnp.exe\u009B31m';

  async function withHidingName() {
    const setting = await withSandbox();
    const args = ['call', 'CreateUser', 'userName=evil', 'privileges=login', `fullName=${HIDING}`, '--access', 'read-write'];
    expect((await runBinary(args, setting.env)).code).toBe(0);
    return setting;
  }

  test('is exact in a pipe, and written so that nothing obeys it', async () => {
    const { env } = await withHidingName();
    const { stdout } = await runBinary(['call', 'GetUserInfo', 'userName=evil'], env);
    expect(stdout).toContain('"fullName": "\\u202egnp.exe\\u009b31m"');
    expect(JSON.parse(stdout)).toMatchObject({ fullName: HIDING });
  });

  test.runIf(hasTerminal)('is made visible on a terminal, and what was copied from there is understood', async () => {
    const { env } = await withHidingName();
    const { screen } = await runInTerminal(['call', 'GetUserInfo', 'userName=evil'], [], env);
    expect(screen).toMatch(/^fullName +\[U\+202E\]gnp\.exe\[U\+009B\]31m$/m);
    const renamed = ['call', 'SetUserFullName', 'userName=evil', 'fullName=[U+202E]x', '--access', 'read-write'];
    await runBinary(renamed, env);
    expect(JSON.parse((await runBinary(['call', 'GetUserInfo', 'userName=evil'], env)).stdout)).toMatchObject({ fullName: '\u202Ex' });
  });

  test.runIf(hasTerminal)('is coloured on a terminal, but not where NO_COLOR is set', async () => {
    const { env } = await withSandbox();
    const args = ['call', 'GetUserInfo', 'userName=johndoe', '--json'];
    const coloured = { ...env, TERM: 'xterm-256color' };
    expect((await runInTerminal(args, [], coloured)).screen).toContain('\x1b[36m"userName"\x1b[0m: \x1b[32m"johndoe"\x1b[0m');
    expect((await runInTerminal(args, [], { ...coloured, NO_COLOR: '1' })).screen).not.toContain('\x1b[');
  });
});

describe('a long command', () => {
  test('shows how far it is on stderr and ends with its result on stdout', async () => {
    const { env } = await withSandbox();
    const { code, stdout, stderr } = await runBinary(REBUILD, env);
    expect(code).toBe(0);
    expect(stdout).toBe('null\n');
    expect(stderr).toContain("  Rebuilding the search index of 'amira' in archive store '2025'\n");
    expect(stderr.trimEnd().split('\n').at(-1)).toBe('RebuildStoreIndex succeeded.');
  });

  test.runIf(hasTerminal)('is drawn as a bar on a terminal', async () => {
    const { env } = await withSandbox({ runSeconds: 1 });
    const { code, screen } = await runInTerminal(REBUILD, [], env);
    expect(code).toBe(0);
    expect(screen).toMatch(/\r {2}█+░+ +\d+ % {2}/);
  });

  test.runIf(hasTerminal)('leaves the bar’s line to a warning', async () => {
    const { env } = await withSandbox({ runSeconds: 1, faults: ['status-503:1@/api/get-status'] });
    const { code, screen } = await runInTerminal(REBUILD, [], env);
    expect(code).toBe(0);
    expect(screen).toContain('\r\x1b[Kmailstore-mcp warn: asking for RebuildStoreIndex failed and is tried again: ');
  });

  test('is left running by Ctrl-C, which says how to come back to it', async () => {
    const clock = new ManualClock();
    const { env } = await withSandbox({ clock, runSeconds: 10 });
    const called = startBinary(REBUILD, env);
    await called.shows('Rebuilding the search index');
    called.kill('SIGINT');
    await called.shows('goes on');
    await clock.advance(4000);
    const { code, stdout, stderr } = await called.ended;
    expect({ code, stdout }).toEqual({ code: 130, stdout: '' });
    const [, taskId = ''] = /Come back to it with: .+ tasks wait ([\da-f]{8}) --state-dir/.exec(stderr) ?? [];
    const waiting = startBinary(['tasks', 'wait', taskId], env);
    await waiting.shows('%');
    await clock.advance(10_000);
    expect((await waiting.ended).stdout).toContain('RebuildStoreIndex succeeded.');
  });

  test('is not waited for with --no-wait', async () => {
    const { env } = await withSandbox({ runSeconds: 3 });
    const { code, stdout } = await runBinary([...REBUILD, '--no-wait'], env);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ command: 'RebuildStoreIndex', target: 'default', status: 'running' });
    const again = await runBinary(REBUILD, env);
    expect(again.stderr).toMatch(/succeeded\.\n$/);
  });

  test('a long command that another call began in its own form is no XML, and says so', async () => {
    const { env } = await withSandbox({ runSeconds: 3 });
    await runBinary([...REBUILD, '--no-wait'], env);
    const { code, stdout, stderr } = await runBinary([...REBUILD, '--format', 'xml'], env);
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'null\n' });
    expect(stderr).toContain('\nIt was begun by another call, which asked in its own form; this is the result as JSON.\n');
  });

  test('a long command that fails says why, with exit code 1', async () => {
    const { env } = await withSandbox();
    const { code, stdout, stderr } = await runBinary(['call', 'RebuildStoreIndex', 'id=99', 'folder=amira', '--access', 'read-write'], env);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr.trimEnd().split('\n').at(-1)).toMatch(/^mailstore-mcp: MailStore could not run RebuildStoreIndex: .+\.$/);
  });
});

describe.runIf(hasTerminal)('a destructive command', () => {
  const DELETE = ['call', 'DeleteUser', 'userName=johndoe', '--access', 'full'];
  const answering = (type: string) => [{ after: ' to cancel:', type }];

  test('is done when the person at the terminal types yes', async () => {
    const { env } = await withSandbox();
    const { code, screen } = await runInTerminal(DELETE, answering('yes'), env);
    expect(code).toBe(0);
    expect(screen).toContain('Delete user johndoe (John Doe)?');
    const { stdout: users } = await runBinary(['call', 'GetUsers'], env);
    expect(users).not.toContain('"johndoe"');
  });

  test.each([
    ['no', 'no', 'the question was declined'],
    ['an empty line', '', 'the question was declined'],
    ['another word', 'yess', 'the answer came without the confirmation that the question asks for'],
    ['Ctrl-C', '\x03', 'the question was closed without an answer'],
    ['the end of the input', '\x04', 'the question was closed without an answer'],
  ])('is not done after %s', async (_name, answer, because) => {
    const { env } = await withSandbox();
    const { code, screen } = await runInTerminal(DELETE, answering(answer), env);
    expect(screen.replaceAll(/\s+/g, ' ')).toContain(`delete_user was not run: it needs a person's yes, and ${because}`);
    expect(code).toBe(3);
    expect((await runBinary(['call', 'GetUserInfo', 'userName=johndoe'], env)).code).toBe(0);
  });

  test('that asks for a name is left by Ctrl-C and by another name: nothing is sent, and the terminal is as before', async () => {
    const { env, sandbox } = await withSandbox();
    const call = describeCommand(['call', 'DetachStore', 'id=4', '--access', 'full']);
    for (const keys of ['\x03', '2025\r']) {
      const line = `stty -g; ${call}; echo "exit $?"; stty -g`;
      const { screen } = await runShellInTerminal(line, [{ after: 'type 2026 to confirm, or press Enter to cancel:', keys }], env);
      const lines = screen.trimEnd().split('\n');
      expect(lines).toContain('exit 3');
      expect(lines.at(-1)).toBe(lines[0]);
      expect(screen).toMatch(/\nmailstore-mcp: detach_store was not run/);
    }
    expect(sandbox.requests.some(({ path }) => path.endsWith('/DetachStore'))).toBe(false);
    const answer = [{ after: 'type 2026 to confirm, or press Enter to cancel:', type: '2026' }];
    expect((await runInTerminal(['call', 'DetachStore', 'id=4', '--access', 'full'], answer, env)).code).toBe(0);
    expect(sandbox.requests.some(({ path }) => path.endsWith('/DetachStore'))).toBe(true);
  });

  test('is refused without a terminal, with an id that a person can approve elsewhere', async () => {
    const { env } = await withSandbox();
    const refused = await runBinary(DELETE, env);
    expect({ code: refused.code, stdout: refused.stdout }).toEqual({ code: 3, stdout: '' });
    const [, id = ''] = / approve (\w+) /.exec(refused.stderr) ?? [];
    expect((await runInTerminal(['approve', id], answering('yes'), env)).code).toBe(0);
    expect((await runBinary(DELETE, env)).code).toBe(0);
    expect((await runBinary(DELETE, env)).code).toBe(3);
  });
});

describe('a long command that found errors', () => {
  test.each(['modern', 'legacy'])('says so first and has an exit code of its own, in the %s form', async (api) => {
    const { env } = await withSandbox();
    const called = await runBinary(['call', 'VerifyStore', 'id=6', 'includeIndexes=false', '--api', api], env);
    expect(called.code).toBe(5);
    expect(called.stderr).toContain('VerifyStore finished with 1 error; MailStore calls it succeeded. Its last messages:\n');
    const listed = await runBinary(['tasks', 'list'], env);
    expect(listed.stdout).toMatch(/ {2}finished with 1 error {2}VerifyStore {2}id=6 includeIndexes=false {2}/);
    const { stdout } = await runBinary(['tasks', 'list', '--json'], env);
    const [id] = /[0-9a-f-]{36}/.exec(stdout) ?? [];
    const waited = await runBinary(['tasks', 'wait', id ?? ''], env);
    expect([waited.code, waited.stdout]).toEqual([5, 'VerifyStore finished with 1 error; MailStore calls it succeeded.\n']);
    const shown = await runBinary(['audit', 'show'], env);
    expect(shown.stdout).toMatch(/succeeded +VerifyStore .*finished with 1 error; task [0-9a-f-]{36}/);
  });
});

describe('the exit code', () => {
  test.each([
    [2, ['call'], 'the command of call is not set; call --list shows them all.'],
    [2, ['call', 'GetUserInf'], "There is no MailStore command 'GetUserInf'; did you mean GetUserInfo?"],
    [
      2,
      ['call', 'GetUserInfo', 'johndoe'],
      "an argument is 'johndoe', but must be written as name=value; --arguments FILE takes arguments from a file.",
    ],
    [2, ['call', 'GetUserInfo', 'userName=a', 'userName=b'], "the argument is 'userName', but must be given only once."],
    [2, ['call', 'GetUserInfo'], 'GetUserInfo was not called: userName is missing. Correct this and call again.'],
    [2, ['call', 'GetUserInfo', '--acess', 'full'], 'Unknown option --acess; did you mean --access?'],
    [2, ['call', 'GetUsers', '--api', 'moder'], "--api is 'moder', but must be auto, modern, legacy, legacy-xml (did you mean modern?)."],
    [2, ['call', 'GetUsers', '--format', 'yaml'], "--format is 'yaml', but must be json, xml (did you mean xml?)."],
    [2, ['call', 'GetUsers', '--format', 'xml', '--api', 'modern'], "--api is 'modern', but must be legacy-xml with --format xml."],
    [2, ['call', 'GetUsers', '--target', 'paris'], "There is no target 'paris' here; this server has default."],
    [
      2,
      ['call', 'GetUsers', '--arguments', '/nowhere.json'],
      "The file '/nowhere.json' named by --arguments cannot be read: there is no such file (ENOENT); correct the path, or create the file.",
    ],
    [2, ['completion', 'fish'], "shell is 'fish', but must be bash, zsh, powershell (did you mean bash?)."],
    [
      3,
      ['call', 'SetUserFullName', 'userName=johndoe', 'fullName=Jack'],
      "SetUserFullName is refused: with these arguments it is a write, and the access is read-only. To run it, add --access read-write; a target's own setting may still be lower.",
    ],
    [1, ['call', 'GetUserInfo', 'userName=nobody'], "MailStore could not run GetUserInfo: User 'nobody' does not exist."],
  ])('is %i after %j, with one line on stderr', async (code, args, message) => {
    const { env } = await withSandbox();
    expect(await runBinary(args, env)).toEqual({ code, stdout: '', stderr: `mailstore-mcp: ${message}\n` });
  });

  test('is 4 where the server cannot be reached, and 2 where it does not accept the login', async () => {
    const { env, sandbox } = await withSandbox();
    const denied = await runBinary(['call', 'GetUsers'], { ...env, MAILSTORE_PASSWORD: 'another' });
    expect([denied.code, denied.stderr]).toEqual([2, expect.stringMatching(/^mailstore-mcp: MailStore does not accept the login 'admin'/)]);
    const foreign = await runBinary(['call', 'GetUsers'], { ...env, MAILSTORE_TLS_FINGERPRINT: 'ab'.repeat(32) });
    expect([foreign.code, foreign.stderr]).toEqual([4, expect.stringMatching(/^mailstore-mcp: The certificate of /)]);
    await sandbox.close();
    const closed = await runBinary(['call', 'GetUsers'], env);
    expect([closed.code, closed.stderr]).toEqual([4, expect.stringMatching(/^mailstore-mcp: .* refuses connections; /)]);
  });

  test('is 1 where it is not known whether a change was made', async () => {
    const { env, sandbox } = await withSandbox();
    sandbox.faults.add('drop@/api/invoke/SetUserFullName');
    const { code, stderr } = await runBinary(['call', 'SetUserFullName', 'userName=johndoe', 'fullName=J', '--access', 'read-write'], env);
    expect([code, stderr]).toEqual([1, expect.stringContaining('Whether the call was carried out is not known')]);
  });

  test('has the meanings that the documentation lists', () => {
    const page = readFileSync(new URL('../../docs/tester.md', import.meta.url), 'utf8');
    const listed = [...page.matchAll(/^\| (\d+) +\| (.*?) +\|$/gm)].map(([, code, meaning]) => [Number(code), meaning]);
    expect(listed).toEqual(EXIT_CODES);
  });
});

describe('more than one target', () => {
  test('is read from the first, and changed only where it is named', async () => {
    const [berlin, paris] = [await sandboxForTest(), await sandboxForTest()];
    const folder = folderForTest();
    const file = join(folder, 'config.json');
    const makeTarget = ({ url, username, password, fingerprint }: typeof berlin) => ({ url, username, password, fingerprint });
    writeFileSync(file, JSON.stringify({ targets: { berlin: makeTarget(berlin), paris: makeTarget(paris) } }), { mode: 0o600 });
    const env = { MAILSTORE_STATE_DIR: folder, MAILSTORE_CONFIG: file, MAILSTORE_ACCESS: 'read-write' };
    const change = ['call', 'SetUserFullName', 'userName=johndoe', 'fullName=Jack'];
    expect((await runBinary(change, env)).stderr).toBe('mailstore-mcp: --target is not set; a change has to name one of berlin, paris.\n');
    expect((await runBinary([...change, '--target', 'paris'], env)).code).toBe(0);
    const nameAt = async (...args: string[]) =>
      (JSON.parse((await runBinary(['call', 'GetUserInfo', 'userName=johndoe', ...args], env)).stdout) as { fullName: string }).fullName;
    expect([await nameAt(), await nameAt('--target', 'paris')]).toEqual(['John Doe', 'Jack']);
  });
});

describe('the help of call', () => {
  test('lists every command by group with what it does to the archive', async () => {
    const { stdout, code } = await runBinary(['call', '--list']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^insights\n {2}archive_health +Check the archive \(read\)$/m);
    expect(stdout).toMatch(/^users\n/m);
    expect(stdout).toMatch(/^ {2}DeleteUser +Delete a user \(destructive, possible risk\)$/m);
    expect(stdout).toMatch(
      /^ {2}SyncUsersWithDirectoryServices +Synchronise users with the directory \(read\n +to destructive, possible risk\)$/m,
    );
  });

  test('the help of call of one command shows its arguments, its effect and an example, in either order', async () => {
    const { stdout } = await runBinary(['call', 'SetUserAuthentication', '--help']);
    expect(stdout).toMatch(/^SetUserAuthentication \(set_user_authentication\): Set how a user logs in\n/);
    expect(stdout).toContain('\nEffect: write; needs --access read-write\n');
    expect(stdout).toMatch(/\n {2}authentication=integrated\|directoryServices\n +Where the password is checked\.\n/);
    expect(stdout).toContain('\nExample:\n  mailstore-mcp call SetUserAuthentication userName=');
    expect((await runBinary(['call', '--help', 'set_user_authentication'])).stdout).toBe(stdout);
  });

  test('has an example for every command that the program itself accepts', async () => {
    const { env } = await withSandbox();
    const { stdout } = await runBinary(['call', 'CreateJob', '--help']);
    const example = /^ {2}(mailstore-mcp .*)$/m.exec(stdout)?.[1] ?? '';
    const bin = folderForTest();
    writeFileSync(join(bin, 'mailstore-mcp'), `#!/bin/sh\nexec '${process.execPath}' '${join(DIST, 'mailstore-mcp.cjs')}' "$@"\n`, {
      mode: 0o755,
    });
    const { stdout: answer } = await promisify(execFile)('bash', ['-c', `${example} --access full`], {
      env: { ...env, PATH: `${bin}${delimiter}${process.env['PATH'] ?? ''}` },
    });
    expect(JSON.parse(answer)).not.toBeUndefined();
  });
});

describe('a secret of mailstore-mcp call', () => {
  const SET = ['call', 'SetUserPassword', 'userName=amira'];

  test('written into the command line causes a warning that names a way no one else can see', async () => {
    const { env, sandbox } = await withSandbox();
    const { stderr } = await runBinary([...SET, 'password=Correct-Horse-9', '--access', 'read-write'], env);
    expect(stderr).toContain('The secret in password is part of the command line');
    expect(stderr).toContain('password=- asks for it, or reads it from a pipe');
    expect(stderr).not.toContain('Correct-Horse-9');
    expect(sandbox.requests.some(({ path }) => path === '/api/get-metadata')).toBe(true);
  });

  test('a secret of mailstore-mcp call that is - is read from the first line of stdin, and is in no output', async () => {
    const { env } = await withSandbox();
    const args = [...SET, 'password=-', '--access', 'read-write', '--raw'];
    const { stdout, stderr } = await runBinary(args, env, { input: 'Correct-Horse-9\nmore\n' });
    expect(stderr).not.toContain('command line');
    expect(stdout + stderr).not.toContain('Correct-Horse-9');
    expect(`${stdout}${stderr}`).not.toContain('password=-&');
  });

  test('a secret of mailstore-mcp call that is - and stays empty sends nothing', async () => {
    const { env, sandbox } = await withSandbox();
    const { code, stderr } = await runBinary([...SET, 'password=-', '--access', 'read-write'], env, { input: '\n' });
    expect(code).toBe(2);
    expect(stderr).toContain('Nothing was sent: password=- is read from a prompt or from a line of stdin, and nothing was typed.');
    expect(sandbox.requests).toEqual([]);
  });
});
