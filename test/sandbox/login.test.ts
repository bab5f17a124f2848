import { networkInterfaces } from 'node:os';
import { expect, test } from 'vitest';
import { invoke, send, start, type Answer } from './client.ts';

const outcome = ({ status, headers, text }: Answer) => [status, headers['www-authenticate'], text];
const REFUSED = [401, 'Basic realm="MailStore"', 'The user name or the password is wrong.'];

test('without a right login every call but get-metadata is a 401 that asks for Basic', async () => {
  const sandbox = await start({ password: 'right' });
  for (const path of ['/api/invoke/GetServerInfo', '/api/get-status', '/api/cancel-async', '/JSON/Invoke/GetServerInfo', '/XML/Status/X']) {
    expect(outcome(await send(sandbox, path, '', { login: null }))).toEqual(REFUSED);
  }
  for (const login of ['admin:wrong', 'admin:', 'Admin:right', 'nobody:right', 'admin', ':']) {
    expect(outcome(await send(sandbox, '/api/invoke/GetServerInfo', '', { login }))).toEqual(REFUSED);
  }
  for (const Authorization of ['Bearer x', 'Basic ???', 'Basic gGFiOmM=']) {
    expect(outcome(await send(sandbox, '/api/invoke/GetServerInfo', '', { login: null, headers: { Authorization } }))).toEqual(REFUSED);
  }
});

test('a password may hold colons and letters of any script', async () => {
  const sandbox = await start({ password: 'a:b: grün 密码' });
  expect((await invoke(sandbox, 'GetServerInfo')).statusCode).toBe('succeeded');
});

test('a random password is made unless one is given', async () => {
  const [first, second] = [await start(), await start()];
  expect(first.password).toMatch(/^[\w-]{16}$/);
  expect(first.password).not.toBe(second.password);
});

test('a user who is no administrator is forbidden', async () => {
  const sandbox = await start();
  const password = sandbox.world.user('maria.lopez').password;
  expect(outcome(await send(sandbox, '/api/invoke/GetServerInfo', '', { login: `maria.lopez:${password}` }))).toEqual([
    403,
    undefined,
    'Only administrators may use the Administration API.',
  ]);
  expect((await send(sandbox, '/api/invoke/GetServerInfo', '', { login: 'maria.lopez:wrong' })).status).toBe(401);
});

test('an administrator needs the login privilege for the API', async () => {
  const sandbox = await start();
  const login = `johndoe:${sandbox.world.user('johndoe').password}`;
  expect((await send(sandbox, '/api/invoke/GetServerInfo', '', { login })).status).toBe(200);
  await invoke(sandbox, 'SetUserLoginPrivileges', { userName: 'johndoe', loginPrivileges: 'windows,web' });
  expect(outcome(await send(sandbox, '/api/invoke/GetServerInfo', '', { login }))).toEqual(REFUSED);
});

test('a password set over the API is the one to log in with', async () => {
  const sandbox = await start();
  const old = sandbox.password;
  expect((await invoke(sandbox, 'SetUserPassword', { userName: 'admin', password: 'new one' })).statusCode).toBe('succeeded');
  expect((await send(sandbox, '/api/invoke/GetServerInfo', '', { login: `admin:${old}` })).status).toBe(401);
  expect((await send(sandbox, '/api/invoke/GetServerInfo', '', { login: 'admin:new one' })).status).toBe(200);
  expect(sandbox.password).toBe('new one');
});

test('the default password is accepted under the names of the machine itself only', async () => {
  const sandbox = await start({ password: 'admin' });
  const { port } = new URL(sandbox.url);
  const statusFor = async (Host: string) => (await send(sandbox, '/api/invoke/GetServerInfo', '', { headers: { Host } })).status;
  expect(await statusFor(`localhost:${port}`)).toBe(200);
  expect(await statusFor(`127.0.0.1:${port}`)).toBe(200);
  expect(await statusFor('LOCALHOST')).toBe(200);
  expect(await statusFor('archive.example.com')).toBe(401);
  expect(await statusFor('localhost.example.com')).toBe(401);
  await invoke(sandbox, 'SetUserPassword', { userName: 'admin', password: 'changed' });
  expect(await statusFor('archive.example.com')).toBe(200);
});

const outside = Object.values(networkInterfaces())
  .flat()
  .find((address) => address?.family === 'IPv4' && !address.internal)?.address;

test.skipIf(outside === undefined)('the default password is not accepted from another address than loopback', async () => {
  const sandbox = await start({ host: outside ?? '', password: 'admin' });
  const statusFor = async (Host: string) => (await send(sandbox, '/api/invoke/GetServerInfo', '', { headers: { Host } })).status;
  expect(await statusFor('localhost')).toBe(401);
  await expect(send(sandbox, '/api/get-metadata', '', { login: null })).resolves.toMatchObject({ status: 200 });
});
