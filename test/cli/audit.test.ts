import { chmodSync, chownSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { AuditLog } from '../../src/audit/audit-log.ts';
import type { AuditEntry } from '../../src/audit/audit-record.ts';
import { Journal } from '../../src/journal/journal.ts';
import { ManualClock } from '../helpers/manual-clock.ts';
import { runBinary } from '../helpers/run-binary.ts';
import { hasTerminal, runInTerminal } from '../helpers/run-in-terminal.ts';
import { callTool, sandboxForTest, settingsFor, startServer, untilTestEnds } from '../helpers/start-server.ts';
import { auditEntry, digestData } from '../journal/samples.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

const DAY_MS = 86_400_000;

function stateFolder(): string {
  const folder = temporaryFolder();
  return folder;
}

/** A terminal and an audit with these entries, the first of 2026-03-04T09:00:00Z and each a day later than the one before. */
async function terminalWith(...entries: readonly Partial<AuditEntry>[]) {
  const MAILSTORE_STATE_DIR = stateFolder();
  const clock = new ManualClock();
  const journal = Journal.open(MAILSTORE_STATE_DIR, { clock });
  const log = new AuditLog(MAILSTORE_STATE_DIR, journal.audit, clock);
  for (const [index, entry] of entries.entries()) {
    if (index > 0) await clock.advance(DAY_MS);
    await log.record(auditEntry(entry));
  }
  await log.close();
  journal.close();
  const path = join(MAILSTORE_STATE_DIR, 'audit.jsonl');
  return {
    folder: MAILSTORE_STATE_DIR,
    audit: (...args: readonly string[]) => runBinary(['audit', ...args], { MAILSTORE_STATE_DIR, MAILSTORE_TIME_ZONE: 'Europe/Berlin' }),
    lines: () => readFileSync(path, 'utf8').trimEnd().split('\n'),
    write: (lines: readonly string[]) => writeFileSync(path, lines.map((line) => `${line}\n`).join('')),
  };
}

/** One more process writes to the audit. */
async function addEntry(folder: string): Promise<void> {
  const clock = new ManualClock();
  const journal = Journal.open(folder, { clock });
  const log = new AuditLog(folder, journal.audit, clock);
  await log.record(auditEntry());
  await log.close();
  journal.close();
}

const DELETION: Partial<AuditEntry> = {
  call: 'call-2',
  target: 'berlin',
  user: 'amira',
  command: 'DeleteUser',
  effect: 'destructive',
  arguments: { userName: 'leaver' },
  decision: 'ask',
  consent: { channel: 'elicitation', answer: 'accepted', prompt: 'Delete the user leaver?' },
  outcome: 'succeeded',
};

const REFUSAL: Partial<AuditEntry> = { ...DELETION, call: 'call-3', decision: 'refuse', reason: 'delete_user is refused: no.' };

describe.runIf(hasTerminal)('mailstore-mcp audit show in a terminal', () => {
  test.each([60, 80, 120])('fits into %i columns', async (columns) => {
    const stateDir = temporaryFolder();
    const settings = { MAILSTORE_STATE_DIR: stateDir, MAILSTORE_TIME_ZONE: 'America/Argentina/Buenos_Aires', LANG: 'C.UTF-8', LC_ALL: '' };
    const login = settingsFor(await sandboxForTest());
    const change = ['call', 'SetUserFullName', 'userName=johndoe', 'fullName=Jack of the branch office', '--access', 'read-write'];
    expect(await runBinary(change, { ...settings, ...login })).toMatchObject({ code: 0 });
    const { screen } = await runInTerminal(['audit', 'show'], [], settings, columns);
    expect(screen).toContain('SetUserFullName');
    expect(screen.split('\n').filter((line) => line.length > columns)).toEqual([]);
  });
});

describe('mailstore-mcp audit show', () => {
  test('shows one line for each entry in columns, the newest last', async () => {
    const { audit } = await terminalWith({ outcome: 'succeeded' }, DELETION, {
      ...DELETION,
      outcome: 'running',
      task: 'task-1',
      change: 7,
      error: 'It broke.',
    });
    expect(await audit('show', '--limit', '3')).toEqual({
      code: 0,
      stderr: '',
      stdout: [
        'TIME (Europe/Berlin)  CLIENT              DECISION  OUTCOME    CALL                          NOTE                                                      EFFECT       USER   TARGET',
        '2026-03-04 10:00:00   test 1.0 (claimed)  allow     succeeded  GetUserInfo userName=johndoe                                                            read         admin  default',
        '2026-03-05 10:00:00   test 1.0 (claimed)  ask       succeeded  DeleteUser userName=leaver    accepted (elicitation)                                    destructive  amira  berlin',
        '2026-03-06 10:00:00   test 1.0 (claimed)  ask       running    DeleteUser userName=leaver    accepted (elicitation); task task-1; change 7; It broke.  destructive  amira  berlin',
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
    expect((await audit('show', '--limit', '1')).stdout.split('\n')[1]).toBe(
      '2026-03-04 10:00:00   test 1.0 (claimed)  allow     -        GetUserInfo userName="a[U+200B]b\\n3 forged"  No. 2 2026[U+001B][2J  read    ami[U+202E]ra  default',
    );
  });

  test.runIf(hasTerminal)('keeps the reason apart from the call on a terminal of 80 columns, and whole', async () => {
    const { folder } = await terminalWith({}, REFUSAL);
    const { screen } = await runInTerminal(['audit', 'show'], [], { MAILSTORE_STATE_DIR: folder, LANG: 'C.UTF-8' }, 80);
    expect(screen).toMatch(/ refuse +succeeded +DeleteUser userNam\S+\n {4}accepted \(elicitation\); delete_user is refused: no\.\n/);
    expect(Math.max(...screen.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80);
  });

  /** The day of the month in March of each call, in which the entries are a day apart, less the three before the first. */
  const readNumbers = (stdout: string) =>
    stdout
      .split('\n')
      .filter((line) => /^\d/.test(line) && !line.includes('opened'))
      .map((line) => Number(line.slice(8, 10)) - 3);

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
    [['--since', '2026-03-05T10:00:00+01:00', '--until', '2026-03-05T10:00'], [2]],
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
  ])('mailstore-mcp audit show with %j shows the lines %j', async (args, numbers) => {
    const { audit } = await terminalWith({}, DELETION, REFUSAL);
    expect(readNumbers((await audit(...args)).stdout)).toEqual(numbers);
  });

  test('shows the newest fifty by default, and says when there is none', async () => {
    const { audit, lines } = await terminalWith(
      ...Array.from({ length: 120 }, (_, index) => ({ call: `call-${index}`, user: `u${index}` })),
    );
    expect(lines()).toHaveLength(121);
    const shown = (await audit('show')).stdout.split('\n').slice(1, -1);
    expect(shown.map((line) => line.split(/ +/).at(-2))).toEqual(Array.from({ length: 50 }, (_, index) => `u${index + 70}`));
    expect((await audit('show', '--user', 'nobody')).stdout).toBe('No line of the audit fits.\n');
  });

  test('writes whole lines as JSON for programs', async () => {
    const { audit, lines } = await terminalWith({}, DELETION);
    expect((await audit('show', '--json')).stdout).toBe(`${lines().join('\n')}\n`);
  });

  test('shows a line that cannot be read, and what the audit says about itself', async () => {
    const { audit, lines, write } = await terminalWith({}, DELETION);
    const shortened = { time: '2026-03-04T09:00:00.000Z', event: 'shortened', from: 20, to: 10 };
    write([lines()[1] ?? '', '{"format":1,\u0007', JSON.stringify(shortened)]);
    expect((await audit('show')).stdout.split('\n').slice(1)).toEqual([
      '2026-03-04 10:00:00   test 1.0 (claimed)  allow     -        GetUserInfo userName=johndoe      read    admin  default',
      '?                                                            unreadable: {"format":1,[U+0007]',
      '2026-03-04 10:00:00                                          shortened {"from":20,"to":10}',
      '',
    ]);
  });
});

describe('mailstore-mcp audit verify', () => {
  test('says how much is there, and the last line, by which it can be checked later', async () => {
    const { audit, lines } = await terminalWith({}, DELETION, REFUSAL);
    const [, first = '', , last = ''] = lines();
    const { chain } = JSON.parse(first) as { chain: string };
    expect(await audit('verify')).toEqual({
      code: 0,
      stderr: '',
      stdout: `4 lines of 1 chain in 1 file, unbroken from 2026-03-04T09:00:00.000Z on; the last is:\n${chain}:4:${digestData(last)}\n`,
    });
    // What is printed can be pasted.
    const printed = (await audit('verify')).stdout.split('\n').at(-2) ?? '';
    expect((await audit('verify', '--expect', printed)).code).toBe(0);
    for (const expected of [`${chain}:2:${digestData(first).toUpperCase()}`, `2:${digestData(first)}`]) {
      expect((await audit('verify', '--expect', expected)).code).toBe(0);
    }
    expect(await audit('verify', '--expect', `${chain}:3:${digestData(first)}`)).toMatchObject({
      code: 1,
      stdout: expect.stringContaining(`audit.jsonl, line 3: it is not the one that was written as ${chain}:3`) as unknown,
    });
  });

  test('names the file, the line and what is wrong with it', async () => {
    const { audit, lines, write } = await terminalWith({}, DELETION, REFUSAL);
    const all = lines();
    const { chain } = JSON.parse(all[0] ?? '') as { chain: string };
    write(all.toSpliced(2, 1));
    expect(await audit('verify')).toEqual({
      code: 1,
      stderr: '',
      stdout: `audit.jsonl, line 3: line 3 of the chain ${chain} is missing or out of place before it.\n`,
    });
    write(all.slice(0, 2));
    expect(await audit('verify')).toMatchObject({
      code: 1,
      stdout: `audit.jsonl, line 2: lines 3 to 4 of the chain ${chain} are missing: the journal names the last one with the SHA-256 ${digestData(all[3] ?? '')}.\n`,
    });
  });

  test('finds a journal that is a new file, also after a later call', async () => {
    const { audit, folder, lines, write } = await terminalWith({}, DELETION, REFUSAL);
    write(lines().slice(0, 3));
    rmSync(join(folder, 'journal.sqlite'));
    expect(await audit('verify')).toMatchObject({
      code: 1,
      stdout: expect.stringContaining('there is no journal with these lines') as unknown,
    });
    expect(readdirSync(folder)).not.toContain('journal.sqlite');
    await addEntry(folder);
    await addEntry(folder);
    expect(await audit('verify')).toMatchObject({
      code: 1,
      stdout: expect.stringContaining('the journal is newer than the lines before it') as unknown,
    });
  });

  test('does not call a record unbroken that was removed together with its journal', async () => {
    const { audit, folder } = await terminalWith({}, DELETION);
    for (const name of readdirSync(folder)) rmSync(join(folder, name), { recursive: true });
    const nothing = `There is nothing to verify: no audit has a line in ${folder}. If calls were made, their record was removed.\n`;
    expect(await audit('verify')).toEqual({ code: 1, stderr: '', stdout: nothing });
  });

  test('says from when on there is a record, which is all that is known of one that was removed with its journal before a call', async () => {
    const { audit, folder } = await terminalWith({}, DELETION);
    for (const name of readdirSync(folder)) rmSync(join(folder, name), { recursive: true });
    const clock = new ManualClock(Date.UTC(2026, 2, 9, 8));
    const journal = Journal.open(folder, { clock });
    const log = new AuditLog(folder, journal.audit, clock);
    await log.record(auditEntry());
    await log.close();
    journal.close();
    expect(await audit('verify')).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^2 lines of 1 chain in 1 file, unbroken from 2026-03-09T08:00:00\.000Z on; the last is:\n/) as unknown,
    });
  });

  test('works on a copy that cannot be written, as the lists of tasks and changes do, and leaves it as it is', async () => {
    const { audit, folder } = await terminalWith({}, DELETION);
    for (const name of readdirSync(folder)) chmodSync(join(folder, name), 0o444);
    chmodSync(folder, 0o555);
    onTestFinished(() => chmodSync(folder, 0o755));
    const before = readdirSync(folder).map((name) => [name, statSync(join(folder, name)).mtimeMs, statSync(join(folder, name)).mode]);
    expect(await audit('verify')).toMatchObject({ code: 0, stdout: expect.stringContaining('3 lines of 1 chain') as unknown });
    expect(await runBinary(['tasks', 'list'], { MAILSTORE_STATE_DIR: folder })).toMatchObject({ code: 0, stderr: '' });
    expect(await runBinary(['changes', 'list'], { MAILSTORE_STATE_DIR: folder })).toMatchObject({ code: 0, stderr: '' });
    expect(readdirSync(folder).map((name) => [name, statSync(join(folder, name)).mtimeMs, statSync(join(folder, name)).mode])).toEqual(
      before,
    );
  });
});

