import * as z from 'zod';
import { isSameName } from '../../src/catalogue/risk.ts';
import { defineInsight } from '../../src/catalogue/define-insight.ts';
import { readFlag, readRow, readString, type Row } from '../../src/base/rows.ts';
import type { HealthCheck as Check, HealthState } from '../../src/catalogue/insight-view.ts';
import { judgeProfiles, needsAttention, PROFILE_FIELDS, type ProfileState } from './gaps.ts';
import { writeCount, DAY, formatDuration, groupBy, readRuns, formatTime, parseTime, makeWindow, RUN_FIELDS } from './runs.ts';

/** A backup that is older needs attention, in days. */
const BACKUP_DAYS = 2;
/** A certificate or a licence that ends sooner needs attention, in days. */
const ENDS_SOON_DAYS = 30;
/** Profile runs are looked at over so many days, and job runs over a month, so that weekly jobs are seen. */
const RUN_DAYS = 14;
const JOB_DAYS = 35;

export const archiveHealth = defineInsight({
  name: 'archive_health',
  title: 'Check the archive',
  summary:
    'Is everything in order? Stores, indexes, jobs, backups, profiles, licence and certificates: ok, attention or broken, with reasons.',
  input: { details: z.boolean().default(false).describe('true gives every reason in full.') },
  reads: [
    'GetServerInfo',
    'GetStores',
    'GetStoreIndexes',
    'GetJobs',
    'GetJobResults',
    'GetProfiles',
    'GetWorkerResults',
    'GetLicenseInformation',
    'GetCredentials',
    'GetComplianceConfiguration',
  ],
  examples: [{}, { details: true }],
  room: { name: 'health', args: {} },
  answer: async ({ details }, reader) => {
    const [server, stores, jobs, jobResults, profiles, runs, license, credentials, compliance] = await Promise.all([
      reader.read('GetServerInfo'),
      reader.readList('GetStores', { includeSize: false }),
      reader.readList('GetJobs'),
      reader.readList('GetJobResults', { ...makeWindow(reader, JOB_DAYS), timeZoneId: 'UTC' }),
      reader.readList('GetProfiles'),
      readRuns(reader, RUN_DAYS),
      reader.read('GetLicenseInformation'),
      reader.readList('GetCredentials'),
      reader.read('GetComplianceConfiguration'),
    ]);
    const stale = (stores ?? []).filter(({ searchIndexesNeedRebuild }) => searchIndexesNeedRebuild === true);
    const indexes = await Promise.all(stale.slice(0, 3).map(({ id }) => reader.readList('GetStoreIndexes', { id })));
    const states = profiles && runs ? judgeProfiles(profiles, runs, reader.now, RUN_DAYS) : undefined;
    const found: readonly Check[] = [
      ...checkStores(stores),
      ...checkIndexes(stores, stale, indexes),
      ...checkProfiles(states),
      ...checkJobs(jobs, jobResults),
      ...checkBackups(jobs, jobResults, reader.now),
      ...checkLicense(license, reader.now),
      ...checkCertificates(credentials, reader.now),
      ...checkCompliance(compliance),
    ];
    // Nothing is in order of which the answers have another form than is known.
    const checks = found.map((check): Check =>
      check.state === 'ok' && Object.entries(SOURCES[check.area] ?? {}).some(([read, fields]) => !reader.isAsDeclared(read, fields))
        ? { ...check, state: 'unknown', reasons: ['shown in another form than is known'] }
        : check,
    );
    const worst = ORDER.find((state) => checks.some((check) => check.state === state)) ?? 'unknown';
    const inOrder = checks.toSorted((a, b) => ORDER.indexOf(a.state) - ORDER.indexOf(b.state));
    const runsOn =
      readString(readRow(server)['version']) === undefined
        ? undefined
        : `${String(readRow(server)['machineName'])}, version ${String(readRow(server)['version'])}`;
    const concerned = checks.filter(({ state }) => state === 'broken' || state === 'attention');
    return {
      headline: [describeArchiving(states, stores, reader.now), ...describeStates(checks)].join(' '),
      data: {
        overall: worst,
        checks: inOrder.map(({ area, state, reasons }) => ({ area, state, reasons: details ? reasons.join('; ') : shorten(reasons) })),
        server: runsOn,
      },
      notLookedAt: [
        'Damage inside of stores that MailStore has not noticed: verify_stores looks for it and takes long.',
        'Free space on disks, and whether a backup can be restored.',
        "The expiry of the server's own TLS certificate: the API shows its thumbprint only.",
        `Profile runs of more than ${RUN_DAYS} and job runs of more than ${JOB_DAYS} days ago.`,
      ],
      next: states?.some(needsAttention)
        ? 'archiving_gaps shows each profile, failed_runs the causes.'
        : concerned.some(({ area }) => area === 'jobs' || area === 'backups')
          ? 'failed_runs shows which jobs failed.'
          : undefined,
      view: reader.isDrawn ? { room: 'health', overall: worst, checks: joinByArea(inOrder), server: runsOn } : undefined,
    };
  },
});

