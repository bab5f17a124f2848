import { defaultStateDir } from '../config/state-dir.ts';

/**
 * Returns how a person calls this program for the record in `stateDir`, which is named only where a terminal would look into another one.
 * What npx has started is in its cache and on nobody's PATH.
 */
export function terminalCommand(words: string, stateDir: string, program = process.argv[1] ?? ''): string {
  return `${/[\\/]_npx[\\/]/.test(program) ? 'npx mailstore-mcp' : 'mailstore-mcp'} ${words}${stateDir === defaultStateDir() ? '' : ` --state-dir "${stateDir}"`}`;
}
