import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { TOOLSETS } from '../../src/catalogue/define-command.ts';
import type { Calls } from '../../src/mcp/task-protocol.ts';
import { recordedAnswers } from '../../src/mcp/recorded-answers.ts';
import { createSurface } from '../../src/mcp/surface.ts';
import { FastOpening } from '../../src/transports/fast-opening.ts';
import { serveOverStdio } from '../../src/transports/serve.ts';
import { StdioTransport } from '../../src/transports/stdio.ts';
import { toolList } from '../helpers/server-catalogue.ts';
import { ManualClock } from '../helpers/manual-clock.ts';
import { collectingLog } from '../helpers/start-client.ts';

const surface = createSurface({
  version: '1',
  toolList,
  offer: { access: 'full', groups: TOOLSETS, targets: ['default'], knownCommands: new Set() },
});
const OPENING = [
  { id: 0, method: 'initialize', params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'c', version: '1' } } },
  { method: 'notifications/initialized' },
];
const CALL = { id: 1, method: 'tools/call', params: { name: 'get_users', arguments: {} } };

/** A server whose library is there after `libraryMs`, and what calls need never is. */
async function startLoading(libraryMs: number) {
  const clock = new ManualClock();
  const stdin = new PassThrough();
  const lines: string[] = [];
  const stdout = { unreadBytes: 0, write: (text: string) => void lines.push(text), on: () => undefined };
  const transport = new StdioTransport(stdin as unknown as NodeJS.ReadStream, stdout, () => undefined);
  let isAsked = false;
  const opening: FastOpening = new FastOpening(transport, {
    surface,
    answers: recordedAnswers,
    clock,
    onOpened: () => undefined,
    onerror: () => undefined,
    serve: async () => {
      await clock.sleep(libraryMs);
      const calls = () => {
        isAsked = true;
        return new Promise<Calls>(() => undefined);
      };
      serveOverStdio(surface, opening, { calls, clock, waitedMs: (id) => opening.waitedMs(id), log: collectingLog([]) });
    },
  });
  for (const message of [...OPENING, CALL]) stdin.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
  await expect.poll(() => clock.sleeping).toBe(1);
  return { clock, lines, isAsked: () => isAsked };
}

test.each([0, 30_000])(
  'a call for which nothing is loaded in time is answered within 45 seconds of its arrival, with a library that took %d ms',
  async (libraryMs) => {
    const { clock, lines, isAsked } = await startLoading(libraryMs);
    await clock.advance(libraryMs);
    await expect.poll(isAsked).toBe(true);
    await clock.advance(42_999 - libraryMs);
    expect(lines).toHaveLength(1);
    await clock.advance(1);
    await expect.poll(() => lines.length).toBe(2);
    expect(lines[1]).toContain('get_users was not sent: what comes before it');
    expect(lines[1]).toContain('the 45 seconds that a call may take');
  },
);
