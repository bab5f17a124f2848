import * as z from 'zod';
import { defineCommand } from '../src/catalogue/define-command.ts';
import * as f from '../src/catalogue/fields.ts';
import { rowOf } from '../src/catalogue/looks.ts';
import { anything, nothing, record } from '../src/catalogue/outputs.ts';
import { CommandFailure } from '../src/catalogue/world.ts';

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

export const getSmtpSettings = defineCommand({
  name: 'GetSmtpSettings',
  title: 'Show SMTP settings',
  summary: 'Shows the outgoing mail (SMTP) settings used for notifications and reports; the password is never returned.',
  group,
  editions,
  since,
  effect: 'read',
  longRunning: false,
  idempotent: true,
  input: {},
  output: record({
    hostname: z.string().nullish(),
    port: z.number().nullish(),
    authenticationRequired: z.boolean().nullish(),
    username: z.string().nullish(),
    password: z.string().nullish(),
    fromEmailAddress: z.string().nullish(),
    recipientEmailAddress: z.string().nullish(),
  }),
  examples: [{}],
  emulate: (world) => structuredClone({ ...world.state.smtp, password: null }),
});

export const setSmtpSettings = defineCommand({
  name: 'SetSmtpSettings',
  title: 'Replace SMTP settings',
  summary: 'Replaces the outgoing mail (SMTP) settings as a whole; the password has to be given again. Check with test_smtp_settings.',
  group,
  editions,
  since,
  effect: 'write',
  before: {
    read: 'GetSmtpSettings',
    pick: (value) => {
      const { password: _password, ...shown } = rowOf(value);
      return shown;
    },
  },
  irreversible: 'The password before is never shown, and without it the settings cannot be set again.',
  longRunning: false,
  idempotent: true,
  input: { settings: f.jsonObject('The whole object of get_smtp_settings, changed, with the password.', { secretsInside: true }) },
  output: nothing,
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
    // Empty text stands for an erased password; null in the world is one that was stored and is not shown.
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
  irreversible: 'An e-mail that was sent cannot be called back.',
  longRunning: false,
  idempotent: false,
  input: {},
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
