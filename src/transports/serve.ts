import type { Transport } from '@modelcontextprotocol/server';
import { serveStdio } from '@modelcontextprotocol/server/stdio';
import type { Log } from '../base/log.ts';
import { protocolServers, type ServerDependencies } from '../mcp/server.ts';
import type { Surface } from '../mcp/surface.ts';

/** Serves MCP over `transport` with the protocol library, every revision on the one pipe. */
export function serveOverStdio(
  surface: Surface,
  transport: Transport,
  { log, ...dependencies }: ServerDependencies & { readonly log: Log },
): void {
  serveStdio(protocolServers(surface, dependencies), { transport, onerror: (error) => log.warn(error.message) });
}
