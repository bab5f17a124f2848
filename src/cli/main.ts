import { reserveStdout, type ReservedStdout } from '../transports/stdio.ts';
import { loadSubcommand, type Subcommand } from './define-subcommand.ts';
import { exitWithError } from './exit-codes.ts';
import { readPlainOptions } from './known-options.ts';
import type { Parsed } from './parse-command-line.ts';
import { subcommands } from './subcommands.ts';
import { watchOutput } from './watch-output.ts';

async function main(words: readonly string[]): Promise<void> {
  const { name, args } = chooseSubcommand(words);
  // Modules that are loaded from here on could write to stdout, between two messages of the protocol.
  const reserved = name === 'serve' ? reserveStdout() : undefined;
  const context = { subcommands, ...(reserved && { reserved }) };
  const subcommand = await loadSubcommand(name, context);
  const plain = name === 'serve' ? readPlainOptions(subcommand, args) : undefined;
  const parsed = plain ?? (await parse(subcommand, args, reserved));
  if (!parsed) return;
  if ('print' in parsed) (reserved ?? process.stdout).write(parsed.print);
  else await parsed.action.run(parsed.given, context);
}

/** Returns what was written; undefined where it was a mistake that was reported to a client, which shows nothing of a program that exits. */
async function parse(subcommand: Subcommand, args: readonly string[], reserved: ReservedStdout | undefined): Promise<Parsed | undefined> {
  const { parseCommandLine } = await import('./parse-command-line.ts');
  try {
    return parseCommandLine(subcommand, args);
  } catch (error) {
    if (!reserved) throw error;
    await (
      await import('./serve.ts')
    ).serve(async () => {
      throw error;
    }, reserved);
    return undefined;
  }
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
