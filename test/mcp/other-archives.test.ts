import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { Journal } from '../../src/journal/journal.ts';
import type { Sandbox } from '../../src/sandbox/sandbox.ts';
import { runBinary } from '../helpers/run-binary.ts';
import {
  callTool,
  initialize,
  modernMeta,
  sandboxForTest,
  settingsFor,
  startPipe,
  startServer,
  untilTestEnds,
  type RunningServer,
} from '../helpers/start-server.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

const RENAME = ['set_user_full_name', { userName: 'johndoe', fullName: 'Johnny Doe' }] as const;
const REBUILD = ['rebuild_store_index', { id: 3, folder: 'amira' }] as const;

/** Two archives and one state folder; a server at the first has renamed a user and rebuilt an index, and has ended. */
async function afterWorkAtFirst() {
  const MAILSTORE_STATE_DIR = temporaryFolder();
  const [first, second] = await Promise.all([sandboxForTest(), sandboxForTest()]);
  const env = { MAILSTORE_STATE_DIR, MAILSTORE_INLINE_WAIT_MS: '20000' };
  const server = await startServer({ sandbox: first, access: 'read-write', env });
  await callTool(server, ...RENAME);
  const { structured } = await callTool(server, ...REBUILD);
  await server.close();
  const startAt = async (sandbox: Sandbox) => untilTestEnds(await startServer({ sandbox, access: 'read-write', env }));
  return { first, second, env, taskId: String(structured['taskId']), startAt };
}

function changesSent(sandbox: Sandbox): readonly string[] {
  return sandbox.requests.map(({ path }) => path).filter((path) => /invoke\/(?:Set|Rebuild|Cancel)|cancel/.test(path));
}

const named = async (server: RunningServer, tool: string) => {
  const { items, total, elsewhere } = (await callTool(server, tool)).structured;
  return {
    total,
    ...(elsewhere !== undefined && { elsewhere }),
    items: (items as { target: string; origin?: string }[]).map(({ target }) => target),
  };
};

