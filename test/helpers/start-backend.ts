import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { Access } from '../../src/base/target.ts';
import { openBackend, type Backend } from '../../src/cli/backend.ts';
import { loadConfig } from '../../src/config/load.ts';
import type { Prompter } from '../../src/guard/prompter.ts';
import type { Sandbox } from '../../src/sandbox/sandbox.ts';
import { settingsFor } from './start-server.ts';
import { collectingLog } from './start-client.ts';

export interface TestBackend extends Backend {
  readonly stateDir: string;
  readonly logged: readonly string[];
}

/** Opens the backend that every way to call the sandbox uses, in this process; closed when the test is over. */
export function startBackend(
  sandbox: Pick<Sandbox, 'url' | 'username' | 'password' | 'fingerprint'>,
  options: { readonly access?: Access; readonly env?: Record<string, string> } = {},
): TestBackend {
  const stateDir = mkdtempSync(join(tmpdir(), 'mailstore-mcp-'));
  const { access = 'full', env = {} } = options;
  const logged: string[] = [];
  const config = loadConfig({
    env: { ...settingsFor(sandbox), MAILSTORE_ACCESS: access, MAILSTORE_STATE_DIR: stateDir, ...env },
    flags: {},
  });
  const backend = openBackend(config, { log: collectingLog(logged) });
  onTestFinished(async () => {
    await backend.close();
    rmSync(stateDir, { recursive: true, force: true });
  });
  return { ...backend, stateDir, logged };
}

/** A person who says yes to everything and keeps what was asked. */
export function yesSayer(asked: string[] = []): Prompter {
  return {
    channel: 'terminal',
    ask: async ({ prompt }) => {
      asked.push(prompt);
      return { kind: 'accepted' };
    },
  };
}
