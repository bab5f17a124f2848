import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { AuditLog } from '../../src/audit/audit-log.ts';
import type { AuditEntry } from '../../src/audit/audit-record.ts';
import { Journal } from '../../src/journal/journal.ts';
import { ManualClock } from '../helpers/manual-clock.ts';
import { runBinary } from '../helpers/run-binary.ts';
import { callTool, sandboxForTest, startServer, untilTestEnds } from '../helpers/start-server.ts';
import { auditEntry, digestOf } from '../journal/samples.ts';

const DAY_MS = 86_400_000;

function stateFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'mailstore-mcp-audit-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A terminal beside an audit with these entries, the first of 2026-03-04T09:00:00Z and each a day later than the one before. */
async function terminalWith(...entries: readonly Partial<AuditEntry>[]) {
  const MAILSTORE_STATE_DIR = stateFolder();
  const clock = new ManualClock();
  const journal = Journal.open(MAILSTORE_STATE_DIR, { clock });
  const log = new AuditLog(MAILSTORE_STATE_DIR, journal.audit, clock);
  for (const [index, entry] of entries.entries()) {
    if (index > 0) await clock.advance(DAY_MS);
    log.record(auditEntry(entry));
  }
  log.close();
  journal.close();
  const path = join(MAILSTORE_STATE_DIR, 'audit.jsonl');
  return {
    audit: (...args: readonly string[]) => runBinary(['audit', ...args], { MAILSTORE_STATE_DIR }),
    lines: () => readFileSync(path, 'utf8').trimEnd().split('\n'),
    write: (lines: readonly string[]) => writeFileSync(path, lines.map((line) => `${line}\n`).join('')),
  };
}

const DELETION: Partial<AuditEntry> = {
  call: 'call-2',
  target: 'berlin',
  user: 'amira',
  command: 'DeleteUser',
  effect: 'destructive',
  arguments: { userName: 'leaver' },
  decision: 'ask',
  consent: { channel: 'elicitation', answer: 'yes', prompt: 'Delete the user leaver?' },
  outcome: 'succeeded',
};

const REFUSAL: Partial<AuditEntry> = { ...DELETION, call: 'call-3', decision: 'refuse', reason: 'delete_user is refused: no.' };

describe('mailstore-mcp audit show', () => {
  test('shows one line for each entry in columns, the newest last', async () => {
    const { audit } = await terminalWith({ outcome: 'succeeded' }, DELETION, {
      ...DELETION,
      outcome: 'running',
      task: 'task-1',
      change: 7,
      error: 'It broke.',
    });
    expect(await audit('show')).toEqual({
      code: 0,
      stderr: '',
      stdout: [
        '1  2026-03-04T09:00:00Z  default  admin  test 1.0  read         allow  succeeded  GetUserInfo {"userName":"johndoe"}',
        '2  2026-03-05T09:00:00Z  berlin   amira  test 1.0  destructive  ask    succeeded  DeleteUser {"userName":"leaver"}  yes (elicitation)',
        '3  2026-03-06T09:00:00Z  berlin   amira  test 1.0  destructive  ask    running    DeleteUser {"userName":"leaver"}  yes (elicitation)  task task-1  change 7  It broke.',
        '',
      ].join('\n'),
    });
  });

  test('keeps text of the archive from steering the terminal or passing for a line', async () => {
    const { audit } = await terminalWith({
      user: 'ami\u202Era',
      error: 'No.\n2  2026\u001B[2J',
      arguments: { userName: 'a\u200Bb\n3  forged' },
    });
    expect((await audit('show')).stdout).toBe(
      '1  2026-03-04T09:00:00Z  default  ami[U+202E]ra  test 1.0  read  allow  -  GetUserInfo {"userName":"a[U+200B]b\\n3 forged"}  No. 2 2026[U+001B][2J\n',
    );
  });

  const numbersOf = (stdout: string) =>
    stdout
      .split('\n')
      .slice(0, -1)
      .map((line) => Number.parseInt(line, 10));

  test.each([
    [
      ['--since', '2026-03-05'],
      [2, 3],
    ],
    [
      ['--until', '2026-03-05'],
      [1, 2],
    ],
    [['--since', '2026-03-05T09:00:01Z'], [3]],
    [['--since', '2026-03-05T10:00:00+01:00', '--until', '2026-03-05T09:00'], [2]],
    [
      ['--command', 'DeleteUser'],
      [2, 3],
    ],
    [
      ['--command', 'delete_user'],
      [2, 3],
    ],
    [['--target', 'default'], [1]],
    [['--decision', 'refuse'], [3]],
    [
      ['--outcome', 'succeeded', '--user', 'amira'],
      [2, 3],
    ],
    [['--limit', '1'], [3]],
    [['--limit', '1', '--decision', 'ask'], [2]],
  ])('with %j shows the lines %j', async (args, numbers) => {
    const { audit } = await terminalWith({}, DELETION, REFUSAL);
    expect(numbersOf((await audit(...args)).stdout)).toEqual(numbers);
  });

  test('shows the newest fifty unless told, and says when there is none', async () => {
    const { audit } = await terminalWith(...Array.from({ length: 120 }, () => ({})));
    expect(numbersOf((await audit('show')).stdout)).toEqual(Array.from({ length: 50 }, (_, index) => index + 71));
    expect((await audit('show', '--user', 'nobody')).stdout).toBe('No line of the audit fits.\n');
  });

  test('writes whole lines as JSON for programs', async () => {
    const { audit, lines } = await terminalWith({}, DELETION);
    expect((await audit('show', '--json')).stdout).toBe(`${lines().join('\n')}\n`);
  });

  test('shows a line that cannot be read, and the gap after it', async () => {
    const { audit, lines, write } = await terminalWith({}, DELETION);
    write([
      lines()[0] ?? '',
      '{"sequence":2,\u0007',
      JSON.stringify({ sequence: 3, time: '2026-03-04T09:00:00.000Z', event: 'gap', head: { sequence: 2, hash: 'ab' } }),
    ]);
    expect((await audit('show')).stdout).toBe(
      [
        '1  2026-03-04T09:00:00Z  default  admin  test 1.0  read  allow  -  GetUserInfo {"userName":"johndoe"}',
        '?  unreadable: {"sequence":2,[U+0007]',
        '3  2026-03-04T09:00:00Z  gap: line 2 with the SHA-256 ab was not found where it was written',
        '',
      ].join('\n'),
    );
  });
});

