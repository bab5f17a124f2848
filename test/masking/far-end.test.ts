import { describe, expect, test } from 'vitest';
import type { Exchange } from '../../src/client/record-exchange.ts';
import { startClient } from '../helpers/start-client.ts';
import { respond, respondJson, startTlsServer, type RawAnswer } from '../helpers/tls-server.ts';

/** The credential in every text below; none of it may get through. */
const SECRET = 'Hunter2-x';

/** Calls a far end that answers like this, and returns everything that the client keeps or shows of it. */
async function hear(answer: RawAnswer, api: 'modern' | 'legacy' | 'legacy-xml'): Promise<string> {
  const server = await startTlsServer(({ path }) =>
    path === '/api/get-metadata' ? respondJson([{ name: 'GetServerInfo', args: [] }]) : answer,
  );
  const exchanges: Exchange[] = [];
  const { call, logged } = startClient(server, { api, onExchange: (exchange) => exchanges.push(exchange) });
  const outcome = await call('GetServerInfo').catch((error: unknown) => error);
  const said = outcome instanceof Error ? [outcome.message, { ...outcome }] : outcome;
  return JSON.stringify({ said, exchanges, logged });
}

const TEXTS: readonly string[] = [
  `Login failed: Server=db;User=sa;Password=${SECRET};`,
  `imaps://u:${SECRET}@host`,
  `started with --password "p ${SECRET}"`,
  `password: ${SECRET}`,
  `Kennwort = "${SECRET}"`,
  `no {"secret":{"value":"${SECRET}"}} accepted`,
  `<add key="password" value="${SECRET}"/> is wrong`,
  `Authorization: Bearer ${SECRET}`,
  `-----BEGIN PRIVATE KEY-----\n${SECRET}`,
];

describe.each(TEXTS)('the far end that says %j', (text) => {
  test.each<[string, RawAnswer, 'modern' | 'legacy' | 'legacy-xml']>([
    ['in the message of a failure', respondJson({ statusCode: 'failed', error: { message: text } }), 'modern'],
    ['in the text of HTTP 500', respond('500 Internal Server Error', 'text/plain', text), 'legacy'],
    ['in the text of another status', respond('400 Bad Request', 'text/plain', text), 'legacy'],
    ['in an answer of no known form', respond('200 OK', 'application/json', `no JSON: ${text}`), 'legacy'],
    ['in a value', respondJson({ version: text }), 'legacy'],
    [
      'in a status text and a log',
      respondJson({ statusCode: 'succeeded', statusText: text, logOutput: `a\n${text}`, result: null }),
      'modern',
    ],
    ['in XML', respond('200 OK', 'application/xml', `<root><version>${text.replaceAll('<', '&lt;')}</version></root>`), 'legacy-xml'],
    [
      'in a header',
      `HTTP/1.1 200 OK\r\nX-Note: ${text.replaceAll('\n', ' ')}\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}`,
      'legacy',
    ],
  ])('shows no credential %s', async (_, answer, api) => {
    const heard = await hear(answer, api);
    expect(heard).not.toContain(SECRET);
    expect(heard).toContain('***');
  });
});
