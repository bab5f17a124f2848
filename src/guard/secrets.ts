import { isUtf8 } from 'node:buffer';
import { randomInt } from 'node:crypto';
import { chmodSync, readFileSync, realpathSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { isAbsolute, join, relative, resolve, sep } from 'node:path';
import { makeFolder } from '../base/make-folder.ts';
import { MailStoreError } from '../base/errors.ts';
import { nearest } from '../base/nearest.ts';
import { readErrno } from '../base/errno.ts';
import type { Command, Arguments } from '../catalogue/define-command.ts';
import { fieldTraits, isSecretReference, type SecretReference } from '../catalogue/fields.ts';
import { mapCredentials } from '../masking/mask-text.ts';
import { isNoSecret, MASK, valueMembers } from '../masking/masks.ts';
import { classifyName, isDescriptive, kindBelow, type NameKind } from '../masking/secret-names.ts';
import { toolName } from '../catalogue/naming.ts';

/** Where secrets come from that must stay out of the conversation. */
export interface SecretSources {
  /** The variables that begin with MAILSTORE_SECRET_, by name. */
  readonly variables: Readonly<Record<string, string>>;
  /** The folder in which `fromFile` may read; absent where none is configured. */
  readonly folder?: string;
  /** The folder that generated secrets are written to. */
  readonly generatedFolder: string;
}

/** Without letters and digits that are taken for one another when a person reads them out. */
const ALPHABET = 'ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789';
const GROUPS = 5;
const GROUP_LENGTH = 4;

/** The largest secret in bytes of UTF-8; a private key of 4,096 bits in PEM has 3,300. */
const SECRET_LIMIT = 4096;

/** A byte order mark and a line break are no part of the secret in a file. */
const FILE_LIMIT = SECRET_LIMIT + 5;

/** The secrets of one call: resolved from where they are, and the generated ones kept for the person who needs them. */
export class Secrets {
  /** The arguments as they are sent. */
  readonly args: Arguments;
  /** Every secret among them, however it came in. */
  readonly values: readonly string[];
  /** What is to be said of the files that they come from, a sentence each. */
  readonly warnings: string[] = [];
  readonly #generated: { readonly field: string; readonly value: string }[] = [];
  readonly #tool: string;
  readonly #sources: SecretSources;

  /** Throws MailStoreError when a reference leads nowhere, leads out of the folder, or a mask stands where a secret should. */
  constructor(command: Command, args: Arguments, sources: SecretSources) {
    this.#tool = toolName(command.name);
    this.#sources = sources;
    const values: string[] = [];
    const lookThrough = (field: string, text: string): string => {
      mapCredentials(text, (credential) => {
        if (credential === MASK) throw new MailStoreError('maskedSecret', { tool: this.#tool, field });
        this.#refuseLong(field, credential);
        if (!isNoSecret(credential)) values.push(...writtenForms(credential));
        return credential;
      });
      return text;
    };
    const resolveAt = (field: string, value: unknown): unknown => {
      const secret = isSecretReference(value) ? this.#resolve(field, value) : value;
      if (secret === MASK) throw new MailStoreError('maskedSecret', { tool: this.#tool, field });
      if (typeof secret === 'string') {
        this.#refuseLong(field, secret);
        if (!isNoSecret(secret)) values.push(secret);
      }
      return secret;
    };
    const refuse = (field: string): never => {
      const problem = `${field} must be a text, {"fromEnv": "MAILSTORE_SECRET_…"}, {"fromFile": "…"} or {"generate": true}`;
      throw new MailStoreError('invalidArguments', { tool: this.#tool, problems: [problem] });
    };
    this.args = Object.fromEntries(
      Object.entries(args).map(([name, value]) => {
        const schema = command.input[name];
        const { secret } = schema ? fieldTraits(schema) : {};
        if (secret === true) return [name, resolveAt(name, value)];
        return [name, typeof value === 'string' ? lookThrough(name, value) : mapSecrets(value, name, { resolveAt, lookThrough, refuse })];
      }),
    );
    this.values = values;
  }

  /** Writes the generated secrets to files that only their owner reads, and returns the paths by field; undefined where nothing was generated. */
  store(): Readonly<Record<string, string>> | undefined {
    if (this.#generated.length === 0) return undefined;
    const { generatedFolder } = this.#sources;
    return Object.fromEntries(
      this.#generated.map(({ field, value }) => {
        const path = join(generatedFolder, `${this.#tool}-${field.replaceAll(/[^A-Za-z\d]+/g, '-')}-${randomText(1, 8)}.txt`);
        try {
          makeFolder(generatedFolder);
          writeFileSync(path, `${value}\n`, { flag: 'wx', mode: 0o600 });
          // The mode given at creation is subject to the umask; this one is not.
          chmodSync(path, 0o600);
        } catch (error) {
          throw new MailStoreError('secretNotKept', { path, reason: readErrno(error) ?? 'unknown reason' });
        }
        return [field, path];
      }),
    );
  }

  #refuseLong(field: string, secret: string): void {
    const bytes = Buffer.byteLength(secret);
    if (bytes > SECRET_LIMIT) throw new MailStoreError('secretTooLong', { tool: this.#tool, field, bytes, limit: SECRET_LIMIT });
  }

  #resolve(field: string, reference: SecretReference): string {
    if ('fromEnv' in reference) return this.#fromVariable(field, reference.fromEnv);
    if ('fromFile' in reference) return this.#fromFile(field, reference.fromFile);
    const value = randomText(GROUPS, GROUP_LENGTH);
    this.#generated.push({ field, value });
    return value;
  }

  #fromVariable(field: string, variable: string): string {
    const { variables } = this.#sources;
    const value = Object.hasOwn(variables, variable) ? variables[variable] : undefined;
    if (value) return value;
    throw new MailStoreError('secretNotSet', { tool: this.#tool, field, variable, nearest: nearest(variable, Object.keys(variables)) });
  }

  #fromFile(field: string, file: string): string {
    const { folder } = this.#sources;
    const tool = this.#tool;
    if (folder === undefined) throw new MailStoreError('noSecretsFolder', { tool, field });
    let path: string;
    let text: string;
    try {
      // Judged as it is written, so that the answer does not reveal what exists outside, and again when links have been followed.
      path = resolve(folder, file);
      if (!isInside(folder, path)) throw new MailStoreError('secretOutside', { tool, field, file });
      path = realpathSync(path);
      if (!isInside(realpathSync(folder), path)) throw new MailStoreError('secretOutside', { tool, field, file });
      const stats = statSync(path);
      // Opening a pipe would wait until a program writes to it.
      if (!stats.isFile()) throw new MailStoreError('secretUnreadable', { tool, field, file, reason: 'no regular file' });
      this.#judgeMode(field, file, stats.mode);
      if (stats.size > FILE_LIMIT)
        throw new MailStoreError('secretUnreadable', { tool, field, file, reason: `larger than ${SECRET_LIMIT} bytes` });
      const bytes = readFileSync(path);
      if (!isUtf8(bytes)) throw new MailStoreError('secretUnreadable', { tool, field, file, reason: 'not UTF-8 text' });
      text = bytes.toString();
    } catch (error) {
      if (error instanceof MailStoreError) throw error;
      throw new MailStoreError('secretUnreadable', { tool, field, file, reason: readErrno(error) ?? 'unknown reason' });
    }
    const secret = text.replace(/^\uFEFF/, '').replace(/\r?\n$/, '');
    if (secret === '') throw new MailStoreError('secretUnreadable', { tool, field, file, reason: 'empty' });
    return secret;
  }

  /** Refuses a file whose content others choose, and warns of one that they read: a container mounts its secrets so. On Windows a mode says nothing. */
  #judgeMode(field: string, file: string, mode: number): void {
    if (process.platform === 'win32') return;
    const shown = `mode 0${(mode & 0o777).toString(8)}`;
    if ((mode & 0o022) !== 0)
      throw new MailStoreError('secretUnreadable', {
        tool: this.#tool,
        field,
        file,
        reason: `other users may change it, ${shown}; chmod 600 cures it`,
      });
    if ((mode & 0o044) !== 0)
      this.warnings.push(
        `The file '${file}' for ${field} can be read by other users of the server's machine (${shown}); chmod 600 keeps it for its owner.`,
      );
  }
}

/** Removes the files of secrets that were generated for a call that is known to have changed nothing. */
export function forgetGenerated(generated: Readonly<Record<string, string>> | undefined): void {
  for (const path of Object.values(generated ?? {})) rmSync(path, { force: true });
}

function isInside(folder: string, path: string): boolean {
  const inside = relative(folder, path);
  return inside !== '' && inside.split(sep)[0] !== '..' && !isAbsolute(inside);
}

/** Returns a credential as it appears in a text and, where it may be percent-encoded there, as it is meant. */
function writtenForms(credential: string): readonly string[] {
  try {
    return [...new Set([credential, decodeURIComponent(credential)])];
  } catch {
    return [credential];
  }
}

interface SecretVisitor {
  /** Takes what stands under the name of a secret, and returns what is sent in its place. */
  resolveAt(path: string, value: unknown): unknown;
  /** Throws for what was to be a reference and is none. */
  refuse(path: string): never;
  /** Takes any other text, and returns it as it is. */
  lookThrough(path: string, text: string): string;
}

/** What an object under the name of a secret is meant to be when it has one of these. */
const MISSPELT_REFERENCE = ['fromEnv', 'fromFile', 'generate'];

/** Visits everything under the name of a secret, the value of a pair that names one, and every other text; the rest stays as it is. */
function mapSecrets(value: unknown, path: string, visitor: SecretVisitor, kind: NameKind = 'none'): unknown {
  const isSecret = kind !== 'none';
  if (isSecret && (typeof value === 'string' || isSecretReference(value))) return visitor.resolveAt(path, value);
  // Reads mask a part of a text too, such as the password in a URL.
  if (typeof value === 'string') return value.includes(MASK) ? visitor.resolveAt(path, MASK) : visitor.lookThrough(path, value);
  if (typeof value !== 'object' || value === null) return value;
  if (isSecret && MISSPELT_REFERENCE.some((name) => name in value)) return visitor.refuse(path);
  if (Array.isArray(value)) return value.map((inner, index) => mapSecrets(inner, `${path}.${index}`, visitor, kind));
  const isValue = valueMembers(value);
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => {
      const own = isValue(name) ? 'secret' : classifyName(name);
      // What describes a secret is masked with it, and is no secret to be looked for elsewhere.
      const isAbout = isSecret && own === 'none' && isDescriptive(name) && !isSecretReference(inner);
      return [name, mapSecrets(inner, `${path}.${name}`, visitor, isAbout ? 'none' : kindBelow(kind, own, name))];
    }),
  );
}

function randomText(groups: number, length: number): string {
  const group = () => Array.from({ length }, () => ALPHABET.charAt(randomInt(ALPHABET.length))).join('');
  return Array.from({ length: groups }, group).join('-');
}
