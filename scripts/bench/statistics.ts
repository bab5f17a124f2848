/** Returns the middle value, or undefined when there is none. */
export function median(values: readonly number[]): number | undefined {
  const sorted = values.toSorted((a, b) => a - b);
  const half = sorted.length >> 1;
  const [low, high] = [sorted[sorted.length % 2 === 0 ? half - 1 : half], sorted[half]];
  return low === undefined || high === undefined ? undefined : (low + high) / 2;
}

/** Returns the median of the quotients of each round: what slows down a whole round then cancels out. */
export function medianRatio(values: readonly number[], floor: readonly number[]): number | undefined {
  return median(values.flatMap((value, round) => (floor[round] === undefined ? [] : value / floor[round])));
}

/** Returns the entries forwards in even rounds and backwards in odd ones, so that no contender always runs first. */
export function inTurn<Entry>(entries: readonly Entry[], round: number): readonly Entry[] {
  return round % 2 === 0 ? entries : entries.toReversed();
}
