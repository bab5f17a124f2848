import { expect, test } from 'vitest';
import { rebuildSelectedStoreIndexes, rebuildStoreIndex, selectAllStoreIndexesForRebuild } from '../../tools/indexes.ts';

test('work on search indexes says why it is not put back', () => {
  const told = [rebuildStoreIndex, selectAllStoreIndexesForRebuild, rebuildSelectedStoreIndexes];
  expect(Object.fromEntries(told.map(({ name, irreversible }) => [name, irreversible]))).toEqual({
    RebuildStoreIndex: 'The old search index is not kept.',
    SelectAllStoreIndexesForRebuild: 'No command takes the marks off; rebuild_selected_store_indexes does so by rebuilding.',
    RebuildSelectedStoreIndexes: 'The old search indexes are not kept.',
  });
});
