import { existsSync, readFileSync } from 'node:fs';
import type { Environment } from '../../config/load.ts';
import { mcpClients, type Machine, type McpClient } from '../../config/mcp-clients.ts';
import { readServers } from '../setup/edit-client-file.ts';
import type { Diagnosis } from './causes.ts';

/** An entry in the file of a client that starts this program. */
export interface ClientEntry {
  readonly client: McpClient;
  readonly path: string;
  readonly name: string;
  readonly command: string;
  /** The path of the script that the command runs; undefined where the command is this program itself. */
  readonly script: string | undefined;
  /** The words after the program. */
  readonly words: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** Returns the entries for this program in the files of these clients, and a finding for each file that cannot be read. */
export function findClientEntries(
  machine: Machine,
  clients: readonly McpClient[] = mcpClients,
): { readonly entries: readonly ClientEntry[]; readonly findings: readonly Diagnosis[] } {
  const entries: ClientEntry[] = [];
  const findings: Diagnosis[] = [];
  for (const client of clients) {
    const path = client.file(machine);
    if (!existsSync(path)) continue;
    try {
      const servers = Object.entries(readServers(client, readFileSync(path, 'utf8')));
      entries.push(...servers.flatMap(([name, value]) => readEntry(value, { client, path, name })));
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      findings.push({ check: client.name, cause: 'clientFileInvalid', says: `'${path}': ${reason}` });
    }
  }
  return { entries, findings };
}

function readEntry(value: unknown, found: Pick<ClientEntry, 'client' | 'path' | 'name'>): readonly ClientEntry[] {
  if (typeof value !== 'object' || value === null) return [];
  const { command, args, env } = value as Readonly<Record<string, unknown>>;
  if (typeof command !== 'string') return [];
  const words = Array.isArray(args) ? args.filter((word) => typeof word === 'string') : [];
  const variables = Object.fromEntries(
    Object.entries(typeof env === 'object' && env !== null ? env : {}).flatMap(([name, text]) =>
      typeof text === 'string' || typeof text === 'number' || typeof text === 'boolean' ? [[name, String(text)]] : [],
    ),
  );
  const isStarted = (word: string) => word.includes('mailstore-mcp');
  const hasVariables = Object.keys(variables).some((name) => name.startsWith('MAILSTORE_'));
  const entry = { ...found, command, env: variables };
  if (isStarted(command.replace(/^.*[\\/]/, ''))) return [{ ...entry, script: undefined, words }];
  const at = words.findIndex(isStarted);
  if (at >= 0) return [{ ...entry, script: words[at], words: words.slice(at + 1) }];
  return hasVariables ? [{ ...entry, script: words[0], words: words.slice(1) }] : [];
}

/** A text that a client was meant to replace. */
const PLACEHOLDER = /^(?:\$\{[^}]+\}|\$\w+|%\w+%|__encrypted__:.*)$/;

/** A form of one that names a variable of the client's own environment, with what holds where it is not set. */
const VARIABLE = /^\$\{?(?:env:)?([A-Za-z_]\w*)(?::-([^}]*))?\}?$/;

export interface ReadVariables {
  /** The variables as the server gets them, as far as they are known here. */
  readonly env: Readonly<Record<string, string>>;
  readonly findings: readonly Diagnosis[];
}

/** Returns the variables of an entry as its client hands them on, with a finding for each that it passes on as it stands or that only it knows. */
export function readVariables({ client, path, name: entryName, env }: ClientEntry, own: Environment): ReadVariables {
  const known: Record<string, string> = {};
  const findings: Diagnosis[] = [];
  const report = (cause: 'clientVariableUnexpanded' | 'clientValueUnknown', variable: string, shown: string, what: string) =>
    findings.push({ check: client.name, cause, says: `${variable} of the server ${entryName} in '${path}' is '${shown}', which ${what}.` });
  for (const [variable, value] of Object.entries(env)) {
    const isReplaced = client.expands?.test(value) === true;
    if (!isReplaced) {
      if (PLACEHOLDER.test(value)) {
        const shown = value.startsWith('__encrypted__:') ? '__encrypted__:…' : value;
        report('clientVariableUnexpanded', variable, shown, `${client.name} does not replace`);
      }
      known[variable] = value;
      continue;
    }
    const [, source, fallback] = VARIABLE.exec(value) ?? [];
    const found = (source === undefined ? undefined : own[source]) ?? fallback ?? own[variable];
    if (found !== undefined) known[variable] = found;
    else if (variable.startsWith('MAILSTORE_'))
      report('clientValueUnknown', variable, value, `${client.name} replaces by a value that is not known here`);
  }
  return { env: known, findings };
}
