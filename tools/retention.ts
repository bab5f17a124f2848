import * as z from 'zod';
import { closedReason, requireChangeable } from '../src/catalogue/archive-stores.ts';
import { defineCommand } from '../src/catalogue/define-command.ts';
import * as f from '../src/catalogue/fields.ts';
import { anything, nothing, record } from '../src/catalogue/outputs.ts';
import type { Run } from '../src/catalogue/steps.ts';
import { CommandFailure, utcMilliseconds, type World } from '../src/catalogue/world.ts';

const group = 'retention';
const editions = ['server', 'spe'] as const;
const since = 'between 9.0 (2014) and 2018';

const DAY = 86_400_000;

const configuration = z.looseObject({
  policies: z.array(z.looseObject({ name: z.string().min(1), keepDays: z.int().positive(), deleteMessages: z.boolean() })),
});

export const getRetentionPolicies = defineCommand({
  name: 'GetRetentionPolicies',
  title: 'Show retention policies',
  summary: 'Shows the retention policies: how long messages are kept and whether they are deleted afterwards.',
  group,
  editions,
  since,
  effect: 'read',
  longRunning: false,
  idempotent: true,
  input: {},
  output: record({
    policies: z
      .array(
        z.looseObject({
          name: z.string().nullish(),
          keepDays: z.number().nullish(),
          deleteMessages: z.boolean().nullish(),
        }),
      )
      .nullish(),
  }),
  examples: [{}],
  emulate: (world) => structuredClone(world.state.retentionPolicies),
});

export const setRetentionPolicies = defineCommand({
  name: 'SetRetentionPolicies',
  title: 'Replace retention policies',
  summary: 'Replaces all retention policies. A wrong rule deletes mail at the next process_retention_policies, which jobs may run.',
  group,
  editions,
  since,
  effect: 'destructive',
  longRunning: false,
  idempotent: true,
  input: { config: f.jsonObject('The whole object from get_retention_policies, changed.') },
  output: nothing,
  examples: [{ config: { policies: [{ name: 'Default', keepDays: 4380, deleteMessages: true }] } }],
  emulate: (world, { config }) => {
    const parsed = configuration.safeParse(config);
    if (!parsed.success) {
      const issue = parsed.error.issues[0];
      throw new CommandFailure(`The retention policies are not valid: ${issue?.path.join('.') || 'config'}: ${issue?.message}.`);
    }
    const names = parsed.data.policies.map((policy) => policy.name);
    const twice = names.find((name, position) => names.indexOf(name) !== position);
    if (twice !== undefined) throw new CommandFailure(`There is more than one retention policy named '${twice}'.`);
    world.state.retentionPolicies = structuredClone(parsed.data);
    world.audit('RetentionPoliciesUpdate', `Retention policies replaced: ${names.join(', ') || 'none'}.`);
    return null;
  },
});

export const processRetentionPolicies = defineCommand({
  name: 'ProcessRetentionPolicies',
  title: 'Process retention policies',
  summary: 'Permanently deletes all messages whose retention period has ended, by get_retention_policies. Legal hold blocks it.',
  group,
  editions,
  since,
  effect: 'destructive',
  longRunning: true,
  idempotent: false,
  input: {},
  evidence: () => [{ read: 'GetStores', args: { includeSize: true } }],
  output: anything,
  examples: [{}],
  emulate: function* (world): Run {
    requireNoLegalHold(world);
    world.audit('RetentionPoliciesProcessStart', 'Processing of the retention policies started.');
    const deleting = world.state.retentionPolicies.policies.filter((policy) => policy.deleteMessages);
    const keepDays = Math.min(...deleting.map((policy) => policy.keepDays));
    const endOfRetention = world.engine.now() - keepDays * DAY;
    yield { percent: 1, text: `${deleting.length} of ${world.state.retentionPolicies.policies.length} retention policies delete messages` };
    yield { percent: 3, text: 'Searching for messages whose retention period has ended' };
    const stores = [...world.state.stores];
    let deleted = 0;
    for (const [position, store] of stores.entries()) {
      const percent = 5 + Math.floor((position * 88) / stores.length);
      const reason = closedReason(store) ?? protectedReason(store.name, store.requestedState);
      if (reason !== null) {
        yield { percent, text: `${reason} Its messages are kept.`, type: 'warning' };
        continue;
      }
      const due = world.messagesIn(store.id).filter((message) => utcMilliseconds(message.date) < endOfRetention);
      yield { percent, text: `Deleting ${due.length} messages from archive store '${store.name}'` };
      requireNoLegalHold(world);
      requireChangeable(world.store(store.id));
      for (const message of due) {
        message.deleted = true;
        world.audit('RetentionPoliciesMessageDelete', `Message ${message.storeId}:${message.number} in '${message.folder}' deleted.`);
      }
      deleted += due.length;
    }
    yield { percent: 97, text: `${deleted} messages deleted` };
    return null;
  },
});

function requireNoLegalHold(world: World): void {
  if (world.state.compliance.legalHoldEnabled) throw new CommandFailure('Messages cannot be deleted while legal hold is enabled.');
}

function protectedReason(name: string, requestedState: string): string | null {
  return requestedState === 'writeProtected' ? `Archive store '${name}' is write-protected.` : null;
}
