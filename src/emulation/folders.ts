import { getArchive, type World, type WorldIndex } from './world.ts';

type FolderNode = {
  name: string;
  fullPath: string;
  /** Absent where there are none, and below the last level that was asked for. */
  childFolders?: FolderNode[];
};

export function folderTree(children: ReadonlyMap<string, readonly string[]>, parent: string, levels: number): FolderNode[] {
  return (children.get(parent) ?? []).map((fullPath) => {
    const below = levels > 1 ? folderTree(children, fullPath, levels - 1) : [];
    return { name: fullPath.slice(fullPath.lastIndexOf('/') + 1), fullPath, ...(below.length > 0 && { childFolders: below }) };
  });
}

/** Returns the sorted paths directly below each folder; user archives are below the empty path. */
export function childrenByParent(folders: readonly string[]): Map<string, string[]> {
  const children = new Map<string, string[]>();
  for (const path of folders.toSorted(byName)) {
    const parent = path.slice(0, Math.max(0, path.lastIndexOf('/')));
    const siblings = children.get(parent);
    if (siblings) siblings.push(path);
    else children.set(parent, [path]);
  }
  return children;
}

/** Returns the path itself and the paths of all folders above it. */
export function ancestry(path: string): string[] {
  const parts = path.split('/');
  return parts.map((_, depth) => parts.slice(0, depth + 1).join('/'));
}

export function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder}/`);
}

/** Keeps one index for each attached store and archive that has messages in it, after messages moved between two archives. */
export function moveIndexEntries(world: World, from: string, to: string): void {
  const { indexes, folders } = world.state;
  const added: WorldIndex[] = [];
  for (const index of indexes.filter(({ folder }) => folder === from)) {
    const archives = new Set(world.messagesIn(index.storeId).map((message) => getArchive(message.folder)));
    const target = indexes.find(({ storeId, folder }) => storeId === index.storeId && folder === to);
    const isLeft = folders.includes(from) && (archives.has(from) || !archives.has(to));
    if (!isLeft && !target) index.folder = to;
    else if (!isLeft) indexes.splice(indexes.indexOf(index), 1);
    else if (!target && archives.has(to)) added.push({ ...index, folder: to });
  }
  indexes.push(...added);
}

export function byName(left: string, right: string): number {
  return left.localeCompare(right, 'en');
}
