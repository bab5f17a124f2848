import { DecodedText, foldText, visitDecoded } from './decoded-text.ts';
import type { Span } from './masks.ts';
import { TextFinder } from './text-finder.ts';

/** Shorter secrets would blank out ordinary words: MailStore's first password is `admin`. */
const SHORTEST = 6;

/** Characters of a secret that are looked for as one piece. */
const PIECE = 256;

/** Characters that suffice to know a piece by: the end of an echo may be cut off. */
const ENOUGH = 32;

/** Characters of the base64 of a secret that are looked for. What follows them in the same word belongs to it. */
const BASE64_ENOUGH = 64;

/**
 * Finds known secrets in texts: as they are, in other letter case, in composed or decomposed characters, escaped as in JSON, XML or URLs up to
 * three times, and as base64. The cost is linear in the text and does not depend on how many secrets are known or how alike they are.
 */
export class KnownSecrets {
  readonly #added = new Set<string>();
  readonly #plain = new TextFinder();
  readonly #base64 = new TextFinder();

  get isEmpty(): boolean {
    return this.#plain.isEmpty && this.#base64.isEmpty;
  }

  /**
   * Makes a secret known, with `login` also the base64 of `login:secret`. Secrets of fewer than 6 characters are not looked for alone. Returns false
   * for one that is known.
   */
  add(secret: string, login?: string): boolean {
    const id = login === undefined ? secret : `${login}\0${secret}`;
    if (secret === '' || this.#added.has(id)) return false;
    this.#added.add(id);
    if (secret.length >= SHORTEST) {
      for (const piece of splitPieces(foldText(new DecodedText(secret)).text)) this.#plain.add(piece, ENOUGH);
      for (const form of new Set([secret, secret.normalize('NFC'), secret.normalize('NFD')])) this.#addBase64(form, true);
    }
    if (login !== undefined) this.#addBase64(`${login}:${secret}`, false);
    return true;
  }

  /** Returns where secrets stand, in any order; spans may overlap. */
  find(text: string): readonly Span[] {
    if (this.isEmpty || text.length < SHORTEST) return [];
    const spans: Span[] = [];
    visitDecoded(text, (decoded) => {
      const folded = foldText(decoded);
      const keep = ({ start, end }: Span) => spans.push({ start: folded.findStart(start), end: folded.findEnd(end - 1) });
      for (const span of findMerged(this.#plain, folded.text)) keep(span);
      const standard = standardBase64(folded.text);
      for (const { start, end } of findMerged(this.#base64, standard)) keep({ start, end: findBase64End(standard, end) });
    });
    return spans;
  }

  #addBase64(text: string, isAnywhere: boolean): void {
    const bytes = Buffer.from(text);
    // Within the base64 of a longer text, a secret may begin at any of three positions; its first and last letters then differ.
    for (const shift of isAnywhere ? [0, 1, 2] : [0]) {
      const written = Buffer.concat([Buffer.alloc(shift), bytes])
        .toString('base64')
        .replace(/=+$/, '');
      const from = shift === 0 ? 0 : shift + 1;
      const whole = Math.floor(((bytes.length + shift) * 8) / 6);
      const certain = written.slice(from, whole);
      const needle = shift === 0 && certain.length < 16 ? written : certain;
      if (needle.length >= 8) this.#base64.add(standardBase64(needle.slice(0, BASE64_ENOUGH).toLowerCase()), BASE64_ENOUGH);
    }
  }
}

/** Returns what a finder finds, stretches that overlap or touch as one. */
function findMerged(finder: TextFinder, text: string): readonly Span[] {
  const spans: { start: number; end: number }[] = [];
  finder.find(text, (start, end) => {
    const last = spans.at(-1);
    if (!last || start > last.end) spans.push({ start, end });
    else [last.start, last.end] = [Math.min(last.start, start), end];
  });
  return spans;
}

function findBase64End(text: string, from: number): number {
  const rest = /[a-z\d+/]*=*/y;
  rest.lastIndex = from;
  return from + (rest.exec(text)?.[0].length ?? 0);
}

/** Returns base64 for URLs in the standard alphabet. */
function standardBase64(text: string): string {
  return text.replaceAll('-', '+').replaceAll('_', '/');
}

/** Returns a secret in pieces; the last one is no shorter than the others, since a short one would mask anything. */
function splitPieces(text: string): readonly string[] {
  const count = Math.ceil(text.length / PIECE);
  return Array.from({ length: count }, (_, index) => {
    const start = Math.min(index * PIECE, Math.max(0, text.length - PIECE));
    return text.slice(start, start + PIECE);
  });
}
