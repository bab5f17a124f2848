import { DAY_MS } from '../../base/clock.ts';
import { utcText, type WorldMessage, type WorldProfile, type WorldWorkerResult } from '../../emulation/world.ts';
import { CURRENT_STORE, type MessageNumbers } from './archive.ts';
import type { Dice } from './dice.ts';
import { drawMailTime, isOfficeHour, writeMessage } from './mail.ts';
import type { Mailbox } from './people.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** The first id of the profiles of sites. */
const FIRST_SITE_PROFILE = 6;

/** Returns the profiles of the main office, and one more for each site. */
export function makeProfiles(sites: number): WorldProfile[] {
  return [
    makeProfile(1, 'Microsoft 365 journal', {
      connector: 'Office365Journal',
      details: { credentialId: '1', mailbox: 'journal@example.com', deleteAfterArchiving: '1', unassigned: '@catchall' },
      pause: 300,
    }),
    makeProfile(2, 'Support mailbox', {
      connector: 'Imap',
      details: {
        host: 'imap.example.com',
        protocol: 'imap-ssl',
        userName: 'support@example.com',
        password: null,
        targetUserFolder: 'support',
      },
      pause: 3_600,
    }),
    makeProfile(3, 'Gateway', {
      connector: 'Gateway',
      details: { host: 'gateway.example.com', mailbox: 'journal', deleteAfterArchiving: '1' },
      pause: 7_200,
    }),
    makeProfile(4, 'Legal export', {
      type: 'E',
      connector: 'ExportPst',
      details: { sourceFolder: 'oldcolleague', directory: 'E:\\Export\\Legal', includeSubFolders: '1' },
      pause: null,
    }),
    makeProfile(5, 'Branch office', {
      connector: 'ExchangeMailboxes',
      details: { serverName: 'ex-branch.example.com', group: 'Branch', deleteAfterArchiving: '0' },
      pause: 7_200,
      alive: false,
    }),
    ...Array.from({ length: sites }, (_, index) =>
      makeProfile(FIRST_SITE_PROFILE + index, `Site ${index + 1}`, {
        connector: 'ExchangeMailboxes',
        details: { serverName: `ex-site${index + 1}.example.com`, group: `Site ${index + 1}`, deleteAfterArchiving: '0' },
        pause: 600,
      }),
    ),
  ];
}

function makeProfile(
  id: number,
  name: string,
  traits: { type?: string; connector: string; details: Record<string, unknown>; pause: number | null; alive?: boolean },
): WorldProfile {
  return {
    id,
    version: 1,
    name,
    owner: 'admin',
    type: traits.type ?? 'I',
    connector: traits.connector,
    details: traits.details,
    serverSideExecution: {
      automatic: traits.pause !== null,
      automaticPauseBetweenExecutions: traits.pause ?? 0,
      automaticMaintenanceWindows: null,
    },
    alive: traits.alive ?? true,
  };
}

/** How a profile behaved over the last weeks; times are milliseconds before the present. */
interface ProfileHabit {
  readonly profileId: number;
  readonly lastEnd: number;
  readonly minutes: readonly [shortest: number, longest: number];
  /** Messages that reach it in an hour of office time. */
  readonly mailsPerHour: number;
  readonly serves: (mailbox: Mailbox) => boolean;
  readonly outage?: { readonly from: number; readonly to: number; readonly cause: string };
}

const HABITS: readonly ProfileHabit[] = [
  {
    profileId: 1,
    lastEnd: 75_000,
    minutes: [12, 28],
    mailsPerHour: 4,
    serves: (mailbox) => !mailbox.branch && mailbox.until > 2025,
    outage: { from: 12 * DAY_MS, to: 12 * DAY_MS - 6 * HOUR, cause: 'The access token could not be renewed: invalid_client.' },
  },
  {
    profileId: 2,
    lastEnd: 10 * MINUTE,
    minutes: [1, 4],
    mailsPerHour: 0.6,
    serves: (mailbox) => mailbox.archive === 'support',
    outage: { from: 20 * DAY_MS, to: 19 * DAY_MS, cause: 'The server refused the login of support@example.com.' },
  },
  { profileId: 3, lastEnd: 25 * MINUTE, minutes: [1, 3], mailsPerHour: 0.5, serves: (mailbox) => !mailbox.branch && mailbox.until > 2025 },
  { profileId: 5, lastEnd: 9 * DAY_MS, minutes: [4, 15], mailsPerHour: 0.8, serves: (mailbox) => mailbox.branch },
];

