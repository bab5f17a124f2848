import { expect, test } from 'vitest';
import type { Exchange, TesterCall } from '../../../src/tester/tester.ts';
import { CallHistory } from '../../../src/tester/web/call-history.ts';
import { commandNamed } from '../../helpers/start-client.ts';

const at = '2026-03-04T09:00:00.000Z';

function call(args: Readonly<Record<string, unknown>> = { userName: 'johndoe' }, command = 'GetUserInfo'): TesterCall {
  return { command: commandNamed(command), args, target: 'default', form: 'auto' };
}

function exchange(purpose: Exchange['purpose'], body = ''): Exchange {
  return {
    purpose,
    request: { method: 'POST', url: 'https://127.0.0.1:8463/', headers: [], body: '' },
    response: { status: 200, reason: 'OK', headers: [], body, bytes: body.length },
    startedAt: at,
    ms: 1,
  };
}

test('the newest call comes first, and each knows its exchanges', () => {
  const history = new CallHistory();
  const first = history.begin(call(), at);
  const second = history.begin(call({ userName: 'amira' }), at);
  history.addExchange(first.id, exchange('support'));
  history.addExchange(first.id, exchange('call'));
  history.end(first.id, { kind: 'value', drift: [] }, 12);
  expect(history.list()).toEqual([
    { id: second.id, command: 'GetUserInfo', args: { userName: 'amira' }, target: 'default', form: 'auto', startedAt: at },
    {
      id: first.id,
      command: 'GetUserInfo',
      args: { userName: 'johndoe' },
      target: 'default',
      form: 'auto',
      startedAt: at,
      ms: 12,
      end: { kind: 'value', drift: [] },
    },
  ]);
  expect(history.get(first.id)?.exchanges.map(({ number, purpose }) => [number, purpose])).toEqual([
    [1, 'support'],
    [2, 'call'],
  ]);
});

test('a secret is shown masked, and kept for the call to be made again', () => {
  const history = new CallHistory();
  const { id, args } = history.begin(call({ userName: 'jane.roe', password: 'Quiet-Harbour-41' }, 'SetUserPassword'), at);
  expect(args).toEqual({ userName: 'jane.roe', password: '***' });
  expect(history.findCall(id)?.args).toEqual({ userName: 'jane.roe', password: 'Quiet-Harbour-41' });
});

test('a hundred calls are kept', () => {
  const history = new CallHistory();
  for (let count = 0; count < 103; count++) history.begin(call(), at);
  expect(history.list().length).toBe(100);
  expect(history.get(3)).toBeUndefined();
  expect(history.get(4)?.id).toBe(4);
});

test('of many looks at a status the newest fifty are kept, under their own numbers, with the call itself', () => {
  const history = new CallHistory();
  const { id } = history.begin(call(), at);
  history.addExchange(id, exchange('call'));
  for (let count = 0; count < 60; count++) history.addExchange(id, exchange('status'));
  const numbers = history.get(id)?.exchanges.map(({ number }) => number) ?? [];
  expect([numbers.length, numbers[0], numbers[1], numbers.at(-1)]).toEqual([51, 1, 12, 61]);
});

test('large answers push older calls out, and the newest stays at any size', () => {
  const history = new CallHistory();
  const old = history.begin(call(), at);
  history.addExchange(old.id, exchange('call', 'x'.repeat(1000)));
  const large = history.begin(call(), at);
  history.addExchange(large.id, exchange('call', 'x'.repeat(33 * 1024 * 1024)));
  expect(history.list().map(({ id }) => id)).toEqual([large.id]);
});
