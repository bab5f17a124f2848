import { setTimeout as sleep } from 'node:timers/promises';
import { DAY_MS, systemClock } from '../base/clock.ts';
import { isError, MailStoreError } from '../base/errors.ts';
import { escapeHidden, toVisibleLine } from '../base/escape-hidden.ts';
import { loadConfig, loadStateDir } from '../config/load.ts';
import { text, type SettingType } from '../config/setting-types.ts';
import { Journal } from '../journal/journal.ts';
import type { TaskJournal } from '../journal/task-journal.ts';
import { findingWords, isEnded, type TaskRecord } from '../journal/task-record.ts';
import { findShownArchives, writeElsewhere, type ShownArchives } from './archives.ts';
import { openBackend, type Backend } from './backend.ts';
import { argument, defineAction, defineSubcommand, flag, option, type Given } from './define-subcommand.ts';
import { FOUND_ERRORS } from './exit-codes.ts';
import { endProgress, showProgress } from './progress-bar.ts';
import { terminalPrompter } from './terminal-prompter.ts';

const { stdout } = process;

/** How often a waiting terminal looks into the record. */
const LOOK_MS = 250;

/** A number of days, with or without the letter d. */
function days(): SettingType<number> {
  return {
    placeholder: 'DAYS',
    read: (value, name) => {
      const number = /^(\d+)d?$/.exec(value)?.[1];
      if (number !== undefined) return Number(number);
      throw new MailStoreError('invalidSetting', { setting: name, value, expected: 'a number of days such as 365' });
    },
  };
}

const json = flag('write JSON, one task a line');
const task = argument(text('TASK'), 'the id of a task or the beginning of one, as tasks list shows it');
const listOptions = { all: flag('list every task, not only the latest 20'), json };
const taskArguments = { task };

export const tasks = defineSubcommand({
  name: 'tasks',
  summary: 'show, follow and cancel long commands',
  settings: 'all',
  defaultAction: 'list',
  actions: {
    list: defineAction({
      summary: 'list the recorded tasks, the latest last',
      options: listOptions,
      examples: [
        { line: 'tasks list', shows: 'the latest 20 tasks' },
        { line: 'tasks list --all --json', shows: 'every task for a program' },
      ],
      run: (given) => readTasks(given, (journal) => list(journal, findShownArchives(given.flags), given)),
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
      run: (given) => withTasks(given, (journal) => wait(journal, given)),
    }),
    cancel: defineAction({
      summary: 'ask MailStore to stop a running task',
      arguments: taskArguments,
      examples: [{ line: 'tasks cancel 1b4e28ba', shows: 'that MailStore was asked to stop it' }],
      run: (given) => withTasks(given, (journal) => cancel(journal, given)),
    }),
    prune: defineAction({
      summary: 'remove ended tasks from the record',
      options: { olderThan: option(days(), 'remove what ended more than this many days ago') },
      examples: [{ line: 'tasks prune --older-than 365', shows: 'how many tasks were removed' }],
      run: (given) => withTasks(given, (journal) => prune(journal, given.olderThan)),
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

/** Writes the newest tasks of the configured archives, or all of them; read page by page, however many there are. */
async function list(
  journal: TaskJournal,
  { origins, nameArchive }: ShownArchives,
  { all, json: isJson }: Given<typeof listOptions, object>,
): Promise<void> {
  let count = 0;
  for (let before: number | undefined; ;) {
    const { rows, next, elsewhere } = await journal.page({ limit: all ? 500 : 20, before, origins });
    for (const task of rows) {
      const { taskId, command, startedAt } = task;
      if (isJson) stdout.write(`${escapeHidden(JSON.stringify(task))}\n`);
      else writeLine(`${taskId}  ${startedAt.slice(0, 19)}Z  ${nameArchive(task)}  ${command}  ${describeState(task)}`);
    }
    count += rows.length;
    before = next;
    if (all && before !== undefined) continue;
    if (count === 0 && !isJson) stdout.write('No task is recorded.\n');
    writeElsewhere(elsewhere, { isJson });
    return;
  }
}

/** Describes the state of a task; for one that no process follows, as of when. */
function describeState({ status, progress, progressAt, lease, finding }: TaskRecord): string {
  if (finding) return `finished with ${findingWords(finding)}`;
  if (status !== 'running' || progress === null) return status;
  const asOf = lease || progressAt === undefined ? '' : `, as of ${progressAt.slice(0, 19)}Z, followed by nobody`;
  return `${status} ${Math.round(progress)} %${asOf}`;
}

function show(found: TaskRecord, { json: isJson }: { readonly json: boolean }): void {
  if (isJson) {
    stdout.write(`${escapeHidden(JSON.stringify(found))}\n`);
    return;
  }
  const { taskId, command, target, argumentsMasked, status, progress, statusText, startedAt, endedAt, reason, note, error, evidence } =
    found;
  const rows: [string, string | null | undefined][] = [
    ['task', taskId],
    ['command', `${command} ${JSON.stringify(argumentsMasked)}`],
    ['target', target],
    ['archive', found.origin],
    ['finding', found.finding && findingWords(found.finding)],
    ['status', status],
    ['progress', progress === null ? undefined : `${Math.round(progress)} %`],
    ['at', statusText],
    ['started', startedAt],
    ['ended', endedAt],
    ['error', error],
    ['reason', reason],
    ['note', note],
    ['result', 'result' in found ? JSON.stringify(found.result) : undefined],
  ];
  for (const [name, value] of rows) if (value !== undefined && value !== null) writeLine(`${name.padEnd(9)} ${value}`);
  for (const { source, finding, data } of evidence) writeLine(`evidence  ${source}: ${finding} ${JSON.stringify(data ?? null)}`);
  for (const { type, text } of found.messages) writeLine(`  ${type.padEnd(11)} ${text}`);
}

async function wait(journal: TaskJournal, { flags, task: id }: Given<object, typeof taskArguments>): Promise<void> {
  let current = await findTask(journal, id);
  // Where a MailStore is configured, this process follows the task itself if no other one does.
  const backend = isEnded(current) ? undefined : openIfConfigured(flags);
  try {
    // No process here receives the end of a task of another archive.
    await backend?.runner.get(current.taskId);
    let seen = -1;
    while (!isEnded(current)) {
      if (current.revision !== seen) showProgress(stdout, current.progress ?? 0, current.statusText ?? current.status);
      seen = current.revision;
      await sleep(LOOK_MS);
      current = (await journal.get(current.taskId)) ?? current;
    }
    if (seen !== -1) endProgress(stdout);
  } finally {
    await backend?.close();
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

async function cancel(journal: TaskJournal, { flags, task: id }: Given<object, typeof taskArguments>): Promise<void> {
  const { taskId } = await findTask(journal, id);
  const config = loadConfig({ flags });
  const backend = openBackend(config);
  try {
    const cancelled = await backend.guard.cancel(taskId, { client: 'terminal', prompter: terminalPrompter() });
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

async function prune(journal: TaskJournal, olderThan: number | undefined): Promise<void> {
  if (olderThan === undefined)
    throw new MailStoreError('missingSetting', { setting: '--older-than', hint: 'write a number of days such as 365.' });
  stdout.write(`${await journal.prune(systemClock.now() - olderThan * DAY_MS)} ended tasks were removed.\n`);
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
    const config = loadConfig({ flags });
    return openBackend(config);
  } catch (error) {
    if (isError(error, 'missingSetting')) return undefined;
    throw error;
  }
}
