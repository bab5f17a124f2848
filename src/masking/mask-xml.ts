import { readXmlText, scanXml, writeXmlText } from '../base/xml-tokens.ts';
import {
  applyEdits,
  isNamedSecret,
  isNamingKey,
  isNoSecret,
  isValueKey,
  mergeSpans,
  type MaskOptions,
  type Edit,
  type Span,
} from './masks.ts';
import { classifyName, isPlural, kindBelow, type NameKind } from './secret-names.ts';

interface Element {
  readonly name: string;
  readonly kind: NameKind;
  isNamedSecret: boolean;
  /** Ranges of the parts that hold the value of a pair. */
  readonly values: Span[];
  /** Number of parts before this element. */
  readonly from: number;
}

/** Content between tags, and how it is written. */
interface ContentPart {
  readonly start: number;
  readonly end: number;
  readonly isCdata: boolean;
}

/** An attribute without quotes: such a tag is none of XML. */
const BARE_ATTRIBUTE = /=\s*[^\s"'>]/;
const QUOTED = /"[^"]*"|'[^']*'/g;

/** Replaces a name, which cannot be the mask in XML. */
const MASKED_NAME = 'masked';

const NAME = /^<\/?(?:[^\s<>/:=]+:)?([^\s<>/:=]+)/;
const ATTRIBUTE = /([^\s=<>"'/]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g;

/**
 * Returns an XML text with its credentials masked and every other character as it was; undefined where the text is no XML. A secret name covers
 * everything below it, and a pair such as `<add key="password" value="…"/>` or `<name>password</name><value>…</value>` its value.
 */
export function maskXml(text: string, options: MaskOptions): string | undefined {
  const { change, plainNames } = options;
  const edits: Edit[] = [];
  // The outermost one is the document: a fragment has several roots.
  const open: Element[] = [{ name: '', kind: 'none', isNamedSecret: false, values: [], from: 0 }];
  /** Every content so far, and the ranges of it that are values of pairs; these are masked at the end, so that pairs inside pairs are read once. */
  const parts: ContentPart[] = [];
  const pairs: Span[] = [];
  let hasRoot = false;
  let isProper = true;

  const maskPart = ({ start, end, isCdata }: ContentPart) => {
    const source = text.slice(start, end);
    const content = isCdata ? source : readXmlText(source);
    if (isNoSecret(content)) return;
    const changed = change(content);
    if (changed !== content) edits.push({ start, end, text: isCdata ? changed : writeXmlText(changed) });
  };

  const content = (part: ContentPart) => {
    const element = open.at(-1);
    if (!element) return;
    const source = text.slice(part.start, part.end);
    if (source.trim() === '') return;
    const said = part.isCdata ? source : readXmlText(source);
    const isCount = isPlural(element.name) && /^\s*\d+\s*$/.test(said);
    parts.push(part);
    const outer = open.at(-2);
    if (outer && isNamingKey(element.name)) outer.isNamedSecret ||= isNamedSecret(said.trim());
    if (element.kind !== 'none' && !isCount) {
      maskPart(part);
      return;
    }
    const masked = options.text(said);
    if (masked !== said) edits.push({ start: part.start, end: part.end, text: part.isCdata ? masked : writeXmlText(masked) });
  };

  /** Masks the name of a tag, in both of its tags. */
  const maskName = (start: number, end: number) => {
    const match = options.key && /^<\/?([^\s<>/=]+)/.exec(text.slice(start, Math.min(end, start + 5000)));
    if (!match || options.key?.(readKey(match[1] ?? '')) === readKey(match[1] ?? '')) return;
    const from = start + match[0].length - (match[1] ?? '').length;
    edits.push({ start: from, end: start + match[0].length, text: MASKED_NAME });
  };

  /** Masks attributes; returns the element with what its attributes say of its content. */
  const begin = (start: number, end: number): Element => {
    const tag = text.slice(start, end);
    const tagName = NAME.exec(tag)?.[1] ?? '';
    const attributes = [...tag.matchAll(ATTRIBUTE)].map((match) => {
      const [whole, name = '', double, single] = match;
      const value = double ?? single ?? '';
      const at = start + match.index + whole.length - 1 - value.length;
      return { name: name.replace(/^.*:/, ''), value: readXmlText(value), start: at, end: at + value.length };
    });
    const outer = open.at(-1);
    // Entries of a list have its name; a key that is no XML name is in an attribute.
    const item = attributes.find(({ name }) => name === 'item')?.value;
    const name = readKey(item ?? (tagName === 'item' ? (outer?.name ?? tagName) : tagName));
    const own = open.length === 2 && plainNames?.has(name) ? 'none' : classifyName(name);
    const namesSecret = attributes.some(
      (attribute) => attribute.name !== 'item' && isNamingKey(attribute.name) && isNamedSecret(attribute.value),
    );
    for (const attribute of attributes) {
      if (attribute.name === 'item' && options.key) {
        const key = options.key(readKey(attribute.value));
        if (key !== readKey(attribute.value)) edits.push({ start: attribute.start, end: attribute.end, text: writeXmlText(key) });
      }
      if (attribute.name === 'item' || attribute.name === 'type' || attribute.name === 'nil' || isNoSecret(attribute.value)) continue;
      const isSecret = classifyName(attribute.name) !== 'none' || (namesSecret && isValueKey(attribute.name));
      const changed = isSecret ? change(attribute.value) : options.text(attribute.value);
      if (changed !== attribute.value) edits.push({ start: attribute.start, end: attribute.end, text: writeXmlText(changed) });
    }
    const kind = kindBelow(outer?.kind ?? 'none', own, name);
    return { name, kind: namesSecret ? 'secret' : kind, isNamedSecret: false, values: [], from: parts.length };
  };

  const isXml = scanXml(text, (kind, start, end) => {
    if (kind === 'open' || kind === 'empty' || kind === 'close') {
      const tag = text.slice(start, end);
      isProper &&= !tag.includes('=') || !BARE_ATTRIBUTE.test(tag.replaceAll(QUOTED, '""'));
      maskName(start, end);
    }
    switch (kind) {
      case 'open':
        hasRoot = true;
        open.push(begin(start, end));
        break;
      case 'empty':
        hasRoot = true;
        begin(start, end);
        break;
      case 'close': {
        const closed = open.length > 1 ? open.pop() : undefined;
        const outer = open.at(-1);
        if (closed?.isNamedSecret) for (const value of closed.values) pairs.push(value);
        if (outer && closed && isValueKey(closed.name)) outer.values.push({ start: closed.from, end: parts.length });
        break;
      }
      case 'cdata':
        content({ start: start + '<![CDATA['.length, end: end - ']]>'.length, isCdata: true });
        break;
      case 'text':
        content({ start, end, isCdata: false });
        break;
      default: {
        const source = text.slice(start, end);
        const masked = options.text(source);
        if (masked !== source) edits.push({ start, end, text: masked });
      }
    }
  });
  if (!isXml || !hasRoot || !isProper) return undefined;
  for (const element of open) if (element.isNamedSecret) for (const value of element.values) pairs.push(value);
  for (const { start, end } of mergeSpans(pairs)) for (const part of parts.slice(start, end)) maskPart(part);
  return applyEdits(text, edits);
}

/** Characters that an XML name cannot hold travel as `_xHHHH_`. */
function readKey(name: string): string {
  return name.replaceAll(/_x([\dA-Fa-f]{4})_/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)));
}
