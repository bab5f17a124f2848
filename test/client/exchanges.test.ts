import type { Dialect } from '../../src/wire/reply.ts';
import { describe, expect, test } from 'vitest';
import type { ApiForm } from '../../src/base/target.ts';
import type { ClientRun, MailStoreClient } from '../../src/client/client.ts';
import { exchanges, PASSWORD, USERNAME, type Exchange } from '../fixtures/exchanges.ts';
import { literalRequest, literalResponse } from '../helpers/literal-exchanges.ts';
import { commandNamed, permitted, startClient } from '../helpers/start-client.ts';
import { respond, startTlsServer, type ReceivedRequest } from '../helpers/tls-server.ts';

type Action = (client: MailStoreClient) => Promise<unknown>;

const call =
  (name: string, args: Readonly<Record<string, unknown>> = {}): Action =>
  async (client) => {
    const outcome = await client.send(await client.prepare(permitted(commandNamed(name), args)));
    return outcome.kind;
  };

/** Polls a run that the client knows from its start. */
const poll =
  (dialect: Dialect['name'], token: string, statusPath?: string): Action =>
  async (client) => {
    const run: ClientRun = { dialect, token, ...(statusPath !== undefined && { statusPath }) };
    const outcome = client.readPoll(commandNamed('RebuildStoreIndex'), run, await client.poll(run, 1));
    return outcome.kind;
  };

const REBUILD = { id: 3, folder: 'amira' };

/** How the client comes to send each request of the fixture, and what it makes of the response: a kind of outcome, or an error's code. */
const ACTIONS: Readonly<Record<string, readonly [action: Action, outcome: string]>> = {
  'modern: GetServerInfo without arguments': [call('GetServerInfo'), 'value'],
  'modern: GetUserInfo of johndoe': [call('GetUserInfo', { userName: 'johndoe' }), 'value'],
  'json-2012: GetUserInfo of johndoe': [call('GetUserInfo', { userName: 'johndoe' }), 'value'],
  'xml-2012: GetUserInfo of johndoe': [call('GetUserInfo', { userName: 'johndoe' }), 'value'],
  'modern: SetUserFullName with an umlaut, an emoji and the characters that a form reserves': [
    call('SetUserFullName', { fullName: 'María Lüpez 📨 + & = % #', userName: 'maria.lopez' }),
    'value',
  ],
  'json-2012: GetUserInfo shows the name that was set': [call('GetUserInfo', { userName: 'maria.lopez' }), 'value'],
  'xml-2012: GetUserInfo shows the name that was set': [call('GetUserInfo', { userName: 'maria.lopez' }), 'value'],
  'json-2012: SetUserFullName without a value clears it': [call('SetUserFullName', { userName: 'maria.lopez', fullName: null }), 'value'],
  'xml-2012: SetUserFullName without a value clears it': [call('SetUserFullName', { userName: 'maria.lopez', fullName: null }), 'value'],
  'modern: a missing argument': [call('GetUserInfo'), 'commandFailed'],
  'json-2012: a missing argument': [call('GetUserInfo'), 'commandFailed'],
  'modern: an unknown user': [call('GetUserInfo', { userName: 'nobody' }), 'commandFailed'],
  'json-2012: an unknown user': [call('GetUserInfo', { userName: 'nobody' }), 'commandFailed'],
  'xml-2012: an unknown user': [call('GetUserInfo', { userName: 'nobody' }), 'commandFailed'],
  'modern: RebuildStoreIndex starts': [call('RebuildStoreIndex', REBUILD), 'running'],
  'modern: get-status while the run lasts': [poll('modern', '7f3c'), 'running'],
  'modern: get-status hands out the end': [poll('modern', '7f3c'), 'value'],
  'modern: get-status after the end was handed out': [poll('modern', '7f3c'), 'tokenUnknown'],
  'modern: get-status of a token that never was': [poll('modern', '0'), 'tokenUnknown'],
  'modern: cancel-async of a token that never was': [
    async (client) => client.cancel(commandNamed('RebuildStoreIndex'), { dialect: 'modern', token: '0' }),
    'tokenUnknown',
  ],
  'json-2012: RebuildStoreIndex starts': [call('RebuildStoreIndex', REBUILD), 'running'],
  'json-2012: the status while the run lasts': [poll('json-2012', '8A1D-JSON', '/JSON/Status/8A1D-JSON'), 'running'],
  'json-2012: the status hands out the end': [poll('json-2012', '8A1D-JSON'), 'value'],
  'json-2012: the status after the end was handed out': [poll('json-2012', '8A1D-JSON'), 'tokenUnknown'],
  'xml-2012: RebuildStoreIndex starts': [call('RebuildStoreIndex', REBUILD), 'running'],
  'xml-2012: the status while the run lasts': [poll('xml-2012', '9B2E-XML', '/XML/Status/9B2E-XML'), 'running'],
  'xml-2012: the status hands out the end': [poll('xml-2012', '9B2E-XML'), 'value'],
  'xml-2012: the status after the end was handed out': [poll('xml-2012', '9B2E-XML'), 'tokenUnknown'],
};

