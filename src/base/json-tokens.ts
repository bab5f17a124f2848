/** `key` and `string` include their quotes; `word` is true, false, null or a word that some writers use, such as NaN. */
export type JsonTokenKind = '{' | '}' | '[' | ']' | ',' | ':' | 'key' | 'string' | 'number' | 'word';

const SPACE = /\s*/y;
const SCALAR = /[^\s,:{}[\]"]+/y;
const NUMBER = /^-?\d[\d.eE+-]*$/;
/** Some writers put the last three where JSON has no word. */
const WORD = /^(?:true|false|null|NaN|-?Infinity|undefined)$/;
const COLON = /\s*:/y;

/**
 * Reads the tokens of a JSON text in order, in linear time and without building a value. The text may be cut off anywhere: an open string
 * ends where the text does. Returns false where something is no token of JSON; what was visited before that stays visited.
 */
export function scanJson(text: string, visit: (kind: JsonTokenKind, start: number, end: number) => void): boolean {
  for (let at = 0; at < text.length;) {
    SPACE.lastIndex = at;
    SPACE.test(text);
    at = SPACE.lastIndex;
    const character = text[at];
    if (character === undefined) break;
    if (character === '"') {
      const end = endOfString(text, at);
      visit(startsValue(text, end) ? 'key' : 'string', at, end);
      at = end;
    } else if (isPunctuation(character)) {
      visit(character, at, at + 1);
      at++;
    } else {
      SCALAR.lastIndex = at;
      const scalar = SCALAR.exec(text)?.[0] ?? '';
      const end = at + scalar.length;
      if (NUMBER.test(scalar)) visit('number', at, end);
      else if (WORD.test(scalar)) visit('word', at, end);
      else if (end < text.length || !/^(?:-|t|tr|tru|f|fa|fal|fals|n|nu|nul)$/.test(scalar)) return false;
      at = end;
    }
  }
  return true;
}

/** Returns what a string token says, also one that is cut off; undefined where its escapes are none of JSON. */
export function readJsonString(token: string): string | undefined {
  if (!token.includes('\\') && token.endsWith('"') && token.length > 1) return token.slice(1, -1);
  const isWhole = token.length > 1 && token.endsWith('"') && endOfString(token, 0) === token.length;
  const body = isWhole ? token.slice(1, -1) : token.slice(1).replace(/\\(?:u[\dA-Fa-f]{0,3})?$/, '');
  try {
    // Some writers leave control characters as they are, which JSON does not allow.
    return JSON.parse(
      `"${body.replaceAll(/\p{Cc}/gu, (control) => `\\u${control.charCodeAt(0).toString(16).padStart(4, '0')}`)}"`,
    ) as string;
  } catch {
    return undefined;
  }
}

function isPunctuation(character: string): character is '{' | '}' | '[' | ']' | ',' | ':' {
  return '{}[],:'.includes(character);
}

/** Returns the position after the quote that ends the string which begins at `start`; the end of the text where none does. */
function endOfString(text: string, start: number): number {
  for (let close = text.indexOf('"', start + 1); close >= 0; close = text.indexOf('"', close + 1)) {
    let backslashes = 0;
    while (text[close - 1 - backslashes] === '\\') backslashes++;
    if (backslashes % 2 === 0) return close + 1;
  }
  return text.length;
}

function startsValue(text: string, end: number): boolean {
  COLON.lastIndex = end;
  return COLON.test(text);
}