describe.skipIf(process.platform === 'win32')('a copy of the state folder that belongs to another user', () => {
  const shown = [
    ['audit', 'verify'],
    ['audit', 'show'],
    ['tasks', 'list'],
    ['changes', 'list'],
  ];

  /** Only root can give a folder away; for another user, one that others may write is refused for the same reason. */
  function giveAway(folder: string): void {
    if (process.getuid?.() !== 0) return chmodSync(folder, 0o777);
    for (const name of ['.', ...readdirSync(folder)]) chownSync(join(folder, name), 12_345, 12_345);
  }

  test.each(shown)('is read by %s %s', async (...words) => {
    const { folder } = await terminalWith({}, DELETION);
    giveAway(folder);
    expect(await runBinary(words, { MAILSTORE_STATE_DIR: folder })).toMatchObject({ code: 0, stderr: '' });
  });

  test.each([
    ['approve', 'list'],
    ['tasks', 'prune', '--older-than', '1'],
    ['audit', 'restart', '--reason', 'because'],
  ])('is refused by %s %s', async (...words) => {
    const { folder } = await terminalWith({}, DELETION);
    giveAway(folder);
    const refused = await runBinary(words, { MAILSTORE_STATE_DIR: folder });
    expect(refused).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('(the state folder)') as unknown });
  });

  test.each(shown)('is refused by %s %s if a file in it is a symbolic link', async (...words) => {
    const { folder } = await terminalWith({}, DELETION);
    giveAway(folder);
    const link = join(folder, 'audit-000000001.jsonl');
    symlinkSync('/etc/passwd', link);
    const refused = await runBinary(words, { MAILSTORE_STATE_DIR: folder });
    expect(refused).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringContaining(`'${link}' (a file of the state folder)`) as unknown,
    });
  });
});

