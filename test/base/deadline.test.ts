import { expect, test } from 'vitest';
import { Deadline } from '../../src/base/deadline.ts';
import { ManualClock } from '../helpers/manual-clock.ts';

const late = () => new Error('late');
const never = () => new Promise<string>(() => undefined);

test('work that takes longer than the time is given up, and what was to be ended with the time is ended', async () => {
  const clock = new ManualClock();
  const deadline = new Deadline(clock, 1000);
  const ended: string[] = [];
  deadline.onOver(() => ended.push('first'));
  const forget = deadline.onOver(() => ended.push('second'));
  forget();
  const waiting = deadline.within(never(), late).catch((error: unknown) => error);
  await clock.advance(999);
  expect(ended).toEqual([]);
  await clock.advance(1);
  expect(await waiting).toEqual(late());
  expect(ended).toEqual(['first']);
  expect(clock.sleeping).toBe(0);
});

test('work gets the time after the end that it was granted', async () => {
  const clock = new ManualClock();
  const deadline = new Deadline(clock, 1000);
  const slow = deadline.within(never(), late, 500).catch((error: unknown) => error);
  const inTime = deadline.within(
    clock.sleep(1400).then(() => 'done'),
    late,
    500,
  );
  await clock.advance(1499);
  expect(await inTime).toBe('done');
  await clock.advance(1);
  expect(await slow).toEqual(late());
  expect(clock.sleeping).toBe(0);
});

test('work that was done before counts, however late it is', async () => {
  const clock = new ManualClock();
  const deadline = new Deadline(clock, 1000);
  await clock.advance(2000);
  expect(deadline.isOver).toBe(true);
  await expect(deadline.within(Promise.resolve('done'), late)).resolves.toBe('done');
  await expect(deadline.within(Promise.resolve('done'), late, 500)).resolves.toBe('done');
  await expect(deadline.within(Promise.reject(new Error('its own')), late)).rejects.toThrow('its own');
  await expect(deadline.within(never(), late)).rejects.toThrow('late');
  expect(clock.sleeping).toBe(0);
});

test('the time does not run while a person is waited for', async () => {
  const clock = new ManualClock();
  const deadline = new Deadline(clock, 1000);
  await clock.advance(400);
  const asked = deadline.suspend(() => clock.sleep(60_000));
  await clock.advance(60_000);
  await asked;
  expect(deadline.leftMs()).toBe(600);
  await clock.advance(600);
  expect(deadline.isOver).toBe(true);
});

test('a call that was answered leaves no timer', async () => {
  const clock = new ManualClock();
  const deadline = new Deadline(clock, 1000);
  await deadline.within(Promise.resolve('done'), late, 500);
  deadline.end();
  expect(clock.sleeping).toBe(0);
});
