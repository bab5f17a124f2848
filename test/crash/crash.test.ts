import { expect, test } from 'vitest';
import { describeFindings, playMatrix } from './matrix.ts';
import { POINTS } from './points.ts';

/** Every point once, by turns in the one dialect and in the other; `scripts/crash-matrix.ts` plays as many runs as one likes. */
const SEEDS = POINTS.map((_, index) => (index % 2 === 0 ? index : index + POINTS.length));

test('processes that are killed at any point, on faulty disks, clocks and connections, lose no end, take none twice and make none up', async () => {
  const runs = await playMatrix(SEEDS, 3);
  expect(describeFindings(runs)).toBe('');
  const kills = runs.flatMap((run) => run.kills).length;
  const kept = runs.flatMap(({ tasks }) => tasks).filter(({ status }) => status === 'succeeded').length;
  expect([kills > SEEDS.length, kept > SEEDS.length]).toEqual([true, true]);
}, 1_800_000);
