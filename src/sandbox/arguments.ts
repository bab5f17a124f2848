import * as z from 'zod';
import type { Command, ParsedArguments, InputShape } from '../catalogue/define-command.ts';
import { fieldTraits, innermost, sentFields, wireType, type WireType } from '../catalogue/fields.ts';
import { CommandFailure } from '../emulation/world.ts';

/** Arguments as text, by name, before any check. */
export type RawArguments = Readonly<Record<string, string>>;

/** An argument as the server declares it. */
export interface WireArgument {
  readonly name: string;
  readonly type: WireType;
  readonly mandatory: boolean;
  /** The only accepted text, for arguments that allow nothing else. */
  readonly constant?: string;
}

interface Signature {
  readonly arguments: ReadonlyMap<string, WireArgument>;
  readonly schema: z.ZodType<ParsedArguments<InputShape>>;
  /** What the command gets for an argument that was left out: null where that means clearing, else what the server takes for it. */
  readonly whenAbsent: Readonly<Record<string, boolean | null>>;
}

const signatures = new WeakMap<Command, Signature>();

/** Returns the arguments that a command takes over the wire, those with a single accepted value included. */
export function listArguments(command: Command): readonly WireArgument[] {
  return [...makeSignature(command).arguments.values()];
}

/**
 * Turns the texts of a request into the typed arguments of a command.
 * Throws CommandFailure naming the argument when one is unknown, missing or not of its type.
 */
export function parseArguments(command: Command, raw: RawArguments): ParsedArguments<InputShape> {
  const signature = makeSignature(command);
  refuseUnknown(command.name, Object.keys(raw), [...signature.arguments.keys()]);
  const typed: Record<string, unknown> = { ...signature.whenAbsent };
  for (const argument of signature.arguments.values()) {
    const text = Object.hasOwn(raw, argument.name) ? raw[argument.name] : undefined;
    if (text === undefined) {
      if (argument.mandatory && !Object.hasOwn(signature.whenAbsent, argument.name)) throw missing(argument.name);
      continue;
    }
    if (argument.constant === undefined) {
      typed[argument.name] = parseText(argument, text, command.input[argument.name]);
    } else if (text !== argument.constant) {
      throw new CommandFailure(`Argument '${argument.name}' must be '${argument.constant}'; '${text}' is not supported.`);
    }
  }
  const parsed = signature.schema.safeParse(typed);
  if (!parsed.success) throw refused(parsed.error, raw);
  return parsed.data;
}

export function missing(name: string): CommandFailure {
  return new CommandFailure(`Argument '${name}' is missing.`);
}

/** Throws CommandFailure when a name is not among the expected ones. */
export function refuseUnknown(command: string, names: readonly string[], expected: readonly string[]): void {
  const unknown = names.find((name) => !expected.includes(name));
  if (unknown === undefined) return;
  const known = expected.length === 0 ? `${command} takes no arguments.` : `Expected arguments: ${expected.join(', ')}.`;
  throw new CommandFailure(`Unknown argument '${unknown}'. ${known}`);
}

/** Parses an integer. Throws CommandFailure naming the argument if the text is not one. */
export function parseInteger(name: string, text: string): number {
  const value = /^-?\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!Number.isSafeInteger(value)) throw badFormat(name);
  return value;
}

/**
 * Decodes a form body. Throws CommandFailure for a malformed escape, for bytes that are not UTF-8, and for an argument given twice.
 */
