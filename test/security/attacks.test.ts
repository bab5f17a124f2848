import { mkdirSync, readdirSync, renameSync, rmSync, statSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import type { Prompter } from '../../src/guard/prompter.ts';
import { Journal } from '../../src/journal/journal.ts';
import type { Sandbox } from '../../src/sandbox/sandbox.ts';
import { runBinary } from '../helpers/run-binary.ts';
import { startBackend, yesSayer } from '../helpers/start-backend.ts';
import { commandNamed } from '../helpers/start-client.ts';
import {
  callTool,
  initialize,
  modernMeta,
  readAnswer,
  sandboxForTest,
  settingsFor,
  startPipe,
  startServer,
  untilTestEnds,
  type Message,
  type Pipe,
} from '../helpers/start-server.ts';
import { respond, respondJson, startTlsServer } from '../helpers/tls-server.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

const YES = { action: 'accept', content: { confirm: true } } as const;
const FOREIGN = /^\w+ was not run: the answer does not belong to this call/;
const meta = { ...modernMeta, 'io.modelcontextprotocol/clientCapabilities': { elicitation: { form: {} } } };

/** A folder that several processes keep their record in. */
function sharedFolder(): string {
  const folder = temporaryFolder();
  return folder;
}

async function startAsking(options: { readonly env?: Record<string, string>; readonly sandbox?: Sandbox } = {}) {
  const sandbox = options.sandbox ?? (await sandboxForTest());
  const pipe = untilTestEnds(startPipe({ sandbox, access: 'full', ...(options.env && { env: options.env }) }));
  return { sandbox, pipe };
}

const call = async (pipe: Pipe, name: string, args: object, retry: object = {}): Promise<Message> =>
  pipe.request('tools/call', { _meta: meta, name, arguments: args, ...retry });

/** Has a tool ask, and returns the state that its question leaves with the client. */
async function question(pipe: Pipe, name: string, args: object): Promise<string> {
  const { result } = await call(pipe, name, args);
  expect(result?.['resultType']).toBe('input_required');
  return String(result?.['requestState']);
}

/** True for a question that says that what an earlier yes was given to has changed. */
function askedAgain(result: Message['result']): boolean {
  return result?.['resultType'] === 'input_required' && JSON.stringify(result).includes('Nothing was run yet: what an earlier yes');
}

const sent = ({ requests }: Sandbox, command: string) => requests.filter(({ path }) => path.endsWith(`/${command}`)).length;

/** Returns the requests that no warm-up makes; that comes by a timer, with any calls. */
function sentForCalls({ requests }: Sandbox): readonly string[] {
  return requests.map(({ path }) => path).filter((path) => !/\/(?:get-metadata|GetServerInfo)$/.test(path));
}

describe('a yes is void', () => {
  test('a yes is void when another object has the id by then', async () => {
    const { sandbox, pipe } = await startAsking();
    const requestState = await question(pipe, 'detach_store', { id: 2 });
    const [store, other] = [sandbox.world.store(2), sandbox.world.store(3)];
    [store.id, other.id] = [3, 2];
    const { result } = await call(
      pipe,
      'detach_store',
      { id: 2 },
      { requestState, inputResponses: { confirm: { action: 'accept', content: { confirm: '2024' } } } },
    );
    expect([askedAgain(result), sent(sandbox, 'DetachStore')]).toEqual([true, 0]);
  });

  test('a yes is void when the job has another command by then', async () => {
    const { sandbox, pipe } = await startAsking();
    const requestState = await question(pipe, 'run_job_async', { id: 4 });
    sandbox.world.job(4).action = 'ProcessRetentionPolicies';
    const { result } = await call(pipe, 'run_job_async', { id: 4 }, { requestState, inputResponses: { confirm: YES } });
    expect([askedAgain(result), sent(sandbox, 'RunJobAsync')]).toEqual([true, 0]);
  });

  test('a yes is void when the object has changed while somebody at this machine thought about it', async () => {
    const sandbox = await sandboxForTest();
    const { guard, stateDir } = startBackend(sandbox);
    const prompts: string[] = [];
    const slow: Prompter = {
      channel: 'terminal',
      ask: async ({ prompt }) => {
        prompts.push(prompt);
        sandbox.world.user('amira').fullName = 'Somebody Else';
        return { kind: prompts.length === 1 ? 'accepted' : 'declined' };
      },
    };
    const deletion = { command: commandNamed('DeleteUser'), args: { userName: 'amira' }, target: 'default' };
    await expect(guard.run(deletion, { client: { claimed: 'test' }, prompter: slow })).rejects.toThrow('the question was declined');
    expect(prompts[1]).toContain('- Delete user amira (Amira Okoye)?\n');
    expect(prompts[1]).toContain('\n+ Delete user amira (Somebody Else)?');
    expect(sent(sandbox, 'DeleteUser')).toBe(0);
    const lines = (await runBinary(['audit', '--json', '--state-dir', stateDir])).stdout.trimEnd().split('\n');
    expect(lines.filter((line) => line.includes('"command"')).map((line) => JSON.parse(line) as object)).toMatchObject([
      { consent: { channel: 'terminal', answer: 'invalid', prompt: prompts[0] }, reason: 'What was shown has changed.' },
      { consent: { channel: 'terminal', answer: 'declined', prompt: prompts[1] } },
    ]);
    await guard.run(deletion, { client: { claimed: 'test' }, prompter: yesSayer() });
    expect(sent(sandbox, 'DeleteUser')).toBe(1);
  });

  test('a yes is void for the same name in other characters, and for another target', async () => {
    const sandbox = await sandboxForTest();
    const [composed, decomposed] = ['Zo\u00EB', 'Zoe\u0308'];
    for (const userName of [composed, decomposed])
      sandbox.world.state.users.push({ ...structuredClone(sandbox.world.user('amira')), userName, fullName: null });
    const { username, password, fingerprint, url } = sandbox;
    const config = join(sharedFolder(), 'config.json');
    const target = { url, username, password, fingerprint };
    writeFileSync(config, JSON.stringify({ access: 'full', targets: { one: target, two: target } }), { mode: 0o600 });
    const pipe = untilTestEnds(startPipe({ env: { MAILSTORE_CONFIG: config } }));
    const requestState = await question(pipe, 'delete_user', { userName: composed, target: 'one' });
    const answer = { requestState, inputResponses: { confirm: YES } };
    for (const args of [
      { userName: decomposed, target: 'one' },
      { userName: composed, target: 'two' },
    ]) {
      expect(readAnswer((await call(pipe, 'delete_user', args, answer)).result).text).toMatch(FOREIGN);
    }
    expect(sent(sandbox, 'DeleteUser')).toBe(0);
    // The order in which arguments are written means nothing.
    expect(readAnswer((await call(pipe, 'delete_user', { target: 'one', userName: composed }, answer)).result).isError).toBe(false);
    expect(sandbox.world.state.users.map(({ userName }) => userName)).toContain(decomposed);
  });

  test('a yes is void when it comes with a state that was not signed here, or before a question was asked', async () => {
    const { sandbox, pipe } = await startAsking();
    const [body = '', signature] = (await question(pipe, 'delete_user', { userName: 'amira' })).split('.');
    const state = JSON.parse(Buffer.from(body, 'base64url').toString()) as object;
    const own = Buffer.from(JSON.stringify({ ...state, nonce: 'another' })).toString('base64url');
    for (const retry of [
      { requestState: `${own}.${signature}`, inputResponses: { confirm: YES } },
      { inputResponses: { confirm: YES } },
      { requestState: own, inputResponses: { confirm: YES } },
      { requestState: `${own}.${own}`, inputResponses: { confirm: YES } },
      { requestState: '', inputResponses: { confirm: YES } },
      { requestState: '.', inputResponses: { confirm: YES } },
    ]) {
      const { result, error } = await call(pipe, 'delete_user', { userName: 'amira' }, retry);
      expect(error !== undefined || readAnswer(result).isError).toBe(true);
    }
    await pipe.close();
    const older = untilTestEnds(startPipe({ sandbox, access: 'full' }));
    await older.request('initialize', { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'test', version: '1' } });
    const forged = await older.request('tools/call', {
      name: 'delete_user',
      arguments: { userName: 'amira' },
      inputResponses: { confirm: YES },
      requestState: own,
    });
    expect(forged.error !== undefined || readAnswer(forged.result).isError).toBe(true);
    expect(sent(sandbox, 'DeleteUser')).toBe(0);
  });
});

