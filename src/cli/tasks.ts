import { setTimeout as sleep } from 'node:timers/promises';
import { DAY_MS, systemClock } from '../base/clock.ts';
import { formatAge, formatDuration } from '../base/durations.ts';
import { isError, MailStoreError } from '../base/errors.ts';
import { escapeHidden, toVisibleLine } from '../base/escape-hidden.ts';
import { formatCount } from '../catalogue/phrases.ts';
import { loadTerminalConfig } from '../config/kept-settings.ts';
import { loadStateDir } from '../config/load.ts';
import { text, type SettingType, settingType, showNumber } from '../config/setting-types.ts';
import { FENCE_MS } from '../journal/lease.ts';
import { Journal } from '../journal/journal.ts';
import type { TaskJournal } from '../journal/task-journal.ts';
import { findingWords, isEnded, type TaskRecord } from '../journal/task-record.ts';
import { findShownArchives, writeList, type ShownArchives } from './archives.ts';
import { openBackend, type Backend } from './backend.ts';
import { argument, defineAction, defineSubcommand, flag, option, type Given } from './define-subcommand.ts';
import { FOUND_ERRORS, INTERRUPTED } from './exit-codes.ts';
import { interruptible } from './interruptible.ts';
import { endProgress, showProgress } from './progress-bar.ts';
import { refuseAtTerminal } from './refuse-at-terminal.ts';
import { readScreen, type Style } from './screen.ts';
import { formatArguments } from './show-arguments.ts';
import { makeTimeFormat } from './show-time.ts';
import { renderFields, renderTable, shortenIds, wrapAt, type Column } from './table.ts';
import { confirmAtTerminal, terminalPrompter } from './terminal-prompter.ts';

const { stdout } = process;

/** How often a waiting terminal looks into the record. */
const LOOK_MS = 250;

/** How often a watched list is drawn. */
const WATCH_MS = 1000;

/** A number of days, with or without the letter d. */
function days(): SettingType<number> {
  return settingType({
    placeholder: 'DAYS',
    show: showNumber,
    read: (value, refusal) => {
      const number = /^(\d+)d?$/.exec(value)?.[1];
      return number === undefined ? refusal.invalid('a number of days such as 365') : Number(number);
    },
  });
}

/** The tasks of a list without --all. */
const LISTED = 20;

const json = flag('write JSON, one task a line');
const task = argument(text('TASK'), 'the id of a task or the beginning of one, as tasks list shows it');
const listOptions = {
  all: flag(`list every task, not only the latest ${LISTED}`),
  json,
  quiet: flag('write the whole ids alone, one a line'),
  watch: flag('draw the list again every second until Ctrl-C; needs a terminal'),
};
const pruneOptions = {
  olderThan: option(days(), 'remove what ended more than this many days ago'),
  yes: flag('remove without a question'),
};
const taskArguments = { task };

export const tasks = defineSubcommand({
  name: 'tasks',
  summary: 'show, follow and cancel long commands',
  settings: 'all',
  defaultAction: 'list',
  actions: {
    list: defineAction({
      summary: 'list the recorded tasks, the latest first',
      options: listOptions,
      examples: [
        { line: 'tasks list', shows: 'the latest 20 tasks' },
        { line: 'tasks list --all --json', shows: 'every task for a program' },
      ],
      run: list,
    }),
    show: defineAction({
      summary: 'show one task with its arguments, times, result and messages',
      options: { json },
      arguments: taskArguments,
      examples: [{ line: 'tasks show 1b4e28ba', shows: 'the task whose id begins so' }],
      run: (given) => readTasks(given, async (journal) => show(await findTask(journal, given.task), given)),
    }),
    wait: defineAction({
      summary: 'follow one task to its end; exits with 0 when it succeeded and with 1 otherwise',
      arguments: taskArguments,
      examples: [{ line: 'tasks wait 1b4e28ba', shows: 'its progress, then how it ended' }],
      run: (given) => withTasks(given, (journal) => interruptible((ending) => wait(journal, given, ending))),
    }),
    cancel: defineAction({
      summary: 'ask MailStore to stop a running task',
      arguments: taskArguments,
      examples: [{ line: 'tasks cancel 1b4e28ba', shows: 'that MailStore was asked to stop it' }],
      run: (given) => withTasks(given, (journal) => interruptible((ending) => cancel(journal, given, ending))),
    }),
    prune: defineAction({
      summary: 'remove ended tasks with their results from the record; asks at the terminal first',
      options: pruneOptions,
      examples: [{ line: 'tasks prune --older-than 365', shows: 'how many tasks that would be, and asks' }],
      run: (given) => withTasks(given, (journal) => prune(journal, given)),
    }),
  },
});

/** Only reads, so that it works on a copy that cannot be written. */
async function readTasks({ flags }: Pick<Given, 'flags'>, work: (tasks: TaskJournal) => Promise<void>): Promise<void> {
  const journal = Journal.openToRead(loadStateDir({ flags, isOnlyShown: true }), { clock: systemClock });
  if (!journal) return withTasks({ flags }, work);
  try {
    await work(journal.tasks);
  } finally {
    journal.close();
  }
}

