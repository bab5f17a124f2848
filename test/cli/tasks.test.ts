import { describe, expect, test } from 'vitest';
import { ManualClock } from '../helpers/manual-clock.ts';
import { runBinary } from '../helpers/run-binary.ts';
import { callTool, sandboxForTest, settingsFor, startServer, untilTestEnds } from '../helpers/start-server.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

const REBUILD = ['rebuild_store_index', { id: 3, folder: 'amira' }] as const;
const TASK_ID = /[\da-f]{8}-[\da-f-]{27}/;

function stateFolder(): string {
  const folder = temporaryFolder();
  return folder;
}

/** A server whose assistant has rebuilt an index, and the settings of a terminal next to it. */
async function afterRebuild() {
  const MAILSTORE_STATE_DIR = stateFolder();
  const sandbox = await sandboxForTest();
  const server = untilTestEnds(await startServer({ sandbox, access: 'read-write', env: { MAILSTORE_STATE_DIR } }));
  const { structured } = await callTool(server, ...REBUILD);
  return { structured, terminal: { MAILSTORE_STATE_DIR }, sandbox };
}

describe('mailstore-mcp tasks', () => {
  test('lists the tasks that an assistant started, with nothing but the state folder known', async () => {
    const { structured, terminal, sandbox } = await afterRebuild();
    const { stdout, stderr, code } = await runBinary(['tasks', 'list'], terminal);
    expect({ stderr, code }).toEqual({ stderr: '', code: 0 });
    expect(
      stdout
        .replace(/now|\d+ s ago/, 'AGE')
        .replace(/\d+(?:\.\d)? s {2}http/, 'N s  http')
        .replaceAll(/ {2,}/g, '  '),
    ).toBe(
      `ID  STATE  COMMAND  ARGUMENTS  STARTED  TOOK  ARCHIVE\n${String(structured['taskId']).slice(0, 8)}  succeeded  RebuildStoreIndex  id=3 folder=amira  AGE  N s  ${sandbox.url}\n`,
    );
  });

  test('shows one by the beginning of its id, with arguments, times and the server’s lines', async () => {
    const { structured, terminal } = await afterRebuild();
    const { stdout } = await runBinary(['tasks', 'show', String(structured['taskId']).slice(0, 8)], terminal);
    expect(stdout).toContain('command   RebuildStoreIndex id=3 folder=amira\n');
    expect(stdout).toContain('status    succeeded\n');
    expect(stdout).toMatch(/^ {2}line {8}Rebuilding the search index of 'amira' in archive store '2025'$/m);
  });

  test('writes a task as JSON for programs', async () => {
    const { structured, terminal } = await afterRebuild();
    const { stdout } = await runBinary(['tasks', 'show', String(structured['taskId']), '--json'], terminal);
    expect(JSON.parse(stdout)).toMatchObject({
      taskId: structured['taskId'],
      status: 'succeeded',
      argumentsMasked: { id: 3, folder: 'amira' },
    });
  });

  test('waits for the end of one that another process follows', async () => {
    const MAILSTORE_STATE_DIR = stateFolder();
    const clock = new ManualClock();
    const sandbox = await sandboxForTest({ clock, runSeconds: 10 });
    const server = untilTestEnds(
      await startServer({ sandbox, access: 'read-write', env: { MAILSTORE_STATE_DIR, MAILSTORE_INLINE_WAIT_MS: '0' } }),
    );
    const { structured } = await callTool(server, ...REBUILD);
    // Without an inline wait the call may be answered before MailStore has taken the command.
    await expect
      .poll(async () => (await callTool(server, 'get_task_status', { taskId: structured['taskId'] })).structured['status'])
      .toBe('running');
    const waiting = runBinary(['tasks', 'wait', String(structured['taskId'])], { MAILSTORE_STATE_DIR });
    await clock.advance(10_000);
    const { stdout, code } = await waiting;
    expect(stdout.trimEnd().split('\n').at(-1)).toBe('RebuildStoreIndex succeeded.');
    expect(code).toBe(0);
  });

  test('waits for one whose server has ended, and follows it itself', async () => {
    const MAILSTORE_STATE_DIR = stateFolder();
    const sandbox = await sandboxForTest({ runSeconds: 4 });
    const server = await startServer({ sandbox, access: 'read-write', env: { MAILSTORE_STATE_DIR, MAILSTORE_INLINE_WAIT_MS: '0' } });
    const { structured } = await callTool(server, ...REBUILD);
    await server.close();
    const { stdout, code } = await runBinary(['tasks', 'wait', String(structured['taskId'])], {
      MAILSTORE_STATE_DIR,
      ...settingsFor(sandbox),
    });
    expect(stdout.trimEnd().split('\n').at(-1)).toBe('RebuildStoreIndex succeeded.');
    expect(code).toBe(0);
    expect(sandbox.requests.filter(({ path }) => path.endsWith('/RebuildStoreIndex'))).toHaveLength(1);
  });

  test('asks the server to cancel one', async () => {
    const MAILSTORE_STATE_DIR = stateFolder();
    const clock = new ManualClock();
    const sandbox = await sandboxForTest({ clock, runSeconds: 10 });
    const env = { MAILSTORE_STATE_DIR, MAILSTORE_INLINE_WAIT_MS: '0' };
    const server = untilTestEnds(await startServer({ sandbox, access: 'read-write', env }));
    const { structured } = await callTool(server, ...REBUILD);
    const settings = { MAILSTORE_STATE_DIR, ...settingsFor(sandbox) };
    const cancel = ['tasks', 'cancel', String(structured['taskId'])];
    expect((await runBinary(cancel, settings)).stderr).toMatch(
      /^mailstore-mcp: tasks cancel \w{8} is refused: .* the access is read-only\. To run it, add --access read-write/,
    );
    const cancelled = await runBinary([...cancel, '--access', 'read-write'], settings);
    expect(cancelled.stdout).toBe('RebuildStoreIndex was asked to stop; it stops when the server gets to it.\n');
    await clock.advance(10_000);
    const { structured: end } = await callTool(server, 'get_task_status', { taskId: structured['taskId'], waitSeconds: 10 });
    expect(end['status']).toBe('cancelled');
  });

  test('prunes what ended long ago and nothing else', async () => {
    const { terminal } = await afterRebuild();
    expect((await runBinary(['tasks', 'prune', '--older-than', '1', '--yes'], terminal)).stdout).toBe(
      'No task ended more than 1 day ago.\n',
    );
    expect(await runBinary(['tasks', 'prune', '--older-than', '0'], terminal)).toMatchObject({ code: 2, stdout: '' });
    expect((await runBinary(['tasks', 'list', '--quiet'], terminal)).stdout).toMatch(/^[\da-f-]{36}\n$/);
    expect((await runBinary(['tasks', 'prune', '--older-than', '0', '--yes'], terminal)).stdout).toBe('1 ended task was removed.\n');
    expect((await runBinary(['tasks'], terminal)).stdout).toBe('No task is recorded.\n');
  });

  test.each([
    [['valueOf'], 2, "mailstore-mcp: There is no subcommand 'tasks valueOf'; see mailstore-mcp --help.\n"],
    [['lst'], 2, "mailstore-mcp: There is no subcommand 'tasks lst'; did you mean list?\n"],
    [
      ['show'],
      2,
      'mailstore-mcp: mailstore-mcp tasks show needs TASK, the id of a task or the beginning of one, as tasks list shows it; see mailstore-mcp tasks show --help.\n',
    ],
    [['show', 'ffff'], 2, "mailstore-mcp: There is no task 'ffff'; list the tasks to see those that are recorded.\n"],
    [['prune'], 2, 'mailstore-mcp: --older-than is not set; write a number of days such as 365.\n'],
    [['list', '--jsn'], 2, 'mailstore-mcp: Unknown option --jsn; did you mean --json?\n'],
  ])('%j is refused with one sentence', async (args, code, stderr) => {
    const result = await runBinary(['tasks', ...args], { MAILSTORE_STATE_DIR: stateFolder() });
    expect(result).toEqual({ code, stdout: '', stderr });
  });
});

