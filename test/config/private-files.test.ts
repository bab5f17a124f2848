import { chmodSync, chownSync, existsSync, lchownSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { loadConfig, loadStateDir } from '../../src/config/load.ts';
import { isMapped } from '../../src/config/private-files.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

const FOREIGN = 12_345;
const isRoot = process.getuid?.() === 0;
const ENV = { MAILSTORE_URL: 'https://mail.example.com:8463', MAILSTORE_USERNAME: 'admin' };

function folder(): string {
  const path = temporaryFolder();
  return path;
}

/** Makes a state folder with one file in it. */
function stateWith(name: string, mode: number): { readonly stateDir: string; readonly file: string } {
  const stateDir = join(folder(), 'state');
  mkdirSync(stateDir, { mode: 0o700 });
  const file = join(stateDir, name);
  writeFileSync(file, 'x');
  chmodSync(file, mode);
  return { stateDir, file };
}

/** Returns what keeps a server from starting with these settings, and a subcommand of the record from running. */
function refusals(stateDir: string): readonly string[] {
  const env = { ...ENV, MAILSTORE_PASSWORD: 'x', MAILSTORE_STATE_DIR: stateDir };
  return [() => loadConfig({ env, flags: {} }), () => loadStateDir({ env, flags: {} })].map((load) => {
    try {
      load();
      return '';
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  });
}

/** True where 65534 is a user of this machine; in a container it may be every owner outside. */
function mapsNobody(): boolean {
  return existsSync('/proc/self/uid_map') && isMapped(65_534, readFileSync('/proc/self/uid_map', 'utf8'));
}

const twice = (message: string) => [message, message];

describe.skipIf(process.platform === 'win32')('a state folder', () => {
  test.each([0o600, 0o640, 0o644])('with an audit of the mode %o is used: others may not change it', (mode) => {
    expect(refusals(stateWith('audit.jsonl', mode).stateDir)).toEqual(twice(''));
  });

  test('that does not exist is used', () => {
    expect(refusals(join(folder(), 'not', 'there'))).toEqual(twice(''));
  });

  test.each([0o777, 0o770, 0o720])('that others may change (%o) is refused', (mode) => {
    const { stateDir } = stateWith('audit.jsonl', 0o600);
    chmodSync(stateDir, mode);
    expect(refusals(stateDir)).toEqual(
      twice(
        `'${stateDir}' (the state folder) can be changed by others (mode 0${mode.toString(8)}), so nothing runs; cure it with \`chmod go-w ${stateDir}\`.`,
      ),
    );
  });

  test.each(['audit.jsonl', 'journal.sqlite'])('with a %s that others may change is refused', (name) => {
    const { stateDir, file } = stateWith(name, 0o666);
    expect(refusals(stateDir)).toEqual(
      twice(
        `'${file}' (a file of the state folder) can be changed by others (mode 0666), so nothing runs; cure it with \`chmod go-w ${file}\`.`,
      ),
    );
  });

  test.each([
    [0o666, 'can be changed by others (mode 0666)'],
    [0o640, 'can be read by others (mode 0640)'],
  ])('with a key of the mode %o is refused', (mode, problem) => {
    const { stateDir, file } = stateWith('consent.key', mode);
    expect(refusals(stateDir)).toEqual(
      twice(`'${file}' (a file of the state folder) ${problem}, so nothing runs; cure it with \`chmod 600 ${file}\`.`),
    );
  });

  test.each(['consent.key', 'audit.jsonl', 'journal.sqlite'])('in which %s is a symbolic link is refused', (name) => {
    const { stateDir } = stateWith('other', 0o600);
    const link = join(stateDir, name);
    symlinkSync(join(stateDir, 'other'), link);
    expect(refusals(stateDir)).toEqual(
      twice(`'${link}' (a file of the state folder) is a symbolic link, so nothing runs; cure it with \`rm ${link}\`.`),
    );
  });

  test('in a folder that others may change is refused, but for a sticky one', () => {
    const { stateDir } = stateWith('audit.jsonl', 0o600);
    const parent = join(stateDir, '..');
    chmodSync(parent, 0o777);
    expect(refusals(stateDir)[0]).toContain('can be changed by others (mode 0777), so nothing runs; cure it with `chmod go-w ');
    chmodSync(parent, 0o1777);
    expect(refusals(stateDir)).toEqual(twice(''));
  });

  test.runIf(isRoot)('that a link in the folder of another user leads to is refused, and so is a link of that user', () => {
    const { stateDir } = stateWith('audit.jsonl', 0o600);
    const open = join(folder(), 'open');
    mkdirSync(open);
    symlinkSync(stateDir, join(open, 'st'));
    expect(refusals(join(open, 'st'))).toEqual(twice(''));
    chownSync(open, FOREIGN, FOREIGN);
    expect(refusals(join(open, 'st'))[0]).toContain(`'${open}' (the state folder) belongs to the user ${FOREIGN}`);
    chownSync(open, 0, 0);
    lchownSync(join(open, 'st'), FOREIGN, FOREIGN);
    expect(refusals(join(open, 'st'))[0]).toContain(`is a link of the user ${FOREIGN}`);
  });

  test.runIf(isRoot && mapsNobody())('in a folder of the user 65534 is refused like that of any other user', () => {
    const { stateDir } = stateWith('audit.jsonl', 0o600);
    const parent = join(stateDir, '..');
    chownSync(parent, 65_534, 65_534);
    expect(refusals(stateDir)[0]).toContain(`'${parent}' (the state folder) belongs to the user 65534, who could replace what is in it`);
  });

  test('is judged by the users that its namespace maps', () => {
    expect(isMapped(65_534, '         0          0 4294967295\n')).toBe(true);
    expect(isMapped(65_534, '0 100000 65536\n')).toBe(true);
    expect(isMapped(65_534, '0 1000 1\n')).toBe(false);
    expect(isMapped(65_534, '0 1000 1\n1 100000 65533\n')).toBe(false);
    expect(isMapped(1000, '0 100000 1\n1000 1000 1\n')).toBe(true);
  });

  test('whose path has a blank is cured by a command that has it in quotes', () => {
    const stateDir = join(folder(), 'my state');
    mkdirSync(stateDir);
    chmodSync(stateDir, 0o777);
    expect(refusals(stateDir)[0]).toContain(`cure it with \`chmod go-w '${stateDir}'\`.`);
  });

  test.runIf(isRoot)('that belongs to somebody else is refused, and so is a file in it', () => {
    const { stateDir, file } = stateWith('consent.key', 0o600);
    chownSync(file, FOREIGN, FOREIGN);
    expect(refusals(stateDir)).toEqual(
      twice(
        `'${file}' (a file of the state folder) belongs to the user ${FOREIGN} and not to 0, which runs this program, so nothing runs; cure it with \`sudo chown 0 ${file}\`.`,
      ),
    );
    chownSync(stateDir, FOREIGN, FOREIGN);
    expect(refusals(stateDir)[0]).toContain(`'${stateDir}' (the state folder) belongs to the user ${FOREIGN}`);
  });
});

describe.skipIf(process.platform === 'win32')('a file with a password', () => {
  const passwordFile = (mode: number) => {
    const path = join(folder(), 'password');
    writeFileSync(path, 'hunter2\n');
    chmodSync(path, mode);
    return path;
  };
  const configFile = (mode: number, content: object) => {
    const path = join(folder(), 'config.json');
    writeFileSync(path, JSON.stringify(content));
    chmodSync(path, mode);
    return path;
  };
  const load = (env: Readonly<Record<string, string>>) => loadConfig({ env: { ...ENV, MAILSTORE_STATE_DIR: folder(), ...env }, flags: {} });

  test.each([0o600, 0o400])('of the mode %o is read', (mode) => {
    expect(load({ MAILSTORE_PASSWORD_FILE: passwordFile(mode) }).targets[0]?.password).toBe('hunter2');
  });

  test.each([
    [0o644, 'read by others (mode 0644)'],
    [0o640, 'read by others (mode 0640)'],
    [0o622, 'changed by others (mode 0622)'],
  ])('of the mode %o is refused', (mode, problem) => {
    const path = passwordFile(mode);
    expect(() => load({ MAILSTORE_PASSWORD_FILE: path })).toThrow(
      `'${path}' (the password file of MAILSTORE_PASSWORD_FILE) can be ${problem}, so nothing runs; cure it with \`chmod 600 ${path}\`.`,
    );
  });

  test.runIf(isRoot)('of somebody else is refused', () => {
    const path = passwordFile(0o600);
    chownSync(path, FOREIGN, FOREIGN);
    expect(() => load({ MAILSTORE_PASSWORD_FILE: path })).toThrow(`cure it with \`sudo chown 0 ${path}\`.`);
  });

  test('is a configuration file, too, when a target in it has one', () => {
    const content = { password: 'hunter2', url: ENV.MAILSTORE_URL };
    expect(load({ MAILSTORE_CONFIG: configFile(0o600, content) }).targets[0]?.password).toBe('hunter2');
    for (const held of [content, { targets: { main: content } }]) {
      const path = configFile(0o644, held);
      expect(() => load({ MAILSTORE_CONFIG: path })).toThrow(
        `(the configuration file) can be read by others (mode 0644), so nothing runs;`,
      );
    }
  });

  test('is no configuration file without one: others may read it, and not change it', () => {
    const env = { MAILSTORE_PASSWORD: 'x' };
    expect(load({ ...env, MAILSTORE_CONFIG: configFile(0o644, { logLevel: 'warn' }) }).logLevel).toBe('warn');
    expect(() => load({ ...env, MAILSTORE_CONFIG: configFile(0o666, { logLevel: 'warn' }) })).toThrow(
      'can be changed by others (mode 0666)',
    );
  });
});
