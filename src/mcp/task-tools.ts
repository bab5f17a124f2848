import * as z from 'zod';
import { HOLD_MS } from '../base/limits.ts';
import type { InputShape } from '../catalogue/define-command.ts';
import { describeInput } from './describe-tool.ts';
import { listFields } from './list-query.ts';
import { aroundSchema, pageSchema, taskOutput } from './task-output.ts';
import type { ListedTool, ToolDefinition } from './tool-definition.ts';

const MAX_WAIT_SECONDS = HOLD_MS / 1000;

const taskId = z.string().min(1);

/** The arguments of the tools that belong to no MailStore command. */
export const taskToolInputs = {
  get_task_status: { taskId, waitSeconds: z.int().min(0).max(MAX_WAIT_SECONDS).optional(), ...listFields },
  list_tasks: listFields,
  cancel_task: { taskId },
} satisfies Record<string, InputShape>;
export type TaskToolName = keyof typeof taskToolInputs;

export const taskTools: readonly ListedTool[] = [
  taskTool({
    name: 'get_task_status',
    title: 'Show a task',
    description:
      'Shows a long-running command: status, progress, messages and, once ended, its result, as often as asked. waitSeconds waits for news.',
    outputSchema: taskOutput,
    readOnlyHint: true,
  }),
  taskTool({
    name: 'list_tasks',
    title: 'List tasks',
    description: 'Lists the long-running commands this server started, newest first, with status and progress.',
    outputSchema: {
      type: 'object',
      properties: {
        items: { type: 'array', items: { ...taskOutput, required: [] } },
        ...pageSchema,
        ...aroundSchema,
        elsewhere: { type: 'integer' },
      },
      required: ['items', 'total'],
    },
    readOnlyHint: true,
  }),
  taskTool({
    name: 'cancel_task',
    title: 'Cancel a task',
    description:
      'Asks MailStore to stop a running task; it stops when the server gets to it. Needs the access and the yes that the command itself needs.',
    outputSchema: taskOutput,
    readOnlyHint: false,
  }),
];

/** Task tools are offered at every access level: a client that could start a command may follow and stop it. */
function taskTool({
  name,
  readOnlyHint,
  ...words
}: Pick<ToolDefinition, 'title' | 'description' | 'outputSchema'> & { name: TaskToolName; readOnlyHint: boolean }): ListedTool {
  return {
    effect: 'read',
    isForTasks: true,
    tool: {
      name,
      ...words,
      inputSchema: describeInput(taskToolInputs[name]),
      annotations: { readOnlyHint, destructiveHint: false, idempotentHint: true, openWorldHint: false },
    },
  };
}
