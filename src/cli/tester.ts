import { join } from 'node:path';
import { catalogueFor } from '../../tools/index.ts';
import { systemClock } from '../base/clock.ts';
import { defaultStateDir } from '../config/state-dir.ts';
import { HistoryFile } from '../tester/web/history-file.ts';
import { startPageServer } from '../tester/web/server.ts';
import { defineAction, defineSubcommand, type Given } from './define-subcommand.ts';
import { codeTerminal, pageOptions, preparePage, programFolder, serveUntilSignal } from './local-page.ts';
import { openTester } from './open-tester.ts';
import { quoteWords, terminalCommand } from './terminal-command.ts';
import { version } from './version.ts';

const options = pageOptions('call an emulated MailStore inside this program');

export const tester = defineSubcommand({
  name: 'tester',
  summary: 'try commands in a page of your browser, and see what goes over the wire',
  settings: 'all',
  action: defineAction({
    options,
    examples: [
      { line: 'tester', shows: 'the address of the page; Ctrl-C ends it' },
      { line: 'tester --sandbox', shows: 'the same with an emulated MailStore' },
    ],
    run: runTester,
  }),
});

/** Serves the API tester's page on this machine until a signal ends the process. */
async function runTester(given: Given<typeof options, object>): Promise<void> {
  const { port, json } = given;
  const { config, redactor, log, sandbox, targets } = await preparePage(given);
  const core = openTester(config, log, { client: 'tester', redactor });
  const page = await startPageServer({
    tester: core,
    catalogues: new Map(config.targets.map(({ name, edition }) => [name, catalogueFor(edition)])),
    targets,
    form: config.targets[0]?.api ?? 'auto',
    version,
    port,
    pageFolder: join(programFolder(), 'tester'),
    clock: systemClock,
    log,
    showCode: codeTerminal(),
    terminalCommand: (words) => terminalCommand(quoteWords(words), sandbox ? defaultStateDir() : config.stateDir),
    // The record of the embedded sandbox, and what was called there, end with this process.
    historyFile: sandbox ? undefined : new HistoryFile(join(config.stateDir, 'tester-history.jsonl'), log),
    ...(!sandbox && { revertCommand: (change: number) => terminalCommand(`changes revert ${change}`, config.stateDir) }),
  }).catch(async (error: unknown) => {
    await sandbox?.close();
    throw error;
  });

  serveUntilSignal(page, {
    json,
    end: async () => {
      await core.close();
      await sandbox?.close();
    },
  });
}
