import { comparablePath, locationError } from './archive-stores.ts';
import { CommandFailure, type World, type WorldStore } from './world.ts';

export type Place = Pick<
  WorldStore,
  'databaseName' | 'serverName' | 'userName' | 'password' | 'databasePath' | 'contentPath' | 'indexPath'
>;

export type WrittenPlace = { readonly [Key in keyof Place]?: string | null | undefined } & { readonly type: WorldStore['type'] };

/** Returns where a store lives: the files of a file-system store are in its database directory, where no other is given. */
export function readPlace(args: WrittenPlace): Place {
  const onDisk = args.type === 'FileSystemInternal';
  const databasePath = onDisk ? (args.databasePath ?? '') : '';
  return {
    databaseName: onDisk ? null : (args.databaseName ?? null),
    serverName: onDisk ? null : (args.serverName ?? null),
    userName: onDisk ? null : (args.userName ?? null),
    password: onDisk ? null : (args.password ?? null),
    databasePath,
    contentPath: args.contentPath ?? databasePath,
    indexPath: args.indexPath ?? databasePath,
  };
}

/** Returns what identifies the database of a store. */
export function identifyDatabase(store: Pick<WorldStore, 'type' | 'serverName' | 'databaseName' | 'databasePath'>): string {
  if (store.type === 'FileSystemInternal') return comparablePath(store.databasePath);
  return `${store.type}:${store.serverName}:${store.databaseName}`.toLowerCase();
}

export function requireUsablePlace(store: WorldStore): void {
  const problem = locationError(store);
  if (problem !== null) throw new CommandFailure(problem);
}

export function requireUnattached(world: World, type: WorldStore['type'], place: Place, except?: number): void {
  const database = identifyDatabase({ type, ...place });
  const user =
    database === '' ? undefined : world.state.stores.find((other) => other.id !== except && identifyDatabase(other) === database);
  if (user) throw new CommandFailure(`This database already belongs to archive store '${user.name}'.`);
}

export function requireUnusedPlace(world: World, store: WorldStore): void {
  requireUnattached(world, store.type, store, store.id);
  if (world.state.detachedStores.some((other) => identifyDatabase(other) === identifyDatabase(store))) {
    throw new CommandFailure('There already is a detached archive store at this place; attach it or choose another place.');
  }
}
