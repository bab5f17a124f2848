/**
 * Lists and objects inside one another that an answer or an argument may have; MailStore's own go a dozen deep, and what walks a value needs a
 * stack.
 */
export const DEPTH_LIMIT = 256;

/** True when a JSON value nests lists and objects deeper than `limit`. */
export function isDeeper(value: unknown, limit: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return limit === 0 || Object.values(value).some((inner) => isDeeper(inner, limit - 1));
}

/** Returns what is wrong with each argument that nests too deep. */
export function findDeepArguments(args: Readonly<Record<string, unknown>>): readonly string[] {
  return Object.entries(args)
    .filter(([, value]) => isDeeper(value, DEPTH_LIMIT))
    .map(([name]) => `${name} nests lists and objects more than ${DEPTH_LIMIT} deep`);
}
