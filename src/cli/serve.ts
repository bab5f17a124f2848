import type { Writable } from 'node:stream';
import { createLog, type Log } from '../base/log.ts';
import { Redactor } from '../base/redact.ts';
import { KnownCommands } from '../client/known-commands.ts';
import { loadConfig, type Config } from '../config/load.ts';
import { settingList } from '../config/settings.ts';
import { requireSqlite } from '../journal/sqlite.ts';
import type { Dispatcher } from '../mcp/dispatcher.ts';
import { serverFactory } from '../mcp/server.ts';
import { toolList } from '../mcp/tool-list.ts';
import { serveOverStdio } from '../transports/stdio.ts';
import type { Backend } from './backend.ts';
import { startEmbedded } from './embedded.ts';
import { readFlags } from './flags.ts';
import { version } from './version.ts';

/** When a server that nobody has asked for its tools takes over the tasks that a process before it left. */
const ADOPT_AFTER_MS = 2000;

/**
 * How long ending may take before the process leaves anyway. A poll under way is waited for, which the server holds for 5 s at most: the end
 * might be in its answer. One that takes longer is marked in the record, so whoever comes next knows what may be missing.
 */
const EXIT_BACKSTOP_MS = 7000;

/** Serves MCP over stdio until the client closes its end or the process is told to end. */
export async function serve(args: readonly string[], stdout: Writable): Promise<void> {
  const { values: flags, switches } = readFlags(args, { values: settingList.flatMap(({ flag }) => flag ?? []), switches: ['--sandbox'] });
  requireSqlite();
  const sandbox = switches.has('--sandbox') ? await startEmbedded() : undefined;
  const config = loadConfig({ flags, ...(sandbox && { embedded: sandbox.target, stateDir: sandbox.stateDir }) });
  const redactor = new Redactor();
  const log = createLog(config.logLevel, { redactor });

  let loading: Promise<Loaded> | undefined;
  const load = () => {
    // A record that could not be opened is tried again by the next call: a full disk gets room, and a damaged file is moved away.
    loading ??= loadBackend(config, log, redactor).catch((error: unknown) => {
      loading = undefined;
      throw error;
    });
    return loading;
  };
  const warm = () =>
    void load().then(
      ({ backend }) => backend.warm(),
      (error: unknown) => log.error(error instanceof Error ? error.message : String(error)),
    );
  // A client that never lists tools may still have left commands that somebody has to follow.
  setTimeout(warm, ADOPT_AFTER_MS).unref();

  const end = once(async () => {
    setTimeout(() => process.exit(0), EXIT_BACKSTOP_MS).unref();
    await (await loading?.catch(() => undefined))?.backend.close();
    await sandbox?.close();
    process.exit(0);
  });
  process.once('SIGTERM', end);
  process.once('SIGINT', end);

  const factory = serverFactory({
    version,
    config,
    knownCommands: sandbox ? everyCommand() : knownCommands(config),
    dispatcher: async () => (await load()).dispatcher,
    // The client is loaded and a connection opened once the list is on its way, when nobody waits for it.
    onListed: once(() => setImmediate(warm)),
  });
  serveOverStdio(factory, stdout, { log, onClose: end });
  log.info(`serving ${config.targets.map(({ name, origin }) => `${name} (${origin})`).join(', ')} with access ${config.access}`);
}

interface Loaded {
  readonly backend: Backend;
  readonly dispatcher: Dispatcher;
}

/** Loads and opens what calls need and listing tools does not. */
async function loadBackend(config: Config, log: Log, redactor: Redactor): Promise<Loaded> {
  const [{ openBackend }, { Dispatcher }] = await Promise.all([import('./backend.ts'), import('../mcp/dispatcher.ts')]);
  const backend = openBackend(config, { log, redactor });
  return {
    backend,
    dispatcher: new Dispatcher({ config, log, guard: backend.guard, runner: backend.runner, consentStates: backend.consentStates }),
  };
}

function knownCommands(config: Config): ReadonlySet<string> {
  return new KnownCommands(config.stateDir).read(config.targets.map(({ origin }) => origin));
}

/** The sandbox has every declared command. */
function everyCommand(): ReadonlySet<string> {
  return new Set(toolList.map(({ tool }) => String(tool._meta?.['mailstore/command'])));
}

/** Returns a function that runs `action` on its first call only. */
function once(action: () => unknown): () => void {
  let called = false;
  return () => {
    if (called) return;
    called = true;
    void action();
  };
}
