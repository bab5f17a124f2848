/**
 * A process of its own: the least that an MCP server over stdio can do. It hands out a list that it reads from a file, does one call by
 * undici, writes one hashed line for each call as an audit does, and checks nothing. The HTTP client is loaded and connected once the list is on its way.
 */
import { createHash } from 'node:crypto';
import { openSync, readFileSync, writeSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Pool } from 'undici';
import { CALL, HEADERS, POOL_SIZE } from './request.ts';

interface Request {
  readonly id?: number;
  readonly method: string;
  readonly params?: { readonly arguments?: Record<string, string> };
}

const [listFile = '', origin = '', ca = ''] = process.argv.slice(2);
const list = readFileSync(listFile, 'utf8');

let opening: Promise<Pool> | undefined;
function connect(): Promise<Pool> {
  opening ??= import('undici').then(
    ({ Pool: UndiciPool }) => new UndiciPool(origin, { connections: POOL_SIZE, pipelining: 1, connect: { ca } }),
  );
  return opening;
}

async function warm(): Promise<void> {
  const pool = await connect();
  const { body } = await pool.request({ method: 'POST', path: '/api/get-metadata', headers: HEADERS });
  await body.dump();
}

const audit = openSync(`${listFile}.audit`, 'a');
let previous = '';

function record(fields: object): void {
  const line = JSON.stringify({ time: new Date().toISOString(), previous, ...fields });
  previous = createHash('sha256').update(line).digest('hex');
  writeSync(audit, `${line}\n`);
}

async function call(args: Record<string, string>): Promise<string> {
  const pool = await connect();
  const form = new URLSearchParams(args).toString();
  const { body } = await pool.request({ method: 'POST', path: CALL.path, headers: HEADERS, body: form });
  const { result } = JSON.parse((await body.text()).replace(/^\uFEFF/, '')) as { result: unknown };
  record({ command: CALL.tool, arguments: args, outcome: 'succeeded' });
  return JSON.stringify({ content: [{ type: 'text', text: JSON.stringify(result) }], structuredContent: result });
}

async function answer({ method, params }: Request): Promise<string> {
  switch (method) {
    case 'initialize':
      return '{"protocolVersion":"2025-11-25","capabilities":{"tools":{}},"serverInfo":{"name":"hand-written","version":"0"}}';
    case 'tools/list':
      setImmediate(() => void warm());
      return list;
    default:
      return call(params?.arguments ?? {});
  }
}

createInterface({ input: process.stdin }).on('line', (line) => {
  const request = JSON.parse(line) as Request;
  if (request.id === undefined) return;
  void answer(request).then((result) => process.stdout.write(`{"jsonrpc":"2.0","id":${request.id},"result":${result}}\n`));
});
process.stdin.once('end', () => process.exit());
