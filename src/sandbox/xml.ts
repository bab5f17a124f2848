/** What JSON text can hold. */
type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };

/** Returns a value as the XML document that .NET's JSON-to-XML mapping makes of its JSON text. */
export function toXml(value: unknown): string {
  return writeElement('root', '', JSON.parse(JSON.stringify(value ?? null)) as Json);
}

function writeElement(name: string, attributes: string, value: Json): string {
  const open = (type: string) => `<${name}${attributes} type="${type}"`;
  const close = `</${name}>`;
  if (value === null) return `${open('null')}/>`;
  if (typeof value === 'string') return `${open('string')}>${escapeText(value)}${close}`;
  if (typeof value !== 'object') return `${open(typeof value)}>${value}${close}`;
  const [type, children] = isArray(value)
    ? ['array', value.map((item) => writeElement('item', '', item))]
    : ['object', Object.entries(value).map(([key, member]) => writeMember(key, member))];
  return children.length === 0 ? `${open(type)}/>` : `${open(type)}>${children.join('')}${close}`;
}

function writeMember(key: string, value: Json): string {
  return XML_NAME.test(key)
    ? writeElement(key, '', value)
    : writeElement('a:item', ` xmlns:a="item" item="${escapeAttribute(key)}"`, value);
}

function isArray(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}

const NAME_START =
  'A-Z_a-z\\u{C0}-\\u{D6}\\u{D8}-\\u{F6}\\u{F8}-\\u{2FF}\\u{370}-\\u{37D}\\u{37F}-\\u{1FFF}\\u{200C}\\u{200D}\\u{2070}-\\u{218F}' +
  '\\u{2C00}-\\u{2FEF}\\u{3001}-\\u{D7FF}\\u{F900}-\\u{FDCF}\\u{FDF0}-\\u{FFFD}';
/** A name without a colon, which would be read as a namespace prefix, and without the supplementary planes, which .NET takes for no name. */
const XML_NAME = new RegExp(`^[${NAME_START}][${NAME_START}\\-.\\d\\u{B7}\\u{300}-\\u{36F}\\u{203F}\\u{2040}]*$`, 'u');

/** Characters outside the range of XML 1.0, and the underscore of a text that would be read as the escape of one. */
const NOT_IN_XML = /[^\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]|_(?=x[\dA-Fa-f]{4}_)/gu;

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/** A carriage return is written as a reference, because parsers turn a literal one into a line feed. */
function escapeText(text: string): string {
  return escapeForbidden(text)
    .replaceAll(/[&<>]/g, (character) => ENTITIES[character] ?? character)
    .replaceAll('\r', '&#xD;');
}

function escapeAttribute(text: string): string {
  return escapeForbidden(text)
    .replaceAll(/[&<>"]/g, (character) => ENTITIES[character] ?? character)
    .replaceAll(/[\t\n\r]/g, (character) => `&#x${character.charCodeAt(0).toString(16).toUpperCase()};`);
}

function escapeForbidden(text: string): string {
  return text.replaceAll(NOT_IN_XML, (character) => `_x${character.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}_`);
}
