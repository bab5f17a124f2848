import type { JSONRPCMessage, Transport } from '@modelcontextprotocol/server';
import { systemClock, type Clock } from '../base/clock.ts';
import type { RecordedAnswer, RecordedAnswers } from '../mcp/recorded-answers.ts';
import { declaresViews } from '../mcp/drawn-views.ts';
import { listTools, type Surface } from '../mcp/surface.ts';
import type { Frame } from './frame.ts';
import type { StdioTransport } from './stdio.ts';

export interface FastOpeningOptions {
  readonly surface: Surface;
  readonly answers: RecordedAnswers;
  /** Loads the protocol library and lets it serve the given transport. */
  readonly serve: (transport: Transport) => Promise<void>;
  /** Called when the list of tools is sent, and for a message that is not answered here: what calls need may be loaded. */
  readonly onOpened: () => void;
  readonly onerror: (error: Error) => void;
  /** Measures how long requests wait; the machine's own by default. */
  readonly clock?: Clock;
}

/**
 * Answers the requests that open a connection before the protocol library is loaded, from answers recorded from that library. After the list
 * of tools, or at the first message that is not a plain opening, the library is loaded and receives the same messages; its answers to those are
 * dropped. From then on this is the transport that the library serves.
 */
export class FastOpening implements Transport {
  onclose?: (() => void) | undefined;
  onmessage?: ((message: JSONRPCMessage) => void) | undefined;
  /** The protocol library sets its own, which reports as well; errors of the transport are reported once. */
  onerror?: ((error: Error) => void) | undefined;
  readonly #transport: StdioTransport;
  readonly #options: FastOpeningOptions;
  readonly #clock: Clock;
  #phase: 'opening' | 'loading' | 'open' = 'opening';
  #era: 'legacy' | 'modern' | undefined;
  /** True where the client has declared that it draws answers. */
  #showsViews = false;
  /** Messages that were answered here. */
  readonly #answered: Frame[] = [];
  /** Messages that wait for the library. */
  readonly #waiting: Frame[] = [];
  /** When each request that waits for the library came, by its id. */
  readonly #arrivals = new Map<unknown, number>();
  /** How many of the library's next answers have been given already. */
  #toDrop = 0;

  constructor(transport: StdioTransport, options: FastOpeningOptions) {
    this.#transport = transport;
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    transport.onmessage = (message) => this.#take(message);
    transport.onclose = () => this.onclose?.();
    transport.onerror = options.onerror;
    void transport.start();
  }

  /** The transport below has been started. */
  async start(): Promise<void> {}

