import * as z from 'zod';
import type { Row } from '../base/rows.ts';
import type { NamedKind } from './fields.ts';

/** How the rows of a list name what exists. */
export interface ListedNames {
  readonly names: NamedKind;
  /** The field with the name or id, and the one with a title for people. */
  readonly value: string;
  readonly title?: string;
  /** The field with rows of the same kind below a row. */
  readonly children?: string;
  /** The arguments of a call that lists them quickly. */
  readonly args?: Row;
}

/** How a list is introduced and ordered for a reader. */
export interface ListTraits {
  /** Names one row and several, such as `store` and `stores`. */
  readonly nouns?: readonly [one: string, many: string];
  /** The order without a `sort`, such as `-startTime`; the server's own by default. */
  readonly order?: string;
  /** The field whose values are counted over all rows, such as the result of a run. */
  readonly counts?: string;
  /** Fields that hold a number of bytes; their sum over all rows is shown. */
  readonly bytes?: readonly string[];
  /** Other fields whose sum over all rows is shown. */
  readonly sums?: readonly string[];
  /** Returns what needs a person's attention in a row, such as `Import 2021 needs an upgrade`. */
  readonly attention?: (row: Row) => string | undefined;
  /** What can be named by these rows in an argument of another command. */
  readonly lists?: readonly ListedNames[];
  /** What readers look for in these rows and where it is instead, said when there are none or nothing matches. */
  readonly elsewhere?: string;
}

/**
 * The shape of a command's value and how it becomes the object root of a tool result:
 * `list` becomes `{items, total, nextOffset?}`, `record` stays as it is, `value` becomes `{result}`.
 */
export interface Output<Value extends z.ZodType = z.ZodType> {
  readonly kind: 'list' | 'record' | 'value';
  /** Describes the whole value as the server returns it (for a list: the array). */
  readonly schema: Value;
  /** True where no source describes the value, and the schema is what its name and its sisters suggest. */
  readonly isGuess?: true;
  readonly list?: ListTraits;
}

/** Marks an output whose shape no source describes. */
export function guess<Value extends z.ZodType>(output: Output<Value>): Output<Value> {
  return { ...output, isGuess: true };
}

/** A list of objects with these fields; fields may be missing from older or newer servers, and others may be present. */
export function describeList<Shape extends z.ZodRawShape>(
  shape: Shape,
  list: ListTraits = {},
): Output<z.ZodArray<z.ZodObject<Shape, z.core.$loose>>> {
  return { kind: 'list', schema: z.array(z.looseObject(shape)), list };
}

/** One object with these fields; others may be present. */
export function record<Shape extends z.ZodRawShape>(shape: Shape): Output<z.ZodObject<Shape, z.core.$loose>> {
  return { kind: 'record', schema: z.looseObject(shape) };
}

/** No value: setters answer null. */
export const nothing: Output<z.ZodNull> = { kind: 'value', schema: z.null() };

/** A value whose shape no source describes; it is passed through as it comes. */
export const anything: Output<z.ZodUnknown> = { kind: 'value', schema: z.unknown() };

/** The results of profile runs; those of job runs are taken for the same (privileges-and-enums.md §7, §8). */
export const RUN_RESULTS = [
  'succeeded',
  'completedWithErrors',
  'completedWithWarnings',
  'failed',
  'cancelled',
  'disconnected',
  'threadAbort',
] as const;

/** A word of which these are known; a server may have others. */
export function knownWords<const Words extends readonly [string, ...string[]]>(words: Words) {
  return z.union([z.enum(words), z.string()]);
}
