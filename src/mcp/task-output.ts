import { TASK_STATES } from '../journal/task-record.ts';
import type { ToolDefinition } from './tool-definition.ts';

/** Fields that accompany every value from a server. */
export const driftSchema = {
  type: 'array',
  items: { type: 'object' },
  description: 'Values not of the declared shape; they stay in their place.',
} as const;

/** Fields that accompany every value: what the caller has to know of the call itself. */
export const notesSchema = { type: 'array', items: { type: 'string' } } as const;

/** Fields that accompany the result of a write that can be shown. */
export const changeSchema = {
  type: 'object',
  description: 'What the call changed: the fields that read differently afterwards.',
  properties: { number: { type: 'integer' }, before: {}, after: {}, note: { type: 'string' } },
} as const;

/** The structured result of every insight; its findings are further fields. */
export const insightOutput: ToolDefinition['outputSchema'] = {
  type: 'object',
  properties: {
    headline: { type: 'string', description: 'The answer in a sentence.' },
    notes: notesSchema,
    notRead: { type: 'array', items: { type: 'object' }, description: 'Reads that failed, with the reason.' },
    notLookedAt: { type: 'array', items: { type: 'string' } },
    next: { type: 'string' },
    untrusted: { type: 'string' },
  },
  required: ['headline'],
};

/** Where generated secrets were written, by argument. */
export const generatedSchema = { type: 'object', additionalProperties: { type: 'string' } } as const;

/** The structured result of every tool that returns a task. */
export const taskOutput: ToolDefinition['outputSchema'] = {
  type: 'object',
  properties: {
    taskId: { type: 'string' },
    command: { type: 'string' },
    target: { type: 'string' },
    status: { type: 'string', enum: [...TASK_STATES] },
    finding: {
      type: 'object',
      description: 'What the run found, where MailStore calls it succeeded and it found errors or warnings.',
      properties: { errors: { type: 'integer' }, warnings: { type: 'integer' } },
    },
    progress: { type: ['number', 'null'] },
    progressAt: { type: 'string' },
    statusText: { type: ['string', 'null'] },
    messages: { type: 'array', items: { type: 'object', properties: { type: { type: 'string' }, text: { type: 'string' } } } },
    result: {},
    resultCut: { type: 'string' },
    drift: driftSchema,
    error: { type: 'string' },
    startedAt: { type: 'string' },
    endedAt: { type: 'string' },
    note: { type: 'string' },
    evidence: {
      type: 'array',
      items: { type: 'object', properties: { source: { type: 'string' }, finding: { type: 'string' }, at: { type: 'string' }, data: {} } },
    },
  },
  required: ['taskId', 'command', 'target', 'status'],
};
