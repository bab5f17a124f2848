import { describe, expect, test } from 'vitest';
import type { Command } from '../../src/catalogue/define-command.ts';
import { compareMetadata, readMetadata } from '../../src/client/metadata.ts';
import { commands } from '../helpers/server-catalogue.ts';
import { commandNamed, startClient } from '../helpers/start-client.ts';
import { respondJson, startTlsServer } from '../helpers/tls-server.ts';
import { start } from '../sandbox/client.ts';

const METADATA = '/api/get-metadata';
const SUCCEEDED = respondJson({ statusCode: 'succeeded', result: null });

interface Listed {
  readonly name: string;
  readonly args: readonly { readonly name: string; readonly type?: string; readonly nullable?: boolean }[];
  readonly path?: unknown;
}

const SET_NAME: Listed = {
  name: 'SetUserFullName',
  args: [
    { name: 'userName', type: 'string', nullable: false },
    { name: 'fullName', type: 'string', nullable: true },
  ],
};

describe('the list of the server', () => {
  test.each([
    ['an object', {}],
    ['text', 'GetUsers'],
    ['null', null],
    ['names alone', ['GetUsers']],
    ['commands without arguments', [{ name: 'GetUsers' }]],
    ['arguments without names', [{ name: 'GetUsers', args: [{ type: 'string' }] }]],
    ['one entry that is none', [SET_NAME, null]],
  ])('is not %s', (_, value) => {
    expect(() => readMetadata(value)).toThrow("The answer to get-metadata does not have the form of MailStore's API: '");
  });

  test('may be empty', () => {
    expect(readMetadata([]).size).toBe(0);
  });
});

describe('the comparison with the declarations', () => {
  const declared: readonly Command[] = ['SetUserFullName', 'GetProfiles', 'GetStores'].map(commandNamed);
  const compare = (...server: readonly Listed[]) => compareMetadata(declared, readMetadata(server));
  const PROFILES: Listed = { name: 'GetProfiles', args: [{ name: 'raw', type: 'bool', nullable: false }] };
  const STORES: Listed = { name: 'GetStores', args: [{ name: 'includeSize', type: 'bool', nullable: true }] };

  test('finds nothing where both are the same', () => {
    expect(compare(SET_NAME, PROFILES, STORES)).toEqual({ missing: [], unknown: [], changed: [] });
  });

  test('names what is missing and what is not known', () => {
    expect(compare(SET_NAME, STORES, { name: 'BrandNew', args: [] })).toEqual({
      missing: ['GetProfiles'],
      unknown: ['BrandNew'],
      changed: [],
    });
  });

  test('says in a sentence which arguments are gone, new or mandatory', () => {
    const changed: readonly Listed[] = [
      { name: 'SetUserFullName', args: [{ name: 'userName', nullable: false }, { name: 'language' }, { name: 'reason', nullable: false }] },
      { name: 'GetProfiles', args: [] },
      { name: 'GetStores', args: [{ name: 'includeSize', nullable: false }] },
    ];
    expect(compare(...changed).changed).toEqual([
      'SetUserFullName has no argument fullName on this server',
      'SetUserFullName has an argument language on this server that is not known here',
      'SetUserFullName has a mandatory argument reason on this server that is not known here',
      'GetProfiles has no argument raw on this server',
      'GetStores demands includeSize on this server',
    ]);
  });

  test('says which prefix a command is listed under that it is not sent to', () => {
    expect(compare({ ...SET_NAME, path: 'api/administration/' }, { ...PROFILES, path: 'api/invoke/' }, STORES).changed).toEqual([
      "SetUserFullName is listed under 'api/administration/' on this server and is sent to /api/invoke/SetUserFullName all the same",
    ]);
  });

  test('what has a default here may be mandatory there', () => {
    const results = commandNamed('GetJobResults');
    const args = Object.keys(results.input).map((name) => ({ name, nullable: name === 'jobId' }));
    expect(compareMetadata([results], readMetadata([{ name: 'GetJobResults', args }]))).toEqual({ missing: [], unknown: [], changed: [] });
  });

  test('a doubtful command is neither missed nor compared', () => {
    const doubtful = commands.filter((command) => command.doubtful);
    expect(doubtful.length).toBeGreaterThan(0);
    expect(compareMetadata(doubtful, readMetadata([]))).toEqual({ missing: [], unknown: [], changed: [] });
    const listed = readMetadata(doubtful.map(({ name }) => ({ name, args: [{ name: 'other', nullable: false }] })));
    expect(compareMetadata(doubtful, listed)).toEqual({ missing: [], unknown: [], changed: [] });
  });

  test('the emulated server has exactly what is declared', async () => {
    const sandbox = await start();
    const { client, logged } = startClient(sandbox);
    await client.warm();
    expect(logged).toEqual([]);
  });
});

