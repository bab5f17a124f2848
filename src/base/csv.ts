import { isRow, type Row } from './rows.ts';

/** A spreadsheet takes a text that begins so for a formula: with an apostrophe before it, it stays a text (OWASP, CSV Injection). */
const FORMULA = /^[=+\-@\t\r]/;

/** Returns a list as lines of CSV (RFC 4180), an object as one line; what is nested stands as JSON in its cell. `columns` are all fields by default. */
export function renderCsv(value: unknown, columns?: readonly string[]): string {
  const lines = listCells(value, columns).map((cells) => cells.map(quoteCell));
  return lines.map((cells) => `${cells.join(',')}\r\n`).join('');
}

/** Returns the same with tabs between the cells, as a spreadsheet takes it from the clipboard; a tab or a line break in a cell is a space. */
export function renderTsv(value: unknown, columns?: readonly string[]): string {
  const lines = listCells(value, columns).map((cells) => cells.map((text) => text.replaceAll(/[\t\r\n]+/g, ' ')));
  return lines.map((cells) => `${cells.join('\t')}\n`).join('');
}

function listCells(value: unknown, columns: readonly string[] | undefined): readonly (readonly string[])[] {
  const rows = (Array.isArray(value) ? value : [value]).map((row): Row => (isRow(row) ? row : { value: row }));
  const names = columns ?? [...new Set(rows.flatMap((row) => Object.keys(row)))];
  return [names.map(writeCell), ...rows.map((row) => names.map((name) => writeCell(row[name])))];
}

function writeCell(value: unknown): string {
  if (value === null || value === undefined) return '';
  if (typeof value === 'string') return FORMULA.test(value) ? `'${value}` : value;
  return JSON.stringify(value);
}

function quoteCell(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