describe('of two processes at the same time', () => {
  const args = { id: '4:1', folder: 'johndoe/Inbox', reason: 'asked for' };

  async function startTwo() {
    const sandbox = await sandboxForTest();
    const env = { MAILSTORE_STATE_DIR: sharedFolder() };
    const [{ pipe: first }, { pipe: second }] = await Promise.all([startAsking({ sandbox, env }), startAsking({ sandbox, env })]);
    return { sandbox, first, second, folder: env.MAILSTORE_STATE_DIR };
  }

  test('one runs the answer to a question, whichever of them has put it', async () => {
    const { sandbox, first, second } = await startTwo();
    const requestState = await question(first, 'delete_message', args);
    await call(second, 'get_server_info', {});
    const answer = { requestState, inputResponses: { confirm: { action: 'accept', content: { confirm: '4:1' } } } };
    const answered = await Promise.all([first, second, first, second].map(async (pipe) => call(pipe, 'delete_message', args, answer)));
    expect(answered.filter(({ result }) => !readAnswer(result).isError)).toHaveLength(1);
    expect(sent(sandbox, 'DeleteMessage')).toBe(1);
  });

  test('one uses an approval', async () => {
    const { sandbox, first, second, folder } = await startTwo();
    const unasked = async (pipe: Pipe) =>
      readAnswer((await pipe.request('tools/call', { _meta: modernMeta, name: 'delete_message', arguments: args })).result);
    const id = / approve ([2-9a-y]{8})/.exec((await unasked(first)).text)?.[1] ?? '';
    await unasked(second);
    const journal = Journal.open(folder, { clock: systemClock });
    expect(await journal.approvals.grant(id)).toBe('pending');
    journal.close();
    const answered = await Promise.all([first, second, first, second].map(unasked));
    expect(answered.filter(({ isError }) => !isError)).toHaveLength(1);
    expect(sent(sandbox, 'DeleteMessage')).toBe(1);
  });
});

