import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Access, ApiForm } from '../../src/base/target.ts';
import { TOOLSETS } from '../../src/catalogue/define-command.ts';
import { openTester } from '../../src/cli/open-tester.ts';
import type { Prompter } from '../../src/guard/prompter.ts';
import type { Sandbox, SandboxOptions } from '../../src/sandbox/sandbox.ts';
import type { Exchange, Tester } from '../../src/tester/tester.ts';
import { collectingLog, commandNamed } from '../helpers/start-client.ts';
import { sandboxForTest, untilTestEnds } from '../helpers/start-server.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

interface Setting {
  readonly tester: Tester;
  readonly sandbox: Sandbox;
  readonly stateDir: string;
}

async function setting(access: Access, options: SandboxOptions = {}): Promise<Setting> {
  const sandbox = await sandboxForTest(options);
  const stateDir = temporaryFolder();
  return makeTester(sandbox, stateDir, access);
}

function makeTester(sandbox: Sandbox, stateDir: string, access: Access): Setting {
  const { url, username, password, fingerprint } = sandbox;
  const target = { name: 'default', origin: url, username, password, fingerprint, access, api: 'auto', edition: 'server' } as const;
  const config = {
    targets: [target],
    access,
    toolsets: TOOLSETS,
    surface: 'full',
    stateDir,
    secretVariables: {},
    timeoutMs: 10_000,
    inlineWaitMs: 0,
    logLevel: 'error',
  } as const;
  const tester = untilTestEnds(openTester(config, collectingLog([]), { client: 'tester' }));
  return { tester, sandbox, stateDir };
}

function makeCall(name: string, args: Readonly<Record<string, unknown>> = {}, form: ApiForm = 'auto') {
  return { command: commandNamed(name), args, target: 'default', form };
}

const REBUILD = makeCall('RebuildStoreIndex', { id: 3, folder: 'amira' });

/** Returns purpose and path of each exchange, repeated polls once. */
function told(exchanges: readonly Exchange[]): string[] {
  const lines = exchanges.map(({ purpose, request }) => `${purpose} ${new URL(request.url).pathname}`);
  return lines.filter((line, index) => line !== lines[index - 1]);
}

