import { randomBytes } from 'node:crypto';

// Random, so that no text from a server can contain it and take part of a question out of what a yes is bound to.
const MARK = randomBytes(12).toString('hex');
const OPEN = `<${MARK}>`;
const CLOSE = `</${MARK}>`;
const DRIFTING = new RegExp(`${OPEN}[^]*?${CLOSE}`, 'g');

/**
 * Marks a part of a question that changes by itself, such as a message count, a size, a time or a percentage: a yes stays valid when it reads
 * differently. Returns undefined for undefined.
 */
export function drifts(text: string): string;
export function drifts(text: string | undefined): string | undefined;
export function drifts(text: string | undefined): string | undefined {
  return text === undefined ? undefined : `${OPEN}${text}${CLOSE}`;
}

/** Returns a text as a person reads it, without the marks. */
export function toShownText(text: string): string {
  return text.replaceAll(OPEN, '').replaceAll(CLOSE, '');
}

/** Returns what a yes is bound to: the text without its drifting parts. */
export function toStableText(text: string): string {
  return text.replaceAll(DRIFTING, '…');
}
