import { spawnSync } from 'node:child_process';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { systemClock, type Clock } from '../../src/base/clock.ts';
import type { ApiForm } from '../../src/base/target.ts';
import type { MailStoreClient } from '../../src/client/client.ts';
import { Journal } from '../../src/journal/journal.ts';
import { openSqlite, type SqliteEngine } from '../../src/journal/sqlite.ts';
import { FENCE_MS, LEASE_MS } from '../../src/journal/lease.ts';
import type { Holder, TaskRecord } from '../../src/journal/task-record.ts';
import type { Sandbox } from '../../src/sandbox/sandbox.ts';
import { TaskRunner, type RunnerTiming, type TaskCall } from '../../src/tasks/runner.ts';
import { ManualClock } from '../helpers/manual-clock.ts';
import { collectingLog, commandNamed, permitted, startClient, startTask } from '../helpers/start-client.ts';
import { enginesOnFullDisk } from '../helpers/full-disk.ts';
import { type RawAnswer, type TlsServer, respond, respondStatus, startTlsServer } from '../helpers/tls-server.ts';
import { start } from '../sandbox/client.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

const VERIFY: TaskCall = { command: commandNamed('VerifyStore'), args: { id: 3, includeIndexes: false }, target: 'default' };
const BACKUP: TaskCall = {
  command: commandNamed('CreateBackup'),
  args: { path: 'E:\\Backup', excludeSearchIndexes: true },
  target: 'default',
};

const PATIENCE = { timeout: 60_000, interval: 10 };
/** As quick as a machine that has other things to do can follow. */
const QUICK: Partial<RunnerTiming> = {
  adoptMs: 30,
  lookMs: 10,
  heartbeatMs: 200,
  faultPausesMs: [20, 50],
  shortPollPauseMs: 20,
  deniedMs: 60,
};

interface Far {
  readonly url: string;
  readonly username: string;
  readonly password: string;
  readonly fingerprint: string;
}

interface ProcessOptions {
  readonly clock?: Clock;
  readonly api?: ApiForm;
  readonly timing?: Partial<RunnerTiming>;
  readonly engines?: readonly SqliteEngine[];
}

/** What one process has: its own connection to the journal, its own client, its own runner. */
function startProcess(folder: string, far: Far, { clock = systemClock, api = 'modern', timing, engines }: ProcessOptions = {}) {
  const logged: string[] = [];
  const journal = Journal.open(folder, { clock, ...(engines && { engines }) });
  const { client } = startClient(far, { api });
  const runner = new TaskRunner({
    clients: new Map([['default', client]]),
    journal: journal.tasks,
    clock,
    log: collectingLog(logged),
    timing: { ...QUICK, ...timing },
  });
  const end = async () => {
    await runner.close();
    journal.close();
  };
  onTestFinished(end);
  return { runner, tasks: journal.tasks, client, logged, end };
}

const RUNNING = respondStatus(2);
const SUCCEEDED = respondStatus(9, { statusCode: 'succeeded', result: null });
const GONE = respond('404 Not Found', 'text/plain', 'The session has expired or the token is wrong.');

interface Scripted extends TlsServer {
  invoked(): number;
  polled(): number;
  /** Every path in the order in which it was asked for. */
  paths(): readonly string[];
}

/** A modern server that answers the call with `onCall`, and the polls with these in turn, the last one for ever. */
async function startScripted(onCall: () => RawAnswer | Promise<RawAnswer>, ...polls: readonly RawAnswer[]): Promise<Scripted> {
  const server = await startTlsServer(({ path }) => {
    if (path === '/api/get-status') return polls[Math.min(polled(), polls.length) - 1] ?? null;
    return /^\/api\/invoke\/(?:VerifyStore|CreateBackup)$/.test(path) ? onCall() : respond('404 Not Found', 'text/plain', '');
  });
  const paths = () => server.requests.map(({ path }) => path);
  const polled = () => paths().filter((path) => path === '/api/get-status').length;
  const invoked = () => paths().filter((path) => /^\/api\/invoke\/(?:VerifyStore|CreateBackup)$/.test(path)).length;
  return Object.assign(Object.create(server) as TlsServer, { invoked, polled, paths });
}

function countRequests({ requests }: Sandbox, path: RegExp): number {
  return requests.filter((request) => path.test(request.path)).length;
}

