/**
 * Runs the tests of the journal on the Node versions that bring SQLite along, installed from the npm registry into a temporary folder, each
 * sharing files with the Node that runs this. Prints one line of counts per version, and below it what failed. As in `.ci/run`, a test is repeated once.
 */
import { spawn, type StdioOptions } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as z from 'zod';

const VERSIONS = ['22', '24'];

const root = fileURLToPath(new URL('..', import.meta.url));
const vitest = fileURLToPath(new URL('../node_modules/vitest/vitest.mjs', import.meta.url));
const isWindows = process.platform === 'win32';

const reportSchema = z.object({
  numPassedTests: z.int(),
  numFailedTests: z.int(),
  numPendingTests: z.int(),
  success: z.boolean(),
  testResults: z.array(
    z.object({
      assertionResults: z.array(z.object({ fullName: z.string(), status: z.string(), failureMessages: z.array(z.string()) })),
    }),
  ),
});

interface RunOptions {
  readonly cwd: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly stdio?: StdioOptions;
  readonly shell?: boolean;
}

/** Runs a program and returns its exit code. */
function run(program: string, args: readonly string[], { stdio = ['ignore', 2, 2], ...options }: RunOptions): Promise<number | null> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio, ...options });
    child.once('error', reject);
    child.once('close', resolve);
  });
}

/** Installs a Node and returns the path of its binary. */
async function installNode(version: string, folder: string): Promise<string> {
  await writeFile(join(folder, 'package.json'), '{"private":true}');
  const args = ['install', `node@${version}`, '--no-audit', '--no-fund', '--no-save', '--loglevel=error'];
  // On Windows npm is a script, which only a shell starts.
  const code = await run('npm', args, { cwd: folder, shell: isWindows });
  if (code !== 0) throw new Error(`node@${version} could not be installed (npm ended with ${code})`);
  return join(folder, 'node_modules', 'node', 'bin', isWindows ? 'node.exe' : 'node');
}

/** Runs the tests on one Node, prints its line, and returns whether all passed and none was skipped. */
async function testOn(version: string): Promise<boolean> {
  const folder = await mkdtemp(join(tmpdir(), 'journal-engines-'));
  try {
    const node = await installNode(version, folder);
    const outputFile = join(folder, 'report.json');
    const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${outputFile}`];
    const args = [vitest, 'run', 'test/journal', 'test/audit', '--retry=1', ...reporters];
    const path = `${dirname(node)}${delimiter}${process.env['PATH'] ?? ''}`;
    const code = await run(node, args, { cwd: root, env: { ...process.env, PATH: path, OTHER_NODE: process.execPath } });
    const report = reportSchema.parse(JSON.parse(readFileSync(outputFile, 'utf8')));
    const { numPassedTests: passed, numFailedTests: failed, numPendingTests: skipped } = report;
    console.log(`journal on node@${version}: ${passed} passed, ${failed} failed, ${skipped} skipped`);
    for (const test of report.testResults.flatMap(({ assertionResults }) => assertionResults)) {
      if (test.status === 'failed') console.log(`test: ${test.fullName}\n${test.failureMessages[0] ?? ''}`);
    }
    return code === 0 && report.success && passed > 0 && skipped === 0;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

for (const version of VERSIONS) {
  if (!(await testOn(version))) process.exitCode = 1;
}
