import { readFileSync } from 'node:fs';
import { MailStoreError } from '../base/errors.ts';
import { nearest } from '../base/nearest.ts';

/** How the text of a setting is read, and what help, completion and documentation say about it. */
export interface SettingType<Value> {
  /** What stands for the value in help, such as `FILE`. */
  readonly placeholder: string;
  /** The accepted texts where they are a closed set. */
  readonly values?: readonly string[];
  /**
   * Returns the value of a text. `name` is the setting as the person wrote it, such as `MAILSTORE_API`, `--api` or `targets.main.api`.
   * Throws MailStoreError of the audience `configuration` when the text is no such value.
   */
  readonly read: (text: string, name: string) => Value;
}

export function text(placeholder = 'TEXT'): SettingType<string> {
  return { placeholder, read: (value) => value };
}

export function folder(): SettingType<string> {
  return text('FOLDER');
}

export function file(): SettingType<string> {
  return text('FILE');
}

export function oneOf<const Value extends string>(values: readonly Value[]): SettingType<Value> {
  return {
    placeholder: values.join('|'),
    values,
    read: (value, name) => {
      const found = values.find((known) => known === value);
      if (found !== undefined) return found;
      throw new MailStoreError('invalidSetting', {
        setting: name,
        value,
        expected: `${values.join(', ')}${suggestion(nearest(value, values))}`,
      });
    },
  };
}

/** Some of `names`, separated by commas, or `all`; in the order of `names`. */
export function someOf<const Name extends string>(names: readonly Name[]): SettingType<readonly Name[]> {
  return {
    placeholder: 'NAME,…',
    read: (value, setting) => {
      const given = value.split(',').map((name) => name.trim());
      if (given.includes('all')) return names;
      const unknown = given.find((name) => !(names as readonly string[]).includes(name));
      if (unknown !== undefined) {
        throw new MailStoreError('invalidSetting', {
          setting,
          value: unknown,
          expected: `all, or some of ${names.join(', ')}${suggestion(nearest(unknown, names))}`,
        });
      }
      return names.filter((name) => given.includes(name));
    },
  };
}

/** A whole number within bounds; `unit` is a plural noun such as `milliseconds`. */
export function wholeNumber(min: number, max: number, unit?: string): SettingType<number> {
  return {
    placeholder: 'NUMBER',
    read: (value, name) => {
      const number = Number(value);
      if (/^\d+$/.test(value) && number >= min && number <= max) return number;
      throw new MailStoreError('invalidSetting', {
        setting: name,
        value,
        expected: `a whole number${unit === undefined ? '' : ` of ${unit}`} from ${min} to ${max}`,
      });
    },
  };
}

/** The address of a server, as its origin `https://host:port`. */
export function httpsOrigin(): SettingType<string> {
  return { placeholder: 'URL', read: readOrigin };
}

function readOrigin(url: string, setting: string): string {
  let parsed: URL;
  try {
    parsed = new URL(url);
  } catch {
    const expected = 'a URL such as https://mailstore.example.com:8463';
    throw new MailStoreError('invalidSetting', { setting, value: withoutLogin(url), expected });
  }
  if (parsed.protocol !== 'https:') throw new MailStoreError('plainHttp', { url: withoutLogin(url) });
  if (parsed.username !== '' || parsed.password !== '') {
    const expected = 'without user and password, which have their own settings';
    throw new MailStoreError('invalidSetting', { setting, value: parsed.host, expected });
  }
  if (parsed.pathname !== '/' || parsed.search !== '' || parsed.hash !== '') {
    throw new MailStoreError('invalidSetting', { setting, value: url, expected: 'without a path' });
  }
  return parsed.origin;
}

/** Removes user and password, so that an error about a URL does not repeat them. */
function withoutLogin(url: string): string {
  return url.replace(/^([a-z]+:\/\/)?.*@/is, '$1');
}

/** A SHA-256 fingerprint, with or without colons, as upper-case hex pairs with colons. */
export function sha256(): SettingType<string> {
  return {
    placeholder: 'SHA256',
    read: (value, setting) => {
      const hex = value
        .replace(/^\s*sha-?256(?:\s+fingerprint)?\s*[:=]/i, '')
        .replaceAll(/[\s:-]/g, '')
        .toUpperCase();
      if (/^[\dA-F]{64}$/.test(hex)) return hex.match(/../g)?.join(':') ?? hex;
      throw new MailStoreError('invalidSetting', { setting, value, expected: 'the 64 hex digits of a SHA-256 fingerprint' });
    },
  };
}

/** The path of a file of certificates; its value is the text of the file. */
export function pemFile(): SettingType<string> {
  return {
    placeholder: 'FILE',
    read: (path, setting) => {
      const pem = readTextFile(setting, path);
      if (pem.includes('-----BEGIN CERTIFICATE-----')) return pem;
      throw new MailStoreError('invalidSetting', { setting, value: path, expected: 'a file of certificates in PEM form' });
    },
  };
}

/** The path of a file that holds a password; its value is the password. */
export function passwordFile(): SettingType<string> {
  return { placeholder: 'FILE', read: (path, setting) => readTextFile(setting, path).replace(/\r?\n$/, '') };
}

/** Returns the content of a UTF-8 file. Throws MailStoreError that names the setting and the path when it cannot be read. */
export function readTextFile(setting: string, path: string): string {
  try {
    // Windows editors begin UTF-8 files with a byte order mark.
    return readFileSync(path, 'utf8').replace(/^\uFEFF/, '');
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    throw new MailStoreError('unreadableFile', { setting, path, reason });
  }
}

function suggestion(close: string | undefined): string {
  return close === undefined ? '' : ` (did you mean ${close}?)`;
}
