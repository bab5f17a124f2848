import { text } from '../config/setting-types.ts';
import { settingList } from '../config/settings.ts';
import { defineAction, defineSubcommand, loadSubcommand, optionalArgument, type RunContext } from './define-subcommand.ts';
import { startingWith } from './completion.ts';
import { formatRows, wrapLines } from './help-text.ts';
import { parseCommandLine } from './parse-command-line.ts';
import { toShownPage } from './screen.ts';

export const helpCommand = defineSubcommand({
  name: 'help',
  summary: 'show all subcommands and settings, or the help of one subcommand',
  settings: 'none',
  action: defineAction({
    arguments: {
      subcommand: optionalArgument(text('SUBCOMMAND'), 'the subcommand to explain', (current, _before, { subcommands }) =>
        startingWith(current, Object.keys(subcommands)),
      ),
      action: optionalArgument(text('ACTION'), 'one of its actions'),
    },
    examples: [
      { line: 'help', shows: 'all subcommands, and every setting with its variable and option' },
      { line: 'help tasks', shows: 'the actions of tasks, as mailstore-mcp tasks --help does' },
    ],
    run: async ({ subcommand, action }, context) => {
      const page = subcommand === undefined ? await programHelp(context) : await subcommandPage(subcommand, action, context);
      process.stdout.write(toShownPage(page, process.stdout));
    },
  }),
});

/** Returns the help of a subcommand or one of its actions. Throws MailStoreError with the nearest name where there is none. */
async function subcommandPage(name: string, action: string | undefined, context: RunContext): Promise<string> {
  const parsed = parseCommandLine(await loadSubcommand(name, context), [...(action === undefined ? [] : [action]), '--help']);
  return 'print' in parsed ? parsed.print : '';
}

/** Returns the text of `mailstore-mcp --help`. */
async function programHelp({ subcommands }: RunContext): Promise<string> {
  const declarations = await Promise.all(Object.values(subcommands).map((load) => load()));
  const settings = settingList.map(({ env, flag, summary, default: fallback, type: { values } }) => {
    const notes = [values?.join(' | '), fallback === undefined ? undefined : `default ${fallback}`].filter((note) => note !== undefined);
    return [
      [flag, env].filter((name) => name !== undefined).join(', '),
      `${summary}${notes.length > 0 ? ` (${notes.join('; ')})` : ''}`,
    ] as const;
  });
  return [
    'Usage: mailstore-mcp [SUBCOMMAND] [options]',
    'Without a subcommand it serves MCP over stdio.',
    `Subcommands:\n${formatRows(declarations.map(({ name, summary }) => [name, summary]))}`,
    `Settings, as option and variable:\n${formatRows(settings)}`,
    wrapLines('mailstore-mcp SUBCOMMAND --help shows the options of a subcommand, with examples.\n'),
  ].join('\n\n');
}
