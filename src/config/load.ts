import { MailStoreError } from '../base/errors.ts';
import { machineTimeZone } from '../base/zoned-time.ts';
import { ACCESS_LEVELS, type Access } from '../base/target.ts';
import type { Edition } from '../catalogue/define-command.ts';
import { findTwinsInJson } from '../base/name-twins.ts';
import { nearest } from '../base/nearest.ts';
import { readKeychain } from './keychain.ts';
import { checkSecretsDir } from './check-secrets-dir.ts';
import { defaultStateDir } from './state-dir.ts';
import { refuseLinks, requirePrivate, requirePrivateState } from './private-files.ts';
import { findExample, findPlaceholder, readTextFile } from './setting-types.ts';
import { findJsonFault } from '../base/json-fault.ts';
import { judgeVariable, settingList, settings, type Setting, type SettingKey, type SettingValue } from './settings.ts';

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
  readonly api: SettingValue<'api'>;
  readonly edition: Edition;
}

/** The settings that hold for the whole server and are no path to other settings. */
type GlobalKey = { [Key in SettingKey]: (typeof settings)[Key] extends { perTarget: true } ? never : Key }[SettingKey];
type ServerKey = Exclude<GlobalKey, 'config'>;
type DefaultedKey = { [Key in ServerKey]: (typeof settings)[Key] extends { default: unknown } ? Key : never }[ServerKey] | 'stateDir';

/** The value of each setting of the server; optional where it has no default. */
type ServerSettings = { readonly [Key in DefaultedKey]: SettingValue<Key> } & {
  readonly [Key in Exclude<ServerKey, DefaultedKey>]?: SettingValue<Key>;
};

export interface Config extends ServerSettings {
  /** The targets by name; one called `default` where none is named. */
  readonly targets: readonly Target[];
  readonly access: Access;
  /** The variables from which a secret argument may come, by name. */
  readonly secretVariables: Readonly<Record<string, string>>;
  /** What looks wrong and keeps nothing from running, a sentence each. */
  readonly warnings?: readonly string[];
}

/** The text of a setting, and the name under which it was written. */
interface Written {
  readonly text: string;
  readonly name: string;
}

type Texts = Partial<Record<SettingKey, Written>>;

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

const SECRET_PREFIX = 'MAILSTORE_SECRET_';

/**
 * Folds defaults, configuration file, environment and flags, the later ones winning, and reads each setting by its type.
 * Throws MailStoreError of the audience `configuration` on an unknown setting, a value that its type refuses, or a file that cannot be read.
 */
export function loadConfig({ env = process.env, flags, embedded, stateDir = defaultStateDir(env) }: ConfigSources): Config {
  const ignored = checkVariables(env);
  const { texts, targets, warnings: doubled } = foldSources(env, flags);
  const warnings = [...ignored, ...doubled];
  const access = required('access', texts);
  const server = serverSettings(texts, stateDir);
  requirePrivateState(server.stateDir);
  if (server.secretsDir !== undefined) {
    checkSecretsDir(server.secretsDir, { stateDir: server.stateDir, configFile: texts.config?.text });
    // Who may write there chooses the secret that a call sends. Reading is a matter of each file: a container mounts such a folder for all to list.
    requirePrivate(server.secretsDir, { what: 'the folder for secrets' });
  }
  return {
    ...server,
    targets: embedded
      ? [{ name: 'sandbox', ...embedded, access, api: required('api', texts), edition: required('edition', texts) }]
      : targetsFrom(texts, targets, access),
    access,
    secretVariables: secretVariablesFrom(env),
    ...(warnings.length > 0 && { warnings }),
  };
}

interface FoldedSources {
  readonly texts: Texts;
  readonly targets: Readonly<Record<string, Texts>>;
  /** A sentence for each place that sets a password twice. */
  readonly warnings: readonly string[];
}

/** Folds all sources; a default is named `defaultName`, or by its variable. */
function foldSources(env: NonNullable<ConfigSources['env']>, flags: ConfigSources['flags'], defaultName?: string): FoldedSources {
  const fromEnv = textsFrom((setting) => [setting.env, env[setting.env]]);
  const fromFlags = textsFrom((setting) => [setting.flag ?? '', setting.flag === undefined ? undefined : flags[setting.flag]]);
  const path = fromFlags.config ?? fromEnv.config;
  const file = path === undefined ? { texts: {}, targets: {} } : readConfigFile(path);
  const defaults = textsFrom((setting) => [
    defaultName ?? setting.env,
    setting.default === undefined ? undefined : String(setting.default),
  ]);
  const warnings = [fromEnv, file.texts, ...Object.values(file.targets)].flatMap(({ password, passwordFile }) =>
    password && passwordFile ? [`${password.name} is ignored, because ${passwordFile.name} is set as well; remove one of them.`] : [],
  );
  return { texts: fold(defaults, file.texts, fromEnv, fromFlags), targets: file.targets, warnings };
}

