import * as z from 'zod';
import { defineCommand, type Look, type Risk } from '../src/catalogue/define-command.ts';
import * as f from '../src/catalogue/fields.ts';
import { pickFields, isRow, readRow, findRow, readCount, readFlag, readRows, readString } from '../src/base/rows.ts';
import { formatCount, joinSentences } from '../src/catalogue/phrases.ts';
import { anything, guess, describeList, knownWords, nothing, RUN_RESULTS } from '../src/catalogue/outputs.ts';
import { listRisks } from '../src/catalogue/risk.ts';
import { makeExecution, readProperties } from '../src/emulation/profiles.ts';
import { runProfile as runEmulatedProfile } from '../src/emulation/profile-run.ts';
import { utcToZone, zoneToUtc } from '../src/emulation/time-zones.ts';
import { CommandFailure, withoutSecrets, type WorldProfile } from '../src/emulation/world.ts';

const group = 'profiles';
const editions = ['server', 'spe'] as const;
const constants = { raw: 'true' } as const;

/** The runs that began at a time or later; no run lies beyond the far end of the window. */
const runsSince = (since: string) => ({ fromIncluding: since, toExcluding: '2999-12-31T00:00:00', timeZoneID: 'UTC' });

const PROFILE = ['id', 'name', 'owner', 'type', 'connector', 'serverSideExecution'];

interface OfProfile {
  readonly id: number;
}

const profileOf: Look<OfProfile> = { read: 'GetProfiles', pick: (profiles, { id }) => findRow(profiles, 'id', id) };

/** Names under which the details of a profile say that mail is removed where it came from. */
const DELETES = /delet|remov|purg|expung|clean|move|trash/i;

/** Values with which such a detail says that nothing is removed. */
const KEEPS: readonly unknown[] = [false, 'false', 'False', 0, '0', null, undefined, '', 'no', 'never', 'none', 'off', 'keep'];

/** True unless the details of a profile are known to leave mail at its source. */
function deletesAtSource(details: unknown): boolean {
  if (!isRow(details)) return true;
  return Object.entries(details).some(([name, value]) => {
    if (isRow(value)) return deletesAtSource(value) || (DELETES.test(name) && Object.keys(value).length > 0);
    if (Array.isArray(value))
      return value.some((entry) => isRow(entry) && deletesAtSource(entry)) || (DELETES.test(name) && value.length > 0);
    if (DELETES.test(name)) return !KEEPS.includes(value);
    // A single word such as `deleteAfterArchiving` says what is done; a folder's name may have blanks.
    return typeof value === 'string' && /^(?:delete|remove|purge|expunge|move)[A-Za-z]*$/i.test(value);
  });
}

/** Details in a text of their own are not looked into. */
function mayDeleteAtSource(profile: unknown): boolean {
  return deletesAtSource(readRow(profile).details);
}

/** The letter of archiving profiles; that of export profiles is described nowhere. */
const isArchiving = (profile: unknown) => readRow(profile).type === 'I';

/** The risks of a run of a stored profile: where it fetches mail from was decided when it was stored. */
function risksOfRun(profile: unknown): readonly Risk[] {
  return listRisks({ 'sends-data-out': !isArchiving(profile), 'deletes-at-source': mayDeleteAtSource(profile) });
}

/** The risks of a profile that a call states. */
const ofStated = {
  risks: ['sends-data-out', 'deletes-at-source'],
  // Its login, or the mail itself, goes to the place that it names.
  certainRisks: ['sends-data-out'],
  risk: ({ properties }: { readonly properties: unknown }): readonly Risk[] =>
    listRisks({ 'deletes-at-source': mayDeleteAtSource(properties) }),
} as const;

function nameProfile({ id }: OfProfile, profile: unknown): string {
  const name = readString(readRow(profile).name);
  return name === undefined ? `profile ${id}` : `profile ${id} "${name}"`;
}

function nameNewProfile(properties: unknown): string {
  const name = readString(readRow(properties).name);
  return name === undefined ? 'profile without a name' : `profile "${name}"`;
}

/** Returns facts that identify a profile in addition to its id and name. */
function describeProfile(profile: unknown): string | undefined {
  const row = readRow(profile);
  const parts = ['type', 'connector', 'owner'].flatMap((name) =>
    readString(row[name]) === undefined ? [] : [`${name} ${String(row[name])}`],
  );
  return parts.length === 0 ? undefined : parts.join('; ');
}

/** The details that name a place. */
const PLACE = /host|server|path|directory|url|mailbox|address|tenant/i;

