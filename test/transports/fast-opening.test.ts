import { cpSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { fileURLToPath } from 'node:url';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ACCESS_LEVELS } from '../../src/base/target.ts';
import { TOOLSETS } from '../../src/catalogue/define-command.ts';
import type { Offer } from '../../src/mcp/offered-tools.ts';
import { recordedAnswers } from '../../src/mcp/recorded-answers.ts';
import { createSurface, type Surface } from '../../src/mcp/surface.ts';
import { FastOpening } from '../../src/transports/fast-opening.ts';
import { serveOverStdio } from '../../src/transports/serve.ts';
import { StdioTransport } from '../../src/transports/stdio.ts';
import { toolList } from '../helpers/server-catalogue.ts';
import { modernMeta, startPipe, untilTestEnds } from '../helpers/start-server.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

const log = { error: () => undefined, warn: () => undefined, info: () => undefined, debug: () => undefined };
const calls = async () => {
  throw new Error('nothing is called');
};

const OFFER: Offer = { access: 'full', groups: TOOLSETS, targets: ['default'], knownCommands: new Set() };
const SURFACES: readonly (readonly [what: string, surface: Surface])[] = [
  ...ACCESS_LEVELS.map(
    (access) => [`access ${access}`, createSurface({ version: '1.2.3', toolList, offer: { ...OFFER, access } })] as const,
  ),
  ['one toolset', createSurface({ version: '1.2.3', toolList, offer: { ...OFFER, groups: ['users'] } })],
  ['two targets', createSurface({ version: '1.2.3', toolList, offer: { ...OFFER, targets: ['main', 'test'] } })],
  ['a known doubtful command', createSurface({ version: '1.2.3', toolList, offer: { ...OFFER, knownCommands: new Set(['RunJobAsync']) } })],
  [
    'a fault',
    createSurface({ version: '1.2.3', toolList, offer: { ...OFFER, access: 'read-only' }, fault: 'MAILSTORE_URL "@id" is no "@version".' }),
  ],
];

const CLIENT = { name: 'c', version: '1' };
const REVISIONS = ['2024-10-07', '2024-11-05', '2025-03-26', '2025-06-18', '2025-11-25'];

interface Request {
  readonly id?: string | number;
  readonly method: string;
  readonly params?: unknown;
}

const initialize = (protocolVersion: string, others: object = {}): Request => ({
  id: 0,
  method: 'initialize',
  params: { protocolVersion, capabilities: {}, clientInfo: CLIENT, ...others },
});
const INITIALIZED: Request = { method: 'notifications/initialized' };
const LIST: Request = { id: 1, method: 'tools/list' };
const DISCOVER: Request = { id: 'd', method: 'server/discover', params: { _meta: modernMeta } };
const MODERN_LIST: Request = { id: 'l', method: 'tools/list', params: { _meta: modernMeta } };
const VIEWS = { extensions: { 'io.modelcontextprotocol/ui': { mimeTypes: ['text/html;profile=mcp-app'] } } };
const PING: Request = { id: 99, method: 'ping' };

/** Holds a conversation, each message sent when the requests before it have been answered, and returns the lines that came back. */
async function converse(surface: Surface, messages: readonly Request[], { isFast }: { readonly isFast: boolean }) {
  const stdin = new PassThrough();
  const lines: string[] = [];
  const stdout = { unreadBytes: 0, write: (text: string) => void lines.push(text), on: () => undefined };
  const transport = new StdioTransport(stdin as unknown as NodeJS.ReadStream, stdout, () => undefined);
  let linesWithoutLibrary = -1;
  if (isFast) {
    const serve = async (opened: FastOpening) => {
      linesWithoutLibrary = lines.length;
      serveOverStdio(surface, opened, { calls, log });
    };
    const opening: FastOpening = new FastOpening(transport, {
      surface,
      answers: recordedAnswers,
      onOpened: () => undefined,
      onerror: () => undefined,
      serve: async () => serve(opening),
    });
  } else serveOverStdio(surface, transport, { calls, log });
  let expected = 0;
  for (const message of messages) {
    stdin.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
    if (message.id !== undefined) expected++;
    await expect.poll(() => lines.length, { interval: 1 }).toBe(expected);
  }
  await transport.close();
  return { lines, linesWithoutLibrary };
}

