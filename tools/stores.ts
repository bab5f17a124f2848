import * as z from 'zod';
import { defineCommand, type Cautions, type CommandCall, type Look, type Question } from '../src/catalogue/define-command.ts';
import * as f from '../src/catalogue/fields.ts';
import { pickFields, readRow, findRow, readString } from '../src/base/rows.ts';
import { joinSentences } from '../src/catalogue/phrases.ts';
import { mayLackSecret } from '../src/catalogue/lacks-secret.ts';
import { anything, guess, describeList, nothing, record } from '../src/catalogue/outputs.ts';
import { changedFields, describeChanges, isLocalPath, listRisks } from '../src/catalogue/risk.ts';
import {
  closedReason,
  comparablePath,
  hasBrokenDatabase,
  locationError,
  addMissingIndexes,
  requireFreeName,
  requireFitForCurrent,
  demoteOthers,
} from '../src/emulation/archive-stores.ts';
import {
  readPlace,
  identifyDatabase,
  requireUsablePlace,
  requireUnattached,
  requireUnusedPlace,
} from '../src/emulation/store-locations.ts';
import { CommandFailure, type WorldStore } from '../src/emulation/world.ts';
import { PLACE, storeInQuestion, complianceInQuestion, nameStore, describeStore, identifyStore, isHeld } from './describe-store.ts';

const group = 'stores';
const editions = ['server', 'spe'] as const;
const since2018 = 'between 9.0 (2014) and 2018';
const since2024 = 'between 2018 and 24.x (2024)';

const storeType = z.enum(f.STORE_TYPES);

/** Where a new or existing store lives; the database fields are for the two types on a database server. */
const location = {
  databaseName: f.text().optional(),
  databasePath: f.text().optional().describe('For FileSystemInternal.'),
  contentPath: f.text().optional(),
  indexPath: f.text().optional(),
  serverName: f.text().optional().describe('Database server.'),
  userName: f.text().optional().describe('Database login.'),
  password: f.secret('Database password.').optional(),
};

/** Where a store lives that a call can state again: a database on a server takes a password, which no read shows. */
const filePlace = z.object({ type: z.literal('FileSystemInternal'), databasePath: f.text(), contentPath: f.text(), indexPath: f.text() });

/** A store that a call can attach again; as the current one it could push aside another that became current meanwhile. */
const attachable = filePlace.extend({ name: f.text(), requestedState: f.storeState.exclude(['current']) });

/** The store that a call brings online, by its name. */
const storeOfName: Look<{ readonly name: string }> = {
  read: 'GetStores',
  args: () => ({ includeSize: false }),
  pick: (value, { name }) => pickFields(findRow(value, 'name', name), ['id', 'name', 'requestedState', ...PLACE]),
};

/** Says which store stops being current, which the call does not name. */
const demotesCurrent: Cautions<{ readonly requestedState: string; readonly id?: number }> = {
  reads: {
    currentStore: {
      read: 'GetStores',
      args: () => ({ includeSize: false }),
      pick: (value) => pickFields(findRow(value, 'requestedState', 'current'), ['id', 'name']) ?? null,
    },
  },
  list: ({ id, requestedState }, { currentStore }) => {
    const { id: currentId, name } = readRow(currentStore);
    if (requestedState !== 'current' && currentId === id && id !== undefined)
      return ['No store is current after this: archiving fails until another one is.'];
    if (requestedState !== 'current' || currentId === undefined || currentId === id) return [];
    return [`Store ${JSON.stringify(currentId)} "${String(name)}" is current now and becomes normal.`];
  },
};

/** These fields of the store that a call names by its id. */
const fieldsOfStore = (names: readonly string[]): Look<{ readonly id: number }> => ({
  read: 'GetStores',
  args: () => ({ includeSize: false }),
  pick: (value, { id }) => pickFields(findRow(value, 'id', id), names),
});

/** The fields with which a call says where a store lives. */
function statedPlace(args: object): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(args).filter(([name, value]) => [...PLACE, 'password'].includes(name) && value !== undefined));
}

/** True unless the place that a call states is on a drive of the server itself. */
function isElsewhere(args: object): boolean {
  const { type, databasePath, contentPath, indexPath, databaseName, serverName, userName, password } = statedPlace(args);
  const isStated = (value: unknown) => value !== undefined && value !== null;
  return (
    (type !== undefined && type !== 'FileSystemInternal') ||
    [databaseName, serverName, userName, password].some(isStated) ||
    [databasePath, contentPath, indexPath].some((path) => isStated(path) && !isLocalPath(path))
  );
}

