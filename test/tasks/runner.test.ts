import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import type { ApiForm } from '../../src/base/target.ts';
import { Journal } from '../../src/journal/journal.ts';
import type { TaskRecord } from '../../src/journal/task-record.ts';
import { TaskRunner, type TaskCall } from '../../src/tasks/runner.ts';
import { ManualClock } from '../helpers/manual-clock.ts';
import { collectingLog, commandNamed, startClient, startTask } from '../helpers/start-client.ts';
import { type RawAnswer, type TlsServer, respond, respondJson, respondStatus, startTlsServer } from '../helpers/tls-server.ts';
import { start } from '../sandbox/client.ts';

/** A clock that stands still until the test moves it, and remembers which pauses were asked for. */
class RecordingClock extends ManualClock {
  readonly pauses: number[] = [];

  override sleep(ms: number, signal?: AbortSignal): Promise<void> {
    this.pauses.push(ms);
    return super.sleep(ms, signal);
  }
}

const VERIFY: TaskCall = { command: commandNamed('VerifyStore'), args: { id: 3, includeIndexes: false }, target: 'default' };
const COMPACT: TaskCall = { command: commandNamed('CompactStore'), args: { id: 3 }, target: 'default' };

/** How long a test looks for what is about to happen, on a machine that has other things to do. */
const PATIENCE = { timeout: 60_000, interval: 10 };

/** A heartbeat that no test waits for. */
const NEVER_MS = 86_400_000;

function openJournal(clock: ManualClock | typeof systemClock): Journal {
  const folder = mkdtempSync(join(tmpdir(), 'runner-'));
  const journal = Journal.open(folder, { clock });
  onTestFinished(() => {
    journal.close();
    rmSync(folder, { recursive: true, force: true });
  });
  return journal;
}

interface Far {
  readonly url: string;
  readonly username: string;
  readonly password: string;
  readonly fingerprint: string;
}

function startRunner(far: Far) {
  const clock = new RecordingClock();
  const logged: string[] = [];
  const told: TaskRecord[] = [];
  const journal = openJournal(clock);
  const { client } = startClient(far, { api: 'modern' });
  const runner = new TaskRunner({
    clients: new Map([['default', client]]),
    journal: journal.tasks,
    onEnd: (task) => void told.push(task),
    clock,
    log: collectingLog(logged),
    timing: { heartbeatMs: NEVER_MS },
  });
  onTestFinished(async () => runner.close());
  /** Lets the time pass until the task has an end. */
  const readEnd = async ({ taskId }: TaskRecord): Promise<TaskRecord> => {
    await expect
      .poll(async () => {
        await clock.advance(30_000);
        return (await runner.get(taskId)).status;
      }, PATIENCE)
      .toMatch(/^(?:succeeded|failed|cancelled|unknown)$/);
    return runner.get(taskId);
  };
  return { runner, clock, logged, told, readEnd };
}

interface Scripted extends TlsServer {
  /** How often the command was invoked, and how often its status was asked for. */
  count(): { readonly invoked: number; readonly polled: number };
}

/** A modern server without a list of commands; it answers the call with the first of these, and each poll with the next, the last one for ever. */
async function startScripted(first: RawAnswer, ...polls: readonly RawAnswer[]): Promise<Scripted> {
  const server = await startTlsServer(({ path }) => {
    if (path === '/api/get-status') return polls[Math.min(count().polled, polls.length) - 1] ?? null;
    return /^\/api\/invoke\/(?:Verify|Compact)/.test(path) ? first : respond('404 Not Found', 'text/plain', '');
  });
  const count = () => ({
    invoked: server.requests.filter(({ path }) => /^\/api\/invoke\/(?:Verify|Compact)/.test(path)).length,
    polled: server.requests.filter(({ path }) => path === '/api/get-status').length,
  });
  return Object.assign(Object.create(server) as TlsServer, { count });
}

const RUNNING = respondStatus(2);
const SUCCEEDED = respondStatus(9, { statusCode: 'succeeded', result: null, percentProgress: 100 });
const GONE = respond('404 Not Found', 'text/plain', 'The session has expired or the token is wrong.');
const BUSY = respond('503 Service Unavailable', 'text/plain', 'busy');

