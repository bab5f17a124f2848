import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build as bundle, transform, type OnLoadResult, type Plugin } from 'esbuild';

const OUT = 'dist';
const TARGET = 'node20.19';

/** The pages: their source, and the folder next to the program where their server finds them. */
const PAGES = [
  { source: 'src/tester/web/page', out: join(OUT, 'tester') },
  { source: 'src/console/page', out: join(OUT, 'console') },
] as const;

/** Replaces two modules by their values: schemas and the library's opening answers are computed here and not on every start. */
const precomputedValues: Plugin = {
  name: 'precomputed-values',
  setup: ({ onLoad }) => {
    onLoad({ filter: /[\\/]src[\\/]cli[\\/]tool-lists\.ts$/ }, async () => {
      return precomputed(await import('../src/cli/tool-lists.ts'));
    });
    onLoad({ filter: /[\\/]src[\\/]mcp[\\/]recorded-answers\.ts$/ }, async () => {
      return precomputed(await import('../src/mcp/recorded-answers.ts'));
    });
  },
};

function precomputed(values: Readonly<Record<string, unknown>>): OnLoadResult {
  const lines = Object.entries(values).map(
    ([name, value]) => `export const ${name} = JSON.parse(${JSON.stringify(JSON.stringify(value))});`,
  );
  return { contents: lines.join('\n'), loader: 'js' };
}

/** Leaves out what this server never uses and would load: zod's messages in other languages, a second schema validator, and undici's fetch and its like. */
const leanDependencies: Plugin = {
  name: 'lean-dependencies',
  setup: ({ onLoad }) => {
    onLoad({ filter: /[\\/]zod[\\/]v4[\\/]locales[\\/]index\.js$/ }, () => ({ contents: `export { default as en } from './en.js';` }));
    onLoad({ filter: /[\\/]undici[\\/]index\.js$/ }, () => ({
      contents: `
        exports.Pool = require('./lib/dispatcher/pool');
        exports.buildConnector = require('./lib/core/connect');
        exports.errors = require('./lib/core/errors');`,
    }));
    onLoad({ filter: /[\\/]@modelcontextprotocol[\\/]server[\\/]dist[\\/]shimsNode\.mjs$/ }, () => ({
      contents: `
        export { CfWorkerJsonSchemaValidator as DefaultJsonSchemaValidator } from '@modelcontextprotocol/server/validators/cf-worker';
        export { default as process } from 'node:process';`,
    }));
  },
};

/**
 * Bundles the program with everything but the runtime inside: a first file that any Node can read, the entry file, and chunks that are loaded later.
 * esbuild splits only ES modules, and CommonJS starts faster, so the chunks are converted one by one. Returns the size in bytes.
 */
export async function build(): Promise<number> {
  const { outputFiles } = await bundle({
    entryPoints: { main: 'src/cli/main.ts' },
    outdir: OUT,
    outExtension: { '.js': '.cjs' },
    chunkNames: 'chunks/[name]-[hash]',
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: TARGET,
    legalComments: 'none',
    // Its CommonJS form requires its parts by names that cannot be bundled.
    alias: { 'jsonc-parser': 'jsonc-parser/lib/esm/main.js' },
    plugins: [precomputedValues, leanDependencies],
    write: false,
    logLevel: 'warning',
  });
  let size = 0;
  const written = new Set<string>();
  const write = async (path: string, content: string) => {
    // A chunk's name contains a hash of its content, so a running server still finds the chunks of its own build.
    if ((await readFile(path, 'utf8').catch(() => undefined)) !== content) {
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, content);
    }
    written.add(path);
    size += Buffer.byteLength(content);
  };
  for (const { path, text } of outputFiles) {
    const { code } = await transform(text, {
      format: 'cjs',
      platform: 'node',
      target: TARGET,
      minify: true,
      supported: { 'dynamic-import': false },
    });
    await write(path, code);
  }
  await write(resolve(OUT, 'mailstore-mcp.cjs'), await buildFirstFile());
  await write(resolve(OUT, 'mask-worker.cjs'), await buildMaskWorker());
  for (const [path, content] of (await Promise.all(PAGES.map(buildPage))).flat()) await write(path, content);
  for (const entry of await readdir(OUT, { recursive: true, withFileTypes: true })) {
    const path = join(resolve(entry.parentPath), entry.name);
    if (entry.isFile() && !written.has(path)) await rm(path);
  }
  return size;
}

/** Returns the file that looks at the version of Node before anything else is loaded. */
async function buildFirstFile(): Promise<string> {
  const { engines } = JSON.parse(await readFile('package.json', 'utf8')) as { engines: { node: string } };
  const source = await readFile('src/cli/bin.cts', 'utf8');
  const { code } = await transform(source, {
    loader: 'ts',
    target: 'es5',
    banner: '#!/usr/bin/env node',
    define: { NODE_FLOOR: JSON.stringify(engines.node.replace(/^>=/, '')), MAIN_FILE: JSON.stringify('./main.cjs') },
  });
  return code;
}

/** Bundles what masks a large body in a thread of its own. It shares no file with the program, whose start it must not slow down. */
async function buildMaskWorker(): Promise<string> {
  const { outputFiles } = await bundle({
    entryPoints: ['src/masking/mask-worker.ts'],
    bundle: true,
    minify: true,
    format: 'cjs',
    platform: 'node',
    target: TARGET,
    legalComments: 'none',
    write: false,
    logLevel: 'error',
  });
  return outputFiles[0]?.text ?? '';
}

/** Bundles a page: one script, one style sheet, and the document that names them. Returns the files by their path. */
async function buildPage({ source, out }: (typeof PAGES)[number]): Promise<readonly (readonly [path: string, content: string])[]> {
  const { outputFiles } = await bundle({
    entryPoints: ['main.tsx', 'page.css'].map((file) => ({ in: `${source}/${file}`, out: 'page' })),
    outdir: out,
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    jsx: 'automatic',
    jsxImportSource: 'preact',
    legalComments: 'none',
    write: false,
    logLevel: 'warning',
  });
  const document = await readFile(`${source}/index.html`, 'utf8');
  return [...outputFiles.map(({ path, text }) => [path, text] as const), [resolve(out, 'index.html'), document]];
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const size = await build();
  process.stdout.write(`${join(OUT, 'mailstore-mcp.cjs')} and its chunks: ${(size / 1024).toFixed(0)} KiB\n`);
}
