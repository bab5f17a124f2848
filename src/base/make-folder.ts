import { mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { readErrno } from './errno.ts';

/**
 * Makes a folder that only its owner may use, and those above it; one that exists stays as it is. Throws the error of Node, such as ENOENT, EACCES
 * or ENOTDIR. It does not use `recursive`: with that, Node 20 to 24 never return for a folder in `/proc`, which holds none.
 */
export function makeFolder(path: string): void {
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    const code = readErrno(error);
    if (code === 'ENOENT' && dirname(path) !== path) {
      makeFolder(dirname(path));
      makeOrFind(path);
    } else if (!isFolder(path)) throw error;
  }
}

/** Another process may have made it meanwhile. */
function makeOrFind(path: string): void {
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    if (readErrno(error) !== 'EEXIST' || !isFolder(path)) throw error;
  }
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
