import { describe, expect, test } from 'vitest';
import { getArchive, isOpen, utcMilliseconds, utcText, World, type WorldState } from '../../src/emulation/world.ts';
import { seedWorld } from '../../src/sandbox/seed.ts';

const NOW = Date.UTC(2026, 10, 22, 9, 0, 30);
const MINUTE = 60_000;
const DAY = 86_400_000;

const state = seedWorld('default', NOW);
const world = new World(state, { now: () => NOW, startJob: () => {}, cancelJob: () => false });

const userNames = state.users.map(({ userName }) => userName);
const archives = [...new Set(state.folders.map(getArchive))];

describe('a seed', () => {
  test('gives the same world for the same name and time', () => {
    expect(seedWorld('default', NOW)).toEqual(state);
  });

  test('gives other people and other mail for another name', () => {
    const other = seedWorld('another', NOW);
    expect(other.users.map(({ userName }) => userName)).not.toEqual(userNames);
    expect(other.messages.map(({ subject }) => subject)).not.toEqual(state.messages.map(({ subject }) => subject));
  });

  test('is plain JSON data, as the state file keeps it', () => {
    expect(JSON.parse(JSON.stringify(state))).toEqual(state);
  });

  test("named 'small' has the fixed users alone and few messages", () => {
    const small = seedWorld('small', NOW);
    expect(small.users.map(({ userName }) => userName)).toEqual(['admin', 'johndoe', 'amira', 'maria.lopez']);
    expect(small.messages.length).toBeLessThan(200);
    expect(small.messages.find(({ storeId, number }) => storeId === 4 && number === 1)?.folder).toBe('johndoe/Inbox');
    expect(emptyFolders(small)).toEqual(['amira/Outlook', 'amira/Drafts']);
  });

  test.each([Date.UTC(2026, 0, 1), Date.UTC(2024, 4, 5), Date.UTC(2031, 7, 9)])('holds nothing from the future at %i', (now) => {
    const { messages, workerResults, jobResults, jobs } = seedWorld('default', now);
    const latest = [...messages.map(({ date }) => date), ...[...workerResults, ...jobResults].map(({ completeTime }) => completeTime)];
    expect(latest.filter((time) => time > utcText(now))).toEqual([]);
    expect(jobs.filter(({ enabled }) => enabled).every((job) => (job.nextStartDateTimeUtc ?? '') > utcText(now))).toBe(true);
  });
});

describe('the people', () => {
  test('the documented users are there', () => {
    expect(world.user('johndoe')).toMatchObject({
      fullName: 'John Doe',
      authentication: 'integrated',
      privileges: ['admin'],
      emailAddresses: ['john.doe@example.com', 'johndoe@example.com'],
      privilegesOnFolders: [
        { folder: 'johndoe', privileges: ['read'] },
        { folder: 'oldcolleague', privileges: ['read'] },
      ],
    });
    expect(world.user('amira')).toMatchObject({
      fullName: 'Amira Okoye',
      authentication: 'directoryServices',
      privileges: ['login', 'export'],
      loginPrivileges: ['windows', 'web'],
      privilegesOnFolders: [{ folder: 'amira', privileges: ['read'] }],
    });
    expect(world.user('maria.lopez')).toMatchObject({
      fullName: 'María López',
      authentication: 'integrated',
      privileges: ['login'],
      mfaStatus: 'Enabled',
      appPasswords: 2,
    });
    expect(world.user('admin')).toMatchObject({ privileges: ['admin'], privilegesOnFolders: [] });
  });

  test('there are a few hundred, each with a login name in plain ASCII and names from many scripts', () => {
    expect(userNames.length).toBe(274);
    expect(new Set(userNames).size).toBe(userNames.length);
    expect(userNames.filter((name) => !/^[a-z]+(\.[a-z]+)?$/.test(name))).toEqual([]);
    const fullNames = state.users.map(({ fullName }) => fullName ?? '').join(' ');
    for (const script of [/ü/, /ł/, /é/, /ş/, /\p{Script=Han}/u, /\p{Script=Cyrillic}/u, /\p{Script=Greek}/u, /\p{Script=Arabic}/u]) {
      expect(fullNames).toMatch(script);
    }
  });

  test('every user but admin has an archive of the same name, and four archives have no user', () => {
    expect(userNames.filter((name) => !archives.includes(name))).toEqual(['admin']);
    expect(archives.filter((archive) => !userNames.includes(archive))).toEqual(['oldcolleague', '@catchall', 'petra.exner', 'gunnar.lund']);
    expect(archives.every((archive) => state.folders.includes(`${archive}/Inbox`))).toBe(true);
    expect(state.folders).toEqual(expect.arrayContaining(['amira/Outlook/Inbox', 'oldcolleague/Sent Items', 'amira/Drafts']));
    expect(new Set(state.folders).size).toBe(state.folders.length);
  });

  test('leavers have left rights behind, and others have rights on archives of people who are gone', () => {
    const closed = state.users.filter(({ loginPrivileges }) => loginPrivileges.includes('none'));
    expect(closed.map(({ privilegesOnFolders }) => privilegesOnFolders.at(-1)?.folder)).toEqual(['hr', 'hr', 'hr']);
    const holders = (archive: string) =>
      state.users.filter(({ privilegesOnFolders }) => privilegesOnFolders.some(({ folder }) => folder === archive));
    expect(['petra.exner', 'gunnar.lund', 'oldcolleague'].map((archive) => holders(archive).length)).toEqual([1, 1, 1]);
  });

  test('the directory knows all synchronised users but four, as they are, and three people more', () => {
    const listed = new Map(state.directory.map((entry) => [entry.userName, entry]));
    const synchronised = state.users.filter(({ authentication }) => authentication === 'directoryServices');
    expect(synchronised.length).toBeGreaterThan(100);
    expect(synchronised.filter(({ userName }) => !listed.has(userName))).toHaveLength(4);
    expect(state.directory.filter(({ userName }) => !userNames.includes(userName))).toHaveLength(3);
    const integrated = state.users.filter(({ authentication }) => authentication === 'integrated');
    expect(integrated.filter(({ userName }) => listed.has(userName))).toEqual([]);
    for (const { userName, fullName, distinguishedName, emailAddresses } of synchronised) {
      const entry = listed.get(userName);
      if (entry) expect(entry).toEqual({ userName, fullName, distinguishedName, emailAddresses });
    }
  });
});

