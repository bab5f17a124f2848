import type { Row } from '../base/rows.ts';
import type { EditionInput, InputShape, ParsedArguments } from './define-command.ts';
import type { InsightView, Room } from './insight-view.ts';

/** Reads that `readEach` makes at most, so that no question holds an archive of very many accounts for long. */
export const MAX_READS = 5000;

/** How long `readEach` begins new reads, in milliseconds; what is under way then still has to end within the limit for a call. */
export const READING_MS = 25_000;

/** How an insight reads. Every read passes the guard, so access, toolsets and the audit hold for each of them. */
export interface InsightReader {
  /** The present in milliseconds since the Unix epoch, by the clock of this machine. */
  readonly now: number;
  /** The IANA zone in which times are shown and days are counted. */
  readonly timeZone: string;
  /** True where the answer is drawn for a person: only then is its `view` needed. */
  readonly isDrawn: boolean;
  /** Returns the value of a read, or undefined where it failed; the answer then names the read and the reason. */
  read(command: string, args?: Readonly<Record<string, unknown>>): Promise<unknown>;
  /** Returns the rows of a list, or undefined where the read failed or did not return a list of objects. */
  readList(command: string, args?: Readonly<Record<string, unknown>>): Promise<readonly Row[] | undefined>;
  /**
   * True unless one of these fields, or a whole row, came in another form than is declared in what this command answered so far: what is not found there
   * may be there all the same.
   */
  isAsDeclared(command: string, fields: readonly string[]): boolean;
  /**
   * Makes one read for each entry, a few at a time, until READING_MS are over or MAX_READS were made. Returns the values in the order of
   * the entries; one that failed is undefined, and the list ends where the reads did.
   */
  readEach<Entry>(
    command: string,
    entries: readonly Entry[],
    args: (entry: Entry) => Readonly<Record<string, unknown>>,
  ): Promise<readonly unknown[]>;
}

/** What an insight found. Times are written as `2026-11-29T06:00:00Z`, also within sentences, and are shown in the zone of the reader. */
export interface InsightAnswer {
  /** The answer in a sentence that a person would say. */
  readonly headline: string;
  /** The findings: facts, and lists of flat objects with what matters most first. Lists that are too long for the answer are cut from their end. */
  readonly data: Readonly<Record<string, unknown>>;
  /** What was not looked at, or cannot be seen through this API: one sentence each. */
  readonly notLookedAt: readonly string[];
  /** The one next step that makes sense. */
  readonly next?: string | undefined;
  /** The same findings as exact numbers to be drawn, where the reader draws them. No model reads it. */
  readonly view?: InsightView | undefined;
}

interface InsightFields<Input extends InputShape> {
  /** The name of the tool, in snake_case. */
  readonly name: string;
  readonly title: string;
  /** What a model reads to choose the tool: at most 160 characters, the deciding words first. */
  readonly summary: string;
  readonly input: Input;
  /** Arguments that an edition adds to `input`; its reads carry those marked by `f.scope`. */
  readonly editionInput?: EditionInput;
  /** The wire names of the commands that it may read with; each of them can only read. */
  readonly reads: readonly string[];
  /** Calls that work against the sandbox's seeded world. */
  readonly examples: readonly [Readonly<Record<string, unknown>>, ...Readonly<Record<string, unknown>>[]];
  /** The room of the console that shows this answer, and the arguments with which the room asks. */
  readonly room?: { readonly name: Room; readonly args: Readonly<Record<string, unknown>> };
  answer(args: ParsedArguments<Input>, reader: InsightReader): Promise<InsightAnswer>;
}

/** A declaration whose argument types are no longer known, as registries and loops handle it. */
export type Insight = InsightFields<InputShape>;

/** Declares a tool that answers one question from several reads and changes nothing. */
export function defineInsight<Input extends InputShape>(declaration: InsightFields<Input>): InsightFields<Input> {
  return declaration;
}
