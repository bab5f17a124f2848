import { lstatSync, readdirSync, readFileSync, readlinkSync, realpathSync, statSync, type Stats } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { MailStoreError } from '../base/errors.ts';

const GROUP_OR_OTHERS_WRITE = 0o022;
const GROUP_OR_OTHERS_READ = 0o044;
const STICKY = 0o1000;

/** The owner that Linux shows of a file whose real owner the user namespace does not map. */
const OVERFLOW_UID = 65_534;

const STATE_FILE = 'a file of the state folder';

export interface Private {
  /** What the path is, for the error: `the state folder`. */
  readonly what: string;
  /** True where reading it gives something away that has to stay secret. */
  readonly isSecret?: boolean;
}

/**
 * Refuses a file or folder that somebody else owns or may change, and a secret that somebody else may read, as ssh does with its keys. What
 * does not exist is judged by the folder that it would be made in. Throws MailStoreError `notPrivate` with the command that cures it.
 * On Windows nothing is refused: Node does not show who may do what there.
 */
export function requirePrivate(path: string, { what, isSecret = false }: Private): void {
  const owner = process.getuid?.();
  if (owner === undefined) return;
  const { real, exists } = resolveExisting(path);
  const found = lstatSync(real);
  requireSafeLinks(path, owner, what);
  if (exists) requireOwn(real, found, owner, { what, isSecret });
  for (let folder = exists ? dirname(real) : real; ; folder = dirname(folder)) {
    requireSafeParent(folder, lstatSync(folder), owner, what);
    if (folder === dirname(folder)) return;
  }
}

/**
 * Refuses a state folder that somebody else owns or may change, and one that holds a link, or a file of somebody else or that others may
 * change; a key also when others may read it. Throws MailStoreError `notPrivate` with the command that cures it.
 */
export function requirePrivateState(folder: string): void {
  requirePrivate(folder, { what: 'the state folder' });
  refuseLinks(folder);
  const owner = process.getuid?.();
  if (owner === undefined) return;
  for (const name of namesIn(folder)) {
    const path = join(folder, name);
    const found = lstatSync(path, { throwIfNoEntry: false });
    if (found) requireOwn(path, found, owner, { what: STATE_FILE, isSecret: name.endsWith('.key') });
  }
}

/** Refuses a state folder that holds a link: who places one chooses the file that is read. Throws MailStoreError `notPrivate`. */
export function refuseLinks(folder: string): void {
  for (const name of namesIn(folder)) {
    const path = join(folder, name);
    const found = lstatSync(path, { throwIfNoEntry: false });
    if (found?.isSymbolicLink()) refuse(STATE_FILE, path, 'is a symbolic link', `rm ${quote(path)}`);
  }
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    // A folder that is not there, or is none, is reported by what opens the journal.
    return [];
  }
}

function requireOwn(path: string, { uid, mode }: Stats, owner: number, { what, isSecret = false }: Private): void {
  if (uid !== owner && uid !== 0) {
    refuse(what, path, `belongs to the user ${uid} and not to ${owner}, which runs this program`, `sudo chown ${owner} ${quote(path)}`);
  }
  const isFolder = (mode & 0o170000) === 0o040000;
  if ((mode & GROUP_OR_OTHERS_WRITE) !== 0) {
    refuse(
      what,
      path,
      `can be changed by others (mode ${octal(mode)})`,
      `chmod ${isSecret ? (isFolder ? '700' : '600') : 'go-w'} ${quote(path)}`,
    );
  }
  if (isSecret && (mode & GROUP_OR_OTHERS_READ) !== 0) {
    refuse(what, path, `can be read by others (mode ${octal(mode)})`, `chmod ${isFolder ? '700' : '600'} ${quote(path)}`);
  }
}

/** Who may write a folder may put another one in the place of what is in it, unless the folder is sticky, as /tmp is. */
function requireSafeParent(path: string, { uid, mode }: Stats, owner: number, what: string): void {
  if (uid !== owner && uid !== 0 && !isOutsideNamespace(uid)) {
    refuse(what, path, `belongs to the user ${uid}, who could replace what is in it`, `sudo chown ${owner} ${quote(path)}`);
  }
  if ((mode & GROUP_OR_OTHERS_WRITE) !== 0 && (mode & STICKY) === 0) {
    refuse(what, path, `can be changed by others (mode ${octal(mode)})`, `chmod go-w ${quote(path)}`);
  }
}

/** True for an owner outside of a container: its folders belong to the machine around it. Where 65534 is mapped, it is a user like any other. */
function isOutsideNamespace(uid: number): boolean {
  return uid === OVERFLOW_UID && !isMapped(uid, readUidMap());
}

function readUidMap(): string {
  try {
    return readFileSync('/proc/self/uid_map', 'utf8');
  } catch {
    // Systems other than Linux map every user.
    return `0 0 ${OVERFLOW_UID + 1}`;
  }
}

/** True where a user namespace maps a user; `map` has a line `first-inside first-outside count` for each range (user_namespaces(7)). */
export function isMapped(uid: number, map: string): boolean {
  return map.split('\n').some((line) => {
    const [first = Number.NaN, , count = 0] = line.trim().split(/\s+/).map(Number);
    return uid >= first && uid < first + count;
  });
}

/** Refuses a path that leads through a link that somebody else could point at another place: theirs, or one in a folder that they may write. */
function requireSafeLinks(path: string, owner: number, what: string): void {
  for (let at = resolve(path); at !== dirname(at); at = dirname(at)) {
    const found = lstatSync(at, { throwIfNoEntry: false });
    if (!found?.isSymbolicLink()) continue;
    if (found.uid !== owner && found.uid !== 0) refuse(what, at, `is a link of the user ${found.uid}`, `rm ${quote(at)}`);
    for (let folder = dirname(at); ; folder = dirname(folder)) {
      requireSafeParent(folder, statSync(folder), owner, what);
      if (folder === dirname(folder)) break;
    }
    requireSafeLinks(resolve(dirname(at), readlinkSync(at)), owner, what);
  }
}

/** Returns the real path, or that of the nearest folder above it that exists. */
function resolveExisting(path: string): { readonly real: string; readonly exists: boolean } {
  for (let [at, exists] = [path, true]; ; [at, exists] = [dirname(at), false]) {
    try {
      return { real: realpathSync(at), exists };
    } catch (error) {
      // What cannot be looked at is reported by what opens it.
      if (at === dirname(at)) throw error;
    }
  }
}

function refuse(what: string, path: string, problem: string, cure: string): never {
  throw new MailStoreError('notPrivate', { what, path, problem, cure });
}

function octal(mode: number): string {
  return (mode & 0o7777).toString(8).padStart(4, '0');
}

function quote(path: string): string {
  return /^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", String.raw`'\''`)}'`;
}
