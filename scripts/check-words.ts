/**
 * Checks that comments, texts and documents are written in plain English: prints each refused word with its place and what to write in its
 * place, and exits with 1 if there is one. `--count` prints the number per file instead. It also refuses function names that end in `Of`.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { lineAt, splitSource } from '../test/helpers/read-source.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Words that make a technical text hard to skim, and what to write instead. */
const REFUSED: readonly (readonly [word: RegExp, instead: string])[] = [
  [/\btold\b/gi, 'name the fact: "given", "reported", "default: …"'],
  [/\btells?\b/gi, '"reports", "shows", "returns"'],
  [/\banew\b/gi, '"again", "new"'],
  [/\bwh(?:o|om|at)ever\b/gi, 'name the role: "the caller", "a user who"; "any"'],
  [/(?<!['=] ?)\bnobody\b/gi, '"no one", or name who is missing'],
  [/\bsurely\b/gi, 'state the condition'],
  [/\bshall\b/gi, '"must", "should"'],
  [/\bbeside\b/gi, '"next to", "besides", "with"'],
  [/\bstands? (?:in|for|beside|behind|before|between|there|here)\b/gi, '"is", "means"'],
  [/\bg(?:oes|o|one|oing) on with\b/gi, '"continues"'],
  [/\bthe way back\b/gi, '"how to undo", "the inverse"'],
  [/\bcame of\b/gi, '"result"'],
  [/\bbecame of\b/gi, '"happened to", "outcome"'],
  [/\bmeans? it\b/gi, 'say who decides'],
  [/\bgot to the disk\b/gi, '"was written"'],
  [/\bin good hands\b/gi, 'say what holds'],
];

/** Where plain English is required: comments and texts of TypeScript, and Markdown outside of code. */
const FOLDERS = ['src', 'tools', 'scripts', 'test', 'docs', '.'] as const;

/** Functions that still have another name. */
const NAMED_OTHERWISE = new Set(['oneOf', 'pageOf']);

interface Offence {
  readonly path: string;
  readonly line: number;
  readonly word: string;
  readonly instead: string;
}

function listFiles(folder: string): string[] {
  const isRoot = folder === '.';
  return readdirSync(join(root, folder), { recursive: !isRoot, encoding: 'utf8' })
    .map((path) => (isRoot ? path : `${folder}/${path.replaceAll('\\', '/')}`))
    .filter((path) => /\.(?:tsx?|md)$/.test(path) && !path.includes('node_modules') && path !== 'scripts/check-words.ts');
}

function findIn(path: string, text: string, firstLine: number): Offence[] {
  return REFUSED.flatMap(([pattern, instead]) =>
    [...text.matchAll(pattern)].map(({ 0: word, index }) => ({
      path,
      line: firstLine + text.slice(0, index).split('\n').length - 1,
      word,
      instead,
    })),
  );
}

/** Returns the functions of a file whose names end in `Of`. */
function checkNames(path: string): Offence[] {
  const source = splitSource(readFileSync(join(root, path), 'utf8'));
  return [...source.code.matchAll(/\b(?:function\*? |const )(\w*[a-z]Of)\b(?=\s*(?:<[^(]*>)?\(| = (?:async )?\()/g)]
    .filter(({ 1: name = '' }) => !NAMED_OTHERWISE.has(name))
    .map(({ 1: name = '', index }) => ({ path, line: lineAt(source, index), word: name, instead: 'a verb and its object' }));
}

/** Returns the refused words in the comments and texts of a file. */
function checkFile(path: string): Offence[] {
  const text = readFileSync(join(root, path), 'utf8');
  if (path.endsWith('.md'))
    return findIn(
      path,
      text.replaceAll(/```[\s\S]*?```|`[^`\n]*`/g, (code) => code.replaceAll(/[^\n]/g, ' ')),
      1,
    );
  const source = splitSource(text);
  const sentences = source.literals.filter(({ value }) => value.includes(' '));
  return [...source.comments, ...sentences].flatMap(({ offset, value }) => findIn(path, value, lineAt(source, offset)));
}

const paths = FOLDERS.flatMap(listFiles);
const words = paths.flatMap(checkFile);
const names = paths.filter((path) => /^(?:src|tools)\/.*\.tsx?$/.test(path)).flatMap(checkNames);
const offences = [...words, ...names].toSorted((a, b) => a.path.localeCompare(b.path, 'en') || a.line - b.line);
if (process.argv.includes('--count')) {
  const counts = new Map<string, number>();
  for (const { path } of offences) counts.set(path, (counts.get(path) ?? 0) + 1);
  for (const [path, count] of counts) console.log(`${String(count).padStart(4)} ${path}`);
} else {
  for (const { path, line, word, instead } of offences) console.log(`${path}:${line}: '${word}'; write ${instead}`);
}
console.log(`${offences.length} refused words`);
process.exitCode = offences.length === 0 ? 0 : 1;