/** Says where mail is kept from then on, and with which login. */
function describePlace(args: object): string {
  const { databaseName, serverName, userName, databasePath, contentPath, indexPath } = statedPlace(args);
  const database = readString(databaseName) === undefined ? 'a database' : `the database ${String(databaseName)}`;
  const paths = [...new Set([databasePath, contentPath, indexPath].filter((path) => readString(path) !== undefined))].join(', ');
  return joinSentences(
    readString(serverName) !== undefined &&
      `The server logs in at ${String(serverName)}${readString(userName) === undefined ? '' : ` as ${String(userName)}`} and keeps mail in ${database} there.`,
    readString(serverName) === undefined && readString(databaseName) !== undefined && `The server keeps mail in ${database}.`,
    paths !== '' && `Mail is kept in ${paths}.`,
    'Anyone who has access to that place can read the mail in it.',
  );
}

const askAboutPlace = (verb: string): Question<{ readonly name: string; readonly requestedState: string }> => ({
  verb: () => verb,
  label: ({ name }) => `${verb} store ${name}`,
  object: ({ name }) => `archive store "${name}"`,
  consequence: (args) => joinSentences(describePlace(args), args.requestedState === 'current' && 'It receives all new mail from then on.'),
});

/** True where a store stops to receive new mail, or mail in it can be deleted that could not be; also where its state was not read. */
function losesProtection(requested: unknown, now: unknown): boolean {
  return requested !== now && now !== 'normal' && now !== 'disabled';
}

/** Fields of the rule for new stores that say nothing of where these are. */
const RULE = ['enabled', 'interval', 'maximumMessageCount', 'namePattern'];

function namesAnotherPlace(current: unknown, config: unknown): boolean {
  return (
    changedFields(current, config).some((name) => !RULE.includes(name)) || /[\\/:]/.test(readString(readRow(config).namePattern) ?? '')
  );
}

/** Says what an administrator has to do about a store. */
function describeAttention({ name, error, needsUpgrade, searchIndexesNeedRebuild }: Readonly<Record<string, unknown>>): string | undefined {
  const faults = [
    readString(error),
    needsUpgrade === true && 'needs an upgrade',
    searchIndexesNeedRebuild === true && 'has search indexes that need a rebuild',
  ].filter((fault) => typeof fault === 'string');
  return faults.length === 0 ? undefined : `${String(name)}: ${faults.join(', ')}`;
}

export const getStores = defineCommand({
  name: 'GetStores',
  title: 'List archive stores',
  summary: 'Lists archive stores: id, state, error, message count, size, paths, and whether an upgrade or index rebuild is due.',
  group,
  editions,
  effect: 'read',
  input: { includeSize: z.boolean().optional().describe('false is faster.') },
  output: describeList(
    {
      id: z.int(),
      name: z.string(),
      type: z.string().nullish(),
      requestedState: z.string(),
      error: z.string().nullish(),
      statisticsCount: z.number().nullish(),
      statisticsSize: z.number().nullish(),
      needsUpgrade: z.boolean().nullish(),
      searchIndexesNeedRebuild: z.boolean().nullish(),
      databaseName: z.string().nullish(),
      serverName: z.string().nullish(),
      userName: z.string().nullish(),
      databasePath: z.string().nullish(),
      contentPath: z.string().nullish(),
      indexPath: z.string().nullish(),
    },
    {
      nouns: ['store', 'stores'],
      bytes: ['statisticsSize'],
      sums: ['statisticsCount'],
      attention: describeAttention,
      lists: [{ names: 'store', value: 'id', title: 'name', args: { includeSize: false } }],
    },
  ),
  // Without sizes the server writes 0 in their place.
  unaskedFields: ({ includeSize }) => (includeSize === false ? ['statisticsSize'] : []),
  examples: [{ includeSize: false }, {}],
  emulate: (world, { includeSize }) => {
    const stale = new Set(world.state.indexes.filter((index) => index.needsRebuild).map((index) => index.storeId));
    return world.state.stores.map((store) => {
      const messages = world.messagesIn(store.id);
      return {
        id: store.id,
        name: store.name,
        type: store.type,
        requestedState: store.requestedState,
        error: store.locked ? closedReason(store) : store.error,
        statisticsCount: messages.length,
        statisticsSize: includeSize === false ? 0 : messages.reduce((sum, message) => sum + message.size, 0),
        needsUpgrade: store.needsUpgrade,
        searchIndexesNeedRebuild: stale.has(store.id),
        databaseName: store.databaseName,
        serverName: store.serverName,
        userName: store.userName,
        password: null,
        databasePath: store.databasePath,
        contentPath: store.contentPath,
        indexPath: store.indexPath,
      };
    });
  },
});

