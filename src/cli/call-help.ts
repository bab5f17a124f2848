import { commands } from '../../tools/index.ts';
import { GROUPS, type Command, type Effect } from '../catalogue/define-command.ts';
import { fieldTraits } from '../catalogue/fields.ts';
import { neededAccess } from '../policy/access.ts';
import { describeCommand } from '../tester/web/describe-commands.ts';

type Info = ReturnType<typeof describeCommand>;
type Field = Info['fields'][number];

/** The options of `call` beside the settings, as its help shows them. */
const OPTIONS: readonly (readonly [option: string, meaning: string])[] = [
  ['--list', 'all commands by group, with what they do to the archive'],
  ['--help', 'this text; with a command, its arguments'],
  ['--json FILE', 'arguments from a JSON file, or from stdin with -; name=value wins over them'],
  ['--format json|xml', 'xml asks in the 2012 form with XML answers, and writes the XML as it came'],
  ['--api auto|modern|legacy|legacy-xml', 'the form of the API to speak'],
  ['--target NAME', 'the target, where the configuration has more than one; a change must name it'],
  ['--access LEVEL', 'read-only (the default), read-write, or full; a destructive command also takes a typed yes'],
  ['--raw', 'the HTTP exchanges of the call as they went over the wire, credentials masked'],
  ['--no-wait', 'does not wait for the end of a long command, and writes the task'],
  ['--sandbox', 'calls an emulated MailStore inside this program'],
  ['--completion bash|zsh|powershell', 'the completion for a shell, to be loaded in its profile'],
];

/** What the exit code of `call` says. */
export const EXIT_CODES: readonly (readonly [code: number, meaning: string])[] = [
  [0, 'done'],
  [1, 'the command failed, or it is not known how it ended'],
  [2, 'the command line, the configuration or the login is wrong'],
  [3, 'refused by the access level, or nobody said yes; nothing was changed'],
  [4, 'the server could not be reached; nothing was changed'],
  [130, 'interrupted by Ctrl-C; a long command goes on'],
];

/** Returns the help of `call` itself. */
export function callHelp(): string {
  return [
    'Usage: mailstore-mcp call <Command> [name=value…] [options]',
    '',
    'Calls one command of the MailStore Management API and writes its answer. Lists are written one,two, objects as JSON, null clears.',
    'A secret may be named instead of written: \'password={"fromEnv": "MAILSTORE_SECRET_X"}\', {"fromFile": …} or {"generate": true}.',
    '',
    ...table(OPTIONS),
    '  Every setting of serve works here too; see mailstore-mcp --help.',
    '',
    'Exit codes:',
    ...table(EXIT_CODES.map(([code, meaning]) => [String(code), meaning])),
    '',
  ].join('\n');
}

/** Returns all commands by group, each with its effect and title. */
export function commandList(): string {
  const width = Math.max(...commands.map(({ name }) => name.length));
  return GROUPS.flatMap((group) => {
    const members = commands.filter((command) => command.group === group).map(describeCommand);
    if (members.length === 0) return [];
    return [
      group,
      ...members.map(({ name, effects, title }) => `  ${name.padEnd(width)}  ${effectWords(effects).padEnd(20)}  ${title}`),
      '',
    ];
  }).join('\n');
}

/** Returns the help of one command: what it does, its arguments, and an example. */
export function commandHelp(command: Command): string {
  const info = describeCommand(command);
  const { name, tool, title, summary, effects, needs, since, isLong, isDoubtful, fields } = info;
  const facts = [
    `Effect: ${effectWords(effects)}${effects[0] === 'read' ? '' : `; needs --access ${needs}`}${asksFor(info)}`,
    ...(since === undefined ? [] : [`Since: ${since}`]),
    ...(isLong ? ['Takes long: its progress is shown, and Ctrl-C leaves it running.'] : []),
    ...(isDoubtful ? ['Not every server has it.'] : []),
  ];
  return [
    `${name} (${tool}): ${title}`,
    summary,
    '',
    ...facts,
    '',
    fields.length === 0 ? 'It takes no arguments.' : 'Arguments:',
    ...table(fields.map((field) => [`${field.name}=${kindWords(field)}`, fieldWords(field)])),
    '',
    'Example:',
    `  mailstore-mcp call ${[name, ...Object.entries(command.examples[0]).map(([key, value]) => written(command, key, value))].join(' ')}`,
    '',
  ].join('\n');
}

function effectWords([mildest, worst]: readonly [Effect, Effect]): string {
  return mildest === worst ? worst : `${mildest} to ${worst}`;
}

function asksFor({ effects: [mildest, worst] }: Info): string {
  if (worst !== 'destructive') return mildest === worst || worst === 'read' ? '' : `, as a ${worst} --access ${neededAccess(worst)}`;
  return mildest === worst ? ' and a typed yes' : `, where destructive --access ${neededAccess(worst)} and a typed yes`;
}

function kindWords({ kind, choices }: Field): string {
  const words = choices?.join('|') ?? '';
  switch (kind) {
    case 'boolean':
      return 'true|false';
    case 'choice':
      return words;
    case 'choices':
      return `${words},…`;
    case 'list':
      return 'one,two,…';
    case 'json':
      return 'JSON';
    case 'datetime':
      return 'YYYY-MM-DDThh:mm:ss';
    case 'number':
      return 'NUMBER';
    case 'secret':
      return 'SECRET';
    case 'text':
      return 'TEXT';
  }
}

function fieldWords({ description, isRequired, isNullable, default: fallback }: Field): string {
  const notes = [
    ...(isRequired ? [] : ['optional']),
    ...(fallback === undefined ? [] : [`default ${fallback}`]),
    ...(isNullable ? ['null clears'] : []),
  ];
  return `${description}${notes.length === 0 ? '' : ` (${notes.join('; ')})`}`.trim();
}

/** Returns an argument as it is typed into bash or PowerShell. */
function written(command: Command, name: string, value: unknown): string {
  const schema = command.input[name];
  const isSecret = schema !== undefined && fieldTraits(schema).secret === true;
  const shown = isSecret ? { fromEnv: `MAILSTORE_SECRET_${name.toUpperCase()}` } : value;
  const text = Array.isArray(shown) ? shown.join(',') : typeof shown === 'string' ? shown : JSON.stringify(shown);
  const argument = `${name}=${text}`;
  return /^[\w=.,:/@+-]+$/.test(argument) ? argument : `'${argument.replaceAll("'", `'\\''`)}'`;
}

/** Aligns the second column; a first one that is too long gets a line of its own. */
function table(rows: readonly (readonly [string, string])[]): string[] {
  const width = Math.min(48, Math.max(0, ...rows.map(([first]) => first.length)));
  return rows.map(([first, second]) =>
    first.length <= width ? `  ${first.padEnd(width)}  ${second}`.trimEnd() : `  ${first}\n${' '.repeat(width + 4)}${second}`.trimEnd(),
  );
}
