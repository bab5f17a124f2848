import { execFile } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { startProgram } from './program.ts';

const BINARY = fileURLToPath(new URL('../../dist/mailstore-mcp.cjs', import.meta.url));

export interface BinaryResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  /** What its stdin says. */
  readonly input?: string;
  /** True gives it a process of its own, where that is what the test is about. */
  readonly ownProcess?: boolean;
}

/** Runs the built binary to its end, with these settings and none of the developer's own. */
export async function runBinary(
  args: readonly string[],
  settings: Readonly<Record<string, string>> = {},
  { input, ownProcess = false }: RunOptions = {},
): Promise<BinaryResult> {
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('MAILSTORE_') && name !== 'NODE_EXTRA_CA_CERTS');
  const env = { ...(Object.fromEntries(inherited) as Record<string, string>), ...settings };
  if (ownProcess) {
    return new Promise((resolve) => {
      const child = execFile(process.execPath, [BINARY, ...args], { env }, (error, stdout, stderr) => {
        resolve({ code: typeof error?.code === 'number' ? error.code : error ? -1 : 0, stdout, stderr });
      });
      if (input !== undefined) child.stdin?.end(input);
    });
  }
  const program = startProgram(args, env);
  if (input !== undefined) program.stdin.end(input);
  const [stdout, stderr, { code }] = await Promise.all([text(program.stdout), text(program.stderr), program.ended]);
  return { code: code ?? -1, stdout, stderr };
}
