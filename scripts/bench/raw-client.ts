/** A process of its own: sends the measured request by undici and nothing else, as many as a message says, and answers with what they took. */
import { Pool } from 'undici';
import { runLoad, type LoadOrder } from './load.ts';
import { CALL, HEADERS, POOL_SIZE } from './request.ts';

const [origin = '', ca = ''] = process.argv.slice(2);
const pool = new Pool(origin, { connections: POOL_SIZE, pipelining: 1, connect: { ca } });

async function call(): Promise<void> {
  const { body } = await pool.request({ method: 'POST', path: CALL.path, headers: HEADERS, body: CALL.form });
  await body.text();
}

process.once('disconnect', () => process.exit());
process.on('message', (order: LoadOrder) => {
  void runLoad(call, order).then((load) => process.send?.(load));
});
