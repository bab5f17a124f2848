import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { Client as ModernClient, type ClientOptions } from '@modelcontextprotocol/client';
import { StdioClientTransport as ModernTransport } from '@modelcontextprotocol/client/stdio';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { StdioServerTransport as StreamTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { ElicitRequestSchema, type ElicitRequest, type ElicitResult } from '@modelcontextprotocol/sdk/types.js';
import type { RequestOptions } from '@modelcontextprotocol/sdk/shared/protocol.js';
import { onTestFinished } from 'vitest';
import * as z from 'zod';
import type { Access, ApiForm } from '../../src/base/target.ts';
import { ManualClock } from './manual-clock.ts';
import { startProcess, startProgram } from './program.ts';
import { startSandbox, type Sandbox, type SandboxOptions } from '../../src/sandbox/sandbox.ts';

const BINARY = fileURLToPath(new URL('../../dist/mailstore-mcp.cjs', import.meta.url));
const CLIENT = { name: 'test', version: '1' };

export interface ServerOptions {
  /** The MailStore to talk to; without one the server gets no settings but these. */
  readonly sandbox?: Sandbox;
  readonly access?: Access;
  readonly api?: ApiForm;
  readonly env?: Readonly<Record<string, string>>;
  readonly args?: readonly string[];
  /** The program's first file, where it is not the one that the tests were built with; it gets a process of its own. */
  readonly binary?: string;
  /** True gives the server a process of its own, where that is what the test is about: signals, a kill, its memory, its start. */
  readonly ownProcess?: boolean;
  /** Answers what the server asks the person at the client; without it the client cannot ask. */
  readonly onElicit?: (params: ElicitRequest['params']) => ElicitResult | Promise<ElicitResult>;
}

/** Closes a resource when the running test is over, and returns it. */
export function untilTestEnds<Resource extends { close(): Promise<void> }>(resource: Resource): Resource {
  onTestFinished(async () => resource.close());
  return resource;
}

/** Starts a sandbox with the small world, closed when the test is over. */
export async function sandboxForTest(options: SandboxOptions = {}): Promise<Sandbox> {
  const sandbox = untilTestEnds(await startSandbox({ seed: 'small', runSeconds: 0.2, ...options }));
  if (options.clock instanceof ManualClock) clocks.set(sandbox, options.clock);
  return sandbox;
}

/** The clocks of sandboxes whose time a test moves. */
const clocks = new WeakMap<Sandbox, ManualClock>();

/** Closes a server. One that has a poll under way waits for its answer, which a sandbox holds until its clock is moved on. */
async function closeUnheld(sandbox: ServerOptions['sandbox'], close: () => Promise<void>): Promise<void> {
  const clock = sandbox && clocks.get(sandbox);
  const closing = close();
  if (!clock) return closing;
  const closed = closing.then(
    () => true,
    () => true,
  );
  for (;;) {
    await clock.advance(1000);
    const pause = new Promise<boolean>((resolve) => setTimeout(() => resolve(false), 20));
    if (await Promise.race([closed, pause])) return closing;
  }
}

/** A server process behind the MCP SDK's 1.x client, which checks structured results against the output schemas once it has listed. */
export interface RunningServer {
  readonly client: Client;
  /** Where the server keeps its record. */
  readonly stateDir: string;
  readonly close: () => Promise<void>;
}

export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { onElicit } = options;
  const client = new Client(CLIENT, { capabilities: { ...(onElicit && { elicitation: {} }) } });
  if (onElicit) client.setRequestHandler(ElicitRequestSchema, ({ params }) => onElicit(params));
  const { command, args, env, forget, ownProcess } = launch(options);
  const program = ownProcess ? undefined : startProgram(args.slice(1), env);
  program?.stderr.resume();
  await client.connect(
    program ? new StreamTransport(program.stdout, program.stdin) : new StdioClientTransport({ command, args, env, stderr: 'ignore' }),
  );
  return {
    client,
    stateDir: env['MAILSTORE_STATE_DIR'] ?? '',
    close: () =>
      closeUnheld(options.sandbox, async () => {
        await client.close();
        program?.stdout.resume();
        program?.stdin.end();
        await program?.ended;
        forget();
      }),
  };
}