describe('starting', () => {
  test('a server that cannot be reached refuses the call, and no task is left', async () => {
    const sandbox = await start({ apiDisabled: true });
    const { runner } = startRunner(sandbox);
    await expect(startTask(runner, VERIFY)).rejects.toMatchObject({ code: 'connectionRefused' });
    expect(await runner.list()).toEqual([]);
  });

  test.each<[string, RawAnswer, string]>([
    ['503', BUSY, 'unavailable'],
    ['401', respond('401 Unauthorized', 'text/plain', ''), 'unauthorized'],
    ['404', respond('404 Not Found', 'text/plain', ''), 'pathNotFound'],
  ])('a call that HTTP %s turns away is refused, and its task says that it failed', async (_, answer, code) => {
    const server = await startScripted(answer);
    const { runner } = startRunner(server);
    await expect(startTask(runner, COMPACT)).rejects.toMatchObject({ code });
    expect((await runner.list()).map((task) => task.status)).toEqual(['failed']);
    expect(server.count()).toEqual({ invoked: 1, polled: 0 });
  });

  test.each<[string, RawAnswer, RegExp]>([
    ['no answer', null, /^The connection to .* broke before the answer was complete/],
    [
      'half an answer',
      { cut: 'HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{' },
      /^The connection to .* broke before the answer was complete/,
    ],
    ['a gateway that gave up', respond('504 Gateway Timeout', 'text/html', '<html></html>'), /^A proxy in front of .* \(HTTP 504\)/],
    ['text', respond('200 OK', 'text/plain', 'ok'), /^The answer to CompactStore is not JSON: 'ok'/],
    [
      'an error of the server',
      respond('500 Internal Server Error', 'text/plain', 'Oops.'),
      /^The server answered HTTP 500: Oops\. Whether the call was carried out is not known/,
    ],
  ])('a call that is answered by %s may have begun: its end is unknown, and it is not sent again', async (_, answer, reason) => {
    const server = await startScripted(answer);
    const { runner } = startRunner(server);
    const task = await startTask(runner, COMPACT);
    expect([task.status, (await runner.list()).length]).toEqual(['unknown', 1]);
    expect(task.reason).toMatch(reason);
    expect(server.count().invoked).toBe(1);
  });

  test('a failure that the server reports at once is the end of the task', async () => {
    const failed = { statusCode: 'failed', error: { message: 'Archive store 3 is disabled.', details: 'System.Exception' } };
    const server = await startScripted(respondJson(failed));
    const { runner } = startRunner(server);
    expect(await startTask(runner, VERIFY)).toMatchObject({
      status: 'failed',
      error: 'MailStore could not run VerifyStore: Archive store 3 is disabled.',
    });
  });

  test('a cancellation that the server reports at once is the end of the task', async () => {
    const server = await startScripted(respondStatus(2, { token: null, statusCode: 'cancelled' }));
    const { runner } = startRunner(server);
    expect(await startTask(runner, VERIFY)).toMatchObject({ status: 'cancelled' });
  });

  test('a token that came whole is followed where the connection ends before as many bytes as were announced', async () => {
    const body = JSON.stringify({ error: null, token: 'T', statusVersion: 2, statusCode: 'running', result: null });
    const server = await startScripted({ cut: `HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n${body}` }, SUCCEEDED);
    const { runner, readEnd } = startRunner(server);
    expect((await readEnd(await startTask(runner, VERIFY))).status).toBe('succeeded');
    expect(server.count()).toEqual({ invoked: 1, polled: 1 });
  });

  test('a value at once is the end of the task', async () => {
    const server = await startScripted(SUCCEEDED);
    const { runner } = startRunner(server);
    expect(await startTask(runner, VERIFY)).toMatchObject({ status: 'succeeded', progress: 100 });
    expect(server.count()).toEqual({ invoked: 1, polled: 0 });
  });

  test('the same call while it runs is the same task, however its arguments are ordered', async () => {
    const server = await startScripted(RUNNING, RUNNING);
    const { runner } = startRunner(server);
    const first = await startTask(runner, VERIFY);
    const second = await startTask(runner, { ...VERIFY, args: { includeIndexes: false, id: 3 } });
    expect([second.taskId, second.note]).toEqual([
      first.taskId,
      'This call is already running with the same arguments; no second one was started.',
    ]);
    const other = await startTask(runner, { ...VERIFY, args: { id: 4, includeIndexes: false } });
    expect(other.taskId).not.toBe(first.taskId);
    expect(server.count().invoked).toBe(2);
  });
});