  async send(message: JSONRPCMessage): Promise<void> {
    if (this.#toDrop === 0 || 'method' in message) return this.#transport.send(message);
    this.#toDrop--;
    if (this.#toDrop === 0) this.#open();
  }

  /** Returns how long a request waited for the library, in milliseconds; asked once, when the library takes it. */
  waitedMs(requestId: unknown): number {
    const arrival = this.#arrivals.get(requestId);
    this.#arrivals.delete(requestId);
    return arrival === undefined ? 0 : this.#clock.monotonic() - arrival;
  }

  async close(): Promise<void> {
    await this.#transport.close();
  }

  #take(message: Frame): void {
    if (this.#phase === 'open') return this.onmessage?.(message as unknown as JSONRPCMessage);
    const answer = this.#phase === 'opening' ? this.#answer(message) : undefined;
    if (!answer) {
      this.#waiting.push(message);
      if (message['id'] !== undefined) this.#arrivals.set(message['id'], this.#clock.monotonic());
      if (this.#phase === 'opening') this.#load();
      return;
    }
    this.#answered.push(message);
    if (answer !== 'none') void this.#transport.send(this.#fill(answer, message['id']));
    if (message['method'] === 'tools/list') this.#load();
  }

  /** Returns the recorded answer, `none` for a notification, and undefined for a message that the library has to answer. */
  #answer({ method, params }: Frame): RecordedAnswer | 'none' | undefined {
    const { answers } = this.#options;
    const isFirst = this.#answered.length === 0;
    switch (method) {
      case 'initialize': {
        const answer = isFirst && isPlainInitialize(params, answers) ? answers.initialize[params.protocolVersion] : undefined;
        if (answer) this.#era = 'legacy';
        this.#showsViews = declaresViews(isObject(params) && params['capabilities']);
        return answer;
      }
      case 'notifications/initialized':
        return this.#era === 'legacy' && isPlainObject(params ?? {}, {}) ? 'none' : undefined;
      case 'server/discover':
        if (!isFirst || !isPlainEnvelope(params)) return undefined;
        this.#era = 'modern';
        return answers.discover;
      case 'tools/list':
        if (this.#era === 'legacy') return isPlainObject(params ?? {}, {}) ? answers.legacyList : undefined;
        if (!isPlainEnvelope(params)) return undefined;
        this.#showsViews = declaresViews((params['_meta'] as Frame)[CAPABILITIES]);
        return answers.modernList;
      default:
        return undefined;
    }
  }

  #fill(answer: RecordedAnswer, id: unknown): JSONRPCMessage {
    const { surface } = this.#options;
    const values: Readonly<Record<string, unknown>> = { '@id': id, '@version': surface.version, '@instructions': surface.instructions };
    return JSON.parse(JSON.stringify(answer), (key, value: unknown) => {
      if (key === 'tools' && Array.isArray(value)) return listTools(surface, this.#era ?? 'modern', { showsViews: this.#showsViews });
      return typeof value === 'string' && Object.hasOwn(values, value) ? values[value] : value;
    }) as JSONRPCMessage;
  }

  #load(): void {
    this.#phase = 'loading';
    this.#options.onOpened();
    // What was just answered is sent before the library keeps this thread busy.
    setImmediate(() => {
      this.#options.serve(this).then(
        () => this.#replay(),
        (error: unknown) => {
          this.#options.onerror(error instanceof Error ? error : new Error(String(error)));
          void this.close();
        },
      );
    });
  }

  #replay(): void {
    this.#toDrop = this.#answered.filter(({ id }) => id !== undefined).length;
    if (this.#toDrop === 0) this.#open();
    for (const message of this.#answered.splice(0)) this.onmessage?.(message as unknown as JSONRPCMessage);
  }

  #open(): void {
    this.#phase = 'open';
    for (const message of this.#waiting.splice(0)) this.onmessage?.(message as unknown as JSONRPCMessage);
  }
}

/** Says of each key whether its value is plain; all other keys are not plain. */
type Shape = Readonly<Record<string, (value: unknown) => boolean>>;

const isText = (value: unknown): value is string => typeof value === 'string';
const isFlag = (value: unknown) => typeof value === 'boolean';
const isObject = (value: unknown): value is Frame => typeof value === 'object' && value !== null && !Array.isArray(value);
const isObjects = (value: unknown) => isObject(value) && Object.values(value).every(isObject);

function isPlainObject(value: unknown, shape: Shape, required: readonly string[] = []): value is Frame {
  return (
    isObject(value) &&
    required.every((key) => Object.hasOwn(value, key)) &&
    Object.entries(value).every(([key, entry]) => Object.hasOwn(shape, key) && shape[key]?.(entry))
  );
}

const isPlainClient = (value: unknown) =>
  isPlainObject(value, { name: isText, version: isText, title: isText, description: isText, websiteUrl: isText }, ['name', 'version']);

const isPlainCapabilities = (value: unknown) =>
  isPlainObject(value, {
    roots: (roots) => isPlainObject(roots, { listChanged: isFlag }),
    sampling: (sampling) => isPlainObject(sampling, { context: isObject, tools: isObject }),
    elicitation: (modes) => isPlainObject(modes, { form: (form) => isPlainObject(form, { applyDefaults: isFlag }), url: isObject }),
    experimental: isObjects,
    extensions: isObjects,
  });

const INITIALIZE = { protocolVersion: isText, capabilities: isPlainCapabilities, clientInfo: isPlainClient };

function isPlainInitialize(params: unknown, { initialize }: RecordedAnswers): params is { readonly protocolVersion: string } {
  return isPlainObject(params, INITIALIZE, Object.keys(INITIALIZE)) && Object.hasOwn(initialize, String(params['protocolVersion']));
}

const CAPABILITIES = 'io.modelcontextprotocol/clientCapabilities';

const ENVELOPE = {
  'io.modelcontextprotocol/protocolVersion': (value: unknown) => value === '2026-07-28',
  'io.modelcontextprotocol/clientInfo': isPlainClient,
  [CAPABILITIES]: isPlainCapabilities,
};

/** True for the parameters of a request of 2026-07-28 that hold nothing else than what every such request holds. */
function isPlainEnvelope(params: unknown): params is Frame {
  return isPlainObject(params, { _meta: (meta) => isPlainObject(meta, ENVELOPE, Object.keys(ENVELOPE)) }, ['_meta']);
}
