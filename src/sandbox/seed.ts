import { DAY_MS } from '../base/clock.ts';
import { utcText, type WorldState } from '../emulation/world.ts';
import { fillStores, makeIndexes, makeStores, MessageNumbers } from './seed/archive.ts';
import { Dice, hashText } from './seed/dice.ts';
import { makeJobs } from './seed/jobs.ts';
import { listFolders, makePeople } from './seed/people.ts';
import { makeProfiles, makeRuns } from './seed/profiles.ts';
import { makeSettings } from './seed/settings.ts';

const HISTORY_DAYS = 30;

/** How much a world holds. */
interface Size {
  /** Users besides the four that are always there. */
  readonly generatedUsers: number;
  /** 1 gives a few thousand messages. */
  readonly scale: number;
  /** Offices besides the main one, each with a store and a busy archiving profile of its own. */
  readonly sites: number;
}

/** How much the seeds hold; every name that is not listed has the size of `default`. */
const SIZES: Readonly<Record<string, Size>> = {
  small: { generatedUsers: 0, scale: 0.02, sites: 0 },
  // 10,000 users, 40 stores and somewhat more than 100,000 runs.
  large: { generatedUsers: 9_996, scale: 0.2, sites: 33 },
};
const DEFAULT_SIZE: Size = { generatedUsers: 270, scale: 1, sites: 0 };

/**
 * Returns a new world: the archive of a company of a few hundred people with 30 days of history before `now` (milliseconds since the
 * Unix epoch). The same name and time give the same world. Any name is a seed; `small` has the fixed users and a few messages only,
 * `large` 10,000 users, 100,000 runs and 40 stores.
 */
export function seedWorld(seed: string, now: number): WorldState {
  const { generatedUsers, scale, sites } = SIZES[seed] ?? DEFAULT_SIZE;
  const generator = { random: hashText(seed) };
  const dice = new Dice(generator);
  const span = { historyStart: now - HISTORY_DAYS * DAY_MS, now };
  const { users, mailboxes, directory } = makePeople(dice, generatedUsers);
  const { stores, detachedStores } = makeStores(sites);
  const profiles = makeProfiles(sites);
  const numbers = new MessageNumbers();
  const older = fillStores(dice, mailboxes, numbers, span.historyStart, scale, stores);
  const { workerResults, messages: recent } = makeRuns(dice, profiles, mailboxes, numbers, span, scale);
  const messages = [...older, ...recent];
  const { jobs, jobResults, backups } = makeJobs(dice, span);
  const settings = makeSettings(now);
  return {
    seed,
    random: generator.random,
    lastIds: {
      store: Math.max(...[...stores, ...detachedStores].map((store) => store.id)),
      job: jobs.length,
      jobResult: jobResults.length,
      profile: profiles.length,
      workerResult: workerResults.length,
      credential: settings.credentials.length,
      message: numbers.highest(),
      session: settings.sessions.length,
    },
    ...settings,
    users,
    folders: listFolders(mailboxes),
    messages,
    stores,
    detachedStores,
    indexes: makeIndexes(messages, stores, span.historyStart),
    profiles,
    workerResults,
    jobs,
    jobResults,
    directory,
    outbox: [{ time: utcText(now - 3 * DAY_MS), to: ['admins@example.com'], subject: 'MailStore status report' }],
    auditLog: [
      ...jobResults
        .filter(({ jobId }) => jobId === 2)
        .map(({ startTime }) => ({
          time: startTime,
          activity: 'RetentionPoliciesProcessStart',
          text: 'Retention policies are processed.',
        })),
      ...settings.sessions.map(({ loginTime, userName, address }) => ({
        time: loginTime,
        activity: 'SessionLogin',
        text: `User '${userName}' logged in from ${address}.`,
      })),
    ].toSorted((a, b) => a.time.localeCompare(b.time)),
    backups,
    masterKeyVersion: 1,
    masterDatabaseBytes: 48 * 1024 * 1024,
  };
}