describe('following', () => {
  test('the end is asked for once and handed out as often as it is asked for', async () => {
    const server = await startScripted(RUNNING, respondStatus(3), respondStatus(4), SUCCEEDED, GONE);
    const { runner, clock, readEnd } = startRunner(server);
    const task = await startTask(runner, VERIFY);
    const end = await readEnd(task);
    expect(end).toMatchObject({ status: 'succeeded', progress: 100 });
    await clock.advance(120_000);
    expect([await runner.get(task.taskId), await runner.waitForEnd(task.taskId, 0), await runner.list()]).toEqual([end, end, [end]]);
    expect(server.count()).toEqual({ invoked: 1, polled: 3 });
  });

  test.each<[string, readonly (string | null)[]]>([
    ['comes in full each time', ['a\r\n', 'a\r\nb\r\n', 'a\r\nb\r\nc\r\n']],
    ['comes as news', ['a\r\n', 'b\r\n', 'c\r\n']],
    ['comes as news with pauses', ['a\r\n', null, 'b\r\nc\r\n']],
  ])('a log that %s is kept whole', async (_, [first, second, third]) => {
    const server = await startScripted(
      respondStatus(2, { logOutput: first }),
      respondStatus(3, { logOutput: second }),
      respondStatus(4, { logOutput: third }),
      SUCCEEDED,
    );
    const { runner, readEnd } = startRunner(server);
    const end = await readEnd(await startTask(runner, VERIFY));
    expect(end.messages.map(({ text }) => text)).toEqual(['a', 'b', 'c']);
  });

  test('progress is what the server said last, even where it goes backwards or falls silent', async () => {
    const server = await startScripted(
      respondStatus(2, { percentProgress: 40, statusText: 'Reading' }),
      respondStatus(3, { percentProgress: 30 }),
      respondStatus(4),
    );
    const { runner, clock } = startRunner(server);
    const task = await startTask(runner, VERIFY);
    expect([task.progress, task.statusText]).toEqual([40, 'Reading']);
    await expect
      .poll(async () => {
        await clock.advance(1000);
        return server.count().polled;
      }, PATIENCE)
      .toBeGreaterThan(3);
    expect(await runner.get(task.taskId)).toMatchObject({ status: 'running', progress: 30, statusText: 'Reading' });
  });

  test('a server that is away is asked less and less often, and at once again when it is back', async () => {
    const away = Array.from({ length: 7 }, () => BUSY);
    const server = await startScripted(RUNNING, ...away, respondStatus(3), BUSY, SUCCEEDED);
    const { runner, clock, readEnd, logged } = startRunner(server);
    expect((await readEnd(await startTask(runner, VERIFY))).status).toBe('succeeded');
    expect(clock.pauses.filter((ms) => ms !== NEVER_MS)).toEqual([500, 1000, 2000, 5000, 10_000, 30_000, 30_000, 500]);
    expect(logged[0]).toBe(
      `warn: asking for VerifyStore failed and is tried again: ${server.url} is not available right now (HTTP 503); try again later.`,
    );
    expect(server.count()).toEqual({ invoked: 1, polled: 10 });
  });

  test.each<[string, RawAnswer]>([
    ['a page of a proxy', respond('200 OK', 'text/html', '<html><title>Sign in</title></html>')],
    ['text', respond('200 OK', 'text/plain', 'hello')],
    ['invalid UTF-8', respond('200 OK', 'application/json', Buffer.from([0x7b, 0xff, 0x7d]))],
    ['another object', respondJson({ ok: true })],
    ['a broken connection', null],
    ['HTTP 500', respond('500 Internal Server Error', 'text/plain', 'Oops.')],
  ])('%s in place of a status says nothing of the run, which is followed to its end', async (_, answer) => {
    const server = await startScripted(RUNNING, answer, respondStatus(3), SUCCEEDED);
    const { runner, readEnd } = startRunner(server);
    expect((await readEnd(await startTask(runner, VERIFY))).status).toBe('succeeded');
    expect(server.count()).toEqual({ invoked: 1, polled: 3 });
  });

  test('a token that the server no longer knows makes the end unknown, and nothing is run again', async () => {
    const server = await startScripted(RUNNING, GONE);
    const { runner, clock, readEnd } = startRunner(server);
    const end = await readEnd(await startTask(runner, VERIFY));
    expect(end).toMatchObject({ status: 'unknown' });
    expect(end.reason).toMatch(/^The server no longer knows the command/);
    const { polled } = server.count();
    await clock.advance(120_000);
    expect(server.count()).toEqual({ invoked: 1, polled });
  });

  test.each([
    ['failed', 'failed', 'MailStore could not run VerifyStore: Disk full.'],
    ['cancelled', 'cancelled', undefined],
    ['canceled', 'cancelled', undefined],
  ])('the word %s ends the task as %s', async (statusCode, expected, error) => {
    const server = await startScripted(RUNNING, respondStatus(3, { statusCode, error: { message: 'Disk full.' }, logOutput: 'last line' }));
    const { runner, readEnd } = startRunner(server);
    const end = await readEnd(await startTask(runner, VERIFY));
    expect([end.status, end.error, end.messages.at(-1)?.text]).toEqual([expected, error, 'last line']);
  });
});

