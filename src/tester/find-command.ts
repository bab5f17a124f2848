import { MailStoreError } from '../base/errors.ts';
import { nearest } from '../base/nearest.ts';
import type { Catalogue } from '../catalogue/catalogue.ts';
import type { Command } from '../catalogue/define-command.ts';
import type { Insight } from '../catalogue/define-insight.ts';
import { toolName } from '../catalogue/naming.ts';

/** Returns the command of this name, in wire or tool spelling, in capitals or not. */
export function findNamed({ commands }: Pick<Catalogue, 'commands'>, name: string): Command | undefined {
  const wanted = name.toLowerCase();
  return commands.find((command) => command.name.toLowerCase() === wanted || toolName(command.name) === wanted);
}

/** Returns the insight of this name, with underscores and in capitals or not. */
export function findInsight({ insights }: Pick<Catalogue, 'insights'>, name: string): Insight | undefined {
  const wanted = name.toLowerCase().replaceAll('_', '');
  return insights.find((insight) => insight.name.replaceAll('_', '') === wanted);
}

/** Returns the command of this name. Throws MailStoreError with the nearest right spelling of a command or an insight where there is none. */
export function requireNamed(catalogue: Pick<Catalogue, 'commands' | 'insights'>, name: string): Command {
  const found = findNamed(catalogue, name);
  if (found) return found;
  const isTool = name.includes('_');
  const names = catalogue.commands.map((command) => (isTool ? toolName(command.name) : command.name));
  const insights = isTool ? catalogue.insights.map((insight) => insight.name) : [];
  throw new MailStoreError('unknownCommand', { command: name, nearest: nearest(name, [...names, ...insights]) });
}
