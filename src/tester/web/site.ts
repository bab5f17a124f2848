import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import * as z from 'zod';
import { MailStoreError } from '../../base/errors.ts';
import { describeErrno } from '../../base/errno.ts';
import type { Log } from '../../base/log.ts';
import { SECURITY_HEADERS } from './content-security-policy.ts';
import { judgeRequest, type Judged } from './request-checks.ts';

/** A request that was let in. */
export type SiteRequest = Omit<Judged & { readonly kind: 'accepted' }, 'kind'> & {
  readonly response: ServerResponse;
  /** Aborts when the page has gone. */
  readonly signal: AbortSignal;
  /** Throws BadRequest where the body is too large or no JSON. */
  readonly readBody: () => Promise<unknown>;
};

export interface SiteOptions {
  /** 0 takes any free port. */
  readonly port: number;
  /** The files of the page, by the last part of their address. */
  readonly files: ReadonlyMap<string, { readonly type: string; readonly body: Buffer }>;
  /** Answers what is no file. False where there is nothing at this path. */
  readonly answer: (request: SiteRequest) => Promise<boolean>;
  readonly log: Log;
}

export interface ServedSite {
  /** The page's address; knowing it is enough to use the page. */
  readonly url: string;
  /** Ends every connection; a question that waits is answered with no. */
  close(): Promise<void>;
}

const HOST = '127.0.0.1';

/** Larger bodies are not read: the largest is a call with one settings object. */
const BODY_LIMIT = 1024 * 1024;

/** Thrown when a request of the page makes no sense; `status` is that of the answer. */
export class BadRequest extends Error {
  readonly status: 400 | 404 | 413;

  constructor(status: BadRequest['status'], message: string) {
    super(message);
    this.status = status;
  }
}

/** Returns what the page has sent, checked. Throws BadRequest where it is not what the schema says. */
export function readRequest<Value>(schema: z.ZodType<Value>, sent: unknown): Value {
  const parsed = schema.safeParse(sent);
  if (parsed.success) return parsed.data;
  throw new BadRequest(400, z.prettifyError(parsed.error));
}

export function nothingHere(): never {
  throw new BadRequest(404, 'There is nothing here.');
}

/** The files of a page, by the last part of their address. */
const PAGE_FILES: Readonly<Record<string, { readonly file: string; readonly type: string }>> = {
  '': { file: 'index.html', type: 'text/html; charset=utf-8' },
  'page.css': { file: 'page.css', type: 'text/css; charset=utf-8' },
  'page.js': { file: 'page.js', type: 'text/javascript; charset=utf-8' },
};

/** Reads the files of a built page from their folder. */
export function readPageFiles(folder: string): SiteOptions['files'] {
  return new Map(Object.entries(PAGE_FILES).map(([path, { file, type }]) => [path, { type, body: readFileSync(join(folder, file)) }]));
}

/** Serves a page on this machine alone, under a secret address. Throws MailStoreError when the port is taken. */
export async function startSite({ port, files, answer, log }: SiteOptions): Promise<ServedSite> {
  const token = randomBytes(24).toString('base64url');

  const route = async (request: SiteRequest) => {
    const file = request.method === 'GET' ? files.get(request.path) : undefined;
    if (file) request.response.writeHead(200, { 'content-type': file.type }).end(file.body);
    else if (!(await answer(request))) nothingHere();
  };

  const server = createServer((request, response) => {
    const closed = new AbortController();
    response.once('close', () => closed.abort());
    for (const [name, value] of Object.entries(SECURITY_HEADERS)) response.setHeader(name, value);
    const { method = '', url = '', headers } = request;
    const judged = judgeRequest(
      {
        method,
        url,
        host: headers.host,
        origin: headers.origin,
        contentType: headers['content-type'],
        fetchSite: readHeader(headers['sec-fetch-site']),
      },
      { port: readPort(server.address()), token },
    );
    if (judged.kind === 'refused') {
      sendJson(response, judged.status, { error: judged.reason });
      return;
    }
    route({ ...judged, response, signal: closed.signal, readBody: () => readBody(request) }).catch((error: unknown) => {
      if (closed.signal.aborted) return;
      if (error instanceof BadRequest && !response.headersSent) {
        sendJson(response, error.status, { error: error.message });
        return;
      }
      log.error(error instanceof Error ? (error.stack ?? error.message) : String(error));
      const told = error instanceof MailStoreError ? error : new MailStoreError('internal', {});
      if (response.headersSent) response.destroy();
      else sendJson(response, 500, { error: told.message });
    });
  });
  server.listen(port, HOST);
  try {
    await once(server, 'listening');
  } catch (error) {
    const reason = describeErrno(error);
    throw new MailStoreError(
      'invalidSetting',
      { setting: '--port', value: String(port), expected: `a free port (${reason})` },
      { cause: error },
    );
  }
  return {
    url: `http://${HOST}:${readPort(server.address())}/${token}/`,
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

/** Returns what writes each event as a line of the answer, until the page has gone. */
export function tellLines(response: ServerResponse, signal: AbortSignal): (event: object) => void {
  return (event) => {
    if (signal.aborted || response.writableEnded) return;
    if (!response.headersSent) response.writeHead(200, { 'content-type': 'application/x-ndjson; charset=utf-8' });
    response.write(`${JSON.stringify(event)}\n`);
  };
}

export function sendJson(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' }).end(JSON.stringify(value));
}

async function readBody(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.byteLength;
    if (size > BODY_LIMIT) throw new BadRequest(413, `The request is larger than ${BODY_LIMIT} bytes.`);
    chunks.push(chunk);
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8')) as unknown;
  } catch {
    throw new BadRequest(400, 'The request is no JSON.');
  }
}

function readHeader(value: string | readonly string[] | undefined): string | undefined {
  return typeof value === 'string' || value === undefined ? value : value.join(', ');
}

function readPort(address: ReturnType<ReturnType<typeof createServer>['address']>): number {
  return typeof address === 'object' && address !== null ? address.port : 0;
}
