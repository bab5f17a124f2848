import * as z from 'zod';
import { isReachable } from '../src/emulation/archive-stores.ts';
import { defineCommand } from '../src/catalogue/define-command.ts';
import * as f from '../src/catalogue/fields.ts';
import { describeContents, joinSentences } from '../src/catalogue/phrases.ts';
import { anything } from '../src/catalogue/outputs.ts';
import { isLocalPath } from '../src/catalogue/risk.ts';
import { describeCopy, storeAround } from '../src/emulation/backup.ts';
import { evenly, type Run } from '../src/emulation/steps.ts';
import { CommandFailure } from '../src/emulation/world.ts';

const group = 'backup';

export const createBackup = defineCommand({
  name: 'CreateBackup',
  title: 'Create a backup',
  summary: 'Backs up the whole archive to a directory on or reachable by the server; files of earlier backups there are not removed.',
  group,
  editions: ['server'],
  since: 'between 9.0 (2014) and 2018',
  effect: 'write',
  risks: ['sends-data-out'],
  protects: true,
  longRunning: true,
  idempotent: false,
  input: {
    path: f.text().describe('Target directory as the server sees it.'),
    excludeSearchIndexes: z.boolean().default(false),
  },
  irreversible: 'No command deletes a backup; its files stay in the directory.',
  question: {
    reads: { stores: { read: 'GetStores', args: () => ({ includeSize: true }), pick: (stores) => stores } },
    verb: () => 'Create',
    label: () => 'Create the backup',
    object: ({ path }) => `a backup to ${path}`,
    consequence: ({ path }, { stores }) =>
      joinSentences(
        `A copy of the whole archive is written to ${path}${isLocalPath(path) ? ', as the server sees it' : ', which need not be on this server'}.`,
        'Anyone who can read that place can read all mail in it.',
        describeContents(stores),
      ),
  },
  output: anything,
  examples: [{ path: 'E:\\Backup', excludeSearchIndexes: true }],
  emulate: function* (world, { path, excludeSearchIndexes }): Run {
    if (!isReachable(path)) throw new CommandFailure(`The directory '${path}' was not found.`);
    const holder = storeAround(world, path);
    if (holder) throw new CommandFailure(`The directory '${path}' belongs to archive store '${holder.name}'; choose another one.`);
    yield* evenly([
      `Backing up to '${path}'`,
      'Master database',
      ...world.state.stores.map((store) => describeCopy(store)),
      excludeSearchIndexes ? 'Search indexes are left out' : 'Search indexes',
      'Checking the backup',
    ]);
    world.state.backups.push({ time: world.now(), path, includesSearchIndexes: !excludeSearchIndexes });
    return null;
  },
});
