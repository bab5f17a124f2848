import * as z from 'zod';
import { defineCommand } from '../src/catalogue/define-command.ts';
import * as f from '../src/catalogue/fields.ts';
import { pickFields, readRow, readString } from '../src/base/rows.ts';
import { joinSentences } from '../src/catalogue/phrases.ts';
import { anything, guess, describeList, nothing, record } from '../src/catalogue/outputs.ts';
import { requireTimeZone, timeZoneList } from '../src/emulation/time-zones.ts';
import { CommandFailure } from '../src/emulation/world.ts';

const group = 'system';
const everyEdition = ['server', 'spe'] as const;
const serverOnly = ['server'] as const;

export const getServerInfo = defineCommand({
  name: 'GetServerInfo',
  title: 'Show the server',
  summary:
    'Shows version and machine name of MailStore Server, the time and zone here, and login and access of this server; the quickest test of the connection.',
  group,
  editions: serverOnly,
  connectionTest: true,
  showsClock: true,
  effect: 'read',
  input: {},
  output: record({ version: z.string(), machineName: z.string() }),
  examples: [{}],
  emulate: (world) => structuredClone(world.state.server),
});

export const getServiceConfiguration = defineCommand({
  name: 'GetServiceConfiguration',
  title: 'Show the service configuration',
  summary: 'Shows the service configuration: listeners, ports and the TLS certificate in use.',
  group,
  editions: serverOnly,
  since: 'between 9.0 (2014) and 2018',
  effect: 'read',
  input: {},
  output: guess(record({ certificateThumbprint: z.string().nullish() })),
  examples: [{}],
  emulate: (world) => structuredClone(world.state.serviceConfiguration),
});

export const setServiceCertificate = defineCommand({
  name: 'SetServiceCertificate',
  title: 'Change the TLS certificate',
  summary:
    'Chooses which installed certificate the server presents, to API clients too: those that pin the old one cannot connect afterwards.',
  group,
  editions: serverOnly,
  since: 'between 2018 and 24.x (2024)',
  effect: 'write',
  risks: ['locks-out'],
  idempotent: true,
  input: { thumbprint: f.text().describe('Thumbprint of a certificate in the server’s certificate store.') },
  before: { read: 'GetServiceConfiguration', pick: (configuration) => pickFields(readRow(configuration), ['certificateThumbprint']) },
  inverse: (_args, before) => {
    const thumbprint = readString(readRow(before)['certificateThumbprint']);
    return thumbprint === undefined ? undefined : { command: 'SetServiceCertificate', args: { thumbprint } };
  },
  question: {
    verb: () => 'Present',
    label: () => 'Change the TLS certificate',
    object: ({ thumbprint }) => `the TLS certificate ${thumbprint}`,
    consequence: (_args, { before }) => {
      const now = readString(readRow(before)['certificateThumbprint']);
      return joinSentences(
        'All clients are shown this certificate from now on; those that trust the one before alone cannot connect any more, mailstore-mcp among them where its fingerprint is pinned.',
        now !== undefined && `The certificate in use now is ${now}.`,
      );
    },
  },
  output: guess(nothing),
  examples: [{ thumbprint: '0F1E2D3C4B5A69788796A5B4C3D2E1F001122334' }],
  emulate: (world, { thumbprint }) => {
    const wanted = thumbprint.replaceAll(/\s/g, '').toUpperCase();
    if (!world.state.certificates.includes(wanted)) {
      throw new CommandFailure(`A certificate with the thumbprint '${thumbprint}' was not found in the certificate store.`);
    }
    world.state.serviceConfiguration.certificateThumbprint = wanted;
    return null;
  },
});

export const getTimeZones = defineCommand({
  name: 'GetTimeZones',
  title: 'List time zones',
  summary: 'Lists the Windows time zone ids that the server accepts in timeZoneId and timeZoneID.',
  group,
  editions: everyEdition,
  effect: 'read',
  input: {},
  output: guess(
    describeList(
      { id: z.string().optional(), displayName: z.string().nullish() },
      { nouns: ['time zone', 'time zones'], lists: [{ names: 'time zone', value: 'id', title: 'displayName' }] },
    ),
  ),
  examples: [{}],
  emulate: () => timeZoneList(),
});

export const sendStatusReport = defineCommand({
  name: 'SendStatusReport',
  title: 'Send a status report',
  summary: 'E-mails a status report of the archive for a period; needs SMTP settings (get_smtp_settings).',
  group,
  editions: everyEdition,
  since: 'between 9.0 (2014) and 2018',
  effect: 'write',
  risks: ['sends-data-out'],
  idempotent: false,
  input: {
    timespan: z.enum(['today', 'yesterday', 'thisweek', 'lastweek', 'thismonth', 'lastmonth']),
    timeZoneId: f.timeZone,
    recipients: z.array(f.listEntry()).min(1).describe('E-mail addresses.'),
  },
  irreversible: 'A mail that was sent cannot be called back.',
  question: {
    reads: { smtp: { read: 'GetSmtpSettings', pick: (settings) => pickFields(readRow(settings), ['hostname']) } },
    verb: () => 'Send',
    label: () => 'Send the status report',
    object: ({ timespan }) => `the status report of ${timespan}`,
    consequence: ({ recipients }, { smtp }) => {
      const host = readString(readRow(smtp)['hostname']);
      return `It is sent to ${recipients.join(', ')}${host === undefined ? '' : ` by ${host}`}, and describes jobs, profiles and stores of this archive.`;
    },
  },
  output: anything,
  examples: [{ timespan: 'lastweek', recipients: ['it@example.com'] }],
  emulate: (world, { timespan, timeZoneId, recipients }) => {
    requireTimeZone(timeZoneId);
    const { hostname } = world.state.smtp;
    if (typeof hostname !== 'string' || hostname === '') throw new CommandFailure('No SMTP server has been configured.');
    const invalid = recipients.find((address) => !/^[^@\s]+@[^@\s]+$/.test(address));
    if (invalid !== undefined) throw new CommandFailure(`'${invalid}' is not a valid e-mail address.`);
    world.state.outbox.push({
      time: world.now(),
      to: [...recipients],
      subject: `MailStore status report of ${world.state.server.machineName}: ${timespan}`,
    });
    return null;
  },
});
