import { lstatSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readErrno } from '../base/errno.ts';
import type { ConfigSources } from '../config/load.ts';

/** An emulated MailStore inside this process, and where what is recorded of it is kept. */
export interface Embedded {
  readonly target: NonNullable<ConfigSources['embedded']>;
  readonly stateDir: string;
  close(): Promise<void>;
}

const PREFIX = 'mailstore-mcp-sandbox-';

/** Removes the state folders that sandboxes of killed processes left, and returns their paths. */
export function sweepLeftovers(): readonly string[] {
  const swept: string[] = [];
  for (const name of readdirSync(tmpdir())) {
    const pid = new RegExp(`^${PREFIX}(\\d+)-`).exec(name)?.[1];
    if (pid === undefined || isAlive(Number(pid))) continue;
    const path = join(tmpdir(), name);
    const found = lstatSync(path, { throwIfNoEntry: false });
    const isOwn = process.getuid === undefined || found?.uid === process.getuid();
    if (!found?.isDirectory() || !isOwn) continue;
    rmSync(path, { recursive: true, force: true });
    swept.push(path);
  }
  return swept;
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return readErrno(error) === 'EPERM';
  }
}

/** Starts the embedded sandbox of `--sandbox`. */
export async function startEmbedded(): Promise<Embedded> {
  const { startSandbox } = await import('../sandbox/sandbox.ts');
  sweepLeftovers();
  const sandbox = await startSandbox();
  const stateDir = mkdtempSync(join(tmpdir(), `${PREFIX}${process.pid}-`));
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