/** The fields by which each area is judged. */
const SOURCES: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  stores: { GetStores: ['name', 'requestedState', 'error', 'needsUpgrade'] },
  indexes: { GetStores: ['searchIndexesNeedRebuild'] },
  profiles: { GetProfiles: PROFILE_FIELDS, GetWorkerResults: RUN_FIELDS },
  jobs: { GetJobs: ['id', 'enabled'], GetJobResults: ['jobId', 'result', 'startTime'] },
  backups: { GetJobs: ['action', 'enabled'], GetJobResults: ['action', 'result', 'startTime', 'completeTime'] },
  licence: { GetLicenseInformation: ['userCount', 'maxUsers', 'updateAndSupportServiceUntil'] },
  certificates: { GetCredentials: ['Settings', 'CertificateExpirationDate'] },
};

const ORDER: readonly HealthState[] = ['broken', 'attention', 'unknown', 'ok'];

/** Says whether archiving works: how many profiles ran of late, and whether a store takes what they bring. */
function describeArchiving(states: readonly ProfileState[] | undefined, stores: readonly Row[] | undefined, now: number): string {
  const automatic = states?.filter(({ state }) => state !== 'not automatic');
  if (!automatic) return 'Whether archiving works could not be read.';
  if (automatic.length === 0) return 'No profile archives automatically.';
  const recent = automatic.filter(({ lastSuccess }) => now - (parseTime(lastSuccess) ?? 0) <= DAY).length;
  const ran = `${recent} of ${writeCount(automatic.length, 'automatic profile')} ran without a failure in the last 24 h`;
  if (stores && !hasOpenCurrent(stores)) return `Archiving does not work: no store takes new mail; ${ran}.`;
  return recent === 0 ? `Archiving does not work: ${ran}.` : `Archiving works${recent < automatic.length ? ' in part' : ''}: ${ran}.`;
}

/** The states of a headline, with the words that they have there. */
const STATES = [
  ['broken', 'Broken'],
  ['attention', 'Needs attention'],
  ['unknown', 'Could not be read'],
] as const;

function describeStates(checks: readonly Check[]): readonly string[] {
  const sentences = STATES.flatMap(([state, word]) => {
    const areas = checks.filter((check) => check.state === state);
    if (areas.length === 0) return [];
    const said = areas.map(({ area, reasons }) => (state === 'unknown' ? area : `${area} (${firstReason(reasons)})`));
    return [`${word}: ${said.join('; ')}.`];
  });
  const inOrder = checks.filter(({ state }) => state === 'ok').map(({ area }) => area);
  return [...sentences, ...(inOrder.length > 0 ? [`In order: ${inOrder.join(', ')}.`] : [])];
}

function firstReason(reasons: readonly string[]): string {
  const more = reasons.length > 1 ? `, and ${reasons.length - 1} more` : '';
  return `${reasons[0] ?? ''}${more}`;
}

const REASONS = 3;

function shorten(reasons: readonly string[]): string {
  const more = reasons.length > REASONS ? `; and ${reasons.length - REASONS} more` : '';
  return `${reasons.slice(0, REASONS).join('; ')}${more}`;
}

/** Returns what was found of an area: one check of what is broken and one of what needs attention, or that `ok` is in order. */
function makeChecks(
  area: string,
  { broken = [], attention = [], ok }: { broken?: readonly string[]; attention?: readonly string[]; ok: string },
): readonly Check[] {
  const found: readonly Check[] = [
    { area, state: 'broken', reasons: broken.map(withoutStop) },
    { area, state: 'attention', reasons: attention.map(withoutStop) },
  ];
  const concerned = found.filter(({ reasons }) => reasons.length > 0);
  return concerned.length > 0 ? concerned : [{ area, state: 'ok', reasons: [ok] }];
}

/** Reasons are parts of a sentence. */
function withoutStop(reason: string): string {
  return reason.replace(/\.$/, '');
}

