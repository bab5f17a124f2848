/**
 * Packs the package as `npm pack` does, installs it into an empty folder whose path has a blank and an umlaut, and drives it over stdio from
 * there on each supported Node. Prints one line of counts.
 */
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const VERSIONS = ['20.19', '22', '24'];
const root = fileURLToPath(new URL('..', import.meta.url));
const isWindows = process.platform === 'win32';

function npm(cwd: string, ...args: readonly string[]): void {
  const { status } = spawnSync('npm', [...args, '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd,
    stdio: ['ignore', 2, 2],
    shell: isWindows,
  });
  if (status !== 0) throw new Error(`npm ${args.join(' ')} ended with ${status}`);
}

/** Opens a session with the installed program, lists its tools and calls one; throws an Error when an answer is not as it should be. */
async function drive(node: string, folder: string): Promise<void> {
  const script = join(folder, 'node_modules', 'mailstore-mcp', 'dist', 'mailstore-mcp.cjs');
  const child = spawn(node, [script, '--sandbox'], { cwd: folder, stdio: ['pipe', 'pipe', 'inherit'] });
  try {
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const request = async (id: number, method: string, params: object) => {
      child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', id, method, params })}\n`);
      for (;;) {
        const next: IteratorResult<string, unknown> = await lines.next();
        if (next.done) throw new Error('the program ended');
        const message = JSON.parse(next.value) as { id?: number; result?: { tools?: unknown[]; isError?: boolean } };
        if (message.id === id) return message.result;
      }
    };
    const clientInfo = { name: 'test-package', version: '1' };
    await request(1, 'initialize', { protocolVersion: '2025-11-25', capabilities: {}, clientInfo });
    child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', method: 'notifications/initialized' })}\n`);
    const listed = await request(2, 'tools/list', {});
    if ((listed?.tools?.length ?? 0) < 20) throw new Error(`${listed?.tools?.length} tools are listed`);
    const called = await request(3, 'tools/call', { name: 'get_server_info', arguments: {} });
    if (!called || called.isError) throw new Error('the call failed');
  } finally {
    child.stdin.end();
    child.kill();
  }
}

const work = mkdtempSync(join(tmpdir(), 'mailstore-mcp-package-'));
let failed = 0;
try {
  npm(root, 'pack', '--pack-destination', work);
  const [tarball = ''] = readdirSync(work).filter((name) => name.endsWith('.tgz'));
  const folder = join(work, 'leerer Ordner ü');
  mkdirSync(folder);
  writeFileSync(join(folder, 'package.json'), '{"private":true}');
  npm(folder, 'install', join(work, tarball));
  for (const version of VERSIONS) {
    const nodeFolder = join(work, `node-${version}`);
    mkdirSync(nodeFolder);
    writeFileSync(join(nodeFolder, 'package.json'), '{"private":true}');
    npm(nodeFolder, 'install', '--no-save', `node@${version}`);
    const node = join(nodeFolder, 'node_modules', 'node', 'bin', isWindows ? 'node.exe' : 'node');
    try {
      await drive(node, folder);
      console.error(`node@${version}: ok`);
    } catch (error) {
      failed++;
      console.error(`node@${version}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
} finally {
  rmSync(work, { recursive: true, force: true });
}
console.log(`package on Node ${VERSIONS.join(', ')}: ${VERSIONS.length - failed} passed, ${failed} failed`);
if (failed > 0) process.exitCode = 1;
