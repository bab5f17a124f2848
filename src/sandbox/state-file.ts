import { readFile, rename, writeFile } from 'node:fs/promises';
import { readErrno } from '../base/errno.ts';
import * as z from 'zod';
import type { WorldState } from '../emulation/world.ts';

const FORMAT = 1;
/** Changes that follow each other within this time are written once. */
const SAVE_DELAY = 250;

const fileSchema = z.object({ format: z.int(), state: z.record(z.string(), z.unknown()) });

/**
 * Returns the world that a file keeps, or undefined when there is no such file. `model` is any world of this version: a file that lacks a part
 * of it is refused. Thrown when the file cannot be used: Error with one sentence that names it.
 */
export async function readState(path: string, model: WorldState): Promise<WorldState | undefined> {
  const text = await readText(path);
  if (text === undefined) return undefined;
  const file = fileSchema.safeParse(parse(text));
  if (!file.success) throw new Error(`The state file ${path} is broken; delete it to start again from the seed.`);
  if (file.data.format > FORMAT) {
    throw new Error(`The state file ${path} was written by a newer version (format ${file.data.format}; this one reads ${FORMAT}).`);
  }
  const { state } = file.data;
  const missing = Object.entries(model).find(([name, part]) => getKind(state[name]) !== getKind(part))?.[0];
  if (missing !== undefined) throw new Error(`The state file ${path} is broken at '${missing}'; delete it to start again from the seed.`);
  return hasAllParts(model, state) ? state : undefined;
}

/** The parts are compared above by kind; what is inside them is the sandbox's own writing. */
function hasAllParts(model: WorldState, state: object): state is WorldState {
  return Object.keys(model).every((name) => name in state);
}

async function readText(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (readErrno(error) === 'ENOENT') return undefined;
    throw new Error(`The state file ${path} cannot be read: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

function getKind(value: unknown): string {
  return Array.isArray(value) ? 'array' : value === null ? 'null' : typeof value;
}

/** Keeps a world in a file, readable by its owner only. A crash leaves the last complete version. */
export class StateFile {
  readonly #path: string;
  readonly #state: WorldState;
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();

  constructor(path: string, state: WorldState) {
    this.#path = path;
    this.#state = state;
  }

  /** Writes the world soon. A write that fails is tried again at the next change and at `save`. */
  changed(): void {
    this.#timer ??= setTimeout(() => void this.save().catch(() => {}), SAVE_DELAY).unref();
  }

  /** Writes the world now. Thrown when the file cannot be written. */
  async save(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const write = this.#writing.then(async () => this.#write());
    this.#writing = write.catch(() => {});
    await write;
  }

  async #write(): Promise<void> {
    const half = `${this.#path}.new`;
    await writeFile(half, JSON.stringify({ format: FORMAT, state: this.#state }), { mode: 0o600 });
    await rename(half, this.#path);
  }
}
