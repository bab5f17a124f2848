import { expect, test } from 'vitest';
import { excerpt, isError, MailStoreError, type ErrorCode } from '../../src/base/errors.ts';

const origin = 'https://mail.example.com:8463';

/** For every error of the table at least one case, and what a caller reads then. */
const CASES: { readonly [Code in ErrorCode]: readonly (readonly [details: MailStoreError<Code>['details'], message: string])[] } = {
  unknownTool: [
    [{ tool: 'get_user', nearest: 'get_users' }, "There is no tool 'get_user'; did you mean get_users?"],
    [{ tool: 'x' }, "There is no tool 'x'; list the tools to see what this server offers."],
  ],
  unknownCommand: [
    [{ command: 'GetUser', nearest: 'GetUsers' }, "There is no MailStore command 'GetUser'; did you mean GetUsers?"],
    [{ command: 'X' }, "There is no MailStore command 'X'."],
  ],
  unknownArguments: [
    [
      { tool: 'get_user_info', unknown: ['user', 'id'], expected: ['userName'] },
      'get_user_info does not take user and id; it takes userName. Remove or rename and call again.',
    ],
    [
      { tool: 'get_users', unknown: ['id'], expected: [] },
      'get_users does not take id; it takes no arguments. Remove or rename and call again.',
    ],
  ],
  invalidArguments: [
    [
      { tool: 'get_user_info', problems: ['userName is missing', 'limit: must be a number'] },
      'get_user_info was not called: userName is missing; limit: must be a number. Correct this and call again.',
    ],
  ],
  unsendable: [
    [
      { argument: 'fullName' },
      'The argument fullName contains a NUL character or half of a surrogate pair, which cannot be sent; remove it and call again.',
    ],
  ],
  notAllowed: [
    [
      { tool: 'delete_user', effect: 'destructive', access: 'read-only', needed: 'full' },
      "delete_user is refused: with these arguments it is destructive, and this server runs with MAILSTORE_ACCESS=read-only. An administrator who means it sets MAILSTORE_ACCESS=full in the server's configuration and restarts it.",
    ],
  ],
  notConfirmed: [[{ tool: 'delete_user' }, 'delete_user was not run: it is destructive, and the person at the client did not confirm it.']],
  cannotConfirm: [
    [
      { tool: 'delete_user' },
      "delete_user was not run: it is destructive and needs a person's confirmation, and this client cannot ask for one. Use a client that supports elicitation.",
    ],
  ],
  unknownTask: [[{ taskId: '7' }, "There is no task '7'; list_tasks shows the tasks this server knows."]],
  cannotCancel: [
    [
      { command: 'VerifyStore' },
      'VerifyStore cannot be cancelled: the 2012 form of the API has no way to ask for it. The command runs on and its end will be kept.',
    ],
  ],
  notFoundForKeep: [
    [
      { tool: 'set_store_properties', read: 'get_stores', names: ['contentPath', 'indexPath'] },
      'set_store_properties was not called: contentPath and indexPath would be cleared when left out, and get_stores does not show the object to keep them from. Check the id, or state every value (null clears).',
    ],
  ],
  notShownForKeep: [
    [
      { tool: 'set_store_properties', read: 'get_stores', names: ['type'] },
      'set_store_properties was not called: type would be cleared when left out, and get_stores does not show what is set now. State every one of these and call again (null clears).',
    ],
  ],
  commandMissing: [
    [
      { command: 'GetJobs' },
      'This MailStore does not have the command GetJobs: its own list (get-metadata) leaves it out. A newer version may have it.',
    ],
  ],
  unknownSubcommand: [
    [{ name: 'serv', nearest: 'serve' }, "There is no subcommand 'serv'; did you mean serve?"],
    [{ name: 'x' }, "There is no subcommand 'x'; see mailstore-mcp --help."],
  ],
  unknownSetting: [
    [{ setting: 'MAILSTORE_ACESS', nearest: 'MAILSTORE_ACCESS' }, 'Unknown setting MAILSTORE_ACESS; did you mean MAILSTORE_ACCESS?'],
    [{ setting: 'MAILSTORE_X' }, 'Unknown setting MAILSTORE_X; remove it, or see docs/configuration.md.'],
  ],
  invalidSetting: [
    [
      { setting: 'MAILSTORE_ACCESS', value: 'all', expected: 'read-only, read-write, full' },
      "MAILSTORE_ACCESS is 'all', but must be read-only, read-write, full.",
    ],
  ],
  missingSetting: [
    [{ setting: 'MAILSTORE_URL', hint: 'set it to https://host:8463.' }, 'MAILSTORE_URL is not set; set it to https://host:8463.'],
  ],
  unreadableFile: [
    [
      { setting: 'MAILSTORE_CA_FILE', path: '/ca.pem', reason: 'ENOENT' },
      "The file '/ca.pem' named by MAILSTORE_CA_FILE cannot be read (ENOENT).",
    ],
  ],
  plainHttp: [
    [
      { url: 'http://mail.example.com' },
      "'http://mail.example.com' is not https; MailStore's API is served over HTTPS only, and a password would be readable on the way.",
    ],
  ],
  noSqlite: [
    [
      { reasons: ['node:sqlite: Node 20.19.0 does not have it', "libsql: Cannot find module 'libsql'"] },
      "Tasks cannot be kept, because no SQLite loads (node:sqlite: Node 20.19.0 does not have it; libsql: Cannot find module 'libsql'). Run with Node 22.13 or later, or install the package libsql beside mailstore-mcp.",
    ],
  ],
  journalFull: [
    [
      { path: '/state/journal.sqlite' },
      "The disk is full: '/state/journal.sqlite' could not be written. Free space, or set MAILSTORE_STATE_DIR to a folder on another disk.",
    ],
  ],
  journalNotWritable: [
    [
      { path: '/state/journal.sqlite', reason: 'EACCES' },
      "'/state/journal.sqlite' cannot be written (EACCES); give the account of this server the right to write this file and its folder, or set MAILSTORE_STATE_DIR to another folder.",
    ],
  ],
  journalBroken: [
    [
      { path: '/state/journal.sqlite', reason: 'file is not a database' },
      "'/state/journal.sqlite' is damaged or is no journal of this server (file is not a database); it was left alone. Move it away to begin a new one, and keep it if its tasks matter.",
    ],
  ],
  journalNewer: [
    [
      { path: '/state/journal.sqlite', found: 7, known: 2 },
      "'/state/journal.sqlite' was written by a newer mailstore-mcp (format 7; this one knows 2) and was left alone. Update this one, or set MAILSTORE_STATE_DIR to another folder.",
    ],
  ],
  journalBusy: [
    [
      { path: '/state/journal.sqlite', ms: 15_000 },
      "Another process has kept '/state/journal.sqlite' locked for 15000 ms. Call again; if this stays, close what has the file open, such as a backup or a database viewer.",
    ],
  ],
  journalUnusable: [
    [
      { path: '/state/journal.sqlite', reason: 'disk I/O error' },
      "'/state/journal.sqlite' cannot be used (disk I/O error); check the disk and the folder, or set MAILSTORE_STATE_DIR to another folder.",
    ],
  ],

  hostNotFound: [[{ host: 'mail.example.com' }, "The host 'mail.example.com' cannot be found; check the name in MAILSTORE_URL."]],
  connectionRefused: [
    [
      { origin },
      `${origin} refuses connections; check that the Administration API is switched on in the MailStore Server service configuration, the port, and the firewall.`,
    ],
  ],
  connectTimeout: [[{ origin, ms: 10000 }, `${origin} did not accept a connection within 10000 ms; check host, port and firewall.`]],
  replyTimeout: [
    [
      { origin, ms: 40000 },
      `${origin} accepted the request and did not answer within 40000 ms; whether it was carried out is not known. Read the state before you repeat it.`,
    ],
  ],
  connectionLost: [
    [
      { origin, reason: 'other side closed' },
      `The connection to ${origin} broke before the answer was complete (other side closed); whether the request was carried out is not known. Read the state before you repeat it.`,
    ],
  ],
  connectionFailed: [
    [
      { origin, reason: 'wrong version number' },
      `No connection to ${origin} (wrong version number); check that MAILSTORE_URL names MailStore's HTTPS port.`,
    ],
  ],
  certificateUntrusted: [
    [
      { origin, reason: 'DEPTH_ZERO_SELF_SIGNED_CERT', fingerprint: 'AA:BB' },
      `The certificate of ${origin} is not trusted (DEPTH_ZERO_SELF_SIGNED_CERT). If its SHA-256 fingerprint on the server reads AA:BB, set MAILSTORE_TLS_FINGERPRINT to it; or set MAILSTORE_CA_FILE.`,
    ],
  ],
  certificateMismatch: [
    [
      { origin, expected: 'AA:BB', seen: 'CC:DD' },
      `The certificate of ${origin} has the SHA-256 fingerprint CC:DD, not the pinned AA:BB; nothing was sent. If the certificate was renewed, compare on the server and change MAILSTORE_TLS_FINGERPRINT.`,
    ],
  ],
  unauthorized: [
    [
      { user: 'admin' },
      "MailStore does not accept the login 'admin' (HTTP 401); check user name and password, the api login privilege, and, for admin, that its default password was changed.",
    ],
  ],
  forbidden: [[{ user: 'amira' }, "MailStore refuses 'amira' (HTTP 403); the API needs an administrator."]],
  pathNotFound: [
    [
      { path: '/api/invoke/GetUsers' },
      "The server knows no '/api/invoke/GetUsers' (HTTP 404); check MAILSTORE_URL and MAILSTORE_API, this may not be MailStore's API.",
    ],
  ],
  tokenUnknown: [
    [
      { command: 'VerifyStore' },
      'MailStore no longer knows the token of VerifyStore: its end was handed out before, or the server was restarted. The outcome is not known; check it by reading.',
    ],
  ],
  lengthRequired: [[{}, 'The server answered 411 Length Required; a proxy in between may have removed the Content-Length header.']],
  unavailable: [
    [{ status: 503, origin }, `${origin} is not available right now (HTTP 503); try again later.`],
    [
      { status: 502, origin },
      `A proxy in front of ${origin} got no answer from it (HTTP 502); whether the request was carried out is not known. Read the state before you repeat it.`,
    ],
  ],
  unexpectedStatus: [
    [{ status: 500, excerpt: 'Out of memory.' }, 'The server answered HTTP 500: Out of memory.'],
    [{ status: 418, excerpt: '' }, 'The server answered HTTP 418 without a text.'],
  ],
  commandFailed: [
    [
      { command: 'GetUserInfo', message: "User 'nobody' does not exist." },
      "MailStore could not run GetUserInfo: User 'nobody' does not exist.",
    ],
  ],
  notMailStore: [
    [
      { origin, excerpt: 'Sign in' },
      `${origin} answered with a web page instead of MailStore's API ('Sign in'); a proxy or another service is in between. Check MAILSTORE_URL.`,
    ],
  ],
  truncated: [
    [
      { command: 'GetUsers', bytes: 17 },
      'The answer to GetUsers ended after 17 bytes, before it was complete; whether the command was carried out is not known. Read the state before you repeat it.',
    ],
  ],
  notJson: [
    [{ command: 'GetUsers', excerpt: '%~' }, "The answer to GetUsers is not JSON: '%~'. Check that MAILSTORE_API fits this server."],
  ],
  notXml: [[{ command: 'GetUsers', excerpt: '%~' }, "The answer to GetUsers is not XML: '%~'. Check that MAILSTORE_API fits this server."]],
  notUtf8: [[{ command: 'GetUsers' }, 'The answer to GetUsers is not valid UTF-8, so it was not used.']],
  notAnEnvelope: [
    [
      { command: 'GetUsers', excerpt: '{"ok":true}' },
      `The answer to GetUsers does not have the form of MailStore's API: '{"ok":true}'. Check MAILSTORE_API and MAILSTORE_URL.`,
    ],
  ],
  tooLarge: [
    [{ command: 'GetUsers', limit: 1024 }, 'The answer to GetUsers is larger than 1024 bytes and was not read; narrow the request.'],
  ],
  foreignStatusUrl: [
    [
      { url: 'https://evil.example/status', origin },
      `The server names 'https://evil.example/status' for the status of a command, which is not on ${origin}; it was not asked, as it would receive the password.`,
    ],
  ],
  noDialect: [
    [
      { origin, modern: 'HTTP 404', legacy: 'HTTP 404' },
      `Neither form of MailStore's API answers at ${origin} (get-metadata: HTTP 404; /JSON/Invoke: HTTP 404). Check MAILSTORE_URL, or force one with MAILSTORE_API.`,
    ],
  ],
  internal: [[{}, 'This server failed on the call; its stderr has the details.']],
};

const cases = Object.entries(CASES).flatMap(([code, told]) =>
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

test('an error tells who can do something about it', () => {
  const audiences = cases.map(({ error }): [string, string] => [error.code, error.audience]);
  expect(Object.fromEntries(audiences)).toMatchObject({
    notAllowed: 'caller',
    invalidSetting: 'configuration',
    certificateMismatch: 'network',
    commandFailed: 'server',
    internal: 'us',
  });
});

test('an excerpt is one line of at most the given length', () => {
  expect([excerpt('  a\r\n   b\tc '), excerpt('abcdef', 3), excerpt('x'.repeat(121))]).toEqual(['a b c', 'abc…', `${'x'.repeat(120)}…`]);
});

test('an excerpt never ends in half a character', () => {
  expect(excerpt('ab📨cd', 3)).toBe('ab…');
});