/** Says what a run of a profile does with mail, as far as its settings show it. */
function describeRun(profile: unknown): string {
  const { connector, owner, details } = readRow(profile);
  const places = Object.entries(readRow(details)).flatMap(([name, value]) =>
    PLACE.test(name) && readString(value) !== undefined ? [String(value)] : [],
  );
  const at = places.length === 0 ? '' : ` at ${places.join(', ')}`;
  const by = [readString(connector), readString(owner) === undefined ? undefined : `as ${String(owner)}`]
    .filter((part) => part !== undefined)
    .join(', ');
  return joinSentences(
    isArchiving(profile)
      ? `A run logs in${at} and archives the mail that it finds there${by && ` (${by})`}.`
      : `A run writes mail out of the archive${at}${by && ` (${by})`}.`,
    mayDeleteAtSource(profile)
      ? isRow(details)
        ? 'Its settings say that mail is deleted or moved at its source once it is archived, which cannot be undone.'
        : 'Whether it deletes mail at its source is not known.'
      : 'Its settings leave mail at its source.',
  );
}

const WHAT_A_RUN_DID = 'Mail that a run has archived, exported or deleted at its source stays so.';

/** A profile's automatic running, as arguments that set it again; undefined where it was not shown in full. */
function executionArguments(shown: unknown): Readonly<Record<string, unknown>> | undefined {
  const { automatic, automaticPauseBetweenExecutions, automaticMaintenanceWindows: windows } = readRow(shown);
  const isAutomatic = readFlag(automatic);
  const pause = readCount(automaticPauseBetweenExecutions);
  // The pause of a profile that never ran by itself cannot be unset, and has no effect as long as it does not.
  if (isAutomatic === undefined || (isAutomatic && pause === undefined)) return undefined;
  if (windows !== undefined && windows !== null && typeof windows !== 'string') return undefined;
  return {
    automatic: isAutomatic,
    ...(pause !== undefined && { automaticPauseBetweenExecutions: pause }),
    automaticMaintenanceWindows: readString(windows) ?? null,
  };
}

export const getProfiles = defineCommand({
  name: 'GetProfiles',
  title: 'List profiles',
  summary: 'Lists archiving and export profiles: source, owner, settings, and whether they run automatically. Runs: get_worker_results.',
  group,
  editions,
  effect: 'read',
  input: {},
  constants,
  output: describeList(
    {
      id: z.number(),
      version: z.number().nullish(),
      name: z.string(),
      owner: z.string(),
      type: z.string(),
      connector: z.string(),
      details: z.record(z.string(), z.unknown()),
      serverSideExecution: z
        .looseObject({
          automatic: z.union([z.boolean(), z.string()]),
          automaticPauseBetweenExecutions: z.union([z.number(), z.string()]).nullish(),
          automaticMaintenanceWindows: z.unknown().optional(),
        })
        .nullish(),
    },
    { nouns: ['profile', 'profiles'], lists: [{ names: 'profile', value: 'id', title: 'name' }] },
  ),
  examples: [{}],
  emulate: (world) =>
    world.state.profiles.map(({ alive: _alive, details, ...shown }) => ({
      ...structuredClone(shown),
      details: withoutSecrets(details),
    })),
});

export const createProfile = defineCommand({
  name: 'CreateProfile',
  title: 'Create a profile',
  summary:
    'Stores a new archiving or export profile, which may start by itself. Take the shape from get_profiles; there is no update command.',
  group,
  editions,
  effect: 'write',
  ...ofStated,
  idempotent: false,
  input: {
    properties: f.jsonObject('Like one from get_profiles, without id and version, with its password.', { secretsInside: true }),
  },
  constants,
  before: {
    read: 'GetProfiles',
    pick: (profiles, { properties: { name } }) => {
      const named = readRows(profiles).filter((profile) => readString(name) !== undefined && profile.name === name);
      return named.length === 0 ? undefined : named.map((profile) => pickFields(profile, PROFILE));
    },
  },
  inverse: (_args, before, after) => {
    const [added, ...others] = readRows(after).filter(({ id }) => findRow(before, 'id', id) === undefined);
    return added?.id === undefined || others.length > 0 ? undefined : { command: 'DeleteProfile', args: { id: added.id } };
  },
  question: {
    verb: () => 'Create',
    label: ({ properties }) => `Create ${nameNewProfile(properties)}`,
    object: ({ properties }) => `new ${nameNewProfile(properties)}`,
    consequence: ({ properties }) =>
      joinSentences(
        describeRun(properties),
        readFlag(readRow(properties.serverSideExecution).automatic) === false || properties.serverSideExecution === undefined
          ? 'It runs when somebody starts it.'
          : 'The server runs it by itself, and no one is asked again.',
      ),
  },
  output: anything,
  examples: [
    {
      properties: {
        name: 'Sales mailbox',
        owner: 'admin',
        type: 'I',
        connector: 'Imap',
        details: { host: 'imap.example.org', userName: 'sales@example.org', password: 'example', targetUserFolder: 'johndoe' },
        serverSideExecution: { automatic: true, automaticPauseBetweenExecutions: 600 },
      },
    },
  ],
  emulate: (world, { properties }) => {
    const { name, owner, type, connector, details, serverSideExecution } = readProperties(world, properties);
    const profile: WorldProfile = {
      id: world.nextId('profile'),
      version: 1,
      name,
      owner,
      type,
      connector,
      details,
      serverSideExecution: makeExecution(serverSideExecution),
      alive: true,
    };
    world.state.profiles.push(profile);
    const { alive: _alive, ...shown } = structuredClone(profile);
    return { ...shown, details: withoutSecrets(shown.details) };
  },
});