async function withTasks({ flags }: Pick<Given, 'flags'>, work: (tasks: TaskJournal) => Promise<void>): Promise<void> {
  const journal = Journal.open(loadStateDir({ flags }), { clock: systemClock });
  try {
    await work(journal.tasks);
  } finally {
    journal.close();
  }
}

async function findTask(journal: TaskJournal, id: string): Promise<TaskRecord> {
  const found = await journal.findIds(id);
  const task = found.length === 1 && found[0] !== undefined ? await journal.get(found[0]) : undefined;
  if (!task) throw new MailStoreError('unknownTask', { taskId: id });
  return task;
}

async function list(given: Given<typeof listOptions, object>): Promise<void> {
  const archives = findShownArchives(given.flags);
  if (!given.watch)
    return readTasks(given, (journal) =>
      writeList(
        {
          archives,
          limit: LISTED,
          none: 'No task is recorded.',
          page: (request) => journal.page(request),
          name: ({ taskId }) => taskId,
          render: (rows) => renderTasks(rows, archives),
        },
        given,
      ),
    );
  if (!stdout.isTTY) throw new MailStoreError('noTerminal', { what: 'tasks list --watch' });
  for (;;) {
    await readTasks(given, async (journal) => {
      const page = await journal.page({ limit: LISTED, origins: archives.origins });
      // From the top of the screen: what is left of the list before it goes away.
      stdout.write(`\x1b[H${renderTasks(page.rows, archives).replaceAll('\n', '\x1b[K\n')}\x1b[J`);
    });
    await sleep(WATCH_MS);
  }
}

function renderTasks(rows: readonly TaskRecord[], { nameArchive, origins }: ShownArchives): string {
  const now = systemClock.now();
  const ids = shortenIds(rows.map(({ taskId }) => taskId));
  const names = rows.map((row) => nameArchive(row));
  const columns: Column<TaskRecord>[] = [
    { header: 'ID', cell: ({ taskId }) => ids.get(taskId) ?? taskId, style: () => 'cyan' },
    { header: 'STATE', cell: describeState, style: stateStyle, least: 22 },
    { header: 'COMMAND', cell: ({ command }) => command, least: 12 },
    { header: 'ARGUMENTS', cell: ({ argumentsMasked }) => formatArguments(argumentsMasked), least: 10 },
    { header: 'STARTED', cell: ({ startedAt }) => formatAge(now - Date.parse(startedAt)), isOptional: true },
    { header: 'TOOK', cell: (row) => describeDuration(row, now), align: 'right', isOptional: true },
    // The only configured archive is the one that the reader knows.
    ...(origins === undefined || new Set(names).size > 1
      ? [{ header: 'ARCHIVE', cell: (row: TaskRecord) => nameArchive(row), least: 8, isOptional: true }]
      : []),
  ];
  return renderTable(rows, columns, readScreen(stdout));
}

/** Describes the state of a task; for one that no process follows, as of when. */
function describeState({ status, progress, progressAt, lease, finding }: TaskRecord): string {
  if (finding) return `finished with ${findingWords(finding)}`;
  if (isEnded({ status })) return status;
  const state = progress === null ? status : `${status} ${Math.round(progress)} %`;
  if (isFollowed(lease)) return state;
  return progressAt === undefined
    ? `${state}, no process follows it`
    : `${state} ${formatAge(systemClock.now() - Date.parse(progressAt))}, no process follows it`;
}

/** True while a process polls a task; one that was killed left its lease behind. */
function isFollowed(lease: TaskRecord['lease']): boolean {
  return lease !== undefined && systemClock.now() - Date.parse(lease.heartbeatAt) < FENCE_MS;
}

function stateStyle({ status, finding }: TaskRecord): Style | undefined {
  if (finding) return finding.errors > 0 ? 'red' : 'yellow';
  switch (status) {
    case 'succeeded':
      return 'green';
    case 'failed':
    case 'unknown':
      return 'red';
    case 'cancelled':
      return 'yellow';
    case 'starting':
    case 'running':
      return undefined;
  }
}

function describeDuration({ startedAt, endedAt, lease }: TaskRecord, now: number): string {
  if (endedAt !== undefined) return formatDuration(Date.parse(endedAt) - Date.parse(startedAt));
  return isFollowed(lease) ? formatDuration(now - Date.parse(startedAt)) : '';
}

