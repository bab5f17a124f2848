import * as z from 'zod';
import { defineCommand } from '../src/catalogue/define-command.ts';
import * as f from '../src/catalogue/fields.ts';
import { mayLackSecret, rowOf, sentences, textOf } from '../src/catalogue/looks.ts';
import { nothing, record } from '../src/catalogue/outputs.ts';
import { jobsInWords, policiesInWords } from '../src/catalogue/retention-words.ts';
import { CommandFailure } from '../src/catalogue/world.ts';

const group = 'compliance';
const editions = ['server', 'spe'] as const;

/** What has to be known of the settings to set them again; others stand beside it. */
const knownSettings = z.looseObject({ legalHoldEnabled: z.boolean(), logSuccessfulUserActivities: z.array(z.string()) });

export const getComplianceConfiguration = defineCommand({
  name: 'GetComplianceConfiguration',
  title: 'Show compliance settings',
  summary: 'Shows whether legal hold blocks all deletion, and which user activities are written to the audit log.',
  group,
  editions,
  effect: 'read',
  longRunning: false,
  idempotent: true,
  input: {},
  output: record({ legalHoldEnabled: z.boolean(), logSuccessfulUserActivities: z.array(z.string()) }),
  examples: [{}],
  emulate: (world) => structuredClone(world.state.compliance),
});

export const setComplianceConfiguration = defineCommand({
  name: 'SetComplianceConfiguration',
  title: 'Replace compliance settings',
  summary: 'Replaces legal hold and audit logging settings as a whole; unless legalHoldEnabled is true, deletion becomes possible again.',
  group,
  editions,
  effect: 'write',
  // The object is a full replacement: legal hold that is not stated as true may be switched off by it.
  effectRange: ['write', 'destructive'],
  effectOf: ({ config }) => (statesLegalHold(config) ? 'write' : 'destructive'),
  before: { read: 'GetComplianceConfiguration', pick: (value) => value },
  inverse: (_args, before) => {
    const config = knownSettings.safeParse(before).data;
    return config && !mayLackSecret(config) ? { command: 'SetComplianceConfiguration', args: { config } } : undefined;
  },
  question: {
    reads: {
      server: { read: 'GetServerInfo', pick: (value) => value },
      retention: { read: 'GetRetentionPolicies', pick: (value) => value },
      jobs: { read: 'GetJobs', pick: (value) => value },
    },
    object: (_args, { server }) => ['the compliance settings', ...nameOf(server)].join(' of '),
    consequence: ({ config }, { before, retention, jobs }) => {
      const { legalHoldEnabled, logSuccessfulUserActivities } = rowOf(before);
      const unlogged = textsOf(logSuccessfulUserActivities).filter((name) => !textsOf(config.logSuccessfulUserActivities).includes(name));
      const policies = policiesInWords(retention);
      const appliedBy = jobsInWords(jobs, 'ProcessRetentionPolicies');
      return sentences(
        legalHoldEnabled === true && 'Legal hold is on and will be lifted: messages can be deleted then, also by the retention policies.',
        legalHoldEnabled === false && 'Legal hold is off and stays off.',
        typeof legalHoldEnabled !== 'boolean' && 'Legal hold will be off: messages can be deleted then, also by the retention policies.',
        legalHoldEnabled !== false &&
          policies !== undefined &&
          `Retention policies: ${policies}${appliedBy ? `; applied by ${appliedBy}` : ''}.`,
        unlogged.length > 0 && `No longer written to the audit log: ${unlogged.join(', ')}.`,
        before !== undefined && 'The settings can be put back; what is deleted or not logged in the meantime cannot.',
      );
    },
    typed: (_args, { server, before }) => (rowOf(before).legalHoldEnabled === false ? undefined : (nameOf(server)[0] ?? 'legal hold')),
  },
  longRunning: false,
  idempotent: true,
  input: { config: f.jsonObject('The whole object of get_compliance_configuration, changed.') },
  output: nothing,
  examples: [
    { config: { legalHoldEnabled: true, logSuccessfulUserActivities: ['SessionLogin', 'UserDelete', 'ComplianceChangeSettings'] } },
  ],
  emulate: (world, { config }) => {
    const { legalHoldEnabled = false, logSuccessfulUserActivities = [] } = config;
    if (typeof legalHoldEnabled !== 'boolean') throw new CommandFailure("'legalHoldEnabled' must be true or false.");
    if (!isTextList(logSuccessfulUserActivities))
      throw new CommandFailure("'logSuccessfulUserActivities' must be a list of activity names.");
    // Logged under the settings that are replaced, so that switching the log off leaves a trace.
    world.audit('ComplianceChangeSettings', `Compliance settings were changed; legal hold is ${legalHoldEnabled ? 'on' : 'off'}.`);
    world.state.compliance = structuredClone({ ...config, legalHoldEnabled, logSuccessfulUserActivities });
    return null;
  },
});

/** The name may stand once, in one spelling: of two, a server may take either. */
function statesLegalHold(config: Readonly<Record<string, unknown>>): boolean {
  const stated = Object.entries(config).filter(([name]) => name.toLowerCase() === 'legalholdenabled');
  return stated.length === 1 && stated[0]?.[0] === 'legalHoldEnabled' && stated[0][1] === true;
}

function nameOf(server: unknown): readonly string[] {
  return [textOf(rowOf(server).machineName)].filter((name) => name !== undefined);
}

function textsOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((entry) => typeof entry === 'string') : [];
}

function isTextList(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((entry) => typeof entry === 'string');
}
