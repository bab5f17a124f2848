export function iso(ms: number): string {
  return new Date(ms).toISOString();
}

/** `undefined` has no form in JSON and becomes null, as the result of a command without a value. */
export function json(value: unknown): string {
  return JSON.stringify(value) ?? 'null';
}

/** Reads what `json` wrote. */
export function parse<T>(text: string): T {
  return JSON.parse(text) as T;
}
