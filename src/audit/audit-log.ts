import { closeSync, existsSync, fchmodSync, fstatSync, fsyncSync, ftruncateSync, openSync, renameSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../base/clock.ts';
import { isError, MailStoreError } from '../base/errors.ts';
import {
  AUDIT_FILE,
  CHAIN_START,
  endOfLines,
  firstSequence,
  hashOf,
  linesBackwards,
  listRotated,
  rotatedName,
  sequenceOf,
} from './audit-files.ts';
import type { AuditHead, AuditJournal } from '../journal/audit-head.ts';
import type { AuditEntry, AuditEvent, AuditLink } from './audit-record.ts';

const MAX_BYTES = 10 * 1024 * 1024;

/** How long noted lines may be ahead of the stored head: so many of the newest could be cut off without a trace. */
const STORE_HEAD_MS = 1000;

const isPosix = process.platform !== 'win32';

export interface AuditLogOptions {
  /** The size that a file does not grow beyond, unless its first line is larger; 10 MiB unless told. */
  readonly maxBytes?: number;
}

interface StampedEntry {
  /** ISO 8601 UTC. */
  readonly time: string;
  readonly entry: AuditEntry;
}

/** Notes of one turn of the event loop, which are written together. */
interface Batch {
  readonly entries: StampedEntry[];
  readonly written: Promise<void>;
  resolve(): void;
  reject(error: unknown): void;
}

/** Lines as they lie in the file. */
interface Placed {
  readonly from: number;
  readonly to: number;
  readonly last: AuditLink;
  /** Tells the file from another one of the same name. */
  readonly ino: number;
  /** Whether they are on the disk, and the stored head is the last of them. */
  readonly isStored: boolean;
}

/**
 * The audit: lines of JSON in `audit.jsonl`, each with its number, its time and the SHA-256 of the line before it, so that none can be changed,
 * removed or inserted unseen. Any number of processes may write; the journal's lock lets one at a time. The journal also keeps the number and
 * hash of a late line: the file may be ahead of it, and is never behind unless lines were cut off.
 */
export class AuditLog {
  readonly #folder: string;
  readonly #path: string;
  readonly #journal: AuditJournal;
  readonly #clock: Clock;
  readonly #maxBytes: number;
  /** The last line that this process wrote. */
  #last = CHAIN_START;
  /** Where this process last left the file. */
  #end: Pick<Placed, 'to' | 'ino'> | undefined;
  #batch: Batch | undefined;
  /** True while this process has written lines that the stored head is behind. */
  #isAhead = false;
  /** Present while the head is waiting to be stored. */
  #waiting: AbortController | undefined;

  /** `folder` exists: it is the one that the journal is in. */
  constructor(folder: string, journal: AuditJournal, clock: Clock, { maxBytes = MAX_BYTES }: AuditLogOptions = {}) {
    this.#folder = folder;
    this.#path = join(folder, AUDIT_FILE);
    this.#journal = journal;
    this.#clock = clock;
    this.#maxBytes = maxBytes;
  }

  /**
   * Writes an entry, after those that were noted before it. It is on the disk, and the head stored, when this returns. Throws MailStoreError
   * `auditNotWritable` when the disk is full or the file cannot be written, and one of the journal's own when that is at fault; the entry is not in
   * the file then, unless another process has written in the same moment.
   */
  record(entry: AuditEntry): void {
    const batch = this.#takeBatch();
    try {
      this.#write([...(batch?.entries ?? []), this.#stamp(entry)], true);
      batch?.resolve();
    } catch (error) {
      batch?.reject(error);
      throw error;
    }
  }

  /**
   * Writes an entry together with all that are noted in the same turn of the event loop. Resolves when it has been handed to the operating system:
   * it outlasts this process, and not a power failure. Rejects as `record` throws.
   */
  note(entry: AuditEntry): Promise<void> {
    this.#batch ??= this.#newBatch();
    this.#batch.entries.push(this.#stamp(entry));
    return this.#batch.written;
  }

  /** Writes what was noted and stores the head. Never throws: a head that could not be stored is stored by the next process that writes. */
  close(): void {
    this.#waiting?.abort();
    const batch = this.#takeBatch();
    try {
      if (batch || this.#isAhead) this.#write(batch?.entries ?? [], true);
      batch?.resolve();
    } catch (error) {
      batch?.reject(error);
    }
  }

  #stamp(entry: AuditEntry): StampedEntry {
    return { time: this.#now(), entry };
  }

  #now(): string {
    return new Date(this.#clock.now()).toISOString();
  }

  #newBatch(): Batch {
    let settle: Pick<Batch, 'resolve' | 'reject'> | undefined;
    const written = new Promise<void>((resolve, reject) => {
      settle = { resolve, reject };
    });
    const batch: Batch = { entries: [], written, resolve: () => settle?.resolve(), reject: (error) => settle?.reject(error) };
    setImmediate(() => {
      if (this.#batch !== batch) return;
      this.#batch = undefined;
      try {
        this.#write(batch.entries, false);
        batch.resolve();
      } catch (error) {
        batch.reject(error);
      }
    });
    return batch;
  }

  #takeBatch(): Batch | undefined {
    const batch = this.#batch;
    this.#batch = undefined;
    return batch;
  }

  /** Stores the head once, a while after the first line that it does not know. Whoever writes next tries again when this fails. */
  #storeHeadLater(): void {
    if (this.#waiting) return;
    const waiting = new AbortController();
    this.#waiting = waiting;
    this.#clock.sleep(STORE_HEAD_MS, waiting.signal).then(
      () => {
        this.#waiting = undefined;
        try {
          if (this.#isAhead) this.#write([], true);
        } catch {
          // The lines are in the file; the stored head may be behind it.
        }
      },
      () => undefined,
    );
  }

  /** Writes lines after the last one, whichever process wrote that; durable means on the disk, and the head stored. */
  #write(entries: readonly StampedEntry[], isDurable: boolean): void {
    let placed: Placed | undefined;
    try {
      this.#journal.locked(() => {
        let fd = openFile(this.#folder, this.#path);
        try {
          const { size, ino } = fstatSync(fd);
          const { end, known, tail, isWhole } = this.#lookAtEnd(fd, size, ino);
          const events: AuditEvent[] = [];
          if (size > end) events.push({ event: 'repaired', cut: size - end });
          if (!isWhole) events.push({ event: 'gap', head: known });
          const now = this.#now();
          const lines = [...events.map((event) => ({ time: now, entry: event })), ...entries];
          const { bytes, last } = chainLines(tail, lines);

          if (size > end) ftruncateSync(fd, end);
          const rotated = end > 0 && end + bytes.length > this.#maxBytes ? this.#rotate(fd) : undefined;
          if (rotated !== undefined) {
            closeSync(fd);
            fd = rotated;
          }
          const from = rotated === undefined ? end : 0;
          // Rotation begins with a stored head, so that the line it names is never in a file before the last full one.
          const isStored = isDurable || events.length > 0 || rotated !== undefined;
          placeLines(fd, bytes, from, isStored);
          const to = from + bytes.length;
          placed = { from, to, last, isStored, ino: rotated === undefined ? ino : fstatSync(fd).ino };
          if (isStored) this.#journal.append((head) => (last.sequence > head.sequence ? { ...last, file: AUDIT_FILE } : head));
        } finally {
          closeSync(fd);
        }
      });
    } catch (error) {
      if (placed) this.#takeBack(placed);
      throw explain(error, this.#path);
    }
    if (!placed) return;
    this.#last = placed.last;
    this.#end = placed;
    this.#isAhead = !placed.isStored;
    if (this.#isAhead) this.#storeHeadLater();
  }

  /** Finds where the whole lines end, and the last of them. Nothing is read of a file that is as this process left it: nobody else has written. */
  #lookAtEnd(fd: number, size: number, ino: number) {
    if (this.#end?.to === size && this.#end.ino === ino) return { end: size, known: this.#last, tail: this.#last, isWhole: true };
    const head = this.#journal.head();
    const known = this.#last.sequence > head.sequence ? this.#last : linkOf(head);
    const end = endOfLines(fd, size);
    return { end, known, ...this.#findEnd(fd, end, known) };
  }

  /** Finds the last line of all files, and whether the line that is `known` to have been written is among them. */
  #findEnd(fd: number, end: number, known: AuditLink): { readonly tail: AuditLink; readonly isWhole: boolean } {
    let hash: string | undefined;
    let highest = known.sequence;
    for (const line of this.#linesBackwards(fd, end)) {
      const sequence = sequenceOf(line);
      const own = hash === undefined || sequence === known.sequence ? hashOf(line) : '';
      hash ??= own;
      // Nobody writes lines without a number: such a one was put there, or changed, and says nothing about those before it.
      if (sequence === undefined) continue;
      highest = Math.max(highest, sequence);
      if (sequence <= known.sequence || known.sequence === 0) {
        return { tail: { sequence: highest, hash }, isWhole: known.sequence === 0 || (sequence === known.sequence && own === known.hash) };
      }
    }
    return { tail: { sequence: highest, hash: hash ?? CHAIN_START.hash }, isWhole: known.sequence === 0 };
  }

  *#linesBackwards(fd: number, end: number): Generator<Buffer> {
    yield* linesBackwards(fd, end);
    for (const name of listRotated(this.#folder).toReversed()) {
      const rotated = openSync(join(this.#folder, name), 'r');
      try {
        yield* linesBackwards(rotated, endOfLines(rotated, fstatSync(rotated).size));
      } finally {
        closeSync(rotated);
      }
    }
  }

  /** Sets the full file aside and returns a new one; undefined where that is not possible, and the file goes on growing. */
  #rotate(fd: number): number | undefined {
    const first = firstSequence(fd);
    if (first === undefined) return undefined;
    const aside = join(this.#folder, rotatedName(first));
    if (existsSync(aside)) return undefined;
    fsyncSync(fd);
    try {
      renameSync(this.#path, aside);
    } catch {
      return undefined;
    }
    return openFile(this.#folder, this.#path);
  }

  /** Removes lines whose head could not be stored, so that nothing is on record that was reported as not recorded. */
  #takeBack({ from, to, last }: Placed): void {
    try {
      this.#journal.locked(() => {
        // The journal may have kept the head although it failed, and another process may have gone on from these lines.
        if (this.#journal.head().sequence >= last.sequence) return;
        const fd = openSync(this.#path, 'r+');
        try {
          const [line] = linesBackwards(fd, to);
          if (fstatSync(fd).size === to && line && hashOf(line) === last.hash) ftruncateSync(fd, from);
        } finally {
          closeSync(fd);
        }
      });
    } catch {
      // They stay, and the chain is whole with them.
    }
  }
}

function linkOf({ sequence, hash }: AuditHead): AuditLink {
  return sequence === 0 ? CHAIN_START : { sequence, hash };
}

/** Opens the file for its owner alone, and creates it when it does not exist. */
function openFile(folder: string, path: string): number {
  let fd: number;
  try {
    fd = openSync(path, 'r+');
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
    fd = openSync(path, 'wx+', 0o600);
    if (isPosix) syncFolder(folder);
  }
  if (isPosix && (fstatSync(fd).mode & 0o077) !== 0) fchmodSync(fd, 0o600);
  return fd;
}

/** A new name is on the disk only when its folder is. */
function syncFolder(folder: string): void {
  const fd = openSync(folder, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/** Links lines to the one before them, and returns their bytes and the last of them. */
function chainLines(
  tail: AuditLink,
  lines: readonly { readonly time: string; readonly entry: AuditEntry | AuditEvent }[],
): { readonly bytes: Buffer; readonly last: AuditLink } {
  let last = tail;
  const chunks = lines.map(({ time, entry }) => {
    const sequence = last.sequence + 1;
    const text = JSON.stringify({ sequence, time, previous: last.hash, ...entry });
    last = { sequence, hash: hashOf(Buffer.from(text)) };
    return `${text}\n`;
  });
  return { bytes: Buffer.from(chunks.join('')), last };
}

/** Writes all of the bytes or, as far as the disk obeys, none. */
function placeLines(fd: number, bytes: Buffer, from: number, isSynced: boolean): void {
  try {
    for (let done = 0; done < bytes.length;) done += writeSync(fd, bytes, done, bytes.length - done, from + done);
    if (isSynced) fsyncSync(fd);
  } catch (error) {
    try {
      ftruncateSync(fd, from);
    } catch {
      // The next writer removes the line that is not whole.
    }
    throw error;
  }
}

/** Faults of the file, and a journal without space, are told as the audit's own; anything else stays what it is. */
function explain(error: unknown, path: string): unknown {
  if (isError(error, 'journalFull')) return new MailStoreError('auditNotWritable', { path, reason: 'ENOSPC' }, { cause: error });
  if (error instanceof Error && 'syscall' in error && 'code' in error) {
    return new MailStoreError('auditNotWritable', { path, reason: String(error.code) }, { cause: error });
  }
  return error;
}