/** What a tool answered. */
export interface ToolAnswer {
  readonly text: string;
  /** The structured data; empty for an error. */
  readonly structured: Readonly<Record<string, unknown>>;
  readonly isError: boolean;
}

/** Calls a tool through the 1.x client. Rejects when the structured result does not satisfy an output schema that the client has seen. */
export async function callTool(
  { client }: RunningServer,
  name: string,
  args: Readonly<Record<string, unknown>> = {},
  options: RequestOptions = {},
): Promise<ToolAnswer> {
  return readAnswer(await client.callTool({ name, arguments: { ...args } }, undefined, options));
}

/** Reads a tool's result from a message. */
export function readAnswer(result: unknown): ToolAnswer {
  const { content, structuredContent = {}, isError = false } = toolResult.parse(result);
  return { text: content.map(({ text }) => text).join('\n'), structured: structuredContent, isError };
}

const toolResult = z.looseObject({
  content: z.array(z.looseObject({ type: z.literal('text'), text: z.string() })),
  structuredContent: z.record(z.string(), z.unknown()).optional(),
  isError: z.boolean().optional(),
});

/** A server process behind the MCP SDK's 2.x client. */
export async function startModernServer(
  options: ServerOptions & Pick<ClientOptions, 'versionNegotiation'>,
): Promise<{ readonly client: ModernClient; readonly close: () => Promise<void> }> {
  const { command, args, env, forget } = launch(options);
  const client = new ModernClient(CLIENT, { ...(options.versionNegotiation && { versionNegotiation: options.versionNegotiation }) });
  await client.connect(new ModernTransport({ command, args, env, stderr: 'ignore' }));
  return {
    client,
    close: async () => {
      await client.close();
      forget();
    },
  };
}

/** A message as it came over the pipe: an answer with its result or error, or a notification. */
export interface Message {
  readonly jsonrpc?: string;
  readonly id?: number;
  readonly method?: string;
  readonly params?: Readonly<Record<string, unknown>>;
  readonly result?: Readonly<Record<string, unknown>>;
  readonly error?: { readonly code: number; readonly message: string; readonly data?: unknown };
}

/** A server process, and nothing between the test and its pipe. */
export interface Pipe {
  /** Sends a request and resolves with the answer to it. */
  request(method: string, params?: Readonly<Record<string, unknown>>): Promise<Message>;
  notify(method: string, params?: Readonly<Record<string, unknown>>): void;
  /** Writes a line that need not be a message. */
  writeLine(line: string): void;
  /** Where the server keeps its record. */
  readonly stateDir: string;
  /** Every line of stdout so far. */
  readonly lines: readonly string[];
  readonly notifications: readonly Message[];
  /** Everything on stderr so far. */
  readonly stderr: string;
  readonly exited: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>;
  /** Closes the server's stdin. */
  endInput(): void;
  /** Closes the reading end of the server's stdout. */
  closeOutput(): void;
  /** Stops reading the server's stdout, until `readOn`. */
  stopReading(): void;
  readOn(): void;
  /** How many bytes the server has not taken from its stdin yet. */
  unsentBytes(): number;
  kill(signal: NodeJS.Signals): void;
  close(): Promise<void>;
}

