import { expect, test } from 'vitest';
import { deleteMessage } from '../../tools/messages.ts';

const { question, irreversible } = deleteMessage;
const args = { id: '12:345', reason: 'Requested by the works council' };

test('before a message is deleted a person reads what blocks it and types its id', () => {
  const store = question?.reads?.store?.pick(
    [
      { id: 1, name: '2023' },
      { id: 12, name: '2026', requestedState: 'writeProtected' },
    ],
    args,
  );
  const found = { store, compliance: { legalHoldEnabled: true } };
  expect({
    object: question?.object(args, found),
    consequence: question?.consequence(args, found),
    typed: question?.typed?.(args, found),
  }).toEqual({
    object: 'message 12:345 in archive store 12 "2026"',
    consequence:
      'The message is deleted for everyone; no call brings it back, short of recovering its whole archive store. ' +
      'Its subject cannot be looked up by its id, so check it in its folder with get_messages first. ' +
      'The archive store is write-protected, which blocks this. Legal hold is on, which blocks this.',
    typed: '12:345',
  });
  expect([question?.object(args, {}), question?.consequence(args, {}), irreversible]).toEqual([
    'message 12:345',
    'The message is deleted for everyone; no call brings it back, short of recovering its whole archive store. ' +
      'Its subject cannot be looked up by its id, so check it in its folder with get_messages first.',
    'No call brings a deleted message back, short of recovering its whole archive store.',
  ]);
});
