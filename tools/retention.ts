import * as z from 'zod';
import { closedReason, requireChangeable } from '../src/emulation/archive-stores.ts';
import { defineCommand, type Found, type Look } from '../src/catalogue/define-command.ts';
import * as f from '../src/catalogue/fields.ts';
import { readRow, readString } from '../src/base/rows.ts';
import { DAY_MS } from '../src/base/clock.ts';
import { describeContents, joinSentences } from '../src/catalogue/phrases.ts';
import { mayLackSecret } from '../src/catalogue/lacks-secret.ts';
import { anything, guess, nothing, record } from '../src/catalogue/outputs.ts';
import { jobsInWords, policiesInWords } from '../src/catalogue/retention-words.ts';
import { requireNoLegalHold } from '../src/emulation/messages.ts';
import type { Run } from '../src/emulation/steps.ts';
import { CommandFailure, utcMilliseconds } from '../src/emulation/world.ts';

const group = 'retention';
const editions = ['server', 'spe'] as const;
const since = 'between 9.0 (2014) and 2018';

const configuration = z.looseObject({
  policies: z.array(z.looseObject({ name: z.string().min(1), keepDays: z.int().positive(), deleteMessages: z.boolean() })),
});

const readWhole = (read: string): Look<unknown> => ({ read, pick: (value) => value });

export const getRetentionPolicies = defineCommand({
  name: 'GetRetentionPolicies',
  title: 'Show retention policies',
  summary: 'Shows the retention policies: how long messages are kept and whether they are deleted afterwards.',
  group,
  editions,
  since,
  effect: 'read',
  input: {},
  output: guess(
    record({
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
  ),
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
  risks: ['weakens-protection'],
  idempotent: true,
  input: {
    config: f.configObject(
      { policies: z.array(z.looseObject({ name: z.string(), keepDays: z.number(), deleteMessages: z.boolean() }).partial()) },
      'As in get_retention_policies. A field that is left out keeps its value; policies are replaced as a whole.',
      { names: ['policies', 'name', 'keepDays', 'deleteMessages'] },
    ),
  },
  mergesInto: { argument: 'config', read: 'GetRetentionPolicies' },
  before: readWhole('GetRetentionPolicies'),
  inverse: (_args, before) => {
    const config = configuration.safeParse(before).data;
    return config && !mayLackSecret(config) ? { command: 'SetRetentionPolicies', args: { config } } : undefined;
  },
  question: {
    reads: { server: readWhole('GetServerInfo'), compliance: readWhole('GetComplianceConfiguration'), jobs: readWhole('GetJobs') },
    verb: () => 'Replace',
    label: () => 'Replace the retention policies',
    object: (_args, { server }) => `the retention policies${ofServer(server)}`,
    consequence: ({ config }, { before, compliance, jobs }) => {
      const [now, then] = [policiesInWords(before), policiesInWords(config)];
      const appliedBy = jobsInWords(jobs, 'ProcessRetentionPolicies');
      return joinSentences(
        now !== undefined && `The policies are now: ${now}.`,
        then !== undefined && `They will be: ${then}.`,
        then !== 'none' &&
          'Messages that are due by the new policies are deleted when these are processed next, and putting the old policies back does not bring them back.',
        appliedBy !== undefined && `Processed by ${appliedBy}.`,
        readRow(compliance).legalHoldEnabled === true && 'Legal hold is on and blocks deletion while it lasts.',
      );
    },
    typed: typedName,
  },
  output: guess(nothing),
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
  irreversible: 'No call brings deleted messages back, short of recovering whole archive stores.',
  question: {
    reads: {
      server: readWhole('GetServerInfo'),
      retention: readWhole('GetRetentionPolicies'),
      compliance: readWhole('GetComplianceConfiguration'),
      stores: { read: 'GetStores', args: () => ({ includeSize: true }), pick: (value) => value },
    },
    verb: () => 'Process',
    label: () => 'Process the retention policies',
    object: (_args, { server, retention }) => {
      const policies = policiesInWords(retention);
      return `the retention policies${ofServer(server)}${policies === undefined ? '' : `: ${policies}`}`;
    },
    consequence: (_args, { retention, compliance, stores }) => {
      const { policies } = readRow(retention);
      const isAllKeeping =
        Array.isArray(policies) && policies.length > 0 && policies.every((policy) => readRow(policy).deleteMessages === false);
      return joinSentences(
        'All messages whose retention period has ended are deleted for everyone; no call brings them back, short of recovering whole archive stores.',
        'How many these are is not known beforehand.',
        describeContents(stores),
        isAllKeeping && 'None of the policies deletes messages.',
        readRow(compliance).legalHoldEnabled === true && 'Legal hold is on, which blocks this.',
      );
    },
    typed: typedName,
  },
  evidence: () => [{ read: 'GetStores', args: { includeSize: true } }],
  output: anything,
  examples: [{}],
  emulate: function* (world): Run {
    requireNoLegalHold(world);
    world.audit('RetentionPoliciesProcessStart', 'Processing of the retention policies started.');
    const deleting = world.state.retentionPolicies.policies.filter((policy) => policy.deleteMessages);
    const keepDays = Math.min(...deleting.map((policy) => policy.keepDays));
    const endOfRetention = world.engine.now() - keepDays * DAY_MS;
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

function ofServer(server: unknown): string {
  const name = readString(readRow(server).machineName);
  return name === undefined ? '' : ` of ${name}`;
}

function typedName(_args: unknown, { server }: Found): string {
  return readString(readRow(server).machineName) ?? 'retention policies';
}

function protectedReason(name: string, requestedState: string): string | null {
  return requestedState === 'writeProtected' ? `Archive store '${name}' is write-protected.` : null;
}
