import type { CallToolResult } from '@modelcontextprotocol/server';
import * as z from 'zod';
import { commands } from '../../tools/index.ts';
import { MailStoreError } from '../base/errors.ts';
import type { Log } from '../base/log.ts';
import { nearest } from '../base/nearest.ts';
import type { Command, InputShape, ParsedArguments } from '../catalogue/define-command.ts';
import { toolName } from '../catalogue/naming.ts';
import type { MailStoreClient } from '../client/client.ts';
import type { Config } from '../config/load.ts';
import { worstEffect } from '../policy/decide.ts';
import { isEnded, type TaskRecord } from '../journal/task-record.ts';
import type { TaskRunner } from '../tasks/runner.ts';
import { isPaged, pagingFields, type Paging } from './paging.ts';
import { errorResult, taskListResult, taskResult, valueResult } from './results.ts';
import type { Arguments, CallContext, Calls, Started } from './task-protocol.ts';
import { taskToolInputs, type TaskToolName } from './task-tools.ts';

/** A tool that can be called: its argument schema, made on its first call, and what it does. */
interface Handler {
  readonly shape: InputShape;
  schema?: z.ZodType<Arguments>;
  readonly run: (args: Arguments, context: CallContext) => Promise<CallToolResult>;
  /** Starts the tool and does not wait; absent where a call is not a task from the beginning. */
  readonly start?: (args: Arguments) => Promise<TaskRecord>;
}

const TARGET = 'target';

export interface DispatcherOptions {
  readonly config: Config;
  readonly clients: ReadonlyMap<string, MailStoreClient>;
  readonly runner: TaskRunner;
  readonly log: Log;
}

/** Answers tool calls: checks arguments, calls MailStore or the task runner, and shapes what comes back. */
export class Dispatcher implements Calls {
  readonly tasks: TaskRunner;
  readonly #config: Config;
  readonly #clients: ReadonlyMap<string, MailStoreClient>;
  readonly #handlers: ReadonlyMap<string, Handler>;
  readonly #log: Log;

