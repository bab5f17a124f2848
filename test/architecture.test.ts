import { readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { commands } from './helpers/server-catalogue.ts';
import { type SourceText, listImports, lineAt, listSources, readSource, splitSource } from './helpers/read-source.ts';

/**
 * What each folder may import besides itself. A row allows only rows above it, so no two folders can come to need each other.
 * `tools` lies in the root, the others in `src`.
 */
const MAY_IMPORT = {
  base: [],
  masking: ['base'],
  // Tools and the sandbox act on it; a declaration names the type of the world that its `emulate` receives.
  emulation: ['base', 'masking'],
  catalogue: ['base', 'masking', 'emulation'],
  tools: ['base', 'emulation', 'catalogue'],
  wire: ['base', 'catalogue'],
  journal: ['base', 'wire'],
  audit: ['base', 'catalogue', 'journal'],
  policy: ['base', 'catalogue'],
  config: ['base', 'masking', 'catalogue'],
  client: ['base', 'masking', 'catalogue', 'wire', 'policy'],
  tasks: ['base', 'catalogue', 'wire', 'journal', 'policy', 'client'],
  guard: ['base', 'masking', 'catalogue', 'journal', 'audit', 'policy', 'client', 'tasks'],
  mcp: ['base', 'catalogue', 'journal', 'policy', 'config', 'client', 'tasks', 'guard'],
  transports: ['base', 'mcp'],
  // The emulated far end shares no code with the client's side of the wire: the two check each other.
  sandbox: ['base', 'emulation', 'catalogue', 'tools'],
  tester: ['base', 'masking', 'catalogue', 'journal', 'policy', 'client', 'tasks', 'guard'],
  console: ['base', 'catalogue', 'journal', 'audit', 'guard', 'tester'],
  cli: [
    'base',
    'masking',
    'catalogue',
    'tools',
    'journal',
    'audit',
    'policy',
    'config',
    'client',
    'tasks',
    'guard',
    'mcp',
    'transports',
    'sandbox',
    'tester',
    'console',
  ],
} as const satisfies Record<string, readonly string[]>;

/** Packages that only some folders may know; a trailing slash means a whole scope. */
const PACKAGES_KNOWN_TO: Readonly<Record<string, readonly string[]>> = {
  '@modelcontextprotocol/': ['mcp', 'transports'],
  libsql: ['journal'],
  undici: ['client'],
};

const root = fileURLToPath(new URL('..', import.meta.url));

interface SourceFile {
  readonly path: string;
  readonly folder: string;
  readonly source: SourceText;
}

const files: readonly SourceFile[] = [...listSources(root, 'src'), ...listSources(root, 'tools')].map((path) => ({
  path,
  folder: getFolder(path),
  source: readSource(root, path),
}));

/** Returns the folder that answers for a path: the one under `src`, or `tools`; a file directly in `src` answers to none. */
function getFolder(path: string): string {
  const [top = '', folder = '', ...rest] = path.split('/');
  if (top !== 'src') return top;
  return rest.length > 0 ? folder : path;
}

function isRow(folder: string): folder is keyof typeof MAY_IMPORT {
  return Object.hasOwn(MAY_IMPORT, folder);
}

/** Returns `path:line: found` for every place in the code where the pattern matches. */
function findInCode({ path, source }: SourceFile, pattern: RegExp): string[] {
  return [...source.code.matchAll(pattern)].map((match) => `${path}:${lineAt(source, match.index)}: ${match[0]}`);
}

function findLiterals({ path, source }: SourceFile, pattern: RegExp, isMeant: (offset: number) => boolean = () => true): string[] {
  return source.literals
    .filter(({ value, offset }) => pattern.test(value) && isMeant(offset))
    .map(({ offset, value }) => `${path}:${lineAt(source, offset)}: ${value}`);
}

describe('the import table', () => {
  test('every source file lies in a folder that has a row', () => {
    expect(files.filter(({ folder }) => !isRow(folder)).map(({ path }) => path)).toEqual([]);
  });

  test('every row has files', () => {
    const folders = new Set(files.map(({ folder }) => folder));
    expect(Object.keys(MAY_IMPORT).filter((row) => !folders.has(row))).toEqual([]);
  });

  test('a row allows only rows above it', () => {
    const rows = Object.keys(MAY_IMPORT);
    const upward = Object.entries(MAY_IMPORT).flatMap(([row, allowed]) =>
      allowed.filter((name) => !rows.slice(0, rows.indexOf(row)).includes(name)).map((name) => `${row} allows ${name}`),
    );
    expect(upward).toEqual([]);
  });

  test('the architecture page lists the same folders in the same order', () => {
    const page = readFileSync(join(root, 'docs/architecture.md'), 'utf8');
    const listed = [...page.matchAll(/^\| `(?:src\/)?(\w+)` +\|/gm)].map((match) => match[1]);
    expect(listed).toEqual(Object.keys(MAY_IMPORT));
  });

  test('a folder imports only what its row allows', () => {
    const offences = files.flatMap(({ path, folder, source }) => {
      const allowed: readonly string[] = isRow(folder) ? MAY_IMPORT[folder] : [];
      return listImports(source)
        .filter(({ specifier }) => specifier.startsWith('.'))
        .map(({ specifier, line }) => ({ line, target: posix.join(posix.dirname(path), specifier) }))
        .filter(({ target }) => target !== 'package.json' && getFolder(target) !== folder && !allowed.includes(getFolder(target)))
        .map(({ line, target }) => `${path}:${line} imports ${target}; ${folder} may import ${allowed.join(', ') || 'nothing'}`);
    });
    expect(offences).toEqual([]);
  });

  test('a permission that no import uses fails', () => {
    const used = new Set(
      files.flatMap(({ path, folder, source }) =>
        listImports(source)
          .filter(({ specifier }) => specifier.startsWith('.'))
          .map(({ specifier }) => `${folder} → ${getFolder(posix.join(posix.dirname(path), specifier))}`),
      ),
    );
    const permitted = Object.entries(MAY_IMPORT).flatMap(([row, allowed]) => allowed.map((name) => `${row} → ${name}`));
    expect(permitted.filter((permission) => !used.has(permission))).toEqual([]);
  });

  test('a package with one concern is imported only where that concern lives', () => {
    const offences = files.flatMap(({ path, folder, source }) =>
      listImports(source).flatMap(({ specifier, line }) =>
        Object.entries(PACKAGES_KNOWN_TO)
          .filter(([name, known]) => `${specifier}/`.startsWith(name.endsWith('/') ? name : `${name}/`) && !known.includes(folder))
          .map(([, known]) => `${path}:${line} imports ${specifier}; only ${known.join(' and ')} may`),
      ),
    );
    expect(offences).toEqual([]);
  });

  test('every import names its module literally, so that the table sees it', () => {
    expect(files.flatMap((file) => findInCode(file, /\bimport\s*\(\s*(?!['"`])\S/g))).toEqual([]);
  });
});

/**
 * Returns the names of the public members that the classes of a file declare. Private ones begin with `#` and are checked by lint; a class that
 * extends another has members for it.
 */
function listClassMembers({ source }: SourceFile): string[] {
  const classes = [...source.code.matchAll(/^(?:export )?class (?!.*\bextends\b).*?\{\n([\s\S]*?)^\}/gm)].map((match) => match[1] ?? '');
  const declared = /^ {2}(?:(?:static|async|readonly|override|get|set) )*(\w+)(?:<[^(\n]*>)?(?:\(|\??:|;| =)/gm;
  return classes.flatMap((body) => [...body.matchAll(declared)].map((match) => match[1] ?? '')).filter((name) => name !== 'constructor');
}

describe('classes', () => {
  test('every public member is used outside of tests', () => {
    const everything = files.map(({ source }) => source.code).join('\n');
    const literals = new Set(files.flatMap(({ source }) => source.literals.map(({ value }) => value)));
    const isUsed = (name: string) =>
      literals.has(name) || new RegExp(`\\.${name}\\b|\\{[^{}]*\\b${name}\\b[^{}]*\\} (?:=|of) `).test(everything);
    const unused = files.flatMap((file) =>
      listClassMembers(file)
        .filter((name) => !isUsed(name))
        .map((name) => `${file.path}: ${name}`),
    );
    expect(unused).toEqual([]);
  });
});

describe('one place for each concern', () => {
  test('only src/config reads the environment', () => {
    const outside = files.filter(({ folder }) => folder !== 'config');
    expect(outside.flatMap((file) => findInCode(file, /\bprocess\s*\??\.\s*env\b/g))).toEqual([]);
  });

  test('only the command line and the transports write to stdout, which belongs to the protocol', () => {
    const outside = files.filter(({ folder }) => folder !== 'cli' && folder !== 'transports');
    const writes = /\bconsole\s*\.\s*(?!error\b|warn\b)\w+|\bprocess\s*\.\s*stdout\b|\bwriteSync\s*\(\s*1\b/g;
    expect(outside.flatMap((file) => findInCode(file, writes))).toEqual([]);
  });

  test('the process is reached by its global name alone, where these rules see it', () => {
    const importers = files.flatMap(({ path, source }) =>
      listImports(source)
        .filter(({ specifier }) => /^(?:node:)?(?:process|console)$/.test(specifier))
        .map(({ specifier, line }) => `${path}:${line} imports ${specifier}`),
    );
    expect(importers).toEqual([]);
  });

  test('nothing outside tools/ spells a command’s name: what differs between commands is a property of the declaration', () => {
    const names = new RegExp(`^(?:${commands.map((command) => command.name).join('|')})$`);
    // A stored job's action is data: the text of a call, which begins with a command's name.
    const isStoredAction = ({ code }: SourceText, offset: number) => /\baction:\s*$/.test(code.slice(Math.max(0, offset - 20), offset));
    const spelled = files
      .filter(({ folder }) => folder !== 'tools')
      .flatMap((file) => findLiterals(file, names, (offset) => !isStoredAction(file.source, offset)));
    expect(spelled).toEqual([]);
  });

  test('only src/masking recognises the name of a secret by a pattern', () => {
    const pattern = /(?<=[=(:,\s])\/(?![/*])[^/\n]*(?:passw|pwd|kennw|passphr|secret\|)[^/\n]*\/[a-z]*/gi;
    const offences = files
      .filter(({ folder }) => folder !== 'masking')
      .flatMap(({ path }) => [...readFileSync(join(root, path), 'utf8').matchAll(pattern)].map(([found]) => `${path}: ${found}`));
    expect(offences).toEqual([]);
  });

  test('nothing is built on sampling, roots or MCP logging, which revision 2026-07-28 deprecates', () => {
    const methods = /^(?:sampling\/createMessage|roots\/list|logging\/setLevel|notifications\/message)$/;
    expect(files.flatMap((file) => findLiterals(file, methods))).toEqual([]);
    expect(files.flatMap((file) => findInCode(file, /\b(?:createMessage|listRoots|sendLoggingMessage)\s*\(/g))).toEqual([]);
  });

  test('nothing announces a changed tool list: it is fixed when the server starts', () => {
    expect(files.flatMap((file) => findLiterals(file, /^notifications\/tools\/list_changed$/))).toEqual([]);
    expect(files.flatMap((file) => findInCode(file, /\bsendToolListChanged\s*\(/g))).toEqual([]);
  });
});

describe('the reader behind these rules', () => {
  test('finds every form of import with its line', () => {
    const source = splitSource(
      [
        "import a, { type B } from './a.ts';",
        "import type { C } from './c.ts';",
        "import './d.ts';",
        "export { e } from './e.ts';",
        "export * as f from './f.ts';",
        "const g = await import('./g.ts');",
        'import {',
        '  h,',
        "} from './h.ts';",
        "let i: import('./i.ts').I;",
        "const j = require('./j.ts');",
      ].join('\n'),
    );
    expect(listImports(source)).toEqual(
      ['a', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j'].map((name, index) => ({
        specifier: `./${name}.ts`,
        line: index < 6 ? index + 1 : index + 3,
      })),
    );
  });

  test('takes nothing from comments, strings, templates and regular expressions', () => {
    const source = splitSource(
      [
        "// import './comment.ts';",
        "/* from './block.ts' */",
        'const text = "import(\'./string.ts\') // not a comment";',
        "const template = `from './template.ts' ${call({ a: 'inside' })} process.env`;",
        'const quote = /[/\'"`]/.test(text) ? 4 / 2 : 1;',
        'const last = "kept";',
      ].join('\n'),
    );
    expect(listImports(source)).toEqual([]);
    expect(source.code).not.toContain('process');
    expect(source.literals.map(({ value }) => value)).toEqual([
      "import('./string.ts') // not a comment",
      "from './template.ts' ",
      'inside',
      ' process.env',
      'kept',
    ]);
  });
});
