import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { Deadline } from '../../src/base/deadline.ts';
import { createCatalogue, type Catalogue } from '../../src/catalogue/catalogue.ts';
import type { Command, EditionInput } from '../../src/catalogue/define-command.ts';
import * as f from '../../src/catalogue/fields.ts';
import { openBackend } from '../../src/cli/backend.ts';
import { loadConfig } from '../../src/config/load.ts';
import type { Exchange } from '../../src/client/record-exchange.ts';
import { Dispatcher } from '../../src/mcp/dispatcher.ts';
import { mergeToolLists } from '../../src/mcp/offered-tools.ts';
import { createToolList } from '../../src/mcp/tool-list.ts';
import type { Sandbox } from '../../src/sandbox/sandbox.ts';
import { gatherEvidence } from '../../src/tasks/evidence.ts';
import { catalogue as server, commands, findCommand, insights } from '../helpers/server-catalogue.ts';
import { ManualClock } from '../helpers/manual-clock.ts';
import { yesSayer } from '../helpers/start-backend.ts';
import { collectingLog } from '../helpers/start-client.ts';
import { sandboxForTest, settingsFor, untilTestEnds } from '../helpers/start-server.ts';
import { temporaryFolder } from '../helpers/temporary-folder.ts';

const INSTANCE = 'customer7';

/** An argument that a second edition adds to a command: the instance that it works on. */
const editionInput: EditionInput = { spe: { instanceID: f.scope(f.text().describe('Instance.')) } };

/** A made-up second edition: every command but the connection test takes an instance, and one command is its own. */
const other: Catalogue = createCatalogue('spe', {
  commands: commands.map((command): Command => ({ ...command, editions: ['spe'], ...(!command.connectionTest && { editionInput }) })),
  insights: insights.map((insight) => ({ ...insight, editionInput })),
});

const makeCatalogue = (edition: string) => (edition === 'spe' ? other : server);

/** Opens a backend with a target of each edition, and keeps the exchanges of both. */
async function openBoth() {
  const [first, second] = await Promise.all([sandboxForTest(), sandboxForTest({ catalogue: other })]);
  const exchanges: Exchange[] = [];
  const config = loadConfig({
    env: { ...settingsFor(first), MAILSTORE_ACCESS: 'full', MAILSTORE_STATE_DIR: temporaryFolder() },
    flags: {},
  });
  const [target] = config.targets;
  if (!target) throw new Error('no target');
  const { url: origin, username, password, fingerprint } = second;
  const both = {
    ...config,
    targets: [target, { ...target, name: 'other', edition: 'spe', origin, username, password, fingerprint }] as const,
  };
  const log = collectingLog([]);
  const backend = untilTestEnds(openBackend(both, { makeCatalogue, log, onExchange: (exchange) => exchanges.push(exchange) }));
  const dispatcher = new Dispatcher({ config: both, log, ...backend });
  const call = async (tool: string, args: Readonly<Record<string, unknown>>) =>
    dispatcher.call(tool, args, {
      signal: AbortSignal.timeout(60_000),
      deadline: new Deadline(new ManualClock(), 1000),
      client: { claimed: 'test' },
    });
  return { backend, call, invoked: (far: Sandbox) => listInvoked(far, exchanges), first, second };
}

/** Returns the commands that were sent to a server, each with the instance in its form, in their order. */
function listInvoked({ url }: Sandbox, exchanges: readonly Exchange[]): readonly (readonly [command: string, instance: string | null])[] {
  return exchanges.flatMap(({ request }) => {
    const command = request.url.startsWith(url) && /\/invoke\/(\w+)$/.exec(request.url)?.[1];
    return command ? [[command, new URLSearchParams(request.body).get('instanceID')] as const] : [];
  });
}

const CALLER = { client: { claimed: 'test' }, prompter: yesSayer() };

/** A call by a caller who says yes. */
function makeCall(command: Command, target: string) {
  const args = { instanceID: INSTANCE, ...command.examples[0] };
  return { command, args: z.strictObject(command.input).parse(args), target };
}

