import { hostname } from 'node:os';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { MailStoreError } from '../../src/base/errors.ts';
import type { MailStoreClient } from '../../src/client/client.ts';
import { Journal } from '../../src/journal/journal.ts';
import { openSqlite } from '../../src/journal/sqlite.ts';
import { startBackend } from '../helpers/start-backend.ts';
import { commandNamed, permitted, startClient } from '../helpers/start-client.ts';
import { sandboxForTest } from '../helpers/start-server.ts';
import { respond, respondJson, startTlsServer, type RawAnswer, type TlsServer } from '../helpers/tls-server.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

const CALLER = { client: { claimed: 'test' } };

/** What the commands of this file are called with; each is permitted by the gate once per round. */
const CALLS = [
  ['GetSmtpSettings', {}],
  ['GetUserInfo', { userName: 'amira' }],
  ['SetUserPassword', { userName: 'amira', password: 'x' }],
  ['VerifyStore', { id: 3, includeIndexes: false }],
] as const;

const tokens = fc.constantFrom('T', '..', '../Invoke/DeleteUser', 'a/b', '%2e%2e', 'x&userName=admin', '/JSON/Invoke/DeleteUser', '');
const PARTS =
  '/ // \\ .. . %2e%2e %252e %2f %5c ; ?userName=admin # @ : JSON XML json STATUS status Status Invoke DeleteUser api invoke cancel-async T evil.example https: user:pw@ %2E%2E %2F %5C ..\\ .%2e';
const parts = fc.constantFrom(...PARTS.split(' '));
const urls = fc.oneof(
  fc.array(parts, { maxLength: 9 }).map((some) => some.join('')),
  fc.array(parts, { maxLength: 6 }).map((some) => `/JSON/Status/${some.join('')}`),
  fc.constantFrom('/JSON/Invoke/DeleteUser?userName=admin', '/XML/Invoke/DeleteEmptyFolders', '/JSON/Status/T', '/api/invoke/DeleteUser'),
  fc.constantFrom(
    '//evil.example/JSON/Status/T',
    'https://evil.example/JSON/Status/T',
    '\\\\evil.example\\JSON\\Status\\T',
    '/json/status/T',
    '/JSON/Status/T?x=/JSON/Invoke/DeleteUser',
    '/JSON/Status/%2e%2e/Invoke/DeleteUser',
    '/JSON/Status/..%2fInvoke%2fDeleteUser',
    '/JSON/Status/T%00',
    '/JSON/Status/T\n/JSON/Invoke/DeleteUser',
    'JSON/Invoke/DeleteUser',
  ),
);
const run = fc.record({ statusToken: tokens, statusUrl: urls });
const values = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    run,
    fc.record({ statusToken: tokens, statusUrl: urls, port: fc.integer(), hostname: urls }),
    fc.record({ statusUrl: urls }),
    fc.record({ status: fc.constantFrom('running', 'succeeded', 'failed', 'queued'), result: tie('value'), statusUrl: urls }),
    fc.record({
      statusCode: fc.constantFrom('running', 'succeeded', 'failed'),
      token: tokens,
      statusUrl: urls,
      path: urls,
      location: urls,
      result: tie('value'),
    }),
    fc.array(tie('value'), { maxLength: 3 }),
    urls,
  ),
})).value;
const answers = fc.record({
  value: values,
  head: fc.constantFrom(
    '200 OK',
    '200 OK',
    '200 OK',
    '302 Found\r\nLocation: /JSON/Invoke/DeleteUser',
    '500 Internal Server Error',
    '405 No',
  ),
});

/** Writes a value as the XML of a 2012 server: with types, or without. */
function writeXml(value: unknown, name = 'root'): string {
  if (Array.isArray(value)) return `<${name} type="array">${value.map((entry) => writeXml(entry, 'item')).join('')}</${name}>`;
  if (typeof value === 'object' && value !== null) {
    const fields = Object.entries(value).map(([key, entry]) => writeXml(entry, key));
    return `<${name}>${fields.join('')}</${name}>`;
  }
  return `<${name}>${String(value).replaceAll('&', '&amp;').replaceAll('<', '&lt;')}</${name}>`;
}

/** Calls everything once and follows what a reply makes of it: the answers are arbitrary. */
async function driveClient(client: MailStoreClient): Promise<void> {
  for (const [name, args] of CALLS) {
    const command = commandNamed(name);
    try {
      const outcome = await client.send(await client.prepare(permitted(command, args)), { once: true });
      if (outcome.kind !== 'running') continue;
      client.readPoll(command, outcome.run, await client.poll(outcome.run, 0));
      await client.cancel(command, outcome.run);
    } catch (error) {
      if (!(error instanceof MailStoreError)) throw error;
    }
  }
}