/** A holder whose process has ended. */
function goneHolder(): Holder {
  return { id: 'gone', pid: spawnSync(process.execPath, ['--version']).pid, host: hostname() };
}

/** Records a run that a process began which has ended since, as that process would have. */
async function leaveRun(far: Far, folder: string, call: TaskCall): Promise<TaskRecord> {
  const { client } = startClient(far, { api: 'modern' });
  const outcome = await client.send(await client.prepare(permitted(call.command, call.args)));
  if (outcome.kind !== 'running') throw new Error('the run is over');
  const journal = Journal.open(folder, { clock: { ...systemClock, now: () => Date.now() - LEASE_MS - 1 } });
  const { task } = await journal.tasks.begin(
    { command: call.command.name, target: call.target, origin: far.url, argumentsKey: 'key', argumentsMasked: call.args },
    goneHolder(),
  );
  const { dialect, ...run } = outcome.run;
  await journal.tasks.accepted(task.taskId, 1, run, dialect, outcome.progress);
  journal.close();
  return task;
}

describe('1. Accept is record', () => {
  test('the intent is on disk before the request leaves, and the token before the handle is given', async () => {
    const folder = temporaryFolder();
    const onDisk: (readonly string[])[] = [];
    const server = await startScripted(async () => {
      onDisk.push((await tasks.list()).map(({ command, status }) => `${command} ${status}`));
      return RUNNING;
    }, RUNNING);
    const { tasks } = startProcess(folder, server);
    const { runner } = startProcess(folder, server);
    const { taskId } = await startTask(runner, VERIFY);
    expect(onDisk).toEqual([['VerifyStore starting']]);
    expect(await tasks.get(taskId)).toMatchObject({ status: 'running', run: { token: 'T' } });
  });

  test('no handle is given while the token cannot be stored; it is kept until the disk has room, and the run followed', async () => {
    const folder = temporaryFolder();
    let isFull = true;
    const server = await startScripted(() => RUNNING, SUCCEEDED);
    const { runner } = startProcess(folder, server, { engines: enginesOnFullDisk((sql) => isFull && /\brun = /.test(sql)) });
    await expect(startTask(runner, VERIFY)).rejects.toMatchObject({ code: 'journalFull' });
    expect((await runner.list()).map(({ status }) => status)).toEqual(['starting']);
    isFull = false;
    await expect.poll(async () => (await runner.list()).map(({ status }) => status), PATIENCE).toEqual(['succeeded']);
    expect(server.invoked()).toBe(1);
  });
});

describe('2. One reader', () => {
  test('of two processes that follow one task, one asks the server, and both show the end', async () => {
    const folder = temporaryFolder();
    const sandbox = await start();
    const one = startProcess(folder, sandbox);
    const other = startProcess(folder, sandbox);
    const polls = [vi.spyOn(one.client, 'poll'), vi.spyOn(other.client, 'poll')];
    one.runner.adopt();
    other.runner.adopt();
    const { taskId } = await startTask(one.runner, VERIFY);
    const ends = await Promise.all([one, other].map(async ({ runner }) => runner.waitForEnd(taskId, 15_000)));
    expect(ends[0]).toMatchObject({ status: 'succeeded' });
    expect(ends[1]).toEqual(ends[0]);
    expect(polls.map(({ mock }) => mock.calls.length > 0)).toEqual([true, false]);
  });

  test.each([3_600_000, -3_600_000])('a process whose clock is off by %i ms takes no lease from one that lives', async (offset) => {
    const folder = temporaryFolder();
    const server = await startScripted(() => RUNNING, RUNNING);
    const clock = new ManualClock();
    const one = startProcess(folder, server, { clock, timing: { heartbeatMs: 4000, adoptMs: 5000 } });
    const off = new ManualClock(clock.now() + offset);
    const other = startProcess(folder, server, { clock: off, timing: { heartbeatMs: 4000, adoptMs: 5000 } });
    const { taskId } = await startTask(one.runner, VERIFY);
    other.runner.adopt();
    for (let i = 0; i < 30; i++) {
      await clock.advance(5000);
      await off.advance(5000);
    }
    expect((await one.tasks.get(taskId))?.lease).toMatchObject({ epoch: 1 });
  });

  test('a holder that is silent for long loses its lease, however its clock is set, and hands in an end all the same', async () => {
    const folder = temporaryFolder();
    let answer: (end: RawAnswer) => void = () => {};
    const server = await startScripted(() => RUNNING, RUNNING);
    const silent = startProcess(folder, server, { clock: new ManualClock() });
    const { taskId } = await startTask(silent.runner, VERIFY);
    vi.spyOn(silent.client, 'poll').mockImplementation(
      async () =>
        new Promise((resolve) => {
          answer = () =>
            resolve({ status: 200, contentType: 'application/json', body: Buffer.from('{"statusCode":"succeeded","result":7}') });
        }),
    );
    const clock = new ManualClock();
    await clock.jump(FENCE_MS + 1);
    const other = startProcess(folder, server, { clock, timing: { adoptMs: 5000, heartbeatMs: 4000 } });
    other.runner.adopt();
    await clock.advance(FENCE_MS - 5000);
    expect((await other.tasks.get(taskId))?.lease).toMatchObject({ epoch: 1 });
    await expect
      .poll(async () => {
        await clock.advance(5000);
        return (await other.tasks.get(taskId))?.lease?.epoch;
      }, PATIENCE)
      .toBe(2);
    answer(null);
    expect(
      await silent.tasks.storeRawEnd(taskId, {
        status: 200,
        contentType: 'application/json',
        body: Buffer.from('{"statusCode":"succeeded","result":7}'),
      }),
    ).toBe(true);
    await expect
      .poll(async () => {
        await clock.advance(5000);
        return await other.tasks.get(taskId);
      }, PATIENCE)
      .toMatchObject({ status: 'succeeded', result: 7 });
  });
});

