import { createHash } from 'node:crypto';
import { openSync, writeSync } from 'node:fs';
import type { Pool } from 'undici';
import { CALL, HEADERS, POOL_SIZE } from './request.ts';

/** Where a server of the benchmark sends its requests, and the file that it writes its lines to. */
interface Place {
  readonly origin: string;
  /** The certificate authority, as PEM. */
  readonly ca: string;
  readonly auditFile: string;
}

/** The least that a call can do. */
export interface LeastCall {
  /** Loads the HTTP client and opens a connection. */
  warm(): Promise<void>;
  /** Sends one request, writes one hashed line as an audit does, and returns the result. */
  call(args: Readonly<Record<string, string>>): Promise<Readonly<Record<string, unknown>>>;
}

/** Returns the least that a call can do, for the servers of the benchmark that differ in what is around it. */
export function createLeastCall({ origin, ca, auditFile }: Place): LeastCall {
  let opening: Promise<Pool> | undefined;
  const connect = async () => {
    opening ??= import('undici').then(
      ({ Pool: UndiciPool }) => new UndiciPool(origin, { connections: POOL_SIZE, pipelining: 1, connect: { ca } }),
    );
    return opening;
  };
  const audit = openSync(auditFile, 'a');
  let previous = '';
  const record = (fields: object) => {
    const line = JSON.stringify({ time: new Date().toISOString(), previous, ...fields });
    previous = createHash('sha256').update(line).digest('hex');
    writeSync(audit, `${line}\n`);
  };
  return {
    warm: async () => {
      const pool = await connect();
      const { body } = await pool.request({ method: 'POST', path: '/api/get-metadata', headers: HEADERS });
      await body.dump();
    },
    call: async (args) => {
      const pool = await connect();
      const form = new URLSearchParams(args).toString();
      const { body } = await pool.request({ method: 'POST', path: CALL.path, headers: HEADERS, body: form });
      const { result } = JSON.parse((await body.text()).replace(/^\uFEFF/, '')) as { result: Readonly<Record<string, unknown>> };
      record({ command: CALL.tool, arguments: args, outcome: 'succeeded' });
      return result;
    },
  };
}
