import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A secret that differs from every other text by how it begins and ends, which no encoding but base64 changes. */
export interface Canary {
  readonly what: string;
  readonly secret: string;
  /** What to look for: letters and digits that are found nowhere else. */
  readonly parts: readonly string[];
}

/** Characters that serialisers write in other ways, between two words. */
const ODD = ` \\ü&<+/=%'`;

/** Makes a secret; `odd` is its middle, and leaves out what the place where it is planted cannot hold. */
export function canary(what: string, odd = `${ODD}"`): Canary {
  const word = what.replaceAll(/[^A-Za-z\d]/g, '');
  const parts = [`${word}7Head`, `${word}7Tail`];
  return { what, secret: parts.join(odd), parts };
}

/** One that fits into a quoted value, such as that of a job's action. */
export function unquotedCanary(what: string): Canary {
  return canary(what, ODD);
}

/** Returns a secret in every form that a server could send it back in. */
export function listForms({ secret }: Canary, login = 'admin'): readonly string[] {
  const json = JSON.stringify(secret).slice(1, -1);
  const encoded = encodeURIComponent(secret);
  return [
    secret,
    json,
    JSON.stringify(json).slice(1, -1),
    json
      .replaceAll('ü', String.raw`\u00fc`)
      .replaceAll('&', String.raw`\u0026`)
      .replaceAll('/', String.raw`\/`),
    encoded,
    encoded.replaceAll(/%../g, (sequence) => sequence.toLowerCase()),
    encodeURIComponent(encoded),
    new URLSearchParams({ '': secret }).toString().slice(1),
    secret.replaceAll(/[&<"']/g, (character) => `&#${character.charCodeAt(0)};`),
    secret.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;'),
    Buffer.from(secret).toString('base64'),
    Buffer.from(secret).toString('base64url'),
    Buffer.from(`${login}:${secret}`).toString('base64'),
  ];
}

/** Returns which canaries are in the bytes, in any encoding, and which part of them. */
export function findCanaries(bytes: string | Buffer, canaries: readonly Canary[]): readonly string[] {
  const haystack = typeof bytes === 'string' ? Buffer.from(bytes) : bytes;
  return canaries.flatMap(({ what, secret, parts }) =>
    [...parts, ...base64Insides(secret)].filter((needle) => haystack.includes(needle)).map((needle) => `${what}: ${needle}`),
  );
}

/** Returns what of a text is the same in its base64 with any text before and after it, for each of the three ways in which it can be aligned. */
function base64Insides(text: string): readonly string[] {
  return (['base64', 'base64url'] as const).flatMap((encoding) =>
    [0, 1, 2].map((offset) => {
      const encoded = Buffer.concat([Buffer.alloc(offset), Buffer.from(text)]).toString(encoding);
      return encoded.slice(4, Math.min(28, Math.floor((offset + Buffer.byteLength(text)) / 3) * 4));
    }),
  );
}

/** Returns the bytes of every file below a folder, by path. */
export function filesBelow(folder: string): ReadonlyMap<string, Buffer> {
  if (!existsSync(folder)) return new Map();
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return new Map(
    entries.map((entry) => {
      const path = join(entry.parentPath, entry.name);
      return [path, readFileSync(path)];
    }),
  );
}
