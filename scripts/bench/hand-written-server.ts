/**
 * A process of its own: the least that an MCP server over stdio can do. It hands out a list that it reads from a file, does the least call and checks
 * nothing. The HTTP client is loaded and connected once the list is on its way.
 */
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { createLeastCall } from './least-call.ts';

interface Request {
  readonly id?: number;
  readonly method: string;
  readonly params?: { readonly arguments?: Record<string, string> };
}

const [listFile = '', origin = '', ca = ''] = process.argv.slice(2);
const list = readFileSync(listFile, 'utf8');
const { warm, call } = createLeastCall({ origin, ca, auditFile: `${listFile}.hand-written.audit` });

async function answer({ method, params }: Request): Promise<string> {
  switch (method) {
    case 'initialize':
      return '{"protocolVersion":"2025-11-25","capabilities":{"tools":{}},"serverInfo":{"name":"hand-written","version":"0"}}';
    case 'tools/list':
      setImmediate(() => void warm());
      return list;
    default: {
      const result = await call(params?.arguments ?? {});
      return JSON.stringify({ content: [{ type: 'text', text: JSON.stringify(result) }], structuredContent: result });
    }
  }
}

createInterface({ input: process.stdin }).on('line', (line) => {
  const request = JSON.parse(line) as Request;
  if (request.id === undefined) return;
  void answer(request).then((result) => process.stdout.write(`{"jsonrpc":"2.0","id":${request.id},"result":${result}}\n`));
});
process.stdin.once('end', () => process.exit());