export const createStore = defineCommand({
  name: 'CreateStore',
  title: 'Create an archive store',
  summary: 'Creates an empty archive store and attaches it; as current it takes over all new mail. Existing files: attach_store.',
  group,
  editions,
  effect: 'write',
  risks: ['sends-data-out'],
  risk: (args) => listRisks({ 'sends-data-out': isElsewhere(args) }),
  idempotent: false,
  input: { name: f.text(), type: storeType, ...location, requestedState: f.storeState.default('normal') },
  before: storeOfName,
  inverse: detachAgain,
  question: askAboutPlace('Create'),
  cautions: demotesCurrent,
  output: anything,
  examples: [
    {
      name: '2027',
      type: 'FileSystemInternal',
      databasePath: 'D:\\MailStore\\2027',
      contentPath: 'D:\\MailStore\\2027',
      indexPath: 'D:\\MailStore\\2027',
      requestedState: 'normal',
    },
  ],
  emulate: (world, args) => {
    requireFreeName(world, args.name);
    const draft: WorldStore = {
      id: 0,
      name: args.name,
      type: args.type,
      requestedState: args.requestedState,
      error: null,
      needsUpgrade: false,
      locked: false,
      ...readPlace(args),
      recoveryRecordsDamaged: false,
    };
    requireUsablePlace(draft);
    requireUnusedPlace(world, draft);
    const store = { ...draft, id: world.nextId('store') };
    world.state.stores.push(store);
    if (store.requestedState === 'current') demoteOthers(world, store);
    return null;
  },
});

export const attachStore = defineCommand({
  name: 'AttachStore',
  title: 'Attach an archive store',
  summary: 'Brings an existing store online from its files or database, for example after detach_store. New store: create_store.',
  group,
  editions,
  effect: 'write',
  risks: ['sends-data-out'],
  risk: (args) => listRisks({ 'sends-data-out': isElsewhere(args) }),
  idempotent: false,
  input: { name: f.text(), type: storeType, ...location, requestedState: f.storeState.default('normal') },
  before: storeOfName,
  inverse: detachAgain,
  question: askAboutPlace('Attach'),
  cautions: demotesCurrent,
  output: anything,
  examples: [
    {
      name: '2018',
      type: 'FileSystemInternal',
      databasePath: 'D:\\MailStore\\2018',
      contentPath: 'D:\\MailStore\\2018',
      indexPath: 'D:\\MailStore\\2018',
      requestedState: 'normal',
    },
  ],
  emulate: (world, args) => {
    requireFreeName(world, args.name);
    const { detachedStores, stores, indexes } = world.state;
    const place = readPlace(args);
    const position = detachedStores.findIndex(
      (store) => store.type === args.type && identifyDatabase(store) === identifyDatabase({ ...store, ...place }),
    );
    const found = detachedStores[position];
    if (!found) {
      requireUnattached(world, args.type, place);
      throw new CommandFailure(`There is no archive store at '${place.databasePath || `${place.serverName}/${place.databaseName}`}'.`);
    }
    const store: WorldStore = { ...found, ...place, name: args.name, requestedState: args.requestedState };
    requireUsablePlace(store);
    if (comparablePath(store.contentPath) !== comparablePath(found.contentPath)) {
      throw new CommandFailure(`The directory '${store.contentPath}' does not hold the content of this archive store.`);
    }
    store.error = hasBrokenDatabase(found) ? found.error : null;
    if (store.requestedState === 'current') requireFitForCurrent(store);
    detachedStores.splice(position, 1);
    stores.push(store);
    stores.sort((a, b) => a.id - b.id);
    addMissingIndexes(world, store.id);
    if (comparablePath(store.indexPath) !== comparablePath(found.indexPath)) {
      for (const index of indexes) if (index.storeId === store.id) index.needsRebuild = true;
    }
    if (store.requestedState === 'current') demoteOthers(world, store);
    return null;
  },
});

