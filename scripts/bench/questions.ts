import { spawn } from 'node:child_process';
import { countTokens } from 'gpt-tokenizer/encoding/o200k_base';
import { questions, readNextOffset } from '../../test/assistant/questions.ts';
import { budgets, type Row } from './budgets.ts';
import { StdioClient } from './stdio-client.ts';
import { readFirstLine, type Address, type Workbench } from './workbench.ts';

/** Asks every question of an administrator of the large emulated archive, in a process of its own, until all of it was looked at. */
export async function measureQuestions(bench: Workbench): Promise<readonly Row[]> {
  const [file = ''] = bench.product(bench.sandbox).args;
  const seed = bench.isShort ? 'small' : 'large';
  const sandbox = spawn(process.execPath, [file, 'sandbox', '--port', '0', '--json', '--seed', seed, '--run-seconds', '0.1'], {
    env: bench.env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const client = new StdioClient(bench.product(await readFirstLine<Address>(sandbox)));
  try {
    await client.open();
    const rows: Row[] = [];
    let most = { calls: 0, reply: 0 };
    for (const { question, tool, args } of questions) {
      const began = performance.now();
      const { calls, tokens, reply } = await ask(client, tool, args);
      const ms = performance.now() - began;
      most = { calls: Math.max(most.calls, calls), reply: Math.max(most.reply, reply) };
      const what = `${question} (\`${tool}\`, ${calls === 1 ? '1 call' : `${calls} calls`})`;
      rows.push(
        { what, unit: 'tokens', product: tokens, budget: budgets.questionTokens },
        { what: `${what}: time`, unit: 'ms', product: ms },
      );
    }
    return [
      ...rows,
      { what: 'the most calls for one of these questions', unit: 'calls', product: most.calls, budget: budgets.questionCalls },
      { what: 'the largest reply to one of them', unit: 'tokens', product: most.reply, budget: budgets.largestReply },
    ];
  } finally {
    await client.close();
    sandbox.kill();
  }
}

async function ask(client: StdioClient, tool: string, args: Readonly<Record<string, unknown>>) {
  const sum = { calls: 0, tokens: 0, reply: 0 };
  for (let offset: number | undefined = 0; offset !== undefined;) {
    const { structuredContent = {}, content = [] } = await client.call(tool, { ...args, ...(offset > 0 && { offset }) });
    const text = content.map((part) => part.text ?? '').join('\n');
    const reply = Math.max(countTokens(JSON.stringify(structuredContent)), countTokens(text));
    sum.calls += 1;
    sum.tokens += reply;
    sum.reply = Math.max(sum.reply, reply);
    offset = readNextOffset(structuredContent['next']);
  }
  return sum;
}