describe('a call of the tester', () => {
  test('shows the exchanges that it caused, and what each was made for', async () => {
    const { tester } = await setting('read-write');
    const exchanges: Exchange[] = [];
    const answered = await tester.call(makeCall('SetUserFullName', { userName: 'johndoe', fullName: 'Jack' }), {
      onExchange: (exchange) => exchanges.push(exchange),
    });
    expect(answered).toMatchObject({
      kind: 'value',
      value: null,
      change: { before: { fullName: 'John Doe' }, after: { fullName: 'Jack' } },
    });
    expect(told(exchanges)).toEqual([
      'support /api/get-metadata',
      'support /api/invoke/GetUserInfo',
      'call /api/invoke/SetUserFullName',
      'support /api/invoke/GetUserInfo',
    ]);
  });

  test('speaks the form that it asks for', async () => {
    const { tester } = await setting('read-only');
    const paths: string[] = [];
    for (const form of ['modern', 'legacy', 'legacy-xml'] as const) {
      const onExchange = ({ purpose, request }: Exchange) => {
        if (purpose === 'call') paths.push(new URL(request.url).pathname);
      };
      expect(await tester.call(makeCall('GetUserInfo', { userName: 'johndoe' }, form), { onExchange })).toMatchObject({
        value: { userName: 'johndoe' },
      });
    }
    expect(paths).toEqual(['/api/invoke/GetUserInfo', '/JSON/Invoke/GetUserInfo', '/XML/Invoke/GetUserInfo']);
  });

  test('shows the polls of its own run only', async () => {
    const { tester } = await setting('read-write');
    const [first, second]: [Exchange[], Exchange[]] = [[], []];
    const answered = await tester.call(REBUILD, { onExchange: (exchange) => first.push(exchange) });
    if (answered.kind !== 'task') throw new Error('no task');
    await tester.call(makeCall('GetServerInfo'), { onExchange: (exchange) => second.push(exchange) });
    const ended = await tester.tasks.waitForEnd(answered.task.taskId, 15_000);
    expect(ended.status).toBe('succeeded');
    expect(told(first)).toEqual(['support /api/get-metadata', 'call /api/invoke/RebuildStoreIndex', 'status /api/get-status']);
    expect(told(second)).toEqual(['call /api/invoke/GetServerInfo']);
    expect(first.at(-1)?.response?.body).toContain('"statusCode":"succeeded"');
  });

  test('is not shown what its backend does by itself, such as following a task that was left behind', async () => {
    const left = await setting('read-write', { runSeconds: 3 });
    await left.tester.call(REBUILD);
    await left.tester.close();
    const { tester } = makeTester(left.sandbox, left.stateDir, 'read-write');
    const exchanges: Exchange[] = [];
    await tester.call(makeCall('GetServerInfo'), { onExchange: (exchange) => exchanges.push(exchange) });
    const [task] = await tester.tasks.recent(1);
    expect((await tester.tasks.waitForEnd(task?.taskId ?? '', 15_000)).status).toBe('succeeded');
    expect(told(exchanges).filter((line) => line.startsWith('status'))).toEqual([]);
  });

  test('can be asked to stop, in whichever form it was started', async () => {
    const { tester } = await setting('read-write', { runSeconds: 60 });
    await tester.call(makeCall('GetServerInfo', {}, 'legacy'));
    const answered = await tester.call(REBUILD);
    if (answered.kind !== 'task') throw new Error('no task');
    const exchanges: Exchange[] = [];
    const { taskId } = answered.task;
    await expect.poll(async () => (await tester.tasks.recent(1))[0]?.status).toBe('running');
    await tester.cancel(taskId, { onExchange: (exchange) => exchanges.push(exchange) });
    expect(told(exchanges)).toEqual(['cancel /api/cancel-async']);
    expect((await tester.tasks.waitForEnd(taskId, 15_000)).status).toBe('cancelled');
  });

  test('goes through the guard: refused by the access level, asked for a yes, and on record', async () => {
    const { tester, stateDir, sandbox } = await setting('full');
    const readOnly = makeTester(sandbox, stateDir, 'read-only');
    await expect(readOnly.tester.call(makeCall('DeleteUser', { userName: 'johndoe' }))).rejects.toThrow('delete_user is refused');
    const asked: string[] = [];
    const saying = (kind: 'accepted' | 'declined'): Prompter => ({
      channel: 'tester',
      ask: async ({ prompt }) => {
        asked.push(prompt.split('\n')[0] ?? '');
        return { kind };
      },
    });
    await expect(tester.call(makeCall('DeleteUser', { userName: 'johndoe' }), { prompter: saying('declined') })).rejects.toThrow(
      'the question was declined',
    );
    expect(await tester.call(makeCall('DeleteUser', { userName: 'johndoe' }), { prompter: saying('accepted') })).toMatchObject({
      value: null,
    });
    expect(asked).toEqual(['Delete user johndoe (John Doe)?', 'Delete user johndoe (John Doe)?']);
    const lines = readFileSync(join(stateDir, 'audit.jsonl'), 'utf8')
      .trimEnd()
      .split('\n')
      .filter((line) => line.includes('"command"'));
    const audited = lines.map(
      (line) => JSON.parse(line) as { client: string; decision: string; consent?: { channel: string; answer: string } },
    );
    expect(audited.map(({ client, decision, consent }) => [client, decision, consent?.channel, consent?.answer])).toEqual([
      ['tester', 'refuse', undefined, undefined],
      ['tester', 'ask', 'tester', 'declined'],
      ['tester', 'ask', 'tester', 'accepted'],
      ['tester', 'ask', undefined, undefined],
    ]);
  });

  test('is refused before anything is sent when an argument is unknown or missing', async () => {
    const { tester, sandbox } = await setting('read-only');
    await expect(tester.call(makeCall('GetUserInfo', { user: 'a' }))).rejects.toThrow('GetUserInfo does not take user');
    await expect(tester.call(makeCall('GetUserInfo'))).rejects.toThrow('userName is missing');
    expect(sandbox.requests).toEqual([]);
  });
});
