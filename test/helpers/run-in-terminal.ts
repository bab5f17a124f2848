import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const BINARY = fileURLToPath(new URL('../../dist/mailstore-mcp.cjs', import.meta.url));

/** True where `script` of util-linux can give a program a terminal. */
export const hasTerminal = process.platform === 'linux';

export interface TerminalResult {
  readonly code: number;
  /** What a person would have seen, with plain line breaks. */
  readonly screen: string;
}

/** What is typed, or the keys that are sent as they are, when a prompt has appeared. */
interface Typed {
  readonly after: string;
  readonly type?: string;
  readonly keys?: string;
}

/** Runs the built binary in a terminal. */
export function runInTerminal(
  args: readonly string[],
  typed: readonly Typed[],
  settings: Readonly<Record<string, string>> = {},
  columns?: number,
): Promise<TerminalResult> {
  const command = describeCommand(args);
  return runShellInTerminal(columns === undefined ? command : `stty cols ${columns} rows 60; ${command}`, typed, settings);
}

/** Returns the line by which a shell runs the built binary. */
export function describeCommand(args: readonly string[]): string {
  return [process.execPath, BINARY, ...args].map(quoteForShell).join(' ');
}

/** Runs a line of a shell in a terminal. */
export function runShellInTerminal(
  line: string,
  typed: readonly Typed[],
  settings: Readonly<Record<string, string>> = {},
): Promise<TerminalResult> {
  const left = ['NODE_EXTRA_CA_CERTS', 'NO_COLOR', 'FORCE_COLOR', 'CI'];
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('MAILSTORE_') && !left.includes(name));
  const child = spawn('script', ['-qec', line, '/dev/null'], {
    env: { ...Object.fromEntries(inherited), TERM: 'dumb', ...settings },
  });
  const waiting = [...typed];
  let screen = '';
  let seen = 0;
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    screen += text.replaceAll('\r\n', '\n');
    for (let [next] = waiting; next; [next] = waiting) {
      const at = screen.indexOf(next.after, seen);
      if (at < 0) return;
      seen = at + next.after.length;
      waiting.shift();
      child.stdin.write(next.keys ?? `${next.type ?? ''}\n`);
    }
  });
  return new Promise((resolve) => child.once('close', (code) => resolve({ code: code ?? -1, screen })));
}

function quoteForShell(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
