import { readFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { runBinary } from '../helpers/run-binary.ts';
import { hasTerminal, runInTerminal } from '../helpers/run-in-terminal.ts';
import { callTool, sandboxForTest, startServer, untilTestEnds, type RunningServer } from '../helpers/start-server.ts';

const PROMPT = ' to cancel:';

/** Has a client that cannot ask call a tool, and returns the id that a person can approve it by. */
async function request(server: RunningServer, tool: string, args: Readonly<Record<string, unknown>>): Promise<string> {
  const { text } = await callTool(server, tool, args);
  const id = / approve ([2-9a-y]{8})/.exec(text)?.[1];
  if (id === undefined) throw new Error(text);
  return id;
}

async function start() {
  const sandbox = await sandboxForTest();
  const server = untilTestEnds(await startServer({ sandbox, access: 'full' }));
  const exists = (wanted: string) => sandbox.world.state.users.some(({ userName }) => userName === wanted);
  return { sandbox, server, exists, folder: ['--state-dir', server.stateDir] };
}

describe.runIf(hasTerminal)('a person at a terminal', () => {
  test('sees what the client was to show, says yes, and the same call runs once', async () => {
    const { server, exists, folder } = await start();
    const id = await request(server, 'delete_user', { userName: 'amira' });
    const { code, screen } = await runInTerminal(['approve', id, ...folder], [{ after: PROMPT, type: 'yes' }]);
    expect(code).toBe(0);
    expect(screen).toContain('Delete user amira (Amira Okoye)?\n');
    expect(screen).toContain('Granted. The call can be made again now, with the same arguments.');
    expect(exists('amira')).toBe(true);
    expect((await callTool(server, 'delete_user', { userName: 'maria.lopez' })).isError).toBe(true);
    expect((await callTool(server, 'delete_user', { userName: 'amira' })).isError).toBe(false);
    expect([exists('amira'), exists('maria.lopez')]).toEqual([false, true]);
  });

  test('who types anything else grants nothing', async () => {
    const { server, exists, folder } = await start();
    const id = await request(server, 'delete_user', { userName: 'amira' });
    const { code, screen } = await runInTerminal(['approve', id, ...folder], [{ after: PROMPT, type: 'yess' }]);
    expect([code, screen.includes('It was not granted.')]).toEqual([1, true]);
    expect((await callTool(server, 'delete_user', { userName: 'amira' })).isError).toBe(true);
    expect(exists('amira')).toBe(true);
  });

  test('types the name of what is gone for good', async () => {
    const { sandbox, server, folder } = await start();
    const id = await request(server, 'detach_store', { id: 2 });
    expect((await runInTerminal(['approve', id, ...folder], [{ after: PROMPT, type: 'yes' }])).code).toBe(1);
    expect(
      (await runInTerminal(['approve', id, ...folder], [{ after: 'type 2024 to confirm, or press Enter to cancel:', type: '2024' }])).code,
    ).toBe(0);
    expect((await callTool(server, 'detach_store', { id: 2 })).isError).toBe(false);
    expect(sandbox.world.state.stores.map(({ id: storeId }) => storeId)).not.toContain(2);
  });

  test('is on record with user, process, parent and terminal, with what was read and decided, and audit show says so', async () => {
    const { server, folder } = await start();
    const granted = await request(server, 'delete_user', { userName: 'amira' });
    const refused = await request(server, 'delete_user', { userName: 'maria.lopez' });
    await runInTerminal(['approve', granted, ...folder], [{ after: PROMPT, type: 'yes' }]);
    await runBinary(['approve', refused, '--refuse', ...folder], {}, { ownProcess: true });
    const decisions = readFileSync(join(server.stateDir, 'audit.jsonl'), 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>)
      .filter(({ decidedBy }) => decidedBy !== undefined);
    const aProcess = { user: userInfo().username, pid: expect.any(Number) as number, parentPid: expect.any(Number) as number };
    const terminal = expect.stringMatching(/^\/dev\/pts\/\d+$/) as string;
    expect(decisions).toMatchObject([
      {
        event: 'approval_granted',
        approvalId: granted,
        tool: 'delete_user',
        target: 'default',
        prompt: expect.stringMatching(/^Delete user amira \(Amira Okoye\)\?\n/) as string,
        decidedBy: { ...aProcess, terminal },
      },
      { event: 'approval_refused', approvalId: refused, decidedBy: { ...aProcess, parentPid: process.pid, terminal: null } },
    ]);
    const shown = (await runBinary(['audit', 'show', ...folder])).stdout.split('\n').filter((line) => line.includes(' approval_'));
    const user = userInfo().username;
    expect(shown).toEqual([
      expect.stringMatching(
        new RegExp(
          `approval_granted by ${user} \\(process \\d+, parent \\d+, /dev/pts/\\d+\\)  ${granted} delete_user on default: Delete user amira \\(Amira Okoye\\)\\? `,
        ),
      ) as string,
      expect.stringMatching(
        new RegExp(
          `approval_refused by ${user} \\(process \\d+, parent ${process.pid}, no terminal\\)  ${refused} delete_user on default: Delete user maria`,
        ),
      ) as string,
    ]);
  });

  test('cannot grant what was granted, refused or made up', async () => {
    const { server, folder } = await start();
    const id = await request(server, 'delete_user', { userName: 'amira' });
    await runInTerminal(['approve', id, ...folder], [{ after: PROMPT, type: 'yes' }]);
    expect((await runBinary(['approve', id, ...folder])).stderr).toBe(
      `mailstore-mcp: The request ${id} is granted and cannot be decided any more; have the call repeated.\n`,
    );
    expect((await runBinary(['approve', 'zzzzzzzz', ...folder])).stderr).toContain("No approval with the id 'zzzzzzzz' is pending here");
  });
});

test('a program without a terminal can grant nothing', async () => {
  const { server, exists, folder } = await start();
  const id = await request(server, 'delete_user', { userName: 'amira' });
  expect(await runBinary(['approve', id, ...folder])).toMatchObject({
    code: 2,
    stderr: 'mailstore-mcp: approve takes a yes only from a person at a terminal, and this is not one; run it in a terminal yourself.\n',
  });
  expect((await callTool(server, 'delete_user', { userName: 'amira' })).isError).toBe(true);
  expect(exists('amira')).toBe(true);
});

test('what waits is listed, and a refusal ends it', async () => {
  const { server, folder } = await start();
  const id = await request(server, 'delete_user', { userName: 'amira' });
  expect((await runBinary(['approve', ...folder])).stdout).toMatch(
    new RegExp(`^ID +WHAT +EXPIRES IN +TARGET +TOOL\n${id}  Delete amira  (?:10 min|9 min \\d+ s) +default +delete_user\n$`),
  );
  expect((await runBinary(['approve', id, '--refuse', ...folder])).stdout).toBe('Refused.\n');
  expect((await runBinary(['approve', ...folder])).stdout).toBe('No approvals are pending.\n');
});