describe('a call', () => {
  test('a call of a command that the server does not have is refused before anything of it is sent', async () => {
    const server = await startTlsServer(({ path }) => (path === METADATA ? respondJson([{ name: 'BrandNew', args: [] }]) : SUCCEEDED));
    const { call, logged } = startClient(server);
    await expect(call('SetUserFullName', { userName: 'johndoe', fullName: 'Jo' })).rejects.toThrow(
      'This MailStore does not have the command SetUserFullName: its own list (get-metadata) leaves it out. A newer version may have it.',
    );
    expect(server.requests.map(({ path }) => path)).toEqual([METADATA]);
    expect(logged[0]).toMatch(new RegExp(`^warn: ${server.url} does not have CompactMasterDatabase|^warn: ${server.url} does not have `));
    expect(logged[1]).toBe(`warn: ${server.url} has commands that are not known here and cannot be called: BrandNew`);
  });

  test.each([
    'api/administration/',
    '/api/administration',
    'api/invoke/DeleteUser?x=',
    'api/invoke/DeleteUser#',
    'api/invoke/../invoke/DeleteUser',
    'JSON/Invoke/',
    '//evil.example/api',
    'https://evil.example/api',
    '\\\\evil.example\\api',
    'api/x y\r\nHost: evil',
    '/',
    '',
    null,
    7,
    ['api/administration'],
  ])('goes to its own path, although the server lists another prefix for it: %j', async (path) => {
    const other = await startTlsServer(() => SUCCEEDED);
    const listed = [{ ...SET_NAME, path: typeof path === 'string' ? path.replace('https://evil.example', other.url) : path }];
    const server = await startTlsServer((request) => (request.path === METADATA ? respondJson(listed) : SUCCEEDED));
    await startClient(server).call('SetUserFullName', { userName: 'johndoe', fullName: 'Jo' });
    expect(server.requests.slice(1).map((request) => [request.path, request.body])).toEqual([
      ['/api/invoke/SetUserFullName', 'userName=johndoe&fullName=Jo'],
    ]);
    expect(other.connections).toBe(0);
  });

  test('the names of the list are handed on each time it was read', async () => {
    const sandbox = await start();
    const told: ReadonlySet<string>[] = [];
    const { client } = startClient(sandbox, { onCommands: (names) => void told.push(names) });
    await client.warm();
    expect(told.map((names) => [...names].toSorted())).toEqual([commands.map(({ name }) => name).toSorted()]);
  });
});

describe('a mandatory argument that only the server knows', () => {
  const NEWER: Listed = { ...SET_NAME, args: [...SET_NAME.args, { name: 'tenant', type: 'string', nullable: false }] };
  const NOTE = 'This server lists a mandatory argument tenant of SetUserFullName that mailstore-mcp does not know and did not send.';
  const args = { userName: 'amira', fullName: 'Amira Okoye' };

  test('is named with the value of the call', async () => {
    const far = await startTlsServer(({ path }) => (path === METADATA ? respondJson([NEWER]) : SUCCEEDED));
    expect(await startClient(far).call('SetUserFullName', args)).toMatchObject({ kind: 'value', notes: [NOTE] });
  });

  test('is named in the error when the server refuses the call', async () => {
    const refused = respondJson({ statusCode: 'failed', error: { message: 'Nullable object must have a value.' } });
    const far = await startTlsServer(({ path }) => (path === METADATA ? respondJson([NEWER]) : refused));
    await expect(startClient(far).call('SetUserFullName', args)).rejects.toThrow(
      `MailStore could not run SetUserFullName: Nullable object must have a value. ${NOTE}`,
    );
  });

  test('is not named for a server that lists no such argument', async () => {
    const far = await startTlsServer(({ path }) => (path === METADATA ? respondJson([SET_NAME]) : SUCCEEDED));
    expect(await startClient(far).call('SetUserFullName', args)).not.toHaveProperty('notes');
  });
});
