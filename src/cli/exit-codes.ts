import { MailStoreError } from '../base/errors.ts';
import { toVisible } from '../base/escape-hidden.ts';
import { stripStack } from '../base/strip-stack.ts';

/** The exit code of a program that was asked to end. */
export const INTERRUPTED = 130;

/** The exit code of a command that MailStore calls succeeded and that found errors. */
export const FOUND_ERRORS = 5;

/** Says on stderr in one line why the program ends, and ends it with the exit code of its error. */
export function exitWithError(error: unknown): never {
  sayError(error);
  process.exit(error instanceof MailStoreError ? error.exitCode : 1);
}

/** Says on stderr in one line what went wrong. */
export function sayError(error: unknown): void {
  const message = error instanceof MailStoreError ? error.message : stripStack(error instanceof Error ? error.message : String(error));
  process.stderr.write(`mailstore-mcp: ${toVisible(message.replaceAll(/[\r\n]+/g, ' '))}\n`);
}

/** What the exit code of `call` says. */
export const EXIT_CODES: readonly (readonly [code: number, meaning: string])[] = [
  [0, 'done'],
  [1, 'the command failed, or it is not known how it ended'],
  [2, 'the command line, the configuration or the login is wrong'],
  [3, 'refused by the access level, or no one approved it; nothing was changed'],
  [4, 'the server could not be reached; nothing was changed'],
  [5, 'finished, and found errors: MailStore calls it succeeded, and its messages report errors'],
  [INTERRUPTED, 'interrupted, as by Ctrl-C; a long command goes on'],
];
