import { systemClock } from '../base/clock.ts';
import { excerpt, MailStoreError } from '../base/errors.ts';
import { escapeHidden, toVisibleLine } from '../base/escape-hidden.ts';
import { fromWallClock } from '../base/zoned-time.ts';
import { loadStateDir, loadTimeZone } from '../config/load.ts';
import { oneOf, text, wholeNumber, type SettingType, showWhole } from '../config/setting-types.ts';
import { Journal } from '../journal/journal.ts';
import { findingWords, type Finding } from '../journal/task-record.ts';
import { isRow } from '../base/rows.ts';
import { AuditLog, identify } from '../audit/audit-log.ts';
import { readBackwards, type AuditLine } from '../audit/read-audit.ts';
import { verifyAudit, type ExpectedLine } from '../audit/verify-audit.ts';
import { defineAction, defineSubcommand, flag, option, type Given } from './define-subcommand.ts';
import { readScreen } from './screen.ts';
import { formatArguments } from './show-arguments.ts';
import { makeTimeFormat, type TimeFormat } from './show-time.ts';
import { renderTable, type Column } from './table.ts';
import { confirmAtTerminal } from './terminal-prompter.ts';

const { stdout } = process;

const SHOWN_LINES = 50;
const DECISIONS = ['allow', 'ask', 'refuse'] as const;

/** The arguments are one cell of many: enough to recognise the object. */
const ARGUMENTS_LENGTH = 160;
const REASON_LENGTH = 100;

/** The first and the last millisecond of a day, or a moment as both. */
interface AuditedTime {
  readonly from: number;
  readonly to: number;
}

/** A day or a time; without an offset it is in the configured time zone. */
function dayOrTime(): SettingType<(zone: string) => AuditedTime> {
  return { placeholder: 'TIME', show: showWhole, read: (value, name) => readPeriod(name, value) };
}

/** A line as `audit verify` prints it. */
function link(): SettingType<ExpectedLine> {
  return { placeholder: 'CHAIN:NUMBER:HASH', show: showWhole, read: readLink };
}

const showOptions = {
  since: option(
    dayOrTime(),
    'only lines from this day or time on, such as 2026-03-04 or 2026-03-04T09:30:00; without an offset in the configured time zone',
  ),
  until: option(dayOrTime(), 'only lines up to this day or time'),
  command: option(text('COMMAND'), 'only lines of this command or tool'),
  target: option(text('TARGET'), 'only lines of this target'),
  decision: option(oneOf(DECISIONS), 'only lines with this decision'),
  outcome: option(text('OUTCOME'), 'only lines with this outcome'),
  user: option(text('USER'), 'only lines of this login at MailStore'),
  limit: option(wholeNumber(1, 999_999_999), 'at most this many lines, the newest', SHOWN_LINES),
  json: flag('write the lines as they are, one JSON object each'),
};
const restartOptions = { reason: option(text('TEXT'), 'why, as it will stand on record') };
const verifyOptions = { expect: option(link(), 'a line that was noted before and must still be there') };

type ShowOptions = Given<typeof showOptions, object>;

export const audit = defineSubcommand({
  name: 'audit',
  summary: 'show who called what, and verify that the record was not changed',
  settings: 'state',
  defaultAction: 'show',
  actions: {
    show: defineAction({
      summary: 'show the newest lines of the audit',
      options: showOptions,
      examples: [
        { line: 'audit show --since 2026-03-04 --decision refuse', shows: 'what was refused since that day' },
        { line: 'audit show --command delete_user --json', shows: 'the lines of one command for a program' },
      ],
      run: show,
    }),
    verify: defineAction({
      summary: 'verify that no line was changed, removed, inserted or cut; exits with 1 when one was, or where there is no line',
      options: verifyOptions,
      examples: [
        {
          line: 'audit verify',
          shows: 'how many lines there are, and the last one as CHAIN:NUMBER:HASH, to be noted elsewhere for --expect',
        },
      ],
      run: verify,
    }),
    restart: defineAction({
      summary: 'set aside what is there and start again, on record; asks at the terminal',
      options: restartOptions,
      examples: [{ line: 'audit restart --reason "saved with an editor"', shows: 'that verify begins with this line from now on' }],
      run: restart,
    }),
  },
});

