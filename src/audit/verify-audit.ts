import { open, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { isRow } from '../catalogue/looks.ts';
import { AUDIT_FILE, CHAIN_START, hashOf, listRotated, rotatedName } from './audit-files.ts';
import type { AuditLink } from './audit-record.ts';

/** The first place where the audit is not as it was written. */
export interface AuditProblem {
  readonly file: string;
  /** From 1 on, in this file. */
  readonly line: number;
  /** What is wrong there, as a clause for people. */
  readonly says: string;
}

export interface AuditVerdict {
  readonly lines: number;
  readonly files: number;
  /** The last line that is there; the number 0 without any. */
  readonly head: AuditLink;
  /** Absent when every line is there, unchanged and in order. */
  readonly problem?: AuditProblem;
}

interface OpenFile {
  readonly name: string;
  readonly handle: FileHandle;
}

interface FoundLine {
  readonly file: string;
  readonly line: number;
  readonly bytes: Buffer;
  /** False at the end of a file that does not end with a line break. */
  readonly isWhole: boolean;
}

/** A line as far as it is understood; from the disk, and so of any shape. */
export type AuditLine = Readonly<Record<string, unknown>>;

/**
 * Reads all lines of all files and checks that each is one that can be read, has the next number, and holds the hash of the one before it; and that
 * `head`, which the journal keeps, and the lines that are `expected`, formerly noted somewhere else, are among them.
 */
export async function verifyAudit(folder: string, head: AuditLink, ...expected: readonly AuditLink[]): Promise<AuditVerdict> {
  const marks = [head, ...expected].filter(({ sequence }) => sequence > 0);
  let problem: AuditProblem | undefined;
  let last = CHAIN_START;
  let at = { file: AUDIT_FILE, line: 0 };
  let lines = 0;
  const report = (place: { readonly file: string; readonly line: number }, says: string): void => {
    problem ??= { file: place.file, line: place.line, says };
  };
  const opened = await openFiles(folder);
  try {
    for await (const found of linesOf(opened)) {
      if (!found.isWhole) {
        // At the end of all it is a line whose writer is at work or was cut off, and the next one takes it away.
        if (found.file !== AUDIT_FILE) report(found, 'it has no line break at its end: a part of the file is missing');
        continue;
      }
      const hash = hashOf(found.bytes);
      const line = parseLine(found.bytes);
      const { sequence, previous } = line;
      lines += 1;
      if (typeof sequence !== 'number' || !Number.isSafeInteger(sequence) || typeof previous !== 'string') {
        report(found, 'it is not a line of the audit');
        last = { sequence: last.sequence + 1, hash };
      } else {
        const next = last.sequence + 1;
        if (previous !== last.hash && sequence === next && last.sequence > 0) {
          report(at, `it or the line after it was changed: its SHA-256 is ${last.hash}, and the line after it names ${previous}`);
        } else if (line['event'] === 'gap') {
          report(found, sayGap(line['head'], last));
        } else if (sequence !== next) {
          report(found, sayOrder(sequence, last.sequence, found.line === 1));
        } else if (previous !== last.hash) {
          report(found, 'it is the first line, and names one before it');
        }
        for (const mark of marks) {
          if (mark.sequence === sequence && mark.hash !== hash)
            report(found, `it is not the one that was written as ${sequence}: its SHA-256 is ${hash}, and that one’s is ${mark.hash}`);
        }
        last = { sequence, hash };
      }
      at = found;
    }
  } finally {
    await closeFiles(opened);
  }
  for (const mark of marks) {
    if (mark.sequence > last.sequence) {
      report(
        { file: at.file, line: at.line + 1 },
        `${sayMissing(last.sequence + 1, mark.sequence)}: the last one was written with the SHA-256 ${mark.hash}`,
      );
    }
  }
  return { lines, files: opened.length, head: last, ...(problem && { problem }) };
}

/** Yields every line of all files, from the oldest on; one that is no JSON object comes as `{ unreadable: text }`. Checks nothing. */
export async function* readAudit(folder: string): AsyncGenerator<AuditLine> {
  const opened = await openFiles(folder);
  try {
    for await (const { bytes, isWhole } of linesOf(opened)) if (isWhole) yield parseLine(bytes);
  } finally {
    await closeFiles(opened);
  }
}

function parseLine(bytes: Buffer): AuditLine {
  const text = bytes.toString('utf8');
  try {
    const value: unknown = JSON.parse(text);
    if (isRow(value)) return value;
  } catch {
    // It is told as what it is.
  }
  return { unreadable: text };
}

function sayMissing(from: number, to: number): string {
  return from === to ? `line ${from} of the audit is missing` : `lines ${from} to ${to} of the audit are missing`;
}

function sayOrder(sequence: number, last: number, isFirst: boolean): string {
  if (sequence <= last) return `it has the number ${sequence} and stands after ${last}: it is out of place or was inserted`;
  const missing = `${sayMissing(last + 1, sequence - 1)} or out of place before it`;
  return isFirst ? `${missing}, with the file ${rotatedName(last + 1)}` : missing;
}

/** The writer did not find a line that was written before, and went on; that stays on record. */
function sayGap(head: unknown, last: AuditLink): string {
  const { sequence, hash } = isRow(head) ? head : {};
  if (typeof sequence !== 'number' || typeof hash !== 'string') return 'it was written when lines before it were not found';
  if (sequence <= last.sequence) return `it was written when line ${sequence} of the audit had been changed, which had the SHA-256 ${hash}`;
  const lost =
    sequence === last.sequence + 1 ? `line ${sequence} of the audit was` : `lines ${last.sequence + 1} to ${sequence} of the audit were`;
  return `it was written when ${lost} not found; line ${sequence} had the SHA-256 ${hash}`;
}

/** Opens all files, the oldest first. A file that is rotated meanwhile would be missed or met twice: then they are opened anew. */
async function openFiles(folder: string): Promise<readonly OpenFile[]> {
  for (;;) {
    const rotated = listRotated(folder);
    const opened: OpenFile[] = [];
    try {
      for (const name of [...rotated, AUDIT_FILE]) {
        const handle = await openIfThere(join(folder, name));
        if (handle) opened.push({ name, handle });
      }
      if (isDeepStrictEqual(listRotated(folder), rotated)) return opened;
    } catch (error) {
      await closeFiles(opened);
      throw error;
    }
    await closeFiles(opened);
  }
}

async function openIfThere(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

async function closeFiles(opened: readonly OpenFile[]): Promise<void> {
  await Promise.all(opened.map(({ handle }) => handle.close()));
}

async function* linesOf(opened: readonly OpenFile[]): AsyncGenerator<FoundLine> {
  for (const { name: file, handle } of opened) {
    let line = 0;
    let rest = Buffer.alloc(0);
    for await (const chunk of handle.createReadStream({ autoClose: false })) {
      const bytes = Buffer.concat([rest, chunk as Buffer]);
      let start = 0;
      for (let at = bytes.indexOf('\n'); at !== -1; at = bytes.indexOf('\n', start)) {
        line += 1;
        yield { file, line, bytes: bytes.subarray(start, at), isWhole: true };
        start = at + 1;
      }
      rest = bytes.subarray(start);
    }
    if (rest.length > 0) yield { file, line: line + 1, bytes: rest, isWhole: false };
  }
}
