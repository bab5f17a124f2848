/** A process of its own: the least that a server with the protocol library can do. It does what the hand-written server does, and checks no more than the library does. */
import { readFileSync } from 'node:fs';
import { Server, type ListToolsResult } from '@modelcontextprotocol/server';
import { serveStdio } from '@modelcontextprotocol/server/stdio';
import { createLeastCall } from './least-call.ts';

const [listFile = '', origin = '', ca = ''] = process.argv.slice(2);
const list = JSON.parse(readFileSync(listFile, 'utf8')) as ListToolsResult;
const { warm, call } = createLeastCall({ origin, ca, auditFile: `${listFile}.library.audit` });

serveStdio(() => {
  const server = new Server({ name: 'library', version: '0' }, { capabilities: { tools: {} } });
  server.setRequestHandler('tools/list', () => {
    setImmediate(() => void warm());
    return list;
  });
  server.setRequestHandler('tools/call', async ({ params }) => {
    const result = await call(params.arguments as Record<string, string>);
    return { content: [{ type: 'text', text: JSON.stringify(result) }], structuredContent: { ...result } };
  });
  return server;
});
