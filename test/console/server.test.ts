import { appendFileSync, readFileSync, statSync } from 'node:fs';
import { request } from 'node:http';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ConsoleContents, Inbox, RecordPage, RoomAnswer, RecordVerdict, WorkEvent } from '../../src/console/protocol.ts';
import { writeCsvRow } from '../../src/console/record.ts';
import { SECURITY_HEADERS } from '../../src/tester/web/content-security-policy.ts';
import { hasTerminal } from '../helpers/run-in-terminal.ts';
import { callTool, sandboxForTest, startServer, untilTestEnds, type RunningServer } from '../helpers/start-server.ts';
import { startTesterProcess, type TesterProcess } from '../helpers/tester-process.ts';

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

async function get<Value>(url: string, path: string): Promise<Value> {
  return JSON.parse((await ask(url + path)).body) as Value;
}

/** Sends what the page sends. */
async function post(url: string, path: string, body: unknown): Promise<Answer> {
  const headers = { origin: new URL(url).origin, 'content-type': 'application/json' };
  return ask(url + path, { method: 'POST', headers, body: JSON.stringify(body) });
}

/** Sends what the page sends, answers the question with the code that the terminal shows, and returns how it ended. */
async function work(page: TesterProcess, path: string, body: unknown, answer: (code: string) => object): Promise<WorkEvent | undefined> {
  const headers = { origin: new URL(page.url).origin, 'content-type': 'application/json' };
  return new Promise((resolve, reject) => {
    const sent = request(page.url + path, { method: 'POST', headers }, (response) => {
      const events: WorkEvent[] = [];
      let rest = '';
      response.setEncoding('utf8').on('data', (part: string) => {
        const lines = (rest + part).split('\n');
        rest = lines.pop() ?? '';
        for (const line of lines) {
          const event = JSON.parse(line) as WorkEvent;
          events.push(event);
          if (event.kind !== 'question') continue;
          page
            .nextCode()
            .then((code) => post(page.url, 'answer', { id: event.id, ...answer(code) }))
            .catch(reject);
        }
      });
      response.on('end', () => resolve(events.at(-1)));
    });
    sent.on('error', reject);
    sent.end(JSON.stringify(body));
  });
}

/** Has a client that cannot ask call a tool, and returns the id that a person can approve it by. */
async function requestApproval(server: RunningServer, tool: string, args: Readonly<Record<string, unknown>>): Promise<string> {
  const { text } = await callTool(server, tool, args);
  const id = / approve ([2-9a-y]{8})/.exec(text)?.[1];
  if (id === undefined) throw new Error(text);
  return id;
}

const grant = (approvalId: string) => ({ approvalId, how: 'grant' });
const yes = (code: string) => ({ answer: 'yes', code });

