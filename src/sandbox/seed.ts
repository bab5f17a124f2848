import { DAY_MS } from '../base/clock.ts';
import { utcText, type WorldState } from '../emulation/world.ts';
import { fillStores, makeIndexes, makeStores, MessageNumbers } from './seed/archive.ts';
import { Dice, hashText } from './seed/dice.ts';
import { makeJobs } from './seed/jobs.ts';
import { listFolders, makePeople } from './seed/people.ts';
import { makeProfiles, makeRuns } from './seed/profiles.ts';
import { makeSettings } from './seed/settings.ts';

const HISTORY_DAYS = 30;

/** How much the seeds hold; every name that is not listed has the size of `default`. */
const SIZES: Readonly<Record<string, { readonly generatedUsers: number; readonly scale: number }>> = {
  small: { generatedUsers: 0, scale: 0.02 },
};
const DEFAULT_SIZE = { generatedUsers: 270, scale: 1 };

/**
 * Returns a new world: the archive of a company of a few hundred people with 30 days of history before `now` (milliseconds since the
 * Unix epoch). The same name and time give the same world. Any name is a seed; `small` has the fixed users and a few messages only.
 */
export function seedWorld(seed: string, now: number): WorldState {
  const { generatedUsers, scale } = SIZES[seed] ?? DEFAULT_SIZE;
  const generator = { random: hashText(seed) };
  const dice = new Dice(generator);
  const span = { historyStart: now - HISTORY_DAYS * DAY_MS, now };
  const { users, mailboxes, directory } = makePeople(dice, generatedUsers);
  const { stores, detachedStores } = makeStores();
  const profiles = makeProfiles();
  const numbers = new MessageNumbers();
  const older = fillStores(dice, mailboxes, numbers, span.historyStart, scale);
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
