import { describe, expect, test } from 'vitest';
import { readXml } from '../../src/wire/xml.ts';

const ORIGIN = 'https://localhost:8463';

function read(text: string, contentType = 'application/xml'): unknown {
  return readXml({ status: 200, contentType, body: Buffer.from(text) }, 'GetUsers', ORIGIN);
}

describe('with types written', () => {
  test('every type of JSON comes back as it was', () => {
    expect(
      read(
        '<root type="object"><text type="string">a</text><empty type="string"/><number type="number">-1.5e3</number><yes type="boolean">true</yes>' +
          '<no type="boolean">false</no><nothing type="null"/><none type="array"/><blank type="object"/>' +
          '<list type="array"><item type="number">1</item><item type="object"><a type="string">b</a></item><item type="array"/></list></root>',
      ),
    ).toEqual({
      text: 'a',
      empty: '',
      number: -1500,
      yes: true,
      no: false,
      nothing: null,
      none: [],
      blank: {},
      list: [1, { a: 'b' }, []],
    });
  });

  test.each([
    ['<root type="null"/>', null],
    ['<root type="string">x</root>', 'x'],
    ['<root type="number">7</root>', 7],
    ['<root type="boolean">true</root>', true],
    ['<root type="array"/>', []],
    ['<root type="array"><item type="string">one</item></root>', ['one']],
  ])('%s is %j', (text, value) => {
    expect(read(text)).toEqual(value);
  });

  test('a declaration, a byte order mark, comments and line breaks between elements mean nothing', () => {
    expect(
      read('\uFEFF<?xml version="1.0" encoding="utf-8"?>\r\n<!-- list -->\n<root type="object">\n  <a type="string"> x </a>\n</root>\n'),
    ).toEqual({ a: ' x ' });
  });

  test('blanks and line breaks inside of a text are kept', () => {
    expect(read('<root type="string">  a\n b&#xD;&#xA;\t</root>')).toBe('  a\n b\r\n\t');
  });

  test.each([
    ['&lt;b&gt; &amp; &quot;q&quot; &apos;', '<b> & "q" \''],
    ['&amp;lt;', '&lt;'],
    ['&amp;amp;lt;', '&amp;lt;'],
    ['&#252;&#xFC;&#128232;&#x1F4E8;', 'üü📨📨'],
    ['<![CDATA[<b> & ]]>x', '<b> & x'],
    ['_x0000__x001F_', '\0\u001F'],
    ['_x005F_x0041_', '_x0041_'],
    ['_xD83D_', '\uD83D'],
    ['_x004_ _x', '_x004_ _x'],
    ['María Lüpez 📨', 'María Lüpez 📨'],
  ])('the text %s reads %j', (text, value) => {
    expect(read(`<root type="string">${text}</root>`)).toBe(value);
  });

  test.each([
    ['<a:item xmlns:a="item" item="D:\\Backup files" type="number">1</a:item>', 'D:\\Backup files'],
    ['<a:item xmlns:a="item" item="&lt;&quot;&amp;" type="number">1</a:item>', '<"&'],
    ['<a:item xmlns:a="item" item="" type="number">1</a:item>', ''],
    ['<a:item xmlns:a="item" item="1st" type="number">1</a:item>', '1st'],
    ['<a:item xmlns:a="item" item="a_x0000_b" type="number">1</a:item>', 'a\0b'],
    ['<größe type="number">1</größe>', 'größe'],
    ['<__proto__ type="number">1</__proto__>', '__proto__'],
    ['<constructor type="number">1</constructor>', 'constructor'],
    ['<toString type="number">1</toString>', 'toString'],
  ])('with types written in %s the key is %j', (element, key) => {
    const value = read(`<root type="object">${element}</root>`) as object;
    expect(Object.entries(value)).toEqual([[key, 1]]);
  });
});

describe('without types', () => {
  test('repeated elements are a list and every leaf is text', () => {
    expect(
      read('<users><user><name>a</name><id>1</id><active>true</active></user><user><name>b</name><id>2</id><active/></user></users>'),
    ).toEqual([
      { name: 'a', id: '1', active: 'true' },
      { name: 'b', id: '2', active: '' },
    ]);
  });

  test('elements that repeat among others become a list under their name', () => {
    expect(read('<user><name>a</name><mail>x</mail><mail>y</mail></user>')).toEqual({ name: 'a', mail: ['x', 'y'] });
  });

  test('one element looks like an object with one member', () => {
    expect(read('<users><user><name>a</name></user></users>')).toEqual({ user: { name: 'a' } });
  });

  test('a nil attribute is null', () => {
    expect(read('<user xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><a xsi:nil="true"/><b nil="true"/></user>')).toEqual({
      a: null,
      b: null,
    });
  });

  test('an element named like the prototype is a member like any other', () => {
    const value = read('<user><name>a</name><__proto__>b</__proto__></user>') as object;
    expect(Object.entries(value)).toEqual([
      ['name', 'a'],
      ['__proto__', 'b'],
    ]);
  });
});