/** The settings of one server as far as they are known; nothing is required. */
export interface KnownSettings {
  readonly origin?: string;
  readonly username?: string;
  readonly password?: string;
  readonly fingerprint?: string;
  readonly ca?: string;
  /** The file that `ca` was read from. */
  readonly caFile?: string;
  readonly access: Access;
  readonly stateDir: string;
  /** Where the access level was set: an option, a variable, a key of the configuration file, or `the default`. */
  readonly accessFrom: string;
}

export type Environment = Readonly<Record<string, string | undefined>>;

/** Returns the variables of this process. */
export function readEnvironment(): Environment {
  return process.env;
}

/** True where the variables or options say which MailStore to connect to, or how, or try to. */
export function hasOwnSettings({ env = process.env, flags }: Pick<ConfigSources, 'env' | 'flags'>): boolean {
  const own = settingList.filter(({ key, perTarget }) => perTarget === true || key === 'config');
  const isSet = own.some(({ env: name, flag }) => Boolean(env[name]) || (flag !== undefined && flags[flag] !== undefined));
  return isSet || Object.keys(env).some((name) => judgeVariable(name).kind === 'mistyped');
}

/** Returns what is set so far, for `setup` and `doctor`. Throws MailStoreError as `loadConfig` does, but for nothing that is missing. */
export function loadKnownSettings({ env = process.env, flags }: Pick<ConfigSources, 'env' | 'flags'>): KnownSettings {
  checkVariables(env);
  const { texts } = foldSources(env, flags, 'the default');
  const [origin, username] = [read('url', texts), read('username', texts)];
  const password = read('passwordFile', texts) ?? read('password', texts);
  const fingerprint = read('fingerprint', texts);
  const ca = read('caFile', texts);
  return {
    ...(origin !== undefined && { origin }),
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    ...(fingerprint !== undefined && { fingerprint }),
    ...(ca !== undefined && { ca }),
    ...(texts.caFile !== undefined && { caFile: texts.caFile.text }),
    access: required('access', texts),
    stateDir: read('stateDir', texts) ?? defaultStateDir(env),
    accessFrom: texts.access?.name ?? 'the default',
  };
}

/** Returns the value of each setting that holds for the whole server. */
function serverSettings(texts: Texts, stateDir: string): ServerSettings {
  const keys = settingList.filter(({ key, perTarget }) => perTarget !== true && key !== 'config').map(({ key }) => key);
  const values = keys.flatMap((key) => {
    const value = read(key, texts);
    return value === undefined ? [] : [[key, value] as const];
  });
  // Each value was read by the type of its own entry, which the mapped type repeats.
  return { stateDir, ...Object.fromEntries(values) } as unknown as ServerSettings;
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

/**
 * Returns the state folder alone, for subcommands that need no MailStore: they work where no target is configured. With `isOnlyShown` the folder
 * may be a copy that belongs to another user, since nothing in it decides what is done. Throws MailStoreError `notPrivate` for any other folder of another user, and for a link in it.
 */
export function loadStateDir({ env = process.env, flags, isOnlyShown = false }: StateSources): string {
  checkVariables(env);
  const texts = textsFrom(({ env: variable, flag }) => {
    const given = flag === undefined ? undefined : flags[flag];
    return given ? [flag ?? variable, given] : [variable, env[variable]];
  });
  const fromFile = () => (texts.config === undefined ? {} : readConfigFile(texts.config).texts);
  const stateDir = read('stateDir', texts) ?? read('stateDir', fromFile()) ?? defaultStateDir(env);
  if (isOnlyShown) refuseLinks(stateDir);
  else requirePrivateState(stateDir);
  return stateDir;
}

/** Returns the name and origin of each configured archive, as far as there are any; nothing else of them has to be set. */
export function loadArchives({
  env = process.env,
  flags,
}: Pick<ConfigSources, 'env' | 'flags'>): readonly Pick<Target, 'name' | 'origin'>[] {
  const { texts, targets } = foldSources(env, flags);
  const { url: _url, ...shared } = texts;
  const named = Object.entries(targets).map(([name, own]): [string, Texts] => [name, fold(shared, own)]);
  return (named.length > 0 ? named : [['default', texts] as const]).flatMap(([name, known]) => {
    const origin = read('url', known);
    return origin === undefined ? [] : [{ name, origin }];
  });
}

/** Returns the time zone in which a terminal shows times. Throws MailStoreError as `loadConfig` does. */
export function loadTimeZone({ env = process.env, flags }: Pick<ConfigSources, 'env' | 'flags'>): string {
  return read('timeZone', foldSources(env, flags).texts) ?? machineTimeZone();
}

interface StateSources extends Pick<ConfigSources, 'env' | 'flags'> {
  /** True if the record is read and shown, and nothing else is done. */
  readonly isOnlyShown?: boolean;
}

/**
 * Returns a warning for each variable that belongs to something else. Throws MailStoreError `unknownSettings` for those that were probably meant to
 * be settings of this server: a mistyped MAILSTORE_ACCESS must not leave the default in force.
 */
function checkVariables(env: Readonly<Record<string, string | undefined>>): readonly string[] {
  const judged = Object.keys(env).flatMap((name) => (name.startsWith(SECRET_PREFIX) ? [] : [{ name, ...judgeVariable(name) }]));
  const unknown = judged.flatMap(({ kind, name, meant }) => (kind === 'mistyped' ? [{ setting: name, nearest: meant }] : []));
  if (unknown.length > 0) throw new MailStoreError('unknownSettings', { unknown });
  return judged.flatMap(({ kind, name }) => (kind === 'foreign' ? [`${name} is no setting of mailstore-mcp and was ignored.`] : []));
}

function secretVariablesFrom(env: Readonly<Record<string, string | undefined>>): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(env).flatMap(([name, value]) => {
      if (!name.startsWith(SECRET_PREFIX) || !value) return [];
      refusePlaceholder(name, value, { type: settings.password.type });
      return [[name, value]];
    }),
  );
}

