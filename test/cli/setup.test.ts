import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { completeAddress } from '../../src/cli/setup/complete-address.ts';
import { runBinary } from '../helpers/run-binary.ts';
import { hasTerminal, runInTerminal } from '../helpers/run-in-terminal.ts';
import { sandboxForTest, startServer } from '../helpers/start-server.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

/** A home folder in which Cursor is installed, with a server of its own. */
function createHome() {
  const home = temporaryFolder();
  mkdirSync(join(home, '.cursor'));
  const file = join(home, '.cursor', 'mcp.json');
  writeFileSync(file, '{\n  // mine\n  "mcpServers": { "a": { "command": "b" } }\n}\n');
  const env = { HOME: home, USERPROFILE: home, XDG_CONFIG_HOME: join(home, '.config'), MAILSTORE_STATE_DIR: join(home, 'state') };
  const serverIn = (path: string) => {
    const text = readFileSync(path, 'utf8').replace('// mine', '');
    return (JSON.parse(text) as { mcpServers: Record<string, { env: Record<string, string>; command: string; args: string[] }> })
      .mcpServers['mailstore'];
  };
  return { home, file, env, serverIn };
}

test.each([
  ['mailstore.example.com', 'https://mailstore.example.com:8463'],
  [' "https://mailstore.example.com" ', 'https://mailstore.example.com:8463'],
  ['mailstore.example.com:443', 'https://mailstore.example.com'],
  ['10.0.0.5', 'https://10.0.0.5:8463'],
  ['[2001:db8::1]', 'https://[2001:db8::1]:8463'],
  ['https://mailstore.example.com:9000/', 'https://mailstore.example.com:9000'],
  ['http://mailstore.example.com', undefined],
  ['ho st', undefined],
  ['', undefined],
])('setup completes the address %j to %j', (typed, origin) => {
  expect(completeAddress(typed)).toBe(origin);
});

describe('mailstore-mcp setup --yes', () => {
  test('setup refuses to pin a certificate that no one has compared, and names what to compare', async () => {
    const { env, file } = createHome();
    const { url, username, password, fingerprint } = await sandboxForTest();
    const result = await runBinary(['setup', '--yes', '--url', url, '--user', username], { ...env, MAILSTORE_PASSWORD: password });
    expect(result).toMatchObject({ code: 2, stdout: '' });
    expect(result.stderr).toContain(`If its SHA-256 on the MailStore machine reads ${fingerprint}, write --fingerprint with it.`);
    expect(readFileSync(file, 'utf8')).not.toContain('mailstore');
  });

  test('writes the entry of each installed client with a backup, and the password to a file of its owner alone', async () => {
    const { env, file, home, serverIn } = createHome();
    const { url, username, password, fingerprint } = await sandboxForTest();
    const args = ['setup', '--yes', '--url', url, '--user', username, '--fingerprint', fingerprint, '--store', 'file'];
    const { code, stdout, stderr } = await runBinary(args, { ...env, MAILSTORE_PASSWORD: password });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout.trimEnd().endsWith('Restart Cursor, then ask: is archiving working?')).toBe(true);
    expect(stdout).not.toContain(password);
    const entry = serverIn(file);
    expect(entry?.env).toMatchObject({
      MAILSTORE_URL: url,
      MAILSTORE_USERNAME: username,
      MAILSTORE_TLS_FINGERPRINT: fingerprint,
      MAILSTORE_ACCESS: 'read-only',
    });
    const path = entry?.env['MAILSTORE_PASSWORD_FILE'] ?? '';
    expect(readFileSync(path, 'utf8')).toBe(password);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readFileSync(file, 'utf8')).toContain('// mine');
    const [backup] = readdirSync(join(home, '.cursor')).filter((name) => name.startsWith('mcp.json.backup-'));
    expect(readFileSync(join(home, '.cursor', backup ?? ''), 'utf8')).toContain('{ "a": { "command": "b" } }');
    expect(existsSync(join(home, '.codex'))).toBe(false);
    const doctor = await runBinary(['doctor', '--json'], { ...env, ...entry?.env });
    expect(doctor.code).toBe(0);
    expect(doctor.stdout).toContain(`"check":"Cursor: mailstore","level":"ok"`);
  });

  test('says why a login is refused, and writes nothing', async () => {
    const { env, file } = createHome();
    const { url, username, fingerprint } = await sandboxForTest();
    const args = ['setup', '--yes', '--url', url, '--user', username, '--fingerprint', fingerprint];
    const { code, stderr } = await runBinary(args, { ...env, MAILSTORE_PASSWORD: 'wrong' });
    expect(code).toBe(5);
    expect(stderr.match(/user name and password/g)).toHaveLength(1);
    expect(stderr).toContain("MailStore does not accept the login 'admin' (HTTP 401). Check user name and password");
    expect(readFileSync(file, 'utf8')).not.toContain('mailstore');
  });
});