async function verify({ flags, expect }: Given<typeof verifyOptions, object>): Promise<void> {
  const folder = loadStateDir({ flags, isOnlyShown: true });
  const journal = Journal.openToRead(folder, { clock: systemClock });
  try {
    const expected = expect === undefined ? [] : [expect];
    const { lines, chains, files, last, since = '', problems, notes } = await verifyAudit(folder, journal?.audit, ...expected);
    for (const note of notes) stdout.write(`Note: ${toVisibleLine(note)}.\n`);
    for (const { file, line, says } of problems) {
      stdout.write(`${file}${line === undefined ? '' : `, line ${line}`}: ${toVisibleLine(says)}.\n`);
    }
    if (problems.length > 0) {
      process.exitCode = 1;
      return;
    }
    if (!last) {
      // This is all that a removed record leaves.
      stdout.write(`There is nothing to verify: no audit has a line in ${folder}. If calls were made, their record was removed.\n`);
      process.exitCode = 1;
      return;
    }
    const found = `${counted(lines, 'line')} of ${counted(chains, 'chain')} in ${counted(files, 'file')}, unbroken from ${toVisibleLine(since)} on; the last is:`;
    stdout.write(`${readScreen(stdout).localise(found)}\n${last.chain}:${last.number}:${last.hash}\n`);
  } finally {
    journal?.close();
  }
}

function readLink(value: string, setting: string): ExpectedLine {
  const [, chain, number, hash] = /^(?:([\da-f]{16}):)?([1-9]\d{0,14}):([\da-f]{64})$/i.exec(value) ?? [];
  if (number === undefined || hash === undefined) {
    const expected = 'a line as audit verify prints it, CHAIN:NUMBER:HASH';
    throw new MailStoreError('invalidSetting', { setting, value, expected });
  }
  return { ...(chain !== undefined && { chain: chain.toLowerCase() }), number: Number(number), hash: hash.toLowerCase() };
}

/** Asks at the terminal: a program that could restart the audit could hide what it did. */
async function restart({ flags, reason }: Given<typeof restartOptions, object>): Promise<void> {
  if (reason === undefined) throw new MailStoreError('missingSetting', { setting: '--reason', hint: 'it says why, on record.' });
  const folder = loadStateDir({ flags });
  const shown = [
    `The audit in ${folder} begins again. The files that are there are set aside and must stay; audit verify no longer checks their lines.`,
    `The first line will say: ${toVisibleLine(reason)}`,
  ].join('\n');
  if (!(await confirmAtTerminal('audit restart', { prompt: shown, label: 'Restart the audit' }))) {
    stdout.write('Nothing was changed.\n');
    process.exitCode = 1;
    return;
  }
  const journal = Journal.open(folder, { clock: systemClock });
  const log = new AuditLog(folder, journal.audit, systemClock);
  try {
    await log.restart(reason, identify().user ?? '');
    stdout.write('The audit begins again with this line.\n');
  } finally {
    await log.close();
    journal.close();
  }
}

function counted(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}

/** Reads backwards from the newest line and stops when it has enough, so it costs the same however long the audit is. */
function show(given: ShowOptions): void {
  const folder = loadStateDir({ flags: given.flags, isOnlyShown: true });
  const { limit, json } = given;
  const isWanted = makeFilter(given);
  const found: AuditLine[] = [];
  for (const line of readBackwards(folder)) {
    if (isWanted(line)) found.push(line);
    if (found.length === limit) break;
  }
  found.reverse();
  if (json) {
    for (const line of found) stdout.write(`${escapeHidden(JSON.stringify(line))}\n`);
  } else if (found.length === 0) {
    stdout.write('No line of the audit fits.\n');
  } else {
    stdout.write(renderTable(found, makeColumns(makeTimeFormat(given.flags)), readScreen(stdout)));
  }
}

function makeFilter({ since, until, command, flags, ...others }: ShowOptions): (line: AuditLine) => boolean {
  const zone = loadTimeZone({ flags });
  const from = since?.(zone).from ?? -Infinity;
  const to = until?.(zone).to ?? Infinity;
  const equal = (['target', 'decision', 'outcome', 'user'] as const).flatMap((name) => {
    const wanted = others[name];
    return wanted === undefined ? [] : [[name, wanted] as const];
  });
  return (line) => {
    const time = since === undefined && until === undefined ? 0 : Date.parse(formatValue(line['time']));
    return (
      time >= from &&
      time <= to &&
      (command === undefined || commandKey(formatValue(line['command'])) === commandKey(command)) &&
      equal.every(([name, wanted]) => formatValue(line[name]) === wanted)
    );
  };
}

/** A command may be given as the audit names it or as its tool: `DeleteUser` or `delete_user`. */
function commandKey(name: string): string {
  return name.replaceAll('_', '').toLowerCase();
}

