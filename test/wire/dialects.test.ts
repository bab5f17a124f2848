import { describe, expect, test } from 'vitest';
import { readMetadata } from '../../src/client/metadata.ts';
import { readJson } from '../../src/wire/body.ts';
import { jsonDialect2012, xmlDialect2012 } from '../../src/wire/dialect-2012.ts';
import { modernDialect } from '../../src/wire/dialect-modern.ts';
import type { CalledCommand, Dialect, Reply, RunHandle, WireResponse } from '../../src/wire/reply.ts';
import { findCommand } from '../helpers/server-catalogue.ts';
import { exchanges, type Exchange } from '../fixtures/exchanges.ts';
import { commandNamed } from '../helpers/start-client.ts';
import { literalRequest, literalResponse } from '../helpers/literal-exchanges.ts';

const address = { origin: 'https://localhost:8463', user: 'admin' };
const modern = modernDialect(address);
const json = jsonDialect2012(address);
const xml = xmlDialect2012(address);
const dialects: Readonly<Record<Exchange['dialect'], Dialect>> = { modern, 'json-2012': json, 'xml-2012': xml };

const NONE = { version: 0, percent: null, text: null, messages: [] };
const AT_ONCE = { ...NONE, version: 2 };
const OPENING = { type: 'line', text: 'Opening the index' };
const INFORMED = { type: 'information', text: 'Opening the index' };

const JOHN_2012 = {
  userName: 'johndoe',
  fullName: 'John Doe',
  authentication: 'integrated',
  emailAddresses: ['john.doe@example.com', 'johndoe@example.com'],
  privileges: 'admin',
};
const MARIA_2012 = {
  userName: 'maria.lopez',
  fullName: 'María Lüpez 📨 + & = % #',
  authentication: 'integrated',
  emailAddresses: ['maria.lopez@example.com'],
  privileges: 'login',
};

const WRONG_LOGIN =
  "MailStore does not accept the login 'admin' (HTTP 401); check user name and password, that the user has the login privilege api, and that with multi-factor authentication the password is an app password. The default password of admin is refused from other machines.";
const TOKEN_GONE =
  'MailStore no longer knows the token of RebuildStoreIndex: its end was handed out before, or the server was restarted. The outcome is not known; check it by reading.';

