import { expect, test } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';

test("the system clock shows the machine's time", () => {
  const before = Date.now();
  const now = systemClock.now();
  expect(now >= before && now <= Date.now()).toBe(true);
});

test('a sleep ends by itself', async () => {
  await expect(systemClock.sleep(1)).resolves.toBeUndefined();
});

test.each(['before', 'during'])('a signal that aborts %s a sleep ends it with its reason', async (when) => {
  const abort = new AbortController();
  const reason = new Error('enough');
  if (when === 'before') abort.abort(reason);
  const sleep = systemClock.sleep(3_600_000, abort.signal);
  abort.abort(reason);
  await expect(sleep).rejects.toBe(reason);
});
