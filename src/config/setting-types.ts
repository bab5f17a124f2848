import { readFileSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { isAbsolute, join, resolve, win32 } from 'node:path';
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
  /** Returns what an error may show of a text; undefined for a text that may be a password, which people write into the wrong setting too. */
  readonly show: (text: string) => string | undefined;
  /** True where a value may have any characters, those of a placeholder too. */
  readonly takesAnything?: true;
  /**
   * Returns the value of a text. `name` is the setting as the person wrote it, such as `MAILSTORE_API`, `--api` or `targets.main.api`.
   * Throws MailStoreError of the audience `configuration` when the text is no such value.
   */
  readonly read: (text: string, name: string) => Value;
}

/** Refuses a text of a setting. The only way from a type to an error with the text in it, so that each shows what its type allows. */
class SettingRefusal {
  readonly setting: string;
  readonly #text: string;
  readonly #show: SettingType<unknown>['show'];

  constructor(setting: string, written: string, show: SettingType<unknown>['show']) {
    this.setting = setting;
    this.#text = written;
    this.#show = show;
  }

  invalid(expected: string, part = this.#text): never {
    throw new MailStoreError('invalidSetting', { setting: this.setting, value: this.#show(part), expected });
  }

  /** Refuses a text that is right when it is written in another way. */
  rewrite(problem: string, rewritten: string): never {
    throw new MailStoreError('settingToRewrite', { setting: this.setting, value: this.#show(this.#text), problem, rewritten });
  }

  /** Refuses a text in quotes: a shell takes them away, a client's configuration hands them on. */
  unquoted(text: string): string {
    const [, , inner] = /^(["'])(.*)\1$/s.exec(text) ?? [];
    if (inner === undefined) return text;
    const rewritten = this.#show(inner);
    if (rewritten === undefined) throw new MailStoreError('quotedValue', { setting: this.setting });
    return this.rewrite('is in quotes', rewritten);
  }
}

/** Declares a type whose errors show of a text what `show` returns. */
export function settingType<Value>({
  read,
  ...declared
}: Omit<SettingType<Value>, 'read'> & { readonly read: (text: string, refusal: SettingRefusal) => Value }): SettingType<Value> {
  return { ...declared, read: (written, name) => read(written, new SettingRefusal(name, written, declared.show)) };
}

/** What errors show of a value that is no place for a password: one of a list, a number, a path. */
export const showWhole = (value: string): string => value;

const showNothing = (): undefined => undefined;

export function text(placeholder = 'TEXT'): SettingType<string> {
  return { placeholder, show: showWhole, read: (value) => value };
}

/** The path of a folder, which has to be absolute: a client starts its servers in any folder it likes. */
export function folder(): SettingType<string> {
  return settingType({
    placeholder: 'FOLDER',
    show: showWhole,
    read: (value, refusal) => {
      const path = readPath(value, refusal);
      return isAbsolute(path) ? path : refusal.rewrite('is a relative path', resolve(path));
    },
  });
}

/** The path of a file. */
export function file(): SettingType<string> {
  return settingType({ placeholder: 'FILE', show: showWhole, read: readPath });
}

function readPath(value: string, refusal: SettingRefusal): string {
  const path = refusal.unquoted(value.trim());
  if (/^file:\/\//i.test(path)) {
    return refusal.rewrite('is a URL and not a path', URL.canParse(path) ? fileURLToPath(path) : path.replace(/^file:\/\//i, ''));
  }
  if (!/^~(?:[\\/]|$)/.test(path)) return path;
  return refusal.rewrite('begins with ~, which only a shell replaces', join(homedir(), path.slice(1)));
}

/** A login name: blanks around it are left out, and quotes refused. */
export function loginName(): SettingType<string> {
  return settingType({
    placeholder: 'NAME',
    show: showNothing,
    takesAnything: true,
    read: (value, refusal) => refusal.unquoted(value.trim()),
  });
}

/** A password in a variable. The line break that a file ends with is no part of it. */
export function password(): SettingType<string> {
  return settingType({
    placeholder: 'PASSWORD',
    show: showNothing,
    takesAnything: true,
    read: (value, refusal) => {
      const read = value.replace(/[\r\n]+$/, '');
      return read.length > 2 ? refusal.unquoted(read) : read;
    },
  });
}

export function oneOf<const Value extends string>(values: readonly Value[]): SettingType<Value> {
  return settingType({
    placeholder: values.join('|'),
    values,
    show: showWhole,
    read: (value, refusal) =>
      values.find((known) => known === value) ?? refusal.invalid(`${values.join(', ')}${suggestion(nearest(value, values))}`),
  });
}

/** Some of `names`, separated by commas, or `all`; in the order of `names`. */
export function acceptSome<const Name extends string>(names: readonly Name[]): SettingType<readonly Name[]> {
  return settingType({
    placeholder: 'NAME,…',
    show: showWhole,
    read: (value, refusal) => {
      const given = value.split(',').map((name) => name.trim());
      if (given.includes('all')) return names;
      const unknown = given.find((name) => !(names as readonly string[]).includes(name));
      if (unknown !== undefined) {
        return refusal.invalid(`all, or some of ${names.join(', ')}${suggestion(nearest(unknown, names))}`, unknown);
      }
      return names.filter((name) => given.includes(name));
    },
  });
}

/** A whole number within bounds; `unit` is a plural noun such as `milliseconds`. */
export function wholeNumber(min: number, max: number, unit?: string): SettingType<number> {
  return settingType({
    placeholder: 'NUMBER',
    show: showNumber,
    read: (value, refusal) => {
      const number = Number(value);
      if (/^\d+$/.test(value) && number >= min && number <= max) return number;
      return refusal.invalid(`a whole number${unit === undefined ? '' : ` of ${unit}`} from ${min} to ${max}`);
    },
  });
}

/** Shows a number, with or without a unit. */
export function showNumber(value: string): string | undefined {
  return /^[-+]?\d*\.?\d+(?:e\d+)?(?: ?[a-z]{1,3})?$/i.test(value) ? value : undefined;
}

/** The IANA name of a time zone. */
export function timeZone(): SettingType<string> {
  return settingType({
    placeholder: 'ZONE',
    show: showWhole,
    read: (value, refusal) => {
      const name = value.trim();
      return isTimeZone(name) ? name : refusal.invalid('an IANA time zone such as Europe/Berlin or UTC');
    },
  });
}

/** The address of a server, as its origin `https://host:port`. */
export function httpsOrigin(): SettingType<string> {
  return settingType({ placeholder: 'URL', show: showAddress, read: readOrigin });
}

/** The port of MailStore's Administration API, unless it was changed. */
export const API_PORT = 8463;

/** The ports that a plain address of MailStore has: the web server's own, and that of its unencrypted API. */
const PLAIN_PORTS: readonly string[] = ['', '80', '8462'];

function readOrigin(written: string, refusal: SettingRefusal): string {
  const url = refusal.unquoted(written.trim());
  const bare = plainAddress(url);
  const plain = withoutLogin(bare);
  const plainUrl = parseAddress(plain);
  if (bare !== url && plainUrl && /^https?:\/\//i.test(plain)) {
    return refusal.rewrite('has characters that an address does not have', completeOrigin(plainUrl));
  }
  // A host with a port reads as a scheme to a URL parser.
  const [, scheme] = /^([a-z][a-z\d+.-]*):\/\//i.exec(url) ?? [];
  const whole = scheme === undefined ? `https://${url}` : url;
  const parsed = parseAddress(whole);
  if (/^http:/i.test(url) || (parsed && parsed.protocol !== 'https:')) {
    const rewritten = plainUrl && completeOrigin(plainUrl);
    throw new MailStoreError('plainHttp', { setting: refusal.setting, url: showAddress(url), rewritten });
  }
  if (!parsed) {
    const port = /:([^:/?#\]]*)(?:[/?#].*)?$/.exec(withoutLogin(url).replace(/^https:\/\//i, ''))?.[1];
    const isPort = port === undefined || (/^\d+$/.test(port) && Number(port) <= 65_535);
    return refusal.invalid(
      isPort ? `a URL such as https://archive.example.com:${API_PORT}` : `a URL whose port is a number up to 65535, such as ${API_PORT}`,
    );
  }
  const hasPort = /^(?:[^/?#]*:\/\/)?[^/?#]*:\d+(?:[/?#]|$)/.test(url);
  const rewritten = `https://${parsed.hostname}:${hasPort ? parsed.port || '443' : API_PORT}`;
  const problem = [
    ...(parsed.username === '' && parsed.password === '' ? [] : ['holds a user name or password, which have settings of their own']),
    ...(scheme === undefined ? ['lacks https://'] : []),
    ...(hasPort ? [] : [`names no port, which is ${API_PORT} unless it was changed in MailStore`]),
    ...(parsed.pathname === '/' && parsed.search === '' && parsed.hash === '' ? [] : ['goes on after the port']),
  ].join(' and ');
  return problem === '' ? parsed.origin : refusal.rewrite(problem, rewritten);
}

/** Returns an address with the name or number of a host; undefined for another text, which may be a password. */
function parseAddress(address: string): URL | undefined {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  return url && /^(?:[a-z\d._-]+|\[[\da-f:.]+\])$/i.test(url.hostname) ? url : undefined;
}

/** Shows scheme, host, port and path of an address. A password may be before the host or in what follows a question mark. */
function showAddress(url: string): string | undefined {
  const shown = withoutLogin(url.trim()).replace(/[?#].*$/s, '');
  const address = shown.replaceAll(/^["'<“”„‘’«‹`]+|["'>“”‘’»›`]+$/gu, '');
  return /^(?:[a-z]+:[\\/]{0,2})?(?:[\p{L}\p{N}._-]+|\[[\da-f:.]+\])(?::\w{0,5})?(?:\/[\w./-]*)?$/iu.test(address) ? shown : undefined;
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

/** Returns the origin that an address means: that of the API where it names no port, or one without encryption. */
function completeOrigin({ hostname, port }: URL): string {
  return `https://${hostname}:${PLAIN_PORTS.includes(port) ? API_PORT : port}`;
}

/** Removes user and password, so that an error about a URL does not repeat them. */
function withoutLogin(url: string): string {
  return url.replace(/^([a-z]+:\/\/)?.*@/is, '$1');
}

/** A SHA-256 fingerprint, with or without colons, as upper-case hex pairs with colons. */
export function sha256(): SettingType<string> {
  return settingType({ placeholder: 'SHA256', show: showNothing, read: readFingerprint });
}

function readFingerprint(value: string, refusal: SettingRefusal): string {
  // Windows puts an invisible mark before a thumbprint that is copied from its dialog.
  const hex = value
    .replaceAll(/[\p{Cf}\p{Cc}\p{Z}:"'-]/gu, '')
    .replace(/^sha256(?:fingerprint)?=?/i, '')
    .toUpperCase();
  // Programs that pin public keys write 32 bytes as base64.
  const bytes = /^(?:sha256\/)?([A-Za-z\d+/]{43}=)$/.exec(value.trim())?.[1];
  if (bytes !== undefined) return readFingerprint(Buffer.from(bytes, 'base64').toString('hex'), refusal);
  if (/^[\dA-F]{64}$/.test(hex)) return hex.match(/../g)?.join(':') ?? hex;
  if (/^[\dA-F]{40}$/.test(hex)) throw new MailStoreError('sha1Fingerprint', { setting: refusal.setting, thumbprint: hex });
  const found = /^[\dA-F]+$/.test(hex) ? `, and these are ${hex.length}` : '';
  return refusal.invalid(`the 64 hex digits of a SHA-256 fingerprint${found}`);
}

/** The path of a file of certificates; its value is the text of the file. */
export function pemFile(): SettingType<string> {
  return settingType({
    placeholder: 'FILE',
    show: showWhole,
    read: (value, refusal) => {
      const { setting } = refusal;
      if (value.includes('-----BEGIN')) return refusal.invalid('the path of a file of certificates in PEM form', '-----BEGIN…');
      const path = readPath(value, refusal);
      const content = readFile(setting, path);
      // What begins so is a certificate in binary form (DER, a SEQUENCE).
      if (content[0] === 0x30 && content[1] === 0x82) {
        const reason = 'it is in binary form (DER); export it again as Base-64 encoded X.509';
        throw new MailStoreError('unreadableFile', { setting, path, reason });
      }
      const pem = decode(setting, path, content);
      return pem.includes('-----BEGIN CERTIFICATE-----') ? pem : refusal.invalid('a file of certificates in PEM form');
    },
  });
}

/** A password holds no more, in bytes of its file. */
const MAX_PASSWORD_FILE_BYTES = 4096;

/** The path of a file that holds a password, which only its owner may read; its value is the password. */
export function passwordFile(): SettingType<string> {
  return settingType({
    placeholder: 'FILE',
    show: showWholePath,
    read: (value, refusal) => {
      const { setting } = refusal;
      const path = readPath(value, refusal);
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
          cure: 'name a file that holds nothing but the password',
        });
      }
      // An editor ends the last line; cmd's echo leaves a blank before it.
      const password = decode(setting, path, content).replace(/[ \t\r\n]+$/, '');
      const refuseContent = (problem: string, cure: string): never => {
        throw new MailStoreError('passwordFile', { setting, path, problem, cure });
      };
      if (password === '') refuseContent('is empty', 'write the password into it');
      if (/[\r\n]/.test(password)) refuseContent('holds more than one line', 'keep only the line with the password');
      if (/^(["']).*\1$/.test(password)) refuseContent('holds the password in quotes', 'remove the quotes');
      if (isNamed(password)) refuseContent('holds a name before the password', 'keep only the password');
      if (/^\{.*"\s*:.*\}$/.test(password)) refuseContent('holds a JSON object', 'keep only the password');
      if (/[\p{Cc}\p{Cf}]/u.test(password)) refuseContent('holds an invisible character', 'type the password into it again');
      if ((findPlaceholder(password, { takesAnything: true }) ?? findExample(password, { takesAnything: true })) !== undefined)
        refuseContent('holds a placeholder', 'write the password itself into it');
      return password;
    },
  });
}

/** True for a password with its name before it, as a file for a shell, one of settings or a note has it. */
function isNamed(content: string): boolean {
  const name = /^(?:export\s+)?([\w-]{1,40})\s*(?:=|:\s)/i.exec(content)?.[1] ?? '';
  return isSecretName(name) || name.startsWith('MAILSTORE_');
}

/** Shows a path that begins at a root, a drive or the home folder; another text may be the password itself. */
function showWholePath(value: string): string | undefined {
  const path = value.trim().replaceAll(/^["']|["']$/g, '');
  return win32.isAbsolute(path) || /^(?:~[\\/]|file:\/\/)/i.test(path) ? value : undefined;
}

/**
 * Returns the part of a text that a client should have replaced by a value, such as `${input:password}`; undefined where there is none. Where a
 * value may have any characters, only a text that is nothing else counts, and a form that clients alone have.
 */
export function findPlaceholder(value: string, { takesAnything = false }: { readonly takesAnything?: boolean }): string | undefined {
  const text = value.trim();
  if (/^__encrypted__:/i.test(text)) return '__encrypted__:…';
  const forms = takesAnything
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
    : [/\$\{\{.*?\}\}/, /\$\{[^{}]*\}/, /%[A-Za-z_]\w*(?:\(\w+\))?%/, /\$env:\w+/i, /^\$[A-Za-z_]\w*|\$[A-Z_][A-Z\d_]*\b/, /\{\{.+?\}\}/];
  for (const form of forms) {
    const found = form.exec(text)?.[0];
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Returns the part of a text that means a value of the reader's own, as examples write it: `<your-server>` or `your-password-here`. */
export function findExample(value: string, { takesAnything = false }: { readonly takesAnything?: boolean }): string | undefined {
  const text = value.trim();
  if (!takesAnything) return /<[\w .-]{1,40}>|(?<![\w.-])your[ _-][\w.-]{1,40}/i.exec(text)?.[0];
  const words = /^(?:<([\w -]{1,40})>|your[ _-][\w -]{1,40})$/i.exec(text);
  return words !== null && (isSecretName(words[1] ?? text) || /\b(?:user|login)|name/i.test(text)) ? text : undefined;
}

/**
 * Returns the content of a text file in UTF-8 or, with a byte order mark, UTF-16. Throws MailStoreError that names the setting and the path when
 * it cannot be read.
 */
export function readTextFile(setting: string, path: string): string {
  return decode(setting, path, readFile(setting, path));
}

/** What keeps a file from being read, and what cures it, by the code that Node gives the error. */
const READ_FAULTS: Readonly<Record<string, string>> = {
  EISDIR: 'it is a folder; name the file in it',
  ENOENT: 'there is no such file (ENOENT); correct the path, or create the file',
  ENOTDIR: 'there is no such file (ENOTDIR); correct the path, or create the file',
  EACCES: 'this account may not read it (EACCES); give it the right, or name another file',
  EPERM: 'this account may not read it (EPERM); give it the right, or name another file',
};

/** Returns what kept a file from being read, and what cures it. */
export function describeReadFault(error: unknown): string {
  return READ_FAULTS[readErrno(error) ?? ''] ?? describeErrno(error);
}

function readFile(setting: string, path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    const reason = describeReadFault(error);
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
