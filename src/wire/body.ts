import { stripStack } from '../base/strip-stack.ts';
import { isUtf8 } from 'node:buffer';
import { excerpt, MailStoreError } from '../base/errors.ts';
import { DEPTH_LIMIT, isDeeper } from '../base/nesting.ts';
import type { WireResponse } from './reply.ts';

/**
 * The content type of an answer whose secrets could not be masked. Its bytes may be the only copy of an end, so they are kept as they came, in
 * files of their owner; no reader turns them into text.
 */
export const UNMASKED_TYPE = 'application/x-not-masked';

/**
 * Returns the body as text without its byte order mark. Throws MailStoreError `notMasked` for an answer whose secrets could not be masked, and
 * `compressed` or `notUtf8` for one that is no UTF-8 text.
 */
export function readText(response: WireResponse, command: string): string {
  if (response.contentType === UNMASKED_TYPE) throw new MailStoreError('notMasked', { command });
  const { buffer, byteOffset, byteLength } = response.body;
  const bytes = Buffer.from(buffer, byteOffset, byteLength);
  // The journal keeps no headers, but gzip names itself.
  const encoding = response.encoding ?? (bytes[0] === 0x1f && bytes[1] === 0x8b ? 'gzip' : undefined);
  if (encoding !== undefined) throw new MailStoreError('compressed', { command, encoding: excerpt(encoding) });
  if (!isUtf8(bytes)) throw new MailStoreError('notUtf8', { command });
  return bytes.toString('utf8').replace(/^\uFEFF/, '');
}

/** Returns the body as a JSON value. Throws MailStoreError when it is a web page, cut off, or no JSON. */
export function readJson(response: WireResponse, command: string, origin: string): unknown {
  const text = readText(response, command);
  refusePage(text, response.contentType, origin);
  let value: unknown;
  try {
    value = JSON.parse(text) as unknown;
  } catch (cause) {
    if (isCutOff(text)) throw new MailStoreError('truncated', { command, bytes: response.body.byteLength }, { cause });
    throw new MailStoreError('notJson', { command, excerpt: excerpt(text) }, { cause });
  }
  // What is shorter cannot be that deep.
  if (text.length > 2 * DEPTH_LIMIT && isDeeper(value, DEPTH_LIMIT)) {
    throw new MailStoreError('tooDeep', { command, limit: DEPTH_LIMIT });
  }
  return value;
}

/** Throws MailStoreError `notMailStore` when the body is HTML. */
export function refusePage(text: string, contentType: string, origin: string): void {
  if (/^text\/html\b/i.test(contentType) || /^\s*<(?:!doctype\s+html|html)\b/i.test(text)) {
    throw new MailStoreError('notMailStore', { origin, excerpt: excerpt(pageTitle(text)) });
  }
}

/** Returns what a person would recognise a page by: its title, or else its text. */
function pageTitle(page: string): string {
  return /<title[^>]*>([^<]*)/i.exec(page)?.[1] ?? page.replaceAll(/<[^>]*>/g, ' ');
}

/** Returns the text of an HTTP error's body: the message of an envelope, the title of a page, or the text itself, without stack frames. */
export function errorText(text: string): string {
  try {
    const body = JSON.parse(text) as { error?: { message?: unknown }; message?: unknown; Message?: unknown };
    const message = body.error?.message ?? body.message ?? body.Message;
    if (typeof message === 'string') return stripStack(message);
  } catch {
    // Not JSON: the text itself is the message.
  }
  return stripStack(/^\s*<[!?a-z]/i.test(text) ? pageTitle(text) : text);
}

/** True when the text begins as JSON and ends before all that it opened is closed. */
function isCutOff(text: string): boolean {
  if (text.trim() === '') return true;
  if (!/^\s*[[{]/.test(text)) return false;
  const outsideStrings = text.replaceAll(/"[^"\\]*(?:\\.[^"\\]*)*"/gs, '');
  const count = (bracket: RegExp) => outsideStrings.match(bracket)?.length ?? 0;
  return outsideStrings.includes('"') || count(/[[{]/g) > count(/[\]}]/g);
}
