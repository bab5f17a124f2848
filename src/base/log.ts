export const LOG_LEVELS = ['error', 'warn', 'info', 'debug'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export type Log = Record<LogLevel, (message: string) => void>;

/** Writes one line per message to stderr; stdout belongs to the protocol. */
export function createLog(level: LogLevel, write = (line: string) => void process.stderr.write(line)): Log {
  const threshold = LOG_LEVELS.indexOf(level);
  const at = (name: LogLevel) => (message: string) => {
    if (LOG_LEVELS.indexOf(name) <= threshold) write(`mailstore-mcp ${name}: ${message.replaceAll(/[\r\n]+/g, ' ')}\n`);
  };
  return { error: at('error'), warn: at('warn'), info: at('info'), debug: at('debug') };
}
