import { excerpt } from '../base/errors.ts';
import { isRow } from '../base/rows.ts';
import { estimateTokens } from './tokens.ts';

/** Tokens of the rows or the value in a default answer, and in one with a `limit`; what surrounds them comes on top. */
const DEFAULT_TOKENS = 1550;
const ASKED_TOKENS = 4000;

/** Returns the tokens that the rows or the value of an answer may have. */
export function tokenLimit({ limit }: { readonly limit?: number | undefined }): number {
  return limit === undefined ? DEFAULT_TOKENS : ASKED_TOKENS;
}

/** Returns the first rows that fit, and one row at least while there are any, that one cut to fit. */
export function rowsThatFit(rows: readonly unknown[], tokens: number): { readonly rows: readonly unknown[]; readonly isCut: boolean } {
  let size = 0;
  const end = rows.findIndex((row) => {
    size += estimateTokens(JSON.stringify(row) ?? '', tokens) + 1;
    return size > tokens;
  });
  if (end < 0) return { rows, isCut: false };
  if (end > 0) return { rows: rows.slice(0, end), isCut: false };
  return { rows: [shrink(rows[0], tokens)], isCut: true };
}

/** Returns a value that fits: long lists end early and long texts are shortened, the same way everywhere in it. */
export function shrink(value: unknown, tokens: number): unknown {
  for (let entries = 64, characters = 4000; ; entries = Math.floor(entries / 2), characters = Math.floor(characters / 2)) {
    const cut = cutTo(value, entries, characters);
    if (entries === 0 || fits(cut, tokens)) return cut;
  }
}

export function fits(value: unknown, tokens: number): boolean {
  const text = JSON.stringify(value) ?? '';
  // No token is estimated for less than a character.
  return text.length <= tokens || estimateTokens(text, tokens) <= tokens;
}

function cutTo(value: unknown, entries: number, characters: number): unknown {
  if (typeof value === 'string') return value.length > characters ? excerpt(value, Math.max(characters, 40)) : value;
  if (Array.isArray(value)) {
    const shown = value.slice(0, entries).map((entry) => cutTo(entry, entries, characters));
    return value.length > entries ? [...shown, `… ${value.length - entries} more`] : shown;
  }
  if (!isRow(value)) return value;
  const fields = Object.entries(value);
  // An object with very many fields is a list by another name.
  const most = Math.max(entries * 2, 24);
  const shown = fields.slice(0, most).map(([name, inner]): [string, unknown] => [excerpt(name), cutTo(inner, entries, characters)]);
  return Object.fromEntries(fields.length > most ? [...shown, ['…', `${fields.length - most} more fields`]] : shown);
}
