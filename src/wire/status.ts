import { excerpt, MailStoreError } from '../base/errors.ts';

/** How a run stands, in the words that the dialects share. */
export type StatusWord = 'running' | 'succeeded' | 'failed' | 'cancelled';

/**
 * MailStore's own words for how a run stands. The first three are documented; the name of the cancelled state is not (protocol.md §5, 1), so
 * both spellings count. A word in another letter case is another word.
 */
const WORDS: ReadonlyMap<string, StatusWord> = new Map([
  ['running', 'running'],
  ['succeeded', 'succeeded'],
  ['failed', 'failed'],
  ['cancelled', 'cancelled'],
  ['canceled', 'cancelled'],
]);

/** Says that a run did not succeed where no reason came with it. What came in the place of a result may be one. */
export function sayWithoutReason(word: StatusWord, result: unknown): string {
  const said =
    result === null || result === undefined || result === ''
      ? ''
      : `: ${excerpt(typeof result === 'string' ? result : JSON.stringify(result))}`;
  return `the server reports '${word}'${said}`;
}

/** Finds a word that ends a run, behind the name of its field. */
export const END_WORD = '(?:succeeded|failed|cancelled|canceled)';

/** Returns the known word, or undefined for any other text. */
export function readStatusWord(text: string): StatusWord | undefined {
  return WORDS.get(text);
}

/** Throws MailStoreError `foreignStatus` when a status names another run than the one that was asked for. Tokens are GUIDs, of any case. */
export function refuseForeignStatus(command: string, asked: string, told: unknown): void {
  if (typeof told !== 'string' || told === '' || told.toLowerCase() === asked.toLowerCase()) return;
  throw new MailStoreError('foreignStatus', { command });
}

/**
 * Returns the version of a status; 0 where it has none. Throws MailStoreError `invalidStatus` for a number that is none: it could neither be
 * stored nor be sent back.
 */
export function readVersion(command: string, told: unknown): number {
  if (typeof told !== 'number') return 0;
  if (Number.isSafeInteger(told) && told >= 0) return told;
  throw new MailStoreError('invalidStatus', { command, field: 'statusVersion', value: String(told) });
}

/** Returns a percentage from 0 to 100, or null where none was reported. */
export function readPercent(told: unknown): number | null {
  return typeof told === 'number' && !Number.isNaN(told) ? Math.min(100, Math.max(0, told)) : null;
}
