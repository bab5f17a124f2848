import { expect, test } from 'vitest';
import { APPROVAL_MS } from '../../src/journal/approval-journal.ts';
import type { ApprovalRequest } from '../../src/journal/approval-record.ts';
import { Journal } from '../../src/journal/journal.ts';
import { openSqlite } from '../../src/journal/sqlite.ts';
import { ManualClock } from '../helpers/manual-clock.ts';
import { describeEngines, temporaryFolder, untilTestEnds } from './engines.ts';
import { call } from './samples.ts';

const HOUR = 3_600_000;

describeEngines('the journal of approvals', (engine) => {
  const text = { prompt: 'Delete johndoe?', label: 'Delete johndoe' };

  function setUp() {
    const folder = temporaryFolder();
    const clock = new ManualClock();
    const open = () => untilTestEnds(Journal.open(folder, { clock, engines: [engine] }));
    const { approvals, path } = open();
    const ask = (request: Partial<ApprovalRequest> = {}) => approvals.request({ ...text, ...call(), ...request }).approvalId;
    const grant = (request: Partial<ApprovalRequest> = {}) => {
      const approvalId = ask(request);
      expect(approvals.grant(approvalId)).toBe('pending');
      return approvalId;
    };
    const stateOf = (approvalId: string) => approvals.get(approvalId)?.state;
    const count = (table: string) => untilTestEnds(openSqlite(path, { engines: [engine] })).get(`SELECT count(*) AS count FROM ${table}`);
    return { clock, open, approvals, ask, grant, stateOf, count };
  }

  test('shows a request to every process, for ten minutes', () => {
    const { approvals, open } = setUp();
    const made = approvals.request({ ...call(), prompt: 'Delete "größer\0\ud800"?', label: 'Delete' });
    expect(made).toEqual({
      ...call(),
      approvalId: made.approvalId,
      prompt: 'Delete "größer\0\ud800"?',
      label: 'Delete',
      state: 'pending',
      requestedAt: '2026-03-04T09:00:00.000Z',
      expiresAt: '2026-03-04T09:10:00.000Z',
    });
    expect([open().approvals.get(made.approvalId), open().approvals.list()]).toEqual([made, [made]]);
  });

  test('keeps what has to be typed, and that nothing has to be', () => {
    const { approvals } = setUp();
    const typed = approvals.request({ ...call('key-1'), ...text, confirmationText: '2024\0"' });
    const plain = approvals.request({ ...call('key-2'), ...text });
    expect([approvals.get(typed.approvalId)?.confirmationText, 'confirmationText' in plain]).toEqual(['2024\0"', false]);
  });

  test('gives ids of eight characters that are not taken for one another', () => {
    const { ask } = setUp();
    const ids = Array.from({ length: 50 }, (_, index) => ask({ argumentsKey: `key-${index}`, target: `target-${index % 5}` }));
    expect(new Set(ids).size).toBe(50);
    for (const id of ids) expect(id).toMatch(/^[2-9acdefhjkmnprtvwxy]{8}$/);
  });

  test('returns the pending request of the same call with the text that it was made with', () => {
    const { approvals, ask } = setUp();
    const first = approvals.request({ ...text, ...call(), prompt: 'first' });
    expect(approvals.request({ ...text, ...call(), prompt: 'second' })).toEqual(first);
    const others = [ask({ tool: 'delete_store' }), ask({ target: 'other' }), ask({ argumentsKey: 'key-2' })];
    expect(new Set([first.approvalId, ...others]).size).toBe(4);
    expect(approvals.list().map(({ approvalId }) => approvalId)).toEqual([...others.toReversed(), first.approvalId]);
    expect(approvals.list({ limit: 1 }).map(({ approvalId }) => approvalId)).toEqual(others.slice(-1));
  });

  test('lets a granted call through once', async () => {
    const { approvals, clock, grant, stateOf } = setUp();
    const approvalId = grant();
    await clock.advance(APPROVAL_MS - 1);
    expect([approvals.consume(call()), approvals.consume(call()), stateOf(approvalId)]).toEqual([
      { approvalId, prompt: 'Delete johndoe?', isValid: true },
      undefined,
      'used',
    ]);
    expect(approvals.get(approvalId)).toMatchObject({ decidedAt: '2026-03-04T09:00:00.000Z' });
  });

  test('lets nothing through that is pending, refused or another call', () => {
    const { approvals, ask, grant } = setUp();
    ask({ argumentsKey: 'pending' });
    approvals.refuse(ask({ argumentsKey: 'refused' }));
    const granted = grant();
    const others = [
      call('pending'),
      call('refused'),
      call('key-1\0'),
      call('KEY-1'),
      { ...call(), tool: 'delete_store' },
      { ...call(), target: 'other' },
      { ...call(), target: 'default\0other' },
    ];
    expect(others.map((other) => approvals.consume(other))).toEqual(others.map(() => undefined));
    expect([approvals.get(granted)?.state, approvals.consume(call())?.approvalId]).toEqual(['granted', granted]);
  });

  test('tells calls apart that differ after a NUL character', () => {
    const { approvals, ask, grant } = setUp();
    const first = grant({ target: 'a\0b' });
    expect(ask({ target: 'a\0c' })).not.toBe(first);
    expect([approvals.consume({ ...call(), target: 'a\0c' }), approvals.consume({ ...call(), target: 'a\0b' }) !== undefined]).toEqual([
      undefined,
      true,
    ]);
  });

  test('decides a request once, and tells the state in which it was', () => {
    const { approvals, ask, stateOf } = setUp();
    const granted = ask({ argumentsKey: 'granted' });
    expect([approvals.grant(granted), approvals.refuse(granted), approvals.grant(granted)]).toEqual(['pending', 'granted', 'granted']);
    const refused = ask({ argumentsKey: 'refused' });
    expect([approvals.refuse(refused), approvals.grant(refused), approvals.refuse(refused)]).toEqual(['pending', 'refused', 'refused']);
    approvals.consume(call('granted'));
    expect([approvals.grant(granted), approvals.grant('unknown'), approvals.refuse('unknown')]).toEqual(['used', undefined, undefined]);
    expect([stateOf(granted), stateOf(refused), stateOf('unknown')]).toEqual(['used', 'refused', undefined]);
  });

  test('asks anew after a refusal, a use or an expiry', async () => {
    const { approvals, clock, ask } = setUp();
    const refused = ask();
    approvals.refuse(refused);
    const used = ask();
    approvals.grant(used);
    approvals.consume(call());
    const expired = ask();
    await clock.advance(APPROVAL_MS);
    const fresh = ask();
    expect(new Set([refused, used, expired, fresh]).size).toBe(4);
    expect(approvals.list().map(({ state }) => state)).toEqual(['pending', 'expired', 'used', 'refused']);
  });

  test('expires ten minutes after the request, pending or granted', async () => {
    const { approvals, clock, ask, grant, stateOf } = setUp();
    const granted = grant();
    const pending = ask({ argumentsKey: 'key-2' });
    await clock.advance(APPROVAL_MS - 1);
    expect([stateOf(granted), stateOf(pending)]).toEqual(['granted', 'pending']);
    await clock.advance(1);
    expect([stateOf(granted), stateOf(pending)]).toEqual(['expired', 'expired']);
    expect([approvals.consume(call()), approvals.grant(pending), approvals.refuse(pending)]).toEqual([undefined, 'expired', 'expired']);
  });

  test('does not come back to life when the clock is set back', async () => {
    const { approvals, clock, grant, stateOf } = setUp();
    const expired = grant({ argumentsKey: 'expired' });
    await clock.advance(APPROVAL_MS);
    expect(approvals.consume(call('expired'))).toBeUndefined();
    await clock.jump(-1000);
    expect([approvals.consume(call('expired')), stateOf(expired)]).toEqual([undefined, 'expired']);

    const granted = grant();
    await clock.jump(-HOUR);
    expect([stateOf(granted), approvals.consume(call())]).toEqual(['expired', undefined]);
    await clock.jump(HOUR);
    expect([stateOf(granted), approvals.consume(call())]).toEqual(['expired', undefined]);
  });

  test('voids a granted approval whose text has changed, and returns the text that the person read', () => {
    const { approvals, grant, stateOf } = setUp();
    const approvalId = grant();
    const changed = { ...call(), promptKey: 'prompt-2' };
    expect([approvals.consume(changed), approvals.consume(call()), stateOf(approvalId)]).toEqual([
      { approvalId, prompt: 'Delete johndoe?', isValid: false },
      undefined,
      'void',
    ]);
  });

  test('voids a pending request when the same call is made with another text', () => {
    const { approvals, ask, stateOf } = setUp();
    const [first, second] = [ask(), ask({ promptKey: 'prompt-2' })];
    expect([stateOf(first), stateOf(second), approvals.grant(first)]).toEqual(['void', 'pending', 'void']);
  });

  test('takes at most 20 pending requests for a target and 100 in all', async () => {
    const { approvals, clock, ask } = setUp();
    const askMany = (target: string, count: number) => {
      for (let index = 0; index < count; index += 1) ask({ target, argumentsKey: `key-${index}` });
    };
    askMany('a', 20);
    expect(() => ask({ target: 'a', argumentsKey: 'one more' })).toThrow(
      'too many approvals are pending already (20 for the target a, 20 in all)',
    );
    expect(ask({ target: 'a', argumentsKey: 'key-3' })).toMatch(/^[2-9a-y]{8}$/);
    for (const target of ['b', 'c', 'd', 'e']) askMany(target, 20);
    expect(() => ask({ target: 'f' })).toThrow('too many approvals are pending already (0 for the target f, 100 in all)');
    await clock.advance(APPROVAL_MS);
    expect(ask({ target: 'f' })).toMatch(/^[2-9a-y]{8}$/);
    expect(approvals.list().filter(({ state }) => state === 'pending')).toHaveLength(1);
  });

  test('pauses questions of one kind for ten minutes after three refusals within ten minutes, for every process', async () => {
    const { approvals, clock, open } = setUp();
    const kind = { tool: 'delete_user', target: 'default' };
    approvals.countRefusal(kind);
    await clock.advance(APPROVAL_MS + 1);
    approvals.countRefusal(kind);
    approvals.countRefusal(kind);
    expect(approvals.pausedUntil(kind)).toBeUndefined();
    approvals.countRefusal(kind);
    const until = clock.now() + APPROVAL_MS;
    expect([approvals.pausedUntil(kind), open().approvals.pausedUntil(kind)]).toEqual([until, until]);
    expect([approvals.pausedUntil({ ...kind, tool: 'detach_store' }), approvals.pausedUntil({ ...kind, target: 'other' })]).toEqual([
      undefined,
      undefined,
    ]);
    await clock.advance(APPROVAL_MS);
    expect(approvals.pausedUntil(kind)).toBeUndefined();
  });

  test('burns a nonce once in all processes', () => {
    const { approvals, clock, open } = setUp();
    const until = clock.now() + 1000;
    expect([approvals.burn('a', until), open().approvals.burn('a', until), approvals.burn('a', until + 5)]).toEqual([true, false, false]);
    expect([approvals.burn('b', until), approvals.burn('a\0b', until), approvals.burn('a\0c', until)]).toEqual([true, true, true]);
  });

  test('clears expired nonces, and takes none that could have been cleared', async () => {
    const { approvals, clock, count } = setUp();
    const until = clock.now() + 1000;
    expect([approvals.burn('a', until), approvals.burn('long', until + HOUR), approvals.burn('late', clock.now())]).toEqual([
      true,
      true,
      false,
    ]);
    await clock.advance(1000);
    expect([approvals.burn('a', until), approvals.burn('b', until + 1), count('nonces')]).toEqual([false, true, { count: 2 }]);
    await clock.jump(-500);
    expect([approvals.burn('a', until), approvals.burn('long', until + HOUR), approvals.burn('c', until + 1)]).toEqual([
      false,
      false,
      true,
    ]);
  });
});
