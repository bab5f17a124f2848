import { LOG_LEVELS } from '../base/log.ts';
import { ACCESS_LEVELS, API_FORMS } from '../base/target.ts';

/** One setting: where it may be written, what it means, and which texts it accepts. */
export interface Setting {
  readonly key: SettingKey;
  readonly variable?: string;
  readonly flag?: string;
  readonly description: string;
  /** The text that holds where nobody sets it. */
  readonly default?: string;
  readonly values?: readonly string[];
  readonly kind?: 'milliseconds';
  readonly secret?: true;
  /** True where a target of the configuration file may have its own. */
  readonly perTarget?: true;
}

export type SettingKey =
  | 'url'
  | 'username'
  | 'password'
  | 'passwordFile'
  | 'fingerprint'
  | 'caFile'
  | 'access'
  | 'api'
  | 'edition'
  | 'toolsets'
  | 'stateDir'
  | 'secretsDir'
  | 'timeoutMs'
  | 'inlineWaitMs'
  | 'logLevel'
  | 'config';

/** Every setting, in the order of the documentation. */
export const settings: readonly Setting[] = [
  {
    key: 'url',
    variable: 'MAILSTORE_URL',
    flag: '--url',
    description: '`https://host:8463`, MailStore’s Administration API; plain http is refused',
    perTarget: true,
  },
  { key: 'username', variable: 'MAILSTORE_USERNAME', description: 'login name of a MailStore administrator', perTarget: true },
  { key: 'password', variable: 'MAILSTORE_PASSWORD', description: 'the password', secret: true, perTarget: true },
  {
    key: 'passwordFile',
    variable: 'MAILSTORE_PASSWORD_FILE',
    description: 'a file that holds the password; a line break at its end is not part of it',
    perTarget: true,
  },
  {
    key: 'fingerprint',
    variable: 'MAILSTORE_TLS_FINGERPRINT',
    flag: '--fingerprint',
    description: 'SHA-256 of the server certificate, with or without colons; checked before any byte of a request is sent',
    perTarget: true,
  },
  {
    key: 'caFile',
    variable: 'MAILSTORE_CA_FILE',
    flag: '--ca-file',
    description: 'a PEM file with a private CA, trusted instead of the system’s',
    perTarget: true,
  },
  {
    key: 'access',
    variable: 'MAILSTORE_ACCESS',
    flag: '--access',
    description:
      'what may run: reads; reads and writes; everything, destructive commands with a person’s yes. A target can only tighten it',
    default: 'read-only',
    values: ACCESS_LEVELS,
    perTarget: true,
  },
  {
    key: 'api',
    variable: 'MAILSTORE_API',
    flag: '--api',
    description: 'the form of the API: found out, the one since 9.0, or the 2012 one with JSON or XML answers',
    default: 'auto',
    values: API_FORMS,
    perTarget: true,
  },
  {
    key: 'edition',
    variable: 'MAILSTORE_EDITION',
    flag: '--edition',
    description: 'the product',
    default: 'server',
    values: ['server'],
    perTarget: true,
  },
  {
    key: 'toolsets',
    variable: 'MAILSTORE_TOOLSETS',
    flag: '--toolsets',
    description: 'the command groups to list, separated by commas, or `all`',
    default: 'all',
  },
  {
    key: 'stateDir',
    variable: 'MAILSTORE_STATE_DIR',
    flag: '--state-dir',
    description: 'the folder for what is kept from one start to the next; by default the platform’s own place',
  },
  {
    key: 'secretsDir',
    variable: 'MAILSTORE_SECRETS_DIR',
    description:
      'the folder whose files a secret argument may name as `{"fromFile": …}`; generated secrets are written to it too, else to `secrets` in the state folder',
  },
  {
    key: 'timeoutMs',
    variable: 'MAILSTORE_TIMEOUT_MS',
    description: 'how long to wait for an answer, in milliseconds',
    default: '40000',
    kind: 'milliseconds',
  },
  {
    key: 'inlineWaitMs',
    variable: 'MAILSTORE_INLINE_WAIT_MS',
    description: 'how long a long-running tool waits before it returns its task, in milliseconds; 45000 at most',
    default: '2000',
    kind: 'milliseconds',
  },
  {
    key: 'logLevel',
    variable: 'MAILSTORE_LOG_LEVEL',
    description: 'how much is written to stderr',
    default: 'info',
    values: LOG_LEVELS,
  },
  {
    key: 'config',
    variable: 'MAILSTORE_CONFIG',
    flag: '--config',
    description: 'a JSON file with these settings by their keys, and with named `targets`',
  },
];
