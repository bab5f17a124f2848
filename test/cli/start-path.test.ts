import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { expect, test } from 'vitest';

/** The build replaces these modules by their values, so that what they import is not loaded. */
const REPLACED: ReadonlySet<string> = new Set(['src/cli/tool-lists.ts', 'src/mcp/recorded-answers.ts']);

/** Returns every module that is loaded with one of `entries`, each with the module that imports it. */
async function listLoaded(entries: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const { metafile } = await build({
    entryPoints: [...entries],
    absWorkingDir: fileURLToPath(new URL('../..', import.meta.url)),
    outdir: 'unwritten',
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    packages: 'external',
    write: false,
    metafile: true,
  });
  const loaded = new Map<string, string>();
  const load = (path: string, from: string) => {
    if (loaded.has(path)) return;
    loaded.set(path, from);
    if (REPLACED.has(path)) return;
    for (const { kind, path: next } of metafile.inputs[path]?.imports ?? []) if (kind === 'import-statement') load(next, path);
  };
  for (const entry of entries) load(entry, 'the start');
  return loaded;
}

test('a server that answers `tools/list` has loaded no package, no declaration and no heavy module of Node.js', async () => {
  const loaded = await listLoaded(['src/cli/main.ts', 'src/cli/serve.ts']);
  expect([...loaded.keys()]).toContain('src/transports/fast-opening.ts');
  const heavy = [...loaded]
    .filter(([path]) => !/^(?:src\/|package\.json$|node:)/.test(path) || /^node:(?:crypto|https?|sqlite|tls|worker_threads)$/.test(path))
    .map(([path, from]) => `${path}, imported by ${from}`);
  expect(heavy).toEqual([]);
});
