import { expect, test } from 'vitest';
import {
  initialize,
  modernMeta,
  readAnswer,
  sandboxForTest,
  startModernServer,
  startPipe,
  startServer,
  untilTestEnds,
} from '../helpers/start-server.ts';
import manifest from '../../package.json' with { type: 'json' };

const JOHN = { name: 'get_user_info', arguments: { userName: 'johndoe' } };

test.each(['2024-11-05', '2025-03-26', '2025-06-18', '2025-11-25'])('a client of %s initializes, lists and calls', async (revision) => {
  const pipe = untilTestEnds(startPipe({ sandbox: await sandboxForTest() }));
  const { result } = await initialize(pipe, revision);
  expect(result).toMatchObject({
    protocolVersion: revision,
    capabilities: { tools: {} },
    serverInfo: { name: 'mailstore-mcp', title: 'MailStore', version: manifest.version },
  });
  const listed = await pipe.request('tools/list');
  expect(listed.result?.['tools']).toContainEqual(
    expect.objectContaining({ name: 'get_user_info', inputSchema: expect.anything() as unknown }),
  );
  const called = await pipe.request('tools/call', JOHN);
  expect(readAnswer(called.result)).toMatchObject({ isError: false, structured: { userName: 'johndoe', fullName: 'John Doe' } });
});

test('a client of an unknown revision is offered the newest that is opened by initialize', async () => {
  const pipe = untilTestEnds(startPipe({ sandbox: await sandboxForTest() }));
  expect((await initialize(pipe, '2099-01-01')).result).toMatchObject({ protocolVersion: '2025-11-25' });
});

test('the instructions are short enough for every client', async () => {
  const pipe = untilTestEnds(startPipe({ sandbox: await sandboxForTest() }));
  const { result } = await initialize(pipe);
  expect(String(result?.['instructions']).length).toBeLessThan(2048);
});

test('a client of 2026-07-28 discovers, lists and calls without initialize', async () => {
  const pipe = untilTestEnds(startPipe({ sandbox: await sandboxForTest() }));
  const discovered = await pipe.request('server/discover', { _meta: modernMeta });
  expect(discovered.result).toMatchObject({
    resultType: 'complete',
    supportedVersions: ['2026-07-28'],
    capabilities: { tools: {} },
    ttlMs: expect.any(Number) as unknown,
    cacheScope: expect.any(String) as unknown,
    _meta: { 'io.modelcontextprotocol/serverInfo': { name: 'mailstore-mcp', version: manifest.version } },
  });
  const listed = await pipe.request('tools/list', { _meta: modernMeta });
  expect(listed.result).toMatchObject({ resultType: 'complete', ttlMs: 3_600_000, cacheScope: 'private' });
  const called = await pipe.request('tools/call', { ...JOHN, _meta: modernMeta });
  expect(called.result).toMatchObject({ resultType: 'complete' });
  expect(readAnswer(called.result).structured).toMatchObject({ userName: 'johndoe' });
});

test('a client that discovers and then initializes is served on the same pipe', async () => {
  const pipe = untilTestEnds(startPipe({ sandbox: await sandboxForTest() }));
  expect((await pipe.request('server/discover', { _meta: modernMeta })).result).toMatchObject({ supportedVersions: ['2026-07-28'] });
  expect((await initialize(pipe)).result).toMatchObject({ protocolVersion: '2025-11-25' });
  expect(readAnswer((await pipe.request('tools/call', JOHN)).result).structured).toMatchObject({ userName: 'johndoe' });
});

test('every revision is given the same tools, apart from what only one of them has a word for', async () => {
  const sandbox = await sandboxForTest();
  const legacy = untilTestEnds(startPipe({ sandbox }));
  await initialize(legacy);
  const modern = untilTestEnds(startPipe({ sandbox }));
  const ofLegacy = await legacy.request('tools/list');
  const ofModern = await modern.request('tools/list', { _meta: modernMeta });
  const tools = ofLegacy.result?.['tools'] as readonly Readonly<Record<string, unknown>>[];
  expect(tools).not.toEqual([]);
  expect(ofModern.result?.['tools']).toEqual(tools.map(({ execution: _tasksOf2025, ...tool }) => tool));
});

test("the SDK's 1.x client connects, lists and calls", async () => {
  const server = untilTestEnds(await startServer({ sandbox: await sandboxForTest() }));
  const { tools } = await server.client.listTools();
  expect(tools.map(({ name }) => name)).toContain('get_user_info');
  expect(readAnswer(await server.client.callTool(JOHN)).structured).toMatchObject({ userName: 'johndoe' });
});

test.each([
  ['finds 2026-07-28 by itself', 'auto', '2026-07-28'],
  ['is held to 2026-07-28', { pin: '2026-07-28' }, '2026-07-28'],
  ['keeps to initialize', 'legacy', '2025-11-25'],
] as const)("the SDK's 2.x client, which %s, connects, lists and calls", async (_what, mode, revision) => {
  const server = untilTestEnds(await startModernServer({ sandbox: await sandboxForTest(), versionNegotiation: { mode } }));
  expect(server.client.getNegotiatedProtocolVersion()).toBe(revision);
  const { tools } = await server.client.listTools();
  expect(tools.map(({ name }) => name)).toContain('get_user_info');
  expect(readAnswer(await server.client.callTool(JOHN)).structured).toMatchObject({ userName: 'johndoe' });
});

test('the embedded sandbox needs no settings', async () => {
  const server = untilTestEnds(await startServer({ args: ['--sandbox'] }));
  expect(readAnswer(await server.client.callTool(JOHN)).structured).toMatchObject({ userName: 'johndoe' });
});
