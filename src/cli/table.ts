import stringWidth from 'string-width';
import { toVisibleLine } from '../base/escape-hidden.ts';
import type { Screen, Style } from './screen.ts';

/** A column of a table that people read. */
export interface Column<Row> {
  readonly header: string;
  /** Text from the archive may be in it: what could steer a terminal is shown and not obeyed. */
  readonly cell: (row: Row) => string;
  readonly align?: 'right';
  /** The least width to which a narrow terminal may cut the column; without it the column is never cut. */
  readonly least?: number;
  /** True for a column that a terminal leaves out when the others do not fit. The last such column goes first. */
  readonly isOptional?: boolean;
  /** True for a column of sentences: where it does not fit, each cell is written whole below its row. */
  readonly isBelow?: boolean;
  readonly style?: (row: Row) => Style | undefined;
}

const GAP = 2;
const INDENT = 4;

interface Laid<Row> {
  readonly column: Column<Row>;
  readonly cells: readonly string[];
  width: number;
}

/** Returns rows as lines with a header, aligned, and cut to the width of the screen. A column that is empty in every row is left out. */
export function renderTable<Row>(rows: readonly Row[], columns: readonly Column<Row>[], screen: Screen): string {
  const laid = columns
    .map((column): Laid<Row> => {
      const cells = rows.map((row) => toVisibleLine(column.cell(row)));
      return { column, cells, width: Math.max(stringWidth(column.header), ...cells.map((cell) => stringWidth(cell))) };
    })
    .filter(({ cells }) => cells.some((cell) => cell !== ''));
  const below = isTooWide(laid, screen.width) ? laid.filter(({ column }) => column.isBelow === true) : [];
  const beside = laid.filter((one) => !below.includes(one));
  const shown = fitWidth(beside, screen.width);
  const line = (read: (laid: Laid<Row>) => { readonly text: string; readonly style?: Style | undefined }): string =>
    shown
      .map((one, index) => {
        const { text, style } = read(one);
        const cut = truncate(text, one.width, screen.ellipsis);
        const space = ' '.repeat(Math.max(0, one.width - stringWidth(cut)));
        const painted = style ? screen.paint(style, cut) : cut;
        if (one.column.align === 'right') return space + painted;
        return index === shown.length - 1 ? painted : painted + space;
      })
      .join(' '.repeat(GAP))
      .trimEnd();
  const lines = [
    line(({ column }) => ({ text: column.header, style: 'bold' })),
    ...rows.flatMap((row, index) => [
      line(({ column, cells }) => ({ text: cells[index] ?? '', style: column.style?.(row) })),
      ...below.flatMap(({ cells }) => wrapBelow(cells[index] ?? '', screen.width ?? 0)),
    ]),
  ];
  const left = beside.filter((one) => !shown.some(({ column }) => column === one.column)).map(({ column }) => column.header);
  if (left.length > 0) lines.push(screen.paint('dim', wrapHanging(`Not shown, for want of width: ${left.join(', ')}`, screen.width)));
  return `${lines.join('\n')}\n`;
}

/** True if the columns that are always shown would have to be cut. */
function isTooWide<Row>(laid: readonly Laid<Row>[], width: number | undefined): boolean {
  const kept = laid.filter(({ column }) => column.isOptional !== true || column.isBelow === true);
  return width !== undefined && kept.reduce((sum, one) => sum + one.width, GAP * (kept.length - 1)) > width;
}

function wrapBelow(text: string, width: number, indent = INDENT): readonly string[] {
  const lines: string[] = [];
  for (const word of text.split(' ').filter((part) => part !== '')) {
    const last = lines.at(-1);
    if (last !== undefined && stringWidth(last) + 1 + stringWidth(word) <= width) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(' '.repeat(indent) + word);
  }
  return lines;
}

/** Cuts the widest of the columns that may be cut until all fit; where that is not enough, leaves optional columns out. */
function fitWidth<Row>(laid: readonly Laid<Row>[], width: number | undefined): readonly Laid<Row>[] {
  if (width === undefined) return laid;
  const shown = laid.map((one) => ({ ...one }));
  const excess = () => shown.reduce((sum, one) => sum + one.width, GAP * (shown.length - 1)) - width;
  const findLeast = ({ column, width: wide }: Laid<Row>) => Math.min(wide, column.least ?? wide);
  const leastExcess = () => shown.reduce((sum, one) => sum + findLeast(one), GAP * (shown.length - 1)) - width;
  while (leastExcess() > 0) {
    const last = shown.findLastIndex(({ column }) => column.isOptional === true);
    if (last === -1) break;
    shown.splice(last, 1);
  }
  for (let over = excess(); over > 0; over = excess()) {
    const [widest] = shown.filter((one) => one.width > findLeast(one)).toSorted((one, other) => other.width - one.width);
    if (!widest) break;
    widest.width -= 1;
  }
  return shown;
}

/** Returns a text cut to a number of columns; a cut is shown. */
export function truncate(text: string, width: number, ellipsis: string): string {
  if (stringWidth(text) <= width) return text;
  let cut = '';
  let used = stringWidth(ellipsis);
  for (const { segment } of new Intl.Segmenter('en').segment(text)) {
    const wide = stringWidth(segment);
    if (used + wide > width) break;
    used += wide;
    cut += segment;
  }
  return cut.trimEnd() + ellipsis.slice(0, Math.max(0, width - stringWidth(cut.trimEnd())));
}

/** Returns names with their values, one a line, the values aligned. */
export function renderFields(fields: readonly (readonly [name: string, value: string | null | undefined])[], screen: Screen): string {
  const known = fields.filter((field): field is readonly [string, string] => field[1] !== null && field[1] !== undefined);
  const width = Math.max(0, ...known.map(([name]) => name.length));
  return known
    .map(([name, value]) => `${screen.paint('bold', name.padEnd(width))}  ${wrapAt(toVisibleLine(value), width + GAP, screen.width)}\n`)
    .join('');
}

/**
 * Returns a line of a question in lines of the screen. All but the first are indented, so that no text of the archive can begin a line; only blanks
 * are broken, and those that are not are kept.
 */
export function wrapHanging(text: string, width: number | undefined): string {
  if (width === undefined || stringWidth(text) <= width) return text;
  const lines: string[] = [];
  for (const word of text.match(/\s*\S+/g) ?? []) {
    const last = lines.at(-1);
    if (last === undefined) lines.push(word);
    else if (stringWidth(last) + stringWidth(word) <= width) lines[lines.length - 1] = last + word;
    else lines.push(' '.repeat(INDENT) + word.trimStart());
  }
  return lines.join('\n');
}

/** Returns a text in lines of the screen that begin at a column; only blanks are broken. */
export function wrapAt(text: string, column: number, width: number | undefined): string {
  if (width === undefined || column + stringWidth(text) <= width) return text;
  return wrapBelow(text, width, column).join('\n').trimStart();
}

const SHORT_ID = 8;

/** Returns each id with the shortest beginning, of eight characters at least, that no other one of them has. */
export function shortenIds(ids: readonly string[]): ReadonlyMap<string, string> {
  const isUnique = (length: number) => new Set(ids.map((id) => id.slice(0, length))).size === new Set(ids).size;
  let length = SHORT_ID;
  while (!isUnique(length)) length += 1;
  return new Map(ids.map((id) => [id, id.slice(0, length)]));
}
