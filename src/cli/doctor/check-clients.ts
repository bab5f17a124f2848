import { existsSync } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';
import { MailStoreError } from '../../base/errors.ts';
import type { Environment } from '../../config/load.ts';
import { searchPath } from '../../config/search-path.ts';
import type { Subcommand } from '../define-subcommand.ts';
import { parseCommandLine } from '../parse-command-line.ts';
import type { Diagnosis } from './causes.ts';
import { checkConfiguration, countOffered, type CheckedConfiguration } from './check-configuration.ts';
import { readVariables, type ClientEntry } from './client-entries.ts';

export interface EntryChecks {
  /** The environment of this program. */
  readonly own: Environment;
  /** The subcommand that clients start. */
  readonly serve: Subcommand;
  /** False looks at the entries alone, and does not connect. */
  readonly connects: boolean;
}

export interface CheckedEntries {
  readonly findings: readonly Diagnosis[];
  /** The state folders of the servers that were connected. */
  readonly stateDirs: readonly string[];
}

/**
 * Checks the entries of clients, each with its own variables and options. Entries that start the same server are checked once: MailStore may lock
 * a user after some wrong logins.
 */
export async function checkEntries(entries: readonly ClientEntry[], checks: EntryChecks): Promise<CheckedEntries> {
  const groups = new Map<string, ClientEntry[]>();
  for (const entry of entries) {
    const { env } = readVariables(entry, checks.own);
    const key = JSON.stringify([
      entry.name,
      entry.command,
      entry.script,
      entry.words,
      Object.entries(env).toSorted(([one], [other]) => (one < other ? -1 : 1)),
    ]);
    groups.set(key, [...(groups.get(key) ?? []), entry]);
  }
  const checked: CheckedEntries[] = [];
  for (const group of groups.values()) checked.push(await checkGroup(group, checks));
  return { findings: checked.flatMap(({ findings }) => findings), stateDirs: [...new Set(checked.flatMap(({ stateDirs }) => stateDirs))] };
}

/** Checks entries that start the same server. */
async function checkGroup(group: readonly ClientEntry[], { own, serve, connects }: EntryChecks): Promise<CheckedEntries> {
  const [entry] = group;
  if (!entry) return { findings: [], stateDirs: [] };
  const check = `${group.map(({ client }) => client.name).join(', ')}: ${entry.name}`;
  const label = (finding: Diagnosis): Diagnosis => ({ ...finding, check: `${check}: ${finding.check}` });
  const variables = group.flatMap((one) => readVariables(one, own).findings);
  const found: Diagnosis[] = [...findMissingProgram(entry, check), ...variables.map(label)];
  let given: ReturnType<typeof readWords>;
  try {
    given = readWords(serve, entry.words);
  } catch (error) {
    const says = error instanceof MailStoreError ? error.message : String(error);
    return { findings: [...found, { check, cause: 'configurationInvalid', says }], stateDirs: [] };
  }
  const { env } = readVariables(entry, own);
  const sources = { env: { ...withoutSettings(own), ...env }, flags: given.flags };
  const isKnown = variables.length === 0;
  const { findings, offered, stateDir }: CheckedConfiguration =
    connects && isKnown
      ? await checkConfiguration(sources, { isSandbox: given.isSandbox })
      : { findings: [], offered: countOffered(sources, { isSandbox: given.isSandbox }) };
  const paths = group.map(({ path }) => `'${path}'`).join(' and ');
  // What was checked further says it itself.
  const count = offered === undefined || findings.length > 0 ? '' : `; ${offered} tools are offered`;
  const all = [
    { check, says: `Started by ${paths}${count}.` },
    ...found,
    ...findings.map(label),
    ...group.flatMap(({ client: { name, toolLimit } }): readonly Diagnosis[] =>
      offered !== undefined && toolLimit !== undefined && offered > toolLimit
        ? [{ check, cause: 'tooManyTools', says: `${offered} tools are offered, and ${name} sends ${toolLimit} at most.` }]
        : [],
    ),
  ];
  return { findings: all, stateDirs: stateDir === undefined ? [] : [stateDir] };
}

/** Returns what an entry writes after the program. Throws MailStoreError where it starts something else, or an option is wrong. */
function readWords(serve: Subcommand, words: readonly string[]): { flags: Readonly<Record<string, string>>; isSandbox: boolean } {
  const parsed = parseCommandLine(serve, words[0] === serve.name ? words.slice(1) : words);
  if ('print' in parsed) return { flags: {}, isSandbox: false };
  return { flags: parsed.given.flags, isSandbox: (parsed.given as Readonly<Record<string, unknown>>)['sandbox'] === true };
}

/** A variable of a client's entry wins over nothing of this terminal: the client does not start its servers here. */
function withoutSettings(own: Environment): Environment {
  return Object.fromEntries(Object.entries(own).filter(([name]) => !name.toUpperCase().startsWith('MAILSTORE_')));
}

/** Finds a program or script that is not there: a folder that was moved, or another Node that was removed. */
function findMissingProgram({ command, script, client, path }: ClientEntry, check: string): readonly Diagnosis[] {
  const missing = [
    ...(isProgram(command) ? [] : [command]),
    ...(script === undefined || !isAbsolute(script) || existsSync(script) ? [] : [script]),
  ];
  return missing.map((program): Diagnosis => ({
    check,
    cause: 'clientProgramMissing',
    says: `'${path}' has ${client.name} start '${program}', which is not there.`,
  }));
}

function isProgram(command: string): boolean {
  if (/[\\/]/.test(command)) return !isAbsolute(command) || existsSync(command);
  const names = process.platform === 'win32' ? ['', '.cmd', '.exe', '.bat'].map((end) => `${command}${end}`) : [command];
  return searchPath()
    .split(process.platform === 'win32' ? ';' : delimiter)
    .some((folder) => folder !== '' && names.some((name) => existsSync(join(folder, name))));
}
