import { systemClock } from '../base/clock.ts';
import { formatAge } from '../base/durations.ts';
import { MailStoreError } from '../base/errors.ts';
import { escapeHidden } from '../base/escape-hidden.ts';
import { loadTerminalConfig } from '../config/kept-settings.ts';
import { loadStateDir } from '../config/load.ts';
import { wholeNumber } from '../config/setting-types.ts';
import { Journal } from '../journal/journal.ts';
import type { Change } from '../journal/change-journal.ts';
import { findShownArchives, writeList, type ShownArchives } from './archives.ts';
import { openBackend } from './backend.ts';
import { argument, defineAction, defineSubcommand, flag, type Given } from './define-subcommand.ts';
import { interruptible } from './interruptible.ts';
import { refuseAtTerminal } from './refuse-at-terminal.ts';
import { readScreen } from './screen.ts';
import { formatArguments } from './show-arguments.ts';
import { makeTimeFormat } from './show-time.ts';
import { renderFields, renderTable, type Column } from './table.ts';
import { terminalPrompter } from './terminal-prompter.ts';

const { stdout } = process;

/** The changes of a list without --all. */
const LISTED = 20;

const json = flag('write JSON, one change a line');
const listOptions = {
  all: flag(`list every change, not only the latest ${LISTED}`),
  json,
  quiet: flag('write the numbers alone, one a line'),
};
const change = argument(wholeNumber(1, Number.MAX_SAFE_INTEGER), 'the number of a change, as changes list shows it');
const changeArguments = { change };

export const changes = defineSubcommand({
  name: 'changes',
  summary: 'show what writes have changed, and put it back',
  settings: 'all',
  defaultAction: 'list',
  actions: {
    list: defineAction({
      summary: 'list the recorded changes, the latest first',
      options: listOptions,
      examples: [{ line: 'changes list', shows: 'the latest 20 changes' }],
      run: list,
    }),
    show: defineAction({
      summary: 'show one change: before, after, and how to undo it',
      options: { json },
      arguments: changeArguments,
      examples: [{ line: 'changes show 12', shows: 'change 12' }],
      run: show,
    }),
    revert: defineAction({
      summary: 'put back what one change has changed',
      arguments: changeArguments,
      examples: [{ line: 'changes revert 12', shows: 'that change 12 was put back' }],
      run: (given) => interruptible((ending) => revert(given, ending)),
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

async function list(given: Given<typeof listOptions, object>): Promise<void> {
  const archives = findShownArchives(given.flags);
  await withJournal(given.flags, ({ changes: journal }) =>
    writeList(
      {
        archives,
        limit: LISTED,
        none: 'No change is recorded.',
        page: (request) => journal.page(request),
        name: ({ number }) => String(number),
        render: (rows) => renderChanges(rows, archives),
      },
      given,
    ),
  );
}

function renderChanges(rows: readonly Change[], { nameArchive }: ShownArchives): string {
  const now = systemClock.now();
  const columns: Column<Change>[] = [
    { header: 'NUMBER', cell: ({ number }) => String(number), align: 'right', style: () => 'cyan' },
    { header: 'CHANGED', cell: ({ changedAt }) => formatAge(now - Date.parse(changedAt)) },
    { header: 'CHANGE', cell: ({ summary }) => summary, least: 20 },
    { header: 'WAY BACK', cell: describeRevert, style: ({ inverse }) => (inverse ? undefined : 'dim') },
    { header: 'BY', cell: ({ login }) => login, least: 6, isOptional: true },
    { header: 'ARCHIVE', cell: nameArchive, least: 8, isOptional: true },
  ];
  return renderTable(rows, columns, readScreen(stdout));
}

async function show({ flags, change: number, json: isJson }: Given<{ json: typeof json }, typeof changeArguments>): Promise<void> {
  const found = await withJournal(flags, (journal) => journal.changes.get(number));
  if (!found) throw new MailStoreError('unknownChange', { number });
  if (isJson) {
    stdout.write(`${escapeHidden(JSON.stringify(found))}\n`);
    return;
  }
  const { command, target, origin, login, argumentsMasked, changedAt, before, after, inverse } = found;
  const { withOffset } = makeTimeFormat(flags);
  const fields: [string, string][] = [
    ['change', String(number)],
    ['command', `${command} ${formatArguments(argumentsMasked)}`.trimEnd()],
    ['target', target],
    ['archive', `${origin}, as ${login}`],
    ['at', withOffset(changedAt)],
    ['before', JSON.stringify(before)],
    ['after', JSON.stringify(after)],
    ['way back', inverse ? `${inverse.command} ${formatArguments(inverse.args)} (${describeRevert(found)})` : describeRevert(found)],
  ];
  stdout.write(renderFields(fields, readScreen(stdout)));
}

async function revert({ flags, change: number }: Given<object, typeof changeArguments>, ending: AbortSignal): Promise<void> {
  const config = loadTerminalConfig({ flags });
  const backend = openBackend(config);
  try {
    const answered = await backend.guard
      .revert(number, { client: 'terminal', prompter: terminalPrompter(ending) })
      .catch((error: unknown) => {
        throw refuseAtTerminal(error, `changes revert ${number}`);
      });
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
