import { isJson } from '../../../base/is-json.ts';
import { scanJson, type JsonTokenKind } from '../../../base/json-tokens.ts';
import { scanXml, type XmlTokenKind } from '../../../base/xml-tokens.ts';

/** A stretch of text and what it is. */
export interface Token {
  readonly kind: 'key' | 'string' | 'number' | 'word' | 'tag' | 'plain';
  readonly text: string;
}

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
  const found: { readonly kind: JsonTokenKind; readonly text: string }[] = [];
  scanJson(text, (kind, start, end) => found.push({ kind, text: text.slice(start, end) }));
  const tokens: Token[] = [];
  let depth = 0;
  const breakLine = () => tokens.push({ kind: 'plain', text: `\n${'  '.repeat(depth)}` });
  for (const [index, token] of found.entries()) {
    const next = found[index + 1]?.kind;
    const before = found[index - 1]?.kind;
    switch (token.kind) {
      case '{':
      case '[':
        tokens.push({ kind: 'plain', text: token.kind });
        if (next === '}' || next === ']') break;
        depth++;
        breakLine();
        break;
      case '}':
      case ']':
        if (before !== '{' && before !== '[') {
          depth--;
          breakLine();
        }
        tokens.push({ kind: 'plain', text: token.kind });
        break;
      case ',':
        tokens.push({ kind: 'plain', text: token.kind });
        breakLine();
        break;
      case ':':
        tokens.push({ kind: 'plain', text: ': ' });
        break;
      default:
        tokens.push({ kind: token.kind, text: token.text });
    }
  }
  return tokens;
}

function xmlTokens(text: string): Token[] {
  const found: { readonly kind: XmlTokenKind; readonly text: string }[] = [];
  let read = 0;
  scanXml(text, (kind, start, end) => {
    read = end;
    const part = text.slice(start, end);
    if (part.trim() !== '') found.push({ kind, text: part });
  });
  // A tag that does not end is shown as it is.
  if (read < text.length) found.push({ kind: 'text', text: text.slice(read) });
  const tokens: Token[] = [];
  let depth = 0;
  for (const [index, { kind, text: part }] of found.entries()) {
    const before = found[index - 1]?.kind;
    if (kind === 'close') depth--;
    // A text, and the tag that closes it or an empty element, stay in the line of the opening tag.
    const staysInLine = index === 0 || kind === 'text' || (kind === 'close' && (before === 'text' || before === 'open'));
    if (!staysInLine) tokens.push({ kind: 'plain', text: `\n${'  '.repeat(Math.max(0, depth))}` });
    tokens.push({ kind: kind === 'text' ? 'string' : 'tag', text: part });
    if (kind === 'open') depth++;
  }
  return tokens;
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
