import { MailStoreError } from '../base/errors.ts';

/** Says on stderr in one line why the program ends; exit code 2 for what the configuration or the command line can mend, else 1. */
export function exitWithError(error: unknown): never {
  const message = error instanceof Error ? error.message : String(error);
  process.stderr.write(`mailstore-mcp: ${message}\n`);
  process.exit(error instanceof MailStoreError && error.audience === 'configuration' ? 2 : 1);
}
