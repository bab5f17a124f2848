import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { findChild } from '../helpers/child-program.ts';
import type { AuditOrder } from './audit-child.ts';

const CHILD = findChild(new URL('audit-child.ts', import.meta.url));
const ROOT = fileURLToPath(new URL('../..', import.meta.url));

interface Child {
  readonly ready: Promise<void>;
  readonly result: Promise<{ readonly said: readonly string[]; readonly stderr: string; readonly signal: string | null }>;
  /** Lets a child that waits begin. */
  begin(): void;
  kill(): void;
}

/** Starts a process that writes to the audit, by a shell after the given line if there is one. */
export function startChild(order: AuditOrder, shell?: string): Child {
  const args = [CHILD, JSON.stringify(order)];
  const options = { cwd: ROOT, stdio: ['pipe', 'pipe', 'pipe'] as ['pipe', 'pipe', 'pipe'] };
  const child =
    shell === undefined
      ? spawn(process.execPath, args, options)
      : spawn('/bin/sh', ['-c', `${shell}; exec "$0" "$@"`, process.execPath, ...args], options);
  let stdout = '';
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const ready = new Promise<void>((resolve) => {
    child.stdout.on('data', (chunk: Buffer) => {
      stdout += chunk.toString();
      resolve();
    });
    child.once('close', () => resolve());
  });
  const result = new Promise<Awaited<Child['result']>>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (_code, signal) => {
      resolve({
        said: stdout
          .split('\n')
          .slice(0, -1)
          .filter((line) => line !== 'ready'),
        stderr,
        signal,
      });
    });
  });
  return { ready, result, begin: () => void child.stdin.end('\n'), kill: () => void child.kill('SIGKILL') };
}
