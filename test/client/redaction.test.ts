import { expect, test } from 'vitest';
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

test('nor does a value in XML', async () => {
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
