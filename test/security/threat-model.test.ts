import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { readSource } from '../helpers/read-source.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const rows = readFileSync(`${root}/docs/security.md`, 'utf8')
  .split('\n')
  .filter((line) => line.startsWith('|') && !/^\|[\s|-]+\|$/.test(line))
  .map((line) =>
    line
      .slice(1, -1)
      .split('|')
      .map((cell) => cell.trim()),
  )
  .filter(([, , last]) => last !== 'shown by');

/** A test as the table names it: its file, and its title or that of one of its cases. */
const NAMED_TEST = /`(test\/[\w./-]+\.test\.ts)`: "([^"]+)"/g;
const named = rows.flatMap(([, , last = '']) => [...last.matchAll(NAMED_TEST)].map(([, file = '', title = '']) => ({ file, title })));

test('every threat has what stops it and a test that shows it', () => {
  expect(rows.length).toBeGreaterThan(30);
  expect(rows.filter((cells) => cells.length !== 3 || cells.includes(''))).toEqual([]);
  const without = rows.filter(([, , last = '']) => last.replaceAll(NAMED_TEST, '').replaceAll(/[;\s]/g, '') !== '' || !last.includes('`'));
  expect(without.map(([threat]) => threat)).toEqual([]);
});

test('every test that the threat model names exists, under this title', () => {
  const listTitles = (file: string) =>
    new Set(existsSync(`${root}/${file}`) ? readSource(root, file).literals.map(({ value }) => value.replaceAll(/\\(['"\\])/g, '$1')) : []);
  expect(named.filter(({ file, title }) => !listTitles(file).has(title))).toEqual([]);
});
