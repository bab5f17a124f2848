import { isRow } from '../../../base/rows.ts';

/** A field that is different, with its value as JSON on both sides; `not set` where it is missing. */
export interface Difference {
  readonly path: string;
  readonly before: string;
  readonly after: string;
}

/** Returns what a configuration as it is written changes of the one that is set; undefined where it is not a JSON object. A field that is left out stays. */
export function compareConfiguration(current: Readonly<Record<string, unknown>>, written: string): readonly Difference[] | undefined {
  let value: unknown;
  try {
    value = JSON.parse(written);
  } catch {
    return undefined;
  }
  if (!isRow(value)) return undefined;
  return Object.entries(value).flatMap(([name, after]) => compare(name, current[name], after));
}

/** Inside a field that is stated, what is left out is gone. */
function compare(path: string, before: unknown, after: unknown): readonly Difference[] {
  if (isRow(before) && isRow(after)) {
    return [...new Set([...Object.keys(before), ...Object.keys(after)])].flatMap((name) =>
      compare(`${path}.${name}`, before[name], after[name]),
    );
  }
  const [one, other] = [write(before), write(after)];
  return one === other ? [] : [{ path, before: one, after: other }];
}

function write(value: unknown): string {
  return JSON.stringify(value) ?? 'not set';
}
