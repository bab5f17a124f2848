import { readFileSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { MailStoreError } from '../base/errors.ts';
import { isSecretName } from '../masking/secret-names.ts';
import { nearest } from '../base/nearest.ts';
import { describeErrno, readErrno } from '../base/errno.ts';
import { isTimeZone } from '../base/zoned-time.ts';
import { requirePrivate } from './private-files.ts';

/** How the text of a setting is read, and what help, completion and documentation say about it. */
export interface SettingType<Value> {
  /** The placeholder of the value in help, such as `FILE`. */
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

/** The path of a folder, which has to be absolute: a client starts its servers in any folder it likes. */
export function folder(): SettingType<string> {
  return {
    placeholder: 'FOLDER',
    read: (value, setting) => {
      const path = readPath(value, setting);
      if (isAbsolute(path)) return path;
      throw new MailStoreError('settingToRewrite', { setting, value, problem: 'is a relative path', rewritten: resolve(path) });
    },
  };
}

/** The path of a file. */
export function file(): SettingType<string> {
  return { placeholder: 'FILE', read: readPath };
}

function readPath(value: string, setting: string): string {
  const path = unquoted(value.trim(), setting);
  if (/^file:\/\//i.test(path)) {
    const rewritten = URL.canParse(path) ? fileURLToPath(path) : path.replace(/^file:\/\//i, '');
    throw new MailStoreError('settingToRewrite', { setting, value, problem: 'is a URL and not a path', rewritten });
  }
  if (!/^~(?:[\\/]|$)/.test(path)) return path;
  const rewritten = join(homedir(), path.slice(1));
  throw new MailStoreError('settingToRewrite', { setting, value, problem: 'begins with ~, which only a shell replaces', rewritten });
}

/** A login name: blanks around it are left out, and quotes refused. */
export function loginName(): SettingType<string> {
  return { placeholder: 'NAME', read: (value, setting) => unquoted(value.trim(), setting) };
}

/** A password in a variable. The line break that a file ends with is no part of it. */
export function password(): SettingType<string> {
  return {
    placeholder: 'PASSWORD',
    read: (value, setting) => {
      const read = value.replace(/[\r\n]+$/, '');
      if (/^(["']).+\1$/s.test(read)) throw new MailStoreError('quotedPassword', { setting });
      return read;
    },
  };
}

/** Refuses a text in quotes: a shell takes them away, a client's configuration hands them on. */
function unquoted(value: string, setting: string): string {
  const quoted = /^(["'])(.*)\1$/s.exec(value);
  if (!quoted) return value;
  const rewritten = withoutLogin(quoted[2] ?? '');
  throw new MailStoreError('settingToRewrite', { setting, value: withoutLogin(value), problem: 'is in quotes', rewritten });
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
export function acceptSome<const Name extends string>(names: readonly Name[]): SettingType<readonly Name[]> {
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

/** The IANA name of a time zone. */
export function timeZone(): SettingType<string> {
  return {
    placeholder: 'ZONE',
    read: (value, setting) => {
      const name = value.trim();
      if (isTimeZone(name)) return name;
      throw new MailStoreError('invalidSetting', { setting, value, expected: 'an IANA time zone such as Europe/Berlin or UTC' });
    },
  };
}

/** The address of a server, as its origin `https://host:port`. */
export function httpsOrigin(): SettingType<string> {
  return { placeholder: 'URL', read: readOrigin };
}

const API_PORT = 8463;

function readOrigin(written: string, setting: string): string {
  const url = unquoted(written.trim(), setting);
  const value = withoutLogin(url);
  const bare = plainAddress(url);
  const plain = withoutLogin(bare);
  if (bare !== url && /^https?:\/\//i.test(plain) && URL.canParse(plain)) {
    const problem = 'has characters that an address does not have';
    throw new MailStoreError('settingToRewrite', { setting, value, problem, rewritten: completePort(plain) });
  }
  if (/^http:/i.test(url)) throw new MailStoreError('plainHttp', { url: value });
  // A host with a port reads as a scheme to a URL parser.
  const hasScheme = /^[a-z][a-z\d+.-]*:\/\//i.test(url);
  const parsed = URL.canParse(hasScheme ? url : `https://${url}`) ? new URL(hasScheme ? url : `https://${url}`) : undefined;
  if (!parsed || parsed.host === '') {
    const port = /:([^:/?#\]]*)(?:[/?#].*)?$/.exec(value.replace(/^https:\/\//i, ''))?.[1];
    const isPort = port === undefined || (/^\d+$/.test(port) && Number(port) <= 65_535);
    const expected = isPort
      ? `a URL such as https://mailstore.example.com:${API_PORT}`
      : `a URL whose port is a number up to 65535, such as ${API_PORT}`;
    throw new MailStoreError('invalidSetting', { setting, value, expected });
  }
  if (parsed.protocol !== 'https:') throw new MailStoreError('plainHttp', { url: value });
  if (parsed.username !== '' || parsed.password !== '') {
    const expected = 'without user and password, which have their own settings';
    throw new MailStoreError('invalidSetting', { setting, value: parsed.host, expected });
  }
  const hasPort = /^(?:[^/?#]*:\/\/)?[^/?#]*:\d+(?:[/?#]|$)/.test(url);
  const rewritten = `https://${parsed.hostname}:${hasPort ? parsed.port || '443' : API_PORT}`;
  const problem = [
    ...(hasScheme ? [] : ['lacks https://']),
    ...(hasPort ? [] : [`names no port, which is ${API_PORT} unless it was changed in MailStore`]),
    ...(parsed.pathname === '/' && parsed.search === '' && parsed.hash === '' ? [] : ['goes on after the port']),
  ].join(' and ');
  if (problem !== '') throw new MailStoreError('settingToRewrite', { setting, value, problem, rewritten });
  return parsed.origin;
}

/** Returns an address without what surrounds it in a document, without a second scheme, and with the slashes that a scheme has. */
function plainAddress(url: string): string {
  return url
    .replaceAll(/^[<“”„‘’«‹`]+|[>“”‘’»›`]+$/gu, '')
    .replaceAll('\\', '/')
    .replace(/^\/+/, 'https://')
    .replace(/^(https?):\/(?!\/)/i, '$1://')
    .replace(/^https?:\/\/(?=https?:\/\/)/i, '');
}

function completePort(url: string): string {
  const { hostname, port } = new URL(url);
  return `https://${hostname}:${port || API_PORT}`;
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
      // Windows puts an invisible mark before a thumbprint that is copied from its dialog.
      const hex = value
        .replaceAll(/[\p{Cf}\p{Cc}\p{Z}:"'-]/gu, '')
        .replace(/^sha256(?:fingerprint)?=?/i, '')
        .toUpperCase();
      // Programs that pin public keys write 32 bytes as base64.
      const bytes = /^(?:sha256\/)?([A-Za-z\d+/]{43}=)$/.exec(value.trim())?.[1];
      if (bytes !== undefined) return sha256().read(Buffer.from(bytes, 'base64').toString('hex'), setting);
      if (/^[\dA-F]{64}$/.test(hex)) return hex.match(/../g)?.join(':') ?? hex;
      if (/^[\dA-F]{40}$/.test(hex)) throw new MailStoreError('sha1Fingerprint', { setting, thumbprint: hex });
      throw new MailStoreError('invalidSetting', { setting, value, expected: 'the 64 hex digits of a SHA-256 fingerprint' });
    },
  };
}

/** The path of a file of certificates; its value is the text of the file. */
export function pemFile(): SettingType<string> {
  return {
    placeholder: 'FILE',
    read: (value, setting) => {
      const expected = 'the path of a file of certificates in PEM form';
      if (value.includes('-----BEGIN')) throw new MailStoreError('invalidSetting', { setting, value: '-----BEGIN…', expected });
      const path = readPath(value, setting);
      const content = readFile(setting, path);
      // What begins so is a certificate in binary form (DER, a SEQUENCE).
      if (content[0] === 0x30 && content[1] === 0x82) {
        const reason = 'it is in binary form (DER); export it again as Base-64 encoded X.509';
        throw new MailStoreError('unreadableFile', { setting, path, reason });
      }
      const pem = decode(setting, path, content);
      if (pem.includes('-----BEGIN CERTIFICATE-----')) return pem;
      throw new MailStoreError('invalidSetting', { setting, value: path, expected: 'a file of certificates in PEM form' });
    },
  };
}

/** A password holds no more, in bytes of its file. */
const MAX_PASSWORD_FILE_BYTES = 4096;

/** The path of a file that holds a password, which only its owner may read; its value is the password. */
export function passwordFile(): SettingType<string> {
  return {
    placeholder: 'FILE',
    read: (value, setting) => {
      const path = readPath(value, setting);
      const isThere = statSync(path, { throwIfNoEntry: false }) !== undefined;
      // What is no whole path may be the password itself.
      if (!isThere && !isAbsolute(path)) throw new MailStoreError('notAPath', { setting });
      const content = readFile(setting, path);
      requirePrivate(path, { what: `the password file of ${setting}`, isSecret: true });
      if (content.length > MAX_PASSWORD_FILE_BYTES) {
        throw new MailStoreError('passwordFile', {
          setting,
          path,
          problem: `is larger than ${MAX_PASSWORD_FILE_BYTES} bytes`,
          cure: 'name the file that holds the password alone',
        });
      }
      // An editor ends the last line; cmd's echo leaves a blank before it.
      const password = decode(setting, path, content).replace(/[ \t\r\n]+$/, '');
      const refuse = (problem: string, cure: string): never => {
        throw new MailStoreError('passwordFile', { setting, path, problem, cure });
      };
      if (password === '') refuse('is empty', 'write the password into it');
      if (/[\r\n]/.test(password)) refuse('holds more than one line', 'leave the line with the password alone');
      if (/^(["']).*\1$/.test(password)) refuse('holds the password in quotes', 'remove the quotes');
      if (/^MAILSTORE_\w+\s*=/.test(password)) refuse('holds a name before the password', 'leave the password alone');
      if (/^\{.*"\s*:.*\}$/.test(password)) refuse('holds a JSON object', 'leave the password alone');
      if (/[\p{Cc}\p{Cf}]/u.test(password)) refuse('holds an invisible character', 'type the password into it again');
      if (findPlaceholder(password, { isSecret: true }) !== undefined) refuse('holds a placeholder', 'write the password itself into it');
      return password;
    },
  };
}

/**
 * Returns the part of a text that a client should have replaced by a value, such as `${input:password}`; undefined where there is none. In a
 * secret, which may hold any character, only a text that is nothing else counts, and a form that clients alone have.
 */
export function findPlaceholder(value: string, { isSecret }: { readonly isSecret: boolean }): string | undefined {
  const text = value.trim();
  if (/^__encrypted__:/i.test(text)) return '__encrypted__:…';
  const forms = isSecret
    ? [
        /^\$\{[^{}]+\}$/,
        /\$\{(?:input|env|config|user_config)[:.][^{}]*\}/,
        /^\$\{\{.*\}\}$/,
        /^%[A-Za-z_]\w*%$/,
        /^\$env:\w+$/i,
        /^\$[A-Z][A-Z\d]*_\w+$/,
        /^\{\{.+\}\}$/,
        /^op:\/\/\S+\/\S+$/,
      ]
    : [/\$\{\{.*?\}\}/, /\$\{[^{}]*\}/, /%[A-Za-z_]\w*(?:\(\w+\))?%/, /\$env:\w+/i, /\$[A-Za-z_]\w*/, /\{\{.+?\}\}/, /<[\w -]+>/];
  for (const form of forms) {
    const found = form.exec(text)?.[0];
    if (found !== undefined) return found;
  }
  // `<password>` and `your-password-here`, as examples have them.
  const words = /^(?:<([\w -]{1,40})>|your[ _-][\w -]{1,40})$/i.exec(text);
  return isSecret && words !== null && isSecretName(words[1] ?? text) ? text : undefined;
}

/**
 * Returns the content of a text file in UTF-8 or, with a byte order mark, UTF-16. Throws MailStoreError that names the setting and the path when
 * it cannot be read.
 */
export function readTextFile(setting: string, path: string): string {
  return decode(setting, path, readFile(setting, path));
}

function readFile(setting: string, path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    const reason = readErrno(error) === 'EISDIR' ? 'it is a folder; name the file in it' : describeErrno(error);
    const from = isAbsolute(path) ? '' : `; it was looked for at '${resolve(path)}', so write the whole path`;
    throw new MailStoreError('unreadableFile', { setting, path, reason: `${reason}${from}` });
  }
}

/** Windows PowerShell 5.1 writes UTF-16, and Windows editors begin UTF-8 with a byte order mark. */
function decode(setting: string, path: string, content: Buffer): string {
  const [first, second] = content;
  const encoding = first === 0xff && second === 0xfe ? 'utf-16le' : first === 0xfe && second === 0xff ? 'utf-16be' : 'utf-8';
  try {
    const text = new TextDecoder(encoding, { fatal: true }).decode(content);
    if (!text.includes('\0')) return text;
  } catch {
    // Said below.
  }
  const reason = 'it is neither UTF-8 nor UTF-16 with a byte order mark; save it as UTF-8';
  throw new MailStoreError('unreadableFile', { setting, path, reason });
}

function suggestion(close: string | undefined): string {
  return close === undefined ? '' : ` (did you mean ${close}?)`;
}
