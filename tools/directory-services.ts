import * as z from 'zod';
import { defineCommand, type Search } from '../src/catalogue/define-command.ts';
import { drifts } from '../src/catalogue/drifting.ts';
import * as f from '../src/catalogue/fields.ts';
import { isRow, readRow, readRowsWith, readString } from '../src/base/rows.ts';
import { formatCount, joinSentences } from '../src/catalogue/phrases.ts';
import { mayLackSecret } from '../src/catalogue/lacks-secret.ts';
import { guess, nothing, record } from '../src/catalogue/outputs.ts';
import { changedFields, describeChanges, mergeConfiguration, listRisks } from '../src/catalogue/risk.ts';
import { compareWithDirectory, directoryType, type DirectoryChange } from '../src/emulation/directory-sync.ts';
import { CommandFailure, withoutSecrets, type Step } from '../src/emulation/world.ts';

const group = 'directory-services';
const editions = ['server', 'spe'] as const;

/** Fields that say which entries of the same directory become users; accounts that they make have no more than the login privilege. */
const SCOPE = ['deleteUsers', 'enabledUsersOnly', 'groups', 'microsoftExchangeUsersOnly', 'usersVisibleInAddressListsOnly'];

/** True unless the next synchronisation is known to delete no account. */
function mayDelete(current: unknown, config: Readonly<Record<string, unknown>>): boolean {
  return mergeConfiguration(readRow(current), config)['deleteUsers'] !== false;
}

/** The account that this server itself logs in with. */
const ownAccount: Search<unknown> = { search: async (_args, read, login) => read('GetUserInfo', { userName: login }) };

/** True unless the account that this server logs in with is known to have a password that MailStore keeps: then the directory lets it in. */
function mayBeManaged(own: unknown): boolean {
  return !isRow(own) || own['authentication'] !== 'integrated';
}

export const getDirectoryServicesConfiguration = defineCommand({
  name: 'GetDirectoryServicesConfiguration',
  title: 'Show directory synchronisation settings',
  summary: 'Shows how users are synchronised from a directory service (Active Directory, LDAP, Microsoft 365 …); no passwords.',
  group,
  editions,
  effect: 'read',
  input: {},
  output: record({
    type: z.string(),
    deleteUsers: z.boolean().optional(),
    enabledUsersOnly: z.boolean().optional(),
    groups: z.array(z.string()).nullish(),
  }),
  examples: [{}],
  emulate: (world) => ({ type: directoryType(world), ...withoutSecrets(world.state.directoryServices) }),
});