describe('the settings that mailstore-mcp setup keeps for a terminal', () => {
  async function setUp(clients: string) {
    const { env, home } = createHome();
    const { url, username, password, fingerprint } = await sandboxForTest();
    const args = ['--url', url, '--user', username, '--fingerprint', fingerprint, '--store', 'file', '--clients', clients];
    const { code, stdout } = await runBinary(['setup', '--yes', ...args], { ...env, MAILSTORE_PASSWORD: password });
    expect(code).toBe(0);
    return { env, home, url, stdout };
  }

  test('after setup, call and changes in a terminal reach the MailStore that the clients were connected to', async () => {
    const { env, home, url, stdout } = await setUp('cursor');
    const path = join(home, 'state', 'terminal.json');
    expect(stdout).toContain(
      `In a terminal, mailstore-mcp call, console, tester, tasks and changes use the same settings, from '${path}'.`,
    );
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject({ url, username: 'admin', access: 'read-only' });
    expect(readFileSync(path, 'utf8')).not.toContain('password"');
    const read = await runBinary(['call', 'GetServerInfo'], env);
    expect(read).toMatchObject({ code: 0, stderr: '' });
    expect(JSON.parse(read.stdout)).toMatchObject({ machineName: 'ARCHIVE01' });
    const change = ['call', 'SetUserFullName', 'userName=johndoe', 'fullName=J. Doe'];
    expect(await runBinary(change, env)).toMatchObject({ code: 3 });
    expect(await runBinary([...change, '--access', 'read-write'], env)).toMatchObject({ code: 0 });
    expect(await runBinary(['changes', 'revert', '1', '--access', 'read-write'], env)).toMatchObject({ code: 0 });
  });

  test('a MailStore that a variable names wins over the one that setup kept', async () => {
    const { env } = await setUp('cursor');
    const other = await runBinary(['call', 'GetServerInfo'], { ...env, MAILSTORE_URL: 'https://127.0.0.1:9' });
    expect(other).toMatchObject({
      code: 2,
      stderr: 'mailstore-mcp: MAILSTORE_USERNAME is not set; name the MailStore administrator to log in as.\n',
    });
  });

  test('doctor checks what setup kept for the terminal where no client has an entry', async () => {
    const { env, home, url } = await setUp('cursor');
    rmSync(join(home, '.cursor'), { recursive: true });
    const { code, stdout } = await runBinary(['doctor'], env);
    expect(stdout).toContain(`${url} is reached over`);
    expect(code).toBe(0);
  });

  test('setup with a company’s own certificate authority names its file to clients and to the terminal', async () => {
    const { env, home, file, serverIn } = createHome();
    const { url, username, password, certificate } = await sandboxForTest();
    const caFile = join(home, 'ca.pem');
    writeFileSync(caFile, certificate);
    const args = ['--url', url, '--user', username, '--ca-file', caFile, '--store', 'file', '--clients', 'cursor'];
    expect(await runBinary(['setup', '--yes', ...args], { ...env, MAILSTORE_PASSWORD: password })).toMatchObject({ code: 0, stderr: '' });
    const entry = serverIn(file);
    expect(entry?.env['MAILSTORE_CA_FILE']).toBe(caFile);
    expect(await runBinary(['call', 'GetServerInfo'], { ...env, ...entry?.env })).toMatchObject({ code: 0, stderr: '' });
    expect(await runBinary(['call', 'GetServerInfo'], env)).toMatchObject({ code: 0, stderr: '' });
  });

  test('setup --print keeps no settings', async () => {
    const { env, home } = createHome();
    const { url, username, password, fingerprint } = await sandboxForTest();
    const args = ['setup', '--print', '--yes', '--url', url, '--user', username, '--fingerprint', fingerprint, '--store', 'file'];
    expect(await runBinary(args, { ...env, MAILSTORE_PASSWORD: password })).toMatchObject({ code: 0 });
    expect(existsSync(join(home, 'state', 'terminal.json'))).toBe(false);
  });
});

