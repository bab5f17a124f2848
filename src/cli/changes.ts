import { systemClock } from '../base/clock.ts';
import { MailStoreError } from '../base/errors.ts';
import { nearest } from '../base/nearest.ts';
import { escapeHidden, toVisibleLine } from '../base/visible.ts';
import { loadConfig, loadStateDir } from '../config/load.ts';
import { settingList } from '../config/settings.ts';
import { Journal } from '../journal/journal.ts';
import type { Change } from '../journal/change-journal.ts';
import { openBackend } from './backend.ts';
import { readFlags } from './flags.ts';
import { terminalPerson } from './terminal-person.ts';

const { stdout } = process;

interface Context {
  readonly flags: Readonly<Record<string, string>>;
  readonly json: boolean;
  /** The number that was given; throws where it is none. */
  number(): number;
}

const ACTIONS: Readonly<Record<string, (context: Context) => void | Promise<void>>> = { list, show, revert };

/** Shows what writes have changed, and puts it back: `changes list | show N | revert N`. */
export async function changes(args: readonly string[]): Promise<void> {
  const [name = 'list', ...rest] = args[0]?.startsWith('-') ? ['list', ...args] : args;
  const action = Object.hasOwn(ACTIONS, name) ? ACTIONS[name] : undefined;
  if (!action) throw new MailStoreError('unknownSubcommand', { name: `changes ${name}`, nearest: nearest(name, Object.keys(ACTIONS)) });
  const [given, flagArgs] = rest[0] !== undefined && !rest[0].startsWith('-') ? [rest[0], rest.slice(1)] : [undefined, rest];
  const { values: flags, switches } = readFlags(flagArgs, { values: settingList.flatMap(({ flag }) => flag ?? []), switches: ['--json'] });
  await action({
    flags,
    json: switches.has('--json'),
    number: () => {
      const number = Number(given);
      if (Number.isSafeInteger(number)) return number;
      throw new MailStoreError('missingSetting', { setting: `the number of changes ${name}`, hint: 'changes list shows them.' });
    },
  });
}

function withJournal<T>({ flags }: Context, work: (journal: Journal) => T): T {
  const journal = Journal.open(loadStateDir({ flags }), { clock: systemClock });
  try {
    return work(journal);
  } finally {
    journal.close();
  }
}

function list(context: Context): void {
  const found = withJournal(context, (journal) => journal.changes.list(context.json ? {} : { limit: 50 }));
  if (context.json) {
    for (const change of found) stdout.write(`${escapeHidden(JSON.stringify(change))}\n`);
    return;
  }
  if (found.length === 0) stdout.write('No change is recorded.\n');
  for (const { number, changedAt, target, summary, ...change } of found) {
    stdout.write(`${number}  ${changedAt.slice(0, 19)}Z  ${toVisibleLine(target)}  ${toVisibleLine(summary)}  ${wayOf(change)}\n`);
  }
}

function show(context: Context): void {
  const number = context.number();
  const change = withJournal(context, (journal) => journal.changes.get(number));
  if (!change) throw new MailStoreError('unknownChange', { number });
  if (context.json) {
    stdout.write(`${escapeHidden(JSON.stringify(change))}\n`);
    return;
  }
  const { command, target, argumentsShown, changedAt, before, after, inverse } = change;
  const rows: [string, string][] = [
    ['change', String(number)],
    ['command', `${command} ${JSON.stringify(argumentsShown)}`],
    ['target', target],
    ['at', changedAt],
    ['before', JSON.stringify(before)],
    ['after', JSON.stringify(after)],
    ['way back', inverse ? `${inverse.command} ${JSON.stringify(inverse.args)} (${wayOf(change)})` : wayOf(change)],
  ];
  for (const [name, value] of rows) stdout.write(`${name.padEnd(9)} ${toVisibleLine(value)}\n`);
}

async function revert({ flags, number }: Context): Promise<void> {
  const config = loadConfig({ flags });
  const backend = openBackend(config);
  try {
    const answered = await backend.guard.revert(number(), { client: 'terminal', person: terminalPerson() });
    if (answered.kind === 'task')
      stdout.write(`It runs as the task ${answered.task.taskId}; see tasks wait ${answered.task.taskId.slice(0, 8)}.\n`);
    if (answered.kind === 'value') {
      stdout.write(
        `The change ${number()} was put back${answered.change?.number === undefined ? '' : `, as change ${answered.change.number}`}.\n`,
      );
    }
  } finally {
    await backend.close();
  }
}

function wayOf({ inverse, revertedBy }: Pick<Change, 'inverse' | 'revertedBy'>): string {
  if (revertedBy !== undefined) return `put back by ${revertedBy}`;
  return inverse ? 'can be put back' : 'cannot be put back';
}
