/** A text with some of its escapes resolved, and where each of its characters is in the source. */
export class DecodedText {
  readonly text: string;
  readonly #source: DecodedText | undefined;
  readonly #changes: LengthChanges;
  #resolved: Map<Decoder, DecodedText | undefined> | undefined;

  constructor(text: string, source?: DecodedText, changes: LengthChanges = { at: [], units: [], from: [], lengths: [] }) {
    this.text = text;
    this.#source = source;
    this.#changes = changes;
  }

  /** Returns where the stretch of the source begins from which a character came. */
  findStart(index: number): number {
    if (!this.#source) return index;
    const { offset } = this.#find(index);
    return this.#source.findStart(offset);
  }

  /** Returns where the stretch of the source ends from which a character came. */
  findEnd(index: number): number {
    if (!this.#source) return index + 1;
    const { offset, length } = this.#find(index);
    return this.#source.findEnd(offset + length - 1);
  }

  /** Resolves one level of escapes; undefined where there is none. A second call returns the same object. */
  resolve(decoder: Decoder): DecodedText | undefined {
    this.#resolved ??= new Map();
    if (!this.#resolved.has(decoder)) this.#resolved.set(decoder, resolve(this, decoder));
    return this.#resolved.get(decoder);
  }

  /** Returns the stretch of the text before the last step from which a character came. */
  #find(index: number): { readonly offset: number; readonly length: number } {
    const { at, units, from, lengths } = this.#changes;
    let [low, high] = [0, at.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((at[middle] ?? 0) <= index) low = middle + 1;
      else high = middle;
    }
    if (low === 0) return { offset: index, length: 1 };
    const [start, width, offset, length] = [at[low - 1] ?? 0, units[low - 1] ?? 0, from[low - 1] ?? 0, lengths[low - 1] ?? 0];
    const beyond = index - start - width;
    return beyond < 0 ? { offset, length } : { offset: offset + length + beyond, length: 1 };
  }
}

/** Where a step of decoding changed the length of a text, in order: a lookup costs the logarithm of their number, and the rest of the text nothing. */
interface LengthChanges {
  /** Index in the new text. */
  readonly at: number[];
  /** Number of characters in the new text. */
  readonly units: number[];
  /** Index in the text before. */
  readonly from: number[];
  /** Number of characters in the text before. */
  readonly lengths: number[];
}

interface Decoder {
  /** A character without which nothing is to be resolved. */
  readonly sign: RegExp;
  readonly sequence: RegExp;
  decode(sequence: string): string | undefined;
}

const SHORT: Readonly<Record<string, string>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' };
const JSON_SEQUENCE = String.raw`\\u[\dA-Fa-f]{4}(?:\\u[dD][c-fC-F][\dA-Fa-f]{2})?|\\[\s\S]`;
const XML_SEQUENCE = String.raw`&(?:#0*\d{1,7}|#[xX]0*[\dA-Fa-f]{1,6}|amp|lt|gt|quot|apos);`;
const URL_SEQUENCE = String.raw`(?:%[\dA-Fa-f]{2})+|\+`;

const json: Decoder = {
  sign: /\\/,
  sequence: new RegExp(JSON_SEQUENCE, 'g'),
  decode: (sequence) => {
    if (sequence[1] === 'u' && sequence.length >= 6)
      return String.fromCharCode(
        ...sequence
          .split('\\u')
          .slice(1)
          .map((code) => Number.parseInt(code, 16)),
      );
    return SHORT[sequence[1] ?? ''] ?? sequence.slice(1);
  },
};

const NAMED: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

const xml: Decoder = {
  sign: /&/,
  sequence: new RegExp(XML_SEQUENCE, 'g'),
  decode: (sequence) => {
    const name = sequence.slice(1, -1);
    if (!name.startsWith('#')) return NAMED[name];
    const codePoint = Number(name.replace(/^#([xX]?)/, '0$1'));
    return codePoint <= 0x10ffff ? String.fromCodePoint(codePoint) : undefined;
  },
};

const url: Decoder = {
  sign: /%/,
  sequence: new RegExp(URL_SEQUENCE, 'g'),
  decode: (sequence) => (sequence === '+' ? ' ' : Buffer.from(sequence.replaceAll('%', ''), 'hex').toString('utf8')),
};

const all: Decoder = {
  sign: /[\\&%]/,
  sequence: new RegExp(`${JSON_SEQUENCE}|${XML_SEQUENCE}|${URL_SEQUENCE}`, 'g'),
  decode: (sequence) => {
    if (sequence.startsWith('\\')) return json.decode(sequence);
    return sequence.startsWith('&') ? xml.decode(sequence) : url.decode(sequence);
  },
};

/** How serialisers nest: the same one several times, or one inside another. */
const NESTED: readonly (readonly Decoder[])[] = [
  [json, json, json],
  [xml, xml, xml],
  [url, url, url],
  [json, xml],
  [xml, json],
  [json, url],
  [xml, url],
  [url, json],
];

/** All of it may be inside one more document; where forms are mixed, all of them are resolved at once. */
const CHAINS: readonly (readonly Decoder[])[] = [
  ...[[], [json], [xml]].flatMap((outer) => NESTED.map((inner) => [...outer, ...inner])),
  [all, all, all],
];

/** Visits the text as it is and with its escapes of JSON, XML and URLs resolved, up to four levels deep; each text that comes of it once. */
export function visitDecoded(text: string, visit: (decoded: DecodedText) => void): void {
  const source = new DecodedText(text);
  visit(source);
  if (!all.sign.test(text)) return;
  const visited = new Map([[text, source]]);
  for (const chain of CHAINS) {
    let decoded = source;
    for (const decoder of chain) {
      const next = decoded.resolve(decoder);
      if (!next) break;
      // Chains that differ in order alone mostly come to the same text.
      const same = visited.get(next.text);
      if (!same) {
        visited.set(next.text, next);
        visit(next);
      }
      decoded = same ?? next;
    }
  }
}

/** Resolves one level of escapes; undefined where there is none. */
function resolve(source: DecodedText, { sign, sequence, decode }: Decoder): DecodedText | undefined {
  const { text } = source;
  if (!sign.test(text)) return undefined;
  const parts: string[] = [];
  const changes: LengthChanges = { at: [], units: [], from: [], lengths: [] };
  let [done, size] = [0, 0];
  for (const { 0: found, index } of text.matchAll(sequence)) {
    const decoded = decode(found);
    if (decoded === undefined || decoded === found) continue;
    parts.push(text.slice(done, index), decoded);
    size += index - done;
    if (decoded.length !== found.length) {
      changes.at.push(size);
      changes.units.push(decoded.length);
      changes.from.push(index);
      changes.lengths.push(found.length);
    }
    size += decoded.length;
    done = index + found.length;
  }
  if (parts.length === 0) return undefined;
  parts.push(text.slice(done));
  return new DecodedText(parts.join(''), source, changes);
}

const HIDDEN_SEQUENCE = String.raw`\p{Default_Ignorable_Code_Point}|[\uFF01-\uFF5E]`;

/** Escapes of every kind, characters that are not seen, and letters of another width. */
const escapes: Decoder = {
  sign: /[\\&%\u00AD\u200B-\u200D\u2060-\u2064\uFEFF\uFF01-\uFF5E]/,
  sequence: new RegExp(`${JSON_SEQUENCE}|${XML_SEQUENCE}|${URL_SEQUENCE}|${HIDDEN_SEQUENCE}`, 'gu'),
  decode: (sequence) => {
    if (/^[\\&%+]/.test(sequence)) return sequence.length > 1 ? all.decode(sequence) : sequence;
    return /[\uFF01-\uFF5E]/.test(sequence) ? sequence.normalize('NFKC') : '';
  },
};

/** Resolves one level of escapes of every kind, mixed; undefined where there is none. */
export function resolveEscapes(text: DecodedText): DecodedText | undefined {
  return text.resolve(escapes);
}

const utf8: Decoder = {
  sign: /[\u00C2-\u00F4]/,
  sequence: /[\u00C2-\u00DF][\u0080-\u00BF]|[\u00E0-\u00EF][\u0080-\u00BF]{2}|[\u00F0-\u00F4][\u0080-\u00BF]{3}/g,
  decode: (sequence) => Buffer.from(sequence, 'latin1').toString('utf8'),
};

/** Returns bytes that were read as latin1 with their sequences of UTF-8 read as such; undefined where there are none. */
export function decodeUtf8In(latin1: string): DecodedText | undefined {
  return new DecodedText(latin1).resolve(utf8);
}

const folding: Decoder = {
  sign: /[^\0-\x7F]/,
  sequence: /[^\0-\x7F]/gu,
  decode: (character) => {
    const known = folded.get(character);
    if (known !== undefined) return known;
    const form = character.normalize('NFKD').toUpperCase().toLowerCase().normalize('NFKD');
    folded.set(character, form);
    return form;
  },
};

/** Folded characters; there are no more than Unicode has. */
const folded = new Map<string, string>();

/** Returns the text in the one form in which letter case, accents and their order do not differ. */
export function foldText(decoded: DecodedText): DecodedText {
  const plain = decoded.resolve(folding) ?? decoded;
  // What is folded is in small letters, and those of ASCII are as long as the large ones.
  return new DecodedText(plain.text.toLowerCase(), plain);
}
