import type { Exchange } from '../fixtures/exchanges.ts';

/** The values of the fixture's placeholders. */
const VALUES: Readonly<Record<string, string>> = {
  date: 'Wed, 04 Mar 2026 09:00:00 GMT',
  token: '7f3c',
  jsonToken: '8A1D-JSON',
  xmlToken: '9B2E-XML',
  version: '4',
  percent: '35',
  step: 'Reading messages',
  log: 'Opening the index',
  trace: 'as above\\r\\n   at MailStore.Administration.Dispatcher.Execute()',
  before: '{"name":"GetServerInfo","args":[]},',
  between: ',',
  after: '',
};

interface LiteralMessage {
  readonly startLine: string;
  /** By name in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Returns the request of an exchange of the fixture with every placeholder filled in. */
export function literalRequest({ request }: Exchange): LiteralMessage {
  return split(fillIn(request, 'requestLength'));
}

/** Returns the response of an exchange of the fixture with every placeholder filled in. */
export function literalResponse({ response }: Exchange): LiteralMessage & { readonly status: number; readonly bytes: Buffer } {
  const filled = fillIn(response, 'length');
  const message = split(filled);
  return { ...message, status: Number(message.startLine.split(' ')[1]), bytes: Buffer.from(filled) };
}

function fillIn(text: string, length: string): string {
  const filled = text.replaceAll(/\{\{(\w+)\}\}/g, (placeholder, name: string) => VALUES[name] ?? placeholder);
  return filled.replace(`{{${length}}}`, String(Buffer.byteLength(split(filled).body)));
}

function split(message: string): LiteralMessage {
  const headEnd = message.indexOf('\r\n\r\n');
  const [startLine = '', ...lines] = message.slice(0, headEnd).split('\r\n');
  const headers = lines.map((line): [string, string] => [
    line.slice(0, line.indexOf(':')).toLowerCase(),
    line.slice(line.indexOf(':') + 1).trim(),
  ]);
  return { startLine, headers: Object.fromEntries(headers), body: message.slice(headEnd + 4) };
}
