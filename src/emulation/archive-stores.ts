import { CommandFailure, getArchive, isOpen, type World, type WorldStore } from './world.ts';

/** Errors that opening a store again cannot heal: its database has to be recovered. */
const DAMAGED = 'The store database is damaged.';
export const RECOVERY_UNFINISHED = 'The store database is incomplete; its recovery has not finished.';

/** True when the files of a store are there, but its database cannot be used. */
export function hasBrokenDatabase(store: WorldStore): boolean {
  return store.error === DAMAGED || store.error === RECOVERY_UNFINISHED;
}

/** Throws CommandFailure unless the content of the store can be read. */
export function requireOpen(store: WorldStore): void {
  const reason = closedReason(store);
  if (reason !== null) throw new CommandFailure(reason);
}

/** Throws CommandFailure unless the content of the store can be changed. */
export function requireChangeable(store: WorldStore): void {
  requireOpen(store);
  if (store.requestedState === 'writeProtected') throw new CommandFailure(`Archive store '${store.name}' is write-protected.`);
}

/** Returns why the store cannot be read now, as a sentence, or null when it is open. */
export function closedReason(store: WorldStore): string | null {
  if (isOpen(store)) return null;
  if (store.requestedState === 'disabled') return `Archive store '${store.name}' is disabled.`;
  if (store.locked) return `Archive store '${store.name}' is locked because it comes from another installation.`;
  return `Archive store '${store.name}' is not available: ${store.error}`;
}

/** Returns why a store with these properties cannot be opened, or null when its files or its database server can be reached. */
export function locationError(store: WorldStore): string | null {
  if (store.type !== 'FileSystemInternal') {
    if (!store.serverName || !store.databaseName) return 'The database server or the database name is not set.';
    if (store.userName && !store.password) return `Login failed for user '${store.userName}'.`;
  } else if (!store.databasePath || !store.contentPath) return 'The database path or the content path is not set.';
  if (!store.indexPath) return 'The index path is not set.';
  const missing = [store.databasePath, store.contentPath, store.indexPath].find((path) => path !== '' && !isReachable(path));
  return missing === undefined ? null : `The directory '${missing}' was not found.`;
}

/** True when the sandbox's machine has such a place: its drives are C: to F:, and every UNC share exists. */
export function isReachable(path: string): boolean {
  return /^(?:[c-f]:[\\/]|\\\\[^\\/]+[\\/][^\\/]+)/i.test(path);
}

/** Returns a path in the form in which two spellings of the same Windows directory are equal. */
export function comparablePath(path: string): string {
  return path
    .replaceAll('/', '\\')
    .replace(/(?<=.)\\+$/, '')
    .toLowerCase();
}

/** Adds an index for each user archive that has messages in the store and lacks one. */
export function addMissingIndexes(world: World, storeId: number): void {
  const { indexes } = world.state;
  const covered = new Set(indexes.filter((index) => index.storeId === storeId).map((index) => index.folder));
  for (const folder of new Set(world.messagesIn(storeId).map((message) => getArchive(message.folder)))) {
    if (!covered.has(folder)) indexes.push({ storeId, folder, needsRebuild: false, selectedForRebuild: false, lastRebuilt: null });
  }
}

export function requireFreeName(world: World, name: string): void {
  if (world.state.stores.some((store) => store.name === name)) throw new CommandFailure(`An archive store named '${name}' already exists.`);
}

export function requireFitForCurrent(store: WorldStore): void {
  const reason = closedReason({ ...store, requestedState: 'current' });
  if (reason !== null) throw new CommandFailure(reason);
}

export function demoteOthers(world: World, current: WorldStore): void {
  for (const store of world.state.stores) if (store !== current && store.requestedState === 'current') store.requestedState = 'normal';
}

export function requireFileSystem(store: WorldStore): void {
  if (store.type !== 'FileSystemInternal') throw new CommandFailure(`Archive store '${store.name}' is kept on a database server.`);
}

export function requireUnlocked(store: WorldStore): void {
  if (store.locked) throw new CommandFailure(`Archive store '${store.name}' is locked because it comes from another installation.`);
}

export function requireReachable(store: WorldStore): void {
  const missing = [store.databasePath, store.contentPath].find((path) => !isReachable(path));
  if (missing !== undefined) throw new CommandFailure(`The directory '${missing}' was not found.`);
}

export function requireAttached(world: World, store: WorldStore): void {
  if (!world.state.stores.includes(store)) throw new CommandFailure(`Archive store '${store.name}' was detached meanwhile.`);
}
