import * as z from 'zod';
import type { InputShape } from '../catalogue/define-command.ts';
import { describeInput } from './describe-tool.ts';
import { listFields } from './list-query.ts';
import { aroundSchema, changeSchema, pageSchema, taskOutput } from './task-output.ts';
import type { ListedTool } from './tool-definition.ts';

/** The arguments of the tools that show and put back what writes changed. */
export const changeToolInputs = {
  list_changes: listFields,
  revert_change: { number: z.int().positive().describe('From list_changes.') },
} satisfies Record<string, InputShape>;
export type ChangeToolName = keyof typeof changeToolInputs;

const recordedChange = {
  type: 'object',
  properties: {
    number: { type: 'integer' },
    changedAt: { type: 'string' },
    target: { type: 'string' },
    origin: { type: 'string' },
    login: { type: 'string' },
    command: { type: 'string' },
    arguments: { type: 'object' },
    before: {},
    after: {},
    afterUnreadBecause: { type: 'string' },
    revertible: { type: 'boolean' },
    revertedBy: { type: 'integer' },
  },
} as const;

export const changeTools: readonly ListedTool[] = [
  {
    effect: 'write',
    tool: {
      name: 'list_changes',
      title: 'List changes',
      description:
        'Lists what writes through this server changed, newest first, before and after, and whether revert_change can put it back.',
      inputSchema: describeInput(changeToolInputs.list_changes),
      outputSchema: {
        type: 'object',
        properties: {
          items: { type: 'array', items: recordedChange },
          ...pageSchema,
          ...aroundSchema,
          elsewhere: { type: 'integer' },
        },
        required: ['items', 'total'],
      },
      annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
    },
  },
  {
    effect: 'write',
    tool: {
      name: 'revert_change',
      title: 'Put a change back',
      description: 'Puts one change from list_changes back by the opposite call, unless its object was changed since.',
      inputSchema: describeInput(changeToolInputs.revert_change),
      outputSchema: { ...taskOutput, properties: { ...(taskOutput['properties'] as object), change: changeSchema }, required: [] },
      // The opposite of a creation is a deletion.
      annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: false, openWorldHint: false },
    },
  },
];
