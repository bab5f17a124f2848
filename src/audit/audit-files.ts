import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readSync } from 'node:fs';
import type { AuditLink } from './audit-record.ts';

/** The file that lines are appended to. */
export const AUDIT_FILE = 'audit.jsonl';

/** What stands before the first line. */
export const CHAIN_START: AuditLink = { sequence: 0, hash: '0'.repeat(64) };

const ROTATED = /^audit-(\d{9,15})\.jsonl$/;
const CHUNK_BYTES = 16_384;
const LINE_BREAK = 0x0a;

/** Returns the name of a full file whose first line has this number. */
export function rotatedName(first: number): string {
  return `audit-${String(first).padStart(9, '0')}.jsonl`;
}

/** Returns the names of the full files, the oldest first. */
export function listRotated(folder: string): readonly string[] {
  const firstOf = (name: string): number => Number(ROTATED.exec(name)?.[1]);
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => ROTATED.test(name))
    .toSorted((a, b) => firstOf(a) - firstOf(b));
}

export function hashOf(line: Uint8Array): string {
  return createHash('sha256').update(line).digest('hex');
}

/** Returns the number of a line as it was written, with the number first; undefined for anything else. */
export function sequenceOf(line: Buffer): number | undefined {
  const digits = /^\{"sequence":(\d{1,15}),/.exec(line.toString('latin1', 0, 32))?.[1];
  return digits === undefined ? undefined : Number(digits);
}

/** Returns the number of the first line of an open file. */
export function firstSequence(fd: number): number | undefined {
  return sequenceOf(readAt(fd, 0, 32));
}

/** Returns where the last line break of the first `size` bytes ends; 0 without one. */
export function endOfLines(fd: number, size: number): number {
  if (size === 0 || readAt(fd, size - 1, size)[0] === LINE_BREAK) return size;
  for (let end = size; end > 0; end -= CHUNK_BYTES) {
    const start = Math.max(0, end - CHUNK_BYTES);
    const at = readAt(fd, start, end).lastIndexOf(LINE_BREAK);
    if (at !== -1) return start + at + 1;
  }
  return 0;
}

/** Yields the lines of the first `end` bytes, the last of which is a line break, from the last line to the first. */
export function* linesBackwards(fd: number, end: number): Generator<Buffer> {
  let rest = Buffer.alloc(0);
  for (let position = end; position > 0; position -= CHUNK_BYTES) {
    const bytes = Buffer.concat([readAt(fd, Math.max(0, position - CHUNK_BYTES), position), rest]);
    let stop = bytes.length;
    for (let at = lineBreakBefore(bytes, stop); at !== -1; at = lineBreakBefore(bytes, stop)) {
      yield bytes.subarray(at + 1, stop - 1);
      stop = at + 1;
    }
    rest = bytes.subarray(0, stop);
  }
  if (rest.length > 0) yield rest.subarray(0, -1);
}

/** Returns where the line break before the line is that ends at `stop` with a line break of its own. */
function lineBreakBefore(bytes: Buffer, stop: number): number {
  return stop < 2 ? -1 : bytes.lastIndexOf(LINE_BREAK, stop - 2);
}

function readAt(fd: number, start: number, end: number): Buffer {
  const bytes = Buffer.alloc(end - start);
  return bytes.subarray(0, readSync(fd, bytes, 0, bytes.length, start));
}
