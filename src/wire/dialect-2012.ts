import { excerpt, MailStoreError } from '../base/errors.ts';
import { errorText, readJson, readText, refusePage } from './body.ts';
import { stripStack } from '../base/strip-stack.ts';
import { refuseHttpError, refuseToken, type Addressed } from './http-status.ts';
import { NO_PROGRESS, type CalledCommand, type Dialect, type Progress, type Reply, type RunHandle, type WireResponse } from './reply.ts';
import { isStatusUrl, readStatusPath, readToken } from './status-path.ts';
import { readMessages } from './log-lines.ts';
import { END_WORD, readPercent, readStatusWord, refuseForeignStatus, sayWithoutReason } from './status.ts';
import { readXml } from './xml.ts';

/** The 2012 form with JSON answers: `/JSON/Invoke/…`, bare values, failures as HTTP 500 text (protocol.md §1). */
export function jsonDialect2012(address: Addressed): Dialect {
  return dialect2012('json-2012', 'JSON', address, (response, command) => readJson(response, command, address.origin));
}

/** The 2012 form with XML answers: the same values, converted by the server. */
export function xmlDialect2012(address: Addressed): Dialect {
  return dialect2012('xml-2012', 'XML', address, (response, command) => readXml(response, command, address.origin));
}

const RUNNING = {
  JSON: /^\s*\{\s*"status"\s*:\s*"running"/,
  XML: /<status\b[^>]*>\s*running\s*<\/status>/,
} as const;

const ENDED = {
  JSON: new RegExp(`"status"\\s*:\\s*"${END_WORD}"`),
  XML: new RegExp(`<status\\b[^>]*>\\s*${END_WORD}\\s*</status>`),
} as const;

function dialect2012(
  name: 'json-2012' | 'xml-2012',
  prefix: 'JSON' | 'XML',
  address: Addressed,
  readValue: (response: WireResponse, command: string) => unknown,
): Dialect {
  const status = (run: RunHandle) => ({
    path: readStatusPath(run.statusPath ?? `/${prefix}/Status/${encodeURIComponent(run.token)}`, address.origin),
    body: '',
  });
  return {
    name,
    invoke: (command, form) => ({ path: `/${prefix}/Invoke/${command}`, body: form }),
    status,
    statusAfter405: (run) => ({ ...status(run), method: 'GET' }),
    saysRunning: ({ body }) => RUNNING[prefix].test(Buffer.from(body).toString('latin1')),
    saysEnded: ({ body }) => ENDED[prefix].test(Buffer.from(body).toString('latin1')),
    read: (response, called, run) => {
      const command = called.name;
      if (response.status === 500) return failure(response, command, run, address);
      if (response.status === 404 && run) refuseToken(response, command, address.origin);
      if (response.status !== 200) refuseHttpError(response, run ? 'Status' : `/${prefix}/Invoke/${command}`, address);
      const value = readValue(response, command);
      return run
        ? statusReply(value, command, run)
        : (readStart(value, called, address.origin) ?? { kind: 'value', value, progress: NO_PROGRESS });
    },
  };
}

/**
 * What the text of a failure says when the status path is no longer known. That asking again then fails is documented, its words are not
 * (protocol.md §1.3), so a text counts that speaks of the token; any other may pass.
 */
const TELLS_OF_TOKEN = /token/i;

/** HTTP 500 is the command's own failure; on a status path it says that the token is gone, or that asking failed. */
function failure(response: WireResponse, command: string, run: RunHandle | undefined, { origin }: Addressed): Reply {
  const text = readText(response, command);
  refusePage(text, response.contentType, origin);
  if (run && TELLS_OF_TOKEN.test(text)) throw new MailStoreError('tokenUnknown', { command });
  // The run's own failure is in its status, so this is one of asking.
  if (run) throw new MailStoreError('unexpectedStatus', { status: response.status, excerpt: errorText(text) });
  return { kind: 'failed', word: 'failed', message: stripStack(text) || 'the server gave no reason', progress: NO_PROGRESS };
}

/**
 * Returns the run that an answer says was started, or undefined where the answer is a value. Values come from the archive, where anybody may
 * have stored them, so an object counts only where the declaration says that the command takes long, or where it holds nothing else.
 */
function readStart(value: unknown, { longRunning }: CalledCommand, origin: string): Reply | undefined {
  if (typeof value !== 'object' || value === null || !('statusUrl' in value) || typeof value.statusUrl !== 'string') return undefined;
  const token = 'statusToken' in value && typeof value.statusToken === 'string' ? value.statusToken : undefined;
  const isStart = token !== undefined && Object.keys(value).length === 2;
  if (!longRunning && !(isStart && isStatusUrl(value.statusUrl, origin))) return undefined;
  const statusPath = readStatusPath(value.statusUrl, origin);
  return { kind: 'running', run: { token: token ?? readToken(statusPath), statusPath }, progress: NO_PROGRESS };
}

function statusReply(value: unknown, command: string, run: RunHandle): Reply {
  if (typeof value !== 'object' || value === null || !('status' in value) || typeof value.status !== 'string') {
    throw new MailStoreError('notAnEnvelope', { command, excerpt: JSON.stringify(value).slice(0, 120) });
  }
  if ('statusToken' in value) refuseForeignStatus(command, run.token, value.statusToken);
  const progress = readProgress(value);
  const word = readStatusWord(value.status);
  if (word === undefined) throw new MailStoreError('unknownStatus', { command, word: excerpt(value.status) });
  if (word === 'running') return { kind: 'running', run, progress };
  if (word === 'succeeded') return { kind: 'value', value: 'result' in value ? value.result : null, progress };
  const reason = progress.messages.findLast(({ type }) => type.toLowerCase() === 'error') ?? progress.messages.at(-1);
  const message = reason ? stripStack(reason.text) : sayWithoutReason(word, 'result' in value ? value.result : null);
  return { kind: 'failed', word, message, progress };
}

function readProgress(status: object): Progress {
  const { progressPercentage, messages: told } = status as { progressPercentage?: unknown; messages?: unknown };
  const messages = readMessages(told);
  return {
    version: 0,
    percent: readPercent(progressPercentage),
    text: messages.at(-1)?.text ?? null,
    messages,
  };
}
