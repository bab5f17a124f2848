/**
 * Packs the built program as an MCPB bundle, which Claude Desktop installs by a double click: `mailstore-mcp-<version>.mcpb`. The official tool
 * validates the manifest and packs it.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createManifest } from './bundle/manifest.ts';
import { build } from './build.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const tool = join(root, 'node_modules', '@anthropic-ai', 'mcpb', 'dist', 'cli', 'cli.js');
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };

function runTool(...args: readonly string[]): void {
  const { status } = spawnSync(process.execPath, [tool, ...args], { stdio: 'inherit' });
  if (status !== 0) throw new Error(`mcpb ${args.join(' ')} ended with ${status}`);
}

await build();
const folder = mkdtempSync(join(tmpdir(), 'mailstore-mcp-bundle-'));
try {
  writeFileSync(join(folder, 'manifest.json'), `${JSON.stringify(createManifest(), null, 2)}\n`);
  cpSync(join(root, 'dist'), join(folder, 'dist'), { recursive: true });
  for (const file of ['README.md', 'LICENSE']) cpSync(join(root, file), join(folder, file));
  runTool('validate', join(folder, 'manifest.json'));
  runTool('pack', folder, join(root, `mailstore-mcp-${version}.mcpb`));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