describe('what mailstore-mcp setup --yes says of the files', () => {
  /** Runs setup with these clients; the texts are the files of Cursor and Claude Desktop. */
  async function runSetup({ env, home }: ReturnType<typeof createHome>, clients: readonly string[], desktop?: string) {
    const { url, username, password, fingerprint } = await sandboxForTest();
    mkdirSync(join(home, '.config', 'Claude'), { recursive: true });
    if (desktop !== undefined) writeFileSync(join(home, '.config', 'Claude', 'claude_desktop_config.json'), desktop);
    const login = ['--url', url, '--user', username, '--fingerprint', fingerprint, '--store', 'file'];
    const run = (...ids: readonly string[]) =>
      runBinary(['setup', '--yes', ...login, ...(ids.length > 0 ? ['--clients', ids.join(',')] : [])], {
        ...env,
        MAILSTORE_PASSWORD: password,
      });
    return { first: await run(...clients), run };
  }
  const lastLine = ({ stdout }: { readonly stdout: string }) => stdout.trimEnd().split('\n').at(-1);

  test.runIf(process.platform === 'linux')('asks for a restart of those that were written alone, and says which file is new', async () => {
    const home = createHome();
    const { first } = await runSetup(home, ['cursor', 'claude-desktop', 'codex'], '{ "mcpServers": {} "a": 1 }');
    expect(lastLine(first)).toBe('Restart Cursor and Codex, then ask: is archiving working?');
    expect(first.stdout).toContain("Claude Desktop: '");
    expect(first.stdout).toContain("' was left alone: line 1, column 19 is not JSON: a comma is missing here;");
    expect(first.stdout).toContain(`Cursor: the entry is added to '${home.file}'.`);
    expect(first.stdout).toContain(`Codex: the entry makes a new file '${join(home.home, '.codex', 'config.toml')}'.`);
  });

  test.runIf(process.platform === 'linux')('writes nothing where the same entry is there, and says so', async () => {
    const home = createHome();
    const { first, run } = await runSetup(home, ['cursor']);
    expect(lastLine(first)).toBe('Restart Cursor, then ask: is archiving working?');
    const second = await run('cursor');
    expect(second.stdout).toContain(`Cursor: the same entry is in '${home.file}'.`);
    expect(lastLine(second)).toBe('Cursor had the entry before. If it runs, restart it, then ask: is archiving working?');
    expect(readdirSync(join(home.home, '.cursor'))).toHaveLength(2);
  });

  test.runIf(process.platform === 'linux')('promises nothing where every file was left alone', async () => {
    const { first } = await runSetup(createHome(), ['claude-desktop'], '{');
    expect(lastLine(first)).toBe('No client was connected. Correct what is said above, and run setup again.');
    expect(first.code).toBe(1);
  });

  test('prints the entry as JSON to copy where no client is installed', async () => {
    const home = temporaryFolder();
    const env = { HOME: home, USERPROFILE: home, XDG_CONFIG_HOME: join(home, '.config'), MAILSTORE_STATE_DIR: join(home, 'state') };
    const { url, username, password, fingerprint } = await sandboxForTest();
    const args = ['setup', '--yes', '--url', url, '--user', username, '--fingerprint', fingerprint, '--store', 'file'];
    const { stdout } = await runBinary(args, { ...env, MAILSTORE_PASSWORD: password });
    const json = stdout.slice(stdout.indexOf('{\n'), stdout.lastIndexOf('}\n') + 1);
    expect(JSON.parse(json)).toMatchObject({ mcpServers: { mailstore: { env: { MAILSTORE_URL: url } } } });
    expect(lastLine({ stdout })).toMatch(/^No client was chosen\. Add the entry above to the file of a client/);
  });

  test('lets the first start of a client list the commands that only some servers have', async () => {
    const home = createHome();
    const { url, username, password, fingerprint } = await sandboxForTest();
    const login = ['--url', url, '--user', username, '--fingerprint', fingerprint, '--store', 'file', '--clients', 'cursor'];
    await runBinary(['setup', '--yes', ...login], { ...home.env, MAILSTORE_PASSWORD: password });
    const listed = async (env: Readonly<Record<string, string>>) => {
      const server = await startServer({ env });
      const { tools } = await server.client.listTools();
      await server.close();
      return tools.map(({ name }) => name);
    };
    const settings = home.serverIn(home.file)?.env ?? {};
    expect(await listed({ ...settings, MAILSTORE_STATE_DIR: temporaryFolder() })).not.toContain('get_credential_settings');
    expect(await listed({ ...settings, MAILSTORE_STATE_DIR: home.env.MAILSTORE_STATE_DIR })).toContain('get_credential_settings');
  });
});

