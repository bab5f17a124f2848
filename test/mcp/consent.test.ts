import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { McpError } from '@modelcontextprotocol/sdk/types.js';
import { describe, expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import type { World, WorldUser } from '../../src/emulation/world.ts';
import { Journal } from '../../src/journal/journal.ts';
import {
  callTool,
  initialize,
  modernMeta,
  sandboxForTest,
  startPipe,
  startServer,
  untilTestEnds,
  type Message,
  type RunningServer,
} from '../helpers/start-server.ts';

/** Starts a server whose client declines every question, and counts them. */
async function startWithDeclining() {
  let count = 0;
  const onElicit = () => {
    count += 1;
    return { action: 'decline' } as const;
  };
  const server = untilTestEnds(await startServer({ sandbox: await sandboxForTest(), access: 'full', onElicit }));
  return { server, asked: () => count };
}

const YES = { action: 'accept', content: { confirm: true } } as const;

function readAudit(stateDir: string): readonly Record<string, unknown>[] {
  return readFileSync(join(stateDir, 'audit.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
    .filter(({ event }) => event === undefined);
}

function openJournal(stateDir: string): Journal {
  const journal = Journal.open(stateDir, { clock: systemClock });
  onTestFinished(() => journal.close());
  return journal;
}

describe('a client of 2025-11-25 that can ask', () => {
  test('shows the act, the consequence, the archive and the arguments, and a yes runs the call once', async () => {
    const sandbox = await sandboxForTest();
    const asked: string[] = [];
    const schemas: unknown[] = [];
    const server = untilTestEnds(
      await startServer({
        sandbox,
        access: 'full',
        onElicit: ({ message, ...params }) => {
          asked.push(message);
          schemas.push('requestedSchema' in params ? params.requestedSchema : undefined);
          return YES;
        },
      }),
    );
    const { isError } = await callTool(server, 'delete_user', { userName: 'amira' });
    expect(isError).toBe(false);
    expect(sandbox.world.state.users.some(({ userName }) => userName === 'amira')).toBe(false);
    expect(asked).toHaveLength(1);
    expect(asked[0]?.split('\n')).toEqual([
      'Delete user amira (Amira Okoye)?',
      expect.stringMatching(/^The account is deleted for good, .*export/),
      expect.stringMatching(
        /^Now: login directoryServices; directory identity CN=Amira Okoye,.*; e-mail addresses amira@example.com; privileges login, export/,
      ),
      'Effect: destructive',
      `Archive: default, ${sandbox.url}, as admin`,
      'Arguments: {"userName":"amira"} (delete_user)',
    ]);
    expect(schemas).toEqual([
      {
        type: 'object',
        properties: { confirm: { type: 'boolean', title: 'Delete amira', description: 'Leave this off to cancel.', default: false } },
        required: ['confirm'],
      },
    ]);
    const lines = readAudit(server.stateDir).map(({ client, consent, outcome }) => ({ client, consent, outcome }));
    const client = { claimed: 'test 1' };
    expect(lines).toEqual([
      { client, consent: { channel: 'elicitation', answer: 'accepted', prompt: asked[0] }, outcome: 'sent' },
      { client, consent: undefined, outcome: 'succeeded' },
    ]);
  });

  test('shows the beginning of a name that is long enough to hide what is asked, and all that follows it', async () => {
    const sandbox = await sandboxForTest();
    sandbox.world.user('amira').fullName = `Amira ${'x'.repeat(5000)}`;
    const asked: string[] = [];
    const onElicit = ({ message }: { readonly message: string }) => {
      asked.push(message);
      return { action: 'decline' } as const;
    };
    const server = untilTestEnds(await startServer({ sandbox, access: 'full', onElicit }));
    await callTool(server, 'delete_user', { userName: 'amira' });
    const [head = '', consequence] = asked[0]?.split('\n') ?? [];
    expect(head).toMatch(/^Delete user amira \(Amira x{400,}… \(cut; 5027 characters in all\)$/);
    expect(head.length).toBeLessThan(600);
    expect(consequence).toMatch(/^The account is deleted for good, /);
  });

  const APPROVAL = /`.+ approve [2-9a-y]{8} --state-dir \S+`/;

  test.each([
    ['declined', { action: 'decline' }, 'and the question was declined.', false],
    ['cancelled', { action: 'cancel' }, 'and the question was closed without an answer.', true],
    ['not_ticked', { action: 'accept', content: { confirm: false } }, 'without the confirmation that the question asks for', true],
    ['not_ticked', { action: 'accept', content: {} }, 'without the confirmation that the question asks for', true],
    ['not_ticked', { action: 'accept' }, 'without the confirmation that the question asks for', true],
    ['not_ticked', { action: 'accept', content: { confirm: 'true' } }, 'without the confirmation that the question asks for', true],
    ['no_answer', new McpError(-32601, 'Method not found'), 'the question was not answered (MCP error -32601: Method not found)', true],
  ] as const)(
    'ends as %s for %j, runs nothing and offers an approval unless it was declined',
    async (answer, given, because, isOffered) => {
      const sandbox = await sandboxForTest();
      const onElicit = () => {
        if (given instanceof Error) throw given;
        return given;
      };
      const server = untilTestEnds(await startServer({ sandbox, access: 'full', onElicit }));
      const { isError, text } = await callTool(server, 'delete_user', { userName: 'amira' });
      expect([isError, APPROVAL.test(text), sandbox.world.user('amira').userName]).toEqual([true, isOffered, 'amira']);
      expect(text).toContain("delete_user was not run: it needs a person's yes, and ");
      expect(text).toContain(because);
      expect(readAudit(server.stateDir)).toMatchObject([{ consent: { channel: 'elicitation', answer } }]);
    },
  );

  test('a client of 2025-11-25 that can ask that never answers is not waited for longer than the call, and nothing runs', async () => {
    const sandbox = await sandboxForTest();
    let isAsked: () => void = () => undefined;
    const asked = new Promise<void>((resolve) => (isAsked = resolve));
    const onElicit = () => {
      isAsked();
      return new Promise<never>(() => undefined);
    };
    const server = untilTestEnds(await startServer({ sandbox, access: 'full', onElicit }));
    const aborting = new AbortController();
    const called = callTool(server, 'delete_user', { userName: 'amira' }, { signal: aborting.signal });
    await asked;
    aborting.abort();
    await expect(called).rejects.toThrow(/abort/i);
    await expect.poll(() => readAudit(server.stateDir).map(({ consent }) => consent)).toMatchObject([{ answer: 'no_answer' }]);
    expect(sandbox.world.user('amira').userName).toBe('amira');
  });

  test('is asked six times and not forty when it declines each time, also when the calls turn to other tools', async () => {
    const { server, asked } = await startWithDeclining();
    const rotation = [
      ['delete_user', { userName: 'amira' }],
      ['detach_store', { id: 2 }],
      ['delete_credential', { id: 1 }],
      ['compact_store', { id: 2 }],
      ['set_user_password', { userName: 'amira', password: 'Violet-Anchor-93' }],
    ] as const;
    let last = '';
    for (let call = 0; call < 40; call += 1) {
      const [tool, args] = rotation[call % rotation.length] ?? rotation[0];
      last = (await callTool(server, tool, args)).text;
    }
    expect(asked()).toBe(6);
    expect(last).toMatch(/six questions, of any kind, got no yes within ten minutes, so none is asked until \d\d:\d\d UTC/);
  });

  test('is asked three times by twenty calls at once, one after another', async () => {
    let [open, most, count] = [0, 0, 0];
    const onElicit = async () => {
      count += 1;
      open += 1;
      most = Math.max(most, open);
      await new Promise((resolve) => setTimeout(resolve, 50));
      open -= 1;
      return { action: 'decline' } as const;
    };
    const server = untilTestEnds(await startServer({ sandbox: await sandboxForTest(), access: 'full', onElicit }));
    const texts = await Promise.all(
      Array.from({ length: 20 }, async () => (await callTool(server, 'delete_user', { userName: 'amira' })).text),
    );
    expect([count, most]).toEqual([3, 1]);
    expect(texts.filter((text) => text.includes('three questions of this kind got no yes'))).toHaveLength(17);
  });

  test('is asked three times and not forty when it declines each time, and a granted approval still works', async () => {
    const { server, asked } = await startWithDeclining();
    const texts: string[] = [];
    for (let call = 0; call < 40; call += 1) texts.push((await callTool(server, 'delete_user', { userName: 'amira' })).text);
    expect(asked()).toBe(3);
    expect(texts[3]).toMatch(/three questions of this kind got no yes within ten minutes, so none is asked until \d\d:\d\d UTC/);
    expect(new Set(texts.slice(3)).size).toBe(1);
    expect(readAudit(server.stateDir)[3]).toMatchObject({ consent: { answer: 'paused' } });
    const id = /approve ([2-9a-y]{8})/.exec(texts[3] ?? '')?.[1] ?? '';
    const { approvals } = openJournal(server.stateDir);
    expect((await approvals.list()).filter(({ state }) => state === 'pending')).toHaveLength(1);
    expect(await approvals.grant(id)).toBe('pending');
    expect((await callTool(server, 'delete_user', { userName: 'amira' })).isError).toBe(false);
  });

  test('is marked by the audit as what it says of itself, under every name', async () => {
    const sandbox = await sandboxForTest();
    const pipe = untilTestEnds(startPipe({ sandbox }));
    await pipe.request('tools/call', {
      _meta: { ...modernMeta, 'io.modelcontextprotocol/clientInfo': { name: 'terminal', version: '' } },
      name: 'get_server_info',
      arguments: {},
    });
    expect(readAudit(pipe.stateDir)).toMatchObject([{ client: { claimed: 'terminal' } }]);
  });

  test('has the name of a store typed before it is detached, and a wrong name detaches nothing', async () => {
    const sandbox = await sandboxForTest();
    const store = sandbox.world.state.stores.find(({ id }) => id === 2);
    const typed = ['2025', store?.name ?? ''];
    const schemas: unknown[] = [];
    const server = untilTestEnds(
      await startServer({
        sandbox,
        access: 'full',
        onElicit: (params) => {
          schemas.push('requestedSchema' in params ? params.requestedSchema : params);
          return { action: 'accept', content: { confirm: typed.shift() ?? '' } };
        },
      }),
    );
    expect((await callTool(server, 'detach_store', { id: 2 })).isError).toBe(true);
    expect(sandbox.world.state.stores.map(({ id }) => id)).toContain(2);
    expect((await callTool(server, 'detach_store', { id: 2 })).isError).toBe(false);
    expect(sandbox.world.state.stores.map(({ id }) => id)).not.toContain(2);
    expect(schemas[0]).toMatchObject({
      properties: { confirm: { type: 'string', title: 'Detach store 2: type 2024' } },
      required: ['confirm'],
    });
  });

  test('says in the question that something is hidden from it, where a word of the archive was sent as a secret before', async () => {
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
    await callTool(server, 'detach_store', { id: 4 });
    await callTool(server, 'create_user', { userName: 'nobody', privileges: ['login'], password: 'current' });
    await callTool(server, 'detach_store', { id: 4 });
    expect(
      asked.map((message) => [
        message.includes('It is the current store'),
        message.split('\n').filter((line) => line.startsWith('Hidden: ')),
      ]),
    ).toEqual([
      [true, []],
      [
        false,
        [
          'Hidden: what MailStore says of it has the text of a secret in it, shown as *** or left out here; look in MailStore itself before you say yes.',
        ],
      ],
    ]);
  });

  test('answers a long command with its task after the yes', async () => {
    const sandbox = await sandboxForTest();
    const server = untilTestEnds(await startServer({ sandbox, access: 'full', onElicit: () => YES }));
    const { isError, structured } = await callTool(server, 'compact_store', { id: 2 });
    expect([isError, structured['command'], structured['status']]).toEqual([false, 'CompactStore', 'succeeded']);
  });
});

describe('a client of 2026-07-28 that can ask', () => {
  const meta = { ...modernMeta, 'io.modelcontextprotocol/clientCapabilities': { elicitation: { form: {} } } };

  async function start() {
    const sandbox = await sandboxForTest();
    const pipe = untilTestEnds(startPipe({ sandbox, access: 'full' }));
    const call = (name: string, args: object, retry: object = {}): Promise<Message> =>
      pipe.request('tools/call', { _meta: meta, name, arguments: args, ...retry });
    const exists = (wanted: string) => sandbox.world.state.users.some(({ userName }) => userName === wanted);
    return { sandbox, call, exists, stateDir: pipe.stateDir };
  }

  function readQuestion({ result }: Message): { readonly inputRequests: Record<string, unknown>; readonly requestState: string } {
    expect(result?.['resultType']).toBe('input_required');
    return result as { inputRequests: Record<string, unknown>; requestState: string };
  }

  test('questions that are never answered pause after three, and a yes is not counted', async () => {
    const { call } = await start();
    const { requestState } = readQuestion(await call('delete_credential', { id: 1 }));
    await call('delete_credential', { id: 1 }, { requestState, inputResponses: { confirm: YES } });
    const results: unknown[] = [];
    for (let id = 2; id <= 6; id += 1) results.push((await call('delete_credential', { id })).result?.['resultType']);
    expect(results.filter((type) => type === 'input_required')).toHaveLength(3);
  });

  test('gets the question as a result and runs the call with the answer and the state', async () => {
    const { call, exists } = await start();
    const { inputRequests, requestState } = readQuestion(await call('delete_user', { userName: 'amira' }));
    expect(inputRequests).toMatchObject({
      confirm: { method: 'elicitation/create', params: { message: expect.stringContaining('user amira (Amira Okoye)') as unknown } },
    });
    expect(exists('amira')).toBe(true);
    const answered = await call('delete_user', { userName: 'amira' }, { requestState, inputResponses: { confirm: YES } });
    expect(answered.result?.['isError']).toBeUndefined();
    expect(exists('amira')).toBe(false);
  });

  const FOREIGN: unknown = expect.stringContaining('the answer does not belong to this call');

  test.each([
    ['without its state', (_state: string) => ({ inputResponses: { confirm: YES } })],
    ['with a state that was changed', (state: string) => ({ requestState: `${state.slice(0, -2)}AA`, inputResponses: { confirm: YES } })],
    ['with an unsigned state', () => ({ requestState: 'e30.AAAA', inputResponses: { confirm: YES } })],
  ])('runs nothing for an answer %s', async (_what, retry) => {
    const { call, exists } = await start();
    const { requestState } = readQuestion(await call('delete_user', { userName: 'amira' }));
    const { result } = await call('delete_user', { userName: 'amira' }, retry(requestState));
    expect(result).toMatchObject({ isError: true, content: [{ text: FOREIGN }] });
    expect(exists('amira')).toBe(true);
  });

  test('runs nothing for the answer to another call', async () => {
    const { call, exists } = await start();
    const { requestState } = readQuestion(await call('delete_user', { userName: 'amira' }));
    const answer = { requestState, inputResponses: { confirm: YES } };
    expect((await call('delete_user', { userName: 'maria.lopez' }, answer)).result).toMatchObject({ content: [{ text: FOREIGN }] });
    expect((await call('disable_mfa', { userName: 'amira' }, answer)).result).toMatchObject({ content: [{ text: FOREIGN }] });
    expect([exists('amira'), exists('maria.lopez')]).toEqual([true, true]);
  });

  test('runs an answer once', async () => {
    const { sandbox, call } = await start();
    const args = { id: '4:1', folder: 'johndoe/Inbox', reason: 'asked for' };
    const { requestState } = readQuestion(await call('delete_message', args));
    const answer = { requestState, inputResponses: { confirm: { action: 'accept', content: { confirm: '4:1' } } } };
    expect((await call('delete_message', args, answer)).result?.['isError']).toBeUndefined();
    const sent = sandbox.requests.filter(({ path }) => path.endsWith('/DeleteMessage')).length;
    expect((await call('delete_message', args, answer)).result).toMatchObject({ isError: true });
    expect(sandbox.requests.filter(({ path }) => path.endsWith('/DeleteMessage'))).toHaveLength(sent);
  });

  test.each<[string, (world: World) => void, string]>([
    ['the account is another one of the same name', (world) => swapAccounts(world.state.users, world.user('amira')), 'privileges admin'],
    [
      'its full name is another one',
      (world) => void (world.user('amira').fullName = 'Somebody Else'),
      'Delete user amira (Somebody Else)?',
    ],
  ])('is asked again with what changed when %s by then, and the old yes runs nothing', async (_what, change, shown) => {
    const { sandbox, call, exists } = await start();
    const first = readQuestion(await call('delete_user', { userName: 'amira' }));
    change(sandbox.world);
    const answer = { requestState: first.requestState, inputResponses: { confirm: YES } };
    const second = readQuestion(await call('delete_user', { userName: 'amira' }, answer));
    expect(exists('amira')).toBe(true);
    const message = JSON.stringify(second.inputRequests);
    expect(message).toContain('Nothing was run yet: what an earlier yes was given to has changed');
    expect(message).toContain(shown);
    const again = { requestState: second.requestState, inputResponses: { confirm: YES } };
    expect((await call('delete_user', { userName: 'amira' }, again)).result?.['isError']).toBeUndefined();
    expect(exists('amira')).toBe(false);
  });

  test('runs a call when only counts and sizes of its question have changed, and the audit keeps the text that was answered', async () => {
    const { sandbox, call, stateDir } = await start();
    const { requestState, inputRequests } = readQuestion(await call('compact_store', { id: 2 }));
    const message = sandbox.world.state.messages.find(({ storeId }) => storeId === 2);
    if (!message) throw new Error('no message in store 2');
    sandbox.world.state.messages.push({ ...message, number: 9999 });
    const { result } = await call('compact_store', { id: 2 }, { requestState, inputResponses: { confirm: YES } });
    expect(result?.['isError']).toBeUndefined();
    const sent = readAudit(stateDir).find(({ outcome }) => outcome === 'sent');
    const { params } = inputRequests['confirm'] as { params: { message: string } };
    expect(sent).toMatchObject({ consent: { channel: 'input_required', answer: 'accepted', prompt: params.message } });
  });

  test('a client of 2026-07-28 that can ask that answers otherwise ends as what it answered', async () => {
    const { call, exists, stateDir } = await start();
    for (const confirm of [{ action: 'decline' }, { action: 'cancel' }, { action: 'accept', content: { confirm: 'yes' } }]) {
      const { requestState } = readQuestion(await call('delete_user', { userName: 'amira' }));
      expect((await call('delete_user', { userName: 'amira' }, { requestState, inputResponses: { confirm } })).result).toMatchObject({
        isError: true,
      });
    }
    const answers = readAudit(stateDir).map(({ consent }) => (consent as { answer: string }).answer);
    expect(answers).toEqual(['asked', 'declined', 'asked', 'cancelled', 'asked', 'not_ticked']);
    expect(exists('amira')).toBe(true);
    const { result } = await call('delete_user', { userName: 'amira' });
    expect(result).toMatchObject({ isError: true, content: [{ text: expect.stringContaining('none is asked until') as unknown }] });
  });
});

/** Gives the name and the full name of an account to the administrator's, as two renames do. */
function swapAccounts(users: WorldUser[], account: WorldUser): void {
  const other = users.find(({ privileges }) => privileges.includes('admin'));
  if (!other) throw new Error('no administrator');
  const { userName, fullName } = account;
  Object.assign(account, { userName: 'amira.away' });
  users.push({ ...structuredClone(other), userName, fullName });
}

describe('an approval', () => {
  /** Has a client that cannot ask call a tool, and grants what it gets. */
  async function approved(server: RunningServer, tool: string, args: Readonly<Record<string, unknown>>): Promise<string> {
    const { text } = await callTool(server, tool, args);
    const id = /approve ([2-9a-y]{8})/.exec(text)?.[1];
    if (id === undefined) throw new Error(text);
    expect(await openJournal(server.stateDir).approvals.grant(id)).toBe('pending');
    return id;
  }

  test('an approval for a synchronisation that deletes no account is void once it would, and the new request says what changed', async () => {
    const sandbox = await sandboxForTest();
    sandbox.world.state.directoryServices['deleteUsers'] = false;
    const server = untilTestEnds(await startServer({ sandbox, access: 'full' }));
    const users = sandbox.world.state.users.length;
    const id = await approved(server, 'sync_users_with_directory_services', { dryRun: false });
    sandbox.world.state.directoryServices['deleteUsers'] = true;
    expect((await callTool(server, 'sync_users_with_directory_services', { dryRun: false })).isError).toBe(true);
    expect(sandbox.world.state.users).toHaveLength(users);
    const [fresh, old] = await openJournal(server.stateDir).approvals.list();
    expect([old?.approvalId, old?.state, fresh?.state]).toEqual([id, 'void', 'pending']);
    expect(fresh?.prompt).toContain(
      'has changed (- then, + now):\n- Accounts are created and changed to match the directory. No account is deleted',
    );
    const kept = readAudit(server.stateDir).find(({ consent }) => (consent as { answer?: string }).answer === 'invalid');
    expect(kept).toMatchObject({ consent: { channel: 'approval', approvalId: id, prompt: old?.prompt } });
    expect(old?.prompt).toContain('No account is deleted: deleteUsers is off.');
  });

  test('an approval for a synchronisation is void once another scope of the directory is set', async () => {
    const sandbox = await sandboxForTest();
    sandbox.world.state.directoryServices['deleteUsers'] = true;
    const server = untilTestEnds(await startServer({ sandbox, access: 'full' }));
    const users = sandbox.world.state.users.length;
    await approved(server, 'sync_users_with_directory_services', { dryRun: false });
    sandbox.world.state.directoryServices['groups'] = ['Sales'];
    expect((await callTool(server, 'sync_users_with_directory_services', { dryRun: false })).isError).toBe(true);
    expect(sandbox.world.state.users).toHaveLength(users);
    const [fresh] = await openJournal(server.stateDir).approvals.list();
    expect(fresh?.prompt).toContain('groups: ["Sales"]');
  });

  test('an approval for an account is void when another account has taken over its name and full name', async () => {
    const sandbox = await sandboxForTest();
    const server = untilTestEnds(await startServer({ sandbox, access: 'full' }));
    await approved(server, 'delete_user', { userName: 'amira' });
    swapAccounts(sandbox.world.state.users, sandbox.world.user('amira'));
    expect((await callTool(server, 'delete_user', { userName: 'amira' })).isError).toBe(true);
    expect(sandbox.requests.filter(({ path }) => path.endsWith('/DeleteUser'))).toEqual([]);
  });

  test('an approval for settings is void when a legal hold was set meanwhile', async () => {
    const sandbox = await sandboxForTest();
    sandbox.world.state.compliance['legalHoldEnabled'] = false;
    const server = untilTestEnds(await startServer({ sandbox, access: 'full' }));
    const args = { config: { ...sandbox.world.state.compliance, logSuccessfulUserActivities: [] } };
    await approved(server, 'set_compliance_configuration', args);
    sandbox.world.state.compliance['legalHoldEnabled'] = true;
    expect((await callTool(server, 'set_compliance_configuration', args)).isError).toBe(true);
    expect(sandbox.world.state.compliance['legalHoldEnabled']).toBe(true);
  });

  test('is requested at most 20 times for a target, and the same call gets the same one', async () => {
    const sandbox = await sandboxForTest();
    const server = untilTestEnds(await startServer({ sandbox, access: 'full' }));
    const ask = async (id: number) => (await callTool(server, 'delete_credential', { id })).text;
    const texts: string[] = [];
    for (let id = 1; id <= 30; id += 1) texts.push(await ask(id), await ask(id));
    const ids = texts.slice(0, 40).map((text) => /approve ([2-9a-y]{8})/.exec(text)?.[1]);
    expect([new Set(ids).size, ids[0] === ids[1], ids.includes(undefined)]).toEqual([20, true, false]);
    for (const text of texts.slice(40))
      expect(text).toContain('too many approvals are pending already (20 for the target default, 20 in all)');
  });
});

describe('a client that cannot ask', () => {
  test('gets the id of an approval and runs nothing', async () => {
    const sandbox = await sandboxForTest();
    const server = untilTestEnds(await startServer({ sandbox, access: 'full' }));
    const { isError, text } = await callTool(server, 'delete_user', { userName: 'amira' });
    expect(isError).toBe(true);
    expect(text).toMatch(
      /^delete_user was not run: it needs a person's yes, and this client cannot ask a person\. Give this command to a person who may decide, do not run it yourself, and call again with the same arguments once they have run it in a terminal within ten minutes: `.+ approve [2-9a-z]{8} --state-dir \S+`/,
    );
    expect(sandbox.world.state.users.some(({ userName }) => userName === 'amira')).toBe(true);
    expect(readAudit(server.stateDir)).toMatchObject([
      { command: 'DeleteUser', decision: 'ask', consent: { channel: 'none', answer: 'unavailable' } },
    ]);
  });

  test.each([
    ['that knows only links', { elicitation: { url: {} } }],
    ['that declares nothing', {}],
  ])('is one %s', async (_what, capabilities) => {
    const sandbox = await sandboxForTest();
    const pipe = untilTestEnds(startPipe({ sandbox, access: 'full' }));
    const { result } = await pipe.request('tools/call', {
      _meta: { ...modernMeta, 'io.modelcontextprotocol/clientCapabilities': capabilities },
      name: 'delete_user',
      arguments: { userName: 'amira' },
    });
    expect(result).toMatchObject({ isError: true, content: [{ text: expect.stringContaining(' approve ') as unknown }] });
  });

  test('has no argument by which a model could say yes itself', async () => {
    const sandbox = await sandboxForTest();
    const pipe = untilTestEnds(startPipe({ sandbox, access: 'full' }));
    await initialize(pipe);
    for (const extra of [{ confirm: true }, { confirmed: true }, { force: true }, { yes: true }, { approvalId: 'x' }]) {
      const { result } = await pipe.request('tools/call', { name: 'delete_user', arguments: { userName: 'amira', ...extra } });
      expect(result).toMatchObject({ isError: true, content: [{ text: expect.stringContaining('delete_user does not take') as unknown }] });
    }
    expect(sandbox.requests.filter(({ path }) => path.endsWith('/DeleteUser'))).toEqual([]);
  });
});

test('no person is asked about a call that could not be sent with their yes either, and the record has its line', async () => {
  const { server, asked } = await startWithDeclining();
  for (const [name, args] of [
    ['set_smtp_settings', { settings: { port: 465 } }],
    ['set_directory_services_configuration', { config: { deleteUsers: true } }],
  ] as const) {
    const { isError, text } = await callTool(server, name, args);
    expect([isError, text]).toEqual([true, expect.stringContaining('would be cleared when left out')]);
  }
  expect(asked()).toBe(0);
  const outcomes = readAudit(server.stateDir).filter(({ effect }) => effect !== 'read' && effect !== undefined);
  expect(outcomes.map(({ command }) => command)).toEqual(['SetSmtpSettings', 'SetDirectoryServicesConfiguration']);
});

test('a question about an account that does not exist says so in one line for each kind of read', async () => {
  const asked: string[] = [];
  const onElicit = ({ message }: { readonly message: string }) => {
    asked.push(message);
    return { action: 'decline' } as const;
  };
  const server = untilTestEnds(await startServer({ sandbox: await sandboxForTest(), access: 'full', onElicit }));
  await callTool(server, 'delete_user', { userName: 'no.body' });
  const lines = (asked[0] ?? '').split('\n').filter((line) => line.includes('is missing here'));
  expect(lines).toEqual([
    "What get_user_info shows is missing here: MailStore could not run GetUserInfo: User 'no.body' does not exist.",
    "What the search for apiAdministrator shows is missing here: MailStore could not run GetUserInfo: User 'no.body' does not exist.",
  ]);
});
