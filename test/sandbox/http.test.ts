import { expect, test } from 'vitest';
import { exchangeBytes, invoke, send, start, startRun } from './client.ts';

test('a doubled slash anywhere in the path is tolerated', async () => {
  const sandbox = await start();
  const token = await startRun(sandbox);
  const status = await send(sandbox, '/api//get-status', { token, lastKnownStatusVersion: '0', millisecondsTimeout: '100' });
  expect(status.json()).toMatchObject({ token, statusCode: 'running' });
  for (const path of ['//api/invoke/GetServerInfo', '/api///invoke//GetServerInfo', '/JSON//Invoke/GetServerInfo']) {
    expect((await send(sandbox, path)).status).toBe(200);
  }
});

test.each([
  '/',
  '/api',
  '/api/invoke',
  '/api/invoke/',
  '/API/invoke/GetServerInfo',
  '/api/Get-Status',
  '/json/Invoke/GetServerInfo',
  '/api/get-status/',
])('the path %s does not exist, and the answer says so', async (path) => {
  const sandbox = await start();
  const answer = await send(sandbox, path);
  expect([answer.status, answer.headers['content-type'], answer.text]).toEqual([
    404,
    'text/plain',
    `The path '${path}' does not exist. Paths are case-sensitive.`,
  ]);
});

test.each([
  ['GET', '/api/invoke/GetServerInfo', 'POST'],
  ['GET', '/JSON/Status/X', 'POST'],
  ['PUT', '/JSON/Invoke/GetServerInfo', 'POST'],
  ['DELETE', '/api/get-status', 'POST'],
  ['PUT', '/api/get-metadata', 'POST, GET'],
])('%s on %s is not allowed', async (method, path, allow) => {
  const sandbox = await start();
  const answer = await send(sandbox, path, '', { method });
  expect([answer.status, answer.headers['allow'], answer.text]).toEqual([
    405,
    allow,
    `The method ${method} is not allowed here; use ${allow}.`,
  ]);
});

test('a POST without a length is a 411, and a chunked one is read', async () => {
  const sandbox = await start();
  const head = `Host: localhost\r\nAuthorization: Basic ${Buffer.from(`admin:${sandbox.password}`).toString('base64')}\r\n`;
  expect(await exchangeBytes(sandbox, `POST /api/invoke/GetServerInfo HTTP/1.1\r\n${head}\r\n`)).toMatch(
    /^HTTP\/1\.1 411 Length Required\r\n[^]*\r\n\r\nThe request must be chunked or have a content length\.$/,
  );
  const chunked = `POST /api/invoke/GetUserInfo HTTP/1.1\r\n${head}Transfer-Encoding: chunked\r\n\r\n10\r\nuserName=johndoe\r\n0\r\n\r\n`;
  expect(await exchangeBytes(sandbox, chunked)).toContain('"fullName":"John Doe"');
});

test('a body of unreasonable length is refused', async () => {
  const sandbox = await start();
  const answer = await send(sandbox, '/api/invoke/GetUserInfo', Buffer.alloc(9 * 1024 * 1024, 'a'));
  expect(answer.status).toBe(413);
});

test('only the form that is switched on answers', async () => {
  const modern = await start({ dialect: 'modern' });
  expect((await send(modern, '/api/invoke/GetServerInfo')).status).toBe(200);
  expect((await send(modern, '/JSON/Invoke/GetServerInfo')).status).toBe(404);
  const old = await start({ dialect: '2012' });
  expect((await send(old, '/api/get-metadata')).status).toBe(404);
  expect((await send(old, '/XML/Invoke/GetServerInfo')).status).toBe(200);
});

test('requests are recorded as they came', async () => {
  const sandbox = await start();
  await invoke(sandbox, 'GetServerInfo');
  await send(sandbox, '/api//get-status?x=1', '', { login: null });
  expect(sandbox.requests).toEqual([
    { method: 'POST', path: '/api/invoke/GetServerInfo', status: 200 },
    { method: 'POST', path: '/api//get-status?x=1', status: 401 },
  ]);
});
