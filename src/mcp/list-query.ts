import * as z from 'zod';
import { excerpt, MailStoreError } from '../base/errors.ts';
import { nearest } from '../base/nearest.ts';
import type { Command } from '../catalogue/define-command.ts';
import { innermost } from '../catalogue/fields.ts';
import { isRow } from '../base/rows.ts';
import { filterSliced, mapSliced, sortSliced, type Sliced } from '../base/slices.ts';
import type { Output } from '../catalogue/outputs.ts';

/** What every list takes in addition to the command's own arguments; it never reaches the wire. */
export const listFields = {
  limit: z.int().min(1).max(500).optional(),
  offset: z.int().min(0).optional(),
  match: z.string().min(1).optional().describe('Keeps rows with this in any value.'),
  where: z
    .record(z.string(), z.unknown())
    .refine(
      (where) => Object.values(where).every(isCondition),
      'must give each field a value or a list of values, such as {"enabled": true}',
    )
    .optional()
    .describe('{field: value or [values]}'),
  sort: z
    .string()
    .min(1)
    .refine((sort) => /[^-+]/.test(sort), 'must name a field, such as userName, or -userName for the largest first')
    .optional()
    .describe('field or -field'),
  // No field has a comma in its name, so that a text can be read as several.
  fields: z
    .array(
      z
        .string()
        .min(1)
        .refine((field) => !field.includes(','), 'must be one name in each entry'),
    )
    .min(1)
    .optional(),
};

type Scalar = string | number | boolean | null;

/** Which rows of a list are wanted, in which order, and what of them. */
export interface ListQuery {
  readonly limit?: number | undefined;
  readonly offset?: number | undefined;
  /** Keeps the rows in which any text, number or boolean contains this text, upper or lower case. */
  readonly match?: string | undefined;
  /** Keeps the rows whose fields have one of these values each; a name such as `schedule.time` looks into an object. */
  readonly where?: Readonly<Record<string, unknown>> | undefined;
  /** The field to sort by; with a leading `-` the largest comes first. */
  readonly sort?: string | undefined;
  /** The only fields that are shown, in this order. */
  readonly fields?: readonly string[] | undefined;
}

/** True for the tools that return rows, at once or at the end of a task. */
export function isListed(command: Command): boolean {
  return command.output.kind === 'list';
}

export const DEFAULT_LIMIT = 50;

function isScalar(value: unknown): value is Scalar {
  return value === null || ['string', 'number', 'boolean'].includes(typeof value);
}

function isCondition(value: unknown): boolean {
  return isScalar(value) || (Array.isArray(value) && value.every(isScalar));
}

/** Returns the values that a condition accepts. */
export function acceptedValues(condition: unknown): readonly Scalar[] {
  return [condition].flat().filter(isScalar);
}

/** Returns the field of a `sort`, and whether the largest comes first. */
export function readSort(sort: string): { readonly field: string; readonly isDescending: boolean } {
  const isDescending = sort.startsWith('-');
  return { field: sort.replace(/^[-+]/, ''), isDescending };
}

/**
 * Returns the rows that a query keeps, in its order, before anything is cut; `order` is the order without a `sort`. Throws MailStoreError
 * `unknownFields` for a field that neither the declaration nor any row has.
 */
export function* selectRows(
  rows: readonly unknown[],
  query: ListQuery,
  { tool, output, order }: { readonly tool: string; readonly output?: Output | undefined; readonly order?: string | undefined },
): Sliced<readonly unknown[]> {
  const { match, where = {}, sort, fields = [] } = query;
  const asked = [...Object.keys(where), ...(sort === undefined ? [] : [readSort(sort).field]), ...fields];
  if (asked.length > 0) refuseUnknownFields(tool, asked, rows, output);
  const wanted = match?.toLowerCase();
  const conditions = Object.entries(where).map(([field, condition]) => [field.split('.'), acceptedValues(condition)] as const);
  const isKept = (row: unknown) =>
    (wanted === undefined || containsText(row, wanted)) && conditions.every(([path, values]) => hasValue(valuesAt(row, path), values));
  const kept = wanted === undefined && conditions.length === 0 ? rows : yield* filterSliced(rows, isKept);
  return yield* sortRows(kept, sort ?? order);
}

/** Different values that are named of a field in which none was found. */
const VALUES_NAMED = 8;
const VALUE_CHARACTERS = 60;

/** Says which values the fields of a condition have in the rows that it kept none of: a misspelt value must not pass for one that nothing has. */
export function describeValues(rows: readonly unknown[], where: Readonly<Record<string, unknown>>): readonly string[] {
  return Object.keys(where).map((field) => {
    const path = field.split('.');
    const scalars = rows
      .slice(0, ROWS_LOOKED_AT)
      .flatMap((row) => valuesAt(row, path).filter((value) => isScalar(value) && value !== null));
    const values = [...new Set(scalars.map(String))];
    if (values.length === 0) return `No row has a value of ${field}.`;
    const named = values.slice(0, VALUES_NAMED).map((value) => excerpt(value, VALUE_CHARACTERS));
    return `${field} has ${named.join(', ')}${values.length > VALUES_NAMED ? ' and others' : ''}.`;
  });
}

/** Returns only these fields of a row, under their full names; a field that the row lacks is left out. */
export function pickFields(row: unknown, fields: readonly string[] | undefined): unknown {
  if (!fields || !isRow(row)) return row;
  return Object.fromEntries(
    fields.flatMap((field) => {
      const values = valuesAt(row, field.split('.'));
      return values.length === 0 ? [] : [[field, values.length === 1 ? values[0] : values]];
    }),
  );
}

