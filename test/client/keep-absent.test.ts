import { describe, expect, test } from 'vitest';
import { Redactor } from '../../src/masking/redactor.ts';
import { commands } from '../helpers/server-catalogue.ts';
import { startClient, type TestClient } from '../helpers/start-client.ts';
import { respondJson, startTlsServer, type TlsServer } from '../helpers/tls-server.ts';
import { start } from '../sandbox/client.ts';
import type { Sandbox } from '../../src/sandbox/sandbox.ts';

test('the two commands that would clear what is left out know where to read it', () => {
  const keeping = commands.flatMap(({ name, keepAbsent }) => (keepAbsent ? [[name, keepAbsent.read] as const] : []));
  expect(Object.fromEntries(keeping)).toEqual({ SetProfileServerSideExecution: 'GetProfiles', SetStoreProperties: 'GetStores' });
});

async function startBoth(): Promise<TestClient & { sandbox: Sandbox; invoked: () => readonly string[] }> {
  const sandbox = await start();
  const started = startClient(sandbox);
  await started.client.warm();
  return {
    ...started,
    sandbox,
    invoked: () =>
      sandbox.requests
        .slice(1)
        .map(({ path }) => path.replace('/api/invoke/', ''))
        .filter((name) => name !== 'GetServerInfo'),
  };
}

describe('SetProfileServerSideExecution', () => {
  const SET = 'SetProfileServerSideExecution';
  const WINDOW = '08:00-18:00';

  async function startWithWindow() {
    const started = await startBoth();
    await started.call(SET, { id: 2, automatic: true, automaticPauseBetweenExecutions: 450, automaticMaintenanceWindows: WINDOW });
    const execution = () => started.sandbox.world.profile(2).serverSideExecution;
    expect(execution()).toEqual({ automatic: true, automaticPauseBetweenExecutions: 450, automaticMaintenanceWindows: WINDOW });
    return { ...started, execution };
  }

  test('keeps pause and maintenance window when they are left out', async () => {
    const { call, execution, invoked } = await startWithWindow();
    await call(SET, { id: 2, automatic: true });
    expect(execution()).toEqual({ automatic: true, automaticPauseBetweenExecutions: 450, automaticMaintenanceWindows: WINDOW });
    expect(invoked()).toEqual([SET, 'GetProfiles', SET]);
  });

  test('changes the one that is given and keeps the other', async () => {
    const { call, execution } = await startWithWindow();
    await call(SET, { id: 2, automatic: true, automaticPauseBetweenExecutions: 900 });
    expect(execution()).toEqual({ automatic: true, automaticPauseBetweenExecutions: 900, automaticMaintenanceWindows: WINDOW });
    await call(SET, { id: 2, automatic: true, automaticMaintenanceWindows: '20:00-22:00' });
    expect(execution()).toEqual({ automatic: true, automaticPauseBetweenExecutions: 900, automaticMaintenanceWindows: '20:00-22:00' });
  });

  test('removes the window when it is null', async () => {
    const { call, execution } = await startWithWindow();
    await call(SET, { id: 2, automatic: true, automaticMaintenanceWindows: null });
    expect(execution()).toEqual({ automatic: true, automaticPauseBetweenExecutions: 450, automaticMaintenanceWindows: null });
  });

  test('reads nothing when everything is stated', async () => {
    const { call, invoked } = await startBoth();
    await call(SET, { id: 2, automatic: true, automaticPauseBetweenExecutions: 600, automaticMaintenanceWindows: null });
    expect(invoked()).toEqual([SET]);
  });

  test('is refused for an unknown profile before it is sent', async () => {
    const { call, invoked } = await startBoth();
    await expect(call(SET, { id: 77, automatic: false })).rejects.toThrow(
      'set_profile_server_side_execution was not called: automaticPauseBetweenExecutions and automaticMaintenanceWindows would be cleared when left out, and get_profiles does not show the object to keep them from. Check the id, or state every value (null clears).',
    );
    expect(invoked()).toEqual(['GetProfiles']);
  });

  test('is not sent when the profiles cannot be read', async () => {
    const { sandbox, call, invoked } = await startBoth();
    sandbox.faults.add('garbage@*/GetProfiles');
    await expect(call(SET, { id: 2, automatic: false })).rejects.toMatchObject({ code: 'notJson', details: { command: 'GetProfiles' } });
    expect(invoked()).toEqual(['GetProfiles']);
  });

  const PROFILE = { id: 2, name: 'Support', owner: 'admin', type: 'I', connector: 'Imap', details: {} };

  test.each([
    ['no execution at all', {}, 'id=2&automatic=false'],
    ['null', { serverSideExecution: null }, 'id=2&automatic=false'],
    ['neither pause nor window', { serverSideExecution: { automatic: false } }, 'id=2&automatic=false'],
    [
      'an empty pause and window',
      { serverSideExecution: { automatic: false, automaticPauseBetweenExecutions: 0, automaticMaintenanceWindows: '' } },
      'id=2&automatic=false',
    ],
    [
      'both as text',
      { serverSideExecution: { automatic: 'true', automaticPauseBetweenExecutions: '300', automaticMaintenanceWindows: WINDOW } },
      'id=2&automatic=false&automaticPauseBetweenExecutions=300&automaticMaintenanceWindows=08%3A00-18%3A00',
    ],
  ])('sends on what a server shows as %s', async (_, shown, body) => {
    const server = await startListing('GetProfiles', [{ ...PROFILE, ...shown }]);
    await startClient(server, { api: 'modern' }).call(SET, { id: 2, automatic: false });
    expect(server.requests.at(-1)).toMatchObject({ path: `/api/invoke/${SET}`, body });
  });

  test.each([
    ['automaticMaintenanceWindows', { from: 8, to: 18 }],
    ['automaticMaintenanceWindows', 8],
    ['automaticPauseBetweenExecutions', 'often'],
    ['automaticPauseBetweenExecutions', -5],
  ])('is refused when %s is shown as %j, and nothing is cleared', async (name, shown) => {
    const server = await startListing('GetProfiles', [{ ...PROFILE, serverSideExecution: { automatic: true, [name]: shown } }]);
    await expect(startClient(server, { api: 'modern' }).call(SET, { id: 2, automatic: false })).rejects.toThrow(
      `set_profile_server_side_execution was not called: ${name} would be cleared when left out, and get_profiles does not show what is set now. State every one of these and call again (null clears).`,
    );
    expect(server.requests.at(-1)?.path).toBe('/api/invoke/GetProfiles');
  });
});

