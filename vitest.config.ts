import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

/**
 * What takes long by its nature: a program started for each test, whole conversations, every command in turn, processes that are killed, minutes that
 * have to pass, large archives, and pages in a browser. `npm run test:long` runs it, and CI runs both.
 */
const LONG = [
  'test/assistant/large-archive.test.ts',
  'test/assistant/requests.test.ts',
  'test/audit/processes.test.ts',
  'test/catalogue/second-edition.test.ts',
  'test/cli/call.test.ts',
  'test/cli/interruptible.test.ts',
  'test/cli/output.test.ts',
  'test/cli/sandbox.test.ts',
  'test/cli/tasks.test.ts',
  'test/cli/terminal.test.ts',
  'test/cli/terminal-command.test.ts',
  'test/console/page.test.ts',
  'test/crash/*.test.ts',
  'test/journal/locked.test.ts',
  'test/journal/processes.test.ts',
  'test/mcp/closing-client.test.ts',
  'test/mcp/lost-ends.test.ts',
  'test/mcp/process.test.ts',
  'test/security/bounded-record.test.ts',
  'test/security/canaries.test.ts',
  'test/security/untrusted-text.test.ts',
  'test/tester/web/accessibility.test.ts',
  'test/tester/web/page.test.ts',
  'test/tester/web/page-work.test.ts',
  'test/tester/web/server.test.ts',
];

const ALL = 'test/**/*.test.ts';

export default defineConfig({
  test: {
    environment: 'node',
    globalSetup: ['test/build-bundle.ts'],
    pool: 'forks',
    // A worker goes through its files in one process: starting one and loading the program for each file would take longer than most files do.
    isolate: false,
    restoreMocks: true,
    // Tests wait for disks and other processes a part of their time: one worker more than processors takes a sixth off a run.
    maxWorkers: Math.min(4, availableParallelism() + 1),
    testTimeout: 120_000,
    // What is waited for comes when a child process gets to it; how soon is no statement about the product.
    expect: { poll: { timeout: 60_000 } },
    hookTimeout: 120_000,
    projects: [
      { extends: true, test: { name: 'short', include: [ALL], exclude: LONG } },
      { extends: true, test: { name: 'long', include: LONG } },
    ],
  },
});
