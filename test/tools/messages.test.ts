import { expect, test } from 'vitest';
import { encodeForm } from '../../src/wire/form.ts';
import type { Command } from '../../src/catalogue/define-command.ts';
import { deleteMessage } from '../../tools/messages.ts';

const { question, irreversible } = deleteMessage;
const args = { id: '12:345', folder: 'amira/Inbox', reason: 'Requested by the works council' };

test('before a message is deleted a person reads subject, sender, date, folder and what blocks it, and types its id', () => {
  const store = question?.reads?.store?.pick(
    [
      { id: 1, name: '2023' },
      { id: 12, name: '2026', requestedState: 'writeProtected' },
    ],
    args,
  );
  const message = question?.reads?.message?.pick(
    [
      { id: '12:344', subject: 'Another' },
      { id: '12:345', subject: 'Offer', from: 'a@example.org', to: 'b@example.org', date: '2026-03-04T09:00:00', size: 2048 },
    ],
    args,
  );
  const found = { message, store, compliance: { legalHoldEnabled: true } };
  expect({
    object: question?.object(args, found),
    consequence: question?.consequence(args, found),
    facts: question?.facts?.(args, found),
    typed: question?.typed?.(args, found),
  }).toEqual({
    object: 'message 12:345 "Offer"',
    consequence:
      'The message is deleted for everyone; no call brings it back, short of recovering its whole archive store. ' +
      'The archive store is write-protected, which blocks this. Legal hold is on, which blocks this.',
    facts: 'from a@example.org; to b@example.org; date 2026-03-04T09:00:00; size 2 KB; folder amira/Inbox; archive store 12 "2026"',
    typed: '12:345',
  });
  expect(irreversible).toBe('No call brings a deleted message back, short of recovering its whole archive store.');
});

test('a message that is not in the folder named is refused before anybody is asked', () => {
  expect(question?.refuse?.(args, { message: null })).toBe(
    'get_messages shows no message 12:345 in the folder amira/Inbox; check both there',
  );
  expect([question?.refuse?.(args, { message: { id: '12:345' } }), question?.refuse?.(args, {})]).toEqual([undefined, undefined]);
});

test('the folder of a message is not sent', () => {
  expect(encodeForm(deleteMessage as unknown as Command, args)).toBe('id=12%3A345&reason=Requested+by+the+works+council');
});