describe('SetStoreProperties', () => {
  const SET = 'SetStoreProperties';
  const SHOWN = {
    id: 3,
    name: '2025',
    requestedState: 'normal',
    type: 'FileSystemInternal',
    databasePath: 'D:\\MailStore\\2025',
    contentPath: 'D:\\MailStore\\2025',
    indexPath: 'D:\\MailStore\\2025',
  };

  test('keeps every place that is left out', async () => {
    const { call, sandbox, invoked } = await startBoth();
    const before = structuredClone(sandbox.world.store(3));
    await call(SET, { id: 3, contentPath: 'E:\\MailStore\\2025' });
    expect(sandbox.world.store(3)).toEqual({ ...before, contentPath: 'E:\\MailStore\\2025' });
    expect(invoked()).toEqual(['GetStores', SET]);
  });

  test('null clears', async () => {
    const server = await startListing('GetStores', [SHOWN]);
    await startClient(server, { api: 'modern' }).call(SET, { id: 3, contentPath: null });
    expect([...new URLSearchParams(server.requests.at(-1)?.body)]).toEqual([
      ['id', '3'],
      ['type', 'FileSystemInternal'],
      ['databasePath', 'D:\\MailStore\\2025'],
      ['indexPath', 'D:\\MailStore\\2025'],
    ]);
  });

  test('a store on a database server keeps its server, database and login', async () => {
    const shown = { ...SHOWN, type: 'PostgreSQL', databaseName: 'ms2025', serverName: 'db1', userName: 'mailstore', databasePath: null };
    const server = await startListing('GetStores', [shown]);
    await startClient(server, { api: 'modern' }).call(SET, { id: 3, serverName: 'db2', password: 'p' });
    expect(Object.fromEntries(new URLSearchParams(server.requests.at(-1)?.body))).toEqual({
      id: '3',
      type: 'PostgreSQL',
      databaseName: 'ms2025',
      contentPath: 'D:\\MailStore\\2025',
      indexPath: 'D:\\MailStore\\2025',
      serverName: 'db2',
      userName: 'mailstore',
      password: 'p',
    });
  });

  test('is refused when a part of a place is masked, which would be written back with the mask in it', async () => {
    const server = await startListing('GetStores', [{ ...SHOWN, indexPath: 'D:\\Winter2026\\2025' }]);
    const redactor = new Redactor();
    redactor.add('Winter2026');
    await expect(startClient(server, { api: 'modern', redactor }).call(SET, { id: 3, contentPath: 'E:\\x' })).rejects.toThrow(
      'set_store_properties was not called: indexPath would be cleared when left out, and get_stores does not show what is set now.',
    );
    expect(server.requests.at(-1)?.path).toBe('/api/invoke/GetStores');
  });

  test('is refused for an unknown store before it is sent', async () => {
    const { call, invoked } = await startBoth();
    await expect(call(SET, { id: 99, contentPath: 'E:\\x' })).rejects.toThrow(
      'set_store_properties was not called: type, databaseName, databasePath, indexPath, serverName and userName would be cleared when left out, and get_stores does not show the object to keep them from. Check the id, or state every value (null clears).',
    );
    expect(invoked()).toEqual(['GetStores']);
  });

  test.each([
    ['a server that shows no type', { ...SHOWN, type: undefined }, 'type, databaseName, serverName and userName'],
    [
      'a store on a database server whose login is not shown',
      { ...SHOWN, type: 'SQLServer', databaseName: 'a', serverName: 'b' },
      'userName',
    ],
    ['a path that is no text', { ...SHOWN, databasePath: 7 }, 'databasePath'],
  ])('is refused for %s, and nothing is cleared', async (_, shown, names) => {
    const server = await startListing('GetStores', [shown]);
    await expect(startClient(server, { api: 'modern' }).call(SET, { id: 3, contentPath: 'E:\\x' })).rejects.toThrow(
      `set_store_properties was not called: ${names} would be cleared when left out, and get_stores does not show what is set now.`,
    );
    expect(server.requests.at(-1)?.path).toBe('/api/invoke/GetStores');
  });
});

/** A modern server without a list of commands that shows these rows, and accepts everything else. */
async function startListing(read: string, rows: readonly object[]): Promise<TlsServer> {
  return startTlsServer(({ path }) => {
    if (path === '/api/get-metadata') return 'HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n';
    return respondJson({ statusCode: 'succeeded', result: path.endsWith(`/${read}`) ? rows : null });
  });
}
