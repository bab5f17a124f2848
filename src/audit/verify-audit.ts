import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { isUtf8 } from 'node:buffer';
import { isRow } from '../base/rows.ts';
import type { AuditHeads, AuditLink, KnownHeads } from '../journal/audit-head.ts';
import { AUDIT_FILE, digestFile, hashLine, NO_HASH } from './audit-files.ts';
import { AUDIT_FORMAT } from './audit-record.ts';
import { closeFiles, readLines, openFiles, parseLine, type AuditLine, type FoundLine, type OpenedFile } from './read-audit.ts';

/** A place where the audit is not as it was written. */
export interface AuditProblem {
  readonly file: string;
  /** From 1 on, in this file. Absent where the whole file is concerned. */
  readonly line?: number;
  /** What is wrong there, as a clause for people. */
  readonly says: string;
}

export interface AuditVerdict {
  readonly lines: number;
  readonly chains: number;
  readonly files: number;
  /** The last line of the newest file. Absent without any line. */
  readonly last?: AuditLink;
  /** The time of the first line, ISO 8601 UTC: what came before it is not on record. Absent without any line. */
  readonly since?: string;
  /** Empty when every line is there, unchanged and in the order of its chain. No more than 20. */
  readonly problems: readonly AuditProblem[];
  /** What is worth knowing and is no fault. No more than 20. */
  readonly notes: readonly string[];
}

/** A line that was noted elsewhere; without a chain, any line with this number and hash. */
export type ExpectedLine = Omit<AuditLink, 'chain'> & { readonly chain?: string };

interface ChainState {
  number: number;
  hash: string;
  /** Where the last line was found. */
  file: string;
  line: number;
}

/** A line that has to be there, and who says so. */
interface Mark {
  readonly hash: string;
  readonly from: 'the journal' | 'another chain' | 'the line expected';
}

const MOST_REPORTED = 20;

/** The events that name the heads of other chains. */
const NAMES_HEADS = ['opened', 'entered', 'new_journal'] as const;

/** Begins every line. Inside of a line its quotes are escaped, so it can be found there only if a line was appended to half of another. */
const LINE_START = `{"format":${AUDIT_FORMAT},"chain":"`;

/**
 * Reads every chain through all files, and checks that each line can be read, has the next number of its chain and the hash of the line before it;
 * that no chain is missing which another one or the journal names; and that the lines `expected`, noted elsewhere, are there. Keeps one entry for
 * each chain in memory and no lines. `heads` is absent where there is no journal with the lines.
 */
export async function verifyAudit(
  folder: string,
  heads: Pick<AuditHeads, 'known'> | undefined,
  ...expected: readonly ExpectedLine[]
): Promise<AuditVerdict> {
  // Before the lines: later the heads might be ahead of those that are read.
  const known = await heads?.known();
  const opened = await openFiles(folder, known?.record.firstFile);
  try {
    return await new Verification(folder, opened, known, expected).run(heads);
  } finally {
    await closeFiles(opened);
  }
}

class Verification {
  readonly #folder: string;
  readonly #opened: readonly OpenedFile[];
  readonly #known: KnownHeads | undefined;
  readonly #expected: readonly ExpectedLine[];
  readonly #problems: AuditProblem[] = [];
  readonly #notes: string[] = [];
  readonly #chains = new Map<string, ChainState>();
  /** The lines that have to be there, by chain and number. */
  readonly #marks = new Map<string, Map<number, Mark>>();
  readonly #found = new Set<ExpectedLine>();
  #journalsMadeNew = 0;
  #isRestartOnRecord = false;
  #lines = 0;
  #last: AuditLink | undefined;
  #since: string | undefined;

  constructor(folder: string, opened: readonly OpenedFile[], known: KnownHeads | undefined, expected: readonly ExpectedLine[]) {
    this.#folder = folder;
    this.#opened = opened;
    this.#known = known;
    this.#expected = expected;
  }

