import { join } from 'node:path';
import { systemClock } from '../base/clock.ts';
import { machineTimeZone } from '../base/zoned-time.ts';
import { startConsoleServer } from '../console/server.ts';
import { openBackend } from './backend.ts';
import { describeDecidingProcess } from './deciding-process.ts';
import { defineAction, defineSubcommand, type Given } from './define-subcommand.ts';
import { codeTerminal, pageOptions, preparePage, programFolder, serveUntilSignal } from './local-page.ts';
import { terminalCommand } from './terminal-command.ts';
import { version } from './version.ts';

const options = pageOptions('look at an emulated MailStore inside this program');

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
async function runConsole(given: Given<typeof options, object>): Promise<void> {
  const { port, json } = given;
  const { config, redactor, log, sandbox, targets } = await preparePage(given);
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
    targets,
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
