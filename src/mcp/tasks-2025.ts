import { isInputRequiredResult, ProtocolError, ProtocolErrorCode, RELATED_TASK_META_KEY, type Server } from '@modelcontextprotocol/server';
import * as z from 'zod';
import { systemClock } from '../base/clock.ts';
import { Deadline } from '../base/deadline.ts';
import { CALL_MS } from '../base/limits.ts';
import { isEnded, type TaskRecord, type TaskState } from '../journal/task-record.ts';
import { claimedClient } from './requesting-client.ts';
import type { ClaimedClient } from './call-context.ts';
import { answerMethod, describeTask, POLL_INTERVAL_MS, type Calls, type TaskFace } from './task-protocol.ts';

/** Tasks in one answer of `tasks/list`. */
const PAGE_SIZE = 50;

/** Tasks of 2025-11-25: the client decides, call by call, and only for tools whose listing permits it. */
export const tasks2025: TaskFace = {
  capabilities: { tasks: { list: {}, cancel: {}, requests: { tools: { call: {} } } } },
  wantsTask: ({ name, isLongRunning, task }) => {
    if (task === undefined) return false;
    if (!isLongRunning) throw new ProtocolError(ProtocolErrorCode.MethodNotFound, `${name} cannot be called as a task; call it without.`);
    return true;
  },
  // A task begins as working, also where it has ended since; tasks/get reports that.
  created: async (task) => ({ creation: { task: { ...taskFields(task), status: 'working' } } }),
  notCreated: (answer) => {
    if (isInputRequiredResult(answer)) return answer;
    const text = answer.content.map((block) => (block.type === 'text' ? block.text : '')).join('\n');
    throw new ProtocolError(ProtocolErrorCode.InvalidParams, text);
  },
  register: (server, calls) => {
    setTaskHandler(server, calls, 'tasks/get', async ({ tasks }, taskId) => taskFields(await tasks.get(taskId)));
    setTaskHandler(server, calls, 'tasks/result', async (loaded, taskId, { signal }) => {
      const task = await loaded.tasks.waitForEnd(taskId, Infinity, { signal });
      if (!isEnded(task)) throw new ProtocolError(ProtocolErrorCode.InternalError, 'The server is closing; the task goes on.');
      const result = await loaded.makeResult(task);
      return { ...result, _meta: { ...result._meta, [RELATED_TASK_META_KEY]: { taskId } } };
    });
    setTaskHandler(server, calls, 'tasks/cancel', async (loaded, taskId, { signal, client }) => {
      const { tasks } = loaded;
      const task = await tasks.get(taskId);
      if (isEnded(task)) throw new ProtocolError(ProtocolErrorCode.InvalidParams, `The task '${taskId}' has already ended.`);
      const deadline = new Deadline(systemClock, CALL_MS);
      try {
        await loaded.cancel(taskId, { client, deadline });
        // A task that is reported as cancelled must stay so, and it is MailStore that decides: what has not stopped by then is still working.
        return taskFields(await tasks.waitForEnd(taskId, deadline.leftMs(), { signal }));
      } finally {
        deadline.end();
      }
    });
    server.setRequestHandler('tasks/list', { params: z.object({ cursor: z.string().optional() }) }, ({ cursor }) =>
      answerMethod(async () => listPage((await calls()).tasks, cursor)),
    );
  },
};

function setTaskHandler(
  server: Server,
  calls: () => Promise<Calls>,
  method: string,
  handle: (
    calls: Calls,
    taskId: string,
    request: { readonly signal: AbortSignal; readonly client: ClaimedClient },
  ) => Promise<Record<string, unknown>>,
): void {
  server.setRequestHandler(method, { params: z.object({ taskId: z.string() }) }, ({ taskId }, ctx) =>
    answerMethod(async () => handle(await calls(), taskId, { signal: ctx.mcpReq.signal, client: claimedClient(server, ctx) })),
  );
}

/**
 * Clients show of a `failed` task neither result nor message, only that it failed. That would be untrue of an unknown end, which is
 * therefore completed, with the result that says what is known.
 */
const STATUS: Readonly<Record<TaskState, 'working' | 'completed' | 'failed' | 'cancelled'>> = {
  starting: 'working',
  running: 'working',
  succeeded: 'completed',
  failed: 'failed',
  cancelled: 'cancelled',
  unknown: 'completed',
};

function taskFields(task: TaskRecord) {
  return { ...describeTask(task), status: STATUS[task.status], ttl: null, pollInterval: POLL_INTERVAL_MS };
}

/** Returns a page of tasks. The cursor is the last task of the page before, so that tasks which begin meanwhile do not shift the next. */
async function listPage(tasks: Calls['tasks'], cursor: string | undefined) {
  const before = cursor === undefined ? undefined : await tasks.findNumber(cursor);
  if (cursor !== undefined && before === undefined) throw new ProtocolError(ProtocolErrorCode.InvalidParams, 'There is no such cursor.');
  const { rows, next, elsewhere } = await tasks.page({ limit: PAGE_SIZE, before });
  const last = rows.at(-1);
  return {
    tasks: rows.map(taskFields),
    ...(next !== undefined && last && { nextCursor: last.taskId }),
    ...(elsewhere > 0 && { _meta: { 'mailstore/elsewhere': elsewhere } }),
  };
}
