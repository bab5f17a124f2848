import * as z from 'zod';
import { definePlan, type PlanStep } from '../../src/catalogue/define-plan.ts';
import * as f from '../../src/catalogue/fields.ts';
import { findRow, readString } from '../../src/base/rows.ts';
import { isSameName } from '../../src/catalogue/risk.ts';

export const rotateStore = definePlan({
  name: 'rotate_store',
  title: 'Plan: rotate the archive store',
  summary:
    'Plans a new current archive store next to the old one, which stays readable. Shows the steps first; repeat with its planId to run them.',
  input: {
    name: f.text().describe('Name of the new store.'),
    folder: f.text().optional().describe('Its folder on the MailStore machine. Default: next to that of the current store.'),
    writeProtectOld: z.boolean().default(false).describe('Default: false. Makes the old store writeProtected.'),
  },
  reads: ['GetStores'],
  examples: [{ name: '2027' }],
  prepare: async ({ name, folder, writeProtectOld }, reader) => {
    const stores = await reader.readList('GetStores', { includeSize: false });
    if (!stores) return { impossible: 'The stores could not be read.' };
    if (stores.some((store) => isSameName(store['name'], name)))
      return { impossible: `There is a store ${name} already; get_stores shows it.` };
    const current = findRow(stores, 'requestedState', 'current');
    if (!current && (writeProtectOld || !stores.every(({ requestedState }) => readString(requestedState) !== undefined)))
      return {
        impossible: 'No store is shown as current, so which one the new store replaces is not known; get_stores shows their states.',
      };
    const place = folder ?? makeSibling(readString(current?.['databasePath']), name);
    if (place === undefined)
      return {
        impossible:
          'Where the new store should lie does not follow from the current one and this name; give folder, such as D:\\MailStore\\2027.',
      };
    const taken = stores.find((store) => PATHS.some((path) => isSamePlace(store[path], place)));
    if (taken) return { impossible: `The folder ${place} is that of the store ${String(taken['name'])}; give another folder.` };
    const steps: readonly PlanStep[] = [
      {
        does: `Create the store ${name} in ${place} as current`,
        command: 'CreateStore',
        args: { name, type: 'FileSystemInternal', databasePath: place, contentPath: place, indexPath: place, requestedState: 'current' },
      },
      ...(writeProtectOld && current
        ? [
            {
              does: `Write-protect the store ${String(current['name'])}`,
              command: 'SetStoreRequestedState',
              args: { id: current['id'], requestedState: 'writeProtected' },
            },
          ]
        : []),
    ];
    return {
      headline: `Rotate the archive store${current ? ` ${String(current['name'])}` : ''} to ${name}`,
      steps,
      notes: [
        current ? `The store ${String(current['name'])} stays attached and readable.` : 'No store is current now.',
        'Whether the disk has room was not looked at; storage_report shows growth.',
      ],
      basis: { current: current && [current['id'], current['name'], current['databasePath']], names: stores.map((store) => store['name']) },
    };
  },
});

const PATHS = ['databasePath', 'contentPath', 'indexPath'];

/** True for the same folder of a Windows machine, in whichever case and with whichever separators it is written. */
function isSamePlace(one: unknown, other: string): boolean {
  const normalize = (path: string) =>
    path
      .replaceAll(/[\\/]+/g, '\\')
      .replace(/\\$/, '')
      .toLowerCase();
  return typeof one === 'string' && normalize(one) === normalize(other);
}

/** What Windows takes for another name or for a device. */
const NO_FOLDER_NAME = /[\\/:*?"<>|\p{Cc}]|^\s|[\s.]$|^(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$)/iu;

/** Returns the folder of this name in the parent of another folder; undefined for a path that is not on a drive. */
function makeSibling(path: string | undefined, name: string): string | undefined {
  const parent = /^([A-Za-z]:\\(?:[^\\]+\\)*)[^\\]+\\?$/.exec(path ?? '')?.[1];
  return parent === undefined || NO_FOLDER_NAME.test(name) ? undefined : `${parent}${name}`;
}
