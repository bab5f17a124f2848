import { XMLParser, XMLValidator } from 'fast-xml-parser';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { toXml } from '../../src/sandbox/xml.ts';

test('a value becomes a document whose elements carry the type of each JSON value', () => {
  expect(toXml({ name: 'amira', size: 12.5, open: true, error: null, tags: ['a', 'b'], none: [], inner: { empty: '' } })).toBe(
    '<root type="object"><name type="string">amira</name><size type="number">12.5</size><open type="boolean">true</open>' +
      '<error type="null"/><tags type="array"><item type="string">a</item><item type="string">b</item></tags><none type="array"/>' +
      '<inner type="object"><empty type="string"></empty></inner></root>',
  );
});

test('a bare value and no value at all are documents too', () => {
  expect([toXml('x'), toXml(7), toXml(null), toXml(undefined), toXml([[1], []])]).toEqual([
    '<root type="string">x</root>',
    '<root type="number">7</root>',
    '<root type="null"/>',
    '<root type="null"/>',
    '<root type="array"><item type="array"><item type="number">1</item></item><item type="array"/></root>',
  ]);
});

test('a key that is no XML name becomes an attribute', () => {
  expect(toXml({ 'two words': 1, '1st': 2, 'a:b': 3, 'q"<&\n': 4, größe: 5, '': 6 })).toBe(
    '<root type="object"><a:item xmlns:a="item" item="two words" type="number">1</a:item>' +
      '<a:item xmlns:a="item" item="1st" type="number">2</a:item><a:item xmlns:a="item" item="a:b" type="number">3</a:item>' +
      '<a:item xmlns:a="item" item="q&quot;&lt;&amp;&#xA;" type="number">4</a:item><größe type="number">5</größe>' +
      '<a:item xmlns:a="item" item="" type="number">6</a:item></root>',
  );
});

test('markup, carriage returns and characters that XML cannot hold are escaped, and everything else is left alone', () => {
  expect(toXml('<a & b>\r\n\t"\'')).toBe('<root type="string">&lt;a &amp; b&gt;&#xD;\n\t"\'</root>');
  expect(toXml('\0\u001B\uFFFE\uD800|ü😀')).toBe('<root type="string">_x0000__x001B__xFFFE__xD800_|ü😀</root>');
});

test('text that looks like an escape is escaped itself', () => {
  expect(toXml('_x0041_ _x_ a_b')).toBe('<root type="string">_x005F_x0041_ _x_ a_b</root>');
});

test('every JSON value becomes a well-formed document', () => {
  fc.assert(
    fc.property(fc.jsonValue({ stringUnit: 'binary' }), (value) => {
      expect(XMLValidator.validate(toXml(value))).toBe(true);
    }),
  );
});

test('every text comes back when the document is read and its escapes are undone', () => {
  const parser = new XMLParser({ ignoreAttributes: false, trimValues: false, parseTagValue: false, htmlEntities: true });
  const awkward = fc.constantFrom('_x0041_', '_', '\r', '\0', '&', '<', 'é', '😀', '\uD800');
  const texts = fc.array(fc.oneof(awkward, fc.string({ unit: 'binary' }))).map((parts) => parts.join(''));
  fc.assert(
    fc.property(texts, (text) => {
      const { root } = parser.parse(toXml(text)) as { root: { '#text'?: string } };
      const decoded = root['#text']?.replaceAll(/_x([\dA-F]{4})_/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
      expect(decoded ?? '').toBe(text);
    }),
  );
});