describe('mailstore-mcp audit restart', () => {
  test.runIf(hasTerminal)('starts again on record when a person at a terminal confirms it', async () => {
    const { audit, folder, write, lines } = await terminalWith({}, DELETION);
    write(lines().map((line) => line.replace('leaver', 'lever')));
    expect((await audit('verify')).code).toBe(1);
    const reason = 'It was saved with an editor.';
    const args = ['audit', 'restart', '--reason', reason];
    const typed = (type: string) => [{ after: 'cancel: ', type }];
    expect((await runInTerminal(args, typed('no'), { MAILSTORE_STATE_DIR: folder })).code).toBe(1);
    expect((await audit('verify')).code).toBe(1);
    expect((await runInTerminal(args, typed('yes'), { MAILSTORE_STATE_DIR: folder })).code).toBe(0);
    expect(await audit('verify')).toMatchObject({ code: 0, stdout: expect.stringContaining(reason) as unknown });
  });

  test('does nothing without a terminal, or without a reason', async () => {
    const { audit, lines } = await terminalWith({});
    const before = lines();
    expect((await audit('restart', '--reason', 'mine')).code).toBe(2);
    expect((await audit('restart')).code).toBe(2);
    expect(lines()).toEqual(before);
  });
});

test('mailstore-mcp audit shows and checks what a server did', async () => {
  const MAILSTORE_STATE_DIR = stateFolder();
  const server = untilTestEnds(await startServer({ sandbox: await sandboxForTest(), env: { MAILSTORE_STATE_DIR } }));
  await callTool(server, 'get_user_info', { userName: 'johndoe' });
  const shown = await runBinary(['audit'], { MAILSTORE_STATE_DIR });
  expect(shown.stdout).toMatch(/ allow +succeeded +GetUserInfo userName=johndoe +read +/m);
  expect((await runBinary(['audit', 'verify'], { MAILSTORE_STATE_DIR })).stdout).toMatch(
    /^\d+ lines of 1 chain in 1 file, unbroken from \S+Z on; the last is:\n[\da-f]{16}:\d+:[\da-f]{64}\n$/,
  );
});

