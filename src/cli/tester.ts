import { dirname, join } from 'node:path';
import { realpathSync } from 'node:fs';
import { systemClock } from '../base/clock.ts';
import { MailStoreError } from '../base/errors.ts';
import { createLog } from '../base/log.ts';
import { Redactor } from '../base/redact.ts';
import { loadConfig } from '../config/load.ts';
import { settingList } from '../config/settings.ts';
import { requireSqlite } from '../journal/sqlite.ts';
import { startPageServer } from '../tester/web/server.ts';
import { startEmbedded } from './embedded.ts';
import { readFlags } from './flags.ts';
import { openTester } from './open-tester.ts';
import { terminalCommand } from './terminal-command.ts';
import { version } from './version.ts';

/** How long ending may take before the process leaves anyway; a poll under way is waited for, which the server holds for 5 s at most. */
const EXIT_BACKSTOP_MS = 7000;

/** Serves the API tester's page on this machine until the process is told to end; `--json` prints one line that a program can read. */
export async function tester(args: readonly string[]): Promise<void> {
  const { values: flags, switches } = readFlags(args, {
    values: [...settingList.flatMap(({ flag }) => flag ?? []), '--port'],
    switches: ['--sandbox', '--json'],
  });
  const port = portOf(flags['--port'] ?? '0');
  requireSqlite();
  const sandbox = switches.has('--sandbox') ? await startEmbedded() : undefined;
  const config = loadConfig({ flags, ...(sandbox && { embedded: sandbox.target, stateDir: sandbox.stateDir }) });
  const redactor = new Redactor();
  const log = createLog(config.logLevel, { redactor });
  const core = openTester(config, log, { client: 'tester', redactor });
  const page = await startPageServer({
    tester: core,
    targets: config.targets.map(({ name, origin, username, access }) => ({ name, origin, user: username, access })),
    form: config.targets[0]?.api ?? 'auto',
    version,
    port,
    pageFolder: join(programFolder(), 'tester'),
    clock: systemClock,
    log,
    // The record of the embedded sandbox ends with this process.
    ...(!sandbox && { revertCommand: (change: number) => terminalCommand(`changes revert ${change}`, config.stateDir) }),
  }).catch(async (error: unknown) => {
    await sandbox?.close();
    throw error;
  });

  let isEnding = false;
  const end = async () => {
    if (isEnding) return;
    isEnding = true;
    setTimeout(() => process.exit(0), EXIT_BACKSTOP_MS).unref();
    await page.close();
    await core.close();
    await sandbox?.close();
    process.exit(0);
  };
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.once(signal, () => void end());

  process.stdout.write(
    switches.has('--json')
      ? `${JSON.stringify({ url: page.url })}\n`
      : `${page.url}\nOpen it in a browser on this machine. Ctrl-C ends it.\n`,
  );
}

/** Returns where the program lies, whatever link it was started by. */
function programFolder(): string {
  return dirname(realpathSync(process.argv[1] ?? '.'));
}

function portOf(text: string): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port <= 65_535) return port;
  throw new MailStoreError('invalidSetting', { setting: '--port', value: text, expected: 'a number from 0 to 65535' });
}
