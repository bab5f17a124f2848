import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startSandbox, type Sandbox } from '../../src/sandbox/sandbox.ts';
import { callTool, startServer, type RunningServer } from '../helpers/start-server.ts';

let sandbox: Sandbox;
let server: RunningServer;

const WINDOW = { fromIncluding: '2020-01-01', toExcluding: '2100-01-01', timeZoneID: 'UTC' };

beforeAll(async () => {
  sandbox = await startSandbox({ seed: 'default', runSeconds: 0.05 });
  server = await startServer({ sandbox, access: 'read-write', env: { MAILSTORE_INLINE_WAIT_MS: '20000' } });
});

afterAll(async () => {
  await server.close();
  await sandbox.close();
});

type Row = Readonly<Record<string, unknown>>;

async function rowsOf(tool: string, args: Row): Promise<{ readonly items: readonly Row[]; readonly total: number }> {
  const { structured, isError, text } = await callTool(server, tool, args);
  expect([isError, isError ? text : '']).toEqual([false, '']);
  return structured as { items: readonly Row[]; total: number };
}

describe('where', () => {
  test('finds the rows of a boolean, a number and a text, whichever page they are on', async () => {
    const stale = sandbox.world.state.indexes.filter(({ needsRebuild }) => needsRebuild);
    expect((await rowsOf('get_store_indexes', { where: { needsRebuild: true }, fields: ['folder'] })).items).toEqual(
      stale.map(({ folder }) => ({ folder })),
    );
    expect((await rowsOf('get_store_indexes', { where: { needsRebuild: 'true', storeId: '3' } })).total).toBe(
      stale.filter(({ storeId }) => storeId === 3).length,
    );
    const last = sandbox.world.state.users.at(-1)?.userName ?? '';
    expect((await rowsOf('get_users', { where: { userName: last.toUpperCase() } })).items).toMatchObject([{ userName: last }]);
  });

  test('takes a list of values, null for no value, and a name inside an object', async () => {
    expect((await rowsOf('get_users', { where: { userName: ['admin', 'johndoe'] }, fields: ['userName'] })).items).toEqual([
      { userName: 'admin' },
      { userName: 'johndoe' },
    ]);
    const withoutIdentity = sandbox.world.state.users.filter(({ distinguishedName }) => distinguishedName === null);
    expect((await rowsOf('get_users', { where: { distinguishedName: null } })).total).toBe(withoutIdentity.length);
    const weekly = sandbox.world.state.jobs.filter(({ schedule }) => schedule.dayOfWeek !== undefined);
    const dayOfWeek = weekly[0]?.schedule.dayOfWeek;
    expect((await rowsOf('get_jobs', { where: { 'schedule.dayOfWeek': dayOfWeek } })).total).toBeGreaterThan(0);
  });

  test('names the fields that exist where one does not, and so do sort and fields', async () => {
    for (const args of [{ where: { rebuild: true } }, { sort: '-rebuild' }, { fields: ['rebuild'] }]) {
      const { isError, text } = await callTool(server, 'get_store_indexes', args);
      expect([isError, text]).toEqual([
        true,
        'The rows of get_store_indexes have no field rebuild; they have storeId, folder, needsRebuild, selectedForRebuild and lastRebuilt. Correct where, sort or fields and call again.',
      ]);
    }
  });

  test('refuses a condition that is no value', async () => {
    const { isError, text } = await callTool(server, 'get_jobs', { where: { enabled: { not: true } } });
    expect([isError, text]).toEqual([
      true,
      'get_jobs was not called: where: must give each field a value or a list of values, such as {"enabled": true}. Correct this and call again.',
    ]);
  });

  test('searches the record of tasks and of changes where it is stored', async () => {
    await callTool(server, 'rebuild_store_index', { id: 3, folder: 'amira' });
    await callTool(server, 'set_user_full_name', { userName: 'amira', fullName: 'Amira O.' });
    await callTool(server, 'set_user_full_name', { userName: 'johndoe', fullName: 'J. Doe' });
    expect((await rowsOf('list_tasks', { where: { status: 'SUCCEEDED', 'arguments.folder': 'amira' } })).items).toMatchObject([
      { command: 'RebuildStoreIndex', arguments: { id: 3, folder: 'amira' } },
    ]);
    expect((await rowsOf('list_tasks', { where: { status: 'running' } })).total).toBe(0);
    expect(
      (await rowsOf('list_changes', { where: { revertible: true }, sort: 'number', fields: ['number', 'arguments.userName'] })).items,
    ).toEqual([
      { number: 1, 'arguments.userName': 'amira' },
      { number: 2, 'arguments.userName': 'johndoe' },
    ]);
    const { isError, text } = await callTool(server, 'list_changes', { where: { user: 'amira' } });
    expect([isError, text]).toEqual([true, expect.stringContaining('The rows of list_changes have no field user')]);
  });
});

