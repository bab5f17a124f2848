import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
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
  symlinkSync(at('state'), at('state-link'));
  symlinkSync(at('state-link'), at('link-to-link'));
  symlinkSync(homedir(), at('home-link'));
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
  ['the state folder with a slash at its end', (at) => `${at('state')}/`, 'holds the state of this server'],
  ['the state folder by way of another', (at) => `${at('secrets')}/../state`, 'holds the state of this server'],
  ['the state folder by way of one that does not exist', (at) => `${at('nothing')}/../state/.`, 'holds the state of this server'],
  ['a part of the state folder by way of its folder for secrets', (at) => `${at('state')}/secrets/../keys`, 'is a part of the state'],
  ['the parent of the state folder, written with dots', (at) => `${at('secrets')}/..`, 'holds the state of this server'],
  ['a link to a link to the state folder', (at) => at('link-to-link'), 'holds the state of this server'],
  ['a folder that is to be made behind a link to the state folder', (at) => at('state-link', 'new'), 'is a part of the state'],
  ['what holds the state folder, by way of a link and dots', (at) => `${at('link')}/tmp/../..`, 'holds the state of this server'],
  ['the root with slashes', () => '///', 'is the root of a drive'],
  ['a folder of the system with a slash and a dot', () => '/etc/./', 'is a folder of the operating system'],
  ['a folder of the system by way of a link', (at) => `${at('link')}/etc/`, 'is a folder of the operating system'],
  ['a link to the home folder', (at) => `${at('home-link')}/`, 'home folder'],
  ['the home folder by way of one in it', () => `${homedir()}/secrets/..`, 'home folder'],
])('a folder for secrets that is %s is refused with what to do', (_, where, reason) => {
  const { at, load } = setUp();
  expect(() => load(where(at))).toThrow(reason);
  expect(() => load(where(at))).toThrow('Make a folder for secrets alone');
});

const hasOwners = process.platform !== 'win32';

test.runIf(hasOwners).each<[string, (at: (...names: string[]) => string) => void, string, string]>([
  ['all may write', (at) => chmodSync(at('secrets'), 0o777), '(the folder for secrets) can be changed by others (mode 0777)', 'secrets'],
  ['its group may write', (at) => chmodSync(at('secrets'), 0o770), 'can be changed by others (mode 0770)', 'secrets'],
  ['all may write, which is sticky', (at) => chmodSync(at('secrets'), 0o1777), 'can be changed by others (mode 1777)', 'secrets'],
  ['others may replace', (at) => chmodSync(at(), 0o777), 'can be changed by others (mode 0777)', 'secrets'],
  ['others may make', (at) => chmodSync(at(), 0o777), 'can be changed by others (mode 0777)', 'new'],
])('a folder for secrets that %s is refused with the command that cures it', (_, spoil, problem, name) => {
  const { at, load } = setUp();
  spoil(at);
  for (const path of [at(name), ...(name === 'secrets' ? [`${at(name)}/`, at('good-link')] : [])]) {
    expect(() => load(path)).toThrow(problem);
    expect(() => load(path)).toThrow('cure it with `chmod go-w ');
  }
});

test.runIf(hasOwners)('a folder for secrets that others may list but not change is taken', () => {
  const { at, load } = setUp();
  chmodSync(at('secrets'), 0o755);
  expect(load(at('secrets'))).toBe(at('secrets'));
});

test('a folder for secrets alone is taken, also by a link, and so is the one in the state folder', () => {
  const { at, load } = setUp();
  expect(load(at('secrets'))).toBe(at('secrets'));
  expect(load(at('good-link'))).toBe(at('good-link'));
  expect(load(at('state', 'secrets'))).toBe(at('state', 'secrets'));
  expect(dirname(at('secrets'))).toBe(at());
});