describe('a server whose URL is another one than before, on the same state folder', () => {
  test('lists the tasks and changes of its own archive, and says how many there are of others', async () => {
    const { second, startAt, first } = await afterWorkAtFirst();
    const there = await startAt(second);
    for (const tool of ['list_tasks', 'list_changes']) {
      const { text, structured } = await callTool(there, tool);
      expect([tool, structured]).toMatchObject([tool, { items: [], total: 0, elsewhere: 1, notes: ['1 of other archives is not shown.'] }]);
      expect(text).toContain('1 of other archives is not shown.');
    }
    await callTool(there, ...RENAME);
    expect(await named(there, 'list_changes')).toEqual({ items: ['default'], total: 1, elsewhere: 1 });
    const back = await startAt(first);
    expect(await named(back, 'list_changes')).toEqual({ items: ['default'], total: 1, elsewhere: 1 });
    expect(await named(back, 'list_tasks')).toEqual({ items: ['default'], total: 1 });
  });

  test('refuses to put back a change of the other archive, and names that archive', async () => {
    const { first, second, startAt } = await afterWorkAtFirst();
    const { isError, text } = await callTool(await startAt(second), 'revert_change', { number: 1 });
    expect([isError, text]).toEqual([
      true,
      `The change 1 was made at ${first.url}, which is not configured here, and it can be put back nowhere else. Configure that archive and try again.`,
    ]);
    expect([changesSent(second), second.world.user('johndoe').fullName]).toEqual([[], 'John Doe']);
    expect(first.world.user('johndoe').fullName).toBe('Johnny Doe');
  });

  test('refuses to show or cancel a task of the other archive by its id, and names that archive', async () => {
    const { first, second, startAt, taskId } = await afterWorkAtFirst();
    const there = await startAt(second);
    for (const tool of ['get_task_status', 'cancel_task']) {
      const { isError, text } = await callTool(there, tool, { taskId });
      expect([tool, isError, text]).toEqual([
        tool,
        true,
        `The task '${taskId}' belongs to ${first.url}, which is not configured here. Configure that archive and try again; what is recorded of it is kept.`,
      ]);
    }
    expect(changesSent(second)).toEqual([]);
  });

  test('lists its own tasks alone by the task methods of 2025-11-25', async () => {
    const { second, first, env, taskId } = await afterWorkAtFirst();
    const listAt = async (sandbox: Sandbox) => {
      const pipe = untilTestEnds(startPipe({ sandbox, env }));
      await initialize(pipe);
      return (await pipe.request('tasks/list')).result;
    };
    expect(await listAt(second)).toMatchObject({ tasks: [], _meta: { 'mailstore/elsewhere': 1 } });
    expect(await listAt(first)).toMatchObject({ tasks: [{ taskId, status: 'completed' }] });
  });

  test('shows a person in a terminal its own archive, the archive of what is asked for by its number, and everything where none is configured', async () => {
    const { first, second, env, taskId } = await afterWorkAtFirst();
    const at = async (args: readonly string[], settings: Readonly<Record<string, string>> = {}) => {
      const { code, stdout, stderr } = await runBinary(args, { ...env, ...settings });
      return {
        code,
        stdout: stdout
          .replaceAll(/ {2,}/g, '  ')
          .replace(/now|\d+ s ago/, 'AGE')
          .replace(/\d+(?:\.\d)? s {2}/, 'N s  '),
        stderr,
      };
    };
    const there = settingsFor(second);
    expect(await at(['tasks'], there)).toEqual({
      code: 0,
      stdout: 'No task is recorded.\n1 of other archives is not shown.\n',
      stderr: '',
    });
    expect(await at(['changes'], there)).toEqual({
      code: 0,
      stdout: 'No change is recorded.\n1 of other archives is not shown.\n',
      stderr: '',
    });
    expect(await at(['changes', '--json'], there)).toEqual({ code: 0, stdout: '', stderr: '1 of other archives is not shown.\n' });
    expect((await at(['changes'], settingsFor(first))).stdout).toMatch(
      /^ {2}1 {2}AGE {2}Set a user's full name.* {2}can be put back {2}admin {2}default$/m,
    );
    expect((await at(['changes'])).stdout).toMatch(
      new RegExp(`^  1  AGE  Set a user's full name.*  can be put back  admin  ${first.url}$`, 'm'),
    );
    expect((await at(['tasks'])).stdout).toContain(
      `\n${taskId.slice(0, 8)}  succeeded  RebuildStoreIndex  id=3 folder=amira  AGE  N s  ${first.url}\n`,
    );
    expect((await at(['changes', 'show', '1'], there)).stdout).toMatch(new RegExp(`^archive +${first.url}, as admin$`, 'm'));
    expect((await at(['tasks', 'show', taskId], there)).stdout).toMatch(new RegExp(`^archive +${first.url}$`, 'm'));
    expect((await at(['tasks', 'cancel', taskId], there)).stderr).toContain(`belongs to ${first.url}, which is not configured here`);
    expect((await at(['changes', 'revert', '1'], there)).stderr).toContain(`was made at ${first.url}, which is not configured here`);
    expect([changesSent(second), second.world.user('johndoe').fullName]).toEqual([[], 'John Doe']);
  });
});

test('targets that swapped their names keep their tasks and changes, which are put back and named where they belong', async () => {
  const MAILSTORE_STATE_DIR = temporaryFolder();
  const [london, paris] = await Promise.all([sandboxForTest(), sandboxForTest()]);
  const startWith = async (targets: Readonly<Record<string, Sandbox>>) => {
    const path = join(temporaryFolder(), 'config.json');
    const entries = Object.entries(targets).map(([name, { url, username, password, fingerprint }]) => [
      name,
      { url, username, password, fingerprint },
    ]);
    writeFileSync(path, JSON.stringify({ access: 'read-write', targets: Object.fromEntries(entries) as object }), { mode: 0o600 });
    return startServer({ env: { MAILSTORE_CONFIG: path, MAILSTORE_STATE_DIR, MAILSTORE_INLINE_WAIT_MS: '20000' } });
  };
  const before = await startWith({ main: london, spare: paris });
  await callTool(before, RENAME[0], { ...RENAME[1], target: 'main' });
  await callTool(before, RENAME[0], { ...RENAME[1], target: 'spare' });
  const { structured } = await callTool(before, REBUILD[0], { ...REBUILD[1], target: 'main' });
  await before.close();

  const after = untilTestEnds(await startWith({ main: paris, spare: london }));
  expect(await named(after, 'list_changes')).toEqual({ items: ['main', 'spare'], total: 2 });
  expect(await named(after, 'list_tasks')).toEqual({ items: ['spare'], total: 1 });
  expect((await callTool(after, 'get_task_status', { taskId: structured['taskId'] })).structured['target']).toBe('spare');
  expect((await callTool(after, 'revert_change', { number: 1 })).isError).toBe(false);
  expect([london, paris].map(({ world }) => world.user('johndoe').fullName)).toEqual(['John Doe', 'Johnny Doe']);
});