describe('3. Raw first', () => {
  test('an end is stored before it is read', async () => {
    const folder = temporaryFolder();
    const server = await startScripted(() => RUNNING, SUCCEEDED);
    const { runner, client } = startProcess(folder, server);
    const db = openSqlite(join(folder, 'journal.sqlite'));
    onTestFinished(() => db.close());
    const stored: number[] = [];
    const readPoll: MailStoreClient['readPoll'] = client.readPoll.bind(client);
    vi.spyOn(client, 'readPoll').mockImplementation((...args) => {
      stored.push(db.all('SELECT 1 FROM raw_ends').length);
      return readPoll(...args);
    });
    const { taskId } = await startTask(runner, VERIFY);
    expect((await runner.waitForEnd(taskId, 15_000)).status).toBe('succeeded');
    expect(stored).toEqual([1]);
  });

  test('an end that cannot be stored is held until the disk has room', async () => {
    const folder = temporaryFolder();
    let refusals = 0;
    const server = await startScripted(() => RUNNING, SUCCEEDED, GONE);
    const { runner } = startProcess(folder, server, {
      engines: enginesOnFullDisk((sql) => sql.startsWith('INSERT INTO raw_ends') && refusals++ < 3),
    });
    const { taskId } = await startTask(runner, VERIFY);
    expect((await runner.waitForEnd(taskId, 15_000)).status).toBe('succeeded');
    expect([refusals, server.polled()]).toEqual([4, 1]);
  });

  test('an answer that cannot be read is kept, and the server asked again after a pause', async () => {
    const folder = temporaryFolder();
    const page = respond('200 OK', 'text/html', '<html><title>Sign in</title></html>');
    const server = await startScripted(() => RUNNING, page);
    const clock = new ManualClock();
    const { runner, tasks } = startProcess(folder, server, { clock, timing: { faultPausesMs: [1000] } });
    const { taskId } = await startTask(runner, VERIFY);
    await expect
      .poll(async () => await tasks.rawEnds(taskId), PATIENCE)
      .toMatchObject([{ unreadableBecause: expect.stringContaining('Sign in') as string }]);
    await clock.advance(999);
    expect(server.polled()).toBe(1);
    await clock.advance(1);
    await expect.poll(() => server.polled(), PATIENCE).toBe(2);
  });
});

describe('4. Deliver as often as asked', () => {
  test('an end is the same every time, in every process, then and later', async () => {
    const folder = temporaryFolder();
    const sandbox = await start();
    const one = startProcess(folder, sandbox);
    const { taskId } = await startTask(one.runner, VERIFY);
    const end = await one.runner.waitForEnd(taskId, 15_000);
    expect(await one.runner.waitForEnd(taskId, 0)).toEqual(end);
    await one.end();
    const later = startProcess(folder, sandbox);
    const asked = countRequests(sandbox, /get-status/);
    later.runner.adopt();
    expect([await later.runner.get(taskId), await later.runner.list()]).toEqual([end, [end]]);
    expect(countRequests(sandbox, /get-status/)).toBe(asked);
  });
});

