import { copyFileSync, constants, existsSync, readFileSync, realpathSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { makeFolder } from '../../base/make-folder.ts';
import type { McpClient, Machine } from '../../config/mcp-clients.ts';
import { addServer, type ServerEntry } from './edit-client-file.ts';

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
  readonly exists: boolean;
}

/** Returns the text that the client's file will hold. Throws an Error that says why it cannot be changed. */
export function planClientFile(client: McpClient, machine: Machine, name: string, entry: ServerEntry): PlannedFile {
  const path = client.file(machine);
  const exists = existsSync(path);
  return { client, path, exists, text: addServer(client, exists ? readFileSync(path, 'utf8') : '', name, entry) };
}

/** Writes the file whole or not at all, and returns the path of the backup of what was there before. */
export function writeClientFile({ path, text, exists }: PlannedFile, now: Date): string | undefined {
  if (!exists) {
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
