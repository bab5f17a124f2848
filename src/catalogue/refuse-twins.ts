import { MailStoreError } from '../base/errors.ts';
import { findTwins, findTwinsInJson, type Twins } from '../base/name-twins.ts';

/**
 * Throws MailStoreError `twinNames` when two keys of one object among the arguments, also in a text of JSON, are equal but for their spelling: of the
 * two, MailStore may take either, so no question could say what it will do. Throws `invalidArguments` for a key `__proto__`, under which fields would
 * come along that no check sees.
 */
export function refuseTwins(tool: string, args: Readonly<Record<string, unknown>>): void {
  refusePrototype(tool, args);
  refuse(tool, '', findTwins(args));
  for (const [name, value] of Object.entries(args)) {
    if (typeof value === 'string' && /^\s*[[{]/.test(value)) refuse(tool, name, findTwinsInJson(value));
  }
}

/** Throws the same for a JSON text that holds arguments. */
export function refuseTwinsInJson(tool: string, text: string): void {
  refusePrototype(tool, readJson(text));
  refuse(tool, '', findTwinsInJson(text));
}

function refuse(tool: string, argument: string, twins: Twins | undefined): void {
  if (twins)
    throw new MailStoreError('twinNames', {
      tool,
      path: [argument, twins.path].filter((part) => part !== '').join('.'),
      names: twins.names,
    });
}

function refusePrototype(tool: string, value: unknown): void {
  const path = findPrototype(value);
  if (path === undefined) return;
  const problem = `${path === '' ? 'the call' : path} has a field ${PROTOTYPE}, which nothing in MailStore has`;
  throw new MailStoreError('invalidArguments', { tool, problems: [problem] });
}

const PROTOTYPE = '__proto__';

/** Returns the path of the first object that has a key `__proto__`, also in a text of JSON; undefined where none has. */
function findPrototype(value: unknown, isInJson = false): string | undefined {
  if (typeof value === 'string') return !isInJson && /^\s*[[{]/.test(value) ? findPrototype(readJson(value), true) : undefined;
  if (typeof value !== 'object' || value === null) return undefined;
  if (Object.hasOwn(value, PROTOTYPE)) return '';
  for (const [name, inner] of Object.entries(value)) {
    const path = findPrototype(inner, isInJson);
    if (path !== undefined) return path === '' ? name : `${name}.${path}`;
  }
  return undefined;
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