describe('5. A lost end is unknown', () => {
  test('a lost end is unknown with the reason and what reads can show, and nothing is run again', async () => {
    const folder = temporaryFolder();
    const sandbox = await start();
    sandbox.faults.add('lost-end@/api/get-status');
    const { runner } = startProcess(folder, sandbox);
    const { taskId } = await startTask(runner, VERIFY);
    expect(await runner.waitForEnd(taskId, 15_000)).toMatchObject({
      status: 'unknown',
      reason: 'The connection broke while the server was answering; the end was in that answer, or the server was restarted.',
      evidence: [{ source: 'GetStores', data: [{ id: 3 }] }],
    });
    expect(countRequests(sandbox, /invoke\/VerifyStore/)).toBe(1);
  });

  test.each<[string, string, string | undefined]>([
    ['whose process died while it asked', 'The process that was asking for the status ended before it stored the answer', 'mark'],
    ['that no process was polling for', 'The server no longer knows the command', undefined],
  ])('an end %s is shown as such', async (_, reason, mark) => {
    const folder = temporaryFolder();
    const server = await startScripted(() => RUNNING, GONE);
    const { taskId } = await leaveRun(server, folder, VERIFY);
    const { runner, tasks } = startProcess(folder, server);
    if (mark !== undefined) expect(await tasks.markPoll(taskId, 1)).toBe(true);
    runner.adopt();
    const end = await runner.waitForEnd(taskId, 15_000);
    expect([end.status, end.reason?.startsWith(reason)]).toEqual(['unknown', true]);
  });

  test('a server that denies a token once may have stumbled: it is asked again', async () => {
    const folder = temporaryFolder();
    const server = await startScripted(() => RUNNING, GONE, RUNNING, GONE, respondStatus(3), SUCCEEDED);
    const { runner } = startProcess(folder, server);
    const { taskId } = await startTask(runner, VERIFY);
    expect((await runner.waitForEnd(taskId, 15_000)).status).toBe('succeeded');
    expect(server.polled()).toBe(5);
  });

  test('an answer that was kept and could not be read is shown as such', async () => {
    const folder = temporaryFolder();
    const sandbox = await start();
    const { runner } = startProcess(folder, sandbox);
    const { taskId } = await startTask(runner, BACKUP);
    sandbox.faults.add('garbage:99@/api/get-status');
    const end = await runner.waitForEnd(taskId, 15_000);
    expect(end.status).toBe('unknown');
    expect(end.reason).toMatch(
      /^An answer of the server could not be read; it is kept, and was the end unless the server was restarted\. The answer to CreateBackup is not JSON/,
    );
  });

  test('a read whose first answer is lost is not begun a second time', async () => {
    const folder = temporaryFolder();
    const sandbox = await start();
    const { runner } = startProcess(folder, sandbox);
    sandbox.faults.add('drop@/api/invoke/VerifyStore');
    expect(await startTask(runner, VERIFY)).toMatchObject({ status: 'unknown', evidence: [{ source: 'GetStores' }] });
    expect(countRequests(sandbox, /invoke\/VerifyStore/)).toBe(1);
  });
});

describe('6. Same command, same arguments, still running', () => {
  test('the call returns the task of the other process, and says so', async () => {
    const folder = temporaryFolder();
    const server = await startScripted(() => RUNNING, RUNNING);
    const first = await startTask(startProcess(folder, server).runner, VERIFY);
    const again = await startTask(startProcess(folder, server).runner, VERIFY);
    expect([again.taskId, again.note]).toEqual([
      first.taskId,
      'This call is already running with the same arguments; no second one was started.',
    ]);
    expect(server.invoked()).toBe(1);
  });

  test('the same call to another server of the same name is a task of its own, and neither is followed there', async () => {
    const folder = temporaryFolder();
    const [server, elsewhere] = [await startScripted(() => RUNNING, RUNNING), await startScripted(() => RUNNING, GONE)];
    const here = startProcess(folder, server);
    const there = startProcess(folder, elsewhere);
    const first = await startTask(here.runner, VERIFY);
    await here.end();
    expect((await startTask(there.runner, BACKUP)).taskId).not.toBe(first.taskId);
    expect((await startTask(there.runner, VERIFY)).taskId).not.toBe(first.taskId);
    there.runner.adopt();
    await expect
      .poll(async () => (await there.runner.list()).map(({ status }) => status), PATIENCE)
      .toEqual(['unknown', 'unknown', 'running']);
    const refused = `The task '${first.taskId}' belongs to ${server.url}, which is not configured here.`;
    await expect(there.runner.cancel(first.taskId)).rejects.toThrow(refused);
    await expect(there.runner.get(first.taskId)).rejects.toThrow(refused);
    expect((await there.runner.page({ limit: 10 })).rows.map(({ origin }) => origin)).toEqual([elsewhere.url, elsewhere.url]);
  });
});

