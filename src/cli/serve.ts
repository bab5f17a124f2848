import { join } from 'node:path';
import { MailStoreError } from '../base/errors.ts';
import { createLog, type Log } from '../base/log.ts';
import { MAX_POLL_WAIT_MS } from '../base/limits.ts';
import { Redactor } from '../masking/redactor.ts';
import { TOOLSETS } from '../catalogue/define-command.ts';
import { loadConfig, type Config } from '../config/load.ts';
import { defaultStateDir } from '../config/state-dir.ts';
import { requireSqlite } from '../journal/sqlite.ts';
import type { Dispatcher } from '../mcp/dispatcher.ts';
import { recordedAnswers } from '../mcp/recorded-answers.ts';
import { createSurface } from '../mcp/surface.ts';
import type { ToolDefinition } from '../mcp/tool-definition.ts';
import { FastOpening } from '../transports/fast-opening.ts';
import { reserveStdout, StdioTransport, type ReservedStdout } from '../transports/stdio.ts';
import type { Backend } from './backend.ts';
import { chooseOffer } from './choose-offer.ts';
import { connectedTools } from './connected-tools.ts';
import { defineAction, defineSubcommand, flag, type Given } from './define-subcommand.ts';
import { startEmbedded, type Embedded } from './embedded.ts';
import { sayError } from './exit-codes.ts';
import { terminalCommand } from './terminal-command.ts';
import { compactLists } from './tool-lists.ts';
import { version } from './version.ts';

/** When a server whose tools no client has listed takes over the tasks that an earlier process left. */
const ADOPT_AFTER_MS = 2000;

/** How long a client is given to read the answers it was sent before its connection ended, in milliseconds. */
const MAX_FLUSH_MS = 1000;

const options = { sandbox: flag('serve an emulated MailStore inside this program') };

export const serveCommand = defineSubcommand({
  name: 'serve',
  summary: 'serve MCP over stdio; the default',
  settings: 'all',
  action: defineAction({
    options,
    examples: [
      { line: 'serve', shows: 'the messages of the protocol; an MCP client starts it so' },
      { line: 'serve --sandbox', shows: 'the same with an emulated MailStore, which needs no settings' },
    ],
    run: (given, { reserved = reserveStdout() }) => serve(() => prepare(given), reserved),
  }),
});

/** What a server that may run needs. */
interface Ready {
  readonly config: Config;
  readonly sandbox: Embedded | undefined;
}

/**
 * Serves MCP over stdio until the client closes its end or the process is signalled to end. What keeps it from working is said where people
 * look: in the instructions and in the answer to every call, each of which tries again. Throws MailStoreError of the audience
 * `configuration` only at a terminal, where there is no client.
 */
