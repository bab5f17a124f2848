import { Socket } from 'node:net';
import { MailStoreError } from '../base/errors.ts';
import { reserveStdout } from '../transports/stdio.ts';
import { loadSubcommand, type RunContext } from './define-subcommand.ts';
import { exitWithError } from './exit-codes.ts';
import { readPlainOptions } from './known-options.ts';
import type { Parsed } from './parse-command-line.ts';
import { subcommands } from './subcommands.ts';
import { watchOutput } from './watch-output.ts';

/** How long a client may take to say its first word, in milliseconds. */
const SILENCE_MS = 10_000;

async function main(words: readonly string[]): Promise<void> {
  const { name, args } = chooseSubcommand(words);
  // Modules that are loaded from here on could write to stdout, between two messages of the protocol.
  const reserved = name === 'serve' || (!isSubcommand(name) && isStartedByClient()) ? reserveStdout() : undefined;
  const context = { subcommands, ...(reserved && { reserved }) };
  const parsed = await parse(name, args, context);
  if (!parsed) return;
  if ('print' in parsed) {
    const { toShownPage } = await import('./screen.ts');
    (reserved ?? process.stdout).write(toShownPage(parsed.print, process.stdout));
  } else await parsed.action.run(parsed.given, context);
}

/** Returns what was written; undefined where it was a mistake that was reported to a client, which shows nothing of a program that exits. */
async function parse(name: string, args: readonly string[], context: RunContext): Promise<Parsed | undefined> {
  try {
    const subcommand = await loadSubcommand(name, context);
    const plain = name === 'serve' ? readPlainOptions(subcommand, args) : undefined;
    return plain ?? (await import('./parse-command-line.ts')).parseCommandLine(subcommand, args);
  } catch (error) {
    if (!context.reserved) throw error;
    const { serve } = await import('./serve.ts');
    await serve(async () => {
      throw process.stdin.isTTY || !(error instanceof MailStoreError) ? error : new MailStoreError('wrongArgs', { reason: error.message });
    }, context.reserved);
    // A script that keeps the pipe open and says nothing gets the exit code; a client begins to speak at once.
    const silence = isSubcommand(name) ? undefined : setTimeout(() => process.exit(2), SILENCE_MS);
    process.stdin.once('data', () => clearTimeout(silence));
    return undefined;
  }
}

function isSubcommand(name: string): boolean {
  return Object.hasOwn(subcommands, name);
}

/** True where both ends of the protocol are pipes, as a client has them: a word that is no subcommand is then a mistake in the client's file. */
function isStartedByClient(): boolean {
  return [process.stdin, process.stdout].every((stream) => stream instanceof Socket && !stream.isTTY);
}

/** Without a subcommand the program serves; the options that ask about the program itself are the same as `help` and `version`. */
function chooseSubcommand([first = 'serve', ...others]: readonly string[]): { readonly name: string; readonly args: readonly string[] } {
  if (first === '--help' || first === '-h') return { name: 'help', args: others };
  if (first === '--version' || first === '-v') return { name: 'version', args: others };
  return first.startsWith('-') ? { name: 'serve', args: [first, ...others] } : { name: first, args: others };
}

watchOutput();
/** Resolves when the action is done; a server goes on. */
export const done = main(process.argv.slice(2)).catch(exitWithError);