describe('7. Bounded waits', () => {
  test('a start returns when the server has answered, and a wait when its time is over', async () => {
    const folder = temporaryFolder();
    const server = await startScripted(() => RUNNING, RUNNING);
    const clock = new ManualClock();
    const { runner } = startProcess(folder, server, { clock, timing: { lookMs: 1000, shortPollPauseMs: 5000, heartbeatMs: 5000 } });
    const task = await startTask(runner, VERIFY);
    expect(task.status).toBe('running');
    const waits = [runner.waitForEnd(task.taskId, 45_000), runner.waitForNews(await runner.get(task.taskId), 45_000)];
    const over = vi.fn<() => void>();
    void waits[0]?.then(over);
    await clock.advance(44_999);
    expect(over).not.toHaveBeenCalled();
    await clock.advance(1);
    expect((await Promise.all(waits)).map(({ status }) => status)).toEqual(['running', 'running']);
  });
});

describe('8. Abort is not cancel', () => {
  test('a caller that hangs up leaves the task alone', async () => {
    const folder = temporaryFolder();
    const sandbox = await start();
    const { runner } = startProcess(folder, sandbox);
    const { taskId } = await startTask(runner, VERIFY);
    const { status } = await runner.waitForEnd(taskId, 15_000, { signal: AbortSignal.abort() });
    expect(status).toBe('running');
    expect((await runner.waitForEnd(taskId, 15_000)).status).toBe('succeeded');
    expect(countRequests(sandbox, /cancel-async/)).toBe(0);
  });

  test('a cancellation is asked for, and the run followed to the end that the server reports', async () => {
    const folder = temporaryFolder();
    const sandbox = await start({ runSeconds: 2 });
    const { runner } = startProcess(folder, sandbox);
    const { taskId } = await startTask(runner, VERIFY);
    expect(await runner.cancel(taskId)).toMatchObject({ status: 'running', cancelAskedAt: expect.any(String) as string });
    expect((await runner.waitForEnd(taskId, 15_000)).status).toBe('cancelled');
  });

  test('the 2012 form says that it cannot, and the run is followed to its end', async () => {
    const folder = temporaryFolder();
    const sandbox = await start();
    const { runner } = startProcess(folder, sandbox, { api: 'legacy' });
    const { taskId } = await startTask(runner, VERIFY);
    await expect(runner.cancel(taskId)).rejects.toMatchObject({ code: 'cannotCancel' });
    expect((await runner.waitForEnd(taskId, 15_000)).status).toBe('succeeded');
  });
});