/** Throws MailStoreError `unknownFields` unless each name is one of the known ones. */
export function refuseUnknown(tool: string, asked: readonly string[], known: readonly string[], isOpen = (_name: string) => false): void {
  const unknown = asked.filter((name) => !known.includes(name) && !isOpen(name));
  const [first] = unknown;
  if (first === undefined) return;
  throw new MailStoreError('unknownFields', { tool, unknown, known, nearest: nearest(first, known) });
}

/** Rows whose fields are collected for the list of known ones. */
const ROWS_LOOKED_AT = 1000;

function refuseUnknownFields(tool: string, asked: readonly string[], rows: readonly unknown[], output: Output | undefined): void {
  const declared = output?.kind === 'list' ? declaredFields(output.schema) : { names: [], open: [] };
  const known = new Set<string>(declared.names);
  for (const row of rows.slice(0, ROWS_LOOKED_AT)) addFields(row, '', known);
  // Of an object that no row shows, any field may exist.
  const open = declared.open.filter((prefix) => ![...known].some((name) => name.startsWith(`${prefix}.`)));
  refuseUnknown(tool, asked, [...known], (name) => open.some((prefix) => name.startsWith(`${prefix}.`)));
}

interface DeclaredFields {
  readonly names: readonly string[];
  /** The fields that hold an object whose own fields are not declared. */
  readonly open: readonly string[];
}

function declaredFields(schema: z.core.$ZodType, prefix = ''): DeclaredFields {
  const inner = innermost(schema);
  if (inner._zod.def.type === 'array') return declaredFields((inner as z.core.$ZodArray)._zod.def.element, prefix);
  if (inner._zod.def.type !== 'object') return { names: [], open: ['record', 'unknown'].includes(inner._zod.def.type) ? [prefix] : [] };
  const inside = Object.entries((inner as z.core.$ZodObject)._zod.def.shape).map(([name, field]) => {
    const path = prefix === '' ? name : `${prefix}.${name}`;
    const { names, open } = declaredFields(field, path);
    return { names: [path, ...names], open };
  });
  const open = inside.length === 0 ? [prefix] : inside.flatMap((fields) => fields.open);
  return { names: inside.flatMap((fields) => fields.names), open };
}

function addFields(value: unknown, prefix: string, known: Set<string>): void {
  if (Array.isArray(value)) for (const entry of value) addFields(entry, prefix, known);
  if (!isRow(value)) return;
  for (const [name, inner] of Object.entries(value)) {
    const path = prefix === '' ? name : `${prefix}.${name}`;
    known.add(path);
    if (typeof inner === 'object') addFields(inner, path, known);
  }
}

/** Returns every value at a path; of a list on the way, each entry is followed. */
function valuesAt(value: unknown, path: readonly string[]): readonly unknown[] {
  if (Array.isArray(value)) return value.flatMap((entry) => valuesAt(entry, path));
  const [name, ...rest] = path;
  if (name === undefined) return value === undefined ? [] : [value];
  return isRow(value) && Object.hasOwn(value, name) ? valuesAt(value[name], rest) : [];
}

function hasValue(values: readonly unknown[], wanted: readonly Scalar[]): boolean {
  return wanted.some((value) => (value === null ? values.every((found) => found === null) : values.some((found) => isSame(found, value))));
}

/** Compares as people write: `"7"` is 7, `"true"` is true, and letter case does not count. */
function isSame(found: unknown, wanted: string | number | boolean): boolean {
  if (typeof found !== 'string' && typeof found !== 'number' && typeof found !== 'boolean') return false;
  if (typeof found === 'number' && typeof wanted === 'string' && wanted.trim() !== '') return found === Number(wanted);
  return String(found).toLowerCase() === String(wanted).toLowerCase();
}

function* sortRows(rows: readonly unknown[], sort: string | undefined): Sliced<readonly unknown[]> {
  if (sort === undefined) return rows;
  const { field, isDescending } = readSort(sort);
  const path = field.split('.');
  const keyed = yield* mapSliced(rows, (row) => ({ row, key: sortKey(valuesAt(row, path)[0]) }));
  const sign = isDescending ? -1 : 1;
  // What has no value comes last either way.
  const sorted = yield* sortSliced(keyed, ({ key: one }, { key: other }) =>
    one === undefined || other === undefined ? Number(one === undefined) - Number(other === undefined) : sign * compare(one, other),
  );
  return yield* mapSliced(sorted, ({ row }) => row);
}

const TIME = /^\d{4}-\d{2}-\d{2}T[\d:.]+(?:Z|[+-]\d{2}:\d{2})$/;

function sortKey(value: unknown): string | number | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'number') return value;
  if (typeof value === 'boolean') return Number(value);
  if (typeof value === 'string') return TIME.test(value) ? Date.parse(value) : value.toLowerCase();
  return JSON.stringify(value);
}

function compare(one: string | number, other: string | number): number {
  if (typeof one === 'number' && typeof other === 'number') return one - other;
  if (typeof one !== typeof other) return typeof one === 'number' ? -1 : 1;
  return one < other ? -1 : Number(one > other);
}

function containsText(value: unknown, wanted: string): boolean {
  if (typeof value === 'string') return value.toLowerCase().includes(wanted);
  if (typeof value === 'number' || typeof value === 'boolean') return String(value).includes(wanted);
  return typeof value === 'object' && value !== null && Object.values(value).some((inner) => containsText(inner, wanted));
}
