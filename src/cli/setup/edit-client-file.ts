import { isDeepStrictEqual } from 'node:util';
import { applyEdits, modify, parse as parseJsonc, printParseErrorCode, type ParseError } from 'jsonc-parser';
import { parse as parseToml, stringify as writeToml } from 'smol-toml';
import { findJsonFault } from '../../base/json-fault.ts';
import type { McpClient } from '../../config/mcp-clients.ts';

/** The entry of a server in the file of a client. */
export interface ServerEntry {
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

type Form = Pick<McpClient, 'format' | 'key' | 'extra'>;

/** Returns the servers of a client's file by name. Throws an Error that names the place of a mistake. */
export function readServers(form: Form, text: string): Readonly<Record<string, unknown>> {
  const servers = parseFile(form, text)[form.key];
  return typeof servers === 'object' && servers !== null && !Array.isArray(servers) ? { ...servers } : {};
}

/**
 * Returns the text of a client's file with this server added or replaced. Everything else stays as it is, comments and line ends included: the
 * result is read again and compared. Throws an Error when the file is damaged or cannot be changed without touching something else.
 */
export function addServer(form: Form, text: string, name: string, { command, args, env }: ServerEntry): string {
  const entry = { ...form.extra, command, args, env };
  const before = parseFile(form, text);
  if (isDeepStrictEqual(readServers(form, text)[name], entry)) return text;
  const after = form.format === 'toml' ? addToToml(form, text, name, entry) : addToJson(form, text, name, entry);
  const expected = { ...before, [form.key]: { ...readServers(form, text), [name]: entry } };
  if (!isDeepStrictEqual(normalize(parseFile(form, after)), normalize(expected))) {
    throw new Error(`the server cannot be added without changing something else; add it by hand`);
  }
  return after;
}

function parseFile({ format }: Form, text: string): Readonly<Record<string, unknown>> {
  const content = text.replace(/^\uFEFF/, '');
  if (format === 'toml') return parseToml(content);
  if (content.trim() === '') return {};
  const errors: ParseError[] = [];
  const value: unknown = parseJsonc(content, errors, { allowTrailingComma: true });
  const fault = format === 'json' || errors.length > 0 ? findJsonFault(content, { isLenient: format === 'jsonc' }) : undefined;
  if (fault) {
    const cost = format === 'json' ? '; correct it first, the client reads nothing of the file' : '';
    throw new Error(`line ${fault.line}, column ${fault.column} is not JSON: ${fault.problem}${cost}`);
  }
  const [first] = errors;
  if (first) throw new Error(`line ${content.slice(0, first.offset).split('\n').length} is not JSON (${printParseErrorCode(first.error)})`);
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw new Error('the file does not hold a JSON object');
}

function addToJson({ key }: Form, text: string, name: string, entry: object): string {
  const mark = text.startsWith('\uFEFF') ? '\uFEFF' : '';
  const content = text.slice(mark.length).trim() === '' ? '{}\n' : text.slice(mark.length);
  const eol = content.includes('\r\n') ? '\r\n' : '\n';
  const isTabbed = /^\t/m.test(content);
  const formattingOptions = { insertSpaces: !isTabbed, tabSize: /^ {4}\S/m.test(content) && !/^ {2}\S/m.test(content) ? 4 : 2, eol };
  // At the front, so that a comment behind the last server stays with it.
  return mark + applyEdits(content, modify(content, [key, name], entry, { formattingOptions, getInsertionIndex: () => 0 }));
}

/** A table is replaced from its header to the next one that is not part of it, or added at the end. */
function addToToml({ key }: Form, text: string, name: string, entry: object): string {
  const block = writeToml({ [key]: { [name]: entry } });
  const header = `${key}.${name}`;
  const lines = text.split('\n');
  const isHeader = (line: string) => /^\s*\[/.test(line);
  const isOwn = (line: string) => {
    const found = /^\s*\[\s*([^\]]+?)\s*\]/.exec(line)?.[1]?.replaceAll('"', '');
    return found === header || found?.startsWith(`${header}.`) === true;
  };
  const kept: string[] = [];
  let isInside = false;
  for (const line of lines) {
    if (isHeader(line)) isInside = isOwn(line);
    if (!isInside) kept.push(line);
  }
  const rest = kept.join('\n').trimEnd();
  return `${rest}${rest === '' ? '' : '\n\n'}${block.trimEnd()}\n`;
}

/** Takes classes and undefined apart: dates of TOML compare as texts. */
function normalize(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}
