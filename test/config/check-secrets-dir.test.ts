import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { loadConfig } from '../../src/config/load.ts';

/** A folder with a state, a configuration file and a folder for secrets in it. */
function setUp() {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'mailstore-secrets-dir-')));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const at = (...names: string[]) => join(folder, ...names);
  for (const name of ['state', 'conf', 'secrets']) mkdirSync(at(name));
  writeFileSync(
    at('conf', 'config.json'),
    JSON.stringify({ url: 'https://mail.example.com:8463', username: 'admin', password: 'secret' }),
    { mode: 0o600 },
  );
  symlinkSync('/', at('link'));
  symlinkSync(at('secrets'), at('good-link'));
  const load = (secretsDir: string) =>
    loadConfig({
      env: { MAILSTORE_CONFIG: at('conf', 'config.json'), MAILSTORE_STATE_DIR: at('state'), MAILSTORE_SECRETS_DIR: secretsDir },
      flags: {},
    }).secretsDir;
  return { folder, at, load };
}

test.each<[string, (at: (...names: string[]) => string) => string, string]>([
  ['a plain file', (at) => at('conf', 'config.json'), 'is no folder'],
  ['the root of a drive', () => '/', 'is the root of a drive'],
  ['a link to it', (at) => at('link'), 'is the root of a drive'],
  ['a folder of the system', () => '/etc', 'is a folder of the operating system'],
  ['what shows processes as files', () => '/proc/self', 'shows processes or devices as files'],
  ['the home folder', () => homedir(), 'home folder'],
  ['the home folder of somebody else', () => '/home/somebody', 'is the home folder of a user'],
  ['what holds home folders', () => '/home', 'holds home folders'],
  ['the state folder', (at) => at('state'), 'holds the state of this server'],
  ['what holds the state folder', (at) => at(), 'holds the state of this server'],
  ['a part of the state folder', (at) => at('state', 'more'), 'is a part of the state of this server'],
  ['what holds the configuration file', (at) => at('conf'), 'holds the configuration file of this server'],
])('a folder for secrets that is %s is refused with what to do', (_, where, reason) => {
  const { at, load } = setUp();
  expect(() => load(where(at))).toThrow(reason);
  expect(() => load(where(at))).toThrow('Make a folder for secrets alone');
});

test('a folder for secrets alone is taken, also by a link, and so is the one in the state folder', () => {
  const { at, load } = setUp();
  expect(load(at('secrets'))).toBe(at('secrets'));
  expect(load(at('good-link'))).toBe(at('good-link'));
  expect(load(at('state', 'secrets'))).toBe(at('state', 'secrets'));
  expect(dirname(at('secrets'))).toBe(at());
});