export const runProfile = defineCommand({
  name: 'RunProfile',
  title: 'Run a profile',
  summary: 'Runs a stored profile now. Details in get_profiles such as deleteAfterArchiving 1 make it delete mail at its source.',
  group,
  editions,
  effect: 'write',
  risks: ['sends-data-out', 'deletes-at-source'],
  risk: (_args, { profile }) => risksOfRun(profile),
  decidesFrom: { profile: profileOf },
  protects: true,
  longRunning: true,
  idempotent: false,
  input: { id: f.profileId },
  irreversible: WHAT_A_RUN_DID,
  question: {
    verb: () => 'Run',
    label: ({ id }) => `Run profile ${id}`,
    object: (args, { profile }) => nameProfile(args, profile),
    facts: (_args, { profile }) => describeProfile(profile),
    consequence: (_args, { profile }) => describeRun(profile),
  },
  evidence: ({ id }, since) => [{ read: 'GetWorkerResults', args: { ...runsSince(since), profileID: id } }],
  output: anything,
  examples: [{ id: 1 }, { id: 4 }],
  emulate: function* (world, { id }) {
    const { report: _report, ...run } = yield* runEmulatedProfile(world, world.profile(id));
    return { ...run };
  },
});

export const runTemporaryProfile = defineCommand({
  name: 'RunTemporaryProfile',
  title: 'Run a one-off profile',
  summary: 'Archives or exports once from raw profile properties without storing them; may delete mail at the source if they say so.',
  group,
  editions,
  effect: 'write',
  ...ofStated,
  protects: true,
  longRunning: true,
  idempotent: false,
  input: {
    properties: f.jsonObject('Like one from get_profiles, without id and version, with its password.', { secretsInside: true }),
  },
  constants,
  irreversible: WHAT_A_RUN_DID,
  question: {
    verb: () => 'Run',
    label: ({ properties }) => `Run ${nameNewProfile(properties)} once`,
    object: ({ properties }) => `${nameNewProfile(properties)} once`,
    consequence: ({ properties }) => describeRun(properties),
  },
  evidence: (_args, since) => [{ read: 'GetWorkerResults', args: runsSince(since) }],
  output: anything,
  examples: [
    {
      properties: {
        name: 'One-off import',
        owner: 'admin',
        type: 'I',
        connector: 'Imap',
        details: { host: 'imap.example.org', userName: 'old@example.org', password: 'example', targetUserFolder: 'oldcolleague' },
      },
    },
  ],
  emulate: function* (world, { properties }) {
    const { report: _report, ...run } = yield* runEmulatedProfile(world, { ...readProperties(world, properties), id: null });
    return { ...run };
  },
});

export const deleteProfile = defineCommand({
  name: 'DeleteProfile',
  title: 'Delete a profile',
  summary: 'Deletes a stored profile with its settings and password for good; mail already archived stays.',
  group,
  editions,
  effect: 'destructive',
  risks: ['weakens-protection'],
  risk: (_args, { profile }) =>
    listRisks({
      'weakens-protection': !isRow(profile) || (profile.type === 'I' && readRow(profile.serverSideExecution).automatic !== false),
    }),
  decidesFrom: { profile: profileOf },
  idempotent: true,
  input: { id: f.profileId },
  before: { read: 'GetProfiles', pick: (profiles, { id }) => pickFields(findRow(profiles, 'id', id), [...PROFILE, 'details']) },
  irreversible: "The deleted profile's password is kept nowhere, and a new profile has another id.",
  question: {
    verb: () => 'Delete',
    label: ({ id }) => `Delete profile ${id}`,
    object: (args, { before }) => nameProfile(args, before),
    facts: (_args, { before }) => describeProfile(before),
    consequence: (_args, { before }) => {
      const { type, serverSideExecution, ...profile } = readRow(before);
      const [connector, owner] = [readString(profile.connector), readString(profile.owner)];
      return joinSentences(
        'Its settings and its password are lost for good.',
        connector !== undefined && owner !== undefined && `Its connector is ${connector}, its owner ${owner}.`,
        readFlag(readRow(serverSideExecution).automatic) === true &&
          `It runs by itself now, which ends${type === 'I' ? ': new mail of its source is no longer archived by it' : ''}.`,
        'Mail that is already archived stays.',
      );
    },
  },
  output: guess(nothing),
  examples: [{ id: 5 }],
  emulate: (world, { id }) => {
    const { profiles } = world.state;
    profiles.splice(profiles.indexOf(world.profile(id)), 1);
    return null;
  },
});

