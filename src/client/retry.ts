import type { Clock } from '../base/clock.ts';
import type { Deadline } from '../base/deadline.ts';
import { MailStoreError } from '../base/errors.ts';
import type { Log } from '../base/log.ts';

/** Pauses before a read is tried again after a fault that may pass, in milliseconds. */
const RETRY_PAUSES_MS: readonly number[] = [200, 800];

/** How long a read may take with all of its attempts. */
interface RetryOptions {
  /** Milliseconds for all attempts together, so that the time limit of an exchange is also that of a read. */
  readonly timeoutMs: number;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * Makes an attempt up to three times, as long as the error table says of its error that a read may be repeated and there is time for it; throws
 * any other error, and the last one. A repeated attempt receives the milliseconds that are left for it.
 */
export async function retryRead<T>(
  attempt: (leftMs?: number) => Promise<T>,
  { timeoutMs, clock, log }: RetryOptions,
  deadline?: Deadline,
): Promise<T> {
  const end = clock.monotonic() + timeoutMs;
  const leftMs = () => end - clock.monotonic();
  let isRepeated = false;
  for (const pause of RETRY_PAUSES_MS) {
    try {
      return await (isRepeated ? attempt(leftMs()) : attempt());
    } catch (error) {
      if (!(error instanceof MailStoreError) || !error.retry || leftMs() <= pause || (deadline && deadline.leftMs() <= pause)) throw error;
      log.debug(`trying again in ${pause} ms: ${String(error)}`);
      await clock.sleep(pause);
      isRepeated = true;
    }
  }
  return attempt(leftMs());
}
