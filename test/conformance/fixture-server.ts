import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import {
  createMcpHandler,
  inputRequired,
  ProtocolError,
  ProtocolErrorCode,
  type CallToolResult,
  type McpHttpHandler,
} from '@modelcontextprotocol/server';
import * as z from 'zod';
import { createLog } from '../../src/base/log.ts';
import { CommandFailure, type Step } from '../../src/emulation/world.ts';
import { openBackend } from '../../src/cli/backend.ts';
import type { Config, Target } from '../../src/config/load.ts';
import type { TaskRecord } from '../../src/journal/task-record.ts';
import { Dispatcher } from '../../src/mcp/dispatcher.ts';
import { protocolServers } from '../../src/mcp/server.ts';
import type { Arguments } from '../../src/catalogue/define-command.ts';
import type { CallContext, CancellingClient } from '../../src/mcp/call-context.ts';
import type { Calls, StartedCall, ToolAnswer } from '../../src/mcp/task-protocol.ts';
import { missingExtension } from '../../src/mcp/tasks-extension.ts';
import type { ToolDefinition } from '../../src/mcp/tool-definition.ts';
import { startSandbox } from '../../src/sandbox/sandbox.ts';
import { rebuildStoreIndex } from '../../tools/indexes.ts';

/**
 * A server for the official conformance suite, whose scenarios call tools of fixed names. Protocol, dispatcher, runner and journal are those of
 * the product, and so is the way to MailStore; only the names of the tools and what the emulated command does are replaced.
 */
export interface FixtureServer {
  readonly url: string;
  close(): Promise<void>;
}

/** How long the runs of each target take: a sandbox has one duration, and a fixture tool chooses among them. */
const SECONDS = [0, 1, 2, 60] as const;

/** The behaviour of the emulated command, chosen by its one free argument. */
const SUCCEED = 1;
const FAIL = 2;

/** The tools whose calls become tasks. */
const LONG_RUNNING = new Set(['slow_compute', 'failing_job', 'protocol_error_job', 'confirm_delete', 'multi_input', 'test_tool_with_task']);

const tools: readonly ToolDefinition[] = [
  tool('greet', { name: { type: 'string' } }),
  tool('slow_compute', { seconds: { type: 'number' }, label: { type: 'string' } }),
  tool('confirm_delete', { filename: { type: 'string' } }),
  ...['failing_job', 'protocol_error_job', 'multi_input', 'test_tool_with_task'].map((name) => tool(name, {})),
];

function tool(name: string, properties: Readonly<Record<string, unknown>>): ToolDefinition {
  return {
    name,
    title: name,
    description: 'A fixture of the conformance suite.',
    inputSchema: { type: 'object', properties },
    outputSchema: { type: 'object' },
    annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: false, openWorldHint: false },
  };
}

const slowArguments = z.object({ seconds: z.literal(SECONDS), label: z.string() });
const greetArguments = z.object({ name: z.string() });
const givenName = z.object({ user_name: z.object({ action: z.literal('accept'), content: z.object({ name: z.string() }) }) });

/** The fixture tools, by way of a product tool. */
class FixtureCalls implements Calls {
  readonly #product: Dispatcher;
  /** Tasks whose call would have ended in an error of the protocol. The product has no such call. */
  readonly #broken = new Set<string>();

  constructor(product: Dispatcher) {
    this.#product = product;
  }

  get tasks(): Calls['tasks'] {
    return this.#product.tasks;
  }

  get library(): Calls['library'] {
    return this.#product.library;
  }

  async call(name: string, args: Arguments, context: CallContext): Promise<ToolAnswer> {
    // Of the long tools, the suite takes this one for one that cannot be called without a task.
    if (name === 'failing_job') throw missingExtension();
    if (name === 'greet') {
      const text = `Hello, ${greetArguments.parse(args).name}!`;
      return { content: [{ type: 'text', text }], structuredContent: { text } };
    }
    return this.#product.call('rebuild_store_index', commandFor(name, args), context);
  }

  async start(name: string, args: Arguments, context: CallContext): Promise<StartedCall> {
    const answers = givenName.safeParse(
      context.elicitation && 'inputResponses' in context.elicitation ? context.elicitation.inputResponses : undefined,
    );
    if (name === 'test_tool_with_task' && !answers.success) return { answer: askForName() };
    const command = answers.success ? { ...commandFor(name, args), folder: answers.data.user_name.content.name } : commandFor(name, args);
    const started = await this.#product.start('rebuild_store_index', command, context);
    if (name === 'protocol_error_job' && 'task' in started) this.#broken.add(started.task.taskId);
    return started;
  }