describe('a second edition whose commands take an instance', () => {
  test.each([false, true])('sends the instance with every call and every read that is made for it, long commands: %s', async (isLong) => {
    const { backend, invoked, second } = await openBoth();
    const called = other.commands.filter(({ longRunning = false, connectionTest }) => longRunning === isLong && !connectionTest);
    for (const command of called) {
      // What an earlier call of this loop deleted or stopped is refused by the server, and its requests are compared all the same.
      const answered = await backend.guard.run(makeCall(command, 'other'), CALLER).catch(() => undefined);
      if (answered?.kind === 'task') await backend.runner.waitForEnd(answered.task.taskId, 10_000);
    }
    const sent = invoked(second);
    expect(sent.length).toBeGreaterThan(called.length);
    const tests = other.commands.filter(({ connectionTest }) => connectionTest).map(({ name }) => name);
    expect(sent.filter(([command, instance]) => instance !== INSTANCE && !tests.includes(command))).toEqual([]);
  });

  test('puts a change back in the instance in which it was made', async () => {
    const { backend, invoked, second } = await openBoth();
    const rename = other.find('RenameStore');
    if (!rename) throw new Error('no command');
    const answered = await backend.guard.run(makeCall(rename, 'other'), CALLER);
    await backend.guard.revert(answered.kind === 'value' ? (answered.change?.number ?? 0) : 0, CALLER);
    expect(invoked(second)).toEqual(
      ['GetStores', 'RenameStore', 'GetStores', 'GetStores', 'GetStores', 'RenameStore', 'GetStores'].map((name) => [name, INSTANCE]),
    );
  });

  test('gathers the evidence of a lost end in the instance of the task', async () => {
    const { backend, invoked, second } = await openBoth();
    const client = backend.clients.get('other');
    const gathering = other.commands.filter(({ evidence }) => evidence);
    for (const command of gathering) {
      const { args: argumentsMasked } = makeCall(command, 'other');
      if (client) await gatherEvidence(client, command, { argumentsMasked, startedAt: '2026-03-04T09:00:00.000Z' });
    }
    const sent = invoked(second);
    expect(sent.length).toBeGreaterThan(gathering.length / 2);
    expect(sent.filter(([, instance]) => instance !== INSTANCE)).toEqual([]);
  });

  test('answers a question from reads of the instance that it is asked about', async () => {
    const { call, invoked, second } = await openBoth();
    const answer = await call('storage_report', { instanceID: INSTANCE, target: 'other' });
    expect(answer).not.toHaveProperty('isError', true);
    expect(new Set(invoked(second))).not.toContainEqual([expect.any(String), null]);
  });
});

describe('two targets of different editions', () => {
  test('each take the arguments of their own edition', async () => {
    const { call } = await openBoth();
    const texts = await Promise.all(
      [
        { target: 'default' },
        { target: 'default', instanceID: INSTANCE },
        { target: 'other' },
        { target: 'other', instanceID: INSTANCE },
      ].map(async (args) => JSON.stringify(await call('get_user_info', { userName: 'amira', ...args }))),
    );
    expect(texts).toEqual([
      expect.stringContaining('Amira Okoye'),
      expect.stringContaining('instanceID'),
      expect.stringContaining('instanceID is missing'),
      expect.stringContaining('Amira Okoye'),
    ]);
  });

  test('share one list of tools, in which an argument that only one edition has is optional', () => {
    const merged = mergeToolLists([createToolList(server), createToolList(other)]);
    expect(merged.map(({ tool }) => tool.name)).toEqual(createToolList(server).map(({ tool }) => tool.name));
    const { inputSchema } = merged.find(({ tool }) => tool.name === 'get_user_info')?.tool ?? {};
    expect(inputSchema?.['properties']).toHaveProperty('instanceID.description', 'Instance.');
    expect(inputSchema?.['required']).toEqual(['userName']);
  });
});

test('a catalogue has only the commands of its edition', () => {
  const own = { ...commands.map((command) => command)[0], name: 'CreateInstance', editions: ['spe'] } as Command;
  const tools = { commands: [...commands, own], insights };
  expect(createCatalogue('server', tools).find('CreateInstance')).toBeUndefined();
  expect(createCatalogue('server', tools).commands).toEqual(commands);
  expect(findCommand('GetUserInfo')?.input).not.toHaveProperty('instanceID');
  expect(other.find('GetUserInfo')?.input).toHaveProperty('instanceID');
});