export const setStoreProperties = defineCommand({
  name: 'SetStoreProperties',
  title: 'Change where a store lives',
  summary:
    'Points a store to other paths or another database; moves no files, and wrong values take it offline. Absent keeps, null clears.',
  group,
  editions: ['server'],
  effect: 'write',
  risks: ['sends-data-out'],
  risk: (args) => listRisks({ 'sends-data-out': isElsewhere(args) }),
  idempotent: true,
  input: {
    id: f.storeId,
    type: storeType.optional(),
    databaseName: f.text().nullish(),
    databasePath: f.text().nullish(),
    contentPath: f.text().nullish(),
    indexPath: f.text().nullish(),
    serverName: f.text().nullish(),
    userName: f.text().nullish().describe('Database login.'),
    password: f.secret('Cannot be read, so state it for a store on a database server.').optional(),
  },
  keepAbsent: {
    names: ['type', 'databaseName', 'databasePath', 'contentPath', 'indexPath', 'serverName', 'userName'],
    read: 'GetStores',
    pick: (current, args) => {
      const stores = z.array(z.looseObject({ id: z.int() })).safeParse(current).data;
      const store: Record<string, unknown> | undefined = stores?.find((candidate) => candidate.id === args.id);
      if (!store) return undefined;
      // A store of files has no database server whose name could be lost.
      const server = (args.type ?? store.type) === 'FileSystemInternal' ? null : undefined;
      const { type, databaseName = server, databasePath, contentPath, indexPath, serverName = server, userName = server } = store;
      return { type, databaseName, databasePath, contentPath, indexPath, serverName, userName };
    },
  },
  before: fieldsOfStore(['id', ...PLACE]),
  inverse: ({ id }, before) => {
    const place = filePlace.safeParse(before).data;
    if (!place) return undefined;
    const { databaseName, serverName, userName } = readRow(before);
    const cleared = {
      databaseName: readString(databaseName) ?? null,
      serverName: readString(serverName) ?? null,
      userName: readString(userName) ?? null,
    };
    return { command: 'SetStoreProperties', args: { id, ...place, ...cleared } };
  },
  question: {
    reads: { store: fieldsOfStore(['id', 'name']) },
    verb: () => 'Change',
    label: ({ id }) => `Change store ${id}`,
    object: nameStore,
    facts: (_args, { before }) => identifyStore(before),
    consequence: (args, { before }) =>
      joinSentences(describePlace(args), describeChanges(before, statedPlace(args)), 'No files are moved.'),
  },
  output: anything,
  examples: [
    {
      id: 3,
      type: 'FileSystemInternal',
      databasePath: 'D:\\MailStore\\2025',
      contentPath: 'E:\\MailStore\\2025',
      indexPath: 'D:\\MailStore\\2025',
    },
  ],
  emulate: (world, { id, ...args }) => {
    const store = world.store(id);
    const type = args.type ?? store.type;
    const place = readPlace({ ...args, type, contentPath: args.contentPath ?? '', indexPath: args.indexPath ?? '' });
    requireUnusedPlace(world, { ...store, ...place, type });
    Object.assign(store, place, { type });
    // A broken database stays broken wherever the store points.
    if (!hasBrokenDatabase(store)) store.error = locationError(store);
    return null;
  },
});

