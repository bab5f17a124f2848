import { createHash } from 'node:crypto';
import { KEPT_CHARACTERS, KEPT_RECORD_CHARACTERS } from './limits.ts';

/** What is kept of a value whose JSON is too long: its beginning, and the length and SHA-256 of the whole, by which it can be recognised. */
export interface BoundedValue {
  readonly cut: true;
  /** The beginning of the value as JSON. */
  readonly head: string;
  /** Characters of the whole as JSON. */
  readonly length: number;
  readonly sha256: string;
}

/** Returns a text that is kept: a long one ends with its length and SHA-256 in place of its rest. */
export function keepText(text: string): string {
  if (text.length <= KEPT_CHARACTERS) return text;
  return `${cutText(text)}… [cut: ${text.length} characters in all, SHA-256 ${digestText(text)}]`;
}

/**
 * Returns the arguments of a call, or the fields of an object, as they are kept: each one that is too long is cut by itself, so that the others stay
 * readable. If they are too long together, the whole is cut.
 */
export function keepArguments(args: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const kept = Object.fromEntries(Object.entries(args).map(([name, value]) => [keepText(name), keepValue(value)]));
  return JSON.stringify(kept).length <= KEPT_RECORD_CHARACTERS ? kept : { ...cut(JSON.stringify(args)) };
}

/** Returns any value as it is kept: one that is too long as its beginning, its length and its SHA-256. */
export function keepValue(value: unknown): unknown {
  if (typeof value === 'string') return keepText(value);
  if (typeof value !== 'object' || value === null) return value;
  const text = JSON.stringify(value);
  return text.length <= KEPT_CHARACTERS ? value : cut(text);
}

/** True for what `keepValue` returns of a value that is too long and no text. */
export function isBounded(value: unknown): value is BoundedValue {
  return typeof value === 'object' && value !== null && 'cut' in value && value.cut === true && 'sha256' in value;
}

function cut(text: string): BoundedValue {
  return { cut: true, head: cutText(text), length: text.length, sha256: digestText(text) };
}

/** A pair of surrogates is not cut in two: half of one is no text. */
function cutText(text: string): string {
  return text.slice(0, KEPT_CHARACTERS).replace(/[\uD800-\uDBFF]$/, '');
}

function digestText(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
