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

/** Returns the tokens of an indented JSON object without those fields of its own that are null, and how many they are. One alone stays. */
export function foldNulls(tokens: readonly Token[]): { readonly tokens: readonly Token[]; readonly nulls: number } {
  const kept: Token[] = [];
  let nulls = 0;
  for (let at = 0; at < tokens.length; at++) {
    const [key, colon, value, comma, line] = tokens.slice(at, at + 5);
    // The fields of the outermost object are indented once.
    const isOwn = key?.kind === 'key' && tokens[at - 1]?.text === '\n  ';
    if (!isOwn || colon?.text !== ': ' || value?.text !== 'null' || value.kind !== 'word') {
      if (key) kept.push(key);
      continue;
    }
    nulls += 1;
    at += 2;
    if (comma?.text === ',' && line?.text === '\n  ') at += 2;
    else {
      // The last field: the comma before it goes too.
      kept.pop();
      if (kept.at(-1)?.text === ',') kept.pop();
    }
  }
  return nulls < 2 ? { tokens, nulls: 0 } : { tokens: kept, nulls };
}

/** Returns tokens in stretches of about so many characters. */
export function splitTokens(tokens: readonly Token[], characters: number): readonly (readonly Token[])[] {
  const chunks: Token[][] = [];
  let size = 0;
  for (const token of tokens) {
    const last = chunks.at(-1);
    if (last && size < characters) last.push(token);
    else {
      chunks.push([token]);
      size = 0;
    }
    size += token.text.length;
  }
  // A text of one token, such as a raw body, is cut as well.
  return chunks.flatMap((chunk) => {
    const [only] = chunk;
    if (chunk.length > 1 || !only || only.text.length <= characters) return [chunk];
    const count = Math.ceil(only.text.length / characters);
    return Array.from({ length: count }, (_, part) => [{ ...only, text: only.text.slice(part * characters, (part + 1) * characters) }]);
  });
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
