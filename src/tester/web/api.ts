import { EventEmitter, once } from 'node:events';
import * as z from 'zod';
import type { Clock } from '../../base/clock.ts';
import { MailStoreError } from '../../base/errors.ts';
import type { Log } from '../../base/log.ts';
import { API_FORMS, type ApiForm } from '../../base/target.ts';
import { fromVisibleValue, toVisible } from '../../base/escape-hidden.ts';
import type { Catalogue } from '../../catalogue/catalogue.ts';
import type { Command } from '../../catalogue/define-command.ts';
import type { Insight } from '../../catalogue/define-insight.ts';
import type { Answered } from '../../guard/call.ts';
import type { Exchange } from '../../client/record-exchange.ts';
import { callerShape } from '../../catalogue/fields.ts';
import { isEnded, type TaskRecord } from '../../journal/task-record.ts';
import { asCurl, asMcpCall, asPowerShell, asTerminalWords, type CopiedCall } from '../copy-as.ts';
import { worstEffect } from '../../policy/decide.ts';
import type { Tester } from '../tester.ts';
import type { AskedQuestion } from '../../guard/prompter.ts';
import { isRow, readRows, readString } from '../../base/rows.ts';
import type { ListedNames } from '../../catalogue/outputs.ts';
import { mayLackSecret } from '../../catalogue/lacks-secret.ts';
import { asCopied, CallHistory, type PageCall } from './call-history.ts';
import type { HistoryFile } from './history-file.ts';
import { describeCommand, describeInsight } from '../describe-commands.ts';
import { Questions } from './page-prompter.ts';
import { nothingHere as missing, readRequest as read } from './site.ts';
import {
  COPY_FORMS,
  type CallAnswer,
  type AnswerRequest,
  type CallEnd,
  type CallEvent,
  type CallRecord,
  type CallRequest,
  type CancelEvent,
  type ChangeInfo,
  type CopyRequest,
  type CopyText,
  type CurrentConfiguration,
  type CurrentRequest,
  type KnownName,
  type KnownNames,
  type NamesRequest,
  type News,
  type PageContents,
  type Problem,
  type TargetInfo,
  type TaskInfo,
} from './protocol.ts';

/** The number of newest ended tasks that the page gets. */
const ENDED_TASKS = 30;

/** The most names that a form offers: a person does not look through more. */
const MOST_NAMES = 5000;

/** How long a question for news of tasks is held while there are none. */
const HOLD_MS = 15_000;

export interface PageApiOptions {
  readonly tester: Tester;
  readonly targets: readonly TargetInfo[];
  /** The catalogue of each target. */
  readonly catalogues: ReadonlyMap<string, Catalogue>;
  readonly form: ApiForm;
  readonly version: string;
  readonly clock: Clock;
  readonly log: Log;
  /** Shows the code of a question where only a person at the terminal sees it. Absent if there is no terminal: then no question can be asked. */
  readonly showCode?: ((code: string, question: AskedQuestion) => void) | undefined;
  /** Returns how a terminal runs the words of a subcommand as this installation does. */
  readonly terminalCommand: (words: readonly string[]) => string;
  /** Where calls are kept for the next run; absent where nothing is. */
  readonly historyFile?: HistoryFile | undefined;
  /** Returns how a terminal puts a change back; absent where the archive ends with this program. */
  readonly revertCommand?: (change: number) => string;
}

/** What a page has of the tasks, their revisions by id, and of the calls. */
export interface KnownNews {
  readonly tasks: ReadonlyMap<string, number>;
  readonly callsRevision: number;
}

/** How a call ended, and what it returned. */
interface Ended {
  readonly end: CallEnd;
  readonly answer?: CallAnswer;
}

interface Running {
  readonly tell: (event: CallEvent) => void;
  readonly onExchange: (exchange: Exchange) => void;
  readonly signal: AbortSignal;
}

const writtenCall: z.ZodType<CurrentRequest> = z.strictObject({
  command: z.string(),
  args: z.record(z.string(), z.unknown()),
  target: z.string(),
  form: z.enum(API_FORMS),
});
const namesRequest: z.ZodType<NamesRequest> = z.strictObject({ names: z.string(), target: z.string(), form: z.enum(API_FORMS) });
const callRequest: z.ZodType<CallRequest> = z.union([writtenCall, z.strictObject({ repeat: z.int() })]);
const answerRequest: z.ZodType<AnswerRequest> = z.strictObject({ id: z.string(), answer: z.string(), code: z.string().optional() });
const copyRequest: z.ZodType<CopyRequest> = z.strictObject({ call: z.int(), exchange: z.int(), as: z.enum(COPY_FORMS) });

