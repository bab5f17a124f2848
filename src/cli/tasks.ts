import { setTimeout as sleep } from 'node:timers/promises';
import { systemClock } from '../base/clock.ts';
import { isError, MailStoreError } from '../base/errors.ts';
import { nearest } from '../base/nearest.ts';
import { escapeHidden, toVisibleLine } from '../base/visible.ts';
import { loadConfig, loadStateDir } from '../config/load.ts';
import { settingList } from '../config/settings.ts';
import { Journal } from '../journal/journal.ts';
import type { TaskJournal } from '../journal/task-journal.ts';
import { isEnded, type TaskRecord } from '../journal/task-record.ts';
import { openBackend, type Backend } from './backend.ts';
import { readFlags } from './flags.ts';
import { endProgress, showProgress } from './progress-bar.ts';

const { stdout } = process;

/** How often a waiting terminal looks into the record. */
const LOOK_MS = 250;
const DAY_MS = 86_400_000;

interface Context {
  readonly tasks: TaskJournal;
  readonly json: boolean;
  readonly all: boolean;
  readonly flags: Readonly<Record<string, string>>;
  /** The id or the beginning of one that was given; throws where it names no task, or more than one. */
  task(): TaskRecord;
}

const ACTIONS: Readonly<Record<string, (context: Context) => void | Promise<void>>> = { list, show, wait, cancel, prune };

/** Shows and steers the recorded tasks in a terminal: `tasks list | show ID | wait ID | cancel ID | prune --older-than DAYS`. */
export async function tasks(args: readonly string[]): Promise<void> {
  const [name = 'list', ...rest] = args[0]?.startsWith('-') ? ['list', ...args] : args;
  const action = Object.hasOwn(ACTIONS, name) ? ACTIONS[name] : undefined;
  if (!action) throw new MailStoreError('unknownSubcommand', { name: `tasks ${name}`, nearest: nearest(name, Object.keys(ACTIONS)) });
  const [id, flagArgs] = rest[0] !== undefined && !rest[0].startsWith('-') ? [rest[0], rest.slice(1)] : [undefined, rest];
  const { values: flags, switches } = readFlags(flagArgs, {
    values: [...settingList.flatMap(({ flag }) => flag ?? []), '--older-than'],
    switches: ['--json', '--all'],
  });
  const journal = Journal.open(loadStateDir({ flags }), { clock: systemClock });
  try {
    await action({
      tasks: journal.tasks,
      json: switches.has('--json'),
      all: switches.has('--all'),
      flags,
      task: () => findTask(journal.tasks, name, id),
    });
  } finally {
    journal.close();
  }
}

function findTask(journal: TaskJournal, action: string, id: string | undefined): TaskRecord {
  if (id === undefined)
    throw new MailStoreError('missingSetting', { setting: `the task of tasks ${action}`, hint: 'tasks list shows the ids.' });
  const found = journal.list({ includeEnded: true }).filter(({ taskId }) => taskId.startsWith(id));
  const [task] = found;
  if (!task || found.length > 1) throw new MailStoreError('unknownTask', { taskId: id });
  return task;
}

function list({ tasks: journal, json, all }: Context): void {
  const found = journal.list({ includeEnded: true, ...(!all && { limit: 20 }) });
  if (json) {
    for (const task of found) stdout.write(`${escapeHidden(JSON.stringify(task))}\n`);
    return;
  }
  if (found.length === 0) stdout.write('No task is recorded.\n');
  for (const { taskId, command, target, status, progress, startedAt } of found) {
    const percent = status === 'running' && progress !== null ? ` ${Math.round(progress)} %` : '';
    writeLine(`${taskId}  ${startedAt.slice(0, 19)}Z  ${target}  ${command}  ${status}${percent}`);
  }
}

function show({ json, task }: Context): void {
  const found = task();
  if (json) {
    stdout.write(`${escapeHidden(JSON.stringify(found))}\n`);
    return;
  }
  const { taskId, command, target, argumentsShown, status, progress, statusText, startedAt, endedAt, reason, note, error, evidence } =
    found;
  const rows: [string, string | null | undefined][] = [
    ['task', taskId],
    ['command', `${command} ${JSON.stringify(argumentsShown)}`],
    ['target', target],
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

async function wait({ tasks: journal, flags, task }: Context): Promise<void> {
  let current = task();
  // Where a MailStore is configured, this process follows the task itself if no other one does.
  const backend = isEnded(current) ? undefined : openIfConfigured(flags);
  try {
    let seen = -1;
    while (!isEnded(current)) {
      if (current.revision !== seen) showProgress(stdout, current.progress ?? 0, current.statusText ?? current.status);
      seen = current.revision;
      await sleep(LOOK_MS);
      current = journal.get(current.taskId) ?? current;
    }
    if (seen !== -1) endProgress(stdout);
  } finally {
    await backend?.close();
  }
  writeLine(`${current.command} ${current.status}${sentenceOf(current)}`);
  if (current.status !== 'succeeded') process.exitCode = 1;
}

async function cancel({ flags, task }: Context): Promise<void> {
  const { taskId } = task();
  const config = loadConfig({ flags });
  const backend = openBackend(config);
  try {
    const cancelled = await backend.guard.cancel(taskId, { client: 'terminal' });
    writeLine(
      isEnded(cancelled)
        ? `${cancelled.command} has ended before: ${cancelled.status}${sentenceOf(cancelled)}`
        : `${cancelled.command} was asked to stop; it stops when the server gets to it.`,
    );
  } finally {
    await backend.close();
  }
}

function prune({ tasks: journal, flags }: Context): void {
  const text = flags['--older-than'] ?? '';
  const days = /^(\d+)d?$/.exec(text)?.[1];
  if (days === undefined) {
    throw new MailStoreError('invalidSetting', { setting: '--older-than', value: text, expected: 'a number of days such as 365' });
  }
  stdout.write(`${journal.prune(systemClock.now() - Number(days) * DAY_MS)} ended tasks were removed.\n`);
}

/** Texts of a task come from the server: what could steer a terminal is shown and not obeyed. */
function writeLine(line: string): void {
  stdout.write(`${toVisibleLine(line)}\n`);
}

function sentenceOf({ error, reason }: TaskRecord): string {
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
