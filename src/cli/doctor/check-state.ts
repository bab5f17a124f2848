import { makeFolder } from '../../base/make-folder.ts';
import { formatSize } from '../../base/sizes.ts';
import { accessSync, constants, existsSync, statfsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '../../base/clock.ts';
import { MailStoreError } from '../../base/errors.ts';
import { describeErrno } from '../../base/errno.ts';
import { Journal } from '../../journal/journal.ts';
import { SQLITE_ENGINES } from '../../journal/sqlite.ts';
import { hasEnded } from '../../tasks/lease-watch.ts';
import { sweepLeftovers } from '../embedded.ts';
import type { Diagnosis } from './causes.ts';

/** Room below which the record might not be written for long, in bytes. */
const LOW_SPACE_BYTES = 100 * 1024 * 1024;

/** Types of file systems on Linux that are network shares: NFS, SMB, CIFS, SMB2, 9P. */
const NETWORK_TYPES: ReadonlySet<number> = new Set([0x6969, 0x517b, 0xff534d42, 0xfe534d42, 0x01021997]);

/** What is looked at of a folder; a test gives its own. */
export interface FolderFacts {
  readonly uid: number;
  readonly mode: number;
  readonly freeBytes: number;
  readonly fileSystem: number;
  readonly isWritable: boolean;
}

/** Checks the state folder: owner, rights, free space, and where it lies. */
export function checkStateFolder(folder: string): readonly Diagnosis[] {
  const check = 'state folder';
  try {
    makeFolder(folder);
    const { uid, mode } = statSync(folder);
    const { bavail, bsize, type } = statfsSync(folder);
    return judgeFolder(folder, { uid, mode, freeBytes: bavail * bsize, fileSystem: type, isWritable: isWritable(folder) });
  } catch (error) {
    const reason = describeErrno(error);
    return [{ check, cause: 'stateNotWritable', says: `'${folder}' cannot be used (${reason}).` }];
  }
}

/** Returns the findings for a folder with these facts. */
export function judgeFolder(
  folder: string,
  { uid, mode, freeBytes, fileSystem, isWritable: canWrite }: FolderFacts,
  user = process.getuid?.(),
): readonly Diagnosis[] {
  const check = 'state folder';
  const found: Diagnosis[] = [];
  if (user !== undefined && uid !== user) {
    found.push({ check, cause: 'stateForeignOwner', says: `'${folder}' belongs to the user ${uid}, and this is ${user}.` });
  }
  // On Windows the mode says nothing about other users.
  if (user !== undefined && (mode & 0o077) !== 0) {
    found.push({ check, cause: 'stateOpenToOthers', says: `'${folder}' has the mode ${(mode & 0o777).toString(8)}.` });
  }
  if (!canWrite) found.push({ check, cause: 'stateNotWritable', says: `'${folder}' cannot be written.` });
  if (freeBytes < LOW_SPACE_BYTES) {
    found.push({ check, cause: 'stateDiskFull', says: `${formatSize(freeBytes)} are free for '${folder}'.` });
  }
  if (NETWORK_TYPES.has(fileSystem) || /^[\\/]{2}[^\\/]/.test(folder)) {
    found.push({ check, cause: 'stateOnNetworkShare', says: `'${folder}' is on a network share.` });
  }
  return found.length > 0 ? found : [{ check, says: `'${folder}' is yours alone, with ${formatSize(freeBytes)} free.` }];
}

function isWritable(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** Checks that an engine for the journal loads, that the journal can be read, and whether its tasks are followed by somebody. */
export async function checkJournal(folder: string): Promise<readonly Diagnosis[]> {
  const check = 'journal';
  const engine = SQLITE_ENGINES.find(({ find }) => {
    try {
      find();
      return true;
    } catch {
      return false;
    }
  });
  if (!engine) return [{ check, cause: 'noJournalEngine', says: `Node ${process.versions.node} has none, and libsql is not installed.` }];
  const fine: Diagnosis = { check, says: `The engine is ${engine.name}.` };
  if (!existsSync(join(folder, 'journal.sqlite'))) return [fine];
  try {
    const journal = Journal.open(folder, { clock: systemClock });
    try {
      const active = await journal.tasks.active();
      const orphaned = active.filter(({ lease }) => lease && hasEnded(lease.holder));
      if (orphaned.length === 0) return [fine];
      const ids = orphaned.map(({ taskId }) => taskId.slice(0, 8)).join(', ');
      return [fine, { check, cause: 'leasesOrphaned', says: `${orphaned.length} of ${active.length} running tasks: ${ids}.` }];
    } finally {
      journal.close();
    }
  } catch (error) {
    return [{ check, cause: 'journalUnreadable', says: error instanceof MailStoreError ? error.message : `${folder} cannot be read.` }];
  }
}

/** Removes what killed sandboxes have left in the temporary folder. */
export function checkLeftovers(): readonly Diagnosis[] {
  const swept = sweepLeftovers();
  return swept.length === 0
    ? []
    : [
        {
          check: 'temporary folder',
          cause: 'leftoversSwept',
          says: `Removed ${swept.length === 1 ? swept[0] : `${swept.length} folders`}.`,
        },
      ];
}
