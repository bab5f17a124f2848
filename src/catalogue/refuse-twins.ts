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

/** Returns the path of an object that has a key `__proto__`, also in a text of JSON; undefined where none has. Any depth needs no stack. */
function findPrototype(whole: unknown): string | undefined {
  const open: { readonly value: unknown; readonly path: string; readonly isInJson: boolean }[] = [
    { value: whole, path: '', isInJson: false },
  ];
  for (let next = open.pop(); next; next = open.pop()) {
    const { value, path, isInJson } = next;
    if (typeof value === 'string') {
      if (!isInJson && /^\s*[[{]/.test(value)) open.push({ value: readJson(value), path, isInJson: true });
      continue;
    }
    if (typeof value !== 'object' || value === null) continue;
    if (Object.hasOwn(value, PROTOTYPE)) return path;
    for (const [name, inner] of Object.entries(value)) open.push({ value: inner, path: path === '' ? name : `${path}.${name}`, isInJson });
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
