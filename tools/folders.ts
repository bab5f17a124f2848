import * as z from 'zod';
import { defineCommand } from '../src/catalogue/define-command.ts';
import { drifts } from '../src/catalogue/drifting.ts';
import * as f from '../src/catalogue/fields.ts';
import { findRow, readRow, readRows } from '../src/base/rows.ts';
import { formatCount, joinSentences } from '../src/catalogue/phrases.ts';
import { anything, guess, describeList, nothing } from '../src/catalogue/outputs.ts';
import { listRisks } from '../src/catalogue/risk.ts';
import { ancestry, byName, childrenByParent, folderTree, isWithin, moveIndexEntries } from '../src/emulation/folders.ts';
import { CommandFailure, getArchive } from '../src/emulation/world.ts';
import { archivingProfiles, describeWriters } from './account-cautions.ts';

const group = 'folders';
const editions = ['server', 'spe'] as const;

export const getChildFolders = defineCommand({
  name: 'GetChildFolders',
  title: 'List folders',
  summary: 'Lists the folders below a folder or, without one, all user archives; maxLevels 1 keeps it short. Sizes: get_folder_statistics.',
  group,
  editions,
  effect: 'read',
  input: {
    folder: f.folderPath.optional(),
    maxLevels: z.int().positive().optional().describe('Levels to descend; the whole tree when absent.'),
  },
  output: guess(
    describeList(
      {
        name: z.string().optional(),
        fullPath: z.string().nullish(),
        childFolders: z.array(z.looseObject({})).nullish(),
      },
      {
        nouns: ['folder', 'folders'],
        lists: [
          { names: 'archive', value: 'name', args: { maxLevels: 1 } },
          { names: 'folder', value: 'fullPath', children: 'childFolders', args: { maxLevels: 3 } },
        ],
      },
    ),
  ),
  examples: [{ maxLevels: 1 }, { folder: 'amira' }],
  emulate: (world, { folder, maxLevels = Infinity }) => {
    if (folder !== undefined) world.requireFolder(folder);
    return folderTree(childrenByParent(world.state.folders), folder ?? '', maxLevels);
  },
});

export const getFolderStatistics = defineCommand({
  name: 'GetFolderStatistics',
  title: 'Measure user archives',
  summary: 'Reports message count and size in bytes of every user archive; slow on large archives.',
  group,
  editions,
  effect: 'read',
  longRunning: true,
  input: {},
  output: describeList(
    { folder: z.string(), count: z.int().optional(), size: z.int() },
    { nouns: ['user archive', 'user archives'], bytes: ['size'], sums: ['count'] },
  ),
  examples: [{}],
  emulate: function* (world) {
    const archives = world.state.folders.filter((path) => getArchive(path) === path).toSorted(byName);
    yield { percent: 2, text: `Collecting statistics of ${archives.length} user archives` };

    const totals = new Map<string, { count: number; size: number }>();
    for (const { folder, size } of world.visibleMessages()) {
      const archive = getArchive(folder);
      const total = totals.get(archive) ?? { count: 0, size: 0 };
      totals.set(archive, { count: total.count + 1, size: total.size + size });
    }

    const rows: { folder: string; count: number; size: number }[] = [];
    const batchSize = Math.max(1, Math.ceil(archives.length / 8));
    for (let first = 0; first < archives.length; first += batchSize) {
      for (const folder of archives.slice(first, first + batchSize))
        rows.push({ folder, ...(totals.get(folder) ?? { count: 0, size: 0 }) });
      yield {
        percent: 5 + Math.floor((90 * rows.length) / archives.length),
        text: `${rows.length} of ${archives.length} user archives counted`,
      };
    }
    return rows;
  },
});

export const moveFolder = defineCommand({
  name: 'MoveFolder',
  title: 'Move or rename a folder',
  summary:
    "Moves or renames a folder or a whole user archive with its mail. Users' rights stay on the old name: set_user_privileges_on_folder.",
  group,
  editions,
  effect: 'write',
  risks: ['opens-mail'],
  risk: ({ fromFolder, toFolder }) => listRisks({ 'opens-mail': !staysInArchive(fromFolder, toFolder) }),
  idempotent: false,
  input: { fromFolder: f.folderPath, toFolder: f.text().describe('New full path.') },
  before: {
    read: 'GetChildFolders',
    args: ({ fromFolder, toFolder }) => {
      const parent = commonParent(fromFolder, toFolder);
      const maxLevels = Math.max(countLevels(fromFolder), countLevels(toFolder)) - countLevels(parent);
      return { ...(parent !== '' && { folder: parent }), maxLevels };
    },
    pick: (tree, { fromFolder, toFolder }) => {
      const parent = commonParent(fromFolder, toFolder);
      const folders = [fromFolder, toFolder].filter((path) => isInTree(tree, parent, path));
      return folders.length === 0 ? undefined : { folders };
    },
  },
  inverse: ({ fromFolder, toFolder }, before, after) =>
    isOnly(before, fromFolder) && (after === undefined || isOnly(after, toFolder))
      ? { command: 'MoveFolder', args: { fromFolder: toFolder, toFolder: fromFolder } }
      : undefined,
  question: {
    verb: () => 'Move',
    label: ({ fromFolder }) => `Move ${fromFolder}`,
    object: ({ fromFolder, toFolder }) => `${isArchive(fromFolder) ? 'the archive' : 'the folder'} ${fromFolder} to ${toFolder}`,
    consequence: ({ fromFolder, toFolder }) =>
      joinSentences(
        `It becomes ${toFolder}, with all mail in it.`,
        `Every user who may read the archive ${getArchive(toFolder)} can then read this mail.`,
        isArchive(fromFolder) &&
          `Rights that users have on ${fromFolder} stay on that name, and new mail for a user ${fromFolder} opens another archive.`,
      ),
  },
  cautions: {
    reads: {
      profiles: archivingProfiles,
      owner: { read: 'GetUsers', pick: (users, { fromFolder }) => findRow(users, 'userName', fromFolder) },
    },
    list: ({ fromFolder }, { profiles, owner }) =>
      isArchive(fromFolder)
        ? [
            owner === undefined ? undefined : `There is a user ${fromFolder}: new mail for the user opens an archive of that name again.`,
            describeWriters(fromFolder, profiles),
          ]
        : [],
  },
  output: guess(nothing),
  examples: [
    { fromFolder: 'oldcolleague', toFolder: 'former.colleague' },
    { fromFolder: 'amira/Drafts', toFolder: 'johndoe/Drafts of Amira' },
  ],
  emulate: (world, { fromFolder, toFolder }) => {
    const { folders, messages } = world.state;
    world.requireFolder(fromFolder);
    if (toFolder.split('/').includes('')) throw new CommandFailure(`'${toFolder}' is not a valid folder name.`);
    if (isWithin(toFolder, fromFolder)) throw new CommandFailure(`Folder '${fromFolder}' cannot be moved into itself.`);
    if (folders.includes(toFolder)) throw new CommandFailure(`Folder '${toFolder}' already exists.`);
    const parent = toFolder.slice(0, Math.max(0, toFolder.lastIndexOf('/')));
    if (parent) world.requireFolder(parent);

    const moved = (path: string) => (isWithin(path, fromFolder) ? toFolder + path.slice(fromFolder.length) : path);
    folders.splice(0, folders.length, ...folders.map(moved));
    // The folder tree spans all stores, so messages of disabled and detached ones and deleted messages move along.
    for (const message of messages) message.folder = moved(message.folder);
    if (getArchive(fromFolder) !== getArchive(toFolder)) moveIndexEntries(world, getArchive(fromFolder), getArchive(toFolder));
    return null;
  },
});

