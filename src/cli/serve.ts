import type { Writable } from 'node:stream';
import { systemClock } from '../base/clock.ts';
import { createLog } from '../base/log.ts';
import { KnownCommands } from '../client/known-commands.ts';
import { loadConfig, type Config } from '../config/load.ts';
import { settings } from '../config/settings.ts';
import type { Dispatcher } from '../mcp/dispatcher.ts';
import { serverFactory } from '../mcp/server.ts';
import { toolList } from '../mcp/tool-list.ts';
import { serveOverStdio } from '../transports/stdio.ts';
import { readFlags } from './flags.ts';
import { version } from './version.ts';

/** How long ending may take before the process leaves anyway. */
const EXIT_BACKSTOP_MS = 5000;

/** Serves MCP over stdio until the client closes its end or the process is told to end. */
export async function serve(args: readonly string[], stdout: Writable): Promise<void> {
  const { values: flags, switches } = readFlags(args, { values: settings.flatMap(({ flag }) => flag ?? []), switches: ['--sandbox'] });
  const sandbox = switches.has('--sandbox') ? await startEmbedded() : undefined;
  const config = loadConfig({ flags, ...(sandbox && { embedded: sandbox.target }) });
  const log = createLog(config.logLevel);

  let loading: Promise<Dispatcher> | undefined;
  const dispatcher = () => {
    loading ??= import('../mcp/dispatcher.ts').then(({ Dispatcher }) => new Dispatcher({ config, clock: systemClock, log }));
    return loading;
  };

  const end = once(async () => {
    setTimeout(() => process.exit(1), EXIT_BACKSTOP_MS).unref();
    await (await loading)?.close();
    await sandbox?.close();
    process.exit(0);
  });
  process.once('SIGTERM', end);
  process.once('SIGINT', end);

  const factory = serverFactory({
    version,
    config,
    knownCommands: sandbox ? everyCommand() : knownCommands(config),
    dispatcher,
    // The client is loaded and a connection opened once the list is on its way, when nobody waits for it.
    onListed: once(() => setImmediate(() => void dispatcher().then((loaded) => loaded.warm()))),
  });
  serveOverStdio(factory, stdout, { log, onClose: end });
  log.info(`serving ${config.targets.map(({ name, origin }) => `${name} (${origin})`).join(', ')} with access ${config.access}`);
}

function knownCommands(config: Config): ReadonlySet<string> {
  return new KnownCommands(config.stateDir).read(config.targets.map(({ origin }) => origin));
}

/** The sandbox has every declared command. */
function everyCommand(): ReadonlySet<string> {
  return new Set(toolList.map(({ tool }) => String(tool._meta?.['mailstore/command'])));
}

async function startEmbedded() {
  const { startSandbox } = await import('../sandbox/sandbox.ts');
  const sandbox = await startSandbox();
  return {
    target: { origin: sandbox.url, username: sandbox.username, password: sandbox.password, fingerprint: sandbox.fingerprint },
    close: () => sandbox.close(),
  };
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