test('sort orders all rows before a page is cut, and a leading - puts the largest first', async () => {
  const sizes = sandbox.world
    .visibleMessages()
    .filter(({ folder }) => folder === 'johndoe/Inbox')
    .map(({ size }) => size);
  const { items } = await rowsOf('get_messages', { folder: 'johndoe/Inbox', sort: '-size', limit: 3, fields: ['size'] });
  expect(items.map(({ size }) => size)).toEqual(sizes.toSorted((one, other) => other - one).slice(0, 3));
  const { items: names } = await rowsOf('get_users', { sort: 'userName', limit: 5, fields: ['userName'] });
  expect(names.map(({ userName }) => userName)).toEqual(
    sandbox.world.state.users
      .map(({ userName }) => userName)
      .toSorted((one, other) => (one.toLowerCase() < other.toLowerCase() ? -1 : 1))
      .slice(0, 5),
  );
});

test('runs come newest first, with how many ended how and what they archived in all', async () => {
  const { structured, text } = await callTool(server, 'get_worker_results', { ...WINDOW });
  const runs = sandbox.world.state.workerResults;
  const { items, counts, totals } = structured as { items: Row[]; counts: { result: Record<string, number> }; totals: Row };
  const newest = runs
    .map(({ startTime }) => startTime)
    .toSorted()
    .at(-1);
  expect(items[0]).toMatchObject({ startTime: `${newest}+00:00` });
  expect(Object.values(counts.result).reduce((sum, count) => sum + count, 0)).toBe(runs.length);
  expect(counts.result['succeeded']).toBe(runs.filter(({ result }) => result === 'succeeded').length);
  expect(totals).toEqual({ itemsArchived: runs.reduce((sum, { itemsArchived }) => sum + itemsArchived, 0) });
  expect(text.split('\n', 1)[0]).toContain(` of ${runs.length.toLocaleString('en-US')} runs; `);
  const failed = await rowsOf('get_worker_results', { ...WINDOW, where: { result: 'failed' } });
  expect(failed.total).toBe(runs.filter(({ result }) => result === 'failed').length);
  const jobs = await rowsOf('get_job_results', { fromIncluding: '2020-01-01', toExcluding: '2100-01-01', timeZoneId: 'UTC', limit: 500 });
  const starts = jobs.items.map(({ startTime }) => String(startTime));
  expect(starts).toEqual(starts.toSorted().toReversed());
});

test('stores say their sizes with a unit, their sum, and which need attention; a size that was not asked for is absent', async () => {
  const { structured, text } = await callTool(server, 'get_stores');
  expect(structured['units']).toBe('statisticsSize in bytes');
  expect(text).toMatch(/^7 stores; statisticsSize in all [\d.]+ [KMGT]B; .*Acquired company: Archive store 'Acquired company' is locked/);
  const without = await callTool(server, 'get_stores', { includeSize: false });
  expect(JSON.stringify(without.structured)).not.toContain('statisticsSize');
});

