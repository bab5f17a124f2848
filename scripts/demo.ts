/**
 * Shows the main job in a minute: an MCP client starts the built server with its embedded MailStore, reads, is refused a write, and
 * follows a long command to an end that the server hands out only once.
 */
import { fileURLToPath } from 'node:url';
import { inspect, styleText } from 'node:util';
import { Client, type CallToolResult, type Progress } from '@modelcontextprotocol/client';
import { getDefaultEnvironment, StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { endProgress, showProgress } from '../src/cli/progress-bar.ts';

const BINARY = fileURLToPath(new URL('../dist/mailstore-mcp.cjs', import.meta.url));
const { stdout } = process;

type Structured = Record<string, unknown>;

/** Starts the server with these options, hands a connected client to `use`, and ends both. */
async function withServer<T>(args: readonly string[], use: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ name: 'mailstore-mcp-demo', version: '1.0.0' });
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: [BINARY, '--sandbox', ...args],
    env: { ...getDefaultEnvironment(), MAILSTORE_LOG_LEVEL: 'error' },
  });
  await client.connect(transport);
  try {
    return await use(client);
  } finally {
    await client.close();
  }
}

async function call(
  client: Client,
  name: string,
  args: Structured,
  onprogress?: (percent: number, text: string) => void,
): Promise<CallToolResult> {
  return client.callTool(
    { name, arguments: args },
    onprogress ? { onprogress: ({ progress, message }: Progress) => onprogress(progress, message ?? '') } : undefined,
  );
}

function heading(text: string): void {
  stdout.write(`\n${styleText('bold', text)}\n`);
}

function say(text: string): void {
  stdout.write(`  ${text}\n`);
}

function sayCall(name: string, args: Structured): void {
  say(styleText('cyan', `→ ${name} ${JSON.stringify(args)}`));
}

function sayData(request: string, result: CallToolResult): void {
  say(request);
  const data = inspect(result.structuredContent, { breakLength: 110, compact: 3, colors: stdout.isTTY, depth: 5 });
  for (const line of data.split('\n')) say(`  ${line}`);
}

function readText(result: CallToolResult): string {
  const [first] = result.content;
  return first?.type === 'text' ? first.text : '';
}

function bar(percent: number, text: string): void {
  showProgress(stdout, percent, text);
}

async function showTools(client: Client): Promise<void> {
  heading('1  What an assistant is offered (read-only, the default)');
  const { tools } = await client.listTools();
  const names = tools.map(({ name }) => name).toSorted();
  const columns = 3;
  const rows = Math.ceil(names.length / columns);
  for (let row = 0; row < rows; row++) {
    say(
      Array.from({ length: columns }, (_, column) => (names[column * rows + row] ?? '').padEnd(38))
        .join('')
        .trimEnd(),
    );
  }
  say(`${names.length} tools; --access read-write and --access full add the others.`);
}

async function showUser(client: Client): Promise<void> {
  heading('2  One user, in today’s form of the API and in both forms of 2012');
  const args = { userName: 'johndoe' };
  sayCall('get_user_info', args);
  sayData('POST /api/invoke/GetUserInfo', await call(client, 'get_user_info', args));
  for (const [api, request] of [
    ['legacy', 'POST /JSON/Invoke/GetUserInfo'],
    ['legacy-xml', 'POST /XML/Invoke/GetUserInfo'],
  ] as const) {
    sayData(request, await withServer(['--api', api], (legacy) => call(legacy, 'get_user_info', args)));
  }
}

async function showRefusal(client: Client): Promise<void> {
  heading('3  A write, refused in front of the wire');
  const args = { userName: 'johndoe', fullName: 'Somebody Else' };
  sayCall('set_user_full_name', args);
  say(styleText('yellow', readText(await call(client, 'set_user_full_name', args))));
}

async function showLongCommand(): Promise<void> {
  heading('4  A long command, whose end the server hands out only once');
  await withServer(['--access', 'read-write'], async (client) => {
    const args = { id: 3, folder: 'amira' };
    sayCall('rebuild_store_index', args);
    let task = readView(await call(client, 'rebuild_store_index', args, bar));
    while (task.status === 'running') {
      bar(task.progress ?? 0, task.statusText ?? '');
      task = readView(await call(client, 'get_task_status', { taskId: task.taskId, waitSeconds: 10 }));
    }
    bar(task.progress ?? 100, task.status);
    endProgress(stdout);
    for (const time of ['first', 'second']) {
      const again = await call(client, 'get_task_status', { taskId: task.taskId });
      say(`read a ${time} time: ${JSON.stringify(pick(again.structuredContent, ['status', 'statusText', 'result', 'endedAt']))}`);
    }
    say('MailStore deleted the status when it handed it out; both answers come from the record that this server keeps.');
  });
}

interface TaskView {
  readonly taskId: string;
  readonly status: string;
  readonly progress: number | null;
  readonly statusText: string | null;
}

function readView(result: CallToolResult): TaskView {
  if (result.isError) throw new Error(readText(result));
  return result.structuredContent as TaskView;
}

function pick(value: unknown, keys: readonly string[]): Structured {
  return Object.fromEntries(Object.entries(value as Structured).filter(([key]) => keys.includes(key)));
}

function showConfiguration(): void {
  heading('Use it: the emulated MailStore first, then your own (see the README)');
  const entry = { command: process.execPath, args: [BINARY, '--sandbox'] };
  say(`Claude Code      claude mcp add mailstore-sandbox -- "${process.execPath}" "${BINARY}" --sandbox`);
  say(`Claude Desktop   claude_desktop_config.json   ${JSON.stringify({ mcpServers: { 'mailstore-sandbox': entry } })}`);
  say(`Cursor           .cursor/mcp.json             the same`);
  say(`VS Code          .vscode/mcp.json             ${JSON.stringify({ servers: { 'mailstore-sandbox': { type: 'stdio', ...entry } } })}`);
}

await withServer([], async (client) => {
  await showTools(client);
  await showUser(client);
  await showRefusal(client);
});
await showLongCommand();
showConfiguration();
