import { commands } from '../../tools/index.ts';
import { systemClock, type Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import { MailStoreClient } from '../client/client.ts';
import { KnownCommands } from '../client/known-commands.ts';
import type { Config, Target } from '../config/load.ts';
import { Journal } from '../journal/journal.ts';
import { TaskRunner } from '../tasks/runner.ts';

/** What stands behind every way to call MailStore: a client for each target, the record, and the runner of long commands. */
export interface Backend {
  readonly clients: ReadonlyMap<string, MailStoreClient>;
  readonly runner: TaskRunner;
  /** Opens connections ahead of the first call. */
  warm(): Promise<void>;
  /** Ends what is in flight and closes everything; commands that run on the server go on there. */
  close(): Promise<void>;
}

/** Opens the record and takes over the tasks that nobody follows. Throws MailStoreError when the record cannot be opened. */
export function openBackend(config: Config, log: Log, clock: Clock = systemClock): Backend {
  const journal = Journal.open(config.stateDir, { clock });
  const known = new KnownCommands(config.stateDir);
  const clients = new Map(config.targets.map((target) => [target.name, createClient(target, config, { known, clock, log })]));
  const runner = new TaskRunner({ clients, journal: journal.tasks, clock, log });
  runner.adopt();
  return {
    clients,
    runner,
    warm: async () => {
      await Promise.all([...clients.values()].map((client) => client.warm()));
    },
    close: async () => {
      await runner.close();
      await Promise.all([...clients.values()].map((client) => client.close()));
      journal.close();
    },
  };
}

function createClient(
  { origin, username, password, fingerprint, ca, access, api }: Target,
  { timeoutMs }: Config,
  { known, clock, log }: { readonly known: KnownCommands; readonly clock: Clock; readonly log: Log },
): MailStoreClient {
  return new MailStoreClient({
    origin,
    username,
    password,
    trust: { ...(fingerprint !== undefined && { fingerprint }), ...(ca !== undefined && { ca }) },
    api,
    access,
    timeoutMs,
    onCommands: (names) => {
      const doubtful = commands.filter((command) => command.doubtful && names.has(command.name));
      known.remember(
        origin,
        doubtful.map(({ name }) => name),
      );
    },
    clock,
    log,
  });
}
