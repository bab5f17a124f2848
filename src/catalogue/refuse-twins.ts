import { MailStoreError } from '../base/errors.ts';
import { findTwins, findTwinsInJson, type Twins } from '../base/name-twins.ts';

/**
 * Throws MailStoreError `twinNames` when two keys of one object among the arguments, also in a text of JSON, are equal but for their spelling: of the
 * two, MailStore may take either, so no question could say what it will do.
 */
export function refuseTwins(tool: string, args: Readonly<Record<string, unknown>>): void {
  refuse(tool, '', findTwins(args));
  for (const [name, value] of Object.entries(args)) {
    if (typeof value === 'string' && /^\s*[[{]/.test(value)) refuse(tool, name, findTwinsInJson(value));
  }
}

/** Throws the same for a JSON text that holds arguments. */
export function refuseTwinsInJson(tool: string, text: string): void {
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