/** Returns one check for each area, as bad as the worst of its checks. */
function joinByArea(checks: readonly Check[]): readonly Check[] {
  return [...groupBy(checks, ({ area }) => area)].map(([area, [first, ...others]]) => ({
    area,
    state: first?.state ?? 'unknown',
    reasons: [first, ...others].flatMap((check) => check?.reasons ?? []),
  }));
}

function failCheck(area: string): readonly Check[] {
  return [{ area, state: 'unknown', reasons: ['could not be read'] }];
}

function checkStores(stores: readonly Row[] | undefined): readonly Check[] {
  if (!stores) return failCheck('stores');
  const broken = stores.flatMap(({ name, error }) =>
    readString(error) === undefined ? [] : [`${String(name)}: ${readString(error) ?? ''}`],
  );
  const upgrades = stores.flatMap(({ name, needsUpgrade }) => (needsUpgrade === true ? [`${String(name)} needs an upgrade`] : []));
  const disabled = stores.flatMap(({ name, requestedState, needsUpgrade }) =>
    requestedState === 'disabled' && needsUpgrade !== true ? [`${String(name)} is disabled, its mail cannot be read`] : [],
  );
  return makeChecks('stores', {
    broken: [...(hasOpenCurrent(stores) ? [] : ['no store takes new mail: none is current and open']), ...broken],
    attention: [...upgrades, ...disabled],
    ok: `${writeCount(stores.length, 'store')} open`,
  });
}

function hasOpenCurrent(stores: readonly Row[]): boolean {
  return stores.some(({ requestedState, error }) => isSameName(requestedState, 'current') && readString(error) === undefined);
}

function checkIndexes(
  stores: readonly Row[] | undefined,
  stale: readonly Row[],
  indexes: readonly (readonly Row[] | undefined)[],
): readonly Check[] {
  if (!stores) return failCheck('indexes');
  const isShown = stores.every(
    ({ searchIndexesNeedRebuild, requestedState, error }) =>
      typeof searchIndexesNeedRebuild === 'boolean' || isSameName(requestedState, 'disabled') || readString(error) !== undefined,
  );
  if (stale.length === 0 && !isShown) return failCheck('indexes');
  const attention = stale.map(({ name }, position) => {
    const archives = (indexes[position] ?? []).flatMap(({ folder, needsRebuild }) => (needsRebuild === true ? [String(folder)] : []));
    const which =
      archives.length === 0 ? '' : ` (${archives.slice(0, 5).join(', ')}${archives.length > 5 ? `, and ${archives.length - 5} more` : ''})`;
    return `${String(name)} has search indexes to rebuild${which}; searches there are incomplete`;
  });
  return makeChecks('indexes', { attention, ok: 'none needs a rebuild' });
}

function checkProfiles(states: readonly ProfileState[] | undefined): readonly Check[] {
  if (!states) return failCheck('profiles');
  const automatic = states.filter(({ state }) => state !== 'not automatic');
  const stopped = states.filter(({ state }) => state === 'overdue' || state === 'no run' || state === 'failing');
  const silent = states.filter(({ state }) => state === 'silent');
  return makeChecks('profiles', {
    broken: stopped.map(({ name, reason }) => `${name}: ${reason}`),
    attention: [
      ...silent.map(({ name, reason }) => `${name}: ${reason}`),
      ...(automatic.length === 0 ? ['no profile archives automatically'] : []),
    ],
    ok: `${writeCount(automatic.length, 'automatic profile')}, none late`,
  });
}

function checkJobs(jobs: readonly Row[] | undefined, results: readonly Row[] | undefined): readonly Check[] {
  if (!jobs || !results) return failCheck('jobs');
  const byJob = groupBy(results, ({ jobId }) => jobId);
  const broken: string[] = [];
  const attention: string[] = [];
  for (const { id, name, enabled } of jobs) {
    const runs = (byJob.get(id) ?? []).toSorted((a, b) => (parseTime(b['startTime']) ?? 0) - (parseTime(a['startTime']) ?? 0));
    const failed = runs.findIndex(({ result }) => isSameName(result, 'succeeded'));
    const inARow = failed < 0 ? runs.length : failed;
    if (enabled === false) attention.push(`${String(name)} is switched off`);
    else if (inARow > 0) {
      const sentence = `${String(name)} ended as ${String(runs[0]?.['result'])}${inARow === 1 ? '' : ` ${inARow} times in a row`}, last at ${formatTime(parseTime(runs[0]?.['startTime'])) ?? '?'}`;
      (inARow >= 2 ? broken : attention).push(sentence);
    }
  }
  return makeChecks('jobs', { broken, attention, ok: `${writeCount(jobs.length, 'job')}, none failed last` });
}

