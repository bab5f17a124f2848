/** An object whose fields are not known. */
export type Row = Readonly<Record<string, unknown>>;

/** True for an object that is no list. */
export function isRow(value: unknown): value is Row {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Returns an object's fields; those of anything else are none. */
export function readRow(value: unknown): Row {
  return isRow(value) ? value : {};
}

/** Returns the objects of a list; anything else has none. */
export function readRows(value: unknown): readonly Row[] {
  return Array.isArray(value) ? value.filter(isRow) : [];
}

/** Returns the objects of a list in which each entry is an object with this field; undefined for anything else, which cannot be searched. */
export function readRowsWith(value: unknown, field: string): readonly Row[] | undefined {
  const rows = readRows(value);
  return Array.isArray(value) && rows.length === value.length && rows.every((row) => row[field] !== undefined) ? rows : undefined;
}

/** Returns the one row of a list whose field has a value. */
export function findRow(value: unknown, field: string, wanted: unknown): Row | undefined {
  return readRows(value).find((row) => row[field] === wanted);
}

/** Returns these fields of a row, as far as it has them; undefined where there is no row. */
export function pickFields(row: Row | undefined, names: readonly string[]): Row | undefined {
  return row && Object.fromEntries(names.filter((name) => row[name] !== undefined).map((name) => [name, row[name]]));
}

/**
 * Returns an object with each field's value replaced by what `map` makes of it; the same object where nothing changed. Fields are defined, never
 * assigned: one that is named `__proto__` stays a field.
 */
export function mapFields(row: Row, map: (value: unknown, name: string) => unknown): Row {
  const names = Object.keys(row);
  let isChanged = false;
  const values = names.map((name) => {
    const value = row[name];
    const mapped = map(value, name);
    isChanged ||= mapped !== value;
    return mapped;
  });
  return isChanged ? Object.fromEntries(names.map((name, index) => [name, values[index]])) : row;
}

/** Returns the text, or undefined for an empty one and for anything else. */
export function readString(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** Returns a boolean, or what `true` and `false` as text mean; undefined for any other value. */
export function readFlag(value: unknown): boolean | undefined {
  if (typeof value === 'boolean') return value;
  return value === 'true' ? true : value === 'false' ? false : undefined;
}

/** Returns a positive integer, also from its digits as text; undefined for any other value. */
export function readCount(value: unknown): number | undefined {
  const number = typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value;
  return typeof number === 'number' && Number.isSafeInteger(number) && number > 0 ? number : undefined;
}
