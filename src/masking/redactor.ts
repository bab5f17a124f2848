import { isUtf8 } from 'node:buffer';
import { decodeUtf8In } from './decoded-text.ts';
import { KnownSecrets } from './known-secrets.ts';
import { maskApart, NO_THREAD } from './mask-apart.ts';
import { mapDocument, maskText, mayHoldCredential } from './mask-text.ts';
import { MASK, mergeSpans, type Span } from './masks.ts';

/** The words by which MailStore says how a command stands: masked, the end of a run would not be understood. */
const WIRE_WORDS: ReadonlySet<string> = new Set(['succeeded', 'failed', 'running', 'cancelled']);

const NONE: ReadonlySet<string> = new Set();

/** Masking takes some 10 ms for 100 KiB; a body of this size holds up nothing for long. */
const APART_BYTES = 1024 * 1024;

export interface BodyOptions {
  readonly contentType?: string;
  /** Returns the names that stay readable even if they are known secrets, because an answer is read by them. Default: none. */
  readonly keptNames?: () => ReadonlySet<string>;
  /** Members of the outermost object that hold no secret although their name says so, such as the token of a run. */
  readonly plainNames?: ReadonlySet<string>;
}

/**
 * The one door for what the far end says: bodies, headers and reasons pass it before anything keeps or shows them. Known secrets and what looks
 * like a credential are masked as `***`. A text that is no more than a word by which MailStore says how a command stands stays as it is.
 */
export class Redactor {
  readonly #known = new KnownSecrets();
  /** What was added, for a thread that masks a large body. */
  readonly #secrets: (readonly [secret: string, login?: string])[] = [];

  /** Masks this secret from now on, and with `login` also the base64 of `login:secret`. */
  add(secret: string, login?: string): void {
    if (this.#known.add(secret, login)) this.#secrets.push(login === undefined ? [secret] : [secret, login]);
  }

  /**
   * Returns the text with every secret and every credential masked; the same string where there is none. A text on which masking fails becomes
   * one mask, because a part of it may be a secret.
   */
  text(text: string): string {
    try {
      return maskText(this.known(text));
    } catch {
      return MASK;
    }
  }

  /** Returns a text of our own with every known secret masked; the same string where there is none. */
  known(text: string): string {
    return maskSpans(text, this.#find(text));
  }

  /**
   * Returns the body of an answer with every secret and every credential masked; the same bytes where there is none, and undefined where
   * masking fails. JSON and XML stay well-formed; of their names, only known secrets are masked.
   */
  body(bytes: Uint8Array, options: BodyOptions = {}): Uint8Array | undefined {
    try {
      return this.#body(bytes, options);
    } catch {
      return undefined;
    }
  }

  /** Returns what `body` returns. A large body is masked in a thread of its own, where this program was built with one: meanwhile, calls go on. */
  async bodyApart(bytes: Uint8Array, { keptNames, ...options }: BodyOptions = {}): Promise<Uint8Array | undefined> {
    if (bytes.byteLength < APART_BYTES) return this.body(bytes, { ...(keptNames && { keptNames }), ...options });
    const masked = await maskApart({ bytes, secrets: this.#secrets, keptNames: [...(keptNames?.() ?? [])], ...options });
    if (masked === NO_THREAD) return this.body(bytes, { ...(keptNames && { keptNames }), ...options });
    return masked;
  }

  #body(bytes: Uint8Array, options: BodyOptions): Uint8Array {
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const encoding = isUtf8(buffer) ? 'utf8' : 'latin1';
    const text = buffer.toString(encoding);
    const masked = this.#maskBody(text, options, encoding === 'utf8' ? (part) => this.#find(part) : (part) => this.#findInBytes(part));
    return masked === text ? bytes : Buffer.from(masked, encoding);
  }

  /** Returns the value of an HTTP header, whose bytes were read as latin1, with every secret and every credential masked. */
  header(value: string): string {
    return Buffer.from(this.body(Buffer.from(value, 'latin1')) ?? Buffer.from(MASK)).toString('latin1');
  }

  #maskBody(
    text: string,
    { contentType = '', plainNames, keptNames = () => NONE }: BodyOptions,
    find: (text: string) => readonly Span[],
  ): string {
    const hasKnown = find(text).length > 0;
    if (!hasKnown && !mayHoldCredential(text)) return text;
    const inText = hasKnown ? (part: string) => maskText(maskSpans(part, find(part))) : maskText;
    const isPage = /^text\/html\b/i.test(contentType) || /^\uFEFF?\s*(?:<\?xml[^>]*>\s*)?<(?:!doctype\s+html|html)\b/i.test(text);
    const key = hasKnown ? (name: string) => (keptNames().has(name) ? name : maskSpans(name, find(name))) : undefined;
    const document = isPage
      ? undefined
      : mapDocument(text, { change: () => MASK, text: inText, ...(key && { key }), ...(plainNames && { plainNames }) });
    return document ?? inText(text);
  }

  #find(text: string): readonly Span[] {
    return WIRE_WORDS.has(text.trim()) ? [] : this.#known.find(text);
  }

  /** Looks for secrets in bytes that were read as latin1 and are not all UTF-8. */
  #findInBytes(latin1: string): readonly Span[] {
    const decoded = decodeUtf8In(latin1);
    if (!decoded) return this.#find(latin1);
    const inUtf8 = this.#find(decoded.text).map(({ start, end }) => ({ start: decoded.findStart(start), end: decoded.findEnd(end - 1) }));
    return [...this.#find(latin1), ...inUtf8];
  }
}

/** Puts one mask in the place of each span; spans that overlap or touch are one, so that neither their number nor a rest of a secret shows. */
function maskSpans(text: string, spans: readonly Span[]): string {
  if (spans.length === 0) return text;
  let masked = '';
  let done = 0;
  for (const { start, end } of mergeSpans(spans)) {
    masked += text.slice(done, start) + MASK;
    done = end;
  }
  return masked + text.slice(done);
}
