import { execFile, spawnSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import { isBuiltin } from 'node:module';
import { createServer } from 'node:net';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { causes, describeCure } from '../../src/cli/doctor/causes.ts';
import { checkEntries } from '../../src/cli/doctor/check-clients.ts';
import { checkClock, checkServer } from '../../src/cli/doctor/check-server.ts';
import { checkJournal, checkStateFolder, judgeFolder, type FolderFacts } from '../../src/cli/doctor/check-state.ts';
import { findClientEntries } from '../../src/cli/doctor/client-entries.ts';
import { serveCommand } from '../../src/cli/serve.ts';
import type { Target } from '../../src/config/load.ts';
import { mcpClients } from '../../src/config/mcp-clients.ts';
import { Journal } from '../../src/journal/journal.ts';
import { createCertificate } from '../../src/sandbox/certificate.ts';
import { runBinary } from '../helpers/run-binary.ts';
import { sandboxForTest, settingsFor } from '../helpers/start-server.ts';
import { respond, respondJson, startTlsServer } from '../helpers/tls-server.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

const BINARY = fileURLToPath(new URL('../../dist/mailstore-mcp.cjs', import.meta.url));

const HEALTHY = { url: 'https://127.0.0.1:1', username: 'admin', password: 'x' };

async function causesAt({ url, ...login }: Partial<typeof HEALTHY> & { url: string; fingerprint?: string }, now?: number) {
  const target: Target = {
    name: 'default',
    origin: url,
    username: 'admin',
    password: 'x',
    access: 'read-only',
    api: 'auto',
    edition: 'server',
    ...login,
  };
  const findings = await checkServer(target, 5000, { ...(now !== undefined && { now }) });
  return findings.flatMap(({ cause }) => cause ?? []);
}

describe('doctor names what is wrong with the way to MailStore:', () => {
  test('nothing, where all is well', async () => {
    expect(await causesAt(await sandboxForTest())).toEqual([]);
  });

  test('a name that does not resolve', async () => {
    expect(await causesAt({ url: 'https://no-such-host.invalid:8463' })).toEqual(['hostNotFound']);
  });

  test('a closed port, as where the API is switched off', async () => {
    expect(await causesAt({ url: (await sandboxForTest({ apiDisabled: true })).url })).toEqual(['portClosed']);
  });

  test('a port that does not speak TLS', async () => {
    const server = createServer((socket) => socket.on('error', () => undefined).end('HTTP/1.1 400 Bad Request\r\n\r\n')).listen(
      0,
      '127.0.0.1',
    );
    onTestFinished(() => void server.close());
    await once(server, 'listening');
    const address = server.address();
    expect(await causesAt({ url: `https://127.0.0.1:${typeof address === 'object' ? address?.port : 0}` })).toEqual(['notTls']);
  });

  test('TLS older than 1.2', async () => {
    const server = await startTlsServer(() => null, { tls: { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' } });
    expect(await causesAt(server)).toEqual(['tlsTooOld']);
  });

  test('a certificate that is not trusted, with its fingerprint', async () => {
    const { url, username, password, fingerprint } = await sandboxForTest();
    const target = { name: 'default', origin: url, username, password, access: 'read-only', api: 'auto', edition: 'server' } as const;
    const findings = await checkServer(target, 5000);
    expect(findings.find(({ cause }) => cause === 'certificateUnknown')?.says).toContain(fingerprint);
  });

  test('a certificate that changed, with both fingerprints, and no byte is sent', async () => {
    const server = await startTlsServer(() => null);
    const { fingerprint: old } = await createCertificate('127.0.0.1');
    const target = {
      name: 'default',
      origin: server.url,
      username: 'a',
      password: 'b',
      fingerprint: old,
      access: 'read-only',
      api: 'auto',
      edition: 'server',
    } as const;
    const [, finding] = await checkServer(target, 5000);
    expect(finding).toMatchObject({ cause: 'certificateChanged', says: expect.stringContaining(old) as unknown });
    expect(finding?.says).toContain(server.fingerprint);
    expect(server.bytesReceived).toBe(0);
  });

  test('a certificate that has expired', async () => {
    expect(await causesAt(await sandboxForTest(), Date.parse('2099-01-01'))).toContain('certificateExpired');
  });

  test('a refused login, as one problem with everything that MailStore refuses in the same way', async () => {
    const { url, username, fingerprint } = await sandboxForTest();
    const env = { HOME: temporaryFolder(), MAILSTORE_STATE_DIR: temporaryFolder() };
    const login = { MAILSTORE_URL: url, MAILSTORE_USERNAME: username, MAILSTORE_PASSWORD: 'wrong', MAILSTORE_TLS_FINGERPRINT: fingerprint };
    const { stdout } = await runBinary(['doctor'], { ...env, ...login });
    expect(stdout.match(/^PROBLEM .*/gm)).toEqual([expect.stringMatching(/^PROBLEM login: MailStore does not accept the login 'admin'/)]);
    expect(stdout).toContain(`Or: ${causes.apiPrivilegeMissing.what}. ${describeCure('apiPrivilegeMissing')}`);
    expect(stdout).toContain(`Or: ${causes.mfaNeedsAppPassword.what}. ${describeCure('mfaNeedsAppPassword')}`);
    const { stdout: json } = await runBinary(['doctor', '--json'], { ...env, ...login });
    const findings = json
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { readonly cause?: string; readonly alternatives?: object[] });
    expect(findings.find(({ cause }) => cause !== undefined)).toMatchObject({
      cause: 'loginRefused',
      alternatives: [{ cause: 'apiPrivilegeMissing' }, { cause: 'mfaNeedsAppPassword' }],
    });
  });

  test('the default password from another machine', async () => {
    const server = await startTlsServer(() => respond('401 Unauthorized', 'text/plain', ''), {
      certificate: await createCertificate('127.0.0.1'),
    });
    // Any address but the machine's own is another machine; the name only has to lead to the test's server.
    const url = server.url.replace('127.0.0.1', '0.0.0.0');
    expect(await causesAt({ ...pick(server), url, username: 'admin', password: 'admin' })).toEqual(['defaultPassword']);
  });

  test('a user who is no administrator', async () => {
    const server = await startTlsServer(() => respond('403 Forbidden', 'text/plain', ''));
    expect(await causesAt(pick(server))).toEqual(['notAdministrator']);
  });

  test('a page of a proxy', async () => {
    const server = await startTlsServer(() => respond('200 OK', 'text/html', '<html><body>Sign in</body></html>'));
    expect(await causesAt(pick(server))).toEqual(['notMailStore']);
  });

  test('commands that are missing and commands that are new', async () => {
    const sandbox = await sandboxForTest();
    const server = await startTlsServer(({ path }) =>
      path.endsWith('get-metadata')
        ? respondJson([
            { name: 'GetServerInfo', args: [] },
            { name: 'BrandNew', args: [] },
          ])
        : respondJson({
            error: null,
            token: null,
            statusVersion: 1,
            statusCode: 'succeeded',
            percentProgress: 100,
            statusText: null,
            result: { version: '99.1', machineName: 'M' },
            logOutput: null,
          }),
    );
    expect(await causesAt(pick(server))).toEqual(['commandsMissing', 'commandsNew']);
    expect(await causesAt(pick(sandbox))).toEqual([]);
  });

  test.each([
    [0, undefined],
    [119_000, undefined],
    [-119_000, undefined],
    [180_000, "The server's clock is 180 s ahead."],
    [-3_600_000, "The server's clock is 3600 s behind."],
  ])('a clock that is off by %d ms', (ms, says) => {
    const now = Date.parse('2026-11-29T00:00:00Z');
    const [finding] = checkClock(now + ms, now);
    expect(finding?.cause === 'clockDiffers' ? finding.says : undefined).toBe(says);
  });
});

function pick({ url, username, password, fingerprint }: { url: string; username: string; password: string; fingerprint: string }) {
  return { url, username, password, fingerprint };
}

describe('doctor names what is wrong with the state folder:', () => {
  const fine: FolderFacts = { uid: 1000, mode: 0o40700, freeBytes: 1e12, fileSystem: 0xef53, isWritable: true };

  test.each<[string, Partial<FolderFacts>, readonly string[]]>([
    ['nothing', {}, []],
    ['another owner', { uid: 1001 }, ['stateForeignOwner']],
    ['rights of others', { mode: 0o40777 }, ['stateOpenToOthers']],
    ['readers other than the owner', { mode: 0o40740 }, ['stateOpenToOthers']],
    ['no right to write', { isWritable: false }, ['stateNotWritable']],
    ['a full disk', { freeBytes: 1_000_000 }, ['stateDiskFull']],
    ['a network share', { fileSystem: 0xff534d42 }, ['stateOnNetworkShare']],
  ])('%s', (_, facts, found) => {
    expect(judgeFolder('/state', { ...fine, ...facts }, 1000).flatMap(({ cause }) => cause ?? [])).toEqual(found);
  });

  test('a share of Windows', () => {
    expect(judgeFolder('\\\\server\\share', fine, 1000).map(({ cause }) => cause)).toEqual(['stateOnNetworkShare']);
  });

  test('a folder that others may write, as it lies on the disk', () => {
    const folder = temporaryFolder();
    chmodSync(folder, 0o777);
    expect(checkStateFolder(folder).map(({ cause }) => cause)).toEqual(['stateOpenToOthers']);
  });

  test('a path that is no folder', () => {
    const file = join(temporaryFolder(), 'file');
    writeFileSync(file, '');
    expect(checkStateFolder(file).map(({ cause }) => cause)).toEqual(['stateNotWritable']);
  });

  test('a journal that is damaged', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'journal.sqlite'), 'This is no database, and long enough to be seen as none.'.repeat(100));
    expect((await checkJournal(folder)).map(({ cause }) => cause)).toEqual(['journalUnreadable']);
  });

  test('a running task whose process was killed, and none that a living process follows', async () => {
    const folder = temporaryFolder();
    const { pid: gone } = spawnSync(process.execPath, ['--eval', '']);
    const journal = Journal.open(folder, { clock: systemClock });
    const intent = { command: 'VerifyStore', target: 'default', argumentsMasked: {} };
    await journal.tasks.begin({ ...intent, argumentsKey: '1' }, { id: 'living', pid: process.pid, host: hostname() });
    expect((await checkJournal(folder)).flatMap(({ cause }) => cause ?? [])).toEqual([]);
    const { task } = await journal.tasks.begin({ ...intent, argumentsKey: '2' }, { id: 'gone', pid: gone, host: hostname() });
    journal.close();
    expect((await checkJournal(folder)).slice(1)).toEqual([
      { check: 'journal', cause: 'leasesOrphaned', says: `1 of 2 running tasks: ${task.taskId.slice(0, 8)}.` },
    ]);
  });
});

