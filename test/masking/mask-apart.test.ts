import { describe, expect, test } from 'vitest';
import { maskApart, NO_THREAD, type MaskOrder } from '../../src/masking/mask-apart.ts';
import { Redactor } from '../../src/masking/redactor.ts';
import { findChild } from '../helpers/child-program.ts';

const PROGRAM = findChild(new URL('../../src/masking/mask-worker.ts', import.meta.url));
const SECRET = 'Violet-Anchor-93';

function makeBody(count: number): Buffer {
  const rows = Array.from({ length: count }, (_, index) => ({
    userName: `user${index}`,
    note: index % 1000 === 0 ? `it was ${SECRET} before` : 'nothing',
    statusCode: 'active',
    password: index % 500 === 0 ? 'another-secret' : '',
  }));
  return Buffer.from(JSON.stringify({ token: 'T', statusCode: 'succeeded', result: rows }));
}

const order = (bytes: Uint8Array): MaskOrder => ({
  bytes,
  secrets: [[SECRET, 'admin'], ['statusCode']],
  keptNames: ['statusCode'],
  contentType: 'application/json',
  plainNames: new Set(['token']),
});

describe('a large answer', () => {
  test('is masked in a thread as it is masked here, and the event loop turns meanwhile', async () => {
    const bytes = makeBody(5000);
    let turns = 0;
    let isOver = false;
    const count = () => {
      turns += 1;
      if (!isOver) setImmediate(count);
    };
    setImmediate(count);
    const masked = await maskApart(order(bytes), PROGRAM);
    isOver = true;
    const { secrets, keptNames, contentType = '', plainNames = new Set() } = order(bytes);
    const redactor = new Redactor();
    for (const [secret, login] of secrets) redactor.add(secret, login);
    const here = redactor.body(bytes, { contentType, keptNames: () => new Set(keptNames), plainNames });
    expect(Buffer.from(masked as Uint8Array).equals(Buffer.from(here ?? []))).toBe(true);
    expect(Buffer.from(masked as Uint8Array).includes(SECRET)).toBe(false);
    // Masking it here would have held up every one of these.
    expect(turns).toBeGreaterThan(10);
  });

  test('is masked here where there is no program for a thread', async () => {
    expect(await maskApart(order(makeBody(1)), undefined)).toBe(NO_THREAD);
    expect(await maskApart(order(makeBody(1)), '/nowhere/mask-worker.cjs')).toBe(NO_THREAD);
    const redactor = new Redactor();
    redactor.add(SECRET);
    const bytes = makeBody(20_000);
    expect(bytes.length).toBeGreaterThan(1024 * 1024);
    const masked = await redactor.bodyApart(bytes, { contentType: 'application/json' });
    expect(Buffer.from(masked ?? []).includes(SECRET)).toBe(false);
  });
});
