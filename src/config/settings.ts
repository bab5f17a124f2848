import { existsSync } from 'node:fs';
import { LOG_LEVELS } from '../base/log.ts';
import { nearest } from '../base/nearest.ts';
import { ACCESS_LEVELS, API_FORMS } from '../base/target.ts';
import { HOLD_MS } from '../base/limits.ts';
import { TOOLSETS } from '../catalogue/define-command.ts';
import {
  file,
  folder,
  httpsOrigin,
  loginName,
  oneOf,
  password,
  passwordFile,
  pemFile,
  sha256,
  acceptSome,
  timeZone,
  wholeNumber,
  type SettingType,
} from './setting-types.ts';

/** One setting: where it may be written, what it means, and how its text is read. */
export interface Setting<Value = unknown> {
  /** The environment variable. */
  readonly env: string;
  /** The option of the command line, such as `--url`. */
  readonly flag?: string;
  /** One phrase for help and documentation. */
  readonly summary: string;
  readonly type: SettingType<Value>;
  /** The text that holds where nothing else is set. */
  readonly default?: string | number;
  /** Other names that people write for the variable; an error names the right one. */
  readonly aliases?: readonly string[];
  readonly secret?: true;
  /** The values that the documentation shows as examples, and what to write in their place. */
  readonly example?: { readonly is: (text: string) => boolean; readonly cure: string };
  /** True where a target of the configuration file may have its own. */
  readonly perTarget?: true;
}

/** Keeps the literal type of an entry, from which `Config` follows. */
function setting<Value, const Entry extends Setting<Value>>(entry: Entry & Setting<Value>): Entry {
  return entry;
}

/** The home folder of the documentation's examples, unless this machine has it. */
const examplePath: Setting['example'] = {
  is: (text) => {
    const home = /^(?:[a-z]:)?[\\/](?:Users|home)[\\/]you(?=[\\/])/i.exec(text)?.[0];
    return home !== undefined && !existsSync(home);
  },
  cure: 'write the path on your own machine',
};

