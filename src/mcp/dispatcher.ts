import type { CallToolResult } from '@modelcontextprotocol/server';
import * as z from 'zod';
import { systemClock, type Clock } from '../base/clock.ts';
import { MailStoreError } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import { findDeepArguments } from '../base/nesting.ts';
import { nearest } from '../base/nearest.ts';
import { formatInZone, machineTimeZone } from '../base/zoned-time.ts';
import type { Catalogue } from '../catalogue/catalogue.ts';
import type { Command, Edition, Effect, InputShape, ParsedArguments, Arguments } from '../catalogue/define-command.ts';
import type { Plan } from '../catalogue/define-plan.ts';
import type { Insight } from '../catalogue/define-insight.ts';
import { readArgumentsLeniently } from '../catalogue/lenient.ts';
import { toolName } from '../catalogue/naming.ts';
import { anything } from '../catalogue/outputs.ts';
import { callerShape } from '../catalogue/fields.ts';
import { completeArguments } from '../catalogue/complete-arguments.ts';
import { describeWindow, findAnsweredZone } from '../catalogue/complete-times.ts';
import { refuseTwins } from '../catalogue/refuse-twins.ts';
import type { Config } from '../config/load.ts';
import { fromVisibleValue, toVisible } from '../base/escape-hidden.ts';
import type { ConsentStates } from '../guard/consent-states.ts';
import type { Answered, Asked, Caller } from '../guard/call.ts';
import type { Guard } from '../guard/guard.ts';
import { mildestEffect, worstEffect } from '../policy/decide.ts';
import { CHANGE_FIELDS, TASK_FIELDS, type PageFields, type PageRequest } from '../journal/page.ts';
import type { Access } from '../base/target.ts';
import { isEnded, type TaskRecord } from '../journal/task-record.ts';
import type { TaskCall, TaskRunner } from '../tasks/runner.ts';
import { changeToolInputs, type ChangeToolName } from './change-tools.ts';
import { ElicitingPrompter, RoundTripPrompter } from './confirmation.ts';
import { Library, type LibraryOptions } from './library.ts';
import type { ToolDefinition } from './tool-definition.ts';
import { compactToolInputs, describeOffered, findTools, type CompactToolName } from './compact-tools.ts';
import { planShape } from './describe-tool.ts';
import { planOutcomeResult, planResult } from './plan-result.ts';
import { insightResult } from './insight-result.ts';
import { acceptedValues, DEFAULT_LIMIT, isListed, listFields, readSort, refuseUnknown, type ListQuery } from './list-query.ts';
import {
  cautionNotes,
  changeListResult,
  errorResult,
  taskListResult,
  taskResult,
  taskResultInTurns,
  valueResult,
  valueResultInTurns,
  type Showing,
} from './results.ts';
import type { CallContext, CancellingClient } from './call-context.ts';
import type { Calls, StartedCall, ToolAnswer } from './task-protocol.ts';
import { taskToolInputs, type TaskToolName } from './task-tools.ts';

/** A tool that can be called: its argument schema, made on its first call, and what it does. */
interface Handler {
  readonly shape: InputShape;
  schema?: z.ZodType<Arguments>;
  /** Completes the arguments before they are checked. */
  readonly complete?: (args: Arguments) => Arguments;
  readonly run: (args: Arguments, context: CallContext) => Promise<ToolAnswer>;
  /** Starts the tool and does not wait; absent where a call is not a task from the beginning. */
  readonly start?: (args: Arguments, context: CallContext) => Promise<StartedCall>;
}

const TARGET = 'target';

/** Plans whose arguments are remembered. */
const PLANS_KEPT = 200;

export interface DispatcherOptions {
  readonly config: Config;
  /** The catalogue of each target. */
  readonly catalogues: ReadonlyMap<string, Catalogue>;
  readonly guard: Guard;
  readonly runner: TaskRunner;
  readonly consentStates: ConsentStates;
  readonly log: Log;
  /** The tools that this server offers. */
  readonly tools?: readonly ToolDefinition[];
  /** Returns the document that draws the answer of a room. */
  readonly readView?: LibraryOptions['readView'];
  /** What `now` is; the machine's own clock by default. */
  readonly clock?: Clock;
}

