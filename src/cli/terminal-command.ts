import { readFileSync, realpathSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';
import { searchPath } from '../config/search-path.ts';
import { defaultStateDir } from '../config/state-dir.ts';

/** How this program was started, and what a terminal would find. */
export interface Installation {
  readonly platform: NodeJS.Platform;
  /** The program that runs the script: node. */
  readonly node: string;
  readonly script: string;
  /** The folders in which a terminal looks for a command. */
  readonly searchPath: string;
}

const NAME = 'mailstore-mcp';

/**
 * Returns the line by which a person runs `words` in a terminal as this installation does: by its bare name where a terminal finds this very
 * script by it, else by the paths of node and script. The state folder is named where a terminal would look into another one. On Windows
 * the line is for PowerShell, and for cmd as well where no path needs quotes.
 */
export function terminalCommand(words: string, stateDir: string, installation: Installation = thisInstallation()): string {
  const quote = installation.platform === 'win32' ? quoteForWindows : quoteForShell;
  const program = isOnPath(installation) ? NAME : describeProgram(installation, quote);
  const isDefault = stateDir === defaultStateDir({}, installation.platform);
  return `${program} ${words}${isDefault ? '' : ` --state-dir ${quote(stateDir)}`}`;
}

/** Returns words as one line that a terminal of this platform takes apart again. */
export function quoteWords(words: readonly string[], { platform }: Pick<Installation, 'platform'> = process): string {
  return words.map(platform === 'win32' ? quoteForWindows : quoteForShell).join(' ');
}

function thisInstallation(): Installation {
  const script = process.argv[1] ?? NAME;
  // A client made with Electron runs a server by its own program, which is no node in a terminal.
  const node = process.versions['electron'] === undefined ? process.execPath : 'node';
  return { platform: process.platform, node, script: resolve(script), searchPath: searchPath() };
}

function describeProgram({ platform, node, script }: Installation, quote: (text: string) => string): string {
  const quotedNode = quote(node);
  // PowerShell takes a line that begins with a quote for a text.
  const call = platform === 'win32' && quotedNode !== node ? '& ' : '';
  return `${call}${quotedNode} ${quote(script)}`;
}

/** True where the first command of this name that a terminal finds is this very script, or npm's starter of it on Windows. */
function isOnPath({ platform, script, searchPath: folders }: Installation): boolean {
  const own = realPath(script);
  for (const folder of folders.split(platform === 'win32' ? ';' : delimiter)) {
    if (folder === '') continue;
    if (platform !== 'win32') {
      const found = realPath(join(folder, NAME));
      if (found !== undefined) return found === own;
      continue;
    }
    const starter = readStarter(join(folder, `${NAME}.cmd`));
    const target = starter === undefined ? undefined : /"%(?:~dp0|dp0%)\\([^"]+\.cjs)"/.exec(starter)?.[1];
    if (starter !== undefined) return target !== undefined && realPath(join(folder, ...target.split('\\'))) === own;
  }
  return false;
}

function realPath(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch {
    return undefined;
  }
}

function readStarter(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

function quoteForShell(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

/** In double quotes, which PowerShell and cmd both take, but for what PowerShell would replace in them. */
function quoteForWindows(text: string): string {
  if (/^[\w:.\\/-]+$/.test(text)) return text;
  return /[$`"]/.test(text) ? `'${text.replaceAll("'", "''")}'` : `"${text}"`;
}
