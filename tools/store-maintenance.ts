import * as z from 'zod';
import { defineCommand, type Question } from '../src/catalogue/define-command.ts';
import * as f from '../src/catalogue/fields.ts';
import { joinSentences } from '../src/catalogue/phrases.ts';
import { anything } from '../src/catalogue/outputs.ts';
import {
  hasBrokenDatabase,
  requireChangeable,
  requireOpen,
  RECOVERY_UNFINISHED,
  addMissingIndexes,
  requireFileSystem,
  requireUnlocked,
  requireReachable,
  requireAttached,
} from '../src/emulation/archive-stores.ts';
import { evenly, slices, type Line, type Run } from '../src/emulation/steps.ts';
import {
  UPGRADE_STEPS,
  upgradeObstacle,
  verificationObstacle,
  findDamage,
  summarize,
  removeWhere,
} from '../src/emulation/store-maintenance.ts';
import { CommandFailure } from '../src/emulation/world.ts';
import { storeInQuestion, complianceInQuestion, nameStore, describeStore, identifyStore, LEGAL_HOLD, isHeld } from './describe-store.ts';

const group = 'stores';
const editions = ['server', 'spe'] as const;
const since2018 = 'between 9.0 (2014) and 2018';
const since2024 = 'between 2018 and 24.x (2024)';

/** The question before something of a store is lost for good, while its messages stay. */
const askAboutLoss = (verb: string, loss: string): Question<{ readonly id: number }> => ({
  reads: { store: storeInQuestion, compliance: complianceInQuestion },
  verb: () => verb,
  label: ({ id }) => `${verb} store ${id}`,
  object: nameStore,
  facts: (_, { store }) => identifyStore(store),
  consequence: (_, { store, compliance }) => joinSentences(describeStore(store), loss, isHeld(compliance) && LEGAL_HOLD),
});

export const compactStore = defineCommand({
  name: 'CompactStore',
  title: 'Compact a store',
  summary: 'Frees disk space by dropping the remains of deleted mail; recover_store can no longer bring that mail back.',
  group,
  editions,
  effect: 'destructive',
  longRunning: true,
  idempotent: true,
  input: { id: f.storeId },
  irreversible: 'The remains of deleted messages are gone for good.',
  question: askAboutLoss(
    'Compact',
    'The remains of deleted messages are removed for good: recover_store can no longer bring those messages back; all others stay.',
  ),
  evidence: ({ id }) => [{ read: 'GetStores', args: { includeSize: true }, rows: { id } }],
  output: anything,
  examples: [{ id: 2 }],
  emulate: function* (world, { id }): Run {
    const { name } = world.store(id);
    requireChangeable(world.store(id));
    yield { percent: 1, text: `Compacting archive store '${name}'` };
    yield { percent: 5, text: 'Searching for remains of deleted messages' };
    const remains = world.state.messages.filter((message) => message.storeId === id && message.deleted);
    for (const { percent, done, items } of slices(remains, 10, 80)) {
      yield { percent, text: `Removing deleted message ${done + 1} of ${remains.length}` };
      requireChangeable(world.store(id));
      const dropped = new Set(items.filter((message) => message.deleted));
      removeWhere(world.state.messages, (message) => dropped.has(message));
    }
    yield { percent: 82, text: 'Rewriting content files' };
    yield { percent: 90, text: 'Compacting the store database' };
    yield { percent: 98, text: `${remains.length} deleted messages removed` };
    return null;
  },
});