describe('doctor names what is wrong with the files of the clients:', () => {
  async function findingsFor(id: string, text: string) {
    const home = temporaryFolder();
    const machine = { platform: 'linux', home, appData: join(home, '.config') } as const;
    const path = mcpClients.find((client) => client.id === id)?.file(machine) ?? '';
    mkdirSync(join(path, '..'), { recursive: true });
    writeFileSync(path, text);
    const { entries, findings } = findClientEntries(machine);
    const checked = await checkEntries(entries, { own: process.env, serve: serveCommand, connects: false });
    return [...findings, ...checked.findings];
  }
  const withEnv = (key: string, env: object) => JSON.stringify({ [key]: { m: { command: process.execPath, args: [BINARY], env } } });

  test.each([
    ['claude-desktop', withEnv('mcpServers', { MAILSTORE_PASSWORD: '${MAILSTORE_PASSWORD}' }), ['clientVariableUnexpanded']],
    ['claude-desktop', withEnv('mcpServers', { MAILSTORE_USERNAME: '%USERNAME%' }), ['clientVariableUnexpanded']],
    ['claude-code', withEnv('mcpServers', { MAILSTORE_PASSWORD: '${HOME:-x}' }), []],
    ['claude-code', withEnv('mcpServers', { MAILSTORE_PASSWORD: '${NOT_SET_HERE}' }), ['clientValueUnknown']],
    ['claude-code', withEnv('mcpServers', { MAILSTORE_PASSWORD: '${input:password}' }), ['clientVariableUnexpanded']],
    ['vscode', withEnv('servers', { MAILSTORE_PASSWORD: '${input:password}' }), ['clientValueUnknown']],
    ['vscode', withEnv('servers', { MAILSTORE_ACCESS: 'full' }), []],
    ['cursor', withEnv('mcpServers', { MAILSTORE_PASSWORD: '${input:password}' }), ['clientVariableUnexpanded']],
    ['gemini-cli', withEnv('mcpServers', { MAILSTORE_PASSWORD: '$HOME' }), []],
    ['cursor', '{ "mcpServers": { "m": { "command": "/nowhere/mailstore-mcp" } } }', ['clientProgramMissing']],
    [
      'cursor',
      JSON.stringify({ mcpServers: { m: { command: process.execPath, args: ['/moved/mailstore-mcp.cjs'] } } }),
      ['clientProgramMissing'],
    ],
    [
      'cursor',
      JSON.stringify({ mcpServers: { m: { command: process.execPath, args: [BINARY, '--acess', 'full'] } } }),
      ['configurationInvalid'],
    ],
    [
      'codex',
      `[mcp_servers.m]\ncommand = ${JSON.stringify(process.execPath)}\nargs = [${JSON.stringify(BINARY)}]\n[mcp_servers.m.env]\nMAILSTORE_PASSWORD = "\${PW}"\n`,
      ['clientVariableUnexpanded'],
    ],
    ['cursor', '{ "mcpServers": { "m": { "command": "C:\\node" } }', ['clientFileInvalid']],
    ['cursor', '{ "mcpServers": { "other": { "command": "x", "env": { "A": "${B}" } } } }', []],
  ])('%s with %s', async (id, text, found) => {
    expect((await findingsFor(id, text)).flatMap(({ cause }) => cause ?? [])).toEqual(found);
  });
});

