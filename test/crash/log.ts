import { readFileSync } from 'node:fs';

/** One thing that a process did, as it says it itself, once it is done. */
export type LogLine =
  | { readonly what: 'asks'; readonly token: string }
  /** `end` is the digest of an answer that may not be about a running command. */
  | { readonly what: 'answered'; readonly token: string; readonly end?: string }
  | { readonly what: 'unanswered'; readonly token: string; readonly code: string }
  /** The server answered a call with this token. */
  | { readonly what: 'began'; readonly token: string }
  | { readonly what: 'accepted'; readonly taskId: string; readonly token: string }
  | { readonly what: 'stored'; readonly taskId: string; readonly end: string }
  | { readonly what: 'finished'; readonly taskId: string; readonly status: string }
  | { readonly what: 'handle'; readonly taskId: string; readonly status: string }
  | { readonly what: 'delivered'; readonly taskId: string; readonly status: string; readonly result: unknown }
  | { readonly what: 'refused'; readonly code: string }
  | { readonly what: 'logged'; readonly text: string }
  | { readonly what: 'died' }
  | { readonly what: 'closed' };

/** `at` is in milliseconds of `timeOfMachine`. */
export type Logged = LogLine & { readonly at: number };

/** Milliseconds of the one clock that all processes of the machine share and no one sets: by it, what several of them did can be put in order. */
export function timeOfMachine(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

/** Returns the lines of a log; its process may have been killed in the middle of the last one. */
export function readLog(path: string): readonly Logged[] {
  const text = readFileSync(path, 'utf8');
  return text
    .slice(0, text.lastIndexOf('\n') + 1)
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Logged);
}
