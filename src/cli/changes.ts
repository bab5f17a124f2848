import { systemClock } from '../base/clock.ts';
import { MailStoreError } from '../base/errors.ts';
import { escapeHidden, toVisibleLine } from '../base/escape-hidden.ts';
import { loadConfig, loadStateDir } from '../config/load.ts';
import { wholeNumber } from '../config/setting-types.ts';
import { Journal } from '../journal/journal.ts';
import type { Change } from '../journal/change-journal.ts';
import { findShownArchives, writeElsewhere } from './archives.ts';
import { openBackend } from './backend.ts';
import { argument, defineAction, defineSubcommand, flag, type Given } from './define-subcommand.ts';
import { terminalPrompter } from './terminal-prompter.ts';

const { stdout } = process;

const json = flag('write JSON, one change a line');
const change = argument(wholeNumber(1, Number.MAX_SAFE_INTEGER), 'the number of a change, as changes list shows it');
const changeArguments = { change };

export const changes = defineSubcommand({
  name: 'changes',
  summary: 'show what writes have changed, and put it back',
  settings: 'all',
  defaultAction: 'list',
  actions: {
    list: defineAction({
      summary: 'list the recorded changes',
      options: { json },
      examples: [{ line: 'changes list', shows: 'the latest 50 changes' }],
      run: list,
    }),
    show: defineAction({
      summary: 'show one change: before, after, and the way back',
      options: { json },
      arguments: changeArguments,
      examples: [{ line: 'changes show 12', shows: 'change 12' }],
      run: show,
    }),
    revert: defineAction({
      summary: 'put back what one change has changed',
      arguments: changeArguments,
      examples: [{ line: 'changes revert 12', shows: 'that change 12 was put back' }],
      run: revert,
    }),
  },
});

/** Only reads, so that it works on a copy that cannot be written. */
async function withJournal<T>(flags: Given['flags'], work: (journal: Journal) => Promise<T>): Promise<T> {
  const clock = systemClock;
  const journal =
    Journal.openToRead(loadStateDir({ flags, isOnlyShown: true }), { clock }) ?? Journal.open(loadStateDir({ flags }), { clock });
  try {
    return await work(journal);
  } finally {
    journal.close();
  }
}

async function list({ flags, json: isJson }: Given<{ json: typeof json }, object>): Promise<void> {
  const { origins, nameArchive } = findShownArchives(flags);
  if (isJson) {
    await withJournal(flags, async ({ changes: journal }) => {
      for (let before: number | undefined; ;) {
        const { rows, next, elsewhere } = await journal.page({ limit: 500, before, origins });
        for (const row of rows) stdout.write(`${escapeHidden(JSON.stringify(row))}\n`);
        if (next === undefined) return writeElsewhere(elsewhere, { isJson });
        before = next;
      }
    });
    return;
  }
  const { rows: found, elsewhere } = await withJournal(flags, ({ changes: journal }) => journal.page({ limit: 50, origins }));
  if (found.length === 0) stdout.write('No change is recorded.\n');
  for (const { number, changedAt, target, origin, summary, ...way } of found) {
    const archive = [...new Set([nameArchive({ target, origin }), origin])].map(toVisibleLine).join('  ');
    stdout.write(`${number}  ${changedAt.slice(0, 19)}Z  ${archive}  ${toVisibleLine(summary)}  ${describeRevert(way)}\n`);
  }
  writeElsewhere(elsewhere, { isJson });
}

async function show({ flags, change: number, json: isJson }: Given<{ json: typeof json }, typeof changeArguments>): Promise<void> {
  const found = await withJournal(flags, (journal) => journal.changes.get(number));
  if (!found) throw new MailStoreError('unknownChange', { number });
  if (isJson) {
    stdout.write(`${escapeHidden(JSON.stringify(found))}\n`);
    return;
  }
  const { command, target, origin, login, argumentsMasked, changedAt, before, after, inverse } = found;
  const rows: [string, string][] = [
    ['change', String(number)],
    ['command', `${command} ${JSON.stringify(argumentsMasked)}`],
    ['target', target],
    ['archive', `${origin}, as ${login}`],
    ['at', changedAt],
    ['before', JSON.stringify(before)],
    ['after', JSON.stringify(after)],
    ['way back', inverse ? `${inverse.command} ${JSON.stringify(inverse.args)} (${describeRevert(found)})` : describeRevert(found)],
  ];
  for (const [name, value] of rows) stdout.write(`${name.padEnd(9)} ${toVisibleLine(value)}\n`);
}

async function revert({ flags, change: number }: Given<object, typeof changeArguments>): Promise<void> {
  const config = loadConfig({ flags });
  const backend = openBackend(config);
  try {
    const answered = await backend.guard.revert(number, { client: 'terminal', prompter: terminalPrompter() });
    if (answered.kind === 'task')
      stdout.write(`It runs as the task ${answered.task.taskId}; see tasks wait ${answered.task.taskId.slice(0, 8)}.\n`);
    if (answered.kind === 'value') {
      stdout.write(
        `The change ${number} was put back${answered.change?.number === undefined ? '' : `, as change ${answered.change.number}`}.\n`,
      );
    }
  } finally {
    await backend.close();
  }
}

function describeRevert({ inverse, revertedBy }: Pick<Change, 'inverse' | 'revertedBy'>): string {
  if (revertedBy !== undefined) return `put back by ${revertedBy}`;
  return inverse ? 'can be put back' : 'cannot be put back';
}
