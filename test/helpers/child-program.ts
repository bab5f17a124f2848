import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** Below the packages, so that the programs find them. */
const OUT = join(ROOT, 'node_modules', '.cache', 'test-programs');

const CHILDREN = ['src/masking/mask-worker.ts', 'test/audit/audit-child.ts', 'test/journal/child.ts'];

/** Bundles the programs that tests start in processes of their own: without a compiler, a process starts in a fifth of the time. */
export async function buildChildren(): Promise<void> {
  await build({
    entryPoints: CHILDREN.map((path) => join(ROOT, path)),
    outbase: ROOT,
    outdir: OUT,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    target: 'node20.19',
    logLevel: 'warning',
  });
}

/** Returns the file that Node runs for a program of the tests. */
export function findChild(url: URL): string {
  const path = fileURLToPath(url);
  return join(OUT, relative(ROOT, dirname(path)), path.slice(dirname(path).length + 1).replace(/\.ts$/, '.mjs'));
}
