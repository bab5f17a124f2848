import type { Arguments } from '../catalogue/define-command.ts';
import {
  ProtocolError,
  ProtocolErrorCode,
  Server,
  type CallToolResult,
  type InputRequiredResult,
  type JSONRPCRequest,
  type Result,
  type ServerCapabilities,
  type ServerContext,
} from '@modelcontextprotocol/server';
import { HOLD_MS } from '../base/limits.ts';
import { MailStoreError } from '../base/errors.ts';
import { toVisible } from '../base/escape-hidden.ts';
import type { TaskRecord } from '../journal/task-record.ts';
import type { TaskRunner } from '../tasks/runner.ts';
import type { CallContext, CancellingClient } from './call-context.ts';
import type { Library } from './library.ts';
import { errorResult, nextStep, taskHead } from './results.ts';

export type ToolAnswer = CallToolResult | InputRequiredResult;

/** What starting a long-running tool leads to: its task, or an answer in place of one, such as a refusal or a question to a person. */
export type StartedCall = { readonly task: TaskRecord } | { readonly answer: ToolAnswer };

/** Answers calls and knows the tasks that they became. */
export interface Calls {
  call(tool: string, args: Arguments, context: CallContext): Promise<ToolAnswer>;
  /** Starts a tool and returns its task without waiting; the task can be read from then on. */
  start(tool: string, args: Arguments, context: CallContext): Promise<StartedCall>;
  readonly tasks: Pick<TaskRunner, 'get' | 'page' | 'findNumber' | 'waitForEnd'>;
  /** Asks the server to stop a task, on behalf of a client as it names itself. */
  cancel(taskId: string, caller: CancellingClient): Promise<TaskRecord>;
  /** Prompts, resources and completions. */
  readonly library: Library;
  /** Returns what the call of an ended task would have returned, had it waited. Rejects where that would have been a protocol error. */
  makeResult(task: TaskRecord): Promise<CallToolResult>;
}

/** A call before it is known how it is answered. */
export interface ToolCall {
  readonly name: string;
  readonly isLongRunning: boolean;
  /** The parameter by which clients of 2025-11-25 ask for a task. */
  readonly task?: unknown;
}

/** The tasks of one generation of the protocol: its words for the one engine behind them all. */
export interface TaskFace {
  readonly capabilities: ServerCapabilities;
  /** True when a call is to be answered with a task. Throws ProtocolError when the client must not ask for one. */
  wantsTask(call: ToolCall, ctx: ServerContext): boolean;
  /** Returns the creation of a task, or the ordinary result of one that needs no following. */
  created(task: TaskRecord, calls: Calls): Promise<{ readonly creation: Result } | { readonly answer: ToolAnswer }>;
  /** Returns the answer to a client that was to have a task and has none. Throws ProtocolError where the generation has no other way. */
  notCreated(answer: ToolAnswer): ToolAnswer;
  /** Registers the methods by which tasks are followed; `calls` is loaded when the first of them is called. */
  register(server: Server, calls: () => Promise<Calls>): void;
}

/** Answers a tool call as a task where the face asks for one, and in the ordinary way elsewhere. */
export async function answerCall(
  { server, face, calls }: { readonly server: TaskServer; readonly face: TaskFace; readonly calls: () => Promise<Calls> },
  call: ToolCall & { readonly arguments: Arguments },
  ctx: ServerContext,
  context: CallContext,
): Promise<ToolAnswer> {
  const wantsTask = face.wantsTask(call, ctx);
  // What calls need may still be loading, and that is part of the time of the call.
  const late = () => new MailStoreError('notBegun', { tool: call.name, seconds: HOLD_MS / 1000 });
  const loaded = await context.deadline.within(calls(), late).catch((error: unknown) => {
    if (error instanceof MailStoreError) return error;
    throw error;
  });
  // Without its record the server does nothing at all: an end that it could not keep would be lost.
  if (loaded instanceof MailStoreError) return wantsTask ? face.notCreated(errorResult(loaded.message)) : errorResult(loaded.message);
  if (!wantsTask) return loaded.call(call.name, call.arguments, context);
  const started = await loaded.start(call.name, call.arguments, context);
  if (!('task' in started)) return face.notCreated(started.answer);
  const told = await face.created(started.task, loaded);
  return 'creation' in told ? server.asCreation(told.creation) : told.answer;
}

type RequestHandler = (request: JSONRPCRequest, ctx: ServerContext) => Promise<Result>;

/** A protocol server that may answer a tool call with a task. */
export class TaskServer extends Server {
  readonly #creations = new WeakSet<Result>();

  /** Marks the creation of a task, which goes out as it is. */
  asCreation(creation: Result): ToolAnswer {
    this.#creations.add(creation);
    return creation as ToolAnswer;
  }

  /** The SDK checks every tool result as one with content: it adds some to a task, or refuses it. A creation goes around that, and only it. */
  protected override _wrapHandler(method: string, handler: RequestHandler): RequestHandler {
    if (method !== 'tools/call') return super._wrapHandler(method, handler);
    return async (request, ctx) => {
      let creation: Result | undefined;
      const checked = super._wrapHandler(method, async (...received) => {
        const result = await handler(...received);
        if (!this.#creations.has(result)) return result;
        creation = result;
        return { content: [] };
      });
      const result = await checked(request, ctx);
      return creation ?? result;
    };
  }
}

/** Milliseconds between two looks at a task. A look reads the journal and costs MailStore nothing. */
export const POLL_INTERVAL_MS = 1000;

/** What every generation reports of a task, apart from its status. */
export function describeTask(task: TaskRecord): {
  readonly taskId: string;
  readonly createdAt: string;
  /** When the status last changed; progress is no change of it. */
  readonly lastUpdatedAt: string;
  readonly statusMessage?: string;
} {
  const { taskId, startedAt, endedAt = startedAt } = task;
  const statusMessage = describeStatus(task);
  return {
    taskId,
    createdAt: startedAt,
    lastUpdatedAt: endedAt,
    ...(statusMessage !== null && { statusMessage: toVisible(statusMessage) }),
  };
}

function describeStatus(task: TaskRecord): string | null {
  switch (task.status) {
    case 'failed':
      return taskHead(task);
    case 'unknown':
      return `${taskHead(task)} Next: ${nextStep(task)}`;
    case 'starting':
    case 'running':
      return task.note ?? task.statusText;
    default:
      return task.finding ? taskHead(task) : task.statusText;
  }
}

/** Runs the handler of a task method. What a caller can do something about is its params' fault; all else is an internal error. */
export async function answerMethod<Answer>(answer: () => Promise<Answer>): Promise<Answer> {
  try {
    return await answer();
  } catch (error) {
    if (error instanceof ProtocolError) throw error;
    const told = error instanceof MailStoreError ? error : new MailStoreError('internal', {});
    const code = told.audience === 'caller' ? ProtocolErrorCode.InvalidParams : ProtocolErrorCode.InternalError;
    throw new ProtocolError(code, toVisible(told.message));
  }
}
