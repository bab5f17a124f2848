import { existsSync, readFileSync } from 'node:fs';
import type { Config } from '../../config/load.ts';
import { mcpClients, thisMachine, type Machine, type McpClient } from '../../config/mcp-clients.ts';
import { offeredTools } from '../../mcp/offered-tools.ts';
import { connectedTools } from '../connected-tools.ts';
import { readServers } from '../setup/edit-client-file.ts';
import type { Diagnosis } from './causes.ts';

/** A text that a client was meant to replace. */
const PLACEHOLDER = /^(?:\$\{[^}]+\}|\$\w+|%\w+%|__encrypted__:.*)$/;

/** Looks through the files of the installed clients for entries of this server. */
export function checkClients(
  config: Pick<Config, 'access' | 'toolsets' | 'targets'>,
  machine: Machine = thisMachine(),
): readonly Diagnosis[] {
  return mcpClients.filter((client) => existsSync(client.file(machine))).flatMap((client) => checkClient(client, machine, config));
}

function checkClient(
  client: McpClient,
  machine: Machine,
  { access, toolsets, targets }: Pick<Config, 'access' | 'toolsets' | 'targets'>,
): readonly Diagnosis[] {
  const path = client.file(machine);
  const check = client.name;
  let entries: [string, FoundEntry][];
  try {
    entries = Object.entries(readServers(client, readFileSync(path, 'utf8'))).filter(isOurs);
  } catch (error) {
    return [{ check, cause: 'clientFileInvalid', says: `'${path}': ${error instanceof Error ? error.message : String(error)}` }];
  }
  if (entries.length === 0) return [];
  const unexpanded = entries.flatMap(([name, { env = {} }]) =>
    Object.entries(env).flatMap(([variable, value]): Diagnosis[] => {
      if (typeof value !== 'string' || !PLACEHOLDER.test(value) || client.expands?.test(value)) return [];
      const shown = value.startsWith('__encrypted__:') ? '__encrypted__:…' : value;
      return [
        {
          check,
          cause: 'clientVariableUnexpanded',
          says: `${variable} of the server ${name} in '${path}' is '${shown}', which ${client.name} does not replace.`,
        },
      ];
    }),
  );
  const count = offeredTools(connectedTools(targets), { access, groups: toolsets, targets: [], knownCommands: new Set() }).length;
  const { toolLimit } = client;
  const limit: readonly Diagnosis[] =
    toolLimit !== undefined && count > toolLimit
      ? [{ check, cause: 'tooManyTools', says: `${count} tools are offered, and ${client.name} sends ${toolLimit} at most.` }]
      : [];
  const fine: Diagnosis = { check, says: `'${path}' starts ${entries.map(([name]) => name).join(', ')}; ${count} tools are offered.` };
  return [...(unexpanded.length === 0 ? [fine] : unexpanded), ...limit];
}

interface FoundEntry {
  readonly command?: unknown;
  readonly args?: unknown;
  readonly env?: Readonly<Record<string, unknown>>;
}

function isOurs(entry: [string, unknown]): entry is [string, FoundEntry] {
  const [, value] = entry;
  if (typeof value !== 'object' || value === null) return false;
  const { command, args, env } = value as FoundEntry;
  const isStarted = [command, ...(Array.isArray(args) ? (args as readonly unknown[]) : [])].some(
    (word) => typeof word === 'string' && word.includes('mailstore-mcp'),
  );
  return isStarted || (typeof env === 'object' && env !== null && Object.keys(env).some((name) => name.startsWith('MAILSTORE_')));
}
