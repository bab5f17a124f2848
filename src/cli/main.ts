import { MailStoreError } from '../base/errors.ts';
import { nearest } from '../base/nearest.ts';
import { reserveStdout } from '../transports/stdio.ts';
import { exitWithError } from './exit.ts';
import { watchOutput } from './watch-output.ts';

/** One file for each subcommand, loaded when it is the one that was asked for. */
const subcommands: Readonly<Record<string, (args: readonly string[]) => Promise<void>>> = {
  serve: async (args) => {
    const stdout = reserveStdout();
    const { serve } = await import('./serve.ts');
    await serve(args, stdout);
  },
  tester: async (args) => (await import('./tester.ts')).tester(args),
  call: async (args) => (await import('./call.ts')).call(args),
  approve: async (args) => (await import('./approve.ts')).approve(args),
  changes: async (args) => (await import('./changes.ts')).changes(args),
  audit: async (args) => (await import('./audit.ts')).audit(args),
  tasks: async (args) => (await import('./tasks.ts')).tasks(args),
  sandbox: async (args) => (await import('./sandbox.ts')).sandbox(args),
};

/** The subcommands that have a help of their own. */
const WITH_HELP: ReadonlySet<string> = new Set(['call']);

async function main([first = 'serve', ...others]: readonly string[]): Promise<void> {
  const [name, args] = first.startsWith('-') ? ['serve', [first, ...others]] : [first, others];
  if (args.includes('--version')) {
    process.stdout.write(`${(await import('./version.ts')).version}\n`);
  } else if (name === 'help' || (args.includes('--help') && !WITH_HELP.has(name))) {
    process.stdout.write((await import('./help.ts')).help());
  } else {
    const subcommand = Object.hasOwn(subcommands, name) ? subcommands[name] : undefined;
    if (!subcommand) throw new MailStoreError('unknownSubcommand', { name, nearest: nearest(name, Object.keys(subcommands)) });
    await subcommand(args);
  }
}

watchOutput();
main(process.argv.slice(2)).catch(exitWithError);