export const mergeStore = defineCommand({
  name: 'MergeStore',
  title: 'Merge stores',
  summary:
    'Copies all mail of one store into another; cannot be undone. The source stays: detach_store it after checking, or mail shows twice.',
  group,
  editions,
  effect: 'write',
  longRunning: true,
  idempotent: false,
  input: {
    id: z.int().positive().describe('Store to copy into.'),
    sourceId: z.int().positive().describe('Store to copy from.'),
  },
  irreversible: 'No command takes the copied messages out of the store again.',
  evidence: ({ id }) => [{ read: 'GetStores', args: { includeSize: true }, rows: { id } }],
  output: anything,
  examples: [{ id: 2, sourceId: 1 }],
  emulate: function* (world, { id, sourceId }): Run {
    const target = world.store(id);
    const source = world.store(sourceId);
    if (target === source) throw new CommandFailure('An archive store cannot be merged into itself.');
    requireChangeable(target);
    requireOpen(source);
    yield { percent: 1, text: `Merging archive store '${source.name}' into '${target.name}'` };
    yield { percent: 4, text: 'Comparing folders' };
    const messages = world.messagesIn(sourceId);
    for (const { percent, done, items } of slices(messages, 8, 88)) {
      yield { percent, text: `Copying message ${done + 1} of ${messages.length}` };
      requireChangeable(world.store(id));
      requireOpen(world.store(sourceId));
      for (const message of items) {
        if (!message.deleted) world.state.messages.push({ ...message, storeId: id, number: world.nextId('message') });
      }
      addMissingIndexes(world, id);
    }
    yield { percent: 90, text: 'Committing search indexes' };
    yield { percent: 97, text: `${messages.length} messages copied` };
    return null;
  },
});

export const recoverStore = defineCommand({
  name: 'RecoverStore',
  title: 'Recover a store',
  summary:
    'Replaces the database of a disabled or failed store by one rebuilt from recovery records; what they lack is lost. See verify_store.',
  group,
  editions,
  since: since2018,
  effect: 'destructive',
  longRunning: true,
  idempotent: false,
  input: {
    id: f.storeId,
    encryptionKey: f.secret('Needed if the key file is lost.').optional(),
    recoverDeletedMessages: z.boolean().optional().describe('true also restores deleted mail not yet compacted away.'),
  },
  irreversible: 'The database that is replaced is not kept.',
  question: {
    reads: { store: storeInQuestion },
    verb: () => 'Recover',
    label: ({ id }) => `Recover store ${id}`,
    object: nameStore,
    facts: (_, { store }) => identifyStore(store),
    consequence: ({ recoverDeletedMessages }, { store }) =>
      joinSentences(
        describeStore(store),
        'Its database is replaced by one rebuilt from the recovery records; what they lack is lost for good.',
        recoverDeletedMessages === true && 'Deleted messages that were not compacted away come back.',
        recoverDeletedMessages === false && 'Deleted messages stay deleted.',
      ),
  },
  evidence: ({ id }) => [{ read: 'GetStores', args: { includeSize: true }, rows: { id } }],
  output: anything,
  examples: [{ id: 6, recoverDeletedMessages: false }],
  emulate: function* (world, { id, recoverDeletedMessages }): Run {
    const store = world.store(id);
    requireFileSystem(store);
    requireUnlocked(store);
    requireReachable(store);
    if (store.requestedState !== 'disabled' && store.error === null) {
      throw new CommandFailure(`Archive store '${store.name}' must be disabled or in error state to be recovered.`);
    }
    if (store.needsUpgrade) throw new CommandFailure(`Archive store '${store.name}' must be upgraded before it can be recovered.`);
    if (store.recoveryRecordsDamaged) throw new CommandFailure(`The recovery records of archive store '${store.name}' are damaged.`);
    world.audit('RecoverStoreStart', `Recovery of archive store '${store.name}' started.`);
    yield { percent: 1, text: `Recovering archive store '${store.name}'` };
    requireAttached(world, store);
    // The old database is gone from here on: a run that stops before the end leaves a store that cannot be opened.
    store.error = RECOVERY_UNFINISHED;
    yield { percent: 5, text: 'Creating an empty store database' };
    yield { percent: 8, text: 'Reading recovery records' };
    const records = world.state.messages.filter((message) => message.storeId === id && (recoverDeletedMessages || !message.deleted));
    for (const { percent, done, items } of slices(records, 10, 85)) {
      yield { percent, text: `Replaying record ${done + 1} of ${records.length}` };
      requireAttached(world, store);
      for (const message of items) delete message.deleted;
    }
    yield { percent: 88, text: 'Creating database indexes' };
    yield { percent: 95, text: `${records.length} messages recovered` };
    requireAttached(world, store);
    addMissingIndexes(world, id);
    store.error = null;
    world.audit('RecoverStoreFinish', `Recovery of archive store '${store.name}' finished.`);
    return null;
  },
});