describe('what is not used', () => {
  test('a document type declaration is refused, and with it every entity of its own', () => {
    expect(() =>
      read('<?xml version="1.0"?><!DOCTYPE root [<!ENTITY x SYSTEM "file:///etc/passwd">]><root type="string">&x;</root>'),
    ).toThrow(
      'The answer to GetUsers is not XML: \'<?xml version="1.0"?><!DOCTYPE root [<!ENTITY x SYSTEM "file:///etc/passwd">]><root type="string">&x;</root>\'. Check that MAILSTORE_API fits this server.',
    );
  });

  test.each([
    '<!DOCTYPE root><root type="string">x</root>',
    '<!DOCTYPE root [<!ENTITY x "y">]><root type="string">&x;</root>',
    '<!-- a --><!DOCTYPE root SYSTEM "http://evil.example/a.dtd"><root type="string">x</root>',
  ])('XML that MailStore does not use is refused, even if it does no harm: %s', (text) => {
    expect(() => read(text)).toThrow('The answer to GetUsers is not XML: ');
  });

  test.each([
    ['<root type="object"><a type="string">x</a>', 42],
    ['<root type="object"><a type="str', 32],
    ['<root', 5],
    ['<root type="object"><a>x</b></root>', 35],
  ])('%s is reported as cut off', (text, bytes) => {
    expect(() => read(text)).toThrow(`The answer to GetUsers ended after ${bytes} bytes, before it was complete.`);
  });

  test.each([
    ['%~ neither', "The answer to GetUsers is not XML: '%~ neither'. Check that MAILSTORE_API fits this server."],
    ['{"a":1}', 'The answer to GetUsers is not XML: \'{"a":1}\'. Check that MAILSTORE_API fits this server.'],
    ['', "The answer to GetUsers is not XML: ''. Check that MAILSTORE_API fits this server."],
    [
      '<!DOCTYPE html><html><head><title>Sign in</title></head></html>',
      "https://localhost:8463 answered with a web page instead of MailStore's API ('Sign in'); a proxy or another service is in between. Check MAILSTORE_URL.",
    ],
  ])('%j is refused: %s', (text, message) => {
    expect(() => read(text)).toThrow(message);
  });

  test.each([258, 300, 5000, 100_000])('an answer that nests %i deep is named as such', (depth) => {
    expect(() => read(`${'<a>'.repeat(depth)}${'</a>'.repeat(depth)}`)).toThrow(expect.objectContaining({ code: 'tooDeep' }));
  });

  test('an answer that nests 200 deep is read', () => {
    expect(JSON.stringify(read(`${'<a>'.repeat(201)}x${'</a>'.repeat(201)}`))).toBe(`${'{"a":'.repeat(200)}"x"${'}'.repeat(200)}`);
  });

  // Read in quadratic time, 20,000 names take minutes.
  test('an object with 20,000 names is read in one pass', () => {
    const names = Array.from({ length: 20_000 }, (_, index) => `n${index}`);
    const value = read(`<root>${names.map((name) => `<${name}>v</${name}>`).join('')}</root>`);
    expect(Object.keys(value as object)).toEqual(names);
  });

  test('an object in which two names repeat is two lists, each in its order', () => {
    const fields = Array.from({ length: 20_000 }, (_, index) => `<n${index % 2}>${index}</n${index % 2}>`);
    expect(read(`<root>${fields.join('')}</root>`)).toEqual({
      n0: Array.from({ length: 10_000 }, (_, index) => String(2 * index)),
      n1: Array.from({ length: 10_000 }, (_, index) => String(2 * index + 1)),
    });
  });

  test('an answer may be as long as it likes', () => {
    const names = Array.from({ length: 5000 }, () => 'a & b');
    expect(read(`<root type="array">${'<item type="string">a &amp; b</item>'.repeat(5000)}</root>`)).toEqual(names);
  });

  test('invalid UTF-8 is refused', () => {
    const body = Buffer.concat([Buffer.from('<root type="string">'), Buffer.from([0xff]), Buffer.from('</root>')]);
    expect(() => readXml({ status: 200, contentType: 'application/xml', body }, 'GetUsers', ORIGIN)).toThrow(
      'The answer to GetUsers is not valid UTF-8, so it was not used.',
    );
  });
});
