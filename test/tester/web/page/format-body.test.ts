import { expect, test } from 'vitest';
import { prettyTokens } from '../../../../src/tester/web/page/format-body.ts';

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