/** What the client makes of each response of the fixture: a reply, the sentence of an error, or a value where no dialect is asked. */
const READ: Readonly<Record<string, Reply | string | readonly unknown[]>> = {
  'modern: GetServerInfo without arguments': {
    kind: 'value',
    value: { version: '25.3.0.23012', machineName: 'ARCHIVE01' },
    progress: AT_ONCE,
  },
  'modern: GetUserInfo of johndoe': {
    kind: 'value',
    value: {
      userName: 'johndoe',
      fullName: 'John Doe',
      distinguishedName: null,
      authentication: 'integrated',
      emailAddresses: ['john.doe@example.com', 'johndoe@example.com'],
      pop3UserNames: [],
      privileges: ['admin'],
      loginPrivileges: ['windows', 'web', 'outlook', 'windowsCmd', 'imap', 'api'],
      mfaStatus: 'Disabled',
      privilegesOnFolders: [
        { folder: 'johndoe', privileges: ['read'] },
        { folder: 'oldcolleague', privileges: ['read'] },
      ],
    },
    progress: AT_ONCE,
  },
  'json-2012: GetUserInfo of johndoe': { kind: 'value', value: JOHN_2012, progress: NONE },
  'xml-2012: GetUserInfo of johndoe': { kind: 'value', value: JOHN_2012, progress: NONE },
  'modern: SetUserFullName with an umlaut, an emoji and the characters that a form reserves': {
    kind: 'value',
    value: null,
    progress: AT_ONCE,
  },
  'json-2012: GetUserInfo shows the name that was set': { kind: 'value', value: MARIA_2012, progress: NONE },
  'xml-2012: GetUserInfo shows the name that was set': { kind: 'value', value: MARIA_2012, progress: NONE },
  'json-2012: SetUserFullName without a value clears it': { kind: 'value', value: null, progress: NONE },
  'xml-2012: SetUserFullName without a value clears it': { kind: 'value', value: null, progress: NONE },
  'modern: a missing argument': { kind: 'failed', word: 'failed', message: "Argument 'userName' is missing.", progress: AT_ONCE },
  'json-2012: a missing argument': { kind: 'failed', word: 'failed', message: "Argument 'userName' is missing.", progress: NONE },
  'modern: an unknown argument': {
    kind: 'failed',
    word: 'failed',
    message: "Unknown argument 'username'. Expected arguments: userName.",
    progress: AT_ONCE,
  },
  'modern: an unknown user': { kind: 'failed', word: 'failed', message: "User 'nobody' does not exist.", progress: AT_ONCE },
  'json-2012: an unknown user': { kind: 'failed', word: 'failed', message: "User 'nobody' does not exist.", progress: NONE },
  'xml-2012: an unknown user': { kind: 'failed', word: 'failed', message: "User 'nobody' does not exist.", progress: NONE },
  'modern: an unknown command': {
    kind: 'failed',
    word: 'failed',
    message: "The command 'GetUserInfos' does not exist. Did you mean 'GetUserInfo'?",
    progress: AT_ONCE,
  },
  'modern: RebuildStoreIndex starts': {
    kind: 'running',
    run: { token: '7f3c' },
    progress: { version: 2, percent: 35, text: 'Reading messages', messages: [OPENING] },
  },
  'modern: get-status while the run lasts': {
    kind: 'running',
    run: { token: '7f3c' },
    progress: { version: 4, percent: 35, text: 'Reading messages', messages: [OPENING] },
  },
  'modern: get-status without its timeout': {
    kind: 'failed',
    word: 'failed',
    message: 'Nullable object must have a value.',
    progress: AT_ONCE,
  },
  'modern: get-status hands out the end': {
    kind: 'value',
    value: null,
    progress: { version: 4, percent: 100, text: null, messages: [OPENING] },
  },
  'modern: get-status after the end was handed out': TOKEN_GONE,
  'modern: get-status of a token that never was': TOKEN_GONE,
  'modern: cancel-async of a token that never was': TOKEN_GONE,
  'json-2012: RebuildStoreIndex starts': {
    kind: 'running',
    run: { token: '8A1D-JSON', statusPath: '/JSON/Status/8A1D-JSON' },
    progress: NONE,
  },
  'json-2012: the status while the run lasts': {
    kind: 'running',
    run: { token: '8A1D-JSON', statusPath: '/JSON/Status/8A1D-JSON' },
    progress: { version: 0, percent: 35, text: 'Opening the index', messages: [INFORMED] },
  },
  'json-2012: the status hands out the end': {
    kind: 'value',
    value: null,
    progress: { version: 0, percent: 100, text: 'Opening the index', messages: [INFORMED] },
  },
  'json-2012: the status after the end was handed out': TOKEN_GONE,
  'xml-2012: RebuildStoreIndex starts': {
    kind: 'running',
    run: { token: '9B2E-XML', statusPath: '/XML/Status/9B2E-XML' },
    progress: NONE,
  },
  'xml-2012: the status while the run lasts': {
    kind: 'running',
    run: { token: '9B2E-XML', statusPath: '/XML/Status/9B2E-XML' },
    progress: { version: 0, percent: 35, text: 'Opening the index', messages: [INFORMED] },
  },
  'xml-2012: the status hands out the end': {
    kind: 'value',
    value: null,
    progress: { version: 0, percent: 100, text: 'Opening the index', messages: [INFORMED] },
  },
  'xml-2012: the status after the end was handed out': TOKEN_GONE,
  'modern: a wrong password': WRONG_LOGIN,
  'json-2012: a wrong password': WRONG_LOGIN,
  'modern: a POST without a length':
    'The server answered 411 Length Required; a proxy in between may have removed the Content-Length header.',
  'modern: get-metadata without a login (an excerpt)': [
    { name: 'GetServerInfo', args: [] },
    { name: 'GetUserInfo', args: [{ name: 'userName', type: 'string', nullable: false }] },
    { name: 'GetProfiles', args: [{ name: 'raw', type: 'bool', nullable: false }] },
  ],
  'modern: a path that does not exist':
    "The server knows no '/api/invoke/GetServerInfo' (HTTP 404); check MAILSTORE_URL and MAILSTORE_API, this may not be MailStore's API.",
};

describe('the exchanges of the reference', () => {
  test.each(exchanges.map((exchange) => ({ ...exchange, key: `${exchange.dialect}: ${exchange.title}` })))(
    'the response to $key is understood',
    (exchange) => {
      expect(readExchange(exchange)).toEqual(READ[exchange.key]);
    },
  );

  test('each has its expected reading', () => {
    expect(exchanges.map(({ dialect, title }) => `${dialect}: ${title}`).toSorted()).toEqual(Object.keys(READ).toSorted());
  });
});

