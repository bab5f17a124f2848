import { toVisibleLine } from '../../../base/escape-hidden.ts';
import { isRow, type Row } from '../../../base/rows.ts';
import { fromWallClock } from '../../../base/zoned-time.ts';
import { formatDateTime, formatNumber, formatSize, formatWallClock, localiseTimes } from './locale.ts';

/** What the fields of an answer mean, as far as their values do not show it. */
export interface FieldFacts {
  /** Fields that hold a number of bytes. */
  readonly bytes?: readonly string[] | undefined;
  /** The IANA zone of times that name none. */
  readonly zone?: string | undefined;
}

/** A value as a person reads it. */
export interface Cell {
  readonly text: string;
  /** The value as it came, where the text is another. */
  readonly raw?: string;
  readonly isNumber: boolean;
}

const DATE_TIME = /^(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2})(:\d{2})?(?:\.\d+)?(Z|[+-]\d{2}:?\d{2})?$/;

/** Numbers that name something: their digits are not grouped. */
const NAME = /(?:id|version|port|year|number)$/i;

/** The characters of a value that a cell can show. */
const LONGEST = 500;

/** Returns a value in words: sizes, numbers and times in the reader's locale, nothing for what is not set. */
export function makeCell(name: string, value: unknown, { bytes = [], zone }: FieldFacts = {}): Cell {
  switch (typeof value) {
    case 'number':
      return {
        ...withRaw(bytes.includes(name) ? formatSize(value) : NAME.test(name) ? String(value) : formatNumber(value), String(value)),
        isNumber: true,
      };
    case 'boolean':
      return { ...withRaw(value ? 'yes' : 'no', String(value)), isNumber: false };
    case 'string':
      return {
        ...withRaw(describeTime(name, value, zone) ?? localiseTimes(shorten(toVisibleLine(value))), shorten(toVisibleLine(value))),
        isNumber: false,
      };
    default:
      return { text: isEmpty(value) ? '' : shorten(toVisibleLine(writeNested(value))), isNumber: false };
  }
}

/** True for what says nothing: null, an empty text and an empty list. */
export function isEmpty(value: unknown): boolean {
  return value === null || value === undefined || value === '' || (Array.isArray(value) && value.length === 0);
}

/** Compares two values of a column: numbers by size, times and texts in their order, what is empty last. */
export function compareValues(one: unknown, other: unknown): number {
  if (typeof one === 'number' && typeof other === 'number') return one - other;
  return collator.compare(writeValue(one), writeValue(other));
}

const collator = new Intl.Collator(undefined, { numeric: true });

const haystacks = new WeakMap<Row, string>();

/** Returns whether a row has every word of a filter, as it came or as it is shown. */
export function matchesFilter(row: Row, words: readonly string[], facts: FieldFacts): boolean {
  let text = haystacks.get(row);
  if (text === undefined) {
    text = Object.entries(row)
      .map(([name, value]) => `${writeValue(value)}\n${makeCell(name, value, facts).text}`)
      .join('\n')
      .toLowerCase();
    haystacks.set(row, text);
  }
  const written = text;
  return words.every((word) => written.includes(word));
}

function writeValue(value: unknown): string {
  if (value === null || value === undefined) return '';
  return typeof value === 'string' ? value : writeNested(value);
}

function writeNested(value: unknown): string {
  if (Array.isArray(value) && !value.some((entry) => isRow(entry) || Array.isArray(entry))) return value.map(String).join(', ');
  return JSON.stringify(value);
}

function withRaw(text: string, raw: string): Pick<Cell, 'text' | 'raw'> {
  return text === raw ? { text } : { text, raw };
}

function shorten(text: string): string {
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}

/** A time without an offset is UTC where its field's name says so, else in the zone of the answer. */
function describeTime(name: string, text: string, zone: string | undefined): string | undefined {
  const [, date, minutes, seconds = ':00', offset] = DATE_TIME.exec(text) ?? [];
  if (date === undefined || minutes === undefined) return undefined;
  const wall = `${date}T${minutes}${seconds}`;
  const written = /utc$/i.test(name) ? 'UTC' : zone;
  if (offset === undefined && written === undefined) return formatWallClock(wall);
  const time =
    offset === undefined ? fromWallClock(wall, written ?? 'UTC') : Date.parse(wall + offset.replace(/^([+-]\d{2}):?(\d{2})$/, '$1:$2'));
  return time === undefined || Number.isNaN(time) ? undefined : formatDateTime(time);
}
