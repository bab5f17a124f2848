import { expect, test } from 'vitest';
import { filterSliced, mapSliced, runAtOnce, runInTurns, SLICE_ROWS, sortSliced, type Sliced } from '../../src/base/slices.ts';

const rows = Array.from({ length: 5 * SLICE_ROWS + 1 }, (_, index) => ({ index, key: (index * 7919) % 100 }));
const byKey = (one: { readonly key: number }, other: { readonly key: number }) => one.key - other.key;

const works: readonly (readonly [what: string, work: () => Sliced<unknown>, expected: unknown])[] = [
  ['map', () => mapSliced(rows, ({ index }) => index), rows.map(({ index }) => index)],
  ['filter', () => filterSliced(rows, ({ key }) => key === 7), rows.filter(({ key }) => key === 7)],
  ['sort', () => sortSliced(rows, byKey), rows.toSorted(byKey)],
];

test.each(works)('%s in slices gives what it gives at once, rows that compare as equal in their order', async (_what, work, expected) => {
  expect(runAtOnce(work())).toEqual(expected);
  expect(await runInTurns(work())).toEqual(expected);
});

test.each(works)('%s in slices lets the event loop turn once for each slice at least', async (_what, work) => {
  let turns = 0;
  let isOver = false;
  const count = () => {
    turns += 1;
    if (!isOver) setImmediate(count);
  };
  setImmediate(count);
  await runInTurns(work());
  isOver = true;
  expect(turns).toBeGreaterThanOrEqual(5);
});

test.each(['map', 'filter', 'sort'])('%s of few rows is done at once', (what) => {
  const [one, two] = [
    { index: 1, key: 2 },
    { index: 0, key: 1 },
  ];
  const work = { map: mapSliced([one, two], byKeyOf), filter: filterSliced([one, two], () => true), sort: sortSliced([one, two], byKey) }[
    what
  ];
  expect(work?.next().done).toBe(true);
});

function byKeyOf({ key }: { readonly key: number }): number {
  return key;
}
