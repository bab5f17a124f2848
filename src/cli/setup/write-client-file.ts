import { copyFileSync, constants, existsSync, readFileSync, realpathSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { makeFolder } from '../../base/make-folder.ts';
import type { McpClient, Machine } from '../../config/mcp-clients.ts';
import { addServer, readServers, type ServerEntry } from './edit-client-file.ts';

/** True where the client seems to be installed: its file or the folder of it is there. */
export function isInstalled(client: McpClient, machine: Machine): boolean {
  const path = client.file(machine);
  return existsSync(path) || (dirname(path) !== machine.home && existsSync(dirname(path)));
}

/** What writing a client's file comes to. */
export interface PlannedFile {
  readonly client: McpClient;
  readonly path: string;
  readonly text: string;
  readonly change: 'none' | 'new file' | 'added' | 'replaced';
}

/** Returns the text that the client's file will hold. Throws an Error that says why it cannot be changed. */
export function planClientFile(client: McpClient, machine: Machine, name: string, entry: ServerEntry): PlannedFile {
  const path = client.file(machine);
  if (!existsSync(path)) return { client, path, change: 'new file', text: addServer(client, '', name, entry) };
  const before = readFileSync(path, 'utf8');
  const after = addServer(client, before, name, entry);
  const change = after === before ? 'none' : Object.hasOwn(readServers(client, before), name) ? 'replaced' : 'added';
  return { client, path, change, text: after };
}

/** Writes the file whole or not at all, and returns the path of the backup of what was there before. */
export function writeClientFile({ path, text, change }: PlannedFile, now: Date): string | undefined {
  if (change === 'new file') {
    makeFolder(dirname(path));
    writeFileSync(path, text, { mode: 0o600, flag: 'wx' });
    return undefined;
  }
  // A link, as people keep for their configuration files, stays one.
  const real = realpathSync(path);
  const backup = `${real}.backup-${now.toISOString().replaceAll(/[:.]/g, '-')}`;
  copyFileSync(real, backup, constants.COPYFILE_EXCL);
  const draft = `${real}.${process.pid}`;
  writeFileSync(draft, text, { mode: statSync(real).mode & 0o777, flag: 'wx' });
  renameSync(draft, real);
  return backup;
}
