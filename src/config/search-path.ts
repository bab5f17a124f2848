/** Returns the folders in which a terminal looks for commands, separated as the platform does. */
export function searchPath(env: Readonly<Record<string, string | undefined>> = process.env): string {
  return env['PATH'] ?? env['Path'] ?? '';
}
