/** Returns the code that Node gave an error, such as `ENOENT`; undefined for any other value. */
export function readErrno(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error ? String(error.code) : undefined;
}

/** Returns the code of an error where it has one, and the error as text otherwise. */
export function describeErrno(error: unknown): string {
  return readErrno(error) ?? String(error);
}
