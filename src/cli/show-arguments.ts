/** Returns arguments as `name=value`: a text without blanks, quotes and `=` as it is, everything else as JSON, so that none passes for another. */
export function formatArguments(args: Readonly<Record<string, unknown>>): string {
  return Object.entries(args)
    .map(([name, value]) => `${name}=${typeof value === 'string' && /^[^\s"'=]+$/.test(value) ? value : JSON.stringify(value)}`)
    .join(' ');
}
