import * as z from 'zod';
import { closedReason, requireOpen } from '../src/emulation/archive-stores.ts';
import { defineCommand } from '../src/catalogue/define-command.ts';
import * as f from '../src/catalogue/fields.ts';
import { anything, guess, describeList, nothing } from '../src/catalogue/outputs.ts';
import { attachedIndexes, canRebuild, finishRebuild } from '../src/emulation/indexes.ts';
import { slices, type Run } from '../src/emulation/steps.ts';
import { CommandFailure, getArchive } from '../src/emulation/world.ts';

const group = 'indexes';

export const getStoreIndexes = defineCommand({
  name: 'GetStoreIndexes',
  title: 'List search indexes',
  summary: 'Lists the full-text search indexes of an archive store, one per user archive, and which need a rebuild.',
  group,
  editions: ['server'],
  effect: 'read',
  input: { id: f.storeId.optional() },
  output: guess(
    describeList(
      {
        storeId: z.int().nullish(),
        folder: z.string().nullish(),
        needsRebuild: z.boolean().nullish(),
        selectedForRebuild: z.boolean().nullish(),
        lastRebuilt: z.string().nullish(),
      },
      { nouns: ['search index', 'search indexes'], counts: 'needsRebuild', attention: describeRebuild },
    ),
  ),
  examples: [{ id: 3 }, {}],
  emulate: (world, { id }) => {
    if (id !== undefined) world.store(id);
    return attachedIndexes(world)
      .filter((index) => id === undefined || index.storeId === id)
      .map((index) => ({ ...index }));
  },
});

function describeRebuild({ needsRebuild, storeId, folder }: Readonly<Record<string, unknown>>): string | undefined {
  return needsRebuild === true ? `the index of ${String(folder)} in store ${String(storeId)} needs a rebuild` : undefined;
}

export const rebuildStoreIndex = defineCommand({
  name: 'RebuildStoreIndex',
  title: 'Rebuild a search index',
  summary:
    'Rebuilds the search index of one user archive in one store; searches there are incomplete meanwhile. Candidates: get_store_indexes.',
  group,
  editions: ['server'],
  effect: 'write',
  longRunning: true,
  idempotent: true,
  input: { id: f.storeId, folder: f.archiveName },
  irreversible: 'The old search index is not kept.',
  nothingLost: true,
  evidence: ({ id, folder }) => [{ read: 'GetStoreIndexes', args: { id }, rows: { folder } }],
  output: anything,
  examples: [{ id: 3, folder: 'amira' }],
  emulate: function* (world, { id, folder }): Run {
    const store = world.store(id);
    requireOpen(store);
    const index = attachedIndexes(world).find((candidate) => candidate.storeId === id && candidate.folder === folder);
    if (!index) throw new CommandFailure(`Archive store '${store.name}' has no search index for '${folder}'.`);
    yield { percent: 2, text: `Rebuilding the search index of '${folder}' in archive store '${store.name}'` };
    // From here to the end the old index is gone: a run that stops in between leaves one that still needs its rebuild.
    index.needsRebuild = true;
    yield { percent: 8, text: 'Removing the old index files' };
    const messages = world.messagesIn(id).filter((message) => getArchive(message.folder) === folder);
    for (const { percent, done } of slices(messages, 15, 85)) {
      requireOpen(world.store(id));
      yield { percent, text: `Indexing message ${done + 1} of ${messages.length}` };
    }
    yield { percent: 88, text: 'Merging index segments' };
    yield { percent: 97, text: 'Opening the new index' };
    requireOpen(world.store(id));
    finishRebuild(world, index);
    return null;
  },
});

export const selectAllStoreIndexesForRebuild = defineCommand({
  name: 'SelectAllStoreIndexesForRebuild',
  title: 'Select all search indexes for rebuild',
  summary: 'Marks every search index for rebuild; nothing is rebuilt until rebuild_selected_store_indexes runs.',
  group,
  editions: ['server', 'spe'],
  since: 'between 9.0 (2014) and 2018',
  effect: 'write',
  idempotent: true,
  input: {},
  irreversible: 'No command takes the marks off; rebuild_selected_store_indexes does so by rebuilding.',
  nothingLost: true,
  output: guess(nothing),
  examples: [{}],
  emulate: (world) => {
    for (const index of attachedIndexes(world)) index.selectedForRebuild = true;
    return null;
  },
});

export const rebuildSelectedStoreIndexes = defineCommand({
  name: 'RebuildSelectedStoreIndexes',
  title: 'Rebuild selected search indexes',
  summary: 'Rebuilds the search indexes marked for it (select_all_store_indexes_for_rebuild); searches are incomplete meanwhile.',
  group,
  editions: ['server', 'spe'],
  since: 'between 9.0 (2014) and 2018',
  effect: 'write',
  longRunning: true,
  idempotent: true,
  input: {},
  irreversible: 'The old search indexes are not kept.',
  nothingLost: true,
  evidence: () => [{ read: 'GetStoreIndexes', args: {} }],
  output: anything,
  examples: [{}],
  emulate: function* (world): Run {
    const selected = attachedIndexes(world).filter((index) => index.selectedForRebuild);
    yield { percent: 1, text: `${selected.length} search indexes are selected` };
    for (const [position, store] of world.state.stores.entries()) {
      const reason = closedReason(store);
      if (reason !== null && selected.some((index) => index.storeId === store.id)) {
        yield {
          percent: 2 + Math.floor((position * 10) / world.state.stores.length),
          text: `${reason} Its search indexes stay selected.`,
          type: 'warning',
        };
      }
    }
    yield { percent: 12, text: 'Preparing the rebuild' };
    const rebuildable = selected.filter((index) => canRebuild(world, index));
    for (const { percent, done, items } of slices(rebuildable, 15, 90)) {
      yield { percent, text: `Rebuilding search index ${done + 1} of ${rebuildable.length}` };
      for (const index of items) if (canRebuild(world, index)) finishRebuild(world, index);
    }
    yield { percent: 92, text: 'Merging index segments' };
    yield { percent: 97, text: 'Opening the new indexes' };
    return null;
  },
});
