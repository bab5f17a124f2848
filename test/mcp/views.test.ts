import { RESOURCE_MIME_TYPE as VIEW_TYPE } from '@modelcontextprotocol/ext-apps/server';
import { expect, test } from 'vitest';
import { modernMeta, sandboxForTest, startPipe, untilTestEnds, type Message, type Pipe } from '../helpers/start-server.ts';

const VIEWS = { extensions: { 'io.modelcontextprotocol/ui': { mimeTypes: [VIEW_TYPE] } } };
const ROOMS = [
  ['archive_health', 'ui://mailstore-mcp/health'],
  ['failed_runs', 'ui://mailstore-mcp/runs'],
  ['storage_report', 'ui://mailstore-mcp/storage'],
];

interface ListedTool {
  readonly name: string;
  readonly description: string;
  readonly inputSchema: unknown;
  readonly _meta?: { readonly ui?: { readonly resourceUri: string } };
}

/** Sends requests as a client of one revision that declares these capabilities. */
interface Client {
  request(method: string, params?: Readonly<Record<string, unknown>>): Promise<Message>;
}

async function connect(server: Pipe, revision: 'legacy' | 'modern', capabilities: object): Promise<Client> {
  if (revision === 'modern') {
    const _meta = { ...modernMeta, 'io.modelcontextprotocol/clientCapabilities': capabilities };
    return { request: (method, params) => server.request(method, { ...params, _meta }) };
  }
  const clientInfo = { name: 'test', version: '1' };
  await server.request('initialize', { protocolVersion: '2025-11-25', capabilities, clientInfo });
  server.notify('notifications/initialized');
  return server;
}

test.each(['legacy', 'modern'] as const)(
  'a client of a %s revision that shows views is given those of health, runs and storage, without a network; others are given text alone, and a model reads the same of both',
  async (revision) => {
    const sandbox = await sandboxForTest();
    const server = untilTestEnds(startPipe({ sandbox }));
    const drawing = await connect(server, revision, VIEWS);
    // Since 2026-07-28 each request declares what its client can do.
    const plain = await connect(revision === 'modern' ? server : untilTestEnds(startPipe({ sandbox })), revision, {});
    const listTools = async (client: Client) => ((await client.request('tools/list')).result as { tools: ListedTool[] }).tools;
    const listUris = async (client: Client) =>
      ((await client.request('resources/list')).result as { resources: { uri: string }[] }).resources.map(({ uri }) => uri);

    const [withViews, without] = [await listTools(drawing), await listTools(plain)];
    expect(withViews.flatMap(({ name, _meta }) => (_meta?.ui ? [[name, _meta.ui.resourceUri]] : []))).toEqual(ROOMS);
    expect(JSON.stringify(without)).not.toContain('ui://');
    const asRead = (tools: readonly ListedTool[]) =>
      tools.map(({ name, description, inputSchema }) => ({ name, description, inputSchema }));
    expect(asRead(withViews)).toEqual(asRead(without));
    expect((await listUris(drawing)).filter((uri) => uri.startsWith('ui://'))).toEqual(ROOMS.map(([, uri]) => uri));
    expect((await listUris(plain)).filter((uri) => uri.startsWith('ui://'))).toEqual([]);

    for (const [name, uri] of ROOMS) {
      expect((await plain.request('resources/read', { uri })).error?.message).toContain('There is nothing at');
      const { contents } = (await drawing.request('resources/read', { uri })).result as { contents: readonly { text: string }[] };
      expect(contents).toMatchObject([
        {
          mimeType: VIEW_TYPE,
          _meta: { ui: { csp: { connectDomains: [], resourceDomains: [], frameDomains: [], baseUriDomains: [] } } },
        },
      ]);
      expect(contents[0]?.text).toMatch(/content="default-src 'none'; script-src 'sha256-[\w+/=]{44}'; style-src 'sha256-[\w+/=]{44}'; /);
      expect(contents[0]?.text).not.toMatch(/<(?:script|link|img|iframe)[^>]+(?:src|href)=/);
      const [text, drawn] = [
        (await plain.request('tools/call', { name, arguments: {} })).result,
        (await drawing.request('tools/call', { name, arguments: {} })).result,
      ];
      expect(text?.['_meta']).not.toHaveProperty('mailstore/view');
      expect(drawn?.['_meta']).toMatchObject({ 'mailstore/view': { view: { room: uri?.split('/').at(-1) } } });
      const says = (result: typeof text) =>
        JSON.stringify([result?.['content'], result?.['structuredContent']]).replaceAll(/\d\d:\d\d:\d\d/g, '');
      expect(says(drawn)).toBe(says(text));
    }
  },
);
