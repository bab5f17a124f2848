import { existsSync } from 'node:fs';
import { AjvJsonSchemaValidator } from '@modelcontextprotocol/client/validators/ajv';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { systemClock, type Clock } from '../../src/base/clock.ts';
import { createLog } from '../../src/base/log.ts';
import type { ApiForm } from '../../src/base/target.ts';
import type { Command } from '../../src/catalogue/define-command.ts';
import { toolName } from '../../src/catalogue/naming.ts';
import type { WorldState } from '../../src/emulation/world.ts';
import { MailStoreClient, type Outcome } from '../../src/client/client.ts';
import type { CheckedValue } from '../../src/client/value.ts';
import { describeTool } from '../../src/mcp/describe-tool.ts';
import { listFields } from '../../src/mcp/list-query.ts';
import { worstEffect } from '../../src/policy/decide.ts';
import { startSandbox, type Sandbox } from '../../src/sandbox/sandbox.ts';
import { catalogue, commands } from '../helpers/server-catalogue.ts';
import { permitted } from '../helpers/start-client.ts';

const FORMS = ['modern', 'legacy', 'legacy-xml'] as const satisfies readonly ApiForm[];
const byName = commands.map((command) => [command.name, command] as const);

describe('called through the client over HTTPS', () => {
  let sandbox: Sandbox;
  let seeded: WorldState;
  let clients: Record<(typeof FORMS)[number], MailStoreClient>;

  beforeAll(async () => {
    sandbox = await startSandbox({ seed: 'small', runSeconds: 0.01, clock: stoppedClock(Date.UTC(2026, 2, 4, 9, 30)) });
    seeded = structuredClone(sandbox.world.state);
    const connect = (api: ApiForm) => connectTo(sandbox, api);
    clients = { modern: connect('modern'), legacy: connect('legacy'), 'legacy-xml': connect('legacy-xml') };
  });

  afterAll(async () => {
    await Promise.all(Object.values(clients).map((client) => client.close()));
    await sandbox.close();
  });

  test.each(byName)('%s answers its examples with what it declares, the same in every form of the API', async (_name, command) => {
    for (const example of command.examples) {
      const args = z.strictObject(command.input).parse(example);
      const answers: Partial<Record<ApiForm, CheckedValue>> = {};
      for (const form of FORMS) {
        answers[form] = await call(clients[form], command, args);
        if (worstEffect(command) !== 'read') await restoreWorld(sandbox, seeded);
      }
      expect(Object.fromEntries(Object.entries(answers).map(([form, { drift }]) => [form, drift]))).toEqual({
        modern: [],
        legacy: [],
        'legacy-xml': [],
      });
      const expected = command.emulate2012 ? answers.legacy : answers.modern;
      expect([answers.legacy?.value, answers['legacy-xml']?.value]).toEqual([expected?.value, expected?.value]);
    }
  });
});

describe('the tool of a command', () => {
  test.each(byName)('%s has annotations that agree with its effect', (_name, command) => {
    const worst = worstEffect(command);
    expect(describeTool(command).annotations).toEqual({
      readOnlyHint: worst === 'read',
      destructiveHint: worst === 'destructive' || (command.irreversible !== undefined && !command.nothingLost),
      idempotentHint: command.idempotent ?? command.effect === 'read',
      openWorldHint: false,
    });
    expect(command.effectRange === undefined || command.effectRange.includes(command.effect)).toBe(true);
  });

  test.each(byName)('%s is described in a few words that no client cuts off', (_name, command) => {
    const { description, title } = describeTool(command);
    expect(command.summary.length).toBeLessThanOrEqual(160);
    expect(description.length).toBeLessThan(2048);
    expect(description).toContain(command.summary);
    expect(title).toBe(command.title);
  });

  test.each(byName)('%s has a property for each argument, and a list for its paging too', (_name, command) => {
    const { inputSchema } = describeTool(command);
    const own = Object.keys(command.input);
    const paging = command.output.kind === 'list' ? Object.keys(listFields) : [];
    // A window of time may be given in other words, which are no arguments of the wire.
    const named = Object.keys(inputSchema['properties'] ?? {}).filter((name) => name !== 'since' && name !== 'until');
    expect(named).toEqual([...own, ...paging]);
    expect(inputSchema).toMatchObject({ type: 'object', additionalProperties: false });
    expect(Object.entries(inputSchema['properties'] ?? {}).filter(([, schema]) => Object.keys(schema as object).length === 0)).toEqual([]);
  });

  test.each(byName)('%s has schemas by which a client accepts its examples, and not another argument', (_name, command) => {
    const accepts = new AjvJsonSchemaValidator().getValidator(describeTool(command).inputSchema);
    expect(command.examples.filter((example) => !accepts(example).valid)).toEqual([]);
    expect(accepts({ ...command.examples[0], noSuchArgument: 1 }).valid).toBe(false);
    expect(describeTool(command).outputSchema.type).toBe('object');
  });

  test.each(byName)('%s has a file that shows it as clients see it', (name) => {
    expect(existsSync(new URL(`snapshots/${toolName(name)}.json`, import.meta.url))).toBe(true);
  });
});

/** A clock whose time stands still while its sleeps pass, so that two runs of one command write the same times. */
function stoppedClock(now: number): Clock {
  return { ...systemClock, now: () => now };
}

/** Gives the running sandbox a freshly seeded world, which takes far less time than starting another one. */
async function restoreWorld({ world }: Sandbox, seeded: WorldState): Promise<void> {
  // A job that an example started must not go on in the next world.
  for (const job of world.state.jobs) {
    while (world.engine.cancelJob(job)) await systemClock.sleep(5);
  }
  Object.assign(world.state, structuredClone(seeded));
}

function connectTo({ url, username, password, fingerprint }: Sandbox, api: ApiForm): MailStoreClient {
  return new MailStoreClient({
    origin: url,
    username,
    password,
    trust: { fingerprint },
    api,
    catalogue,
    timeoutMs: 10_000,
    clock: systemClock,
    log: createLog('error'),
  });
}

/** Calls a command with a person's yes, and follows a long one to its end. */
async function call(client: MailStoreClient, command: Command, args: Readonly<Record<string, unknown>>): Promise<CheckedValue> {
  let outcome: Outcome = await client.send(await client.prepare(permitted(command, args)));
  while (outcome.kind === 'running') {
    const { run, progress } = outcome;
    outcome = client.readPoll(command, run, await client.poll(run, progress.version));
    // Only the newer form holds the answer while there is no news.
    if (outcome.kind === 'running') await systemClock.sleep(10);
  }
  return outcome;
}
