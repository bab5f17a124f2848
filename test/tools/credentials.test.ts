import { expect, test } from 'vitest';
import { toShownText } from '../../src/catalogue/drifting.ts';
import { createCredential, deleteCredential, setCredentialSettings } from '../../tools/credentials.ts';

test('before a credential is deleted, the question names what is known to use it', () => {
  const { question } = deleteCredential;
  const profiles = [
    { name: 'Journal', details: { credentialId: '1' } },
    { name: 'Support', details: { host: 'imap.example.com' } },
    { name: 'Sales', details: { credentialId: 1 } },
  ];
  const found = {
    credential: { ID: 1, Type: 'Office365_Modern', Description: 'M365 archiving app' },
    directory: { credentialId: 1 },
    profiles: question?.reads?.['profiles']?.pick(profiles, { id: 1 }),
  };
  const lost = 'It is deleted for good with its secrets, and everything that uses it stops working.';
  const ask = (id: number, read: Readonly<Record<string, unknown>>) => [
    question?.object({ id }, read),
    toShownText(question?.consequence({ id }, read) ?? ''),
  ];
  expect([ask(1, found), ask(2, { directory: { credentialId: 1 }, profiles: [{ name: 'Journal' }] }), ask(3, {})]).toEqual([
    ['credential 1 "M365 archiving app"', `${lost} The synchronisation with the directory uses it. 2 profiles use it: Journal, Sales.`],
    ['credential 2', `${lost} 1 profile uses it: Journal.`],
    ['credential 3', lost],
  ]);
});

test('a new credential is deleted again, if it is the only one that came', () => {
  const { before, inverse } = createCredential;
  const args = { type: 'SignedEnvelope' as const, description: 'Cloud' };
  const row = (ID: number) => ({ ID, Type: 'SignedEnvelope', Description: 'Cloud', Settings: {} });
  const picked = (ids: readonly number[]) => before?.pick([{ ...row(9), Description: 'Another' }, ...ids.map(row)], args);
  expect(picked([1])).toEqual([{ ID: 1, Type: 'SignedEnvelope', Description: 'Cloud' }]);
  expect([
    inverse?.(args, picked([1]), picked([1, 2])),
    inverse?.(args, picked([]), picked([1, 2])),
    inverse?.(args, picked([1]), picked([1])),
    inverse?.(args, undefined, picked([1])),
    inverse?.(args, [], [{ Type: 'SignedEnvelope', Description: 'Cloud' }]),
  ]).toEqual([{ command: 'DeleteCredential', args: { id: 2 } }, undefined, undefined, undefined, undefined]);
});

test('what is secret about a credential cannot be put back', () => {
  expect([setCredentialSettings, deleteCredential].map(({ irreversible }) => irreversible)).toEqual([
    'The secrets among the old settings are never shown, so no call can set them again.',
    'The secrets of a deleted credential are kept nowhere.',
  ]);
});