export const setDirectoryServicesConfiguration = defineCommand({
  name: 'SetDirectoryServicesConfiguration',
  title: 'Change directory synchronisation settings',
  summary: 'Changes the directory service configuration; what is left out stays. deleteUsers true lets the next sync delete accounts.',
  group,
  editions,
  effect: 'write',
  risks: ['grants-power', 'sends-data-out', 'weakens-protection', 'locks-out'],
  risk: ({ config }, { current, own }) => {
    const changed = changedFields(current, config);
    const isElsewhere = changed.some((name) => !SCOPE.includes(name));
    return listRisks({
      'grants-power': isElsewhere,
      'sends-data-out': isElsewhere,
      // While it deletes, everybody outside of another scope is deleted by the next synchronisation, which may run by itself.
      'weakens-protection': changed.length > 0 && mayDelete(current, config),
      'locks-out': changed.length > 0 && mayBeManaged(own),
    });
  },
  decidesFrom: { current: { read: 'GetDirectoryServicesConfiguration', pick: (config) => config }, own: ownAccount },
  idempotent: true,
  input: {
    config: f.configObject(
      {
        type: z.string(),
        serverName: z.string().nullable(),
        protocol: z.string().nullable(),
        authenticationType: z.string().nullable(),
        userName: z.string().nullable(),
        password: f.secretInside('null erases it.'),
        credentialId: z.int().nullable(),
        baseDN: z.string().nullable(),
        microsoftExchangeUsersOnly: z.boolean().nullable(),
        usersVisibleInAddressListsOnly: z.boolean().nullable(),
        enabledUsersOnly: z.boolean().nullable(),
        groups: z.array(z.string()).nullable(),
        userNameFormat: z.string().nullable(),
        authenticationProtocol: z.string().nullable(),
        openIdDiscoveryUrl: z.string().nullable(),
        openIdClientID: z.string().nullable(),
        openIdRedirectUrl: z.string().nullable(),
        openIdForceAdfsLogin: z.boolean().nullable(),
        deleteUsers: z.boolean(),
      },
      'As in get_directory_services_configuration. A field that is left out keeps its value; a password is not shown there and has to be stated.',
      { secretsInside: true },
    ),
  },
  mergesInto: { argument: 'config', read: 'GetDirectoryServicesConfiguration' },
  before: { read: 'GetDirectoryServicesConfiguration', pick: (config) => config },
  inverse: (_args, before) =>
    keepsLoginElsewhere(before) ? { command: 'SetDirectoryServicesConfiguration', args: { config: before } } : undefined,
  question: {
    verb: () => 'Change',
    label: () => 'Change the directory',
    object: (_args, { current }) => {
      const { type, serverName } = readRow(current);
      const now = [readString(type), readString(serverName)].filter((part) => part !== undefined).join(', ');
      return `the directory that users are synchronised with${now && ` (now ${now})`}`;
    },
    consequence: ({ config }, { current }) => {
      const { type, serverName, userName, deleteUsers } = mergeConfiguration(readRow(current), config);
      const place = [readString(type), readString(serverName)].filter((part) => part !== undefined).join(', ');
      return joinSentences(
        `The server logs in at ${place || 'the directory'}${readString(userName) === undefined ? '' : ` as ${String(userName)}`}, and lets it decide who the users of this archive are and whether their passwords are right.`,
        deleteUsers === true && 'The next synchronisation deletes accounts whose users are not in that directory.',
        describeChanges(current, config),
      );
    },
  },
  output: guess(nothing),
  examples: [
    {
      config: {
        type: 'activeDirectory',
        serverName: 'dc2.example.com',
        protocol: 'LDAP',
        authenticationType: 'standardAuthentication',
        userName: 'svc-archive',
        password: 'Quiet-Harbour-41',
        baseDN: 'DC=example,DC=com',
        microsoftExchangeUsersOnly: true,
        usersVisibleInAddressListsOnly: false,
        enabledUsersOnly: true,
        groups: null,
        userNameFormat: 'samAccountName',
        authenticationProtocol: 'networkAuthentication',
        openIdDiscoveryUrl: null,
        openIdClientID: null,
        openIdRedirectUrl: null,
        openIdForceAdfsLogin: false,
        deleteUsers: false,
      },
    },
  ],
  emulate: (world, { config }) => {
    const { type, deleteUsers, credentialId } = config;
    if (typeof type !== 'string' || type === '') throw new CommandFailure("The directory services configuration has no 'type'.");
    if (deleteUsers !== undefined && typeof deleteUsers !== 'boolean') throw new CommandFailure("'deleteUsers' must be true or false.");
    if (typeof credentialId === 'number') world.credential(credentialId);
    world.state.directoryServices = structuredClone(config);
    return null;
  },
});

