/**
 * Runs the task scenarios of the official conformance suite against this source: `tsx scripts/test-conformance.ts [folder]`.
 *
 * The suite speaks HTTP only and needs a newer Node than this project's floor, so it is installed with one, into the named folder or into a
 * temporary one. It judges by itself; this script adds up what it printed and fails when it failed.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startFixtureServer } from '../test/conformance/fixture-server.ts';

const SUITE = '@modelcontextprotocol/conformance';
const PACKAGES = [`${SUITE}@0.2.0-alpha.12`, 'node@22'];
const EXPECTED_FAILURES = fileURLToPath(new URL('../test/conformance/expected-failures.yml', import.meta.url));

interface Outcome {
  readonly code: number | null;
  readonly output: string;
}

/** Runs a program to its end and returns what it wrote to either stream. */
async function run(program: string, args: readonly string[], cwd: string): Promise<Outcome> {
  return new Promise((settle, reject) => {
    const child = spawn(program, args, {
      cwd,
      stdio: ['ignore', 'pipe', 'pipe'],
      shell: program === 'npm' && process.platform === 'win32',
    });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (output += text));
    child.once('error', reject);
    child.once('close', (code) => settle({ code, output }));
  });
}

async function install(folder: string): Promise<void> {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{"private":true}\n');
  const { code, output } = await run('npm', ['install', '--no-audit', '--no-fund', '--no-package-lock', ...PACKAGES], folder);
  if (code !== 0) throw new Error(`npm could not install the conformance suite:\n${output}`);
}

const asked = process.argv[2];
const folder = asked === undefined ? mkdtempSync(join(tmpdir(), 'mcp-conformance-')) : resolve(asked);
const suite = join(folder, 'node_modules', SUITE, 'dist', 'index.js');
const node = join(folder, 'node_modules', 'node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
if (!existsSync(suite) || !existsSync(node)) await install(folder);

const { output: listing } = await run(node, [suite, 'list', '--server'], folder);
const scenarios = [...listing.matchAll(/^\s*- (tasks-[\w-]+)/gm)].flatMap(([, name]) => name ?? []);
if (scenarios.length === 0) throw new Error(`The suite lists no task scenario:\n${listing}`);

const fixture = await startFixtureServer();
const failed: string[] = [];
const sum = { passed: 0, failed: 0, warnings: 0 };
for (const scenario of scenarios) {
  const args = [suite, 'server', '--url', fixture.url, '--scenario', scenario, '--expected-failures', EXPECTED_FAILURES];
  const { code, output } = await run(node, args, folder);
  const counts = /Passed: (\d+)\/\d+, (\d+) failed, (\d+) warnings/.exec(output);
  sum.passed += Number(counts?.[1] ?? 0);
  sum.failed += Number(counts?.[2] ?? 0);
  sum.warnings += Number(counts?.[3] ?? 0);
  if (code !== 0) failed.push(scenario);
  const verdict = code === 0 ? 'ok    ' : 'FAILED';
  const note = code === 0 && counts?.[2] !== '0' ? ' (expected)' : '';
  process.stdout.write(`${verdict} ${scenario.padEnd(30)} ${counts?.[0] ?? 'no counts'}${note}\n${code === 0 ? '' : output}`);
}
await fixture.close();
if (asked === undefined) rmSync(folder, { recursive: true, force: true });
const note = sum.failed > 0 && failed.length === 0 ? `, and ${sum.failed} as expected` : '';
process.stdout.write(`conformance: ${sum.passed} passed, ${failed.length} failed${note}\n`);
process.exitCode = failed.length > 0 ? 1 : 0;
