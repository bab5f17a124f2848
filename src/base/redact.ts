import { isJson } from './is-json.ts';
import { mapStrings } from './map-strings.ts';

/** What stands in the place of a secret. */
export const MASK = '***';

/** Shorter secrets would blank out ordinary words: MailStore's first password is `admin`. */
const SHORTEST = 6;

/** The words by which MailStore says how a command stands: masked, the end of a run would not be understood. */
const WIRE_WORDS: ReadonlySet<string> = new Set(['succeeded', 'failed', 'running', 'cancelled']);

/** Characters of a secret that one pattern looks for: an engine refuses a pattern that is too long, with the pattern in its message. */
const LONGEST_PIECE = 500;

/** A secret in one of its written forms, or a piece of it, and how it is found. */
interface Needle {
  /** Its longest part that no encoding changes: what does not contain this contains no form of the needle. */
  readonly anchor: string;
  readonly inText: RegExp;
  /** Finds it in bytes that were read as latin1. */
  readonly inBytes: RegExp;
}

/** A stretch of characters; the one at `end` is not part of it. */
type Span = readonly [start: number, end: number];

/**
 * Masks known secrets as `***` wherever they appear: as they are, escaped as in JSON, XML or HTML, percent-encoded, and as base64.
 * Secrets of fewer than 6 characters are not looked for, because they would blank out ordinary words; only the base64 of one together with
 * its login is. A text that is no more than a word by which MailStore says how a command stands, such as `running`, is left as it is.
 */
export class Redactor {
  readonly #needles = new Map<string, Needle>();

