import { XMLParser, XMLValidator } from 'fast-xml-parser';
import { excerpt, MailStoreError } from '../base/errors.ts';
import { DEPTH_LIMIT, isDeeper } from '../base/nesting.ts';
import { readText, refusePage } from './body.ts';
import type { WireResponse } from './reply.ts';

/** A node as the parser gives it in document order: one element name with its children, or a text. */
type XmlNode = Readonly<Record<string, unknown>>;

/** Marks in front of names: the parser refuses or renames an element called `constructor` or `toString` without them. */
const ELEMENT = '<';
const ATTRIBUTE = '@';

const parser = new XMLParser({
  preserveOrder: true,
  // The parser may hand over a name twice; no name begins with the mark by itself.
  transformTagName: (name) => (name.startsWith(ELEMENT) ? name : ELEMENT + name),
  ignoreAttributes: false,
  attributeNamePrefix: ATTRIBUTE,
  parseTagValue: false,
  parseAttributeValue: false,
  trimValues: false,
  ignoreDeclaration: true,
  ignorePiTags: true,
  htmlEntities: true,
  // One level more than an answer may have: what is that deep is named as such.
  maxNestedTags: DEPTH_LIMIT + 2,
});

/**
 * Returns the value of an XML answer. The conversion is not documented: elements with `type` attributes (object, array, string, number,
 * boolean, null) are read exactly; without them, repeated elements are a list and every leaf is text.
 * Throws MailStoreError when the body is a web page, cut off, or no XML; a document type declaration is refused.
 */
export function readXml(response: WireResponse, command: string, origin: string): unknown {
  const text = readText(response, command);
  refusePage(text, response.contentType, origin);
  if (!text.trimStart().startsWith('<') || text.includes('<!DOCTYPE'))
    throw new MailStoreError('notXml', { command, excerpt: excerpt(text) });
  if (XMLValidator.validate(text) !== true) throw new MailStoreError('truncated', { command, bytes: response.body.byteLength });
  const root = parse(text, command)?.find((node) => elementName(node) !== undefined);
  if (!root) throw new MailStoreError('notXml', { command, excerpt: excerpt(text) });
  const value = readValue(root);
  if (isDeeper(value, DEPTH_LIMIT)) throw new MailStoreError('tooDeep', { command, limit: DEPTH_LIMIT });
  return value;
}

/** Returns the nodes of the document, or undefined where the parser gives up. Throws MailStoreError `tooDeep` for nesting that no answer has. */
function parse(text: string, command: string): readonly XmlNode[] | undefined {
  try {
    return parser.parse(text) as XmlNode[];
  } catch (cause) {
    const isNesting = cause instanceof RangeError || (cause instanceof Error && /nested/i.test(cause.message));
    if (isNesting) throw new MailStoreError('tooDeep', { command, limit: DEPTH_LIMIT }, { cause });
    return undefined;
  }
}

function readValue(node: XmlNode): unknown {
  const children = listChildren(node);
  const text = children.map((child) => (typeof child['#text'] === 'string' ? child['#text'] : '')).join('');
  const elements = children.filter((child) => elementName(child) !== undefined);
  switch (attribute(node, 'type')) {
    case 'object':
      return Object.fromEntries(elements.map((element) => [getKey(element), readValue(element)]));
    case 'array':
      return elements.map(readValue);
    case 'number':
      return Number(text);
    case 'boolean':
      return text === 'true';
    case 'null':
      return null;
    case 'string':
      return unescapeText(text);
    default:
      return attribute(node, 'nil') === 'true' || attribute(node, 'xsi:nil') === 'true' ? null : untypedValue(elements, text);
  }
}

/** In one pass over the elements: an object may have thousands of names. */
function untypedValue(elements: readonly XmlNode[], text: string): unknown {
  if (elements.length === 0) return text;
  const values = new Map<string, unknown[]>();
  for (const element of elements) {
    const key = getKey(element);
    const known = values.get(key);
    if (known) known.push(readValue(element));
    else values.set(key, [readValue(element)]);
  }
  const [first = []] = values.values();
  if (values.size === 1 && first.length > 1) return first;
  return Object.fromEntries([...values].map(([key, all]) => [key, all.length > 1 ? all : all[0]]));
}

function elementName(node: XmlNode): string | undefined {
  return Object.keys(node)
    .find((key) => key.startsWith(ELEMENT))
    ?.slice(ELEMENT.length);
}

function listChildren(node: XmlNode): readonly XmlNode[] {
  const name = elementName(node);
  return name === undefined ? [] : (node[ELEMENT + name] as readonly XmlNode[]);
}

function attribute(node: XmlNode, name: string): string | undefined {
  const value = (node[':@'] as Readonly<Record<string, unknown>> | undefined)?.[ATTRIBUTE + name];
  return typeof value === 'string' ? value : undefined;
}

/** A key that is no XML name travels as `<a:item xmlns:a="item" item="the key">`. */
function getKey(node: XmlNode): string {
  return unescapeText(attribute(node, 'item') ?? elementName(node) ?? '');
}

/** Characters that XML cannot hold travel as `_xHHHH_`. */
function unescapeText(text: string): string {
  return text.replaceAll(/_x([\dA-Fa-f]{4})_/g, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)));
}
