import * as z from 'zod';
import {
  RECOVERY_UNFINISHED,
  addMissingIndexes,
  closedReason,
  comparablePath,
  hasBrokenDatabase,
  isReachable,
  locationError,
  requireChangeable,
  requireOpen,
} from '../src/emulation/archive-stores.ts';
import { defineCommand, type CommandCall, type Found, type Look, type Question } from '../src/catalogue/define-command.ts';
import { drifts } from '../src/catalogue/drifting.ts';
import * as f from '../src/catalogue/fields.ts';
import { countOf, fieldsOf, mayLackSecret, rowOf, rowWhere, sentences, sizeOf, textOf } from '../src/catalogue/looks.ts';
import { anything, guess, listOf, nothing, record } from '../src/catalogue/outputs.ts';
import { changedFields, describeChanges, isLocalPath, risksOf } from '../src/catalogue/risk.ts';
import { evenly, slices, type Line, type Run } from '../src/emulation/steps.ts';
import { CommandFailure, type World, type WorldStore } from '../src/emulation/world.ts';

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

/** The fields of a store's entry that say where it lives. */
const PLACE = ['type', 'databaseName', 'databasePath', 'contentPath', 'indexPath', 'serverName', 'userName'];

/** Where a store lives that a call can state again: a database on a server takes a password, which no read shows. */
const filePlace = z.object({ type: z.literal('FileSystemInternal'), databasePath: f.text(), contentPath: f.text(), indexPath: f.text() });

/** A store that a call can attach again; as the current one it could push aside another that became current meanwhile. */
const attachable = filePlace.extend({ name: f.text(), requestedState: f.storeState.exclude(['current']) });

/** The store that a call brings online, by its name. */
const storeOfName: Look<{ readonly name: string }> = {
  read: 'GetStores',
  args: () => ({ includeSize: false }),
  pick: (value, { name }) => fieldsOf(rowWhere(value, 'name', name), ['id', 'name', 'requestedState', ...PLACE]),
};

/** These fields of the store that a call names by its id. */
const fieldsOfStore = (names: readonly string[]): Look<{ readonly id: number }> => ({
  read: 'GetStores',
  args: () => ({ includeSize: false }),
  pick: (value, { id }) => fieldsOf(rowWhere(value, 'id', id), names),
});

/** What a question says of a store; the sizes take the server time, so nothing else reads them. */
const storeInQuestion: Look<{ readonly id: number }> = {
  read: 'GetStores',
  args: () => ({ includeSize: true }),
  pick: (value, { id }) => rowWhere(value, 'id', id),
};

const complianceInQuestion: Look<unknown> = {
  read: 'GetComplianceConfiguration',
  pick: (value) => fieldsOf(rowOf(value), ['legalHoldEnabled']),
};

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
  const database = textOf(databaseName) === undefined ? 'a database' : `the database ${String(databaseName)}`;
  const paths = [...new Set([databasePath, contentPath, indexPath].filter((path) => textOf(path) !== undefined))].join(', ');
  return sentences(
    textOf(serverName) !== undefined &&
      `The server logs in at ${String(serverName)}${textOf(userName) === undefined ? '' : ` as ${String(userName)}`} and keeps mail in ${database} there.`,
    textOf(serverName) === undefined && textOf(databaseName) !== undefined && `The server keeps mail in ${database}.`,
    paths !== '' && `Mail is kept in ${paths}.`,
    'Whoever has access to that place can read the mail in it.',
  );
}

const askAboutPlace = (verb: string): Question<{ readonly name: string; readonly requestedState: string }> => ({
  verb: () => verb,
  label: ({ name }) => `${verb} store ${name}`,
  object: ({ name }) => `archive store "${name}"`,
  consequence: (args) => sentences(describePlace(args), args.requestedState === 'current' && 'It receives all new mail from then on.'),
});

/** True where a store stops to receive new mail, or mail in it can be deleted that could not be; also where its state was not read. */
function losesProtection(requested: unknown, now: unknown): boolean {
  return requested !== now && now !== 'normal' && now !== 'disabled';
}

