import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { budgets, type Row } from './budgets.ts';

interface LockedPackage {
  readonly dev?: boolean;
  readonly optional?: boolean;
  readonly devOptional?: boolean;
}

/** Measures what `npm install mailstore-mcp` puts on disk, optional native modules apart. */
export async function measureInstall(root: string): Promise<readonly Row[]> {
  const { stdout } = await promisify(execFile)('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
    cwd: root,
    shell: process.platform === 'win32',
  });
  const [pack] = JSON.parse(stdout) as { readonly unpackedSize: number }[];
  const lock = JSON.parse(await readFile(`${root}/package-lock.json`, 'utf8')) as { readonly packages: Record<string, LockedPackage> };
  const installed = Object.values(lock.packages).filter(({ dev, optional, devOptional }) => !dev && !optional && !devOptional);
  return [
    { what: 'installed packages', unit: 'packages', product: installed.length, budget: budgets.packages },
    {
      what: 'installed size',
      unit: 'MB',
      product: pack === undefined ? undefined : pack.unpackedSize / 1e6,
      budget: budgets.installSize,
    },
  ];
}
