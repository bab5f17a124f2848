import { cutMiddle } from '../base/cut-middle.ts';
import { excerpt } from '../base/errors.ts';

/** A JSON object as it stands on one line of the protocol. */
export type Frame = Readonly<Record<string, unknown>>;

/** What a line of the client holds. */
export interface ReadFrame {
  /** The message to hand on. */
  readonly message?: Frame;
  /** The error to send back. */
  readonly answer?: Frame;
  /** What is wrong with the line, for the log. */
  readonly problem?: string;
}

const PARSE_ERROR = -32700;
const INVALID_REQUEST = -32600;
const INVALID_PARAMS = -32602;

/** Problems with parameters that an error names. */
const SHOWN_PROBLEMS = 3;

/**
 * Reads one line as a JSON-RPC message of MCP; undefined for a blank line. The protocol library drops what is no message without a
 * word, and its client waits for ever: here it gets an error, with its id wherever it has one.
 */
export function readFrame(line: string): ReadFrame | undefined {
  if (line.trim() === '') return undefined;
  let parsed: unknown;
  try {
    parsed = JSON.parse(line);
  } catch {
    return refuse(null, PARSE_ERROR, 'A line is not JSON');
  }
  if (!isObject(parsed)) return refuse(null, INVALID_REQUEST, 'A line is not one JSON-RPC message; batches are not part of MCP');
  const { id, method } = parsed;
  if (method === undefined && id !== undefined && ('result' in parsed || 'error' in parsed)) return readResponse(parsed);
  const problem = findProblem(parsed);
  if (problem === undefined && hasPrototype(parsed)) return refuse(id ?? null, INVALID_PARAMS, PROTOTYPE);
  if (problem === undefined) return { message: withArguments(parsed) };
  // A notification gets no answer, even if it is malformed.
  if (id === undefined && typeof method === 'string') return { problem };
  return refuse(isId(id) || typeof id === 'number' ? id : null, INVALID_REQUEST, problem);
}

/** A response that is malformed still ends the request that waits for it. */
function readResponse(message: Frame): ReadFrame {
  const { jsonrpc, id, result, error } = message;
  const names = Object.keys(message).every((name) => ['jsonrpc', 'id', 'result', 'error'].includes(name));
  const isError = isObject(error) && Number.isInteger(error['code']) && typeof error['message'] === 'string';
  if (jsonrpc === '2.0' && names && isId(id) && ('error' in message ? isError && result === undefined : isObject(result))) {
    return { message };
  }
  const problem = 'A response is malformed';
  if (!isId(id)) return { problem };
  return { message: { jsonrpc: '2.0', id, error: { code: INVALID_REQUEST, message: problem } }, problem };
}

function findProblem(message: Frame): string | undefined {
  const { jsonrpc, id, method, params } = message;
  if (jsonrpc !== '2.0') return 'jsonrpc is not "2.0"';
  if (typeof method !== 'string') return 'method is not a string';
  if ('id' in message && !isId(id)) return 'id is neither a string nor an integer';
  if ('params' in message && !isObject(params)) return 'params is not an object';
  const meta = isObject(params) && '_meta' in params ? params['_meta'] : {};
  if (!isObject(meta)) return '_meta is not an object';
  if ('progressToken' in meta && !isId(meta['progressToken'])) return 'progressToken is neither a string nor an integer';
  const related = meta['io.modelcontextprotocol/related-task'] ?? { taskId: '' };
  if (!isObject(related) || typeof related['taskId'] !== 'string') return 'related-task names no task';
  const extra = Object.keys(message).find((name) => !['jsonrpc', 'id', 'method', 'params'].includes(name));
  return extra === undefined ? undefined : `a message has no ${JSON.stringify(extra.slice(0, 40))}`;
}

const PROTOTYPE =
  'The call was not made: its arguments have a field __proto__, which nothing in MailStore has. Correct this and call again.';

/** True for a field that the protocol library drops without a word: a call would be made that is not the one that was asked for. */
function hasPrototype({ params }: Frame): boolean {
  return isObject(params) && isObject(params['arguments']) && Object.hasOwn(params['arguments'], '__proto__');
}

/** Some clients send `"arguments": null` for a call without arguments. */
function withArguments(message: Frame): Frame {
  const { params } = message;
  return isObject(params) && params['arguments'] === null ? { ...message, params: { ...params, arguments: {} } } : message;
}

function refuse(id: unknown, code: number, problem: string): ReadFrame {
  return { answer: { jsonrpc: '2.0', id, error: { code, message: problem } }, problem };
}

/**
 * Returns the message as the client gets it: what the protocol library finds wrong with parameters it writes as a JSON list, and some of it under the
 * code of an internal error. The client gets a sentence under the code for parameters. What an error repeats of a long request is cut.
 */
export function withPlainError(message: Frame): Frame {
  const { error } = message;
  if (!isObject(error) || typeof error['message'] !== 'string') return message;
  const problems = readProblems(error['message']);
  if (!problems) return { ...message, error: { ...error, message: cutMiddle(error['message']) } };
  const shown = problems.slice(0, SHOWN_PROBLEMS).join('; ');
  const more = problems.length > SHOWN_PROBLEMS ? `; and ${problems.length - SHOWN_PROBLEMS} more` : '';
  return {
    ...message,
    error: { code: INVALID_PARAMS, message: `The request does not fit: ${shown}${more}. Correct this and send it again.` },
  };
}

/** Reads the list of the protocol library's schema validator; undefined for any other text. */
function readProblems(text: string): readonly string[] | undefined {
  const [list] = /\[\s*\{.*\}\s*\]$/s.exec(text) ?? [];
  if (list === undefined || !/^(?:Invalid \S+ request: )?$/.test(text.slice(0, -list.length))) return undefined;
  let parsed: unknown;
  try {
    parsed = JSON.parse(list);
  } catch {
    return undefined;
  }
  if (!Array.isArray(parsed) || !parsed.every((issue) => isObject(issue) && Array.isArray(issue['path']))) return undefined;
  return (parsed as readonly { readonly path: readonly unknown[]; readonly message?: unknown }[]).map(({ path, message }) => {
    const says = String(message).replace(/^Invalid input(?:: )?/, '') || 'it has none of the forms that are taken';
    return excerpt(`${path.map(String).join('.') || 'the message'}: ${says}`);
  });
}

function isId(value: unknown): value is string | number {
  return typeof value === 'string' || Number.isSafeInteger(value);
}

function isObject(value: unknown): value is Frame {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