  /** Masks this secret from now on, and where `login` is told also the base64 of `login:secret`. */
  add(secret: string, login?: string): void {
    const forms = [
      ...(secret.length >= SHORTEST ? [secret, ...base64Forms(secret)] : []),
      ...(secret !== '' && login !== undefined ? base64Forms(`${login}:${secret}`) : []),
    ];
    for (const piece of forms.flatMap(piecesOf)) if (!this.#needles.has(piece)) this.#needles.set(piece, needleOf(piece));
  }

  /** Returns the text with every secret masked; the same string where there is none. */
  text(text: string): string {
    if (this.#needles.size === 0 || WIRE_WORDS.has(text)) return text;
    const found = this.#candidates((anchor) => text.includes(anchor));
    const spans = spansOf(
      text,
      found.map(({ inText }) => inText),
    );
    return spans.length === 0 ? text : maskSpans(text, spans);
  }

  /** Returns a JSON value with the secrets in its strings masked, its keys left as they are; the same reference where nothing changed. */
  value(value: unknown): unknown {
    return this.#needles.size === 0 ? value : mapStrings(value, (text) => this.text(text));
  }

  /**
   * Returns the body of an answer with every secret masked; the same bytes where there is none. JSON and XML stay well-formed and keep their
   * keys, numbers and tags: only their texts are masked. All other bytes stay as they are, whether they are UTF-8 or not.
   */
  body(bytes: Uint8Array, contentType = ''): Uint8Array {
    if (this.#needles.size === 0) return bytes;
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const found = this.#candidates((anchor) => buffer.includes(anchor, 0, 'latin1'));
    if (found.length === 0) return bytes;
    const body = buffer.toString('latin1');
    const patterns = found.map(({ inBytes }) => inBytes);
    const spans = textsOf(body, contentType).flatMap(([start, end, escape]) => {
      const source = body.slice(start, end);
      if (!found.some(({ anchor }) => source.includes(anchor))) return [];
      const { text, starts, ends } = unescape(source, escape);
      if (WIRE_WORDS.has(text.trim())) return [];
      return spansOf(text, patterns).map(([from, to]): Span => [start + (starts?.[from] ?? from), start + (ends?.[to - 1] ?? to)]);
    });
    return spans.length === 0 ? bytes : Buffer.from(maskSpans(body, spans), 'latin1');
  }

  /** Returns the value of an HTTP header, whose bytes were read as latin1, with every secret masked. */
  header(value: string): string {
    return Buffer.from(this.body(Buffer.from(value, 'latin1'))).toString('latin1');
  }

  #candidates(includes: (anchor: string) => boolean): Needle[] {
    const found: Needle[] = [];
    for (const needle of this.#needles.values()) if (includes(needle.anchor)) found.push(needle);
    return found;
  }
}

function base64Forms(text: string): string[] {
  const padded = Buffer.from(text).toString('base64');
  return [padded, padded.replace(/=+$/, ''), Buffer.from(text).toString('base64url')];
}

/** Returns a form in pieces that a pattern can hold; the last one is no shorter than the others, since a short one would mask anything. */
function piecesOf(form: string): string[] {
  const characters = [...form];
  const count = Math.ceil(characters.length / LONGEST_PIECE);
  return [...Array(count).keys()].map((index) => {
    const start = Math.min(index * LONGEST_PIECE, Math.max(0, characters.length - LONGEST_PIECE));
    return characters.slice(start, start + LONGEST_PIECE).join('');
  });
}

function needleOf(piece: string): Needle {
  const [anchor = ''] = (piece.match(/[A-Za-z\d]+/g) ?? []).toSorted((a, b) => b.length - a.length);
  return {
    anchor,
    inText: patternOf(piece, (character) => [character]),
    // Most bodies are UTF-8; those of old servers may not be.
    inBytes: patternOf(piece, (character) => [utf8(character), ...(/^[\u0080-\u00FF]$/.test(character) ? [character] : [])]),
  };
}

/** Returns the pattern of a piece in every encoding; letters and digits are written the same way in all of them. */
function patternOf(piece: string, literals: (character: string) => readonly string[]): RegExp {
  const parts = piece.match(/\\+|[A-Za-z\d]+|[^A-Za-z\d\\]/gu) ?? [];
  const sources = parts.map((part, index) => {
    if (/^[A-Za-z\d]/.test(part)) return part;
    // Each level of JSON doubles backslashes. A run of them is counted as a whole, together with those that escape what follows it: with
    // several ways to divide them, a pattern that fails in the end would try all of them.
    if (part.startsWith('\\')) return `(?:${[...encodingsOf('\\', '\\\\'), '\\\\'].join('|')}){${part.length},${8 * part.length + 7}}`;
    const escapes = encodingsOf(part, parts[index - 1]?.startsWith('\\') ? '' : '\\\\{1,7}');
    return `(?:${[...new Set([...escapes, ...literals(part).map(escapeRegExp)])].join('|')})`;
  });
  return new RegExp(sources.join(''), 'g');
}

/** The characters after the backslash of JSON's short escapes. */
const SHORT_ESCAPES: Readonly<Record<string, string>> = {
  '"': '"',
  "'": "'",
  '/': '/',
  '\b': 'b',
  '\f': 'f',
  '\n': 'n',
  '\r': 'r',
  '\t': 't',
};

/** The names of XML's and HTML's entities. */
const ENTITIES: Readonly<Record<string, string>> = { '&': 'amp', '<': 'lt', '>': 'gt', '"': 'quot', "'": 'apos' };

/**
 * Returns the sources of patterns for the ways in which serialisers write a character that is no letter or digit, also one inside another;
 * `slashes` is the source for what a JSON escape begins with.
 */
function encodingsOf(character: string, slashes: string): string[] {
  const short = SHORT_ESCAPES[character];
  const name = ENTITIES[character];
  const codePoint = character.codePointAt(0) ?? 0;
  const [first = '', second] = [...Array(character.length).keys()].map((index) => `u${hex(character.charCodeAt(index), 4)}`);
  return [
    ...(short === undefined ? [] : [slashes + short]),
    slashes + first + (second === undefined ? '' : `\\\\{1,7}${second}`),
    `(?:&|${slashes}u0026)(?:amp;){0,2}(?:#0*${codePoint}|#[xX]0*${hex(codePoint)}${name === undefined ? '' : `|${name}`});`,
    [...Buffer.from(character)].map((byte) => `%(?:25){0,2}${hex(byte, 2)}`).join(''),
    ...(character === ' ' ? ['\\+'] : []),
  ];
}

/** Returns the source of a pattern for a hexadecimal number, in capitals or not. */
function hex(value: number, digits = 1): string {
  const small = value.toString(16).padStart(digits, '0');
  return small.replaceAll(/[a-f]/g, (digit) => `[${digit}${digit.toUpperCase()}]`);
}

function escapeRegExp(text: string): string {
  return text.replaceAll(/[$()*+.?[\\\]^{|}]/g, '\\$&');
}

/** Returns the character's UTF-8 bytes as latin1 shows them. */
function utf8(character: string): string {
  return Buffer.from(character).toString('latin1');
}

/** Returns where the patterns match, also where one match reaches into the next. */
function spansOf(text: string, patterns: readonly RegExp[]): Span[] {
  const spans: Span[] = [];
  for (const pattern of patterns) {
    pattern.lastIndex = 0;
    for (let match = pattern.exec(text); match; match = pattern.exec(text)) {
      spans.push([match.index, match.index + match[0].length]);
      pattern.lastIndex = match.index + 1;
    }
  }
  return spans;
}

/** Puts one mask in the place of each span; spans that overlap or touch are one, so that neither their number nor a rest of a secret shows. */
function maskSpans(text: string, spans: readonly Span[]): string {
  const merged: [start: number, end: number][] = [];
  for (const [start, end] of spans.toSorted((a, b) => a[0] - b[0])) {
    const last = merged.at(-1);
    if (last && start <= last[1]) last[1] = Math.max(last[1], end);
    else merged.push([start, end]);
  }
  let masked = '';
  let done = 0;
  for (const [start, end] of merged) {
    masked += text.slice(done, start) + MASK;
    done = end;
  }
  return masked + text.slice(done);
}

/** How a kind of document writes what cannot stand in its texts as it is. */
interface Escape {
  readonly sequence: RegExp;
  /** Returns what a sequence stands for; undefined where it is none. */
  decode(sequence: string): string | undefined;
}

const JSON_ESCAPE: Escape = {
  sequence: /\\u[dD][89abAB][\dA-Fa-f]{2}\\u[dD][c-fC-F][\dA-Fa-f]{2}|\\u[\dA-Fa-f]{4}|\\./g,
  decode: (sequence) => String(JSON.parse(`"${sequence}"`)),
};

const XML_ESCAPE: Escape = {
  sequence: /&(?:#\d{1,7}|#x[\dA-Fa-f]{1,6}|amp|lt|gt|quot|apos);/g,
  decode: (sequence) => {
    const name = sequence.slice(1, -1);
    if (!name.startsWith('#')) return Object.keys(ENTITIES).find((character) => ENTITIES[character] === name);
    const codePoint = Number(name.replace(/^#(x?)/, '0$1'));
    return codePoint <= 0x10ffff ? String.fromCodePoint(codePoint) : undefined;
  },
};

interface Unescaped {
  readonly text: string;
  /** Where each character of the text begins in the source; absent where both are the same. */
  readonly starts?: readonly number[];
  readonly ends?: readonly number[];
}

/** Returns what a text of a document says, its characters as UTF-8 bytes read as latin1, so that a mask covers whole sequences only. */
function unescape(source: string, escape: Escape | undefined): Unescaped {
  if (!escape || !/[\\&]/.test(source)) return { text: source };
  let text = '';
  const starts: number[] = [];
  const ends: number[] = [];
  const keep = (part: string, start: number, sequence?: string) => {
    text += part;
    for (let index = 0; index < part.length; index++) {
      starts.push(sequence === undefined ? start + index : start);
      ends.push(sequence === undefined ? start + index + 1 : start + sequence.length);
    }
  };
  let done = 0;
  for (const { 0: sequence, index } of source.matchAll(escape.sequence)) {
    const decoded = escape.decode(sequence);
    if (decoded === undefined) continue;
    keep(source.slice(done, index), done);
    keep(utf8(decoded), index, sequence);
    done = index + sequence.length;
  }
  keep(source.slice(done), done);
  return { text, starts, ends };
}

/** A text within a body that may be masked, and how it is escaped. */
type TextPart = readonly [start: number, end: number, escape?: Escape];

/** Returns the texts of a body: those inside JSON or XML, or the whole of anything else, such as a web page or an answer that was cut off. */
function textsOf(body: string, contentType: string): TextPart[] {
  const content = body.replace(/^\u00EF\u00BB\u00BF/, '').trimStart();
  const isPage = /^text\/html\b/i.test(contentType) || /^(?:<\?xml[^>]*>\s*)?<(?:!doctype\s+html|html)\b/i.test(content);
  if (!isPage && isJson(content)) return jsonTexts(body);
  const texts = !isPage && content.startsWith('<') ? xmlTexts(body) : undefined;
  return texts ?? [[0, body.length]];
}

const KEY_END = /\s*:/y;

/** Returns the insides of the string literals of well-formed JSON that are no keys. */
function jsonTexts(body: string): TextPart[] {
  const texts: TextPart[] = [];
  for (let open = body.indexOf('"'); open >= 0;) {
    let close = open + 1;
    while (body[close] !== '"') close += body[close] === '\\' ? 2 : 1;
    KEY_END.lastIndex = close + 1;
    if (!KEY_END.test(body)) texts.push([open + 1, close, JSON_ESCAPE]);
    open = body.indexOf('"', close + 1);
  }
  return texts;
}

const TAG = /<[^<>"']*(?:(?:"[^"<]*"|'[^'<]*')[^<>"']*)*>/y;

/** What encloses text without escapes. */
const ENCLOSURES = [
  ['<![CDATA[', ']]>'],
  ['<!--', '-->'],
] as const;

/** Returns what stands between tags, in CDATA sections and in comments; undefined where one of them does not end. */
function xmlTexts(body: string): TextPart[] | undefined {
  const texts: TextPart[] = [];
  for (let at = 0; at < body.length;) {
    const open = body.indexOf('<', at);
    texts.push([at, open < 0 ? body.length : open, XML_ESCAPE]);
    if (open < 0) break;
    const enclosure = ENCLOSURES.find(([sign]) => body.startsWith(sign, open));
    if (enclosure) {
      const start = open + enclosure[0].length;
      const end = body.indexOf(enclosure[1], start);
      if (end < 0) return undefined;
      texts.push([start, end]);
      at = end + enclosure[1].length;
    } else {
      TAG.lastIndex = open;
      if (!TAG.test(body)) return undefined;
      at = TAG.lastIndex;
    }
  }
  return texts;
}