/** Expects the same bytes from the fast opening and from the library alone; returns how many lines came before the library was loaded. */
async function expectSameLines(surface: Surface, messages: readonly Request[]): Promise<number> {
  const library = await converse(surface, messages, { isFast: false });
  const fast = await converse(surface, messages, { isFast: true });
  expect(fast.lines).toEqual(library.lines);
  return fast.linesWithoutLibrary;
}

describe.each(SURFACES)('with %s', (_what, surface) => {
  test.each(REVISIONS)('a client of %s gets the bytes of the library for initialize and tools/list', async (revision) => {
    expect(await expectSameLines(surface, [initialize(revision), INITIALIZED, LIST, PING, { ...LIST, id: 2 }])).toBe(2);
  });

  test('a client of 2026-07-28 gets the bytes of the library for server/discover and tools/list', async () => {
    expect(await expectSameLines(surface, [DISCOVER, MODERN_LIST, { ...MODERN_LIST, id: 3 }])).toBe(2);
    expect(await expectSameLines(surface, [MODERN_LIST, DISCOVER])).toBe(1);
  });
});

const [, surface] = SURFACES[0] ?? [];
if (!surface) throw new Error('there is no surface');

test.each<[what: string, linesBefore: number, messages: readonly Request[]]>([
  ['asks for an unknown revision', 0, [initialize('2099-01-01'), LIST]],
  ['asks initialize for 2026-07-28', 0, [initialize('2026-07-28'), LIST]],
  ['names a property of every object as its revision', 0, [initialize('constructor'), initialize('__proto__')]],
  ['sends _meta with initialize', 0, [initialize('2025-11-25', { _meta: { a: 1 } }), LIST]],
  ['sends an unknown parameter with initialize', 0, [initialize('2025-11-25', { locale: 'de' }), LIST]],
  ['declares a capability that is malformed', 0, [initialize('2025-11-25', { capabilities: { roots: { listChanged: 'yes' } } }), LIST]],
  ['has no version', 0, [initialize('2025-11-25', { clientInfo: { name: 'c' } }), LIST]],
  ['has an icon', 0, [initialize('2025-11-25', { clientInfo: { ...CLIENT, icons: [{ src: 'https://a/b.png' }] } }), LIST]],
  ['initializes twice', 1, [initialize('2025-11-25'), { ...initialize('2025-06-18'), id: 7 }, LIST]],
  ['pings before initialize', 0, [PING, initialize('2025-11-25'), LIST]],
  ['lists without initialize', 0, [LIST, PING]],
  ['lists before the notification that it is initialized', 2, [initialize('2025-11-25'), LIST, INITIALIZED, PING]],
  ['calls before it lists', 1, [initialize('2025-11-25'), INITIALIZED, PING, LIST]],
  ['lists with a cursor', 1, [initialize('2025-11-25'), { ...LIST, params: { cursor: 'x' } }, PING]],
  ['lists with a progress token', 1, [initialize('2025-11-25'), { ...LIST, params: { _meta: { progressToken: 1 } } }, PING]],
  ['uses one id for both', 2, [initialize('2025-11-25'), { ...LIST, id: 0 }, { ...PING, id: 0 }]],
  ['uses texts as ids', 2, [{ ...initialize('2025-11-25'), id: '@instructions' }, { ...LIST, id: '@version' }, PING]],
  ['discovers and then initializes', 1, [DISCOVER, initialize('2025-11-25'), INITIALIZED, LIST]],
  ['discovers twice', 1, [DISCOVER, { ...DISCOVER, id: 5 }, MODERN_LIST]],
  [
    'claims an unknown revision',
    0,
    [{ ...DISCOVER, params: { _meta: { ...modernMeta, 'io.modelcontextprotocol/protocolVersion': '2099-01-01' } } }],
  ],
  ['discovers without an envelope', 0, [{ ...DISCOVER, params: {} }, LIST]],
  ['declares that it shows views', 2, [initialize('2025-11-25', { capabilities: VIEWS }), INITIALIZED, LIST, { ...LIST, id: 2 }]],
  [
    'declares with its list that it shows views',
    1,
    [{ ...MODERN_LIST, params: { _meta: { ...modernMeta, 'io.modelcontextprotocol/clientCapabilities': VIEWS } } }, MODERN_LIST],
  ],
  ['initializes and lists with an envelope', 1, [initialize('2025-11-25'), MODERN_LIST, PING]],
])('a client that %s gets the bytes of the library', async (_what, linesBefore, messages) => {
  expect(await expectSameLines(surface, messages)).toBe(linesBefore);
});

