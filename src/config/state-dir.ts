import { homedir } from 'node:os';
import { join } from 'node:path';

/** Returns the platform's own place for an application's state. */
export function defaultStateDir(
  env: Readonly<Record<string, string | undefined>> = process.env,
  platform: NodeJS.Platform = process.platform,
): string {
  const home = homedir();
  switch (platform) {
    case 'win32':
      return join(env['LOCALAPPDATA'] || join(home, 'AppData', 'Local'), 'mailstore-mcp');
    case 'darwin':
      return join(home, 'Library', 'Application Support', 'mailstore-mcp');
    default:
      return join(env['XDG_STATE_HOME'] || join(home, '.local', 'state'), 'mailstore-mcp');
  }
}
