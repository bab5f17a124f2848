import { X509Certificate } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { expect, test } from 'vitest';
import { startSandbox } from '../../src/sandbox/sandbox.ts';
import { ManualClock } from '../helpers/manual-clock.ts';
import { getStatus, invoke, send, start, startRun } from './client.ts';

test('the certificate names the machine and has the fingerprint that the sandbox reports', async () => {
  const sandbox = await start();
  const certificate = new X509Certificate(sandbox.certificate);
  expect(sandbox.fingerprint).toMatch(/^[\dA-F]{2}(:[\dA-F]{2}){31}$/);
  expect(certificate.fingerprint256).toBe(sandbox.fingerprint);
  expect(certificate.subjectAltName).toBe('DNS:localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1');
  expect(certificate.publicKey.asymmetricKeyDetails).toEqual({ namedCurve: 'prime256v1' });
  expect([certificate.checkHost('localhost'), certificate.checkIP('127.0.0.1')]).toEqual(['localhost', '127.0.0.1']);
  const other = await start();
  expect(other.fingerprint).not.toBe(sandbox.fingerprint);
});

test('a client that does not know the certificate is warned by TLS', async () => {
  const sandbox = await start();
  await expect(send({ ...sandbox, certificate: (await start()).certificate }, '/api/get-metadata')).rejects.toThrow('self-signed');
});

test('what one command changes the others show', async () => {
  const sandbox = await start();
  const folders = async () => JSON.stringify((await invoke(sandbox, 'GetChildFolders', { maxLevels: '1' })).result);
  await invoke(sandbox, 'CreateUser', { userName: 'new.hire', privileges: 'login', fullName: 'New Hire' });
  expect((await invoke(sandbox, 'GetUsers')).result).toContainEqual(
    expect.objectContaining({ userName: 'new.hire', fullName: 'New Hire' }),
  );
  expect((await invoke(sandbox, 'CreateUser', { userName: 'new.hire', privileges: 'login' })).statusCode).toBe('failed');
  await invoke(sandbox, 'RenameUser', { oldUserName: 'amira', newUserName: 'amira.okoye' });
  expect((await invoke(sandbox, 'GetUserInfo', { userName: 'amira' })).error?.message).toBe("User 'amira' does not exist.");
  expect(await folders()).toContain('amira');
  expect(await folders()).not.toContain('amira.okoye');
  await invoke(sandbox, 'DeleteUser', { userName: 'amira.okoye' });
  expect(await folders()).toContain('amira');
});

test('one sandbox does not see the changes of another', async () => {
  const [first, second] = [await start(), await start()];
  await invoke(first, 'SetUserFullName', { userName: 'johndoe', fullName: 'Only here' });
  expect((await invoke(second, 'GetUserInfo', { userName: 'johndoe' })).result).toMatchObject({ fullName: 'John Doe' });
});

test('a long run changes the world at its end', async () => {
  const clock = new ManualClock();
  const sandbox = await start({ clock, runSeconds: 60 });
  const needsRebuild = async () => {
    const { result } = await invoke(sandbox, 'GetStoreIndexes', { id: '3' });
    return (result as { folder: string; needsRebuild: boolean }[]).find(({ folder }) => folder === 'amira')?.needsRebuild;
  };
  const token = await startRun(sandbox);
  await clock.advance(30_000);
  expect([(await getStatus(sandbox, token)).json(), await needsRebuild()]).toMatchObject([{ statusCode: 'running' }, true]);
  await clock.advance(30_000);
  expect([(await getStatus(sandbox, token)).json(), await needsRebuild()]).toMatchObject([{ statusCode: 'succeeded' }, false]);
});

test('a stored job runs its command and records the outcome', async () => {
  const clock = new ManualClock();
  const sandbox = await start({ clock, runSeconds: 10 });
  const before = sandbox.world.state.jobResults.length;
  expect((await invoke(sandbox, 'RunJobAsync', { id: '3' })).statusCode).toBe('succeeded');
  await clock.advance(10_000);
  expect(sandbox.world.state.jobResults.slice(before)).toMatchObject([{ jobId: 3, result: 'succeeded' }]);
});

test('restart forgets the tokens and keeps the world, the port and the login', async () => {
  const clock = new ManualClock();
  const sandbox = await start({ clock, runSeconds: 10 });
  await invoke(sandbox, 'SetUserFullName', { userName: 'johndoe', fullName: 'Still here' });
  const token = await startRun(sandbox);
  const before = clock.sleeping;
  const waiting = catchFailure(getStatus(sandbox, token, 2, 60_000));
  await expect.poll(() => clock.sleeping).toBe(before + 1);
  await sandbox.restart();
  expect(await waiting).toMatchObject({ code: 'ECONNRESET' });
  expect((await getStatus(sandbox, token)).status).toBe(404);
  expect((await invoke(sandbox, 'GetUserInfo', { userName: 'johndoe' })).result).toMatchObject({ fullName: 'Still here' });
});

test('with the API switched off the port refuses connections until it is switched on', async () => {
  const sandbox = await start({ apiDisabled: true });
  await expect(send(sandbox, '/api/get-metadata')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  await sandbox.restart();
  await expect(send(sandbox, '/api/get-metadata')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  await sandbox.enableApi();
  await sandbox.enableApi();
  expect((await invoke(sandbox, 'GetServerInfo')).statusCode).toBe('succeeded');
});

test('close ends at once with open connections and runs, and may be called twice', async () => {
  const clock = new ManualClock();
  const sandbox = await startSandbox({ seed: 'small', clock });
  const token = await startRun(sandbox);
  const before = clock.sleeping;
  const waiting = catchFailure(getStatus(sandbox, token, 2, 60_000));
  const silent = await openSocket(Number(new URL(sandbox.url).port));
  await expect.poll(() => clock.sleeping).toBe(before + 1);
  await sandbox.close();
  await sandbox.close();
  expect(await waiting).toMatchObject({ code: 'ECONNRESET' });
  silent.destroy();
  await expect(send(sandbox, '/api/get-metadata')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
});

test('a port that is taken and a user who cannot be the administrator are refused with a sentence', async () => {
  const { url } = await start();
  const port = Number(new URL(url).port);
  await expect(startSandbox({ seed: 'small', port })).rejects.toThrow(
    `The sandbox cannot listen on port ${port} of 127.0.0.1: it is in use.`,
  );
  await expect(startSandbox({ seed: 'small', username: 'nobody' })).rejects.toThrow("The sandbox has no user 'nobody'.");
  await expect(startSandbox({ seed: 'small', username: 'amira' })).rejects.toThrow("The sandbox's user 'amira' is no administrator.");
});

test('another administrator can be the one whose login is handed out', async () => {
  const sandbox = await start({ username: 'johndoe' });
  expect([sandbox.username, (await invoke(sandbox, 'GetServerInfo')).statusCode]).toEqual(['johndoe', 'succeeded']);
});

async function openSocket(port: number): Promise<Socket> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => resolve(socket));
    socket.on('error', () => {});
  });
}

/** Returns what a call is rejected with; the call is under way at once, so that its rejection is never unhandled. */
async function catchFailure(call: Promise<unknown>): Promise<unknown> {
  return call.then(
    () => undefined,
    (error: unknown) => error,
  );
}
