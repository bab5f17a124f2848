import * as z from 'zod';
import { defineInsight } from '../../src/catalogue/define-insight.ts';
import { readString } from '../../src/base/rows.ts';
import { formatSize } from '../../src/base/sizes.ts';
import { countItems, estimateMessageSize } from './archiving-volume.ts';
import { DAY, listDays, writeCount, readRuns } from './runs.ts';

/** Days ahead that a forecast names. */
const AHEAD = [90, 365];

/** Archives that are drawn. */
const MAX_DRAWN = 200;

export const storageReport = defineInsight({
  name: 'storage_report',
  title: 'Report storage',
  summary:
    'What takes the space? Size by store and by archive, growth, and a forecast with its assumptions. Measures archives; may take a while.',
  input: {
    days: z.int().min(2).max(365).default(30).describe('Days from which growth is taken.'),
    archives: z.boolean().default(true).describe('false leaves out the sizes by archive, which take the server time.'),
    details: z.boolean().default(false).describe('true lists more archives.'),
  },
  reads: ['GetStores', 'GetFolderStatistics', 'GetWorkerResults', 'GetProfiles'],
  examples: [{}, { archives: false, days: 14 }],
  room: { name: 'storage', args: { days: 30 } },
  answer: async ({ days, archives, details }, reader) => {
    const [stores, folders, runs, profiles] = await Promise.all([
      reader.readList('GetStores', { includeSize: true }),
      archives ? reader.readList('GetFolderStatistics') : undefined,
      readRuns(reader, days),
      reader.readList('GetProfiles'),
    ]);
    const exports = new Set((profiles ?? []).filter(({ type }) => type !== 'I').map(({ id }) => id));
    const archiving = (runs ?? []).filter(({ profileId }) => profileId === undefined || !exports.has(profileId));
    const items = archiving.reduce((sum, run) => sum + run.items, 0);
    const average = estimateMessageSize(stores ?? []);
    const perDay = average === undefined || !runs ? undefined : (items / days) * average;
    const perDayItems = countItems(archiving, reader);
    const total = (stores ?? []).reduce((sum, store) => sum + (Number(store['statisticsSize']) || 0), 0);
    const bySize = (stores ?? []).toSorted((a, b) => Number(b['statisticsSize'] ?? 0) - Number(a['statisticsSize'] ?? 0));
    const unmeasured = bySize.filter((store) => readMeasure(store['statisticsSize']) === undefined);
    const unread = bySize.filter(({ error, requestedState }) => readString(error) !== undefined || requestedState === 'disabled');
    const byArchive = (folders ?? []).toSorted((a, b) => Number(b['size'] ?? 0) - Number(a['size'] ?? 0));
    const forecast =
      perDay === undefined
        ? undefined
        : Object.fromEntries(AHEAD.map((ahead) => [`in${ahead}Days`, formatSize(Math.round(total + ahead * perDay)) ?? '']));
    const assumptions =
      perDay === undefined
        ? undefined
        : [
            `The next months bring as much mail as the last ${writeCount(days, 'day')}, and a message stays at the mean size of all open stores.`,
            'Nothing is deleted by retention policies, compacted or imported meanwhile.',
          ];
    return {
      headline: stores
        ? `${unmeasured.length > 0 ? 'At least ' : ''}${formatSize(total) ?? '0 bytes'} in ${writeCount(stores.length, 'store')}` +
          (perDay === undefined
            ? '.'
            : `; about ${formatSize(Math.round(perDay)) ?? ''} more a day, so about ${forecast?.['in365Days'] ?? ''} in a year.`)
        : 'The stores could not be read.',
      data: {
        total: stores && formatSize(total),
        stores: bySize.map((store) => ({
          id: store['id'],
          name: store['name'],
          state: store['requestedState'],
          size: formatSize(store['statisticsSize']),
          messages: store['statisticsCount'],
          path: readString(store['contentPath']) ?? readString(store['databasePath']),
        })),
        ...(folders && {
          archivesMeasured: folders.length,
          largestArchives: byArchive
            .slice(0, details ? 60 : 10)
            .map(({ folder, size, count }) => ({ archive: folder, size: formatSize(size), messages: count })),
        }),
        growth:
          perDay === undefined
            ? undefined
            : { items, days, perDay: formatSize(Math.round(perDay)), meanMessageSize: formatSize(Math.round(average ?? 0)) },
        forecast,
        assumptions,
      },
      notLookedAt: [
        'Free space on the disks: the API does not show it.',
        'Search indexes and databases: sizes are those of message contents as MailStore last counted them (refresh_all_store_statistics).',
        ...(unread.length > 0
          ? [
              `What is in ${unread.map(({ name }) => String(name)).join(', ')}: MailStore cannot open ${unread.length === 1 ? 'it' : 'them'} now, so sizes there may be old.`,
            ]
          : []),
        ...(unmeasured.length > 0 ? [`The size of ${unmeasured.map(({ name }) => String(name)).join(', ')}: the server gave none.`] : []),
        ...(archives ? [] : ['Sizes by archive, as asked for.']),
      ],
      next: folders && !details && byArchive.length > 10 ? 'details true lists more archives.' : undefined,
      view: reader.isDrawn
        ? {
            room: 'storage',
            total: stores && total,
            stores:
              stores &&
              bySize.map((store) => ({
                name: String(store['name']),
                state: String(store['requestedState']),
                size: readMeasure(store['statisticsSize']),
                messages: readMeasure(store['statisticsCount']),
              })),
            archives:
              folders &&
              byArchive
                .slice(0, MAX_DRAWN)
                .map(({ folder, size, count }) => ({ name: String(folder), size: readMeasure(size), messages: readMeasure(count) })),
            archivesLeftOut: Math.max(0, byArchive.length - MAX_DRAWN),
            growth:
              average === undefined || !runs
                ? undefined
                : listDays(reader, days)
                    .toReversed()
                    .map((day) => ({ day, count: perDayItems.get(day) ?? 0 }))
                    .map(({ day, count }) => ({ day, items: count, size: Math.round(count * average) })),
            forecast:
              perDay === undefined
                ? undefined
                : [0, ...AHEAD].map((ahead) => ({
                    day: new Date(reader.now + ahead * DAY).toISOString().slice(0, 10),
                    size: Math.round(total + ahead * perDay),
                  })),
            assumptions: assumptions ?? [],
          }
        : undefined,
    };
  },
});

/** Returns a number of bytes or messages; undefined where the server gave none. */
function readMeasure(value: unknown): number | undefined {
  const count = typeof value === 'string' && value !== '' ? Number(value) : value;
  return typeof count === 'number' && count >= 0 ? count : undefined;
}
