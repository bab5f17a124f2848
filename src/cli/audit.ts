import { systemClock } from '../base/clock.ts';
import { excerpt, MailStoreError } from '../base/errors.ts';
import { nearest } from '../base/nearest.ts';
import { escapeHidden, toVisible } from '../base/visible.ts';
import { loadStateDir } from '../config/load.ts';
import { settingList } from '../config/settings.ts';
import type { AuditHead } from '../journal/audit-head.ts';
import type { AuditLink } from '../audit/audit-record.ts';
import { Journal } from '../journal/journal.ts';
import { isRow } from '../catalogue/looks.ts';
import { readAudit, verifyAudit, type AuditLine } from '../audit/verify-audit.ts';
import { readFlags } from './flags.ts';

const { stdout } = process;

const SHOWN_LINES = 50;
const DECISIONS = ['allow', 'ask', 'refuse'] as const;

/** The arguments are one cell of many: enough to recognise the object. */
const ARGUMENTS_LENGTH = 160;
const REASON_LENGTH = 100;

interface Context {
  readonly folder: string;
  readonly json: boolean;
  readonly flags: Readonly<Record<string, string>>;
}

interface Action {
  readonly values: readonly string[];
  readonly switches: readonly string[];
  readonly run: (context: Context) => Promise<void>;
}

const ACTIONS: Readonly<Record<string, Action>> = {
  show: {
    values: ['--since', '--until', '--command', '--target', '--decision', '--outcome', '--user', '--limit'],
    switches: ['--json'],
    run: show,
  },
  verify: { values: ['--expect'], switches: [], run: verify },
};

/** Shows the audit and checks that it is whole: `audit show | verify`. */
export async function audit(args: readonly string[]): Promise<void> {
  const [name = 'show', ...rest] = args[0]?.startsWith('-') ? ['show', ...args] : args;
  const action = Object.hasOwn(ACTIONS, name) ? ACTIONS[name] : undefined;
  if (!action) throw new MailStoreError('unknownSubcommand', { name: `audit ${name}`, nearest: nearest(name, Object.keys(ACTIONS)) });
  const { values: flags, switches } = readFlags(rest, {
    values: [...settingList.flatMap(({ flag }) => flag ?? []), ...action.values],
    switches: action.switches,
  });
  await action.run({ folder: loadStateDir({ flags }), json: switches.has('--json'), flags });
}

function readHead(folder: string): AuditHead {
  const journal = Journal.open(folder, { clock: systemClock });
  try {
    return journal.audit.head();
  } finally {
    journal.close();
  }
}

async function verify({ folder, flags }: Context): Promise<void> {
  const expected = flags['--expect'] === undefined ? [] : [linkOf(flags['--expect'])];
  // The head is read before the lines: later it might be ahead of those that were read.
  const { lines, files, head: last, problem } = await verifyAudit(folder, readHead(folder), ...expected);
  if (problem) {
    stdout.write(`${problem.file}, line ${problem.line}: ${toVisible(problem.says)}.\n`);
    process.exitCode = 1;
  } else {
    stdout.write(`${counted(lines, 'line')} in ${counted(files, 'file')}, unbroken; the last is ${last.sequence} ${last.hash}\n`);
  }
}

function linkOf(text: string): AuditLink {
  const [, sequence, hash] = /^([1-9]\d{0,14}):([\da-f]{64})$/i.exec(text) ?? [];
  if (sequence === undefined || hash === undefined) {
    const expected = 'the number and the SHA-256 of a line as audit verify tells them, SEQUENCE:HASH';
    throw new MailStoreError('invalidSetting', { setting: '--expect', value: text, expected });
  }
  return { sequence: Number(sequence), hash: hash.toLowerCase() };
}

function counted(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}

async function show({ folder, json, flags }: Context): Promise<void> {
  const limit = limitOf(flags['--limit']);
  const isWanted = filterOf(flags);
  let found: AuditLine[] = [];
  for await (const line of readAudit(folder)) {
    if (!isWanted(line)) continue;
    found.push(line);
    // The newest are kept; cutting at each line would move all of them each time.
    if (found.length >= 2 * limit) found = found.slice(-limit);
  }
  found = found.slice(-limit);
  if (json) {
    for (const line of found) stdout.write(`${escapeHidden(JSON.stringify(line))}\n`);
  } else if (found.length === 0) {
    stdout.write('No line of the audit fits.\n');
  } else {
    stdout.write(inColumns(found.map(cellsOf)));
  }
}