  async run(heads: Pick<AuditHeads, 'known'> | undefined): Promise<AuditVerdict> {
    for (const head of this.#known?.heads ?? []) this.#mark(head, 'the journal');
    for (const line of this.#expected) if (line.chain !== undefined) this.#mark({ ...line, chain: line.chain }, 'the line expected');
    // The openings come first: a line that they name precedes them.
    for (const file of this.#opened) {
      for await (const { bytes } of readLines(file)) {
        if (NAMES_HEADS.some((event) => bytes.includes(`"event":"${event}"`))) this.#readOpening(parseLine(normalise(bytes).bytes));
      }
    }
    for (const file of this.#opened) await this.#readFile(file);
    this.#checkMarks();
    this.#checkJournal(await heads?.known());
    return {
      lines: this.#lines,
      chains: this.#chains.size,
      files: this.#opened.length,
      ...(this.#last && { last: this.#last }),
      ...(this.#since !== undefined && { since: this.#since }),
      problems: this.#problems,
      notes: this.#notes,
    };
  }

  #report(place: { readonly file: string; readonly line?: number }, says: string): void {
    if (this.#problems.length >= MOST_REPORTED) return;
    this.#problems.push({ file: place.file, ...(place.line !== undefined && { line: place.line }), says });
  }

  #note(says: string): void {
    if (this.#notes.length < MOST_REPORTED) this.#notes.push(says);
  }

  #mark({ chain, number, hash }: AuditLink, from: Mark['from']): void {
    const marks = this.#marks.get(chain) ?? new Map<number, Mark>();
    marks.set(number, { hash, from });
    this.#marks.set(chain, marks);
  }

  #readOpening(line: AuditLine | undefined): void {
    if (!NAMES_HEADS.some((event) => line?.['event'] === event) || !Array.isArray(line?.['heads'])) return;
    for (const head of line['heads'] as readonly unknown[]) if (isLink(head)) this.#mark(head, 'another chain');
  }

  async #readFile(opened: OpenedFile): Promise<void> {
    const habits = new Set<string>();
    for await (const found of readLines(opened)) {
      if (found.line === 1 && isUtf16(found.bytes)) {
        this.#report(found, 'the file is in UTF-16: another program has saved it, and its lines cannot be checked');
        return;
      }
      const { bytes, habits: of } = normalise(found.bytes);
      for (const habit of of) habits.add(habit);
      if (!isUtf8(bytes)) habits.add('in another encoding than UTF-8');
      // Two processes that close the same line leave an empty one.
      if (bytes.length === 0) continue;
      const line = parseLine(bytes);
      if (line) await this.#readLine({ ...found, bytes }, line);
      else await this.#readTorn({ ...found, bytes });
    }
    if (habits.size > 0) {
      const how = [...habits].join(', ');
      this.#report(
        { file: opened.name },
        `another program, such as an editor, has saved the file (${how}); what else is wrong with it may be its doing`,
      );
    }
  }

  async #readTorn(found: FoundLine): Promise<void> {
    const text = found.bytes.toString('utf8');
    const next = text.lastIndexOf(LINE_START);
    const [half, whole] = next > 0 ? [text.slice(0, next), Buffer.from(text.slice(next))] : [text, undefined];
    const isHalf = half.startsWith(LINE_START) || LINE_START.startsWith(half);
    if (!isHalf) {
      this.#report(found, 'it is not a line of the audit');
      return;
    }
    // Whether a line is missing here is seen from the chain that it would belong to.
    if (found.isEnded) this.#note(`${found.file}, line ${found.line}: a line was not written to its end`);
    const line = whole && parseLine(whole);
    if (whole && line) await this.#readLine({ ...found, bytes: whole }, line);
  }

