import { setTimeout as pause } from 'node:timers/promises';
import { budgets, type Row } from './budgets.ts';
import { runLoad } from './load.ts';
import { readMemory } from './process-facts.ts';
import { CALL } from './request.ts';
import { median } from './statistics.ts';
import { StdioClient, type Program } from './stdio-client.ts';
import type { Workbench } from './workbench.ts';

const ROUNDS = 5;
const CALLS = 1000;
const IDLE_MS = 1000;
const LONG_STEPS = 10;
const LONG_STEP = { calls: 10_000, inFlight: 8 };

interface Memory {
  readonly afterList: number[];
  readonly idle: number[];
  readonly afterCalls: number[];
  readonly connections: number[];
}

/** Measures resident memory of fresh processes, and how many connections they open. */
export async function measureMemory(bench: Workbench, options: { readonly long: boolean }): Promise<readonly Row[]> {
  const product: Memory = { afterList: [], idle: [], afterCalls: [], connections: [] };
  const handWritten: Memory = { afterList: [], idle: [], afterCalls: [], connections: [] };
  for (let round = 0; round < bench.rounds(ROUNDS); round++) {
    await weigh(bench, bench.product(bench.lean), product);
    await weigh(bench, bench.handWritten, handWritten);
  }
  const row = (what: string, key: keyof Memory, unit: Row['unit']): Row => ({
    what,
    unit,
    product: median(product[key]),
    handWritten: { value: median(handWritten[key]) },
  });
  return [
    { ...row('resident memory after the list', 'afterList', 'MiB'), budget: budgets.memoryAfterList },
    row('resident memory a second later, client loaded and connected', 'idle', 'MiB'),
    { ...row(`resident memory after ${CALLS} calls`, 'afterCalls', 'MiB'), budget: budgets.memoryAfterCalls },
    ...(options.long ? [await measureGrowth(bench)] : []),
    { ...row(`new TLS connections in ${CALLS} calls, 64 in flight`, 'connections', 'connections'), budget: budgets.connections },
  ];
}

async function weigh(bench: Workbench, program: Program, memory: Memory): Promise<void> {
  const client = new StdioClient(program);
  const note = (values: number[]) => {
    const mib = readMemory(client.pid);
    if (mib !== undefined) values.push(mib);
  };
  const call = () => client.call(CALL.tool, CALL.args);
  const before = await bench.lean.countConnections();
  await client.open();
  note(memory.afterList);
  await pause(IDLE_MS);
  note(memory.idle);
  await runLoad(call, { calls: CALLS, inFlight: 1 });
  note(memory.afterCalls);
  await runLoad(call, { calls: CALLS, inFlight: 64 });
  memory.connections.push((await bench.lean.countConnections()) - before);
  await client.close();
}

/** Compares the second half of a long run with its first: heaps breathe, and only what grows on is a leak. */
async function measureGrowth(bench: Workbench): Promise<Row> {
  const client = new StdioClient(bench.product(bench.lean));
  await client.open();
  const memory: number[] = [];
  for (let step = 0; step < LONG_STEPS; step++) {
    await runLoad(() => client.call(CALL.tool, CALL.args), LONG_STEP);
    memory.push(readMemory(client.pid) ?? Number.NaN);
  }
  await client.close();
  const half = LONG_STEPS / 2;
  const growth = (median(memory.slice(half)) ?? Number.NaN) - (median(memory.slice(0, half)) ?? Number.NaN);
  return {
    what: `growth over ${(LONG_STEPS * LONG_STEP.calls).toLocaleString('en')} calls, second half against first`,
    unit: 'MiB',
    product: Number.isNaN(growth) ? undefined : growth,
    budget: budgets.memoryGrowth,
  };
}
