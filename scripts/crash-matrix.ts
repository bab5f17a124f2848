/**
 * Kills the processes that follow tasks, at every numbered point and at random times, and counts the ends of the tasks.
 * `--runs N` (300) runs with the seeds from `--seed S` (0) on, on `--lanes L` (2) emulated servers at once; `--story` prints what happened in each.
 */
import { cpus, release, type as systemName } from 'node:os';
import { parseArgs } from 'node:util';
import { describeFindings, playMatrix } from '../test/crash/matrix.ts';
import { namePoint, POINTS } from '../test/crash/points.ts';
import type { PlayedRun } from '../test/crash/run.ts';

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '300' },
    seed: { type: 'string', default: '0' },
    lanes: { type: 'string', default: '2' },
    story: { type: 'boolean', default: false },
  },
});
const [count, first, lanes] = [Number(values.runs), Number(values.seed), Number(values.lanes)];
const { stdout } = process;

let done = 0;
function showRun(run: PlayedRun): void {
  done++;
  if (values.story) stdout.write(`${JSON.stringify(run.plan)}\n${run.story.join('\n')}\n`);
  if (run.findings.length > 0) stdout.write(`${describeFindings([run])}\n`);
  else if (done % 25 === 0) stdout.write(`${done} of ${count} runs\n`);
}

const start = performance.now();
const seeds = Array.from({ length: count }, (_, index) => first + index);
const runs = await playMatrix(seeds, Math.min(lanes, count), showRun);
const seconds = (performance.now() - start) / 1000;

const tasks = runs.flatMap((run) => run.tasks);
const kills = runs.flatMap((run) => run.kills);
const findings = runs.flatMap((run) => run.findings);
const unknown = tasks.filter(({ status }) => status === 'unknown');
const reached = new Set(kills);

function countBy(names: readonly string[]): [string, number][] {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts].toSorted(([, a], [, b]) => b - a);
}

/** The address and the port differ from run to run. */
function readReason(text: string | undefined): string {
  return (text ?? 'none').replaceAll(/https:\/\/[\d.:]+/g, 'the server').replaceAll(/'[^']*'/g, '…');
}

const rows: readonly [string, string | number][] = [
  ['machine', `${cpus().length} × ${cpus()[0]?.model.trim()}, ${systemName()} ${release()}, Node ${process.versions.node}`],
  ['date', new Date().toISOString().slice(0, 10)],
  ['seeds', `${first} to ${first + count - 1}`],
  ['seconds', seconds.toFixed(0)],
  ['runs', runs.length],
  ['processes', runs.reduce((sum, { processes }) => sum + processes, 0)],
  ['kills', kills.length],
  ['  at a numbered point', kills.filter((kill) => kill !== 'outside').length],
  ['  at any time', kills.filter((kill) => kill === 'outside').length],
  ['points reached', `${POINTS.filter((point) => reached.has(namePoint(point))).length} of ${POINTS.length}`],
  ['tasks', tasks.length],
  ['ends kept', tasks.filter(({ status }) => ['succeeded', 'failed', 'cancelled'].includes(status)).length],
  ...countBy(tasks.map(({ status }) => status)).map(([status, number]): [string, number] => [`  ${status}`, number]),
  ...countBy(unknown.map(({ reason }) => readReason(reason))).map(([reason, number]): [string, number] => [`    ${reason}`, number]),
  ['promises broken', findings.length],
];
for (const [name, value] of rows) stdout.write(`${name.padEnd(24)} ${value}\n`);
const missed = POINTS.map(namePoint).filter((name) => !reached.has(name));
if (missed.length > 0 && count >= POINTS.length) stdout.write(`points not reached: ${missed.join(', ')}\n`);
process.exitCode = findings.length === 0 ? 0 : 1;