describe('a yes for one archive', () => {
  const DELETE = ['delete_user', { userName: 'amira' }] as const;
  const YES = { action: 'accept', content: { confirm: true } } as const;

  /** Two archives and one state folder; `at` starts a server at one of them under the same target name. */
  async function startAtEither() {
    const MAILSTORE_STATE_DIR = temporaryFolder();
    const [first, second] = await Promise.all([sandboxForTest(), sandboxForTest()]);
    const isThere = (sandbox: Sandbox) => sandbox.world.state.users.some(({ userName }) => userName === 'amira');
    return { first, second, env: { MAILSTORE_STATE_DIR }, isThere };
  }

  test('a yes for one archive by an approval runs nothing at another archive of the same target name, and is still good at its own', async () => {
    const { first, second, env, isThere } = await startAtEither();
    const at = async (sandbox: Sandbox) => startServer({ sandbox, access: 'full', env });
    const there = await at(first);
    const id = / approve ([2-9a-y]{8})/.exec((await callTool(there, ...DELETE)).text)?.[1] ?? '';
    const journal = Journal.open(env.MAILSTORE_STATE_DIR, { clock: systemClock });
    onTestFinished(() => journal.close());
    expect(await journal.approvals.grant(id)).toBe('pending');
    await there.close();

    const elsewhere = await at(second);
    const { isError, text } = await callTool(elsewhere, ...DELETE);
    expect([isError, / approve ([2-9a-y]{8})/.exec(text)?.[1] === id, isThere(second)]).toEqual([true, false, true]);
    await elsewhere.close();
    const back = untilTestEnds(await at(first));
    expect((await callTool(back, ...DELETE)).isError).toBe(false);
    expect([isThere(first), isThere(second)]).toEqual([false, true]);
  });

  test('a yes for one archive in the state of a question runs nothing at another archive of the same target name', async () => {
    const { first, second, env, isThere } = await startAtEither();
    const meta = { ...modernMeta, 'io.modelcontextprotocol/clientCapabilities': { elicitation: { form: {} } } };
    const callAt = async (sandbox: Sandbox, retry: object = {}) => {
      const pipe = startPipe({ sandbox, access: 'full', env });
      const { result } = await pipe.request('tools/call', { _meta: meta, name: DELETE[0], arguments: DELETE[1], ...retry });
      await pipe.close();
      return result ?? {};
    };
    const { requestState } = await callAt(first);
    expect(typeof requestState).toBe('string');
    const answer = { requestState, inputResponses: { confirm: YES } };
    expect(await callAt(second, answer)).toMatchObject({
      isError: true,
      content: [{ text: expect.stringContaining('the answer does not belong to this call') as string }],
    });
    expect(isThere(second)).toBe(true);
    expect((await callAt(first, answer))['isError']).toBeUndefined();
    expect([isThere(first), isThere(second)]).toEqual([false, true]);
  });
});

test('a task is cancelled at its own archive when targets have swapped their names, and by the access that is set for that one', async () => {
  const MAILSTORE_STATE_DIR = temporaryFolder();
  const [london, paris] = await Promise.all([sandboxForTest({ runSeconds: 60 }), sandboxForTest({ runSeconds: 60 })]);
  const startWith = async (targets: Readonly<Record<string, readonly [Sandbox, access: string]>>) => {
    const path = join(temporaryFolder(), 'config.json');
    const entries = Object.entries(targets).map(([name, [{ url, username, password, fingerprint }, access]]) => [
      name,
      { url, username, password, fingerprint, access },
    ]);
    writeFileSync(path, JSON.stringify({ access: 'full', targets: Object.fromEntries(entries) as object }), { mode: 0o600 });
    return startServer({ env: { MAILSTORE_CONFIG: path, MAILSTORE_STATE_DIR } });
  };
  const before = await startWith({ main: [london, 'full'], spare: [paris, 'full'] });
  const { structured } = await callTool(before, REBUILD[0], { ...REBUILD[1], target: 'main' });
  await before.close();
  const { taskId } = structured;

  const readOnly = await startWith({ main: [paris, 'full'], spare: [london, 'read-only'] });
  const refused = await callTool(readOnly, 'cancel_task', { taskId });
  expect([refused.isError, refused.text]).toEqual([true, expect.stringContaining('cancel_task is refused')]);
  await readOnly.close();
  const after = untilTestEnds(await startWith({ main: [paris, 'full'], spare: [london, 'full'] }));
  expect((await callTool(after, 'cancel_task', { taskId })).isError).toBe(false);
  const cancellations = [london, paris].map(({ requests }) => requests.filter(({ path }) => path.includes('cancel')).length);
  expect(cancellations).toEqual([1, 0]);
});
