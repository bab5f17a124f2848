import { settings } from '../config/settings.ts';

const SUBCOMMANDS = {
  serve: 'serve MCP over stdio (the default); --sandbox serves an embedded, emulated MailStore',
  tasks: 'show and steer long commands: tasks list | show ID | wait ID | cancel ID | prune --older-than DAYS',
  sandbox: 'run the emulated MailStore on its own, over HTTPS',
} as const;

/** Returns the text of `--help`: the subcommands, and every setting with its variable and flag. */
export function help(): string {
  const lines = settings.map(({ variable, flag, description, default: fallback, values }) => {
    const names = [flag, variable].filter((name) => name !== undefined).join(', ');
    const notes = [values?.join(' | '), fallback === undefined ? undefined : `default ${fallback}`].filter((note) => note !== undefined);
    return `  ${names}\n      ${description}${notes.length > 0 ? ` (${notes.join('; ')})` : ''}`;
  });
  return [
    'Usage: mailstore-mcp [serve | tasks | sandbox] [options]',
    '',
    ...Object.entries(SUBCOMMANDS).map(([name, text]) => `  ${name.padEnd(8)} ${text}`),
    '',
    'Settings of serve:',
    ...lines,
    '',
    'Options of sandbox:',
    '  --port, --host, --seed, --run-seconds, --dialect both|modern|2012, --api-disabled, --state FILE, --fault KIND, --password, --json',
    '',
  ].join('\n');
}
