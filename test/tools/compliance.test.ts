import { expect, test } from 'vitest';
import { toShownText } from '../../src/catalogue/drifting.ts';
import { setComplianceConfiguration } from '../../tools/compliance.ts';

const { question, inverse } = setComplianceConfiguration;
const args = { config: { legalHoldEnabled: false, logSuccessfulUserActivities: ['SessionLogin'] } };
const held = { legalHoldEnabled: true, logSuccessfulUserActivities: ['SessionLogin', 'UserDelete'] };
const reads = {
  server: { machineName: 'ARCHIVE01' },
  retention: { policies: [{ name: 'Default', keepDays: 3650, deleteMessages: true }] },
  jobs: [
    { id: 2, name: 'Retention', action: 'ProcessRetentionPolicies', enabled: true, nextStartDateTimeUtc: '2026-03-05T02:00:00' },
    { id: 3, name: 'Paused', action: 'ProcessRetentionPolicies', enabled: false },
  ],
};

test('before legal hold is lifted a person reads what can be deleted then, and types the name of the server', () => {
  const found = { ...reads, before: held };
  expect({
    object: question?.object(args, found),
    consequence: toShownText(question?.consequence(args, found) ?? ''),
    typed: question?.typed?.(args, found),
  }).toEqual({
    object: 'the compliance settings of ARCHIVE01',
    consequence:
      'Legal hold is on and will be lifted: messages can be deleted then, also by the retention policies. ' +
      'Retention policies: "Default" (3,650 days, then deleted); applied by job 2 "Retention" (next at 2026-03-05 02:00 UTC). ' +
      'No longer written to the activity log of MailStore: UserDelete. ' +
      'The settings can be put back; what is deleted or not logged in the meantime cannot.',
    typed: 'ARCHIVE01',
  });
});

test('where legal hold stays off, nothing has to be typed', () => {
  const found = { ...reads, before: { ...held, legalHoldEnabled: false } };
  expect({ consequence: toShownText(question?.consequence(args, found) ?? ''), typed: question?.typed?.(args, found) }).toEqual({
    consequence:
      'Legal hold is off and stays off. No longer written to the activity log of MailStore: UserDelete. ' +
      'The settings can be put back; what is deleted or not logged in the meantime cannot.',
    typed: undefined,
  });
});

test('where the settings cannot be read, legal hold is taken to be lifted', () => {
  expect({
    object: question?.object(args, {}),
    consequence: toShownText(question?.consequence(args, {}) ?? ''),
    typed: question?.typed?.(args, {}),
  }).toEqual({
    object: 'the compliance settings',
    consequence: 'Legal hold will be off: messages can be deleted then, also by the retention policies.',
    typed: 'legal hold',
  });
});

test('the settings go back as a whole, and not where a part of them was not shown', () => {
  const before = { ...held, adminAccess: 'restricted' };
  const back = (was: unknown) => inverse?.(args, was, undefined);
  expect([back(before), back({ legalHoldEnabled: true }), back({ ...held, apiToken: '***' }), back(undefined)]).toEqual([
    { command: 'SetComplianceConfiguration', args: { config: before } },
    undefined,
    undefined,
    undefined,
  ]);
});
