import { describe, expect, test } from 'vitest';
import { errorText, readJson, readText } from '../../src/wire/body.ts';
import { stripStack } from '../../src/base/strip-stack.ts';
import type { WireResponse } from '../../src/wire/reply.ts';

const ORIGIN = 'https://localhost:8463';

function response(body: string | Uint8Array, contentType = 'application/json'): WireResponse {
  return { status: 200, contentType, body: Buffer.from(body) };
}

const read = (body: string, contentType?: string) => readJson(response(body, contentType), 'GetUsers', ORIGIN);

describe('text', () => {
  test('the byte order mark is taken off, and only the one at the beginning', () => {
    expect(readText(response('\uFEFFa\uFEFFb'), 'GetUsers')).toBe('a\uFEFFb');
  });

  test.each([
    ['a byte that UTF-8 never has', [0x61, 0xff, 0x62]],
    ['half a character', [0xf0, 0x9f, 0x93]],
    ['a surrogate', [0xed, 0xa0, 0xbd]],
    ['ISO 8859-1', [0x67, 0x72, 0xfc, 0x6e]],
  ])('%s is refused, and the next answer is read as if nothing had been', (_, bytes) => {
    expect(() => readText(response(Uint8Array.from(bytes)), 'GetUsers')).toThrow(
      'The answer to GetUsers is not valid UTF-8, so it was not used.',
    );
    expect(readText(response('grün 📨'), 'GetUsers')).toBe('grün 📨');
  });
});

describe('JSON', () => {
  test('a value is read with and without a byte order mark', () => {
    expect([read('\uFEFF{"a":1}'), read('{"a":1}'), read('null'), read(' "x" ')]).toEqual([{ a: 1 }, { a: 1 }, null, 'x']);
  });

  test.each([
    ['', 0],
    ['\uFEFF', 3],
    ['{', 1],
    ['{"a":1', 6],
    ['{"a":{"b":1}', 12],
    ['[{"a":1},{"b":2}', 16],
    ['[1,2', 4],
    ['{"a":"}"', 8],
    ['{"a":"x', 7],
    ['{"a":"\\"}', 9],
    ['{"ü":"', 7],
  ])('%j is reported as cut off after %i bytes', (body, bytes) => {
    expect(() => read(body)).toThrow(`The answer to GetUsers ended after ${bytes} bytes, before it was complete.`);
  });

  test.each(['%~ neither', '{"a":1}}', "{'a':1}", '[1,]', 'No such user.', '<root/>'])('%j is reported as no JSON', (body) => {
    expect(() => read(body)).toThrow(`The answer to GetUsers is not JSON: '${body}'. Check that MAILSTORE_API fits this server.`);
  });

  test.each([
    ['<!DOCTYPE html>\n<html><head><title>Sign in\n to the network</title></head></html>', 'application/json', 'Sign in to the network'],
    ['<HTML><BODY><H1>It works</H1></BODY></HTML>', 'text/plain', 'It works'],
    ['Proxy error', 'text/html; charset=utf-8', 'Proxy error'],
    ['<html></html>', 'text/html', ''],
  ])('the page %j is reported with what a person knows it by', (body, contentType, title) => {
    expect(() => read(body, contentType)).toThrow(
      `https://localhost:8463 answered with a web page instead of MailStore's API ('${title}'); a proxy or another service is in between. Check MAILSTORE_URL.`,
    );
  });

  test('a long answer that is no JSON is shown by its beginning, on one line', () => {
    expect(() => read(`x\n${'y'.repeat(200)}`)).toThrow(`is not JSON: 'x ${'y'.repeat(118)}…'.`);
  });
});

describe('what an error says', () => {
  test.each([
    ['{"error":{"message":"Disk full.","details":"System.Exception: Disk full.\\r\\n   at A.B()"}}', 'Disk full.'],
    ['{"message":"Disk full."}', 'Disk full.'],
    ['{"Message":"Disk full."}', 'Disk full.'],
    ['{"error":null}', '{"error":null}'],
    ['null', 'null'],
    ['Disk full.', 'Disk full.'],
    ['Disk full.\r\n   at MailStore.A.B()\r\n   at MailStore.C.D()', 'Disk full.'],
    ['<html><head><title>Bad Request</title></head><body>…</body></html>', 'Bad Request'],
    ['<h1>Bad Request</h1><p>Invalid Hostname</p>', 'Bad Request Invalid Hostname'],
    ['', ''],
  ])('what an error says of %j is %j', (body, expected) => {
    expect(errorText(body)).toBe(expected);
  });

  test('is at most 500 characters', () => {
    expect(stripStack('x'.repeat(501))).toBe(`${'x'.repeat(500)}…`);
  });

  test.each([
    ['System.Exception: a\r\n   at B.C()', 'System.Exception: a'],
    ['a\n  at B.C() in D:\\x.cs:line 3', 'a'],
    ['Meet us at the office.\nRoom 3', 'Meet us at the office. Room 3'],
  ])('leaves stack frames out: %j', (message, expected) => {
    expect(stripStack(message)).toBe(expected);
  });
});
