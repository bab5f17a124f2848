import { defaultStateDir } from '../../config/state-dir.ts';
import { terminalCommand } from '../terminal-command.ts';

/** What `doctor` can find. Its checklist, `--json` and docs/troubleshooting.md follow from this table. */
export interface Cause {
  /** One phrase for a heading. */
  readonly what: string;
  /** What to do, in one or two sentences. */
  readonly cure: string;
  /** The exit code of `doctor` when this is the first problem; a warning does not change it. */
  readonly exitCode: number | 'warning';
}

export const causes = {
  configurationInvalid: {
    what: 'A setting is missing or wrong',
    cure: 'Correct the setting that the message names; docs/configuration.md lists them all, and mailstore-mcp setup writes them.',
    exitCode: 2,
  },
  notConfigured: {
    what: 'Nothing is configured',
    cure: 'Run mailstore-mcp setup, which connects MailStore and your clients, or set the variables that docs/configuration.md lists.',
    exitCode: 2,
  },
  variableIgnored: {
    what: 'A variable is ignored',
    cure: 'Remove it if it was meant for this program; docs/configuration.md has the right names. Leave it if another program uses it.',
    exitCode: 'warning',
  },
  hostNotFound: {
    what: 'The name of the server does not resolve',
    cure: 'Check the host in the address (MAILSTORE_URL). Try the full name or the IP address; a VPN may have to be connected.',
    exitCode: 4,
  },
  portClosed: {
    what: 'The port is closed',
    cure: 'Switch the Administration API on in the MailStore Server Service Configuration (its port is 8463), and open the port in the firewall of that machine.',
    exitCode: 4,
  },
  noAnswer: {
    what: 'The server does not answer',
    cure: 'Check host and port of the address (MAILSTORE_URL). The machine may be off, or a firewall may drop the connection.',
    exitCode: 4,
  },
  tlsTooOld: {
    what: 'The server offers only TLS versions that are no longer safe',
    cure: 'Update MailStore Server and Windows, or enable TLS 1.2 for the service; this program does not speak older versions.',
    exitCode: 4,
  },
  notTls: {
    what: 'The port does not speak TLS',
    cure: 'Check the port of the address (MAILSTORE_URL). The Administration API is at 8463, not at the port of the MailStore Client or of plain HTTP.',
    exitCode: 4,
  },
  certificateUnknown: {
    what: 'The certificate is not trusted',
    cure: 'Compare the fingerprint on the MailStore machine, then set MAILSTORE_TLS_FINGERPRINT to it; mailstore-mcp setup shows how. With a CA of your own, set MAILSTORE_CA_FILE.',
    exitCode: 4,
  },
  certificateChanged: {
    what: 'The certificate is not the one that is pinned',
    cure: 'If the certificate was renewed, compare the new fingerprint on the MailStore machine and set MAILSTORE_TLS_FINGERPRINT to it. If it was not, somebody may be in between: do not change the setting.',
    exitCode: 4,
  },
  certificateExpired: {
    what: 'The certificate has expired, or expires soon',
    cure: 'Renew it in the MailStore Server Service Configuration, then pin the new fingerprint.',
    exitCode: 'warning',
  },
  loginRefused: {
    what: 'MailStore does not accept the login (HTTP 401)',
    cure: 'Check user name and password by logging in to the MailStore Client.',
    exitCode: 5,
  },
  defaultPassword: {
    what: 'The default password of admin is refused from another machine',
    cure: 'Log in to the MailStore Client on the server itself, change the password of admin, and configure the new one.',
    exitCode: 5,
  },
  mfaNeedsAppPassword: {
    what: 'With multi-factor authentication the API takes an app password only',
    cure: 'If the user logs in with a second factor, create an app password for it in MailStore and configure that.',
    exitCode: 5,
  },
  apiPrivilegeMissing: {
    what: 'The user may lack the login privilege api',
    cure: 'Give the user the login privilege for the Administration API (api) in the user management of MailStore.',
    exitCode: 5,
  },
  notAdministrator: {
    what: 'The user is no administrator (HTTP 403)',
    cure: 'Configure a MailStore administrator; the API takes no other users.',
    exitCode: 5,
  },
  notMailStore: {
    what: 'Something else than MailStore answers',
    cure: 'Check the address (MAILSTORE_URL): a reverse proxy or another service answers there. Name the machine of MailStore and port 8463 directly.',
    exitCode: 6,
  },
  apiFailed: {
    what: 'The connection test failed',
    cure: 'Read the message; the log of the MailStore service has the details.',
    exitCode: 6,
  },
  commandsMissing: {
    what: 'The server lacks commands that this program knows',
    cure: 'Nothing to do unless you need them: an older MailStore does not have them, and calling one says so.',
    exitCode: 'warning',
  },
  commandsNew: {
    what: 'The server has commands that this program does not know',
    cure: 'Nothing to do: they cannot be called. A newer mailstore-mcp may know them.',
    exitCode: 'warning',
  },
  clockDiffers: {
    what: 'The clocks of this machine and of the server differ',
    cure: 'Let both machines synchronise their time; times in answers and in the audit are shifted against each other until then.',
    exitCode: 'warning',
  },
  stateNotWritable: {
    what: 'The state folder cannot be written',
    cure: 'Give the account that runs the server the right to write it, or set MAILSTORE_STATE_DIR to another folder.',
    exitCode: 7,
  },
  stateForeignOwner: {
    what: 'The state folder belongs to another user',
    cure: 'Run this program as that user, change the owner, or set MAILSTORE_STATE_DIR to a folder of your own.',
    exitCode: 7,
  },
  stateOpenToOthers: {
    what: 'Other users may write or read the state folder',
    cure: 'Run chmod 700 on it; on Windows remove the others from its permissions.',
    exitCode: 7,
  },
  stateDiskFull: {
    what: 'The disk of the state folder is nearly full',
    cure: 'Free space, or set MAILSTORE_STATE_DIR to a folder on another disk: without room for the record no change is made.',
    exitCode: 7,
  },
  stateOnNetworkShare: {
    what: 'The state folder is on a network share',
    cure: 'Set MAILSTORE_STATE_DIR to a local folder: SQLite cannot rely on the locks of a share.',
    exitCode: 'warning',
  },
  noJournalEngine: {
    what: 'No SQLite loads',
    cure: 'Run with Node 22.13 or later, or install the package libsql next to mailstore-mcp.',
    exitCode: 7,
  },
  journalUnreadable: {
    what: 'The journal cannot be read',
    cure: 'Read the message; a damaged file is moved away to begin a new one, and kept.',
    exitCode: 7,
  },
  leasesOrphaned: {
    what: 'Tasks are followed by a process that has ended',
    cure: 'Start the server: it takes them over.',
    exitCode: 'warning',
  },
  leftoversSwept: {
    what: 'Folders of killed sandboxes were left in the temporary folder',
    cure: 'Nothing to do: they were removed.',
    exitCode: 'warning',
  },
  clientFileInvalid: {
    what: 'The configuration file of a client cannot be read',
    cure: 'Correct the file at the line that the message names: the client reads nothing of it as it is.',
    exitCode: 'warning',
  },
  clientVariableUnexpanded: {
    what: 'A client passes a variable on as it stands',
    cure: 'Write the value itself, use a form that this client replaces (Clients in README.md), or name a file in MAILSTORE_PASSWORD_FILE.',
    exitCode: 2,
  },
  clientValueUnknown: {
    what: 'A value is known to the client alone',
    cure: 'Nothing to do if the client asks for it or has it in its own environment. To check the login too, run doctor with the same variables set.',
    exitCode: 'warning',
  },
  clientProgramMissing: {
    what: 'A client starts a program that is not there',
    cure: 'Run mailstore-mcp setup again, which writes the present place; it changes when the folder of a clone is moved or Node is updated.',
    exitCode: 2,
  },
  tooManyTools: {
    what: 'More tools are offered than a client sends to its model',
    cure: 'Set MAILSTORE_TOOLSETS to the groups that you need, or lower MAILSTORE_ACCESS.',
    exitCode: 'warning',
  },
} as const satisfies Readonly<Record<string, Cause>>;

export type CauseId = keyof typeof causes;

/** What a check found: that something is as it should be, or one cause with what was seen. */
export interface Diagnosis {
  readonly check: string;
  readonly cause?: CauseId;
  /** Other causes that look the same from here. */
  readonly alternatives?: readonly CauseId[];
  /** What was seen, with the value concerned. */
  readonly says: string;
}

/** Returns what cures a cause, with the command that it names as this installation runs it. */
export function describeCure(cause: CauseId): string {
  return causes[cause].cure.replaceAll('mailstore-mcp setup', () => `\`${terminalCommand('setup', defaultStateDir({}))}\``);
}

/** Returns what cures a finding, and then what cures the causes that look the same. */
export function describeCures({ cause, alternatives = [] }: Diagnosis): readonly string[] {
  if (cause === undefined) return [];
  return [describeCure(cause), ...alternatives.map((id) => `Or: ${causes[id].what}. ${describeCure(id)}`)];
}