describe('a console without a terminal', () => {
  let page: TesterProcess;
  beforeAll(async () => {
    page = await startTesterProcess({ program: 'console', access: 'full', sandbox: { seed: 'small', runSeconds: 0.2 } });
  });
  afterAll(async () => page.close());

  test('the console is found under its secret address alone, and only by its own page', async () => {
    const { url } = page;
    const { origin, host, pathname } = new URL(url);
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/[\w-]{32}\/$/);
    expect((await ask(url)).status).toBe(200);
    for (const path of ['/', '/contents', '/inbox', '/record', '/export?format=csv', `${pathname}nothing`, `${pathname}rooms/nothing`]) {
      expect([path, (await ask(origin + path)).status]).toEqual([path, 404]);
    }
    for (const path of ['contents', 'rooms/health?target=default', 'inbox', 'record', 'verify', 'export?format=csv']) {
      expect((await ask(url + path, { headers: { host: 'evil.example' } })).status).toBe(421);
      expect((await ask(url + path, { headers: { origin: 'https://evil.example' } })).status).toBe(403);
      expect((await ask(url + path, { headers: { 'sec-fetch-site': 'cross-site' } })).status).toBe(403);
    }
    expect((await ask(url, { headers: { host: host.replace('127.0.0.1', 'localhost') } })).status).toBe(200);
  });

  test('every answer of the console carries the policy of its page, exports and refusals included', async () => {
    const { url } = page;
    for (const at of [url, `${url}page.js`, `${url}page.css`, `${url}contents`, `${url}export?format=csv`, `${url}nothing`]) {
      const { headers } = await ask(at);
      expect(headers).toMatchObject(SECURITY_HEADERS);
      expect(headers).not.toHaveProperty('access-control-allow-origin');
    }
  });

  test('another page can have nothing granted, answered or put back in the console', async () => {
    const { url } = page;
    const { origin } = new URL(url);
    const json = { 'content-type': 'application/json' };
    for (const path of ['inbox', 'answer', 'revert']) {
      const body = '{}';
      const method = 'POST';
      expect((await ask(url + path, { method, headers: json, body })).status).toBe(403);
      expect((await ask(url + path, { method, headers: { ...json, origin: 'null' }, body })).status).toBe(403);
      expect((await ask(url + path, { method, headers: { origin, 'content-type': 'text/plain' }, body })).status).toBe(415);
      expect((await ask(url + path, { method, headers: { ...json, origin, 'sec-fetch-site': 'same-site' }, body })).status).toBe(403);
      expect((await ask(url + path, { method, headers: { ...json, origin }, body })).status).toBe(400);
    }
    expect((await ask(`${url}revert`)).status).toBe(404);
    expect((await ask(`${url}record?show=nothing`)).status).toBe(400);
    expect((await ask(`${url}record?since=yesterday`)).status).toBe(400);
    expect((await ask(`${url}export?format=exe`)).status).toBe(400);
  });

  test('a console reads what its rooms show through the guard, as the audit says', async () => {
    const { url } = page;
    const { rooms, canDecide } = await get<ConsoleContents>(url, 'contents');
    expect([rooms, canDecide]).toEqual([['health', 'runs', 'storage', 'access'], false]);
    for (const room of rooms) {
      expect([room, await get<RoomAnswer>(url, `rooms/${room}?target=default`)]).toMatchObject([room, { view: { room }, notRead: [] }]);
    }
    const { entries } = await get<RecordPage>(url, 'record?show=everything&text=getjobresults');
    expect(entries[0]).toMatchObject({ kind: 'call', who: 'console', what: 'GetJobResults', effect: 'read', outcome: 'succeeded' });
    expect((await ask(`${url}rooms/health?target=elsewhere`)).status).toBe(404);
  });

  test('the room of access continues with the accounts after those of an earlier answer', async () => {
    const { url } = page;
    const read = async (query: string) => {
      const answer = await get<RoomAnswer>(url, `rooms/access?target=default${query}`);
      if ('problem' in answer || answer.view.room !== 'access') throw new Error(JSON.stringify(answer));
      const { people, peopleInAll, nextOffset } = answer.view;
      return { names: people.map(({ userName }) => userName), peopleInAll, nextOffset, notLookedAt: answer.notLookedAt };
    };
    const [all, rest] = [await read(''), await read('&offset=2')];
    expect(all.names.length).toBe(all.peopleInAll);
    expect(rest).toEqual({ ...all, names: all.names.slice(2) });
    for (const offset of ['-1', 'x', '1.5']) expect((await ask(`${url}rooms/access?target=default&offset=${offset}`)).status).toBe(400);
  });
});

test('a room whose reads fail says in its view what is not known, and never that there is none', async () => {
  const lists = ['GetJobs', 'GetJobResults', 'GetWorkerResults', 'GetStores', 'GetFolderStatistics', 'GetUsers', 'GetLicenseInformation'];
  const sandbox = await sandboxForTest({ faults: lists.map((command) => `garbage@/api/invoke/${command}`) });
  const { url } = untilTestEnds(await startTesterProcess({ program: 'console', shared: sandbox }));
  const [health, runs, storage, access] = await Promise.all(
    ['health', 'runs', 'storage', 'access'].map((room) => get<RoomAnswer>(url, `rooms/${room}?target=default`)),
  );
  expect(runs).toMatchObject({
    headline: 'It cannot be said which runs failed: the run history could not be read.',
    view: { unread: ['the runs of profiles', 'the jobs', 'the runs of jobs'] },
  });
  const days = runs && 'view' in runs && runs.view.room === 'runs' ? runs.view.rows.flatMap(({ days: ofRow }) => ofRow) : [];
  expect([...new Set(days.map(({ state }) => state))]).toEqual(['unknown']);
  expect(storage).toMatchObject({ headline: 'The stores could not be read.', view: { room: 'storage' } });
  expect(storage && 'view' in storage && storage.view).not.toHaveProperty('stores');
  expect(storage && 'view' in storage && storage.view).not.toHaveProperty('total');
  expect(access).toMatchObject({
    headline: 'It cannot be said who can read what: the users could not be listed.',
    view: { room: 'access', people: [], rights: [] },
  });
  expect(access && 'view' in access && access.view).not.toHaveProperty('peopleInAll');
  const states = health && 'view' in health && health.view.room === 'health' ? health.view.checks : [];
  expect(states.filter(({ state }) => state === 'unknown').map(({ area }) => area)).toEqual([
    'stores',
    'indexes',
    'profiles',
    'jobs',
    'backups',
    'licence',
  ]);
});

