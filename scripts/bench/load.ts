/** What a batch of calls took. */
export interface Load {
  /** Milliseconds of the median call. */
  readonly p50: number;
  readonly perSecond: number;
}

/** Runs `calls` calls with `inFlight` of them under way at any time. */
export async function runLoad(call: () => Promise<unknown>, { calls, inFlight }: LoadOrder): Promise<Load> {
  const times: number[] = [];
  let left = calls;
  const worker = async () => {
    while (left-- > 0) {
      const start = performance.now();
      await call();
      times.push(performance.now() - start);
    }
  };
  const start = performance.now();
  await Promise.all(Array.from({ length: inFlight }, worker));
  const seconds = (performance.now() - start) / 1000;
  times.sort((a, b) => a - b);
  return { p50: times[times.length >> 1] ?? Number.NaN, perSecond: calls / seconds };
}

export interface LoadOrder {
  readonly calls: number;
  readonly inFlight: number;
}
