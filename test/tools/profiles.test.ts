import { expect, test } from 'vitest';
import { toShownText } from '../../src/catalogue/drifting.ts';
import { createProfile, deleteProfile, runProfile, setProfileServerSideExecution } from '../../tools/profiles.ts';

const serverSideExecution = { automatic: true, automaticPauseBetweenExecutions: 7200, automaticMaintenanceWindows: null };
const branch = { id: 5, name: 'Branch office', owner: 'admin', type: 'I', connector: 'Imap', details: { host: 'a' }, serverSideExecution };

test('before a profile is deleted a person reads what ends with it', () => {
  const { question, irreversible } = deleteProfile;
  const asked = (found: Readonly<Record<string, unknown>>) => [
    question?.object({ id: 5 }, found),
    toShownText(question?.consequence({ id: 5 }, found) ?? ''),
  ];
  const manualExport = { ...branch, name: null, type: 'E', owner: undefined, serverSideExecution: null };
  expect([asked({ before: branch }), asked({ before: manualExport }), asked({}), irreversible]).toEqual([
    [
      'profile 5 "Branch office"',
      'Its settings and its password are lost for good. Its connector is Imap, its owner admin. ' +
        'It runs by itself now, which ends: new mail of its source is no longer archived by it. Mail that is already archived stays.',
    ],
    ['profile 5', 'Its settings and its password are lost for good. Mail that is already archived stays.'],
    ['profile 5', 'Its settings and its password are lost for good. Mail that is already archived stays.'],
    "The deleted profile's password is kept nowhere, and a new profile has another id.",
  ]);
});

test('a new profile is deleted by the id that was not there before', () => {
  const args = { properties: { name: 'Branch office' } };
  const look = (profiles: unknown) => createProfile.before?.pick(profiles, args);
  const back = (was: unknown, is: unknown) => createProfile.inverse?.(args, look(was), look(is));
  const again = { ...branch, id: 7 };
  const { details: _details, ...shown } = branch;
  expect([look([branch]), back([], [branch]), back([branch], [branch, again]), back([], [branch, again]), back([], [])]).toEqual([
    [shown],
    { command: 'DeleteProfile', args: { id: 5 } },
    { command: 'DeleteProfile', args: { id: 7 } },
    undefined,
    undefined,
  ]);
  expect(createProfile.before?.pick([{ id: 1 }], { properties: {} })).toBeUndefined();
});

test('automatic running goes back to what was shown in full', () => {
  const { before, inverse } = setProfileServerSideExecution;
  const args = { id: 5, automatic: false };
  const back = (execution: unknown) =>
    inverse?.(args, before?.pick([{ ...branch, serverSideExecution: execution }], args), undefined)?.args;
  expect([
    back(serverSideExecution),
    back({ automatic: 'true', automaticPauseBetweenExecutions: '300', automaticMaintenanceWindows: '08:00-18:00' }),
    back({ automatic: false, automaticPauseBetweenExecutions: 0 }),
  ]).toEqual([
    { id: 5, ...serverSideExecution },
    { id: 5, automatic: true, automaticPauseBetweenExecutions: 300, automaticMaintenanceWindows: '08:00-18:00' },
    { id: 5, automatic: false, automaticMaintenanceWindows: null },
  ]);
  const partial = [null, { automatic: true }, { ...serverSideExecution, automaticMaintenanceWindows: { from: 8, to: 18 } }];
  expect(partial.filter((execution) => back(execution) !== undefined)).toEqual([]);
});

test('a run cannot be taken back', () => {
  expect(runProfile.irreversible).toBe('Mail that a run has archived, exported or deleted at its source stays so.');
});
