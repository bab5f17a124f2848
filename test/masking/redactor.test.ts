import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Redactor } from '../../src/masking/redactor.ts';

const SECRET = 'Quiet-Harbour/41';
/** Every character that one serialiser or another writes differently. */
const AWKWARD = 'p"ä\\s/<&> wö\'rd+1%€\u{1F600}';

function knowing(...secrets: readonly string[]): Redactor {
  const redactor = new Redactor();
  for (const secret of secrets) redactor.add(secret);
  return redactor;
}

/** Masks a body given as text, and returns it as text. */
function maskBody(redactor: Redactor, body: string, contentType?: string): string {
  return Buffer.from(redactor.body(Buffer.from(body), contentType === undefined ? {} : { contentType }) ?? '').toString();
}

describe('a known secret', () => {
  test.each([
    ['as it is', 'the password Quiet-Harbour/41 is wrong', 'the password *** is wrong'],
    ['several times, also side by side', 'Quiet-Harbour/41, Quiet-Harbour/41Quiet-Harbour/41', '***, ***'],
    ['within a word', 'xQuiet-Harbour/41y', 'x***y'],
    ['with an escaped slash', 'Quiet-Harbour\\/41', '***'],
    ['with \\u escapes', 'Quiet\\u002dHarbour\\u002F41', '***'],
    ['percent-encoded', 'password=Quiet-Harbour%2F41&x=1', 'password=***&x=1'],
    ['percent-encoded in small letters', 'password=Quiet-Harbour%2f41', 'password=***'],
    ['percent-encoded twice', 'password=Quiet-Harbour%252F41', 'password=***'],
    ['with a numeric reference', 'Quiet&#45;Harbour&#x2F;41', '***'],
    ['as base64', 'UXVpZXQtSGFyYm91ci80MQ==', '***'],
    ['as base64 without padding', 'x UXVpZXQtSGFyYm91ci80MQ y', 'x *** y'],
    ['in other letter case', 'quiet-HARBOUR/41', '***'],
    ['in part', 'Quiet-Harbour', 'Quiet-Harbour'],
  ])('is masked %s', (_, text, masked) => {
    expect(knowing(SECRET).text(text)).toBe(masked);
    expect(maskBody(knowing(SECRET), text)).toBe(masked);
  });

  test.each([
    ['JSON', 'p\\"ä\\\\s/<&> wö\'rd+1%€\u{1F600}'],
    ['JSON within JSON', 'p\\\\\\"ä\\\\\\\\s/<&> wö\'rd+1%€\u{1F600}'],
    ['JSON in ASCII, safe for HTML', 'p\\u0022\\u00E4\\\\s\\/\\u003C\\u0026\\u003E w\\u00F6\\u0027rd\\u002B1%\\u20AC\\uD83D\\uDE00'],
    ['the same in small letters', 'p\\"\\u00e4\\\\s\\/\\u003c\\u0026\\u003e w\\u00f6\\u0027rd\\u002b1%\\u20ac\\ud83d\\ude00'],
    ['XML', 'p&quot;ä\\s/&lt;&amp;&gt; wö&apos;rd+1%€\u{1F600}'],
    ['XML within XML', 'p&amp;quot;ä\\s/&amp;lt;&amp;amp;&amp;gt; wö&amp;apos;rd+1%€\u{1F600}'],
    ['HTML with decimal references', 'p&#34;&#228;\\s/&#60;&#38;&#62; w&#246;&#39;rd+1%&#8364;&#128512;'],
    ['HTML with hexadecimal references', 'p&#x22;&#xE4;\\s/&#x3C;&#x26;&#x3E; w&#xf6;&#x27;rd+1%&#x20ac;&#x1F600;'],
    ['JSON with XML in it', 'p\\u0026quot;ä\\\\s/\\u0026lt;\\u0026amp;\\u0026gt; wö\\u0026apos;rd+1%€\u{1F600}'],
    ['a URL', 'p%22%C3%A4%5Cs%2F%3C%26%3E%20w%C3%B6%27rd%2B1%25%E2%82%AC%F0%9F%98%80'],
    ['a form', 'p%22%c3%a4%5cs%2f%3c%26%3e+w%c3%b6%27rd%2b1%25%e2%82%ac%f0%9f%98%80'],
    ['base64', 'cCLDpFxzLzwmPiB3w7YncmQrMSXigqzwn5iA'],
  ])('a known secret with every awkward character is masked as %s writes it', (_, written) => {
    const redactor = knowing(AWKWARD);
    expect(redactor.text(`before ${written} after`)).toBe('before *** after');
    expect(maskBody(redactor, `before ${written} after`)).toBe('before *** after');
    expect(maskBody(redactor, JSON.stringify([`before ${written} after`]))).toBe('["before *** after"]');
  });

  test('is masked as the server’s own serialisers write it, for all characters', () => {
    const character = fc.oneof(
      fc.constantFrom(...'\\"\'/<>&+% =\n\r\t[](){}.^$|?#;:@'),
      fc.string({ unit: 'grapheme', minLength: 1, maxLength: 1 }),
    );
    const secret = fc.array(character, { minLength: 6, maxLength: 12 }).map((characters) => characters.join(''));
    const writers: readonly ((text: string) => string)[] = [
      (text) => text,
      (text) => JSON.stringify(text).slice(1, -1),
      (text) => JSON.stringify(JSON.stringify(text)).slice(3, -3),
      (text) =>
        JSON.stringify(text)
          .slice(1, -1)
          .replaceAll(/[^\w\\" ]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`),
      (text) => text.replaceAll(/[<>&"']/g, (sign) => `&#${sign.charCodeAt(0)};`),
      (text) => encodeURIComponent(text),
      (text) => new URLSearchParams({ '': text }).toString().slice(1),
      (text) => Buffer.from(text).toString('base64'),
      (text) => Buffer.from(text).toString('base64url'),
    ];
    fc.assert(
      fc.property(secret, fc.constantFrom(...writers), (text, write) => {
        const redactor = knowing(text);
        // A backslash before a secret, or one that ends it, may belong to either side.
        expect(redactor.text(`(${write(text)})`)).toBe('(***)');
        expect(maskBody(redactor, `(${write(text)})`)).toBe('(***)');
      }),
      { numRuns: 1000 },
    );
  });

  test.each([
    ['as it is', 'x Pj4+Pz8/fn5+fg== y'],
    ['without padding', 'x Pj4+Pz8/fn5+fg y'],
    ['for URLs', 'x Pj4-Pz8_fn5-fg y'],
    ['in JSON', 'x Pj4\\u002BPz8\\/fn5\\u002bfg== y'],
    ['in a form', 'x Pj4%2BPz8%2Ffn5%2Bfg%3D%3D y'],
  ])('a known secret in base64 is masked %s', (_, text) => {
    expect(knowing('>>>???~~~~').text(text)).toBe('x *** y');
  });

  test('a known secret of fewer than 6 characters is not looked for, as it would blank out ordinary words', () => {
    const redactor = knowing('admin', '');
    const body = Buffer.from('{"userName":"admin"}');
    expect(redactor.text('The user admin is an administrator. YWRtaW4=')).toBe('The user admin is an administrator. YWRtaW4=');
    expect(redactor.body(body)).toBe(body);
  });

  test('is masked together with its login as a header carries both, however short it is', () => {
    const redactor = new Redactor();
    redactor.add('admin', 'admin');
    redactor.add(SECRET, 'jörg');
    expect(redactor.text('Basic YWRtaW46YWRtaW4=, admin')).toBe('Basic ***, admin');
    expect(redactor.text(`Basic ${Buffer.from(`jörg:${SECRET}`).toString('base64')}`)).toBe('Basic ***');
  });

  test('a known secret that contains another, or begins where another ends, leaves nothing of itself', () => {
    expect(knowing('harbour', 'harbour-41-east').text('harbour-41-east harbour')).toBe('*** ***');
    expect(knowing('harbour-41-east', 'harbour').text('harbour-41-east harbour')).toBe('*** ***');
    expect(knowing('abcdefgh', 'efghijkl').text('-abcdefghijkl-')).toBe('-***-');
    expect(knowing('abcabc').text('-abcabcabc-')).toBe('-***-');
  });

  test('a known secret as long as a key file is masked as a whole, and so is one that is longer than a pattern can be', () => {
    const key = `-----BEGIN PRIVATE KEY-----\n${'MIIEvQ+IBADAN/Bgkqhki\n'.repeat(120)}-----END PRIVATE KEY-----\n`;
    expect(knowing(key).text(`key: ${key}.`)).toBe('key: ***.');
    expect(maskBody(knowing(key), JSON.stringify({ log: `key: ${key}.` }))).toBe('{"log":"key: ***."}');
    const long = 'a"\\/<é'.repeat(2000);
    expect(knowing(long).text(`<${JSON.stringify(long)}>`)).toBe('<"***">');
  });

  test('a known secret that is looked for in pieces blanks out no text that is as short as the end of it', () => {
    const long = `${'ab'.repeat(250)}z`;
    expect(knowing(long).text(`zebra ${long}`)).toBe('zebra ***');
  });

  test('made of backslashes and quotes does not stop the server with a text that is almost the same', () => {
    const secret = `a${'\\"'.repeat(40)}${'\\'.repeat(40)}${"'&".repeat(40)}z`;
    const text = `z${'\\\\\\"'.repeat(40)}${'\\u005c'.repeat(90)}${"\\'&amp;amp;".repeat(40)}a`;
    expect(knowing(secret).text(`a${text}`)).toBe(`a${text}`);
  });
});

describe('the body of an answer', () => {
  test('the body of an answer in JSON keeps numbers, the byte order mark and every byte outside of the texts and names that hold a secret', () => {
    const redactor = knowing('harbour', '1234567');
    expect(
      maskBody(
        redactor,
        '\uFEFF{ "harbour" : "a harbour\\n" ,\r\n"size":1234567,"list":["1234567",1234567.5e1],"\\"harbour":{"x":"\\u0068\\"harbour\\""}, "ok":true}',
      ),
    ).toBe('\uFEFF{ "***" : "a ***\\n" ,\r\n"size":1234567,"list":["***",1234567.5e1],"\\"*** (2)":{"x":"h\\"***\\""}, "ok":true}');
  });

  test('the body of an answer in JSON stays JSON where a secret begins or ends like an escape', () => {
    expect(maskBody(knowing('nsecret'), '["\\nsecret","nsecret"]')).toBe('["\\nsecret","***"]');
    expect(maskBody(knowing('41abcdef'), '["\\u0041abcdef"]')).toBe('["\\u0041abcdef"]');
    expect(maskBody(knowing('abcdef\\'), '["abcdef\\"more","abcdef\\\\"]')).toBe('["abcdef\\"more","***"]');
  });

  test('the body of an answer in XML keeps attributes and references, and masks names, texts, CDATA and comments', () => {
    const redactor = knowing('string', 'amp;secret', 'a<secret>');
    expect(
      maskBody(
        redactor,
        '<?xml version="1.0" encoding="utf-8"?><root type="string"><string a=">">a string</string><x>&amp;secret</x><y>&amp;amp;secret</y><z>a&lt;secret&#62;</z><![CDATA[a<secret>]]><!-- string --></root>',
      ),
    ).toBe(
      '<?xml version="1.0" encoding="utf-8"?><root type="string"><masked a=">">a ***</masked><x>&amp;secret</x><y>&amp;***</y><z>***</z><![CDATA[***]]><!-- *** --></root>',
    );
  });

  test('keeps a name by which answers are read, even where it is a secret, and no other', () => {
    const redactor = knowing('statusCode', 'Hunter2-x', 'HunterTwo');
    const keptNames = () => new Set(['statusCode']);
    const read = (body: string) => Buffer.from(redactor.body(Buffer.from(body), { keptNames }) ?? '').toString();
    expect(read('{"statusCode":"statusCode","Hunter2-x":{"xHunterTwo":1},"hunter2-X":2}')).toBe(
      '{"statusCode":"***","***":{"x***":1},"*** (2)":2}',
    );
    expect(read('<r><statusCode>a</statusCode><HunterTwo/><i:item xmlns:i="item" item="Hunter2-x">b</i:item></r>')).toBe(
      '<r><statusCode>a</statusCode><masked/><i:item xmlns:i="item" item="***">b</i:item></r>',
    );
  });

  test('the body of an answer that is no JSON or XML is masked wherever the secret stands', () => {
    const redactor = knowing('harbour');
    expect(maskBody(redactor, 'Login failed: harbour')).toBe('Login failed: ***');
    expect(maskBody(redactor, '{"harbour":"harbour and the rest is cut')).toBe('{"***":"*** and the rest is cut');
    expect(maskBody(redactor, '<root a="harbour"><x>harbour')).toBe('<root a="***"><x>***');
    expect(maskBody(redactor, '<root a="harbour')).toBe('<root a="***');
    expect(maskBody(redactor, '<root><![CDATA[harbour')).toBe('<root><![CDATA[***');
    expect(maskBody(redactor, '<root><!-- harbour')).toBe('<root><!-- ***');
  });

  test('the body of an answer that is a web page is masked in its attributes too', () => {
    const page = '<!DOCTYPE html><html><input value="harbour"></html>';
    const masked = '<!DOCTYPE html><html><input value="***"></html>';
    expect(maskBody(knowing('harbour'), page)).toBe(masked);
    expect(maskBody(knowing('harbour'), `<?xml version="1.0"?>\n${page}`)).toBe(`<?xml version="1.0"?>\n${masked}`);
    expect(maskBody(knowing('harbour'), '<p title="harbour">', 'text/html; charset=utf-8')).toBe('<p title="***">');
  });

  test('the body of an answer that is not UTF-8 stays byte for byte around the masks', () => {
    const redactor = knowing('Grüße-41');
    const body = Buffer.from('\xFF\x80 Gr\xFC\xDFe-41 Gr\xC3\xBC\xC3\x9Fe-41 \x9F\xC3', 'latin1');
    expect(Buffer.from(redactor.body(body) ?? '').toString('latin1')).toBe('\xFF\x80 *** *** \x9F\xC3');
  });

  test('says how a command stands even where that is the secret', () => {
    const redactor = knowing('running', 'succeeded', 'failed', 'cancelled', 'unning');
    const words = '["running","succeeded","failed","cancelled"]';
    expect(maskBody(redactor, words)).toBe(words);
    expect(maskBody(redactor, '<status> running </status>')).toBe('<status> running </status>');
    expect(maskBody(redactor, '{"status":"failed","text":"failed to log in with succeeded"}')).toBe(
      '{"status":"failed","text":"*** to log in with ***"}',
    );
  });

  test('the body of an answer without a secret is the same bytes', () => {
    const body = Buffer.from('{"log":"nothing of Harbour"}');
    expect(new Redactor().body(body)).toBe(body);
    expect(knowing(SECRET).body(body)).toBe(body);
  });

  test('keeps the form of its value and loses the secret, with any other text around it', () => {
    const secret = 'a"b\\c/d<e';
    const piece = fc.oneof(fc.constantFrom(secret, 'a"b', '\\c/d<e', '\\', '"', 'u0022', '\n', 'é'), fc.string({ unit: 'binary' }));
    const text = fc.array(piece, { maxLength: 6 }).map((pieces) => pieces.join(''));
    const { value } = fc.letrec((tie) => ({
      value: fc.oneof({ maxDepth: 3 }, text, fc.integer(), fc.constant(null), fc.array(tie('value')), fc.dictionary(text, tie('value'))),
    }));
    const getShape = (inner: unknown): unknown => {
      if (typeof inner === 'string') return 'text';
      if (typeof inner !== 'object' || inner === null) return inner;
      return Array.isArray(inner) ? inner.map(getShape) : { members: Object.values(inner).map(getShape) };
    };
    fc.assert(
      fc.property(value, fc.boolean(), (written, isEscaped) => {
        const json = JSON.stringify(written);
        const body = isEscaped ? json.replaceAll('/', '\\/').replaceAll('<', '\\u003C') : json;
        const read = JSON.parse(maskBody(knowing(secret), body)) as unknown;
        expect(getShape(read)).toEqual(getShape(JSON.parse(json)));
        expect(listTexts(read).filter((inner) => inner.includes(secret))).toEqual([]);
      }),
      { numRuns: 500 },
    );
  });
});

function listTexts(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.entries(value).flat().flatMap(listTexts) : [];
}

describe('an answer that repeats one thing very often', () => {
  const value = 'Hunter2-x';
  test.each([
    ['members of one object that is cut off', '{"name":"password"', `,"value":"${value}"`, ''],
    ['elements of one element', '<a><name>password</name>', `<value>${value}</value>`, '</a>'],
    ['elements of one element that is cut off', '<a><name>password</name>', `<value>${value}</value>`, ''],
    ['lines of a text', '', `password=${value}\n`, ''],
  ])('is masked as a whole: %s', (_, before, repeated, after) => {
    const body = `${before}${repeated.repeat(150_000)}${after}`;
    expect(maskBody(new Redactor(), body)).toBe(body.replaceAll(value, '***'));
  });

  test('is masked as a whole: attributes of one tag', () => {
    const body = `<a ${'"" '.repeat(3_000_000)}password="${value}"/>`;
    expect(maskBody(new Redactor(), body)).toBe(body.replace(value, '***'));
  });
});
