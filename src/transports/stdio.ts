import { setTimeout as sleep } from 'node:timers/promises';
import type { JSONRPCMessage, Transport } from '@modelcontextprotocol/server';
import { readFrame, withPlainError, type Frame } from './frame.ts';

/** The longest line that the protocol library takes; a client that sends a longer one gets no answer to it, so the connection ends. */
const MAX_LINE_BYTES = 10 * 1024 * 1024;

/** Above this number of bytes that the client has not read, no more of its requests are taken; of those, as many bytes are kept waiting. */
const HIGH_WATER_BYTES = 1024 * 1024;

/** Above this number of unanswered requests, those that wait for the client's own answer not counted, no more are taken. */
const MAX_UNANSWERED = 256;

const LINE_FEED = 10;

/** What `reserveStdout` leaves to the transport: the way to the client, and how much of it the client has yet to read. */
export interface ReservedStdout {
  write(text: string): void;
  readonly unreadBytes: number;
  on(event: 'drain' | 'error', listener: () => void): void;
}

/**
 * Keeps stdout for the protocol: from now on all other output to it goes to stderr, since a single foreign byte without a line
 * break would swallow the next message. Returns the way that still reaches the client.
 */
export function reserveStdout(): ReservedStdout {
  const { stdout, stderr } = process;
  const write = stdout.write.bind(stdout);
  stdout.write = stderr.write.bind(stderr);
  return {
    write: (text) => void write(text),
    get unreadBytes() {
      return stdout.writableLength;
    },
    on: (event, listener) => void stdout.on(event, listener),
  };
}

/**
 * MCP over stdin and stdout, one JSON-RPC message a line. Closes itself, and calls `onEnd` once, at the end of stdin, when stdout cannot be
 * written, and after a line that is too long. A client that does not read its answers is not read from.
 */
export class StdioTransport implements Transport {
  onclose?: (() => void) | undefined;
  onerror?: ((error: Error) => void) | undefined;
  onmessage?: ((message: JSONRPCMessage) => void) | undefined;
  readonly #stdin: NodeJS.ReadStream;
  readonly #stdout: ReservedStdout;
  readonly #onEnd: () => void;
  /** The beginning of a line whose end has not come. */
  #partial: Buffer[] = [];
  #partialBytes = 0;
  /** Lines that are complete and not yet handed on. */
  readonly #lines: Buffer[] = [];
  #lineBytes = 0;
  #isFirstLine = true;
  #isPumping = false;
  #hasEnded = false;
  #isClosed = false;
  /** True when nothing more can be written to the client. */
  #isBroken = false;
  /** Requests of the client that are being answered. */
  readonly #unanswered = new Set<unknown>();
  /** Requests to the client that wait for its answer; each holds up one of the client's own. */
  readonly #asked = new Set<unknown>();
  #wake: () => void = () => undefined;

  constructor(stdin: NodeJS.ReadStream, stdout: ReservedStdout, onEnd: () => void) {
    this.#stdin = stdin;
    this.#stdout = stdout;
    this.#onEnd = onEnd;
  }

  async start(): Promise<void> {
    const close = () => void this.close();
    this.#stdin.on('data', (chunk: Buffer) => this.#append(chunk));
    this.#stdin.on('end', () => this.#end());
    this.#stdin.on('close', () => this.#end());
    this.#stdin.on('error', close);
    this.#stdout.on('error', () => {
      this.#isBroken = true;
      close();
    });
    this.#stdout.on('drain', () => this.#wake());
  }

  async send(message: JSONRPCMessage): Promise<void> {
    this.#send(message);
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#lines.length = 0;
    this.#partial = [];
    this.#stdin.destroy();
    this.#wake();
    this.onclose?.();
    this.#onEnd();
  }

  /** Resolves when the client has read everything, when it cannot any more, or after `ms`. */
  async flush(ms: number): Promise<void> {
    const until = performance.now() + ms;
    while (this.#stdout.unreadBytes > 0 && !this.#isBroken && performance.now() < until) await sleep(10);
  }

  #send(message: Frame): void {
    if (this.#isClosed) return;
    const { id, method } = message;
    if (method === undefined) this.#unanswered.delete(id);
    else if (id !== undefined) this.#asked.add(id);
    // The next one says more; a client that does not read needs none.
    if (method === 'notifications/progress' && this.#stdout.unreadBytes > HIGH_WATER_BYTES) return;
    this.#stdout.write(`${JSON.stringify(withPlainError(message))}\n`);
    this.#wake();
  }

  #append(chunk: Buffer): void {
    let from = 0;
    for (let to = chunk.indexOf(LINE_FEED); to !== -1; to = chunk.indexOf(LINE_FEED, from)) {
      if (!this.#keep(chunk.subarray(from, to))) return;
      this.#lines.push(Buffer.concat(this.#partial));
      this.#lineBytes += this.#partialBytes;
      this.#partial = [];
      this.#partialBytes = 0;
      from = to + 1;
    }
    if (!this.#keep(chunk.subarray(from))) return;
    if (this.#lineBytes > HIGH_WATER_BYTES) this.#stdin.pause();
    void this.#pump();
  }

  /** Keeps a part of a line; false where the line is too long, which ends the connection. */
  #keep(part: Buffer): boolean {
    this.#partialBytes += part.length;
    if (this.#partialBytes <= MAX_LINE_BYTES) {
      if (part.length > 0) this.#partial.push(part);
      return true;
    }
    const message = `A line is longer than ${MAX_LINE_BYTES} bytes; the connection ends.`;
    this.#send({ jsonrpc: '2.0', id: null, error: { code: -32600, message } });
    this.onerror?.(new Error(message));
    void this.close();
    return false;
  }

  #end(): void {
    this.#hasEnded = true;
    this.#wake();
    void this.#pump();
  }

  /** Hands the lines on one by one, and gives each the time to be answered before the next: what they lead to is bounded by that. */
  async #pump(): Promise<void> {
    if (this.#isPumping) return;
    this.#isPumping = true;
    while (!this.#isClosed) {
      if (this.#isHeldBack()) {
        if (this.#hasEnded) break;
        await new Promise<void>((resolve) => (this.#wake = resolve));
        continue;
      }
      const line = this.#lines.shift();
      if (!line) break;
      this.#lineBytes -= line.length;
      if (this.#lineBytes <= HIGH_WATER_BYTES) this.#stdin.resume();
      this.#take(line);
      if (this.#lines.length > 0) await new Promise((resolve) => setImmediate(resolve));
    }
    this.#isPumping = false;
    if (this.#hasEnded) await this.close();
  }

  #isHeldBack(): boolean {
    return this.#stdout.unreadBytes > HIGH_WATER_BYTES || this.#unanswered.size - this.#asked.size >= MAX_UNANSWERED;
  }

  #take(line: Buffer): void {
    // Windows programs begin a text with a byte order mark.
    const text = this.#isFirstLine ? line.toString().replace(/^\uFEFF/, '') : line.toString();
    this.#isFirstLine = false;
    const read = readFrame(text);
    if (!read) return;
    if (read.answer) this.#send(read.answer);
    if (read.problem !== undefined) this.onerror?.(new Error(read.problem));
    const { message } = read;
    if (!message) return;
    const { id, method, params } = message;
    if (method === undefined) this.#asked.delete(id);
    else if (id !== undefined) this.#unanswered.add(id);
    else if (method === 'notifications/cancelled') this.#unanswered.delete((params as Frame | undefined)?.['requestId']);
    this.onmessage?.(message as unknown as JSONRPCMessage);
  }
}
