import { MailStoreError } from '../base/errors.ts';
import { nearest } from '../base/nearest.ts';
import type { SettingType } from '../config/setting-types.ts';
import { settingList } from '../config/settings.ts';
import { optionFlag, type SubcommandAction, type Given, type Subcommand } from './define-subcommand.ts';

/** An option of an action or a setting, as the command line knows it. */
export interface KnownOption {
  /** The option as it is written, such as `--older-than`. */
  readonly flag: string;
  /** The name under which `run` gets it; undefined for a setting, which is passed on as it was written. */
  readonly name?: string;
  readonly summary: string;
  readonly type?: SettingType<unknown>;
  readonly short?: string;
  readonly default?: string;
}

const STATE_SETTINGS: readonly string[] = ['stateDir', 'config'];

/** Returns every option of an action: its own, then the settings that the subcommand takes. */
export function optionsFor({ settings }: Subcommand, action: SubcommandAction): readonly KnownOption[] {
  const own = Object.entries(action.options ?? {}).map(([name, option]) => ({ ...option, name, flag: optionFlag(name) }));
  const taken = settingList.filter(({ key }) => settings === 'all' || (settings === 'state' && STATE_SETTINGS.includes(key)));
  const shared = taken.flatMap(({ flag, summary, type }) => {
    const isOwn = own.some((option) => option.flag === flag);
    return flag === undefined || isOwn ? [] : [{ flag, summary, type: { ...type, read: (text: string) => text } }];
  });
  return [...own, ...shared];
}

/** Splits the action's name off. Throws MailStoreError with the nearest name for a word that is none. */
export function chooseAction(
  subcommand: Subcommand,
  args: readonly string[],
): { name: string; action: SubcommandAction; rest: readonly string[] } {
  const { actions, defaultAction } = subcommand;
  const [first, ...others] = args;
  const isNamed = hasActions(subcommand) && first !== undefined && !first.startsWith('-');
  const name = isNamed ? first : defaultAction;
  const action = Object.hasOwn(actions, name) ? actions[name] : undefined;
  if (action) return { name, action, rest: isNamed ? others : args };
  throw new MailStoreError('unknownSubcommand', { name: `${subcommand.name} ${name}`, nearest: nearest(name, Object.keys(actions)) });
}

export function hasActions({ actions }: Subcommand): boolean {
  return !Object.hasOwn(actions, '');
}

/**
 * Reads a command line that consists of nothing but complete options of the subcommand's one action, without loading the library, which costs
 * `serve` start time. Returns undefined for every other command line: `parseCommandLine` reads it or says what is wrong.
 */
export function readPlainOptions(
  subcommand: Subcommand,
  args: readonly string[],
): { readonly action: SubcommandAction; readonly given: Given } | undefined {
  const { action } = chooseAction(subcommand, []);
  const options = optionsFor(subcommand, action);
  const given: Record<string, unknown> = {};
  const flags: Record<string, string> = {};
  for (const { name, type } of options) if (name !== undefined && !type) given[name] = false;
  for (let index = 0; index < args.length; index++) {
    const option = options.find(({ flag }) => flag === args[index]);
    if (!option || (option.name !== undefined && option.type)) return undefined;
    if (!option.type) {
      given[option.name ?? ''] = true;
      continue;
    }
    const value = args[++index];
    if (value === undefined || value === '' || value.startsWith('--')) return undefined;
    flags[option.flag] = value;
  }
  return { action, given: { ...given, flags } };
}

/** Returns the words that are neither options nor their values. */
export function wordsAmong(args: readonly string[], options: readonly KnownOption[]): readonly string[] {
  const takesValue = (word: string | undefined) => options.some(({ flag, type }) => type !== undefined && flag === word);
  return args.filter((word, index) => !word.startsWith('-') && !takesValue(args[index - 1]));
}