interface Execution {
  readonly automatic: boolean;
  readonly automaticPauseBetweenExecutions?: number | undefined;
  readonly automaticMaintenanceWindows?: string | null | undefined;
}

/** A pause of more than a day leaves mail unarchived for that long. */
const LONG_PAUSE_SECONDS = 86_400;

/** True where an archiving profile runs less often than it does now, or not at all. */
function archivesLess(
  { automatic, automaticPauseBetweenExecutions: pause, automaticMaintenanceWindows: windows }: Execution,
  profile: unknown,
): boolean {
  const now = readRow(readRow(profile).serverSideExecution);
  const isAutomatic = readFlag(now.automatic);
  if (isAutomatic === false) return false;
  if (automatic !== true || isAutomatic === undefined) return true;
  const isLonger = pause !== undefined && pause > LONG_PAUSE_SECONDS && pause > (readCount(now.automaticPauseBetweenExecutions) ?? 0);
  return isLonger || (typeof windows === 'string' && windows !== now.automaticMaintenanceWindows);
}

/** What SetProfileServerSideExecution needs of the profiles as a server lists them. */
const listedProfiles = z.array(
  z.looseObject({
    id: z.number(),
    serverSideExecution: z
      .looseObject({ automaticPauseBetweenExecutions: z.unknown().optional(), automaticMaintenanceWindows: z.unknown().optional() })
      .nullish(),
  }),
);

export const setProfileServerSideExecution = defineCommand({
  name: 'SetProfileServerSideExecution',
  title: 'Switch automatic archiving',
  summary: 'Switches a profile between automatic and manual running; sets its pause and maintenance window, which stay when left out.',
  group,
  editions,
  since: '22.3',
  effect: 'write',
  risks: ['sends-data-out', 'weakens-protection', 'deletes-at-source'],
  risk: ({ automatic, ...asked }, { profile }) => [
    ...(automatic === false ? [] : risksOfRun(profile)),
    ...listRisks({ 'weakens-protection': !isRow(profile) || (isArchiving(profile) && archivesLess({ automatic, ...asked }, profile)) }),
  ],
  decidesFrom: { profile: profileOf },
  idempotent: true,
  input: {
    id: f.profileId,
    automatic: z.boolean(),
    automaticPauseBetweenExecutions: z.int().positive().optional().describe('Seconds between runs.'),
    automaticMaintenanceWindows: f.text().nullable().optional().describe('When it must not run; null removes it.'),
  },
  keepAbsent: {
    names: ['automaticPauseBetweenExecutions', 'automaticMaintenanceWindows'],
    read: 'GetProfiles',
    pick: (current, { id }) => {
      const profile = listedProfiles.safeParse(current).data?.find((listed) => listed.id === id);
      if (!profile) return undefined;
      const { automaticPauseBetweenExecutions: pause, automaticMaintenanceWindows: windows } = profile.serverSideExecution ?? {};
      return {
        // A profile that never ran by itself has no pause.
        automaticPauseBetweenExecutions: pause === undefined || pause === null || Number(pause) === 0 ? null : readCount(pause),
        automaticMaintenanceWindows: z
          .string()
          .nullish()
          .transform((text) => text || null)
          .safeParse(windows).data,
      };
    },
  },
  before: {
    read: 'GetProfiles',
    pick: (profiles, { id }) => {
      const profile = findRow(profiles, 'id', id);
      return (
        profile &&
        pickFields(readRow(profile.serverSideExecution), ['automatic', 'automaticPauseBetweenExecutions', 'automaticMaintenanceWindows'])
      );
    },
  },
  inverse: ({ id }, before) => {
    const execution = executionArguments(before);
    return execution && { command: 'SetProfileServerSideExecution', args: { id, ...execution } };
  },
  question: {
    verb: ({ automatic }) => (automatic ? 'Switch on or change automatic runs of' : 'Switch off automatic runs of'),
    label: ({ id, automatic }) => `${automatic ? 'Automatic' : 'No automatic'} runs of profile ${id}`,
    object: (args, { profile }) => nameProfile(args, profile),
    facts: (_args, { profile }) => describeProfile(profile),
    consequence: ({ automatic, automaticPauseBetweenExecutions: pause, automaticMaintenanceWindows: windows }, { profile }) =>
      joinSentences(
        automatic
          ? 'The server runs it by itself, and no one is asked again.'
          : 'It no longer runs by itself, so new mail of its source is not archived until somebody starts it.',
        automatic && pause !== undefined && `It pauses for ${formatCount(pause, 'second')} between two runs.`,
        automatic && typeof windows === 'string' && `It does not run during ${windows}.`,
        automatic && describeRun(profile),
      ),
  },
  output: guess(nothing),
  examples: [
    { id: 2, automatic: true, automaticPauseBetweenExecutions: 600, automaticMaintenanceWindows: null },
    { id: 3, automatic: false },
  ],
  emulate: (world, { id, automatic, automaticPauseBetweenExecutions, automaticMaintenanceWindows }) => {
    const profile = world.profile(id);
    const current = profile.serverSideExecution;
    profile.serverSideExecution = automatic
      ? makeExecution({ automatic, automaticPauseBetweenExecutions, automaticMaintenanceWindows })
      : {
          automatic,
          automaticPauseBetweenExecutions: automaticPauseBetweenExecutions ?? current.automaticPauseBetweenExecutions,
          automaticMaintenanceWindows: automaticMaintenanceWindows ?? current.automaticMaintenanceWindows,
        };
    profile.version++;
    return null;
  },
});

