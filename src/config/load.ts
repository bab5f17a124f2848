import { readFileSync } from 'node:fs';
import { MailStoreError } from '../base/errors.ts';
import type { LogLevel } from '../base/log.ts';
import { ACCESS_LEVELS, type Access, type ApiForm } from '../base/target.ts';
import { nearest } from '../base/nearest.ts';
import { GROUPS, type Group } from '../catalogue/define-command.ts';
import { defaultStateDir } from './state-dir.ts';
import { settings, type Setting, type SettingKey } from './settings.ts';

/** One MailStore to administer. */
export interface Target {
  readonly name: string;
  /** `https://host:port`, without a path. */
  readonly origin: string;
  readonly username: string;
  readonly password: string;
  /** SHA-256 as upper-case hex pairs with colons. */
  readonly fingerprint?: string;
  /** PEM text. */
  readonly ca?: string;
  readonly access: Access;
  readonly api: ApiForm;
}

export interface Config {
  /** The targets by name; one called `default` where none is named. */
  readonly targets: readonly Target[];
  readonly access: Access;
  readonly toolsets: readonly Group[];
  readonly stateDir: string;
  /** The folder whose files a secret argument may name. */
  readonly secretsDir?: string;
  /** The variables from which a secret argument may come, by name. */
  readonly secretVariables: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly inlineWaitMs: number;
  readonly logLevel: LogLevel;
}

type Texts = Partial<Record<SettingKey, string>>;

/** Where settings are read from; a test gives its own. */
export interface ConfigSources {
  /** The environment; the process's own by default. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Flags by their name with dashes, such as `--url`. */
  readonly flags: Readonly<Record<string, string>>;
  /** A target that needs no settings: the embedded sandbox. */
  readonly embedded?: Pick<Target, 'origin' | 'username' | 'password' | 'fingerprint'>;
  /** The folder for state where no setting names one; the platform's own place by default. */
  readonly stateDir?: string;
}

const MAX_INLINE_WAIT_MS = 45_000;
const SECRET_PREFIX = 'MAILSTORE_SECRET_';

/**
 * Folds defaults, configuration file, environment and flags, the later ones winning, and checks the result.
 * Throws MailStoreError of the audience `configuration` on an unknown setting, a value that is none of its values, or a file that cannot be read.
 */
export function loadConfig({ env = process.env, flags, embedded, stateDir = defaultStateDir(env) }: ConfigSources): Config {
  refuseUnknownVariables(env);
  const fromEnv = textsFrom((setting) => (setting.variable === undefined ? undefined : env[setting.variable]));
  const fromFlags = textsFrom((setting) => (setting.flag === undefined ? undefined : flags[setting.flag]));
  const path = fromFlags.config ?? fromEnv.config;
  const file = path === undefined ? { texts: {}, targets: {} } : readConfigFile(path);
  const texts = fold(
    textsFrom((setting) => setting.default),
    file.texts,
    fromEnv,
    fromFlags,
  );
  const access = oneOf<Access>('access', texts);
  return {
    targets: embedded
      ? [{ name: 'sandbox', ...embedded, access, api: oneOf<ApiForm>('api', texts) }]
      : targetsOf(texts, file.targets, access),
    access,
    toolsets: toolsetsOf(texts),
    stateDir: texts.stateDir ?? stateDir,
    ...(texts.secretsDir !== undefined && { secretsDir: texts.secretsDir }),
    secretVariables: secretVariablesOf(env),
    // undici takes 0 for no limit at all.
    timeoutMs: millisecondsOf('timeoutMs', texts, 1, 600_000),
    inlineWaitMs: millisecondsOf('inlineWaitMs', texts, 0, MAX_INLINE_WAIT_MS),
    logLevel: oneOf<LogLevel>('logLevel', texts),
  };
}

/** Lays later texts over earlier ones. A password and the file that holds one are two ways to write the same, so either replaces both. */
function fold(...layers: readonly Texts[]): Texts {
  const texts: Texts = {};
  for (const layer of layers) {
    if (layer.password !== undefined || layer.passwordFile !== undefined) {
      delete texts.password;
      delete texts.passwordFile;
    }
    Object.assign(texts, layer);
  }
  return texts;
}

/** Returns the folder for state alone, for what needs no MailStore: it may be looked into where no target is configured. */
export function loadStateDir({ env = process.env, flags }: Pick<ConfigSources, 'env' | 'flags'>): string {
  refuseUnknownVariables(env);
  const read = (setting: Setting) => (setting.flag === undefined ? undefined : flags[setting.flag]) || env[setting.variable ?? ''];
  const { stateDir, config } = textsFrom(read);
  return stateDir ?? (config === undefined ? undefined : readConfigFile(config).texts.stateDir) ?? defaultStateDir(env);
}