export function decodeForm(body: Buffer): Record<string, string> {
  const decoded: Record<string, string> = Object.create(null) as Record<string, string>;
  if (body.length === 0) return decoded;
  for (const pair of body.toString('latin1').split('&')) {
    if (pair === '') continue;
    const equals = pair.indexOf('=');
    const name = decodeComponent(equals < 0 ? pair : pair.slice(0, equals));
    if (name in decoded) throw new CommandFailure(`Argument '${name}' was given more than once.`);
    decoded[name] = equals < 0 ? '' : decodeComponent(pair.slice(equals + 1));
  }
  return decoded;
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Decodes one name or value; `text` holds one character for each byte. */
function decodeComponent(text: string): string {
  const bytes = text.replaceAll('+', ' ').replaceAll(/%(.{0,2})/gs, (escape, digits: string) => {
    if (!/^[\da-f]{2}$/i.test(digits)) throw new CommandFailure(`The request body holds the malformed escape '${escape}'.`);
    return String.fromCharCode(Number.parseInt(digits, 16));
  });
  try {
    return utf8.decode(Buffer.from(bytes, 'latin1'));
  } catch {
    throw new CommandFailure('The request body is not valid UTF-8.');
  }
}

function makeSignature(command: Command): Signature {
  const known = signatures.get(command);
  if (known) return known;
  const fields = Object.entries(sentFields(command.input));
  const constants = Object.entries(command.constants ?? {});
  const signature: Signature = {
    arguments: new Map([
      ...fields.map(([name, schema]) => [name, { name, type: wireType(schema), mandatory: isMandatory(schema) }] as const),
      ...constants.map(([name, constant]) => [name, { name, type: typeOfText(constant), mandatory: true, constant }] as const),
    ]),
    schema: z.strictObject(sentFields(command.input)),
    whenAbsent: Object.fromEntries(
      fields.flatMap(([name, schema]): [string, boolean | null][] => {
        const { whenLeftOut } = fieldTraits(schema);
        if (whenLeftOut !== undefined) return [[name, whenLeftOut]];
        const clears = accepts(schema, null) && (!accepts(schema, undefined) || command.keepAbsent?.names.includes(name));
        return clears ? [[name, null]] : [];
      }),
    ),
  };
  signatures.set(command, signature);
  return signature;
}

function isMandatory(schema: z.ZodType): boolean {
  return fieldTraits(schema).mandatory ?? !(accepts(schema, undefined) || accepts(schema, null));
}

function accepts(schema: z.ZodType, value: null | undefined): boolean {
  return schema.safeParse(value).success;
}

function typeOfText(text: string): WireType {
  return text === 'true' || text === 'false' ? 'bool' : 'string';
}

function parseText({ name, type, mandatory }: WireArgument, text: string, schema: z.ZodType | undefined): unknown {
  if (text === '') {
    throw new CommandFailure(`Argument '${name}' must not be empty${mandatory ? '' : '; leave it out instead'}.`);
  }
  switch (type) {
    case 'bool':
      if (text !== 'true' && text !== 'false') {
        throw new CommandFailure(`Argument '${name}': String '${text}' was not recognized as a valid Boolean.`);
      }
      return text === 'true';
    case 'number':
      if (!/^-?\d+(\.\d+)?$/.test(text)) throw badFormat(name);
      return Number(text);
    case 'datetime':
      if (!isWireDateTime(text)) {
        throw new CommandFailure(`Argument '${name}': String '${text}' was not recognized as a valid DateTime.`);
      }
      return text;
    case 'json':
      return parseJson(name, text);
    case 'csv':
      return splitList(text, schema);
    case 'string':
      return text;
  }
}

function badFormat(name: string): CommandFailure {
  return new CommandFailure(`Argument '${name}': Input string was not in a correct format.`);
}

function isWireDateTime(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}$/.test(text)) return false;
  const time = Date.parse(`${text}Z`);
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(text);
}

function parseJson(name: string, text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new CommandFailure(`Argument '${name}' is not valid JSON.`);
  }
}

function splitList(text: string, schema: z.ZodType | undefined): unknown[] {
  const entries = text.split(',').map((entry) => entry.trim());
  const list = schema && innermost(schema);
  const element = list && 'element' in list._zod.def ? (list._zod.def.element as z.core.$ZodType) : undefined;
  const numeric = element !== undefined && wireType(element) === 'number';
  return numeric ? entries.map((entry) => (entry === '' ? entry : Number(entry))) : entries;
}

function refused(error: z.ZodError, raw: RawArguments): CommandFailure {
  const [issue] = error.issues;
  const [name, ...inside] = (issue?.path ?? []).map(String);
  if (!issue || name === undefined) return new CommandFailure('The arguments are not valid.');
  const place = inside.length === 0 ? '' : ` at ${inside.join('.')}`;
  const isSecretFree = issue.code === 'invalid_value' && inside.length === 0;
  const value = isSecretFree && raw[name] !== undefined ? ` '${raw[name]}'` : '';
  return new CommandFailure(`The value${value} of argument '${name}' is not valid${place}: ${issue.message}.`);
}
