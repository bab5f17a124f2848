import { MASK } from '../masking/masks.ts';
import { isSecretName } from '../masking/secret-names.ts';
import { drifts } from './drifting.ts';

type Row = Readonly<Record<string, unknown>>;

/** True for an object that is no list. */
export function isRow(value: unknown): value is Row {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Returns an object's fields; those of anything else are none. */
export function rowOf(value: unknown): Row {
  return isRow(value) ? value : {};
}

/** Returns the objects of a list; anything else has none. */
export function rowsOf(value: unknown): readonly Row[] {
  return Array.isArray(value) ? value.filter(isRow) : [];
}

/** Returns the objects of a list in which each entry is an object with this field; undefined for anything else, which cannot be searched. */
export function rowsWith(value: unknown, field: string): readonly Row[] | undefined {
  const rows = rowsOf(value);
  return Array.isArray(value) && rows.length === value.length && rows.every((row) => row[field] !== undefined) ? rows : undefined;
}

/** Returns the one row of a list whose field has a value. */
export function rowWhere(value: unknown, field: string, wanted: unknown): Row | undefined {
  return rowsOf(value).find((row) => row[field] === wanted);
}

/** Returns these fields of a row, as far as it has them; undefined where there is no row. */
export function fieldsOf(row: Row | undefined, names: readonly string[]): Row | undefined {
  return row && Object.fromEntries(names.filter((name) => row[name] !== undefined).map((name) => [name, row[name]]));
}

/** Returns the text, or undefined for an empty one and for anything else. */
export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** Returns a number with its noun, such as `1,234 messages`; undefined for anything else than a number. */
export function countOf(value: unknown, one: string, many = `${one}s`): string | undefined {
  return typeof value === 'number' ? `${value.toLocaleString('en-US')} ${value === 1 ? one : many}` : undefined;
}

const UNITS = ['bytes', 'KB', 'MB', 'GB', 'TB', 'PB'];

/** Returns a number of bytes as people read it, such as `5.3 GB`, counted in steps of 1,024; undefined for anything else than a number. */
export function sizeOf(bytes: unknown): string | undefined {
  if (typeof bytes !== 'number') return undefined;
  const step = bytes < 1 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log2(bytes) / 10));
  return `${(bytes / 1024 ** step).toLocaleString('en-US', { maximumFractionDigits: 1 })} ${UNITS[step]}`;
}

/**
 * Tells whether settings as they were read may lack a secret: one that is masked, or an empty one, since some reads leave secrets empty. Sent back,
 * they could take the place of the real one.
 */
export function mayLackSecret(value: unknown): boolean {
  if (typeof value === 'string') return value.includes(MASK);
  if (Array.isArray(value)) return value.some(mayLackSecret);
  return Object.entries(rowOf(value)).some(
    ([name, inner]) => (isSecretName(name) && (inner === null || inner === '')) || mayLackSecret(inner),
  );
}

/** Joins the sentences that apply. */
export function sentences(...parts: readonly (string | false | undefined)[]): string {
  return parts.filter((part) => part !== undefined && part !== false && part !== '').join(' ');
}

/** Returns what MailStore counts in the archive stores, as far as every one of them has a count. */
export function describeContents(stores: unknown): string | undefined {
  const rows = rowsOf(stores);
  const count = countOf(sumOf(rows.map(({ statisticsCount }) => statisticsCount)), 'message');
  // Sizes that were not calculated read as nothing.
  const size = sizeOf(sumOf(rows.map(({ statisticsSize }) => statisticsSize)) || undefined);
  if (rows.length === 0 || count === undefined || !Array.isArray(stores) || rows.length < stores.length) return undefined;
  return drifts(`MailStore counts ${count} in ${countOf(rows.length, 'archive store')}${size === undefined ? '' : `, ${size}`}.`);
}

function sumOf(values: readonly unknown[]): number | undefined {
  const numbers = values.filter((value) => typeof value === 'number');
  return numbers.length === values.length ? numbers.reduce((sum, value) => sum + value, 0) : undefined;
}
