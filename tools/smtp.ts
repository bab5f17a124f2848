import * as z from 'zod';
import { defineCommand } from '../src/catalogue/define-command.ts';
import * as f from '../src/catalogue/fields.ts';
import { readRow, readString } from '../src/base/rows.ts';
import { joinSentences } from '../src/catalogue/phrases.ts';
import { anything, guess, nothing, record } from '../src/catalogue/outputs.ts';
import { changedFields, describeChanges, mergeConfiguration, listRisks } from '../src/catalogue/risk.ts';
import { CommandFailure } from '../src/emulation/world.ts';

const group = 'smtp';
const editions = ['server', 'spe'] as const;
const since = 'between 9.0 (2014) and 2018';

/** What the sandbox asks of settings; the password is checked where it is used. */
const settingsShape = z.looseObject({
  hostname: z.string().nullish(),
  port: z.int().min(1).max(65_535).nullish(),
  authenticationRequired: z.boolean().nullish(),
  username: z.string().nullish(),
  password: z.string().nullish(),
  fromEmailAddress: z.string().nullish(),
  recipientEmailAddress: z.string().nullish(),
});

/** What a mail says of its sender; nothing goes elsewhere for it. */
const SENDER = ['fromDisplayName', 'fromEmailAddress'];

export const getSmtpSettings = defineCommand({
  name: 'GetSmtpSettings',
  title: 'Show SMTP settings',
  summary: 'Shows the outgoing mail (SMTP) settings used for notifications and reports; the password is never returned.',
  group,
  editions,
  since,
  effect: 'read',
  input: {},
  output: guess(
    record({
      hostname: z.string().nullish(),
      port: z.number().nullish(),
      authenticationRequired: z.boolean().nullish(),
      username: z.string().nullish(),
      password: z.string().nullish(),
      fromEmailAddress: z.string().nullish(),
      recipientEmailAddress: z.string().nullish(),
    }),
  ),
  examples: [{}],
  emulate: (world) => structuredClone({ ...world.state.smtp, password: null }),
});

export const setSmtpSettings = defineCommand({
  name: 'SetSmtpSettings',
  title: 'Change SMTP settings',
  summary:
    'Changes the outgoing mail (SMTP) settings; what is left out stays, but the password has to be given. Check: test_smtp_settings.',
  group,
  editions,
  since,
  effect: 'write',
  risks: ['sends-data-out'],
  risk: ({ settings }, { current }) =>
    listRisks({ 'sends-data-out': changedFields(current, settings).some((name) => !SENDER.includes(name)) }),
  decidesFrom: { current: { read: 'GetSmtpSettings', pick: (value) => value } },
  idempotent: true,
  input: {
    settings: f.configObject(
      {
        hostname: z.string().nullable(),
        port: z.int().min(1).max(65_535).nullable(),
        protocol: z.string().nullable(),
        ignoreSslPolicyErrors: z.boolean().nullable(),
        authenticationRequired: z.boolean().nullable(),
        username: z.string().nullable(),
        password: f.secretInside('null erases it.'),
        fromDisplayName: z.string().nullable(),
        fromEmailAddress: z.string().nullable(),
        recipientEmailAddress: z.string().nullable(),
      },
      'As in get_smtp_settings. A field that is left out keeps its value; the password is not shown there and has to be stated.',
      { secretsInside: true },
    ),
  },
  mergesInto: { argument: 'settings', read: 'GetSmtpSettings' },
  before: {
    read: 'GetSmtpSettings',
    pick: (value) => {
      const { password: _password, ...shown } = readRow(value);
      return shown;
    },
  },
  irreversible: 'The password before is never shown, and without it the settings cannot be set again.',
  question: {
    verb: () => 'Change',
    label: () => 'Change the SMTP settings',
    object: (_args, { current }) => {
      const hostname = readString(readRow(current)['hostname']);
      return `the SMTP settings${hostname === undefined ? '' : ` (now ${hostname})`}`;
    },
    consequence: ({ settings }, { current }) => {
      const { hostname, username, recipientEmailAddress: to } = mergeConfiguration(readRow(current), settings);
      return joinSentences(
        `The server logs in at ${readString(hostname) ?? 'no host'}${readString(username) === undefined ? '' : ` as ${String(username)}`} with the password of these settings, and sends its reports through it.`,
        readString(to) !== undefined && `Notifications go to ${String(to)}.`,
        describeChanges(current, settings),
      );
    },
  },
  output: guess(nothing),
  examples: [
    {
      settings: {
        hostname: 'mail.example.com',
        port: 587,
        protocol: 'smtp-tls',
        ignoreSslPolicyErrors: false,
        authenticationRequired: true,
        username: 'archive@example.com',
        password: 'correct horse battery staple',
        fromDisplayName: 'MailStore archive',
        fromEmailAddress: 'archive@example.com',
        recipientEmailAddress: 'admins@example.com',
      },
    },
  ],
  emulate: (world, { settings }) => {
    const parsed = settingsShape.safeParse(settings);
    if (!parsed.success) {
      const issue = parsed.error.issues[0];
      throw new CommandFailure(`The SMTP settings are not valid: ${issue?.path.join('.')}: ${issue?.message}.`);
    }
    // Empty text means an erased password; null in the world is one that was stored and is not shown.
    world.state.smtp = structuredClone({ ...parsed.data, password: parsed.data.password ?? '' });
    return null;
  },
});

export const testSmtpSettings = defineCommand({
  name: 'TestSmtpSettings',
  title: 'Test SMTP settings',
  summary: 'Sends a real test e-mail with the stored SMTP settings (get_smtp_settings); failing shows why reports do not arrive.',
  group,
  editions,
  since,
  effect: 'write',
  idempotent: false,
  input: {},
  irreversible: 'An e-mail that was sent cannot be called back.',
  output: anything,
  examples: [{}],
  emulate: (world) => {
    const { hostname, username, password, authenticationRequired, recipientEmailAddress } = settingsShape.parse(world.state.smtp);
    if (!hostname) throw new CommandFailure('No SMTP server has been configured.');
    if (!recipientEmailAddress) throw new CommandFailure('No recipient has been configured.');
    if (hostname.endsWith('.invalid')) throw new CommandFailure(`The SMTP server '${hostname}' could not be found.`);
    if (authenticationRequired && (!username || password === '')) {
      throw new CommandFailure(`The SMTP server '${hostname}' refused the login: user name or password is missing or wrong.`);
    }
    world.state.outbox.push({ time: world.now(), to: [recipientEmailAddress], subject: 'MailStore SMTP test' });
    return null;
  },
});
