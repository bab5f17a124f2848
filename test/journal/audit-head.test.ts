import { expect, test } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { Journal } from '../../src/journal/journal.ts';
import { describeEngines, temporaryFolder, untilTestEnds } from './engines.ts';

describeEngines('the journal of the audit', (engine) => {
  function setUp() {
    const folder = temporaryFolder();
    const open = () => untilTestEnds(Journal.open(folder, { clock: systemClock, engines: [engine] })).audit;
    return { open, audit: open() };
  }

  const first = { sequence: 1, hash: 'aa', file: 'audit.jsonl' };
  const second = { sequence: 2, hash: 'bb', file: 'audit-2.jsonl' };

  test('begins empty', () => {
    expect(setUp().audit.head()).toEqual({ sequence: 0, hash: '', file: '' });
  });

  test('gives each line the head that the one before it left, in every process', () => {
    const { audit, open } = setUp();
    const seen: unknown[] = [];
    const appended = [first, second].map((next) =>
      open().append((head) => {
        seen.push(head);
        return next;
      }),
    );
    expect([appended, seen, audit.head()]).toEqual([[first, second], [{ sequence: 0, hash: '', file: '' }, first], second]);
  });

  test('keeps the head when a line could not be written', () => {
    const { audit, open } = setUp();
    audit.append(() => first);
    expect(() =>
      audit.append(() => {
        throw new Error('no space');
      }),
    ).toThrow('no space');
    expect([audit.head(), open().head()]).toEqual([first, first]);
    expect(audit.append(({ sequence }) => ({ ...second, sequence: sequence + 1 }))).toEqual(second);
  });
});
