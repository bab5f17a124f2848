import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { loadConfig } from '../../src/config/load.ts';
import { createCertificate } from '../../src/sandbox/certificate.ts';
import { createAuthority } from '../helpers/certificates.ts';
import { startClient } from '../helpers/start-client.ts';
import { respondJson, startTlsServer, type TlsServer } from '../helpers/tls-server.ts';
import { start } from '../sandbox/client.ts';

const OTHER = Array.from({ length: 32 }, () => 'AB').join(':');
const SUCCEEDED = respondJson({ statusCode: 'succeeded', result: { version: '25.3.0.1', machineName: 'ARCHIVE01' } });
const METADATA = respondJson([{ name: 'GetServerInfo', args: [] }]);

/** A server that would answer everything, to see whether it is asked. */
async function startWilling(options: Parameters<typeof startTlsServer>[1] = {}): Promise<TlsServer> {
  return startTlsServer(({ path }) => (path === '/api/get-metadata' ? METADATA : SUCCEEDED), options);
}

const INFO = { kind: 'value', value: { version: '25.3.0.1', machineName: 'ARCHIVE01' } };

test('a self-signed certificate without a pin is refused, the error names its fingerprint, and nothing is sent', async () => {
  const server = await startWilling();
  const { call } = startClient(server, { trust: {} });
  await expect(call('GetServerInfo')).rejects.toMatchObject({
    code: 'certificateUntrusted',
    message: `The certificate of ${server.url} is not trusted (DEPTH_ZERO_SELF_SIGNED_CERT). If its SHA-256 fingerprint on the server reads ${server.fingerprint}, set MAILSTORE_TLS_FINGERPRINT to it; or set MAILSTORE_CA_FILE.`,
  });
  await server.allClosed();
  expect([server.connections, server.bytesReceived]).toEqual([1, 0]);
});

test('a self-signed certificate is accepted by its fingerprint', async () => {
  const server = await startWilling();
  const { call } = startClient(server);
  await expect(call('GetServerInfo')).resolves.toMatchObject(INFO);
});

test.each([
  ['with colons', (fingerprint: string) => fingerprint],
  ['without colons', (fingerprint: string) => fingerprint.replaceAll(':', '')],
  ['in small letters', (fingerprint: string) => fingerprint.toLowerCase()],
  ['as openssl prints it', (fingerprint: string) => `sha256 Fingerprint=${fingerprint}`],
  ['as certutil prints it', (fingerprint: string) => fingerprint.replaceAll(':', ' ').toLowerCase()],
])('the fingerprint is configured %s', async (_, write) => {
  const sandbox = await start();
  const [target] = loadConfig({
    env: {
      MAILSTORE_URL: sandbox.url,
      MAILSTORE_USERNAME: sandbox.username,
      MAILSTORE_PASSWORD: sandbox.password,
      MAILSTORE_TLS_FINGERPRINT: write(sandbox.fingerprint),
    },
    flags: {},
  }).targets;
  const { call } = startClient(sandbox, { trust: { fingerprint: target?.fingerprint ?? '' } });
  await expect(call('GetServerInfo')).resolves.toMatchObject({ kind: 'value', value: { machineName: 'ARCHIVE01' } });
});

test.each(['TLSv1.2', 'TLSv1.3'] as const)(
  'over %s, another certificate than the pinned one gets not one byte of a request',
  async (maxVersion) => {
    const server = await startWilling({ tls: { maxVersion } });
    const { call } = startClient(server, { trust: { fingerprint: OTHER } });
    await expect(call('SetUserFullName', { userName: 'johndoe', fullName: 'Jo' })).rejects.toMatchObject({
      code: 'certificateMismatch',
      message: `The certificate of ${server.url} has the SHA-256 fingerprint ${server.fingerprint}, not the pinned ${OTHER}; nothing was sent. If the certificate was renewed, compare on the server and change MAILSTORE_TLS_FINGERPRINT.`,
    });
    await server.allClosed();
    expect([server.connections, server.bytesReceived]).toEqual([1, 0]);
  },
);

test('a wrong certificate is not tried again', async () => {
  const server = await startWilling();
  const { call, pauses } = startClient(server, { trust: { fingerprint: OTHER } });
  await expect(call('GetServerInfo')).rejects.toMatchObject({ code: 'certificateMismatch' });
  await server.allClosed();
  expect([server.connections, pauses]).toEqual([1, []]);
});

test.each(['TLSv1.2', 'TLSv1.3'] as const)('over %s, a pin is checked on every new connection', async (maxVersion) => {
  const server = await startTlsServer(({ path }) => ({ cut: path === '/api/get-metadata' ? METADATA : SUCCEEDED }), {
    tls: { maxVersion },
  });
  const { call } = startClient(server);
  await call('GetServerInfo');
  await server.allClosed();
  const before = server.bytesReceived;
  server.changeCertificate(await createCertificate('127.0.0.1'));
  await expect(call('GetServerInfo')).rejects.toMatchObject({ code: 'certificateMismatch', details: { expected: server.fingerprint } });
  await server.allClosed();
  expect(server.bytesReceived).toBe(before);
});

test('a pin holds where the chain of the certificate is trusted but the certificate is another one', async () => {
  const authority = await createAuthority();
  const server = await startWilling({ certificate: await authority.issue('127.0.0.1') });
  const { call } = startClient(server, { trust: { fingerprint: OTHER, ca: authority.certificate } });
  await expect(call('GetServerInfo')).rejects.toMatchObject({ code: 'certificateMismatch' });
  await server.allClosed();
  expect(server.bytesReceived).toBe(0);
});

