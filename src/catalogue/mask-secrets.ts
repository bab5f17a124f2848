import { MASK } from '../base/redact.ts';
import { parseAction } from './action.ts';
import type { Command } from './define-command.ts';
import { fieldTraits, isSecretReference } from './fields.ts';

export { MASK };

/** Names under which an object of settings holds a secret. */
const SECRET_NAME = /pass(?:word|phrase)|passwd|pwd|secret|private_?key|encryption_?key|(?:api|access)_?key|token|credential/i;

/** The last word of a name that tells something about a secret and holds none, such as `CredentialId` and `passwordNeverExpires`. */
const ABOUT_SECRET =
  /^(?:ids?|name|type|kind|status|state|polic(?:y|ies)|count|length|age|expire[sd]|expiry|expiration|date|time|at|ur[il]|endpoint|required|enabled|changed|description)$/i;

/** True for a name under which an object of settings holds a secret. */
export function isSecretName(name: string): boolean {
  if (!SECRET_NAME.test(name)) return false;
  const lastWord = name.match(/[A-Z]?[a-z\d]+|[A-Z\d]+/g)?.at(-1) ?? '';
  return !ABOUT_SECRET.test(lastWord);
}

const URL_PASSWORD = /\b([a-z][a-z\d+.-]{0,20}:\/\/[^\s/?#:]*:)([^\s/?#]+)(?=@)/gi;

/** A name and its value, which ends where its quotes do, or else at `unquoted`. */
const assignment = (unquoted: string) =>
  new RegExp(
    String.raw`((?:${SECRET_NAME.source})[\w-]{0,40})(\s{0,4}=\s{0,4})("(?:[^"\\]|\\.|"")+"|'(?:[^'\\]|\\.|'')+'|${unquoted})`,
    'gis',
  );

const IN_TEXT = assignment(String.raw`[^\s;&]+`);
/** A value in a connection string may contain blanks. */
const IN_CONNECTION_STRING = assignment(String.raw`[^;\r\n]+`);

/**
 * Returns the text with every credential in it changed: the passwords of URLs with a login, and parts such as `password=…` of connection
 * strings and of commands. The same string where there is none.
 */
export function mapCredentialParts(text: string, change: (credential: string) => string): string {
  const changed = text.includes('://')
    ? text.replaceAll(URL_PASSWORD, (_whole, before: string, password: string) => before + change(password))
    : text;
  if (!changed.includes('=')) return changed;
  const action = readAction(changed);
  // In the notation of the management shell a backslash ends no quote, so anything else would read on into the next argument.
  if (action) return mapInAction(changed, action, change);
  const isConnectionString = /=[^;=]*;[^;=]*=/.test(changed);
  return changed.replaceAll(isConnectionString ? IN_CONNECTION_STRING : IN_TEXT, (whole, name: string, equals: string, value: string) => {
    if (!isSecretName(name) || /^(?:""|'')$/.test(value)) return whole;
    const quote = /^["']/.exec(value)?.[0] ?? '';
    return name + equals + quote + change(quote ? value.slice(1, -1) : value) + quote;
  });
}

type Action = ReturnType<typeof parseAction>;

function readAction(text: string): Action | undefined {
  if (!/^\s*[A-Za-z][A-Za-z\d]* +--/.test(text)) return undefined;
  try {
    return parseAction(text);
  } catch {
    return undefined;
  }
}

function mapInAction(text: string, { command, args }: Action, change: (credential: string) => string): string {
  const entries = Object.entries(args).map(([name, value]) => {
    const isSecret = value !== '' && isSecretName(name);
    return { name, value, now: isSecret ? change(value) : mapCredentialParts(value, change) };
  });
  if (entries.every(({ value, now }) => now === value)) return text;
  return [command, ...entries.map(({ name, now }) => `--${name}="${now}"`)].join(' ');
}

/** Returns the text with every credential in it masked; the same string where there is none. */
export function maskCredentialParts(text: string): string {
  return mapCredentialParts(text, () => MASK);
}

/**
 * Returns the arguments as people and files may see them: fields declared secret, secrets inside objects, and the credentials in texts such as
 * the command of a job, masked. A reference to where a secret is stays: it tells nothing of it.
 */
export function maskSecrets(command: Command, args: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(args).map(([name, value]) => {
      const schema = command.input[name];
      const { secret } = schema ? fieldTraits(schema) : {};
      const isMasked = secret === true && value !== undefined && value !== null && !isSecretReference(value);
      return [name, isMasked ? MASK : maskInside(value)];
    }),
  );
}

function maskInside(value: unknown): unknown {
  if (typeof value === 'string') return maskCredentialParts(value);
  if (typeof value !== 'object' || value === null || isSecretReference(value)) return value;
  if (Array.isArray(value)) return value.map(maskInside);
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => {
      const isSecret =
        isSecretName(name) && inner !== null && typeof inner !== 'number' && typeof inner !== 'boolean' && !isSecretReference(inner);
      return [name, isSecret ? MASK : maskInside(inner)];
    }),
  );
}
