import { existsSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeFolder } from '../base/make-folder.ts';
import { loadConfig, loadStateDir, type Config, type ConfigSources } from './load.ts';
import { settings, type SettingKey } from './settings.ts';

/** Settings by their keys, as a configuration file has them. */
export type KeptSettings = { readonly [Key in SettingKey]?: string };

const FILE_NAME = 'terminal.json';

/** Writes the settings that a terminal uses where it is given none, and returns the path. The folder belongs to its user alone. */
export function keepSettings(stateDir: string, kept: KeptSettings): string {
  const path = join(stateDir, FILE_NAME);
  makeFolder(stateDir);
  const draft = `${path}.${process.pid}`;
  writeFileSync(draft, `${JSON.stringify(kept, null, 2)}\n`, { mode: 0o600 });
  renameSync(draft, path);
  return path;
}

/** Returns the configuration as `loadConfig` does, from the kept settings where a terminal is given none. */
export function loadTerminalConfig(sources: ConfigSources): Config {
  return loadConfig(sources.embedded ? sources : { ...sources, flags: addKeptSettings(sources) });
}

/**
 * Returns the options with `--config` for the file that `keepSettings` wrote, where neither they nor the variables name a MailStore or a
 * configuration file. Throws MailStoreError as `loadStateDir` does.
 */
export function addKeptSettings({ env = process.env, flags }: Pick<ConfigSources, 'env' | 'flags'>): Readonly<Record<string, string>> {
  const isSet = [settings.url, settings.config].some((setting) => Boolean(env[setting.env]) || flags[setting.flag] !== undefined);
  if (isSet) return flags;
  const path = join(loadStateDir({ env, flags, isOnlyShown: true }), FILE_NAME);
  return existsSync(path) ? { ...flags, [settings.config.flag]: path } : flags;
}
