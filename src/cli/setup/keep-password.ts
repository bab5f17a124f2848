import { execFileSync } from 'node:child_process';
import { chmodSync, renameSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { makeFolder } from '../../base/make-folder.ts';
import { writeKeychain } from '../../config/keychain.ts';

/** Where a password was kept, in words, and the file; in the keychain it needs none. */
export interface KeptPassword {
  readonly where: string;
  readonly file?: string;
}

/** Keeps the password in the keychain. Returns undefined with no trace of it where the keychain cannot be used. */
export function keepInKeychain(origin: string, username: string, password: string): KeptPassword | undefined {
  if (writeKeychain(origin, username, password) !== undefined) return undefined;
  return { where: 'the keychain of the operating system' };
}

/** Returns the file that `keepInFile` writes for a server. */
export function passwordFilePath(stateDir: string, origin: string): string {
  return join(stateDir, 'passwords', `${new URL(origin).host.replaceAll(/[^\w.-]/g, '_')}.txt`);
}

/** Keeps the password in a file that only its owner can read. Throws an Error when the rights cannot be set; the file is not left behind. */
export function keepInFile(stateDir: string, origin: string, password: string): KeptPassword {
  const path = passwordFilePath(stateDir, origin);
  const folder = join(stateDir, 'passwords');
  makeFolder(folder);
  const draft = `${path}.${process.pid}`;
  // The rights are set before there is anything to read.
  writeFileSync(draft, '', { mode: 0o600, flag: 'w' });
  chmodSync(draft, 0o600);
  if (process.platform === 'win32') {
    execFileSync('icacls', [draft, '/inheritance:r', '/grant:r', `${userInfo().username}:(F)`], { stdio: 'ignore' });
  }
  writeFileSync(draft, password);
  renameSync(draft, path);
  return { where: `'${path}', which only you can read`, file: path };
}