describe('mailstore-mcp audit verify', () => {
  test('says how much is there, and the last line, by which it can be checked later', async () => {
    const { audit, lines } = await terminalWith({}, DELETION, REFUSAL);
    const [first = '', , third = ''] = lines();
    expect(await audit('verify')).toEqual({
      code: 0,
      stderr: '',
      stdout: `3 lines in 1 file, unbroken; the last is 3 ${digestOf(third)}\n`,
    });
    expect((await audit('verify', '--expect', `1:${digestOf(first).toUpperCase()}`)).code).toBe(0);
    expect(await audit('verify', '--expect', `2:${digestOf(first)}`)).toMatchObject({
      code: 1,
      stdout: expect.stringContaining('audit.jsonl, line 2: it is not the one that was written as 2') as unknown,
    });
  });

  test('names the file, the line and what is wrong with it', async () => {
    const { audit, lines, write } = await terminalWith({}, DELETION, REFUSAL);
    const [first = '', , third = ''] = lines();
    write([first, third]);
    expect(await audit('verify')).toEqual({
      code: 1,
      stderr: '',
      stdout: 'audit.jsonl, line 2: line 2 of the audit is missing or out of place before it.\n',
    });
    write([first]);
    expect(await audit('verify')).toMatchObject({
      code: 1,
      stdout: `audit.jsonl, line 2: lines 2 to 3 of the audit are missing: the last one was written with the SHA-256 ${digestOf(third)}.\n`,
    });
  });
});

test('mailstore-mcp audit shows and checks what a server did', async () => {
  const MAILSTORE_STATE_DIR = stateFolder();
  const server = untilTestEnds(await startServer({ sandbox: await sandboxForTest(), env: { MAILSTORE_STATE_DIR } }));
  await callTool(server, 'get_user_info', { userName: 'johndoe' });
  const shown = await runBinary(['audit'], { MAILSTORE_STATE_DIR });
  expect(shown.stdout).toMatch(/ read {2}allow {2}succeeded {2}GetUserInfo \{"userName":"johndoe"\}$/m);
  expect((await runBinary(['audit', 'verify'], { MAILSTORE_STATE_DIR })).stdout).toMatch(
    /^\d+ lines? in 1 file, unbroken; the last is \d+ [\da-f]{64}\n$/,
  );
});

test.each([
  [['verfy'], "mailstore-mcp: There is no subcommand 'audit verfy'; did you mean verify?\n"],
  [['--limit', '0'], "mailstore-mcp: --limit is '0', but must be a whole number from 1 to 999999999.\n"],
  [['--decision', 'allowed'], "mailstore-mcp: --decision is 'allowed', but must be allow, ask, refuse (did you mean allow?).\n"],
  [
    ['--since', 'yesterday'],
    "mailstore-mcp: --since is 'yesterday', but must be a day or a time such as 2026-03-04 or 2026-03-04T09:30:00Z.\n",
  ],
  [
    ['--until', '2026-13-01'],
    "mailstore-mcp: --until is '2026-13-01', but must be a day or a time such as 2026-03-04 or 2026-03-04T09:30:00Z.\n",
  ],
  [['show', '--expect', '1'], 'mailstore-mcp: Unknown option --expect; see mailstore-mcp audit show --help.\n'],
  [
    ['verify', '--expect', '3'],
    "mailstore-mcp: --expect is '3', but must be the number and the SHA-256 of a line as audit verify tells them, SEQUENCE:HASH.\n",
  ],
])('mailstore-mcp audit %j is refused with one sentence', async (args, stderr) => {
  expect(await runBinary(['audit', ...args], { MAILSTORE_STATE_DIR: stateFolder() })).toEqual({ code: 2, stdout: '', stderr });
});
