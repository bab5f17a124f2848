import type { Finding } from '../journal/task-record.ts';
import type { Message } from '../wire/reply.ts';

/** What a run said in the end. */
export interface RunWords {
  readonly messages: readonly Message[];
  readonly statusText: string | null;
  readonly result: unknown;
}

type Kind = keyof Finding;
const KINDS: readonly Kind[] = ['errors', 'warnings'];

/** A count that a run states itself, as in `Verification finished; errors: 1, warnings: 0`; servers in German state it in German. */
const COUNTS: Readonly<Record<Kind, RegExp>> = {
  errors: /\b(?:errors?|Fehler)\s*[:=]\s*(\d{1,9})\b/gi,
  warnings: /\b(?:warnings?|Warnungen)\s*[:=]\s*(\d{1,9})\b/gi,
};

/** A line that is one, where the form of the API has no types: it begins with the word. */
const MARKS: Readonly<Record<Kind, RegExp>> = { errors: /^\s*\[?(?:error|fehler)\b/i, warnings: /^\s*\[?(?:warning|warnung)\b/i };

/** The types that say what a message is. A line, and one of an unknown type, may be anything. */
const TYPES: ReadonlySet<string> = new Set(['error', 'warning', 'information']);

/** The fields of a result that count. */
const FIELDS: Readonly<Record<Kind, RegExp>> = {
  errors: /^(?:number(?:of)?)?errors?(?:count)?$/i,
  warnings: /^(?:number(?:of)?)?warnings?(?:count)?$/i,
};

/**
 * Returns how many errors and warnings a run that MailStore calls succeeded has found, or undefined where there are none. Read from the messages'
 * types, by the counts in what it says last, and by counts in its result; where they differ the largest counts.
 */
export function readFinding({ messages, statusText, result }: RunWords): Finding | undefined {
  const texts = [...messages.map(({ text }) => text), ...(statusText === null ? [] : [statusText])];
  const count = (kind: Kind) => Math.max(typed(messages, kind), stated(texts, kind), counted(result, kind));
  const finding = Object.fromEntries(KINDS.map((kind) => [kind, count(kind)])) as unknown as Finding;
  return finding.errors + finding.warnings > 0 ? finding : undefined;
}

function typed(messages: readonly Message[], kind: Kind): number {
  const own = kind === 'errors' ? 'error' : 'warning';
  return messages.filter(({ type, text }) => {
    const word = type.toLowerCase();
    return word === own || (!TYPES.has(word) && isMarked(text, kind));
  }).length;
}

/** A line that states a count is a summary and no finding of its own. */
function isMarked(text: string, kind: Kind): boolean {
  return MARKS[kind].test(text) && text.search(COUNTS[kind]) < 0;
}

/** Returns the last count that was stated: earlier ones were about a part, or on the way. */
function stated(texts: readonly string[], kind: Kind): number {
  const last = texts.findLast((text) => text.search(COUNTS[kind]) >= 0);
  return Number([...(last?.matchAll(COUNTS[kind]) ?? [])].at(-1)?.[1] ?? 0);
}

function counted(result: unknown, kind: Kind): number {
  if (typeof result !== 'object' || result === null) return 0;
  return Object.entries(result).reduce((sum, [name, value]: [string, unknown]) => {
    if (!FIELDS[kind].test(name)) return sum;
    if (Array.isArray(value)) return Math.max(sum, value.length);
    return typeof value === 'number' && Number.isSafeInteger(value) && value > 0 ? Math.max(sum, value) : sum;
  }, 0);
}
