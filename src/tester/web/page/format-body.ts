import { isJson } from '../../../base/is-json.ts';

/** A stretch of text and what it is. */
export interface Token {
  readonly kind: 'key' | 'string' | 'number' | 'word' | 'tag' | 'plain';
  readonly text: string;
}

const JSON_TOKEN = /"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*|true|false|null|[{}[\],:]/g;
const XML_TOKEN = /<!--[\s\S]*?-->|<!\[CDATA\[[\s\S]*?\]\]>|<[^>]*>|[^<]+/g;

/**
 * Returns a body as it is easier to read: JSON and XML indented, a form with one field in each line. Values stay as they were written: a number
 * is not rounded and an escape not resolved. What is none of these comes back as it is.
 */
export function prettyTokens(body: string, contentType: string): readonly Token[] {
  const text = body.replace(/^\uFEFF/, '').trim();
  if (/^application\/x-www-form-urlencoded/i.test(contentType)) return formTokens(text);
  if (text.startsWith('<')) return xmlTokens(text);
  return isJson(text) ? jsonTokens(text) : [{ kind: 'plain', text: body }];
}

function jsonTokens(text: string): Token[] {
  const found = text.match(JSON_TOKEN) ?? [];
  const tokens: Token[] = [];
  let depth = 0;
  const breakLine = () => tokens.push({ kind: 'plain', text: `\n${'  '.repeat(depth)}` });
  for (const [index, token] of found.entries()) {
    const next = found[index + 1];
    switch (token) {
      case '{':
      case '[':
        tokens.push({ kind: 'plain', text: token });
        if (next === '}' || next === ']') break;
        depth++;
        breakLine();
        break;
      case '}':
      case ']':
        if (found[index - 1] !== '{' && found[index - 1] !== '[') {
          depth--;
          breakLine();
        }
        tokens.push({ kind: 'plain', text: token });
        break;
      case ',':
        tokens.push({ kind: 'plain', text: token });
        breakLine();
        break;
      case ':':
        tokens.push({ kind: 'plain', text: ': ' });
        break;
      default:
        tokens.push({ kind: kindOfScalar(token, next), text: token });
    }
  }
  return tokens;
}

function kindOfScalar(token: string, next: string | undefined): Token['kind'] {
  if (token.startsWith('"')) return next === ':' ? 'key' : 'string';
  return /^[-\d]/.test(token) ? 'number' : 'word';
}

function xmlTokens(text: string): Token[] {
  const found = (text.match(XML_TOKEN) ?? []).filter((token) => token.trim() !== '');
  const tokens: Token[] = [];
  let depth = 0;
  for (const [index, token] of found.entries()) {
    const isClosing = token.startsWith('</');
    const before = found[index - 1];
    if (isClosing) depth--;
    // A text, and the tag that closes it or an empty element, stay in the line of the opening tag.
    const staysInLine =
      index === 0 || !token.startsWith('<') || (isClosing && before !== undefined && (!before.startsWith('<') || isOpening(before)));
    if (!staysInLine) tokens.push({ kind: 'plain', text: `\n${'  '.repeat(Math.max(0, depth))}` });
    tokens.push({ kind: token.startsWith('<') ? 'tag' : 'string', text: token });
    if (isOpening(token)) depth++;
  }
  return tokens;
}

function isOpening(token: string): boolean {
  return /^<[^/!?]/.test(token) && !token.endsWith('/>');
}

function formTokens(text: string): Token[] {
  return text.split('&').flatMap((pair, index): Token[] => {
    const [name = '', value = ''] = pair.split('=', 2);
    return [
      ...(index > 0 ? [{ kind: 'plain', text: '\n' } as const] : []),
      { kind: 'key', text: decode(name) },
      { kind: 'plain', text: ' = ' },
      { kind: 'string', text: decode(value) },
    ];
  });
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return text;
  }
}
