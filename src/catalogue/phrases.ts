import { readRows } from '../base/rows.ts';
import { formatSize } from '../base/sizes.ts';
import { drifts } from './drifting.ts';

/** Returns a number with its noun, such as `1,234 messages`; undefined for anything else than a number. */
export function formatCount(value: number, one: string, many?: string): string;
export function formatCount(value: unknown, one: string, many?: string): string | undefined;
export function formatCount(value: unknown, one: string, many = `${one}s`): string | undefined {
  return typeof value === 'number' ? `${value.toLocaleString('en-US')} ${value === 1 ? one : many}` : undefined;
}

/** Joins the joinSentences that apply. */
export function joinSentences(...parts: readonly (string | false | undefined)[]): string {
  return parts.filter((part) => part !== undefined && part !== false && part !== '').join(' ');
}

/** Returns what MailStore counts in the archive stores, as far as every one of them has a count. */
export function describeContents(stores: unknown): string | undefined {
  const rows = readRows(stores);
  const count = formatCount(addUp(rows.map(({ statisticsCount }) => statisticsCount)), 'message');
  // Sizes that were not calculated read as nothing.
  const size = formatSize(addUp(rows.map(({ statisticsSize }) => statisticsSize)) || undefined);
  if (rows.length === 0 || count === undefined || !Array.isArray(stores) || rows.length < stores.length) return undefined;
  return drifts(`MailStore counts ${count} in ${formatCount(rows.length, 'archive store')}${size === undefined ? '' : `, ${size}`}.`);
}

function addUp(values: readonly unknown[]): number | undefined {
  const numbers = values.filter((value) => typeof value === 'number');
  return numbers.length === values.length ? numbers.reduce((sum, value) => sum + value, 0) : undefined;
}
