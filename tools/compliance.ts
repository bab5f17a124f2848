import * as z from 'zod';
import { defineCommand } from '../src/catalogue/define-command.ts';
import * as f from '../src/catalogue/fields.ts';
import { nothing, record } from '../src/catalogue/outputs.ts';
import { CommandFailure } from '../src/catalogue/world.ts';

const group = 'compliance';
const editions = ['server', 'spe'] as const;

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
  effectOf: ({ config }) => (config.legalHoldEnabled === true ? 'write' : 'destructive'),
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

function isTextList(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((entry) => typeof entry === 'string');
}
