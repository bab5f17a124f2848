import { expect, test } from 'vitest';
import { Faults, parseFault } from '../../src/sandbox/faults.ts';
import { ManualClock } from '../helpers/manual-clock.ts';
import { getStatus, invoke, send, start, startRun } from './client.ts';

test('a fault is read from kind, milliseconds, count and path', () => {
  expect([parseFault('lost-end:1'), parseFault('delay=500:3@/api/get-status'), parseFault('drop@/api/*:x')]).toEqual([
    { kind: 'lost-end', milliseconds: 0, count: 1, pathPattern: undefined },
    { kind: 'delay', milliseconds: 500, count: 3, pathPattern: '/api/get-status' },
    { kind: 'drop', milliseconds: 0, count: Number.POSITIVE_INFINITY, pathPattern: '/api/*:x' },
  ]);
});

test.each([
  ['garbge', "'garbge' is no fault; did you mean 'garbage'? Faults are: "],
  ['', "'' is no fault"],
  ['delay', "A delay needs its milliseconds, as in 'delay=500'."],
  ['drop=5', "'drop' takes no milliseconds."],
  ['drop:x', "'x' in the fault 'drop:x' is not a whole number."],
  ['delay=:1', "'' in the fault 'delay=:1' is not a whole number."],
])('the fault %j is refused', (text, message) => {
  expect(() => parseFault(text)).toThrow(message);
});

test('a fault meets the paths of its pattern until its count is used up', () => {
  const faults = new Faults(['drop:2@/api/*/Get?ser*']);
  faults.clear();
  faults.add('drop:2@/api/*/GetUser*');
  const take = (path: string) => faults.take(path, ['drop'])?.kind;
  expect([take('/api/invoke/SetUser'), take('/JSON/api/x/GetUsers'), take('/api/invoke/GetUsers')]).toEqual([undefined, undefined, 'drop']);
  expect(faults.active.map(({ count }) => count)).toEqual([1]);
  expect([faults.take('/api/invoke/GetUsers', ['garbage']), take('/api/invoke/GetUserInfo'), take('/api/invoke/GetUsers')?.length]).toEqual(
    [undefined, 'drop', undefined],
  );
  expect(faults.active).toEqual([]);
});

const INFO = '/api/invoke/GetServerInfo';
const CUT = { code: 'ECONNRESET' };

test('delay holds a request back', async () => {
  const clock = new ManualClock();
  const sandbox = await start({ clock, faults: ['delay=4000:1'] });
  const before = clock.sleeping;
  const held = send(sandbox, INFO);
  await expect.poll(() => clock.sleeping).toBe(before + 1);
  expect(sandbox.requests).toEqual([]);
  await clock.advance(4000);
  expect((await held).status).toBe(200);
});

test('drop does what was asked and cuts the connection before an answer', async () => {
  const sandbox = await start({ faults: ['drop:1@*/SetUserFullName'] });
  await expect(send(sandbox, '/api/invoke/SetUserFullName', { userName: 'johndoe', fullName: 'Jo' })).rejects.toMatchObject(CUT);
  expect((await invoke(sandbox, 'GetUserInfo', { userName: 'johndoe' })).result).toMatchObject({ fullName: 'Jo' });
  expect(sandbox.requests[0]).toEqual({ method: 'POST', path: '/api/invoke/SetUserFullName', status: null });
});

test('truncate sends half the body', async () => {
  const sandbox = await start({ faults: ['truncate:1'] });
  await expect(send(sandbox, INFO)).rejects.toMatchObject(CUT);
  expect((await send(sandbox, INFO)).status).toBe(200);
});

test('garbage is neither JSON nor XML', async () => {
  const sandbox = await start({ faults: ['garbage:1'] });
  const answer = await send(sandbox, INFO);
  expect(answer.headers['content-type']).toBe('application/json');
  expect(() => answer.json()).toThrow(SyntaxError);
});

test('invalid-utf8 spoils one character of an answer that is well-formed otherwise', async () => {
  const sandbox = await start({ faults: ['invalid-utf8:2'] });
  for (const path of [INFO, '/JSON/Invoke/GetServerInfo']) {
    const answer = await send(sandbox, path);
    expect(() => new TextDecoder('utf-8', { fatal: true }).decode(answer.bytes)).toThrow(TypeError);
    expect(answer.json()).toBeTypeOf('object');
  }
});

test.each([
  ['html', 200, 'text/html; charset=utf-8'],
  ['status-502', 502, 'text/html'],
  ['status-503', 503, 'text/plain'],
])('%s answers in the place of the server, which sees nothing', async (fault, status, contentType) => {
  const sandbox = await start({ faults: [`${fault}:1`] });
  const answer = await send(sandbox, '/api/invoke/SetUserFullName', { userName: 'johndoe', fullName: 'Jo' });
  expect([answer.status, answer.headers['content-type']]).toEqual([status, contentType]);
  expect(() => answer.json()).toThrow(SyntaxError);
  expect((await invoke(sandbox, 'GetUserInfo', { userName: 'johndoe' })).result).toMatchObject({ fullName: 'John Doe' });
});

test('lost-end consumes the end of a run and sends nothing', async () => {
  const clock = new ManualClock();
  const sandbox = await start({ clock, runSeconds: 10 });
  sandbox.faults.add('lost-end:1');
  const token = await startRun(sandbox);
  expect((await getStatus(sandbox, token)).json()).toMatchObject({ statusCode: 'running' });
  await clock.advance(10_000);
  await expect(getStatus(sandbox, token)).rejects.toMatchObject(CUT);
  expect((await getStatus(sandbox, token)).status).toBe(404);
  expect(sandbox.faults.active).toEqual([]);
});

test('lost-end takes the end of a 2012 run too', async () => {
  const clock = new ManualClock();
  const sandbox = await start({ clock, runSeconds: 10, faults: ['lost-end:1'] });
  const { statusUrl } = (await send(sandbox, '/JSON/Invoke/RebuildStoreIndex', { id: '3', folder: 'amira' })).json() as {
    statusUrl: string;
  };
  await clock.advance(10_000);
  await expect(send(sandbox, statusUrl)).rejects.toMatchObject(CUT);
  expect((await send(sandbox, statusUrl)).status).toBe(500);
});

test('after a drop the end of a run is still there, after a truncated answer it is gone', async () => {
  const clock = new ManualClock();
  const sandbox = await start({ clock, runSeconds: 10 });
  const [first, second] = [await startRun(sandbox), await startRun(sandbox)];
  await clock.advance(10_000);
  sandbox.faults.add('drop:1');
  await expect(getStatus(sandbox, first)).rejects.toMatchObject(CUT);
  expect((await getStatus(sandbox, first)).json()).toMatchObject({ statusCode: 'succeeded' });
  sandbox.faults.add('truncate:1');
  await expect(getStatus(sandbox, second)).rejects.toMatchObject(CUT);
  expect((await getStatus(sandbox, second)).status).toBe(404);
});
