import { join } from 'node:path';
import { catalogueFor } from '../../tools/index.ts';
import { systemClock, type Clock } from '../base/clock.ts';
import { createLog, type Log } from '../base/log.ts';
import { Redactor } from '../masking/redactor.ts';
import type { Catalogue } from '../catalogue/catalogue.ts';
import type { Edition } from '../catalogue/define-command.ts';
import { MailStoreClient, type ClientOptions } from '../client/client.ts';
import { KnownCommands } from '../client/known-commands.ts';
import type { OnExchange } from '../client/record-exchange.ts';
import type { Config, Target } from '../config/load.ts';
import { ConsentStates } from '../guard/consent-states.ts';
import { Guard } from '../guard/guard.ts';
import { AuditLog } from '../audit/audit-log.ts';
import { Journal } from '../journal/journal.ts';
import { TaskRunner } from '../tasks/runner.ts';
import { terminalCommand } from './terminal-command.ts';

/** What every way to call MailStore uses: a client for each target, the record, the runner of long commands, and the guard before them. */
export interface Backend {
  readonly clients: ReadonlyMap<string, MailStoreClient>;
  /** The catalogue of each target. */
  readonly catalogues: ReadonlyMap<string, Catalogue>;
  readonly runner: TaskRunner;
  readonly guard: Guard;
  readonly journal: Journal;
  readonly audit: AuditLog;
  /** Signs the questions that are put to a client. */
  readonly consentStates: ConsentStates;
  /** Opens connections ahead of the first call. */
  warm(): Promise<void>;
  /**
   * Begins nothing new, waits until what is in flight has been answered and stored, and closes everything; commands that run on the server
   * go on there. Polls are waited for no longer than `maxPollWaitMs`.
   */
  close(options?: { readonly maxPollWaitMs?: number }): Promise<void>;
}

/** Opens the record and takes over the tasks that no process follows. Throws MailStoreError when the record cannot be opened. */
export function openBackend(
  config: Config,
  {
    clock = systemClock,
    redactor = new Redactor(),
    log = createLog(config.logLevel, { redactor }),
    onExchange,
    adopts = true,
    makeCatalogue = catalogueFor,
  }: BackendOptions = {},
): Backend {
  const { stateDir, secretsDir, secretVariables, targets } = config;
  const journal = Journal.open(stateDir, {
    clock,
    onReplaced: (taken) => {
      const tasks =
        taken.lost === undefined ? `${taken.tasks} of its tasks were taken along` : `its tasks could not be read: ${taken.lost}`;
      log.error(`'${journal.path}' was moved or deleted, and another file is used in its place; ${tasks}`);
      audit.noticeNewJournal(taken);
    },
  });
  const audit = new AuditLog(stateDir, journal.audit, clock);
  const known = new KnownCommands(stateDir);
  for (const { username, password } of targets) redactor.add(password, username);
  for (const value of Object.values(secretVariables)) redactor.add(value);
  const clients = new Map(
    targets.map((target) => [
      target.name,
      createClient(target, config, { catalogue: makeCatalogue(target.edition), known, clock, log, redactor, onExchange }),
    ]),
  );
  const runner = new TaskRunner({
    clients,
    journal: journal.tasks,
    startWaitMs: config.inlineWaitMs,
    clock,
    log,
    onEnd: (task, { again }) => guard.taskEnded(task, { again }),
  });
  const guard = new Guard({
    clock,
    targets: new Map(
      targets.flatMap(({ name, origin, username, access }) => {
        const client = clients.get(name);
        return client ? [[name, { name, origin, user: username, access, hasOwnLimit: access !== config.access, client }]] : [];
      }),
    ),
    groups: config.toolsets,
    journal,
    audit,
    runner,
    secrets: {
      variables: secretVariables,
      ...(secretsDir !== undefined && { folder: secretsDir }),
      generatedFolder: secretsDir ?? join(stateDir, 'secrets'),
    },
    redactor,
    approveCommand: (approvalId) => terminalCommand(`approve ${approvalId}`, stateDir),
    log,
  });
  if (adopts) runner.adopt();
  return {
    clients,
    catalogues: new Map([...clients].map(([name, { catalogue }]) => [name, catalogue])),
    runner,
    guard,
    journal,
    audit,
    consentStates: new ConsentStates(stateDir, journal.approvals, clock),
    warm: async () => {
      await Promise.all([...clients.values()].map((client) => client.warm()));
    },
    close: async ({ maxPollWaitMs } = {}) => {
      // A command whose task has been begun is sent; a call that only waits for the API version is not.
      const ended = runner.close().then(() => {
        for (const client of clients.values()) client.stopSearching();
      });
      await guard.close();
      await (maxPollWaitMs === undefined ? ended : Promise.race([ended, clock.sleep(maxPollWaitMs)]));
      await Promise.all([...clients.values()].map((client) => client.close()));
      await audit.close();
      journal.close();
    },
  };
}

export interface BackendOptions {
  readonly clock?: Clock;
  readonly redactor?: Redactor;
  /** Where none is given, one that masks what the redactor knows. */
  readonly log?: Log;
  /** Receives each HTTP exchange, in the course of the call that it belongs to. */
  readonly onExchange?: OnExchange;
  /** Makes the catalogue of an edition; by default from all declarations. */
  readonly makeCatalogue?: (edition: Edition) => Catalogue;
  /** False leaves the tasks that no process follows alone, until `runner.adopt` is called: ending waits for the polls that are under way. */
  readonly adopts?: boolean;
}

/** Returns how a client reaches a target and logs in. */
export function describeLogin({
  origin,
  username,
  password,
  fingerprint,
  ca,
  api,
}: Target): Pick<ClientOptions, 'origin' | 'username' | 'password' | 'trust' | 'api'> {
  return { origin, username, password, trust: { ...(fingerprint !== undefined && { fingerprint }), ...(ca !== undefined && { ca }) }, api };
}

function createClient(
  target: Target,
  { timeoutMs }: Config,
  { catalogue, known, clock, log, redactor, onExchange }: ClientParts,
): MailStoreClient {
  return new MailStoreClient({
    ...describeLogin(target),
    catalogue,
    timeoutMs,
    onCommands: (names) => known.learn(target.origin, catalogue, names),
    redactor,
    ...(onExchange && { onExchange }),
    clock,
    log,
  });
}

interface ClientParts {
  readonly catalogue: Catalogue;
  readonly known: KnownCommands;
  readonly clock: Clock;
  readonly log: Log;
  readonly redactor: Redactor;
  readonly onExchange: OnExchange | undefined;
}
