import * as z from 'zod';

/**
 * The shape of a command's value and how it becomes the object root of a tool result:
 * `list` becomes `{items, total, nextOffset?}`, `record` stays as it is, `value` becomes `{result}`.
 */
export interface Output<Row extends z.ZodType = z.ZodType> {
  readonly kind: 'list' | 'record' | 'value';
  /** Describes the whole value as the server returns it (for a list: the array). */
  readonly schema: Row;
  /** True where no source describes the value, and the schema is what its name and its sisters suggest. */
  readonly isGuess?: true;
}

/** Marks an output whose shape no source describes. */
export function guess<Row extends z.ZodType>(output: Output<Row>): Output<Row> {
  return { ...output, isGuess: true };
}

/** A list of objects with these fields; fields may be missing from older or newer servers, and others may be present. */
export function describeList<Shape extends z.ZodRawShape>(shape: Shape): Output<z.ZodArray<z.ZodObject<Shape, z.core.$loose>>> {
  return { kind: 'list', schema: z.array(z.looseObject(shape)) };
}

/** One object with these fields; others may be present. */
export function record<Shape extends z.ZodRawShape>(shape: Shape): Output<z.ZodObject<Shape, z.core.$loose>> {
  return { kind: 'record', schema: z.looseObject(shape) };
}

/** No value: setters answer null. */
export const nothing: Output<z.ZodNull> = { kind: 'value', schema: z.null() };

/** A value whose shape no source describes; it is passed through as it comes. */
export const anything: Output<z.ZodUnknown> = { kind: 'value', schema: z.unknown() };
