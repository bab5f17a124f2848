import { isRow, type Row } from '../base/rows.ts';
import type { ListTraits } from '../catalogue/outputs.ts';
import type { Screen } from './screen.ts';
import { renderFields, renderTable, type Column } from './table.ts';

/** How `call` writes an answer. */
export const OUTPUT_FORMATS = ['table', 'json', 'csv', 'yaml'] as const;

export type OutputFormat = (typeof OUTPUT_FORMATS)[number];

type Bytes = NonNullable<ListTraits['bytes']>;

/** The columns that a narrow terminal always shows, what a row is called by, and the width to which it may cut them. */
const KEPT_COLUMNS = 2;
const KEPT_WIDTH = 24;

/** The width to which a narrow terminal may cut another column. */
const LEAST_WIDTH = 10;

/** A longer text is a sentence. */
const SENTENCE_LENGTH = 40;

/**
 * Returns an answer as people read it: a list as a table, an object as its fields, with sizes in words and without what is not set. With whole texts,
 * sentences that do not fit in a table are written below their row.
 */
export function renderAnswer(value: unknown, bytes: Bytes, screen: Screen, texts: 'cut' | 'whole' = 'cut'): string {
  if (Array.isArray(value)) return renderList(value, bytes, screen, texts);
  if (!isRow(value)) return renderFields([['', formatCell(value)]], screen).trimStart();
  const entries = Object.entries(value).filter(([, inner]) => !isEmpty(inner));
  const flat = entries.filter(([, inner]) => !isNested(inner) && !isSentences(inner));
  const tables = entries.filter(([, inner]) => isNested(inner) || isSentences(inner));
  return [
    flat.length > 0
      ? renderFields(
          flat.map(([name, inner]) => [name, formatField(name, inner, bytes, screen)] as const),
          screen,
        )
      : '',
    ...tables.map(([name, inner]) => `${screen.paint('bold', name)}\n${renderAnswer(inner, bytes, screen, texts)}`),
  ]
    .filter((part) => part !== '')
    .join('\n');
}

function renderList(values: readonly unknown[], bytes: Bytes, screen: Screen, texts: 'cut' | 'whole'): string {
  if (values.length === 0) return 'None.\n';
  if (isSentences(values))
    return renderFields(
      values.map((value) => ['-', formatCell(value)] as const),
      screen,
    );
  if (!values.every(isRow)) return values.map((value) => renderAnswer(value, bytes, screen, texts)).join('');
  const names = [...new Set(values.flatMap((row) => Object.keys(row)))];
  const columns = names.map((name, index): Column<Row> => ({
    header: name,
    cell: (row) => formatField(name, row[name], bytes, screen),
    // A time that is cut says nothing.
    ...(!hasTimes(values, name) && { least: index < KEPT_COLUMNS ? KEPT_WIDTH : Math.max(LEAST_WIDTH, name.length) }),
    isOptional: index >= KEPT_COLUMNS,
    isBelow: texts === 'whole' && values.some((row) => formatField(name, row[name], bytes, screen).length > SENTENCE_LENGTH),
    ...(values.every((row) => typeof (row[name] ?? 0) === 'number') && { align: 'right' as const }),
  }));
  return renderTable(values, columns, screen);
}

/** True where a field of rows is a time on a terminal in each row that has it. */
function hasTimes(rows: readonly Row[], name: string): boolean {
  const given = rows.map((row) => row[name]).filter((value) => !isEmpty(value));
  return given.length > 0 && given.every((value) => typeof value === 'string' && SHORT_TIME.test(value));
}

/** A time as a terminal shows it. */
export const SHORT_TIME = /\b\d{4}-\d{2}-\d{2} \d{2}:\d{2}\b(?!:)/;

function isNested(value: unknown): boolean {
  return isRow(value) || (Array.isArray(value) && value.some(isRow));
}

/** True for a list of texts of which one is a sentence: each gets lines of its own. */
function isSentences(value: unknown): boolean {
  return Array.isArray(value) && !value.some(isRow) && value.some((text) => typeof text === 'string' && text.length > SENTENCE_LENGTH);
}

function isEmpty(value: unknown): boolean {
  return value === null || value === undefined || value === '' || (Array.isArray(value) && value.length === 0);
}

function formatField(name: string, value: unknown, bytes: Bytes, screen: Screen): string {
  return (bytes.includes(name) ? screen.formatSize(value) : undefined) ?? formatCell(value);
}

function formatCell(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return value;
    case 'boolean':
      return value ? 'yes' : 'no';
    case 'undefined':
      return '';
    default:
      if (value === null) return '';
      if (Array.isArray(value) && !value.some(isRow)) return value.map(formatCell).join(', ');
      return JSON.stringify(value);
  }
}