function limitOf(text = String(SHOWN_LINES)): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new MailStoreError('invalidSetting', { setting: '--limit', value: text, expected: 'a number of lines such as 200' });
}

function filterOf(flags: Readonly<Record<string, string>>): (line: AuditLine) => boolean {
  const { '--since': since, '--until': until, '--command': command, '--decision': decision } = flags;
  if (decision !== undefined && !DECISIONS.some((known) => known === decision)) {
    throw new MailStoreError('invalidSetting', { setting: '--decision', value: decision, expected: DECISIONS.join(', ') });
  }
  const from = since === undefined ? -Infinity : timeOf('--since', since).from;
  const to = until === undefined ? Infinity : timeOf('--until', until).to;
  const equal = (['target', 'decision', 'outcome', 'user'] as const).flatMap((name) => {
    const wanted = flags[`--${name}`];
    return wanted === undefined ? [] : [[name, wanted] as const];
  });
  return (line) => {
    const time = since === undefined && until === undefined ? 0 : Date.parse(textOf(line['time']));
    return (
      time >= from &&
      time <= to &&
      (command === undefined || commandKey(textOf(line['command'])) === commandKey(command)) &&
      equal.every(([name, wanted]) => textOf(line[name]) === wanted)
    );
  };
}

/** A command may be given as the audit names it or as its tool: `DeleteUser` or `delete_user`. */
function commandKey(name: string): string {
  return name.replaceAll('_', '').toLowerCase();
}

const DAY_MS = 86_400_000;

/** Returns the first and the last millisecond of a day, or a moment as both; without a zone it is in UTC, as the audit is. */
function timeOf(setting: string, text: string): { readonly from: number; readonly to: number } {
  const [, day, time, zone = 'Z'] = /^(\d{4}-\d\d-\d\d)(T\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?)?(Z|[+-]\d\d:\d\d)?$/.exec(text) ?? [];
  const from = time === undefined ? Date.parse(text) : Date.parse(`${day}${time}${zone}`);
  if (day === undefined || Number.isNaN(from)) {
    const expected = 'a day or a time such as 2026-03-04 or 2026-03-04T09:30:00Z';
    throw new MailStoreError('invalidSetting', { setting, value: text, expected });
  }
  return { from, to: time === undefined ? from + DAY_MS - 1 : from };
}

/** One line of the audit on one line of the terminal. */
function cellsOf(line: AuditLine): readonly string[] {
  const {
    sequence,
    time,
    target,
    user,
    client,
    decision,
    effect,
    command,
    outcome,
    consent,
    task,
    change,
    reason,
    error,
    event,
    unreadable,
  } = line;
  if (unreadable !== undefined) return ['?', `unreadable: ${cell(unreadable)}`];
  const start = [cell(sequence), `${cell(time).slice(0, 19)}Z`];
  if (event !== undefined) return [...start, eventText(line)];
  const details = [
    `${cell(command)} ${excerpt(cell(line['arguments']), ARGUMENTS_LENGTH)}`,
    isRow(consent) ? `${cell(consent['answer'])} (${cell(consent['channel'])})` : '',
    task === undefined ? '' : `task ${cell(task)}`,
    change === undefined ? '' : `change ${cell(change)}`,
    excerpt(cell(reason), REASON_LENGTH),
    excerpt(cell(error), REASON_LENGTH),
  ];
  return [
    ...start,
    ...[target, user, client, effect, decision, outcome ?? '-'].map(cell),
    details.filter((detail) => detail !== '').join('  '),
  ];
}

function eventText({ event, cut, head }: AuditLine): string {
  if (event === 'repaired') return `repaired: ${cell(cut)} bytes of a line that was not written to its end were removed`;
  if (event !== 'gap' || !isRow(head)) return cell(event);
  return `gap: line ${cell(head['sequence'])} with the SHA-256 ${cell(head['hash'])} was not found where it was written`;
}

/** Text from the archive must neither steer the terminal nor pass for a line of its own. */
function cell(value: unknown): string {
  return toVisible(textOf(value)).replaceAll(/[\r\n\t]+/g, ' ');
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
}

/** Pads every cell but the last of a row to the width of its column; a row with fewer cells has its last in the place of several. */
function inColumns(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [index, cell] of row.slice(0, -1).entries()) widths[index] = Math.max(widths[index] ?? 0, cell.length);
  }
  return rows
    .map((row) => `${row.map((cell, index) => (index < row.length - 1 ? cell.padEnd(widths[index] ?? 0) : cell)).join('  ')}\n`)
    .join('');
}