/** Every setting by its key in the configuration file, in the order of the documentation. */
export const settings = {
  url: setting({
    env: 'MAILSTORE_URL',
    flag: '--url',
    summary: '`https://host:8463`, MailStore’s Administration API; plain http is refused',
    type: httpsOrigin(),
    example: {
      is: (text) => /^(?:https:\/\/)?(?:mailstore\.example\.com|host)(?::\d+)?\/?$/i.test(text),
      cure: 'write the address of your own MailStore',
    },
    aliases: ['MAILSTORE_HOST', 'MAILSTORE_HOSTNAME', 'MAILSTORE_PORT', 'MAILSTORE_SERVER', 'MAILSTORE_ADDRESS', 'MAILSTORE_BASE_URL'],
    perTarget: true,
  }),
  username: setting({
    env: 'MAILSTORE_USERNAME',
    summary: 'login name of a MailStore administrator',
    type: loginName(),
    aliases: ['MAILSTORE_USER', 'MAILSTORE_USER_NAME', 'MAILSTORE_LOGIN', 'MAILSTORE_ADMIN'],
    perTarget: true,
  }),
  password: setting({
    env: 'MAILSTORE_PASSWORD',
    summary: 'the password',
    type: password(),
    aliases: ['MAILSTORE_PASS', 'MAILSTORE_PASSWD', 'MAILSTORE_PW', 'MAILSTORE_PWD'],
    secret: true,
    perTarget: true,
  }),
  passwordFile: setting({
    env: 'MAILSTORE_PASSWORD_FILE',
    summary:
      'a file that holds the password; a line break at its end is not part of it. It wins over a password that is set in the same place',
    type: passwordFile(),
    example: examplePath,
    perTarget: true,
  }),
  fingerprint: setting({
    env: 'MAILSTORE_TLS_FINGERPRINT',
    flag: '--fingerprint',
    summary: 'SHA-256 of the server certificate, with or without colons; checked before any byte of a request is sent',
    type: sha256(),
    example: {
      is: (text) => /^(?:SHA256:)?AB:?CD(?::?EF)?[:.…\s]*$/i.test(text) || /^[\dA-F:\s]*(?:…|\.{2,})[\dA-F:\s]*$/i.test(text),
      cure: 'write the fingerprint of your own MailStore, or leave it empty: the first call then names it',
    },
    // Checks cannot be switched off; who looks for such a switch needs this.
    aliases: [
      'MAILSTORE_FINGERPRINT',
      'MAILSTORE_CERT_FINGERPRINT',
      'MAILSTORE_SSL_FINGERPRINT',
      'MAILSTORE_CERTIFICATE',
      'MAILSTORE_THUMBPRINT',
      'MAILSTORE_INSECURE',
      'MAILSTORE_IGNORE_SSL',
      'MAILSTORE_IGNORE_SSL_ERRORS',
      'MAILSTORE_SKIP_TLS_VERIFY',
      'MAILSTORE_TLS_VERIFY',
      'MAILSTORE_VERIFY_SSL',
      'MAILSTORE_VERIFY_TLS',
    ],
    perTarget: true,
  }),
  caFile: setting({
    env: 'MAILSTORE_CA_FILE',
    flag: '--ca-file',
    summary: 'a PEM file with a private CA, trusted instead of the system’s',
    type: pemFile(),
    example: examplePath,
    aliases: ['MAILSTORE_CA', 'MAILSTORE_CA_CERT', 'MAILSTORE_CERT_FILE'],
    perTarget: true,
  }),
  access: setting({
    env: 'MAILSTORE_ACCESS',
    flag: '--access',
    summary: 'what may run: reads; reads and writes; everything, destructive commands with a person’s yes. A target can only tighten it',
    type: oneOf(ACCESS_LEVELS),
    default: 'read-only',
    aliases: ['MAILSTORE_READONLY', 'MAILSTORE_READ_ONLY', 'MAILSTORE_MODE', 'MAILSTORE_ACCESS_LEVEL'],
    perTarget: true,
  }),
  api: setting({
    env: 'MAILSTORE_API',
    flag: '--api',
    summary: 'API version: detect (`auto`), 9.0 and later (`modern`), or the one of 2012 with JSON (`legacy`) or XML (`legacy-xml`)',
    type: oneOf(API_FORMS),
    default: 'auto',
    aliases: ['MAILSTORE_API_VERSION', 'MAILSTORE_DIALECT'],
    perTarget: true,
  }),
  edition: setting({
    env: 'MAILSTORE_EDITION',
    flag: '--edition',
    summary: 'the product',
    type: oneOf(['server']),
    default: 'server',
    perTarget: true,
  }),
  toolsets: setting({
    env: 'MAILSTORE_TOOLSETS',
    flag: '--toolsets',
    summary:
      'the groups of tools to list and call, separated by commas, or `all`; `insights` reads only what the other groups listed allow',
    type: acceptSome(TOOLSETS),
    default: 'all',
    aliases: ['MAILSTORE_TOOLS', 'MAILSTORE_GROUPS'],
  }),
  surface: setting({
    env: 'MAILSTORE_SURFACE',
    flag: '--surface',
    summary: 'which tools are listed: all that the access offers (`full`), or three that find, describe and run them (`compact`)',
    type: oneOf(['full', 'compact']),
    default: 'full',
  }),
  timeZone: setting({
    env: 'MAILSTORE_TIME_ZONE',
    flag: '--time-zone',
    summary: 'the IANA time zone in which times are asked for and shown; by default the machine’s',
    type: timeZone(),
    aliases: ['MAILSTORE_TIMEZONE', 'MAILSTORE_TZ'],
  }),
  stateDir: setting({
    env: 'MAILSTORE_STATE_DIR',
    flag: '--state-dir',
    summary: 'the folder for what is kept from one start to the next; by default the platform’s own place',
    type: folder(),
    example: examplePath,
    aliases: ['MAILSTORE_STATE', 'MAILSTORE_DATA_DIR'],
  }),
  secretsDir: setting({
    env: 'MAILSTORE_SECRETS_DIR',
    summary:
      'the folder whose files a secret argument may name as `{"fromFile": …}`; generated secrets are written to it too, else to `secrets` in the state folder',
    type: folder(),
    example: examplePath,
  }),
  timeoutMs: setting({
    env: 'MAILSTORE_TIMEOUT_MS',
    summary: 'how long to wait for an answer, with all repetitions of a read, in milliseconds',
    // undici takes 0 for no limit at all.
    type: wholeNumber(1, 600_000, 'milliseconds'),
    default: 40_000,
    aliases: ['MAILSTORE_TIMEOUT'],
  }),
  inlineWaitMs: setting({
    env: 'MAILSTORE_INLINE_WAIT_MS',
    summary: `how long a long-running tool waits before it returns its task, in milliseconds; ${HOLD_MS} at most`,
    type: wholeNumber(0, HOLD_MS, 'milliseconds'),
    default: 2000,
  }),
  logLevel: setting({
    env: 'MAILSTORE_LOG_LEVEL',
    summary: 'how much is written to stderr',
    type: oneOf(LOG_LEVELS),
    default: 'info',
    aliases: ['MAILSTORE_LOG', 'MAILSTORE_LOGLEVEL', 'MAILSTORE_DEBUG'],
  }),
  config: setting({
    env: 'MAILSTORE_CONFIG',
    flag: '--config',
    summary: 'a JSON file with these settings by their keys, and with named `targets`',
    type: file(),
    example: examplePath,
    aliases: ['MAILSTORE_CONFIG_FILE'],
  }),
} as const;

export type SettingKey = keyof typeof settings;

/** The value that a setting's text is read as. */
export type SettingValue<Key extends SettingKey> = ReturnType<(typeof settings)[Key]['type']['read']>;

/** The same settings as a list, each with its key. */
export const settingList: readonly (Setting & { readonly key: SettingKey })[] = (Object.keys(settings) as SettingKey[]).map((key) => ({
  key,
  ...settings[key],
}));

const PREFIX = 'MAILSTORE_';

/** What a variable of the environment is: no concern of this server's, one of its settings, one mistyped, or another program's of the same prefix. */
export interface JudgedVariable {
  readonly kind: 'other' | 'setting' | 'mistyped' | 'foreign';
  /** The variable that was meant by a mistyped one. */
  readonly meant?: string;
}

/** Classifies a variable of the environment by its name. */
export function judgeVariable(name: string): JudgedVariable {
  // Windows ignores letter case in names.
  const upper = name.toUpperCase().replace(/^MAIL_STORE_/, PREFIX);
  if (!upper.startsWith(PREFIX)) return { kind: 'other' };
  const same = settingList.find(({ env }) => env === upper)?.env;
  if (same !== undefined) return same === name || process.platform === 'win32' ? { kind: 'setting' } : { kind: 'mistyped', meant: same };
  const word = upper.slice(PREFIX.length);
  const named = settingList.find(({ aliases = [] }) => aliases.includes(upper))?.env;
  const close = nearest(
    word,
    settingList.map(({ env }) => env.slice(PREFIX.length)),
    { maxDistance: Math.max(1, Math.floor(word.length / 4)) },
  );
  const meant = named ?? (close === undefined ? undefined : PREFIX + close);
  return meant === undefined ? { kind: 'foreign' } : { kind: 'mistyped', meant };
}
