import { expect, test } from 'vitest';
import { toShownText } from '../../src/catalogue/drifting.ts';
import { processRetentionPolicies, setRetentionPolicies } from '../../tools/retention.ts';

const tenYears = { policies: [{ name: 'Default', keepDays: 3650, deleteMessages: true }] };
const keeping = { policies: [{ name: 'Default', keepDays: 3650, deleteMessages: false }, { keepDays: 1 }] };
const server = { machineName: 'ARCHIVE01' };
const jobs = [{ id: 2, name: 'Retention', action: 'ProcessRetentionPolicies', enabled: true, nextStartDateTimeUtc: '2026-03-05T02:00:00' }];

test('before the policies are replaced a person reads the old and the new ones, and types the name of the server', () => {
  const { question } = setRetentionPolicies;
  const args = { config: keeping };
  const found = { before: tenYears, server, jobs, compliance: { legalHoldEnabled: true } };
  expect({
    object: question?.object(args, found),
    consequence: toShownText(question?.consequence(args, found) ?? ''),
    typed: question?.typed?.(args, found),
  }).toEqual({
    object: 'the retention policies of ARCHIVE01',
    consequence:
      'The policies are now: "Default" (3,650 days, then deleted). ' +
      'They will be: "Default" (3,650 days, then not deleted), one without a name (1 day). ' +
      'Messages that are due by the new policies are deleted when these are processed next, ' +
      'and putting the old policies back does not bring them back. ' +
      'Processed by job 2 "Retention" (next at 2026-03-05 02:00 UTC). Legal hold is on and blocks deletion while it lasts.',
    typed: 'ARCHIVE01',
  });
  expect([
    question?.object({ config: {} }, {}),
    toShownText(question?.consequence({ config: {} }, {}) ?? ''),
    question?.typed?.({ config: {} }, {}),
  ]).toEqual([
    'the retention policies',
    'Messages that are due by the new policies are deleted when these are processed next, and putting the old policies back does not bring them back.',
    'retention policies',
  ]);
  const none = { config: { policies: [] } };
  expect(toShownText(question?.consequence(none, { before: tenYears }) ?? '')).toBe(
    'The policies are now: "Default" (3,650 days, then deleted). They will be: none.',
  );
});

test('before the policies are processed a person reads what the archive holds; a yes is void once the policies have changed', () => {
  const { question } = processRetentionPolicies;
  const stores = [
    { id: 1, statisticsCount: 1200, statisticsSize: 5_000_000_000 },
    { id: 2, statisticsCount: 34, statisticsSize: 690_831_000 },
  ];
  const found = { retention: tenYears, compliance: { legalHoldEnabled: false }, server, stores };
  expect({
    object: question?.object({}, found),
    consequence: toShownText(question?.consequence({}, found) ?? ''),
    typed: question?.typed?.({}, found),
  }).toEqual({
    object: 'the retention policies of ARCHIVE01: "Default" (3,650 days, then deleted)',
    consequence:
      'All messages whose retention period has ended are deleted for everyone; ' +
      'no call brings them back, short of recovering whole archive stores. How many these are is not known beforehand. ' +
      'MailStore counts 1,234 messages in 2 archive stores, 5.3 GB.',
    typed: 'ARCHIVE01',
  });
  const blocked = { retention: { policies: keeping.policies.slice(0, 1) }, compliance: { legalHoldEnabled: true }, stores: [{ id: 1 }] };
  expect({ object: question?.object({}, blocked), consequence: toShownText(question?.consequence({}, blocked) ?? '') }).toEqual({
    object: 'the retention policies: "Default" (3,650 days, then not deleted)',
    consequence:
      'All messages whose retention period has ended are deleted for everyone; ' +
      'no call brings them back, short of recovering whole archive stores. How many these are is not known beforehand. ' +
      'None of the policies deletes messages. Legal hold is on, which blocks this.',
  });
  expect([question?.object({}, { retention: { policies: [] } }), question?.object({}, {})]).toEqual([
    'the retention policies: none',
    'the retention policies',
  ]);
});

test('the policies go back as a whole, and not where a part of them was not shown', () => {
  const back = (before: unknown) => setRetentionPolicies.inverse?.({ config: {} }, before, undefined);
  const config = { ...tenYears, evaluate: 'nightly' };
  expect([back(config), back(keeping), back({}), back(undefined)]).toEqual([
    { command: 'SetRetentionPolicies', args: { config } },
    undefined,
    undefined,
    undefined,
  ]);
  expect(processRetentionPolicies.irreversible).toBe('No call brings deleted messages back, short of recovering whole archive stores.');
});

test('policies in a form that is not known are shown as they are, and never called none', () => {
  const say = (before: unknown) => setRetentionPolicies.question?.consequence({ config: {} }, { before }) ?? '';
  expect(say({ policies: ['Default'] })).toMatch(/^The policies are now: in a form that is not known \("Default"\)\./);
  expect(say({ rules: [{ days: 1 }] })).toMatch(/^The policies are now: in a form that is not known \(\{"rules":\[\{"days":1\}\]\}\)\./);
  const kept = { policies: [{ name: 'Default', deleteMessages: false }, 'Other'] };
  expect(processRetentionPolicies.question?.consequence({}, { retention: kept })).not.toContain('None of the policies');
});
