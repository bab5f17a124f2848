import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));

const documents = [
  ...readdirSync(root).filter((name) => name.endsWith('.md')),
  ...readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => join('docs', name)),
];

/** What a document calls a path of this repository: it begins with one of its folders, and names no placeholder. */
const NAMED_PATH = /`((?:src|test|scripts|docs)\/[\w./-]+|tools\/[\w-]+\.ts)`/g;
const LINK = /\]\((?!\w+:|#)([^)#\s]+)(?:#[^)]*)?\)/g;

describe.each(documents)('%s', (document) => {
  const text = readFileSync(join(root, document), 'utf8');
  const found = (pattern: RegExp) => [...text.matchAll(pattern)].map((match) => match[1] ?? '');

  test('names files and folders that exist', () => {
    expect(found(NAMED_PATH).filter((path) => !existsSync(join(root, path)))).toEqual([]);
  });

  test('links to files that exist', () => {
    expect(found(LINK).filter((path) => !existsSync(join(root, dirname(document), path)))).toEqual([]);
  });
});
