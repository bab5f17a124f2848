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
    return [usage, wrapLines(`  ${says}`), ...(rows.length > 0 ? [formatRows(rows)] : [])].join('\n');
  });
  const examples = Object.values(actions).map(({ examples: [first] }) => first);
  return [
    `Usage: mailstore-mcp ${name} [ACTION] [options]`,
    toSentence(summary),
    `Actions:\n\n${sections.join('\n\n')}`,
    `Examples:\n${exampleLines(examples)}`,
    wrapLines(`mailstore-mcp ${name} ACTION --help shows the settings that it takes too.\n`),
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
  // A command that is copied must stay in one line.
  return examples.map(({ line, shows }) => `  mailstore-mcp ${line}\n${wrapLines(`      ${shows}`)}`).join('\n');
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

/** The width of a help page where it is read by no terminal. */
const PAGE_WIDTH = 80;

/** The library's help, in which a long term has a line of its own, so that the text after it can be wrapped. */
export class HelpPage extends Help {
  override minWidthToWrap = 20;

  override padWidth(...page: Parameters<Help['padWidth']>): number {
    return this.fitTerms(super.padWidth(...page));
  }

  /** Returns the width of the first column whose widest term has this width. */
  fitTerms(widest: number): number {
    return Math.min(MAX_TERM_WIDTH, Math.floor((this.helpWidth ?? PAGE_WIDTH) / 2) - 4, widest);
  }

  override formatItem(term: string, width: number, text: string, helper: Help): string {
    if (term.length <= width) return super.formatItem(term, width, text, helper);
    return `  ${term}\n${super.formatItem('', width, text, helper)}`;
  }
}

function createPage(): HelpPage {
  const page = new HelpPage();
  page.prepareContext({ helpWidth: process.stdout.columns ?? PAGE_WIDTH });
  return page;
}

/** Aligns the second column and wraps it at the width of the terminal. */
export function formatRows(rows: readonly (readonly [term: string, text: string])[]): string {
  const page = createPage();
  const width = page.fitTerms(Math.max(0, ...rows.map(([term]) => term.length)));
  return rows.map(([term, text]) => page.formatItem(term, width, text, page)).join('\n');
}

/** Wraps each line at the width of the terminal; what follows of it keeps its indentation. */
export function wrapLines(text: string): string {
  const page = createPage();
  const wrap = (line: string) => {
    const indent = /^ */.exec(line)?.[0] ?? '';
    const lines = page.boxWrap(line.slice(indent.length), (page.helpWidth ?? PAGE_WIDTH) - indent.length).split('\n');
    return lines.map((part) => `${indent}${part}`.trimEnd()).join('\n');
  };
  return text.split('\n').map(wrap).join('\n');
}
