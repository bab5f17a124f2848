import { settingList } from '../config/settings.ts';

export const SUBCOMMANDS = {
  serve: 'serve MCP over stdio (the default); --sandbox serves an embedded, emulated MailStore',
  tester: 'try commands in a page of your browser, and see what goes over the wire: tester | --sandbox | --port N | --json',
  call: 'call one command from here and see its answer: call <Command> name=value…; see call --help',
  tasks: 'show and steer long commands: tasks list | show ID | wait ID | cancel ID | prune --older-than DAYS',
  approve: 'say yes to a destructive call that an assistant asked for: approve | approve ID | approve ID --refuse',
  changes: 'show what writes changed, and put it back: changes list | show N | revert N',
  audit: 'show who called what, and check that nothing of it was changed: audit show | verify',
  sandbox: 'run the emulated MailStore on its own, over HTTPS',
} as const;

/** Returns the text of `--help`: the subcommands, and every setting with its variable and flag. */
export function help(): string {
  const lines = settingList.map(({ env, flag, summary, default: fallback, type: { values } }) => {
    const names = [flag, env].filter((name) => name !== undefined).join(', ');
    const notes = [values?.join(' | '), fallback === undefined ? undefined : `default ${fallback}`].filter((note) => note !== undefined);
    return `  ${names}\n      ${summary}${notes.length > 0 ? ` (${notes.join('; ')})` : ''}`;
  });
  return [
    'Usage: mailstore-mcp [subcommand] [options]',
    '',
    ...Object.entries(SUBCOMMANDS).map(([name, text]) => `  ${name.padEnd(8)} ${text}`),
    '',
    'Settings of serve:',
    ...lines,
    '',
    'Options of audit:',
    '  show: --since, --until (a day or a time), --command, --target, --decision, --outcome, --user, --limit N (50), --json',
    '  verify: --expect SEQUENCE:HASH, a line that was noted before and still has to be there',
    '',
    'Options of sandbox:',
    '  --port, --host, --seed, --run-seconds, --dialect both|modern|2012, --api-disabled, --state FILE, --fault KIND, --password, --json',
    '',
  ].join('\n');
}
