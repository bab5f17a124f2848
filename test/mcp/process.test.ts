import { execFile, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import {
  initialize,
  modernMeta,
  readAnswer,
  sandboxForTest,
  settingsFor,
  startPipe,
  untilTestEnds,
  type Pipe,
} from '../helpers/start-server.ts';
import { respond, startTlsServer } from '../helpers/tls-server.ts';
import { untilRunning } from '../helpers/until-running.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

const JOHN = { name: 'get_user_info', arguments: { userName: 'johndoe' } };
const REBUILD = { name: 'rebuild_store_index', arguments: { id: 3, folder: 'amira' } };
const START = { MAILSTORE_URL: 'https://127.0.0.1:1', MAILSTORE_USERNAME: 'admin', MAILSTORE_PASSWORD: 'Quiet-Harbour-41' };

function stateDirForTest(): string {
  const folder = temporaryFolder();
  return folder;
}

/** Starts a long command, without an inline wait, and returns its task once the server has taken it. */
async function startTask(pipe: Pipe, _meta: object = {}) {
  const task = readAnswer((await pipe.request('tools/call', { ...REBUILD, _meta })).result);
  const ask = { name: 'get_task_status', arguments: { taskId: task.structured['taskId'] }, _meta };
  return untilRunning(async () => readAnswer((await pipe.request('tools/call', ask)).result));
}

/** Returns what the audit in this folder says of each command. */
function readAudit(stateDir: string): readonly { readonly command?: string; readonly outcome?: string }[] {
  const path = join(stateDir, 'audit.jsonl');
  if (!existsSync(path)) return [];
  return readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line.includes('"command"'))
    .map((line) => JSON.parse(line) as { command?: string; outcome?: string })
    .map(({ command, outcome }) => ({ ...(command !== undefined && { command }), ...(outcome !== undefined && { outcome }) }));
}

function isJsonRpc(line: string): boolean {
  try {
    return (JSON.parse(line) as { jsonrpc?: unknown }).jsonrpc === '2.0';
  } catch {
    return false;
  }
}

