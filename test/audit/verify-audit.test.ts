import { appendFileSync, copyFileSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import type { AuditHead } from '../../src/journal/audit-head.ts';
import { AuditLog } from '../../src/audit/audit-log.ts';
import { Journal } from '../../src/journal/journal.ts';
import { readAudit, verifyAudit } from '../../src/audit/verify-audit.ts';
import { ManualClock } from '../helpers/manual-clock.ts';
import { temporaryFolder } from '../journal/engines.ts';
import { AUDIT_FILE, auditEntry, digestOf } from '../journal/samples.ts';

const FIRST = 'audit-000000001.jsonl';
const SECOND = 'audit-000000004.jsonl';

let folder: string;
let head: AuditHead;

/** Three files: the lines 1 to 3, 4 to 6, and 7 to 9. */
beforeEach(() => {
  folder = temporaryFolder();
  const clock = new ManualClock();
  const journal = Journal.open(folder, { clock });
  const log = new AuditLog(folder, journal.audit, clock, { maxBytes: 1000 });
  for (const call of 'abcdefghi') log.record(auditEntry({ call }));
  log.close();
  head = journal.audit.head();
  journal.close();
});

const pathOf = (file: string) => join(folder, file);
const linesOf = (file: string) => readFileSync(pathOf(file), 'utf8').split('\n').slice(0, -1);
const hashAt = (file: string, line: number) => digestOf(linesOf(file)[line - 1] ?? '');

function write(file: string, lines: readonly (string | undefined)[]): void {
  writeFileSync(pathOf(file), lines.map((line) => `${line}\n`).join(''));
}

function edit(file: string, from: string, to: string): void {
  writeFileSync(pathOf(file), readFileSync(pathOf(file), 'utf8').replace(from, to));
}

async function problem(...expected: readonly AuditHead[]) {
  return (await verifyAudit(folder, head, ...expected)).problem;
}

describe('the check of an audit', () => {
  test('counts the lines and files of a whole one and names its last line', async () => {
    expect(await verifyAudit(folder, head)).toEqual({ lines: 9, files: 3, head: { sequence: 9, hash: hashAt(AUDIT_FILE, 3) } });
  });

  test('says nothing against one that was never written', async () => {
    const empty = { sequence: 0, hash: '', file: '' };
    expect(await verifyAudit(temporaryFolder(), empty)).toEqual({ lines: 0, files: 0, head: { sequence: 0, hash: '0'.repeat(64) } });
  });

  test('lets the lines be ahead of the head that is stored, and a line be unfinished', async () => {
    head = { sequence: 5, hash: hashAt(SECOND, 2), file: AUDIT_FILE };
    appendFileSync(pathOf(AUDIT_FILE), '{"sequence":10,');
    expect(await verifyAudit(folder, head)).toEqual({ lines: 9, files: 3, head: { sequence: 9, hash: hashAt(AUDIT_FILE, 3) } });
  });

  test('finds a changed byte', async () => {
    const before = hashAt(SECOND, 2);
    edit(SECOND, '"call":"e"', '"call":"E"');
    expect(await problem()).toEqual({
      file: SECOND,
      line: 2,
      says: `it or the line after it was changed: its SHA-256 is ${hashAt(SECOND, 2)}, and the line after it names ${before}`,
    });
  });

  test('finds a changed byte in the last line of a file', async () => {
    edit(FIRST, '"call":"c"', '"call":"C"');
    expect(await problem()).toMatchObject({ file: FIRST, line: 3 });
  });

  test('finds a changed byte in the last line of all', async () => {
    edit(AUDIT_FILE, '"call":"i"', '"call":"I"');
    expect(await problem()).toEqual({
      file: AUDIT_FILE,
      line: 3,
      says: `it is not the one that was written as 9: its SHA-256 is ${hashAt(AUDIT_FILE, 3)}, and that one’s is ${head.hash}`,
    });
  });

  test('finds a line that is no longer JSON', async () => {
    edit(FIRST, '"call":"b"', '"call":"b');
    expect(await problem()).toEqual({ file: FIRST, line: 2, says: 'it is not a line of the audit' });
  });

  test('finds a line that is JSON and no line of the audit', async () => {
    write(FIRST, [linesOf(FIRST)[0], '[2]', linesOf(FIRST)[2]]);
    expect(await problem()).toEqual({ file: FIRST, line: 2, says: 'it is not a line of the audit' });
  });

  test('finds a deleted line', async () => {
    const [first, , third] = linesOf(SECOND);
    write(SECOND, [first, third]);
    expect(await problem()).toEqual({ file: SECOND, line: 2, says: 'line 5 of the audit is missing or out of place before it' });
  });

  test('finds a deleted first line', async () => {
    write(FIRST, linesOf(FIRST).slice(1));
    expect(await problem()).toMatchObject({
      file: FIRST,
      line: 1,
      says: expect.stringContaining('line 1 of the audit is missing') as unknown,
    });
  });

  test('finds swapped lines', async () => {
    const [first, second, third] = linesOf(SECOND);
    write(SECOND, [second, first, third]);
    expect(await problem()).toMatchObject({
      file: SECOND,
      line: 1,
      says: expect.stringContaining('line 4 of the audit is missing or out of place') as unknown,
    });
  });

  test('finds a line that was inserted', async () => {
    const [first, second, third] = linesOf(SECOND);
    write(SECOND, [first, second, second, third]);
    expect(await problem()).toEqual({
      file: SECOND,
      line: 3,
      says: 'it has the number 5 and stands after 5: it is out of place or was inserted',
    });
  });

  test('finds a tail that was cut off, at a line break and inside of a line', async () => {
    const missing = {
      file: AUDIT_FILE,
      line: 3,
      says: `line 9 of the audit is missing: the last one was written with the SHA-256 ${head.hash}`,
    };
    truncateSync(pathOf(AUDIT_FILE), readFileSync(pathOf(AUDIT_FILE)).length - 10);
    expect(await problem()).toEqual(missing);
    write(AUDIT_FILE, linesOf(AUDIT_FILE));
    expect(await problem()).toEqual(missing);
  });

  test('finds a cut inside of a full file', async () => {
    truncateSync(pathOf(FIRST), readFileSync(pathOf(FIRST)).length - 1);
    expect(await problem()).toEqual({ file: FIRST, line: 3, says: 'it has no line break at its end: a part of the file is missing' });
  });

  test('finds that a full file was deleted', async () => {
    rmSync(pathOf(SECOND));
    expect(await problem()).toEqual({
      file: AUDIT_FILE,
      line: 1,
      says: 'lines 4 to 6 of the audit are missing or out of place before it, with the file audit-000000004.jsonl',
    });
  });

  test('finds that the first file was deleted', async () => {
    rmSync(pathOf(FIRST));
    expect(await problem()).toEqual({
      file: SECOND,
      line: 1,
      says: 'lines 1 to 3 of the audit are missing or out of place before it, with the file audit-000000001.jsonl',
    });
  });

  test('finds that the last file was deleted, and that all were', async () => {
    rmSync(pathOf(AUDIT_FILE));
    expect(await problem()).toMatchObject({
      file: SECOND,
      line: 4,
      says: expect.stringContaining('lines 7 to 9 of the audit are missing') as unknown,
    });
    for (const file of [FIRST, SECOND]) rmSync(pathOf(file));
    expect(await problem()).toMatchObject({
      file: AUDIT_FILE,
      line: 1,
      says: expect.stringContaining('lines 1 to 9 of the audit are missing') as unknown,
    });
  });

  test('finds that a file was put in the place of another', async () => {
    copyFileSync(pathOf(FIRST), pathOf(SECOND));
    expect(await problem()).toMatchObject({
      file: SECOND,
      line: 1,
      says: expect.stringContaining('it has the number 1 and stands after 3') as unknown,
    });
  });

  test('finds a chain that was written anew from a changed line on, by a line that was noted elsewhere', async () => {
    const noted = { sequence: 8, hash: hashAt(AUDIT_FILE, 2), file: '' };
    expect(await problem(noted)).toBeUndefined();
    let previous = hashAt(SECOND, 3);
    const anew = linesOf(AUDIT_FILE).map((line) => {
      const text = JSON.stringify({ ...(JSON.parse(line) as object), previous, user: 'nobody' });
      previous = digestOf(text);
      return text;
    });
    write(AUDIT_FILE, anew);
    head = { sequence: 9, hash: previous, file: AUDIT_FILE };
    expect(await problem()).toBeUndefined();
    expect(await problem(noted)).toMatchObject({
      file: AUDIT_FILE,
      line: 2,
      says: expect.stringContaining('it is not the one that was written as 8') as unknown,
    });
    expect(await problem({ ...noted, sequence: 12 })).toMatchObject({
      says: expect.stringContaining('lines 10 to 12 of the audit are missing') as unknown,
    });
  });

  test('names the first problem of several', async () => {
    edit(AUDIT_FILE, '"call":"h"', '"call":"H"');
    edit(FIRST, '"call":"a"', '"call":"A"');
    rmSync(pathOf(SECOND));
    expect(await problem()).toMatchObject({ file: FIRST, line: 1 });
  });
});

test('the audit is read over all files in order, with what cannot be read as it is', async () => {
  edit(SECOND, '{"sequence":5', '?"sequence":5');
  const calls: unknown[] = [];
  for await (const { call, unreadable } of readAudit(folder)) calls.push(call ?? String(unreadable).slice(0, 13));
  expect(calls).toEqual(['a', 'b', 'c', 'd', '?"sequence":5', 'f', 'g', 'h', 'i']);
});