export const deleteEmptyFolders = defineCommand({
  name: 'DeleteEmptyFolders',
  title: 'Delete empty folders',
  summary: 'Deletes all folders without mail below one folder, itself included, or in the entire archive when none is given.',
  group,
  editions,
  effect: 'destructive',
  idempotent: true,
  input: { folder: f.folderPath.optional() },
  before: {
    read: 'GetChildFolders',
    args: ({ folder }) => (folder === undefined ? {} : { folder }),
    pick: (tree) => ({ folders: countFolders(tree) }),
  },
  irreversible: 'No command creates a folder.',
  question: {
    verb: () => 'Delete',
    label: () => 'Delete the empty folders',
    object: ({ folder }) => (folder === undefined ? 'the empty folders of the entire archive' : `the empty folders in ${folder}`),
    consequence: ({ folder }, { before }) => {
      const total = formatCount(readRow(before).folders, 'folder');
      return joinSentences(
        folder === undefined
          ? `All folders without mail are deleted, in the archives of all users${total === undefined ? '' : drifts(`; there are ${total} in all`)}.`
          : `All folders without mail below ${folder} are deleted${total === undefined ? '' : drifts(`, of ${total}`)}, and ${folder} itself if it has none.`,
        'No message is deleted, but no command creates these folders again.',
      );
    },
  },
  output: anything,
  examples: [{ folder: 'amira' }, {}],
  emulate: (world, { folder }) => {
    if (folder !== undefined) world.requireFolder(folder);
    const { folders, messages } = world.state;
    // Mail in a disabled or detached store still belongs to its folder.
    const occupied = new Set(messages.filter((message) => !message.deleted).flatMap((message) => ancestry(message.folder)));
    const kept = folders.filter((path) => occupied.has(path) || (folder !== undefined && !isWithin(path, folder)));
    folders.splice(0, folders.length, ...kept);
    return null;
  },
});

/** True for a whole user archive. */
function isArchive(path: string): boolean {
  return getArchive(path) === path;
}

/** True for a move of a folder within one archive; paths that could lead elsewhere are taken for ones that do. */
function staysInArchive(from: string, to: string): boolean {
  const isPlain = [from, to].every(
    (path) => path.split('/').every((part) => part.trim() !== '' && part !== '.' && part !== '..') && !path.includes('\\'),
  );
  return isPlain && !isArchive(from) && !isArchive(to) && getArchive(from) === getArchive(to);
}

/** Returns the path of the nearest folder that both paths are below; empty for the root. */
function commonParent(one: string, other: string): string {
  const [left, right] = [one.split('/').slice(0, -1), other.split('/').slice(0, -1)];
  const same = left.findIndex((part, depth) => part !== right[depth]);
  return (same === -1 ? left : left.slice(0, same)).join('/');
}

function countLevels(path: string): number {
  return path === '' ? 0 : path.split('/').length;
}

/** True when a path is among the folders that were read below a parent. */
function isInTree(tree: unknown, parent: string, path: string): boolean {
  const below = path.split('/').slice(countLevels(parent));
  let children = readRows(tree);
  return below.every((part, depth) => {
    const fullPath = path.split('/', countLevels(parent) + depth + 1).join('/');
    const child = children.find((node) => node.fullPath === fullPath || (node.name === part && typeof node.fullPath !== 'string'));
    children = readRows(child?.childFolders);
    return child !== undefined;
  });
}

function isOnly(looked: unknown, path: string): boolean {
  const { folders } = readRow(looked);
  return Array.isArray(folders) && folders.length === 1 && folders[0] === path;
}

function countFolders(tree: unknown): number {
  return readRows(tree).reduce((count, { childFolders }) => count + 1 + countFolders(childFolders), 0);
}
