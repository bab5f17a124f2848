import * as z from 'zod';
import { findDeepArguments } from '../base/nesting.ts';
import { fieldTraits, innermost, isOptional } from './fields.ts';

/** A value as it is to be checked, or what is wrong with it already. */
export type Lenient = { readonly value: unknown } | { readonly problem: string };

/**
 * Takes exact texts for what they are, since models and clients send them: `"7"` for a number, `"true"` for a boolean, JSON text for a list or
 * an object, a text for a list of that one text, and null for an optional value that is left out. The text `"null"` is refused where null has a meaning of its own: it would be
 * stored as a name. Everything else is left to the schema.
 */
function readLeniently(schema: z.core.$ZodType, value: unknown): Lenient {
  if (value === undefined) return { value };
  if (value === null) return { value: isOptional(schema) && !accepts(schema, null) ? undefined : null };
  const inner = innermost(schema);
  if (value === 'null' && accepts(schema, null)) return { problem: 'is the text "null"; write null without quotes, or leave it out' };
  // What is no text has its type; a secret may look like anything.
  if (fieldTraits(schema).secret === true) return { value };
  switch (inner._zod.def.type) {
    case 'number':
    case 'int':
      return { value: readNumber(value) };
    case 'literal':
      return { value: accepts(inner, value) ? value : readNumber(value) };
    case 'boolean':
      return { value: value === 'true' ? true : value === 'false' ? false : value };
    case 'array':
      return readEntries(inner as z.core.$ZodArray, readList(inner as z.core.$ZodArray, value));
    case 'object':
      return readMembers((inner as z.core.$ZodObject)._zod.def.shape, readJson(value, isObject));
    case 'record':
      return { value: readJson(value, isObject) };
    case 'union':
      return readOption(inner as z.core.$ZodUnion, value);
    default:
      return { value };
  }
}

/** Reads each argument of a shape; what the shape does not have stays as it is. */
export function readArgumentsLeniently(
  shape: z.core.$ZodShape,
  args: Readonly<Record<string, unknown>>,
): { readonly args: Readonly<Record<string, unknown>>; readonly problems: readonly string[] } {
  const read: Record<string, unknown> = {};
  const problems: string[] = [];
  for (const [name, value] of Object.entries(args)) {
    const schema = Object.hasOwn(shape, name) ? shape[name] : undefined;
    const found: Lenient = schema ? readLeniently(schema, value) : { value };
    if ('problem' in found) problems.push(`${name} ${found.problem}`);
    else if (found.value !== undefined || value === undefined) read[name] = found.value;
  }
  return { args: read, problems: [...problems, ...findDeepArguments(read)] };
}

/** Returns the list that a text is: JSON, one entry, or entries with commas between them where no entry can have a comma. */
function readList(schema: z.core.$ZodArray, value: unknown): unknown {
  const list = readJson(value, Array.isArray);
  if (typeof list !== 'string') return list;
  const { element } = schema._zod.def;
  if (accepts(element, list)) return [list];
  const entries = list.split(',').map((entry) => entry.trim());
  return entries.every((entry) => accepts(element, entry)) ? entries : list;
}

function readEntries(schema: z.core.$ZodArray, value: unknown): Lenient {
  if (!Array.isArray(value)) return { value };
  const entries = value.map((entry) => readLeniently(schema._zod.def.element, entry));
  const wrong = entries.find((entry) => 'problem' in entry);
  return wrong ?? { value: entries.map((entry) => ('value' in entry ? entry.value : undefined)) };
}

function readMembers(shape: z.core.$ZodShape, value: unknown): Lenient {
  if (!isObject(value)) return { value };
  const { args, problems } = readArgumentsLeniently(shape, value);
  const [problem] = problems;
  return problem === undefined ? { value: args } : { problem: `holds ${problem}` };
}

function readOption({ _zod }: z.core.$ZodUnion, value: unknown): Lenient {
  const { options } = _zod.def;
  if (options.some((option) => accepts(option, value))) return { value };
  for (const option of options) {
    const found = readLeniently(option, value);
    if ('value' in found && accepts(option, found.value)) return found;
  }
  return { value };
}

function readNumber(value: unknown): unknown {
  if (typeof value !== 'string' || !/^-?\d{1,15}(?:\.\d{1,15})?$/.test(value.trim())) return value;
  return Number(value);
}

/** Returns the value of JSON text where it is of the kind that is asked for; any other value as it is. */
function readJson(value: unknown, isKind: (parsed: unknown) => boolean): unknown {
  if (typeof value !== 'string') return value;
  try {
    const parsed = JSON.parse(value) as unknown;
    return isKind(parsed) ? parsed : value;
  } catch {
    return value;
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function accepts(schema: z.core.$ZodType, value: unknown): boolean {
  return z.safeParse(schema, value).success;
}
