import * as z from 'zod';
import { parseAction } from '../base/action.ts';
import { MailStoreError } from '../base/errors.ts';
import { nearest } from '../base/nearest.ts';
import type { Arguments, Command } from './define-command.ts';
import { callerShape, fieldTraits, isSecretReference, readActionObject, sentFields, wireType, type ActionObject } from './fields.ts';
import { readArgumentsLeniently } from './lenient.ts';
import { toolName } from './naming.ts';
import { isSameName } from './risk.ts';

/**
 * Builds the text of a job's action where a call gives it as an object with the command and its arguments, which are checked as in a call of that
 * command. Of an action that is text already, the names of the arguments are checked: with a mistyped one it would fail each time that it runs. Throws MailStoreError `invalidArguments` for a command that is not among `commands`, arguments that it does not take, and values that
 * the notation of actions cannot hold.
 */
export function completeAction(tool: string, { input }: Pick<Command, 'input'>, args: Arguments, commands: readonly Command[]): Arguments {
  const name = Object.keys(input).find((argument) => fieldTraits(input[argument] as z.ZodType).isAction === true);
  if (name === undefined) return args;
  const stated = args[name];
  const given = readActionObject(stated);
  const { text, problems = [] } = given
    ? writeAction(given, commands)
    : { text: stated, problems: typeof stated === 'string' ? checkNames(stated, commands) : [] };
  if (problems.length > 0)
    throw new MailStoreError('invalidArguments', { tool, problems: problems.map((problem) => `${name}: ${problem}`) });
  return given ? { ...args, [name]: text } : args;
}

/** Returns what is wrong in the names of an action that is text. One that cannot be read, or whose command is not known, is judged elsewhere. */
function checkNames(action: string, commands: readonly Command[]): readonly string[] {
  const stored = readStored(action);
  const command = commands.find(({ name }) => isSameName(name, stored?.command));
  if (!stored || !command) return [];
  const taken = [...Object.keys(sentFields(command.input)), ...Object.keys(command.constants ?? {})];
  const unknown = Object.keys(stored.args).filter((name) => !taken.some((one) => isSameName(one, name)));
  return unknown.length > 0 ? [refuseNames(command, taken, unknown)] : [];
}

function readStored(action: string): ReturnType<typeof parseAction> | undefined {
  try {
    return parseAction(action);
  } catch {
    return undefined;
  }
}

function refuseNames(command: Command, taken: readonly string[], unknown: readonly string[]): string {
  return `${toolName(command.name)} takes ${taken.join(', ') || 'no arguments'}, and not ${unknown.join(', ')}`;
}

type WrittenAction =
  | { readonly text: string; readonly problems?: undefined }
  | { readonly text?: undefined; readonly problems: readonly string[] };

function writeAction({ command: named, arguments: args = {} }: ActionObject, commands: readonly Command[]): WrittenAction {
  const command = commands.find(({ name }) => name === named || toolName(name) === named);
  if (!command) {
    const closest = nearest(
      named,
      commands.map(({ name }) => toolName(name)),
    );
    return { problems: [`no command is called ${JSON.stringify(named)}${closest === undefined ? '' : ` (did you mean ${closest}?)`}`] };
  }
  const shape = callerShape(command.input);
  const unknown = Object.keys(args).filter((name) => !Object.hasOwn(shape, name));
  if (unknown.length > 0) return { problems: [refuseNames(command, Object.keys(shape), unknown)] };
  const lenient = readArgumentsLeniently(shape, args);
  if (lenient.problems.length > 0) return { problems: lenient.problems };
  const parsed = z.strictObject(command.input).safeParse(lenient.args, { reportInput: true });
  if (!parsed.success) {
    return {
      problems: parsed.error.issues.map(({ path, message, ...issue }) =>
        'input' in issue && issue.input === undefined ? `${path.join('.')} is missing` : `${path.join('.')}: ${message}`,
      ),
    };
  }
  return joinAction(command, parsed.data);
}

/** Writes a command in the notation of the management shell, which has no way to write a quote within a value. */
function joinAction(command: Command, args: Arguments): WrittenAction {
  const parts: string[] = [command.name];
  for (const [name, schema] of Object.entries(sentFields(command.input))) {
    const value = args[name];
    if (value === undefined || value === null) continue;
    if (isSecretReference(value)) return { problems: [`${name} names a secret, which a stored action would have to hold as text`] };
    const type = wireType(schema);
    const text = type === 'csv' ? (value as readonly unknown[]).join(',') : typeof value === 'string' ? value : JSON.stringify(value);
    if (text.includes('"')) return { problems: [`${name} has a quotation mark in it, which an action cannot hold`] };
    parts.push(`--${name}="${text}"`);
  }
  for (const [name, value] of Object.entries(command.constants ?? {})) parts.push(`--${name}="${value}"`);
  const text = parts.join(' ');
  try {
    parseAction(text);
  } catch (error) {
    return { problems: [error instanceof Error ? error.message : String(error)] };
  }
  return { text };
}