export const recreateRecoveryRecords = defineCommand({
  name: 'RecreateRecoveryRecords',
  title: 'Recreate recovery records',
  summary: 'Overwrites the recovery records of a store from its live database; what only they contained is lost. See verify_store first.',
  group,
  editions,
  since: since2018,
  effect: 'destructive',
  longRunning: true,
  idempotent: true,
  input: { id: f.storeId },
  irreversible: 'The old recovery records are overwritten.',
  question: askAboutLoss(
    'Recreate the recovery records of',
    'Its recovery records are written again from its database; what only the old ones contained is lost for good, and its messages stay.',
  ),
  evidence: ({ id }) => [{ read: 'GetStores', args: { includeSize: true }, rows: { id } }],
  output: anything,
  examples: [{ id: 3 }],
  emulate: function* (world, { id }): Run {
    const store = world.store(id);
    requireChangeable(store);
    if (store.type !== 'FileSystemInternal' && store.contentPath === '') {
      throw new CommandFailure(`Archive store '${store.name}' keeps its content in the database and has no recovery records.`);
    }
    yield { percent: 1, text: `Recreating the recovery records of archive store '${store.name}'` };
    requireChangeable(world.store(id));
    // Records that are only partly written cannot be used.
    store.recoveryRecordsDamaged = true;
    yield { percent: 6, text: 'Removing the old recovery records' };
    const count = world.messagesIn(id).length;
    for (const { percent, done } of slices(world.messagesIn(id), 10, 90)) {
      requireChangeable(world.store(id));
      yield { percent, text: `Writing record ${done + 1} of ${count}` };
    }
    yield { percent: 93, text: 'Checking the new recovery records' };
    yield { percent: 98, text: `${count} recovery records written` };
    requireChangeable(world.store(id));
    store.recoveryRecordsDamaged = false;
    return null;
  },
});

export const repairStoreDatabase = defineCommand({
  name: 'RepairStoreDatabase',
  title: 'Repair a store database',
  summary: 'Rebuilds the internal indexes of a file-system store database. A damaged database needs recover_store instead.',
  group,
  editions,
  since: since2018,
  effect: 'write',
  longRunning: true,
  idempotent: true,
  input: { id: f.storeId },
  irreversible: 'The indexes inside the database are rebuilt from what it holds, so there is nothing to put back.',
  nothingLost: true,
  evidence: ({ id }) => [{ read: 'GetStores', args: { includeSize: true }, rows: { id } }],
  output: anything,
  examples: [{ id: 3 }],
  emulate: function* (world, { id }): Run {
    const store = world.store(id);
    requireFileSystem(store);
    if (!hasBrokenDatabase(store)) requireChangeable(store);
    yield* evenly([
      `Repairing the database of archive store '${store.name}'`,
      'Deactivating database indexes',
      'Checking database pages',
      'Rebuilding the index of folders',
      'Rebuilding the index of messages',
      'Rebuilding the index of attachments',
    ]);
    if (hasBrokenDatabase(store)) throw new CommandFailure('The store database is damaged beyond its indexes; recover the archive store.');
    yield { percent: 96, text: 'Activating database indexes' };
    return null;
  },
});

export const upgradeStore = defineCommand({
  name: 'UpgradeStore',
  title: 'Upgrade a store',
  summary: 'Upgrades one store to the current storage format: no way back, and unavailable meanwhile. Take a backup first (create_backup).',
  group,
  editions,
  effect: 'write',
  longRunning: true,
  idempotent: true,
  input: { id: f.storeId },
  irreversible: 'No command converts a store back to an earlier format.',
  evidence: ({ id }) => [{ read: 'GetStores', args: { includeSize: true }, rows: { id } }],
  output: anything,
  examples: [{ id: 5 }],
  emulate: function* (world, { id }): Run {
    const store = world.store(id);
    const obstacle = upgradeObstacle(store);
    if (obstacle !== null) throw new CommandFailure(obstacle);
    if (!store.needsUpgrade) {
      yield* evenly(['Opening the archive store', `Archive store '${store.name}' already has the current format`]);
      return null;
    }
    yield* evenly([`Upgrading archive store '${store.name}'`, ...UPGRADE_STEPS]);
    requireAttached(world, store);
    store.needsUpgrade = false;
    return null;
  },
});

