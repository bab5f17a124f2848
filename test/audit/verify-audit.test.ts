import { appendFileSync, copyFileSync, readFileSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { AuditLog } from '../../src/audit/audit-log.ts';
import { verifyAudit, type ExpectedLine } from '../../src/audit/verify-audit.ts';
import { systemClock } from '../../src/base/clock.ts';
import { Journal } from '../../src/journal/journal.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';
import { AUDIT_FILE, auditEntry, digestData } from '../journal/samples.ts';

interface Line {
  readonly chain: string;
  readonly time: string;
  readonly number: number;
  readonly previous: string;
  readonly call?: string;
  readonly event?: string;
}

let folder: string;

/** Opens the record as one process does, writes these calls, and ends. */
async function write(calls: string, options: { readonly maxBytes?: number } = {}): Promise<void> {
  const journal = Journal.open(folder, { clock: systemClock });
  const log = new AuditLog(folder, journal.audit, systemClock, options);
  for (const call of calls) await log.record(auditEntry({ call }));
  await log.close();
  journal.close();
}

/** Two processes write at the same time, so that their lines lie among each other in several files. */
beforeEach(async () => {
  folder = temporaryFolder();
  const journals = [1, 2].map(() => Journal.open(folder, { clock: systemClock }));
  const logs = journals.map(({ audit }) => new AuditLog(folder, audit, systemClock, { maxBytes: 2500 }));
  for (const [index, call] of [...'abcdefghijkl'].entries()) await logs[index % 2]?.record(auditEntry({ call }));
  for (const log of logs) await log.close();
  for (const journal of journals) journal.close();
});

const getPath = (file: string) => join(folder, file);
const fileNames = () =>
  readdirSync(folder)
    .filter((name) => name.startsWith('audit'))
    .toSorted();
const readText = (file: string) => readFileSync(getPath(file), 'utf8');
const readLines = (file: string) => readText(file).split('\n').slice(0, -1);
const parse = (text: string) => JSON.parse(text) as Line;
const isCall = (call: string) => (text: string) => text.includes(`"call":"${call}"`);

/** Returns the file and the number of the line of a call. */
function findPlace(call: string): { readonly file: string; readonly line: number; readonly text: string } {
  for (const file of fileNames()) {
    const index = readLines(file).findIndex(isCall(call));
    if (index !== -1) return { file, line: index + 1, text: readLines(file)[index] ?? '' };
  }
  throw new Error(`no line of ${call}`);
}

function rewrite(file: string, change: (lines: readonly string[]) => readonly string[]): void {
  writeFileSync(
    getPath(file),
    change(readLines(file))
      .map((line) => `${line}\n`)
      .join(''),
  );
}

async function verdict(...expected: readonly ExpectedLine[]) {
  const journal = Journal.openToRead(folder, { clock: systemClock });
  try {
    return await verifyAudit(folder, journal?.audit, ...expected);
  } finally {
    journal?.close();
  }
}

const problems = async (...expected: readonly ExpectedLine[]) => (await verdict(...expected)).problems;
const saying = (text: string) => expect.stringContaining(text) as unknown;

describe('the check of an audit', () => {
  test('counts the lines, chains and files of a whole one and names its last line', async () => {
    const text = readLines(AUDIT_FILE).at(-1) ?? '';
    const { chain, number } = parse(text);
    const lines = fileNames().flatMap(readLines).length;
    expect(fileNames().length).toBeGreaterThan(2);
    expect(await verdict()).toEqual({
      lines,
      chains: 2,
      files: fileNames().length,
      last: { chain, number, hash: digestData(text) },
      since: parse(readLines(fileNames()[0] ?? '')[0] ?? '').time,
      problems: [],
      notes: [],
    });
  });

  test('says nothing against one that was never written', async () => {
    folder = temporaryFolder();
    expect(await verdict()).toEqual({ lines: 0, chains: 0, files: 0, problems: [], notes: [] });
  });

  test('finds a changed byte', async () => {
    const { file, line } = findPlace('c');
    rewrite(file, (lines) => lines.map((text) => text.replace('"call":"c"', '"call":"C"')));
    expect(await problems()).toMatchObject([{ file, line, says: saying('it or the line that follows it in its chain was changed') }]);
  });

  test('finds a changed byte in the last line of each chain', async () => {
    for (const call of ['k', 'l']) {
      const { file, line } = findPlace(call);
      const before = readText(file);
      rewrite(file, (lines) => lines.map((text) => text.replace(`"call":"${call}"`, '"call":"X"')));
      expect(await problems()).toMatchObject([{ file, line, says: saying('it is not the one that was written as') }]);
      writeFileSync(getPath(file), before);
    }
  });

  test.each(['?"format"', '[2]'])('finds a line that is %s', async (text) => {
    const { file, line } = findPlace('e');
    rewrite(file, (lines) => lines.with(line - 1, text));
    expect((await problems())[0]).toEqual({ file, line, says: 'it is not a line of the audit' });
  });

  test('finds a deleted line', async () => {
    const { file, text } = findPlace('e');
    const { chain, number } = parse(text);
    rewrite(file, (lines) => lines.filter((line) => line !== text));
    expect(await problems()).toMatchObject([{ says: `line ${number} of the chain ${chain} is missing or out of place before it` }]);
  });

  test('finds swapped lines of a chain', async () => {
    const [first, second] = [findPlace('e').text, findPlace('g').text];
    for (const file of fileNames()) {
      rewrite(file, (lines) => lines.map((line) => (line === first ? second : line === second ? first : line)));
    }
    expect((await problems()).map(({ says }) => says)).toEqual([
      saying('missing or out of place before it'),
      saying('out of place or was inserted'),
    ]);
  });

  test('finds a line that is there twice', async () => {
    const { file, line, text } = findPlace('e');
    rewrite(file, (lines) => lines.toSpliced(line, 0, text));
    expect(await problems()).toMatchObject([{ file, line: line + 1, says: saying('it is out of place or was inserted') }]);
  });

  test('finds a line of a chain of its own that was put there', async () => {
    const forged = JSON.stringify({ ...parse(findPlace('e').text), chain: '0123456789abcdef', number: 1, previous: '0'.repeat(64) });
    appendFileSync(getPath(AUDIT_FILE), `${forged}\n`);
    expect(await problems()).toMatchObject([{ says: saying('its chain 0123456789abcdef is not one that the journal knows') }]);
  });

  test('finds a chain that is missing as a whole', async () => {
    const { chain } = parse(findPlace('a').text);
    for (const file of fileNames()) rewrite(file, (lines) => lines.filter((line) => parse(line).chain !== chain));
    expect(await problems()).toMatchObject([{ says: saying(`of the chain ${chain} are missing: the journal names the last one`) }]);
  });

  test('finds a chain that is missing in the file and in the journal, by the chain that names it', async () => {
    await write('x');
    const { chain } = parse(findPlace('a').text);
    for (const file of fileNames()) rewrite(file, (lines) => lines.filter((line) => parse(line).chain !== chain));
    const heads = Journal.open(folder, { clock: systemClock });
    const known = await heads.audit.known();
    heads.close();
    const without = {
      known: async () => ({
        ...known,
        chains: known.chains.filter((other) => other !== chain),
        heads: known.heads.filter((head) => head.chain !== chain),
      }),
    };
    expect((await verifyAudit(folder, without)).problems).toMatchObject([
      { says: saying(`of the chain ${chain} are missing: another chain names the last one`) },
    ]);
  });

  test.each([10, 1])('finds a tail that was cut off by %i bytes and more', async (bytes) => {
    const size = readText(AUDIT_FILE).length;
    truncateSync(getPath(AUDIT_FILE), size - bytes);
    expect((await problems()).length).toBe(bytes === 1 ? 0 : 1);
    // What is left of the last line goes too; the line before it may be of the other chain.
    rewrite(AUDIT_FILE, (lines) => lines);
    expect(await problems()).toMatchObject([{ says: saying('missing: the journal names the last one with the SHA-256') }]);
  });

  test('finds that a file was deleted, the first, one between, the last, and all', async () => {
    const names = fileNames();
    for (const name of names) {
      const text = readText(name);
      rmSync(getPath(name));
      expect((await problems()).length).toBeGreaterThan(0);
      writeFileSync(getPath(name), text);
    }
    for (const name of names) rmSync(getPath(name));
    expect(await problems()).toMatchObject([
      { says: saying('are missing: the journal names') },
      { says: saying('are missing: the journal names') },
    ]);
  });

  test('finds that a file was put in the place of another', async () => {
    const [first = '', second = ''] = fileNames();
    copyFileSync(getPath(first), getPath(second));
    expect((await problems())[0]).toMatchObject({ file: second, line: 1, says: saying('out of place or was inserted') });
  });

  test('finds a line that was noted elsewhere, with and without its chain', async () => {
    const { chain, number } = parse(findPlace('k').text);
    const hash = digestData(findPlace('k').text);
    expect([await problems({ number, hash }), await problems({ chain, number, hash })]).toEqual([[], []]);
    const other = digestData('other');
    expect(await problems({ number, hash: other })).toMatchObject([{ says: saying(`no line ${number} has the SHA-256 ${other}`) }]);
    expect(await problems({ chain, number: 99, hash })).toMatchObject([{ says: saying('the line expected names the last one') }]);
  });

  test('takes a last line that lacks only its line break for whole, and half a line for one that was being written', async () => {
    const text = readText(AUDIT_FILE);
    writeFileSync(getPath(AUDIT_FILE), text.slice(0, -1));
    expect(await problems()).toEqual([]);
    writeFileSync(getPath(AUDIT_FILE), `${text}{"format":1,"chain":"01`);
    expect(await problems()).toEqual([]);
  });

  test.each([
    ['CRLF at the ends of lines', (text: string) => Buffer.from(text.replaceAll('\n', '\r\n'))],
    ['a byte order mark', (text: string) => Buffer.from(`\uFEFF${text}`)],
    ['another encoding than UTF-8', (text: string) => Buffer.from(text.replace('"user":"admin"', '"user":"ädmin"'), 'latin1')],
    ['UTF-16', (text: string) => Buffer.from(`\uFEFF${text}`, 'utf16le')],
  ])('names a file that another program has saved with %s', async (name, save) => {
    writeFileSync(getPath(AUDIT_FILE), save(readText(AUDIT_FILE)));
    expect(
      (await problems())
        .map(({ says }) => says)
        .filter((says) => says.includes('program'))
        .join(),
    ).toContain(name);
  });
});

describe('a journal that is newer than its lines', () => {
  const says = 'the journal is newer than the lines before it (at the start)';

  test('is found before the next process, and for ever after it', async () => {
    rmSync(getPath('journal.sqlite'));
    expect(await problems()).toMatchObject([{ says: saying('there is no journal with these lines') }]);
    await write('x');
    expect((await problems())[0]).toMatchObject({ says });
    await write('y');
    await write('z');
    expect((await problems())[0]).toMatchObject({ says });
  });

  test('is found where the audit was cut to three lines as well', async () => {
    rmSync(getPath('journal.sqlite'));
    const lines = fileNames().flatMap(readLines).slice(0, 3);
    for (const name of fileNames()) rmSync(getPath(name));
    writeFileSync(getPath(AUDIT_FILE), lines.map((line) => `${line}\n`).join(''));
    expect((await problems()).length).toBe(1);
    for (const call of 'xyz') await write(call);
    expect((await problems())[0]).toMatchObject({ says });
  });
});

test.each([
  ['empty', () => writeFileSync(getPath(AUDIT_FILE), ''), 'the lines before it were not there when it was written'],
  ['missing', () => rmSync(getPath(AUDIT_FILE)), 'the lines before it were not there when it was written'],
  ['cut', () => truncateSync(getPath(AUDIT_FILE), 100), 'the file was cut from'],
])('an audit that is %s while its journal is used is found, also after further processes', async (_, tamper, says) => {
  folder = temporaryFolder();
  await write('abc');
  tamper();
  expect((await problems()).length).toBeGreaterThan(0);
  await write('x');
  await write('y');
  expect((await problems()).map((problem) => problem.says)).toEqual(expect.arrayContaining([saying(says), saying('missing')]) as unknown);
});
