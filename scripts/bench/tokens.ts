import { countTokens } from 'gpt-tokenizer/encoding/o200k_base';
import { startSandbox, type Sandbox } from '../../src/sandbox/sandbox.ts';
import { decide } from '../../src/policy/decide.ts';
import { catalogueFor } from '../../tools/index.ts';
import { budgets, type Row } from './budgets.ts';
import { StdioClient, type Result, type Tool } from './stdio-client.ts';
import type { Workbench } from './workbench.ts';

const USERS = 10_000;
const catalogue = catalogueFor('server');
const WAIT_SECONDS = 30;

/** Counts the tokens of what a model reads: the default list, and the largest reply of any tool in it to a call without paging. */
export async function measureWords(bench: Workbench): Promise<readonly Row[]> {
  const sandbox = await startSandbox({ runSeconds: 0.1 });
  addUsers(sandbox);
  const client = new StdioClient(bench.product(sandbox));
  const tools = await client.open();
  const listTokens = tools
    .map(({ name, description, inputSchema }) => countTokens(`${name}\n${description}\n${JSON.stringify(inputSchema)}`))
    .reduce((sum, tokens) => sum + tokens, 0);
  const largest = await findLargestReply(client, tools);
  await client.close();
  await sandbox.close();
  return [
    { what: `default read-only list, ${tools.length} tools`, unit: 'tokens', product: listTokens, budget: budgets.listTokens },
    { what: 'mean of a tool in it', unit: 'tokens', product: listTokens / tools.length, budget: budgets.tokensPerTool },
    {
      what: `largest default reply with ${USERS.toLocaleString('en')} users (\`${largest.tool}\`)`,
      unit: 'tokens',
      product: largest.tokens,
      budget: budgets.replyTokens,
    },
  ];
}

function addUsers({ world }: Sandbox): void {
  const { users } = world.state;
  const model = world.user('amira');
  for (let number = users.length; number < USERS; number++) {
    const userName = `colleague.${number}`;
    users.push({ ...structuredClone(model), userName, fullName: `Colleague ${number}`, emailAddresses: [`${userName}@example.com`] });
  }
}

/** Calls every listed tool with each example of its declaration, waits for those that run long, and returns the largest answer. */
async function findLargestReply(client: StdioClient, tools: readonly Tool[]): Promise<{ readonly tool: string; readonly tokens: number }> {
  let largest = { tool: '', tokens: 0 };
  // A model is shown one form or the other.
  const weigh = (tool: string, { structuredContent, content = [] }: Result) => {
    const text = content.map((part) => part.text ?? '').join('\n');
    const tokens = Math.max(countTokens(JSON.stringify(structuredContent)), countTokens(text));
    if (tokens > largest.tokens) largest = { tool, tokens };
    return structuredContent;
  };
  for (const { name, _meta } of tools) {
    const command = catalogue.find(String(_meta?.['mailstore/command']));
    for (const args of command?.examples ?? []) {
      if (command && decide(command, args, 'read-only', { catalogue }).kind !== 'allow') continue;
      let answer = weigh(name, await client.call(name, args));
      while (answer?.['status'] === 'running') {
        answer = weigh(name, await client.call('get_task_status', { taskId: answer['taskId'], waitSeconds: WAIT_SECONDS }));
      }
      if (command?.longRunning && answer?.['status'] !== 'succeeded') throw new Error(`${name} did not succeed: ${JSON.stringify(answer)}`);
    }
  }
  weigh('list_tasks', await client.call('list_tasks', {}));
  return largest;
}
