import { mkdir, rm, stat, writeFile } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';
import { build as bundle, type Plugin } from 'esbuild';

const OUT = 'dist/mailstore-mcp.cjs';

/** Replaces `src/mcp/tool-list.ts` by its value: the schemas are computed here and not on every start. */
const precomputedToolList: Plugin = {
  name: 'precomputed-tool-list',
  setup: ({ onLoad }) => {
    onLoad({ filter: /[\\/]src[\\/]mcp[\\/]tool-list\.ts$/ }, async () => {
      const { toolList } = await import('../src/mcp/tool-list.ts');
      return { contents: `export const toolList = JSON.parse(${JSON.stringify(JSON.stringify(toolList))});`, loader: 'js' };
    });
  },
};

/** Bundles the program into one file with everything but the runtime inside. */
export async function build(): Promise<void> {
  await rm('dist', { recursive: true, force: true });
  await mkdir('dist', { recursive: true });
  const result = await bundle({
    entryPoints: ['src/cli/main.ts'],
    outfile: OUT,
    bundle: true,
    platform: 'node',
    target: 'node20.19',
    format: 'cjs',
    legalComments: 'linked',
    // The typed entry points of packages are ES modules, of which only the used parts are kept.
    mainFields: ['module', 'main'],
    plugins: [precomputedToolList],
    metafile: true,
    logLevel: 'warning',
  });
  await writeFile('dist/meta.json', JSON.stringify(result.metafile));
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  await build();
  const { size } = await stat(OUT);
  process.stdout.write(`${OUT}: ${(size / 1024).toFixed(0)} KiB\n`);
}
