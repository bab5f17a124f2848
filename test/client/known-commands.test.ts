import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { KnownCommands } from '../../src/client/known-commands.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

const A = 'https://a.example:8463';
const B = 'https://b.example:8463';

function stateDir(): string {
  const folder = temporaryFolder();
  return folder;
}

test('nothing is known of a server that was never met', () => {
  expect(new KnownCommands(stateDir()).read([A])).toEqual(new Set());
});

test('what one process learns the next one knows, server by server', () => {
  const folder = stateDir();
  new KnownCommands(folder).remember(A, ['GetCredentials']);
  new KnownCommands(folder).remember(B, ['InitializeMFA', 'GetCredentials']);
  const next = new KnownCommands(folder);
  expect([next.read([A]), next.read([B]), next.read([A, B]), next.read([])]).toEqual([
    new Set(['GetCredentials']),
    new Set(['InitializeMFA', 'GetCredentials']),
    new Set(['GetCredentials', 'InitializeMFA']),
    new Set(),
  ]);
});

test('a server that has lost a command is no longer believed to have it', () => {
  const known = new KnownCommands(stateDir());
  known.remember(A, ['GetCredentials']);
  known.remember(A, []);
  expect(known.read([A])).toEqual(new Set());
});

test('the folder is made when it is first needed, and no other user may look into it', () => {
  const folder = join(stateDir(), 'deep', 'state');
  new KnownCommands(folder).remember(A, ['GetCredentials']);
  expect(readdirSync(folder)).toEqual(['known-commands.json']);
  const modes = [folder, join(folder, 'known-commands.json')].map((path) => statSync(path).mode & 0o077);
  expect(modes).toEqual(process.platform === 'win32' ? modes : [0, 0]);
});

test.each(['', 'no JSON', '[]', 'null', '7', '{"https://a.example:8463":"GetCredentials"}', '{"https://a.example:8463":[1]}'])(
  'a file that holds %j knows nothing and is written again',
  (content) => {
    const folder = stateDir();
    writeFileSync(join(folder, 'known-commands.json'), content);
    const known = new KnownCommands(folder);
    expect(known.read([A])).toEqual(new Set());
    known.remember(A, ['GetCredentials']);
    expect(JSON.parse(readFileSync(join(folder, 'known-commands.json'), 'utf8'))).toEqual({ [A]: ['GetCredentials'] });
  },
);

test('a folder that cannot be written costs nothing but the memory', () => {
  const file = join(stateDir(), 'file');
  writeFileSync(file, '');
  const known = new KnownCommands(join(file, 'state'));
  expect(() => known.remember(A, ['GetCredentials'])).not.toThrow();
  expect(known.read([A])).toEqual(new Set());
});