/** Refuses a placeholder that a client passes on as it is because it cannot resolve it, and what was copied from a documentation. */
function refusePlaceholder(name: string, value: string, { type, example }: Pick<Setting, 'type' | 'example'>): void {
  const placeholder = findPlaceholder(value, type);
  if (placeholder !== undefined) throw new MailStoreError('unexpandedPlaceholder', { setting: name, placeholder });
  const copied = findExample(value, type) ?? (example?.is(value.trim()) === true ? value.trim() : undefined);
  const cure = example?.cure ?? 'write your own value';
  if (copied !== undefined) throw new MailStoreError('exampleValue', { setting: name, example: copied, cure });
}

/** An empty text counts as not set: clients pass on variables that were left empty. */
function textsFrom(find: (setting: Setting) => readonly [name: string, text: string | undefined]): Texts {
  return Object.fromEntries(
    settingList.flatMap((setting) => {
      const [name, text] = find(setting);
      if (!text) return [];
      refusePlaceholder(name, text, setting);
      return [[setting.key, { name, text }]];
    }),
  );
}

function readConfigFile(written: Written): Pick<FoldedSources, 'texts' | 'targets'> {
  const path = settings.config.type.read(written.text, written.name);
  const content = readTextFile(written.name, path);
  const fault = findJsonFault(content);
  if (fault) throw new MailStoreError('notJsonFile', { setting: written.name, path, ...fault });
  const parsed = JSON.parse(content) as unknown;
  requirePrivate(path, { what: 'the configuration file', isSecret: holdsPassword(parsed) });
  const twins = findTwinsInJson(content);
  if (twins) throw new MailStoreError('twinSettings', { path, names: twins.names });
  const { targets = {}, ...rest } = entriesIn('MAILSTORE_CONFIG', parsed);
  const groups: readonly FileGroup[] = [
    { prefix: '', entries: rest, allowed: settingList.filter(({ env }) => env !== settings.config.env) },
    ...Object.entries(entriesIn('targets', targets)).map(([target, entries]) => ({
      target,
      prefix: `targets.${target}.`,
      entries: entriesIn(`targets.${target}`, entries),
      allowed: settingList.filter(({ perTarget }) => perTarget === true),
    })),
  ];
  const unknown = groups.flatMap(findUnknownKeys);
  if (unknown.length > 0) throw new MailStoreError('unknownSettings', { unknown });
  const read = groups.map((group) => ({ target: group.target, texts: fileTexts(group) }));
  return {
    texts: read[0]?.texts ?? {},
    targets: Object.fromEntries(read.flatMap(({ target, texts }) => (target === undefined ? [] : [[target, texts]]))),
  };
}

