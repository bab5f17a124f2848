import { nearest } from '../base/nearest.ts';

/**
 * What can go wrong between a client and the server.
 * The server never sees the request: `html` (a proxy's page), `status-502`, `status-503`.
 * The server does what was asked, and the answer suffers: `delay` (the request waits first), `drop` (no answer at all; an end that was
 * about to be handed out stays), `truncate` (half the body), `garbage` (not JSON), `invalid-utf8`, `lost-end` (matches only an answer that
 * hands out the end of a run: the server forgets it, and nothing is sent).
 */
export const FAULT_KINDS = [
  'delay',
  'drop',
  'truncate',
  'garbage',
  'invalid-utf8',
  'html',
  'status-503',
  'status-502',
  'lost-end',
] as const;
export type FaultKind = (typeof FAULT_KINDS)[number];

export interface Fault {
  readonly kind: FaultKind;
  /** How long a `delay` lasts. */
  readonly milliseconds: number;
  /** How many requests it still meets. */
  readonly count: number;
  /** The path that it is limited to; `*` matches any text. */
  readonly pathPattern: string | undefined;
}

/** Reads `kind[=ms][:count][@pathPattern]`, such as `delay=500:3@/api/get-status`. Thrown when the text is no fault: Error naming the part. */
export function parseFault(text: string): Fault {
  const [, word = '', milliseconds, count, pathPattern] = /^([^=:@]*)(?:=([^:@]*))?(?::([^@]*))?(?:@(.*))?$/s.exec(text) ?? [];
  const kind = FAULT_KINDS.find((known) => known === word);
  if (!kind) {
    const guess = nearest(word, FAULT_KINDS);
    throw new Error(
      `'${word}' is no fault${guess === undefined ? '.' : `; did you mean '${guess}'?`} Faults are: ${FAULT_KINDS.join(', ')}.`,
    );
  }
  if ((kind === 'delay') !== (milliseconds !== undefined)) {
    throw new Error(kind === 'delay' ? `A delay needs its milliseconds, as in 'delay=500'.` : `'${kind}' takes no milliseconds.`);
  }
  return {
    kind,
    milliseconds: milliseconds === undefined ? 0 : parseCount(text, milliseconds),
    count: count === undefined ? Number.POSITIVE_INFINITY : parseCount(text, count),
    pathPattern,
  };
}

function parseCount(text: string, digits: string): number {
  if (!/^\d{1,9}$/.test(digits)) throw new Error(`'${digits}' in the fault '${text}' is not a whole number.`);
  return Number(digits);
}

/** The faults that are switched on. */
export class Faults {
  #active: { readonly fault: Fault; left: number; readonly matches: (path: string) => boolean }[] = [];

  constructor(texts: readonly string[] = []) {
    for (const text of texts) this.add(text);
  }

  /** Switches a fault on, written as `parseFault` reads it. */
  add(text: string): void {
    const fault = parseFault(text);
    this.#active.push({ fault, left: fault.count, matches: makeMatcher(fault.pathPattern) });
  }

  clear(): void {
    this.#active = [];
  }

  /** The faults that are still on, with what is left of their counts. */
  get active(): readonly Fault[] {
    return this.#active.map(({ fault, left }) => ({ ...fault, count: left }));
  }

  /** Uses up and returns the first fault of one of these kinds that meets the path. */
  take(path: string, kinds: readonly FaultKind[]): Fault | undefined {
    if (this.#active.length === 0) return undefined;
    const entry = this.#active.find(({ fault, left, matches }) => left > 0 && kinds.includes(fault.kind) && matches(path));
    if (!entry) return undefined;
    entry.left--;
    if (entry.left <= 0) this.#active = this.#active.filter((other) => other !== entry);
    return entry.fault;
  }
}

function makeMatcher(pattern: string | undefined): (path: string) => boolean {
  if (pattern === undefined) return () => true;
  const literal = pattern.split('*').map((part) => part.replaceAll(/[\\^$.|?+()[\]{}]/g, String.raw`\$&`));
  const expression = new RegExp(`^${literal.join('.*')}$`, 's');
  return (path) => expression.test(path);
}
