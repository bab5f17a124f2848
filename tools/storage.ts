import { closedReason, hasBrokenDatabase, locationError } from '../src/emulation/archive-stores.ts';
import { defineCommand } from '../src/catalogue/define-command.ts';
import { anything } from '../src/catalogue/outputs.ts';
import { shrinkMasterDatabase } from '../src/emulation/master-database.ts';
import { evenly, type Line, type Run } from '../src/emulation/steps.ts';

const group = 'storage';

export const maintainFileSystemDatabases = defineCommand({
  name: 'MaintainFileSystemDatabases',
  title: 'Maintain databases',
  summary: 'Rebuilds the master database and all file-system store databases by backup and restore; heavy, stores are busy meanwhile.',
  group,
  editions: ['server', 'spe'],
  effect: 'write',
  longRunning: true,
  idempotent: true,
  input: {},
  irreversible: 'The databases hold the same as before, so there is nothing to put back.',
  nothingLost: true,
  evidence: () => [{ read: 'GetStores', args: { includeSize: true } }],
  output: anything,
  examples: [{}],
  emulate: function* (world): Run {
    yield { percent: 1, text: 'Backing up the master database' };
    yield { percent: 5, text: 'Restoring the master database' };
    shrinkMasterDatabase(world);
    const stores = world.state.stores.filter((store) => store.type === 'FileSystemInternal');
    for (const [position, store] of stores.entries()) {
      const percent = 10 + Math.floor((position * 85) / stores.length);
      const reason = closedReason(store);
      yield reason === null
        ? { percent, text: `Rebuilding the database of archive store '${store.name}'` }
        : { percent, text: `${reason} Its database is left as it is.`, type: 'warning' };
    }
    yield { percent: 97, text: 'Opening the databases' };
    return null;
  },
});

export const refreshAllStoreStatistics = defineCommand({
  name: 'RefreshAllStoreStatistics',
  title: 'Refresh store statistics',
  summary: 'Recalculates the message counts and sizes of all archive stores, which get_stores shows.',
  group,
  editions: ['server', 'spe'],
  effect: 'write',
  longRunning: true,
  idempotent: true,
  input: {},
  irreversible: 'The statistics are calculated again from the stores, so there is nothing to put back.',
  nothingLost: true,
  evidence: () => [{ read: 'GetStores', args: { includeSize: true } }],
  output: anything,
  examples: [{}],
  emulate: function* (world): Run {
    const lines: Line[] = world.state.stores.map((store) => {
      const reason = closedReason(store);
      return reason === null
        ? `Archive store '${store.name}': ${world.messagesIn(store.id).length} messages`
        : { text: `${reason} Its statistics are left as they are.`, type: 'warning' };
    });
    yield* evenly(['Calculating statistics', ...lines, 'Saving statistics']);
    return null;
  },
});

export const retryOpenStores = defineCommand({
  name: 'RetryOpenStores',
  title: 'Retry opening stores',
  summary: 'Tries again to open archive stores that failed to open, for example after a disk or database server came back.',
  group,
  editions: ['server', 'spe'],
  effect: 'write',
  idempotent: true,
  input: {},
  irreversible: 'A store that opens again has no error to go back to.',
  nothingLost: true,
  output: anything,
  examples: [{}],
  emulate: (world) => {
    for (const store of world.state.stores) {
      if (store.requestedState !== 'disabled' && store.error !== null && !hasBrokenDatabase(store)) store.error = locationError(store);
    }
    return null;
  },
});

export const compactMasterDatabase = defineCommand({
  name: 'CompactMasterDatabase',
  title: 'Compact the master database',
  summary: 'Frees unused space in the central (master) database; archive stores are compacted by compact_store.',
  group,
  editions: ['server'],
  effect: 'write',
  longRunning: true,
  idempotent: true,
  input: {},
  irreversible: 'The space that is freed held nothing to put back.',
  nothingLost: true,
  evidence: () => [{ read: 'GetStores', args: { includeSize: true } }],
  output: anything,
  examples: [{}],
  emulate: function* (world): Run {
    const before = world.state.masterDatabaseBytes;
    yield* evenly([
      'Closing the master database',
      'Backing up the master database',
      'Checking the backup',
      'Restoring the master database',
      'Replacing the database file',
    ]);
    shrinkMasterDatabase(world);
    yield { percent: 98, text: `Master database compacted from ${before} to ${world.state.masterDatabaseBytes} bytes` };
    return null;
  },
});

export const renewMasterKey = defineCommand({
  name: 'RenewMasterKey',
  title: 'Renew the master key',
  summary: 'Creates a new master key and protects the encryption keys of all stores with it. Take a backup first (create_backup).',
  group,
  editions: ['server'],
  since: 'between 9.0 (2014) and 2018',
  effect: 'write',
  idempotent: false,
  input: {},
  irreversible: 'No command brings the former master key back.',
  output: anything,
  examples: [{}],
  emulate: (world) => {
    world.state.masterKeyVersion++;
    return null;
  },
});
