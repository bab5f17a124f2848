import { mkdtempSync, rmSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { spawnSync } from 'node:child_process';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { Journal } from '../../src/journal/journal.ts';
import { openSqlite } from '../../src/journal/sqlite.ts';
import { KnownSecrets } from '../../src/masking/known-secrets.ts';
import { Redactor } from '../../src/masking/redactor.ts';
import type { Holder, TaskRecord } from '../../src/journal/task-record.ts';
import { TaskRunner, type TaskCall } from '../../src/tasks/runner.ts';
import { ManualClock } from '../helpers/manual-clock.ts';
import { collectingLog, commandNamed, startClient } from '../helpers/start-client.ts';
import { respond, respondJson, respondStatus, startTlsServer, type RawAnswer, type TlsServer } from '../helpers/tls-server.ts';
import type { ApiForm } from '../../src/base/target.ts';

const VERIFY: TaskCall = { command: commandNamed('VerifyStore'), args: { id: 3, includeIndexes: false }, target: 'default' };
const PATIENCE = { timeout: 60_000, interval: 5 };
/** A step of the clock that is short compared with the minute after which a denial counts: time goes on while a request is on its way. */
const SHORT_STEP_MS = 100;
const NEVER_MS = 86_400_000;

/** A far end that answers the question for each token with its own list of answers, the last one for ever. */
async function startFar(answers: Readonly<Record<string, readonly RawAnswer[]>>): Promise<TlsServer & { asked(token: string): number }> {
  const counts = new Map<string, number>();
  const server = await startTlsServer(({ path, body }) => {
    const token = path.startsWith('/JSON/Status/') ? (path.split('/').at(-1) ?? '') : (new URLSearchParams(body).get('token') ?? '');
    const list = answers[token];
    if (!list || !/get-status|Status/.test(path)) return respond('404 Not Found', 'text/plain', '');
    const count = counts.get(token) ?? 0;
    counts.set(token, count + 1);
    return list[Math.min(count, list.length - 1)] ?? null;
  });
  return Object.assign(Object.create(server) as TlsServer, { asked: (token: string) => counts.get(token) ?? 0 });
}

interface Set {
  readonly folder: string;
  readonly clock: ManualClock;
  readonly journal: Journal;
  readonly logged: string[];
  readonly runner: TaskRunner;
  /** Records a run that a process left which has ended since. */
  leave(token: string): Promise<TaskRecord>;
  /** Lets time pass in steps until the task has ended. */
  end(task: TaskRecord, stepMs?: number): Promise<TaskRecord>;
}

function setUp(far: TlsServer, api: ApiForm = 'modern', options: { readonly redactor?: Redactor } = {}): Set {
  const folder = mkdtempSync(join(tmpdir(), 'isolation-'));
  const clock = new ManualClock();
  const journal = Journal.open(folder, { clock });
  const logged: string[] = [];
  const { client } = startClient(far, { api, ...options });
  const runner = new TaskRunner({
    clients: new Map([['default', client]]),
    journal: journal.tasks,
    clock,
    log: collectingLog(logged),
    timing: { heartbeatMs: NEVER_MS },
  });
  onTestFinished(async () => {
    await runner.close();
    journal.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const gone: Holder = { id: 'gone', pid: spawnSync(process.execPath, ['--version']).pid, host: hostname() };
  return {
    folder,
    clock,
    journal,
    logged,
    runner,
    leave: async (token) => {
      const intent = { command: 'VerifyStore', target: 'default', origin: far.url, argumentsKey: token, argumentsMasked: VERIFY.args };
      const { task } = await journal.tasks.begin(intent, gone);
      const run = api === 'modern' ? { token } : { token, statusPath: `/JSON/Status/${token}` };
      const progress = { version: 0, percent: null, text: null, messages: [] };
      await journal.tasks.accepted(task.taskId, 1, run, api === 'modern' ? 'modern' : 'json-2012', progress);
      await journal.tasks.releaseLease(task.taskId, 1);
      return task;
    },
    end: async ({ taskId }, stepMs = 5000) => {
      await expect
        .poll(async () => {
          await clock.advance(stepMs);
          return (await runner.get(taskId)).status;
        }, PATIENCE)
        .not.toMatch(/^(?:starting|running)$/);
      return runner.get(taskId);
    },
  };
}

const GOOD = [respondStatus(2, { token: 'good' }), respondStatus(9, { token: 'good', statusCode: 'succeeded', result: null })];
const GONE = respond('404 Not Found', 'text/plain', 'The session has expired or the token is wrong.');
const DEEP = `{"statusCode":"succeeded","token":"bad","statusVersion":3,"result":${'['.repeat(20_000)}${']'.repeat(20_000)}}`;
const withVersion = (version: string) => `{"statusCode":"succeeded","token":"bad","statusVersion":${version},"result":null}`;

describe('each fault of a task is its own', () => {
  test.each([
    ['a version of 2.5', withVersion('2.5')],
    ['a version of -1', withVersion('-1')],
    ['a version of 1e400', withVersion('1e400')],
    ['a version of NaN', withVersion('NaN')],
    ['a result nested 20,000 deep', DEEP],
    ['an error that is a text', '{"statusCode":"failed","token":"bad","statusVersion":3,"error":"no"}'],
  ])('an end with %s makes its own task unknown, with its bytes kept, and the other task goes on', async (_, body) => {
    const far = await startFar({ bad: [respond('200 OK', 'application/json', body)], good: GOOD });
    const { leave, end, runner, journal, logged } = setUp(far);
    const [bad, good] = [await leave('bad'), await leave('good')];
    runner.adopt();
    expect((await end(good)).status).toBe('succeeded');
    const ended = await end(bad);
    expect(ended.status).toBe('unknown');
    expect(ended.reason).toMatch(/^MailStore’s answer holds the end of the command and cannot be read; it is kept as it came\. /);
    expect((await journal.tasks.rawEnds(bad.taskId)).map((raw) => Buffer.from(raw.body).toString())).toEqual([body]);
    expect(logged.some((line) => line.includes(`it is not known how VerifyStore ended (task ${bad.taskId})`))).toBe(true);
    expect(far.asked('bad')).toBe(1);
  });

  test.each([
    ['gzip', gzipSync],
    ['br', brotliCompressSync],
    ['deflate', deflateSync],
  ])(
    'an end that is compressed with %s is kept as it came, and the reason of the unknown end names the compression',
    async (encoding, compress) => {
      const body = compress('{"statusCode":"succeeded","token":"bad","statusVersion":3,"result":null}');
      const head = `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Encoding: ${encoding}\r\nContent-Length: ${body.length}\r\n\r\n`;
      const far = await startFar({ bad: [Buffer.concat([Buffer.from(head), body]), GONE], good: GOOD });
      const { leave, end, runner, journal } = setUp(far);
      const [bad, good] = [await leave('bad'), await leave('good')];
      runner.adopt();
      expect((await end(good)).status).toBe('succeeded');
      const ended = await end(bad);
      expect(ended.status).toBe('unknown');
      expect(ended.reason).toContain(`The answer to VerifyStore is compressed (${encoding}), which was not asked for`);
      const [kept] = await journal.tasks.rawEnds(bad.taskId);
      expect([kept?.encoding, Buffer.from(kept?.body ?? []).equals(body)]).toEqual([encoding, true]);
    },
  );

  test('an end that cannot be masked makes its own task unknown, with its bytes kept and not shown', async () => {
    const redactor = new Redactor();
    redactor.add('Quiet-Harbour/41');
    const body = '{"statusCode":"succeeded","token":"bad","statusVersion":3,"result":"Quiet-Harbour/41"}';
    const far = await startFar({ bad: [respond('200 OK', 'application/json', body)], good: GOOD });
    const find = Reflect.get(KnownSecrets.prototype, 'find');
    const spy = vi.spyOn(KnownSecrets.prototype, 'find').mockImplementation(function (this: KnownSecrets, text) {
      if (text.includes('Harbour')) throw new RangeError('Maximum call stack size exceeded');
      return find.call(this, text);
    });
    onTestFinished(() => spy.mockRestore());
    const { leave, end, runner, journal, logged } = setUp(far, 'modern', { redactor });
    const [bad, good] = [await leave('bad'), await leave('good')];
    runner.adopt();
    expect((await end(good)).status).toBe('succeeded');
    const ended = await end(bad);
    expect([ended.status, ended.reason]).toEqual([
      'unknown',
      'MailStore’s answer holds the end of the command and cannot be read; it is kept as it came. Masking the secrets in the answer to VerifyStore failed, so the answer is not shown and was not used. Check with a read what the call did, and report this as a fault of mailstore-mcp.',
    ]);
    expect((await journal.tasks.rawEnds(bad.taskId)).map((raw) => Buffer.from(raw.body).toString())).toEqual([body]);
    expect(far.asked('bad')).toBe(1);
    expect(JSON.stringify([ended, await runner.list(), logged])).not.toContain('Harbour');
  });

  test.each(['run', 'messages', 'arguments_masked', 'evidence', 'status_text', 'lost_poll', 'holder', 'dialect'])(
    'a damaged cell %s makes its own task unknown, and the other task goes on',
    async (column) => {
      const far = await startFar({ bad: [respondStatus(2, { token: 'bad' })], good: GOOD });
      const { leave, end, runner, folder } = setUp(far);
      const [bad, good] = [await leave('bad'), await leave('good')];
      const db = openSqlite(join(folder, 'journal.sqlite'));
      db.run(`UPDATE tasks SET ${column} = ?, heartbeat_at = 1 WHERE task_id = ?`, ['{"half', bad.taskId]);
      db.close();
      runner.adopt();
      expect((await end(good)).status).toBe('succeeded');
      const ended = await end(bad);
      expect([ended.status, ended.reason]).toEqual([
        'unknown',
        `The task is damaged in the journal (${column}), so it could not be followed; what is left of it is kept.`,
      ]);
    },
  );

  test('a time that no calendar has does not keep the tasks from being listed', async () => {
    const far = await startFar({ bad: [respondStatus(2, { token: 'bad' })] });
    const { leave, runner, folder } = setUp(far);
    const bad = await leave('bad');
    const db = openSqlite(join(folder, 'journal.sqlite'));
    db.run('UPDATE tasks SET started_at = ? WHERE task_id = ?', [9e15, bad.taskId]);
    db.close();
    expect((await runner.list()).map(({ startedAt, damaged }) => [startedAt, damaged])).toEqual([
      ['1970-01-01T00:00:00.000Z', ['started_at']],
    ]);
  });
});

describe('an end is what MailStore calls one', () => {
  test.each(['Running', 'queued', 'aborted', 'Succeeded', ''])(
    'the status %j is asked for again until an end comes',
    async (statusCode) => {
      const strange = respondStatus(3, { token: 'one', statusCode });
      const far = await startFar({ one: [strange, strange, respondStatus(9, { token: 'one', statusCode: 'succeeded' })] });
      const { leave, end, runner } = setUp(far);
      const task = await leave('one');
      runner.adopt();
      expect((await end(task)).status).toBe('succeeded');
    },
  );

  test('an unknown word ends the task as unknown when it persists, and the reason has the word', async () => {
    const far = await startFar({ one: [respondStatus(3, { token: 'one', statusCode: 'aborted' })] });
    const { leave, end, runner } = setUp(far);
    const task = await leave('one');
    runner.adopt();
    const ended = await end(task);
    expect([ended.status, ended.error]).toEqual(['unknown', undefined]);
    expect(ended.reason).toContain("MailStore says of VerifyStore that it is 'aborted'");
  });

  test('the end of another run is not taken for that of the one asked for', async () => {
    const foreign = respondStatus(3, { token: 'other', statusCode: 'failed', error: { message: 'Disk full.' } });
    const far = await startFar({ one: [foreign, respondStatus(9, { token: 'one', statusCode: 'succeeded' })] });
    const { leave, end, runner } = setUp(far);
    const task = await leave('one');
    runner.adopt();
    expect((await end(task)).status).toBe('succeeded');
  });
});

describe('an end that has arrived is not lost', () => {
  const ENDED = { token: 'one', statusVersion: 9, statusCode: 'succeeded', result: null, error: null };
  const FAILED = { ...ENDED, statusCode: 'failed', error: { message: 'Disk full.' } };
  const text = JSON.stringify(ENDED);
  const head = 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n';

  test.each([
    '203 Non-Authoritative Information',
    '400 Bad Request',
    '404 Not Found',
    '500 Internal Server Error',
    '502 Bad Gateway',
    '503 Service Unavailable',
  ])('HTTP %s around the status of the run itself hides neither success nor failure', async (status) => {
    const far = await startFar({
      one: [respond(status, 'application/json', text), GONE],
      two: [respond(status, 'application/json', JSON.stringify({ ...FAILED, token: 'two' })), GONE],
    });
    const { leave, end, runner } = setUp(far);
    const [one, two] = [await leave('one'), await leave('two')];
    runner.adopt();
    expect((await end(one, SHORT_STEP_MS)).status).toBe('succeeded');
    expect(await end(two, SHORT_STEP_MS)).toMatchObject({ status: 'failed', error: 'MailStore could not run VerifyStore: Disk full.' });
    expect([far.asked('one'), far.asked('two')]).toEqual([1, 1]);
  });

  test.each<[string, string]>([
    ['before as many bytes as were announced', `${head}Content-Length: 900\r\n\r\n${text}`],
    ['before the last chunk', `${head}Transfer-Encoding: chunked\r\n\r\n${text.length.toString(16)}\r\n${text}\r\n`],
  ])('a status that came whole counts where the connection ends %s', async (_, cut) => {
    const far = await startFar({ one: [{ cut }, GONE] });
    const { leave, end, runner } = setUp(far);
    const task = await leave('one');
    runner.adopt();
    expect((await end(task, SHORT_STEP_MS)).status).toBe('succeeded');
    expect(far.asked('one')).toBe(1);
  });

  test.each<[string, ApiForm, Readonly<Record<string, unknown>>]>([
    ['another status than 200 and without its token', 'modern', { ...FAILED, token: null }],
    ['another status than 200 in the 2012 form', 'legacy', { status: 'failed', messages: [] }],
  ])('what looks like an end with %s is kept, and asked for again', async (_, api, body) => {
    const last = api === 'modern' ? respondJson(ENDED) : respondJson({ status: 'succeeded', result: null });
    const far = await startFar({ one: [respond('500 Internal Server Error', 'application/json', JSON.stringify(body)), last] });
    const { leave, end, runner, journal } = setUp(far, api);
    const task = await leave('one');
    runner.adopt();
    expect((await end(task, SHORT_STEP_MS)).status).toBe('succeeded');
    const kept = await journal.tasks.rawEnds(task.taskId);
    expect(kept.map((raw) => Buffer.from(raw.body).toString())).toContain(JSON.stringify(body));
  });

  test('a word that ends something else does not end a run whose own word is none', async () => {
    const strange = respondJson({ ...ENDED, statusVersion: 3, statusCode: 'queued', result: { statusCode: 'failed' } });
    const far = await startFar({ one: [strange, respondJson(ENDED)] });
    const { leave, end, runner } = setUp(far);
    const task = await leave('one');
    runner.adopt();
    expect((await end(task, SHORT_STEP_MS)).status).toBe('succeeded');
  });

  test('an error that comes with a success is an error that the run found', async () => {
    const far = await startFar({ one: [respondJson({ ...ENDED, error: { message: 'The index could not be written.' } })] });
    const { leave, end, runner } = setUp(far);
    const task = await leave('one');
    runner.adopt();
    expect(await end(task, SHORT_STEP_MS)).toMatchObject({
      status: 'succeeded',
      finding: { errors: 1, warnings: 0 },
      messages: [{ type: 'error', text: 'The index could not be written.' }],
    });
  });
});

describe('only MailStore denies a token, and only when it goes on denying', () => {
  const PAGE = respond('404 Not Found', 'text/html', '<html><title>Not found</title></html>');

  test.each<[string, ApiForm, RawAnswer, RawAnswer]>([
    ['a page with HTTP 404', 'modern', PAGE, respondStatus(9, { token: 'one', statusCode: 'succeeded' })],
    ['a page with HTTP 404 in the 2012 form', 'legacy', PAGE, respondJson({ status: 'succeeded', result: null })],
    [
      'the text "Database is locked." with HTTP 500 in the 2012 form',
      'legacy',
      respond('500 Internal Server Error', 'text/plain', 'Database is locked.'),
      respondJson({ status: 'succeeded', result: null }),
    ],
    ['a denial', 'modern', GONE, respondStatus(9, { token: 'one', statusCode: 'succeeded' })],
  ])('%s is ridden out', async (_, api, answer, last) => {
    const far = await startFar({ one: [...Array.from({ length: 5 }, () => answer), last] });
    const { leave, end, runner } = setUp(far, api);
    const task = await leave('one');
    runner.adopt();
    expect((await end(task, SHORT_STEP_MS)).status).toBe('succeeded');
  });

  test.each<[string, ApiForm, RawAnswer]>([
    ['modern', 'modern', GONE],
    ['2012', 'legacy', respond('500 Internal Server Error', 'text/plain', "The status token 'one' does not exist.")],
  ])('a token that is denied for a minute in the %s form makes the end unknown, at any time of day', async (_, api, answer) => {
    const far = await startFar({ one: [answer] });
    const { leave, runner, clock } = setUp(far, api);
    const task = await leave('one');
    runner.adopt();
    const begin = clock.monotonic();
    await expect.poll(() => far.asked('one'), PATIENCE).toBeGreaterThan(0);
    await expect
      .poll(async () => {
        clock.setTimeOfDay(Date.UTC(2026, 2, 4, 8));
        await clock.advance(1000);
        return (await runner.get(task.taskId)).status;
      }, PATIENCE)
      .toBe('unknown');
    expect(clock.monotonic() - begin).toBeGreaterThanOrEqual(60_000);
    expect((await runner.get(task.taskId)).reason).toMatch(/^The server no longer knows the command/);
  });
});

describe('an end that was stored and not reported', () => {
  test('is reported once when two processes read it before either has finished the task', async () => {
    const far = await startFar({});
    const { leave, journal, clock, folder } = setUp(far);
    const task = await leave('one');
    const body = Buffer.from(JSON.stringify({ token: 'one', statusVersion: 9, statusCode: 'succeeded', result: null }));
    await journal.tasks.storeRawEnd(task.taskId, { status: 200, contentType: 'application/json', body });
    let allow = () => {};
    const bothHaveRead = new Promise<void>((resolve) => (allow = resolve));
    let readers = 0;
    let finishes = 0;
    const told: boolean[] = [];
    for (const _ of [1, 2]) {
      const other = Journal.open(folder, { clock });
      const tasks = new Proxy(other.tasks, {
        get: (target, name) => {
          const method: unknown = Reflect.get(target, name, target);
          if (typeof method !== 'function') return method;
          return async (...args: unknown[]) => {
            const answer: unknown = await Reflect.apply(method, target, args);
            if (name === 'finish') finishes++;
            if (name === 'rawEnd' && ++readers === 2) allow();
            if (name === 'rawEnd') await bothHaveRead;
            return answer;
          };
        },
      });
      const runner = new TaskRunner({
        clients: new Map([['default', startClient(far, { api: 'modern' }).client]]),
        journal: tasks,
        clock,
        log: collectingLog([]),
        onEnd: (_ended, { again }) => void told.push(again),
      });
      onTestFinished(async () => {
        await runner.close();
        other.close();
      });
      runner.adopt();
    }
    await expect
      .poll(async () => {
        await clock.advance(1000);
        return finishes;
      }, PATIENCE)
      .toBe(2);
    await expect.poll(() => journal.tasks.untoldEnds(), PATIENCE).toEqual([]);
    await clock.advance(60_000);
    expect(told).toEqual([false]);
  });

  test('is reported once by a later process, however many look', async () => {
    const far = await startFar({});
    const { leave, journal, clock, folder } = setUp(far);
    const task = await leave('one');
    const teller: Holder = { id: 'gone', pid: spawnSync(process.execPath, ['--version']).pid, host: hostname() };
    await journal.tasks.giveUp(task.taskId, { reason: 'gone', teller });
    const told: [string, boolean][] = [];
    const others = [1, 2].map(() => {
      const other = Journal.open(folder, { clock });
      const runner = new TaskRunner({
        clients: new Map([['default', startClient(far, { api: 'modern' }).client]]),
        journal: other.tasks,
        clock,
        log: collectingLog([]),
        onEnd: ({ taskId }, { again }) => void told.push([taskId, again]),
      });
      onTestFinished(async () => {
        await runner.close();
        other.close();
      });
      runner.adopt();
      return runner;
    });
    await expect
      .poll(async () => {
        await clock.advance(5000);
        return told.length;
      }, PATIENCE)
      .toBe(1);
    await clock.advance(60_000);
    expect([told, others.length, await journal.tasks.untoldEnds()]).toEqual([[[task.taskId, true]], 2, []]);
  });
});