/** What a person answers who keeps the password in a file and connects the clients that are installed, up to the writing of the first file. */
const answers = ({ url, password, write }: { readonly url: string; readonly password: string; readonly write: string }) => [
  { after: 'without a port, 8463 is taken.', keys: `${url}\r` },
  { after: 'on the MailStore machine?', keys: 'y' },
  { after: 'Which MailStore administrator?', keys: '\r' },
  { after: 'Password', keys: `${password}\r` },
  { after: 'What may the assistant do?', keys: '\r' },
  { after: 'Where is the password kept?', keys: '\u001B[B\r' },
  { after: 'Which clients are connected?', keys: '\r' },
  { after: 'Write this file? A backup of what was there is kept.', keys: write },
];

describe.runIf(hasTerminal)('the dialogue of mailstore-mcp setup', () => {
  test('shows the certificate before it is pinned, hides the password, and connects the clients that are installed', async () => {
    const { env, file, serverIn } = createHome();
    const { url, password, fingerprint } = await sandboxForTest();
    const { screen, code } = await runInTerminal(['setup'], answers({ url, password, write: '\r' }), env, 200);
    expect(code).toBe(0);
    expect(screen).toContain(`SHA-256      ${fingerprint}`);
    expect(screen).toContain('Net.Security.SslStream');
    expect(screen).not.toContain(password);
    expect(screen).toContain('Restart Cursor, then ask: is archiving working?');
    expect(serverIn(file)?.env).toMatchObject({ MAILSTORE_URL: url, MAILSTORE_USERNAME: 'admin', MAILSTORE_TLS_FINGERPRINT: fingerprint });
  });

  test('asks again for the address where nothing answers, and for the login where it is refused', async () => {
    const { env, file } = createHome();
    const { url } = await sandboxForTest();
    const { screen, code } = await runInTerminal(
      ['setup'],
      [
        { after: 'Where is MailStore?', keys: 'no-such-host.invalid\r' },
        { after: "The name 'no-such-host.invalid' does not resolve.", keys: '' },
        { after: 'Where is MailStore?', keys: `\u0015${url}\r` },
        { after: 'on the MailStore machine?', keys: 'y' },
        { after: 'Which MailStore administrator?', keys: '\r' },
        { after: 'Password', keys: 'wrong\r' },
        { after: 'Try again?', keys: 'n' },
      ],
      // A terminal that can clear what is typed.
      { ...env, TERM: 'xterm' },
      200,
    );
    expect(screen.match(/MailStore does not accept the login/g)).toHaveLength(1);
    expect(code).toBe(5);
    expect(readFileSync(file, 'utf8')).not.toContain('mailstore');
  });

  test('says what was written when the clients are not to be connected after all', async () => {
    const { env, file, home } = createHome();
    const { url, password } = await sandboxForTest();
    const { screen, code } = await runInTerminal(['setup'], answers({ url, password, write: 'n' }), env, 200);
    expect(code).toBe(1);
    const [name = ''] = readdirSync(join(home, 'state', 'passwords'));
    const kept = join(home, 'state', 'passwords', name);
    expect(screen).toContain(
      `No client was connected, and no settings were kept. The password stays in '${kept}', which only you can read.`,
    );
    expect(screen).not.toContain('Nothing was written.');
    expect(readFileSync(file, 'utf8')).not.toContain('mailstore');
    expect(existsSync(join(home, 'state', 'terminal.json'))).toBe(false);
  });

  test('writes nothing when the fingerprint is not confirmed', async () => {
    const { env, file } = createHome();
    const { url } = await sandboxForTest();
    const { screen, code } = await runInTerminal(
      ['setup'],
      [
        { after: 'Where is MailStore?', keys: `${url}\r` },
        { after: 'on the MailStore machine?', keys: '\r' },
      ],
      env,
      200,
    );
    expect(code).toBe(1);
    expect(screen).toContain('Nothing was written.');
    expect(readFileSync(file, 'utf8')).not.toContain('mailstore');
  });
});
