import type { FieldInfo, Problem } from '../protocol.ts';

/** Where a secret is. */
export const SECRET_WAYS = ['here', 'fromEnv', 'fromFile', 'generate'] as const;
export type SecretWay = (typeof SECRET_WAYS)[number];

/** The content of one field's control; the field's kind decides which part counts. */
export interface Draft {
  /** What is written or chosen; empty is nothing. */
  readonly text: string;
  /** The entries of a list. */
  readonly entries: readonly string[];
  readonly way: SecretWay;
  /** True for null, where the field takes it. */
  readonly isNull: boolean;
}

export type Drafts = Readonly<Record<string, Draft>>;

export const EMPTY_DRAFT: Draft = { text: '', entries: [], way: 'here', isNull: false };

/** The placeholder of a secret that is not shown. */
const MASK = '***';

/** Returns the arguments that a form states: what is left empty is not among them. */
export function readDrafts(
  fields: readonly FieldInfo[],
  drafts: Drafts,
): { readonly args: Readonly<Record<string, unknown>>; readonly problems: readonly Problem[] } {
  const problems: Problem[] = [];
  const args: Record<string, unknown> = {};
  for (const field of fields) {
    const read = readDraft(field, drafts[field.name] ?? EMPTY_DRAFT);
    if (read === undefined) {
      if (field.isRequired)
        problems.push({ field: field.name, message: field.isNullable ? 'has to be stated, or cleared' : 'has to be stated' });
    } else if ('problem' in read) problems.push({ field: field.name, message: read.problem });
    else args[field.name] = read.value;
  }
  return { args, problems };
}

/** Splits what is written at its commas, except those between quotes: `"x,y"@example.com` is one entry. */
export function splitEntries(text: string): readonly string[] {
  const parts = text.match(/(?:"(?:\\.|[^"\\])*"?|[^,"])+/g) ?? [];
  return parts.map((part) => part.trim()).filter((part) => part !== '');
}

/** Returns whether a text ends between quotes, so that a comma belongs to it. */
export function endsInQuotes(text: string): boolean {
  return (text.replaceAll(/\\./g, '').split('"').length - 1) % 2 === 1;
}

type Read = { readonly value: unknown } | { readonly problem: string } | undefined;

function readDraft({ kind, choices }: FieldInfo, { text, entries, way, isNull }: Draft): Read {
  if (isNull) return { value: null };
  switch (kind) {
    case 'choices':
    case 'list': {
      // Text that is typed but not yet added as a chip counts as well.
      const stated = [...entries, ...splitEntries(text)];
      return stated.length > 0 ? { value: stated } : undefined;
    }
    case 'secret':
      if (way === 'generate') return { value: { generate: true } };
      if (text === '') return undefined;
      return { value: way === 'here' ? text : { [way]: text } };
    default:
      if (text === '') return undefined;
  }
  switch (kind) {
    case 'boolean':
      return { value: text === 'true' };
    case 'number':
      return readNumber(text);
    case 'choice':
      return { value: choices?.find((choice) => String(choice) === text) };
    case 'json':
      return readJson(text);
    default:
      return { value: text };
  }
}

function readNumber(text: string): Read {
  return /^-?\d+$/.test(text.trim()) ? { value: Number(text) } : { problem: 'has to be a whole number' };
}

function readJson(text: string): Read {
  const problem = jsonProblem(text);
  return problem === undefined ? { value: JSON.parse(text) as unknown } : { problem };
}

/** Returns what is wrong with a text that has to be a JSON object; undefined where it is one. */
export function jsonProblem(text: string): string | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return `is no JSON: ${error instanceof Error ? error.message : String(error)}`;
  }
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? undefined
    : 'has to be a JSON object, such as {"name": "value"}';
}

/** Returns the drafts that state these arguments; a masked secret is left empty. */
export function makeDrafts(fields: readonly FieldInfo[], args: Readonly<Record<string, unknown>>): Drafts {
  return Object.fromEntries(
    fields.flatMap((field) => (args[field.name] === undefined ? [] : [[field.name, makeDraft(field, args[field.name])]])),
  );
}

function makeDraft({ kind }: FieldInfo, value: unknown): Draft {
  if (value === null) return { ...EMPTY_DRAFT, isNull: true };
  if (Array.isArray(value)) return { ...EMPTY_DRAFT, entries: value.map(String) };
  if (kind === 'json') return { ...EMPTY_DRAFT, text: JSON.stringify(value, undefined, 2) };
  if (kind === 'secret' && typeof value === 'object') {
    const [way, text] = Object.entries(value)[0] ?? [];
    const known = SECRET_WAYS.find((candidate) => candidate === way) ?? 'here';
    return { ...EMPTY_DRAFT, way: known, text: typeof text === 'string' ? text : '' };
  }
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  // The control for dates takes no date without a time, and no zone.
  if (kind === 'datetime') return { ...EMPTY_DRAFT, text: text.includes('T') ? text.slice(0, 19) : `${text.slice(0, 10)}T00:00:00` };
  return { ...EMPTY_DRAFT, text: kind === 'secret' && text === MASK ? '' : text };
}