describe('the archive', () => {
  test('the stores are in the states that the documentation of the sandbox names', () => {
    expect(
      state.stores.map(({ id, name, requestedState, error, needsUpgrade, locked }) => [
        id,
        name,
        requestedState,
        error,
        needsUpgrade,
        locked,
      ]),
    ).toEqual([
      [1, '2023', 'writeProtected', null, false, false],
      [2, '2024', 'normal', null, false, false],
      [3, '2025', 'normal', null, false, false],
      [4, '2026', 'current', null, false, false],
      [5, 'Import 2019', 'disabled', null, true, false],
      [6, 'Import 2021', 'normal', 'The store database is damaged.', false, false],
      [8, 'Acquired company', 'normal', null, false, true],
    ]);
    expect(state.detachedStores).toMatchObject([{ id: 7, name: '2018', databasePath: 'D:\\MailStore\\2018' }]);
    expect(world.nextId('store')).toBe(9);
  });

  test('several thousand messages are spread over the stores by year', () => {
    expect(state.messages.length).toBeGreaterThan(4_000);
    expect(new Set(state.messages.map(({ storeId }) => storeId))).toEqual(new Set([1, 2, 3, 4, 5, 7, 8]));
    for (const [storeId, year] of [
      [1, '2023'],
      [2, '2024'],
      [3, '2025'],
      [4, '2026'],
    ] as const) {
      expect(new Set(world.messagesIn(storeId).map(({ date }) => date.slice(0, 4)))).toEqual(new Set([year]));
    }
  });

  test('messages have ids of their own and lie in folders that exist', () => {
    const ids = state.messages.map(({ storeId, number }) => `${storeId}:${number}`);
    expect(new Set(ids).size).toBe(ids.length);
    expect(state.messages.filter(({ folder }) => !state.folders.includes(folder))).toEqual([]);
    expect(state.messages.find(({ storeId, number }) => storeId === 4 && number === 1)?.folder).toBe('johndoe/Inbox');
    expect(Math.max(...state.messages.map(({ number }) => number))).toBe(state.lastIds.message);
  });

  test('exactly one folder has no messages in the open stores', () => {
    expect(emptyFolders(state).filter((path) => path.includes('/'))).toEqual(['amira/Outlook', 'amira/Drafts']);
  });

  test('there is one index for each attached store and archive with mail in it, one of them to be rebuilt', () => {
    const attached = new Set(state.stores.map(({ id }) => id));
    const expected = new Set(
      state.messages.filter(({ storeId }) => attached.has(storeId)).map(({ storeId, folder }) => `${storeId} ${getArchive(folder)}`),
    );
    expect(state.indexes.map(({ storeId, folder }) => `${storeId} ${folder}`).toSorted()).toEqual([...expected].toSorted());
    expect(state.indexes.filter(({ needsRebuild }) => needsRebuild)).toMatchObject([{ storeId: 3, folder: 'amira' }]);
  });

  test('mail that retention would delete is in the disabled and the detached store only', () => {
    const due = state.messages.filter(({ date }) => utcMilliseconds(date) < NOW - 3_650 * DAY);
    expect(new Set(due.map(({ storeId }) => storeId))).toEqual(new Set([5, 7]));
  });
});