export const setStoreRequestedState = defineCommand({
  name: 'SetStoreRequestedState',
  title: 'Set the state of a store',
  summary: 'Makes a store current, normal, writeProtected or disabled. Without a current store archiving fails; a new one demotes the old.',
  group,
  editions,
  effect: 'write',
  risks: ['weakens-protection'],
  risk: ({ requestedState }, { store }) =>
    listRisks({ 'weakens-protection': losesProtection(requestedState, readRow(store).requestedState) }),
  decidesFrom: { store: fieldsOfStore(['id', 'name', 'requestedState']) },
  idempotent: true,
  input: { id: f.storeId, requestedState: f.storeState },
  before: {
    read: 'GetStores',
    args: () => ({ includeSize: false }),
    pick: (value, { id, requestedState }) => {
      const store = pickFields(findRow(value, 'id', id), ['id', 'requestedState']);
      const current = findRow(value, 'requestedState', 'current')?.id ?? null;
      // Which other store is current changes by itself where stores are created automatically, and concerns only a call that changes it.
      return (
        store && { ...store, ...(requestedState === 'current' ? { currentStore: current } : { someStoreIsCurrent: current !== null }) }
      );
    },
  },
  inverse: ({ id, ...asked }, before) => {
    const { requestedState, currentStore = null } = readRow(before);
    const former = f.storeState.safeParse(requestedState).data;
    if (!former) return undefined;
    if (asked.requestedState !== 'current' || currentStore === null || currentStore === id) {
      return { command: 'SetStoreRequestedState', args: { id, requestedState: former } };
    }
    // The former current store takes its place back, which leaves this one normal.
    return former === 'normal' ? { command: 'SetStoreRequestedState', args: { id: currentStore, requestedState: 'current' } } : undefined;
  },
  question: {
    verb: () => 'Change the state of',
    label: ({ id, requestedState }) => `Set store ${id} to ${requestedState}`,
    object: (args, found) => `${nameStore(args, found)} to ${args.requestedState}`,
    consequence: ({ requestedState }, { store }) =>
      joinSentences(
        describeStore(store),
        readRow(store).requestedState === 'current' &&
          'Without a current store, new mail cannot be archived until another one is made current.',
        readRow(store).requestedState === 'writeProtected' && 'Its messages can be changed and deleted then.',
        requestedState === 'disabled' && 'No one can read its mail while it is disabled.',
        requestedState === 'current' && 'It receives new mail from then on.',
      ),
  },
  cautions: demotesCurrent,
  output: guess(nothing),
  examples: [
    { id: 2, requestedState: 'writeProtected' },
    { id: 3, requestedState: 'current' },
  ],
  emulate: (world, { id, requestedState }) => {
    const store = world.store(id);
    if (requestedState === 'current') requireFitForCurrent(store);
    store.requestedState = requestedState;
    if (requestedState === 'current') demoteOthers(world, store);
    return null;
  },
});

export const renameStore = defineCommand({
  name: 'RenameStore',
  title: 'Rename a store',
  summary: 'Changes the display name of an archive store; id, paths and content stay.',
  group,
  editions,
  effect: 'write',
  idempotent: true,
  input: { id: f.storeId, name: f.text().describe('New name.') },
  before: fieldsOfStore(['id', 'name']),
  inverse: ({ id }, before) => {
    const name = readString(readRow(before).name);
    return name === undefined ? undefined : { command: 'RenameStore', args: { id, name } };
  },
  output: guess(nothing),
  examples: [{ id: 5, name: 'Import 2019 (old mail server)' }],
  emulate: (world, { id, name }) => {
    const store = world.store(id);
    if (store.name !== name) requireFreeName(world, name);
    store.name = name;
    return null;
  },
});

export const detachStore = defineCommand({
  name: 'DetachStore',
  title: 'Detach a store',
  summary: 'Detaches a store: its mail disappears for everyone until attach_store. Files stay; note its get_stores entry first.',
  group,
  editions,
  effect: 'destructive',
  risks: ['weakens-protection'],
  idempotent: false,
  input: { id: f.storeId },
  before: fieldsOfStore(['id', 'name', 'requestedState', ...PLACE]),
  inverse: (_, before) => {
    const args = attachable.safeParse(before).data;
    return args && { command: 'AttachStore', args };
  },
  question: {
    reads: { store: storeInQuestion, compliance: complianceInQuestion },
    verb: () => 'Detach',
    label: ({ id }) => `Detach store ${id}`,
    object: nameStore,
    facts: (_, { store }) => identifyStore(store),
    consequence: (_, { store, compliance }) =>
      joinSentences(
        describeStore(store),
        `No one can read its mail until it is attached again; its data stays where it is${placeInWords(store)}.`,
        readRow(store).requestedState === 'current' && 'New mail cannot be archived until another store is made current.',
        isHeld(compliance) && 'Legal hold is on: this mail may be wanted as evidence.',
      ),
    typed: ({ id }, { store }) => readString(readRow(store).name) ?? String(id),
  },
  output: guess(nothing),
  examples: [{ id: 2 }],
  emulate: (world, { id }) => {
    const { stores, detachedStores } = world.state;
    const store = world.store(id);
    stores.splice(stores.indexOf(store), 1);
    detachedStores.push(store);
    return null;
  },
});

