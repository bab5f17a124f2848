import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Catalogue } from '../catalogue/catalogue.ts';
import { makeFolder } from '../base/make-folder.ts';

const FILE = 'known-commands.json';

/**
 * Remembers which commands of doubtful existence a server has. The list of tools is handed out before any connection exists and must not
 * change while a server runs, so what one run learns from the server's metadata decides what the next one offers.
 */
export class KnownCommands {
  readonly #path: string;
  readonly #folder: string;

  constructor(stateDir: string) {
    this.#folder = stateDir;
    this.#path = join(stateDir, FILE);
  }

  /** Returns the doubtful commands that a server at one of these origins has shown; none when nothing is known. */
  read(origins: readonly string[]): ReadonlySet<string> {
    const all = this.#load();
    return new Set(origins.flatMap((origin) => all[origin] ?? []));
  }

  /** Remembers the commands of a server. A folder that cannot be written only means that the next run offers less. */
  remember(origin: string, commands: readonly string[]): void {
    const all = this.#load();
    if (JSON.stringify(all[origin]) === JSON.stringify(commands)) return;
    try {
      makeFolder(this.#folder);
      const draft = `${this.#path}.${process.pid}`;
      writeFileSync(draft, `${JSON.stringify({ ...all, [origin]: commands }, null, 2)}\n`, { mode: 0o600 });
      renameSync(draft, this.#path);
    } catch {
      // Nothing that is promised depends on this file.
    }
  }

  /** Remembers which of the catalogue's doubtful commands are among those that a server lists. */
  learn(origin: string, { commands }: Pick<Catalogue, 'commands'>, listed: ReadonlySet<string>): void {
    const doubtful = commands.filter((command) => command.doubtful && listed.has(command.name));
    this.remember(
      origin,
      doubtful.map(({ name }) => name),
    );
  }

  #load(): Record<string, readonly string[]> {
    try {
      const parsed: unknown = JSON.parse(readFileSync(this.#path, 'utf8'));
      if (typeof parsed !== 'object' || parsed === null) return {};
      return Object.fromEntries(Object.entries(parsed).filter((entry): entry is [string, string[]] => isNames(entry[1])));
    } catch {
      return {};
    }
  }
}

function isNames(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((name) => typeof name === 'string');
}
