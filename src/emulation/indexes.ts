import { closedReason } from './archive-stores.ts';
import type { World, WorldIndex } from './world.ts';

/** The entries of detached stores stay in the world, as their index files stay on disk. */
export function attachedIndexes(world: World): WorldIndex[] {
  const attached = new Set(world.state.stores.map((store) => store.id));
  return world.state.indexes.filter((index) => attached.has(index.storeId));
}

export function canRebuild(world: World, index: WorldIndex): boolean {
  const store = world.state.stores.find((candidate) => candidate.id === index.storeId);
  return store !== undefined && closedReason(store) === null;
}

export function finishRebuild(world: World, index: WorldIndex): void {
  index.needsRebuild = false;
  index.selectedForRebuild = false;
  index.lastRebuilt = world.now();
}
