import type { Transport } from '@modelcontextprotocol/server';
import { serveStdio } from '@modelcontextprotocol/server/stdio';
import { protocolServers } from './server.ts';

/** An answer of the protocol library as it left it, with the markers of `RECORDED` in place of what differs between servers. */
export type RecordedAnswer = Readonly<Record<string, unknown>>;

export interface RecordedAnswers {
  /** The answers to `initialize`, by the revision that the client asks for. */
  readonly initialize: Readonly<Record<string, RecordedAnswer>>;
  readonly legacyList: RecordedAnswer;
  readonly discover: RecordedAnswer;
  readonly modernList: RecordedAnswer;
}

const RECORDED = { version: '@version', instructions: '@instructions', tools: [], longRunning: new Set<string>() };

const LEGACY_REVISIONS = ['2024-10-07', '2024-11-05', '2025-03-26', '2025-06-18', '2025-11-25'];
const MODERN_META = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientInfo': { name: 'recorder', version: '1' },
  'io.modelcontextprotocol/clientCapabilities': {},
};

/**
 * What the protocol library answers to the requests that open a connection. The build replaces this module by its value, so that a starting
 * server answers them before it loads the library.
 */
export const recordedAnswers: RecordedAnswers = await recordAnswers();

async function recordAnswers(): Promise<RecordedAnswers> {
  const initialize: Record<string, RecordedAnswer> = {};
  for (const protocolVersion of LEGACY_REVISIONS) {
    const params = { protocolVersion, capabilities: {}, clientInfo: { name: 'recorder', version: '1' } };
    initialize[protocolVersion] = await recordAnswer('initialize', params);
  }
  const _meta = MODERN_META;
  return {
    initialize,
    legacyList: await recordAnswer('tools/list'),
    discover: await recordAnswer('server/discover', { _meta }),
    modernList: await recordAnswer('tools/list', { _meta }),
  };
}

/** Returns the answer to the first request of a connection. */
async function recordAnswer(method: string, params?: Readonly<Record<string, unknown>>): Promise<RecordedAnswer> {
  return new Promise((resolve, reject) => {
    const transport: Transport = {
      start: async () => undefined,
      close: async () => undefined,
      send: async (message) => ('result' in message ? resolve({ ...message }) : reject(new Error(`${method}: ${JSON.stringify(message)}`))),
    };
    const calls = async () => {
      throw new Error('Nothing is called while answers are recorded.');
    };
    serveStdio(protocolServers(RECORDED, { calls }), { transport, onerror: reject });
    transport.onmessage?.({ jsonrpc: '2.0', id: '@id', method, ...(params && { params }) });
  });
}
