import { appendFileSync, chmodSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import * as z from 'zod';
import { readErrno } from '../../base/errno.ts';
import type { Log } from '../../base/log.ts';
import { API_FORMS, type ApiForm } from '../../base/target.ts';

/** A call as the next run of the tester shows it: without secrets, exchanges and answers. */
export interface KeptCall {
  readonly command: string;
  readonly args: Readonly<Record<string, unknown>>;
  /** Arguments that can contain a secret, which are left out. */
  readonly leftOut: readonly string[];
  readonly target: string;
  readonly origin: string;
  readonly form: ApiForm;
  readonly startedAt: string;
  readonly ms: number;
  readonly end: KeptEnd;
}

type KeptEnd =
  | { readonly kind: 'value' }
  | { readonly kind: 'task'; readonly taskId: string }
  | { readonly kind: 'error'; readonly message: string };

/** Calls that are kept, and the characters of one; the arguments of a longer one are left out. */
const LIMITS = { calls: 100, characters: 8000, message: 1000 } as const;

const keptCall: z.ZodType<KeptCall> = z.object({
  command: z.string(),
  args: z.record(z.string(), z.unknown()),
  leftOut: z.array(z.string()),
  target: z.string(),
  origin: z.string(),
  form: z.enum(API_FORMS),
  startedAt: z.iso.datetime(),
  ms: z.number(),
  end: z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('value') }),
    z.object({ kind: z.literal('task'), taskId: z.string() }),
    z.object({ kind: z.literal('error'), message: z.string() }),
  ]),
});

/** The calls of earlier runs, one line of JSON each, in a file that its owner alone can read. Several testers may write it. */
export class HistoryFile {
  readonly #path: string;
  readonly #log: Log;

  constructor(path: string, log: Log) {
    this.#path = path;
    this.#log = log;
  }

  /** Returns the newest calls, the oldest of them first, and drops older ones from the file. A line that is none is left out. */
  read(): readonly KeptCall[] {
    let lines: readonly string[];
    try {
      chmodSync(this.#path, 0o600);
      lines = readFileSync(this.#path, 'utf8').split('\n').filter(Boolean);
    } catch (error) {
      if (readErrno(error) !== 'ENOENT') this.#warn(error);
      return [];
    }
    const newest = lines.slice(-LIMITS.calls);
    if (newest.length < lines.length) {
      this.#try(() => {
        const rewritten = `${this.#path}.${process.pid}.tmp`;
        writeFileSync(rewritten, newest.map((line) => `${line}\n`).join(''), { mode: 0o600 });
        renameSync(rewritten, this.#path);
      });
    }
    return newest.flatMap((line) => keptCall.safeParse(parse(line)).data ?? []);
  }

  /** Writes a call behind the others. What cannot be written is lost and logged: the call itself was made. */
  append(call: KeptCall): void {
    const { end } = call;
    const cut: KeptCall = end.kind === 'error' ? { ...call, end: { ...end, message: end.message.slice(0, LIMITS.message) } } : call;
    const line = JSON.stringify(cut);
    const short = line.length <= LIMITS.characters ? line : JSON.stringify({ ...cut, args: {}, leftOut: Object.keys(cut.args) });
    this.#try(() => appendFileSync(this.#path, `${short}\n`, { mode: 0o600 }));
  }

  #try(write: () => void): void {
    try {
      write();
    } catch (error) {
      this.#warn(error);
    }
  }

  #warn(error: unknown): void {
    this.#log.warn(`The history of the tester could not be kept in '${this.#path}': ${readErrno(error) ?? String(error)}`);
  }
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line) as unknown;
  } catch {
    return undefined;
  }
}
