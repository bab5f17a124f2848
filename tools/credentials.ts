import * as z from 'zod';
import { defineCommand, type Found, type Look } from '../src/catalogue/define-command.ts';
import * as f from '../src/catalogue/fields.ts';
import { pickFields, readRow, findRow, readRows, readString } from '../src/base/rows.ts';
import { formatCount, joinSentences } from '../src/catalogue/phrases.ts';
import { guess, describeList, nothing, record } from '../src/catalogue/outputs.ts';
import { CommandFailure, withoutSecrets } from '../src/emulation/world.ts';

const group = 'credentials';
const editions = ['server', 'spe'] as const;

const id = z.int().describe('ID from get_credentials.');

interface OfCredential {
  readonly id: number;
}

/** What logs in with a credential. */
const usesOfCredential: Readonly<Record<string, Look<OfCredential>>> = {
  directory: { read: 'GetDirectoryServicesConfiguration', pick: (config) => pickFields(readRow(config), ['credentialId']) },
  profiles: {
    read: 'GetProfiles',
    pick: (profiles, args) =>
      readRows(profiles)
        .filter(({ details }) => String(readRow(details)['credentialId']) === String(args.id))
        .map((profile) => pickFields(profile, ['name'])),
  },
  credential: {
    read: 'GetCredentials',
    pick: (credentials, args) => pickFields(findRow(credentials, 'ID', args.id), ['ID', 'Type', 'Description']),
  },
};

function nameCredential(args: OfCredential, { credential }: Found): string {
  const description = readString(readRow(credential)['Description']);
  return `credential ${args.id}${description === undefined ? '' : ` "${description}"`}`;
}

function describeCredential(credential: unknown): string | undefined {
  const type = readString(readRow(credential)['Type']);
  return type && `type ${type}`;
}

function describeUses(args: OfCredential, { directory, profiles }: Found): string {
  const names = readRows(profiles).map(({ name }) => readString(name) ?? 'one without a name');
  return joinSentences(
    readRow(directory)['credentialId'] === args.id && 'The synchronisation with the directory uses it.',
    names.length > 0 && `${formatCount(names.length, 'profile uses', 'profiles use')} it: ${names.join(', ')}.`,
  );
}

export const getCredentials = defineCommand({
  name: 'GetCredentials',
  title: 'List credentials',
  summary: 'Lists stored service credentials such as Microsoft 365 app registrations, with certificate expiry and without secrets.',
  group,
  editions,
  since: 'between 2018 and 24.x (2024)',
  effect: 'read',
  input: {},
  output: describeList(
    {
      ID: z.int(),
      Type: z.string(),
      Description: z.string().nullish(),
      Settings: z.looseObject({}).nullish(),
    },
    { nouns: ['credential', 'credentials'] },
  ),
  examples: [{}],
  emulate: (world) => world.state.credentials.map((credential) => ({ ...credential, Settings: withoutSecrets(credential.Settings) })),
});

export const createCredential = defineCommand({
  name: 'CreateCredential',
  title: 'Create a credential',
  summary: 'Stores a credential for directory services or profiles: a Microsoft Entra app, or export to MailStore Cloud.',
  group,
  editions,
  since: 'approx. 25.x',
  doubtful: true,
  effect: 'write',
  risks: ['sends-data-out'],
  idempotent: false,
  input: {
    type: z.enum(['Office365_Modern', 'SignedEnvelope']).describe('Entra app, or MailStore Cloud.'),
    description: f.text(),
    tenantId: f.text().optional().describe('For Office365_Modern.'),
    applicationId: f.text().optional().describe('For Office365_Modern.'),
  },
  before: {
    read: 'GetCredentials',
    pick: (credentials, { type, description }) =>
      readRows(credentials)
        .filter((row) => row['Type'] === type && row['Description'] === description)
        .map((row) => pickFields(row, ['ID', 'Type', 'Description'])),
  },
  inverse: (_args, before, after) => {
    const [made, ...others] = readRows(after).filter(({ ID }) => findRow(before, 'ID', ID) === undefined);
    const isKnown = Array.isArray(before) && others.length === 0 && typeof made?.['ID'] === 'number';
    return isKnown ? { command: 'DeleteCredential', args: { id: made['ID'] } } : undefined;
  },
  question: {
    verb: () => 'Create',
    label: ({ description }) => `Create credential ${description}`,
    object: ({ type, description }) => `new credential "${description}" (${type})`,
    consequence: ({ type, tenantId, applicationId }) =>
      type === 'SignedEnvelope'
        ? 'Export profiles can then send mail to MailStore Cloud with it.'
        : `Profiles and the directory synchronisation can then log in with it${tenantId === undefined ? '' : ` at the tenant ${tenantId}`}${applicationId === undefined ? '' : ` as the application ${applicationId}`}.`,
  },
  output: guess(record({ ID: z.int().optional() })),
  examples: [
    {
      type: 'Office365_Modern',
      description: 'M365 subsidiary',
      tenantId: '7f6f5d1e-3c55-4a0e-9b0b-5f2b7d0c9a11',
      applicationId: '0d9c1c52-64f8-4b7e-8f5a-2f4b3a6e7d80',
    },
  ],
  emulate: (world, { type, description, tenantId, applicationId }) => {
    if (type === 'Office365_Modern' && (!tenantId || !applicationId)) {
      throw new CommandFailure('A credential of type Office365_Modern needs a tenant ID and an application ID.');
    }
    const ID = world.nextId('credential');
    world.state.credentials.push({
      ID,
      Type: type,
      Description: description,
      Settings: { ...(applicationId && { ApplicationId: applicationId }), ...(tenantId && { TenantId: tenantId }) },
    });
    world.audit('CredentialsAdd', `Credential ${ID} '${description}' was created.`);
    return { ID };
  },
});

