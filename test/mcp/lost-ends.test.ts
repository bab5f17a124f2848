import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startSandbox, type Sandbox, type SandboxOptions } from '../../src/sandbox/sandbox.ts';
import {
  callTool,
  modernMeta,
  readAnswer,
  startPipe,
  startServer,
  type RunningServer,
  type ServerOptions,
  type ToolAnswer,
} from '../helpers/start-server.ts';
import { untilRunning } from '../helpers/until-running.ts';

const REBUILD = { name: 'rebuild_store_index', arguments: { id: 3, folder: 'amira' } };
const API_VERSIONS = ['modern', 'legacy', 'legacy-xml'] as const;

/** What a client sends that declares the tasks extension. */
const WITH_TASKS = {
  ...modernMeta,
  'io.modelcontextprotocol/clientCapabilities': { extensions: { 'io.modelcontextprotocol/tasks': {} } },
};

const LOST_NOTE = 'The connection broke while the server was answering; the end was in that answer, or the server was restarted.';

interface LostEnd {
  readonly answer: ToolAnswer;
  /** How often the command was sent. */
  readonly sent: number;
}

const running: { close(): Promise<void> }[] = [];

/** Resolves when a server and its sandbox run; both end after the last test. */
async function startPair(options: SandboxOptions, serverOptions: Omit<ServerOptions, 'sandbox'> = {}) {
  const sandbox = await startSandbox({ seed: 'small', ...options });
  running.push(sandbox);
  const server = await startServer({ ownProcess: true, sandbox, access: 'read-write', ...serverOptions });
  running.unshift(server);
  return { sandbox, server };
}

/** Starts the command, lets `lose` lose its end, and asks for the status until the task has ended. */
async function followTask(
  { sandbox, server }: { readonly sandbox: Sandbox; readonly server: RunningServer },
  lose: () => Promise<void> = async () => {},
): Promise<LostEnd> {
  const { structured: started } = await callTool(server, REBUILD.name, REBUILD.arguments);
  await untilRunning(async () => callTool(server, 'get_task_status', { taskId: started['taskId'] }));
  await lose();
  for (;;) {
    const answer = await callTool(server, 'get_task_status', { taskId: started['taskId'], waitSeconds: 10 });
    if (['starting', 'running'].includes(String(answer.structured['status']))) continue;
    const sent = sandbox.requests.filter(({ path }) => path.toLowerCase().includes('/invoke/rebuildstoreindex')).length;
    return { answer, sent };
  }
}

/** Follows the command as a task of the client, and returns the first line of its result. */
async function readTaskResult({ client }: RunningServer): Promise<string | undefined> {
  await client.listTools();
  for await (const message of client.experimental.tasks.callToolStream(REBUILD)) {
    if (message.type === 'error') throw message.error;
    if (message.type === 'result') return readAnswer(message.result).text.split('\n', 1)[0];
  }
  return undefined;
}

// A server has to deny a token for a minute before its end counts as lost. All wait for the same minute.
describe('the end of a long command that is lost', () => {
  const ends = new Map<string, LostEnd>();
  let result: string | undefined;
  let extensionEnd: Readonly<Record<string, unknown>> = {};

  beforeAll(async () => {
    const lostOnTheWay = API_VERSIONS.map(async (api) => {
      ends.set(api, await followTask(await startPair({ faults: ['lost-end'], runSeconds: 0.1 }, { api })));
    });
    const restart = async () => {
      const pair = await startPair({ runSeconds: 100 }, { env: { MAILSTORE_INLINE_WAIT_MS: '0' } });
      ends.set('restart', await followTask(pair, async () => pair.sandbox.restart()));
    };
    const protocolTask = async () => {
      const { server } = await startPair({ faults: ['lost-end'], runSeconds: 0.1 });
      result = await readTaskResult(server);
    };
    const extensionTask = async () => {
      const sandbox = await startSandbox({ seed: 'small', faults: ['lost-end'], runSeconds: 0.1 });
      const pipe = startPipe({ ownProcess: true, sandbox, access: 'read-write' });
      running.unshift(pipe, sandbox);
      const { result: started } = await pipe.request('tools/call', { ...REBUILD, _meta: WITH_TASKS });
      do {
        await new Promise((resolve) => setTimeout(resolve, 1000));
        extensionEnd = (await pipe.request('tasks/get', { taskId: started?.['taskId'], _meta: WITH_TASKS })).result ?? {};
      } while (extensionEnd['status'] === 'working');
    };
    await Promise.all([...lostOnTheWay, restart(), protocolTask(), extensionTask()]);
  }, 240_000);

  afterAll(async () => {
    for (const each of running) await each.close();
  });

  test.each(API_VERSIONS)(
    'the end of a long command that is lost on its way in the %s form is unknown, with the reason and the evidence, and nothing is sent again',
    (api) => {
      const { answer, sent } = ends.get(api) ?? expect.fail('the task did not end');
      const { structured, text, isError } = answer;
      expect(isError).toBe(false);
      expect(structured).toMatchObject({
        status: 'unknown',
        note: LOST_NOTE,
        evidence: [{ source: 'GetStoreIndexes', data: [{ storeId: 3, folder: 'amira', needsRebuild: false }] }],
      });
      expect(structured).not.toHaveProperty('result');
      expect(text).toContain('It is not known how RebuildStoreIndex ended. Next: read the state that it changes before you repeat it.');
      expect(sent).toBe(1);
    },
  );

  test('the end of a long command that is lost by a restart of MailStore is unknown', () => {
    expect(ends.get('restart')).toMatchObject({ answer: { structured: { status: 'unknown' } }, sent: 1 });
  });

  test('is no failure for a client with tasks of revision 2025-11-25: the result says that it is not known', () => {
    expect(result).toBe('It is not known how RebuildStoreIndex ended. Next: read the state that it changes before you repeat it.');
  });

  test('is a call that completed with an error for a client of the tasks extension, which says that the end is not known', () => {
    const { isError, structured, text } = readAnswer(extensionEnd['result']);
    expect([extensionEnd['status'], isError, structured['status']]).toEqual(['completed', true, 'unknown']);
    expect(text).toContain('It is not known how RebuildStoreIndex ended.');
    expect(extensionEnd['statusMessage']).toContain('It is not known how RebuildStoreIndex ended.');
  });
});
