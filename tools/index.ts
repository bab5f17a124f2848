import { createCatalogue, type Catalogue } from '../src/catalogue/catalogue.ts';
import type { Command, Edition } from '../src/catalogue/define-command.ts';
import { insights } from './insights/index.ts';
import { plans } from './plans/index.ts';
import { prompts } from './prompts/index.ts';
import { resources } from './resources/index.ts';
import * as users from './users.ts';
import * as directoryServices from './directory-services.ts';
import * as credentials from './credentials.ts';
import * as compliance from './compliance.ts';
import * as retention from './retention.ts';
import * as smtp from './smtp.ts';
import * as storage from './storage.ts';
import * as backup from './backup.ts';
import * as stores from './stores.ts';
import * as storeMaintenance from './store-maintenance.ts';
import * as indexes from './indexes.ts';
import * as jobs from './jobs.ts';
import * as profiles from './profiles.ts';
import * as folders from './folders.ts';
import * as messages from './messages.ts';
import * as system from './system.ts';
import * as sessions from './sessions.ts';
import * as license from './license.ts';

/** The files of each group. */
const groups: readonly (readonly Readonly<Record<string, Command>>[])[] = [
  [users],
  [directoryServices],
  [credentials],
  [compliance],
  [retention],
  [smtp],
  [storage],
  [backup],
  [stores, storeMaintenance],
  [indexes],
  [jobs],
  [profiles],
  [folders],
  [messages],
  [system],
  [sessions],
  [license],
];

/** Every declared command, group by group; within a group in the alphabetical order of the names under which they are exported. */
const commands: readonly Command[] = groups.flatMap((files) =>
  files
    .flatMap((file) => Object.entries(file))
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .map(([, command]) => command),
);

/** Makes the catalogue of one edition of the product: the only way to the declarations. */
export function catalogueFor(edition: Edition): Catalogue {
  return createCatalogue(edition, { commands, insights, plans, prompts, resources });
}
