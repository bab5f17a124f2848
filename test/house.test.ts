import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));

const paths = ['src', 'tools']
  .flatMap((folder) => readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((path) => `${folder}/${path}`))
  .map((path) => path.replaceAll('\\', '/'));

/** What a stranger looks for, the word that the path is searched for, and the file or folder that has it. */
const TWENTY: readonly (readonly [subject: string, word: string, path: string])[] = [
  ['the masking of a secret', 'mask', 'src/masking/mask-text.ts'],
  ['the check of the server’s certificate', 'certificate', 'src/client/check-certificate.ts'],
  ['the limit of 45 seconds that a call is held', 'limit', 'src/base/limits.ts'],
  ['the retry of a read', 'retry', 'src/client/retry.ts'],
  ['the length of a lease and when it is taken over', 'lease', 'src/journal/lease.ts'],
  ['the escaping of hidden and bidirectional characters', 'escape', 'src/base/escape-hidden.ts'],
  ['the exit codes', 'exit-code', 'src/cli/exit-codes.ts'],
  ['the Content-Security-Policy of the page', 'content-security-policy', 'src/tester/web/content-security-policy.ts'],
  ['the wording of errors', 'error', 'src/base/errors.ts'],
  ['the declaration of DeleteUser', 'user', 'tools/users.ts'],
  ['which tools a server lists', 'tools', 'src/mcp/offered-tools.ts'],
  ['the settings and their defaults', 'setting', 'src/config/settings.ts'],
  ['the tables of the journal', 'migration', 'src/journal/migrations.ts'],
  ['the fields of an audit line', 'audit-record', 'src/audit/audit-record.ts'],
  ['the verification of the audit', 'verify', 'src/audit/verify-audit.ts'],
  ['the words of a question to a person', 'question', 'src/guard/question.ts'],
  ['the detection of the API version', 'dialect', 'src/client/dialects.ts'],
  ['generated passwords and references to secrets', 'secret', 'src/guard/secrets.ts'],
  ['the faults that the sandbox can show', 'fault', 'src/sandbox/faults.ts'],
  ['the emulated archive', 'world', 'src/emulation/world.ts'],
];

describe('what a stranger looks for is found by its name', () => {
  test.each(TWENTY)('%s: “%s” leads to %s', (_subject, word, path) => {
    expect(path).toContain(word);
    expect(paths).toContain(path);
    // One guess: no more files than fit on a screen have the word in their name.
    const named = paths.filter((other) => /\.tsx?$/.test(other) && (other.split('/').at(-1) ?? '').includes(word));
    const folder = paths.filter((other) => other.startsWith(`src/${word}/`));
    expect(named.length === 0 ? folder.length : named.length).toBeLessThanOrEqual(9);
  });
});

test('no two files of src and tools declare a type of the same name, except the Props of components', () => {
  const places = new Map<string, string[]>();
  for (const path of paths.filter((other) => /\.tsx?$/.test(other))) {
    const source = readFileSync(join(root, path), 'utf8');
    for (const [, name = ''] of source.matchAll(/^(?:export )?(?:interface|type|class) (\w+)/gm)) {
      places.set(name, [...(places.get(name) ?? []), path]);
    }
  }
  const twice = [...places].filter(([name, { length }]) => length > 1 && name !== 'Props');
  expect(Object.fromEntries(twice)).toEqual({});
});
