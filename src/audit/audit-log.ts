import { hash, randomBytes } from 'node:crypto';
import {
  closeSync,
  constants,
  existsSync,
  fchmodSync,
  fstatSync,
  fsync,
  fsyncSync,
  openSync,
  renameSync,
  statSync,
  writeSync,
  type Stats,
} from 'node:fs';
import { hostname, userInfo } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Clock } from '../base/clock.ts';
import { isError, MailStoreError } from '../base/errors.ts';
import { keepArguments, keepText } from '../base/keep-bounded.ts';
import type { AuditHeads, AuditLink, AuditProcess, ChainOpening } from '../journal/audit-head.ts';
import type { TakenAlong } from '../journal/take-along.ts';
import {
  AUDIT_FILE,
  digestFile,
  hashLine,
  lineFrom,
  listRotated,
  nextRotated,
  NO_HASH,
  readAt,
  rotatedName,
  startOfTail,
} from './audit-files.ts';
import { readBackwards, type AuditLine } from './read-audit.ts';
import { AUDIT_FORMAT, type ApprovalEntry, type AuditEntry, type AuditEvent, type FileSetAside } from './audit-record.ts';

const MAX_BYTES = 10 * 1024 * 1024;

/** Bytes of a line in addition to its content: format, chain, number, time, and the hash of the line before it. */
const ENVELOPE_BYTES = 170;

/** How long lines may be ahead of the stored head: so many of the newest could be cut off unnoticed. */
const STORE_HEAD_MS = 1000;

/** How long a chain waits for a locked journal before it begins without it, in milliseconds. If its process is killed before the entry, `verify` reports it. */
const ENTRY_WAIT_MS = 3000;

/** How long a line waits for a locked journal to set a full file aside, in milliseconds. Afterwards the file goes on growing. */
const ROTATION_WAIT_MS = { durable: 3000, other: 100 } as const;

const SEARCH_SLACK_MS = 3_600_000;

const LINE_BREAK = 0x0a;
const isPosix = process.platform !== 'win32';
const syncByPlatform = promisify(fsync);

export interface AuditLogOptions {
  /** The size that a file does not grow beyond, unless its first line is larger. Default: 10 MiB. */
  readonly maxBytes?: number;
  /** Brings an open file to the disk; by the operating system where it is absent. */
  readonly syncToDisk?: (fd: number) => Promise<void>;
}

interface WaitingLine {
  /** ISO 8601 UTC. */
  readonly time: string;
  readonly entry: AuditEntry | ApprovalEntry;
  /** True for a line that has to be on the disk, and its head in the journal. */
  readonly isDurable: boolean;
  resolve(): void;
  reject(error: unknown): void;
}

interface StampedLine {
  readonly time: string;
  readonly content: AuditEntry | ApprovalEntry | AuditEvent;
}

/** A line without its number, which it gets when it is written. */
interface Body {
  readonly time: string;
  /** JSON without its opening brace. */
  readonly body: string;
}

/** The open file. */
interface OpenFile {
  readonly fd: number;
  readonly dev: number;
  readonly ino: number;
  /** The file has not been shorter than this. */
  size: number;
  /** The size after a write of this process that ended with a line break. */
  end: number;
}

/**
 * The audit: lines of JSON in `audit.jsonl`. Each process writes one chain, in which each line has its number, its time and the SHA-256 of the line
 * before it. All processes append to the one file without a lock: a line is written in one call, and the operating system puts it at the end. A
 * chain begins with a line that names the heads of the others, and the journal keeps a late line of each chain.
 */
export class AuditLog {
  readonly #folder: string;
  readonly #path: string;
  readonly #heads: AuditHeads;
  readonly #clock: Clock;
  readonly #maxBytes: number;
  readonly #syncToDisk: (fd: number) => Promise<void>;
  #file: OpenFile | undefined;
  /** The last line of this process's chain. */
  #last: AuditLink | undefined;
  /** The journal that the chain is entered in; empty while it is not entered. */
  #journal = '';
  /** The entry of the chain, which a locked journal delays. */
  #entering: Promise<ChainOpening> | undefined;
  /** True if there were lines when the chain began. */
  #hadLines = false;
  /** The durable lines that wait for their head to be stored. */
  readonly #settling = new Set<Promise<void>>();
  /** What the journal in its place took along; present until this is on record. */
  #taken: TakenAlong | undefined;
  /** The storing of heads, one after another. */
  #stored: Promise<void> = Promise.resolve();
  /** The first file that is verified, as the chain found it in the journal. */
  #firstFile = 0;
  /** Events that could not be written yet. */
  #events: AuditEvent[] = [];
  #queue: WaitingLine[] = [];
  #drained: Promise<void> | undefined;
  #isWoken = false;
  /** Present while a full file is set aside, for which a locked journal is waited for. */
  #rotating: Promise<void> | undefined;
  /** True while lines are in the file that the stored head is behind. */
  #isAhead = false;
  /** Present while the head waits to be stored. */
  #timer: AbortController | undefined;

