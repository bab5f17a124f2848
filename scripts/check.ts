/**
 * Checks everything that needs no test run: types, lint, format, unused code, plain words, and whether the generated files are current.
 * Prints one line per step, and the output of the steps that failed.
 */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

interface Step {
  readonly title: string;
  /** Arguments of node. */
  readonly command: readonly string[];
}

/** Longest first: the steps start together, and the machine's processors are shared out among them. */
const steps: readonly Step[] = [
  { title: 'lint', command: [findBin('oxlint'), '--type-aware'] },
  { title: 'types', command: [findBin('typescript', 'tsc'), '-p', '.'] },
  { title: 'page types', command: [findBin('typescript', 'tsc'), '-p', 'src/tester/web/page'] },
  { title: 'console', command: [findBin('typescript', 'tsc'), '-p', 'src/console/page'] },
  { title: 'unused', command: [findBin('knip'), '--no-progress', '--treat-config-hints-as-errors'] },
  { title: 'generated', command: ['--import', 'tsx', 'scripts/generate.ts', '--check'] },
  { title: 'words', command: ['--import', 'tsx', 'scripts/check-words.ts'] },
  { title: 'format', command: [findBin('oxfmt'), '--check'] },
];

/** Returns the script behind a package's command: started by node itself, it needs no shell and no `.cmd` file on Windows. */
function findBin(packageName: string, command = packageName): string {
  const folder = new URL(`../node_modules/${packageName}/`, import.meta.url);
  const { bin } = JSON.parse(readFileSync(new URL('package.json', folder), 'utf8')) as { bin?: string | Record<string, string> };
  const script = typeof bin === 'string' ? bin : bin?.[command];
  if (script === undefined) throw new Error(`The package ${packageName} has no command ${command}`);
  return fileURLToPath(new URL(script, folder));
}

/** Runs one step, prints its line when it ends, and returns whether it succeeded. */
async function run({ title, command }: Step): Promise<boolean> {
  const start = performance.now();
  const output: Buffer[] = [];
  const code = await new Promise<number | null>((resolve, reject) => {
    const child = spawn(process.execPath, command, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
    child.stdout.on('data', (chunk: Buffer) => output.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => output.push(chunk));
    child.once('error', reject);
    child.once('close', resolve);
  });
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  console.log(`${code === 0 ? 'ok    ' : 'FAILED'} ${title.padEnd(10)} ${seconds.padStart(5)} s`);
  if (code !== 0) console.log(Buffer.concat(output).toString().trimEnd());
  return code === 0;
}

const results = await Promise.all(steps.map(run));
process.exitCode = results.every(Boolean) ? 0 : 1;
