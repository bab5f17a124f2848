import { parentPort, workerData } from 'node:worker_threads';
import type { MaskOrder } from './mask-apart.ts';
import { Redactor } from './redactor.ts';

const { bytes, secrets, keptNames, contentType, plainNames } = workerData as MaskOrder;
const redactor = new Redactor();
for (const [secret, login] of secrets) redactor.add(secret, login);
const kept = new Set(keptNames);
const masked = redactor.body(bytes, {
  keptNames: () => kept,
  ...(contentType !== undefined && { contentType }),
  ...(plainNames && { plainNames }),
});
parentPort?.postMessage(masked);
