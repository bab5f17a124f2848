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
  let isChanged = false;
  if (Array.isArray(value)) {
    const mapped = value.map((inner: unknown) => {
      const now = mapStrings(inner, map, mapKey, name);
      isChanged ||= now !== inner;
      return now;
    });
    return isChanged ? mapped : value;
  }
  const fields = value as Readonly<Record<string, unknown>>;
  const keys = Object.keys(fields);
  const mapped = keys.map((key) => {
    const inner = fields[key];
    const now = mapStrings(inner, map, mapKey, key);
    isChanged ||= now !== inner || mapKey(key) !== key;
    return now;
  });
  return isChanged ? Object.fromEntries(keys.map((key, index) => [mapKey(key), mapped[index]])) : value;
}