/** Answers tool calls: checks arguments, hands them to the guard, and shapes what comes back. */
export class Dispatcher implements Calls {
  readonly tasks: TaskRunner;
  readonly library: Library;
  readonly #tools: readonly ToolDefinition[];
  readonly #config: Config;
  readonly #timeZone: string;
  readonly #guard: Guard;
  readonly #consentStates: ConsentStates;
  readonly #catalogues: ReadonlyMap<string, Catalogue>;
  /** The tools by name, for each edition that is connected. */
  readonly #handlers: ReadonlyMap<Edition, ReadonlyMap<string, Handler>>;
  /** The arguments of the plans that were shown, by their ids: a second call need not repeat them. */
  readonly #plans = new Map<string, { readonly plan: string; readonly target: string; readonly args: Arguments }>();
  readonly #log: Log;
  readonly #clock: Clock;

  constructor({ config, catalogues, guard, runner, consentStates, log, tools = [], readView, clock = systemClock }: DispatcherOptions) {
    this.#clock = clock;
    this.#tools = tools;
    this.#config = config;
    this.#timeZone = config.timeZone ?? machineTimeZone();
    this.#guard = guard;
    this.#consentStates = consentStates;
    this.tasks = runner;
    this.#log = log;
    this.#catalogues = catalogues;
    this.library = new Library({
      catalogues,
      guard,
      tasks: runner,
      showing: (tool) => this.#showing(tool),
      tools,
      now: () => clock.now(),
      readView,
    });
    this.#handlers = new Map([...catalogues.values()].map((catalogue) => [catalogue.edition, this.#makeHandlers(catalogue)]));
  }

