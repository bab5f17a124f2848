import { DAY_MS } from '../../base/clock.ts';
import { getArchive, utcText, type WorldIndex, type WorldMessage, type WorldStore } from '../../emulation/world.ts';
import type { Dice } from './dice.ts';
import { drawMailTime, writeMessage } from './mail.ts';
import type { Mailbox } from './people.ts';

/** The store that receives new mail. */
export const CURRENT_STORE = 4;

/** The first id of the stores of sites. */
const FIRST_SITE_STORE = 9;

/** Returns the stores that are attached, one more for each site, and those that were detached. */
export function makeStores(sites: number): { stores: WorldStore[]; detachedStores: WorldStore[] } {
  return {
    stores: [
      makeStore(1, '2023', { requestedState: 'writeProtected' }),
      makeStore(2, '2024', {}),
      makeStore(3, '2025', {}),
      makeStore(CURRENT_STORE, '2026', { requestedState: 'current' }),
      makeStore(5, 'Import 2019', { requestedState: 'disabled', needsUpgrade: true }),
      makeStore(6, 'Import 2021', { error: 'The store database is damaged.' }),
      makeStore(8, 'Acquired company', { locked: true }),
      ...Array.from({ length: sites }, (_, index) => makeStore(FIRST_SITE_STORE + index, `Site ${index + 1}`, {})),
    ],
    detachedStores: [makeStore(7, '2018', {})],
  };
}

function makeStore(id: number, name: string, traits: Partial<WorldStore>): WorldStore {
  const path = `D:\\MailStore\\${name}`;
  return {
    id,
    name,
    type: 'FileSystemInternal',
    requestedState: 'normal',
    error: null,
    needsUpgrade: false,
    locked: false,
    databaseName: null,
    serverName: null,
    userName: null,
    password: null,
    databasePath: path,
    contentPath: path,
    indexPath: path,
    recoveryRecordsDamaged: false,
    ...traits,
  };
}

/** Hands out message numbers store by store, in the order in which the messages were archived. */
export class MessageNumbers {
  readonly #last = new Map<number, number>();

  next(storeId: number): number {
    const number = (this.#last.get(storeId) ?? 0) + 1;
    this.#last.set(storeId, number);
    return number;
  }

  /** Returns a number that no store has gone beyond. */
  highest(): number {
    return Math.max(0, ...this.#last.values());
  }
}

interface Shelf {
  readonly storeId: number;
  /** The calendar year whose mailboxes have mail here. */
  readonly year: number;
  readonly from: number;
  readonly to: number;
  readonly messages: number;
  /** Gives every folder of these mailboxes at least one message. */
  readonly complete?: true;
  readonly acquired?: true;
}

/**
 * Returns the messages that the stores hold up to `historyStart`, oldest first within each store. Stores named after a year hold that
 * year; where the present is before the current store's year, all years move back with it. `scale` 1 gives a few thousand messages.
 */
export function fillStores(
  dice: Dice,
  mailboxes: readonly Mailbox[],
  numbers: MessageNumbers,
  historyStart: number,
  scale: number,
  stores: readonly WorldStore[],
): WorldMessage[] {
  const behind = Math.min(0, new Date(historyStart).getUTCFullYear() - 2026);
  const year = (name: number) => Date.UTC(name + behind, 0, 1);
  const shelves: Shelf[] = [
    { storeId: 1, year: 2023, from: year(2023), to: year(2024), messages: 700 },
    { storeId: 2, year: 2024, from: year(2024), to: year(2025), messages: 800 },
    { storeId: 3, year: 2025, from: year(2025), to: year(2026), messages: 900 },
    {
      storeId: CURRENT_STORE,
      year: 2026,
      from: Math.min(year(2026), historyStart - 60 * DAY_MS),
      to: historyStart,
      messages: 1_200,
      complete: true,
    },
    { storeId: 5, year: 2019, from: historyStart - 5_000 * DAY_MS, to: year(2019), messages: 400 },
    { storeId: 7, year: 2018, from: historyStart - 4_800 * DAY_MS, to: year(2019), messages: 300 },
    { storeId: 8, year: 2020, from: year(2017), to: year(2021), messages: 150, acquired: true },
    ...stores
      .filter(({ id }) => id >= FIRST_SITE_STORE)
      .map(({ id }): Shelf => ({ storeId: id, year: 2025, from: year(2025), to: year(2026), messages: 500 })),
  ];
  return shelves.flatMap((shelf) => fillShelf(dice, mailboxes, numbers, { ...shelf, messages: Math.ceil(shelf.messages * scale) }));
}

function fillShelf(dice: Dice, mailboxes: readonly Mailbox[], numbers: MessageNumbers, shelf: Shelf): WorldMessage[] {
  const active = mailboxes.filter(({ from, until }) => from <= shelf.year && shelf.year <= until);
  const acquired = active.filter((mailbox) => mailbox.acquired);
  const owners = shelf.acquired && acquired.length > 0 ? acquired : active;
  const slots = owners.flatMap((mailbox) => mailbox.folders.map((folder) => ({ mailbox, folder })));
  const isKnown = ({ mailbox }: { mailbox: Mailbox }) => FIRST_SERVED.includes(mailbox.archive);
  const queue = shelf.acquired ? [] : slots.filter(isKnown);
  if (shelf.complete) queue.push(...dice.shuffle(slots.filter((slot) => !isKnown(slot))));
  const count = Math.max(shelf.messages, queue.length);
  const times = Array.from({ length: count }, () => drawMailTime(dice, shelf.from, shelf.to)).toSorted((a, b) => a - b);
  return times.map((time, index) => {
    const { mailbox, folder } = queue[index] ?? dice.pick(slots);
    return writeMessage(dice, mailbox, mailboxes, { storeId: shelf.storeId, number: numbers.next(shelf.storeId), folder, time });
  });
}

/** Archives with mail in every store of their time, johndoe's Inbox before all others. */
const FIRST_SERVED: readonly string[] = ['johndoe', 'amira', 'maria.lopez', 'oldcolleague', '@catchall', 'petra.exner', 'gunnar.lund'];

/** Returns one index for each attached store and archive with mail in it. */
export function makeIndexes(messages: readonly WorldMessage[], stores: readonly WorldStore[], historyStart: number): WorldIndex[] {
  const attached = new Set(stores.map((store) => store.id));
  const indexes = new Map<string, WorldIndex>();
  for (const { storeId, folder } of messages) {
    const archive = getArchive(folder);
    const key = `${storeId}:${archive}`;
    if (!attached.has(storeId) || indexes.has(key)) continue;
    indexes.set(key, {
      storeId,
      folder: archive,
      needsRebuild: storeId === 3 && archive === 'amira',
      selectedForRebuild: false,
      lastRebuilt: storeId === 2 ? utcText(historyStart - 100 * DAY_MS) : null,
    });
  }
  return [...indexes.values()];
}
