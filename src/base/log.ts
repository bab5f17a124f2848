import { toVisible } from './escape-hidden.ts';

export const LOG_LEVELS = ['error', 'warn', 'info', 'debug'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export type Log = Record<LogLevel, (message: string) => void>;

interface LogOptions {
  /** Masks secrets and credentials in every line. */
  readonly redactor?: { text(line: string): string };
  /** Writes the lines. Default: stderr, since stdout belongs to the protocol. */
  write?(line: string): void;
}

/** Writes one line per message, in which what hides or commands a terminal is visible. */
export function createLog(level: LogLevel, { redactor, write = (line) => void process.stderr.write(line) }: LogOptions = {}): Log {
  const threshold = LOG_LEVELS.indexOf(level);
  const at = (name: LogLevel) => (message: string) => {
    if (LOG_LEVELS.indexOf(name) > threshold) return;
    const told = redactor?.text(message) ?? message;
    write(`mailstore-mcp ${name}: ${toVisible(told.replaceAll(/[\r\n]+/g, ' '))}\n`);
  };
  return { error: at('error'), warn: at('warn'), info: at('info'), debug: at('debug') };
}
