import { expect, test } from 'vitest';
import { callTool, sandboxForTest, settingsFor, startServer, untilTestEnds } from '../helpers/start-server.ts';
import { runBinary } from '../helpers/run-binary.ts';
import { respondJson, startTlsServer } from '../helpers/tls-server.ts';

const HEAD = 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n';

test('an answer that trickles ends with the time limit of one exchange, and is not asked for again', { timeout: 60_000 }, async () => {
  const mailstore = await startTlsServer(({ path }) =>
    path === '/api/invoke/GetUsers'
      ? { trickle: HEAD, everyMs: 20 }
      : respondJson(path === '/api/get-metadata' ? [{ name: 'GetUsers', args: [] }] : []),
  );
  const env = {
    MAILSTORE_URL: mailstore.url,
    MAILSTORE_USERNAME: 'admin',
    MAILSTORE_PASSWORD: 'Hunter2-x',
    MAILSTORE_TLS_FINGERPRINT: mailstore.fingerprint,
    MAILSTORE_API: 'modern',
    MAILSTORE_TIMEOUT_MS: '500',
  };
  const server = untilTestEnds(await startServer({ env }));
  const { isError, text } = await callTool(server, 'get_users', {});
  expect([isError, text]).toEqual([true, expect.stringContaining('did not answer completely within 500 ms')]);
  expect(mailstore.requests.filter(({ path }) => path === '/api/invoke/GetUsers')).toHaveLength(1);
});

test('a ping is answered while the largest part of a reply of 20 MB has come and its end has not', { timeout: 120_000 }, async () => {
  const users = Array.from({ length: 2000 }, (_, index) => ({ userName: `user${index}`, fullName: 'A name. '.repeat(1250) }));
  const whole = respondJson({ error: null, token: null, statusVersion: 2, statusCode: 'succeeded', result: users });
  const order: string[] = [];
  const rest = async () => {
    await server.client.ping();
    order.push('ping');
    return whole.subarray(-1);
  };
  const mailstore = await startTlsServer(({ path }) =>
    path === '/api/invoke/GetUsers' ? { first: whole.subarray(0, -1), rest } : respondJson([{ name: 'GetUsers', args: [] }]),
  );
  const server = untilTestEnds(await startServer({ env: { ...settingsFor(mailstore), MAILSTORE_API: 'modern' } }));
  const { text } = await callTool(server, 'get_users', { fields: ['userName'] }, { timeout: 100_000 });
  order.push('reply');
  expect(whole.length).toBeGreaterThan(20_000_000);
  expect(text).toContain('of 2,000 users');
  expect(order).toEqual(['ping', 'reply']);
});

test('a secret of 100,000 symbols is refused and remembered nowhere, and the next call is answered', { timeout: 60_000 }, async () => {
  const sandbox = await sandboxForTest();
  const server = untilTestEnds(await startServer({ sandbox, access: 'full' }));
  const symbols = Array.from({ length: 100_000 }, (_, index) => '"\\&<%+\u{1F600}'[index % 7] ?? '').join('');
  const { isError, text } = await callTool(server, 'set_user_password', { userName: 'amira', password: symbols });
  expect([isError, text]).toEqual([true, expect.stringContaining('4096')]);
  expect(sandbox.requests.filter(({ path }) => path.includes('SetUserPassword'))).toEqual([]);
  expect((await callTool(server, 'get_users', {})).isError).toBe(false);
});

test('three hundred calls that wait for a yes leave twenty that can be granted', { timeout: 180_000 }, async () => {
  const sandbox = await sandboxForTest();
  const server = untilTestEnds(await startServer({ sandbox, access: 'full' }));
  for (let number = 0; number < 300; number += 20) {
    const some = Array.from({ length: 20 }, (_, index) => callTool(server, 'delete_store', { id: number + index }));
    await Promise.all(some);
  }
  const { stdout } = await runBinary(['approve', '--state-dir', server.stateDir]);
  expect(stdout.split('\n').filter((line) => /^[\w-]{6,} /.test(line)).length).toBeLessThanOrEqual(20);
});