/** The operations that the page's server offers, independent of HTTP. */
export class PageApi {
  readonly #options: PageApiOptions;
  readonly #history: CallHistory;
  /** Absent if no terminal can show the codes of questions: then no question can be asked here. */
  readonly #questions: Questions | undefined;
  /** Tasks of earlier runs that were looked up. */
  readonly #lookedUp = new Set<string>();
  /** Reports each call that ends, and so each task that begins. */
  readonly #calls = new EventEmitter().setMaxListeners(0);

  constructor(options: PageApiOptions) {
    this.#options = options;
    const { historyFile, targets } = options;
    this.#history = new CallHistory(
      historyFile && {
        file: historyFile,
        origins: new Map(targets.map(({ name, origin }) => [name, origin])),
        find: (target, name) => this.#findKnown(target, name),
        restore: ({ command, args, target, form }) => asPageCall(this.#findKnown(target, command), { args, target, form }),
      },
    );
    this.#questions = options.showCode && new Questions(options.showCode);
  }

  contents(): PageContents {
    const { version, targets, form, catalogues, tester } = this.#options;
    const commands = new Map([...catalogues.values()].flatMap((catalogue) => catalogue.commands).map((command) => [command.name, command]));
    const insights = new Map([...catalogues.values()].flatMap((catalogue) => catalogue.insights).map((insight) => [insight.name, insight]));
    return {
      version,
      targets,
      form,
      commands: [
        ...[...insights.values()].map(describeInsight),
        ...[...commands.values()].map((command) => describeCommand(command, tester.timeZone)),
      ],
      timeZone: tester.timeZone,
    };
  }

  callRecord(id: number): CallRecord | undefined {
    return this.#history.get(id);
  }

  /** Makes a call and reports its progress; `signal` aborts when the page has gone. Throws BadRequest for an invalid call. */
  async call(body: unknown, tell: (event: CallEvent) => void, signal: AbortSignal): Promise<void> {
    const request = read(callRequest, body);
    const { clock } = this.#options;
    let call: PageCall;
    if ('repeat' in request) {
      call = this.#history.findCall(request.repeat) ?? missing();
    } else {
      const { target, form } = request;
      const declared = this.#findDeclared(target, request.command);
      // Names are shown with what hides in them made visible, and come back as they were shown.
      const args = Object.fromEntries(Object.entries(request.args).map(([name, value]) => [name, fromVisibleValue(value)]));
      const problems = findProblems('answer' in declared ? declared.input : callerShape(declared.input), args);
      if (problems.length > 0) {
        tell({ kind: 'invalid', problems });
        return;
      }
      call = asPageCall(declared, { args, target, form }) ?? missing();
    }
    const started = clock.now();
    const summary = this.#history.begin(call, new Date(started).toISOString());
    tell({ kind: 'started', call: summary });
    let ended: Ended;
    try {
      // The polls of a long command come after its answer.
      const onExchange = (exchange: Exchange) => {
        const numbered = this.#history.addExchange(summary.id, exchange);
        if (numbered) tell({ kind: 'exchange', call: summary.id, exchange: numbered });
      };
      ended = await this.#run(call, { tell, onExchange, signal });
    } catch (error) {
      ended = { end: { kind: 'error', message: this.#readMessage(error) } };
    }
    const { end, answer } = ended;
    const ms = clock.now() - started;
    const shown = this.#history.end(summary.id, end, ms, answer) ?? { ...summary, end, ms };
    tell({ kind: 'ended', call: shown, ...(answer && { answer }) });
    this.#calls.emit('end');
  }

  async #run(call: PageCall, { tell, onExchange, signal }: Running): Promise<Ended> {
    const { tester } = this.#options;
    if ('insight' in call) {
      const report = await tester.report(call, { onExchange });
      return { end: { kind: 'value', drift: [] }, answer: { kind: 'report', report } };
    }
    const prompter = this.#questions?.prompter((question) => tell({ kind: 'question', ...question }), signal);
    const answered = await tester.call(call, { prompter, onExchange });
    if (answered.kind === 'task') tell({ kind: 'task', task: taskInfo(answered.task) });
    const end = this.#describeEnd(answered);
    if (answered.kind === 'task' || answered.value === null || answered.value === undefined) return { end };
    return { end, answer: { kind: 'value', value: answered.value, zone: tester.findZone(call) } };
  }

  #findDeclared(target: string, name: string): Command | Insight {
    return this.#findKnown(target, name) ?? missing();
  }

