import { Agent, request } from 'node:https';
import { connect } from 'node:tls';
import { onTestFinished } from 'vitest';
import { startSandbox, type Sandbox, type SandboxOptions } from '../../src/sandbox/sandbox.ts';

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly bytes: Buffer;
  readonly text: string;
  /** The body as JSON, its byte order mark removed. */
  json(): unknown;
}

/** Starts a sandbox with the small world, closed when the test is over. */
export async function start(options: SandboxOptions = {}): Promise<Sandbox> {
  const sandbox = await startSandbox({ seed: 'small', runSeconds: 0.2, ...options });
  onTestFinished(async () => sandbox.close());
  return sandbox;
}

interface SendOptions {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** `user:password`; null sends no login. */
  readonly login?: string | null;
  readonly signal?: AbortSignal;
}

const agent = new Agent({ keepAlive: false });

/** Sends one request over its own connection; a form given as an object is encoded. Rejects when the connection is cut. */
export async function send(
  sandbox: Sandbox,
  path: string,
  form: string | Buffer | Readonly<Record<string, string>> = '',
  { method = 'POST', headers = {}, login = `${sandbox.username}:${sandbox.password}`, signal }: SendOptions = {},
): Promise<Answer> {
  const body = Buffer.isBuffer(form) ? form : Buffer.from(typeof form === 'string' ? form : new URLSearchParams(form).toString());
  return new Promise((resolve, reject) => {
    const outgoing = request(
      `${sandbox.url}${path}`,
      {
        method,
        agent,
        ca: sandbox.certificate,
        servername: 'localhost',
        headers: {
          'Content-Length': body.length,
          ...(login !== null && { Authorization: `Basic ${Buffer.from(login).toString('base64')}` }),
          ...headers,
        },
        ...(signal && { signal }),
      },
      (incoming) => {
        const chunks: Buffer[] = [];
        incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
        incoming.on('error', reject);
        incoming.on('end', () => {
          const bytes = Buffer.concat(chunks);
          const text = bytes.toString('utf8');
          const json = () => JSON.parse(text.replace(/^\uFEFF/, '')) as unknown;
          resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, bytes, text, json });
        });
      },
    );
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

/** The members of an envelope that tests look at. */
export interface Envelope {
  readonly error: { readonly message: string; readonly details: string } | null;
  readonly token: string | null;
  readonly statusVersion: number;
  readonly statusCode: string;
  readonly percentProgress: number | null;
  readonly statusText: string | null;
  readonly result: unknown;
  readonly logOutput: string | null;
}

/** Invokes a command in the modern form and returns the envelope. */
export async function invoke(sandbox: Sandbox, command: string, form: Readonly<Record<string, string>> = {}): Promise<Envelope> {
  return (await send(sandbox, `/api/invoke/${command}`, form)).json() as Envelope;
}

/** Returns the sentence with which the modern form refuses a call. */
export async function catchRefusal(sandbox: Sandbox, command: string, form: string | Readonly<Record<string, string>>): Promise<string> {
  const { error, statusCode } = (await send(sandbox, `/api/invoke/${command}`, form)).json() as Envelope;
  return statusCode === 'failed' && error ? error.message : `no refusal but ${statusCode}`;
}

export async function getStatus(sandbox: Sandbox, token: string, knownVersion = 0, milliseconds = 5000): Promise<Answer> {
  return send(sandbox, '/api/get-status', { token, lastKnownStatusVersion: `${knownVersion}`, millisecondsTimeout: `${milliseconds}` });
}

export const REBUILD = { id: '3', folder: 'amira' };

/** Starts the rebuild of an index and returns its token. */
export async function startRun(sandbox: Sandbox): Promise<string> {
  const { token } = await invoke(sandbox, 'RebuildStoreIndex', REBUILD);
  return token ?? '';
}

/** Polls until the run is over, and returns the status that said so. */
export async function followRun(sandbox: Sandbox, token: string): Promise<Envelope> {
  for (let version = 0; ;) {
    const status = (await getStatus(sandbox, token, version)).json() as Envelope;
    if (status.statusCode !== 'running') return status;
    version = status.statusVersion;
  }
}

/** Sends bytes over a TLS connection of their own and returns what comes back until one whole response or the end. */
export async function exchangeBytes(sandbox: Sandbox, bytes: string): Promise<string> {
  const { hostname, port } = new URL(sandbox.url);
  return new Promise((resolve, reject) => {
    const socket = connect({ host: hostname, port: Number(port), ca: sandbox.certificate }, () => socket.write(bytes));
    let received = Buffer.alloc(0);
    const finish = () => {
      socket.destroy();
      resolve(received.toString('utf8'));
    };
    socket.on('data', (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
      const headEnd = received.indexOf('\r\n\r\n');
      const length = /^content-length: (\d+)/im.exec(received.subarray(0, Math.max(headEnd, 0)).toString('latin1'))?.[1];
      if (headEnd >= 0 && length !== undefined && received.length >= headEnd + 4 + Number(length)) finish();
    });
    socket.on('end', finish);
    socket.on('error', reject);
  });
}
