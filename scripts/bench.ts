/**
 * Measures what the server costs, side by side with the least that it could cost, and prints one table.
 * `--gate` exits with 1 when a gate is missed, `--long` adds 100,000 calls to see whether memory grows, `--built` measures `dist` as it
 * stands; `--short` measures one round of each, with a small record, and only shows that the benchmark works; names of subjects
 * (`start calls shared record large memory words questions install`) measure only those.
 */
import { cpus, loadavg } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { renderTable, judgeBudget, type Row } from './bench/budgets.ts';
import { measureCalls } from './bench/calls.ts';
import { measureInstall } from './bench/install.ts';
import { measureLargeAnswers } from './bench/large-answers.ts';
import { measureMemory } from './bench/memory.ts';
import { measureQuestions } from './bench/questions.ts';
import { measureRecord } from './bench/record.ts';
import { measureSharedFolder } from './bench/shared-folder.ts';
import { measureStart } from './bench/start.ts';
import { measureWords } from './bench/tokens.ts';
import { openWorkbench, type Workbench } from './bench/workbench.ts';
import { build } from './build.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

const { values: options, positionals: chosen } = parseArgs({
  allowPositionals: true,
  options: { gate: { type: 'boolean' }, long: { type: 'boolean' }, built: { type: 'boolean' }, short: { type: 'boolean' } },
});

const subjects: Readonly<Record<string, (bench: Workbench) => Promise<readonly Row[]>>> = {
  start: measureStart,
  calls: measureCalls,
  shared: measureSharedFolder,
  record: measureRecord,
  large: measureLargeAnswers,
  memory: (bench) => measureMemory(bench, { long: options.long ?? false }),
  words: measureWords,
  questions: measureQuestions,
  install: () => measureInstall(root),
};

const unknown = chosen.find((name) => !(name in subjects));
if (unknown !== undefined) throw new Error(`There is no subject '${unknown}'; there are ${Object.keys(subjects).join(', ')}.`);

if (!options.built) await build();
const began = Date.now();
const bench = await openWorkbench(join(root, 'dist'), { isShort: options.short ?? false });
const rows: Row[] = [];
try {
  for (const [name, measure] of Object.entries(subjects)) {
    if (chosen.length > 0 && !chosen.includes(name)) continue;
    process.stderr.write(`measuring ${name} …\n`);
    rows.push(...(await measure(bench)));
  }
} finally {
  await bench.close();
}

const seconds = Math.round((Date.now() - began) / 1000);
console.log(`\n${machine()}; ${seconds} s, medians, ratios of each round.\n`);
console.log(renderTable(rows));
console.log('\nCalls go to a lean HTTPS server that answers with fixed bytes; the first call and the replies in tokens to the sandbox.');
if (options.gate && rows.some((row) => judgeBudget(row) === 'missed')) process.exitCode = 1;

function machine(): string {
  const processors = cpus();
  const load = loadavg()
    .map((value) => value.toFixed(1))
    .join(', ');
  return `${processors[0]?.model.trim() ?? 'unknown processor'}, ${processors.length} cores, ${process.platform} ${process.arch}, Node.js ${process.version}, load average ${load}`;
}
