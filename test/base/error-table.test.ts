import { expect, test } from 'vitest';
import { describeErrors, excerpt, isError, MailStoreError, type ErrorCode } from '../../src/base/errors.ts';
import { errorCases } from './error-cases.ts';

const cases = Object.entries(errorCases).flatMap(([code, told]) =>
  told.map(([details, message]) => ({ error: new MailStoreError(code as ErrorCode, details), message })),
);

test.each(cases)('$error.code: $message', ({ error, message }) => {
  expect(error.message).toBe(message);
});

test.each(cases)('the message of $error.code ($message) is one or two sentences on one line', ({ error }) => {
  expect(error.message).toMatch(/^[^\r\n]*[.?]$/);
  // A sentence ends where a blank or the end of the text follows; full stops inside of names do not count.
  expect(error.message.match(/[.?](?=\s|$)/g)?.length).toBeLessThanOrEqual(2);
});

test('an error is recognised by its code and no other', () => {
  const error = new MailStoreError('forbidden', { user: 'amira' });
  expect([
    isError(error, 'unauthorized', 'forbidden'),
    isError(error, 'unauthorized'),
    isError(new Error('forbidden'), 'forbidden'),
  ]).toEqual([true, false, false]);
});

test('an error says who can do something about it', () => {
  const audiences = cases.map(({ error }): [string, string] => [error.code, error.audience]);
  expect(Object.fromEntries(audiences)).toMatchObject({
    notAllowed: 'caller',
    invalidSetting: 'configuration',
    certificateMismatch: 'network',
    commandFailed: 'server',
    internal: 'us',
  });
});

const CHANGE = ' Whether the call was carried out is not known; read the state before you repeat it.';
const lost = { origin: 'https://mail.example.com:8463', reason: 'read ECONNRESET' };
const LOST = 'The connection to https://mail.example.com:8463 broke before the answer was complete (read ECONNRESET).';

test.each([
  [undefined, LOST, true],
  ['read', `${LOST} Nothing was changed; call again.`, false],
  ['change', `${LOST}${CHANGE}`, true],
] as const)('an error whose request is unknown says of a call with the effect %s: %s', (effect, message, mayHaveChanged) => {
  expect(new MailStoreError('connectionLost', lost).in({ effect })).toMatchObject({ message, mayHaveChanged, request: 'unknown' });
});

test('an error names the files of generated secrets that a change may have set', () => {
  const error = new MailStoreError('connectionLost', lost).in({ effect: 'change' }).in({ keptFiles: ['/state/secrets/a.txt'] });
  expect(error.message).toBe(`${LOST}${CHANGE} The generated secret is kept in '/state/secrets/a.txt'.`);
});

test('an error of what was read for a call that was not sent says nothing about the call', () => {
  const error = new MailStoreError('connectionLost', lost).in({ effect: 'read' }).in({ request: 'not sent' });
  expect(error).toMatchObject({ message: LOST, request: 'not sent', mayHaveChanged: false, exitCode: 4 });
});

test('an error keeps its cause when more is known about it', () => {
  const cause = new Error('x');
  expect(new MailStoreError('connectionLost', lost, { cause }).in({ effect: 'read' }).cause).toBe(cause);
});

test('each row states what is known of the request, whether it is repeated, and the exit code', () => {
  const rows = describeErrors().map(({ code, request, retry, exitCode }): [string, unknown] => [code, [request, retry, exitCode]]);
  expect(Object.fromEntries(rows)).toMatchObject({
    invalidArguments: ['not sent', false, 2],
    notAllowed: ['not sent', false, 3],
    notConfirmed: ['not sent', false, 3],
    needsApproval: ['not sent', false, 3],
    cancelledUnsent: ['not sent', false, 130],
    cancelledSent: ['unknown', false, 130],
    journalFull: ['not sent', true, 2],
    hostNotFound: ['not sent', false, 4],
    connectionRefused: ['not sent', true, 4],
    connectTimeout: ['not sent', true, 4],
    connectionFailed: ['not sent', true, 4],
    certificateMismatch: ['not sent', false, 4],
    replyTimeout: ['unknown', false, 1],
    connectionLost: ['unknown', true, 1],
    gatewayFailed: ['unknown', true, 1],
    unavailable: ['answered', true, 4],
    headersTooLarge: ['unknown', false, 1],
    truncated: ['unknown', false, 1],
    notJson: ['unknown', false, 1],
    unauthorized: ['answered', false, 2],
    forbidden: ['answered', false, 2],
    commandFailed: ['answered', false, 1],
    noDialect: ['not sent', false, 4],
  });
});

test('an excerpt is one line of at most the given length', () => {
  expect([excerpt('  a\r\n   b\tc '), excerpt('abcdef', 3), excerpt('x'.repeat(121))]).toEqual(['a b c', 'abc…', `${'x'.repeat(120)}…`]);
});

test('an excerpt never ends in half a character', () => {
  expect(excerpt('ab📨cd', 3)).toBe('ab…');
});
