import { describe, expect, test } from 'vitest';
import { toShownText } from '../../src/catalogue/drifting.ts';
import { setStoreProperties, setStoreRequestedState } from '../../tools/stores.ts';
import { commandNamed } from '../helpers/start-client.ts';

const files = { type: 'FileSystemInternal', databasePath: 'D:\\2024', contentPath: 'D:\\2024', indexPath: 'E:\\2024' };
const database = {
  type: 'SQLServer',
  databaseName: 'mail',
  serverName: 'sql01',
  userName: 'mailstore',
  databasePath: '',
  indexPath: 'E:\\i',
};
const closed = { id: 1, name: '2023', requestedState: 'writeProtected', ...files };
const normal = { id: 2, name: '2024', requestedState: 'normal', ...files };
const current = { id: 4, name: '2026', requestedState: 'current', ...files };
const external = { id: 9, name: 'SQL', requestedState: 'normal', ...database };

type Arguments = Readonly<Record<string, unknown>>;
type Stores = readonly Arguments[];

/** Returns the call that puts a call back which turned these stores into those. */
function wayBack(name: string, args: Arguments, was: Stores, is: Stores): unknown {
  const { before, inverse } = commandNamed(name);
  return inverse?.(args, before?.pick(was, args), before?.pick(is, args));
}