export const syncUsersWithDirectoryServices = defineCommand({
  name: 'SyncUsersWithDirectoryServices',
  title: 'Synchronise users with the directory',
  summary: 'Makes users match the directory; can delete. Start with dryRun true, all that read-only allows; old values: get_user_info.',
  group,
  editions,
  effect: 'destructive',
  effectRange: ['read', 'destructive'],
  effectOf: ({ dryRun }) => (dryRun === true ? 'read' : 'destructive'),
  risks: ['locks-out'],
  // It changes, and with deleteUsers deletes, accounts that the directory manages.
  risk: (_args, { own }) => listRisks({ 'locks-out': mayBeManaged(own) }),
  decidesFrom: { own: ownAccount },
  longRunning: true,
  idempotent: true,
  input: { dryRun: z.boolean().optional().describe('true changes nothing.') },
  before: { read: 'GetUsers', pick: describeAccounts },
  irreversible: 'It changes many accounts at once, and a deleted one cannot be restored.',
  question: {
    reads: {
      config: {
        read: 'GetDirectoryServicesConfiguration',
        pick: (config) => config,
      },
      users: { read: 'GetUsers', pick: (users) => ({ total: Array.isArray(users) ? users.length : undefined }) },
    },
    verb: () => 'Synchronise',
    label: () => 'Synchronise users',
    object: (_args, { config }) => {
      const { type, serverName } = readRow(config);
      const directory = [readString(type), readString(serverName)].filter((part) => part !== undefined).join(', ');
      return `user accounts with the directory${directory && ` (${directory})`}`;
    },
    // Each of these settings decides who is created, changed or deleted.
    facts: (_args, { config }) =>
      Object.entries(readRow(config))
        .filter(([name, value]) => !['type', 'serverName'].includes(name) && value !== null && value !== undefined)
        .map(([name, value]) => `${name}: ${typeof value === 'string' ? value : JSON.stringify(value)}`)
        .join(', '),
    consequence: (_args, { config, users }) =>
      joinSentences(
        'Accounts are created and changed to match the directory.',
        whatIsDeleted(readRow(config)['deleteUsers']),
        howMany(readRow(users)['total']),
        'With dryRun the same call lists the changes and makes none.',
      ),
  },
  evidence: () => [{ read: 'GetUsers', args: {} }],
  output: guess(
    record({
      dryRun: z.boolean().optional(),
      created: z.array(z.string()).optional(),
      updated: z.array(z.string()).optional(),
      deleted: z.array(z.string()).optional(),
    }),
  ),
  examples: [{ dryRun: true }, {}],
  emulate: function* (world, { dryRun = false }) {
    const type = directoryType(world);
    const { credentialId, deleteUsers } = world.state.directoryServices;
    if (typeof credentialId === 'number') world.credential(credentialId);

    yield { percent: 5, text: `Connecting to directory services (${type})` };
    yield { percent: 10, text: 'Reading users from the directory' };
    yield { percent: 15, text: `${world.state.directory.length} users found in the directory` };

    const { changes, ignored, missing } = compareWithDirectory(world, deleteUsers === true);
    yield { percent: 25, text: `${changes.length} differences between the directory and the users of the archive` };
    if (ignored.length > 0) {
      yield warning(30, `Users with integrated authentication are not synchronised: ${ignored.join(', ')}`);
    }
    if (missing.length > 0) {
      yield warning(35, `Users who are no longer in the directory are kept: ${missing.join(', ')}`);
    }

    for (const { userName, values } of changes.slice(0, VALUES_NAMED)) {
      if (values !== undefined) yield { percent: 38, text: `${userName}: ${values}` };
    }

    const done: Readonly<Record<DirectoryChange['kind'], string[]>> = { created: [], updated: [], deleted: [] };
    const batchSize = Math.max(1, Math.ceil(changes.length / 5));
    for (let first = 0; first < changes.length; first += batchSize) {
      const batch = changes.slice(first, first + batchSize);
      for (const change of batch) {
        if (dryRun || change.apply()) done[change.kind].push(change.userName);
      }
      const text = batch.map(({ kind, userName }) => `${dryRun ? 'would be ' : ''}${kind}: ${userName}`).join('; ');
      yield { percent: 40 + Math.floor((50 * (first + batch.length)) / changes.length), text: `Users ${text}` };
    }
    const { created, updated, deleted } = done;
    yield {
      percent: 95,
      text: `${created.length} users created, ${updated.length} updated, ${deleted.length} deleted${dryRun ? ' (dry run)' : ''}`,
    };
    return { dryRun, created, updated, deleted };
  },
});

/** Accounts of which a synchronisation keeps what they were before it. */
const ACCOUNTS_KEPT = 2000;

/** Returns full name and directory entry of each account by its login name, as far as the list of users shows them; of very many, only how many there are. */
function describeAccounts(users: unknown): unknown {
  const rows = readRowsWith(users, 'userName');
  if (!rows || rows.length > ACCOUNTS_KEPT) return rows && { accounts: rows.length };
  return Object.fromEntries(
    rows.map(({ userName, fullName, distinguishedName }) => [
      String(userName),
      [fullName, distinguishedName].flatMap((value) => readString(value) ?? []).join('; '),
    ]),
  );
}

/**
 * True for a configuration that logs in with a stored credential. Any other may have a password, which reads as null, and whether sending
 * null keeps or erases it is described nowhere.
 */
function keepsLoginElsewhere(config: unknown): boolean {
  return typeof readRow(config)['credentialId'] === 'number' && !mayLackSecret(config);
}

function whatIsDeleted(deleteUsers: unknown): string {
  const lost = 'are deleted for good, with their rights and settings; archived mail stays';
  if (deleteUsers === true) return `Accounts whose users are no longer in the directory ${lost}.`;
  if (deleteUsers === false) return 'No account is deleted: deleteUsers is off.';
  return `If deleteUsers is on, accounts whose users are no longer in the directory ${lost}.`;
}

function howMany(total: unknown): string | undefined {
  const accounts = formatCount(total, 'account');
  return accounts && drifts(`There are ${accounts} now.`);
}

/** Changed accounts whose old and new values the emulated server names. */
const VALUES_NAMED = 20;

function warning(percent: number, text: string): Step {
  return { percent, text, type: 'warning' };
}