function show(found: TaskRecord, { json: isJson, flags }: Pick<Given<{ json: typeof json }>, 'json' | 'flags'>): void {
  if (isJson) {
    stdout.write(`${escapeHidden(JSON.stringify(found))}\n`);
    return;
  }
  const { taskId, command, target, argumentsMasked, progress, statusText, startedAt, endedAt, reason, note, error, evidence } = found;
  const { withOffset } = makeTimeFormat(flags);
  const screen = readScreen(stdout);
  const fields: [string, string | null | undefined][] = [
    ['task', taskId],
    ['command', `${command} ${formatArguments(argumentsMasked)}`.trimEnd()],
    ['target', target],
    ['archive', found.origin],
    ['finding', found.finding && `finished with ${findingWords(found.finding)}`],
    ['status', found.status],
    ['progress', progress === null ? undefined : `${Math.round(progress)} %`],
    ['at', statusText],
    ['started', withOffset(startedAt)],
    ['ended', endedAt === undefined ? undefined : `${withOffset(endedAt)}, after ${describeDuration(found, 0)}`],
    ['error', error],
    ['reason', reason],
    ['note', note],
    ['result', found.result === undefined || found.result === null ? undefined : JSON.stringify(found.result)],
    ...evidence.map(({ source, finding, data }): [string, string] => [
      'evidence',
      `${source}: ${finding}${data === undefined ? '' : ` ${JSON.stringify(data)}`}`,
    ]),
  ];
  stdout.write(renderFields(fields, screen));
  for (const { type, text: said } of found.messages)
    stdout.write(`  ${type.padEnd(11)} ${wrapAt(toVisibleLine(said), 14, screen.width)}\n`);
}

async function wait(journal: TaskJournal, { flags, task: id }: Given<object, typeof taskArguments>, ending: AbortSignal): Promise<void> {
  let current = await findTask(journal, id);
  // Where a MailStore is configured, this process follows the task itself if no other one does.
  const backend = isEnded(current) ? undefined : openIfConfigured(flags);
  try {
    // No process here receives the end of a task of another archive.
    await backend?.runner.get(current.taskId);
    let seen = -1;
    while (!isEnded(current) && !ending.aborted) {
      if (current.revision !== seen) showProgress(stdout, current.progress ?? 0, current.statusText ?? current.status);
      seen = current.revision;
      await sleep(LOOK_MS, undefined, { signal: ending }).catch(() => undefined);
      current = (await journal.get(current.taskId)) ?? current;
    }
    if (seen !== -1) endProgress(stdout);
  } finally {
    await backend?.close();
  }
  if (!isEnded(current)) {
    writeLine(`${current.command} goes on.`);
    process.exitCode = INTERRUPTED;
    return;
  }
  const { finding } = current;
  writeLine(
    finding
      ? `${current.command} finished with ${findingWords(finding)}; MailStore calls it ${current.status}.`
      : `${current.command} ${current.status}${describeReason(current)}`,
  );
  if (current.status !== 'succeeded') process.exitCode = 1;
  else if (finding && finding.errors > 0) process.exitCode = FOUND_ERRORS;
}

async function cancel(journal: TaskJournal, { flags, task: id }: Given<object, typeof taskArguments>, ending: AbortSignal): Promise<void> {
  const { taskId } = await findTask(journal, id);
  const config = loadTerminalConfig({ flags });
  const backend = openBackend(config);
  try {
    const cancelled = await backend.guard
      .cancel(taskId, { client: 'terminal', prompter: terminalPrompter(ending) })
      .catch((error: unknown) => {
        throw refuseAtTerminal(error, `tasks cancel ${taskId.slice(0, 8)}`);
      });
    if ('kind' in cancelled) throw new Error('the question has no answer yet');
    writeLine(
      isEnded(cancelled)
        ? `${cancelled.command} has ended before: ${cancelled.status}${describeReason(cancelled)}`
        : `${cancelled.command} was asked to stop; it stops when the server gets to it.`,
    );
  } finally {
    await backend.close();
  }
}

/** Removes ended tasks after a person's yes: the record is the only copy of their results. */
async function prune(journal: TaskJournal, { olderThan, yes }: Given<typeof pruneOptions, object>): Promise<void> {
  if (olderThan === undefined)
    throw new MailStoreError('missingSetting', { setting: '--older-than', hint: 'write a number of days such as 365.' });
  const screen = readScreen(stdout);
  const endedBefore = systemClock.now() - olderThan * DAY_MS;
  const count = await journal.countEndedBefore(endedBefore);
  if (count === 0) {
    stdout.write(screen.localise(`No task ended more than ${formatCount(olderThan, 'day')} ago.\n`));
    return;
  }
  const what = formatCount(count, 'ended task');
  const prompt = `${what} that ended more than ${formatCount(olderThan, 'day')} ago would be removed, with results and messages. No other copy exists.`;
  if (!yes && !(await confirmAtTerminal('tasks prune without --yes', { prompt, label: `Remove ${what}` }))) {
    stdout.write('No task was removed.\n');
    process.exitCode = 1;
    return;
  }
  stdout.write(
    screen.localise(`${formatCount(await journal.prune(endedBefore), 'ended task')} ${count === 1 ? 'was' : 'were'} removed.\n`),
  );
}

/** Texts of a task come from the server: what could steer a terminal is shown and not obeyed. */
function writeLine(line: string): void {
  stdout.write(`${toVisibleLine(line)}\n`);
}

function describeReason({ error, reason }: TaskRecord): string {
  const sentence = error ?? reason;
  return sentence === undefined ? '.' : `: ${sentence}`;
}

function openIfConfigured(flags: Readonly<Record<string, string>>): Backend | undefined {
  try {
    const config = loadTerminalConfig({ flags });
    return openBackend(config);
  } catch (error) {
    if (isError(error, 'missingSetting')) return undefined;
    throw error;
  }
}