/** Returns the habit of a site's profile; one site in eight had an outage, each at another time. */
function makeSiteHabit({ id }: WorldProfile): ProfileHabit {
  const site = id - FIRST_SITE_PROFILE;
  return {
    profileId: id,
    lastEnd: (1 + (site % 5)) * MINUTE,
    minutes: [2, 5],
    mailsPerHour: 0.5,
    serves: (mailbox) => !mailbox.branch && mailbox.until > 2025,
    ...(site % 8 === 3 && {
      outage: {
        from: (2 + site) * DAY_MS,
        to: (2 + site) * DAY_MS - 9 * HOUR,
        cause: `The server ex-site${site + 1}.example.com did not answer.`,
      },
    }),
  };
}

interface SeededRun {
  readonly profile: WorldProfile | null;
  readonly habit: ProfileHabit | null;
  readonly userName: string;
  readonly start: number;
  readonly end: number;
  readonly result: string;
  readonly remark: string;
  readonly items: number;
}

/**
 * Returns the profile runs from `historyStart` to `now` in the order in which they ended, and the messages they archived: the archiving
 * runs' item counts add up to the messages. The last run of every living automatic profile ended less than its pause ago.
 */
export function makeRuns(
  dice: Dice,
  profiles: readonly WorldProfile[],
  mailboxes: readonly Mailbox[],
  numbers: MessageNumbers,
  span: { historyStart: number; now: number },
  scale: number,
): { workerResults: WorldWorkerResult[]; messages: WorldMessage[] } {
  const habits = [...HABITS, ...profiles.filter(({ id }) => id >= FIRST_SITE_PROFILE).map(makeSiteHabit)];
  const runs = [...habits.flatMap((habit) => planRuns(dice, profiles, habit, span)), ...manualRuns(profiles, span.now)];
  runs.sort((a, b) => a.end - b.end);
  const served = new Map(habits.map((habit) => [habit.profileId, mailboxes.filter(habit.serves)]));
  const messages: WorldMessage[] = [];
  const lastSuccess = new Map<number, number>();
  const workerResults = runs.map((run, index) => {
    const { habit } = run;
    let items = run.items;
    if (habit && run.result !== 'failed' && run.result !== 'cancelled') {
      const since = lastSuccess.get(habit.profileId) ?? Math.max(span.historyStart, run.start - HOUR);
      lastSuccess.set(habit.profileId, run.start);
      const recipients = served.get(habit.profileId) ?? [];
      const window = { since, until: run.start };
      const arrived = archiveMail(dice, habit, window, recipients.length > 0 ? recipients : mailboxes, numbers, scale);
      messages.push(...arrived);
      items = arrived.length;
    }
    return report(run, index + 1, items);
  });
  return { workerResults, messages };
}

/** Lays a profile's runs backwards from its last one, each a pause before the next. */
function planRuns(
  dice: Dice,
  profiles: readonly WorldProfile[],
  habit: ProfileHabit,
  span: { historyStart: number; now: number },
): SeededRun[] {
  const profile = profiles.find(({ id }) => id === habit.profileId);
  if (!profile) return [];
  const runs: SeededRun[] = [];
  let end = span.now - habit.lastEnd;
  for (;;) {
    const start = end - Math.round(dice.between(habit.minutes[0] * 60, habit.minutes[1] * 60)) * 1_000;
    if (start < span.historyStart) return runs;
    const age = span.now - end;
    const down = habit.outage && age <= habit.outage.from && age >= habit.outage.to;
    const outcome = down ? { result: 'failed', remark: habit.outage.cause } : drawOutcome(dice);
    runs.push({ profile, habit, userName: profile.owner, start, end, ...outcome, items: 0 });
    end = start - profile.serverSideExecution.automaticPauseBetweenExecutions * 1_000;
  }
}