function readPeriod(setting: string, written: string): (zone: string) => AuditedTime {
  const [, day, time, offset] = /^(\d{4}-\d\d-\d\d)(?:T(\d\d:\d\d(?::\d\d)?)(?:\.\d{1,3})?(Z|[+-]\d\d:\d\d)?)?$/.exec(written) ?? [];
  const clock = time === undefined ? '00:00:00' : time.padEnd(8, ':00');
  if (day === undefined || Number.isNaN(Date.parse(`${day}T${clock}${offset ?? 'Z'}`))) {
    const expected = 'a day or a time such as 2026-03-04 or 2026-03-04T09:30:00+01:00';
    throw new MailStoreError('invalidSetting', { setting, value: written, expected });
  }
  if (offset !== undefined) {
    const moment = Date.parse(written);
    return () => ({ from: moment, to: moment });
  }
  return (zone) => {
    const from = fromWallClock(`${day}T${clock}`, zone) ?? Number.NaN;
    const to = time === undefined ? (fromWallClock(`${day}T23:59:59`, zone) ?? Number.NaN) + 999 : from;
    return { from, to };
  };
}

/** One line of the audit on one line of the terminal. */
function makeColumns({ zone, plain }: TimeFormat): readonly Column<AuditLine>[] {
  return [
    { header: `TIME (${zone})`, cell: ({ time, unreadable }) => (unreadable === undefined ? plain(cell(time)) : '?'), least: 19 },
    {
      header: 'CLIENT',
      cell: ({ client }) => cell(isRow(client) ? `${formatValue(client['claimed'])} (claimed)` : client),
      least: 8,
      isOptional: true,
    },
    { header: 'DECISION', cell: ({ decision }) => cell(decision), style: ({ decision }) => (decision === 'refuse' ? 'yellow' : undefined) },
    { header: 'OUTCOME', cell: describeOutcome, style: ({ outcome }) => (outcome === 'failed' ? 'red' : undefined), least: 7 },
    { header: 'CALL', cell: describeLine, least: 20 },
    { header: 'NOTE', cell: describeNotes, least: 20, isBelow: true },
    { header: 'EFFECT', cell: ({ effect }) => cell(effect), isOptional: true },
    { header: 'USER', cell: ({ user }) => cell(user), least: 6, isOptional: true },
    { header: 'TARGET', cell: ({ target }) => cell(target), least: 6, isOptional: true },
  ];
}

function describeOutcome({ event, unreadable, outcome }: AuditLine): string {
  return event === undefined && unreadable === undefined ? cell(outcome ?? '-') : '';
}

function describeLine(line: AuditLine): string {
  const { command, event, unreadable } = line;
  if (unreadable !== undefined) return `unreadable: ${cell(unreadable)}`;
  if (event !== undefined) return describeEvent(line);
  const args = line['arguments'];
  return `${cell(command)} ${excerpt(isRow(args) ? cell(formatArguments(args)) : cell(args), ARGUMENTS_LENGTH)}`.trimEnd();
}

/** Returns who was asked, what was found and why it was refused or failed. */
function describeNotes({ consent, finding, task, change, reason, error, event, unreadable }: AuditLine): string {
  if (event !== undefined || unreadable !== undefined) return '';
  return [
    isRow(consent) ? `${cell(consent['answer'])} (${cell(consent['channel'])})` : '',
    isRow(finding) ? `finished with ${findingWords(readFinding(finding))}` : '',
    task === undefined ? '' : `task ${cell(task)}`,
    change === undefined ? '' : `change ${cell(change)}`,
    excerpt(cell(reason), REASON_LENGTH),
    excerpt(cell(error), REASON_LENGTH),
  ]
    .filter((detail) => detail !== '')
    .join('; ');
}

/** Reads a finding from the disk, where it may have any shape. */
function readFinding({ errors, warnings }: Readonly<Record<string, unknown>>): Finding {
  return { errors: Number(errors) || 0, warnings: Number(warnings) || 0 };
}

/** An event is a decision on an approval, with who took it, or what the audit says about itself: its name, and what else the line has. */
function describeEvent(line: AuditLine): string {
  const { event, decidedBy, approvalId, tool, target, prompt } = line;
  if (isRow(decidedBy)) {
    const { user, pid, parentPid, terminal } = decidedBy;
    const place = terminal === null ? 'no terminal' : cell(terminal);
    const who = `by ${cell(user)} (process ${cell(pid)}, parent ${cell(parentPid)}, ${place})`;
    const what = `${cell(approvalId)} ${cell(tool)} on ${cell(target)}: ${formatValue(prompt).split('\n')[0] ?? ''}`;
    return `${cell(event)} ${who}  ${excerpt(cell(what), ARGUMENTS_LENGTH)}`;
  }
  const envelope = new Set(['format', 'chain', 'number', 'time', 'previous', 'event']);
  const rest = Object.fromEntries(Object.entries(line).filter(([name]) => !envelope.has(name)));
  return `${cell(line['event'])} ${excerpt(cell(rest), ARGUMENTS_LENGTH)}`;
}

/** The table makes visible what hides or steers; here a text loses its line breaks, so that none passes for a line of its own. */
function cell(value: unknown): string {
  return formatValue(value).replaceAll(/[\r\n\t]+/g, ' ');
}

function formatValue(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
}