/** Reads the response as the answer to the request of the same exchange. */
function readExchange(exchange: Exchange): unknown {
  const { status, headers, body } = literalResponse(exchange);
  const response = { status, contentType: headers['content-type'] ?? '', body: Buffer.from(body) };
  const request = literalRequest(exchange);
  const path = request.startLine.split(' ')[1] ?? '';
  if (path === '/api/get-metadata') return [...readMetadata(readJson(response, 'get-metadata', address.origin)).values()];
  const [, command] = /\/invoke\/(\w+)$/i.exec(path) ?? [];
  try {
    const dialect = dialects[exchange.dialect];
    return command === undefined
      ? dialect.read(response, commandNamed('RebuildStoreIndex'), makeRun(path, request.body))
      : dialect.read(response, called(command));
  } catch (error) {
    return (error as Error).message;
  }
}

/** The fixture also asks for a command that does not exist. */
function called(name: string): CalledCommand {
  return findCommand(name) ?? { name };
}

function makeRun(path: string, form: string): RunHandle {
  const token = new URLSearchParams(form).get('token');
  return token === null ? { token: path.split('/').at(-1) ?? '', statusPath: path } : { token };
}

function answer(body: unknown, { status = 200, contentType = 'application/json' } = {}): WireResponse {
  return { status, contentType, body: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)) };
}

const run = { token: 'a b&c' };

/** URLs that are not one segment under /JSON/Status/ or /XML/Status/ of the origin, plainly written. */
const NO_STATUS_URLS = [
  'https://evil.example/JSON/Status/T',
  'https://localhost:8464/JSON/Status/T',
  'http://localhost:8463/JSON/Status/T',
  '//evil.example/JSON/Status/T',
  '\\\\evil.example\\T',
  'https://localhost:8463@evil.example/T',
  'https://localhost:8463.evil.example/T',
  'https://admin:x@localhost:8463/JSON/Status/T',
  'https://admin@localhost:8463/JSON/Status/T',
  'file:///etc/passwd',
  'https://',
  '',
  'T',
  '/',
  '/JSON/Invoke/DeleteUser?userName=admin',
  '/api/invoke/DeleteUser',
  '/JSON/Status',
  '/JSON/Status/',
  '/json/status/T',
  '/JSON/Statuses/T',
  '/x/JSON/Status/T',
  '/JSON/Status/T/',
  '/JSON/Status/T/U',
  '/JSON/Status//T',
  '/JSON/Status/../Invoke/DeleteEmptyFolders',
  '/JSON/Status/%2e%2e/Invoke/DeleteEmptyFolders',
  '/JSON/Status/.%2E/Invoke/DeleteEmptyFolders',
  '/JSON/Status/%252e%252e/Invoke/DeleteEmptyFolders',
  '/JSON/Status/%25252e%25252e%25252fInvoke',
  '/JSON/Status/..%2fInvoke%2fDeleteEmptyFolders',
  '/JSON/Status/..%5cInvoke%5cDeleteEmptyFolders',
  '/JSON/Status/..\\..\\Invoke\\DeleteEmptyFolders',
  '/JSON/Status\\..\\Invoke\\DeleteEmptyFolders',
  '/JSON/Status/..;/Invoke',
  '/JSON/Status/T..',
  '/JSON/Status/T.',
  '/JSON/Status/T%2e',
  '/JSON/Status/%c0%ae%c0%ae',
  '/JSON/Status/%EF%BC%8E%EF%BC%8E',
  '/JSON/Status/\uFF0E\uFF0E',
  '/JSON/Status/T%00',
  '/JSON/Status/T%0d%0aHost:x',
  '/JSON/Status/T\r\nHost: x',
  '/JSON/Sta\ttus/T',
  ' /JSON/Status/T',
  '/JSON/Status/T?userName=admin',
  '/JSON/Status/T?',
  '/JSON/Status/T#x',
  '/JSON/Status/T%3fx',
  '/JSON/Status/T%23x',
  '/JSON/Status/%',
];

