/** Work on many rows that can be interrupted where it yields. */
export type Sliced<Result> = Generator<void, Result>;

/** Rows that are worked on between two pauses: a few milliseconds. */
export const SLICE_ROWS = 2000;

/** Does the work at once. */
export function runAtOnce<Result>(work: Sliced<Result>): Result {
  for (;;) {
    const step = work.next();
    if (step.done) return step.value;
  }
}

/** Does the work with a turn of the event loop between its slices, so that other calls and pings are answered meanwhile. */
export async function runInTurns<Result>(work: Sliced<Result>): Promise<Result> {
  for (;;) {
    const step = work.next();
    if (step.done) return step.value;
    await nextTurn();
  }
}

/** Resolves when everything that is ready now has had its turn. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

export function* mapSliced<Row, Result>(rows: readonly Row[], act: (row: Row) => Result): Sliced<readonly Result[]> {
  const results: Result[] = [];
  for (let start = 0; start < rows.length; start += SLICE_ROWS) {
    if (start > 0) yield;
    for (const row of rows.slice(start, start + SLICE_ROWS)) results.push(act(row));
  }
  return results;
}

export function* filterSliced<Row>(rows: readonly Row[], isKept: (row: Row) => boolean): Sliced<readonly Row[]> {
  const kept: Row[] = [];
  for (let start = 0; start < rows.length; start += SLICE_ROWS) {
    if (start > 0) yield;
    for (const row of rows.slice(start, start + SLICE_ROWS)) if (isKept(row)) kept.push(row);
  }
  return kept;
}

/** Sorts as `toSorted` does: rows that compare as equal keep their order. */
export function* sortSliced<Row>(rows: readonly Row[], compare: (one: Row, other: Row) => number): Sliced<readonly Row[]> {
  let runs: (readonly Row[])[] = [];
  for (let start = 0; start < rows.length; start += SLICE_ROWS) {
    if (start > 0) yield;
    runs.push(rows.slice(start, start + SLICE_ROWS).toSorted(compare));
  }
  while (runs.length > 1) {
    const merged: (readonly Row[])[] = [];
    for (let at = 0; at < runs.length; at += 2) merged.push(yield* merge(runs[at] ?? [], runs[at + 1] ?? [], compare));
    runs = merged;
  }
  return runs[0] ?? [];
}

function* merge<Row>(first: readonly Row[], second: readonly Row[], compare: (one: Row, other: Row) => number): Sliced<readonly Row[]> {
  const merged: Row[] = [];
  let [at, other] = [0, 0];
  while (at < first.length && other < second.length) {
    if (merged.length % SLICE_ROWS === SLICE_ROWS - 1) yield;
    const [one, two] = [first[at] as Row, second[other] as Row];
    if (compare(one, two) <= 0) {
      merged.push(one);
      at += 1;
    } else {
      merged.push(two);
      other += 1;
    }
  }
  return [...merged, ...first.slice(at), ...second.slice(other)];
}
