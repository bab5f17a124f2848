import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import type { WorldState } from '../../src/emulation/world.ts';
import { worstEffect } from '../../src/policy/decide.ts';
import { commands } from '../helpers/server-catalogue.ts';
import { ManualClock } from '../helpers/manual-clock.ts';
import { startBackend, yesSayer } from '../helpers/start-backend.ts';
import { sandboxForTest } from '../helpers/start-server.ts';

/** Commands with a way back whose example is a case without one; the tests of their groups have the others. */
const NONE_FOR_EXAMPLE = ['ClearUserPrivilegesOnFolders', 'SetDirectoryServicesConfiguration'];

const changing = commands.filter((command) => worstEffect(command) !== 'read');
const revertible = changing.filter(({ inverse }) => inverse !== undefined);

/** The world without its records of what was done and when, and without what a detached store leaves on the disk. */
function comparable({ auditLog: _audit, lastIds: _ids, random: _random, outbox: _outbox, ...state }: WorldState): unknown {
  const jobs = state.jobs.map(({ nextStartDateTimeUtc: _next, ...job }) => job);
  const profiles = state.profiles.map(({ version: _version, ...profile }) => profile);
  const indexes = state.indexes.filter(({ storeId }) => state.stores.some(({ id }) => id === storeId));
  const detachedStores = state.detachedStores.filter(({ id }) => id <= 8);
  return JSON.parse(JSON.stringify({ ...state, jobs, profiles, indexes, detachedStores }));
}

test('every change says how it is put back, or why it cannot be', () => {
  const silent = changing.filter(({ inverse, irreversible }) => (inverse === undefined) === (irreversible === undefined));
  expect(silent.map(({ name }) => name)).toEqual([]);
  const unfinished = changing.filter(({ irreversible }) => irreversible !== undefined && !/^[A-Z].+\.$/.test(irreversible));
  expect(unfinished.map(({ name }) => name)).toEqual([]);
});

test('every command with an inverse has a read before and after', () => {
  expect(revertible.filter(({ before }) => before === undefined).map(({ name }) => name)).toEqual([]);
});

test('every command that can be destructive or risky has a question', () => {
  const silent = commands.filter((command) => (worstEffect(command) === 'destructive' || command.risks) && !command.question);
  expect(silent.map(({ name }) => name)).toEqual([]);
});

describe('putting back', () => {
  test.each(revertible.filter(({ name }) => !NONE_FOR_EXAMPLE.includes(name)).map((command) => [command.name, command] as const))(
    '%s leaves the archive as it was',
    async (_name, command) => {
      // A new automatic profile is due at once: the clock stands still, so that it does not run in between.
      const sandbox = await sandboxForTest(command.name === 'CreateProfile' ? { clock: new ManualClock(Date.now()) } : {});
      const { guard } = startBackend(sandbox);
      const caller = { client: { claimed: 'test' }, prompter: yesSayer() };
      const before = comparable(sandbox.world.state);
      const answered = await guard.run(
        { command, args: z.strictObject(command.input).parse(command.examples[0]), target: 'default' },
        caller,
      );
      const number = answered.kind === 'value' ? answered.change?.number : undefined;
      expect(number).toBe(1);
      expect(comparable(sandbox.world.state)).not.toEqual(before);
      await guard.revert(1, caller);
      expect(comparable(sandbox.world.state)).toEqual(before);
      expect((await guard.changes({ limit: 50 })).rows.map(({ revertedBy }) => revertedBy)).toEqual([undefined, 2]);
    },
  );
});
