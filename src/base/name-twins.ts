import { readJsonString, scanJson } from './json-tokens.ts';

/** Two keys of one object that a reader may take for the same name. */
export interface Twins {
  /** Where the object stands, such as `config.policies.0`; empty for the outermost. */
  readonly path: string;
  readonly names: readonly [string, string];
}

/** Returns a name in the one form in which case, width, normal form and invisible characters make no difference. */
export function foldName(name: string): string {
  return name
    .normalize('NFKC')
    .replaceAll(/\p{Default_Ignorable_Code_Point}/gu, '')
    .toUpperCase()
    .toLowerCase()
    .normalize('NFKC')
    .trim();
}

/** Returns the first two keys of one object, at any depth of a JSON value, that are equal but for their spelling. */
export function findTwins(value: unknown): Twins | undefined {
  const open: { readonly value: unknown; readonly path: string }[] = [{ value, path: '' }];
  for (let next = open.pop(); next; next = open.pop()) {
    if (typeof next.value !== 'object' || next.value === null) continue;
    const { path } = next;
    const entries = Object.entries(next.value);
    const twins = Array.isArray(next.value)
      ? undefined
      : twinsAmong(
          entries.map(([name]) => name),
          path,
        );
    if (twins) return twins;
    for (const [name, inner] of entries) open.push({ value: inner, path: path === '' ? name : `${path}.${name}` });
  }
  return undefined;
}

/** Returns the same for a JSON text, in which an object may also have one key twice; undefined for a text that is no JSON. */
export function findTwinsInJson(text: string): Twins | undefined {
  const open: { readonly names: string[]; readonly seen: Map<string, string> }[] = [];
  let found: Twins | undefined;
  scanJson(text, (kind, start, end) => {
    if (found) return;
    if (kind === '{' || kind === '[') open.push({ names: [], seen: new Map() });
    else if (kind === '}' || kind === ']') open.pop();
    else if (kind === 'key') {
      const name = readJsonString(text.slice(start, end)) ?? text.slice(start, end);
      const object = open.at(-1);
      const twin = object?.seen.get(foldName(name));
      if (twin !== undefined) {
        const path = open.slice(0, -1).flatMap(({ names }) => names.at(-1) ?? []);
        found = { path: path.join('.'), names: [twin, name] };
      }
      object?.seen.set(foldName(name), name);
      object?.names.push(name);
    }
  });
  return found;
}

function twinsAmong(names: readonly string[], path: string): Twins | undefined {
  if (names.length < 2) return undefined;
  const seen = new Map<string, string>();
  for (const name of names) {
    const twin = seen.get(foldName(name));
    if (twin !== undefined) return { path, names: [twin, name] };
    seen.set(foldName(name), name);
  }
  return undefined;
}

/** Returns the first key, at any depth, that is one of these names but for its spelling, with the right one. */
export function findMisspelt(value: unknown, known: readonly string[]): { readonly name: string; readonly right: string } | undefined {
  const byFold = new Map(known.map((name) => [foldName(name), name]));
  const open: unknown[] = [value];
  for (let next = open.pop(); next !== undefined || open.length > 0; next = open.pop()) {
    if (typeof next !== 'object' || next === null) continue;
    if (!Array.isArray(next)) {
      for (const name of Object.keys(next)) {
        const right = byFold.get(foldName(name));
        if (right !== undefined && right !== name) return { name, right };
      }
    }
    open.push(...(Object.values(next) as unknown[]));
  }
  return undefined;
}
