import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  callTool,
  initialize,
  modernMeta,
  sandboxForTest,
  startPipe,
  startServer,
  untilTestEnds,
  type Message,
} from '../helpers/start-server.ts';

const YES = { action: 'accept', content: { confirm: true } } as const;

function auditOf(stateDir: string): readonly Record<string, unknown>[] {
  return readFileSync(join(stateDir, 'audit.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
    .filter(({ event }) => event === undefined);
}

describe('a client of 2025-11-25 that can ask', () => {
  test('shows its person target, object and consequence, and a yes runs the call once', async () => {
    const sandbox = await sandboxForTest();
    const asked: string[] = [];
    const server = untilTestEnds(
      await startServer({
        sandbox,
        access: 'full',
        onElicit: ({ message }) => {
          asked.push(message);
          return YES;
        },
      }),
    );
    const { isError } = await callTool(server, 'delete_user', { userName: 'amira' });
    expect(isError).toBe(false);
    expect(sandbox.world.state.users.some(({ userName }) => userName === 'amira')).toBe(false);
    expect(asked).toHaveLength(1);
    expect(asked[0]?.split('\n').slice(0, 3)).toEqual([
      `Delete a user (delete_user) on default, ${sandbox.url}`,
      'What: user amira (Amira Okoye)',
      'Arguments: {"userName":"amira"}',
    ]);
    expect(asked[0]).toMatch(/\nConsequence: .*export/);
    const lines = auditOf(server.stateDir).map(({ command, decision, consent, outcome }) => ({ command, decision, consent, outcome }));
    expect(lines).toEqual([
      {
        command: 'DeleteUser',
        decision: 'ask',
        consent: { channel: 'elicitation', answer: 'asked', prompt: asked[0] },
        outcome: undefined,
      },
      { command: 'DeleteUser', decision: 'ask', consent: { channel: 'elicitation', answer: 'yes', prompt: asked[0] }, outcome: 'sent' },
      { command: 'DeleteUser', decision: 'ask', consent: undefined, outcome: 'succeeded' },
    ]);
  });

  test.each([
    ['a decline', { action: 'decline' }],
    ['a dismissal', { action: 'cancel' }],
    ['a form sent without the tick', { action: 'accept', content: { confirm: false } }],
    ['a form sent empty', { action: 'accept', content: {} }],
    ['a text in the place of the tick', { action: 'accept', content: { confirm: 'true' } }],
  ] as const)('takes %s for a no', async (_what, answer) => {
    const sandbox = await sandboxForTest();
    const server = untilTestEnds(await startServer({ sandbox, access: 'full', onElicit: () => answer }));
    expect(await callTool(server, 'delete_user', { userName: 'amira' })).toMatchObject({
      isError: true,
      text: 'delete_user was not run: it needs the yes of a person, and nobody gave it.',
    });
    expect(sandbox.world.state.users.some(({ userName }) => userName === 'amira')).toBe(true);
  });

  test('runs nothing when the form cannot be shown', async () => {
    const sandbox = await sandboxForTest();
    const server = untilTestEnds(
      await startServer({
        sandbox,
        access: 'full',
        onElicit: () => {
          throw new Error('no window');
        },
      }),
    );
    expect((await callTool(server, 'delete_user', { userName: 'amira' })).isError).toBe(true);
    expect(sandbox.world.state.users.some(({ userName }) => userName === 'amira')).toBe(true);
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
    expect(schemas[0]).toMatchObject({ properties: { confirm: { type: 'string', title: 'Type 2024 to run it' } }, required: ['confirm'] });
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
    expect(asked.map((message) => [message.includes('It is the current store'), message.split('\n').slice(4)])).toEqual([
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
    return { sandbox, call, exists };
  }

  function questionOf({ result }: Message): { readonly inputRequests: Record<string, unknown>; readonly requestState: string } {
    expect(result?.['resultType']).toBe('input_required');
    return result as { inputRequests: Record<string, unknown>; requestState: string };
  }

  test('gets the question as a result and runs the call with the answer and the state', async () => {
    const { call, exists } = await start();
    const { inputRequests, requestState } = questionOf(await call('delete_user', { userName: 'amira' }));
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
    ['with a state that nobody signed', () => ({ requestState: 'e30.AAAA', inputResponses: { confirm: YES } })],
  ])('runs nothing for an answer %s', async (_what, retry) => {
    const { call, exists } = await start();
    const { requestState } = questionOf(await call('delete_user', { userName: 'amira' }));
    const { result } = await call('delete_user', { userName: 'amira' }, retry(requestState));
    expect(result).toMatchObject({ isError: true, content: [{ text: FOREIGN }] });
    expect(exists('amira')).toBe(true);
  });

  test('runs nothing for the answer to another call', async () => {
    const { call, exists } = await start();
    const { requestState } = questionOf(await call('delete_user', { userName: 'amira' }));
    const answer = { requestState, inputResponses: { confirm: YES } };
    expect((await call('delete_user', { userName: 'maria.lopez' }, answer)).result).toMatchObject({ content: [{ text: FOREIGN }] });
    expect((await call('disable_mfa', { userName: 'amira' }, answer)).result).toMatchObject({ content: [{ text: FOREIGN }] });
    expect([exists('amira'), exists('maria.lopez')]).toEqual([true, true]);
  });

  test('runs an answer once', async () => {
    const { sandbox, call } = await start();
    const args = { id: '4:1', reason: 'asked for' };
    const { requestState } = questionOf(await call('delete_message', args));
    const answer = { requestState, inputResponses: { confirm: { action: 'accept', content: { confirm: '4:1' } } } };
    expect((await call('delete_message', args, answer)).result?.['isError']).toBeUndefined();
    const sent = sandbox.requests.filter(({ path }) => path.endsWith('/DeleteMessage')).length;
    expect((await call('delete_message', args, answer)).result).toMatchObject({ isError: true });
    expect(sandbox.requests.filter(({ path }) => path.endsWith('/DeleteMessage'))).toHaveLength(sent);
  });

  test('runs nothing when the object has become another one since the question was shown', async () => {
    const { sandbox, call, exists } = await start();
    const { requestState } = questionOf(await call('delete_user', { userName: 'amira' }));
    sandbox.world.user('amira').fullName = 'Somebody Else';
    const { result } = await call('delete_user', { userName: 'amira' }, { requestState, inputResponses: { confirm: YES } });
    expect(result).toMatchObject({ isError: true, content: [{ text: FOREIGN }] });
    expect(exists('amira')).toBe(true);
  });
});

describe('a client that cannot ask', () => {
  test('gets the id of an approval and runs nothing', async () => {
    const sandbox = await sandboxForTest();
    const server = untilTestEnds(await startServer({ sandbox, access: 'full' }));
    const { isError, text } = await callTool(server, 'delete_user', { userName: 'amira' });
    expect(isError).toBe(true);
    expect(text).toMatch(
      /^delete_user was not run: it needs the yes of a person, and this client cannot ask for one\. Whoever may decide runs `mailstore-mcp approve [2-9a-z]{8} --state-dir ".+"` in a terminal/,
    );
    expect(sandbox.world.state.users.some(({ userName }) => userName === 'amira')).toBe(true);
    expect(auditOf(server.stateDir)).toMatchObject([
      { command: 'DeleteUser', decision: 'ask', consent: { channel: 'none', answer: 'not asked' } },
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
    expect(result).toMatchObject({ isError: true, content: [{ text: expect.stringContaining('mailstore-mcp approve') as unknown }] });
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
