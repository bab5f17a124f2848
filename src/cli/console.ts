import { join } from 'node:path';
import { systemClock } from '../base/clock.ts';
import { createLog } from '../base/log.ts';
import { machineTimeZone } from '../base/zoned-time.ts';
import { loadConfig } from '../config/load.ts';
import { wholeNumber } from '../config/setting-types.ts';
import { startConsoleServer } from '../console/server.ts';
import { requireSqlite } from '../journal/sqlite.ts';
import { Redactor } from '../masking/redactor.ts';
import { openBackend } from './backend.ts';
import { describeDecidingProcess } from './deciding-process.ts';
import { defineAction, defineSubcommand, flag, option, type Given } from './define-subcommand.ts';
import { startEmbedded } from './embedded.ts';
import { codeTerminal, programFolder, serveUntilSignal } from './local-page.ts';
import { terminalCommand } from './terminal-command.ts';
import { version } from './version.ts';

const options = {
  port: option(wholeNumber(0, 65_535), 'the port to listen on; 0 takes a free one', 0),
  sandbox: flag('look at an emulated MailStore inside this program'),
  json: flag('print the address as one line of JSON'),
};

export const consoleCommand = defineSubcommand({
  name: 'console',
  summary: 'look at the archive in a page of your browser: health, runs, storage, access, open questions and the record',
  settings: 'all',
  action: defineAction({
    options,
    examples: [
      { line: 'console', shows: 'the address of the page; Ctrl-C ends it' },
      { line: 'console --sandbox', shows: 'the same with an emulated MailStore' },
    ],
    run: runConsole,
  }),
});

/** Serves the console's page on this machine until a signal ends the process. */
async function runConsole({ flags, port, sandbox: isSandbox, json }: Given<typeof options, object>): Promise<void> {
  requireSqlite();
  const sandbox = isSandbox ? await startEmbedded() : undefined;
  const config = loadConfig({ flags, ...(sandbox && { embedded: sandbox.target, stateDir: sandbox.stateDir }) });
  const redactor = new Redactor();
  const log = createLog(config.logLevel, { redactor });
  // The console looks: the tasks that no process follows are left to the server.
  const backend = openBackend(config, { log, redactor, adopts: false });
  const end = async () => {
    await backend.close();
    await sandbox?.close();
  };
  const { guard, journal, audit, catalogues } = backend;
  const page = await startConsoleServer({
    guard,
    journal,
    audit,
    catalogues,
    stateDir: config.stateDir,
    targets: config.targets.map(({ name, origin, username, access }) => ({
      name,
      origin,
      user: username,
      access,
      isSandbox: sandbox !== undefined,
    })),
    timeZone: config.timeZone ?? machineTimeZone(),
    version,
    port,
    pageFolder: join(programFolder(), 'console'),
    clock: systemClock,
    log,
    showCode: codeTerminal(),
    decidedBy: describeDecidingProcess(),
    approveCommand: terminalCommand('approve', config.stateDir),
  }).catch(async (error: unknown) => {
    await end();
    throw error;
  });
  serveUntilSignal(page, { json, end });
}
