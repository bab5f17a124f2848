import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** A TypeScript file taken apart: what is code, and which string literals stand where in it. */
export interface SourceText {
  /** The text with comments, regular expressions and the insides of string literals blanked; every offset is the file's own. */
  readonly code: string;
  /** String literals and the fixed parts of templates, by the offset of their opening quote. */
  readonly literals: readonly TextPart[];
  /** Comments with their marks, by the offset of the first one. */
  readonly comments: readonly TextPart[];
}

interface TextPart {
  readonly offset: number;
  readonly value: string;
}

/** One module that a file names in an import, an export, `import()`, `import type` or `require()`. */
export interface ImportedModule {
  readonly specifier: string;
  readonly line: number;
}

const IMPORT_BEFORE_LITERAL = /(?:\bfrom|\bimport|\bimport\s*\(|\brequire\s*\(|\brequire\.resolve\s*\()\s*$/;

/** A slash after one of these starts a regular expression; after anything else it divides. */
const REGEX_MAY_FOLLOW = /(?:^|[([{,;:=!&|?+\-*%<>~^}]|\b(?:return|typeof|case|in|of|do|else|void|delete|throw|new|yield|await))\s*$/;

/** Splits TypeScript text into code and literals without a parser; JSX is not known to it. */
export function splitSource(text: string): SourceText {
  const code = text.split('');
  const literals: TextPart[] = [];
  const comments: TextPart[] = [];
  // Depths of braces at which a template's `${` opened: its closing brace leads back into the template.
  const templates: number[] = [];
  let depth = 0;
  let at = 0;

  const blank = (from: number, to: number) => {
    for (let i = from; i < to; i++) if (code[i] !== '\n') code[i] = ' ';
  };
  const findEnd = (stop: string, from: number) => {
    const found = text.indexOf(stop, from);
    return found === -1 ? text.length : found + stop.length;
  };
  /** Reads a template's fixed part from `start`, which is a backtick or the brace that closed a substitution. */
  const readTemplatePart = (start: number) => {
    let end = start + 1;
    while (end < text.length && text[end] !== '`' && !text.startsWith('${', end)) end += text[end] === '\\' ? 2 : 1;
    literals.push({ offset: start, value: text.slice(start + 1, end) });
    blank(start + 1, end);
    if (text[end] === '`') return end + 1;
    templates.push(depth);
    depth++;
    return end + 2;
  };

  while (at < text.length) {
    const char = text[at];
    if (text.startsWith('//', at)) {
      const found = text.indexOf('\n', at);
      const end = found === -1 ? text.length : found;
      comments.push({ offset: at, value: text.slice(at, end) });
      blank(at, end);
      at = end;
    } else if (text.startsWith('/*', at)) {
      const end = findEnd('*/', at + 2);
      comments.push({ offset: at, value: text.slice(at, end) });
      blank(at, end);
      at = end;
    } else if (char === "'" || char === '"') {
      let end = at + 1;
      while (end < text.length && text[end] !== char && text[end] !== '\n') end += text[end] === '\\' ? 2 : 1;
      literals.push({ offset: at, value: text.slice(at + 1, end) });
      blank(at + 1, end);
      at = end + 1;
    } else if (char === '`') {
      at = readTemplatePart(at);
    } else if (char === '/' && REGEX_MAY_FOLLOW.test(code.slice(Math.max(0, at - 40), at).join(''))) {
      let end = at + 1;
      let inClass = false;
      while (end < text.length && text[end] !== '\n' && (inClass || text[end] !== '/')) {
        if (text[end] === '[') inClass = true;
        else if (text[end] === ']') inClass = false;
        end += text[end] === '\\' ? 2 : 1;
      }
      blank(at + 1, end);
      at = end + 1;
    } else if (char === '{') {
      depth++;
      at++;
    } else if (char === '}') {
      depth--;
      if (templates.at(-1) === depth) {
        templates.pop();
        at = readTemplatePart(at);
      } else at++;
    } else at++;
  }
  return { code: code.join(''), literals, comments };
}

/** Returns every module that the file imports from or re-exports, type imports included. */
export function listImports(source: SourceText): ImportedModule[] {
  return source.literals
    .filter(({ offset }) => IMPORT_BEFORE_LITERAL.test(source.code.slice(Math.max(0, offset - 40), offset)))
    .map(({ offset, value }) => ({ specifier: value, line: lineAt(source, offset) }));
}

export function lineAt(source: SourceText, offset: number): number {
  return source.code.slice(0, offset).split('\n').length;
}

/** Returns the paths of all TypeScript files under a folder, relative to the root, with forward slashes, sorted. */
export function listSources(root: string, folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .map((path) => `${folder}/${path.replaceAll('\\', '/')}`)
    .filter((path) => path.endsWith('.ts'))
    .toSorted();
}

export function readSource(root: string, path: string): SourceText {
  return splitSource(readFileSync(join(root, path), 'utf8'));
}
