import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { EventEmitter } from 'node:events';
import { readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer, connect, type Socket } from 'node:net';
import os from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { PassThrough, type Readable, type Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Script } from 'node:vm';

const DIST = fileURLToPath(new URL('../../dist', import.meta.url));
/** The file that a person starts, as the program finds it in its arguments. */
const BINARY = join(DIST, 'mailstore-mcp.cjs');
const MAIN = join(DIST, 'main.cjs');

export interface ProgramEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A run of the built program in the process of the test. */
export interface Program {
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  readonly ended: Promise<ProgramEnd>;
  /** Sends a signal that the program can catch; without a listener it ends the program. */
  kill(signal: NodeJS.Signals): void;
}

type Evaluate = (this: unknown, ...parts: readonly unknown[]) => void;

/** What each file of the program sees in place of Node's own. */
const INJECTED = ['process', 'setTimeout', 'setInterval', 'setImmediate', 'WebAssembly'] as const;

/** Files that were compiled before; a run evaluates them again, so that it has its own state. */
const compiled = new Map<string, Evaluate>();

function compile(path: string): Evaluate {
  const known = compiled.get(path);
  if (known) return known;
  const parameters = ['exports', 'require', 'module', '__filename', '__dirname', ...INJECTED].join(', ');
  const wrapped = `(function (${parameters}) {${readFileSync(path, 'utf8')}\n})`;
  const evaluate = new Script(wrapped, { filename: path }).runInThisContext() as Evaluate;
  compiled.set(path, evaluate);
  return evaluate;
}

/** What Node has and this project's types do not. */
const wasm = Reflect.get(globalThis, 'WebAssembly') as Readonly<Record<string, unknown>> & {
  readonly Module: new (bytes: Uint8Array) => object;
};

/** Compiling the HTTP parser takes longer than most calls. */
const wasmModules = new Map<string, object>();

function compileWasm(bytes: Buffer): object {
  const key = bytes.toString('base64');
  const known = wasmModules.get(key) ?? new wasm.Module(new Uint8Array(bytes));
  wasmModules.set(key, known);
  return known;
}

const cachingWasm = {
  ...Object.fromEntries(Object.getOwnPropertyNames(wasm).map((name) => [name, wasm[name]])),
  Module: new Proxy(wasm.Module, { construct: (_, [bytes]) => compileWasm(bytes as Buffer) }),
};

/** Numbers that no process of the machine has. */
let lastPid = 2 ** 30;
const alive = new Set<number>();

/** Subcommands that end on a signal, and not with their action. */
const LASTING = new Set(['serve', 'sandbox', 'tester']);

/**
 * Runs the built program, from its arguments to its exit code, in this process: its files are the built ones and evaluated for each run, and its process, with
 * the arguments, environment, streams and exit, is its own. What a process is to the operating system (signals that cannot be caught, descriptors, a
 * terminal, memory) it is not; tests of those start a process.
 */
