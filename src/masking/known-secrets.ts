import { foldText, visitDecoded, type DecodedText } from './decoded-text.ts';
import type { Span } from './masks.ts';

/** Shorter secrets would blank out ordinary words: MailStore's first password is `admin`. */
const SHORTEST = 6;

/** Characters of a secret that are looked for as one piece. */
const PIECE = 256;

/** Characters that suffice to know a piece by: the end of an echo may be cut off. */
const ENOUGH = 32;

/** Characters of the base64 of a secret that are looked for. What follows them in the same word belongs to it. */
const BASE64_ENOUGH = 64;

/** The size of the table of hashes, in bits as a power of two. */
const TABLE_BITS = 20;

interface Needle {
  readonly text: string;
  /** True where every letter that follows is a part of it too. */
  readonly isBase64: boolean;
}

/**
 * Finds known secrets in texts: as they are, in other letter case, in composed or decomposed characters, escaped as in JSON, XML or URLs up to
 * three times, and as base64. The cost is linear in the text, and does not depend on how many secrets are known or what they are made of: the
 * first characters of each are in one index that is looked up once for each position.
 */
export class KnownSecrets {
  readonly #added = new Set<string>();
  /** By their first `SHORTEST` characters, by how many characters decide, and by these. */
  readonly #needles = new Map<string, Map<number, Map<string, Needle[]>>>();
  #table: Uint32Array | undefined;

  get isEmpty(): boolean {
    return this.#needles.size === 0;
  }

  /** Makes a secret known, with `login` also the base64 of `login:secret`. Secrets of fewer than 6 characters are not looked for alone. */
  add(secret: string, login?: string): void {
    const id = login === undefined ? secret : `${login}\0${secret}`;
    if (secret === '' || this.#added.has(id)) return;
    this.#added.add(id);
    if (secret.length >= SHORTEST) {
      const folded = foldText({ text: secret }).text;
      for (const piece of splitPieces(folded)) this.#index({ text: piece, isBase64: false });
      for (const form of new Set([secret, secret.normalize('NFC'), secret.normalize('NFD')])) this.#addBase64(form, true);
    }
    if (login !== undefined) this.#addBase64(`${login}:${secret}`, false);
  }

  /** Returns where secrets stand, in any order; spans may overlap. */
  find(text: string): readonly Span[] {
    if (this.isEmpty || text.length < SHORTEST) return [];
    const spans: Span[] = [];
    visitDecoded(text, (decoded) => this.#findIn(foldText(decoded), spans));
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
      if (needle.length >= 8) this.#index({ text: standardBase64(needle.slice(0, BASE64_ENOUGH).toLowerCase()), isBase64: true });
    }
  }

  #index(needle: Needle): void {
    const start = needle.text.slice(0, SHORTEST);
    const byLength = this.#needles.get(start) ?? new Map<number, Map<string, Needle[]>>();
    this.#needles.set(start, byLength);
    const needed = Math.min(needle.text.length, needle.isBase64 ? BASE64_ENOUGH : ENOUGH);
    const byText = byLength.get(needed) ?? new Map<string, Needle[]>();
    byLength.set(needed, byText);
    const head = needle.text.slice(0, needed);
    const same = byText.get(head);
    if (same?.some(({ text, isBase64 }) => text === needle.text && isBase64 === needle.isBase64)) return;
    if (same) same.push(needle);
    else byText.set(head, [needle]);
    const table = (this.#table ??= new Uint32Array(2 ** (TABLE_BITS - 5)));
    let hash = 0;
    for (let index = 0; index < SHORTEST; index++) hash = nextHash(hash, start.charCodeAt(index));
    mark(table, hash);
  }

  #findIn(decoded: DecodedText, spans: Span[]): void {
    const { text } = decoded;
    this.#scan(decoded, spans, ({ isBase64 }) => !isBase64);
    this.#scan(/[-_]/.test(text) ? { ...decoded, text: standardBase64(text) } : decoded, spans, ({ isBase64 }) => isBase64);
  }

  #scan({ text, starts, ends }: DecodedText, spans: Span[], isMeant: (needle: Needle) => boolean): void {
    const table = this.#table;
    if (!table) return;
    let hash = 0;
    for (let index = 0; index < text.length; index++) {
      hash = nextHash(hash, text.charCodeAt(index));
      if (!isMarked(table, hash)) continue;
      const at = index - SHORTEST + 1;
      const byLength = at < 0 ? undefined : this.#needles.get(text.slice(at, index + 1));
      for (const [needed, byText] of byLength ?? []) {
        for (const needle of byText.get(text.slice(at, at + needed)) ?? []) {
          if (!isMeant(needle)) continue;
          const end = endOfMatch(text, at + needed, needed, needle);
          spans.push({ start: starts?.[at] ?? at, end: ends?.[end - 1] ?? end });
        }
      }
    }
  }
}

/** Keeps what the last four characters have in it: the bits of older ones are shifted out of the table. */
function nextHash(hash: number, code: number): number {
  return ((hash << 5) ^ code) & (2 ** TABLE_BITS - 1);
}

function mark(table: Uint32Array, hash: number): void {
  const word = hash >>> 5;
  table[word] = (table[word] ?? 0) | (1 << (hash & 31));
}

function isMarked(table: Uint32Array, hash: number): boolean {
  return ((table[hash >>> 5] ?? 0) & (1 << (hash & 31))) !== 0;
}

/** Returns where a match ends whose first `done` characters end at `at`. */
function endOfMatch(text: string, at: number, done: number, { text: needle, isBase64 }: Needle): number {
  let end = at;
  if (isBase64) {
    while (/[a-z\d+/]/.test(text[end] ?? '')) end++;
    while (text[end] === '=') end++;
    return end;
  }
  for (let index = done; index < needle.length && text[end] === needle[index]; index++) end++;
  return end;
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