test('accounts that cannot be read one by one leave open who is an administrator, in a console and for a model', async () => {
  const sandbox = await sandboxForTest({ faults: ['garbage@/api/invoke/GetUserInfo'] });
  const server = untilTestEnds(await startServer({ sandbox }));
  expect((await callTool(server, 'access_report')).text).toMatch(
    /^It cannot be said who can read what: none of \d+ accounts could be read\./,
  );
  expect((await callTool(server, 'access_report', { folder: 'johndoe' })).text).toMatch(
    /^It cannot be said who can open the archive johndoe: none of \d+ accounts could be read\./,
  );
});

test('the script of the console, which every view in a chat carries too, stays below 340 KB', () => {
  expect(statSync(new URL('../../dist/console/page.js', import.meta.url)).size).toBeLessThan(340_000);
});

describe('an approval that waits', () => {
  test('a console that was not opened from a terminal grants and refuses nothing, and says what does', async () => {
    const sandbox = await sandboxForTest();
    const server = untilTestEnds(await startServer({ sandbox, access: 'full' }));
    const approvalId = await requestApproval(server, 'delete_user', { userName: 'amira' });
    const { url } = untilTestEnds(
      await startTesterProcess({ program: 'console', access: 'full', shared: sandbox, stateDir: server.stateDir }),
    );
    const inbox = await get<Inbox>(url, 'inbox');
    expect(inbox).toMatchObject({
      questions: [{ approvalId, tool: 'delete_user' }],
      command: expect.stringContaining(' approve ') as string,
    });
    for (const how of ['grant', 'refuse']) {
      const { body } = await post(url, 'inbox', { approvalId, how });
      expect(JSON.parse(body)).toEqual({
        kind: 'problem',
        problem: 'console takes a yes only from a person at a terminal, and this is not one; run it in a terminal yourself.',
      });
    }
    expect((await post(url, 'answer', { id: 'x', answer: 'yes', code: '222222' })).body).toBe('{"isKnown":false}');
    expect((await get<Inbox>(url, 'inbox')).questions).toHaveLength(1);
    expect((await callTool(server, 'delete_user', { userName: 'amira' })).isError).toBe(true);
  });

  test.runIf(hasTerminal)(
    'a person at the terminal of a console grants or refuses an approval with the code that it shows, once, on record',
    async () => {
      const sandbox = await sandboxForTest();
      const server = untilTestEnds(await startServer({ sandbox, access: 'full' }));
      const granted = await requestApproval(server, 'delete_user', { userName: 'amira' });
      const refused = await requestApproval(server, 'delete_user', { userName: 'maria.lopez' });
      const page = untilTestEnds(
        await startTesterProcess({ program: 'console', access: 'full', terminal: true, shared: sandbox, stateDir: server.stateDir }),
      );
      const { url } = page;
      const notGranted = { kind: 'done', says: 'It was not granted. It can still be, until it expires.' };
      expect(await work(page, 'inbox', grant(granted), () => ({ answer: 'yes', code: '222222' }))).toEqual(notGranted);
      expect(await work(page, 'inbox', grant(granted), () => ({ answer: '' }))).toEqual(notGranted);
      expect((await callTool(server, 'delete_user', { userName: 'amira' })).isError).toBe(true);
      expect(await work(page, 'inbox', grant(granted), yes)).toMatchObject({
        kind: 'done',
        says: expect.stringMatching(/^Granted\./) as string,
      });
      expect(JSON.parse((await post(url, 'inbox', { approvalId: refused, how: 'refuse' })).body)).toEqual({
        kind: 'done',
        says: 'Refused.',
      });
      expect(JSON.parse((await post(url, 'inbox', grant(refused))).body)).toMatchObject({
        kind: 'problem',
        problem: expect.stringContaining(`The request ${refused} is refused`) as string,
      });
      expect((await get<Inbox>(url, 'inbox')).questions).toEqual([]);
      expect((await callTool(server, 'delete_user', { userName: 'amira' })).isError).toBe(false);
      expect((await callTool(server, 'delete_user', { userName: 'maria.lopez' })).isError).toBe(true);
      const decisions = readFileSync(join(server.stateDir, 'audit.jsonl'), 'utf8')
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as Record<string, unknown>)
        .filter(({ decidedBy }) => decidedBy !== undefined);
      const decidedBy = { user: userInfo().username, terminal: expect.stringMatching(/^\/dev\/pts\/\d+$/) as string };
      expect(decisions).toMatchObject([
        { event: 'approval_granted', approvalId: granted, prompt: expect.stringMatching(/^Delete user amira/) as string, decidedBy },
        { event: 'approval_refused', approvalId: refused, decidedBy },
      ]);
      const { entries } = await get<RecordPage>(url, 'record?show=questions');
      expect(entries.filter(({ kind }) => kind === 'decision').map(({ what }) => what)).toEqual(['Refused', 'Granted']);
    },
  );
});

