import { isSecretName } from './secret-names.ts';

/** Replaces a secret. */
export const MASK = '***';

/** Returns the text that replaces a credential; the credential itself to leave it. */
export type ReplaceSecret = (credential: string) => string;

/** How a document is masked. */
export interface MaskOptions {
  /** Returns the text that replaces a credential. */
  readonly change: ReplaceSecret;
  /** Masks what looks like a credential inside a text that stands under no secret name. */
  readonly text: (text: string) => string;
  /** Masks a known secret in a name. Default: names stay as they are. */
  readonly key?: (key: string) => string;
  /** Names directly under the root whose value is known to be no secret. */
  readonly plainNames?: ReadonlySet<string>;
}

/** A part of a text and what takes its place. */
export interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** A stretch of a text; the character at `end` is not part of it. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** Returns the spans in order, those that overlap or touch as one. */
export function mergeSpans(spans: readonly Span[]): readonly Span[] {
  const merged: { start: number; end: number }[] = [];
  for (const { start, end } of spans.toSorted((a, b) => a.start - b.start)) {
    const last = merged.at(-1);
    if (last && start <= last.end) last.end = Math.max(last.end, end);
    else merged.push({ start, end });
  }
  return merged;
}

/** Applies edits in any order; of two that overlap, the larger one counts, and of two for the same part, the later one. */
export function applyEdits(text: string, edits: readonly Edit[]): string {
  if (edits.length === 0) return text;
  const sorted = edits
    .map((edit, index) => ({ edit, index }))
    .toSorted((a, b) => a.edit.start - b.edit.start || b.edit.end - a.edit.end || b.index - a.index)
    .map(({ edit }) => edit);
  let result = '';
  let done = 0;
  for (const { start, end, text: replacement } of sorted) {
    if (end <= done) continue;
    const from = Math.max(start, done);
    result += text.slice(done, from) + (start < done ? '' : replacement);
    done = end;
  }
  return result + text.slice(done);
}

/** Names of the member that says what the member `value` of the same object is. */
const NAMING =
  /^(?:name|key|property|field|parameter|param|option|setting|attribute|header|variable|type|id|label|title|item|k|n|schl(?:ü|u\u0308|ue)ssel|eigenschaft|feld|bezeichnung|einstellung)$/i;
const VALUE = /^(?:value|values|val|wert|werte|v|data|content|text|string|default|inhalt|raw|#text|\$value)$/i;

/** True for a member such as `name`, `propertyName` or `Schlüssel`. */
export function isNamingKey(key: string): boolean {
  return NAMING.test(lastWord(key));
}

/** True for a member such as `value`, `stringValue` or `Wert`. */
export function isValueKey(key: string): boolean {
  return VALUE.test(lastWord(key));
}

/** True for the content of a naming member that names a secret; longer texts are no names. */
export function isNamedSecret(content: string): boolean {
  return content.length <= 80 && isSecretName(content);
}

/** Returns which members of an object are the value of a pair that names a secret, such as `value` in `{"name": "password", "value": "…"}`. */
export function valueMembers(row: object): (name: string) => boolean {
  const isNamed = Object.entries(row).some(([name, value]) => typeof value === 'string' && isNamingKey(name) && isNamedSecret(value));
  return (name) => isNamed && isValueKey(name);
}

/** True for what cannot be a secret: nothing, a switch, or text that says there is none. */
export function isNoSecret(content: string): boolean {
  return content.trim() === '' || /^(?:true|false|null|undefined)$/i.test(content);
}

const LONGEST_KEY = 60;
const CACHE_LIMIT = 4096;
const lastWords = new Map<string, string>();

/** Each field of each row asks for it: names that were seen are kept. */
function lastWord(key: string): string {
  const known = lastWords.get(key);
  if (known !== undefined) return known;
  const word = /[\p{Lu}#$]?[\p{Ll}\p{M}]+$|[^_\-. ]+$/u.exec(key.slice(-LONGEST_KEY))?.[0] ?? key;
  if (key.length <= LONGEST_KEY) {
    if (lastWords.size >= CACHE_LIMIT) lastWords.clear();
    lastWords.set(key, word);
  }
  return word;
}
