import { comparablePath, hasBrokenDatabase, locationError } from './archive-stores.ts';
import type { Line } from './steps.ts';
import type { World, WorldStore } from './world.ts';

export function describeCopy(store: WorldStore): Line {
  if (store.type !== 'FileSystemInternal') {
    return {
      text: `The database of archive store '${store.name}' is on a database server and is not part of the backup.`,
      type: 'warning',
    };
  }
  const missing = locationError(store);
  if (missing !== null) return { text: `Archive store '${store.name}' was not copied: ${missing}`, type: 'error' };
  if (hasBrokenDatabase(store)) {
    return { text: `Archive store '${store.name}' was copied although its database is damaged.`, type: 'warning' };
  }
  return `Archive store '${store.name}'`;
}

export function storeAround(world: World, path: string): WorldStore | undefined {
  const inside = `${comparablePath(path)}\\`;
  return world.state.stores.find((store) =>
    [store.databasePath, store.contentPath, store.indexPath].some((used) => used !== '' && inside.startsWith(`${comparablePath(used)}\\`)),
  );
}
