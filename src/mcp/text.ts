import { toVisibleLine } from '../base/escape-hidden.ts';
import { isRow } from '../base/rows.ts';
import { formatSize } from '../base/sizes.ts';

/** What is shown of a list of rows. */
export interface Table {
  readonly rows: readonly unknown[];
  /** Fields with the same value in every row, which are said once. */
  readonly same?: Readonly<Record<string, unknown>> | undefined;
  /** Fields that hold a number of bytes. */
  readonly bytes?: readonly string[] | undefined;
}

const SEPARATOR = ' | ';

/** Returns rows as a table with one line each, and what all of them have in common above it. */
export function renderTable({ rows, same = {}, bytes = [] }: Table): string {
  const lines: string[] = [];
  if (Object.keys(same).length > 0) lines.push(`In every row: ${fieldsInLine(same, bytes)}`);
  if (!rows.every(isRow)) return [...lines, ...rows.map((row) => inLine(row, bytes))].join('\n');
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  if (columns.length > 0) lines.push(columns.map((column) => cell(toVisibleLine(column))).join(SEPARATOR));
  for (const row of rows) {
    lines.push(
      columns
        .map((column) => (row[column] === undefined ? '' : cell(fieldText(column, row[column], bytes))))
        .join(SEPARATOR)
        .trimEnd(),
    );
  }
  return lines.join('\n');
}

/** Returns a value as lines of text: an object as `name: value`, a list of objects as a table. */
export function renderValue(value: unknown, bytes: readonly string[] = [], indent = ''): string {
  if (Array.isArray(value)) {
    return (value.some(isRow) ? renderTable({ rows: value, bytes }).split('\n') : [listInLine(value, bytes)])
      .map((line) => indent + line)
      .join('\n');
  }
  if (!isRow(value)) return indent + block(value, indent);
  return Object.entries(value)
    .map(([name, inner]) => {
      const key = `${indent}${toVisibleLine(name)}:`;
      const isNested = isRow(inner) ? Object.values(inner).some(isNestedValue) : Array.isArray(inner) && inner.some(isRow);
      if (isNested) return `${key}\n${renderValue(inner, bytes, `${indent}  `)}`;
      return `${key} ${typeof inner === 'string' ? block(inner, indent) : fieldText(name, inner, bytes)}`;
    })
    .join('\n');
}

function isNestedValue(value: unknown): boolean {
  return isRow(value) || (Array.isArray(value) && value.some(isRow));
}

/** A text of several lines keeps them, each behind a mark, so that none can pass for a line of this server's. */
function block(value: unknown, indent: string): string {
  if (typeof value !== 'string' || !value.includes('\n')) return inLine(value, []);
  return value
    .trimEnd()
    .split(/\r?\n/)
    .map((line) => `\n${indent}  > ${toVisibleLine(line)}`)
    .join('');
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}

function fieldText(name: string, value: unknown, bytes: readonly string[]): string {
  return (bytes.includes(name) ? formatSize(value) : undefined) ?? inLine(value, bytes);
}

function inLine(value: unknown, bytes: readonly string[]): string {
  if (typeof value === 'string') return toVisibleLine(value);
  if (Array.isArray(value)) return `[${listInLine(value, bytes)}]`;
  if (isRow(value)) return `{${fieldsInLine(value, bytes)}}`;
  return String(value);
}

/** An empty list is shown as `[]`: the word none is a value of privileges. */
function listInLine(values: readonly unknown[], bytes: readonly string[]): string {
  return values.map((value) => inLine(value, bytes)).join(', ');
}

/** Returns an object's fields in one line. */
export function fieldsInLine(row: Readonly<Record<string, unknown>>, bytes: readonly string[] = []): string {
  return Object.entries(row)
    .map(([name, value]) => `${toVisibleLine(name)}: ${fieldText(name, value, bytes)}`)
    .join(', ');
}
