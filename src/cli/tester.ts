import { join } from 'node:path';
import { catalogueFor } from '../../tools/index.ts';
import { systemClock } from '../base/clock.ts';
import { createLog } from '../base/log.ts';
import { Redactor } from '../masking/redactor.ts';
import { loadConfig } from '../config/load.ts';
import { wholeNumber } from '../config/setting-types.ts';
import { defaultStateDir } from '../config/state-dir.ts';
import { requireSqlite } from '../journal/sqlite.ts';
import { HistoryFile } from '../tester/web/history-file.ts';
import { startPageServer } from '../tester/web/server.ts';
import { defineAction, defineSubcommand, flag, option, type Given } from './define-subcommand.ts';
import { startEmbedded } from './embedded.ts';
import { codeTerminal, programFolder, serveUntilSignal } from './local-page.ts';
import { openTester } from './open-tester.ts';
import { quoteWords, terminalCommand } from './terminal-command.ts';
import { version } from './version.ts';

const options = {
  port: option(wholeNumber(0, 65_535), 'the port to listen on; 0 takes a free one', 0),
  sandbox: flag('call an emulated MailStore inside this program'),
  json: flag('print the address as one line of JSON'),
};

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
async function runTester({ flags, port, sandbox: isSandbox, json }: Given<typeof options, object>): Promise<void> {
  requireSqlite();
  const sandbox = isSandbox ? await startEmbedded() : undefined;
  const config = loadConfig({ flags, ...(sandbox && { embedded: sandbox.target, stateDir: sandbox.stateDir }) });
  const redactor = new Redactor();
  const log = createLog(config.logLevel, { redactor });
  const core = openTester(config, log, { client: 'tester', redactor });
  const page = await startPageServer({
    tester: core,
    catalogues: new Map(config.targets.map(({ name, edition }) => [name, catalogueFor(edition)])),
    targets: config.targets.map(({ name, origin, username, access }) => ({
      name,
      origin,
      user: username,
      access,
      isSandbox: sandbox !== undefined,
    })),
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
