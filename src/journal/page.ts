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
}

/** A part of a list. */
export interface RowPage<Row> {
  readonly rows: readonly Row[];
  /** How many rows there are, on this page and off it. */
  readonly total: number;
  /** The number to give as `before` for the next page; absent on the last one. */
  readonly next?: number;
}
