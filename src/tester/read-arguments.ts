import * as z from 'zod';
import { excerpt, MailStoreError } from '../base/errors.ts';
import { joinWords } from '../base/join-words.ts';
import { nearest } from '../base/nearest.ts';
import { fromVisible } from '../base/escape-hidden.ts';
import type { Command, Arguments } from '../catalogue/define-command.ts';
import type { Insight } from '../catalogue/define-insight.ts';
import { refuseTwins } from '../catalogue/refuse-twins.ts';
import { completeArguments, type CallDefaults } from '../catalogue/complete-arguments.ts';
import { callerShape, fieldTraits, innermost, isSecretReference, wireType } from '../catalogue/fields.ts';
import { readArgumentsLeniently } from '../catalogue/lenient.ts';

/** A command or an insight, as far as its arguments are concerned. */
type Declared = Pick<Command, 'name' | 'input'>;

/** Returns the arguments as they are called with. Throws MailStoreError for what is unknown, missing, or none of its kind. */
export function checkArguments(command: Command, args: Arguments, defaults: CallDefaults): Arguments {
  return parseDeclared(command, args, (lenient) => completeArguments(command.name, command, lenient, defaults));
}

/** Returns the arguments of an insight with its defaults. Throws MailStoreError for what is unknown, missing, or none of its kind. */
export function checkInsightArguments(insight: Insight, args: Arguments): Arguments {
  return parseDeclared(insight, args, (lenient) => lenient);
}

function parseDeclared(declared: Declared, args: Arguments, complete: (lenient: Arguments) => Arguments): Arguments {
  refuseUnknown(declared, Object.keys(args));
  refuseTwins(declared.name, args);
  const shape = callerShape(declared.input);
  const lenient = readArgumentsLeniently(shape, args);
  if (lenient.problems.length > 0) throw new MailStoreError('invalidArguments', { tool: declared.name, problems: lenient.problems });
  const parsed = z.strictObject(shape).safeParse(complete(lenient.args), { reportInput: true });
  if (parsed.success) return parsed.data;
  throw new MailStoreError('invalidArguments', { tool: declared.name, problems: parsed.error.issues.map(describeProblem) });
}

/**
 * Reads arguments as people write them, each a text by its name, into values of the declaration: numbers, `true` and `false`, lists separated by
 * commas or as JSON, objects as JSON, `null` where it is a value, and for a secret also where it is, such as `{"fromEnv": "MAILSTORE_SECRET_X"}`.
 * Names and words of the catalogue may be written in capitals or not. Missing arguments are left to `checkArguments`.
 * Throws MailStoreError that names the argument, the value and what is expected.
 */
export function readArguments(command: Declared, written: Readonly<Record<string, string>>): Record<string, unknown> {
  const shape = callerShape(command.input);
  const names = Object.keys(shape);
  const canonical = new Map(names.map((name) => [name.toLowerCase(), name]));
  refuseUnknown(
    command,
    Object.keys(written).map((name) => canonical.get(name.toLowerCase()) ?? name),
  );
  const args: Record<string, unknown> = {};
  const problems: string[] = [];
  refuseTwins(
    command.name,
    Object.fromEntries(Object.entries(written).filter(([given]) => isJsonField(command, canonical.get(given.toLowerCase()) ?? given))),
  );
  for (const [given, text] of Object.entries(written)) {
    const name = canonical.get(given.toLowerCase()) ?? given;
    const schema = shape[name];
    const field = command.input[name] ?? schema;
    if (!field || !schema) continue;
    const isSecret = fieldTraits(field).secret !== undefined;
    const found = isSecret && wireType(field) === 'string' ? readSecret(text) : readText(field, fromVisible(text));
    const problem = 'expected' in found ? `must be ${found.expected}` : mismatch(schema, found.value);
    if (problem !== undefined) problems.push(isSecret ? `${name} ${problem}` : `${name} is '${excerpt(text)}', but ${problem}`);
    else if ('value' in found) args[name] = found.value;
  }
  if (problems.length > 0) throw new MailStoreError('invalidArguments', { tool: command.name, problems });
  return args;
}

