import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const BINARY = fileURLToPath(new URL('../../dist/mailstore-mcp.cjs', import.meta.url));

export interface BinaryResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the built binary to its end, with these settings and none of the developer's own; `input` is what its stdin says. */
export function runBinary(
  args: readonly string[],
  settings: Readonly<Record<string, string>> = {},
  { input }: { readonly input?: string } = {},
): Promise<BinaryResult> {
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('MAILSTORE_') && name !== 'NODE_EXTRA_CA_CERTS');
  const env = { ...Object.fromEntries(inherited), ...settings };
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [BINARY, ...args], { env }, (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : error ? -1 : 0, stdout, stderr });
    });
    if (input !== undefined) child.stdin?.end(input);
  });
}
