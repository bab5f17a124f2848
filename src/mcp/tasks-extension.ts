import {
  CLIENT_CAPABILITIES_META_KEY,
  MissingRequiredClientCapabilityError,
  ProtocolError,
  ProtocolErrorCode,
  type Result,
  type ServerContext,
} from '@modelcontextprotocol/server';
import * as z from 'zod';
import { MailStoreError } from '../base/errors.ts';
import { isEnded, type TaskRecord } from '../journal/task-record.ts';
import { claimedClient } from './requesting-client.ts';
import type { ClaimedClient } from './call-context.ts';
import { answerMethod, describeTask, POLL_INTERVAL_MS, type Calls, type TaskFace } from './task-protocol.ts';

const EXTENSION = 'io.modelcontextprotocol/tasks';

const params = z.object({ taskId: z.string() });

/** What the envelope of a request holds that declares the extension. Earlier requests count for nothing. */
const declaration = z.looseObject({
  [CLIENT_CAPABILITIES_META_KEY]: z.looseObject({ extensions: z.looseObject({ [EXTENSION]: z.looseObject({}) }) }),
});

/** Tasks of the extension under 2026-07-28: the server decides, for every client that declares the extension on its request. */
export const tasksExtension: TaskFace = {
  capabilities: { extensions: { [EXTENSION]: {} } },
  wantsTask: ({ isLongRunning }, ctx) => isLongRunning && declaresExtension(ctx),
  // What has ended while it was started needs no following.
  created: async (task, calls) =>
    isEnded(task) ? { answer: await calls.makeResult(task) } : { creation: { resultType: 'task', ...taskFields(task, 'working') } },
  notCreated: (answer) => answer,
  register: (server, calls) => {
    const setHandler = (method: string, handle: (taskId: string, calls: Calls, client: ClaimedClient) => Promise<Result>) =>
      server.setRequestHandler(method, { params }, async ({ taskId }, ctx) => {
        if (!declaresExtension(ctx)) throw missingExtension();
        return answerMethod(async () => handle(taskId, await calls(), claimedClient(server, ctx)));
      });
    setHandler('tasks/get', async (taskId, loaded) => detailedTask(await loaded.tasks.get(taskId), loaded));
    // No task waits for input; responses to requests that are not outstanding are ignored.
    setHandler('tasks/update', async (taskId, { tasks }) => {
      await tasks.get(taskId);
      return {};
    });
    setHandler('tasks/cancel', async (taskId, loaded, client) => {
      await loaded.cancel(taskId, { client }).catch((error: unknown) => {
        // The acknowledgement promises no end, so a server that has no way to stop the command does not keep it from being given.
        if (!(error instanceof MailStoreError && error.code === 'cannotCancel')) throw error;
      });
      return {};
    });
  },
};

/** Returns the error for a client that would have to declare the extension and did not. */
export function missingExtension(): ProtocolError {
  return new MissingRequiredClientCapabilityError({ requiredCapabilities: { extensions: { [EXTENSION]: {} } } });
}

function declaresExtension(ctx: ServerContext): boolean {
  return declaration.safeParse(ctx.mcpReq.envelope).success;
}

type Status = 'working' | 'completed' | 'cancelled' | 'failed';

function taskFields(task: TaskRecord, status: Status) {
  return { ...describeTask(task), status, ttlMs: null, pollIntervalMs: POLL_INTERVAL_MS };
}

/**
 * Returns a task with its end. A command that failed is a call that completed with an error, since `failed` is kept for errors of the
 * protocol. An unknown end is reported in the same way: none of the statuses says that the end is not known, `working` would be polled for ever, and
 * only a result has room for what is known.
 */
async function detailedTask(task: TaskRecord, calls: Calls): Promise<Result> {
  if (!isEnded(task)) return taskFields(task, 'working');
  if (task.status === 'cancelled') return taskFields(task, 'cancelled');
  try {
    const result = await answerMethod(() => calls.makeResult(task));
    return { ...taskFields(task, 'completed'), result: task.status === 'unknown' ? { ...result, isError: true } : result };
  } catch (error) {
    const { code, message } = error instanceof ProtocolError ? error : { code: ProtocolErrorCode.InternalError, message: String(error) };
    return { ...taskFields(task, 'failed'), statusMessage: message, error: { code, message } };
  }
}
