import * as z from 'zod';
import { defineInsight } from '../../src/catalogue/define-insight.ts';
import { judgeProfiles, needsAttention, PROFILE_FIELDS, type ProfileState } from './gaps.ts';
import { writeCount, formatDuration, readRuns, RUN_FIELDS } from './runs.ts';

export const archivingGaps = defineInsight({
  name: 'archiving_gaps',
  title: 'Find gaps in archiving',
  summary: 'Has anything stopped archiving? Each automatic profile against its own rhythm: last run, last success, last items, overdue.',
  input: {
    days: z.int().min(1).max(365).default(14).describe('How far back to look.'),
    details: z.boolean().default(false).describe('true also shows the profiles that are in order.'),
  },
  reads: ['GetProfiles', 'GetWorkerResults'],
  examples: [{}, { days: 30, details: true }],
  answer: async ({ days, details }, reader) => {
    const [profiles, runs] = await Promise.all([reader.readList('GetProfiles'), readRuns(reader, days)]);
    const states = profiles && runs ? judgeProfiles(profiles, runs, reader.now, days) : [];
    const gaps = states.filter(needsAttention);
    const automatic = states.filter(({ state }) => state !== 'not automatic');
    const others = states.filter((state) => !needsAttention(state));
    const isWhole = reader.isAsDeclared('GetProfiles', PROFILE_FIELDS) && reader.isAsDeclared('GetWorkerResults', RUN_FIELDS);
    const isRead = profiles !== undefined && runs !== undefined && (gaps.length > 0 || isWhole);
    return {
      headline: isRead
        ? writeHeadline(gaps, automatic.length, days)
        : 'It cannot be said whether archiving goes on: profiles or runs could not be read.',
      data: {
        gaps,
        inOrder: details ? others : others.map(({ id, name, state, lastRun, lastItems }) => ({ id, name, state, lastRun, lastItems })),
        runsLookedAt: runs?.length,
      },
      notLookedAt: [
        `Runs that began more than ${formatDuration(days * 86_400_000)} ago.`,
        'What should have come from a source: only runs and their item counts are seen.',
        'Times are compared with the clock of the machine that mailstore-mcp runs on.',
        'Profiles that only users or jobs start have no rhythm to be late against.',
      ],
      next: gaps.some(({ state }) => state === 'failing') ? 'failed_runs shows the causes.' : undefined,
    };
  },
});

function writeHeadline(gaps: readonly ProfileState[], automatic: number, days: number): string {
  if (automatic === 0) return 'No profile archives automatically.';
  if (gaps.length === 0) return `Archiving goes on: ${writeCount(automatic, 'automatic profile')}, none of them late.`;
  const said = gaps.slice(0, 3).map(({ name, state, lastRun }) =>
    // Of what was before the first day that was looked at, nothing is known.
    state === 'no run'
      ? `${name} has no run in ${writeCount(days, 'day')}`
      : `${name} is ${state}${lastRun === undefined ? '' : ` (last run ${lastRun})`}`,
  );
  const more = gaps.length > 3 ? `, and ${gaps.length - 3} more` : '';
  return `${gaps.length} of ${writeCount(automatic, 'automatic profile')} ${gaps.length === 1 ? 'needs' : 'need'} attention: ${said.join('; ')}${more}.`;
}