describe('the inverse', () => {
  test('a new store is detached again, unless it became the current one or its name was there before', () => {
    const made = { id: 10, name: '2027', requestedState: 'normal', ...files };
    const back = (requestedState: string, was: Stores) =>
      ['CreateStore', 'AttachStore'].map((name) => wayBack(name, { name: '2027', requestedState }, was, [current, made]));
    const detach = { command: 'DetachStore', args: { id: 10 } };
    expect({ normal: back('normal', [current]), current: back('current', [current]), twice: back('normal', [current, made]) }).toEqual({
      normal: [detach, detach],
      current: [undefined, undefined],
      twice: [undefined, undefined],
    });
  });

  test('a detached store is attached again from its files; not as the current one, and not from a database that takes a password', () => {
    const back = (store: Arguments & { readonly id: number }) => wayBack('DetachStore', { id: store.id }, [store], []);
    expect([back(closed), back(current), back(external)]).toEqual([
      { command: 'AttachStore', args: { name: '2023', requestedState: 'writeProtected', ...files } },
      undefined,
      undefined,
    ]);
  });

  test('a moved store goes back to its files, without a database server; one on a server does not, because its password is not known', () => {
    const back = (was: Arguments & { readonly id: number }, is: Arguments) =>
      wayBack('SetStoreProperties', { id: was.id }, [was], [{ ...was, ...is }]);
    const args = { id: 2, ...files, databaseName: null, serverName: null, userName: null };
    expect([back(normal, { contentPath: 'F:\\2024' }), back(normal, database), back(external, { serverName: 'sql02' })]).toEqual([
      { command: 'SetStoreProperties', args },
      { command: 'SetStoreProperties', args },
      undefined,
    ]);
  });

  test('the state goes back by the store that was current, where another took its place', () => {
    const back = (id: number, requestedState: string, was: Stores) => wayBack('SetStoreRequestedState', { id, requestedState }, was, []);
    const stores = [closed, normal, current];
    expect({
      protect: back(2, 'writeProtected', stores),
      withdraw: back(4, 'normal', stores),
      first: back(1, 'current', [closed, normal]),
      instead: back(2, 'current', stores),
      fromProtected: back(1, 'current', stores),
      unheardOf: back(2, 'normal', [{ ...normal, requestedState: 'frozen' }]),
      missing: back(3, 'normal', stores),
    }).toEqual({
      protect: { command: 'SetStoreRequestedState', args: { id: 2, requestedState: 'normal' } },
      withdraw: { command: 'SetStoreRequestedState', args: { id: 4, requestedState: 'current' } },
      first: { command: 'SetStoreRequestedState', args: { id: 1, requestedState: 'writeProtected' } },
      instead: { command: 'SetStoreRequestedState', args: { id: 4, requestedState: 'current' } },
      fromProtected: undefined,
      unheardOf: undefined,
      missing: undefined,
    });
  });

  test('another current store prevents putting back only a call that changes which store is current', () => {
    const look = (args: { id: number; requestedState: 'current' | 'disabled' }, stores: Stores) =>
      setStoreRequestedState.before?.pick(stores, args);
    const next = [{ ...current, requestedState: 'normal' }, { ...external, requestedState: 'current' }, normal];
    expect([
      look({ id: 2, requestedState: 'disabled' }, [current, normal]),
      look({ id: 2, requestedState: 'disabled' }, next),
      look({ id: 2, requestedState: 'disabled' }, [normal]),
      look({ id: 2, requestedState: 'current' }, next),
    ]).toEqual([
      { id: 2, requestedState: 'normal', someStoreIsCurrent: true },
      { id: 2, requestedState: 'normal', someStoreIsCurrent: true },
      { id: 2, requestedState: 'normal', someStoreIsCurrent: false },
      { id: 2, requestedState: 'normal', currentStore: 9 },
    ]);
  });

  test('a new name or a move of the store does not depend on what it holds', () => {
    const grown = { ...normal, statisticsCount: 5, error: 'x', searchIndexesNeedRebuild: true };
    expect(setStoreProperties.before?.pick([grown], { id: 2 })).toEqual({ id: 2, ...files });
    expect(commandNamed('RenameStore').before?.pick([grown], { id: 2 })).toEqual({ id: 2, name: '2024' });
  });

  test('automatic creation is put back as it was, but never with a secret that the read did not show', () => {
    const back = (config: unknown) => commandNamed('SetStoreAutoCreateConfiguration').inverse?.({}, config, {});
    const sql = (password: unknown) => ({ enabled: true, databases: [{ serverName: 'sql01', password }] });
    expect([back({ enabled: false }), back(sql('***')), back(sql(null)), back(sql('')), back(undefined)]).toEqual([
      { command: 'SetStoreAutoCreateConfiguration', args: { config: { enabled: false } } },
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
  });
});

describe('the question', () => {
  const ask = (name: string, args: Arguments, found: Arguments) => {
    const { question } = commandNamed(name);
    return {
      object: question?.object(args, found),
      consequence: toShownText(question?.consequence(args, found) ?? ''),
      typed: question?.typed?.(args, found),
    };
  };
  const store = { ...normal, statisticsCount: 120_345, statisticsSize: 8_765_432_109 };

  test('before a store is detached, its mail is counted and its name has to be typed', () => {
    expect(ask('DetachStore', { id: 2 }, { store })).toEqual({
      object: 'archive store 2 "2024"',
      consequence:
        'It is in normal use; MailStore counts 120,345 messages in it, 8.2 GB. No one can read its mail until it is attached again; its data stays where it is (D:\\2024).',
      typed: '2024',
    });
    expect(ask('DetachStore', { id: 4 }, { store: { ...current, statisticsCount: 1, statisticsSize: 0 } }).consequence).toBe(
      'It is the current store, which receives new mail; MailStore counts 1 message in it. No one can read its mail until it is attached again; its data stays where it is (D:\\2024). New mail cannot be archived until another store is made current.',
    );
    expect(ask('DetachStore', { id: 9 }, { store: external }).consequence).toBe(
      'It is in normal use. No one can read its mail until it is attached again; its data stays where it is (database mail on sql01, whose password attaching takes).',
    );
    expect(ask('DetachStore', { id: 9 }, { store: external, compliance: { legalHoldEnabled: true } }).consequence).toBe(
      'It is in normal use. No one can read its mail until it is attached again; its data stays where it is (database mail on sql01, whose password attaching takes). Legal hold is on: this mail may be wanted as evidence.',
    );
  });

  test('before a store is compacted, what cannot be recovered any more is named, and legal hold', () => {
    expect(ask('CompactStore', { id: 2 }, { store, compliance: { legalHoldEnabled: true } })).toEqual({
      object: 'archive store 2 "2024"',
      consequence:
        'It is in normal use; MailStore counts 120,345 messages in it, 8.2 GB. The remains of deleted messages are removed for good: recover_store can no longer bring those messages back; all others stay. Legal hold is on: deleted mail may still be wanted as evidence.',
      typed: undefined,
    });
  });

  test('before a store is recovered, the question states its error and the fate of deleted messages', () => {
    const broken = { ...normal, error: 'The store database is damaged.' };
    const told = (recoverDeletedMessages?: boolean) =>
      ask('RecoverStore', { id: 2, recoverDeletedMessages }, { store: broken }).consequence;
    const always =
      'It is in normal use. It reports the error "The store database is damaged". Its database is replaced by one rebuilt from the recovery records; what they lack is lost for good.';
    expect([told(), told(true), told(false)]).toEqual([
      always,
      `${always} Deleted messages that were not compacted away come back.`,
      `${always} Deleted messages stay deleted.`,
    ]);
  });

  test('before recovery records are written again, the question says what is lost with the old ones', () => {
    expect(ask('RecreateRecoveryRecords', { id: 2 }, { store, compliance: { legalHoldEnabled: false } })).toEqual({
      object: 'archive store 2 "2024"',
      consequence:
        'It is in normal use; MailStore counts 120,345 messages in it, 8.2 GB. Its recovery records are written again from its database; what only the old ones contained is lost for good, and its messages stay.',
      typed: undefined,
    });
  });

  test('of a store that could not be read, the question says nothing that may be false', () => {
    expect(ask('DetachStore', { id: 2 }, {})).toEqual({
      object: 'archive store 2',
      consequence: 'No one can read its mail until it is attached again; its data stays where it is.',
      typed: '2',
    });
  });
});
