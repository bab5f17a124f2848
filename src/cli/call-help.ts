import { EXIT_CODES } from './exit-codes.ts';
import { catalogueFor } from '../../tools/index.ts';
import type { Catalogue } from '../catalogue/catalogue.ts';
import { GROUPS, type Command, type Effect } from '../catalogue/define-command.ts';
import type { Insight } from '../catalogue/define-insight.ts';
import { fieldTraits, wireType } from '../catalogue/fields.ts';
import { toolName } from '../catalogue/naming.ts';
import { settings } from '../config/settings.ts';
import { neededAccess } from '../policy/access.ts';
import { findInsight, findNamed, requireNamed } from '../tester/find-command.ts';
import { listWords } from '../tester/read-arguments.ts';
import { describeCommand, describeFields } from '../tester/describe-commands.ts';
import { describeSafety, risksLabel } from '../tester/safety-words.ts';
import { startingWith } from './completion.ts';
import { formatRows, wrapLines } from './help-text.ts';

type Info = ReturnType<typeof describeCommand>;
type CallField = Info['fields'][number];

/** Help and completion know no target: they show the default edition. */
function helpCatalogue(): Catalogue {
  return catalogueFor(settings.edition.default);
}

/** Returns what the help of `call` says below its options. */
export function callNotes(): string {
  return [
    'A secret may be named instead of written: \'password={"fromEnv": "MAILSTORE_SECRET_X"}\', {"fromFile": …} or {"generate": true}.',
    'With password=- it is asked for, or read from a line of stdin; in the command line itself, every user of the machine can see it.',
    '',
    'Exit codes:',
    formatRows(EXIT_CODES.map(([code, meaning]) => [String(code), meaning])),
  ].join('\n');
}

/** Returns the names of commands and insights that begin with a text, in the spelling that it has begun. */
export function completeCommand(current: string): readonly string[] {
  const { commands, insights } = helpCatalogue();
  const names = commands.map(({ name }) => (current.includes('_') ? toolName(name) : name));
  return startingWith(current, [...names, ...insights.map(({ name }) => name)].toSorted());
}

/** Returns what `name=value` may become: the names that are still free, or the values of a name. */
export function completePair(current: string, [name = '', ...pairs]: readonly string[]): readonly string[] {
  const command = findNamed(helpCatalogue(), name) ?? findInsight(helpCatalogue(), name);
  if (!command) return [];
  const equals = current.indexOf('=');
  if (equals >= 0) return completeValue(command, current.slice(0, equals), current.slice(equals + 1));
  const given = new Set(pairs.map((pair) => pair.split('=', 1)[0]?.toLowerCase()));
  const names = Object.keys(command.input).filter((argument) => !given.has(argument.toLowerCase()));
  return startingWith(
    current,
    names.map((argument) => `${argument}=`),
  );
}

function completeValue(command: Pick<Command, 'input'>, written: string, value: string): readonly string[] {
  const entry = Object.entries(command.input).find(([name]) => name.toLowerCase() === written.toLowerCase());
  if (!entry) return [];
  const [name, schema] = entry;
  const comma = wireType(schema) === 'csv' ? value.lastIndexOf(',') + 1 : 0;
  return startingWith(value.slice(comma), listWords(schema)).map((word) => `${name}=${value.slice(0, comma)}${word}`);
}

/** Returns all insights and commands by group, each with its title, its effect and its risk. */
export function commandList(): string {
  const { commands, insights } = helpCatalogue();
  const sections: (readonly [group: string, rows: readonly (readonly [name: string, text: string])[]])[] = [
    ['insights', insights.map(({ name, title }) => [name, `${title} (read)`])],
    ...GROUPS.map((group) => {
      const members = commands.filter((command) => command.group === group).map((command) => describeCommand(command));
      return [
        group,
        members.map(({ name, effects, risks, title }) => {
          const safety = [effectWords(effects), risksLabel(risks)].filter((word) => word !== undefined);
          return [name, `${title} (${safety.join(', ')})`] as const;
        }),
      ] as const;
    }),
  ];
  return sections
    .filter(([, rows]) => rows.length > 0)
    .map(([group, rows]) => `${group}\n${formatRows(rows)}\n`)
    .join('\n');
}

/** Returns the help of the command or insight of this name. Throws MailStoreError with the nearest right spelling where there is none. */
export function helpFor(name: string): string {
  const insight = findInsight(helpCatalogue(), name);
  return insight ? insightHelp(insight) : commandHelp(requireNamed(helpCatalogue(), name));
}

function insightHelp({ name, title, summary, input, reads }: Insight): string {
  return [
    wrapLines([`${name}: ${title}`, summary, '', `Effect: read, by ${reads.map(toolName).join(', ')}`, ''].join('\n')),
    argumentTable(describeFields(input)),
    '',
    'Example:',
    `  mailstore-mcp call ${name}`,
    '',
  ].join('\n');
}

/** Returns the help of one command: what it does, its arguments, and an example. */
function commandHelp(command: Command): string {
  const info = describeCommand(command);
  const { name, tool, title, summary, effects, needs, since, isLong, isDoubtful, fields } = info;
  const facts = [
    `Effect: ${effectWords(effects)}${effects[0] === 'read' ? '' : `; needs --access ${needs}`}${asksFor(info)}`,
    ...describeSafety(info),
    ...(since === undefined ? [] : [`Since: ${since}`]),
    ...(isLong ? ['Takes long: its progress is shown, and Ctrl-C leaves it running.'] : []),
    ...(isDoubtful ? ['Not every server has it.'] : []),
  ];
  return [
    wrapLines([`${name} (${tool}): ${title}`, summary, '', ...facts, ''].join('\n')),
    argumentTable(fields),
    '',
    'Example:',
    `  mailstore-mcp call ${[name, ...Object.entries(command.examples[0]).map(([key, value]) => written(command, key, value))].join(' ')}`,
    '',
  ].join('\n');
}

function argumentTable(fields: readonly CallField[]): string {
  if (fields.length === 0) return 'It takes no arguments.';
  return `Arguments:\n${formatRows(fields.map((field) => [`${field.name}=${kindWords(field)}`, fieldWords(field)]))}`;
}

function effectWords([mildest, worst]: readonly [Effect, Effect]): string {
  return mildest === worst ? worst : `${mildest} to ${worst}`;
}

function asksFor({ effects: [mildest, worst] }: Info): string {
  if (worst !== 'destructive') return mildest === worst || worst === 'read' ? '' : `, as a ${worst} --access ${neededAccess(worst)}`;
  return mildest === worst ? ' and a typed yes' : `, where destructive --access ${neededAccess(worst)} and a typed yes`;
}

function kindWords({ kind, choices }: CallField): string {
  const words = choices?.join('|') ?? '';
  switch (kind) {
    case 'boolean':
      return 'true|false';
    case 'choice':
      return isLong(words) ? 'WORD' : words;
    case 'choices':
      return isLong(words) ? 'WORD,…' : `${words},…`;
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

function isLong(words: string): boolean {
  return words.length > 48;
}

function fieldWords({ description, isRequired, isNullable, choices = [], default: fallback }: CallField): string {
  const notes = [
    ...(isLong(choices.join('|')) ? [`words: ${choices.join(', ')}`] : []),
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
