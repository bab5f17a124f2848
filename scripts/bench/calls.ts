import { budgets, type Budget, type Row } from './budgets.ts';
import { runLoad, type Load, type LoadOrder } from './load.ts';
import { readProcessorTime } from './process-facts.ts';
import { CALL } from './request.ts';
import { inTurn, median, medianRatio } from './statistics.ts';
import { StdioClient } from './stdio-client.ts';
import type { Workbench } from './workbench.ts';

const ONE_BY_ONE = { calls: 400, inFlight: 1, rounds: 15 };
const CROWDS = [
  { calls: 1000, inFlight: 8, rounds: 7, budget: budgets.throughput8 },
  { calls: 1000, inFlight: 64, rounds: 7, budget: budgets.throughput64 },
];
/** Calls before the first measured one, after which the compiler has seen what there is to see. */
const WARM_UP = { calls: 1500, inFlight: 4 };

interface Contender {
  readonly pid: number;
  run(order: LoadOrder): Promise<Load>;
}

interface Sample extends Load {
  /** Processor time of a call in milliseconds. */
  readonly processorTime: number;
}

/** Measures calls against the lean server: one by one, and many at a time. */
export async function measureCalls(bench: Workbench): Promise<readonly Row[]> {
  const clients = [bench.product(bench.lean), bench.handWritten, bench.library].map((program) => new StdioClient(program));
  for (const client of clients) await client.open();
  const contenders = [...clients.map(addContender), bench.raw];
  for (const { run } of contenders) await run(bench.isShort ? { ...WARM_UP, calls: 100 } : WARM_UP);

  const oneByOne = await sampleAll(contenders, { ...ONE_BY_ONE, rounds: bench.rounds(ONE_BY_ONE.rounds) });
  const rows = [
    makeRow(oneByOne, 'p50', { what: 'one call at a time, p50', unit: 'ms', budget: budgets.oneCall }),
    makeRow(oneByOne, 'processorTime', { what: 'processor time of a call, one at a time', unit: 'ms', budget: budgets.processorTime }),
  ];
  for (const { budget, ...crowd } of CROWDS) {
    const samples = await sampleAll(contenders, { ...crowd, rounds: bench.rounds(crowd.rounds) });
    rows.push(makeRow(samples, 'perSecond', { what: `calls with ${crowd.inFlight} in flight`, unit: 'calls/s', budget }));
  }
  for (const client of clients) await client.close();
  return rows;
}

function addContender(client: StdioClient): Contender {
  return { pid: client.pid, run: (order) => runLoad(() => client.call(CALL.tool, CALL.args), order) };
}

/** Returns one list of samples per contender, all taken in turn. */
async function sampleAll(
  contenders: readonly Contender[],
  { rounds, ...order }: LoadOrder & { readonly rounds: number },
): Promise<Sample[][]> {
  const samples = contenders.map(() => [] as Sample[]);
  for (let round = 0; round < rounds; round++) {
    for (const [index, { pid, run }] of inTurn([...contenders.entries()], round)) {
      const before = readProcessorTime(pid) ?? Number.NaN;
      const load = await run(order);
      const spent = (readProcessorTime(pid) ?? Number.NaN) - before;
      samples[index]?.push({ ...load, processorTime: spent / order.calls });
    }
  }
  return samples;
}

function makeRow(
  [product = [], handWritten = [], library = [], alone = []]: readonly Sample[][],
  key: keyof Sample,
  words: { readonly what: string; readonly unit: Row['unit']; readonly budget: Budget },
): Row {
  const [ours = [], theirs = [], withLibrary = [], raw = []] = [product, handWritten, library, alone].map((samples) =>
    samples.map((sample) => sample[key]).filter(Number.isFinite),
  );
  return {
    ...words,
    product: median(ours),
    floor: { name: 'hand-written', value: median(theirs), ratio: medianRatio(ours, theirs) },
    library: { value: median(withLibrary), ratio: medianRatio(withLibrary, theirs) },
    raw: median(raw),
  };
}
