import { expect, test } from 'vitest';
import { foldNulls, prettyTokens, splitTokens } from '../../../../src/tester/web/page/format-body.ts';

function pretty(body: string, contentType = ''): string {
  return prettyTokens(body, contentType)
    .map(({ text }) => text)
    .join('');
}

test('JSON is indented, with a byte order mark taken off', () => {
  expect(pretty('\uFEFF{"a":[1,{"b":null}],"c":{},"d":[],"e":"x: {,}"}')).toBe(
    ['{', '  "a": [', '    1,', '    {', '      "b": null', '    }', '  ],', '  "c": {},', '  "d": [],', '  "e": "x: {,}"', '}'].join('\n'),
  );
});

test('no value is changed by being indented', () => {
  expect(pretty('[12345678901234567890,1.10,-2E+3,"\\u202e\\n\\""]')).toBe(
    '[\n  12345678901234567890,\n  1.10,\n  -2E+3,\n  "\\u202e\\n\\""\n]',
  );
});

test('a bare value of the 2012 form stays what it is', () => {
  expect(pretty('"text"')).toBe('"text"');
  expect(pretty('true')).toBe('true');
});

test('XML is indented, a text staying in the line of its tag', () => {
  expect(
    pretty(
      '<?xml version="1.0"?><GetUsersResponse><item><userName>amira</userName><fullName /><emailAddresses></emailAddresses></item></GetUsersResponse>',
    ),
  ).toBe(
    [
      '<?xml version="1.0"?>',
      '<GetUsersResponse>',
      '  <item>',
      '    <userName>amira</userName>',
      '    <fullName />',
      '    <emailAddresses></emailAddresses>',
      '  </item>',
      '</GetUsersResponse>',
    ].join('\n'),
  );
});

test('a form has each of its fields in a line, decoded', () => {
  expect(pretty('userName=j%C3%B6rg+k&config=%7B%22a%22%3A1%7D&broken=%E0%A4%A', 'application/x-www-form-urlencoded; charset=utf-8')).toBe(
    'userName = jörg k\nconfig = {"a":1}\nbroken = %E0%A4%A',
  );
});

test.each([['The command failed.'], ['{"cut": "of'], ['']])('anything else stays as it is: %j', (text) => {
  expect(pretty(text)).toBe(text);
});

test('the nulls of an envelope are folded and counted, those inside of its result and one alone are not', () => {
  const fold = (body: string) => {
    const { tokens, nulls } = foldNulls(prettyTokens(body, ''));
    return [tokens.map(({ text }) => text).join(''), nulls];
  };
  expect(fold('{"error":null,"statusVersion":2,"token":null,"result":{"a":null},"logOutput":null}')).toEqual([
    '{\n  "statusVersion": 2,\n  "result": {\n    "a": null\n  }\n}',
    3,
  ]);
  expect(fold('{"a":null,"b":null}')).toEqual(['{\n}', 2]);
  expect(fold('{"a":null,"b":1}')).toEqual(['{\n  "a": null,\n  "b": 1\n}', 0]);
});

test('a body is coloured in stretches that together are the body', () => {
  const body = JSON.stringify(Array.from({ length: 500 }, (_, index) => ({ index })));
  const tokens = prettyTokens(body, '');
  const chunks = splitTokens(tokens, 1000);
  expect(chunks.length).toBeGreaterThan(10);
  expect(chunks.flat()).toEqual(tokens);
  expect(splitTokens([{ kind: 'plain', text: 'x'.repeat(2500) }], 1000).map(([token]) => token?.text.length)).toEqual([1000, 1000, 500]);
});
