import type { McpServerFactory } from '@modelcontextprotocol/server';
import { serveStdio } from '@modelcontextprotocol/server/stdio';
import type { Log } from '../base/log.ts';
import type { StdioTransport } from './stdio.ts';

/** Serves MCP over `transport`, every revision on the one pipe. */
export function serveOverStdio(factory: McpServerFactory, transport: StdioTransport, { log }: { readonly log: Log }): void {
  serveStdio(factory, { transport, onerror: (error) => log.warn(error.message) });
}