export const getCredentialSettings = defineCommand({
  name: 'GetCredentialSettings',
  title: 'Show credential settings',
  summary: 'Shows the settings of one stored credential, without secrets.',
  group,
  editions,
  since: 'approx. 25.x',
  doubtful: true,
  effect: 'read',
  input: { id },
  output: guess(record({})),
  examples: [{ id: 1 }],
  emulate: (world, args) => withoutSecrets(world.credential(args.id).Settings),
});

export const setCredentialSettings = defineCommand({
  name: 'SetCredentialSettings',
  title: 'Change credential settings',
  summary: 'Changes settings of one stored credential, secrets included; what is left out stays.',
  group,
  editions,
  since: 'approx. 25.x',
  doubtful: true,
  effect: 'write',
  risks: ['grants-power', 'sends-data-out'],
  idempotent: true,
  input: {
    id,
    settings: f.jsonObject('As in get_credential_settings. A field that is left out keeps its value; secrets are not shown there.', {
      secretsInside: true,
    }),
  },
  mergesInto: { argument: 'settings', read: 'GetCredentialSettings', args: (args) => ({ id: args.id }) },
  before: { read: 'GetCredentials', pick: (credentials, args) => pickFields(findRow(credentials, 'ID', args.id), ['ID', 'Settings']) },
  irreversible: 'The secrets among the old settings are never shown, so no call can set them again.',
  question: {
    reads: usesOfCredential,
    verb: () => 'Change the settings of',
    label: (args) => `Change credential ${args.id}`,
    object: nameCredential,
    facts: (_args, { credential }) => describeCredential(credential),
    consequence: (args, found) =>
      joinSentences(
        'Everything that uses the credential logs in with these settings from now on, and where it logs in may change with them.',
        `Settings that are stated: ${Object.keys(args.settings).join(', ') || 'none'}.`,
        describeUses(args, found),
      ),
  },
  output: guess(nothing),
  examples: [
    {
      id: 1,
      settings: {
        TenantId: '7f6f5d1e-3c55-4a0e-9b0b-5f2b7d0c9a11',
        ApplicationId: '0d9c1c52-64f8-4b7e-8f5a-2f4b3a6e7d80',
      },
    },
  ],
  emulate: (world, args) => {
    const credential = world.credential(args.id);
    credential.Settings = structuredClone(args.settings);
    world.audit('CredentialsChange', `The settings of credential ${credential.ID} '${credential.Description}' were changed.`);
    return null;
  },
});

export const deleteCredential = defineCommand({
  name: 'DeleteCredential',
  title: 'Delete a credential',
  summary: 'Removes a stored credential for good; profiles and directory synchronisation that use it stop working.',
  group,
  editions,
  since: 'approx. 25.x',
  doubtful: true,
  effect: 'destructive',
  risks: ['weakens-protection'],
  idempotent: true,
  input: { id },
  before: {
    read: 'GetCredentials',
    pick: (credentials, args) => pickFields(findRow(credentials, 'ID', args.id), ['ID', 'Type', 'Description']),
  },
  irreversible: 'The secrets of a deleted credential are kept nowhere.',
  question: {
    reads: usesOfCredential,
    verb: () => 'Delete',
    label: (args) => `Delete credential ${args.id}`,
    object: nameCredential,
    facts: (_args, { credential }) => describeCredential(credential),
    consequence: (args, found) =>
      joinSentences('It is deleted for good with its secrets, and everything that uses it stops working.', describeUses(args, found)),
  },
  output: guess(nothing),
  examples: [{ id: 1 }],
  emulate: (world, args) => {
    const { credentials } = world.state;
    const credential = world.credential(args.id);
    credentials.splice(credentials.indexOf(credential), 1);
    world.audit('CredentialsDelete', `Credential ${credential.ID} '${credential.Description}' was deleted.`);
    return null;
  },
});