function refuseUnknownVariables(env: Readonly<Record<string, string | undefined>>): void {
  const known = settings.flatMap((setting) => setting.variable ?? []);
  for (const name of Object.keys(env)) {
    if (!name.startsWith('MAILSTORE_') || known.includes(name) || name.startsWith(SECRET_PREFIX)) continue;
    throw new MailStoreError('unknownSetting', { setting: name, nearest: nearest(name, known) });
  }
}

function secretVariablesOf(env: Readonly<Record<string, string | undefined>>): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(env).flatMap(([name, value]) => (name.startsWith(SECRET_PREFIX) && value ? [[name, value]] : [])),
  );
}

/** An empty text counts as not set: clients pass variables through that nobody filled in. */
function textsFrom(read: (setting: Setting) => string | undefined): Texts {
  return Object.fromEntries(settings.flatMap((setting) => (read(setting) ? [[setting.key, read(setting)]] : [])));
}

function readConfigFile(path: string): { texts: Texts; targets: Record<string, Texts> } {
  const content = readText('MAILSTORE_CONFIG', path);
  let parsed: unknown;
  try {
    parsed = JSON.parse(content);
  } catch (error) {
    throw new MailStoreError('unreadableFile', { setting: 'MAILSTORE_CONFIG', path, reason: `no JSON: ${String(error)}` });
  }
  const { targets = {}, ...rest } = entriesOf('MAILSTORE_CONFIG', parsed);
  const named = Object.entries(entriesOf('targets', targets)).map(([name, target]): [string, Texts] => [
    name,
    fileTexts(entriesOf(`targets.${name}`, target), `targets.${name}.`, (setting) => setting.perTarget === true),
  ]);
  return { texts: fileTexts(rest, '', (setting) => setting.key !== 'config'), targets: Object.fromEntries(named) };
}

function entriesOf(setting: string, value: unknown): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new MailStoreError('invalidSetting', { setting, value: JSON.stringify(value), expected: 'an object' });
}

function fileTexts(entries: Record<string, unknown>, prefix: string, isAllowed: (setting: Setting) => boolean): Texts {
  const keys = settings.filter(isAllowed).map((setting) => setting.key);
  const texts: Texts = {};
  for (const [name, value] of Object.entries(entries)) {
    const key = keys.find((candidate) => candidate === name);
    if (!key) throw new MailStoreError('unknownSetting', { setting: prefix + name, nearest: nearest(name, keys) });
    if (typeof value !== 'string' && typeof value !== 'number') {
      throw new MailStoreError('invalidSetting', { setting: prefix + name, value: JSON.stringify(value), expected: 'a text or a number' });
    }
    if (value === '') continue;
    texts[key] = String(value);
    if (settingOf(key).values) checkedValue(key, texts, prefix + name);
  }
  return texts;
}

function targetsOf(texts: Texts, named: Record<string, Texts>, access: Access): Target[] {
  const names = Object.keys(named);
  if (names.length === 0) return [targetOf('default', texts, access)];
  const { url: _url, ...shared } = texts;
  return names.map((name) => targetOf(name, fold(shared, named[name] ?? {}), access));
}

function targetOf(name: string, texts: Texts, ceiling: Access): Target {
  const access = oneOf<Access>('access', texts);
  oneOf('edition', texts);
  return {
    name,
    origin: originOf(texts.url),
    username: required('username', texts, 'name the MailStore administrator to log in as.'),
    password: passwordOf(texts),
    ...(texts.fingerprint !== undefined && { fingerprint: fingerprintOf(texts.fingerprint) }),
    ...(texts.caFile !== undefined && { ca: certificatesOf(texts.caFile) }),
    access: ACCESS_LEVELS[Math.min(ACCESS_LEVELS.indexOf(access), ACCESS_LEVELS.indexOf(ceiling))] ?? 'read-only',
    api: oneOf<ApiForm>('api', texts),
  };
}

