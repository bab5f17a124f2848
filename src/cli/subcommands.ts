import type { Subcommand } from './define-subcommand.ts';

/** A loader for each subcommand, by its name; the type refuses a declaration of another name. */
type Loaders<Names extends string> = { readonly [Name in Names]: () => Promise<Subcommand<Name>> };

function keepNames<Names extends string>(loaders: Loaders<Names>): Loaders<Names> {
  return loaders;
}

/** Every subcommand, in the order of help and documentation. One is loaded when it is asked for. */
export const subcommands = keepNames({
  serve: async () => (await import('./serve.ts')).serveCommand,
  setup: async () => (await import('./setup.ts')).setup,
  doctor: async () => (await import('./doctor.ts')).doctor,
  call: async () => (await import('./call.ts')).call,
  tester: async () => (await import('./tester.ts')).tester,
  console: async () => (await import('./console.ts')).consoleCommand,
  tasks: async () => (await import('./tasks.ts')).tasks,
  approve: async () => (await import('./approve.ts')).approve,
  changes: async () => (await import('./changes.ts')).changes,
  audit: async () => (await import('./audit.ts')).audit,
  sandbox: async () => (await import('./sandbox.ts')).sandbox,
  completion: async () => (await import('./completion.ts')).completion,
  help: async () => (await import('./help.ts')).helpCommand,
  version: async () => (await import('./version-command.ts')).versionCommand,
});