describe('mailstore-mcp doctor in a terminal without settings', () => {
  /** A home folder whose Cursor has an entry with these variables, and the environment of a terminal in it. */
  function createHome(entries: Readonly<Record<string, object>>) {
    const home = temporaryFolder();
    mkdirSync(join(home, '.cursor'));
    writeFileSync(join(home, '.cursor', 'mcp.json'), JSON.stringify({ mcpServers: entries }));
    return { home, env: { HOME: home, USERPROFILE: home, XDG_CONFIG_HOME: join(home, '.config'), XDG_STATE_HOME: join(home, 'state') } };
  }
  const started = (env: object, ...words: readonly string[]) => ({ command: process.execPath, args: [BINARY, ...words], env });

  test('checks the entry of each client with its own variables and options, and says which one', async () => {
    const login = settingsFor(await sandboxForTest());
    const { env } = createHome({ archive: started(login, '--access', 'full'), try: started({}, '--sandbox') });
    const { code, stdout } = await runBinary(['doctor'], env);
    expect(stdout).toContain('ok      Cursor: archive: access: The access level is full, set by --access; ');
    expect(stdout).toContain('ok      Cursor: archive: login: admin is logged in; ');
    expect(stdout).toContain('ok      Cursor: try: access: The access level is read-only, set by the default; 37 tools are offered.');
    expect(stdout).toContain("ok      state folder: '");
    expect([code, stdout.trimEnd().split('\n').at(-1)]).toEqual([0, 'Nothing is wrong.']);
    expect((await runBinary(['doctor', '--client', 'codex'], env)).stdout).toContain(
      'configuration: No entry of Codex starts this program.',
    );
  });

  test('names the problem of an entry where the terminal has no settings, and logs in once for entries that are the same', async () => {
    const sandbox = await sandboxForTest();
    const { url, username, fingerprint } = sandbox;
    const login = { MAILSTORE_URL: url, MAILSTORE_USERNAME: username, MAILSTORE_PASSWORD: 'wrong', MAILSTORE_TLS_FINGERPRINT: fingerprint };
    const { env, home } = createHome({ mailstore: started(login) });
    cpSync(join(home, '.cursor', 'mcp.json'), join(home, '.claude.json'));
    const { code, stdout } = await runBinary(['doctor'], env);
    expect(code).toBe(5);
    expect(stdout.match(/^PROBLEM .*/gm)).toEqual([
      expect.stringContaining('Claude Code, Cursor: mailstore: login: MailStore does not accept'),
    ]);
  });

  test('says that nothing is configured, and how to begin', async () => {
    const { env } = createHome({ other: { command: 'x' } });
    const { code, stdout } = await runBinary(['doctor'], env);
    expect(code).toBe(2);
    expect(stdout).toContain(
      'PROBLEM configuration: No MAILSTORE_* variable is set here, and no file of a client has an entry that starts this program.',
    );
    const [, command = ''] = /Run `(.+ setup)`, which connects/.exec(stdout) ?? [];
    const ran = await promisify(execFile)('sh', ['-c', `${command} --help`], { env: { PATH: process.env['PATH'] } });
    expect(ran.stdout).toContain('Usage: mailstore-mcp setup [options]');
  });
});

