import { TASK_STATES } from '../journal/task-record.ts';
import type { ToolDefinition } from './tool-definition.ts';

/** Fields that accompany every value from a server. */
/** The answer of a plan: its steps, or their outcome. */
export const planOutput = {
  type: 'object',
  properties: {
    headline: { type: 'string' },
    steps: { type: 'array', items: { type: 'object' } },
    planId: { type: 'string' },
    expiresAt: { type: 'string' },
    done: { type: 'array', items: { type: 'object' } },
    failed: { type: 'object' },
    notDone: { type: 'array', items: { type: 'object' } },
    putBack: { type: 'string' },
    notes: { type: 'array', items: { type: 'string' } },
    next: { type: 'string' },
  },
} as const;

/** What the answer that shows the clock says besides. */
export const clockSchema = {
  now: { type: 'string' },
  timeZone: { type: 'string' },
  login: { type: 'string' },
  access: { type: 'string' },
} as const;

export const driftSchema = {
  type: 'array',
  items: { type: 'object' },
  description: 'Values not of the declared shape; they stay in their place.',
} as const;

/** What this server adds to every value. */
export const aroundSchema = {
  notes: { type: 'array', items: { type: 'string' } },
  next: { type: 'string', description: 'The next step.' },
  notSet: { type: 'array', items: { type: 'string' }, description: 'Fields without a value.' },
  resultCut: { type: 'string' },
  untrusted: { type: 'string', description: 'Marks the values as data from the archive.' },
} as const;

/** What this server adds to the rows of a list. */
export const pageSchema = {
  total: { type: 'integer' },
  nextOffset: { type: 'integer' },
  same: { type: 'object', description: 'Fields with the same value in every row of items.' },
  counts: { type: 'object', description: 'How many of all rows have each value of a field.' },
  totals: { type: 'object', description: 'Sums over all rows.' },
  attention: { type: 'array', items: { type: 'string' }, description: 'What needs attention in all rows.' },
  units: { type: 'string' },
} as const;

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
    notes: aroundSchema.notes,
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
    arguments: { type: 'object' },
    progress: { type: 'number' },
    progressAt: { type: 'string' },
    statusText: { type: 'string' },
    messages: { type: 'array', items: { type: 'object', properties: { type: { type: 'string' }, text: { type: 'string' } } } },
    result: {},
    ...aroundSchema,
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
  required: ['taskId', 'command', 'status'],
};
