/** A text with some of its escapes resolved, and where each of its characters stands in the source. */
export interface DecodedText {
  readonly text: string;
  /** Absent where each character stands where it stood. */
  readonly starts?: readonly number[];
  readonly ends?: readonly number[];
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

/** All of it may stand in one more document; where forms are mixed, all of them are resolved at once. */
const CHAINS: readonly (readonly Decoder[])[] = [
  ...[[], [json], [xml]].flatMap((outer) => NESTED.map((inner) => [...outer, ...inner])),
  [all, all, all],
];

/** Visits the text as it is and with its escapes of JSON, XML and URLs resolved, up to four levels deep. */
export function visitDecoded(text: string, visit: (decoded: DecodedText) => void): void {
  visit({ text });
  const steps = new Map<string, DecodedText | undefined>();
  for (const chain of CHAINS) {
    let [decoded, path]: [DecodedText, string] = [{ text }, ''];
    for (const decoder of chain) {
      path += String(DECODERS.indexOf(decoder));
      const isNew = !steps.has(path);
      const next = isNew ? resolve(decoded, decoder) : steps.get(path);
      if (isNew) {
        steps.set(path, next);
        if (next) visit(next);
      }
      if (!next) break;
      decoded = next;
    }
  }
}

const DECODERS: readonly Decoder[] = [json, xml, url, all];

/** Resolves one level of escapes; undefined where there is none. */
function resolve({ text, starts, ends }: DecodedText, { sign, sequence, decode }: Decoder): DecodedText | undefined {
  if (!sign.test(text)) return undefined;
  const parts: string[] = [];
  const [newStarts, newEnds]: [number[], number[]] = [[], []];
  const keep = (from: number, to: number) => {
    if (from === to) return;
    parts.push(text.slice(from, to));
    for (let index = from; index < to; index++) {
      newStarts.push(starts?.[index] ?? index);
      newEnds.push(ends?.[index] ?? index + 1);
    }
  };
  let done = 0;
  let isChanged = false;
  for (const { 0: found, index } of text.matchAll(sequence)) {
    const decoded = decode(found);
    if (decoded === undefined) continue;
    isChanged = true;
    keep(done, index);
    parts.push(decoded);
    const last = index + found.length - 1;
    for (let unit = 0; unit < decoded.length; unit++) {
      newStarts.push(starts?.[index] ?? index);
      newEnds.push(ends?.[last] ?? last + 1);
    }
    done = index + found.length;
  }
  if (!isChanged) return undefined;
  keep(done, text.length);
  return { text: parts.join(''), starts: newStarts, ends: newEnds };
}

const utf8: Decoder = {
  sign: /[\u00C2-\u00F4]/,
  sequence: /[\u00C2-\u00DF][\u0080-\u00BF]|[\u00E0-\u00EF][\u0080-\u00BF]{2}|[\u00F0-\u00F4][\u0080-\u00BF]{3}/g,
  decode: (sequence) => Buffer.from(sequence, 'latin1').toString('utf8'),
};

/** Returns bytes that were read as latin1 with their sequences of UTF-8 read as such; undefined where there are none. */
export function decodeUtf8In(latin1: string): DecodedText | undefined {
  return resolve({ text: latin1 }, utf8);
}

/** Returns the text in the one form in which letter case, accents and their order do not differ. */
export function foldText({ text, starts, ends }: DecodedText): DecodedText {
  // Of plain ASCII, nothing but the case differs.
  if (!/[^\0-\x7F]/.test(text)) return { text: text.toLowerCase(), ...(starts && ends && { starts, ends }) };
  const parts: string[] = [];
  const [newStarts, newEnds]: [number[], number[]] = [[], []];
  let index = 0;
  for (const character of text) {
    const folded = foldCharacter(character);
    parts.push(folded);
    const last = index + character.length - 1;
    for (let unit = 0; unit < folded.length; unit++) {
      newStarts.push(starts?.[index] ?? index);
      newEnds.push(ends?.[last] ?? last + 1);
    }
    index += character.length;
  }
  return { text: parts.join(''), starts: newStarts, ends: newEnds };
}

function foldCharacter(character: string): string {
  const code = character.charCodeAt(0);
  if (code < 0x80) return character.toLowerCase();
  return character.normalize('NFKD').toUpperCase().toLowerCase().normalize('NFKD');
}