export async function serve(prepareServer: () => Promise<Ready>, stdout: ReservedStdout): Promise<void> {
  const first = await prepareServer().catch(configurationFault);
  if (first instanceof MailStoreError && process.stdin.isTTY) throw first;
  const redactor = new Redactor();
  const log = createLog(first instanceof MailStoreError ? 'info' : first.config.logLevel, { redactor });

  let ready = first instanceof MailStoreError ? undefined : first;
  let loading: Promise<Loaded> | undefined;
  const load = () => {
    // What failed is tried again by the next call: a file gets its rights, a full disk gets room, and a damaged journal is moved away.
    loading ??= (async () =>
      loadBackend((ready ??= await prepareServer().catch(rejectFault)).config, {
        log,
        redactor,
        tools: surface.offered ?? surface.tools,
      }))().catch((error: unknown) => {
      loading = undefined;
      throw error;
    });
    return loading;
  };
  const warm = () => {
    if (!ready) return;
    load().then(
      ({ backend }) => backend.warm(),
      (error: unknown) => log.error(error instanceof Error ? error.message : String(error)),
    );
  };
  // A client that never lists tools may still have left commands that somebody has to follow.
  setTimeout(warm, ADOPT_AFTER_MS).unref();

  const end = once(async () => {
    const exit = () => process.exit(ready ? 0 : 2);
    // A write that is being carried out is waited for as long as its answer may take.
    setTimeout(exit, MAX_POLL_WAIT_MS + (ready?.config.timeoutMs ?? 0)).unref();
    await transport.close();
    await (await loading?.catch(() => undefined))?.backend.close({ maxPollWaitMs: MAX_POLL_WAIT_MS });
    await ready?.sandbox?.close();
    await transport.flush(MAX_FLUSH_MS);
    exit();
  });
  const transport = new StdioTransport(process.stdin, stdout, end);
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, end);

  const toolList = connectedTools(ready?.config.targets ?? []);
  const surface = createSurface({
    version,
    toolList,
    compactLists,
    offer: ready
      ? chooseOffer(ready.config, toolList, { isSandbox: ready.sandbox !== undefined })
      : { access: 'read-only', groups: TOOLSETS, targets: [], knownCommands: new Set() },
    fault: first instanceof MailStoreError ? first.message : undefined,
    ...(ready && {
      timeZone: ready.config.timeZone,
      targetAccess: new Map(ready.config.targets.map((target) => [target.name, target.access])),
    }),
  });
  // The rest is loaded and a connection opened once the list is sent, when no one waits for it.
  const onListed = once(() => setImmediate(warm));
  const opening: FastOpening = new FastOpening(transport, {
    surface,
    answers: recordedAnswers,
    onOpened: onListed,
    onerror: (error) => log.warn(error.message),
    serve: async (opened) => {
      const { serveOverStdio } = await import('../transports/serve.ts');
      serveOverStdio(surface, opened, { calls: async () => (await load()).dispatcher, waitedMs: (id) => opening.waitedMs(id), log });
    },
  });
  if (!ready) {
    sayError(first);
    return;
  }
  const { targets, access, warnings = [] } = ready.config;
  for (const warning of warnings) log.warn(warning);
  log.info(`serving ${targets.map(({ name, origin }) => `${name} (${origin})`).join(', ')} with access ${access}`);
  // A person who starts a server by hand sees nothing else.
  if (process.stdin.isTTY)
    log.info('waiting for an MCP client on stdin; Ctrl-C ends it, and mailstore-mcp --help shows the commands for a terminal');
}

/** Reads the settings, and starts the embedded sandbox where it is asked for. Throws MailStoreError of the audience `configuration`. */
async function prepare({ flags, sandbox: isSandbox }: Given<typeof options, object>): Promise<Ready> {
  requireSqlite();
  const sandbox = isSandbox ? await startEmbedded() : undefined;
  try {
    return { config: loadConfig({ flags, ...(sandbox && { embedded: sandbox.target, stateDir: sandbox.stateDir }) }), sandbox };
  } catch (error) {
    await sandbox?.close();
    throw error;
  }
}

function isConfigurationFault(error: unknown): error is MailStoreError {
  return error instanceof MailStoreError && error.audience === 'configuration';
}

/** Throws what `configurationFault` returns. */
function rejectFault(error: unknown): never {
  throw configurationFault(error);
}

/** Returns an error that a change of the configuration mends, with the command that checks it. Throws every other error. */
function configurationFault(error: unknown): MailStoreError {
  if (!isConfigurationFault(error)) throw error;
  return new MailStoreError('cannotServe', { reason: error.message, command: terminalCommand('doctor', defaultStateDir()) });
}

interface Loaded {
  readonly backend: Backend;
  readonly dispatcher: Dispatcher;
}

/** Loads and opens what calls need and listing tools does not. */
async function loadBackend(
  config: Config,
  { log, redactor, tools }: { readonly log: Log; readonly redactor: Redactor; readonly tools: readonly ToolDefinition[] },
): Promise<Loaded> {
  const [{ openBackend }, { Dispatcher }, { makeViewReader }, { programFolder }] = await Promise.all([
    import('./backend.ts'),
    import('../mcp/dispatcher.ts'),
    import('../console/view-document.ts'),
    import('./local-page.ts'),
  ]);
  const backend = openBackend(config, { log, redactor });
  return {
    backend,
    dispatcher: new Dispatcher({ config, log, tools, readView: makeViewReader(join(programFolder(), 'console')), ...backend }),
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
