import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { renderCsv } from '../../src/base/csv.ts';
import { Journal } from '../../src/journal/journal.ts';
import { ManualClock } from '../helpers/manual-clock.ts';
import { runBinary } from '../helpers/run-binary.ts';
import { describeCommand, hasTerminal, runInTerminal, runShellInTerminal } from '../helpers/run-in-terminal.ts';

const UTF8 = { LANG: 'C.UTF-8', LC_ALL: '' };
const ASCII = { LANG: 'C', LC_ALL: 'C' };

let folder = '';
let settings: Readonly<Record<string, string>> = {};

/** Records tasks that ended long ago, so that their age does not change while the test runs. */
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'mailstore-mcp-terminal-'));
  settings = { MAILSTORE_STATE_DIR: folder, MAILSTORE_TIME_ZONE: 'Europe/Berlin' };
  const clock = new ManualClock(Date.now() - 3 * 86_400_000 - 60_000);
  const journal = Journal.open(folder, { clock });
  const holder = { id: 'gone', pid: 1, host: 'archive' };
  for (let id = 1; id <= 25; id += 1) {
    const argumentsMasked = { id, folder: id === 25 ? 'amira\u001B[2J山田太郎 of the branch office in Düsseldorf' : 'amira' };
    const intent = { command: 'RebuildStoreIndex', target: 'default', argumentsKey: String(id), argumentsMasked };
    const { task } = await journal.tasks.begin(intent, holder);
    await clock.advance(125_000);
    const finding = id === 24 ? { finding: { errors: 2, warnings: 0 } } : {};
    await journal.tasks.finish(task.taskId, { status: 'succeeded', result: null, ...finding });
  }
  journal.close();
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The first lines, with ids made equal. */
const firstLines = (screen: string, count: number) =>
  screen
    .split('\n')
    .slice(0, count)
    .map((line) => line.replace(/^[\da-f]{8}/, 'xxxxxxxx'));

describe.runIf(hasTerminal)('the list of tasks', () => {
  test('is cut to 60 columns, aligned also where characters are two columns wide', async () => {
    const { screen } = await runInTerminal(['tasks'], [], { ...settings, ...UTF8 }, 60);
    expect(firstLines(screen, 3)).toEqual([
      'ID        STATE                   COMMAND       ARGUMENTS',
      'xxxxxxxx  succeeded               RebuildStor…  id=25 folde…',
      'xxxxxxxx  finished with 2 errors  RebuildStor…  id=24 folde…',
    ]);
    expect(screen).toContain('\nNot shown, for want of width: STARTED, TOOK, ARCHIVE\n');
  });

  test('is whole at 120 columns', async () => {
    const { screen } = await runInTerminal(['tasks'], [], { ...settings, ...UTF8 }, 120);
    expect(firstLines(screen, 3)).toEqual([
      'ID        STATE                   COMMAND            ARGUMENTS                               STARTED       TOOK  ARCHIVE',
      'xxxxxxxx  succeeded               RebuildStoreIndex  id=25 folder="amira\\u001b[2J山田太郎…   2 d ago  2 min 5 s  default',
      'xxxxxxxx  finished with 2 errors  RebuildStoreIndex  id=24 folder=amira                      2 d ago  2 min 5 s  default',
    ]);
    expect(screen).toContain('\n20 of 25 shown; --all shows the rest.\n');
  });

  test('has no character beyond ASCII of its own where the locale is C', async () => {
    const { screen } = await runInTerminal(['tasks'], [], { ...settings, ...ASCII }, 60);
    expect(firstLines(screen, 3)).toEqual([
      'ID        STATE                   COMMAND       ARGUMENTS',
      'xxxxxxxx  succeeded               RebuildSt...  id=25 fol...',
      'xxxxxxxx  finished with 2 errors  RebuildSt...  id=24 fol...',
    ]);
    expect(screen).toMatch(/^[\n -~]*$/);
  });
});

