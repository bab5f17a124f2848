import { isError, MailStoreError } from '../../base/errors.ts';
import { KnownCommands } from '../../client/known-commands.ts';
import { loadConfig, loadKnownSettings, type Config, type ConfigSources } from '../../config/load.ts';
import { createSurface } from '../../mcp/surface.ts';
import { chooseOffer } from '../choose-offer.ts';
import { connectedTools } from '../connected-tools.ts';
import { compactLists } from '../tool-lists.ts';
import { version } from '../version.ts';
import type { Diagnosis } from './causes.ts';
import { checkServer } from './check-server.ts';

/** Where the embedded sandbox would be; it is not started. */
const EMBEDDED = { origin: 'https://127.0.0.1:8463', username: 'admin', password: 'sandbox' } as const;

type Sources = Pick<ConfigSources, 'env' | 'flags'>;

export interface CheckedConfiguration {
  readonly findings: readonly Diagnosis[];
  /** How many tools a client is offered; undefined where the configuration is wrong. */
  readonly offered?: number | undefined;
  /** The state folder; undefined where the settings do not say which it is, and for the embedded sandbox. */
  readonly stateDir?: string | undefined;
}

/** Checks the settings of one server and the way to each of its archives. A server with the embedded sandbox has no such way. */
export async function checkConfiguration(
  sources: Sources,
  { isSandbox = false }: { readonly isSandbox?: boolean } = {},
): Promise<CheckedConfiguration> {
  const findings: Diagnosis[] = [];
  let config: Config;
  try {
    config = loadConfig({ ...sources, ...(isSandbox && { embedded: EMBEDDED }) });
  } catch (error) {
    const cause = isError(error, 'notPrivate') ? 'stateOpenToOthers' : 'configurationInvalid';
    const invalid: Diagnosis = { check: 'configuration', cause, says: readMessage(error) };
    return { findings: [invalid], stateDir: readStateDir(sources) };
  }
  const { accessFrom } = loadKnownSettings(sources);
  const servers = isSandbox ? [] : await checkServers(config);
  // After the look at each server, which may show commands that only some have.
  const offered = countTools(config, isSandbox);
  findings.push({ check: 'access', says: `The access level is ${config.access}, set by ${accessFrom}; ${offered} tools are offered.` });
  for (const warning of config.warnings ?? []) findings.push({ check: 'configuration', cause: 'variableIgnored', says: warning });
  findings.push(...servers);
  if (isSandbox) {
    findings.push({ check: 'connection', says: 'An emulated MailStore starts inside the program; there is no other to connect to.' });
    return { findings, offered };
  }
  return { findings, offered, stateDir: config.stateDir };
}

async function checkServers({ targets, secretVariables, stateDir, timeoutMs }: Config): Promise<readonly Diagnosis[]> {
  const secrets = [...Object.values(secretVariables), ...targets.map(({ password }) => password)];
  const known = new KnownCommands(stateDir);
  const findings: Diagnosis[] = [];
  for (const target of targets) {
    const prefix = targets.length > 1 ? `${target.name}: ` : '';
    const found = await checkServer(target, timeoutMs, { secrets, known });
    findings.push(...found.map((finding) => ({ ...finding, check: `${prefix}${finding.check}` })));
  }
  return findings;
}

/** Returns how many tools a client is offered with these settings; undefined where they are wrong. */
export function countOffered(sources: Sources, { isSandbox }: { readonly isSandbox: boolean }): number | undefined {
  try {
    return countTools(loadConfig({ ...sources, embedded: EMBEDDED }), isSandbox);
  } catch {
    return undefined;
  }
}

function countTools(config: Config, isSandbox: boolean): number {
  const toolList = connectedTools(config.targets);
  return createSurface({ version, toolList, compactLists, offer: chooseOffer(config, toolList, { isSandbox }) }).tools.length;
}

/** Returns the state folder as far as the settings say which it is. */
export function readStateDir(sources: Sources): string | undefined {
  try {
    return loadKnownSettings(sources).stateDir;
  } catch {
    // What keeps it from being read is reported already.
    return undefined;
  }
}

function readMessage(error: unknown): string {
  return error instanceof MailStoreError ? error.message : String(error);
}