test('a pinned certificate may have run out and carry another name', async () => {
  const authority = await createAuthority();
  const server = await startWilling({ certificate: await authority.issue('elsewhere.example', { expired: true }) });
  const { call } = startClient(server);
  await expect(call('GetServerInfo')).resolves.toMatchObject(INFO);
});

test('a certificate of a private CA is accepted with the CA and refused without it', async () => {
  const authority = await createAuthority();
  const server = await startWilling({ certificate: await authority.issue('127.0.0.1') });
  await expect(startClient(server, { trust: { ca: authority.certificate } }).call('GetServerInfo')).resolves.toMatchObject(INFO);
  await expect(startClient(server, { trust: {} }).call('GetServerInfo')).rejects.toMatchObject({
    message: `The certificate of ${server.url} is not trusted (UNABLE_TO_VERIFY_LEAF_SIGNATURE). If its SHA-256 fingerprint on the server reads ${server.fingerprint}, set MAILSTORE_TLS_FINGERPRINT to it; or set MAILSTORE_CA_FILE.`,
  });
});

test.each([
  ['another host', 'elsewhere.example', {}, 'ERR_TLS_CERT_ALTNAME_INVALID'],
  ['the past', '127.0.0.1', { expired: true as const }, 'CERT_HAS_EXPIRED'],
])('a certificate of a private CA for %s is refused, and nothing is sent', async (_, host, options, reason) => {
  const authority = await createAuthority();
  const server = await startWilling({ certificate: await authority.issue(host, options) });
  await expect(startClient(server, { trust: { ca: authority.certificate } }).call('GetServerInfo')).rejects.toMatchObject({
    code: 'certificateUntrusted',
    details: { reason, fingerprint: server.fingerprint },
  });
  await server.allClosed();
  expect(server.bytesReceived).toBe(0);
});

test('a certificate of another CA of the same name is refused', async () => {
  const server = await startWilling({ certificate: await (await createAuthority()).issue('127.0.0.1') });
  const { certificate: ca } = await createAuthority();
  await expect(startClient(server, { trust: { ca } }).call('GetServerInfo')).rejects.toMatchObject({ code: 'certificateUntrusted' });
  await server.allClosed();
  expect(server.bytesReceived).toBe(0);
});

test('a CA file that holds no certificate trusts nothing', async () => {
  const server = await startWilling();
  await expect(startClient(server, { trust: { ca: 'no certificate' } }).call('GetServerInfo')).rejects.toThrow(server.url);
  await server.allClosed();
  expect(server.bytesReceived).toBe(0);
});

test('TLS 1.1 is refused', async () => {
  const server = await startWilling({ tls: { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' } });
  await expect(startClient(server).call('GetServerInfo')).rejects.toMatchObject({
    code: 'connectionFailed',
    message: `No connection to ${server.url} (tlsv1 alert protocol version); check that MAILSTORE_URL names MailStore's HTTPS port.`,
  });
  await server.allClosed();
  expect(server.bytesReceived).toBe(0);
});

test('TLS 1.2 is accepted', async () => {
  const server = await startWilling({ tls: { maxVersion: 'TLSv1.2' } });
  await expect(startClient(server).call('GetServerInfo')).resolves.toMatchObject(INFO);
});

const CALL_IN_CHILD = `
  import { MailStoreClient } from ${JSON.stringify(new URL('../../src/client/client.ts', import.meta.url).href)};
  import { catalogueFor } from ${JSON.stringify(new URL('../../tools/index.ts', import.meta.url).href)};
  import { systemClock } from ${JSON.stringify(new URL('../../src/base/clock.ts', import.meta.url).href)};
  const catalogue = catalogueFor('server');
  const silent = () => undefined;
  const client = new MailStoreClient({
    origin: process.env.ORIGIN, username: 'admin', password: 'secret', trust: {}, api: 'auto', catalogue, timeoutMs: 10_000,
    clock: systemClock, log: { error: silent, warn: silent, info: silent, debug: silent },
  });
  const outcome = await client.read(catalogue.find('GetServerInfo')).catch((error) => error.code);
  console.log(JSON.stringify(outcome));
  await client.close();
`;

test('NODE_TLS_REJECT_UNAUTHORIZED=0 changes nothing', async () => {
  const server = await startWilling();
  const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', '--input-type=module', '--eval', CALL_IN_CHILD], {
    cwd: fileURLToPath(new URL('../..', import.meta.url)),
    env: { ...process.env, ORIGIN: server.url, NODE_TLS_REJECT_UNAUTHORIZED: '0' },
  });
  expect(JSON.parse(stdout)).toBe('certificateUntrusted');
  await server.allClosed();
  expect([server.connections, server.bytesReceived]).toEqual([1, 0]);
});

test('plain http is refused before anything is connected', () => {
  const env = { MAILSTORE_URL: 'http://mailstore.example.com:8463', MAILSTORE_USERNAME: 'admin', MAILSTORE_PASSWORD: 'secret' };
  expect(() => loadConfig({ env, flags: {} })).toThrow(
    "'http://mailstore.example.com:8463' is not https; MailStore's API is served over HTTPS only, and a password would be readable on the way; write 'https://mailstore.example.com:8463'.",
  );
});

test('the name in the URL is what the certificate has to carry', async () => {
  const authority = await createAuthority();
  const server = await startWilling({ certificate: await authority.issue('localhost') });
  const trust = { ca: authority.certificate };
  const byName = startClient({ ...server, url: server.url.replace('127.0.0.1', 'localhost') }, { trust });
  await expect(byName.call('GetServerInfo')).resolves.toMatchObject(INFO);
  await expect(startClient(server, { trust }).call('GetServerInfo')).rejects.toMatchObject({ code: 'certificateUntrusted' });
});
