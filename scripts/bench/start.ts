import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { budgets, type Row } from './budgets.ts';
import { CALL } from './request.ts';
import { inTurn, median, medianRatio } from './statistics.ts';
import { StdioClient, type Program } from './stdio-client.ts';
import type { Workbench } from './workbench.ts';

const ROUNDS = 15;
const REPEATED_LISTS = 50;
/** About the time between a client's list and its first call, in which a server may load what calls need. */
const BEFORE_FIRST_CALL_MS = 300;

/** Times of one kind of server, one of each per start. */
interface Times {
  readonly start: number[];
  readonly firstCall: number[];
  readonly repeatedList: number[];
}

/** Measures a start, the first call after it, and a list asked for again. */
export async function measureStart(bench: Workbench): Promise<readonly Row[]> {
  const bare: number[] = [];
  const product: Times = { start: [], firstCall: [], repeatedList: [] };
  const handWritten: Times = { start: [], firstCall: [], repeatedList: [] };
  const runs = [
    async () => void bare.push(await timeBareNode(bench.env)),
    () => timeServer(bench.product(bench.sandbox), product),
    () => timeServer(bench.handWritten, handWritten),
  ];
  for (let round = 0; round < bench.rounds(ROUNDS); round++) for (const run of inTurn(runs, round)) await run();
  return [
    {
      what: 'start of the process → `initialize` → complete `tools/list`',
      unit: 'ms',
      product: median(product.start),
      floor: { name: '`node -e 0`', value: median(bare), ratio: medianRatio(product.start, bare) },
      handWritten: { value: median(handWritten.start), ratio: medianRatio(handWritten.start, bare) },
      budget: budgets.start,
    },
    {
      what: `first call, ${BEFORE_FIRST_CALL_MS} ms after the list`,
      unit: 'ms',
      product: median(product.firstCall),
      handWritten: { value: median(handWritten.firstCall) },
      budget: budgets.firstCall,
    },
    {
      what: 'repeated `tools/list`',
      unit: 'ms',
      product: median(product.repeatedList),
      handWritten: { value: median(handWritten.repeatedList) },
      budget: budgets.repeatedList,
    },
  ];
}

async function timeBareNode(env: NodeJS.ProcessEnv): Promise<number> {
  const start = performance.now();
  await once(spawn(process.execPath, ['-e', '0'], { env, stdio: ['pipe', 'pipe', 'pipe'] }), 'exit');
  return performance.now() - start;
}

async function timeServer(program: Program, times: Times): Promise<void> {
  const start = performance.now();
  const client = new StdioClient(program);
  await client.open();
  times.start.push(performance.now() - start);
  await pause(BEFORE_FIRST_CALL_MS);
  times.firstCall.push(await measureTime(() => client.call(CALL.tool, CALL.args)));
  const lists: number[] = [];
  for (let count = 0; count < REPEATED_LISTS; count++) lists.push(await measureTime(() => client.list()));
  times.repeatedList.push(median(lists) ?? Number.NaN);
  await client.close();
}

async function measureTime(action: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await action();
  return performance.now() - start;
}
