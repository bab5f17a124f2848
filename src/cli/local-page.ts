import { realpathSync } from 'node:fs';
import { dirname } from 'node:path';
import { MAX_POLL_WAIT_MS } from '../base/limits.ts';
import type { AskedQuestion } from '../guard/prompter.ts';
import type { ServedSite } from '../tester/web/site.ts';

/**
 * Returns what shows a question's code at this terminal; undefined without one. Both ends have to be a terminal: a program that starts this one
 * reads its output, and would read the code.
 */
export function codeTerminal(): ((code: string, question: Pick<AskedQuestion, 'label'>) => void) | undefined {
  const { stdin, stdout } = process;
  if (!stdin.isTTY || !stdout.isTTY) return undefined;
  return (code, { label }) => void stdout.write(`Code for "${label}": ${code}\n`);
}

/** Returns the real path of the program's folder, also where it was started by a link. */
export function programFolder(): string {
  return dirname(realpathSync(process.argv[1] ?? '.'));
}

/** Prints the address of a page, and serves it until a signal ends the process. */
export function serveUntilSignal(page: ServedSite, { json, end }: { readonly json: boolean; readonly end: () => Promise<void> }): void {
  let isEnding = false;
  const endAll = async () => {
    if (isEnding) return;
    isEnding = true;
    setTimeout(() => process.exit(0), MAX_POLL_WAIT_MS).unref();
    await page.close();
    await end();
    process.exit(0);
  };
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.once(signal, () => void endAll());
  process.stdout.write(
    json ? `${JSON.stringify({ url: page.url })}\n` : `${page.url}\nOpen it in a browser on this machine. Ctrl-C ends it.\n`,
  );
}