/** Fields of the rule for new stores that say nothing of where these are. */
const RULE = ['enabled', 'interval', 'maximumMessageCount', 'namePattern'];

function namesAnotherPlace(current: unknown, config: unknown): boolean {
  return changedFields(current, config).some((name) => !RULE.includes(name)) || /[\\/:]/.test(textOf(rowOf(config).namePattern) ?? '');
}

/** The question before something of a store is lost for good, while its messages stay. */
const askAboutLoss = (verb: string, loss: string): Question<{ readonly id: number }> => ({
  reads: { store: storeInQuestion, compliance: complianceInQuestion },
  verb: () => verb,
  label: ({ id }) => `${verb} store ${id}`,
  object: nameStore,
  facts: (_, { store }) => identifyStore(store),
  consequence: (_, { store, compliance }) => sentences(describeStore(store), loss, isHeld(compliance) && LEGAL_HOLD),
});

export const getStores = defineCommand({
  name: 'GetStores',
  title: 'List archive stores',
  summary: 'Lists archive stores: id, state, error, message count, size, paths, and whether an upgrade or index rebuild is due.',
  group,
  editions,
  effect: 'read',
  longRunning: false,
  idempotent: true,
  input: { includeSize: z.boolean().optional().describe('false is faster.') },
  output: listOf({
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
  }),
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
  risk: (args) => risksOf({ 'sends-data-out': isElsewhere(args) }),
  longRunning: false,
  idempotent: false,
  input: { name: f.text(), type: storeType, ...location, requestedState: f.storeState.default('normal') },
  before: storeOfName,
  inverse: detachAgain,
  question: askAboutPlace('Create'),
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
      ...placeOf(args),
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
  risk: (args) => risksOf({ 'sends-data-out': isElsewhere(args) }),
  longRunning: false,
  idempotent: false,
  input: { name: f.text(), type: storeType, ...location, requestedState: f.storeState.default('normal') },
  before: storeOfName,
  inverse: detachAgain,
  question: askAboutPlace('Attach'),
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
    const place = placeOf(args);
    const position = detachedStores.findIndex(
      (store) => store.type === args.type && databaseOf(store) === databaseOf({ ...store, ...place }),
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
  risk: (args) => risksOf({ 'sends-data-out': isElsewhere(args) }),
  longRunning: false,
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
    const { databaseName, serverName, userName } = rowOf(before);
    const cleared = {
      databaseName: textOf(databaseName) ?? null,
      serverName: textOf(serverName) ?? null,
      userName: textOf(userName) ?? null,
    };
    return { command: 'SetStoreProperties', args: { id, ...place, ...cleared } };
  },
  question: {
    reads: { store: fieldsOfStore(['id', 'name']) },
    verb: () => 'Change',
    label: ({ id }) => `Change store ${id}`,
    object: nameStore,
    facts: (_args, { before }) => identifyStore(before),
    consequence: (args, { before }) => sentences(describePlace(args), describeChanges(before, statedPlace(args)), 'No files are moved.'),
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
    const place = placeOf({ ...args, type, contentPath: args.contentPath ?? '', indexPath: args.indexPath ?? '' });
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
  risk: ({ requestedState }, { store }) => risksOf({ 'weakens-protection': losesProtection(requestedState, rowOf(store).requestedState) }),
  decidesFrom: { store: fieldsOfStore(['id', 'name', 'requestedState']) },
  longRunning: false,
  idempotent: true,
  input: { id: f.storeId, requestedState: f.storeState },
  before: {
    read: 'GetStores',
    args: () => ({ includeSize: false }),
    pick: (value, { id, requestedState }) => {
      const store = fieldsOf(rowWhere(value, 'id', id), ['id', 'requestedState']);
      const current = rowWhere(value, 'requestedState', 'current')?.id ?? null;
      // Which other store is current changes by itself where stores are created automatically, and concerns only a call that changes it.
      return (
        store && { ...store, ...(requestedState === 'current' ? { currentStore: current } : { someStoreIsCurrent: current !== null }) }
      );
    },
  },
  inverse: ({ id, ...asked }, before) => {
    const { requestedState, currentStore = null } = rowOf(before);
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
      sentences(
        describeStore(store),
        rowOf(store).requestedState === 'current' &&
          'Without a current store, new mail cannot be archived until another one is made current.',
        rowOf(store).requestedState === 'writeProtected' && 'Its messages can be changed and deleted then.',
        requestedState === 'disabled' && 'Nobody can read its mail while it is disabled.',
        requestedState === 'current' && 'It receives new mail from then on.',
      ),
  },
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
  longRunning: false,
  idempotent: true,
  input: { id: f.storeId, name: f.text().describe('New name.') },
  before: fieldsOfStore(['id', 'name']),
  inverse: ({ id }, before) => {
    const name = textOf(rowOf(before).name);
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
  longRunning: false,
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
      sentences(
        describeStore(store),
        `Nobody can read its mail until it is attached again; its data stays where it is${placeInWords(store)}.`,
        rowOf(store).requestedState === 'current' && 'New mail cannot be archived until another store is made current.',
        isHeld(compliance) && 'Legal hold is on: this mail may be wanted as evidence.',
      ),
    typed: ({ id }, { store }) => textOf(rowOf(store).name) ?? String(id),
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

export const compactStore = defineCommand({
  name: 'CompactStore',
  title: 'Compact a store',
  summary: 'Frees disk space by dropping the remains of deleted mail; recover_store can no longer bring that mail back.',
  group,
  editions,
  effect: 'destructive',
  longRunning: true,
  idempotent: true,
  input: { id: f.storeId },
  irreversible: 'The remains of deleted messages are gone for good.',
  question: askAboutLoss(
    'Compact',
    'The remains of deleted messages are removed for good: recover_store can no longer bring those messages back; all others stay.',
  ),
  evidence: ({ id }) => [{ read: 'GetStores', args: { includeSize: true }, rows: { id } }],
  output: anything,
  examples: [{ id: 2 }],
  emulate: function* (world, { id }): Run {
    const { name } = world.store(id);
    requireChangeable(world.store(id));
    yield { percent: 1, text: `Compacting archive store '${name}'` };
    yield { percent: 5, text: 'Searching for remains of deleted messages' };
    const remains = world.state.messages.filter((message) => message.storeId === id && message.deleted);
    for (const { percent, done, items } of slices(remains, 10, 80)) {
      yield { percent, text: `Removing deleted message ${done + 1} of ${remains.length}` };
      requireChangeable(world.store(id));
      const dropped = new Set(items.filter((message) => message.deleted));
      removeWhere(world.state.messages, (message) => dropped.has(message));
    }
    yield { percent: 82, text: 'Rewriting content files' };
    yield { percent: 90, text: 'Compacting the store database' };
    yield { percent: 98, text: `${remains.length} deleted messages removed` };
    return null;
  },
});

export const mergeStore = defineCommand({
  name: 'MergeStore',
  title: 'Merge stores',
  summary:
    'Copies all mail of one store into another; cannot be undone. The source stays: detach_store it after checking, or mail shows twice.',
  group,
  editions,
  effect: 'write',
  longRunning: true,
  idempotent: false,
  input: {
    id: z.int().positive().describe('Store to copy into.'),
    sourceId: z.int().positive().describe('Store to copy from.'),
  },
  irreversible: 'No command takes the copied messages out of the store again.',
  evidence: ({ id }) => [{ read: 'GetStores', args: { includeSize: true }, rows: { id } }],
  output: anything,
  examples: [{ id: 2, sourceId: 1 }],
  emulate: function* (world, { id, sourceId }): Run {
    const target = world.store(id);
    const source = world.store(sourceId);
    if (target === source) throw new CommandFailure('An archive store cannot be merged into itself.');
    requireChangeable(target);
    requireOpen(source);
    yield { percent: 1, text: `Merging archive store '${source.name}' into '${target.name}'` };
    yield { percent: 4, text: 'Comparing folders' };
    const messages = world.messagesIn(sourceId);
    for (const { percent, done, items } of slices(messages, 8, 88)) {
      yield { percent, text: `Copying message ${done + 1} of ${messages.length}` };
      requireChangeable(world.store(id));
      requireOpen(world.store(sourceId));
      for (const message of items) {
        if (!message.deleted) world.state.messages.push({ ...message, storeId: id, number: world.nextId('message') });
      }
      addMissingIndexes(world, id);
    }
    yield { percent: 90, text: 'Committing search indexes' };
    yield { percent: 97, text: `${messages.length} messages copied` };
    return null;
  },
});

export const recoverStore = defineCommand({
  name: 'RecoverStore',
  title: 'Recover a store',
  summary:
    'Replaces the database of a disabled or failed store by one rebuilt from recovery records; what they lack is lost. See verify_store.',
  group,
  editions,
  since: since2018,
  effect: 'destructive',
  longRunning: true,
  idempotent: false,
  input: {
    id: f.storeId,
    encryptionKey: f.secret('Needed if the key file is lost.').optional(),
    recoverDeletedMessages: z.boolean().optional().describe('true also restores deleted mail not yet compacted away.'),
  },
  irreversible: 'The database that is replaced is not kept.',
  question: {
    reads: { store: storeInQuestion },
    verb: () => 'Recover',
    label: ({ id }) => `Recover store ${id}`,
    object: nameStore,
    facts: (_, { store }) => identifyStore(store),
    consequence: ({ recoverDeletedMessages }, { store }) =>
      sentences(
        describeStore(store),
        'Its database is replaced by one rebuilt from the recovery records; what they lack is lost for good.',
        recoverDeletedMessages === true && 'Deleted messages that were not compacted away come back.',
        recoverDeletedMessages === false && 'Deleted messages stay deleted.',
      ),
  },
  evidence: ({ id }) => [{ read: 'GetStores', args: { includeSize: true }, rows: { id } }],
  output: anything,
  examples: [{ id: 6, recoverDeletedMessages: false }],
  emulate: function* (world, { id, recoverDeletedMessages }): Run {
    const store = world.store(id);
    requireFileSystem(store);
    requireUnlocked(store);
    requireReachable(store);
    if (store.requestedState !== 'disabled' && store.error === null) {
      throw new CommandFailure(`Archive store '${store.name}' must be disabled or in error state to be recovered.`);
    }
    if (store.needsUpgrade) throw new CommandFailure(`Archive store '${store.name}' must be upgraded before it can be recovered.`);
    if (store.recoveryRecordsDamaged) throw new CommandFailure(`The recovery records of archive store '${store.name}' are damaged.`);
    world.audit('RecoverStoreStart', `Recovery of archive store '${store.name}' started.`);
    yield { percent: 1, text: `Recovering archive store '${store.name}'` };
    requireAttached(world, store);
    // The old database is gone from here on: a run that stops before the end leaves a store that cannot be opened.
    store.error = RECOVERY_UNFINISHED;
    yield { percent: 5, text: 'Creating an empty store database' };
    yield { percent: 8, text: 'Reading recovery records' };
    const records = world.state.messages.filter((message) => message.storeId === id && (recoverDeletedMessages || !message.deleted));
    for (const { percent, done, items } of slices(records, 10, 85)) {
      yield { percent, text: `Replaying record ${done + 1} of ${records.length}` };
      requireAttached(world, store);
      for (const message of items) delete message.deleted;
    }
    yield { percent: 88, text: 'Creating database indexes' };
    yield { percent: 95, text: `${records.length} messages recovered` };
    requireAttached(world, store);
    addMissingIndexes(world, id);
    store.error = null;
    world.audit('RecoverStoreFinish', `Recovery of archive store '${store.name}' finished.`);
    return null;
  },
});

export const recreateRecoveryRecords = defineCommand({
  name: 'RecreateRecoveryRecords',
  title: 'Recreate recovery records',
  summary: 'Overwrites the recovery records of a store from its live database; what only they contained is lost. See verify_store first.',
  group,
  editions,
  since: since2018,
  effect: 'destructive',
  longRunning: true,
  idempotent: true,
  input: { id: f.storeId },
  irreversible: 'The old recovery records are overwritten.',
  question: askAboutLoss(
    'Recreate the recovery records of',
    'Its recovery records are written anew from its database; what only the old ones contained is lost for good, and its messages stay.',
  ),
  evidence: ({ id }) => [{ read: 'GetStores', args: { includeSize: true }, rows: { id } }],
  output: anything,
  examples: [{ id: 3 }],
  emulate: function* (world, { id }): Run {
    const store = world.store(id);
    requireChangeable(store);
    if (store.type !== 'FileSystemInternal' && store.contentPath === '') {
      throw new CommandFailure(`Archive store '${store.name}' keeps its content in the database and has no recovery records.`);
    }
    yield { percent: 1, text: `Recreating the recovery records of archive store '${store.name}'` };
    requireChangeable(world.store(id));
    // Records that are only partly written cannot be used.
    store.recoveryRecordsDamaged = true;
    yield { percent: 6, text: 'Removing the old recovery records' };
    const count = world.messagesIn(id).length;
    for (const { percent, done } of slices(world.messagesIn(id), 10, 90)) {
      requireChangeable(world.store(id));
      yield { percent, text: `Writing record ${done + 1} of ${count}` };
    }
    yield { percent: 93, text: 'Checking the new recovery records' };
    yield { percent: 98, text: `${count} recovery records written` };
    requireChangeable(world.store(id));
    store.recoveryRecordsDamaged = false;
    return null;
  },
});

export const repairStoreDatabase = defineCommand({
  name: 'RepairStoreDatabase',
  title: 'Repair a store database',
  summary: 'Rebuilds the internal indexes of a file-system store database. A damaged database needs recover_store instead.',
  group,
  editions,
  since: since2018,
  effect: 'write',
  longRunning: true,
  idempotent: true,
  input: { id: f.storeId },
  irreversible: 'The indexes inside the database are rebuilt from what it holds, so there is nothing to put back.',
  nothingLost: true,
  evidence: ({ id }) => [{ read: 'GetStores', args: { includeSize: true }, rows: { id } }],
  output: anything,
  examples: [{ id: 3 }],
  emulate: function* (world, { id }): Run {
    const store = world.store(id);
    requireFileSystem(store);
    if (!hasBrokenDatabase(store)) requireChangeable(store);
    yield* evenly([
      `Repairing the database of archive store '${store.name}'`,
      'Deactivating database indexes',
      'Checking database pages',
      'Rebuilding the index of folders',
      'Rebuilding the index of messages',
      'Rebuilding the index of attachments',
    ]);
    if (hasBrokenDatabase(store)) throw new CommandFailure('The store database is damaged beyond its indexes; recover the archive store.');
    yield { percent: 96, text: 'Activating database indexes' };
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
  longRunning: false,
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
      sentences(
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

export const upgradeStore = defineCommand({
  name: 'UpgradeStore',
  title: 'Upgrade a store',
  summary: 'Upgrades one store to the current storage format: no way back, and unavailable meanwhile. Take a backup first (create_backup).',
  group,
  editions,
  effect: 'write',
  longRunning: true,
  idempotent: true,
  input: { id: f.storeId },
  irreversible: 'No command converts a store back to an earlier format.',
  evidence: ({ id }) => [{ read: 'GetStores', args: { includeSize: true }, rows: { id } }],
  output: anything,
  examples: [{ id: 5 }],
  emulate: function* (world, { id }): Run {
    const store = world.store(id);
    const obstacle = upgradeObstacle(store);
    if (obstacle !== null) throw new CommandFailure(obstacle);
    if (!store.needsUpgrade) {
      yield* evenly(['Opening the archive store', `Archive store '${store.name}' already has the current format`]);
      return null;
    }
    yield* evenly([`Upgrading archive store '${store.name}'`, ...UPGRADE_STEPS]);
    requireAttached(world, store);
    store.needsUpgrade = false;
    return null;
  },
});

export const upgradeStores = defineCommand({
  name: 'UpgradeStores',
  title: 'Upgrade all stores',
  summary: 'Upgrades every store that needs it to the current storage format: no way back. Take a backup first (create_backup).',
  group,
  editions,
  since: since2024,
  effect: 'write',
  longRunning: true,
  idempotent: true,
  input: {},
  irreversible: 'No command converts stores back to an earlier format.',
  evidence: () => [{ read: 'GetStores', args: { includeSize: true } }],
  output: anything,
  examples: [{}],
  emulate: function* (world): Run {
    const due = world.state.stores.filter((store) => store.needsUpgrade);
    yield { percent: 1, text: `${due.length} archive stores need an upgrade` };
    for (const [position, store] of due.entries()) {
      const from = 3 + (position * 92) / due.length;
      const obstacle = upgradeObstacle(store);
      if (obstacle !== null) {
        yield { percent: Math.floor(from), text: `${obstacle} It was not upgraded.`, type: 'warning' };
        continue;
      }
      for (const [part, text] of UPGRADE_STEPS.entries()) {
        const percent = Math.floor(from + (part * 92) / due.length / UPGRADE_STEPS.length);
        yield { percent, text: `Archive store '${store.name}': ${text}` };
      }
      if (world.state.stores.includes(store)) store.needsUpgrade = false;
    }
    yield { percent: 97, text: 'Opening the archive stores' };
    return null;
  },
});

export const verifyStore = defineCommand({
  name: 'VerifyStore',
  title: 'Verify a store',
  summary:
    'Checks one store for damage, database, content and recovery records; changes nothing but loads the disks. Findings are in the log.',
  group,
  editions,
  effect: 'read',
  longRunning: true,
  idempotent: true,
  input: {
    id: f.storeId,
    // The vendor's tutorial and the wrapper of 2014 call the command with the id alone.
    includeIndexes: f.acceptedWithout(false, z.boolean().describe('Also check the search indexes.')),
  },
  evidence: ({ id }) => [{ read: 'GetStores', args: { includeSize: true }, rows: { id } }],
  output: anything,
  examples: [
    { id: 4, includeIndexes: true },
    { id: 6, includeIndexes: false },
  ],
  emulate: function* (world, { id, includeIndexes }): Run {
    const store = world.store(id);
    const obstacle = verificationObstacle(store);
    if (obstacle !== null) throw new CommandFailure(obstacle);
    const findings = findDamage(world, store, includeIndexes);
    yield* evenly([
      `Verifying archive store '${store.name}'`,
      'Checking the store database',
      'Checking recovery records',
      store.error === null ? `Checking the content of ${world.messagesIn(id).length} messages` : 'The content cannot be checked',
      includeIndexes ? 'Checking search indexes' : 'Search indexes are not checked',
      ...findings,
      summarize(findings),
    ]);
    return null;
  },
});

export const verifyStores = defineCommand({
  name: 'VerifyStores',
  title: 'Verify all stores',
  summary:
    'Checks all open stores for damage; changes nothing but loads the disks for long. Findings are in the log. One store: verify_store.',
  group,
  editions,
  since: since2018,
  effect: 'read',
  longRunning: true,
  idempotent: true,
  input: { includeIndexes: z.boolean().describe('Also check the search indexes.') },
  evidence: () => [{ read: 'GetStores', args: { includeSize: true } }],
  output: anything,
  examples: [{ includeIndexes: false }],
  emulate: function* (world, { includeIndexes }): Run {
    const lines = world.state.stores.flatMap((store): Line[] => {
      const obstacle = verificationObstacle(store);
      if (obstacle !== null) return [{ text: `${obstacle} It was not verified.`, type: 'warning' }];
      return [`Verifying archive store '${store.name}'`, ...findDamage(world, store, includeIndexes)];
    });
    yield* evenly([...lines, summarize(lines)]);
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
  longRunning: false,
  idempotent: true,
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
  risk: ({ config }, { current }) => risksOf({ 'sends-data-out': namesAnotherPlace(current, config) }),
  decidesFrom: { current: { read: 'GetStoreAutoCreateConfiguration', pick: (value) => value } },
  longRunning: false,
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
      sentences(
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
  const { id } = rowOf(after);
  // A new current store has taken the place of another, which detaching does not give back.
  if (before !== undefined || requestedState === 'current' || id === undefined) return undefined;
  return { command: 'DetachStore', args: { id } };
}

function nameStore({ id }: { readonly id: number }, { store }: Found): string {
  const name = textOf(rowOf(store).name);
  return name === undefined ? `archive store ${id}` : `archive store ${id} "${name}"`;
}

const STATE_IN_WORDS = new Map<unknown, string>([
  ['current', 'It is the current store, which receives new mail'],
  ['normal', 'It is in normal use'],
  ['writeProtected', 'It is write-protected'],
  ['disabled', 'It is disabled'],
]);

/** Says what was read of a store's state and contents; undefined where nothing was. */
function describeStore(store: unknown): string | undefined {
  const { requestedState, error, statisticsCount, statisticsSize } = rowOf(store);
  const count = countOf(statisticsCount, 'message');
  // A size that was not calculated reads as nothing.
  const size = statisticsSize === 0 ? undefined : sizeOf(statisticsSize);
  const holds = count && `MailStore counts ${count} in it${size === undefined ? '' : `, ${size}`}`;
  const state = `${STATE_IN_WORDS.get(requestedState) ?? ''}${holds === undefined ? '' : drifts(`${STATE_IN_WORDS.has(requestedState) ? '; ' : ''}${holds}`)}`;
  const problem = textOf(error)?.replace(/\.$/, '');
  return sentences(state !== '' && `${state}.`, problem !== undefined && `It reports the error "${problem}".`) || undefined;
}

/** Returns where a store lies, which identifies it beside its id and name. */
function identifyStore(store: unknown): string | undefined {
  const row = rowOf(store);
  const place = ['type', ...PLACE].flatMap((name) => {
    const value = textOf(row[name]);
    return value === undefined ? [] : [`${name} ${value}`];
  });
  return place.length === 0 ? undefined : [...new Set(place)].join('; ');
}

/** Returns in brackets what attaching a store again takes, as far as it was read. */
function placeInWords(store: unknown): string {
  const { type, ...place } = rowOf(store);
  const [database, server, path] = [textOf(place.databaseName), textOf(place.serverName), textOf(place.databasePath)];
  if (type === 'FileSystemInternal' || server === undefined || database === undefined) return path === undefined ? '' : ` (${path})`;
  const password = textOf(place.userName) === undefined ? '' : ', whose password attaching takes';
  return ` (database ${database} on ${server}${password})`;
}

const LEGAL_HOLD = 'Legal hold is on: deleted mail may still be wanted as evidence.';

function isHeld(compliance: unknown): boolean {
  return rowOf(compliance).legalHoldEnabled === true;
}

type Place = Pick<WorldStore, 'databaseName' | 'serverName' | 'userName' | 'password' | 'databasePath' | 'contentPath' | 'indexPath'>;

type WrittenPlace = { readonly [Key in keyof Place]?: string | null | undefined } & { readonly type: WorldStore['type'] };

/** Returns where a store lives: the files of a file-system store are in its database directory, where no other is given. */
function placeOf(args: WrittenPlace): Place {
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
function databaseOf(store: Pick<WorldStore, 'type' | 'serverName' | 'databaseName' | 'databasePath'>): string {
  if (store.type === 'FileSystemInternal') return comparablePath(store.databasePath);
  return `${store.type}:${store.serverName}:${store.databaseName}`.toLowerCase();
}

function requireFreeName(world: World, name: string): void {
  if (world.state.stores.some((store) => store.name === name)) throw new CommandFailure(`An archive store named '${name}' already exists.`);
}

function requireUsablePlace(store: WorldStore): void {
  const problem = locationError(store);
  if (problem !== null) throw new CommandFailure(problem);
}

function requireUnattached(world: World, type: WorldStore['type'], place: Place, except?: number): void {
  const database = databaseOf({ type, ...place });
  const user = database === '' ? undefined : world.state.stores.find((other) => other.id !== except && databaseOf(other) === database);
  if (user) throw new CommandFailure(`This database already belongs to archive store '${user.name}'.`);
}

function requireUnusedPlace(world: World, store: WorldStore): void {
  requireUnattached(world, store.type, store, store.id);
  if (world.state.detachedStores.some((other) => databaseOf(other) === databaseOf(store))) {
    throw new CommandFailure('There already is a detached archive store at this place; attach it or choose another place.');
  }
}

function requireFitForCurrent(store: WorldStore): void {
  const reason = closedReason({ ...store, requestedState: 'current' });
  if (reason !== null) throw new CommandFailure(reason);
}

function demoteOthers(world: World, current: WorldStore): void {
  for (const store of world.state.stores) if (store !== current && store.requestedState === 'current') store.requestedState = 'normal';
}

function requireFileSystem(store: WorldStore): void {
  if (store.type !== 'FileSystemInternal') throw new CommandFailure(`Archive store '${store.name}' is kept on a database server.`);
}

function requireUnlocked(store: WorldStore): void {
  if (store.locked) throw new CommandFailure(`Archive store '${store.name}' is locked because it comes from another installation.`);
}

function requireReachable(store: WorldStore): void {
  const missing = [store.databasePath, store.contentPath].find((path) => !isReachable(path));
  if (missing !== undefined) throw new CommandFailure(`The directory '${missing}' was not found.`);
}

function requireAttached(world: World, store: WorldStore): void {
  if (!world.state.stores.includes(store)) throw new CommandFailure(`Archive store '${store.name}' was detached meanwhile.`);
}

const UPGRADE_STEPS = [
  'Checking the current format',
  'Backing up the store database',
  'Converting folders',
  'Converting messages',
  'Converting recovery records',
  'Opening the new database',
];

/** Returns why a store cannot be converted, or null; a disabled store can, since its files are not in use. */
function upgradeObstacle(store: WorldStore): string | null {
  if (store.requestedState === 'writeProtected') return `Archive store '${store.name}' is write-protected.`;
  return closedReason(store.requestedState === 'disabled' ? { ...store, requestedState: 'normal' } : store);
}

/** Returns why a store cannot be checked, or null; a broken database can, and that is what the check reports. */
function verificationObstacle(store: WorldStore): string | null {
  return closedReason(hasBrokenDatabase(store) ? { ...store, error: null } : store);
}

/** The most search indexes that a verification names one by one. */
const NAMED_INDEXES = 5;

function findDamage(world: World, store: WorldStore, includeIndexes: boolean): Line[] {
  const findings: Line[] = [];
  if (store.error !== null) findings.push({ text: store.error, type: 'error' });
  if (store.recoveryRecordsDamaged) findings.push({ text: 'The recovery records are damaged.', type: 'error' });
  else if (store.error !== null) findings.push('The recovery records are intact.');
  if (store.needsUpgrade) findings.push({ text: 'The store has an old format and should be upgraded.', type: 'warning' });
  if (!includeIndexes) return findings;
  const stale = world.state.indexes.filter((index) => index.storeId === store.id && index.needsRebuild);
  for (const index of stale.slice(0, NAMED_INDEXES)) {
    findings.push({ text: `The search index of '${index.folder}' needs to be rebuilt.`, type: 'warning' });
  }
  const more = stale.length - NAMED_INDEXES;
  if (more > 0) findings.push({ text: `${more} more search indexes need to be rebuilt.`, type: 'warning' });
  return findings;
}

function summarize(lines: readonly Line[]): Line {
  const count = (type: 'error' | 'warning') => lines.filter((line) => typeof line !== 'string' && line.type === type).length;
  return `Verification finished; errors: ${count('error')}, warnings: ${count('warning')}`;
}

function removeWhere<T>(items: T[], isGone: (item: T) => boolean): void {
  let kept = 0;
  for (const item of items) if (!isGone(item)) items[kept++] = item;
  items.length = kept;
}
