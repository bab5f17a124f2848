import type { Transport } from '@modelcontextprotocol/server';
import { serveStdio } from '@modelcontextprotocol/server/stdio';
import type { Log } from '../base/log.ts';
import { protocolServers } from '../mcp/server.ts';
import type { Surface } from '../mcp/surface.ts';
import type { Calls } from '../mcp/task-protocol.ts';

/** Serves MCP over `transport` with the protocol library, every revision on the one pipe. */
export function serveOverStdio(
  surface: Surface,
  transport: Transport,
  { calls, log }: { readonly calls: () => Promise<Calls>; readonly log: Log },
): void {
  serveStdio(protocolServers(surface, { calls }), { transport, onerror: (error) => log.warn(error.message) });
}
