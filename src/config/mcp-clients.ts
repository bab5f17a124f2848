import { homedir } from 'node:os';
import { join } from 'node:path';

/** What differs between the machines that a client runs on. */
export interface Machine {
  readonly platform: NodeJS.Platform;
  readonly home: string;
  /** `%APPDATA%` on Windows, `~/Library/Application Support` on macOS, `~/.config` elsewhere. */
  readonly appData: string;
}

/** An MCP client whose configuration file `setup` can write and `doctor` can read. */
export interface McpClient {
  readonly id: string;
  readonly name: string;
  readonly format: 'json' | 'jsonc' | 'toml';
  /** The key that holds the servers by name. */
  readonly key: string;
  /** Fields of an entry other than `command`, `args` and `env`. */
  readonly extra?: Readonly<Record<string, string>>;
  /** The forms of a variable that the client replaces in `env`; text of another form reaches the server as it stands. */
  readonly expands?: RegExp;
  /** The number of tools that it sends to a model at most. */
  readonly toolLimit?: number;
  file(machine: Machine): string;
}

export const mcpClients: readonly McpClient[] = [
  {
    id: 'claude-desktop',
    name: 'Claude Desktop',
    format: 'json',
    key: 'mcpServers',
    file: ({ appData }) => join(appData, 'Claude', 'claude_desktop_config.json'),
  },
  {
    id: 'claude-code',
    name: 'Claude Code',
    format: 'json',
    key: 'mcpServers',
    extra: { type: 'stdio' },
    expands: /^\$\{\w+(?::-[^}]*)?\}$/,
    file: ({ home }) => join(home, '.claude.json'),
  },
  {
    id: 'vscode',
    name: 'VS Code',
    format: 'jsonc',
    key: 'servers',
    extra: { type: 'stdio' },
    expands: /^\$\{(?:input|env|userHome|workspaceFolder)(?::[^}]*)?\}$/,
    toolLimit: 128,
    file: ({ appData }) => join(appData, 'Code', 'User', 'mcp.json'),
  },
  {
    id: 'cursor',
    name: 'Cursor',
    format: 'jsonc',
    key: 'mcpServers',
    expands: /^\$\{(?:env:\w+|userHome|workspaceFolder)\}$/,
    file: ({ home }) => join(home, '.cursor', 'mcp.json'),
  },
  {
    id: 'codex',
    name: 'Codex',
    format: 'toml',
    key: 'mcp_servers',
    file: ({ home }) => join(home, '.codex', 'config.toml'),
  },
  {
    id: 'gemini-cli',
    name: 'Gemini CLI',
    format: 'jsonc',
    key: 'mcpServers',
    expands: /^\$(?:\w+|\{\w+\})$/,
    file: ({ home }) => join(home, '.gemini', 'settings.json'),
  },
];

/** Returns this machine. */
export function thisMachine(env: Readonly<Record<string, string | undefined>> = process.env, platform = process.platform): Machine {
  const home = (platform === 'win32' ? env['USERPROFILE'] : env['HOME']) || homedir();
  const appData = {
    win32: env['APPDATA'] || join(home, 'AppData', 'Roaming'),
    darwin: join(home, 'Library', 'Application Support'),
  };
  return {
    platform,
    home,
    appData: platform === 'win32' || platform === 'darwin' ? appData[platform] : env['XDG_CONFIG_HOME'] || join(home, '.config'),
  };
}
