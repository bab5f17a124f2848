/** Which rows of a list are wanted; the newest come first. */
export interface PageRequest {
  /** Rows at most. */
  readonly limit: number;
  /** Only rows that are older than the one with this number. */
  readonly before?: number | undefined;
  /** Rows that are skipped. */
  readonly offset?: number | undefined;
  /** Only rows that contain this text, upper or lower case. */
  readonly match?: string | undefined;
  /** Only rows of the archives at these origins, `https://host:port` each; all rows without it. */
  readonly origins?: readonly string[] | undefined;
  /** Only rows whose fields have one of these values each, by the name of the field; letter case does not count, and null is no value. */
  readonly where?: Readonly<Record<string, readonly (string | number | boolean | null)[]>> | undefined;
  /** The field to sort by; without it the newest come first. */
  readonly sort?: { readonly field: string; readonly isDescending: boolean } | undefined;
}

/** The fields of a list by which it can be searched and sorted. */
export interface PageFields {
  readonly names: readonly string[];
  /** Those that hold an object, whose own fields can be named too, such as `arguments.id`. */
  readonly objects: readonly string[];
}

/** A part of a list. */
export interface RowPage<Row> {
  readonly rows: readonly Row[];
  /** How many rows there are, on this page and off it. */
  readonly total: number;
  /** How many rows belong to other archives than the wanted ones, with any text; 0 without `origins`. */
  readonly elsewhere: number;
  /** The number to give as `before` for the next page; absent on the last one. */
  readonly next?: number;
}

/** Says how many rows belong to archives that are not configured; undefined where there are none. */
export function elsewhereSentence(elsewhere: number): string | undefined {
  if (elsewhere === 0) return undefined;
  return `${elsewhere} of other archives ${elsewhere === 1 ? 'is' : 'are'} not shown.`;
}

/** The fields by which tasks can be searched and sorted. */
export const TASK_FIELDS = {
  names: ['taskId', 'command', 'target', 'status', 'progress', 'error', 'startedAt', 'endedAt'],
  objects: ['arguments', 'finding'],
} as const satisfies PageFields;

/** The fields by which changes can be searched and sorted. */
export const CHANGE_FIELDS = {
  names: ['number', 'changedAt', 'target', 'origin', 'login', 'command', 'revertible', 'revertedBy'],
  objects: ['arguments', 'before', 'after'],
} as const satisfies PageFields;
