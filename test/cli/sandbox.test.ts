import { FAULT_KINDS } from '../../src/sandbox/faults.ts';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import * as z from 'zod';
import { runBinary } from '../helpers/run-binary.ts';
import { callTool, startServer, untilTestEnds } from '../helpers/start-server.ts';

const BINARY = fileURLToPath(new URL('../../dist/mailstore-mcp.cjs', import.meta.url));

const announcement = z.strictObject({ url: z.string(), username: z.string(), password: z.string(), fingerprint: z.string() });

/** Starts the emulated MailStore as a process of its own and returns it with the line that it printed. */
async function startSandboxProcess(args: readonly string[] = []) {
  const child: ChildProcess = spawn(process.execPath, [BINARY, 'sandbox', '--port', '0', '--json', ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  if (!child.stdout) throw new Error('no stdout');
  const lines: string[] = [];
  const reader = createInterface({ input: child.stdout }).on('line', (line) => lines.push(line));
  await once(reader, 'line');
  return { child, lines, announced: announcement.parse(JSON.parse(lines[0] ?? '')) };
}

function makeSettings({ url, username, password, fingerprint }: z.output<typeof announcement>) {
  return { MAILSTORE_URL: url, MAILSTORE_USERNAME: username, MAILSTORE_PASSWORD: password, MAILSTORE_TLS_FINGERPRINT: fingerprint };
}

describe('mailstore-mcp sandbox', () => {
  test('prints one line with address, login and fingerprint, by which a server reaches it', async () => {
    const { lines, announced } = await startSandboxProcess();
    const server = untilTestEnds(await startServer({ env: makeSettings(announced) }));
    expect((await callTool(server, 'get_user_info', { userName: 'johndoe' })).structured).toMatchObject({ fullName: 'John Doe' });
    expect(lines).toHaveLength(1);
  });

  test('speaks the 2012 form alone when asked to, which the server finds out', async () => {
    const { announced } = await startSandboxProcess(['--dialect', '2012', '--seed', 'small']);
    const server = untilTestEnds(await startServer({ env: makeSettings(announced) }));
    expect((await callTool(server, 'get_user_info', { userName: 'johndoe' })).structured).toMatchObject({
      userName: 'johndoe',
      fullName: 'John Doe',
      authentication: 'integrated',
      emailAddresses: ['john.doe@example.com', 'johndoe@example.com'],
      privileges: ['admin'],
    });
  });

  test('shows how a switched-off API looks from outside', async () => {
    const { announced } = await startSandboxProcess(['--api-disabled', '--seed', 'small']);
    const server = untilTestEnds(await startServer({ env: makeSettings(announced) }));
    const { text, isError } = await callTool(server, 'get_server_info');
    expect(isError).toBe(true);
    expect(text).toBe(
      `${announced.url} refuses connections; check that the Administration API is switched on in the MailStore Server service configuration, the port, and the firewall.`,
    );
  });

  test('the sandbox ends on a signal', async () => {
    const { child } = await startSandboxProcess(['--seed', 'small']);
    child.kill('SIGTERM');
    expect(await once(child, 'exit')).toEqual([0, null]);
  });

  test.each([
    [
      ['--port', 'x'],
      'mailstore-mcp: --port must be a whole number from 0 to 65535. Its value is not shown, since it may be a password.\n',
    ],
    [['--dialect', '2013'], "mailstore-mcp: --dialect is '2013', but must be both, modern, 2012 (did you mean 2012?).\n"],
    [
      ['--fault', 'list'],
      "mailstore-mcp: --fault cannot be used: 'list' is no fault. Faults are: delay, drop, truncate, garbage, invalid-utf8, html, status-503, status-502, lost-end.\n",
    ],
    [['--fault', 'drop,delay'], "mailstore-mcp: --fault cannot be used: A delay needs its milliseconds, as in 'delay=500'.\n"],
    [['--api-disable'], 'mailstore-mcp: Unknown option --api-disable; did you mean --api-disabled?\n'],
  ])('%j is refused with one sentence', async (args, stderr) => {
    expect(await runBinary(['sandbox', ...args])).toEqual({ code: 2, stdout: '', stderr });
  });
});

test('the help of the sandbox names the kinds of faults and what holds by default', async () => {
  const { stdout } = await runBinary(['sandbox', '--help']);
  for (const kind of FAULT_KINDS) expect(stdout).toMatch(new RegExp(`^ {2}${kind} +\\S`, 'm'));
  expect(stdout).toContain('(default: 127.0.0.1)');
  expect(stdout).toContain('(default: both)');
});

describe('mailstore-mcp', () => {
  test('--version prints the version of the package', async () => {
    expect(await runBinary(['--version'])).toEqual({ code: 0, stdout: '0.1.0\n', stderr: '' });
  });

  test('--help names every setting', async () => {
    const { code, stdout, stderr } = await runBinary(['--help']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    for (const name of ['MAILSTORE_URL', 'MAILSTORE_ACCESS', '--fingerprint', '--state-dir', 'tasks']) expect(stdout).toContain(name);
  });
});
