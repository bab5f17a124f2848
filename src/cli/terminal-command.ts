import { defaultStateDir } from '../config/state-dir.ts';

/** Returns how a person calls this program for the record in `stateDir`, which is named only where a terminal would look into another one. */
export function terminalCommand(words: string, stateDir: string): string {
  return `mailstore-mcp ${words}${stateDir === defaultStateDir() ? '' : ` --state-dir "${stateDir}"`}`;
}
