import { Help } from 'commander';
import type { SubcommandAction, Example, Subcommand } from './define-subcommand.ts';
import { optionsFor, type KnownOption } from './known-options.ts';

/** Returns the help of a subcommand with actions: each action with its arguments and its own options, and an example of each. */
export function subcommandHelp(subcommand: Subcommand): string {
  const { name, summary, actions, defaultAction } = subcommand;
  const sections = Object.entries(actions).map(([actionName, action]) => {
    const usage = `mailstore-mcp ${name} ${actionName}${argumentWords(action)}`;
    const options = optionsFor(subcommand, action).filter((option) => option.name !== undefined);
    const says = `${toSentence(action.summary ?? summary)}${actionName === defaultAction ? ' This is the default.' : ''}`;
    const rows = options.map((option) => [optionTerm(option), optionSummary(option)] as const);
    return [usage, `  ${says}`, ...(rows.length > 0 ? [formatRows(rows)] : [])].join('\n');
  });
  const examples = Object.values(actions).map(({ examples: [first] }) => first);
  return [
    `Usage: mailstore-mcp ${name} [ACTION] [options]`,
    toSentence(summary),
    `Actions:\n\n${sections.join('\n\n')}`,
    `Examples:\n${exampleLines(examples)}`,
    `mailstore-mcp ${name} ACTION --help shows the settings that it takes too.\n`,
  ].join('\n\n');
}

/** Returns the arguments of an action as usage shows them, each with a blank before it. */
export function argumentWords({ arguments: declared = {} }: SubcommandAction): string {
  const words = Object.values(declared).map(({ type: { placeholder }, presence }) => {
    if (presence === 'required') return ` <${placeholder}>`;
    return presence === 'optional' ? ` [${placeholder}]` : ` [${placeholder}...]`;
  });
  return words.join('');
}

export function optionSummary({ summary, default: fallback }: KnownOption): string {
  return fallback === undefined ? summary : `${summary} (default: ${fallback})`;
}

export function exampleLines(examples: readonly Example[]): string {
  return examples.map(({ line, shows }) => `  mailstore-mcp ${line}\n      ${shows}`).join('\n');
}

export function toSentence(phrase: string): string {
  return `${phrase.charAt(0).toUpperCase()}${phrase.slice(1)}.`;
}

/** Returns an option with the placeholder of its value, such as `--limit NUMBER`. */
export function optionTerm({ flag, type, short }: KnownOption): string {
  const written = short === undefined ? flag : `-${short}, ${flag}`;
  return type ? `${written} ${type.placeholder}` : written;
}

/** The first column of a help page is no wider than this; a longer term has a line of its own. */
const MAX_TERM_WIDTH = 36;

/** Aligns the second column and wraps it at the width of the terminal. */
export function formatRows(rows: readonly (readonly [term: string, text: string])[]): string {
  const helper = new Help();
  helper.prepareContext({ helpWidth: process.stdout.columns ?? 80 });
  const width = Math.min(MAX_TERM_WIDTH, Math.max(0, ...rows.map(([term]) => term.length)));
  return rows
    .map(([term, text]) =>
      term.length <= width ? helper.formatItem(term, width, text, helper) : `  ${term}\n${helper.formatItem('', width, text, helper)}`,
    )
    .join('\n');
}