describe('9. Restart adopts', () => {
  test('a run whose process is gone is followed to its end by the next one', async () => {
    const folder = temporaryFolder();
    const sandbox = await start();
    const { taskId } = await leaveRun(sandbox, folder, VERIFY);
    const { runner } = startProcess(folder, sandbox);
    runner.adopt();
    expect((await runner.waitForEnd(taskId, 15_000)).status).toBe('succeeded');
    expect(countRequests(sandbox, /invoke\/VerifyStore/)).toBe(1);
  });

  test('an end that was stored and not read is read by the next process, without asking the server', async () => {
    const folder = temporaryFolder();
    const server = await startScripted(() => RUNNING, GONE);
    const { taskId } = await leaveRun(server, folder, VERIFY);
    const { runner, tasks } = startProcess(folder, server);
    await tasks.storeRawEnd(taskId, {
      status: 200,
      contentType: 'application/json',
      body: Buffer.from('{"statusCode":"succeeded","result":"all"}'),
    });
    runner.adopt();
    expect(await runner.waitForEnd(taskId, 15_000)).toMatchObject({ status: 'succeeded', result: 'all' });
    expect(server.polled()).toBe(0);
  });

  test('a call whose process is gone before the answer has an unknown end, unless the token comes after all', async () => {
    const folder = temporaryFolder();
    const sandbox = await start();
    const journal = Journal.open(folder, { clock: { ...systemClock, now: () => Date.now() - LEASE_MS - 1 } });
    onTestFinished(() => journal.close());
    const intent = { command: 'VerifyStore', target: 'default', origin: sandbox.url, argumentsMasked: VERIFY.args };
    const silent = (await journal.tasks.begin({ ...intent, argumentsKey: '1' }, goneHolder())).task;
    const slow = (await journal.tasks.begin({ ...intent, argumentsKey: '2' }, goneHolder())).task;
    const { runner, client } = startProcess(folder, sandbox);
    const outcome = await client.send(await client.prepare(permitted(VERIFY.command, VERIFY.args)));
    if (outcome.kind !== 'running') throw new Error('the run is over');
    const { dialect, ...run } = outcome.run;
    const send = client.send.bind(client);
    // While the evidence is read, the slow process stores its token.
    vi.spyOn(client, 'send').mockImplementation(async (...args) => {
      await journal.tasks.accepted(slow.taskId, 1, run, dialect, outcome.progress);
      return send(...args);
    });
    runner.adopt();
    expect(await runner.waitForEnd(silent.taskId, 15_000)).toMatchObject({ status: 'unknown', evidence: [{ source: 'GetStores' }] });
    expect((await runner.waitForEnd(slow.taskId, 15_000)).status).toBe('succeeded');
  });

  test('a fault of the disk does not end the following of tasks', async () => {
    const folder = temporaryFolder();
    const sandbox = await start();
    const { taskId } = await leaveRun(sandbox, folder, VERIFY);
    let refusals = 0;
    const { runner, logged } = startProcess(folder, sandbox, {
      engines: enginesOnFullDisk((sql) => sql.startsWith('UPDATE tasks') && refusals++ < 6),
    });
    runner.adopt();
    expect((await runner.waitForEnd(taskId, 15_000)).status).toBe('succeeded');
    expect(logged.some((line) => line.includes('The disk is full'))).toBe(true);
  });

  test('a process that ends stores the end that is just being handed out', async () => {
    const folder = temporaryFolder();
    const sandbox = await start();
    const { runner, end } = startProcess(folder, sandbox);
    const { taskId } = await startTask(runner, VERIFY);
    await end();
    const { tasks, runner: next } = startProcess(folder, sandbox);
    expect((await tasks.get(taskId))?.lease).toBeUndefined();
    next.adopt();
    expect((await next.waitForEnd(taskId, 15_000)).status).toBe('succeeded');
  });
});

describe('10. Messages', () => {
  test.each<[string, readonly string[]]>([
    ['in full each time', ['a\r\n', 'a\r\nb\r\n', 'a\r\nb\r\nc\r\n']],
    ['as news', ['a\r\n', 'b\r\n', 'c\r\n']],
  ])('messages that come %s are kept once each', async (_, [first, second, third]) => {
    const folder = temporaryFolder();
    const server = await startScripted(
      () => respondStatus(2, { logOutput: first }),
      respondStatus(3, { logOutput: second }),
      respondStatus(4, { logOutput: third, statusCode: 'succeeded' }),
    );
    const { runner } = startProcess(folder, server);
    const { taskId } = await startTask(runner, VERIFY);
    const { messages } = await runner.waitForEnd(taskId, 15_000);
    expect(messages.map(({ text }) => text)).toEqual(['a', 'b', 'c']);
  });

  test('messages that are too many are left out from the front, and the first line says how many', async () => {
    const folder = temporaryFolder();
    const log = Array.from({ length: 1500 }, (_, line) => `line ${line}\r\n`).join('');
    const server = await startScripted(() => RUNNING, respondStatus(3, { logOutput: log, statusCode: 'succeeded' }));
    const { runner } = startProcess(folder, server);
    const { taskId } = await startTask(runner, VERIFY);
    const { messages } = await runner.waitForEnd(taskId, 15_000);
    expect([messages.length, messages[0]?.text, messages.at(-1)?.text]).toEqual([1000, '(501 earlier lines are left out)', 'line 1499']);
  });
});