  /** `folder` exists: it is the one that the journal is in. */
  constructor(
    folder: string,
    heads: AuditHeads,
    clock: Clock,
    { maxBytes = MAX_BYTES, syncToDisk = syncByPlatform }: AuditLogOptions = {},
  ) {
    this.#folder = folder;
    this.#path = join(folder, AUDIT_FILE);
    this.#heads = heads;
    this.#clock = clock;
    this.#maxBytes = maxBytes;
    this.#syncToDisk = syncToDisk;
  }

  /**
   * Writes an entry, after those that came before it. When the promise resolves the line is on the disk and its head in the journal. Rejects with
   * MailStoreError `auditNotWritable` when the disk is full or the file cannot be written, and with the journal's own error when that is at fault.
   * A line that is in the file by then is withdrawn by one that follows it.
   */
  async record(entry: AuditEntry | ApprovalEntry): Promise<void> {
    return this.#add(entry, true);
  }

  /**
   * Writes an entry together with all that are noted in the same turn of the event loop. When the promise resolves it has been handed to the
   * operating system: it outlasts this process, but not a power failure. Rejects as `record` does.
   */
  async note(entry: AuditEntry): Promise<void> {
    return this.#add(entry, false);
  }

  /**
   * True if a line that fits is in the files and was not withdrawn. Reads back to an hour before `since` (ISO 8601), since the clocks of
   * processes may differ.
   */
  hasLine(fits: (line: AuditLine) => boolean, since: string): boolean {
    const oldest = Date.parse(since) - SEARCH_SLACK_MS;
    const withdrawn = new Set<string>();
    for (const line of readBackwards(this.#folder)) {
      const { chain, event, time } = line;
      if (event === 'withdrawn') withdrawn.add(`${String(chain)}:${String(line['line'])}`);
      if (typeof time === 'string' && Date.parse(time) < oldest) return false;
      if (fits(line) && !withdrawn.has(`${String(chain)}:${String(line['number'])}`)) return true;
    }
    return false;
  }

  /** Returns the last lines, newest first. */
  tail(count: number): readonly AuditLine[] {
    const lines: AuditLine[] = [];
    for (const line of readBackwards(this.#folder)) {
      if (lines.length >= count) break;
      lines.push(line);
    }
    return lines;
  }

  /** Enters the chain in the journal that has taken the place of the one before, within a second, and records this. */
  noticeNewJournal(taken: TakenAlong): void {
    this.#taken = taken;
    // Without a chain, the first line has it.
    if (!this.#last) return;
    this.#isAhead = true;
    this.#storeHeadLater();
  }

  /** Writes what waits, stores the head and closes the file. Never rejects: a head that could not be stored only leaves lines ahead of it. */
  async close(): Promise<void> {
    this.#timer?.abort();
    await this.#drain();
    await Promise.all(this.#settling);
    try {
      if (this.#isAhead) await this.#storeHead();
    } catch {
      // The lines are in the file.
    }
    this.#closeFile();
  }

  /**
   * Sets all files aside and starts again, with a line that says who wanted it and why. What was set aside is not verified any more, and must not
   * change. Other processes begin new chains by themselves. Rejects as `record` does.
   */
  async restart(reason: string, by: string): Promise<void> {
    const chain = randomBytes(8).toString('hex');
    try {
      await this.#heads.restart(chain, identify(), () => this.#setAside());
      const before: FileSetAside[] = [];
      for (const file of listRotated(this.#folder)) {
        const path = join(this.#folder, file);
        const { size: bytes } = statSync(path);
        before.push({ file, bytes, hash: await digestFile(path, bytes) });
      }
      const { journal, firstFile } = await this.#heads.record();
      this.#journal = journal;
      this.#firstFile = firstFile;
      this.#entering = undefined;
      this.#last = { chain, number: 0, hash: NO_HASH };
      this.#events = [
        { event: 'opened', process: identify(), journal, heads: [] },
        { event: 'restarted', reason: keepText(reason), by, before },
      ];
      this.#closeFile();
      this.#findFile();
      this.#append([]);
      await this.#storeHead();
    } catch (error) {
      throw explain(error, this.#path);
    }
  }

  /** Returns the number that the next full file will have. */
  #setAside(): number {
    const number = nextRotated(this.#folder);
    if (!existsSync(this.#path)) return number;
    renameSync(this.#path, join(this.#folder, rotatedName(number)));
    return number + 1;
  }

  #add(entry: AuditEntry | ApprovalEntry, isDurable: boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#queue.push({
        time: this.#now(),
        entry: 'event' in entry ? { ...entry, prompt: keepText(entry.prompt) } : keepBounded(entry),
        isDurable,
        resolve,
        reject,
      });
      if (isDurable) void this.#drain();
      else this.#wake();
    });
  }

  #now(): string {
    return new Date(this.#clock.now()).toISOString();
  }

  #wake(): void {
    if (this.#isWoken) return;
    this.#isWoken = true;
    setImmediate(() => {
      this.#isWoken = false;
      void this.#drain();
    });
  }

  /** Writes everything that waits. One call at a time writes; what comes meanwhile is written by the same. */
  #drain(): Promise<void> {
    this.#drained ??= this.#writeAll().finally(() => {
      this.#drained = undefined;
      if (this.#queue.length > 0) void this.#drain();
    });
    return this.#drained;
  }

  async #writeAll(): Promise<void> {
    while (this.#queue.length > 0) {
      const batch = this.#queue;
      this.#queue = [];
      const isDurable = batch.some((waiting) => waiting.isDurable);
      let written = 0;
      try {
        await this.#write(
          batch.map(({ time, entry }) => ({ time, content: entry })),
          isDurable ? ROTATION_WAIT_MS.durable : ROTATION_WAIT_MS.other,
          (count) => (written = count),
        );
        for (const waiting of batch) if (!waiting.isDurable) waiting.resolve();
        if (isDurable) this.#settle(batch);
      } catch (error) {
        const explained = explain(error, this.#path);
        for (const [index, waiting] of batch.entries()) {
          if (index >= written) waiting.reject(explained);
          else if (!waiting.isDurable) waiting.resolve();
        }
        this.#withdraw(batch.slice(0, written), this.#last?.number ?? 0, explained);
      }
      if (this.#isAhead) this.#storeHeadLater();
    }
  }

  /** Stores the head of durable lines that are in the file. Lines that need no head are not held up meanwhile. */
  #settle(batch: readonly WaitingLine[]): void {
    const last = this.#last?.number ?? 0;
    const settled = this.#storeHead()
      .then(
        () => {
          for (const waiting of batch) waiting.resolve();
        },
        (error: unknown) => this.#withdraw(batch, last, explain(error, this.#path)),
      )
      .finally(() => this.#settling.delete(settled));
    this.#settling.add(settled);
  }

  /** Takes back lines that are in the file, up to the one with the number `last`, but whose callers cannot rely on them. */
  #withdraw(written: readonly WaitingLine[], last: number, error: unknown): void {
    for (const [index, waiting] of written.entries()) {
      if (!waiting.isDurable) continue;
      waiting.reject(error);
      const reason = keepText(error instanceof Error ? error.message : String(error));
      this.#events.push({ event: 'withdrawn', line: last - written.length + 1 + index, reason });
    }
    try {
      this.#findFile();
      if (written.length > 0) this.#append([]);
    } catch {
      // What is open is written with the next line.
    }
  }

  /** Writes lines at the end of the file; reports how many are there, also when it throws because not all are. */
  async #write(lines: readonly StampedLine[], waitMs: number, onWritten: (count: number) => void): Promise<void> {
    if (!this.#last) await this.#open();
    // In a file that another process has begun, the audit may have been restarted.
    const isNext = this.#findFile() === 'next';
    if (isNext && this.#journal !== '') {
      const record = await this.#within(waitMs, this.#heads.record());
      if (record && record.firstFile !== this.#firstFile) await this.#open();
    }
    const bodies = lines.map(toBody);
    const size = bodies.reduce((sum, { body }) => sum + body.length + ENVELOPE_BYTES, 0);
    if (this.#file && this.#file.size > 0 && this.#file.size + size > this.#maxBytes) await this.#rotate(waitMs);
    this.#append(bodies, onWritten);
  }

  /** Begins the chain of this process: entered in the journal, or while that is locked, without it and entered later. */
  async #open(): Promise<void> {
    this.#hadLines = hasLines(this.#folder);
    const chain = randomBytes(8).toString('hex');
    const entering = this.#heads.open(chain, identify());
    const opening = await this.#within(ENTRY_WAIT_MS, entering);
    this.#last = { chain, number: 0, hash: NO_HASH };
    const { journal = '', heads = [] } = opening ?? {};
    this.#events.unshift({ event: 'opened', process: identify(), journal, heads });
    this.#journal = '';
    this.#entering = undefined;
    if (opening) {
      this.#compare(opening);
      return;
    }
    this.#entering = entering;
  }

  /** Returns what the promise resolves with; undefined if it takes longer than `ms`. */
  async #within<T>(ms: number, promise: Promise<T>): Promise<T | undefined> {
    promise.catch(() => undefined);
    const over = new AbortController();
    const late = this.#clock.sleep(ms, over.signal).catch(() => undefined);
    try {
      return await Promise.race([promise, late as Promise<undefined>]);
    } finally {
      over.abort();
    }
  }

  /** Records that the journal has the chain by now. */
  #recordEntry(opening: ChainOpening): void {
    const { journal, heads } = opening;
    this.#events.push({ event: 'entered', journal, heads });
    this.#compare(opening);
  }

  /** Compares what the journal knows with what was there when the chain began, and keeps the differences as events. */
  #compare({ journal, isFirst, place, firstFile }: ChainOpening): void {
    this.#journal = journal;
    this.#firstFile = firstFile;
    if (isFirst && this.#hadLines) this.#events.push({ event: 'new_journal', journal, found: 'at the start' });
    if (place) {
      // Now, not when the chain began: by what the journal knows, other processes have appended and rotated meanwhile.
      const found = statSync(this.#path, { throwIfNoEntry: false });
      const hasOwnLines = (this.#last?.number ?? 0) > 0;
      if (hasOwnLines ? !this.#hadLines : !hasLines(this.#folder, firstFile)) this.#events.push({ event: 'missing' });
      if (found && found.size > 0 && String(found.ino) === place.ino && found.size < place.size) {
        this.#events.push({ event: 'shortened', from: place.size, to: found.size });
      }
      if (found && String(found.ino) !== place.ino && !this.#isRotated((stat) => String(stat.ino) === place.ino)) {
        this.#events.push({ event: 'replaced' });
      }
    }
  }

  /**
   * Makes `#file` the file that has the name of the audit now, and keeps what is found out about it as events. Returns `next` if it is not the file
   * that the last line is in.
   */
  #findFile(): 'same' | 'next' {
    const found = statSync(this.#path, { throwIfNoEntry: false });
    const file = this.#file;
    if (file && found && file.ino === found.ino && file.dev === found.dev) {
      if (found.size < file.size) this.#events.push({ event: 'shortened', from: file.size, to: found.size });
      file.size = found.size;
    } else {
      if (file) {
        if (!this.#isRotated((stat) => stat.ino === file.ino && stat.dev === file.dev)) {
          this.#events.push({ event: found ? 'replaced' : 'missing' });
        }
      }
      // Before the other is closed: a deleted file whose number is free again could not be distinguished from the new one.
      const next = openFile(this.#folder, this.#path);
      this.#closeFile();
      this.#file = next;
    }
    this.#closeTornLine();
    return this.#file === file || !file ? 'same' : 'next';
  }

  #isRotated(isIt: (stat: Stats) => boolean): boolean {
    return listRotated(this.#folder)
      .toReversed()
      .some((name) => {
        const stat = statSync(join(this.#folder, name), { throwIfNoEntry: false });
        return stat !== undefined && isIt(stat);
      });
  }

  /** A last line without its line break gets one. If it is not whole, this is recorded. */
  #closeTornLine(): void {
    const file = this.#file;
    if (!file || file.size === 0 || file.size === file.end || readAt(file.fd, file.size - 1, file.size)[0] === LINE_BREAK) return;
    const start = startOfTail(file.fd, file.size);
    writeSync(file.fd, '\n');
    // Another process may have been in the middle of writing this line; by now all of it is there.
    const line = lineFrom(file.fd, start);
    if (!isWhole(line)) this.#events.push({ event: 'torn', bytes: line.length, hash: hashLine(line) });
    file.size = fstatSync(file.fd).size;
  }

  #append(lines: readonly Body[], onWritten: (count: number) => void = () => {}): void {
    const file = this.#file;
    let last = this.#last;
    if (!file || !last) return;
    const time = this.#now();
    const events = this.#events.map((event) => toBody({ time, content: event }));
    const places: { readonly end: number; readonly link: AuditLink }[] = [];
    const texts: string[] = [];
    let end = 0;
    for (const line of [...events, ...lines]) {
      const text = chainLine(last, line);
      last = { chain: last.chain, number: last.number + 1, hash: hash('sha256', text) };
      end += Buffer.byteLength(text) + 1;
      places.push({ end, link: last });
      texts.push(`${text}\n`);
    }
    if (places.length === 0) return;
    const bytes = Buffer.from(texts.join(''));
    // One call: what another process appends comes before all of it or after.
    const done = writeSync(file.fd, bytes);
    const whole = places.filter((place) => place.end <= done);
    this.#last = whole.at(-1)?.link ?? this.#last;
    this.#events = this.#events.slice(whole.length);
    this.#isAhead ||= whole.length > 0;
    onWritten(Math.max(0, whole.length - events.length));
    file.size += done;
    if (done === bytes.length) {
      file.end = file.size;
      return;
    }
    const half = bytes.subarray(whole.at(-1)?.end ?? 0, done);
    // Says why there is no more space; if there is some again, the half line is closed.
    file.size += writeSync(file.fd, '\n');
    file.end = file.size;
    if (half.length > 0) this.#events.push({ event: 'torn', bytes: half.length, hash: hashLine(half) });
    throw Object.assign(new Error('the line was written in part'), { code: 'ENOSPC', syscall: 'write' });
  }

  /** Sets a full file aside and goes on in a new one. Where that is not possible, or not soon, the file goes on growing. */
  async #rotate(waitMs: number): Promise<void> {
    this.#rotating ??= this.#setFullFileAside().finally(() => {
      this.#rotating = undefined;
    });
    await this.#within(waitMs, this.#rotating);
  }

  async #setFullFileAside(): Promise<void> {
    const file = this.#file;
    const aside = await this.#heads.exclusively(() => {
      const found = statSync(this.#path, { throwIfNoEntry: false });
      if (!file || !found || found.ino !== file.ino || found.dev !== file.dev) return undefined;
      const name = rotatedName(nextRotated(this.#folder));
      if (existsSync(join(this.#folder, name))) return undefined;
      try {
        fsyncSync(file.fd);
        renameSync(this.#path, join(this.#folder, name));
      } catch {
        return undefined;
      }
      return name;
    });
    this.#findFile();
    if (aside !== undefined) this.#events.push({ event: 'rotated', file: aside });
  }

  /** Brings the lines to the disk and the head into the journal. */
  #storeHead(): Promise<void> {
    this.#stored = this.#stored.catch(() => undefined).then(() => this.#storeHeadNow());
    return this.#stored;
  }

  async #finishEntry(): Promise<void> {
    const entering = this.#entering;
    if (!entering) return;
    this.#entering = undefined;
    this.#recordEntry(await entering);
    this.#append([]);
  }

  async #storeHeadNow(): Promise<void> {
    // An earlier call has stored all that is in the file.
    if (!this.#isAhead) return;
    await this.#finishEntry();
    const file = this.#file;
    const last = this.#last;
    if (!file || !last) return;
    this.#isAhead = false;
    try {
      await this.#syncToDisk(file.fd);
      const place = { ino: String(file.ino), size: file.size };
      if (!(await this.#heads.store(last, AUDIT_FILE, place))) await this.#enterAgain(last, place);
    } catch (error) {
      this.#isAhead = true;
      throw error;
    }
  }

  /** The journal does not know this chain any more. */
  async #enterAgain(last: AuditLink, place: { readonly ino: string; readonly size: number }): Promise<void> {
    const { journal } = await this.#heads.record();
    if (journal === this.#journal) {
      // The audit was restarted: what follows belongs to a new chain.
      this.#last = undefined;
      return;
    }
    const opening = await this.#heads.open(last.chain, identify());
    if (this.#journal === '') {
      this.#recordEntry(opening);
    } else {
      this.#journal = journal;
      this.#events.push({ event: 'new_journal', journal, found: 'while running', ...this.#taken, heads: opening.heads });
      this.#taken = undefined;
    }
    this.#append([]);
    await this.#syncToDisk(this.#file?.fd ?? -1);
    await this.#heads.store(this.#last ?? last, AUDIT_FILE, place);
    this.#isAhead = false;
  }

  #storeHeadLater(): void {
    if (this.#timer) return;
    const timer = new AbortController();
    this.#timer = timer;
    this.#clock.sleep(STORE_HEAD_MS, timer.signal).then(
      async () => {
        this.#timer = undefined;
        try {
          if (this.#isAhead) await this.#storeHead();
        } catch {
          // The lines are in the file; a locked journal is tried again.
          if (this.#isAhead) this.#storeHeadLater();
        }
      },
      () => undefined,
    );
  }

  #closeFile(): void {
    if (this.#file) closeSync(this.#file.fd);
    this.#file = undefined;
  }
}

function toBody({ time, content }: StampedLine): Body {
  return { time, body: JSON.stringify(content).slice(1) };
}

/** Returns the text of the line that follows `last` in its chain. */
function chainLine({ chain, number, hash: previous }: AuditLink, { time, body }: Body): string {
  const envelope = JSON.stringify({ format: AUDIT_FORMAT, chain, number: number + 1, time, previous });
  return `${envelope.slice(0, -1)},${body}`;
}

/** Long texts are cut: an entry is a few KB at most. */
function keepBounded(entry: AuditEntry): AuditEntry {
  const { reason, error, consent } = entry;
  return {
    ...entry,
    client: typeof entry.client === 'string' ? entry.client : { claimed: keepText(entry.client.claimed) },
    arguments: keepArguments(entry.arguments),
    ...(reason !== undefined && { reason: keepText(reason) }),
    ...(consent && { consent: { ...consent, prompt: keepText(consent.prompt) } }),
    ...(error !== undefined && { error: keepText(error) }),
  };
}

export function identify(): AuditProcess {
  try {
    return { pid: process.pid, host: hostname(), user: userInfo().username };
  } catch {
    return { pid: process.pid, host: hostname() };
  }
}

/** Whether a file of the audit, from the one with the number `first` on, has a byte in it. */
function hasLines(folder: string, first = 0): boolean {
  const hasBytes = (name: string): boolean => {
    const found = statSync(join(folder, name), { throwIfNoEntry: false });
    return found !== undefined && found.isFile() && found.size > 0;
  };
  // In this order: a file that is set aside meanwhile is in the list.
  return hasBytes(AUDIT_FILE) || listRotated(folder, first).some(hasBytes);
}

/** Opens the file for its owner alone, and creates it if it does not exist. A link in its place is not followed. */
function openFile(folder: string, path: string): OpenFile {
  const isNew = !existsSync(path);
  const flags = constants.O_RDWR | constants.O_APPEND | constants.O_CREAT | (isPosix ? constants.O_NOFOLLOW : 0);
  const fd = openSync(path, flags, 0o600);
  const { dev, ino, size, mode } = fstatSync(fd);
  if (isPosix && isNew) syncFolder(folder);
  if (isPosix && (mode & 0o077) !== 0) fchmodSync(fd, 0o600);
  return { fd, dev, ino, size, end: -1 };
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

function isWhole(line: Buffer): boolean {
  try {
    JSON.parse(line.toString('utf8'));
    return true;
  } catch {
    return false;
  }
}

/** Faults of the file, and a journal without space, are reported as the audit's own; anything else stays what it is. */
function explain(error: unknown, path: string): unknown {
  if (isError(error, 'journalFull')) return new MailStoreError('auditNotWritable', { path, reason: 'ENOSPC' }, { cause: error });
  if (error instanceof Error && 'syscall' in error && 'code' in error) {
    return new MailStoreError('auditNotWritable', { path, reason: String(error.code) }, { cause: error });
  }
  return error;
}