describe('arguments', () => {
  const withProto = (json: string, name: string): object => JSON.parse(json.replace('NAME', name)) as object;

  test('arguments that are named like parts of every object are unknown ones, and so are such tools', async () => {
    const { sandbox, pipe } = await startAsking();
    for (const name of ['constructor', 'toString', 'hasOwnProperty']) {
      const { result } = await call(pipe, 'get_user_info', withProto('{"userName": "amira", "NAME": {"access": "full"}}', name));
      expect([name, readAnswer(result).text]).toEqual([name, expect.stringContaining(`get_user_info does not take ${name}`)]);
      expect(readAnswer((await call(pipe, name, {})).result).text).toContain(`There is no tool '${name}'`);
    }
    expect(readAnswer((await call(pipe, '__proto__', {})).result).text).toContain("There is no tool '__proto__'");
    expect(sentForCalls(sandbox)).toEqual([]);
  });

  test('arguments that would give every object a property give none', async () => {
    const { sandbox, pipe } = await startAsking();
    const args = withProto('{"userName": "amira", "NAME": {"confirm": true, "access": "full", "secret": true}}', '__proto__');
    // The protocol library would drop the field without a word.
    expect((await call(pipe, 'delete_user', args)).error).toMatchObject({
      code: -32602,
      message: expect.stringContaining('__proto__') as unknown,
    });
    expect(readAnswer((await call(pipe, 'get_user_info', { userName: 'amira' })).result).structured).not.toHaveProperty('access');
    expect(sent(sandbox, 'DeleteUser')).toBe(0);
  });

  test('inside an object belong to what a yes is given to, with any names', async () => {
    const { sandbox, pipe } = await startAsking();
    const requestState = await question(
      pipe,
      'set_retention_policies',
      withProto('{"config": {"policies": [], "NAME": {"a": 1}}}', 'constructor'),
    );
    const answer = { requestState, inputResponses: { confirm: YES } };
    expect(readAnswer((await call(pipe, 'set_retention_policies', { config: { policies: [] } }, answer)).result).text).toMatch(FOREIGN);
    expect(sent(sandbox, 'SetRetentionPolicies')).toBe(0);
  });

  test('arguments of a megabyte are asked about in full, and change nothing without a yes', async () => {
    const sandbox = await sandboxForTest();
    const asked: string[] = [];
    const server = untilTestEnds(
      await startServer({
        sandbox,
        access: 'full',
        onElicit: ({ message }) => {
          asked.push(message);
          return { action: 'decline' };
        },
      }),
    );
    const reason = `x${' '.repeat(1_000_000)}y`;
    expect((await callTool(server, 'delete_message', { id: '4:1', folder: 'johndoe/Inbox', reason })).isError).toBe(true);
    expect(asked[0]?.split('\n')[0]).toMatch(/^Delete message 4:1 "/);
    expect(asked[0]?.split('\n').at(-1)).toMatch(/\(cut; \d+ characters in all\) \(delete_message\)$/);
    expect(sent(sandbox, 'DeleteMessage')).toBe(0);
  });
});

test.each([
  ['a second command', 'VerifyStores --includeIndexes="true"; DeleteUser --userName="amira"'],
  ['one behind a line break', 'VerifyStores --includeIndexes="true"\nDeleteUser --userName="amira"'],
  [
    'one behind a quote that is escaped for one reader and not for another',
    String.raw`VerifyStores --includeIndexes="\" --x="" DeleteUser --userName="amira"`,
  ],
  ['one that creates a job that deletes', 'CreateJob --name="x" --action="ProcessRetentionPolicies" --owner="admin" --time="01:00"'],
  ['one in other letters', 'deleteuser --userName="amira"'],
  ['an unknown one', 'FormatEverything --now="true"'],
])('a job with %s in its action is refused where destructive commands are', async (_what, action) => {
  const sandbox = await sandboxForTest();
  const server = untilTestEnds(await startServer({ sandbox, access: 'read-write' }));
  const { isError, text } = await callTool(server, 'create_job', { name: 'Job', action, owner: 'admin', time: '01:00' });
  expect([isError, text]).toEqual([true, expect.stringMatching(/^create_job is refused: with these arguments it is destructive/)]);
  expect(sentForCalls(sandbox)).toEqual([]);
});

describe('a record that fails', () => {
  const write = { userName: 'johndoe', fullName: 'Johnny' };

  async function startWithFile() {
    const sandbox = await sandboxForTest();
    const folder = sharedFolder();
    const pipe = untilTestEnds(startPipe({ sandbox, access: 'full', env: { MAILSTORE_STATE_DIR: folder } }));
    await initialize(pipe);
    expect(readAnswer((await pipe.request('tools/call', { name: 'get_server_info', arguments: {} })).result).isError).toBe(false);
    const tool = async (name: string, args: object) => readAnswer((await pipe.request('tools/call', { name, arguments: args })).result);
    return { sandbox, folder, pipe, tool };
  }

  test.each([
    ['something else is in the place of the audit', (path: string) => mkdirSync(path)],
    ...(process.platform === 'linux' ? [['the disk of the audit is full', (path: string) => symlinkSync('/dev/full', path)] as const] : []),
  ] as const)('refuses writes and goes on reading when %s', async (_what, spoil) => {
    const { sandbox, folder, pipe, tool } = await startWithFile();
    const audit = join(folder, 'audit.jsonl');
    renameSync(audit, `${audit}.aside`);
    spoil(audit);
    expect(await tool('set_user_full_name', write)).toMatchObject({ isError: true, text: expect.stringContaining(audit) as string });
    expect((await tool('delete_user', { userName: 'amira' })).isError).toBe(true);
    expect((await tool('rebuild_store_index', { id: 3, folder: 'amira' })).isError).toBe(true);
    expect(sandbox.requests.filter(({ path }) => /Set|Delete|Rebuild/.test(path))).toEqual([]);
    expect(await tool('get_user_info', { userName: 'johndoe' })).toMatchObject({ isError: false, structured: { fullName: 'John Doe' } });
    expect(pipe.stderr).toContain('a call is missing in the audit');
    rmSync(audit, { recursive: true });
    renameSync(`${audit}.aside`, audit);
    expect((await tool('set_user_full_name', write)).isError).toBe(false);
    expect((await runBinary(['audit', 'verify', '--state-dir', folder])).code).toBe(0);
  });

  test('refuses writes and goes on reading when the journal is gone and none can be made in its place', async () => {
    const { sandbox, folder, tool } = await startWithFile();
    unlinkSync(join(folder, 'journal.sqlite'));
    mkdirSync(join(folder, 'journal.sqlite'));
    expect((await tool('set_user_full_name', write)).isError).toBe(true);
    expect((await tool('delete_user', { userName: 'amira' })).isError).toBe(true);
    expect((await tool('rebuild_store_index', { id: 3, folder: 'amira' })).isError).toBe(true);
    expect(sandbox.requests.filter(({ path }) => /Set|Delete|Rebuild/.test(path))).toEqual([]);
    expect((await tool('get_user_info', { userName: 'johndoe' })).isError).toBe(false);
  });
});

describe('the network', () => {
  const redirectTo = (url: string) => respond(`302 Found\r\nLocation: ${url}/api/invoke/GetServerInfo`, 'text/plain', '');

  test('cannot send a request or its login elsewhere by a redirect', async () => {
    const other = await startTlsServer(() => respondJson({ statusCode: 'succeeded', result: { version: 'x', machineName: 'evil' } }));
    const far = await startTlsServer(({ path }) =>
      path === '/api/get-metadata' ? respond('404 Not Found', 'text/plain', '') : redirectTo(other.url),
    );
    const pipe = untilTestEnds(startPipe({ env: { ...settingsFor(far), MAILSTORE_API: 'modern' } }));
    expect(readAnswer((await call(pipe, 'get_server_info', {})).result)).toMatchObject({
      isError: true,
      text: expect.stringContaining('HTTP 302') as string,
    });
    expect(other.connections).toBe(0);
  });

  test('cannot put itself in between by the variables of a proxy', async () => {
    const proxy = await startTlsServer(() => respondJson({}));
    const address = proxy.url.replace('https', 'http');
    const { pipe } = await startAsking({
      env: { HTTPS_PROXY: address, https_proxy: address, ALL_PROXY: address, NODE_USE_ENV_PROXY: '1' },
    });
    expect(readAnswer((await call(pipe, 'get_server_info', {})).result).isError).toBe(false);
    expect(proxy.connections).toBe(0);
  });
});

test.skipIf(process.platform === 'win32')('everything that is kept is for its owner alone under any umask', async () => {
  const sandbox = await sandboxForTest();
  const previous = process.umask(0);
  onTestFinished(() => void process.umask(previous));
  const folder = join(sharedFolder(), 'state');
  const { pipe } = await startAsking({ sandbox, env: { MAILSTORE_STATE_DIR: folder } });
  await question(pipe, 'delete_user', { userName: 'amira' });
  await call(pipe, 'create_user', { userName: 'new.user', privileges: ['login'], password: { generate: true } });
  await pipe.request('tools/call', { _meta: modernMeta, name: 'delete_user', arguments: { userName: 'amira' } });
  await call(pipe, 'rebuild_store_index', { id: 3, folder: 'amira' });
  const kept = readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name));
  expect(kept.map((path) => relative(folder, path).replace(/[^/]+\.txt$/, '*')).toSorted()).toEqual(
    expect.arrayContaining(['audit.jsonl', 'consent.key', 'journal.sqlite', 'secrets', 'secrets/*']),
  );
  expect([folder, ...kept].filter((path) => (statSync(path).mode & 0o077) !== 0).map((path) => relative(folder, path))).toEqual([]);
});

test('a word that a secret hides in a read is not written back in its place', async () => {
  const sandbox = await sandboxForTest();
  const server = untilTestEnds(
    await startServer({ sandbox, access: 'read-write', env: { ...settingsFor(sandbox), MAILSTORE_SECRET_WORD: 'MailStore' } }),
  );
  const store = sandbox.world.store(3);
  store.databasePath = String.raw`E:\MailStore\2025`;
  expect((await callTool(server, 'set_store_properties', { id: 3, indexPath: String.raw`F:\Index` })).text).toContain(
    'databasePath and contentPath would be cleared when left out',
  );
  expect(store.databasePath).toBe(String.raw`E:\MailStore\2025`);
  sandbox.world.user('johndoe').fullName = 'MailStore Desk';
  const { structured } = await callTool(server, 'set_user_full_name', { userName: 'johndoe', fullName: 'John' });
  expect(structured['change']).toMatchObject({ note: 'It cannot be put back: no call restores exactly what was read before it.' });
  expect((await callTool(server, 'revert_change', { number: 1 })).isError).toBe(true);
  expect(sandbox.world.user('johndoe').fullName).toBe('John');
});
