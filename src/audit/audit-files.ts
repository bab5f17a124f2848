import { createHash } from 'node:crypto';
import { closeSync, existsSync, openSync, readSync, readdirSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { READ_NO_LINK } from '../base/no-link.ts';

/** The file that lines are appended to. */
export const AUDIT_FILE = 'audit.jsonl';

/** What the first line of a chain names as the line before it. */
export const NO_HASH = '0'.repeat(64);

const ROTATED = /^audit-(\d{9,15})\.jsonl$/;
const CHUNK_BYTES = 65_536;
const LINE_BREAK = 0x0a;

/** Returns the name of a full file. */
export function rotatedName(number: number): string {
  return `audit-${String(number).padStart(9, '0')}.jsonl`;
}

/** Returns the number of a full file, or undefined for any other name. */
function rotatedNumber(name: string): number | undefined {
  const digits = ROTATED.exec(name)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

/** Returns the names of the full files, oldest first, from the one with the number `first` on. */
export function listRotated(folder: string, first = 0): readonly string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .flatMap((name) => {
      const number = rotatedNumber(name);
      return number === undefined || number < first ? [] : [{ name, number }];
    })
    .toSorted((a, b) => a.number - b.number)
    .map(({ name }) => name);
}

/** Returns the number for the next full file. */
export function nextRotated(folder: string): number {
  return (rotatedNumber(listRotated(folder).at(-1) ?? '') ?? 0) + 1;
}

export function hashLine(line: Uint8Array): string {
  return createHash('sha256').update(line).digest('hex');
}

/** Returns what an open file has in this range. */
export function readAt(fd: number, start: number, end: number): Buffer {
  const bytes = Buffer.alloc(Math.max(0, end - start));
  return bytes.subarray(0, readSync(fd, bytes, 0, bytes.length, start));
}

/** Returns where the last line of the first `size` bytes begins, if these do not end with a line break; else `size`. */
export function startOfTail(fd: number, size: number): number {
  for (let end = size; end > 0; end -= CHUNK_BYTES) {
    const start = Math.max(0, end - CHUNK_BYTES);
    const at = readAt(fd, start, end).lastIndexOf(LINE_BREAK);
    if (at !== -1) return start + at + 1;
  }
  return 0;
}

/** Returns the bytes from `start` to the next line break, or to the end. */
export function lineFrom(fd: number, start: number): Buffer {
  const parts: Buffer[] = [];
  for (let at = start; ; at += CHUNK_BYTES) {
    const bytes = readAt(fd, at, at + CHUNK_BYTES);
    const end = bytes.indexOf(LINE_BREAK);
    parts.push(end === -1 ? bytes : bytes.subarray(0, end));
    if (end !== -1 || bytes.length < CHUNK_BYTES) return Buffer.concat(parts);
  }
}

/** Yields the lines of a file without their line breaks, last line first. Reads no more than its reader takes. */
export function* linesBackwards(path: string, size: number): Generator<Buffer> {
  const fd = openSync(path, READ_NO_LINK);
  try {
    // The parts of the line whose beginning has not been reached, last part first.
    let parts: Buffer[] = [];
    for (let end = size; end > 0; end -= CHUNK_BYTES) {
      const bytes = readAt(fd, Math.max(0, end - CHUNK_BYTES), end);
      let stop = bytes.length;
      for (let at = bytes.lastIndexOf(LINE_BREAK); at !== -1; at = at === 0 ? -1 : bytes.lastIndexOf(LINE_BREAK, at - 1)) {
        parts.push(bytes.subarray(at + 1, stop));
        yield Buffer.concat(parts.toReversed());
        parts = [];
        stop = at;
      }
      parts.push(bytes.subarray(0, stop));
    }
    yield Buffer.concat(parts.toReversed());
  } finally {
    closeSync(fd);
  }
}

/** Returns the SHA-256 of the first bytes of a file. */
export async function digestFile(path: string, bytes: number): Promise<string> {
  const digest = createHash('sha256');
  const handle = await open(path, READ_NO_LINK);
  try {
    if (bytes > 0) for await (const chunk of handle.createReadStream({ end: bytes - 1, autoClose: false })) digest.update(chunk as Buffer);
  } finally {
    await handle.close();
  }
  return digest.digest('hex');
}