describe('mailstore-mcp doctor', () => {
  test('removes what a killed sandbox left in the temporary folder, and says so', async () => {
    const home = temporaryFolder();
    const { pid: gone } = spawnSync(process.execPath, ['--eval', '']);
    const left = join(home, `mailstore-mcp-sandbox-${gone}-abc`);
    mkdirSync(left);
    const env = { HOME: home, TMPDIR: home, TEMP: home, MAILSTORE_STATE_DIR: join(home, 'state') };
    const { stdout } = await runBinary(['doctor'], env);
    expect(stdout).toContain(`temporary folder: Removed ${left}.`);
    expect(existsSync(left)).toBe(false);
  });

  // Where Node brings its own SQLite, there is always an engine.
  test.skipIf(isBuiltin('node:sqlite'))('names a Node without an engine for the journal', async () => {
    const home = temporaryFolder();
    cpSync(fileURLToPath(new URL('../../dist', import.meta.url)), home, { recursive: true });
    const env = { HOME: home, MAILSTORE_STATE_DIR: join(home, 'state'), PATH: process.env['PATH'] };
    const { stdout } = spawnSync(process.execPath, [join(home, 'mailstore-mcp.cjs'), 'doctor'], { env, encoding: 'utf8' });
    expect(stdout).toContain(`journal: Node ${process.versions.node} has none, and libsql is not installed.`);
    expect(stdout).toContain(describeCure('noJournalEngine'));
  });

  test('ends with the exit code of the first problem, and says its cure', async () => {
    const home = temporaryFolder();
    const env = { HOME: home, USERPROFILE: home, XDG_CONFIG_HOME: join(home, '.config'), MAILSTORE_STATE_DIR: join(home, 'state') };
    const { code, stdout } = await runBinary(['doctor'], { ...env, MAILSTORE_USERNAME: 'admin' });
    expect(code).toBe(2);
    expect(stdout).toContain('PROBLEM configuration: MAILSTORE_URL is not set;');
    expect(stdout).toContain('Correct the setting that the message names; ');
    expect(stdout).not.toContain('Nothing is wrong.');
  });

  test('prints one finding a line as JSON, without the password', async () => {
    const home = temporaryFolder();
    const { url, username, password } = await sandboxForTest();
    const env = { HOME: home, USERPROFILE: home, XDG_CONFIG_HOME: join(home, '.config'), MAILSTORE_STATE_DIR: join(home, 'state') };
    const login = { MAILSTORE_URL: url, MAILSTORE_USERNAME: username, MAILSTORE_PASSWORD: password };
    const { code, stdout } = await runBinary(['doctor', '--json'], { ...env, ...login });
    const lines = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(code).toBe(4);
    expect(lines).toContainEqual(expect.objectContaining({ cause: 'certificateUnknown', level: 'problem', exitCode: 4 }));
    expect(lines).toContainEqual(
      expect.objectContaining({ check: 'access', says: expect.stringContaining('read-only, set by the default') as unknown }),
    );
    expect(stdout).not.toContain(password);
  });
});
