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
  readonly format: 'json' | 'toml';
  /** The key that holds the servers by name. */
  readonly key: string;
  /** Fields of an entry other than `command`, `args` and `env`. */
  readonly extra?: Readonly<Record<string, string>>;
  /** The forms of a variable that the client replaces in `env`; text of another form reaches the server as it stands. */
  readonly expands?: RegExp;
  /** The number of tools that it sends to a model at most. */
  readonly toolLimit?: number;
  /** The command that adds a server, where it has one; `…` is replaced by the command line of the server. */
  readonly addCommand?: string;
  /** How a secret stays out of its file. */
  readonly secrets: string;
  /** Where what the server writes to stderr is found. */
  readonly log: string;
  file(machine: Machine): string;
}

export const mcpClients: readonly McpClient[] = [
  {
    id: 'claude-desktop',
    name: 'Claude Desktop',
    format: 'json',
    key: 'mcpServers',
    secrets: 'It replaces no variables: name a file in `MAILSTORE_PASSWORD_FILE`, or use the keychain.',
    log: '`%APPDATA%\\Claude\\logs\\mcp-server-mailstore.log`, `~/Library/Logs/Claude/mcp-server-mailstore.log`',
    file: ({ appData }) => join(appData, 'Claude', 'claude_desktop_config.json'),
  },
  {
    id: 'claude-code',
    name: 'Claude Code',
    format: 'json',
    key: 'mcpServers',
    extra: { type: 'stdio' },
    expands: /^\$\{\w+(?::-[^}]*)?\}$/,
    addCommand: 'claude mcp add --scope user mailstore -- …',
    secrets: 'It replaces `${NAME}` by the variable of its own environment.',
    log: '`/mcp` shows the state; `claude --debug` writes what the server says.',
    file: ({ home }) => join(home, '.claude.json'),
  },
  {
    id: 'vscode',
    name: 'VS Code',
    format: 'json',
    key: 'servers',
    extra: { type: 'stdio' },
    expands: /^\$\{(?:input|env|userHome|workspaceFolder)(?::[^}]*)?\}$/,
    toolLimit: 128,
    addCommand: 'MCP: Add Server… in the command palette',
    secrets: 'It asks once for an `${input:…}` of the type `promptString` with `"password": true`, and keeps it encrypted.',
    log: 'Output panel, channel MCP: mailstore',
    file: ({ appData }) => join(appData, 'Code', 'User', 'mcp.json'),
  },
  {
    id: 'cursor',
    name: 'Cursor',
    format: 'json',
    key: 'mcpServers',
    expands: /^\$\{(?:env:\w+|userHome|workspaceFolder)\}$/,
    secrets: 'It replaces `${env:NAME}` by the variable of its own environment.',
    log: 'Output panel, channel MCP Logs',
    file: ({ home }) => join(home, '.cursor', 'mcp.json'),
  },
  {
    id: 'codex',
    name: 'Codex',
    format: 'toml',
    key: 'mcp_servers',
    addCommand: 'codex mcp add mailstore -- …',
    secrets: 'It replaces no variables in `env`: name a file in `MAILSTORE_PASSWORD_FILE`, or list the variable in `env_vars`.',
    log: '`~/.codex/log/codex-tui.log`',
    file: ({ home }) => join(home, '.codex', 'config.toml'),
  },
  {
    id: 'gemini-cli',
    name: 'Gemini CLI',
    format: 'json',
    key: 'mcpServers',
    expands: /^\$(?:\w+|\{\w+\})$/,
    addCommand: 'gemini mcp add --scope user mailstore …',
    secrets: 'It replaces `$NAME` and `${NAME}` by the variable of its own environment.',
    log: '`/mcp` shows the state; `gemini --debug` writes what the server says.',
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
