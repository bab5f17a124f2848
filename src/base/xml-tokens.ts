/** `text` is the part between tags, with its entities; the others include their signs. */
export type XmlTokenKind = 'open' | 'close' | 'empty' | 'text' | 'cdata' | 'other';

const ENCLOSURES = [
  ['<![CDATA[', ']]>', 'cdata'],
  ['<!--', '-->', 'other'],
  ['<?', '?>', 'other'],
] as const;

/** Reads the tokens of an XML text in order and in linear time. Returns false where a tag or a section does not end. */
export function scanXml(text: string, visit: (kind: XmlTokenKind, start: number, end: number) => void): boolean {
  for (let at = 0; at < text.length;) {
    const open = text.indexOf('<', at);
    const textEnd = open < 0 ? text.length : open;
    if (textEnd > at) visit('text', at, textEnd);
    if (open < 0) break;
    const enclosure = ENCLOSURES.find(([sign]) => text.startsWith(sign, open));
    if (enclosure) {
      const [sign, last, kind] = enclosure;
      const end = text.indexOf(last, open + sign.length);
      if (end < 0) return false;
      at = end + last.length;
      visit(kind, open, at);
      continue;
    }
    const end = endOfTag(text, open);
    if (end === undefined) return false;
    at = end;
    visit(kindOfTag(text, open, at), open, at);
  }
  return true;
}

/**
 * Returns the position after the tag that begins at `open`; undefined where it does not end before the next `<`. A quoted value may hold `>`.
 * One regular expression for a whole tag would overflow its stack on millions of attributes.
 */
function endOfTag(text: string, open: number): number | undefined {
  const next = text.indexOf('<', open + 1);
  const limit = next < 0 ? text.length : next;
  const sign = /[>"']/g;
  for (sign.lastIndex = open + 1; ;) {
    const match = sign.exec(text);
    if (!match || match.index >= limit) return undefined;
    if (match[0] === '>') return sign.lastIndex;
    const close = text.indexOf(match[0], sign.lastIndex);
    if (close < 0 || close >= limit) return undefined;
    sign.lastIndex = close + 1;
  }
}

function kindOfTag(text: string, open: number, end: number): XmlTokenKind {
  if (text[open + 1] === '/') return 'close';
  if (text[open + 1] === '!') return 'other';
  return text[end - 2] === '/' ? 'empty' : 'open';
}

/** The names of XML's entities and the characters that they represent. */
const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

/** Returns what a text between tags says. What is no entity of XML stays as it is. */
export function readXmlText(text: string): string {
  if (!text.includes('&')) return text;
  return text.replaceAll(/&(?:#(\d{1,7})|#x([\dA-Fa-f]{1,6})|([a-z]{2,4}));/gi, (whole, decimal?: string, hex?: string, name?: string) => {
    if (name !== undefined) return ENTITIES[name] ?? whole;
    const codePoint = decimal === undefined ? Number.parseInt(hex ?? '', 16) : Number(decimal);
    return codePoint <= 0x10ffff ? String.fromCodePoint(codePoint) : whole;
  });
}

/** Returns a text as it is written between tags and in attributes. */
export function writeXmlText(text: string): string {
  return text.replaceAll(/[&<>"']/g, (sign) => `&${Object.keys(ENTITIES).find((name) => ENTITIES[name] === sign)};`);
}
