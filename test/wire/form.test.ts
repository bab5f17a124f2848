import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import type { Command } from '../../src/catalogue/define-command.ts';
import * as f from '../../src/catalogue/fields.ts';
import { encodeForm } from '../../src/wire/form.ts';
import { commandNamed } from '../helpers/start-client.ts';

/** Encodes arguments as a caller writes them. */
function encode(name: string, args: Readonly<Record<string, unknown>>): string {
  const command = commandNamed(name);
  return encodeForm(command, z.strictObject(command.input).parse(args));
}

const setFullName = commandNamed('SetUserFullName');

describe('text', () => {
  test.each([
    ['ü', 'fullName=%C3%BC'],
    ['📨', 'fullName=%F0%9F%93%A8'],
    ['+ & = % #', 'fullName=%2B+%26+%3D+%25+%23'],
    ['a  b', 'fullName=a++b'],
    ["O'Neil (x) ~!*", 'fullName=O%27Neil+%28x%29+%7E%21*'],
    ['line\r\nline\ttab', 'fullName=line%0D%0Aline%09tab'],
    ['D:\\MailStore/2026', 'fullName=D%3A%5CMailStore%2F2026'],
    ['\u0001\u202E\uFEFF', 'fullName=%01%E2%80%AE%EF%BB%BF'],
  ])('%j travels as %s', (fullName, expected) => {
    expect(encodeForm(setFullName, { fullName })).toBe(expected);
  });

  test.each([['a\0b'], ['\0'], ['\uD83D'], ['\uDCE8\uD83D'], ['a\uDCE8']])('%j cannot be sent', (fullName) => {
    expect(() => encodeForm(setFullName, { userName: 'johndoe', fullName })).toThrow(
      'The argument fullName contains a NUL character or half of a surrogate pair, which cannot be sent; remove it and call again.',
    );
  });

  test('every value that can be sent arrives as it was', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme' }), (userName, fullName) => {
        fc.pre(!userName.includes('\0') && !fullName.includes('\0'));
        const decoded = new URLSearchParams(encodeForm(setFullName, { userName, fullName }));
        expect([...decoded]).toEqual([
          ['userName', userName],
          ['fullName', fullName],
        ]);
      }),
    );
  });

  test('every text is either sent in ASCII or refused', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 0xffff })), (units) => {
        const fullName = String.fromCharCode(...units);
        const sendable = !fullName.includes('\0') && fullName.isWellFormed();
        const encode = () => encodeForm(setFullName, { fullName });
        if (sendable) expect(encode()).toMatch(/^[\x21-\x7e]*$/);
        else expect(encode).toThrow('The argument fullName');
      }),
    );
  });
});

describe('values', () => {
  test('arguments come in the order of the declaration, however they were written', () => {
    expect(encode('RebuildStoreIndex', { folder: 'amira', id: 3 })).toBe('id=3&folder=amira');
  });

  test('null and absent arguments are left out, false and 0 are not', () => {
    const command: Command = {
      ...setFullName,
      input: { absent: z.string().optional(), cleared: z.string().nullable(), flag: z.boolean(), count: z.int() },
    };
    expect(encodeForm(command, { cleared: null, flag: false, count: 0, undeclared: 'x' })).toBe('flag=false&count=0');
  });

  test('a call without arguments has an empty form', () => {
    expect(encode('GetServerInfo', {})).toBe('');
  });

  test('lists are comma-separated', () => {
    expect(encode('SetUserEmailAddresses', { userName: 'johndoe', emailAddresses: ['jd@example.com', 'müller@example.com'] })).toBe(
      'userName=johndoe&emailAddresses=jd%40example.com%2Cm%C3%BCller%40example.com',
    );
  });

  test('a list entry that contains the separator is refused', () => {
    expect(() => encode('SetUserEmailAddresses', { userName: 'johndoe', emailAddresses: ['a@example.com,b@example.com'] })).toThrow(
      'must be an e-mail address with an @, without a comma',
    );
  });

  test('booleans are the lower-case words', () => {
    expect([encode('GetStores', { includeSize: true }), encode('GetStores', { includeSize: false })]).toEqual([
      'includeSize=true',
      'includeSize=false',
    ]);
  });

  test('objects are JSON text in one field', () => {
    const config = { legalHoldEnabled: true, note: 'ü & "x"', none: null };
    const form = encode('SetComplianceConfiguration', { config });
    expect(form).toBe('config=%7B%22legalHoldEnabled%22%3Atrue%2C%22note%22%3A%22%C3%BC+%26+%5C%22x%5C%22%22%2C%22none%22%3Anull%7D');
  });

  test('a NUL or half a surrogate pair inside of JSON is escaped by JSON itself', () => {
    expect(new URLSearchParams(encode('SetComplianceConfiguration', { config: { note: '\0\uD83D' } })).get('config')).toBe(
      String.raw`{"note":"\u0000\ud83d"}`,
    );
  });

  test.each([
    ['2026-11-01', '2026-11-01T00:00:00'],
    ['2026-11-01T08:30', '2026-11-01T08:30:00'],
    ['2026-11-01 08:30:15', '2026-11-01T08:30:15'],
    ['2026-11-01T08:30:15.250', '2026-11-01T08:30:15'],
    ['2026-11-01T08:30:15', '2026-11-01T08:30:15'],
    ['2026-11-01T08:30:15.250', '2026-11-01T08:30:15'],
  ])('the date %s travels without zone or fraction, as %s', (fromIncluding, expected) => {
    const form = encode('GetJobResults', { fromIncluding, toExcluding: '2026-12-01' });
    expect(new URLSearchParams(form).get('fromIncluding')).toBe(expected);
  });

  test.each([['2026-02-30'], ['tomorrow'], ['2026-11-01T25:00'], ['11/01/2026'], ['']])('%j is no date', (fromIncluding) => {
    expect(() => encode('GetJobResults', { fromIncluding, toExcluding: '2026-12-01' })).toThrow(
      'must be a date or date-time of the calendar',
    );
  });

  test('what has only one accepted value is sent without being asked', () => {
    expect(encode('GetProfiles', {})).toBe('raw=true');
  });

  test('a secret travels like any other text', () => {
    const command: Command = { ...setFullName, input: { password: f.secret('A password.') } };
    expect(encodeForm(command, { password: 'grün: 100%' })).toBe('password=gr%C3%BCn%3A+100%25');
  });
});
