import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { request } from 'node:http';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { CallEvent, CallRecord, CancelEvent, News } from '../../../src/tester/web/protocol.ts';
import { SECURITY_HEADERS } from '../../../src/tester/web/content-security-policy.ts';
import { runBinary } from '../../helpers/run-binary.ts';
import { callTool, sandboxForTest, settingsFor, startServer, untilTestEnds } from '../../helpers/start-server.ts';
import { startTester } from '../../helpers/start-tester.ts';

const BINARY = fileURLToPath(new URL('../../../dist/mailstore-mcp.cjs', import.meta.url));

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: string;
}

interface Asked {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** Sends a request with exactly these headers, as no browser would. */
function ask(url: string, { method = 'GET', headers = {}, body }: Asked = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { method, headers }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => (text += part));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text }));
      response.on('error', reject);
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

/** Sends what the page sends. */
async function post(url: string, path: string, body: unknown): Promise<Answer> {
  const headers = { origin: new URL(url).origin, 'content-type': 'application/json' };
  return ask(url + path, { method: 'POST', headers, body: JSON.stringify(body) });
}

async function call(url: string, command: string, args: Readonly<Record<string, unknown>> = {}, target = 'default'): Promise<CallEvent[]> {
  const { body } = await post(url, 'call', { command, args, target, form: 'auto' });
  return body
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as CallEvent);
}

async function fetchNews(url: string, known = ''): Promise<News> {
  return JSON.parse((await ask(`${url}news${known}`)).body) as News;
}

function readEnd(events: readonly CallEvent[]) {
  const last = events.at(-1);
  return last?.kind === 'ended' ? last.call.end : last;
}

test('the page is found under its secret address alone, on this machine alone', async () => {
  const { url } = await startTester();
  const { origin, host, pathname } = new URL(url);
  expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/[\w-]{32}\/$/);
  expect((await ask(url)).status).toBe(200);
  expect((await ask(url, { headers: { host: host.replace('127.0.0.1', 'localhost') } })).status).toBe(200);
  for (const path of [
    '/',
    '/page.js',
    '/commands',
    pathname.slice(0, -1),
    `${pathname.slice(0, -2)}/`,
    `${pathname}nothing`,
    `${pathname}../`,
  ]) {
    expect([path, (await ask(origin + path)).status]).toEqual([path, 404]);
  }
  expect((await ask(url, { headers: { host: 'evil.example' } })).status).toBe(421);
  expect((await ask(url, { headers: { origin: 'https://evil.example' } })).status).toBe(403);
  expect((await ask(url, { headers: { 'sec-fetch-site': 'cross-site' } })).status).toBe(403);
});

test('every answer carries the page’s policy, the refusals included', async () => {
  const { url } = await startTester();
  const { origin } = new URL(url);
  for (const at of [url, `${url}page.js`, `${url}page.css`, `${url}commands`, `${url}calls/7`, `${origin}/`]) {
    const { headers } = await ask(at);
    expect(headers).toMatchObject(SECURITY_HEADERS);
    expect(headers).not.toHaveProperty('access-control-allow-origin');
  }
});

test('another page cannot have anything done', async () => {
  const { url, sandbox } = await startTester({ access: 'full' });
  const { origin } = new URL(url);
  const json = { 'content-type': 'application/json' };
  const body = JSON.stringify({ command: 'GetUsers', args: {}, target: 'default', form: 'auto' });
  const method = 'POST';
  expect((await ask(`${url}call`, { method, headers: json, body })).status).toBe(403);
  expect((await ask(`${url}call`, { method, headers: { ...json, origin: 'null' }, body })).status).toBe(403);
  expect((await ask(`${url}call`, { method, headers: { origin, 'content-type': 'text/plain' }, body })).status).toBe(415);
  expect((await ask(`${url}call`, { method, headers: { ...json, origin, 'sec-fetch-site': 'same-site' }, body })).status).toBe(403);
  expect((await ask(`${url}call`)).status).toBe(404);
  expect((await ask(`${url}call`, { method: 'OPTIONS', headers: { origin: 'https://evil.example' } })).status).toBe(403);
  expect(sandbox.requests).toEqual([]);
});