/** A job that runs a backup is recognised by its action, which begins with the command (privileges-and-enums.md §7). */
const BACKUP_ACTION = /^\s*CreateBackup\b/i;

function checkBackups(jobs: readonly Row[] | undefined, results: readonly Row[] | undefined, now: number): readonly Check[] {
  if (!jobs || !results) return failCheck('backups');
  const runs = results.filter(({ action }) => BACKUP_ACTION.test(readString(action) ?? ''));
  const isPlanned = jobs.some(({ action, enabled }) => enabled !== false && BACKUP_ACTION.test(readString(action) ?? ''));
  const last = Math.max(
    0,
    ...runs.flatMap(({ result, completeTime, startTime }) =>
      isSameName(result, 'succeeded') ? [parseTime(completeTime) ?? parseTime(startTime) ?? 0] : [],
    ),
  );
  if (!isPlanned && last === 0)
    return makeChecks('backups', { attention: ['no job makes a backup; one by other software would not be seen here'], ok: '' });
  if (last === 0) return makeChecks('backups', { broken: [`none succeeded in ${JOB_DAYS} days`], ok: '' });
  const age = now - last;
  const said = `last successful backup ${formatDuration(age)} ago`;
  return makeChecks('backups', {
    attention: [...(age > BACKUP_DAYS * DAY ? [said] : []), ...(isPlanned ? [] : ['no enabled job makes one'])],
    ok: said,
  });
}

function checkLicense(license: unknown, now: number): readonly Check[] {
  const { userCount, maxUsers, updateAndSupportServiceUntil } = readRow(license);
  const until = parseTime(updateAndSupportServiceUntil) ?? parseTime(`${String(updateAndSupportServiceUntil)}T00:00:00`);
  const left = until === undefined ? undefined : Math.floor((until - now) / DAY);
  const used = typeof userCount === 'number' && typeof maxUsers === 'number' ? `${userCount} of ${maxUsers} users` : undefined;
  if (used === undefined && left === undefined) return failCheck('licence');
  return makeChecks('licence', {
    broken: [
      ...(typeof userCount === 'number' && typeof maxUsers === 'number' && userCount > maxUsers ? [`${used ?? ''} are used`] : []),
      ...(left !== undefined && left < 0 ? [`maintenance ended ${formatDuration(-left * DAY)} ago`] : []),
    ],
    attention: [
      ...(typeof userCount === 'number' && typeof maxUsers === 'number' && userCount <= maxUsers && userCount > maxUsers * 0.95
        ? [`nearly full: ${used ?? ''}`]
        : []),
      ...(left !== undefined && left >= 0 && left <= ENDS_SOON_DAYS ? [`maintenance ends in ${writeCount(left, 'day')}`] : []),
    ],
    ok: [used, left === undefined ? undefined : `maintenance for ${writeCount(left, 'day')}`]
      .filter((part) => part !== undefined)
      .join(', '),
  });
}

function checkCertificates(credentials: readonly Row[] | undefined, now: number): readonly Check[] {
  if (!credentials) return failCheck('certificates');
  const dates = credentials.map(({ Settings }) => readRow(Settings)['CertificateExpirationDate']);
  if (dates.some((date) => date !== undefined && date !== null && parseTime(date) === undefined)) return failCheck('certificates');
  const ends = credentials.flatMap(({ Description }, index) => {
    const end = parseTime(dates[index]);
    return end === undefined ? [] : [{ name: readString(Description) ?? 'a credential', days: Math.floor((end - now) / DAY) }];
  });
  return makeChecks('certificates', {
    broken: ends.filter(({ days }) => days < 0).map(({ name, days }) => `${name} expired ${-days} days ago`),
    attention: ends
      .filter(({ days }) => days >= 0 && days <= ENDS_SOON_DAYS)
      .map(({ name, days }) => `${name} expires in ${writeCount(days, 'day')}`),
    ok:
      ends.length === 0
        ? 'no credential has a certificate'
        : ends.map(({ name, days }) => `${name}: ${writeCount(days, 'day')} left`).join(', '),
  });
}

function checkCompliance(compliance: unknown): readonly Check[] {
  const isHeld = readFlag(readRow(compliance)['legalHoldEnabled']);
  if (isHeld === undefined) return failCheck('compliance');
  return makeChecks('compliance', { ok: isHeld ? 'legal hold is on' : 'legal hold is off' });
}
