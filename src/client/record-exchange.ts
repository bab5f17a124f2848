import { maskSecrets } from '../catalogue/mask-secrets.ts';
import type { Command } from '../catalogue/define-command.ts';
import { fieldTraits } from '../catalogue/fields.ts';
import type { Redactor } from '../masking/redactor.ts';
import type { WireRequest, WireResponse } from '../wire/reply.ts';
import { MASK } from '../masking/masks.ts';

/** What a request is made for: the call itself, the status or the cancellation of its run, or what is read around it, such as the metadata. */
export type Purpose = 'call' | 'status' | 'cancel' | 'support';

export type HeaderLines = readonly (readonly [name: string, value: string])[];

/** One HTTP exchange as it went over the wire, its credentials masked. */
export interface Exchange {
  readonly purpose: Purpose;
  /** What was sent; where no connection came about, what would have been. */
  readonly request: { readonly method: string; readonly url: string; readonly headers: HeaderLines; readonly body: string };
  /** Absent where none came whole. */
  readonly response?: {
    readonly status: number;
    /** The words after the status, such as `OK`; a server may leave them out. */
    readonly reason: string;
    readonly headers: HeaderLines;
    readonly body: string;
    /** The size of the body as it came. */
    readonly bytes: number;
  };
  /** Why there is no response. */
  readonly error?: string;
  /** ISO 8601 UTC. */
  readonly startedAt: string;
  readonly ms: number;
}

export type OnExchange = (exchange: Exchange) => void;

/** What is known of a request before it is sent. */
export interface ObservedRequest {
  readonly purpose: Purpose;
  readonly origin: string;
  readonly request: WireRequest;
  /** The headers as they were handed over; those that went over the wire take their place. */
  readonly headers: Readonly<Record<string, string>>;
  /** The command that is called; it decides which fields of the form are secret. */
  readonly command?: Command | undefined;
  readonly redactor: Redactor;
  /** Called when the request is about to be written, which is done before control goes back to the event loop. */
  readonly onWriting: (observation: Observation) => void;
  readonly onExchange: OnExchange;
}

/** Watches one exchange cross the wire and puts together what can be shown of it. */
export class Observation {
  readonly #observed: ObservedRequest;
  readonly #startedAt = new Date().toISOString();
  readonly #start = performance.now();
  #sent: Buffer[] = [];
  #head: Pick<NonNullable<Exchange['response']>, 'status' | 'reason' | 'headers'> | undefined;
  #bytes = 0;
  #isOver = false;

  constructor(observed: ObservedRequest) {
    this.#observed = observed;
  }

  /** Called when the request is about to be written; this may happen again, over another connection. */
  begin(): void {
    this.#sent = [];
    this.#observed.onWriting(this);
  }

  write(bytes: Buffer): void {
    this.#sent.push(bytes);
  }

  /** Takes the head of the answer, its headers as the flat list that the parser gives. */
  answer(status: number, reason: string, rawHeaders: unknown): void {
    const { redactor } = this.#observed;
    const headers = maskHeaders(headerLines(rawHeaders)).map(([name, value]) => [name, redactor.header(value)] as const);
    this.#head = { status, reason: redactor.text(reason), headers };
  }

  receive(bytes: number): void {
    this.#bytes = bytes;
  }

  /** Reports the whole exchange; the response has passed the redactor. */
  end({ status, body }: WireResponse): void {
    this.#tell(() => {
      const head = this.#head ?? { status, reason: '', headers: [] };
      return { response: { ...head, body: Buffer.from(body).toString('utf8'), bytes: this.#bytes } };
    });
  }

  /** Reports that no response came whole. What fails after the end of the exchange is not reported. */
  fail(error: unknown): void {
    const { redactor } = this.#observed;
    this.#tell(() => ({ error: redactor.text(error instanceof Error ? error.message : String(error)) }));
  }

  #tell(came: () => Pick<Exchange, 'response' | 'error'>): void {
    if (this.#isOver) return;
    this.#isOver = true;
    try {
      this.#observed.onExchange({ ...this.#shown(), ...came() });
    } catch {
      // The answer may be the only copy of an end: an observer does not keep it from the record.
    }
  }

  #shown(): Pick<Exchange, 'purpose' | 'request' | 'startedAt' | 'ms'> {
    const { purpose, origin, request, headers, command, redactor } = this.#observed;
    const sent = readRequest(Buffer.concat(this.#sent)) ?? {
      method: request.method ?? 'POST',
      path: request.path,
      headers: Object.entries(headers),
      body: request.body,
    };
    const body = command ? maskForm(command, sent.body) : sent.body;
    return {
      purpose,
      request: {
        method: sent.method,
        url: origin + redactor.known(sent.path),
        headers: maskHeaders(sent.headers),
        body: redactor.known(body),
      },
      startedAt: this.#startedAt,
      ms: Math.round(performance.now() - this.#start),
    };
  }
}

interface SentRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: HeaderLines;
  readonly body: string;
}

/** Reads the bytes of a request; undefined where not even its head was written. */
function readRequest(bytes: Buffer): SentRequest | undefined {
  const end = bytes.indexOf('\r\n\r\n');
  if (end < 0) return undefined;
  const [requestLine = '', ...lines] = bytes.subarray(0, end).toString('latin1').split('\r\n');
  const [method = '', path = ''] = requestLine.split(' ');
  return { method, path, headers: lines.map(splitHeader), body: bytes.subarray(end + 4).toString('utf8') };
}

function splitHeader(line: string): readonly [string, string] {
  const colon = line.indexOf(':');
  return [line.slice(0, colon), line.slice(colon + 1).trim()];
}

/** Returns the headers of a response in their order and spelling. */
function headerLines(raw: unknown): HeaderLines {
  if (!Array.isArray(raw)) return [];
  const texts = raw.map((part: unknown) => (Buffer.isBuffer(part) ? part.toString('latin1') : String(part)));
  return texts.flatMap((name, index) => (index % 2 === 0 ? [[name, texts[index + 1] ?? ''] as const] : []));
}

function maskHeaders(headers: HeaderLines): HeaderLines {
  return headers.map(([name, value]) => {
    if (/^authorization$/i.test(name)) return [name, value.replace(/\S+$/, MASK)];
    return [name, /^set-cookie$/i.test(name) ? value.replace(/=[^;]*/, `=${MASK}`) : value];
  });
}

/** Masks the secret fields of a form, and leaves every other byte of it as it is. */
function maskForm(command: Command, form: string): string {
  return form
    .split('&')
    .map((field) => {
      const [name = '', value = ''] = field.split('=', 2);
      const schema = command.input[name];
      const { secret } = schema ? fieldTraits(schema) : {};
      if (secret === undefined) return field;
      if (secret === true) return `${name}=${MASK}`;
      const masked = maskSecrets(command, { [name]: JSON.parse(new URLSearchParams(field).get(name) ?? value) as unknown });
      return new URLSearchParams({ [name]: JSON.stringify(masked[name]) }).toString();
    })
    .join('&');
}
