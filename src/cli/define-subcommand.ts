import { MailStoreError } from '../base/errors.ts';
import { nearest } from '../base/nearest.ts';
import type { SettingType } from '../config/setting-types.ts';
import type { reserveStdout } from '../transports/stdio.ts';

/** An option of an action; one without a type is a switch. */
export interface Option<Value = unknown> {
  readonly summary: string;
  readonly type?: SettingType<unknown>;
  /** One letter, where people expect one: `o` for `-o`. */
  readonly short?: string;
  /** The text that holds where the option is left out. */
  readonly default?: string;
  /** Only in the types: what `run` is given. */
  readonly value?: Value;
}

/** A word that is no option. The last one of an action may take all that follow. */
export interface Argument<Value = unknown> {
  readonly summary: string;
  readonly type: SettingType<unknown>;
  readonly presence: 'required' | 'optional' | 'any number';
  /** Returns what the word at the cursor may become, from the words before it. A candidate that ends with `=` is continued. */
  readonly complete?: (current: string, before: readonly string[], context: RunContext) => readonly string[];
  readonly value?: Value;
}

/** Declares an option without a value, such as `--json`. */
export function flag(summary: string): Option<boolean> {
  return { summary };
}

/** Declares an option with a value, such as `--limit 50`. */
export function option<Value>(type: SettingType<Value>, summary: string, fallback: string | number): Option<Value>;
export function option<Value>(type: SettingType<Value>, summary: string): Option<Value | undefined>;
export function option<Value>(type: SettingType<Value>, summary: string, fallback?: string | number): Option<Value | undefined> {
  return { type, summary, ...(fallback !== undefined && { default: String(fallback) }) };
}

/** Declares a word that must be there. */
export function argument<Value>(type: SettingType<Value>, summary: string, complete?: Argument['complete']): Argument<Value> {
  return { type, summary, presence: 'required', ...(complete && { complete }) };
}

/** Declares a word that may be left out. */
export function optionalArgument<Value>(
  type: SettingType<Value>,
  summary: string,
  complete?: Argument['complete'],
): Argument<Value | undefined> {
  return { type, summary, presence: 'optional', ...(complete && { complete }) };
}

/** Declares the words that may follow. */
export function otherArguments<Value>(
  type: SettingType<Value>,
  summary: string,
  complete?: Argument['complete'],
): Argument<readonly Value[]> {
  return { type, summary, presence: 'any number', ...(complete && { complete }) };
}

type Options = Readonly<Record<string, Option>>;
type DeclaredArguments = Readonly<Record<string, Argument>>;
type Values<Declared> = { readonly [Name in keyof Declared]: Declared[Name] extends { readonly value?: infer Value } ? Value : never };

/** What an action is run with: its options and arguments by name, and the settings that were given as options, by flag. */
export type Given<O = Options, A = DeclaredArguments> = Values<O> & Values<A> & { readonly flags: Readonly<Record<string, string>> };

/** What the program hands to an action in addition to the command line. */
export interface RunContext {
  /** The way to the client, where stdout was reserved for the protocol before anything else was loaded. */
  readonly reserved?: ReturnType<typeof reserveStdout>;
  /** A loader for each subcommand, by its name. */
  readonly subcommands: Readonly<Record<string, () => Promise<Subcommand>>>;
}

/** Loads the declaration of a subcommand. Throws MailStoreError with the nearest name where there is none. */
export async function loadSubcommand(name: string, { subcommands }: RunContext): Promise<Subcommand> {
  const load = Object.hasOwn(subcommands, name) ? subcommands[name] : undefined;
  if (load) return load();
  throw new MailStoreError('unknownSubcommand', { name, nearest: nearest(name, Object.keys(subcommands)) });
}

export interface Example {
  /** The words after `mailstore-mcp`. */
  readonly line: string;
  readonly shows: string;
}

export interface SubcommandAction<O extends Options = Options, A extends DeclaredArguments = DeclaredArguments> {
  /** One phrase that begins with a verb; without it, the summary of the subcommand. */
  readonly summary?: string;
  /** Options by their name in `run`: `olderThan` is written `--older-than`. */
  readonly options?: O;
  /** Arguments in their order. */
  readonly arguments?: A;
  readonly examples: readonly [Example, ...Example[]];
  /** Sentences and tables below the options, such as exit codes. */
  readonly notes?: () => string;
  /** Returns a page for these words in place of the action's own help, such as the help of one MailStore command. */
  readonly helpFor?: (words: readonly string[]) => string | undefined;
  run(given: Given<O, A>, context: RunContext): void | Promise<void>;
}

/** Which settings a subcommand takes as options. */
export type TakenSettings = 'all' | 'state' | 'none';

export interface Subcommand<Name extends string = string> {
  readonly name: Name;
  /** One phrase that begins with a verb. */
  readonly summary: string;
  readonly settings: TakenSettings;
  /** Its actions by name; a subcommand without actions has one under the name ''. */
  readonly actions: Readonly<Record<string, SubcommandAction>>;
  /** The action that runs where none is named. */
  readonly defaultAction: string;
}

/** Declares one action of a subcommand. Parsing, help, completion and docs/cli.md follow from it. */
export function defineAction<const O extends Options = Record<never, Option>, const A extends DeclaredArguments = Record<never, Argument>>(
  action: SubcommandAction<O, A>,
): SubcommandAction {
  // `run` is given exactly what its own options and arguments were read as.
  return action;
}

/** Declares a subcommand: with actions, or with one `action` of its own. Parsing, help, completion and docs/cli.md follow from it. */
export function defineSubcommand<const Name extends string>(
  declaration: Omit<Subcommand<Name>, 'actions' | 'defaultAction'> &
    ({ readonly action: SubcommandAction } | { readonly actions: Subcommand['actions']; readonly defaultAction: string }),
): Subcommand<Name> {
  const { name, summary, settings } = declaration;
  return 'action' in declaration
    ? { name, summary, settings, actions: { '': declaration.action }, defaultAction: '' }
    : { name, summary, settings, actions: declaration.actions, defaultAction: declaration.defaultAction };
}

/** Returns an option as it is written: `olderThan` as `--older-than`. */
export function optionFlag(name: string): string {
  return `--${name.replaceAll(/[A-Z]/g, (capital) => `-${capital.toLowerCase()}`)}`;
}
