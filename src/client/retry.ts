import type { Clock } from '../base/clock.ts';
import type { Deadline } from '../base/deadline.ts';
import { MailStoreError } from '../base/errors.ts';
import type { Log } from '../base/log.ts';

/** Pauses before a read is tried again after a fault that may pass, in milliseconds. */
const RETRY_PAUSES_MS: readonly number[] = [200, 800];

/**
 * Makes an attempt up to three times, as long as the error table says of its error that a read may be repeated and the call has time for it; throws any
 * other error, and the last one.
 */
export async function retryRead<T>(
  attempt: () => Promise<T>,
  { clock, log }: { readonly clock: Clock; readonly log: Log },
  deadline?: Deadline,
): Promise<T> {
  for (const pause of RETRY_PAUSES_MS) {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof MailStoreError) || !error.retry || (deadline && deadline.leftMs() <= pause)) throw error;
      log.debug(`trying again in ${pause} ms: ${String(error)}`);
      await clock.sleep(pause);
    }
  }
  return attempt();
}