export const getWorkerResults = defineCommand({
  name: 'GetWorkerResults',
  title: 'List profile runs',
  summary: 'Lists archiving and export runs in a time window: outcome and number of archived items. Shows whether archiving still works.',
  group,
  editions,
  effect: 'read',
  input: {
    fromIncluding: f.windowBound('since'),
    toExcluding: f.windowBound('until'),
    timeZoneID: f.timeZone,
    profileID: f.profileId.optional(),
    userName: f.userName.optional(),
  },
  output: describeList(
    {
      id: z.number(),
      userName: z.string(),
      profileId: z.number().nullish(),
      profileName: z.string().nullish(),
      result: knownWords(RUN_RESULTS),
      itemsArchived: z.number(),
      startTime: z.string(),
      completeTime: z.string().nullish(),
      machineName: z.string().nullish(),
    },
    { nouns: ['run', 'runs'], order: '-startTime', counts: 'result', sums: ['itemsArchived'] },
  ),
  examples: [
    { fromIncluding: '2026-11-01', toExcluding: '2026-11-08T00:00:00' },
    { fromIncluding: '2020-01-01', toExcluding: '2100-01-01', timeZoneID: 'UTC', profileID: 1, userName: 'admin' },
  ],
  emulate: (world, { fromIncluding, toExcluding, timeZoneID, profileID, userName }) => {
    const [from, to] = [zoneToUtc(fromIncluding, timeZoneID), zoneToUtc(toExcluding, timeZoneID)];
    const stored = new Set(world.state.profiles.map((profile) => profile.id));
    return world.state.workerResults
      .filter((run) => run.startTime >= from && run.startTime < to)
      .filter((run) => (profileID === undefined || run.profileId === profileID) && (userName === undefined || run.userName === userName))
      .map(({ id, userName: runBy, profileId, profileName, report: _report, ...run }) => ({
        id,
        userName: runBy,
        // Runs of temporary and of deleted profiles are listed without a profile.
        ...(profileId !== null && stored.has(profileId) && { profileId, profileName }),
        ...run,
        startTime: utcToZone(run.startTime, timeZoneID),
        completeTime: utcToZone(run.completeTime, timeZoneID),
      }));
  },
});

export const getWorkerResultReport = defineCommand({
  name: 'GetWorkerResultReport',
  title: 'Show the report of a run',
  summary: 'Shows the detailed report of one profile run: what was archived, and why it failed.',
  group,
  editions,
  since: 'between 2018 and 24.x (2024)',
  effect: 'read',
  input: { id: z.int().positive().describe('Run id from get_worker_results.') },
  output: anything,
  examples: [{ id: 1 }],
  emulate: (world, { id }) => {
    const run = world.state.workerResults.find((result) => result.id === id);
    if (!run) throw new CommandFailure(`Worker result ${id} does not exist.`);
    return run.report;
  },
});