  #makeHandlers({ insights, plans, commands }: Catalogue): ReadonlyMap<string, Handler> {
    return new Map<string, Handler>([
      ...insights.map((insight): [string, Handler] => [insight.name, this.#insightHandler(insight)]),
      ...plans.map((plan): [string, Handler] => [plan.name, this.#planHandler(plan)]),
      ...commands.map((command): [string, Handler] => [toolName(command.name), this.#commandHandler(command, commands)]),
      ...Object.entries(this.#compactHandlers()),
      ...Object.entries(this.#taskHandlers()),
      ...Object.entries(this.#changeHandlers()),
    ]);
  }

  /** Calls a tool. What the caller can do something about comes back as an error result; it never rejects. */
  async call(tool: string, args: Arguments, context: CallContext): Promise<ToolAnswer> {
    try {
      const called = this.#handler(tool, args);
      return await called.run(parse(tool, called, args), context);
    } catch (error) {
      return this.#tell(tool, error, context);
    }
  }

  /** Starts a tool and returns its task as soon as there is one. What the caller can do something about comes back as an error result. */
  async start(tool: string, args: Arguments, context: CallContext): Promise<StartedCall> {
    try {
      const called = this.#handler(tool, args);
      const parsed = parse(tool, called, args);
      return called.start ? await called.start(parsed, context) : { answer: await called.run(parsed, context) };
    } catch (error) {
      return { answer: this.#tell(tool, error, context) };
    }
  }

  /** Cancels a task for a protocol request, during which no question can be asked. Throws MailStoreError when it is refused or needs a yes. */
  async cancel(taskId: string, caller: CancellingClient): Promise<TaskRecord> {
    const cancelled = await this.#guard.cancel(taskId, caller);
    if ('kind' in cancelled) throw new Error('a question had no one to answer it');
    return cancelled;
  }

  async makeResult(task: TaskRecord): Promise<CallToolResult> {
    return taskResult(task, this.#findOutput(task), this.#showing('get_task_status'), { isError: task.status === 'failed' });
  }

  #findOutput({ target, command }: TaskRecord): Command['output'] | undefined {
    return this.#catalogues.get(target)?.find(command)?.output;
  }

  /** Returns the tool as the edition of the target that the arguments name has it. */
  #handler(tool: string, { [TARGET]: target }: Arguments): Handler {
    const catalogue = this.#catalogues.get(String(target)) ?? [...this.#catalogues.values()][0];
    const handlers = (catalogue && this.#handlers.get(catalogue.edition)) ?? new Map<string, Handler>();
    const found = handlers.get(tool);
    if (!found)
      throw new MailStoreError('unknownTool', {
        tool,
        isCompact: this.#config.surface === 'compact',
        nearest: nearest(tool, handlers.keys()),
      });
    return found;
  }

  #tell(tool: string, error: unknown, { signal }: CallContext): CallToolResult {
    if (error instanceof MailStoreError) return errorResult(error.message);
    if (!signal.aborted) this.#log.error(`${tool}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
    return errorResult(new MailStoreError('internal', {}).message);
  }

  /** `commands` are those of the edition, which a job may run. */
  #commandHandler(command: Command, commands: readonly Command[]): Handler {
    const tool = toolName(command.name);
    const shape = { ...callerShape(command.input), ...(isListed(command) && listFields), ...this.#targetField(worstEffect(command)) };
    const complete = (args: Arguments) => {
      const { login } = this.#readTarget(args[TARGET]);
      return completeArguments(tool, command, args, { login, commands, timeZone: this.#timeZone, now: this.#clock.now() });
    };
    const read = (args: Arguments): { readonly call: TaskCall; readonly showing: Showing } => {
      const {
        target = this.#config.targets[0]?.name ?? '',
        limit,
        offset,
        match,
        where,
        sort,
        fields,
        ...own
      } = args as Arguments & ListQuery & { target?: string };
      return {
        call: { command, args: own, target },
        showing: {
          ...this.#showing(tool, { limit, offset, match, where, sort, fields }),
          answeredIn: findAnsweredZone(command, own),
          window: describeWindow(command, own, { timeZone: this.#timeZone, now: this.#clock.now() }),
          lasting: mildestEffect(command) === 'read' ? undefined : command.irreversible,
          unasked: command.unaskedFields?.(own),
          own: command.showsClock && { ...this.#readClock(), ...this.#readTarget(target) },
        },
      };
    };
    const run = async (args: Arguments, context: CallContext) => {
      const { call, showing } = read(args);
      return this.#answer(command, showing, context, (caller) => this.#guard.run(call, caller));
    };
    if (!command.longRunning) return { shape, complete, run };
    const start = async (args: Arguments, context: CallContext): Promise<StartedCall> => {
      const { caller, question } = this.#caller(context);
      const answered = await this.#guard.run(read(args).call, caller);
      if (answered.kind === 'asked') return { answer: question() };
      if (answered.kind === 'task') return { task: answered.task };
      return { answer: valueResult(command.output, answered, this.#showing(tool)) };
    };
    return { shape, complete, run, start };
  }

  /** Returns who this server is at a target, and what it may do there; the first target by default. */
  #readTarget(name: unknown): { readonly login?: string; readonly access?: Access } {
    const { targets } = this.#config;
    const target = name === undefined ? targets[0] : targets.find((known) => known.name === name);
    return target ? { login: target.username, access: target.access } : {};
  }

  #readClock(): { readonly now: string; readonly timeZone: string } {
    const timeZone = this.#timeZone;
    return { now: formatInZone(this.#clock.now(), timeZone), timeZone };
  }

  #showing(tool: string, query: ListQuery = {}): Showing {
    return { tool, query, timeZone: this.#timeZone };
  }

  #insightHandler(insight: Insight): Handler {
    const shape = { ...insight.input, ...this.#targetField('read') };
    const run = async (args: Arguments, context: CallContext) => {
      const { target = this.#config.targets[0]?.name ?? '', ...own } = args as Arguments & { target?: string };
      const { caller } = this.#caller(context);
      const { onProgress, showsViews: isDrawn } = context;
      const timeZone = this.#timeZone;
      const found = await this.#guard.answer(insight, own, { target, caller, timeZone, onProgress, isDrawn });
      return insightResult(found, { details: own['details'] === true, timeZone });
    };
    return { shape, run };
  }

  /** The first call shows a plan, and a second one with its id runs it. */
  #planHandler(plan: Plan): Handler {
    const shape = { ...planShape(plan), ...this.#targetField('write') };
    const run = async (args: Arguments, context: CallContext) => {
      const { target: given, planId, ...own } = args as Arguments & { target?: string; planId?: string };
      const isEmpty = Object.keys(own).length === 0;
      const known = planId !== undefined && isEmpty ? this.#plans.get(planId) : undefined;
      if (planId !== undefined && isEmpty && known?.plan !== plan.name) throw new MailStoreError('planStale', { tool: plan.name });
      const target = known?.target ?? given ?? this.#config.targets[0]?.name ?? '';
      const { caller, question } = this.#caller(context);
      const parsed = parseArguments(plan.name, z.strictObject(plan.input), known?.args ?? own);
      const prepared = await this.#guard.preparePlan(plan, parsed, {
        target,
        caller,
        timeZone: this.#timeZone,
        onProgress: context.onProgress,
      });
      if (planId === undefined) {
        const { id, expiresAt } = this.#consentStates.issueId(prepared.digest);
        if (this.#plans.size >= PLANS_KEPT) this.#plans.clear();
        this.#plans.set(id, { plan: plan.name, target, args: own });
        return planResult(prepared, id, formatInZone(expiresAt, this.#timeZone));
      }
      if (!this.#consentStates.isIssued(prepared.digest, planId)) throw new MailStoreError('planStale', { tool: plan.name });
      const outcome = await this.#guard.runPlan(prepared, caller, async () => {
        if (!(await this.#consentStates.useId(planId))) throw new MailStoreError('planUsed', { tool: plan.name });
      });
      return 'kind' in outcome ? question() : planOutcomeResult(outcome);
    };
    return { shape, run };
  }

  /** Has the guard do something for a caller, and shapes what it came to: a value, a task that is waited for a moment, or a question. */
  async #answer(
    command: Pick<Command, 'output'>,
    showing: Showing,
    context: CallContext,
    act: (caller: Caller) => Promise<Answered | Asked>,
  ): Promise<ToolAnswer> {
    const { caller, question } = this.#caller(context);
    const answered = await act(caller);
    if (answered.kind === 'asked') return question();
    if (answered.kind === 'task') return this.#answerWithTask(command, answered, showing, context);
    return valueResultInTurns(command.output, answered, showing);
  }

  #caller({ client, elicitation, signal, deadline }: CallContext): { readonly caller: Caller; readonly question: () => ToolAnswer } {
    if (elicitation === undefined || 'elicit' in elicitation) {
      const prompter = elicitation && new ElicitingPrompter(elicitation.elicit);
      const question = () => {
        throw new Error('this client answers within the call');
      };
      return { caller: { client, signal, deadline, prompter }, question };
    }
    const prompter = new RoundTripPrompter(elicitation, this.#consentStates);
    return { caller: { client, signal, deadline, prompter }, question: () => prompter.question };
  }

  /** With more than one target every tool takes `target`, and a write must name it: a mistyped default is not worth an archive. */
  #targetField(effect: Effect): InputShape {
    const [first, ...others] = this.#config.targets.map(({ name }) => name);
    if (first === undefined || others.length === 0) return {};
    const target = z.enum([first, ...others]);
    return { [TARGET]: effect === 'read' ? target.optional() : target };
  }

  #taskHandlers(): Record<TaskToolName, Handler> {
    return {
      get_task_status: handler({
        shape: taskToolInputs.get_task_status,
        run: async (args, { signal, deadline }) => {
          const { taskId, waitSeconds = 0, ...query } = args;
          const known = await this.tasks.get(taskId);
          const ms = Math.min(waitSeconds * 1000, deadline.leftMs());
          const task = ms > 0 && !isEnded(known) ? await this.tasks.waitForNews(known, ms, signal) : known;
          return taskResultInTurns(task, this.#findOutput(task), this.#showing('get_task_status', query));
        },
      }),
      list_tasks: handler({
        shape: taskToolInputs.list_tasks,
        run: async (query) =>
          taskListResult(await this.tasks.page(readPageRequest('list_tasks', query, TASK_FIELDS)), this.#showing('list_tasks', query)),
      }),
      cancel_task: handler({
        shape: taskToolInputs.cancel_task,
        run: async ({ taskId }, context) => {
          const { caller, question } = this.#caller(context);
          const task = await this.#guard.cancel(taskId, caller);
          return 'kind' in task ? question() : taskResult(task, this.#findOutput(task), this.#showing('cancel_task'));
        },
      }),
    };
  }

  /** What a compact surface runs is called as if it had been listed. */
  #compactHandlers(): Record<CompactToolName, Handler> {
    return {
      find_tools: handler({ shape: compactToolInputs.find_tools, run: async ({ query }) => findTools(query, this.#tools) }),
      describe_tool: handler({ shape: compactToolInputs.describe_tool, run: async ({ name }) => describeOffered(name, this.#tools) }),
      run_tool: handler({
        shape: compactToolInputs.run_tool,
        run: async ({ name, arguments: args }, context) => {
          if (Object.hasOwn(compactToolInputs, name)) throw new MailStoreError('unknownTool', { tool: name, isCompact: true });
          return this.call(name, args, context);
        },
      }),
    };
  }

  #changeHandlers(): Record<ChangeToolName, Handler> {
    return {
      list_changes: handler({
        shape: changeToolInputs.list_changes,
        run: async (query) =>
          changeListResult(
            await this.#guard.changes(readPageRequest('list_changes', query, CHANGE_FIELDS)),
            this.#showing('list_changes', query),
          ),
      }),
      revert_change: handler({
        shape: changeToolInputs.revert_change,
        run: async ({ number }, context) =>
          this.#answer({ output: anything }, this.#showing('revert_change'), context, (caller) => this.#guard.revert(number, caller)),
      }),
    };
  }

  /** Waits the inline time for the end, and returns the task either way. */
  async #answerWithTask(
    command: Pick<Command, 'output'>,
    answered: Answered & { readonly kind: 'task' },
    showing: Showing,
    { signal, deadline, onProgress }: CallContext,
  ): Promise<CallToolResult> {
    const { task: started } = answered;
    let shown = -1;
    const onChange = (task: TaskRecord) => {
      // Progress must grow from one notification to the next; a server's percentage may go backwards.
      if (task.progress === null || task.progress <= shown) return;
      shown = task.progress;
      onProgress?.(task.progress, task.statusText === null ? undefined : toVisible(task.statusText));
    };
    onChange(started);
    // What is still starting has been waited for already.
    const ms = started.status === 'running' ? Math.min(this.#config.inlineWaitMs, deadline.leftMs()) : 0;
    const ended = ms > 0 ? await this.tasks.waitForEnd(started.taskId, ms, { onChange, signal }) : started;
    const task = started.note !== undefined && ended.note === undefined ? { ...ended, note: started.note } : ended;
    return taskResult(task, command.output, showing, { isError: task.status === 'failed', notes: cautionNotes(answered) });
  }
}

/** Ties what `run` receives to the shape that its arguments are checked against. */
function handler<Shape extends InputShape>(typed: {
  readonly shape: Shape;
  readonly run: (args: ParsedArguments<Shape>, context: CallContext) => Promise<ToolAnswer>;
}): Handler {
  return typed as unknown as Handler;
}

/** Returns the page that a query asks of a list in the record. Throws MailStoreError `unknownFields` for a field that its rows do not have. */
function readPageRequest(
  tool: string,
  { limit = DEFAULT_LIMIT, offset, match, where, sort, fields }: ListQuery,
  known: PageFields,
): PageRequest {
  const order = sort === undefined ? undefined : readSort(sort);
  const isInside = (name: string) => known.objects.some((object) => name.startsWith(`${object}.`));
  refuseUnknown(
    tool,
    [...Object.keys(where ?? {}), ...(order ? [order.field] : []), ...(fields ?? [])],
    [...known.names, ...known.objects],
    isInside,
  );
  const conditions = Object.entries(where ?? {}).map(([field, condition]) => [field, acceptedValues(condition)] as const);
  return { limit, offset, match, where: Object.fromEntries(conditions), sort: order };
}

/** Throws MailStoreError that names every unknown argument together with the expected ones, or every value that is none of its kind. */
function parse(tool: string, handler: Handler, args: Arguments): Arguments {
  const expected = Object.keys(handler.shape);
  const unknown = Object.keys(args).filter((name) => !expected.includes(name));
  if (unknown.length > 0)
    throw new MailStoreError('unknownArguments', {
      tool,
      unknown,
      expected,
      nearest: nearest(unknown[0] ?? '', expected, { maxDistance: 1 }),
    });
  const deep = findDeepArguments(args);
  if (deep.length > 0) throw new MailStoreError('invalidArguments', { tool, problems: deep });
  refuseTwins(tool, args);
  handler.schema ??= z.strictObject(handler.shape);
  // Names are shown with what hides in them made visible, and come back as they were shown.
  const lenient = readArgumentsLeniently(handler.shape, fromVisibleValue(args) as Arguments);
  if (lenient.problems.length > 0) throw new MailStoreError('invalidArguments', { tool, problems: lenient.problems });
  return parseArguments(tool, handler.schema, handler.complete?.(lenient.args) ?? lenient.args);
}

/** Throws MailStoreError that names every value that is none of its kind. */
function parseArguments(tool: string, schema: z.ZodType<Arguments>, args: Arguments): Arguments {
  const parsed = schema.safeParse(args, { reportInput: true });
  if (parsed.success) return parsed.data;
  throw new MailStoreError('invalidArguments', { tool, problems: parsed.error.issues.map(describeIssue) });
}

function describeIssue({ path, message, ...issue }: z.core.$ZodIssue): string {
  const name = path.join('.') || 'arguments';
  if ('input' in issue && issue.input === undefined) return `${name} is missing`;
  return `${name}: ${message}`;
}