describe('a task started in one client', () => {
  test('is seen and read to its end in another', async () => {
    const MAILSTORE_STATE_DIR = stateFolder();
    const clock = new ManualClock();
    const sandbox = await sandboxForTest({ clock, runSeconds: 10 });
    const options = { sandbox, access: 'read-write', env: { MAILSTORE_STATE_DIR, MAILSTORE_INLINE_WAIT_MS: '0' } } as const;
    const first = untilTestEnds(await startServer(options));
    const second = untilTestEnds(await startServer(options));
    const { structured, text } = await callTool(first, ...REBUILD);
    const taskId = TASK_ID.exec(text)?.[0];
    expect(taskId).toBe(structured['taskId']);
    expect((await callTool(second, ...REBUILD)).structured).toMatchObject({
      taskId,
      note: expect.stringContaining('already running') as unknown,
    });
    await clock.advance(10_000);
    let end = structured;
    while (end['status'] === 'starting' || end['status'] === 'running')
      end = (await callTool(second, 'get_task_status', { taskId, waitSeconds: 20 })).structured;
    expect(end).toMatchObject({ taskId, status: 'succeeded' });
    expect((await callTool(first, 'get_task_status', { taskId })).structured).toEqual(end);
    expect(sandbox.requests.filter(({ path }) => path.endsWith('/RebuildStoreIndex'))).toHaveLength(1);
  });
});