describe('requests', () => {
  test('the modern form asks for metadata, commands, statuses and cancellation', () => {
    expect([modern.metadata, modern.invoke('GetUsers', 'a=b'), modern.status(run, 3, 5000), modern.cancel?.(run)]).toEqual([
      { path: '/api/get-metadata', body: '' },
      { path: '/api/invoke/GetUsers', body: 'a=b' },
      { path: '/api/get-status', body: 'token=a+b%26c&lastKnownStatusVersion=3&millisecondsTimeout=5000' },
      { path: '/api/cancel-async', body: 'token=a+b%26c' },
    ]);
  });

  test.each([
    ['json-2012', 'JSON'],
    ['xml-2012', 'XML'],
  ] as const)('the form %s asks under /%s', (name, prefix) => {
    const dialect = dialects[name];
    expect([
      dialect.invoke('GetUsers', 'a=b'),
      dialect.status(run, 3, 5000),
      dialect.status({ token: 'T', statusPath: `/${prefix}/Status/U` }, 3, 5000),
      dialect.statusAfter405?.(run),
    ]).toEqual([
      { path: `/${prefix}/Invoke/GetUsers`, body: 'a=b' },
      { path: `/${prefix}/Status/a%20b%26c`, body: '' },
      { path: `/${prefix}/Status/U`, body: '' },
      { method: 'GET', path: `/${prefix}/Status/a%20b%26c`, body: '' },
    ]);
  });

  test('the 2012 form has neither metadata nor cancellation', () => {
    expect([json.metadata, json.cancel, xml.metadata, xml.cancel]).toEqual([undefined, undefined, undefined, undefined]);
  });
});

describe('the modern form', () => {
  test.each([
    ['cancelled', { message: 'The operation was cancelled.', details: '' }, 'The operation was cancelled.'],
    ['cancelled', null, "the server reports 'cancelled'"],
    ['failed', { message: '' }, "the server reports 'failed'"],
    ['failed', { message: 7 }, "the server reports 'failed'"],
    ['failed', { message: 'Disk full.\r\n   at A.B()' }, 'Disk full.'],
  ])('the word %s with the error %j is an end that is no success', (statusCode, error, message) => {
    expect(modern.read(answer({ statusCode, error }), commandNamed('VerifyStore'))).toEqual({
      kind: 'failed',
      word: statusCode,
      message,
      progress: NONE,
    });
  });

  test.each(['Running', 'SUCCEEDED', 'Failed', 'queued', 'aborted', 'constructor', ''])(
    'the word %j is no word of the API: it is neither an end nor news',
    (statusCode) => {
      const read = () => modern.read(answer({ statusCode }), commandNamed('VerifyStore'), { token: 'T' });
      expect(read).toThrow(`MailStore says of VerifyStore that it is '${statusCode}'`);
    },
  );

  test('the status of another run is not taken for the one that was asked for', () => {
    const read = (token: string) => modern.read(answer({ statusCode: 'succeeded', token }), commandNamed('VerifyStore'), { token: 'T' });
    expect(() => read('U')).toThrow('with the status of another command');
    expect(read('t').kind).toBe('value');
  });

  test('a call that was answered with a token has begun, with any name of its status', () => {
    expect(modern.read(answer({ statusCode: 'queued', token: 'T' }), commandNamed('VerifyStore'))).toMatchObject({
      kind: 'running',
      run: { token: 'T' },
    });
  });

  test.each(['2.5', '-1', '1e400', '9007199254740992'])('a status version of %s is refused', (version) => {
    const body = Buffer.from(`{"statusCode":"succeeded","statusVersion":${version}}`);
    expect(() => modern.read({ ...answer({}), body }, commandNamed('VerifyStore'))).toThrow('which cannot be right');
  });

  test.each([
    [120, 100],
    [-3, 0],
    [null, null],
    ['50', null],
    [99.5, 99.5],
  ])('a progress of %j is shown as %j', (percentProgress, percent) => {
    expect(modern.read(answer({ statusCode: 'running', percentProgress }), commandNamed('VerifyStore'), { token: 'T' })).toMatchObject({
      progress: { percent },
    });
  });

  test('what is missing from an envelope or of another type is nothing', () => {
    const envelope = { statusCode: 'running', token: 'T', statusVersion: '3', percentProgress: '40', statusText: '', logOutput: [] };
    expect(modern.read(answer(envelope), commandNamed('VerifyStore'))).toEqual({ kind: 'running', run: { token: 'T' }, progress: NONE });
  });

  test('a run keeps its token where a status does not repeat it', () => {
    expect(modern.read(answer({ statusCode: 'running' }), commandNamed('VerifyStore'), { token: 'T' })).toMatchObject({
      kind: 'running',
      run: { token: 'T' },
    });
  });

  test('the log comes line by line', () => {
    const logOutput = 'one\r\n\r\ntwo\nthree';
    expect(modern.read(answer({ statusCode: 'succeeded', logOutput }), commandNamed('VerifyStore')).progress.messages).toEqual([
      { type: 'line', text: 'one' },
      { type: 'line', text: 'two' },
      { type: 'line', text: 'three' },
    ]);
  });

  test.each([
    ['[]', '[]'],
    ['null', 'null'],
    ['"succeeded"', '"succeeded"'],
    ['{"ok":true}', '{"ok":true}'],
    ['{"statusCode":1}', '{"statusCode":1}'],
    ['{"statusCode":"running"}', '{"statusCode":"running"}'],
    ['{"statusCode":"succeeded","token":5}', '{"statusCode":"succeeded","token":5}'],
    ['{"statusCode":"failed","error":"no"}', '{"statusCode":"failed","error":"no"}'],
  ])('%s is no envelope', (body, shown) => {
    expect(() => modern.read(answer(body), commandNamed('VerifyStore'))).toThrow(
      `The answer to VerifyStore does not have the form of MailStore's API: '${shown}'. Check MAILSTORE_API and MAILSTORE_URL.`,
    );
  });
});