describe.runIf(hasTerminal)('a page of help', () => {
  test.each([[['--help']], [['setup', '--help']], [['call', '--help']], [['call', 'CreateUser', '--help']], [['call', '--list']]])(
    '%j has no character beyond ASCII where the locale is C',
    async (args) => {
      const { screen, code } = await runInTerminal(args, [], ASCII, 100);
      expect([code, screen.match(/[^\n\r -~]/g)]).toEqual([0, null]);
    },
  );
});

describe.runIf(hasTerminal)('a person at a terminal', () => {
  test('is asked before ended tasks are removed from the record', async () => {
    const prune = ['tasks', 'prune', '--older-than', '1'];
    const refused = await runInTerminal(prune, [{ after: ' to cancel:', type: 'no' }], { ...settings, ...UTF8 });
    expect(refused.screen).toContain('25 ended tasks that ended more than 1 day ago would be removed, with results and messages.');
    expect({ code: refused.code, last: refused.screen.trimEnd().split('\n').at(-1) }).toEqual({ code: 1, last: 'No task was removed.' });
    const { stdout } = await runBinary(['tasks', 'list', '--all', '--quiet'], settings);
    expect(stdout.trimEnd().split('\n')).toHaveLength(25);
  });

  test('watches the list of tasks until Ctrl-C', async () => {
    const { screen } = await runInTerminal(['tasks', 'list', '--watch'], [{ after: 'finished with 2 errors', keys: '\x03' }], settings);
    expect(screen.startsWith('\x1b[HID ')).toBe(true);
  });

  test('reads an answer as a table that fits, with sizes in words', async () => {
    const { screen } = await runInTerminal(['call', 'GetStores', '--sandbox'], [], UTF8, 80);
    const [header = '', first = ''] = screen.split('\n');
    expect(header).toMatch(/^id {2}name +type +requestedState /);
    expect(first).toMatch(/^ 1 {2}2023 +FileSystem\S* +writeProte/);
    const widths = screen.split('\n').flatMap((line) => (line.startsWith('Not shown') ? [] : [line.length]));
    expect(Math.max(...widths)).toBeLessThanOrEqual(80);
    expect(screen).toMatch(/Not shown, for want of width: .*statisticsSize/);
  });

  test('reads numbers and sizes as the locale of the terminal writes them, and never so in JSON', async () => {
    const call = describeCommand(['call', 'storage_report', 'archives=false', '--sandbox']);
    const { screen } = await runShellInTerminal(`stty cols 160; ${call}; ${call} -o json`, [], { LC_ALL: '', LANG: 'de_DE.UTF-8' });
    const [table = '', json = ''] = screen.split(/^(?=\{)/m);
    // A hundred and more have no decimals, and the sum grows with the day.
    expect(table).toMatch(/\d MB in 7 stores; about \d+(?:,\d)? MB more a day/);
    expect(table).toMatch(/ 99,4 MB +700 /);
    expect(json).toMatch(/"headline": "\d+(?:\.\d)? MB in 7 stores/);
    expect(json).toContain('"size": "99.4 MB"');
  });

  test('reads times in the configured zone, whole also in a narrow table, and the zone once', async () => {
    const settled = { ...UTF8, MAILSTORE_TIME_ZONE: 'Europe/Berlin' };
    const { screen } = await runInTerminal(['call', 'archiving_gaps', '--sandbox', '--quiet'], [], settled, 80);
    expect(screen).toMatch(/Branch office is overdue \(last run\s+\d{4}-\d\d-\d\d \d\d:\d\d\)/);
    expect(screen).toMatch(/^id {2}name +state +lastRun +lastResult/m);
    expect(screen).toMatch(/^ 5 {2}Branch office +overdue +\d{4}-\d\d-\d\d \d\d:\d\d /m);
    expect(screen.match(/Times are in Europe\/Berlin\./g)).toHaveLength(1);
    expect(screen).not.toMatch(/\d{4}-\d\d-\d\d(?:T|…)/);
    const { stdout } = await runBinary(['call', 'archiving_gaps', '--sandbox'], { MAILSTORE_TIME_ZONE: 'Europe/Berlin' });
    expect(stdout).toMatch(/"lastRun": "\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+0[12]:00"/);
  });

  test.each([
    ['archiving_volume', 'With details true', 'call archiving_volume details=true --sandbox'],
    ['user_audit', 'A name with underscores is run by', 'call sync_users_with_directory_services dryRun=true --sandbox'],
  ])('reads after %s the whole line that its sentences need, under "%s"', async (insight, words, line) => {
    const { screen } = await runInTerminal(['call', insight, '--sandbox', '--quiet'], [], UTF8);
    const [, shown = ''] = new RegExp(`^${words}:\\n {2}(.+)$`, 'm').exec(screen.replaceAll('\r', '')) ?? [];
    expect(shown.endsWith(` ${line}`)).toBe(true);
  });

  test('reads a question in which words are whole and no text of the archive begins a line', async () => {
    const line = ['call', 'DeleteUser', 'userName=johndoe', '--access', 'full', '--sandbox'];
    const { screen, code } = await runInTerminal(line, [{ after: ' to cancel:', type: '' }], UTF8, 60);
    expect(code).toBe(3);
    const question = screen.slice(0, screen.indexOf('type yes')).split('\n').slice(0, -1);
    expect(question.filter((part) => part.length > 60)).toEqual([]);
    const starts = question.map((part) =>
      /^(?: {4}|Delete user |The account |Now: |Caution: |Lock-out: |Effect: |Archive: |Arguments: |$)/.test(part),
    );
    expect(starts).not.toContain(false);
  });

  test('reads which command runs what the sentences of an insight name, and can run it', async () => {
    const { screen } = await runInTerminal(['call', 'archive_health', '--sandbox'], [], UTF8);
    const [, line = ''] = /^A name with underscores is run by:\n {2}(.+)$/m.exec(screen.replaceAll('\r', '')) ?? [];
    expect(line).toMatch(/ call archiving_gaps --sandbox$/);
    const { screen: answer } = await runShellInTerminal(line, [], UTF8);
    expect(answer).toContain('automatic profiles');
  });

  test('sees that a write is done, what it changed and how to put it back', async () => {
    const line = ['call', 'SetUserFullName', 'userName=johndoe', 'fullName=Jack', '--access', 'read-write', '--sandbox'];
    const { screen } = await runInTerminal(line, [], UTF8);
    expect(screen).toBe('Done.\nChanged from {"fullName":"John Doe"} to {"fullName":"Jack"}.\n');
  });

  test('who starts a server by hand sees what it waits for', async () => {
    const { screen } = await runInTerminal(['serve', '--sandbox'], [{ after: 'shows the commands for a terminal', keys: '\x03' }]);
    expect(screen).toContain('waiting for an MCP client on stdin; Ctrl-C ends it');
  });
});

test('an answer of call is written as CSV in which no cell is a formula, and as YAML', async () => {
  const csv = await runBinary(['call', 'GetStores', '--sandbox', '-o', 'csv']);
  expect(csv.stdout.split('\r\n').slice(0, 2)).toEqual([
    'id,name,type,requestedState,error,statisticsCount,statisticsSize,needsUpgrade,searchIndexesNeedRebuild,databaseName,serverName,userName,password,databasePath,contentPath,indexPath',
    '1,2023,FileSystemInternal,writeProtected,,700,104245954,false,false,,,,,D:\\MailStore\\2023,D:\\MailStore\\2023,D:\\MailStore\\2023',
  ]);
  expect(renderCsv([{ name: '=HYPERLINK("http://x")', note: 'a,"b"\nc', size: -5 }])).toBe(
    'name,note,size\r\n"\'=HYPERLINK(""http://x"")","a,""b""\nc",-5\r\n',
  );
  const yaml = await runBinary(['call', 'GetUserInfo', 'userName=johndoe', '--sandbox', '--output', 'yaml']);
  expect(yaml.stdout).toContain('userName: johndoe\nfullName: John Doe\n');
});