describe('the history', () => {
  test('profile runs cover 30 days with every kind of end, numbered in the order in which they ended', () => {
    const { workerResults } = state;
    expect(workerResults.map(({ id }) => id)).toEqual(workerResults.map((_, index) => index + 1));
    expect(workerResults.map(({ completeTime }) => completeTime)).toEqual(workerResults.map(({ completeTime }) => completeTime).toSorted());
    expect(utcMilliseconds(workerResults[0]?.startTime ?? '')).toBeLessThan(NOW - 29 * DAY);
    expect(new Set(workerResults.map(({ result }) => result))).toEqual(
      new Set(['succeeded', 'completedWithErrors', 'completedWithWarnings', 'failed', 'cancelled']),
    );
    expect(workerResults.filter(({ result }) => result === 'succeeded').length).toBeGreaterThan(workerResults.length * 0.85);
    const causes = new Set(
      workerResults.filter(({ result }) => result === 'failed').map(({ report }) => report.trim().split('processed. ').at(-1)),
    );
    expect(causes.size).toBeGreaterThanOrEqual(5);
  });

  test('each automatic run begins its pause after the last one of its profile', () => {
    for (const { id, serverSideExecution } of state.profiles.filter((profile) => profile.serverSideExecution.automatic)) {
      const runs = state.workerResults.filter(({ profileId }) => profileId === id);
      const pauses = runs.slice(1).map((run, index) => utcMilliseconds(run.startTime) - utcMilliseconds(runs[index]?.completeTime ?? ''));
      expect(new Set(pauses)).toEqual(new Set([serverSideExecution.automaticPauseBetweenExecutions * 1_000]));
    }
  });

  test('one profile silently stopped 9 days ago, and no other is due within the first minutes', () => {
    const silent = state.profiles.filter(({ alive }) => !alive);
    expect(silent).toMatchObject([{ id: 5, name: 'Branch office', serverSideExecution: { automatic: true } }]);
    const lastEnd = (id: number) => utcMilliseconds(state.workerResults.findLast(({ profileId }) => profileId === id)?.completeTime ?? '');
    expect(NOW - lastEnd(5)).toBe(9 * DAY);
    for (const { id, serverSideExecution } of state.profiles.filter(({ alive, type }) => alive && type === 'I')) {
      expect(lastEnd(id) + serverSideExecution.automaticPauseBetweenExecutions * 1_000).toBeGreaterThan(NOW + 3 * MINUTE);
    }
  });

  test('the counts of the runs add up to the mail that the current store received', () => {
    const recent = world.messagesIn(4).filter(({ date }) => utcMilliseconds(date) >= NOW - 30 * DAY);
    const exports = new Set(state.profiles.filter(({ type }) => type === 'E').map(({ id }) => id));
    const archived = state.workerResults.filter(({ profileId }) => profileId === null || !exports.has(profileId));
    expect(archived.reduce((sum, { itemsArchived }) => sum + itemsArchived, 0)).toBe(recent.length);
  });

  test('jobs ran as scheduled, and their results say when they failed', () => {
    const runs = (id: number) => state.jobResults.filter(({ jobId }) => jobId === id);
    expect(runs(1)).toHaveLength(30);
    expect(runs(1).filter(({ result }) => result === 'failed')).toHaveLength(2);
    expect(runs(2).map(({ startTime }) => startTime.slice(11))).toContain('02:00:00');
    expect(runs(3).every(({ startTime }) => new Date(`${startTime}Z`).getUTCDay() === 0)).toBe(true);
    expect(runs(3).at(-1)?.result).toBe('failed');
    expect(runs(4)).toEqual([]);
    expect(state.jobs).toMatchObject([
      { id: 1, enabled: true, nextStartDateTimeUtc: '2026-11-23T00:00:00', lastStartDateTimeUtc: '2026-11-22T00:00:00' },
      { id: 2, enabled: true, nextStartDateTimeUtc: '2026-11-23T02:00:00' },
      { id: 3, enabled: true, nextStartDateTimeUtc: '2026-11-29T03:00:00' },
      { id: 4, enabled: false, nextStartDateTimeUtc: null, lastStartDateTimeUtc: null },
    ]);
    expect(state.backups).toHaveLength(28);
  });

  test('new objects get ids that were never used', () => {
    const highest = (ids: number[]) => Math.max(...ids);
    expect(state.lastIds).toMatchObject({
      job: highest(state.jobs.map(({ id }) => id)),
      jobResult: highest(state.jobResults.map(({ jobResultId }) => jobResultId)),
      profile: highest(state.profiles.map(({ id }) => id)),
      workerResult: highest(state.workerResults.map(({ id }) => id)),
      credential: highest(state.credentials.map(({ ID }) => ID)),
      session: highest(state.sessions.map(({ id }) => id)),
    });
  });
});

/** Returns the folders without a message in an open store. */
function emptyFolders({ folders, messages, stores }: WorldState): string[] {
  const open = new Set(stores.filter(isOpen).map(({ id }) => id));
  const filled = new Set(messages.filter(({ storeId }) => open.has(storeId)).map(({ folder }) => folder));
  return folders.filter((path) => path.includes('/') && !filled.has(path));
}