test.each([
  [['verfy'], "mailstore-mcp: There is no subcommand 'audit verfy'; did you mean verify?\n"],
  [['--limit', '0'], "mailstore-mcp: --limit is '0', but must be a whole number from 1 to 999999999.\n"],
  [['--decision', 'allowed'], "mailstore-mcp: --decision is 'allowed', but must be allow, ask, refuse (did you mean allow?).\n"],
  [
    ['--since', 'yesterday'],
    "mailstore-mcp: --since is 'yesterday', but must be a day or a time such as 2026-03-04 or 2026-03-04T09:30:00+01:00.\n",
  ],
  [
    ['--until', '2026-13-01'],
    "mailstore-mcp: --until is '2026-13-01', but must be a day or a time such as 2026-03-04 or 2026-03-04T09:30:00+01:00.\n",
  ],
  [['show', '--expect', '1'], 'mailstore-mcp: Unknown option --expect; see mailstore-mcp audit show --help.\n'],
  [['verify', '--expect', '3'], "mailstore-mcp: --expect is '3', but must be a line as audit verify prints it, CHAIN:NUMBER:HASH.\n"],
])('mailstore-mcp audit %j is refused with one sentence', async (args, stderr) => {
  expect(await runBinary(['audit', ...args], { MAILSTORE_STATE_DIR: stateFolder() })).toEqual({ code: 2, stdout: '', stderr });
});