export const upgradeStores = defineCommand({
  name: 'UpgradeStores',
  title: 'Upgrade all stores',
  summary: 'Upgrades every store that needs it to the current storage format: no way back. Take a backup first (create_backup).',
  group,
  editions,
  since: since2024,
  effect: 'write',
  longRunning: true,
  idempotent: true,
  input: {},
  irreversible: 'No command converts stores back to an earlier format.',
  evidence: () => [{ read: 'GetStores', args: { includeSize: true } }],
  output: anything,
  examples: [{}],
  emulate: function* (world): Run {
    const due = world.state.stores.filter((store) => store.needsUpgrade);
    yield { percent: 1, text: `${due.length} archive stores need an upgrade` };
    for (const [position, store] of due.entries()) {
      const from = 3 + (position * 92) / due.length;
      const obstacle = upgradeObstacle(store);
      if (obstacle !== null) {
        yield { percent: Math.floor(from), text: `${obstacle} It was not upgraded.`, type: 'warning' };
        continue;
      }
      for (const [part, text] of UPGRADE_STEPS.entries()) {
        const percent = Math.floor(from + (part * 92) / due.length / UPGRADE_STEPS.length);
        yield { percent, text: `Archive store '${store.name}': ${text}` };
      }
      if (world.state.stores.includes(store)) store.needsUpgrade = false;
    }
    yield { percent: 97, text: 'Opening the archive stores' };
    return null;
  },
});

export const verifyStore = defineCommand({
  name: 'VerifyStore',
  title: 'Verify a store',
  summary:
    'Checks one store for damage: database, content, recovery records. Changes nothing, loads the disks. Findings: messages of its task.',
  group,
  editions,
  effect: 'read',
  longRunning: true,
  input: {
    id: f.storeId,
    // The vendor's tutorial and the wrapper of 2014 call the command with the id alone.
    includeIndexes: f.acceptedWithout(false, z.boolean().describe('Also check the search indexes.')),
  },
  evidence: ({ id }) => [{ read: 'GetStores', args: { includeSize: true }, rows: { id } }],
  output: anything,
  examples: [
    { id: 4, includeIndexes: true },
    { id: 6, includeIndexes: false },
  ],
  emulate: function* (world, { id, includeIndexes }): Run {
    const store = world.store(id);
    const obstacle = verificationObstacle(store);
    if (obstacle !== null) throw new CommandFailure(obstacle);
    const findings = findDamage(world, store, includeIndexes);
    yield* evenly([
      `Verifying archive store '${store.name}'`,
      'Checking the store database',
      'Checking recovery records',
      store.error === null ? `Checking the content of ${world.messagesIn(id).length} messages` : 'The content cannot be checked',
      includeIndexes ? 'Checking search indexes' : 'Search indexes are not checked',
      ...findings,
      summarize(findings),
    ]);
    return null;
  },
});

export const verifyStores = defineCommand({
  name: 'VerifyStores',
  title: 'Verify all stores',
  summary:
    'Checks all open stores for damage; changes nothing, loads the disks for long. Findings: messages of its task. One store: verify_store.',
  group,
  editions,
  since: since2018,
  effect: 'read',
  longRunning: true,
  input: { includeIndexes: z.boolean().describe('Also check the search indexes.') },
  evidence: () => [{ read: 'GetStores', args: { includeSize: true } }],
  output: anything,
  examples: [{ includeIndexes: false }],
  emulate: function* (world, { includeIndexes }): Run {
    const lines = world.state.stores.flatMap((store): Line[] => {
      const obstacle = verificationObstacle(store);
      if (obstacle !== null) return [{ text: `${obstacle} It was not verified.`, type: 'warning' }];
      return [`Verifying archive store '${store.name}'`, ...findDamage(world, store, includeIndexes)];
    });
    yield* evenly([...lines, summarize(lines)]);
    return null;
  },
});
