import { defineAction, defineSubcommand } from './define-subcommand.ts';
import { version } from './version.ts';

export const versionCommand = defineSubcommand({
  name: 'version',
  summary: 'show the version',
  settings: 'none',
  action: defineAction({
    examples: [{ line: 'version', shows: 'the version of this installation' }],
    run: () => void process.stdout.write(`${version}\n`),
  }),
});
