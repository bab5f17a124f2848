import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { readErrno } from '../base/errno.ts';

/** A body to mask, and by what. */
export interface MaskOrder {
  readonly bytes: Uint8Array;
  readonly secrets: readonly (readonly [secret: string, login?: string])[];
  readonly keptNames: readonly string[];
  readonly contentType?: string;
  readonly plainNames?: ReadonlySet<string>;
}

/** Returned where no thread can be started: the program was not built, or its file is gone. */
export const NO_THREAD = Symbol('no thread');

/** Masks a body in a thread of its own, which runs `program`. Resolves with undefined where masking fails. */
export async function maskApart(order: MaskOrder, program = findProgram()): Promise<Uint8Array | undefined | typeof NO_THREAD> {
  if (program === undefined) return NO_THREAD;
  // Few processes ever need a thread, and each start would pay for this module.
  const { Worker } = await import('node:worker_threads');
  return new Promise((resolve) => {
    const worker = new Worker(program, { workerData: order });
    worker.once('message', (masked: Uint8Array | undefined) => {
      resolve(masked);
      void worker.terminate();
    });
    // A body that exhausts a thread's memory would exhaust that of the process.
    worker.once('error', (error) => resolve(readErrno(error) === 'ERR_WORKER_OUT_OF_MEMORY' ? undefined : NO_THREAD));
    worker.once('exit', () => resolve(undefined));
  });
}

/** Returns the file that the thread runs, next to the program or above its parts. */
function findProgram(): string | undefined {
  // An ES module is the source itself, which no thread can run.
  if (import.meta.url !== undefined) return undefined;
  return [__dirname, dirname(__dirname)].map((folder) => join(folder, 'mask-worker.cjs')).find(existsSync);
}
