import { expect, test } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { Journal } from '../../src/journal/journal.ts';
import { describeEngines, untilTestEnds } from './engines.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

const DESK = { pid: 101, host: 'desk' };
const ALPHA = { chain: 'a', number: 3, hash: 'aa' };
const BETA = { chain: 'b', number: 1, hash: 'bb' };

describeEngines('the heads of the audit', (engine) => {
  function setUp() {
    const folder = temporaryFolder();
    const open = () => untilTestEnds(Journal.open(folder, { clock: systemClock, engines: [engine] })).audit;
    return { open, audit: open() };
  }

  const place = (size: number) => ({ ino: '7', size });

  test('are empty at first, and each new journal is another one', async () => {
    const [one, other] = [await setUp().audit.known(), await setUp().audit.known()];
    expect(one).toEqual({ record: { journal: one.record.journal, firstFile: 1 }, chains: [], heads: [] });
    expect(one.record.journal).not.toBe(other.record.journal);
  });

  test('are named by the chain that opens next, in every process, and by one alone', async () => {
    const { audit, open } = setUp();
    expect(await audit.open('a', DESK)).toMatchObject({ isFirst: true, heads: [] });
    await audit.store(ALPHA, 'audit.jsonl', place(10));
    expect(await open().open('b', DESK)).toMatchObject({ isFirst: false, heads: [ALPHA] });
    await audit.store(BETA, 'audit.jsonl', place(20));
    expect(await open().open('c', DESK)).toMatchObject({ heads: [BETA] });
    expect((await audit.known()).heads).toEqual([ALPHA, BETA]);
  });

  test('go forward alone, and the file does not get shorter', async () => {
    const { audit } = setUp();
    await audit.open('a', DESK);
    await audit.store(ALPHA, 'audit.jsonl', place(10));
    await audit.store({ ...ALPHA, number: 2, hash: 'old' }, 'audit.jsonl', place(5));
    expect(await audit.known()).toMatchObject({ heads: [ALPHA], record: { place: place(10) } });
  });

  test('are not stored for a chain that the journal does not know', async () => {
    const { audit } = setUp();
    expect([await audit.store(ALPHA, 'audit.jsonl', place(1)), (await audit.known()).heads]).toEqual([false, []]);
  });

  test('are forgotten at a restart', async () => {
    const { audit } = setUp();
    await audit.open('a', DESK);
    await audit.store(ALPHA, 'audit.jsonl', place(10));
    await audit.restart('r', DESK, () => 4);
    const { record, chains, heads } = await audit.known();
    expect([record, chains, heads]).toEqual([{ journal: record.journal, firstFile: 4, restartedBy: 'r' }, ['r'], []]);
  });

  test('stay when what had to be done exclusively fails', async () => {
    const { audit } = setUp();
    await expect(
      audit.exclusively(() => {
        throw new Error('no space');
      }),
    ).rejects.toThrow('no space');
    expect(await audit.exclusively(() => 1)).toBe(1);
  });
});