  async #readLine(found: FoundLine, line: AuditLine): Promise<void> {
    const { format, chain, number, previous } = line;
    this.#lines += 1;
    const isKnownForm =
      format === AUDIT_FORMAT &&
      typeof chain === 'string' &&
      typeof previous === 'string' &&
      Number.isSafeInteger(number) &&
      Number(number) > 0;
    if (!isKnownForm) {
      this.#report(found, 'it is not a line of the audit');
      return;
    }
    const own: AuditLink = { chain, number: Number(number), hash: hashLine(found.bytes) };
    this.#last = own;
    if (typeof line['time'] === 'string') this.#since ??= line['time'];
    this.#checkPlace(found, own, previous);
    const mark = this.#marks.get(chain)?.get(own.number);
    if (mark) {
      if (mark.hash !== own.hash) {
        this.#report(
          found,
          `it is not the one that was written as ${formatLink(own)}: its SHA-256 is ${own.hash}, and ${mark.from} names ${mark.hash}`,
        );
      }
      this.#marks.get(chain)?.delete(own.number);
    }
    for (const expected of this.#expected) {
      if (expected.chain === undefined && expected.number === own.number && expected.hash === own.hash) this.#found.add(expected);
    }
    await this.#readEvent(found, own, line);
  }

  #checkPlace(found: FoundLine, own: AuditLink, previous: string): void {
    const last = this.#chains.get(own.chain);
    const next = (last?.number ?? 0) + 1;
    if (own.number < next) {
      this.#report(found, `it has the number ${own.number} of its chain and stands after ${next - 1}: it is out of place or was inserted`);
      return;
    }
    if (own.number > next) {
      this.#report(found, `${sayMissing(own.chain, next, own.number - 1)} or out of place before it`);
    } else if (previous !== (last?.hash ?? NO_HASH)) {
      if (last) {
        this.#report(
          last,
          `it or the line that follows it in its chain was changed: its SHA-256 is ${last.hash}, and that line names ${previous}`,
        );
      } else {
        this.#report(found, 'it is the first line of its chain, and names one before it');
      }
    }
    this.#chains.set(own.chain, { number: own.number, hash: own.hash, file: found.file, line: found.line });
  }

  async #readEvent(found: FoundLine, own: AuditLink, line: AuditLine): Promise<void> {
    const { event } = line;
    if (event === undefined) return;
    if (event === 'new_journal') {
      this.#journalsMadeNew += 1;
      this.#report(found, `the journal is newer than the lines before it (${formatValue(line['found'])})${sayTaken(line)}`);
    } else if (event === 'missing') {
      this.#report(found, 'the lines before it were not there when it was written, and the journal knew of them');
    } else if (event === 'shortened') {
      this.#report(found, `the file was cut from ${formatValue(line['from'])} to ${formatValue(line['to'])} bytes before it`);
    } else if (event === 'replaced') {
      this.#note(`${found.file}, line ${found.line}: the file was another one than before: restored, copied, or saved by another program`);
    } else if (event === 'restarted') {
      if (this.#known && this.#known.record.restartedBy !== own.chain) {
        this.#report(found, 'it says that the audit was restarted, and the journal does not know of it');
      } else {
        this.#isRestartOnRecord = true;
        await this.#checkSetAside(line);
      }
    }
  }

  async #checkSetAside({ time, reason, by, before }: AuditLine): Promise<void> {
    this.#note(`begun again on ${formatValue(time)} by ${formatValue(by)}: ${formatValue(reason)}`);
    for (const entry of Array.isArray(before) ? (before as readonly unknown[]) : []) {
      const { file, bytes, hash } = isRow(entry) ? entry : {};
      if (typeof file !== 'string' || typeof bytes !== 'number' || !/^audit-\d+\.jsonl$/.test(file)) continue;
      const path = join(this.#folder, file);
      if (!existsSync(path)) this.#report({ file }, 'the file was set aside when the audit was restarted, and is missing');
      else if ((await digestFile(path, bytes)) !== hash) this.#report({ file }, 'the file was changed after it was set aside');
    }
  }

  #checkMarks(): void {
    for (const [chain, marks] of this.#marks) {
      const seen = this.#chains.get(chain);
      const place = seen ? { file: seen.file, line: seen.line } : { file: AUDIT_FILE };
      // A lower number than the last one seen was missed in its place, and is reported there.
      const [highest] = [...marks].filter(([number]) => number > (seen?.number ?? 0)).toSorted(([a], [b]) => b - a);
      if (!highest) continue;
      const [number, { hash, from }] = highest;
      this.#report(place, `${sayMissing(chain, (seen?.number ?? 0) + 1, number)}: ${from} names the last one with the SHA-256 ${hash}`);
    }
    for (const expected of this.#expected) {
      if (expected.chain !== undefined || this.#found.has(expected)) continue;
      this.#report({ file: AUDIT_FILE }, `no line ${expected.number} has the SHA-256 ${expected.hash}, which was expected`);
    }
  }

  /** Every chain was entered in the journal before its first line; `known` is read after the lines. */
  #checkJournal(known: KnownHeads | undefined): void {
    if (this.#lines === 0 || this.#journalsMadeNew > 0) return;
    if (!known) {
      this.#report(
        { file: AUDIT_FILE },
        'there is no journal with these lines: it was deleted, and with it the lines that have to be here',
      );
      return;
    }
    if (known.record.restartedBy !== undefined && !this.#isRestartOnRecord) {
      this.#report({ file: AUDIT_FILE }, 'the audit was restarted, and the line that says so is missing');
    }
    const chains = new Set(known.chains);
    for (const [chain, { file, line }] of this.#chains) {
      if (chains.has(chain)) continue;
      const says =
        chains.size === 0
          ? 'the journal knows nothing of these lines: it is a new file'
          : `its chain ${chain} is not one that the journal knows: the lines were put here, or the journal is a new file`;
      this.#report({ file, line }, says);
      return;
    }
  }
}

function isLink(value: unknown): value is AuditLink {
  return isRow(value) && typeof value['chain'] === 'string' && typeof value['hash'] === 'string' && typeof value['number'] === 'number';
}

/** Takes off a line what other programs put there, and names it. */
function normalise(bytes: Buffer): { readonly bytes: Buffer; readonly habits: readonly string[] } {
  const habits: string[] = [];
  let start = 0;
  let end = bytes.length;
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) {
    start = 3;
    habits.push('with a byte order mark');
  }
  if (bytes[end - 1] === 0x0d) {
    end -= 1;
    habits.push('with CRLF at the ends of lines');
  }
  return { bytes: bytes.subarray(start, end), habits };
}

function isUtf16(bytes: Buffer): boolean {
  return (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff) || bytes.subarray(0, 64).includes(0);
}

function sayTaken({ tasks, lost }: AuditLine): string {
  if (lost !== undefined) return `; what the one before knew of tasks is lost: ${formatValue(lost)}`;
  if (tasks === undefined) return '';
  return tasks === 1 ? '; 1 task was taken along' : `; ${formatValue(tasks)} tasks were taken along`;
}

function formatLink({ chain, number }: AuditLink): string {
  return `${chain}:${number}`;
}

function sayMissing(chain: string, from: number, to: number): string {
  return from === to ? `line ${from} of the chain ${chain} is missing` : `lines ${from} to ${to} of the chain ${chain} are missing`;
}

function formatValue(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
}
