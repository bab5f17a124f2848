import { Writable } from 'node:stream';
import type { McpServerFactory } from '@modelcontextprotocol/server';
import { serveStdio, StdioServerTransport } from '@modelcontextprotocol/server/stdio';
import type { Log } from '../base/log.ts';

/**
 * Keeps stdout for the protocol: from now on whatever else is written to it goes to stderr, since a single foreign byte without a line
 * break would swallow the next message. Returns the stream that still reaches the client.
 */
export function reserveStdout(): Writable {
  const write = process.stdout.write.bind(process.stdout);
  process.stdout.write = process.stderr.write.bind(process.stderr);
  return new Writable({
    decodeStrings: false,
    write: (chunk: string | Uint8Array, _encoding, callback) => {
      write(chunk, callback);
    },
  });
}

/** Serves MCP over stdin and `stdout`, every revision on the one pipe; `onClose` is called once when the client has closed its end. */
export function serveOverStdio(
  factory: McpServerFactory,
  stdout: Writable,
  options: { readonly log: Log; readonly onClose: () => void },
): void {
  serveStdio(factory, {
    transport: new StdioServerTransport(process.stdin, stdout),
    onerror: (error) => options.log.warn(error.message),
  });
  // The transport only notices the end; leaving is up to the process, which timers and pooled connections would keep alive.
  process.stdin.once('end', options.onClose);
  process.stdin.once('close', options.onClose);
}
