import * as z from 'zod';
import { defineInsight, type InsightReader } from '../../src/catalogue/define-insight.ts';
import type { Row } from '../../src/base/rows.ts';
import { toWallClock } from '../../src/base/zoned-time.ts';
import { formatSize } from '../../src/base/sizes.ts';
import { writeCount, groupBy, findMedian, readRuns, formatTime, listDays, RUN_FIELDS, type ProfileRun } from './runs.ts';

export const archivingVolume = defineInsight({
  name: 'archiving_volume',
  title: 'Measure archiving',
  summary: 'How much is archived? Items per profile and day, with estimated sizes, days without items and unusual days.',
  input: {
    days: z.int().min(1).max(365).default(14).describe('How far back to look.'),
    details: z.boolean().default(false).describe('true lists every day of every profile.'),
  },
  reads: ['GetWorkerResults', 'GetProfiles', 'GetStores'],
  examples: [{}, { days: 30, details: true }],
  answer: async ({ days, details }, reader) => {
    const [all, profiles, stores] = await Promise.all([
      readRuns(reader, days),
      reader.readList('GetProfiles'),
      reader.readList('GetStores', { includeSize: true }),
    ]);
    const exports = new Set((profiles ?? []).filter(({ type }) => type !== 'I').map(({ id }) => id));
    const runs = (all ?? []).filter(({ profileId }) => profileId === undefined || !exports.has(profileId));
    const average = estimateMessageSize(stores ?? []);
    const estimate = (items: number) => (average === undefined ? undefined : formatSize(Math.round(items * average)));
    const dayNames = listDays(reader, days);
    const byProfile = [...groupBy(runs, ({ profile }) => profile)].map(([profile, itsRuns]) => ({
      profile,
      itsRuns,
      byDay: countItems(itsRuns, reader),
    }));
    const perProfile = byProfile
      .map(({ profile, itsRuns, byDay }) => {
        const counts = dayNames.map((day) => byDay.get(day) ?? 0);
        const items = itsRuns.reduce((sum, run) => sum + run.items, 0);
        const empty = counts.filter((count) => count === 0).length;
        return {
          profile,
          items,
          estimatedSize: estimate(items),
          runs: itsRuns.length,
          medianPerDay: findMedian(counts) ?? 0,
          daysWithoutItems: empty,
          lastItems: formatTime(itsRuns.find((run) => run.items > 0)?.start),
        };
      })
      .toSorted((a, b) => b.items - a.items);
    const perDay = dayNames.map((day) => {
      const ofDay = byProfile.reduce((sum, { byDay }) => sum + (byDay.get(day) ?? 0), 0);
      return { day, items: ofDay, estimatedSize: estimate(ofDay) };
    });
    const items = runs.reduce((sum, run) => sum + run.items, 0);
    const perProfileAndDay = byProfile.map(({ profile, byDay }) => ({
      profile,
      items: dayNames.map((day) => `${day.slice(5)}: ${byDay.get(day) ?? 0}`).join(', '),
    }));
    return {
      headline: all
        ? `${writeCount(items, 'item')} archived in ${writeCount(days, 'day')}${reader.isAsDeclared('GetWorkerResults', RUN_FIELDS) ? '' : ', as far as could be read'}${estimate(items) === undefined ? '' : `, about ${estimate(items)}`}; ${writeCount(Math.round(items / days), 'item')} a day.`
        : 'It cannot be said how much was archived: the run history could not be read.',
      data: all ? { items, perProfile, perDay, ...(details && { perProfileAndDay }) } : {},
      notLookedAt: [
        'Sizes of runs: the API counts items only. They are estimated from the mean message size of all open stores' +
          `${average === undefined ? ', which could not be read' : `, ${formatSize(Math.round(average))}`}.`,
        `A day is a day in ${reader.timeZone}, and a run counts for the day on which it began; the first and the last day are not whole.`,
        'Runs of export profiles are left out; runs without a stored profile are counted, as the API does not show their kind.',
      ],
      next: details ? undefined : 'details true lists every profile by day.',
    };
  },
});

/** Returns the mean size of a message in bytes; undefined where the stores show no sizes. */
export function estimateMessageSize(stores: readonly Row[]): number | undefined {
  const counted = stores.filter(({ statisticsCount, statisticsSize }) => Number(statisticsCount) > 0 && Number(statisticsSize) > 0);
  const count = counted.reduce((sum, store) => sum + Number(store['statisticsCount']), 0);
  return count === 0 ? undefined : counted.reduce((sum, store) => sum + Number(store['statisticsSize']), 0) / count;
}

/** Returns the items of runs by the day on which they began, in the zone of the reader. */
export function countItems(runs: readonly ProfileRun[], { timeZone }: Pick<InsightReader, 'timeZone'>): ReadonlyMap<string, number> {
  const items = new Map<string, number>();
  for (const run of runs) {
    const day = toWallClock(run.start, timeZone).slice(0, 10);
    items.set(day, (items.get(day) ?? 0) + run.items);
  }
  return items;
}