describe('stdout', () => {
  test.each([
    ['with the embedded sandbox', ['--sandbox'], {}],
    ['with everything logged', ['--sandbox'], { MAILSTORE_LOG_LEVEL: 'debug' }],
  ])('holds nothing but the protocol %s', async (_what, args, env) => {
    const pipe = untilTestEnds(
      startPipe({ ownProcess: true, args, access: 'read-write', env: { ...env, MAILSTORE_INLINE_WAIT_MS: '20000' } }),
    );
    await initialize(pipe);
    await pipe.request('tools/list');
    await pipe.request('tools/call', JOHN);
    await pipe.request('tools/call', { name: 'nothing', arguments: {} });
    await pipe.request('tools/call', { ...REBUILD, _meta: { progressToken: 1 } });
    await pipe.request('no/such/method');
    pipe.endInput();
    await pipe.exited;
    expect(pipe.lines.length).toBeGreaterThan(6);
    expect(pipe.lines.filter((line) => !isJsonRpc(line))).toEqual([]);
    expect(pipe.stderr).toContain('mailstore-mcp info: serving sandbox');
  });

  test('holds nothing but the protocol when a library writes to it', async () => {
    const noise = `process.on('SIGUSR2', () => { console.log('noise'); process.stdout.write('{"no":"end'); })`;
    const pipe = untilTestEnds(
      startPipe({ ownProcess: true, env: { ...START, NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(noise)}` } }),
    );
    await initialize(pipe);
    pipe.kill('SIGUSR2');
    while (!pipe.stderr.includes('{"no":"end')) await pipe.request('ping');
    expect(pipe.stderr).toContain('noise\n');
    expect(pipe.lines.filter((line) => !isJsonRpc(line))).toEqual([]);
  });

  test('holds nothing but the protocol while MailStore cannot be reached', async () => {
    const pipe = untilTestEnds(startPipe({ ownProcess: true, env: { ...START, MAILSTORE_LOG_LEVEL: 'debug' } }));
    await initialize(pipe);
    const { result } = await pipe.request('tools/call', JOHN);
    expect(readAnswer(result)).toMatchObject({
      isError: true,
      text: expect.stringContaining('https://127.0.0.1:1 refuses connections') as unknown,
    });
    expect(pipe.lines.filter((line) => !isJsonRpc(line))).toEqual([]);
    expect(pipe.stderr).not.toContain(START.MAILSTORE_PASSWORD);
  });
});

describe('the process', () => {
  const endings: readonly (readonly [string, (pipe: Pipe) => void])[] = [
    ['its client closes the pipe', (pipe) => pipe.endInput()],
    ['it gets SIGTERM', (pipe) => pipe.kill('SIGTERM')],
    ['it gets SIGINT', (pipe) => pipe.kill('SIGINT')],
    ['its terminal is closed (SIGHUP)', (pipe) => pipe.kill('SIGHUP')],
    ['a line is longer than the protocol library takes', (pipe) => pipe.writeLine('x'.repeat(11_000_000))],
    [
      'no one reads its answers any more',
      (pipe) => {
        pipe.closeOutput();
        pipe.writeLine('{"jsonrpc":"2.0","id":"unread","method":"ping"}');
      },
    ],
  ];

  test.each(endings)('ends when %s, before anything was asked', async (_what, end) => {
    const pipe = untilTestEnds(startPipe({ ownProcess: true, env: START }));
    await initialize(pipe);
    end(pipe);
    expect(await pipe.exited).toEqual({ code: 0, signal: null });
  });

  test.each(endings)('ends when %s, with a task running and connections open', async (_what, end) => {
    const sandbox = await sandboxForTest({ runSeconds: 100 });
    const pipe = untilTestEnds(startPipe({ ownProcess: true, sandbox, access: 'read-write', env: { MAILSTORE_INLINE_WAIT_MS: '0' } }));
    await initialize(pipe);
    expect((await startTask(pipe)).structured['status']).toBe('running');
    end(pipe);
    expect(await pipe.exited).toEqual({ code: 0, signal: null });
  });

  test.each(endings)('ends when %s, in the middle of a call', async (_what, end) => {
    const sandbox = await sandboxForTest({ faults: ['delay=60000@/api/invoke/*'] });
    const pipe = untilTestEnds(startPipe({ ownProcess: true, sandbox }));
    await initialize(pipe);
    void pipe.request('tools/call', JOHN).catch(() => undefined);
    await pipe.request('ping');
    end(pipe);
    expect(await pipe.exited).toEqual({ code: 0, signal: null });
  });

  test.each([
    ['has not said which API it speaks', 'get-metadata', JOHN, 'not sent'],
    [
      'does not answer what a change reads before it',
      'GetUserInfo',
      { name: 'set_user_full_name', arguments: { userName: 'johndoe', fullName: 'Jo' } },
      'refused',
    ],
  ])(
    'ends at once while MailStore %s: nothing was sent for the call',
    async (_what, silentAbout, call, outcome) => {
      const never = new Promise<Buffer>(() => undefined);
      const far = await startTlsServer(({ path }) =>
        path.endsWith(silentAbout) ? { later: never } : respond('404 Not Found', 'text/plain', ''),
      );
      const stateDir = stateDirForTest();
      const env = { ...settingsFor(far), MAILSTORE_API: 'modern', MAILSTORE_STATE_DIR: stateDir, MAILSTORE_TIMEOUT_MS: '600000' };
      const pipe = untilTestEnds(startPipe({ ownProcess: true, access: 'read-write', env }));
      await initialize(pipe);
      void pipe.request('tools/call', call).catch(() => undefined);
      await expect.poll(() => far.requests.some(({ path }) => path.endsWith(silentAbout)), { timeout: 60_000 }).toBe(true);
      pipe.endInput();
      expect(await pipe.exited).toEqual({ code: 0, signal: null });
      expect(readAudit(stateDir).map(({ outcome = 'refused' }) => outcome)).toEqual([outcome]);
    },
    // Less than the request may take.
    120_000,
  );

  test.each(endings)('ends when %s, with the embedded sandbox', async (_what, end) => {
    const pipe = untilTestEnds(
      startPipe({ ownProcess: true, args: ['--sandbox'], access: 'read-write', env: { MAILSTORE_INLINE_WAIT_MS: '0' } }),
    );
    expect((await startTask(pipe, modernMeta)).structured['status']).toBe('running');
    end(pipe);
    expect(await pipe.exited).toEqual({ code: 0, signal: null });
  });

  test.each(endings)('ends when %s, and has stored the end of a command that was just being handed out', async (_what, end) => {
    const sandbox = await sandboxForTest({ runSeconds: 0.1, faults: ['delay=1500@/api/get-status'] });
    const stateDir = stateDirForTest();
    const pipe = untilTestEnds(
      startPipe({ ownProcess: true, sandbox, access: 'read-write', env: { MAILSTORE_INLINE_WAIT_MS: '0', MAILSTORE_STATE_DIR: stateDir } }),
    );
    await initialize(pipe);
    await startTask(pipe);
    end(pipe);
    expect(await pipe.exited).toEqual({ code: 0, signal: null });
    expect(pipe.stderr).not.toContain('    at ');
    expect(readAudit(stateDir)).toContainEqual({ command: 'RebuildStoreIndex', outcome: 'succeeded' });
  });

  test.each(endings)('ends when %s, after the answer to a change that was being made', async (_what, end) => {
    const sandbox = await sandboxForTest({ faults: ['delay=1500@*/SetUserFullName'] });
    const stateDir = stateDirForTest();
    const pipe = untilTestEnds(startPipe({ ownProcess: true, sandbox, access: 'read-write', env: { MAILSTORE_STATE_DIR: stateDir } }));
    await initialize(pipe);
    const rename = { name: 'set_user_full_name', arguments: { userName: 'johndoe', fullName: 'John M. Doe' } };
    void pipe.request('tools/call', rename).catch(() => undefined);
    await expect.poll(() => readAudit(stateDir)).toContainEqual({ command: 'SetUserFullName', outcome: 'sent' });
    end(pipe);
    expect(await pipe.exited).toEqual({ code: 0, signal: null });
    expect(readAudit(stateDir)).toContainEqual({ command: 'SetUserFullName', outcome: 'succeeded' });
  });

  test('ends when its client closes the pipe without a word', async () => {
    const pipe = untilTestEnds(startPipe({ ownProcess: true, env: START }));
    pipe.endInput();
    expect(await pipe.exited).toEqual({ code: 0, signal: null });
    expect(pipe.lines).toEqual([]);
  });

  test('survives a line that is no JSON', async () => {
    const pipe = untilTestEnds(startPipe({ ownProcess: true, env: START }));
    pipe.writeLine('this is no message');
    expect((await initialize(pipe)).result).toMatchObject({ protocolVersion: '2025-11-25' });
  });
});

describe('a server that its configuration keeps from working', () => {
  const script = fileURLToPath(new URL('../../dist/mailstore-mcp.cjs', import.meta.url));
  const DOCTOR = `To check every setting, run \`${process.execPath} ${script} doctor\` in a terminal.`;

  test('names a command that checks its settings and runs as it is printed', async () => {
    const pipe = untilTestEnds(startPipe({ env: { MAILSTORE_URL: 'archive.example.com:8463' } }));
    const { result } = await initialize(pipe);
    const [, command = ''] = /run `(.+ doctor)` in a terminal/.exec(String(result?.['instructions'])) ?? [];
    const ran = promisify(execFile)('sh', ['-c', command], {
      env: { PATH: process.env['PATH'], MAILSTORE_URL: 'archive.example.com:8463' },
    });
    await expect(ran).rejects.toMatchObject({
      code: 2,
      stdout: expect.stringContaining("write 'https://archive.example.com:8463'") as unknown,
    });
  });

  const ARGS =
    'Correct "args" in the client\'s entry for this server: it holds options, each word on its own, such as ["--access", "read-write"].';
  const cases: readonly (readonly [what: string, env: Record<string, string>, args: readonly string[], sentence: string])[] = [
    [
      'no address',
      {},
      [],
      'MAILSTORE_URL is not set; set it to https://host:8463, run mailstore-mcp setup, or try the embedded server with --sandbox.',
    ],
    [
      'no password',
      { MAILSTORE_URL: START.MAILSTORE_URL, MAILSTORE_USERNAME: 'admin' },
      [],
      'MAILSTORE_PASSWORD is not set; set it, or MAILSTORE_PASSWORD_FILE.',
    ],
    [
      'plain http',
      { ...START, MAILSTORE_URL: 'http://archive.example.com:8462' },
      [],
      "'http://archive.example.com:8462' is not https; MailStore's API is served over HTTPS only, and a password would be readable on the way; write 'https://archive.example.com:8463'.",
    ],
    ['a misspelt variable', { ...START, MAILSTORE_ACESS: 'full' }, [], 'Unknown setting MAILSTORE_ACESS; did you mean MAILSTORE_ACCESS?'],
    [
      'a misspelt variable with the sandbox',
      { MAILSTORE_READONLY: 'true' },
      ['--sandbox'],
      'Unknown setting MAILSTORE_READONLY; did you mean MAILSTORE_ACCESS?',
    ],
    ['a misspelt flag', START, ['--acces', 'full'], `Unknown option --acces; did you mean --access? ${ARGS}`],
    [
      'the script again as the first word',
      START,
      ['mailstore-mcp.cjs', '--acess', 'read-write'],
      `There is no subcommand 'mailstore-mcp.cjs'; see mailstore-mcp --help. ${ARGS}`,
    ],
    ['a bare word', START, ['sandbx'], `There is no subcommand 'sandbx'; did you mean sandbox? ${ARGS}`],
    [
      'the name of another subcommand after an option',
      START,
      ['--sandbox', 'doctor'],
      `Unexpected word 'doctor'; see mailstore-mcp serve --help. ${ARGS}`,
    ],
    [
      'an option and its value in one word',
      START,
      ['--access read-write'],
      `--access and its value are one word here; write them as two: "--access", "read-write". ${ARGS}`,
    ],
    ['a password as an option', START, ['-pViolet-Anchor-93'], `Unknown option -p; see mailstore-mcp serve --help. ${ARGS}`],
    [
      'a password in one word with its option',
      START,
      ['--password Violet-Anchor-93'],
      `Unknown option --password; did you mean the variable MAILSTORE_PASSWORD? ${ARGS}`,
    ],
    [
      'a value that is none of the accepted ones',
      { ...START, MAILSTORE_ACCESS: 'readonly' },
      [],
      "MAILSTORE_ACCESS is 'readonly', but must be read-only, read-write, full (did you mean read-only?).",
    ],
    [
      'a password that the client did not fill in',
      { ...START, MAILSTORE_PASSWORD: '${input:password}' },
      [],
      "MAILSTORE_PASSWORD holds the placeholder '${input:password}', which the client did not replace by a value; write the value in its place, or define what the placeholder names in the client.",
    ],
    [
      'a file that does not exist',
      { MAILSTORE_CONFIG: '/no/such/file.json' },
      [],
      "The file '/no/such/file.json' named by MAILSTORE_CONFIG cannot be read: there is no such file (ENOENT); correct the path, or create the file.",
    ],
  ];

  test.each(cases)('says so of %s in its instructions, in answer to every tool and on stderr', async (_what, env, args, sentence) => {
    const pipe = untilTestEnds(startPipe({ ownProcess: true, env, args }));
    const { result } = await initialize(pipe);
    expect(result?.['instructions']).toContain(sentence);
    const listed = (await pipe.request('tools/list')).result?.['tools'] as readonly {
      name: string;
      annotations: { readOnlyHint: boolean };
    }[];
    expect(listed.map(({ name }) => name)).toContain('get_user_info');
    expect(listed.map(({ name }) => name)).not.toContain('delete_user');
    for (const call of [JOHN, { name: 'list_tasks', arguments: {} }, { name: 'delete_user', arguments: { userName: 'x' } }]) {
      expect(readAnswer((await pipe.request('tools/call', call)).result)).toEqual({
        text: `${sentence} ${DOCTOR}`,
        structured: {},
        isError: true,
      });
    }
    pipe.endInput();
    expect(await pipe.exited).toEqual({ code: 2, signal: null });
    expect(pipe.stderr).toBe(`mailstore-mcp: ${sentence} ${DOCTOR}\n`);
  });

  test('says so to a client of 2026-07-28, too', async () => {
    const pipe = untilTestEnds(startPipe({ ownProcess: true, env: {} }));
    const { result } = await pipe.request('server/discover', { _meta: modernMeta });
    expect(result?.['instructions']).toContain('MAILSTORE_URL is not set;');
    expect(readAnswer((await pipe.request('tools/call', { ...JOHN, _meta: modernMeta })).result)).toMatchObject({
      isError: true,
      text: expect.stringContaining('MAILSTORE_URL is not set;') as unknown,
    });
  });

  test('works as soon as the file that it lacked is there', async () => {
    const sandbox = await sandboxForTest();
    const path = join(stateDirForTest(), 'password');
    const { MAILSTORE_PASSWORD: password = '', ...settings } = settingsFor(sandbox);
    const pipe = untilTestEnds(startPipe({ ownProcess: true, env: { ...settings, MAILSTORE_PASSWORD_FILE: path } }));
    await initialize(pipe);
    expect(readAnswer((await pipe.request('tools/call', JOHN)).result).text).toContain(
      'cannot be read: there is no such file (ENOENT); correct the path, or create the file.',
    );
    writeFileSync(path, `${password} \r\n`);
    chmodSync(path, 0o644);
    expect(readAnswer((await pipe.request('tools/call', JOHN)).result).text).toContain(`cure it with \`chmod 600 ${path}\`.`);
    chmodSync(path, 0o600);
    expect(readAnswer((await pipe.request('tools/call', JOHN)).result).structured).toMatchObject({ userName: 'johndoe' });
    pipe.endInput();
    expect(await pipe.exited).toEqual({ code: 0, signal: null });
  });

  test('says on stderr before the first call that MailStore cannot be reached, and tries again at each call', async () => {
    const pipe = untilTestEnds(startPipe({ ownProcess: true, env: START }));
    await initialize(pipe);
    await pipe.request('tools/list');
    await expect.poll(() => pipe.stderr).toContain('calls to https://127.0.0.1:1 will fail as it stands: https://127.0.0.1:1 refuses');
    const refused = { isError: true, text: expect.stringContaining('https://127.0.0.1:1 refuses connections') as unknown };
    expect(readAnswer((await pipe.request('tools/call', JOHN)).result)).toMatchObject(refused);
  });

  test('says in answer to a call that its login is refused', async () => {
    const pipe = untilTestEnds(startPipe({ ownProcess: true, sandbox: await sandboxForTest(), env: { MAILSTORE_PASSWORD: 'wrong' } }));
    await initialize(pipe);
    const refused = { isError: true, text: expect.stringContaining("does not accept the login 'admin' (HTTP 401)") as unknown };
    expect(readAnswer((await pipe.request('tools/call', JOHN)).result)).toMatchObject(refused);
  });

  test('warns of a variable of another program, and works', async () => {
    const pipe = untilTestEnds(startPipe({ ownProcess: true, sandbox: await sandboxForTest(), env: { MAILSTORE_HOME: '/opt/mailstore' } }));
    await initialize(pipe);
    expect(readAnswer((await pipe.request('tools/call', JOHN)).result).structured).toMatchObject({ userName: 'johndoe' });
    expect(pipe.stderr).toContain('mailstore-mcp warn: MAILSTORE_HOME is no setting of mailstore-mcp and was ignored.');
  });

  test.each([
    ['tasks list', ['tasks', 'list']],
    ['call', ['call', 'GetUsers']],
    ['audit verify', ['audit', 'verify']],
  ])('is no subcommand: %s ends with the sentence and the exit code 2', async (_what, args) => {
    const pipe = untilTestEnds(startPipe({ ownProcess: true, env: { ...START, MAILSTORE_STATE_DIR: './state' }, args }));
    expect(await pipe.exited).toEqual({ code: 2, signal: null });
    expect(pipe.stderr).toBe(
      `mailstore-mcp: MAILSTORE_STATE_DIR is './state', which is a relative path; write '${process.cwd()}/state'.\n`,
    );
    expect(pipe.lines).toEqual([]);
  });

  test.each([
    ['constructor', "There is no subcommand 'constructor'; see mailstore-mcp --help."],
    ['sandbx', "There is no subcommand 'sandbx'; did you mean sandbox?"],
  ])('is not started by %s, which is no subcommand, where stdin is no pipe', (word, sentence) => {
    const ran = spawnSync(process.execPath, [script, word], { env: START, stdio: ['ignore', 'pipe', 'pipe'], encoding: 'utf8' });
    expect(ran).toMatchObject({ status: 2, stdout: '', stderr: `mailstore-mcp: ${sentence}\n` });
  });
});

test('no setting but those of the environment is needed', async () => {
  const sandbox = await sandboxForTest();
  const pipe = untilTestEnds(startPipe({ ownProcess: true, env: settingsFor(sandbox) }));
  await initialize(pipe);
  expect(readAnswer((await pipe.request('tools/call', JOHN)).result).structured).toMatchObject({ userName: 'johndoe' });
});
