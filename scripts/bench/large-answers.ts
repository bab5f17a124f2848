import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { createCertificate } from '../../src/sandbox/certificate.ts';
import type { Row } from './budgets.ts';
import { LOGIN } from './request.ts';
import { StdioClient } from './stdio-client.ts';
import type { Workbench } from './workbench.ts';

const MB = 1_000_000;

/** Measures what very large answers of MailStore do to the server: how long it answers nothing else, and how large its own answer is. */
export async function measureLargeAnswers(bench: Workbench): Promise<readonly Row[]> {
  const factor = bench.isShort ? 0.05 : 1;
  const far = await startLargeMailStore(factor);
  const client = new StdioClient(bench.product(far));
  try {
    await client.open();
    const mb = (size: number) => `${Number((size * factor).toFixed(1))} MB`;
    return [
      ...(await measure(client, `a reply of ${mb(20)}`, () => client.call('get_users', {}))),
      ...(await measure(client, `a log line of ${mb(30)}`, () => client.call('verify_store', { id: 1, includeIndexes: false }))),
    ];
  } finally {
    await client.close();
    far.close();
  }
}

async function measure(client: StdioClient, what: string, call: () => Promise<object>): Promise<readonly Row[]> {
  let longest = 0;
  const over = new AbortController();
  const pinging = (async () => {
    while (!over.signal.aborted) {
      const start = performance.now();
      await client.request('ping', {});
      longest = Math.max(longest, performance.now() - start);
    }
  })();
  const result = await call().finally(() => over.abort());
  await pinging;
  return [
    { what: `${what}: the longest that \`ping\` waits`, unit: 'ms', product: longest },
    { what: `${what}: the answer to the client`, unit: 'MB', product: Buffer.byteLength(JSON.stringify(result)) / MB },
  ];
}

async function startLargeMailStore(factor: number) {
  const { certificate, privateKey, fingerprint } = await createCertificate('127.0.0.1');
  const user = { userName: 'u'.repeat(60), fullName: 'Some Body', distinguishedName: null };
  const users = Array.from({ length: Math.round((20 * MB * factor) / JSON.stringify(user).length) }, () => user);
  const end = (more: object) =>
    JSON.stringify({ error: null, token: null, statusVersion: 2, statusCode: 'succeeded', percentProgress: 100, result: null, ...more });
  const names = ['GetServerInfo', 'GetUsers'].map((name) => ({ name, args: [] }));
  const verify = { name: 'VerifyStore', args: ['id', 'includeIndexes'].map((name) => ({ name, type: 'string', nullable: false })) };
  const answers: Readonly<Record<string, string>> = {
    '/api/get-metadata': JSON.stringify([...names, verify]),
    '/api/invoke/GetServerInfo': end({ result: { version: '25.3.0.23012', machineName: 'ARCHIVE01' } }),
    '/api/invoke/GetUsers': end({ result: users }),
    '/api/invoke/VerifyStore': end({ token: 'T', statusCode: 'running' }),
    '/api/get-status': end({ token: 'T', statusVersion: 3, logOutput: 'x'.repeat(30 * MB * factor) }),
  };
  const server = createServer({ cert: certificate, key: privateKey }, (request, response) => {
    request.resume().once('end', () => {
      const body = answers[request.url ?? ''];
      response.writeHead(body === undefined ? 404 : 200, { 'content-type': 'application/json' }).end(body ?? '');
    });
  });
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { ...LOGIN, url, fingerprint, close: () => void server.close() };
}
