import { Command, CommanderError, Option as CommanderOption } from 'commander';
import { MailStoreError } from '../base/errors.ts';
import { nearest } from '../base/nearest.ts';
import type { SubcommandAction, Given, Subcommand } from './define-subcommand.ts';
import { judgeVariable, settingList } from '../config/settings.ts';
import { exampleLines, HelpPage, optionSummary, subcommandHelp, toSentence, wrapLines } from './help-text.ts';
import { chooseAction, hasActions, optionsFor, wordsAmong, type KnownOption } from './known-options.ts';
import { version } from './version.ts';

/** What a command line asks for: an action with what it was given, or a text to print. */
export type Parsed = { readonly action: SubcommandAction; readonly given: Given } | { readonly print: string };

/**
 * Reads the words after the subcommand's name. Throws MailStoreError of the audience `configuration` on anything that the declaration does not
 * name, with the nearest right spelling, and on values that their types refuse.
 */
export function parseCommandLine(subcommand: Subcommand, args: readonly string[]): Parsed {
  const [first] = args;
  if (hasActions(subcommand) && (first === '--help' || first === '-h')) return { print: subcommandHelp(subcommand) };
  const { name, action, rest } = chooseAction(subcommand, args);
  const options = optionsFor(subcommand, action);
  refuseMissingValues(options, rest);
  const command = createCommand(subcommand, name, action);
  let output = '';
  command.exitOverride().configureOutput({ writeOut: (text) => (output += text), writeErr: () => undefined });
  try {
    command.parse([...rest], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.code === 'commander.version') return { print: output };
    return { print: action.helpFor?.(wordsAmong(rest, options)) ?? output };
  }
  const given: Record<string, unknown> = {};
  const flags: Record<string, string> = {};
  for (const option of options) {
    const written = command.options.find(({ long }) => long === option.flag);
    const value: unknown = written && command.getOptionValue(written.attributeName());
    if (option.name === undefined) {
      if (typeof value === 'string') flags[option.flag] = value;
    } else if (option.type) {
      given[option.name] = value === undefined && option.default !== undefined ? option.type.read(option.default, option.flag) : value;
    } else {
      given[option.name] = value === !written?.negate;
    }
  }
  for (const [index, [argumentName, { type, presence }]] of Object.entries(action.arguments ?? {}).entries()) {
    const read = (text: string) => type.read(text, argumentName);
    const word = command.args[index];
    given[argumentName] = presence === 'any number' ? command.args.slice(index).map(read) : word === undefined ? undefined : read(word);
  }
  return { action, given: { ...given, flags } };
}

/** `--state-dir --sandbox` leaves a value out; `--state-dir=--x` gives one. The library would take the next option for the value. */
function refuseMissingValues(options: readonly KnownOption[], args: readonly string[]): void {
  for (const [index, word] of args.entries()) {
    if (word === '--') return;
    const option = options.find(({ flag, type }) => type !== undefined && flag === word);
    if (option && (args[index + 1]?.startsWith('--') ?? true)) throw missingValue(option);
  }
}

function missingValue({ flag, type }: KnownOption): MailStoreError {
  return new MailStoreError('missingValue', { option: flag, placeholder: type?.placeholder ?? 'VALUE' });
}

/** The library's command with its refusals said by the error table. These methods of the library are where each refusal is made. */
class DeclaredCommand extends Command {
  readonly #known: readonly KnownOption[];
  readonly #declaration: SubcommandAction;

  constructor(name: string, declaration: SubcommandAction, known: readonly KnownOption[]) {
    super(name);
    this.#declaration = declaration;
    this.#known = known;
  }

  override createHelp(): HelpPage {
    return new HelpPage();
  }

  unknownOption(written: string): never {
    const [name = written] = written.split(/[=\s]/, 1);
    const known = this.#known.find(({ flag }) => flag === name);
    const value = written.slice(name.length + 1).trim();
    if (known?.type && value !== '') throw new MailStoreError('joinedWords', { option: name, value: known.type.show(value) ?? '…' });
    if (known && !known.type) throw new MailStoreError('invalidSetting', { setting: name, expected: 'given without a value' });
    const flags = [...this.#known.map(({ flag }) => flag), '--help', '--version'];
    // What follows the letters may be a password, as in `-pSECRET`.
    const option = /^(?:-[^-]|--[a-z_]+(?:-[a-z_]+)*)/i.exec(name)?.[0] ?? '-';
    const close = nearest(name, flags) ?? findVariable(name);
    throw new MailStoreError('unknownOption', { option, nearest: close, help: `${this.name()} --help` });
  }

  missingArgument(placeholder: string): never {
    const found = Object.values(this.#declaration.arguments ?? {}).find(({ type }) => type.placeholder === placeholder);
    throw new MailStoreError('missingArgument', { command: this.name(), placeholder, summary: found?.summary ?? '' });
  }

  optionMissingArgument({ long }: CommanderOption): never {
    const flag = long ?? '';
    throw missingValue(this.#known.find((option) => option.flag === flag) ?? { flag, summary: '' });
  }

  _excessArguments(words: readonly string[]): never {
    const word = words[Object.keys(this.#declaration.arguments ?? {}).length] ?? '';
    const flags = this.#known.map(({ flag }) => flag);
    throw new MailStoreError('unexpectedWord', { word, nearest: nearest(`--${word}`, flags), help: `${this.name()} --help` });
  }
}

/** Returns the variable that an option was probably meant to be, such as that of the password, which no option takes. */
function findVariable(option: string): string | undefined {
  const name = `MAILSTORE_${option.replace(/^-+/, '').replaceAll('-', '_').toUpperCase()}`;
  const { kind, meant = kind === 'setting' ? name : undefined } = judgeVariable(name);
  const found = settingList.find(({ env, flag }) => env === meant && flag === undefined);
  return found && `the variable ${found.env}`;
}

function createCommand(subcommand: Subcommand, actionName: string, action: SubcommandAction): Command {
  const options = optionsFor(subcommand, action);
  const name = ['mailstore-mcp', subcommand.name, actionName].filter((word) => word !== '').join(' ');
  const command = new DeclaredCommand(name, action, options);
  command.description(toSentence(action.summary ?? subcommand.summary)).allowExcessArguments(false);
  command.helpOption('-h, --help', 'show this help').version(version, '-v, --version', 'show the version');
  for (const { type, summary, presence } of Object.values(action.arguments ?? {})) {
    const placeholder = presence === 'any number' ? `${type.placeholder}...` : type.placeholder;
    command.argument(presence === 'required' ? `<${placeholder}>` : `[${placeholder}]`, summary);
  }
  for (const option of options) {
    const { flag, type, short } = option;
    const written = short === undefined ? flag : `-${short}, ${flag}`;
    const declared = new CommanderOption(type ? `${written} <${type.placeholder}>` : written, optionSummary(option));
    if (option.name === undefined) declared.helpGroup('Settings:');
    if (type) {
      declared.argParser((text: string) => {
        if (text === '') throw missingValue(option);
        return type.read(text, flag);
      });
    }
    command.addOption(declared);
  }
  return command.addHelpText(
    'after',
    `\n${[`Examples:\n${exampleLines(action.examples)}`, ...(action.notes ? [wrapLines(action.notes())] : [])].join('\n\n')}`,
  );
}