function refuseUnknown(command: Declared, names: readonly string[]): void {
  const expected = Object.keys(callerShape(command.input));
  const unknown = names.filter((name) => !expected.includes(name));
  const [first] = unknown;
  if (first === undefined) return;
  throw new MailStoreError('unknownArguments', { tool: command.name, unknown, expected, nearest: nearest(first, expected) });
}

/** True for a field that is written as JSON; a text of any other may look like it. */
function isJsonField(command: Declared, name: string): boolean {
  const field = command.input[name];
  return field !== undefined && wireType(field) === 'json';
}

type ReadResult = { readonly value: unknown } | { readonly expected: string };

function readSecret(text: string): ReadResult {
  if (!/^\s*\{/.test(text)) return { value: text };
  const value = parseJson(text);
  // A password may begin with a brace.
  return { value: isSecretReference(value) ? value : text };
}

function readText(field: z.ZodType, text: string): ReadResult {
  if (text === 'null' && field.safeParse(null).success) return { value: null };
  switch (wireType(field)) {
    case 'bool':
      return /^(?:true|false)$/i.test(text) ? { value: text.toLowerCase() === 'true' } : { expected: 'true or false' };
    case 'number':
      return /^[+-]?\d+(?:\.\d+)?$/.test(text) ? { value: Number(text) } : { expected: 'a number' };
    case 'csv':
      return readList(field, text);
    case 'json': {
      const value = parseJson(text);
      return typeof value === 'object' && value !== null && !Array.isArray(value)
        ? { value }
        : { expected: 'a JSON object such as {"name": "value"}' };
    }
    default:
      return { value: findWord(innermost(field), text) };
  }
}

function readList(field: z.ZodType, text: string): ReadResult {
  if (/^\s*\[/.test(text)) {
    const value = parseJson(text);
    return Array.isArray(value) ? { value } : { expected: 'a list such as one,two or ["one", "two"]' };
  }
  const list = innermost(field);
  const entry = list instanceof z.core.$ZodArray ? list._zod.def.element : undefined;
  const entries = text.trim() === '' ? [] : text.split(',').map((part) => part.trim());
  return { value: entry ? entries.map((part) => findWord(entry, part)) : entries };
}

/** Returns the word of an enumeration in its own spelling; any other text as it is. */
function findWord(schema: z.core.$ZodType, text: string): string {
  return listWords(schema).find((word) => word.toLowerCase() === text.toLowerCase()) ?? text;
}

/** Returns the words that a field, or an entry of its list, is chosen from; none where any text will do. */
export function listWords(schema: z.core.$ZodType): readonly string[] {
  const inner = innermost(schema);
  if (inner instanceof z.core.$ZodArray) return listWords(inner._zod.def.element);
  if (inner instanceof z.core.$ZodEnum) return Object.values(inner._zod.def.entries).map(String);
  if (inner instanceof z.core.$ZodLiteral) return inner._zod.def.values.map(String);
  if (inner instanceof z.core.$ZodBoolean) return ['true', 'false'];
  return [];
}

/** Says what a value of the right kind has to be; undefined where it is. */
function mismatch(schema: z.ZodType, value: unknown): string | undefined {
  const parsed = schema.safeParse(value);
  if (parsed.success) return undefined;
  const words = listWords(schema);
  const [issue] = parsed.error.issues;
  if (words.length > 0 && (issue?.code === 'invalid_value' || issue === undefined)) return `must be ${alternatives(schema, words)}`;
  const message = issue?.message ?? 'a valid value';
  return message.startsWith('must ') ? message : `is refused: ${message}`;
}

function alternatives(schema: z.ZodType, words: readonly string[]): string {
  const list = joinWords(words, 'or');
  return innermost(schema) instanceof z.core.$ZodArray ? `a list of ${list}` : list;
}

function describeProblem({ path, message, ...issue }: z.core.$ZodIssue): string {
  const name = path.join('.') || 'arguments';
  if ('input' in issue && issue.input === undefined) return `${name} is missing`;
  return `${name} ${message.startsWith('must ') ? message : `is refused: ${message}`}`;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
