import { expect, test } from 'vitest';
import { CONSENT_MS } from '../../src/base/limits.ts';
import type { ApprovalRequest } from '../../src/journal/approval-record.ts';
import { Journal } from '../../src/journal/journal.ts';
import { openSqlite } from '../../src/journal/sqlite.ts';
import { ManualClock } from '../helpers/manual-clock.ts';
import { describeEngines, untilTestEnds } from './engines.ts';
import { call } from './samples.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

const HOUR = 3_600_000;

describeEngines('the journal of approvals', (engine) => {
  const text = { prompt: 'Delete johndoe?', label: 'Delete johndoe' };

  function setUp() {
    const folder = temporaryFolder();
    const clock = new ManualClock();
    const open = () => untilTestEnds(Journal.open(folder, { clock, engines: [engine] }));
    const { approvals, path } = open();
    const ask = async (request: Partial<ApprovalRequest> = {}) => (await approvals.request({ ...text, ...call(), ...request })).approvalId;
    const grant = async (request: Partial<ApprovalRequest> = {}) => {
      const approvalId = await ask(request);
      expect(await approvals.grant(approvalId)).toBe('pending');
      return approvalId;
    };
    const readState = async (approvalId: string) => (await approvals.get(approvalId))?.state;
    const count = (table: string) => untilTestEnds(openSqlite(path, { engines: [engine] })).get(`SELECT count(*) AS count FROM ${table}`);
    return { clock, open, approvals, ask, grant, readState, count };
  }

  test('shows a request to every process, for ten minutes', async () => {
    const { approvals, open } = setUp();
    const made = await approvals.request({ ...call(), prompt: 'Delete "größer\0\ud800"?', label: 'Delete' });
    expect(made).toEqual({
      ...call(),
      approvalId: made.approvalId,
      prompt: 'Delete "größer\0\ud800"?',
      label: 'Delete',
      state: 'pending',
      requestedAt: '2026-03-04T09:00:00.000Z',
      expiresAt: '2026-03-04T09:10:00.000Z',
    });
    expect([await open().approvals.get(made.approvalId), await open().approvals.list()]).toEqual([made, [made]]);
  });

  test('keeps what has to be typed, and that nothing has to be', async () => {
    const { approvals } = setUp();
    const typed = await approvals.request({ ...call('key-1'), ...text, confirmationText: '2024\0"' });
    const plain = await approvals.request({ ...call('key-2'), ...text });
    expect([(await approvals.get(typed.approvalId))?.confirmationText, 'confirmationText' in plain]).toEqual(['2024\0"', false]);
  });

  test('gives ids of eight characters that are not taken for one another', async () => {
    const { ask } = setUp();
    const ids: string[] = [];
    for (let index = 0; index < 50; index++) ids.push(await ask({ argumentsKey: `key-${index}`, target: `target-${index % 5}` }));
    expect(new Set(ids).size).toBe(50);
    for (const id of ids) expect(id).toMatch(/^[2-9acdefhjkmnprtvwxy]{8}$/);
  });

  test('returns the pending request of the same call with the text that it was made with', async () => {
    const { approvals, ask } = setUp();
    const first = await approvals.request({ ...text, ...call(), prompt: 'first' });
    expect(await approvals.request({ ...text, ...call(), prompt: 'second' })).toEqual(first);
    const others = [await ask({ tool: 'delete_store' }), await ask({ target: 'other' }), await ask({ argumentsKey: 'key-2' })];
    expect(new Set([first.approvalId, ...others]).size).toBe(4);
    expect((await approvals.list()).map(({ approvalId }) => approvalId)).toEqual([...others.toReversed(), first.approvalId]);
    expect((await approvals.list({ limit: 1 })).map(({ approvalId }) => approvalId)).toEqual(others.slice(-1));
  });

  test('lets a granted call through once', async () => {
    const { approvals, clock, grant, readState } = setUp();
    const approvalId = await grant();
    await clock.advance(CONSENT_MS - 1);
    expect([await approvals.consume(call()), await approvals.consume(call()), await readState(approvalId)]).toEqual([
      { approvalId, prompt: 'Delete johndoe?', isValid: true },
      undefined,
      'used',
    ]);
    expect(await approvals.get(approvalId)).toMatchObject({ decidedAt: '2026-03-04T09:00:00.000Z' });
  });

  test('lets nothing through that is pending, refused or another call', async () => {
    const { approvals, ask, grant } = setUp();
    await ask({ argumentsKey: 'pending' });
    await approvals.refuse(await ask({ argumentsKey: 'refused' }));
    const granted = await grant();
    const others = [
      call('pending'),
      call('refused'),
      call('key-1\0'),
      call('KEY-1'),
      { ...call(), tool: 'delete_store' },
      { ...call(), target: 'other' },
      { ...call(), target: 'default\0other' },
    ];
    expect(await Promise.all(others.map((other) => approvals.consume(other)))).toEqual(others.map(() => undefined));
    expect([(await approvals.get(granted))?.state, (await approvals.consume(call()))?.approvalId]).toEqual(['granted', granted]);
  });

  test('keeps calls apart that differ after a NUL character', async () => {
    const { approvals, ask, grant } = setUp();
    const first = await grant({ target: 'a\0b' });
    expect(await ask({ target: 'a\0c' })).not.toBe(first);
    expect([
      await approvals.consume({ ...call(), target: 'a\0c' }),
      (await approvals.consume({ ...call(), target: 'a\0b' })) !== undefined,
    ]).toEqual([undefined, true]);
  });

  test('decides a request once, and returns the state in which it was', async () => {
    const { approvals, ask, readState } = setUp();
    const granted = await ask({ argumentsKey: 'granted' });
    expect([await approvals.grant(granted), await approvals.refuse(granted), await approvals.grant(granted)]).toEqual([
      'pending',
      'granted',
      'granted',
    ]);
    const refused = await ask({ argumentsKey: 'refused' });
    expect([await approvals.refuse(refused), await approvals.grant(refused), await approvals.refuse(refused)]).toEqual([
      'pending',
      'refused',
      'refused',
    ]);
    await approvals.consume(call('granted'));
    expect([await approvals.grant(granted), await approvals.grant('unknown'), await approvals.refuse('unknown')]).toEqual([
      'used',
      undefined,
      undefined,
    ]);
    expect([await readState(granted), await readState(refused), await readState('unknown')]).toEqual(['used', 'refused', undefined]);
  });

  test('asks again after a refusal, a use or an expiry', async () => {
    const { approvals, clock, ask } = setUp();
    const refused = await ask();
    await approvals.refuse(refused);
    const used = await ask();
    await approvals.grant(used);
    await approvals.consume(call());
    const expired = await ask();
    await clock.advance(CONSENT_MS);
    const fresh = await ask();
    expect(new Set([refused, used, expired, fresh]).size).toBe(4);
    expect((await approvals.list()).map(({ state }) => state)).toEqual(['pending', 'expired', 'used', 'refused']);
  });

  test('expires ten minutes after the request, pending or granted', async () => {
    const { approvals, clock, ask, grant, readState } = setUp();
    const granted = await grant();
    const pending = await ask({ argumentsKey: 'key-2' });
    await clock.advance(CONSENT_MS - 1);
    expect([await readState(granted), await readState(pending)]).toEqual(['granted', 'pending']);
    await clock.advance(1);
    expect([await readState(granted), await readState(pending)]).toEqual(['expired', 'expired']);
    expect([await approvals.consume(call()), await approvals.grant(pending), await approvals.refuse(pending)]).toEqual([
      undefined,
      'expired',
      'expired',
    ]);
  });

  test('does not come back to life when the clock is set back', async () => {
    const { approvals, clock, grant, readState } = setUp();
    const expired = await grant({ argumentsKey: 'expired' });
    await clock.advance(CONSENT_MS);
    expect(await approvals.consume(call('expired'))).toBeUndefined();
    await clock.jump(-1000);
    expect([await approvals.consume(call('expired')), await readState(expired)]).toEqual([undefined, 'expired']);

    const granted = await grant();
    await clock.jump(-HOUR);
    expect([await readState(granted), await approvals.consume(call())]).toEqual(['expired', undefined]);
    await clock.jump(HOUR);
    expect([await readState(granted), await approvals.consume(call())]).toEqual(['expired', undefined]);
  });

  test('voids a granted approval whose text has changed, and returns the text that the person read', async () => {
    const { approvals, grant, readState } = setUp();
    const approvalId = await grant();
    const changed = { ...call(), promptKey: 'prompt-2' };
    expect([await approvals.consume(changed), await approvals.consume(call()), await readState(approvalId)]).toEqual([
      { approvalId, prompt: 'Delete johndoe?', isValid: false },
      undefined,
      'void',
    ]);
  });

  test('voids a pending request when the same call is made with another text', async () => {
    const { approvals, ask, readState } = setUp();
    const [first, second] = [await ask(), await ask({ promptKey: 'prompt-2' })];
    expect([await readState(first), await readState(second), await approvals.grant(first)]).toEqual(['void', 'pending', 'void']);
  });

  test('takes at most 20 pending requests for a target and 100 in all', async () => {
    const { approvals, clock, ask } = setUp();
    const askMany = async (target: string, count: number) => {
      for (let index = 0; index < count; index += 1) await ask({ target, argumentsKey: `key-${index}` });
    };
    await askMany('a', 20);
    await expect(ask({ target: 'a', argumentsKey: 'one more' })).rejects.toThrow(
      'too many approvals are pending already (20 for the target a, 20 in all)',
    );
    expect(await ask({ target: 'a', argumentsKey: 'key-3' })).toMatch(/^[2-9a-y]{8}$/);
    for (const target of ['b', 'c', 'd', 'e']) await askMany(target, 20);
    await expect(ask({ target: 'f' })).rejects.toThrow('too many approvals are pending already (0 for the target f, 100 in all)');
    await clock.advance(CONSENT_MS);
    expect(await ask({ target: 'f' })).toMatch(/^[2-9a-y]{8}$/);
    expect((await approvals.list()).filter(({ state }) => state === 'pending')).toHaveLength(1);
  });

  test('pauses questions of one kind for ten minutes after three refusals within ten minutes, for every process', async () => {
    const { approvals, clock, open } = setUp();
    const kind = { tool: 'delete_user', target: 'default' };
    await approvals.countRefusal(kind);
    await clock.advance(CONSENT_MS + 1);
    await approvals.countRefusal(kind);
    await approvals.countRefusal(kind);
    expect(await approvals.findPause(kind)).toBeUndefined();
    await approvals.countRefusal(kind);
    const until = clock.now() + CONSENT_MS;
    const pause = { until, of: 'kind' };
    expect([await approvals.findPause(kind), await open().approvals.findPause(kind)]).toEqual([pause, pause]);
    expect([await approvals.findPause({ ...kind, tool: 'detach_store' }), await approvals.findPause({ ...kind, target: 'other' })]).toEqual(
      [undefined, undefined],
    );
    await clock.advance(CONSENT_MS);
    expect(await approvals.findPause(kind)).toBeUndefined();
  });

  test('pauses all questions for ten minutes after six refusals of any kind within ten minutes', async () => {
    const { approvals, clock, open } = setUp();
    const other = { tool: 'detach_store', target: 'other' };
    for (const tool of ['a', 'b', 'c', 'd', 'e']) await approvals.countRefusal({ tool, target: 'default' });
    expect(await approvals.findPause(other)).toBeUndefined();
    await approvals.countRefusal({ tool: 'f', target: 'default' });
    expect(await open().approvals.findPause(other)).toEqual({ until: clock.now() + CONSENT_MS, of: 'all' });
    await clock.advance(CONSENT_MS - 1);
    expect(await approvals.findPause(other)).toBeDefined();
    await clock.advance(1);
    expect(await approvals.findPause(other)).toBeUndefined();
  });

  test('burns a nonce once in all processes', async () => {
    const { approvals, clock, open } = setUp();
    const until = clock.now() + 1000;
    expect([await approvals.burn('a', until), await open().approvals.burn('a', until), await approvals.burn('a', until + 5)]).toEqual([
      true,
      false,
      false,
    ]);
    expect([await approvals.burn('b', until), await approvals.burn('a\0b', until), await approvals.burn('a\0c', until)]).toEqual([
      true,
      true,
      true,
    ]);
  });

  test('clears expired nonces, and takes none that could have been cleared', async () => {
    const { approvals, clock, count } = setUp();
    const until = clock.now() + 1000;
    expect([
      await approvals.burn('a', until),
      await approvals.burn('long', until + HOUR),
      await approvals.burn('late', clock.now()),
    ]).toEqual([true, true, false]);
    await clock.advance(1000);
    expect([await approvals.burn('a', until), await approvals.burn('b', until + 1), count('nonces')]).toEqual([false, true, { count: 2 }]);
    await clock.jump(-500);
    expect([await approvals.burn('a', until), await approvals.burn('long', until + HOUR), await approvals.burn('c', until + 1)]).toEqual([
      false,
      false,
      true,
    ]);
  });
});
