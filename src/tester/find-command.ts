import { MailStoreError } from '../base/errors.ts';
import { nearest } from '../base/nearest.ts';
import type { Catalogue } from '../catalogue/catalogue.ts';
import type { Command } from '../catalogue/define-command.ts';
import { toolName } from '../catalogue/naming.ts';

/** Returns the command of this name, in wire or tool spelling, in capitals or not. */
export function findNamed({ commands }: Pick<Catalogue, 'commands'>, name: string): Command | undefined {
  const wanted = name.toLowerCase();
  return commands.find((command) => command.name.toLowerCase() === wanted || toolName(command.name) === wanted);
}

/** Returns the same. Throws MailStoreError with the nearest right spelling where there is none. */
export function requireNamed(catalogue: Pick<Catalogue, 'commands'>, name: string): Command {
  const found = findNamed(catalogue, name);
  if (found) return found;
  const names = catalogue.commands.map((command) => (name.includes('_') ? toolName(command.name) : command.name));
  throw new MailStoreError('unknownCommand', { command: name, nearest: nearest(name, names) });
}
