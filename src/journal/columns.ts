export function iso(ms: number): string {
  return new Date(ms).toISOString();
}

/** `undefined` has no form in JSON and becomes null, as the result of a command without a value. */
export function json(value: unknown): string {
  return JSON.stringify(value) ?? 'null';
}

/** Reads the cells of a row and notes those that hold what this server never wrote, in place of failing with the first. */
export class CellReader {
  readonly damaged: string[] = [];

  /** Returns the value of a JSON cell, or `otherwise` where the text is no JSON or `fits` refuses its value. */
  json<T>(column: string, text: string, fits: (value: unknown) => boolean, otherwise: T): T {
    try {
      const value: unknown = JSON.parse(text);
      if (fits(value)) return value as T;
    } catch {
      // The error below reports it.
    }
    this.damaged.push(column);
    return otherwise;
  }

  /** Returns a time, or the Unix epoch where the number is none. */
  time(column: string, ms: number): string {
    if (Number.isSafeInteger(ms) && Math.abs(ms) <= LATEST_MS) return iso(ms);
    this.damaged.push(column);
    return iso(0);
  }
}

/** The latest time that JavaScript knows. */
const LATEST_MS = 8.64e15;

export const isText = (value: unknown): boolean => typeof value === 'string';
export const isList = (value: unknown): boolean => Array.isArray(value);
export const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null && !Array.isArray(value);
export const isAnything = (): boolean => true;

/** Reads what `json` wrote. */
export function parse<T>(text: string): T {
  return JSON.parse(text) as T;
}
