import { toShownText } from '../catalogue/drifting.ts';
import { MailStoreError } from '../base/errors.ts';
import type { Command, Found } from '../catalogue/define-command.ts';
import type { ScopedCall } from '../catalogue/catalogue.ts';
import type { ReadOptions } from '../client/client.ts';
import type { GuardedTarget } from './call.ts';
import { listCautions, runSearch, type SharedReads } from './question.ts';

/** Reads what a declaration warns of, for a call that no one is asked about. A read that fails is left out: it keeps no call from running. */
export async function readCautions(
  target: Pick<GuardedTarget, 'client' | 'user'>,
  call: ScopedCall & { readonly command: Command },
  found: Found,
  { now, ...options }: ReadOptions & { readonly now: number; readonly shared?: SharedReads },
): Promise<readonly string[]> {
  const { command, args } = call;
  const { cautions } = command;
  if (!cautions) return [];
  const read = await Promise.all(
    Object.entries(cautions.reads ?? {}).map(async ([name, look]): Promise<[string, unknown]> => {
      try {
        return [name, (await runSearch(target, look, call, options)).value];
      } catch (error) {
        if (error instanceof MailStoreError) return [name, undefined];
        throw error;
      }
    }),
  );
  return listCautions(command, args, { ...found, ...Object.fromEntries(read) }, now).map(toShownText);
}