  #findKnown(target: string, name: string): Command | Insight | undefined {
    const catalogue = this.#options.catalogues.get(target);
    return catalogue?.find(name) ?? catalogue?.insights.find((insight) => insight.name === name);
  }

  /** Reads the configuration that a call would change, by the read that its declaration names. Throws BadRequest where it has none. */
  async readCurrent(body: unknown, signal: AbortSignal): Promise<CurrentConfiguration> {
    const { command: name, args, target, form } = read(writtenCall, body);
    const catalogue = this.#options.catalogues.get(target);
    const { mergesInto } = catalogue?.find(name) ?? missing();
    const command = (mergesInto && catalogue?.find(mergesInto.read)) ?? missing();
    try {
      const answered = await this.#options.tester.call({ command, args: mergesInto?.args?.(args) ?? {}, target, form }, { signal });
      if (answered.kind !== 'value' || !isRow(answered.value)) return { problem: `The answer to ${command.name} is not a configuration.` };
      const shown = Object.entries(answered.value);
      // Sent back as it is shown, a masked or empty secret would take the place of the real one.
      const hides = ([field, value]: (typeof shown)[number]) => mayLackSecret({ [field]: value });
      return { value: Object.fromEntries(shown.filter((entry) => !hides(entry))), notShown: shown.filter(hides).map(([field]) => field) };
    } catch (error) {
      return { problem: this.#readMessage(error) };
    }
  }

  /** Lists what exists of a kind, such as users, by the read that says that it lists them. Throws BadRequest where no read does. */
  async readNames(body: unknown, signal: AbortSignal): Promise<KnownNames> {
    const { names, target, form } = read(namesRequest, body);
    const commands = this.#options.catalogues.get(target)?.commands ?? [];
    const found = commands.flatMap((command) => (command.output.list?.lists ?? []).map((listed) => ({ command, listed })));
    const { command, listed } = found.find((each) => each.listed.names === names) ?? missing();
    try {
      const answered = await this.#options.tester.call({ command, args: listed.args ?? {}, target, form }, { signal });
      if (answered.kind !== 'value') return { problem: `${command.name} takes long here.` };
      const known = listNames(answered.value, listed);
      return { known: known.slice(0, MOST_NAMES), total: known.length };
    } catch (error) {
      return { problem: this.#readMessage(error) };
    }
  }

  /** Settles the question that waits on the page. */
  answer(body: unknown): { readonly isKnown: boolean } {
    return { isKnown: this.#questions?.answer(read(answerRequest, body)) ?? false };
  }

  /**
   * Returns the tasks that run, the newest that have ended, and the calls. With `known`, what the page has of them, it first waits until there is
   * something else, or some time has passed.
   */
  async news(known: KnownNews | undefined, signal: AbortSignal): Promise<News> {
    const shown = await this.#shownTasks();
    const isOld = known?.callsRevision !== this.#history.revision || shown.some((task) => known.tasks.get(task.taskId) !== task.revision);
    if (isOld) return this.#newsSince(known, shown);
    const over = new AbortController();
    const either = AbortSignal.any([signal, over.signal]);
    const running = shown.filter((task) => !isEnded(task));
    try {
      await Promise.race([
        this.#options.clock.sleep(HOLD_MS, either),
        once(this.#calls, 'end', { signal: either }),
        ...running.map((task) => this.#options.tester.tasks.waitForNews(task, HOLD_MS, either)),
      ]);
    } finally {
      over.abort();
    }
    return this.#newsSince(known, await this.#shownTasks());
  }

  /** Asks the server to stop a task and reports the result; `signal` aborts when the page has gone. */
  async cancelTask(taskId: string, tell: (event: CancelEvent) => void, signal: AbortSignal): Promise<void> {
    try {
      const prompter = this.#questions?.prompter((question) => tell({ kind: 'question', ...question }), signal);
      tell({ kind: 'task', task: taskInfo(await this.#options.tester.cancel(taskId, { prompter })) });
    } catch (error) {
      tell({ kind: 'problem', problem: this.#readMessage(error) });
    }
  }

  /** Returns a call of the history as it would be written elsewhere. */
  copy(body: unknown): CopyText {
    const { call, exchange, as } = read(copyRequest, body);
    if (as === 'mcp' || as === 'terminal') {
      const copiedCall = asCopied(this.#history.findCall(call) ?? missing());
      const withTarget = this.#options.targets.length > 1;
      if (as === 'mcp') return { text: asMcpCall(copiedCall, { withTarget }) };
      return { text: this.#options.terminalCommand(asTerminalWords(copiedCall, { withTarget, options: this.#listOptions(copiedCall) })) };
    }
    const copied = this.#history.get(call)?.exchanges.find(({ number }) => number === exchange) ?? missing();
    return { text: as === 'curl' ? asCurl(copied) : asPowerShell(copied) };
  }

  /** Returns the options without which a terminal would refuse the call or make it elsewhere. */
  #listOptions({ command, target }: CopiedCall): readonly string[] {
    const { access, isSandbox = false } = this.#options.targets.find(({ name }) => name === target) ?? {};
    const declared = this.#findKnown(target, command.name);
    const isRead = !declared || 'answer' in declared || worstEffect(declared) === 'read';
    return [...(isRead || access === undefined ? [] : ['--access', access]), ...(isSandbox ? ['--sandbox'] : [])];
  }

  async #newsSince(known: KnownNews | undefined, tasks: readonly TaskRecord[]): Promise<News> {
    const { revision } = this.#history;
    return {
      tasks: tasks.map(taskInfo),
      elsewhere: await this.#options.tester.tasks.countElsewhere(),
      ...(known?.callsRevision !== revision && { calls: this.#history.list() }),
      callsRevision: revision,
    };
  }

  async #shownTasks(): Promise<readonly TaskRecord[]> {
    const { tasks } = this.#options.tester;
    const recent = await tasks.recent(ENDED_TASKS);
    const known = new Set(recent.map(({ taskId }) => taskId));
    // Those of earlier runs may have ended long ago, or be gone from the record.
    const others = this.#history.listOpenTasks().filter((taskId) => !known.has(taskId) && !this.#lookedUp.has(taskId));
    for (const taskId of others) this.#lookedUp.add(taskId);
    const earlier = await Promise.all(others.map(async (taskId) => tasks.get(taskId).catch(() => undefined)));
    this.#history.noteTasks([...recent, ...earlier.filter((task) => task !== undefined)]);
    return recent;
  }

  #describeEnd(answered: Answered): CallEnd {
    const { generated } = answered;
    if (answered.kind === 'task') return { kind: 'task', taskId: answered.task.taskId, ...(generated && { generated }) };
    const { drift, change } = answered;
    const { revertCommand } = this.#options;
    return {
      kind: 'value',
      drift: drift.map(({ path, expected, got }) => {
        return `${path || 'The value'} is ${got === undefined ? 'missing' : JSON.stringify(got)}; expected was ${expected}.`;
      }),
      ...(change && { change: withRevert(change, revertCommand) }),
      ...(generated && { generated }),
    };
  }

  #readMessage(error: unknown): string {
    if (error instanceof MailStoreError) return error.message;
    this.#options.log.error(error instanceof Error ? (error.stack ?? error.message) : String(error));
    return new MailStoreError('internal', {}).message;
  }
}

/** Returns what is wrong with the arguments of a form, by field. */
function findProblems(shape: Command['input'], args: Readonly<Record<string, unknown>>): readonly Problem[] {
  const parsed = z.strictObject(shape).safeParse(args, { reportInput: true });
  return parsed.success ? [] : parsed.error.issues.map(describeIssue);
}

function describeIssue(issue: z.core.$ZodIssue): Problem {
  const [field, ...inside] = issue.path;
  const message = 'input' in issue && issue.input === undefined ? 'is missing' : issue.message;
  const where = inside.length > 0 ? `${inside.join('.')}: ` : '';
  return { ...(field !== undefined && { field: String(field) }), message: `${where}${message}` };
}

/** Returns a call of a command or an insight; undefined where there is none. */
function asPageCall(
  declared: Command | Insight | undefined,
  call: Readonly<Pick<PageCall, 'args' | 'target' | 'form'>>,
): PageCall | undefined {
  if (!declared) return undefined;
  return 'answer' in declared ? { insight: declared, ...call } : { command: declared, ...call };
}

/** A change with a note is one that cannot be put back. */
function withRevert(change: ChangeInfo, revertCommand: PageApiOptions['revertCommand']): ChangeInfo {
  const { number, note } = change;
  return number === undefined || note !== undefined || !revertCommand ? change : { ...change, revert: revertCommand(number) };
}

function listNames(value: unknown, listed: ListedNames): readonly KnownName[] {
  return readRows(value).flatMap((row) => {
    const [name, title] = [row[listed.value], listed.title === undefined ? undefined : readString(row[listed.title])];
    const below = listed.children === undefined ? [] : listNames(row[listed.children], listed);
    if (typeof name !== 'string' && typeof name !== 'number') return below;
    return [{ value: toVisible(String(name)), ...(title !== undefined && { title: toVisible(title) }) }, ...below];
  });
}

/** Leaves out what only processes need to know. */
function taskInfo({ run: _run, lease: _lease, pollMark: _pollMark, lostPoll: _lostPoll, ...task }: TaskRecord): TaskInfo {
  return task;
}