/** Returns the requests that are neither a permitted call nor the metadata, nor the status or the cancelling of a run. */
function unstamped({ requests }: Pick<TlsServer, 'requests'>): string[] {
  const invoked = CALLS.flatMap(([name]) => [`/api/invoke/${name}`, `/JSON/Invoke/${name}`, `/XML/Invoke/${name}`]);
  const own = new Set([...invoked, '/api/get-metadata', '/api/get-status', '/api/cancel-async', '/JSON/Invoke/GetServerInfo']);
  return requests
    .map(({ path }) => path)
    .filter((path) => !own.has(path) && !/^\/(?:JSON|XML)\/Status\/[\w!$&'()*+,:;=@-]+$/.test(path.replaceAll('%26', '')));
}

describe('no reply makes the client send a request that the gate has not stamped', () => {
  test.each(['modern', 'legacy', 'legacy-xml'] as const)('in the form %s', async (api) => {
    let answer: RawAnswer = '';
    const server = await startTlsServer(() => answer);
    const { client } = startClient(server, { api, timeoutMs: 60_000 });
    await fc.assert(
      fc.asyncProperty(answers, async ({ value, head }) => {
        const body = api === 'legacy-xml' ? writeXml(value) : JSON.stringify(value);
        answer = respond(head, api === 'legacy-xml' ? 'application/xml' : 'application/json', body);
        const before = server.requests.length;
        await driveClient(client);
        const requests = server.requests.slice(before);
        expect(unstamped({ requests })).toEqual([]);
        for (const [name] of CALLS) expect(requests.filter(({ path }) => path.endsWith(`/Invoke/${name}`)).length).toBeLessThanOrEqual(1);
      }),
      {
        numRuns: 200,
        examples: [[{ value: { statusToken: 'T', statusUrl: '/JSON/Invoke/DeleteEmptyFolders', port: 25 }, head: '200 OK' }]],
      },
    );
  });

  test('no reply makes the client send a request that the gate has not stamped by the paths in its own list of commands', async () => {
    const paths = fc.oneof(urls, fc.constantFrom('api/invoke/DeleteUser?', 'api/invoke/DeleteUser#', 'https://evil.example/', null, 7));
    await fc.assert(
      fc.asyncProperty(paths, fc.boolean(), async (path, isRun) => {
        const listed = CALLS.map(([name]) => ({ name, args: [], path }));
        const envelope = isRun ? { statusCode: 'running', token: 'T', path } : { statusCode: 'succeeded', result: { path } };
        const server = await startTlsServer((request) => respondJson(request.path === '/api/get-metadata' ? listed : envelope));
        const { client } = startClient(server);
        await driveClient(client);
        expect(unstamped(server)).toEqual([]);
        expect(server.requests.filter((request) => request.path.startsWith('/api/invoke/'))).toHaveLength(CALLS.length);
      }),
      { numRuns: 25 },
    );
  });
});

test.each(['legacy', 'legacy-xml'] as const)(
  'an object with a status path that somebody stored is shown and never requested, in the form %s',
  async (api) => {
    const sandbox = await sandboxForTest({ dialect: '2012' });
    const { guard } = startBackend(sandbox, { access: 'full', env: { MAILSTORE_API: api } });
    const [set, get] = [commandNamed('SetSmtpSettings'), commandNamed('GetSmtpSettings')];
    const settings = {
      hostname: 'a.example',
      port: 25,
      protocol: 'SMTP',
      fromEmailAddress: 'a@a.example',
      fromDisplayName: 'a',
      recipientEmailAddress: 'a@a.example',
      password: 'p',
      statusToken: 't',
      statusUrl: '/JSON/Invoke/DeleteEmptyFolders',
    };
    await guard.run(
      { command: set, args: { settings }, target: 'default' },
      { client: { claimed: 'test' }, prompter: { channel: 'terminal', ask: async () => ({ kind: 'accepted' }) } },
    );
    const answered = await guard.run({ command: get, args: {}, target: 'default' }, CALLER);
    expect(answered).toMatchObject({ kind: 'value', value: { hostname: 'a.example', statusUrl: '/JSON/Invoke/DeleteEmptyFolders' } });
    expect(sandbox.requests.filter(({ path }) => path.includes('DeleteEmptyFolders'))).toEqual([]);
  },
);

const STORED_RUNS: readonly (readonly [string, { readonly token: string; readonly statusPath?: string }])[] = [
  ['a path that invokes a command', { token: 'T', statusPath: '/JSON/Invoke/DeleteUser?userName=admin' }],
  ['a path that invokes a command as XML', { token: 'T', statusPath: '/XML/Invoke/DeleteUser' }],
  ['a path that leads out of its folder', { token: 'T', statusPath: '/JSON/Status/../Invoke/DeleteUser' }],
  ['a path with encoded dots', { token: 'T', statusPath: '/JSON/Status/%2e%2e/Invoke/DeleteUser' }],
  ['a path with upper-case encoded dots and separators', { token: 'T', statusPath: '/XML/Status/%2E%2E%2FInvoke%2FDeleteUser' }],
  ['a path with dots that are encoded twice', { token: 'T', statusPath: '/JSON/Status/%252e%252e/Invoke/DeleteUser' }],
  ['a path with backslashes', { token: 'T', statusPath: '\\JSON\\Status\\..\\Invoke\\DeleteUser' }],
  ['a path with an encoded backslash', { token: 'T', statusPath: '/JSON/Status/..%5CInvoke%5CDeleteUser' }],
  ['a path on another host', { token: 'T', statusPath: 'https://evil.example/JSON/Status/T' }],
  ['a path on the host of another scheme', { token: 'T', statusPath: '//evil.example/JSON/Status/T' }],
  ['a path on a host after backslashes', { token: 'T', statusPath: '\\\\evil.example/JSON/Status/T' }],
  ['a path with a login in it', { token: 'T', statusPath: 'https://admin:x@127.0.0.1/JSON/Status/T' }],
  ['a path with a query', { token: 'T', statusPath: '/JSON/Status/T?next=/JSON/Invoke/DeleteUser' }],
  ['a path with a fragment', { token: 'T', statusPath: '/JSON/Status/T#x' }],
  ['a path in other letter case', { token: 'T', statusPath: '/json/STATUS/T' }],
  ['a path with one segment more', { token: 'T', statusPath: '/JSON/Status/T/Invoke' }],
  ['a path with a line break', { token: 'T', statusPath: '/JSON/Status/T\r\nX: /JSON/Invoke/DeleteUser' }],
  ['a path without a token', { token: '', statusPath: '/JSON/Status/' }],
  ['a path of the modern form', { token: 'T', statusPath: '/api/invoke/DeleteUser' }],
  ['a token that leads out of its folder', { token: '../Invoke/DeleteUser' }],
  ['a token with encoded dots that lead out of its folder', { token: '..%2fInvoke%2fDeleteUser' }],
];

test.each(['json-2012', 'xml-2012'] as const)(
  'a task whose stored row was edited to another status path ends as unknown, and nothing but evidence is requested, in the form %s',
  async (dialect) => {
    const server = await startTlsServer(() => respondJson([]));
    const stateDir = temporaryFolder();
    const journal = Journal.open(stateDir, { clock: systemClock });
    const edited: { readonly what: string; readonly taskId: string; readonly run: string }[] = [];
    for (const [what, run] of STORED_RUNS) {
      const { task } = await journal.tasks.begin(
        { command: 'VerifyStore', target: 'default', origin: server.url, argumentsKey: what, argumentsMasked: { id: 3 } },
        { id: 'gone', pid: 2 ** 30, host: hostname() },
      );
      const accepted = { token: 'T', statusPath: '/JSON/Status/T' };
      await journal.tasks.accepted(task.taskId, 1, accepted, dialect, { version: 0, percent: null, text: null, messages: [] });
      // No process follows it any more.
      await journal.tasks.releaseLease(task.taskId, 1);
      edited.push({ what, taskId: task.taskId, run: JSON.stringify(run) });
    }
    const { path } = journal;
    journal.close();
    const database = openSqlite(path);
    for (const { run, taskId } of edited) database.run('UPDATE tasks SET run = ? WHERE task_id = ?', [run, taskId]);
    database.close();

    const env = { MAILSTORE_API: dialect === 'json-2012' ? 'legacy' : 'legacy-xml', MAILSTORE_STATE_DIR: stateDir };
    const { runner } = startBackend(server, { env });
    const ends = await Promise.all(edited.map(async ({ what, taskId }) => [what, (await runner.waitForEnd(taskId, 30_000)).status]));
    expect(ends).toEqual(STORED_RUNS.map(([what]) => [what, 'unknown']));
    // The store's own list is read as evidence of how the run ended.
    expect(server.requests.map(({ path: asked }) => asked).filter((asked) => !/^\/(?:JSON|XML)\/Invoke\/GetStores$/.test(asked))).toEqual(
      [],
    );
  },
);
