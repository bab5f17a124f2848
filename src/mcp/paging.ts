import * as z from 'zod';
import type { Command } from '../catalogue/define-command.ts';

/** What every list takes in addition to the command's own arguments; it never reaches the wire. */
export const pagingFields = {
  limit: z.int().min(1).max(500).optional(),
  offset: z.int().min(0).optional(),
  match: z.string().min(1).optional(),
};

/** True for the tools that return their rows at once; the rows of a task are paged where the task is read. */
export function isPaged(command: Command): boolean {
  return command.output.kind === 'list' && !command.longRunning;
}

export interface Paging {
  readonly limit?: number | undefined;
  readonly offset?: number | undefined;
  /** Keeps the rows in which any text contains this one, upper or lower case. */
  readonly match?: string | undefined;
}

export interface Page {
  readonly items: readonly unknown[];
  /** Number of rows that match, on this page and beyond it. */
  readonly total: number;
  /** Where the next page begins; absent on the last one. */
  readonly nextOffset?: number;
}

export const DEFAULT_LIMIT = 50;
/** Characters of JSON on a page: without a limit of the caller's about 4,000 tokens, with one what clients still accept whole. */
const DEFAULT_BUDGET = 12_000;
const ASKED_BUDGET = 60_000;

/** Returns one page of the rows: bounded by number and by size, but never without a row while there are any. */
export function pageOf(rows: readonly unknown[], { limit, offset = 0, match }: Paging): Page {
  const wanted = match?.toLowerCase();
  const matching = wanted === undefined ? rows : rows.filter((row) => containsText(row, wanted));
  return pageOfRows(matching.slice(offset, offset + (limit ?? DEFAULT_LIMIT)), matching.length, { limit, offset });
}

/** Returns the page that begins with these rows, of a list that was matched and counted where it is kept. */
export function pageOfRows(rows: readonly unknown[], total: number, { limit, offset = 0 }: Paging): Page {
  const items = withinBudget(rows, limit);
  const next = offset + items.length;
  return { items, total, ...(next < total && { nextOffset: next }) };
}

/** Returns the characters of JSON that an answer may have. */
export function characterLimit({ limit }: Paging): number {
  return limit === undefined ? DEFAULT_BUDGET : ASKED_BUDGET;
}

function withinBudget(rows: readonly unknown[], limit: number | undefined): readonly unknown[] {
  const budget = characterLimit({ limit });
  let size = 0;
  const end = rows.findIndex((row, index) => {
    size += JSON.stringify(row).length + 1;
    return index > 0 && size > budget;
  });
  return end < 0 ? rows : rows.slice(0, end);
}

function containsText(value: unknown, wanted: string): boolean {
  if (typeof value === 'string') return value.toLowerCase().includes(wanted);
  if (typeof value === 'number') return String(value).includes(wanted);
  return typeof value === 'object' && value !== null && Object.values(value).some((inner) => containsText(inner, wanted));
}