describe('who wants to know of ends', () => {
  test.each<[string, RawAnswer]>([
    ['succeeded', SUCCEEDED],
    ['failed', respondStatus(3, { statusCode: 'failed', error: { message: 'Disk full.' } })],
    ['cancelled', respondStatus(3, { statusCode: 'cancelled' })],
    ['unknown', GONE],
  ])('is reported once of a task that is %s, when it is stored', async (status, answer) => {
    const server = await startScripted(RUNNING, answer);
    const { runner, clock, told, readEnd } = startRunner(server);
    const task = await startTask(runner, VERIFY);
    expect(told).toEqual([]);
    const end = await readEnd(task);
    await clock.advance(120_000);
    expect([end.status, told]).toEqual([status, [end]]);
  });

  test('learns from the call itself that its answer was lost', async () => {
    const { runner, told } = startRunner(await startScripted(null));
    const task = await startTask(runner, VERIFY);
    expect([task.status, told]).toEqual(['unknown', []]);
  });
});

describe('closing', () => {
  test('stops the polling and leaves the task running', async () => {
    const server = await startScripted(RUNNING, RUNNING);
    const { runner, clock } = startRunner(server);
    const task = await startTask(runner, VERIFY);
    await expect.poll(() => server.count().polled, PATIENCE).toBe(1);
    await runner.close();
    await clock.advance(120_000);
    expect([server.count(), (await runner.get(task.taskId)).status]).toEqual([{ invoked: 1, polled: 1 }, 'running']);
  });

  test('does not wait for a server that is away', async () => {
    const server = await startScripted(RUNNING, BUSY);
    const { runner } = startRunner(server);
    await startTask(runner, VERIFY);
    await expect.poll(() => server.count().polled, PATIENCE).toBe(1);
    await expect(runner.close()).resolves.toBeUndefined();
  });
});

test('an unknown task is named', async () => {
  const { runner } = startRunner(await startScripted(RUNNING));
  await expect(runner.get('7')).rejects.toThrow("There is no task '7'; list the tasks to see those that are recorded.");
});

test.each<ApiForm>(['modern', 'legacy', 'legacy-xml'])(
  'a run on the emulated server is followed to its end, in the form %s',
  async (api) => {
    const sandbox = await start();
    const { client } = startClient(sandbox, { api });
    const journal = openJournal(systemClock);
    const runner = new TaskRunner({
      clients: new Map([['default', client]]),
      journal: journal.tasks,
      clock: systemClock,
      log: collectingLog([]),
      timing: { shortPollPauseMs: 20 },
    });
    onTestFinished(async () => runner.close());
    const task = await startTask(runner, { ...VERIFY, command: commandNamed('RebuildStoreIndex'), args: { id: 3, folder: 'amira' } });
    const seen: string[] = [];
    const end = await runner.waitForEnd(task.taskId, 15_000, { onChange: ({ status: word }) => seen.push(word) });
    expect([task.status, end.status, end.progress, end.messages.length > 2]).toEqual(['running', 'succeeded', 100, true]);
    expect(new Set(seen)).toEqual(new Set(['running', 'succeeded']));
  },
);
