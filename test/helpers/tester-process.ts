import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { chromium, type Browser } from 'playwright-core';
import * as z from 'zod';
import type { Access } from '../../src/base/target.ts';
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

/** Where a build server has no browser, its tests shall fail and not be skipped. */
export const hasBrowser = existsSync(CHROMIUM) || process.env['CI'] !== undefined;

export async function launchBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: CHROMIUM, args: CHROMIUM_FLAGS });
}

const startLine = z.strictObject({ url: z.string() });

export interface TesterProcess {
  /** The page's address. */
  readonly url: string;
  readonly sandbox: Sandbox;
  /** Ends the tester as Ctrl-C does, and returns its exit code. */
  end(): Promise<number | null>;
  /** Ends both. */
  close(): Promise<void>;
}

export interface TesterProcessOptions {
  readonly access?: Access;
  readonly sandbox?: SandboxOptions;
}

/** Starts the built `mailstore-mcp tester` on a sandbox of its own. */
export async function startTesterProcess({ access = 'read-only', sandbox: options }: TesterProcessOptions): Promise<TesterProcess> {
  const sandbox = await startSandbox(options);
  const stateDir = mkdtempSync(join(tmpdir(), 'mailstore-mcp-tester-'));
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('MAILSTORE_') && name !== 'NODE_EXTRA_CA_CERTS');
  const child = spawn(process.execPath, [BINARY, 'tester', '--json', '--access', access], {
    env: {
      ...Object.fromEntries(inherited),
      MAILSTORE_URL: sandbox.url,
      MAILSTORE_USERNAME: sandbox.username,
      MAILSTORE_PASSWORD: sandbox.password,
      MAILSTORE_TLS_FINGERPRINT: sandbox.fingerprint,
      MAILSTORE_STATE_DIR: stateDir,
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
  const end = async () => {
    child.kill('SIGINT');
    return exited;
  };
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  return {
    ...startLine.parse(JSON.parse(line)),
    sandbox,
    end,
    close: async () => {
      await end();
      await sandbox.close();
      rmSync(stateDir, { recursive: true, force: true });
    },
  };
}
