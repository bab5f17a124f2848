import { fileURLToPath } from 'node:url';
import { startProcess, startProgram } from './program.ts';

const BINARY = fileURLToPath(new URL('../../dist/mailstore-mcp.cjs', import.meta.url));

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A process of the built binary that a test writes to and sends signals to. */
export interface Started {
  readonly ended: Promise<Ended>;
  write(text: string): void;
  endInput(): void;
  kill(signal: NodeJS.Signals): void;
  /** Resolves when the text has been written by the process, to either output. */
  shows(text: string): Promise<void>;
}

/** Starts the built binary with pipes, with these settings and none of the developer's own; `ownProcess` gives it a process of its own. */
export function startBinary(
  args: readonly string[],
  settings: Readonly<Record<string, string>> = {},
  { ownProcess = false }: { readonly ownProcess?: boolean } = {},
): Started {
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('MAILSTORE_') && name !== 'NODE_EXTRA_CA_CERTS');
  const env = { ...(Object.fromEntries(inherited) as Record<string, string>), ...settings };
  const child = ownProcess ? startProcess([BINARY, ...args], env) : startProgram(args, env);
  const waiting = new Set<() => void>();
  let [stdout, stderr] = ['', ''];
  const told = () => {
    for (const look of waiting) look();
  };
  child.stdin.on('error', () => undefined);
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
    told();
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
    told();
  });
  const ended = child.ended.then(({ code }) => ({ code, stdout, stderr }));
  return {
    ended,
    write: (text) => void child.stdin.write(text),
    endInput: () => child.stdin.end(),
    kill: (signal) => child.kill(signal),
    shows: async (text) =>
      new Promise((resolve, reject) => {
        const look = () => {
          if (!stdout.includes(text) && !stderr.includes(text)) return;
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
        void ended.then(() => reject(new Error(`'${text}' was not shown: ${stdout}${stderr}`)));
        look();
      }),
  };
}