test('the page server listens on the loopback address and on no other', async () => {
  const { url } = await startTester();
  const reached = await new Promise<boolean>((resolve) => {
    // Another address of the same machine: a server on all addresses would answer there too.
    const socket = connect({ host: '127.0.0.2', port: Number(new URL(url).port) }, () => resolve(true));
    socket.once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
  expect(reached).toBe(false);
});

test('a request that makes no sense is refused in a sentence', async () => {
  const { url } = await startTester();
  const { origin } = new URL(url);
  const headers = { origin, 'content-type': 'application/json' };
  expect(await ask(`${url}call`, { method: 'POST', headers, body: '{' })).toMatchObject({
    status: 400,
    body: '{"error":"The request is no JSON."}',
  });
  expect((await post(url, 'call', { command: 'GetUsers' })).status).toBe(400);
  expect((await post(url, 'call', { command: 'Nothing', args: {}, target: 'default', form: 'auto' })).status).toBe(404);
  expect((await post(url, 'call', { repeat: 5 })).status).toBe(404);
  expect((await post(url, 'copy', { call: 5, exchange: 1, as: 'curl' })).status).toBe(404);
  expect(await post(url, 'call', 'x'.repeat(1024 * 1024))).toMatchObject({
    status: 413,
    body: '{"error":"The request is larger than 1048576 bytes."}',
  });
});

test('arguments are checked before anything is sent, each problem with its field', async () => {
  const { url, sandbox } = await startTester({ access: 'full' });
  expect(await call(url, 'VerifyStore', { id: 'x', other: 1 })).toEqual([
    {
      kind: 'invalid',
      problems: [
        { field: 'id', message: 'Invalid input: expected number, received string' },
        { field: 'includeIndexes', message: 'is missing' },
        { message: 'Unrecognized key: "other"' },
      ],
    },
  ]);
  expect(await call(url, 'SetUserPassword', { userName: 'johndoe', password: { fromEnv: 'HOME' } })).toEqual([
    { kind: 'invalid', problems: [{ field: 'password', message: 'fromEnv: must begin with MAILSTORE_SECRET_' }] },
  ]);
  expect(sandbox.requests).toEqual([]);
});

test('the server of the page refuses calls that the access level does not cover', async () => {
  const { url, sandbox } = await startTester();
  expect(readEnd(await call(url, 'DeleteUser', { userName: 'johndoe' }))).toEqual({
    kind: 'error',
    message: `delete_user is refused: with these arguments it is destructive, and this server runs with MAILSTORE_ACCESS=read-only. To allow it, an administrator sets MAILSTORE_ACCESS=full in the server's configuration and restarts it.`,
  });
  expect(sandbox.requests).toEqual([]);
});

/** A write with a secret that takes no yes. */
const newUser = { userName: 'jane.roe', privileges: ['login'], authentication: 'integrated', password: 'Quiet-Harbour-41' };

test('no answer carries a secret: not the password of the login, not one that was written into a form', async () => {
  const { url, sandbox } = await startTester({ access: 'read-write' });
  const events = await call(url, 'CreateUser', newUser);
  expect(readEnd(events)).toMatchObject({ kind: 'value' });
  const { body: calls } = await ask(`${url}news`);
  const { calls: [{ id } = { id: 0 }] = [] } = JSON.parse(calls) as News;
  const texts = [JSON.stringify(events), calls, (await ask(`${url}calls/${id}`)).body];
  for (const as of ['curl', 'powershell', 'mcp']) texts.push((await post(url, 'copy', { call: id, exchange: 2, as })).body);
  const login = Buffer.from(`${sandbox.username}:${sandbox.password}`).toString('base64');
  for (const text of texts) {
    expect(text).not.toContain('Quiet-Harbour-41');
    expect(text).not.toContain(sandbox.password);
    expect(text).not.toContain(login);
  }
  expect(sandbox.world.user('jane.roe').password).toBe('Quiet-Harbour-41');
});

test('a call is made again as it was, its secret included', async () => {
  const { url, sandbox } = await startTester({ access: 'read-write' });
  await call(url, 'CreateUser', newUser);
  const { users } = sandbox.world.state;
  users.splice(
    users.findIndex(({ userName }) => userName === 'jane.roe'),
    1,
  );
  await post(url, 'call', { repeat: 1 });
  expect(sandbox.world.user('jane.roe').password).toBe('Quiet-Harbour-41');
  expect((await fetchNews(url)).calls?.map(({ id }) => id)).toEqual([2, 1]);
});

test('a name is sent as it is where it was shown with what hides in it made visible', async () => {
  const { url, sandbox } = await startTester();
  sandbox.world.user('johndoe').userName = 'john\u202Edoe';
  const events = await call(url, 'GetUserInfo', { userName: 'john[U+202E]doe' });
  expect(readEnd(events)).toMatchObject({ kind: 'value' });
});

describe('a tester that was started without a terminal asks no one and takes no answer', () => {
  /** Sends what a program could send for a yes, with ids and codes that it makes up. */
  async function answerYes(url: string): Promise<string[]> {
    const bodies: string[] = [];
    for (const id of ['', '1', 'AAAAAAAAAAAAAAAA']) {
      for (const code of ['', '222222']) bodies.push((await post(url, 'answer', { id, answer: 'yes', code })).body);
    }
    return bodies;
  }

  test.each<readonly [what: string, access: 'read-write' | 'full', command: string, args: Record<string, unknown>]>([
    ['a destructive command', 'full', 'DeleteUser', { userName: 'johndoe' }],
    ['a command whose name would have to be typed', 'full', 'DetachStore', { id: 2 }],
    ['a write with a risk', 'read-write', 'SetUserPrivileges', { userName: 'johndoe', privileges: ['admin'] }],
  ])(
    'a tester that was started without a terminal asks no one and takes no answer for %s, which fails with the id of an approval',
    async (_what, access, command, args) => {
      const { url, sandbox } = await startTester({ access });
      const before = JSON.stringify(sandbox.world.state);
      const calling = call(url, command, args);
      const answers = await answerYes(url);
      const events = await calling;
      answers.push(...(await answerYes(url)));
      expect(new Set(answers)).toEqual(new Set(['{"isKnown":false}']));
      expect(events.filter(({ kind }) => kind === 'question')).toEqual([]);
      expect(readEnd(events)).toEqual({
        kind: 'error',
        message: expect.stringMatching(/cannot ask a person.* approve [2-9a-y]{8} /) as string,
      });
      expect(sandbox.requests.filter(({ path }) => path.endsWith(`/${command}`))).toEqual([]);
      expect(JSON.stringify(sandbox.world.state)).toBe(before);
    },
  );

  test('a tester that was started without a terminal asks no one and takes no answer for the cancellation of a destructive command, which fails with the id of an approval', async () => {
    const sandbox = await sandboxForTest({ runSeconds: 60 });
    const onElicit = () => ({ action: 'accept', content: { confirm: true } }) as const;
    const server = untilTestEnds(await startServer({ sandbox, access: 'full', onElicit }));
    const { structured } = await callTool(server, 'recover_store', { id: 6, recoverDeletedMessages: false });
    const env = { ...process.env, ...settingsFor(sandbox), MAILSTORE_STATE_DIR: server.stateDir };
    const tester = spawn(process.execPath, [BINARY, 'tester', '--json', '--access', 'full'], { env, stdio: ['ignore', 'pipe', 'inherit'] });
    onTestFinished(() => void tester.kill('SIGINT'));
    const [line] = (await once(createInterface({ input: tester.stdout }), 'line')) as [string];
    const { url } = JSON.parse(line) as { url: string };
    const { body } = await post(url, `tasks/${String(structured['taskId'])}/cancel`, {});
    const events = body
      .trimEnd()
      .split('\n')
      .map((event) => JSON.parse(event) as CancelEvent);
    expect(new Set(await answerYes(url))).toEqual(new Set(['{"isKnown":false}']));
    expect(events).toEqual([
      {
        kind: 'problem',
        problem: expect.stringMatching(/^cancel_task was not run: .*cannot ask a person.* approve [2-9a-y]{8} /) as string,
      },
    ]);
    expect(sandbox.requests.some(({ path }) => path.includes('cancel'))).toBe(false);
  });
});

test('a change says how a terminal puts it back, unless the archive ends with the tester', async () => {
  const { url } = await startTester({ access: 'read-write' });
  const args = { userName: 'johndoe', fullName: 'Jack' };
  const revert = expect.stringMatching(
    /^(?:mailstore-mcp|\S+ \S+\/dist\/mailstore-mcp\.cjs) changes revert 1 --state-dir \/\S+$/,
  ) as string;
  expect(readEnd(await call(url, 'SetUserFullName', args))).toMatchObject({ change: { number: 1, revert } });

  const embedded = spawn(process.execPath, [BINARY, 'tester', '--sandbox', '--json', '--access', 'read-write']);
  onTestFinished(() => void embedded.kill('SIGINT'));
  const [line] = (await once(createInterface({ input: embedded.stdout }), 'line')) as [string];
  const end = readEnd(await call((JSON.parse(line) as { url: string }).url, 'SetUserFullName', args, 'sandbox'));
  expect(end).toMatchObject({ change: { number: 1, after: { fullName: 'Jack' } } });
  expect(JSON.stringify(end)).not.toContain('revert');
});

test('the end of a long command is kept and shown as often as it is asked for', async () => {
  const { url } = await startTester();
  const end = readEnd(await call(url, 'VerifyStore', { id: 1, includeIndexes: false }));
  expect(end?.kind).toBe('task');
  let news = await fetchNews(url);
  for (let [task] = news.tasks; task?.status === 'running'; [task] = news.tasks)
    news = await fetchNews(url, `?tasks=${task.taskId}:${task.revision}&calls=${news.callsRevision}`);
  const [task] = news.tasks;
  expect(task).toMatchObject({ command: 'VerifyStore', status: 'succeeded' });
  expect((await fetchNews(url)).tasks).toEqual([task]);
  const { exchanges } = JSON.parse((await ask(`${url}calls/1`)).body) as CallRecord;
  expect(exchanges.map(({ purpose }) => purpose).filter((purpose) => purpose === 'status').length).toBeGreaterThan(0);
});

test('the tester ends with Ctrl-C while a page is open and a command runs, and the command goes on', async () => {
  const { url, sandbox, end } = await startTester({ access: 'full', sandbox: { runSeconds: 60 } });
  await call(url, 'VerifyStore', { id: 1, includeIndexes: false });
  const held = ask(`${url}news?tasks=&calls=1`).catch(() => 'cut off');
  const [code] = await Promise.all([end(), held]);
  expect(code).toBe(0);
  expect(sandbox.requests.filter(({ path }) => path.includes('cancel'))).toEqual([]);
});

test.each([
  [['--port', '99999'], "--port is '99999', but must be a whole number from 0 to 65535."],
  [['--prot', '1'], 'Unknown option --prot; did you mean --port?'],
  [['--access', 'all'], "--access is 'all'"],
])('%j is refused in one line', async (args, said) => {
  const { code, stdout, stderr } = await runBinary(['tester', '--sandbox', ...args]);
  expect({ code, stdout, lines: stderr.trimEnd().split('\n').length }).toEqual({ code: 2, stdout: '', lines: 1 });
  expect(stderr).toContain(said);
});

test('a port that is taken is refused in one line', async () => {
  const { url } = await startTester();
  const { port } = new URL(url);
  const { code, stderr } = await runBinary(['tester', '--sandbox', '--port', port]);
  expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining('a free port (EADDRINUSE)') as string });
});
