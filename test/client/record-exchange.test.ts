import { describe, expect, test } from 'vitest';
import { Redactor } from '../../src/masking/redactor.ts';
import type { ClientOptions } from '../../src/client/client.ts';
import type { Exchange } from '../../src/client/record-exchange.ts';
import { startClient } from '../helpers/start-client.ts';
import { sandboxForTest } from '../helpers/start-server.ts';
import { respond, respondJson, respondStatus, startTlsServer, type RawAnswer, type ReceivedRequest } from '../helpers/tls-server.ts';

/** A client whose exchanges are kept, and the server that writes the given bytes. */
async function observed(answer: (request: ReceivedRequest) => RawAnswer, options: Partial<ClientOptions> = {}) {
  const server = await startTlsServer(answer);
  const exchanges: Exchange[] = [];
  const client = startClient(server, { api: 'legacy', ...options, onExchange: (exchange) => exchanges.push(exchange) });
  return { server, exchanges, ...client };
}

describe('an observed exchange', () => {
  test('is the request byte for byte as the server received it, but for the login', async () => {
    const { server, exchanges, call } = await observed(() => respondJson({ userName: 'Jörg & Söhne' }));
    await call('GetUserInfo', { userName: 'Jörg & Söhne' });
    const [received] = server.requests;
    const [exchange] = exchanges;
    expect(exchange?.request).toEqual({
      method: 'POST',
      url: `${server.url}/JSON/Invoke/GetUserInfo`,
      headers: [
        ['host', new URL(server.url).host],
        ['connection', 'keep-alive'],
        ['authorization', 'Basic ***'],
        ['accept', 'application/json, application/xml;q=0.9, text/plain;q=0.8'],
        ['content-type', 'application/x-www-form-urlencoded; charset=utf-8'],
        ['content-length', '33'],
      ],
      body: 'userName=J%C3%B6rg+%26+S%C3%B6hne',
    });
    expect(exchange?.request.body).toBe(received?.body);
    expect(Object.fromEntries(exchange?.request.headers ?? [])).toEqual({ ...received?.headers, authorization: 'Basic ***' });
  });

  test('is the response as it came, with the headers in their order and spelling', async () => {
    const head =
      'HTTP/1.1 200 Quite Fine\r\nX-One: 1\r\nContent-Type: application/json\r\nX-One: 2\r\nSet-Cookie: sid=abcdef; Path=/\r\nContent-Length: 14\r\n\r\n';
    const { exchanges, call } = await observed(() => `${head}{ "ok": "é" }`);
    await call('GetServerInfo');
    expect(exchanges[0]?.response).toEqual({
      status: 200,
      reason: 'Quite Fine',
      headers: [
        ['X-One', '1'],
        ['Content-Type', 'application/json'],
        ['X-One', '2'],
        ['Set-Cookie', 'sid=***; Path=/'],
        ['Content-Length', '14'],
      ],
      body: '{ "ok": "é" }',
      bytes: 14,
    });
  });

  test('shows neither a secret argument, however short, nor one inside an object', async () => {
    const { server, exchanges, call } = await observed(({ path }) =>
      respondJson(path.endsWith('/GetSmtpSettings') ? { hostname: 'old', password: null, port: 587 } : null),
    );
    await call('SetUserPassword', { userName: 'johndoe', password: 'abc' });
    await call('SetSmtpSettings', { settings: { hostname: 'mx', password: 'x&y', port: 25 } });
    expect(server.requests.map(({ body }) => body)).toEqual([
      'userName=johndoe&password=abc',
      '',
      'settings=%7B%22hostname%22%3A%22mx%22%2C%22password%22%3A%22x%26y%22%2C%22port%22%3A25%7D',
    ]);
    expect(exchanges.map(({ request }) => request.body)).toEqual([
      'userName=johndoe&password=***',
      '',
      'settings=%7B%22hostname%22%3A%22mx%22%2C%22password%22%3A%22***%22%2C%22port%22%3A25%7D',
    ]);
  });

  test('shows no credential of an answer, and leaves every other character of it alone', async () => {
    const body = '{"password" : "p\\"w", "list":[ {"privateKey":"k","n":1e3}],"secret":null, "token":"t", "plain":"password"}';
    const { exchanges, call } = await observed(() => respond('200 OK', 'application/json', body));
    await call('GetServerInfo');
    expect(exchanges[0]?.response?.body).toBe(
      '{"password" : "***", "list":[ {"privateKey":"***","n":1e3}],"secret":null, "token":"***", "plain":"password"}',
    );
  });

  test('shows no credential of an XML answer', async () => {
    const body =
      '<root type="object"><password type="string">pw</password><a:item xmlns:a="item" item="api token" type="string">k</a:item><name>n</name></root>';
    const { exchanges, call } = await observed(() => respond('200 OK', 'application/xml', body), { api: 'legacy-xml' });
    await call('GetServerInfo');
    expect(exchanges[0]?.response?.body).toBe(
      '<root type="object"><password type="string">***</password><a:item xmlns:a="item" item="api token" type="string">***</a:item><name>n</name></root>',
    );
  });

  test('keeps the token of a run, which is no credential', async () => {
    const { exchanges, call } = await observed(
      ({ path }) => (path === '/api/get-metadata' ? respond('404 Gone', 'text/plain', '') : respondStatus(1)),
      {
        api: 'modern',
      },
    );
    await call('VerifyStore', { id: 3, includeIndexes: false });
    expect(exchanges.map(({ purpose, response }) => [purpose, response?.body.includes('"token":"T"')])).toEqual([
      ['support', false],
      ['call', true],
    ]);
  });

  test('does not hold a known secret that the server echoes', async () => {
    const redactor = new Redactor();
    redactor.add('correct horse battery');
    const { exchanges, call } = await observed(() => respond('500 Failed', 'text/plain', "no 'correct horse battery' here"), { redactor });
    await call('RenameUser', { oldUserName: 'correct horse battery', newUserName: 'b' }).catch(() => undefined);
    expect(exchanges.map(({ request, response }) => [request.body, response?.body])).toEqual([
      ['oldUserName=***&newUserName=b', "no '***' here"],
    ]);
  });

  test('shows why there is no response, and what would have been sent where no connection came about', async () => {
    const { server, exchanges, call } = await observed(() => null, { trust: { fingerprint: 'AA:BB' } });
    await expect(call('GetServerInfo')).rejects.toThrow('not the pinned AA:BB');
    const [exchange] = exchanges;
    expect(server.requests).toEqual([]);
    expect(exchange).toEqual({
      purpose: 'call',
      request: {
        method: 'POST',
        url: `${server.url}/JSON/Invoke/GetServerInfo`,
        headers: [
          ['authorization', 'Basic ***'],
          ['accept', 'application/json, application/xml;q=0.9, text/plain;q=0.8'],
        ],
        body: '',
      },
      error: expect.stringContaining('not the pinned AA:BB') as unknown,
      startedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/) as unknown,
      ms: expect.any(Number) as unknown,
    });
  });

  test('is reported once for each attempt of a read, and for an answer that says the server is not available', async () => {
    const { exchanges, call } = await observed(() => respond('503 Busy', 'text/plain', 'later'));
    await expect(call('GetServerInfo')).rejects.toThrow('not available right now');
    expect(exchanges.map(({ response, error }) => [response?.status, error])).toEqual([
      [503, undefined],
      [503, undefined],
      [503, undefined],
    ]);
  });

  test('keeps requests apart that are under way at the same time', async () => {
    const sandbox = await sandboxForTest();
    const exchanges: Exchange[] = [];
    const { call } = startClient(sandbox, { api: 'legacy', onExchange: (exchange) => exchanges.push(exchange) });
    const names = ['admin', 'johndoe', 'amira', ...Array.from({ length: 9 }, (_, index) => `new${index}`)];
    for (const userName of names.slice(3)) await call('CreateUser', { userName, privileges: ['login'] });
    exchanges.length = 0;
    await Promise.all(names.map(async (userName) => call('GetUserInfo', { userName })));
    const pairs = exchanges.map(({ request: { headers, body }, response }) => ({
      body,
      // It is known of what was written alone.
      length: new Map(headers).get('content-length'),
      answered: /"userName":"([^"]+)"/.exec(response?.body ?? '')?.[1],
    }));
    const byBody = (one: { body: string }, other: { body: string }) => one.body.localeCompare(other.body);
    expect(pairs.toSorted(byBody)).toEqual(
      names.map((name) => ({ body: `userName=${name}`, length: String(9 + name.length), answered: name })).toSorted(byBody),
    );
  });

  test('never keeps an answer from the caller, even where the observer fails', async () => {
    const server = await startTlsServer(() => respondJson({ machineName: 'A' }));
    const { call } = startClient(server, {
      api: 'legacy',
      onExchange: () => {
        throw new Error('broken observer');
      },
    });
    expect(await call('GetServerInfo')).toMatchObject({ kind: 'value', value: { machineName: 'A' } });
  });
});
