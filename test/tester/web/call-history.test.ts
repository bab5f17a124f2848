import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Log } from '../../../src/base/log.ts';
import type { TaskRecord } from '../../../src/journal/task-record.ts';
import type { Exchange, TesterCall } from '../../../src/tester/tester.ts';
import { CallHistory } from '../../../src/tester/web/call-history.ts';
import { HistoryFile } from '../../../src/tester/web/history-file.ts';
import { commandNamed } from '../../helpers/start-client.ts';
import { temporaryFolder } from '../../helpers/temporary-folder.ts';

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

const silentLog: Log = { error: () => undefined, warn: () => undefined, info: () => undefined, debug: () => undefined };

/** The history of a tester that was started on this file, for an archive at this origin. */
function startHistory(path: string, origin = 'https://a.example:8463'): CallHistory {
  return new CallHistory({
    file: new HistoryFile(path, silentLog),
    origins: new Map([['default', origin]]),
    find: (_target, name) => commandNamed(name),
    restore: (kept) => ({ ...kept, command: commandNamed(kept.command) }),
  });
}

test('the history outlives the tester without its secrets, in a file that its owner alone reads', () => {
  const path = join(temporaryFolder(), 'tester-history.jsonl');
  const first = startHistory(path);
  const call1 = first.begin(call(), at);
  first.end(call1.id, { kind: 'error', message: 'There is no such user.' }, 12, { kind: 'value', value: 'an answer', zone: 'UTC' });
  const call2 = first.begin(call({ userName: 'jane.roe', password: 'Quiet-Harbour-41' }, 'SetUserPassword'), at);
  first.end(call2.id, { kind: 'value', drift: [] }, 3);
  expect(readFileSync(path, 'utf8')).not.toMatch(/Quiet-Harbour-41|an answer/);
  expect(statSync(path).mode & 0o777).toBe(0o600);

  const again = startHistory(path);
  expect(again.list()).toEqual([
    {
      id: 2,
      command: 'SetUserPassword',
      args: { userName: 'jane.roe' },
      target: 'default',
      form: 'auto',
      startedAt: at,
      ms: 3,
      end: { kind: 'value', drift: [] },
      isEarlier: true,
      notRepeatable: 'password is not kept: open the call and state it',
    },
    {
      id: 1,
      command: 'GetUserInfo',
      args: { userName: 'johndoe' },
      target: 'default',
      form: 'auto',
      startedAt: at,
      ms: 12,
      end: { kind: 'error', message: 'There is no such user.' },
      isEarlier: true,
    },
  ]);
  expect([again.findCall(1)?.args, again.findCall(2)]).toEqual([{ userName: 'johndoe' }, undefined]);
  expect(startHistory(path, 'https://b.example:8463').list()).toEqual([]);
});

test('the kept history is bounded, and a line of it that is damaged is left out', () => {
  const path = join(temporaryFolder(), 'tester-history.jsonl');
  const first = startHistory(path);
  for (let index = 0; index < 110; index++)
    first.end(first.begin(call({ userName: `user${index}` }), at).id, { kind: 'value', drift: [] }, 1);
  first.end(first.begin(call({ userName: 'x'.repeat(100_000) }), at).id, { kind: 'value', drift: [] }, 1);
  const lines = readFileSync(path, 'utf8').trimEnd().split('\n');
  writeFileSync(path, `${[...lines.slice(0, -1), '{"command":', lines.at(-1)].join('\n')}\n`);
  const calls = startHistory(path).list();
  expect([calls.length, calls[0]?.args, calls[1]?.args, calls.at(-1)?.args]).toEqual([
    99,
    {},
    { userName: 'user109' },
    { userName: 'user12' },
  ]);
  expect(readFileSync(path, 'utf8').length).toBeLessThan(100 * 300);
});

test('a call says how the long command that it began ended', () => {
  const history = new CallHistory();
  const { id } = history.begin(call({ id: 3, includeIndexes: false }, 'VerifyStore'), at);
  history.end(id, { kind: 'task', taskId: 'one' }, 5);
  expect(history.listOpenTasks()).toEqual(['one']);
  const { revision } = history;
  history.noteTasks([{ taskId: 'one', status: 'succeeded', finding: { errors: 1, warnings: 0 } } as TaskRecord]);
  expect(history.list()[0]?.end).toEqual({ kind: 'task', taskId: 'one', outcome: 'finished with 1 error', hasFailed: true });
  expect([history.listOpenTasks(), history.revision > revision]).toEqual([[], true]);
});
