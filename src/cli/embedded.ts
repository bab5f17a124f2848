import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ConfigSources } from '../config/load.ts';

/** An emulated MailStore inside this process, and where what is recorded of it is kept. */
export interface Embedded {
  readonly target: NonNullable<ConfigSources['embedded']>;
  readonly stateDir: string;
  close(): Promise<void>;
}

/** Starts the embedded sandbox of `--sandbox`. */
export async function startEmbedded(): Promise<Embedded> {
  const { startSandbox } = await import('../sandbox/sandbox.ts');
  const sandbox = await startSandbox();
  const stateDir = mkdtempSync(join(tmpdir(), 'mailstore-mcp-sandbox-'));
  return {
    target: { origin: sandbox.url, username: sandbox.username, password: sandbox.password, fingerprint: sandbox.fingerprint },
    // The emulated archive is gone with this process, and so is what there is to know of it.
    stateDir,
    close: async () => {
      await sandbox.close();
      rmSync(stateDir, { recursive: true, force: true });
    },
  };
}
