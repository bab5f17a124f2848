import { realpathSync } from 'node:fs';
import { dirname } from 'node:path';
import { MAX_POLL_WAIT_MS } from '../base/limits.ts';
import { createLog, type Log } from '../base/log.ts';
import { loadTerminalConfig } from '../config/kept-settings.ts';
import type { Config } from '../config/load.ts';
import { wholeNumber } from '../config/setting-types.ts';
import type { AskedQuestion } from '../guard/prompter.ts';
import { requireSqlite } from '../journal/sqlite.ts';
import { Redactor } from '../masking/redactor.ts';
import type { TargetInfo } from '../tester/web/protocol.ts';
import type { ServedSite } from '../tester/web/site.ts';
import { flag, option, type Given } from './define-subcommand.ts';
import { startEmbedded, type Embedded } from './embedded.ts';

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

/** The options of a subcommand that serves a page; `sandboxed` says what it does with an emulated MailStore. */
export function pageOptions(sandboxed: string) {
  return {
    port: option(wholeNumber(0, 65_535), 'the port to listen on; 0 takes a free one', 0),
    sandbox: flag(sandboxed),
    json: flag('print the address as one line of JSON'),
  };
}

/** What a page is served from. */
interface PageSetting {
  readonly config: Config;
  readonly redactor: Redactor;
  readonly log: Log;
  readonly sandbox: Embedded | undefined;
  readonly targets: readonly TargetInfo[];
}

/** Reads the settings of a page, and starts the embedded sandbox where it is asked for. Throws MailStoreError of the audience `configuration`. */
export async function preparePage({ flags, sandbox: isSandbox }: Given<ReturnType<typeof pageOptions>, object>): Promise<PageSetting> {
  requireSqlite();
  const sandbox = isSandbox ? await startEmbedded() : undefined;
  const config = loadTerminalConfig({ flags, ...(sandbox && { embedded: sandbox.target, stateDir: sandbox.stateDir }) });
  const redactor = new Redactor();
  return {
    config,
    redactor,
    log: createLog(config.logLevel, { redactor }),
    sandbox,
    targets: config.targets.map(({ name, origin, username, access }) => ({
      name,
      origin,
      user: username,
      access,
      isSandbox: sandbox !== undefined,
    })),
  };
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