describe('the 2012 form', () => {
  test.each([
    ['/JSON/Status/T', '/JSON/Status/T'],
    ['JSON/Status/T', '/JSON/Status/T'],
    ['/XML/Status/T', '/XML/Status/T'],
    ['HTTPS://LOCALHOST:8463/JSON/Status/T', '/JSON/Status/T'],
    ['/JSON/x/../Status/T', '/JSON/Status/T'],
    ['/JSON/Status/{3F-2A}', '/JSON/Status/%7B3F-2A%7D'],
    ['/JSON/Status/a%20b%26c', '/JSON/Status/a%20b%26c'],
  ])('the status URL %s of a long command is asked as %s', (statusUrl, statusPath) => {
    expect(json.read(answer({ statusToken: 'T', statusUrl }), commandNamed('VerifyStore'))).toEqual({
      kind: 'running',
      run: { token: 'T', statusPath },
      progress: NONE,
    });
  });

  test.each(NO_STATUS_URLS)('the status URL %j of a long command is refused', (statusUrl) => {
    expect(() => json.read(answer({ statusToken: 'T', statusUrl }), commandNamed('VerifyStore'))).toThrow(
      expect.objectContaining({ code: 'foreignStatusUrl' }),
    );
  });

  test.each(NO_STATUS_URLS)('the answer of a read with the status URL %j is a value, however little else is in it', (statusUrl) => {
    const value = { statusToken: 'T', statusUrl };
    expect(json.read(answer(value), commandNamed('GetSmtpSettings'))).toEqual({ kind: 'value', value, progress: NONE });
  });

  test.each(NO_STATUS_URLS)('a run that was kept with the status path %j is not asked for', (statusPath) => {
    for (const dialect of [json, xml]) {
      expect(() => dialect.status({ token: 'T', statusPath }, 0, 5000)).toThrow(expect.objectContaining({ code: 'foreignStatusUrl' }));
      expect(() => dialect.statusAfter405?.({ token: 'T', statusPath })).toThrow(expect.objectContaining({ code: 'foreignStatusUrl' }));
    }
  });

  test.each(['..', '.', '../Invoke/DeleteUser', 'a/b', 'a\\b', 'a%2fb', 'a?b', 'a#b', 'a\r\nb', 'ä', ''])(
    'a run that was kept with the token %j and without a path is not asked for',
    (token) => {
      for (const dialect of [json, xml]) {
        expect(() => dialect.status({ token }, 0, 5000)).toThrow(expect.objectContaining({ code: 'foreignStatusUrl' }));
      }
    },
  );

  test.each<[string, unknown, string]>([
    ['a read that answers with nothing but a token and its status path', { statusToken: 'T', statusUrl: '/JSON/Status/T' }, 'running'],
    ['a read whose object has another field', { statusToken: 'T', statusUrl: '/JSON/Status/T', port: 25 }, 'value'],
    ['a read without a token', { statusUrl: '/JSON/Status/T' }, 'value'],
    ['a read with a token that is no text', { statusToken: 7, statusUrl: '/JSON/Status/T' }, 'value'],
    ['a read that answers with a list of such', [{ statusToken: 'T', statusUrl: '/JSON/Status/T' }], 'value'],
  ])('the answer to %s is read as it stands: %j', (_, value, kind) => {
    expect(json.read(answer(value), commandNamed('GetSmtpSettings')).kind).toBe(kind);
  });

  test('the refusal of a status URL names it, where the login may go, and what to do', () => {
    expect(() => json.read(answer({ statusToken: 'T', statusUrl: '/JSON/Invoke/DeleteUser' }), commandNamed('VerifyStore'))).toThrow(
      "The status of a command is said to be at '/JSON/Invoke/DeleteUser'; it was not asked there, because the login goes only to /JSON/Status/ and /XML/Status/ on https://localhost:8463. The outcome is not known; check it by reading.",
    );
  });

  test('a status URL alone names the run by its last part', () => {
    expect(json.read(answer({ statusUrl: '/JSON/Status/T7' }), commandNamed('VerifyStore'))).toMatchObject({ run: { token: 'T7' } });
  });

  test.each([
    ['information, error, line', ['Started', 'Disk full.\r\n   at A.B()', 'Stopped'], ['information', 'error', 'line'], 'Disk full.'],
    ['information alone', ['Started'], ['information'], 'Started'],
    ['nothing', [], [], "the server reports 'failed'"],
  ])('a run that failed with the lines %s says why', (_, texts, types, message) => {
    const messages = texts.map((text, index) => ({ type: types[index], text }));
    const reply = json.read(answer({ status: 'failed', result: null, progressPercentage: 60, messages }), commandNamed('VerifyStore'), {
      token: 'T',
    });
    expect(reply).toMatchObject({ kind: 'failed', word: 'failed', message, progress: { percent: 60 } });
  });

  test('lines of other shapes are shown as they are', () => {
    const messages = [{ type: 'line', text: 'a', more: 1 }, { text: 'b' }, 'c', null, { type: 'line' }, { type: 3, text: 'd' }];
    expect(json.read(answer({ status: 'running', messages }), commandNamed('VerifyStore'), { token: 'T' }).progress).toEqual({
      version: 0,
      percent: null,
      text: 'd',
      messages: [
        { type: 'line', text: 'a' },
        { type: 'line', text: 'b' },
        { type: 'line', text: 'c' },
        { type: 'line', text: '{"type":"line"}' },
        { type: '3', text: 'd' },
      ],
    });
  });

  test.each<[string, unknown, readonly string[]]>([
    ['a text', 'one\ntwo', ['one', 'two']],
    ['one message', { type: 'error', text: 'one' }, ['one']],
    ['a list in a field', { message: [{ type: 'error', text: 'one' }, 'two'] }, ['one', 'two']],
    ['one message in a field', { message: { type: 'error', text: 'one' } }, ['one']],
    ['an object of other fields', { a: 1, b: 2 }, ['{"a":1,"b":2}']],
    ['a number', 7, ['7']],
    ['an empty object', {}, []],
    ['null', null, []],
  ])('a log that is %s is read whole in either form of the API', (_, log, texts) => {
    const run = { token: 'T' };
    const told = [
      json.read(answer({ status: 'running', messages: log }), commandNamed('VerifyStore'), run),
      modern.read(answer({ statusCode: 'running', token: 'T', logOutput: log }), commandNamed('VerifyStore'), run),
    ];
    expect(told.map(({ progress }) => progress.messages.map(({ text }) => text))).toEqual([texts, texts]);
  });

  test('a run that failed without a reason says what came in the place of its result', () => {
    const run = { token: 'T' };
    const told = [
      json.read(answer({ status: 'failed', result: 'Disk full.', messages: [] }), commandNamed('VerifyStore'), run),
      modern.read(answer({ statusCode: 'failed', token: 'T', result: { reason: 'Disk full.' } }), commandNamed('VerifyStore'), run),
    ];
    expect(told).toMatchObject([
      { message: "the server reports 'failed': Disk full." },
      { message: 'the server reports \'failed\': {"reason":"Disk full."}' },
    ]);
  });

  test('a status that is none is refused', () => {
    expect(() => json.read(answer({ state: 'running' }), commandNamed('VerifyStore'), { token: 'T' })).toThrow(
      'The answer to VerifyStore does not have the form of MailStore\'s API: \'{"state":"running"}\'. Check MAILSTORE_API and MAILSTORE_URL.',
    );
  });

  test('a failure without a text still has a sentence', () => {
    expect(json.read(answer('', { status: 500, contentType: 'text/plain' }), commandNamed('VerifyStore'))).toMatchObject({
      kind: 'failed',
      message: 'the server gave no reason',
    });
  });

  test('a value that only looks like a start is a value', () => {
    expect(json.read(answer({ statusUrl: 7, a: 1 }), commandNamed('GetJobs'))).toMatchObject({
      kind: 'value',
      value: { statusUrl: 7, a: 1 },
    });
  });
});
