import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { MailStoreError } from '../../base/errors.ts';
import { describeErrno } from '../../base/errno.ts';
import { BadRequest, PageApi, type KnownNews, type PageApiOptions } from './api.ts';
import { judgeRequest, type Judged } from './request-checks.ts';
import { SECURITY_HEADERS } from './content-security-policy.ts';

export interface PageServerOptions extends PageApiOptions {
  /** 0 takes any free port. */
  readonly port: number;
  /** The folder that holds the built page. */
  readonly pageFolder: string;
}

export interface PageServer {
  /** The page's address; knowing it is enough to use the page. */
  readonly url: string;
  /** Ends every connection; a question that waits is answered with no. */
  close(): Promise<void>;
}

const HOST = '127.0.0.1';

/** Larger bodies are not read: the largest is a call with one settings object. */
const BODY_LIMIT = 1024 * 1024;

/** The files of the page, by the last part of their address. */
const PAGE_FILES: Readonly<Record<string, { readonly file: string; readonly type: string }>> = {
  '': { file: 'index.html', type: 'text/html; charset=utf-8' },
  'page.css': { file: 'page.css', type: 'text/css; charset=utf-8' },
  'page.js': { file: 'page.js', type: 'text/javascript; charset=utf-8' },
};

type Accepted = Judged & { readonly kind: 'accepted' };

/** Serves the tester's page on this machine alone. Throws MailStoreError when the port is taken. */
export async function startPageServer({ port, pageFolder, ...options }: PageServerOptions): Promise<PageServer> {
  const api = new PageApi(options);
  const files = new Map(
    Object.entries(PAGE_FILES).map(([path, { file, type }]) => [path, { type, body: readFileSync(join(pageFolder, file)) }]),
  );
  const token = randomBytes(24).toString('base64url');

  const route = async ({ method, path, query }: Accepted, request: IncomingMessage, response: ServerResponse, signal: AbortSignal) => {
    const [name = '', id = '', action] = path.split('/');
    const file = files.get(path);
    switch (method === 'GET' && file ? 'GET file' : `${method} ${name}`) {
      case 'GET file':
        response.writeHead(200, { 'content-type': file?.type }).end(file?.body);
        return;
      case 'GET commands':
        sendJson(response, 200, api.contents());
        return;
      case 'GET calls': {
        const record = api.callRecord(Number(id));
        if (!record) throw new BadRequest(404, 'This call is no longer kept.');
        sendJson(response, 200, record);
        return;
      }
      case 'GET news':
        sendJson(response, 200, await api.news(readKnown(query), signal));
        return;
      case 'POST tasks':
        if (action !== 'cancel') break;
        await api.cancelTask(id, tellLines(response, signal), signal);
        response.end();
        return;
      case 'POST answer':
        sendJson(response, 200, api.answer(await readBody(request)));
        return;
      case 'POST copy':
        sendJson(response, 200, api.copy(await readBody(request)));
        return;
      case 'POST current':
        sendJson(response, 200, await api.readCurrent(await readBody(request), signal));
        return;
      case 'POST call': {
        await api.call(await readBody(request), tellLines(response, signal), signal);
        response.end();
        return;
      }
    }
    throw new BadRequest(404, 'There is nothing here.');
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
    route(judged, request, response, closed.signal).catch((error: unknown) => {
      if (closed.signal.aborted) return;
      if (error instanceof BadRequest && !response.headersSent) {
        sendJson(response, error.status, { error: error.message });
        return;
      }
      options.log.error(error instanceof Error ? (error.stack ?? error.message) : String(error));
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
function tellLines(response: ServerResponse, signal: AbortSignal): (event: object) => void {
  return (event) => {
    if (signal.aborted || response.writableEnded) return;
    if (!response.headersSent) response.writeHead(200, { 'content-type': 'application/x-ndjson; charset=utf-8' });
    response.write(`${JSON.stringify(event)}\n`);
  };
}

function sendJson(response: ServerResponse, status: number, value: unknown): void {
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

/** Reads the tasks as `id:revision` pairs, separated by commas, and the revision of the calls. */
function readKnown(query: URLSearchParams): KnownNews | undefined {
  const [tasks, calls] = [query.get('tasks'), query.get('calls')];
  if (tasks === null || calls === null) return undefined;
  const pairs = tasks.split(',').filter((pair) => pair !== '');
  return {
    tasks: new Map(
      pairs.map((pair) => {
        const [id = '', revision] = pair.split(':');
        return [id, Number(revision)];
      }),
    ),
    callsRevision: Number(calls),
  };
}

function readHeader(value: string | readonly string[] | undefined): string | undefined {
  return typeof value === 'string' || value === undefined ? value : value.join(', ');
}

function readPort(address: ReturnType<ReturnType<typeof createServer>['address']>): number {
  return typeof address === 'object' && address !== null ? address.port : 0;
}
