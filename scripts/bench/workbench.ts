import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build as bundle } from 'esbuild';
import type { Load, LoadOrder } from './load.ts';
import { LOGIN } from './request.ts';
import { StdioClient, type Program } from './stdio-client.ts';

/** Where a MailStore listens, and how to log in. */
export interface Address {
  readonly url: string;
  readonly username: string;
  readonly password: string;
  readonly fingerprint: string;
}

/** Everything that the subjects measure with: the programs that are compared and the servers they talk to. */
export interface Workbench {
  /** The built server as it stood when the run began, in front of the MailStore at `address`. */
  product(address: Address, stateDir?: string): Program;
  /** The least possible server, in front of the lean server; it hands out the product's own list. */
  readonly handWritten: Program;
  /** The same with the protocol library and nothing else of the product. */
  readonly library: Program;
  /** Answers with fixed bytes, so that the clients are what takes time. */
  readonly lean: Address & { countConnections(): Promise<number> };
  /** Sends the measured request by undici alone. */
  readonly raw: { readonly pid: number; run(order: LoadOrder): Promise<Load> };
  /** The emulated MailStore, in a process of its own. */
  readonly sandbox: Address;
  /** True for a run that only shows that the benchmark works. */
  readonly isShort: boolean;
  /** Returns how many rounds are measured where a full run has this many. */
  rounds(full: number): number;
  /** The environment of a child: without what slows down each start of Node.js, or would configure the product. */
  readonly env: NodeJS.ProcessEnv;
  close(): Promise<void>;
}

const programs = {
  'hand-written-server': fileURLToPath(new URL('./hand-written-server.ts', import.meta.url)),
  'library-server': fileURLToPath(new URL('./library-server.ts', import.meta.url)),
  'lean-server': fileURLToPath(new URL('./lean-server.ts', import.meta.url)),
  'raw-client': fileURLToPath(new URL('./raw-client.ts', import.meta.url)),
};

/** Copies the built product, builds what it is compared with in the same way, and starts the servers. */
export async function openWorkbench(dist: string, { isShort }: { readonly isShort: boolean }): Promise<Workbench> {
  const folder = await mkdtemp(join(tmpdir(), 'mailstore-mcp-bench-'));
  const productFile = join(folder, 'dist', 'mailstore-mcp.cjs');
  await cp(dist, join(folder, 'dist'), { recursive: true });
  // Optional native modules are no part of the bundle; the copy finds them where the original would.
  await symlink(join(dirname(dist), 'node_modules'), join(folder, 'node_modules'), 'junction');
  await bundle({
    entryPoints: programs,
    outdir: folder,
    outExtension: { '.js': '.cjs' },
    bundle: true,
    minify: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20.19',
    logLevel: 'warning',
  });

  const env = withoutSettings(process.env);
  const children: ChildProcess[] = [];
  // Stop the servers however the run ends: by an error or by a signal.
  process.once('exit', () => children.forEach((child) => child.kill()));
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
  const start = (file: string, args: readonly string[]) => {
    const child = fork(file, args, { env, execArgv: [], stdio: ['ignore', 'pipe', 'inherit', 'ipc'] });
    children.push(child);
    return child;
  };
  const leanServer = start(join(folder, 'lean-server.cjs'), []);
  const sandboxServer = start(productFile, ['sandbox', '--port', '0', '--json']);
  const [{ url, fingerprint, certificate }, sandbox] = await Promise.all([
    readFirstLine<{ url: string; fingerprint: string; certificate: string }>(leanServer),
    readFirstLine<Address>(sandboxServer),
  ]);
  const rawClient = start(join(folder, 'raw-client.cjs'), [url, certificate]);

  const lean = { ...LOGIN, url, fingerprint, countConnections: () => ask<number>(leanServer, 'connections') };
  const product = (address: Address, stateDir = join(folder, 'state')): Program => ({
    args: [productFile],
    env: {
      ...env,
      MAILSTORE_URL: address.url,
      MAILSTORE_USERNAME: address.username,
      MAILSTORE_PASSWORD: address.password,
      MAILSTORE_TLS_FINGERPRINT: address.fingerprint,
      MAILSTORE_STATE_DIR: stateDir,
    },
  });

  const listFile = join(folder, 'tools.json');
  const client = new StdioClient(product(lean));
  await writeFile(listFile, JSON.stringify({ tools: await client.open() }));
  await client.close();

  return {
    product,
    handWritten: { args: [join(folder, 'hand-written-server.cjs'), listFile, url, certificate], env },
    library: { args: [join(folder, 'library-server.cjs'), listFile, url, certificate], env },
    lean,
    raw: { pid: rawClient.pid ?? 0, run: (order) => ask<Load>(rawClient, order) },
    sandbox,
    env,
    isShort,
    rounds: (full) => (isShort ? 1 : full),
    close: async () => {
      for (const child of children) child.kill();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Extra certificate authorities make each start of Node.js read them, several times as long as the start itself. */
function withoutSettings(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(env).filter(([name]) => !name.startsWith('MAILSTORE_') && !name.startsWith('npm_') && !name.startsWith('NODE_')),
  );
}

/** Returns the first line of a process as JSON. Throws when it ends before. */
export async function readFirstLine<Line>(child: ChildProcess): Promise<Line> {
  let text = '';
  for await (const chunk of child.stdout ?? []) {
    text += String(chunk);
    if (text.includes('\n')) break;
  }
  if (!text.includes('\n')) throw new Error('A process of the benchmark ended before it was ready.');
  return JSON.parse(text) as Line;
}

async function ask<Answer>(child: ChildProcess, message: string | LoadOrder): Promise<Answer> {
  const answer = once(child, 'message') as Promise<[Answer]>;
  child.send(message);
  const [value] = await answer;
  return value;
}
