import { readFileSync, readdirSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { join } from 'node:path';
import { SUPPORTED_PROTOCOL_VERSIONS } from '@modelcontextprotocol/sdk/types.js';
import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { AuditLog } from '../src/audit/audit-log.ts';
import { systemClock } from '../src/base/clock.ts';
import { Journal } from '../src/journal/journal.ts';
import { openSqlite } from '../src/journal/sqlite.ts';
import { auditEntry } from './journal/samples.ts';
import { temporaryFolder } from './helpers/temporary-folder.ts';

interface PackageFile {
  readonly engines?: { readonly node?: string };
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

const root = new URL('..', import.meta.url);
const own = readPackage('package.json');
const direct = Object.keys({ ...own.dependencies, ...own.optionalDependencies, ...own.devDependencies });

function readPackage(path: string): PackageFile {
  return JSON.parse(readFileSync(new URL(path, root), 'utf8')) as PackageFile;
}

const installed = (name: string) => readPackage(`node_modules/${name}/package.json`);

/** Returns a package and everything that it brings along at run time. */
function collectClosure(name: string, seen = new Set<string>()): Set<string> {
  if (seen.has(name)) return seen;
  seen.add(name);
  for (const dependency of Object.keys(installed(name).dependencies ?? {})) collectClosure(dependency, seen);
  return seen;
}

/** Whether a version such as `20.19` lies in a range of `||`, `>=` and `^`, which is all that our dependencies use. */
function admits(range: string, version: string): boolean {
  return range.split('||').some((part) => {
    const [, sign, wanted] = /^\s*(>=|\^)\s*(\d+(?:\.\d+)*)\s*$/.exec(part) ?? [];
    if (sign === undefined || wanted === undefined) throw new Error(`The range ${range} has a form that this test does not know`);
    return orderVersion(wanted) <= orderVersion(version) && (sign === '>=' || wanted.split('.')[0] === version.split('.')[0]);
  });
}

/** Returns a number that grows with the version: major, minor and patch in steps of a thousand. */
function orderVersion(version: string): number {
  const [major = 0, minor = 0, patch = 0] = version.split('.').map(Number);
  return (major * 1000 + minor) * 1000 + patch;
}

describe('0001: the second line of the official SDK, low level', () => {
  test('the first line still stops at revision 2025-11-25', () => {
    expect(SUPPORTED_PROTOCOL_VERSIONS[0]).toBe('2025-11-25');
    expect(SUPPORTED_PROTOCOL_VERSIONS).not.toContain('2026-07-28');
  });

  test('the server package brings two packages along', () => {
    expect([...collectClosure('@modelcontextprotocol/server')].toSorted()).toEqual([
      '@modelcontextprotocol/core',
      '@modelcontextprotocol/server',
      'zod',
    ]);
  });
});

describe('0003 and 0004: everything runs on the oldest Node that we promise', () => {
  const floor = own.engines?.node?.replace('>=', '') ?? '';

  test('the floor is Node 20.19', () => {
    expect(floor).toBe('20.19');
  });

  test.each(direct)('%s accepts the floor', (name) => {
    expect(admits(installed(name).engines?.node ?? '>=0', floor)).toBe(true);
  });

  test('a range that begins above the floor is seen as such', () => {
    expect(['>=22.19', '^22.12 || >=24', '>=20.19.1'].filter((range) => admits(range, floor))).toEqual([]);
    expect(['>=20.18.1', '^20.19.0 || >=22.12.0', '>= 16.20'].filter((range) => !admits(range, floor))).toEqual([]);
  });
});

describe('0004: the lock file', () => {
  const { packages } = z
    .object({ packages: z.record(z.string(), z.looseObject({ optionalDependencies: z.record(z.string(), z.string()).optional() })) })
    .parse(JSON.parse(readFileSync(new URL('package-lock.json', root), 'utf8')));

  test('holds the optional packages of every platform, without which npm ci refuses it', () => {
    const wanted = Object.values(packages).flatMap(({ optionalDependencies = {} }) => Object.keys(optionalDependencies));
    const held = new Set(Object.keys(packages).map((path) => path.replace(/^.*node_modules\//, '')));
    expect(wanted.length).toBeGreaterThan(50);
    expect(wanted.filter((name) => !held.has(name))).toEqual([]);
  });
});

describe('0007: bundled, with everything inside', () => {
  test('the package installs only itself and optional modules', () => {
    expect(own.dependencies ?? {}).toEqual({});
  });

  test('what is published loads Node’s own modules, its own files and optional ones', () => {
    const optional = Object.keys(own.optionalDependencies ?? {});
    const dist = new URL('dist/', root);
    const files = readdirSync(dist, { recursive: true })
      .map(String)
      .filter((name) => /\.[cm]?js$/.test(name));
    const foreign = files.flatMap((file) =>
      [...readFileSync(new URL(file, dist), 'utf8').matchAll(/(?<![.\w'"`$])(?:require|import)\(\s*["']([^"']+)["']\s*\)/g)]
        .map((match) => match[1] ?? '')
        .filter((name) => !isBuiltin(name) && !name.startsWith('.') && !optional.includes(name))
        .map((name) => `${file} loads ${name}`),
    );
    expect(files.length).toBeGreaterThan(1);
    expect(foreign).toEqual([]);
  });
});

describe('0012: one audit chain per process', () => {
  test('a read’s line takes no lock of the journal, which another program may hold', async () => {
    const folder = temporaryFolder();
    const journal = Journal.open(folder, { clock: systemClock });
    const log = new AuditLog(folder, journal.audit, systemClock);
    await log.note(auditEntry());
    const other = openSqlite(journal.path);
    other.exec('BEGIN EXCLUSIVE');
    await log.note(auditEntry());
    expect(readFileSync(join(folder, 'audit.jsonl'), 'utf8').split('\n').slice(0, -1)).toHaveLength(3);
    other.exec('ROLLBACK');
    other.close();
    await log.close();
    journal.close();
  });
});

describe('the decisions as documents', () => {
  const folder = new URL('docs/decisions/', root);
  const documents = readdirSync(folder);

  test('they are numbered without gaps', () => {
    expect(documents.map((name) => name.slice(0, 5))).toEqual(documents.map((_, index) => `${String(index + 1).padStart(4, '0')}-`));
  });

  test('each says what was the case, what was chosen, what follows, and what checks it', () => {
    const wanted = ['## Context', '## Decision', '## Consequence', '## Checked by'];
    for (const name of documents) {
      const headings = readFileSync(new URL(name, folder), 'utf8').match(/^## .*$/gm);
      expect(headings, name).toEqual(wanted);
    }
  });
});