describe.runIf(hasTerminal)('the record in a console', () => {
  test('a change is put back through the guard with its question, and the timeline says by which change', async () => {
    const sandbox = await sandboxForTest();
    const server = untilTestEnds(
      await startServer({ sandbox, access: 'full', onElicit: () => ({ action: 'accept', content: { confirm: true } }) }),
    );
    await callTool(server, 'set_user_full_name', { userName: 'johndoe', fullName: 'John D.' });
    const page = untilTestEnds(
      await startTesterProcess({ program: 'console', access: 'full', terminal: true, shared: sandbox, stateDir: server.stateDir }),
    );
    const { url } = page;
    const changed = (await get<RecordPage>(url, 'record?show=changes')).entries.find(({ change }) => change?.number === 1);
    expect(changed?.change).toMatchObject({ number: 1, canRevert: true, before: { fullName: 'John Doe' }, after: { fullName: 'John D.' } });
    expect(await work(page, 'revert', { number: 1 }, yes)).toEqual({ kind: 'done', says: 'The change 1 was put back, as change 2.' });
    expect(sandbox.world.user('johndoe').fullName).toBe('John Doe');
    expect((await get<RecordPage>(url, 'record?show=changes')).entries.find(({ change }) => change?.number === 1)?.change).toMatchObject({
      canRevert: false,
      revertedBy: 2,
    });
    expect(await work(page, 'revert', { number: 1 }, yes)).toMatchObject({ kind: 'problem' });
  });

  test('an export for auditors has the lines as they are on the disk, or as CSV without formulas, and verify finds a changed line', async () => {
    const sandbox = await sandboxForTest();
    const server = untilTestEnds(await startServer({ sandbox }));
    await callTool(server, 'get_user_info', { userName: 'johndoe' });
    await callTool(server, 'get_stores');
    const { url } = untilTestEnds(await startTesterProcess({ program: 'console', shared: sandbox, stateDir: server.stateDir }));
    const path = join(server.stateDir, 'audit.jsonl');
    const exported = await ask(`${url}export?format=jsonl&show=everything`);
    expect(readFileSync(path, 'utf8').startsWith(exported.body)).toBe(true);
    expect(exported.headers['content-disposition']).toMatch(/^attachment; filename="mailstore-audit-\d{4}-\d\d-\d\d\.jsonl"$/);
    const filtered = await ask(`${url}export?format=jsonl&show=everything&text=getstores`);
    expect(
      filtered.body
        .trimEnd()
        .split('\n')
        .map((line) => (JSON.parse(line) as { command: string }).command),
    ).toEqual(['GetStores']);
    const csv = await ask(`${url}export?format=csv&show=everything`);
    expect(csv.body.split('\r\n')[0]).toBe(
      'time,chain,number,client,origin,target,user,command,arguments,effect,risks,decision,consent,reason,outcome,error,task,change,event,tool,approvalId,prompt,decidedBy,unreadable',
    );
    expect(csv.body).toContain(',GetUserInfo,"{""userName"":""johndoe""}",read,');
    expect(writeCsvRow({ time: '2026-11-29T12:00:00Z', user: '@SUM(A1)', error: '=HYPERLINK("https://evil.example")' })).toBe(
      `2026-11-29T12:00:00Z,,,,,,'@SUM(A1),,,,,,,,,"'=HYPERLINK(""https://evil.example"")",,,,,,,,\r\n`,
    );
    expect(await get<RecordVerdict>(url, 'verify')).toMatchObject({
      isIntact: true,
      says: expect.stringMatching(/^Intact: \d+ lines/) as string,
    });
    appendFileSync(path, '{"format":1,"forged":true}\n');
    expect(await get<RecordVerdict>(url, 'verify')).toMatchObject({
      isIntact: false,
      says: 'Not intact: the audit is not as it was written.',
    });
  });
});