test('match sees booleans and numbers, and says what it looked at when nothing matches', async () => {
  expect((await rowsOf('get_jobs', { match: 'false', where: { enabled: false } })).total).toBe(1);
  expect((await rowsOf('get_stores', { match: '700' })).total).toBe(1);
  expect((await callTool(server, 'get_users', { match: 'john.doe@example.com' })).text).toBe(
    `None of ${sandbox.world.state.users.length} users matches. match looks at what the rows hold: userName, fullName, distinguishedName, mfaStatus. E-mail addresses and rights are in get_user_info.`,
  );
});

test('what every row repeats is said once, and stays in the rows where it is asked for by name', async () => {
  const { structured } = await callTool(server, 'get_store_indexes', { where: { storeId: 3 } });
  expect(structured['same']).toMatchObject({ storeId: 3 });
  expect((structured['items'] as Row[]).every((row) => !('storeId' in row))).toBe(true);
  const { items } = await rowsOf('get_store_indexes', { where: { storeId: 3 }, fields: ['storeId', 'folder'] });
  expect(items.every(({ storeId }) => storeId === 3)).toBe(true);
});

test('a date with an offset is converted into the time zone of the call', async () => {
  const runs = sandbox.world.state.workerResults.map(({ startTime }) => startTime);
  const window = { fromIncluding: '2026-11-20T00:00:00-08:00', toExcluding: '2026-11-21T00:00:00-08:00' };
  const expected = runs.filter((start) => start >= '2026-11-20T08:00:00' && start < '2026-11-21T08:00:00').length;
  expect((await rowsOf('get_worker_results', { ...window, timeZoneID: 'UTC' })).total).toBe(expected);
  expect((await rowsOf('get_worker_results', { ...window, timeZoneID: 'Europe/Berlin' })).total).toBe(expected);
  const { isError, text } = await callTool(server, 'get_worker_results', { ...window, timeZoneID: '$Local' });
  expect([isError, text]).toEqual([true, expect.stringContaining('fromIncluding cannot be converted for timeZoneID "$Local"')]);
});

test('a window of time can be given as a period, as its first and last day, or as moments', async () => {
  const count = async (args: Row) => (await rowsOf('get_worker_results', { ...args, timeZoneID: 'UTC' })).total;
  const between = async (from: string, to: string) => count({ fromIncluding: from, toExcluding: to });
  const day = (back: number) => new Date(Date.now() - back * 86_400_000).toISOString().slice(0, 10);
  expect(await count({ since: 'yesterday', until: 'yesterday' })).toBe(await between(day(1), day(0)));
  expect(await count({ since: day(5), until: day(4) })).toBe(await between(day(5), day(3)));
  expect(await count({ since: `${day(5)}T08:00:00+02:00`, until: `${day(4)}T08:00:00Z` })).toBe(
    await between(`${day(5)}T06:00:00`, `${day(4)}T08:00:00`),
  );
  expect(await count({ since: day(6) })).toBe(await between(day(6), '2100-01-01'));
  expect(await count({ since: 'last 3 days' })).toBeLessThan(await count({ since: 'last 30 days' }));
});

test.each([
  [{}, 'since is missing; give it as last 24 hours, last 7 days, 3 days ago, today, yesterday'],
  [{ since: 'soon' }, 'since is "soon"; write it as last 24 hours, last 7 days'],
  [{ since: 'today', fromIncluding: '2026-11-01' }, 'since and fromIncluding say the same; give one of them'],
])('the window %j is refused with the forms that it may have', async (args, message) => {
  const { isError, text } = await callTool(server, 'get_job_results', args);
  expect([isError, text]).toEqual([true, expect.stringContaining(message)]);
});

test('get_server_info says the time now with its offset, and the zone in which times are shown', async () => {
  const before = Date.now();
  const { structured, text } = await callTool(server, 'get_server_info');
  const { now, timeZone } = structured as { readonly now: string; readonly timeZone: string };
  expect(now).toMatch(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}[+-]\d{2}:\d{2}$/);
  expect(Math.abs(Date.parse(now) - before)).toBeLessThan(60_000);
  expect(timeZone).toBe(new Intl.DateTimeFormat().resolvedOptions().timeZone);
  expect(text).toContain(now);
});
