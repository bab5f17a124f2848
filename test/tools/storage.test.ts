import { expect, test } from 'vitest';
import * as storage from '../../tools/storage.ts';

test('maintenance of the storage says why it is not put back', () => {
  expect(Object.fromEntries(Object.values(storage).map(({ name, irreversible }) => [name, irreversible]))).toEqual({
    MaintainFileSystemDatabases: 'The databases hold the same as before, so there is nothing to put back.',
    RefreshAllStoreStatistics: 'The statistics are calculated again from the stores, so there is nothing to put back.',
    RetryOpenStores: 'A store that opens again has no error to go back to.',
    CompactMasterDatabase: 'The space that is freed held nothing to put back.',
    RenewMasterKey: 'No command brings the former master key back.',
  });
});
