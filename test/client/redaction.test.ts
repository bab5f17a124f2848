import { expect, onTestFinished, test, vi } from 'vitest';
import type { Exchange } from '../../src/client/record-exchange.ts';
import { KnownSecrets } from '../../src/masking/known-secrets.ts';
import { Redactor } from '../../src/masking/redactor.ts';
import { startClient } from '../helpers/start-client.ts';
import { respond, respondJson, startTlsServer, type RawAnswer } from '../helpers/tls-server.ts';

const PASSWORD = 'Amber-Lantern/7';
const INFO = 'GetServerInfo';

/** A client of a server that answers every command like this, and that knows its own password. */
async function startEchoing(answer: RawAnswer, api: 'modern' | 'legacy' | 'legacy-xml' = 'modern') {
  const server = await startTlsServer(({ path }) => (path === '/api/get-metadata' ? respondJson([{ name: INFO, args: [] }]) : answer));
  const redactor = new Redactor();
  redactor.add(PASSWORD, 'admin');
  return startClient({ ...server, password: PASSWORD }, { api, redactor });
}

test.each([
  [
    'modern',
    "MailStore could not run GetServerInfo: Login of admin with '***' failed.",
    respondJson({ statusCode: 'failed', error: { message: `Login of admin with '${PASSWORD}' failed.`, details: PASSWORD } }),
  ],
  [
    'legacy',
    "MailStore could not run GetServerInfo: Header 'Basic ***' refused.",
    respond('500 Internal Server Error', 'text/plain', `Header 'Basic ${Buffer.from(`admin:${PASSWORD}`).toString('base64')}' refused.`),
  ],
  [
    'legacy',
    "The answer to GetServerInfo is not JSON: 'no JSON: ***'. Check that MAILSTORE_API fits this server.",
    respond('200 OK', 'application/json', `no JSON: ${PASSWORD}`),
  ],
  [
    'legacy',
    'The server answered HTTP 400: /JSON/Invoke?password=***.',
    respond('400 Bad Request', 'text/html', `<title>/JSON/Invoke?password=${encodeURIComponent(PASSWORD)}</title>`),
  ],
] as const)('in the %s form an error does not repeat the password that the server sent back: %s', async (api, message, answer) => {
  const { call } = await startEchoing(answer, api);
  await expect(call(INFO)).rejects.toThrow(expect.objectContaining({ message }));
});

test('a value and its messages do not hold it either, and the rest of the answer is untouched', async () => {
  const { call } = await startEchoing(
    respond(
      '200 OK',
      'application/json',
      '\uFEFF{"error":null,"token":null,"statusVersion":2,"statusCode":"succeeded","result":{"version":"25.3","machineName":"Amber-Lantern\\/7 \\u00fc"},"logOutput":"with Amber-Lantern/7\\r\\ndone"}',
    ),
  );
  expect(await call(INFO)).toMatchObject({
    value: { version: '25.3', machineName: '*** ü' },
    progress: {
      messages: [
        { type: 'line', text: 'with ***' },
        { type: 'line', text: 'done' },
      ],
    },
  });
});

test('a value in XML shows no secret either', async () => {
  const { call } = await startEchoing(
    respond(
      '200 OK',
      'application/xml',
      '<?xml version="1.0"?><root type="object"><version type="string">25.3</version><machineName type="string">Amber&#45;Lantern/7 &amp; more</machineName></root>',
    ),
    'legacy-xml',
  );
  expect(await call(INFO)).toMatchObject({ value: { version: '25.3', machineName: '*** & more' } });
});

test.each([
  ['modern', INFO, respondJson({ statusCode: 'succeeded', result: { version: PASSWORD } })],
  ['legacy', INFO, respondJson({ version: PASSWORD })],
  ['legacy', INFO, respond('500 Internal Server Error', 'text/plain', PASSWORD)],
  ['legacy', '/JSON/Invoke/GetServerInfo', respond('400 Bad Request', 'text/plain', PASSWORD)],
  ['legacy-xml', INFO, respond('200 OK', 'application/xml', `<root><version>${PASSWORD}</version></root>`)],
] as const)('in the %s form an answer on which masking fails is shown nowhere, and the error names %s', async (api, named, answer) => {
  const server = await startTlsServer(({ path }) => (path === '/api/get-metadata' ? respondJson([{ name: INFO, args: [] }]) : answer));
  const redactor = new Redactor();
  redactor.add(PASSWORD, 'admin');
  const find = Reflect.get(KnownSecrets.prototype, 'find');
  const spy = vi.spyOn(KnownSecrets.prototype, 'find').mockImplementation(function (this: KnownSecrets, text) {
    if (text.includes('Lantern')) throw new RangeError('Maximum call stack size exceeded');
    return find.call(this, text);
  });
  onTestFinished(() => spy.mockRestore());
  const exchanges: Exchange[] = [];
  const { call, logged } = startClient(server, { api, redactor, onExchange: (exchange) => exchanges.push(exchange) });
  const error: unknown = await call(INFO).catch((reason: unknown) => reason);
  expect(error).toMatchObject({
    code: 'notMasked',
    message: `Masking the secrets in the answer to ${named} failed, so the answer is not shown and was not used. Check with a read what the call did, and report this as a fault of mailstore-mcp.`,
  });
  expect(exchanges.at(-1)?.response?.body).toBe('(Masking the secrets in this body failed, so it is not shown.)');
  expect(JSON.stringify([error, exchanges, logged])).not.toContain('Lantern');
});
