import { expect, test } from 'vitest';
import { createCertificate } from '../../src/sandbox/certificate.ts';
import { initialize, readAnswer, sandboxForTest, startPipe, untilTestEnds, type Pipe } from '../helpers/start-server.ts';
import { respondJson, startTlsServer } from '../helpers/tls-server.ts';

const JOHN = { name: 'get_user_info', arguments: { userName: 'johndoe' } };

/** Opens the connection as a client does that waits before its first call. */
async function list(pipe: Pipe): Promise<void> {
  await initialize(pipe);
  await pipe.request('tools/list');
}

async function call(pipe: Pipe) {
  return readAnswer((await pipe.request('tools/call', JOHN)).result);
}

test.each(['auto', 'modern', 'legacy', 'legacy-xml'] as const)(
  'a login that is refused (MAILSTORE_API=%s) is reported on stderr before the first call and in its answer, and calls work once it is accepted',
  async (api) => {
    const sandbox = await sandboxForTest();
    const pipe = untilTestEnds(startPipe({ sandbox, api, env: { MAILSTORE_PASSWORD: 'Another-Harbour-42' } }));
    await list(pipe);
    const says = "does not accept the login 'admin' (HTTP 401)";
    await expect.poll(() => pipe.stderr).toContain(`calls to ${sandbox.url} will fail as it stands: MailStore ${says}`);
    expect(await call(pipe)).toMatchObject({ isError: true, text: expect.stringContaining(says) as unknown });
    sandbox.world.user('admin').password = 'Another-Harbour-42';
    expect((await call(pipe)).structured).toMatchObject({ userName: 'johndoe' });
  },
);

test.each(['auto', 'modern', 'legacy'] as const)(
  'a user without rights (MAILSTORE_API=%s) is reported on stderr before the first call and in its answer, and calls work once it has them',
  async (api) => {
    const sandbox = await sandboxForTest();
    const john = sandbox.world.user('johndoe');
    Object.assign(john, { password: 'Another-Harbour-42', privileges: [], loginPrivileges: [] });
    const env = { MAILSTORE_USERNAME: 'johndoe', MAILSTORE_PASSWORD: 'Another-Harbour-42' };
    const pipe = untilTestEnds(startPipe({ sandbox, api, env }));
    await list(pipe);
    const says = "refuses 'johndoe' (HTTP 403); the API needs an administrator.";
    await expect.poll(() => pipe.stderr).toContain(`calls to ${sandbox.url} will fail as it stands: MailStore ${says}`);
    expect(await call(pipe)).toMatchObject({ isError: true, text: expect.stringContaining(says) as unknown });
    Object.assign(john, { privileges: ['admin'], loginPrivileges: ['api'] });
    expect((await call(pipe)).structured).toMatchObject({ userName: 'johndoe' });
  },
);

test('a server that lists its commands without a login and refuses it is reported on stderr before the first call', async () => {
  const server = await startTlsServer(({ path }) =>
    path.endsWith('get-metadata')
      ? respondJson([{ name: 'GetServerInfo', args: [] }])
      : Buffer.from('HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n'),
  );
  const pipe = untilTestEnds(startPipe({ sandbox: server as never }));
  await list(pipe);
  await expect.poll(() => pipe.stderr).toContain("MailStore does not accept the login 'admin' (HTTP 401)");
});

test('a certificate that is not the pinned one is reported on stderr before the first call and in its answer, and calls work once it is', async () => {
  const pinned = await createCertificate('127.0.0.1');
  const envelope = { error: null, token: null, statusVersion: 2, statusCode: 'succeeded', percentProgress: 100, statusText: null };
  const server = await startTlsServer(({ path }) =>
    path.endsWith('get-metadata')
      ? respondJson([
          { name: 'GetServerInfo', args: [] },
          { name: 'GetUserInfo', args: [{ name: 'userName', type: 'string', nullable: false }] },
        ])
      : respondJson({ ...envelope, result: { userName: 'johndoe' }, logOutput: null }),
  );
  const pipe = untilTestEnds(startPipe({ sandbox: { ...server, fingerprint: pinned.fingerprint } as never }));
  await list(pipe);
  await expect.poll(() => pipe.stderr).toContain(`calls to ${server.url} will fail as it stands: `);
  expect(await call(pipe)).toMatchObject({ isError: true, text: expect.stringContaining(server.fingerprint) as unknown });
  expect(server.bytesReceived).toBe(0);
  server.changeCertificate(pinned);
  expect((await call(pipe)).structured).toMatchObject({ userName: 'johndoe' });
});

test('a server that cannot be reached is reported on stderr before the first call and in its answer, and calls work once it is there', async () => {
  const sandbox = await sandboxForTest({ apiDisabled: true });
  const pipe = untilTestEnds(startPipe({ sandbox }));
  await list(pipe);
  await expect.poll(() => pipe.stderr).toContain(`calls to ${sandbox.url} will fail as it stands: ${sandbox.url} refuses connections`);
  expect(await call(pipe)).toMatchObject({ isError: true, text: expect.stringContaining('refuses connections') as unknown });
  await sandbox.enableApi();
  expect((await call(pipe)).structured).toMatchObject({ userName: 'johndoe' });
});