test('a client gets the bytes of the library with any declared capabilities', async () => {
  const value = fc.oneof(fc.constant({}), fc.boolean(), fc.constant('x'), fc.constant(null), fc.constant([]), fc.integer());
  const mode = fc.oneof(value, fc.dictionary(fc.constantFrom('applyDefaults', 'listChanged', 'x'), value));
  const capability = fc.oneof(value, fc.dictionary(fc.constantFrom('form', 'url', 'listChanged', 'tools', 'context', 'a/b'), mode));
  const names = ['roots', 'sampling', 'elicitation', 'experimental', 'extensions', 'tasks', 'other'];
  const capabilities = fc.oneof(value, fc.dictionary(fc.constantFrom(...names), capability));
  const clientInfo = fc.oneof(
    value,
    fc.record(
      { name: fc.oneof(fc.string(), value), version: fc.string(), title: value, websiteUrl: fc.string(), icons: value },
      { requiredKeys: [] },
    ),
    fc.constant(CLIENT),
  );
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...REVISIONS), capabilities, clientInfo, async (revision, declared, client) => {
      await expectSameLines(surface, [initialize(revision, { capabilities: declared, clientInfo: client }), LIST, PING]);
      const _meta = {
        ...modernMeta,
        'io.modelcontextprotocol/clientInfo': client,
        'io.modelcontextprotocol/clientCapabilities': declared,
      };
      await expectSameLines(surface, [
        { ...DISCOVER, params: { _meta } },
        { ...MODERN_LIST, params: { _meta } },
      ]);
    }),
    { numRuns: 150 },
  );
});

test('the program answers initialize and tools/list without the file that holds the protocol library', async () => {
  const folder = temporaryFolder();
  cpSync(fileURLToPath(new URL('../../dist', import.meta.url)), folder, { recursive: true });
  const chunks = join(folder, 'chunks');
  const withLibrary = readdirSync(chunks).filter((name) => readFileSync(join(chunks, name), 'utf8').includes('Invalid _meta envelope'));
  expect(withLibrary).not.toEqual([]);
  for (const name of withLibrary) rmSync(join(chunks, name));
  const pipe = untilTestEnds(startPipe({ binary: join(folder, 'mailstore-mcp.cjs'), env: { MAILSTORE_URL: 'https://127.0.0.1:1' } }));
  const { result } = await pipe.request('initialize', { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: CLIENT });
  expect(result).toMatchObject({ protocolVersion: '2025-11-25', serverInfo: { name: 'mailstore-mcp' } });
  expect((await pipe.request('tools/list')).result?.['tools']).toContainEqual(expect.objectContaining({ name: 'get_user_info' }));
  // The rest is loaded next; a part of the program that is missing ends it with a sentence that names the part.
  await pipe.exited;
  expect(pipe.stderr).toContain('Cannot find module');
});