/** What a run may come to, with how often and why; the rest succeeds. */
const OUTCOMES: readonly { readonly result: string; readonly share: number; readonly remarks: readonly string[] }[] = [
  { result: 'cancelled', share: 0.005, remarks: ['Cancelled by admin.'] },
  {
    result: 'failed',
    share: 0.01,
    remarks: ['The connection timed out.', 'The archive store was busy with a backup.', 'The certificate of the mail server has expired.'],
  },
  {
    result: 'completedWithWarnings',
    share: 0.025,
    remarks: [
      'The server closed the connection once; the connection was restored.',
      'One message has no readable date; the time of its delivery is used.',
    ],
  },
  {
    result: 'completedWithErrors',
    share: 0.03,
    remarks: [
      'One message could not be read and was left in the mailbox.',
      'The mailbox of g.lund@example.com could not be opened: access denied.',
      'Two messages are larger than 150 MB and were not archived.',
    ],
  },
];

function drawOutcome(dice: Dice): { result: string; remark: string } {
  let left = 1 - dice.roll();
  for (const { result, share, remarks } of OUTCOMES) {
    if (left <= share) return { result, remark: remarks[Math.floor((left / share) * remarks.length)] ?? remarks[0] ?? '' };
    left -= share;
  }
  return { result: 'succeeded', remark: 'No problems.' };
}

/** Runs that a person started: exports, and two attempts with a temporary profile. */
function manualRuns(profiles: readonly WorldProfile[], now: number): SeededRun[] {
  const legalExport = profiles.find(({ id }) => id === 4) ?? null;
  const run = (
    age: number,
    minutes: number,
    facts: Pick<SeededRun, 'profile' | 'userName' | 'result' | 'remark' | 'items'>,
  ): SeededRun => ({
    habit: null,
    start: now - age,
    end: now - age + minutes * MINUTE,
    ...facts,
  });
  return [
    run(24 * DAY_MS, 11, { profile: legalExport, userName: 'admin', result: 'succeeded', remark: 'No problems.', items: 214 }),
    run(17 * DAY_MS, 2, { profile: null, userName: 'johndoe', result: 'failed', remark: 'The PST file is in use.', items: 0 }),
    run(16 * DAY_MS, 1, { profile: null, userName: 'johndoe', result: 'cancelled', remark: 'Cancelled by johndoe.', items: 0 }),
    run(6 * DAY_MS, 9, {
      profile: legalExport,
      userName: 'johndoe',
      result: 'completedWithErrors',
      remark: 'The disk is full.',
      items: 87,
    }),
  ];
}

function archiveMail(
  dice: Dice,
  habit: ProfileHabit,
  window: { since: number; until: number },
  recipients: readonly Mailbox[],
  numbers: MessageNumbers,
  scale: number,
): WorldMessage[] {
  const hours = (window.until - window.since) / HOUR;
  const perHour = isOfficeHour(window.until) ? habit.mailsPerHour : habit.mailsPerHour / 20;
  const count = Math.floor(hours * perHour * scale * 2 * dice.roll() + dice.roll());
  const times = Array.from({ length: count }, () => drawMailTime(dice, window.since, window.until)).toSorted((a, b) => a - b);
  return times.map((time) => {
    const mailbox = dice.pick(recipients);
    const folder = dice.pick(mailbox.folders);
    return writeMessage(dice, mailbox, recipients, { storeId: CURRENT_STORE, number: numbers.next(CURRENT_STORE), folder, time });
  });
}

function report({ profile, userName, start, end, result, remark }: SeededRun, id: number, items: number): WorldWorkerResult {
  const [startTime, completeTime] = [utcText(start), utcText(end)];
  return {
    id,
    userName,
    profileId: profile?.id ?? null,
    profileName: profile?.name ?? null,
    result,
    itemsArchived: items,
    startTime,
    completeTime,
    machineName: 'ARCHIVE01',
    report: `${profile?.name ?? 'Temporary profile'}\nStarted ${startTime} UTC, ended ${completeTime} UTC.\n${items} messages processed. ${remark}\n`,
  };
}