export function startPipe(options: ServerOptions): Pipe {
  const { args, env, forget, ownProcess } = launch(options);
  const child = ownProcess ? startProcess(args, env) : startProgram(args.slice(1), env);
  const lines: string[] = [];
  const notifications: Message[] = [];
  const waiting = new Map<number, (answer: Message) => void>();
  let stderr = '';
  let lastId = 0;
  child.stdin.on('error', () => undefined);
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  createInterface({ input: child.stdout }).on('line', (line) => {
    lines.push(line);
    const message = readMessage(line);
    if (message?.method !== undefined) notifications.push(message);
    else if (message?.id !== undefined) waiting.get(message.id)?.(message);
  });
  const exited: Pipe['exited'] = child.ended;
  const writeLine = (line: string) => void child.stdin.write(`${line}\n`);
  const send = (message: object) => writeLine(JSON.stringify({ jsonrpc: '2.0', ...message }));
  return {
    request: async (method, params) => {
      const id = ++lastId;
      const answer = new Promise<Message>((resolve) => waiting.set(id, resolve));
      send({ id, method, ...(params && { params }) });
      const first = await Promise.race([answer, exited]);
      if ('signal' in first) throw new Error(`The server ended without an answer to ${method}: ${stderr}`);
      return first;
    },
    notify: (method, params) => send({ method, ...(params && { params }) }),
    writeLine,
    stateDir: env['MAILSTORE_STATE_DIR'] ?? '',
    lines,
    notifications,
    get stderr() {
      return stderr;
    },
    exited,
    endInput: () => child.stdin.end(),
    closeOutput: () => child.stdout.destroy(),
    stopReading: () => child.stdout.pause(),
    readOn: () => child.stdout.resume(),
    unsentBytes: () => child.stdin.writableLength,
    kill: (signal) => child.kill(signal),
    close: () =>
      closeUnheld(options.sandbox, async () => {
        child.stdin.end();
        child.kill(ownProcess ? 'SIGKILL' : 'SIGTERM');
        await exited;
        forget();
      }),
  };
}

/** Opens the pipe as a client of the revisions up to 2025-11-25 does, and returns the server's answer. */
export async function initialize(pipe: Pipe, protocolVersion = '2025-11-25'): Promise<Message> {
  const answer = await pipe.request('initialize', { protocolVersion, capabilities: {}, clientInfo: CLIENT });
  pipe.notify('notifications/initialized');
  return answer;
}

/** What every request of the revision 2026-07-28 carries. */
export const modernMeta = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientInfo': CLIENT,
  'io.modelcontextprotocol/clientCapabilities': {},
};

/** Returns the settings by which a server reaches the sandbox, or a server in place of one. */
export function settingsFor({
  url,
  username,
  password,
  fingerprint,
}: Pick<Sandbox, 'url' | 'username' | 'password' | 'fingerprint'>): Record<string, string> {
  return {
    MAILSTORE_URL: url,
    MAILSTORE_USERNAME: username,
    MAILSTORE_PASSWORD: password,
    MAILSTORE_TLS_FINGERPRINT: fingerprint,
  };
}

function launch({ sandbox, access, api, env = {}, args = [], binary = BINARY, ownProcess = false }: ServerOptions) {
  const stateDir = mkdtempSync(join(tmpdir(), 'mailstore-mcp-'));
  // NODE_EXTRA_CA_CERTS makes a start several times slower, and a developer's own settings have no place in a test.
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('MAILSTORE_') && name !== 'NODE_EXTRA_CA_CERTS');
  return {
    command: process.execPath,
    args: [binary, ...args],
    env: {
      ...(Object.fromEntries(inherited) as Record<string, string>),
      MAILSTORE_STATE_DIR: stateDir,
      ...(sandbox && settingsFor(sandbox)),
      ...(access && { MAILSTORE_ACCESS: access }),
      ...(api && { MAILSTORE_API: api }),
      ...env,
    },
    ownProcess: ownProcess || binary !== BINARY || env['NODE_OPTIONS'] !== undefined,
    forget: () => rmSync(stateDir, { recursive: true, force: true }),
  };
}

function readMessage(line: string): Message | undefined {
  try {
    return JSON.parse(line) as Message;
  } catch {
    return undefined;
  }
}