  constructor({ config, clients, runner, log }: DispatcherOptions) {
    this.#config = config;
    this.#clients = clients;
    this.tasks = runner;
    this.#log = log;
    this.#handlers = new Map<string, Handler>([
      ...commands.map((command): [string, Handler] => [toolName(command.name), this.#commandHandler(command)]),
      ...Object.entries(this.#taskHandlers()),
    ]);
  }

  /** Calls a tool. What the caller can do something about comes back as an error result; it never rejects. */
  async call(tool: string, args: Arguments, context: CallContext): Promise<CallToolResult> {
    try {
      const called = this.#handler(tool);
      return await called.run(parse(tool, called, args), context);
    } catch (error) {
      return this.#tell(tool, error, context);
    }
  }

  /** Starts a tool and returns its task as soon as there is one. What the caller can do something about comes back as an error result. */
  async start(tool: string, args: Arguments, context: CallContext): Promise<Started> {
    try {
      const called = this.#handler(tool);
      const parsed = parse(tool, called, args);
      return called.start ? { task: await called.start(parsed) } : { answer: await called.run(parsed, context) };
    } catch (error) {
      return { answer: this.#tell(tool, error, context) };
    }
  }

  async resultOf(task: TaskRecord): Promise<CallToolResult> {
    return taskResult(task, outputOf(task), {}, { isError: task.status === 'failed' });
  }

  #handler(tool: string): Handler {
    const found = this.#handlers.get(tool);
    if (!found) throw new MailStoreError('unknownTool', { tool, nearest: nearest(tool, this.#handlers.keys()) });
    return found;
  }

  #tell(tool: string, error: unknown, { signal }: CallContext): CallToolResult {
    if (error instanceof MailStoreError) return errorResult(error.message);
    if (!signal.aborted) this.#log.error(`${tool}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
    return errorResult(new MailStoreError('internal', {}).message);
  }

  #commandHandler(command: Command): Handler {
    const shape = { ...command.input, ...(isPaged(command) && pagingFields), ...this.#targetField(command) };
    const read = (args: Arguments) => {
      const {
        target = this.#config.targets[0]?.name ?? '',
        limit,
        offset,
        match,
        ...own
      } = args as Arguments & Paging & { target?: string };
      return { call: { command, args: own, target }, paging: { limit, offset, match } };
    };
    if (command.longRunning) {
      const start = (args: Arguments) => this.tasks.start(read(args).call);
      return { shape, start, run: async (args, context) => this.#answerWithTask(command, await start(args), context) };
    }
    return {
      shape,
      run: async (args, context) => {
        const { call, paging } = read(args);
        const client = this.#clients.get(call.target);
        if (!client) throw new Error(`no client for ${call.target}`);
        const outcome = await client.send(await client.prepare(command, call.args), { signal: context.signal });
        if (outcome.kind === 'value') return valueResult(command.output, outcome, paging);
        return this.#answerWithTask(command, await this.tasks.follow(call, outcome), context);
      },
    };
  }

  /** With more than one target every tool takes `target`, and a write must name it: a mistyped default is not worth an archive. */
  #targetField(command: Command): InputShape {
    const [first, ...others] = this.#config.targets.map(({ name }) => name);
    if (first === undefined || others.length === 0) return {};
    const target = z.enum([first, ...others]);
    return { [TARGET]: worstEffect(command) === 'read' ? target.optional() : target };
  }

  #taskHandlers(): Record<TaskToolName, Handler> {
    return {
      get_task_status: handler({
        shape: taskToolInputs.get_task_status,
        run: async (args, { signal }) => {
          const { taskId, waitSeconds = 0, ...paging } = args;
          const known = await this.tasks.get(taskId);
          const task = waitSeconds > 0 && !isEnded(known) ? await this.tasks.waitForNews(known, waitSeconds * 1000, signal) : known;
          return taskResult(task, outputOf(task), paging);
        },
      }),
      list_tasks: handler({
        shape: taskToolInputs.list_tasks,
        run: async (paging) => taskListResult(await this.tasks.list(), paging),
      }),
      cancel_task: handler({
        shape: taskToolInputs.cancel_task,
        run: async ({ taskId }) => {
          const task = await this.tasks.cancel(taskId);
          return taskResult(task, outputOf(task), {});
        },
      }),
    };
  }

  /** Waits the inline time for the end, and returns the task either way. */
  async #answerWithTask(command: Command, started: TaskRecord, { signal, onProgress }: CallContext): Promise<CallToolResult> {
    let shown = -1;
    const onChange = (task: TaskRecord) => {
      // Progress must grow from one notification to the next; a server's percentage may go backwards.
      if (task.progress === null || task.progress <= shown) return;
      shown = task.progress;
      onProgress?.(task.progress, task.statusText ?? undefined);
    };
    onChange(started);
    const ended = isEnded(started) ? started : await this.tasks.waitForEnd(started.taskId, this.#config.inlineWaitMs, { onChange, signal });
    const task = started.note !== undefined && ended.note === undefined ? { ...ended, note: started.note } : ended;
    return taskResult(task, command.output, {}, { isError: task.status === 'failed' });
  }
}

/** Ties what `run` receives to the shape that its arguments are checked against. */
function handler<Shape extends InputShape>(typed: {
  readonly shape: Shape;
  readonly run: (args: ParsedArguments<Shape>, context: CallContext) => Promise<CallToolResult>;
}): Handler {
  return typed as unknown as Handler;
}

function outputOf(task: TaskRecord): Command['output'] | undefined {
  return commands.find((command) => command.name === task.command)?.output;
}

/** Throws MailStoreError that names every unknown argument together with the expected ones, or every value that is none of its kind. */
function parse(tool: string, handler: Handler, args: Arguments): Arguments {
  const expected = Object.keys(handler.shape);
  const unknown = Object.keys(args).filter((name) => !expected.includes(name));
  if (unknown.length > 0) throw new MailStoreError('unknownArguments', { tool, unknown, expected });
  handler.schema ??= z.strictObject(handler.shape);
  const parsed = handler.schema.safeParse(args, { reportInput: true });
  if (parsed.success) return parsed.data;
  throw new MailStoreError('invalidArguments', { tool, problems: parsed.error.issues.map(describeIssue) });
}

function describeIssue({ path, message, ...issue }: z.core.$ZodIssue): string {
  const name = path.join('.') || 'arguments';
  if ('input' in issue && issue.input === undefined) return `${name} is missing`;
  return `${name}: ${message}`;
}