  async cancel(taskId: string, caller: CancellingClient): Promise<TaskRecord> {
    return this.#product.cancel(taskId, caller);
  }

  async makeResult(task: TaskRecord): Promise<CallToolResult> {
    if (this.#broken.has(task.taskId)) throw new ProtocolError(ProtocolErrorCode.InternalError, 'The job broke the protocol.');
    return this.#product.makeResult(task);
  }
}

/** Returns the arguments of the product's tool that serves as a fixture tool. */
function commandFor(name: string, args: Arguments): Arguments {
  if (name === 'slow_compute') {
    const { seconds, label } = slowArguments.parse(args);
    return { target: targetName(seconds), id: SUCCEED, folder: label };
  }
  const isFailing = name === 'failing_job';
  return { target: targetName(isFailing ? 1 : 0), id: isFailing ? FAIL : SUCCEED, folder: name };
}

function askForName() {
  const requestedSchema = { type: 'object' as const, properties: { name: { type: 'string' as const } }, required: ['name'] };
  return inputRequired({ inputRequests: { user_name: inputRequired.elicit({ message: 'What is your name?', requestedSchema }) } });
}

/** Steps close enough together that a run which lasts a minute stops within a second of being cancelled. */
function* emulate(_world: unknown, { id, folder }: { readonly id: number; readonly folder: string }): Generator<Step, string> {
  for (let percent = 1; percent < 100; percent++) yield { percent, text: `At ${folder}` };
  if (id === FAIL) throw new CommandFailure('The job is made to fail.');
  return folder;
}

function targetName(seconds: number): string {
  return `runs-${seconds}-s`;
}

/** Starts the fixture server on a free loopback port. */
export async function startFixtureServer(): Promise<FixtureServer> {
  Object.assign(rebuildStoreIndex, { emulate });
  const sandboxes = await Promise.all(
    SECONDS.map(async (runSeconds) => ({ runSeconds, sandbox: await startSandbox({ seed: 'small', runSeconds }) })),
  );
  const targets = sandboxes.map(({ runSeconds, sandbox: { url, username, password, fingerprint } }): Target => ({
    name: targetName(runSeconds),
    origin: url,
    username,
    password,
    fingerprint,
    access: 'read-write',
    api: 'auto',
    edition: 'server',
  }));
  const stateDir = mkdtempSync(join(tmpdir(), 'mailstore-mcp-conformance-'));
  const config: Config = {
    targets,
    access: 'read-write',
    toolsets: ['indexes'],
    surface: 'full',
    stateDir,
    secretVariables: {},
    timeoutMs: 10_000,
    inlineWaitMs: 2000,
    logLevel: 'error',
  };
  const log = createLog(config.logLevel);
  const backend = openBackend(config, { log });
  const calls = new FixtureCalls(new Dispatcher({ config, log, ...backend }));
  const handler = createMcpHandler(
    protocolServers(
      { version: '0.0.0', instructions: 'Tools for the conformance tests.', tools, longRunning: LONG_RUNNING },
      { calls: async () => calls },
    ),
  );
  const server = createServer((request, response) => {
    serve(handler, request, response).catch((error: unknown) => {
      log.error(String(error));
      response.destroy();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('the fixture server has no port');
  return {
    url: `http://127.0.0.1:${address.port}/mcp`,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await handler.close();
      await backend.close();
      await Promise.all(sandboxes.map(async ({ sandbox }) => sandbox.close()));
      rmSync(stateDir, { recursive: true, force: true });
    },
  };
}

async function serve(handler: McpHttpHandler, incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  const { method = 'GET', url = '/', headersDistinct } = incoming;
  const headers = Object.entries(headersDistinct).flatMap(([name, values = []]) => values.map((value): [string, string] => [name, value]));
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  const request = new Request(new URL(url, `http://${incoming.headers.host ?? '127.0.0.1'}`), {
    method,
    headers,
    ...(chunks.length > 0 && { body: Buffer.concat(chunks) }),
  });
  const response = await handler.fetch(request);
  outgoing.writeHead(response.status, Object.fromEntries(response.headers));
  if (response.body) await pipeline(Readable.fromWeb(response.body), outgoing);
  else outgoing.end();
}
