import { statSync } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { MailStoreError } from '../base/errors.ts';
import { isRow } from '../base/rows.ts';
import { readErrno } from '../base/errno.ts';
import { READ_NO_LINK } from '../base/no-link.ts';
import { AUDIT_FILE, linesBackwards, listRotated } from './audit-files.ts';

/** A line as far as it is understood; it comes from the disk and may have any shape. */
export type AuditLine = Readonly<Record<string, unknown>>;

/** A line where it was found. */
export interface FoundLine {
  readonly file: string;
  /** From 1 on, in this file. */
  readonly line: number;
  readonly bytes: Buffer;
  /** False at the end of a file that does not end with a line break. */
  readonly isEnded: boolean;
}

export interface OpenedFile {
  readonly name: string;
  readonly path: string;
  readonly handle: FileHandle;
}

/**
 * Yields the lines of all files, newest first; one that is no JSON object comes as `{ unreadable: text }`. Reads no more than its reader takes. Throws
 * MailStoreError `auditUnreadable`.
 */
export function* readBackwards(folder: string): Generator<AuditLine> {
  for (const name of [AUDIT_FILE, ...listRotated(folder).toReversed()]) {
    const path = join(folder, name);
    try {
      const size = statSync(path, { throwIfNoEntry: false })?.size;
      if (size === undefined) continue;
      for (const bytes of linesBackwards(path, size))
        if (bytes.length > 0) yield parseLine(bytes) ?? { unreadable: bytes.toString('utf8') };
    } catch (error) {
      throw explain(error, path);
    }
  }
}

/** Returns the object that a line is, or undefined. */
export function parseLine(bytes: Buffer): AuditLine | undefined {
  try {
    const value: unknown = JSON.parse(bytes.toString('utf8'));
    return isRow(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Opens all files from the number `first` on, oldest first. A file that is rotated meanwhile would be missed or met twice: then all are opened again. */
export async function openFiles(folder: string, first = 0): Promise<readonly OpenedFile[]> {
  for (;;) {
    const rotated = listRotated(folder, first);
    const opened: OpenedFile[] = [];
    try {
      for (const name of [...rotated, AUDIT_FILE]) {
        const path = join(folder, name);
        const handle = await openIfThere(path);
        if (handle) opened.push({ name, path, handle });
      }
      if (isDeepStrictEqual(listRotated(folder, first), rotated)) return opened;
    } catch (error) {
      await closeFiles(opened);
      throw error;
    }
    await closeFiles(opened);
  }
}

async function openIfThere(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, READ_NO_LINK);
  } catch (error) {
    if (readErrno(error) === 'ENOENT') return undefined;
    throw explain(error, path);
  }
}

export async function closeFiles(opened: readonly OpenedFile[]): Promise<void> {
  await Promise.all(opened.map(({ handle }) => handle.close()));
}

/** Yields every line of a file from its beginning. Throws MailStoreError `auditUnreadable`. */
export async function* readLines(opened: OpenedFile): AsyncGenerator<FoundLine> {
  const { name: file } = opened;
  let line = 0;
  let parts: Buffer[] = [];
  for await (const bytes of readChunks(opened)) {
    let start = 0;
    for (let at = bytes.indexOf('\n'); at !== -1; at = bytes.indexOf('\n', start)) {
      line += 1;
      const rest = bytes.subarray(start, at);
      yield { file, line, bytes: parts.length === 0 ? rest : Buffer.concat([...parts, rest]), isEnded: true };
      parts = [];
      start = at + 1;
    }
    if (start < bytes.length) parts.push(bytes.subarray(start));
  }
  if (parts.length > 0) yield { file, line: line + 1, bytes: Buffer.concat(parts), isEnded: false };
}

async function* readChunks({ path, handle }: OpenedFile): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of handle.createReadStream({ autoClose: false, start: 0 })) yield chunk as Buffer;
  } catch (error) {
    throw explain(error, path);
  }
}

/** Returns MailStoreError `auditUnreadable` for a fault of the file, and any other error as it is. */
function explain(error: unknown, path: string): unknown {
  const reason = readErrno(error);
  return reason === undefined ? error : new MailStoreError('auditUnreadable', { path, reason }, { cause: error });
}
