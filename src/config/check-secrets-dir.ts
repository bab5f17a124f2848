import { realpathSync, statSync } from 'node:fs';
import { homedir, platform } from 'node:os';
import { dirname, isAbsolute, parse, relative, resolve, sep } from 'node:path';
import { MailStoreError } from '../base/errors.ts';

/** Folders of which every direct child is the home of a user. */
const HOMES: readonly string[] = platform() === 'win32' ? [] : ['/home', '/Users', '/var/home', '/export/home'];

/** Folders of the operating system, which hold its own secrets; a folder inside of one that is made for secrets is fine. */
const SYSTEM: readonly (string | undefined)[] =
  platform() === 'win32'
    ? [process.env['SystemRoot'], process.env['ProgramData'], process.env['ProgramFiles'], process.env['ProgramFiles(x86)']]
    : [
        '/bin',
        '/boot',
        '/etc',
        '/etc/ssh',
        '/etc/ssl',
        '/etc/ssl/private',
        '/lib',
        '/opt',
        '/private/etc',
        '/run',
        '/sbin',
        '/usr',
        '/var',
      ];

/** Folders in which the system shows processes and devices as files. */
const PROCESSES: readonly string[] = platform() === 'win32' ? [] : ['/dev', '/proc', '/sys'];

/** What a folder of secrets may not hold, nor be a part of. */
interface Guarded {
  readonly stateDir: string;
  readonly configFile?: string | undefined;
}

/**
 * Throws MailStoreError `unsafeSecretsDir` for a folder whose files are more than secrets: a drive's root, a folder of the system, a home folder or
 * what holds one, and a folder that holds the configuration or shares files with the state. Symbolic links are followed first.
 */
export function checkSecretsDir(folder: string, { stateDir, configFile }: Guarded): void {
  const path = realPath(folder);
  const refuse = (reason: string): never => {
    throw new MailStoreError('unsafeSecretsDir', { path: folder, reason });
  };
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() === false) refuse('is no folder');
  if (parse(path).root === path) refuse('is the root of a drive');
  const system = SYSTEM.filter((folderOfSystem) => folderOfSystem !== undefined).map(realPath);
  if (system.includes(path)) refuse('is a folder of the operating system');
  if (PROCESSES.some((top) => path === top || holds(top, path))) refuse('shows processes or devices as files');
  const home = realPath(homedir());
  const homes = [dirname(home), ...HOMES.map(realPath)].filter((folderOfHomes) => parse(folderOfHomes).root !== folderOfHomes);
  if (path === home || homes.includes(dirname(path)) || path === realPath('/root')) refuse('is the home folder of a user');
  if (holds(path, home) || homes.includes(path) || homes.some((folderOfHomes) => holds(path, folderOfHomes))) refuse('holds home folders');
  const state = realPath(stateDir);
  if (path === state || holds(path, state)) refuse('holds the state of this server');
  // Generated secrets are kept in the folder `secrets` of the state by default, and may be read from there.
  if (holds(state, path) && path !== resolve(state, 'secrets')) refuse('is a part of the state of this server');
  if (configFile !== undefined && holds(path, realPath(configFile))) refuse('holds the configuration file of this server');
}

function holds(folder: string, path: string): boolean {
  const inside = relative(folder, path);
  return inside !== '' && inside.split(sep)[0] !== '..' && !isAbsolute(inside);
}

/** Returns a path with its symbolic links followed, as far as it exists, and in the case in which Windows keeps it. */
function realPath(path: string): string {
  const absolute = resolve(path);
  try {
    return realpathSync.native(absolute);
  } catch {
    const parent = dirname(absolute);
    return parent === absolute ? absolute : resolve(realPath(parent), absolute.slice(parent.length).replace(/^[\\/]+/, ''));
  }
}
