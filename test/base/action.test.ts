import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseAction } from '../../src/base/action.ts';

const LETTERS = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'];
const SIMPLE = [...LETTERS, ...'0123456789', ...'@$.,:/\\+_', 'ä', 'ж', '日'];

const word = fc
  .tuple(fc.constantFrom(...LETTERS), fc.array(fc.constantFrom(...LETTERS, ...'0123456789'), { maxLength: 20 }))
  .map(([first, rest]) => first + rest.join(''));
const simpleValue = fc.array(fc.constantFrom(...SIMPLE), { minLength: 1, maxLength: 30 }).map((letters) => letters.join(''));
const anyValue = fc
  .string({ unit: 'grapheme', maxLength: 60 })
  .filter((value) => !value.includes('"') && !/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]/u.test(value));
const named = <Value>(value: fc.Arbitrary<Value>) =>
  fc.uniqueArray(fc.tuple(word, value), { selector: ([name]) => name.toLowerCase(), maxLength: 6 });

const quote = ([name, value]: [string, string]) => ` --${name}="${value}"`;

/** Returns whether the text is refused with one sentence, or read with nothing left out but quotes and blanks. */
function isReadWhollyOrRefused(text: string): boolean {
  try {
    const action = parseAction(text);
    const canonical = action.command + Object.entries(action.args).map(quote).join('');
    const [read, written] = [canonical, text].map((part) => part.replaceAll(/["\s]/gu, ''));
    return read === written && isDeepStrictEqual(parseAction(canonical), action);
  } catch (error) {
    return error instanceof Error && /^The action [^\n]+\.$/.test(error.message);
  }
}

describe('a job action', () => {
  it('may be a bare command', () => {
    expect(parseAction('ProcessRetentionPolicies')).toEqual({ command: 'ProcessRetentionPolicies', args: {} });
  });

  it('carries quoted arguments, in which a backslash is an ordinary character', () => {
    expect(parseAction('CreateBackup --path="E:\\Backup" --excludeSearchIndexes="true"')).toEqual({
      command: 'CreateBackup',
      args: { path: 'E:\\Backup', excludeSearchIndexes: 'true' },
    });
    expect(parseAction('CreateBackup --path="E:\\" --excludeSearchIndexes="true"')).toEqual({
      command: 'CreateBackup',
      args: { path: 'E:\\', excludeSearchIndexes: 'true' },
    });
  });

  it('may leave out the quotes around simple values', () => {
    expect(parseAction('RebuildStoreIndex --id=3 --folder=maria.lopez')).toEqual({
      command: 'RebuildStoreIndex',
      args: { id: '3', folder: 'maria.lopez' },
    });
    expect(parseAction('CreateBackup --path=\\\\nas01\\backup$')).toEqual({
      command: 'CreateBackup',
      args: { path: '\\\\nas01\\backup$' },
    });
  });

  it('may have blanks around its parts, and empty quoted values', () => {
    expect(parseAction('  VerifyStores   --includeIndexes="" ')).toEqual({ command: 'VerifyStores', args: { includeIndexes: '' } });
  });

  it('keeps everything between the quotes, option-like text included', () => {
    expect(parseAction('RenameJob --id="2" --name=" a --id=\'9\' ; b & c | d "')).toEqual({
      command: 'RenameJob',
      args: { id: '2', name: " a --id='9' ; b & c | d " },
    });
  });

  it('keeps argument names that objects inherit', () => {
    const { args } = parseAction('X --constructor="a" --toString=b --hasOwnProperty="c"');
    expect(Object.entries(args)).toEqual([
      ['constructor', 'a'],
      ['toString', 'b'],
      ['hasOwnProperty', 'c'],
    ]);
  });

  it('is read back exactly when every value is quoted', () => {
    fc.assert(
      fc.property(word, named(anyValue), (command, args) => {
        expect(parseAction(command + args.map(quote).join(''))).toEqual({ command, args: Object.fromEntries(args) });
      }),
    );
  });

  it('is read back exactly when simple values stand without quotes', () => {
    fc.assert(
      fc.property(word, named(simpleValue), (command, args) => {
        const text = command + args.map(([name, value]) => ` --${name}=${value}`).join('');
        expect(parseAction(text)).toEqual({ command, args: Object.fromEntries(args) });
      }),
    );
  });

  it('is refused with one sentence when it is not read to its end', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string({ unit: 'binary' }), fc.stringMatching(/^[A-Z][a-z]+( ?--?[a-z]+[= ]["' a-z\\;-]{0,8}){0,3}$/)),
        (text) => {
          expect(isReadWhollyOrRefused(text)).toBe(true);
        },
      ),
      { numRuns: 1000 },
    );
  });

  it.each([
    ['nothing', ''],
    ['blanks', '   '],
    ['an argument without a command', '--id="1"'],
    ['a command in quotes', '"DeleteUser" --userName="x"'],
    ['a path instead of a command', 'C:\\Windows\\System32\\cmd.exe'],
    ['a command with a hyphen', 'Delete-User'],
    ['a command in letters that only look Latin', 'DеleteUser --userName="x"'],
    ['a positional argument', 'DeleteUser johndoe'],
    ['a single hyphen', 'DeleteUser -userName="johndoe"'],
    ['three hyphens', 'DeleteUser ---userName="johndoe"'],
    ['a slash option', 'DeleteUser /userName:johndoe'],
    ['a flag without a value', 'VerifyStores --includeIndexes'],
    ['a value after a blank', 'VerifyStores --includeIndexes true'],
    ['blanks around the equals sign', 'VerifyStores --includeIndexes = "true"'],
    ['a value that is missing', 'VerifyStores --includeIndexes='],
    ['an argument in the place of a value', 'SyncUsersWithDirectoryServices --dryRun=--dryRun'],
    ['an argument name that is empty', 'VerifyStores --="true"'],
    ['an open quote', 'CreateBackup --path="E:\\Backup'],
    ['a quote that a backslash should protect', 'CreateBackup --path="E:\\\\"x\\"" --y="1"'],
    ['a doubled quote', 'RenameJob --id="1" --name="say ""hi"""'],
    ['single quotes', "DeleteUser --userName='johndoe'"],
    ['typographic quotes', 'DeleteUser --userName=“johndoe”'],
    ['a quote within a simple value', 'DeleteUser --userName=john"doe"'],
    ['text right behind a closing quote', 'VerifyStores --includeIndexes="true"--x="1"'],
    ['a second command after a semicolon', 'VerifyStores --includeIndexes="true"; DeleteUser --userName="johndoe"'],
    ['a second command after a semicolon in a simple value', 'VerifyStores --includeIndexes=true;DeleteUser'],
    ['a second command after an ampersand', 'GetUsers & DeleteUser --userName=johndoe'],
    ['a pipe', 'GetUsers | DeleteUser'],
    ['a second command on another line', 'GetUsers\nDeleteUser --userName="johndoe"'],
    ['a line break within quotes', 'RenameJob --id="1" --name="a\r\nDeleteUser"'],
    ['a Unicode line separator within quotes', 'RenameJob --id="1" --name="a\u2028b"'],
    ['a next-line character within quotes', 'RenameJob --id="1" --name="a\u0085b"'],
    ['a NUL', 'GetUsers\0DeleteUser'],
    ['a tab between the parts', 'VerifyStores\t--includeIndexes="true"'],
    ['a no-break space between the parts', 'VerifyStores\u00a0--includeIndexes="true"'],
    ['half a surrogate pair', 'RenameJob --id="1" --name="\ud800"'],
    ['a comment', 'GetUsers # DeleteUser'],
    ['a variable', 'CreateBackup --path=%TEMP%'],
    ['a substitution', 'CreateBackup --path=$(whoami)'],
    ['an argument given twice', 'SyncUsersWithDirectoryServices --dryRun="true" --dryRun="false"'],
    ['an argument given twice in other capitals', 'SyncUsersWithDirectoryServices --dryRun="true" --DRYRUN="false"'],
    ['a prototype as argument name', 'DeleteUser --__proto__="x"'],
  ])('is refused when it holds %s', (_what, text) => {
    expect(() => parseAction(text)).toThrow(/^The action [^\n]+\.$/);
  });

  it('is refused quickly, however long it is', () => {
    const long = 200_000;
    for (const text of [
      'A'.repeat(long) + '!',
      'A' + ' '.repeat(long) + '!',
      `A --b="${'\\"'.repeat(long)}`,
      'A --b=' + '-'.repeat(long) + '=',
    ]) {
      expect(() => parseAction(text)).toThrow(/^The action /);
    }
  });

  it('names the place that cannot be read', () => {
    expect(() => parseAction('VerifyStores --includeIndexes="true" now')).toThrow(
      'The action cannot be read from character 37 on, where another --name="value" is expected.',
    );
  });
});
