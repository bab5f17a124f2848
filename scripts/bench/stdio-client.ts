import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';

/** How to start a server. */
export interface Program {
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
}

export interface Result {
  readonly tools?: readonly Tool[];
  readonly structuredContent?: Readonly<Record<string, unknown>>;
  readonly content?: readonly { readonly text?: string }[];
  readonly isError?: boolean;
}

export interface Tool {
  readonly name: string;
  readonly description: string;
  readonly inputSchema: unknown;
  readonly _meta?: Readonly<Record<string, unknown>>;
}

interface Response {
  readonly id?: number;
  readonly result?: Result;
  readonly error?: { readonly message: string };
}

interface Waiter {
  readonly resolve: (result: Result) => void;
  readonly reject: (error: Error) => void;
}

const STDERR_KEPT = 2000;

/** An MCP client over stdio that does the least possible, so that what is measured is the server. */
export class StdioClient {
  readonly pid: number;
  readonly #child: ChildProcess;
  readonly #waiters = new Map<number, Waiter>();
  #lastId = 0;
  #rest = '';
  #stderr = '';
  #end: Error | undefined;

  constructor({ args, env }: Program) {
    this.#child = spawn(process.execPath, args, { env, stdio: ['pipe', 'pipe', 'pipe'] });
    this.pid = this.#child.pid ?? 0;
    this.#child.stdout?.setEncoding('utf8').on('data', (text: string) => this.#read(text));
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-STDERR_KEPT);
    });
    // A write to a server that is gone fails here too; its end says why.
    this.#child.stdin?.on('error', () => undefined);
    this.#child.once('close', (code) => {
      this.#end = new Error(`The server ended with ${code}: ${this.#stderr}`);
      for (const { reject } of this.#waiters.values()) reject(this.#end);
    });
  }

  /** Opens the connection and returns the tools. */
  async open(): Promise<readonly Tool[]> {
    await this.request('initialize', {
      protocolVersion: '2025-11-25',
      capabilities: {},
      clientInfo: { name: 'bench', version: '0' },
    });
    this.#write({ method: 'notifications/initialized' });
    return this.list();
  }

  async list(): Promise<readonly Tool[]> {
    const { tools } = await this.request('tools/list', {});
    return tools ?? [];
  }

  async call(name: string, args: Readonly<Record<string, unknown>>): Promise<Result> {
    const result = await this.request('tools/call', { name, arguments: args });
    if (result.isError) throw new Error(`${name} failed: ${JSON.stringify(result)}`);
    return result;
  }

  request(method: string, params: object): Promise<Result> {
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      if (this.#end) throw this.#end;
      this.#waiters.set(id, { resolve, reject });
      this.#write({ id, method, params });
    });
  }

  /** Ends the server by closing its input. */
  async close(): Promise<void> {
    if (this.#end) return;
    const closed = once(this.#child, 'close');
    this.#child.stdin?.end();
    await closed;
  }

  #write(message: object): void {
    this.#child.stdin?.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
  }

  #read(text: string): void {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) {
      const { id, result, error } = JSON.parse(line) as Response;
      const waiter = id === undefined ? undefined : this.#waiters.get(id);
      if (id === undefined || !waiter) continue;
      this.#waiters.delete(id);
      if (result) waiter.resolve(result);
      else waiter.reject(new Error(error?.message ?? line));
    }
  }
}