/** Requests that this client cannot be brought to send. */
const NEVER_SENT: Readonly<Record<string, string>> = {
  'modern: an unknown argument': 'only declared arguments are encoded',
  'modern: an unknown command': 'only declared commands are sent',
  'modern: get-status without its timeout': 'the three arguments of get-status are always sent',
  'modern: a wrong password': 'the login is that of the fixture’s administrator',
  'json-2012: a wrong password': 'the login is that of the fixture’s administrator',
  'modern: a POST without a length': 'the length is always sent',
  'modern: get-metadata without a login (an excerpt)': 'the login goes with every request',
  'modern: a path that does not exist': 'paths are spelt as the reference spells them',
};

const FORMS: Readonly<Record<Exchange['dialect'], ApiForm>> = { modern: 'modern', 'json-2012': 'legacy', 'xml-2012': 'legacy-xml' };
const keyed = exchanges.map((exchange) => ({ ...exchange, key: `${exchange.dialect}: ${exchange.title}` }));

/**
 * What two requests must have in common. The order of headers, their capitals, the host and parameters of the content type are free, and
 * headers that the fixture does not have may be added.
 */
function compared({ method, path, headers, body }: ReceivedRequest) {
  return {
    method,
    path,
    body,
    authorization: headers['authorization'],
    contentLength: headers['content-length'],
    contentType: headers['content-type']?.replace(/;.*$/, ''),
    transferEncoding: headers['transfer-encoding'],
  };
}

describe('over TLS, the client sends the request of the reference and understands its response', () => {
  test.each(keyed.filter(({ key }) => !(key in NEVER_SENT)))('$key', async (exchange) => {
    const [action, outcome] = ACTIONS[exchange.key] ?? [];
    const { startLine, headers, body } = literalRequest(exchange);
    const [method = '', path = ''] = startLine.split(' ');
    const server = await startTlsServer((request) =>
      request.path === '/api/get-metadata' ? respond('404 Not Found', 'text/plain', 'none') : literalResponse(exchange).bytes,
    );
    const { client } = startClient({ ...server, username: USERNAME, password: PASSWORD }, { api: FORMS[exchange.dialect] });
    const came = await action?.(client).catch((error: unknown) => (error as { code?: string }).code);
    expect(came).toBe(outcome);
    const sent = server.requests.filter((request) => request.path !== '/api/get-metadata');
    expect(sent.map(compared)).toEqual([compared({ method, path, headers, body })]);
  });

  test('every exchange is either sent or known never to be', () => {
    expect([...Object.keys(ACTIONS), ...Object.keys(NEVER_SENT)].toSorted()).toEqual(keyed.map(({ key }) => key).toSorted());
  });
});

test('get-metadata is asked with the login and the length of nothing', async () => {
  const server = await startTlsServer(() => respond('404 Not Found', 'text/plain', 'none'));
  const { client } = startClient({ ...server, username: USERNAME, password: PASSWORD }, { api: 'modern' });
  await client.warm();
  expect(server.requests.slice(0, 1).map(compared)).toEqual([
    {
      method: 'POST',
      path: '/api/get-metadata',
      body: '',
      authorization: 'Basic YWRtaW46Z3LDvG46IDEwMCU=',
      contentLength: '0',
      contentType: undefined,
      transferEncoding: undefined,
    },
  ]);
});
