import { mapFields, type Row } from './rows.ts';

/**
 * Returns a JSON value with every string replaced by what `map` makes of it, and with `mapKey` every key; the same reference where nothing
 * changed. `name` is the key under which a string stands, directly or in a list.
 */
export function mapStrings(
  value: unknown,
  map: (text: string, name?: string) => string,
  mapKey: (key: string) => string = (key) => key,
  name?: string,
): unknown {
  if (typeof value === 'string') return map(value, name);
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) {
    let isChanged = false;
    const mapped = value.map((inner: unknown) => {
      const now = mapStrings(inner, map, mapKey, name);
      isChanged ||= now !== inner;
      return now;
    });
    return isChanged ? mapped : value;
  }
  const mapped = mapFields(value as Row, (inner, key) => mapStrings(inner, map, mapKey, key));
  const isRenamed = Object.keys(mapped).some((key) => mapKey(key) !== key);
  return isRenamed ? Object.fromEntries(Object.entries(mapped).map(([key, inner]) => [mapKey(key), inner])) : mapped;
}