/** The settings of one object in the configuration file. */
interface FileGroup {
  /** The target that they belong to; undefined for those that all share. */
  readonly target?: string;
  readonly prefix: string;
  readonly entries: Readonly<Record<string, unknown>>;
  readonly allowed: readonly (Setting & { readonly key: SettingKey })[];
}

function findUnknownKeys({
  prefix,
  entries,
  allowed,
}: FileGroup): readonly { readonly setting: string; readonly nearest: string | undefined }[] {
  const keys = allowed.map(({ key }) => key);
  return Object.keys(entries)
    .filter((entry) => !(keys as readonly string[]).includes(entry))
    .map((entry) => ({ setting: prefix + entry, nearest: findByVariable(allowed, entry) ?? nearest(entry, keys) }));
}

/** True where the file or a target in it has a password of its own. */
function holdsPassword(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return Object.entries(value).some(
    ([key, entry]) => settingList.some((setting) => setting.key === key && setting.secret) || holdsPassword(entry),
  );
}

/** Returns the key of a setting whose variable stands where its key belongs. */
function findByVariable(allowed: readonly (Setting & { readonly key: SettingKey })[], entry: string): SettingKey | undefined {
  return allowed.find(({ env }) => env === entry.toUpperCase())?.key;
}

function entriesIn(setting: string, value: unknown): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new MailStoreError('invalidSetting', { setting, value: nameKind(value), expected: 'an object' });
}

/** Returns what a value of JSON is, without it: it may hold a password. */
function nameKind(value: unknown): string {
  if (value === null || typeof value === 'boolean') return String(value);
  return Array.isArray(value) ? '[…]' : typeof value === 'object' ? '{…}' : typeof value === 'string' ? '"…"' : 'a number';
}

function fileTexts({ prefix, entries, allowed }: FileGroup): Texts {
  const texts: Texts = {};
  for (const setting of allowed) {
    if (!Object.hasOwn(entries, setting.key)) continue;
    const value = entries[setting.key];
    const name = prefix + setting.key;
    if (typeof value !== 'string' && typeof value !== 'number') {
      throw new MailStoreError('invalidSetting', { setting: name, value: nameKind(value), expected: 'a text or a number' });
    }
    if (value === '') continue;
    refusePlaceholder(name, String(value), setting);
    texts[setting.key] = { name, text: String(value) };
    // A mistake in the file is said even where another source wins over it.
    if (setting.type.values) setting.type.read(String(value), name);
  }
  return texts;
}

function targetsFrom(texts: Texts, named: Readonly<Record<string, Texts>>, access: Access): Target[] {
  const names = Object.keys(named);
  if (names.length === 0) return [createTarget('default', texts, access)];
  const { url: _url, ...shared } = texts;
  return names.map((name) => createTarget(name, fold(shared, named[name] ?? {}), access));
}

function createTarget(name: string, texts: Texts, ceiling: Access): Target {
  const access = required('access', texts);
  const origin = required('url', texts, 'set it to https://host:8463, run mailstore-mcp setup, or try the embedded server with --sandbox.');
  const username = required('username', texts, 'name the MailStore administrator to log in as.');
  const password =
    read('passwordFile', texts) ??
    read('password', texts) ??
    readKeychain(origin, username) ??
    required('password', texts, 'set it, or MAILSTORE_PASSWORD_FILE.');
  const fingerprint = read('fingerprint', texts);
  const ca = read('caFile', texts);
  return {
    name,
    origin,
    username,
    password,
    ...(fingerprint !== undefined && { fingerprint }),
    ...(ca !== undefined && { ca }),
    access: ACCESS_LEVELS[Math.min(ACCESS_LEVELS.indexOf(access), ACCESS_LEVELS.indexOf(ceiling))] ?? 'read-only',
    api: required('api', texts),
    edition: required('edition', texts),
  };
}

/** Returns the value of a setting, or undefined where it is not set. */
function read<Key extends SettingKey>(key: Key, texts: Texts): SettingValue<Key> | undefined {
  const written = texts[key];
  return written && (settings[key].type.read(written.text, written.name) as SettingValue<Key>);
}

/** Returns the value of a setting. Throws MailStoreError with the hint where it is not set. */
function required<Key extends SettingKey>(key: Key, texts: Texts, hint = 'see docs/configuration.md.'): SettingValue<Key> {
  const value = read(key, texts);
  if (value === undefined) throw new MailStoreError('missingSetting', { setting: settings[key].env, hint });
  return value;
}