export const unlockStore = defineCommand({
  name: 'UnlockStore',
  title: 'Unlock a store',
  summary: 'Unlocks an attached store that comes from another MailStore installation, by its product key or recovery key.',
  group,
  editions,
  since: since2018,
  effect: 'write',
  risks: ['opens-mail'],
  idempotent: true,
  input: { id: f.storeId, passphrase: f.secret('Product or recovery key of the original installation.') },
  irreversible: 'No command locks a store again.',
  question: {
    reads: { store: storeInQuestion },
    verb: () => 'Unlock',
    label: ({ id }) => `Unlock store ${id}`,
    object: nameStore,
    facts: (_args, { store }) => identifyStore(store),
    consequence: (_args, { store }) =>
      joinSentences(
        'It comes from another installation. Its mail can be read then by users of this one who have rights on archives of the same names.',
        describeStore(store),
      ),
  },
  output: guess(nothing),
  examples: [{ id: 8, passphrase: 'PRODUCT-KEY-OF-THE-OTHER-INSTALLATION' }],
  emulate: (world, { id, passphrase }) => {
    const store = world.store(id);
    if (!store.locked) return null;
    if (passphrase !== 'PRODUCT-KEY-OF-THE-OTHER-INSTALLATION') throw new CommandFailure('The passphrase is not correct.');
    store.locked = false;
    addMissingIndexes(world, id);
    return null;
  },
});

export const getStoreAutoCreateConfiguration = defineCommand({
  name: 'GetStoreAutoCreateConfiguration',
  title: 'Show automatic store creation',
  summary: 'Shows the rule by which new archive stores are created automatically and become current.',
  group,
  editions,
  since: since2024,
  effect: 'read',
  input: {},
  output: guess(record({})),
  examples: [{}],
  emulate: (world) => structuredClone(world.state.storeAutoCreate),
});

export const setStoreAutoCreateConfiguration = defineCommand({
  name: 'SetStoreAutoCreateConfiguration',
  title: 'Change automatic store creation',
  summary: 'Changes the rule by which new archive stores are created automatically and become current; what is left out stays.',
  group,
  editions,
  since: since2024,
  effect: 'write',
  risks: ['sends-data-out'],
  risk: ({ config }, { current }) => listRisks({ 'sends-data-out': namesAnotherPlace(current, config) }),
  decidesFrom: { current: { read: 'GetStoreAutoCreateConfiguration', pick: (value) => value } },
  idempotent: true,
  input: {
    config: f.configObject(
      {
        enabled: z.boolean().nullable(),
        interval: z.string().nullable(),
        maximumMessageCount: z.int().nullable(),
        namePattern: z.string().nullable(),
      },
      'As in get_store_auto_create_configuration. A field that is left out keeps its value.',
    ),
  },
  mergesInto: { argument: 'config', read: 'GetStoreAutoCreateConfiguration' },
  before: { read: 'GetStoreAutoCreateConfiguration', pick: (value) => value },
  inverse: (_, before) =>
    before === undefined || mayLackSecret(before) ? undefined : { command: 'SetStoreAutoCreateConfiguration', args: { config: before } },
  question: {
    verb: () => 'Change',
    label: () => 'Change the rule for new stores',
    object: () => 'the rule by which stores are created',
    consequence: ({ config }, { current }) =>
      joinSentences(
        'New stores are created by this rule and receive new mail from then on, wherever it puts them.',
        describeChanges(current, config),
      ),
  },
  output: guess(nothing),
  examples: [{ config: { enabled: true, interval: 'monthly', maximumMessageCount: null, namePattern: '{yyyy}-{MM}' } }],
  emulate: (world, { config }) => {
    for (const [key, value] of Object.entries(world.state.storeAutoCreate)) {
      const given = config[key];
      const comparable = value !== null && given !== null && given !== undefined;
      if (comparable && typeof given !== typeof value) throw new CommandFailure(`The value of '${key}' must be a ${typeof value}.`);
    }
    world.state.storeAutoCreate = structuredClone(config);
    return null;
  },
});

/** Detaches the store that a call brought online, unless one of its name was there before. */
function detachAgain({ requestedState }: { readonly requestedState: string }, before: unknown, after: unknown): CommandCall | undefined {
  const { id } = readRow(after);
  // A new current store has taken the place of another, which detaching does not give back.
  if (before !== undefined || requestedState === 'current' || id === undefined) return undefined;
  return { command: 'DetachStore', args: { id } };
}

/** Returns in brackets what attaching a store again takes, as far as it was read. */
function placeInWords(store: unknown): string {
  const { type, ...place } = readRow(store);
  const [database, server, path] = [readString(place.databaseName), readString(place.serverName), readString(place.databasePath)];
  if (type === 'FileSystemInternal' || server === undefined || database === undefined) return path === undefined ? '' : ` (${path})`;
  const password = readString(place.userName) === undefined ? '' : ', whose password attaching takes';
  return ` (database ${database} on ${server}${password})`;
}
