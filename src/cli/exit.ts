import { MailStoreError } from '../base/errors.ts';
import { toVisible } from '../base/visible.ts';
import { withoutStack } from '../wire/body.ts';

/** The exit code of a command that MailStore calls succeeded and that found errors. */
export const FOUND_ERRORS = 5;

/** Says on stderr in one line why the program ends, and ends it with the exit code of its error. */
export function exitWithError(error: unknown): never {
  sayError(error);
  process.exit(error instanceof MailStoreError ? error.exitCode : 1);
}

/** Says on stderr in one line what went wrong. */
export function sayError(error: unknown): void {
  const message = error instanceof MailStoreError ? error.message : withoutStack(error instanceof Error ? error.message : String(error));
  process.stderr.write(`mailstore-mcp: ${toVisible(message.replaceAll(/[\r\n]+/g, ' '))}\n`);
}