function originOf(url: string | undefined): string {
  if (url === undefined)
    throw new MailStoreError('missingSetting', {
      setting: nameOf('url'),
      hint: 'set it to https://host:8463, or try the embedded server with --sandbox.',
    });
  let parsed: URL;
  try {
    parsed = new URL(url);
  } catch {
    throw new MailStoreError('invalidSetting', {
      setting: nameOf('url'),
      value: withoutLogin(url),
      expected: 'a URL such as https://mailstore.example.com:8463',
    });
  }
  if (parsed.protocol !== 'https:') throw new MailStoreError('plainHttp', { url: withoutLogin(url) });
  if (parsed.username !== '' || parsed.password !== '') {
    throw new MailStoreError('invalidSetting', {
      setting: nameOf('url'),
      value: parsed.host,
      expected: 'without user and password, which have their own settings',
    });
  }
  if (parsed.pathname !== '/' || parsed.search !== '' || parsed.hash !== '') {
    throw new MailStoreError('invalidSetting', { setting: nameOf('url'), value: url, expected: 'without a path' });
  }
  return parsed.origin;
}

/** Whoever writes a password into the URL shall not find it in a log. */
function withoutLogin(url: string): string {
  return url.replace(/^([a-z]+:\/\/)?.*@/is, '$1');
}

function certificatesOf(path: string): string {
  const text = readText(nameOf('caFile'), path);
  if (text.includes('-----BEGIN CERTIFICATE-----')) return text;
  throw new MailStoreError('invalidSetting', { setting: nameOf('caFile'), value: path, expected: 'a file of certificates in PEM form' });
}

function passwordOf(texts: Texts): string {
  if (texts.passwordFile !== undefined) return readText(nameOf('passwordFile'), texts.passwordFile).replace(/\r?\n$/, '');
  return required('password', texts, 'set it, or MAILSTORE_PASSWORD_FILE.');
}

function fingerprintOf(text: string): string {
  const hex = text
    .replace(/^\s*sha-?256(?:\s+fingerprint)?\s*[:=]/i, '')
    .replaceAll(/[\s:-]/g, '')
    .toUpperCase();
  if (!/^[\dA-F]{64}$/.test(hex)) {
    throw new MailStoreError('invalidSetting', {
      setting: nameOf('fingerprint'),
      value: text,
      expected: 'the 64 hex digits of a SHA-256 fingerprint',
    });
  }
  return hex.match(/../g)?.join(':') ?? hex;
}

function toolsetsOf(texts: Texts): readonly Group[] {
  const names = (texts.toolsets ?? 'all').split(',').map((name) => name.trim());
  if (names.includes('all')) return GROUPS;
  const unknown = names.find((name) => !(GROUPS as readonly string[]).includes(name));
  if (unknown !== undefined) {
    const close = nearest(unknown, GROUPS);
    throw new MailStoreError('invalidSetting', {
      setting: nameOf('toolsets'),
      value: unknown,
      expected: `all, or some of ${GROUPS.join(', ')}${close ? ` (did you mean ${close}?)` : ''}`,
    });
  }
  return GROUPS.filter((group) => names.includes(group));
}

function oneOf<Value extends string>(key: SettingKey, texts: Texts): Value {
  return checkedValue(key, texts, nameOf(key)) as Value;
}

/** Throws MailStoreError that names the setting as it is written where the text is none of its values. */
function checkedValue(key: SettingKey, texts: Texts, setting: string): string {
  const values = settingOf(key).values ?? [];
  const value = texts[key] ?? '';
  if (values.includes(value)) return value;
  const close = nearest(value, values);
  throw new MailStoreError('invalidSetting', {
    setting,
    value,
    expected: `${values.join(', ')}${close ? ` (did you mean ${close}?)` : ''}`,
  });
}

function millisecondsOf(key: SettingKey, texts: Texts, min: number, max: number): number {
  const value = texts[key] ?? '';
  const number = Number(value);
  if (/^\d+$/.test(value) && number >= min && number <= max) return number;
  throw new MailStoreError('invalidSetting', {
    setting: nameOf(key),
    value,
    expected: `a whole number of milliseconds from ${min} to ${max}`,
  });
}

function required(key: SettingKey, texts: Texts, hint: string): string {
  const value = texts[key];
  if (value === undefined) throw new MailStoreError('missingSetting', { setting: nameOf(key), hint });
  return value;
}

function readText(setting: string, path: string): string {
  try {
    // Windows editors begin UTF-8 files with a byte order mark.
    return readFileSync(path, 'utf8').replace(/^\uFEFF/, '');
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    throw new MailStoreError('unreadableFile', { setting, path, reason });
  }
}

function settingOf(key: SettingKey): Setting {
  const setting = settings.find((candidate) => candidate.key === key);
  if (!setting) throw new Error(`no setting ${key}`);
  return setting;
}

function nameOf(key: SettingKey): string {
  return settingOf(key).variable ?? key;
}
