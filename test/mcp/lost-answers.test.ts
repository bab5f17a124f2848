import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { callTool, startServer, untilTestEnds } from '../helpers/start-server.ts';
import { startTlsServer } from '../helpers/tls-server.ts';
import { send, start } from '../sandbox/client.ts';

const ERRNOS = [
  'ECONNABORTED',
  'ECONNRESET',
  'ECONNREFUSED',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'EHOSTDOWN',
  'ENETUNREACH',
  'ENETDOWN',
  'ENETRESET',
  'ENOTCONN',
  'EADDRNOTAVAIL',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EIO',
  'ENOBUFS',
] as const;

interface Published {
  readonly socket: Socket;
  readonly request: { readonly path: string };
}

/** Does something whenever undici reports that a connection stands, or that a request is made or written. */
function onUndici(channel: `undici:${string}`, use: (message: Published) => void): void {
  const listener = (message: unknown) => use(message as Published);
  subscribe(channel, listener);
  onTestFinished(() => void unsubscribe(channel, listener));
}

const isCreation = ({ request }: Published) => request.path.endsWith('/CreateUser');

/** A MailStore that takes every request on a connection of its own, and never answers the one that creates a user. */
async function startFar() {
  const arrivals: (() => void)[] = [];
  const sandbox = await start();
  const far = await startTlsServer(async ({ path, body }) => {
    if (path.endsWith('/CreateUser')) {
      arrivals.shift()?.();
      return '';
    }
    const { status, headers, bytes } = await send(sandbox, path, body);
    const type = String(headers['content-type']);
    const head = `HTTP/1.1 ${status} Said\r\nContent-Type: ${type}\r\nConnection: close\r\nContent-Length: ${bytes.length}\r\n\r\n`;
    return { cut: Buffer.concat([Buffer.from(head), bytes]) };
  });
  const env = {
    MAILSTORE_URL: far.url,
    MAILSTORE_USERNAME: far.username,
    MAILSTORE_PASSWORD: far.password,
    MAILSTORE_TLS_FINGERPRINT: far.fingerprint,
    MAILSTORE_TIMEOUT_MS: '5000',
  };
  const server = untilTestEnds(await startServer({ access: 'read-write', api: 'modern', env }));
  const create = async (userName: string) =>
    callTool(server, 'create_user', { userName, privileges: ['login'], password: { generate: true } });
  const listFiles = () => {
    const folder = join(server.stateDir, 'secrets');
    return existsSync(folder) ? readdirSync(folder) : [];
  };
  const listOutcomes = () =>
    readFileSync(join(server.stateDir, 'audit.jsonl'), 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { readonly command?: string; readonly outcome?: string })
      .flatMap(({ command, outcome }) => (command === 'CreateUser' && outcome !== 'sent' ? [outcome] : []));
  return {
    create,
    listFiles,
    listOutcomes,
    stateDir: server.stateDir,
    arrives: async () => new Promise<void>((resolve) => arrivals.push(resolve)),
  };
}

test('a generated password outlives every way in which the answer to its call is lost, and each answer names its file', async () => {
  const { create, listFiles, listOutcomes, stateDir, arrives } = await startFar();
  let written: Socket | undefined;
  onUndici('undici:client:sendHeaders', (message) => {
    if (isCreation(message)) written = message.socket;
  });
  for (const [index, errno] of ERRNOS.entries()) {
    const arrived = arrives();
    const before = listFiles();
    const answer = create(`user${index}`);
    await arrived;
    written?.destroy(Object.assign(new Error(`write ${errno}`), { code: errno }));
    const { isError, text } = await answer;
    const [file = ''] = listFiles().filter((name) => !before.includes(name));
    expect([errno, isError, text.includes(join(stateDir, 'secrets', file)), file.startsWith('create_user-password-')]).toEqual([
      errno,
      true,
      true,
      true,
    ]);
  }
  expect(listOutcomes()).toEqual(ERRNOS.map(() => 'unknown'));
});

test('a generated password is removed, and the call recorded as not sent, when each connection dies before a byte of the request has left', async () => {
  const { create, listFiles, listOutcomes } = await startFar();
  let isCreating = false;
  let isSent = false;
  let errno: (typeof ERRNOS)[number] = 'EPIPE';
  const died = new Set<string>();
  onUndici('undici:request:create', (message) => {
    if (isCreation(message)) isCreating = true;
  });
  onUndici('undici:client:sendHeaders', (message) => {
    if (isCreation(message)) isSent = true;
  });
  onUndici('undici:client:connected', ({ socket }) => {
    if (!isCreating) return;
    died.add(errno);
    socket.destroy(Object.assign(new Error(`connect ${errno}`), { code: errno }));
  });
  for (const code of ERRNOS) {
    [errno, isCreating] = [code, false];
    const { isError, text } = await create(`user-${code.toLowerCase()}`);
    expect([code, isError, isSent, text.includes('secrets'), listFiles()]).toEqual([code, true, false, false, []]);
  }
  expect([...died]).toEqual(ERRNOS);
  expect(listOutcomes()).toEqual(ERRNOS.map(() => 'not sent'));
});
