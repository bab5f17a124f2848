import { Lane, type PlayedRun } from './run.ts';
import { makePlan } from './schedule.ts';

/** Plays the runs of these seeds on several lanes at once; `onRun` sees each when it is over. */
export async function playMatrix(seeds: readonly number[], lanes: number, onRun?: (run: PlayedRun) => void): Promise<readonly PlayedRun[]> {
  const left = [...seeds];
  const played: PlayedRun[] = [];
  await Promise.all(
    Array.from({ length: lanes }, async () => {
      const lane = await Lane.open();
      try {
        for (let seed = left.shift(); seed !== undefined; seed = left.shift()) {
          const run = await lane.play(makePlan(seed));
          played.push(run);
          onRun?.(run);
        }
      } finally {
        await lane.close();
      }
    }),
  );
  return played;
}

/** Returns what broke, with everything that helps to see why; nothing for runs in which every promise was kept. */
export function describeFindings(runs: readonly PlayedRun[]): string {
  return runs
    .filter(({ findings }) => findings.length > 0)
    .map(({ plan, findings, story }) =>
      [
        `seed ${plan.seed} (repeat it with: npx tsx scripts/crash-matrix.ts --runs 1 --seed ${plan.seed})`,
        ...findings.map(({ promise, what }) => `  BROKEN ${promise}: ${what}`),
        `  plan ${JSON.stringify(plan)}`,
        ...story.map((line) => `  ${line}`),
      ].join('\n'),
    )
    .join('\n\n');
}
