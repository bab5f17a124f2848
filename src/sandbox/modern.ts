import type { Command } from '../catalogue/define-command.ts';
import type { WireType } from '../catalogue/fields.ts';
import { CommandFailure } from '../emulation/world.ts';
import { listArguments, missing, parseInteger, refuseUnknown } from './arguments.ts';
import { readForm, text, type ApiRequest, type HttpAnswer, type Route } from './http.ts';
import type { HandOver, Runs, RunStatus } from './runs.ts';

/** The object in which every command and status is answered. */
interface SandboxEnvelope {
  readonly error: { readonly message: string; readonly details: string } | null;
  readonly token: string | null;
  readonly statusVersion: number;
  readonly statusCode: string;
  readonly percentProgress: number | null;
  readonly statusText: string | null;
  readonly result: unknown;
  readonly logOutput: string | null;
}

const BYTE_ORDER_MARK = '\uFEFF';
/** A command that answers at once has been through two states, begun and ended. */
const IMMEDIATE_VERSION = 2;

/** The routes of the API since version 9: `/api/...` with the envelope. */
export function modernRoutes(runs: Runs, commands: readonly Command[]): readonly Route[] {
  const metadata = json(describeCommands(commands));
  return [
    {
      pattern: /^\/api\/invoke\/([^/]+)$/,
      methods: ['POST'],
      needsLogin: true,
      handle: (request) => reportFailures(request.captures[0] ?? '', () => invoke(runs, request)),
    },
    {
      pattern: /^\/api\/get-status$/,
      methods: ['POST'],
      needsLogin: true,
      handle: (request) => reportFailures('get-status', () => getStatus(runs, request)),
    },
    {
      pattern: /^\/api\/cancel-async$/,
      methods: ['POST'],
      needsLogin: true,
      handle: (request) => reportFailures('cancel-async', () => cancelAsync(runs, request)),
    },
    { pattern: /^\/api\/get-metadata$/, methods: ['POST', 'GET'], needsLogin: false, handle: () => metadata },
  ];
}

const METADATA_TYPES: Readonly<Record<WireType, 'string' | 'number' | 'bool' | 'json'>> = {
  string: 'string',
  csv: 'string',
  datetime: 'string',
  number: 'number',
  bool: 'bool',
  json: 'json',
};

function describeCommands(commands: readonly Command[]) {
  return commands.map((command) => ({
    name: command.name,
    args: listArguments(command).map(({ name, type, mandatory }) => ({ name, type: METADATA_TYPES[type], nullable: !mandatory })),
  }));
}

function invoke(runs: Runs, request: ApiRequest): HttpAnswer {
  const started = runs.start(request.captures[0] ?? '', readForm(request), 'modern');
  return started.kind === 'run' ? json(makeEnvelope(started.status)) : json(immediate(started.value));
}

async function getStatus(runs: Runs, request: ApiRequest): Promise<HttpAnswer> {
  const { token, lastKnownStatusVersion, millisecondsTimeout, ...others } = readForm(request);
  refuseUnknown('get-status', Object.keys(others), ['token', 'lastKnownStatusVersion', 'millisecondsTimeout']);
  if (token === undefined) throw missing('token');
  if (lastKnownStatusVersion === undefined) throw missing('lastKnownStatusVersion');
  // The server reads this one without looking whether it is there.
  if (millisecondsTimeout === undefined) throw new CommandFailure('Nullable object must have a value.');
  const reading = await runs.read(token, 'modern', {
    knownVersion: parseInteger('lastKnownStatusVersion', lastKnownStatusVersion),
    milliseconds: clampTimeout(parseInteger('millisecondsTimeout', millisecondsTimeout)),
    signal: request.signal,
  });
  return reading ? json(makeEnvelope(reading.status), reading.handOver) : unknownToken();
}

async function cancelAsync(runs: Runs, request: ApiRequest): Promise<HttpAnswer> {
  const { token, ...others } = readForm(request);
  refuseUnknown('cancel-async', Object.keys(others), ['token']);
  if (token === undefined) throw missing('token');
  return runs.cancel(token) ? json(immediate(null)) : unknownToken();
}

/** Keeps a wait within what a timer can hold. */
function clampTimeout(milliseconds: number): number {
  return Math.min(Math.max(milliseconds, 0), 2 ** 31 - 1);
}

/** Answers a CommandFailure the way this generation does: HTTP 200, and the failure in the envelope. */
async function reportFailures(command: string, answer: () => HttpAnswer | Promise<HttpAnswer>): Promise<HttpAnswer> {
  try {
    return await answer();
  } catch (error) {
    if (!(error instanceof CommandFailure)) throw error;
    return json({ ...immediate(null), error: describeError(command, error.message), statusCode: 'failed' });
  }
}

function immediate(value: unknown): SandboxEnvelope {
  return {
    error: null,
    token: null,
    statusVersion: IMMEDIATE_VERSION,
    statusCode: 'succeeded',
    percentProgress: null,
    statusText: null,
    result: value ?? null,
    logOutput: null,
  };
}

function makeEnvelope(status: RunStatus): SandboxEnvelope {
  return {
    error: status.error === null ? null : describeError(status.command.name, status.error),
    token: status.token,
    statusVersion: status.version,
    statusCode: status.status,
    percentProgress: status.percent,
    statusText: status.text,
    result: status.result ?? null,
    logOutput: status.log.map((line) => `${line.text}\r\n`).join(''),
  };
}

function describeError(command: string, message: string): { message: string; details: string } {
  const frames = [
    `MailStore.Administration.Commands.${command}(CommandArguments arguments)`,
    'MailStore.Administration.CommandDispatcher.Execute(CommandContext context)',
    'MailStore.Administration.Http.RequestHandler.Process(HttpListenerContext context)',
  ];
  return { message, details: [`System.Exception: ${message}`, ...frames.map((frame) => `   at ${frame}`)].join('\r\n') };
}

function unknownToken(): HttpAnswer {
  return text(404, 'The session has expired or the token is wrong.');
}

function json(value: unknown, handOver?: HandOver): HttpAnswer {
  return { status: 200, contentType: 'application/json', body: BYTE_ORDER_MARK + JSON.stringify(value), handOver };
}
