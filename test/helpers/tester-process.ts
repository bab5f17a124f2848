import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { chromium, type Browser } from 'playwright-core';
import * as z from 'zod';
import type { Access } from '../../src/base/target.ts';
import { startProcess, startProgram, type Program } from './program.ts';
import { startSandbox, type Sandbox, type SandboxOptions } from '../../src/sandbox/sandbox.ts';

const BINARY = fileURLToPath(new URL('../../dist/mailstore-mcp.cjs', import.meta.url));
const CHROMIUM = '/usr/bin/chromium';
const CHROMIUM_FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-lcd-text',
];

/** On a build server without a browser the tests must fail and not be skipped. */
export const hasBrowser = existsSync(CHROMIUM) || process.env['CI'] !== undefined;

export async function launchBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: CHROMIUM, args: CHROMIUM_FLAGS });
}

const startLine = z.strictObject({ url: z.string() });

export interface TesterProcess {
  /** The page's address. */
  readonly url: string;
  readonly sandbox: Sandbox;
  /** Returns the next code that the terminal shows for a question. */
  nextCode(): Promise<string>;
  /** Ends the tester as Ctrl-C does, and returns its exit code. */
  end(): Promise<number | null>;
  /** Ends both. */
  close(): Promise<void>;
}

export interface TesterProcessOptions {
  readonly access?: Access;
  /** True gives the tester a terminal, without which its page cannot ask anyone. */
  readonly terminal?: boolean;
  readonly sandbox?: SandboxOptions;
  /** A sandbox that is there already, and stays when the process ends. */
  readonly shared?: Sandbox;
  /** The page that is served; the tester's by default. */
  readonly program?: 'tester' | 'console';
  readonly env?: Readonly<Record<string, string>>;
  /** Where the record is; a folder of its own without it. */
  readonly stateDir?: string;
}

/** Gives the program a terminal, and with it a process of its own. */
function startInTerminal(args: readonly string[], env: Readonly<Record<string, string>>): Program {
  const command = [process.execPath, BINARY, ...args].map((word) => `'${word}'`).join(' ');
  const child = spawn('script', ['-qec', command, '/dev/null'], { env, stdio: ['pipe', 'pipe', 'pipe'] });
  return {
    stdin: child.stdin,
    stdout: child.stdout,
    stderr: child.stderr,
    ended: new Promise((done) => child.once('close', (code, signal) => done({ code, signal }))),
    kill: (signal) => void child.kill(signal),
  };
}

/** Starts the built `mailstore-mcp tester`, or the console, on a sandbox of its own. */
export async function startTesterProcess({
  access = 'read-only',
  terminal = false,
  sandbox: options,
  shared,
  program = 'tester',
  env: settings = {},
  stateDir = mkdtempSync(join(tmpdir(), 'mailstore-mcp-tester-')),
}: TesterProcessOptions): Promise<TesterProcess> {
  const sandbox = shared ?? (await startSandbox(options));
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('MAILSTORE_') && name !== 'NODE_EXTRA_CA_CERTS');
  const env = {
    ...(Object.fromEntries(inherited) as Record<string, string>),
    MAILSTORE_URL: sandbox.url,
    MAILSTORE_USERNAME: sandbox.username,
    MAILSTORE_PASSWORD: sandbox.password,
    MAILSTORE_TLS_FINGERPRINT: sandbox.fingerprint,
    MAILSTORE_STATE_DIR: stateDir,
    ...settings,
  };
  const args = [program, '--json', '--access', access];
  const child = terminal
    ? startInTerminal(args, env)
    : program === 'tester'
      ? startProgram(args, env)
      : startProcess([BINARY, ...args], env);
  child.stderr.pipe(process.stderr, { end: false });
  const exited = child.ended.then(({ code }) => code);
  let hasEnded = false;
  void exited.then(() => (hasEnded = true));
  const end = async () => {
    if (hasEnded) return exited;
    if (terminal) child.stdin.write('\x03');
    else child.kill('SIGINT');
    return exited;
  };
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const nextMatch = async (pattern: RegExp): Promise<string> => {
    for (;;) {
      const next = await lines.next();
      if (next.done === true) throw new Error(`the ${program} has ended without a line that matches ${pattern.source}`);
      const found = pattern.exec(next.value)?.[1];
      if (found !== undefined) return found;
    }
  };
  const line = await nextMatch(/(\{.*\})/);
  return {
    ...startLine.parse(JSON.parse(line)),
    sandbox,
    nextCode: async () => nextMatch(/^Code for ".*": ([2-9a-y]{6})/),
    end,
    close: async () => {
      await end();
      if (!shared) await sandbox.close();
      rmSync(stateDir, { recursive: true, force: true });
    },
  };
}
