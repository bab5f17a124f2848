import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { budgets, type Row } from './budgets.ts';
import { runLoad } from './load.ts';
import { CALL } from './request.ts';
import { median } from './statistics.ts';
import { StdioClient } from './stdio-client.ts';
import type { Workbench } from './workbench.ts';

const SERVERS = 8;
const CALLS = 2000;
const ROUNDS = 5;

/** Measures the calls of eight servers on one state folder together, against those of one server. */
export async function measureSharedFolder(bench: Workbench): Promise<readonly Row[]> {
  const folder = await mkdtemp(join(tmpdir(), 'mailstore-mcp-bench-shared-'));
  const clients = Array.from({ length: SERVERS }, () => new StdioClient(bench.product(bench.lean, folder)));
  try {
    for (const client of clients) await client.open();
    const [first] = clients;
    const one: number[] = [];
    const all: number[] = [];
    const load = async (client: StdioClient, calls: number) => runLoad(() => client.call(CALL.tool, CALL.args), { calls, inFlight: 8 });
    for (const client of clients) await load(client, 200);
    for (let round = 0; round < bench.rounds(ROUNDS); round++) {
      if (first) one.push((await load(first, CALLS)).perSecond);
      const start = performance.now();
      await Promise.all(clients.map((client) => load(client, CALLS / SERVERS)));
      all.push(CALLS / ((performance.now() - start) / 1000));
    }
    const [alone, together] = [median(one), median(all)];
    const ratio = alone === undefined || together === undefined ? undefined : together / alone;
    return [
      {
        what: 'calls of eight servers on one state folder',
        unit: 'calls/s',
        product: together,
        floor: { name: 'one server', value: alone, ratio },
        budget: budgets.sharedFolder,
      },
    ];
  } finally {
    for (const client of clients) await client.close();
    await rm(folder, { recursive: true, force: true });
  }
}
