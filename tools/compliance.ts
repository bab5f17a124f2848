import * as z from 'zod';
import { defineCommand } from '../src/catalogue/define-command.ts';
import * as f from '../src/catalogue/fields.ts';
import { isRow, readRow, readString } from '../src/base/rows.ts';
import { joinSentences } from '../src/catalogue/phrases.ts';
import { mayLackSecret } from '../src/catalogue/lacks-secret.ts';
import { guess, nothing, record } from '../src/catalogue/outputs.ts';
import { changedFields, isSameName, mergeConfiguration, listRisks } from '../src/catalogue/risk.ts';
import { jobsInWords, policiesInWords } from '../src/catalogue/retention-words.ts';
import { CommandFailure } from '../src/emulation/world.ts';

const group = 'compliance';
const editions = ['server', 'spe'] as const;

/** The settings that have to be known to set them again; others may be present. */
const knownSettings = z.looseObject({ legalHoldEnabled: z.boolean(), logSuccessfulUserActivities: z.array(z.string()) });

export const getComplianceConfiguration = defineCommand({
  name: 'GetComplianceConfiguration',
  title: 'Show compliance settings',
  summary: 'Shows whether legal hold blocks all deletion, and which user activities are written to the audit log.',
  group,
  editions,
  effect: 'read',
  input: {},
  output: record({ legalHoldEnabled: z.boolean(), logSuccessfulUserActivities: z.array(z.string()) }),
  examples: [{}],
  emulate: (world) => structuredClone(world.state.compliance),
});

export const setComplianceConfiguration = defineCommand({
  name: 'SetComplianceConfiguration',
  title: 'Change compliance settings',
  summary: 'Changes legal hold and which user activities are logged; what is left out stays. Without legal hold, messages can be deleted.',
  group,
  editions,
  effect: 'write',
  effectRange: ['write', 'destructive'],
  effectOf: ({ config }, { current }) => (mayLiftLegalHold(current, config) ? 'destructive' : 'write'),
  risks: ['weakens-protection'],
  risk: ({ config }, { current }) =>
    listRisks({
      'weakens-protection': mayLiftLegalHold(current, config) || mayLogLess(current, config) || changesOtherSettings(current, config),
    }),
  decidesFrom: { current: { read: 'GetComplianceConfiguration', pick: (value) => value } },
  idempotent: true,
  input: {
    config: f.configObject(
      { legalHoldEnabled: z.boolean(), logSuccessfulUserActivities: z.array(z.string()).nullable() },
      'As in get_compliance_configuration. A field that is left out keeps its value; a list is replaced as a whole.',
    ),
  },
  mergesInto: { argument: 'config', read: 'GetComplianceConfiguration' },
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
    verb: () => 'Replace',
    label: () => 'Replace the compliance settings',
    object: (_args, { server }) => ['the compliance settings', ...listNames(server)].join(' of '),
    consequence: ({ config }, { before, retention, jobs }) => {
      const { legalHoldEnabled, logSuccessfulUserActivities } = readRow(before);
      const stated = mergeConfiguration(readRow(before), config);
      const [logged, kept] = [readTexts(logSuccessfulUserActivities), readTexts(stated.logSuccessfulUserActivities)];
      const unlogged = logged.filter((name) => !kept.includes(name));
      const isLifted = stated.legalHoldEnabled !== true;
      const policies = policiesInWords(retention);
      const appliedBy = jobsInWords(jobs, 'ProcessRetentionPolicies');
      return joinSentences(
        isLifted &&
          legalHoldEnabled === true &&
          'Legal hold is on and will be lifted: messages can be deleted then, also by the retention policies.',
        isLifted && legalHoldEnabled === false && 'Legal hold is off and stays off.',
        isLifted &&
          typeof legalHoldEnabled !== 'boolean' &&
          'Legal hold will be off: messages can be deleted then, also by the retention policies.',
        isLifted &&
          legalHoldEnabled !== false &&
          policies !== undefined &&
          `Retention policies: ${policies}${appliedBy ? `; applied by ${appliedBy}` : ''}.`,
        unlogged.length > 0 &&
          (kept.length === 0
            ? `The activity log of MailStore is emptied: none of the ${logged.length} activities is logged any more (${unlogged.join(', ')}).`
            : `No longer written to the activity log of MailStore: ${unlogged.join(', ')}.`),
        before !== undefined &&
          readRow(config).logSuccessfulUserActivities !== undefined &&
          !isTextList(logSuccessfulUserActivities) &&
          'Which activities are logged now could not be read, so some may no longer be logged.',
        before !== undefined && 'The settings can be put back; what is deleted or not logged in the meantime cannot.',
      );
    },
    typed: ({ config }, { server, before }) => (mayLiftLegalHold(before, config) ? (listNames(server)[0] ?? 'legal hold') : undefined),
  },
  output: guess(nothing),
  examples: [
    { config: { legalHoldEnabled: true, logSuccessfulUserActivities: ['SessionLogin', 'UserDelete', 'ComplianceChangeSettings'] } },
  ],
  emulate: (world, { config }) => {
    const { legalHoldEnabled = false, logSuccessfulUserActivities = [] } = config;
    if (typeof legalHoldEnabled !== 'boolean') throw new CommandFailure("'legalHoldEnabled' must be true or false.");
    if (logSuccessfulUserActivities !== null && !isTextList(logSuccessfulUserActivities))
      throw new CommandFailure("'logSuccessfulUserActivities' must be a list of activity names.");
    // Logged under the settings that are replaced, so that switching the log off leaves a trace.
    world.audit('ComplianceChangeSettings', `Compliance settings were changed; legal hold is ${legalHoldEnabled ? 'on' : 'off'}.`);
    world.state.compliance = structuredClone({
      ...config,
      legalHoldEnabled,
      logSuccessfulUserActivities: logSuccessfulUserActivities ?? [],
    });
    return null;
  },
});

const FIELDS = ['legalHoldEnabled', 'logSuccessfulUserActivities'];

/** A field may stand once, in one spelling: of two, a server may take either. */
function hasOtherSpelling(config: unknown): boolean {
  return Object.keys(readRow(config)).some((name) => FIELDS.some((field) => field !== name && isSameName(field, name)));
}

/** True unless legal hold is known to be on afterwards, or to be off now. */
function mayLiftLegalHold(current: unknown, config: unknown): boolean {
  if (!isRow(config) || hasOtherSpelling(config)) return true;
  if (Object.hasOwn(config, 'legalHoldEnabled')) return config.legalHoldEnabled !== true && readRow(current).legalHoldEnabled !== false;
  return typeof readRow(current).legalHoldEnabled !== 'boolean';
}

/** True unless every activity that is logged now is known to be logged afterwards. */
function mayLogLess(current: unknown, config: unknown): boolean {
  if (!isRow(config) || !isRow(current)) return true;
  if (!Object.hasOwn(config, 'logSuccessfulUserActivities')) return false;
  const [before, after] = [current.logSuccessfulUserActivities, config.logSuccessfulUserActivities];
  return !isTextList(before) || !isTextList(after) || !before.every((name) => after.includes(name));
}

function changesOtherSettings(current: unknown, config: unknown): boolean {
  return changedFields(current, config).some((name) => !FIELDS.includes(name));
}

function listNames(server: unknown): readonly string[] {
  return [readString(readRow(server).machineName)].filter((name) => name !== undefined);
}

function readTexts(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((entry) => typeof entry === 'string') : [];
}

function isTextList(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((entry) => typeof entry === 'string');
}