export function startProgram(args: readonly string[], env: Readonly<Record<string, string>>): Program {
  const input = connectPair();
  const output = connectPair();
  let [stdin, stdout]: readonly Socket[] = [];
  const stderr = new PassThrough();
  const timers = new Set<NodeJS.Timeout | NodeJS.Immediate>();
  const pid = ++lastPid;
  alive.add(pid);
  let isOver = false;
  let finish: (end: ProgramEnd) => void = () => undefined;
  const ended = new Promise<ProgramEnd>((done) => (finish = done));

  const events = new EventEmitter().setMaxListeners(0);
  const own: Record<string | symbol, unknown> = {
    argv: [process.execPath, BINARY, ...args],
    env: { ...env },
    pid,
    stderr,
    exitCode: undefined,
    exit: (code?: number) => end({ code: code ?? (own['exitCode'] as number | undefined) ?? 0, signal: null }),
    kill: (other: number, signal: NodeJS.Signals | 0 = 'SIGTERM') => {
      if (other < 2 ** 30) return process.kill(other, signal);
      if (!alive.has(other)) throw Object.assign(new Error('kill ESRCH'), { code: 'ESRCH', errno: -3, syscall: 'kill' });
      return true;
    },
  };
  for (const method of ['on', 'once', 'off', 'emit', 'addListener', 'removeListener', 'listenerCount', 'listeners'] as const) {
    own[method] = (...parts: readonly unknown[]) => {
      const result: unknown = Reflect.apply(events[method], events, parts);
      return result === events ? virtual : result;
    };
  }
  const virtual = new Proxy(process, {
    get: (real, name) => {
      if (Object.hasOwn(own, name)) return own[name];
      const value: unknown = Reflect.get(real, name, real);
      return typeof value === 'function' ? (value.bind(real) as unknown) : value;
    },
    set: (_, name, value) => {
      own[name] = value;
      return true;
    },
    has: (real, name) => name in own || name in real,
  });

  const track = <T extends NodeJS.Timeout | NodeJS.Immediate>(timer: T): T => {
    timers.add(timer);
    return timer;
  };
  const guarded =
    (act: (...parts: unknown[]) => void) =>
    (...parts: unknown[]) => {
      if (!isOver) act(...parts);
    };
  const injected: Record<(typeof INJECTED)[number], unknown> = {
    process: virtual,
    setTimeout: (act: () => void, ms?: number, ...parts: unknown[]) => track(setTimeout(guarded(act), ms, ...parts)),
    setInterval: (act: () => void, ms?: number, ...parts: unknown[]) => track(setInterval(guarded(act), ms, ...parts)),
    setImmediate: (act: () => void, ...parts: unknown[]) => track(setImmediate(guarded(act), ...parts)),
    WebAssembly: cachingWasm,
  };
  const builtins: Readonly<Record<string, unknown>> = {
    process: virtual,
    os: { ...os, default: os, homedir: () => env['HOME'] ?? os.homedir(), tmpdir: () => env['TMPDIR'] ?? os.tmpdir() },
    'timers/promises': {
      setTimeout: async (ms: number, value?: unknown, options?: { readonly signal?: AbortSignal }) => {
        const slept: unknown = await sleep(ms, value, { ref: false, ...options });
        return isOver ? new Promise(() => undefined) : slept;
      },
    },
  };

  const modules = new Map<string, { exports: unknown }>();
  const load = (path: string): unknown => {
    const known = modules.get(path);
    if (known) return known.exports;
    const module = { exports: {} as unknown };
    modules.set(path, module);
    const requireReal = createRequire(path);
    const requireHere = Object.assign(
      (name: string): unknown => {
        if (name.startsWith('.')) return load(resolve(dirname(path), name));
        const builtin = name.replace(/^node:/, '');
        return Object.hasOwn(builtins, builtin) ? builtins[builtin] : requireReal(name);
      },
      { resolve: requireReal.resolve },
    );
    const parts = [module.exports, requireHere, module, path, dirname(path), ...INJECTED.map((name) => injected[name])];
    Reflect.apply(compile(path), module.exports, parts);
    return module.exports;
  };

  function end(how: ProgramEnd): void {
    if (isOver) return;
    if (how.signal === null) {
      own['exitCode'] = how.code;
      events.emit('exit', how.code);
    }
    isOver = true;
    alive.delete(pid);
    for (const timer of timers) clearTimeout(timer as NodeJS.Timeout);
    stderr.end();
    stdin?.destroy();
    stdout?.end();
    output.near.once('close', () => finish({ code: how.signal === null ? Number(own['exitCode']) : null, signal: how.signal }));
    stdout?.once('finish', () => stdout?.destroy());
  }

  const subcommand = args[0] ?? 'serve';
  const asks = args.some((word) => ['-h', '--help', '-v', '--version'].includes(word));
  const isLasting = (LASTING.has(subcommand) || subcommand.startsWith('-')) && !asks;
  const started = Promise.all([input.far, output.far]).then((far) => {
    [stdin, stdout] = far;
    Object.assign(own, { stdin, stdout });
    const { done } = load(MAIN) as { readonly done: Promise<void> };
    void done.then(() => {
      if (!isLasting) end({ code: (own['exitCode'] as number | undefined) ?? 0, signal: null });
    });
  });
  return {
    stdin: input.near,
    stdout: output.near,
    stderr,
    ended,
    kill: (signal) => {
      void started.then(() => {
        if (!events.emit(signal, signal)) end({ code: null, signal });
      });
    },
  };
}

/** Starts Node as a process of its own. */
export function startProcess(args: readonly string[], env: Readonly<Record<string, string>>): Program {
  const child = spawn(process.execPath, args, { env, stdio: ['pipe', 'pipe', 'pipe'] });
  return {
    stdin: child.stdin,
    stdout: child.stdout,
    stderr: child.stderr,
    ended: new Promise((done) => child.once('close', (code, signal) => done({ code, signal }))),
    kill: (signal) => void child.kill(signal),
  };
}

/** Who waits for the other end of a connection, in the order of the connections. */
const accepting: ((far: Socket) => void)[] = [];
const address = process.platform === 'win32' ? `\\\\.\\pipe\\${randomUUID()}` : join(os.tmpdir(), `${randomUUID()}.sock`);
const acceptor = createServer({ allowHalfOpen: true }, (far) => {
  far.on('error', () => undefined);
  accepting.shift()?.(far);
});
await new Promise<void>((ready) => acceptor.listen(address, ready));
acceptor.unref();
process.once('exit', () => rmSync(address, { force: true }));

/** Returns the two ends of a connection through the operating system. */
function connectPair(): { readonly near: Socket; readonly far: Promise<Socket> } {
  const far = new Promise<Socket>((take) => accepting.push(take));
  const near = connect({ path: address });
  near.on('error', () => undefined);
  return { near, far };
}
