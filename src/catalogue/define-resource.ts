/** A read whose rows, or whose one object, give the values that an argument may have. */
export interface ValueSource {
  /** The wire name of a command that needs no more than `args`. */
  readonly read: string;
  readonly args?: Readonly<Record<string, unknown>>;
  /** The field of a row that is the value. */
  readonly field: string;
}

/** Something of the archive that a person can give to a model as context: the answer of one read. */
export interface Resource {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  /** The path below the target, such as `users` or `users/{userName}`; at most one variable. */
  readonly path: string;
  /** The wire name of the command that reads it. */
  readonly read: string;
  /** The arguments of the read. Default: none. */
  args?(variable: string): Readonly<Record<string, unknown>>;
  /** The field of a list's rows that has the value of the variable. Without it, the read returns the one thing. */
  readonly rowsWhere?: string;
  /** The values that the variable may have. */
  readonly values?: ValueSource;
}

/** Declares a resource. */
export function defineResource(resource: Resource): Resource {
  return resource;
}
