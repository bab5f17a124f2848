import { countTokens } from 'gpt-tokenizer/encoding/o200k_base';
import { beforeAll, expect, test } from 'vitest';
import type { CallToolResult } from '@modelcontextprotocol/server';
import { catalogueFor } from '../../tools/index.ts';
import { World } from '../../src/emulation/world.ts';
import { runInsight } from '../../src/guard/run-insight.ts';
import { insightResult } from '../../src/mcp/insight-result.ts';
import { valueResult } from '../../src/mcp/results.ts';
import { seedWorld } from '../../src/sandbox/seed.ts';
import type { TaskCall } from '../../src/tasks/runner.ts';
import { insights } from '../helpers/server-catalogue.ts';
import { commandNamed } from '../helpers/start-client.ts';
import { ManualClock } from '../helpers/manual-clock.ts';
import { questions, readNextOffset } from './questions.ts';

type Arguments = Readonly<Record<string, unknown>>;

const NOW = Date.UTC(2026, 10, 22, 9, 0, 30);
const catalogue = catalogueFor('server');

let world: World;
beforeAll(() => {
  world = new World(seedWorld('large', NOW), { now: () => NOW, startJob: () => {}, cancelJob: () => false });
});

const known = new Map<string, unknown>();

/** Returns what the archive answers to a read; a history of 100,000 runs is made once. */
function readWorld({ command, args }: Pick<TaskCall, 'command' | 'args'>): unknown {
  const key = `${command.name} ${JSON.stringify(args)}`;
  if (!known.has(key)) {
    let value: unknown = command.emulate(world, args);
    if (typeof value === 'object' && value !== null && 'next' in value) {
      const steps = value as Generator<unknown, unknown, void>;
      let step = steps.next();
      while (!step.done) step = steps.next();
      ({ value } = step);
    }
    known.set(key, value);
  }
  return known.get(key);
}

/** Asks an insight, and counts the reads that it made. */
async function ask(name: string, args: Arguments = {}) {
  const insight = insights.find((one) => one.name === name);
  if (!insight) throw new Error(`There is no insight ${name}.`);
  let reads = 0;
  const shown: number[] = [];
  let most = 0;
  let underWay = 0;
  const result = await runInsight(
    insight,
    Object.fromEntries(Object.entries(insight.input).map(([field, type]) => [field, type.parse(args[field])])),
    {
      run: async (call) => {
        reads += 1;
        underWay += 1;
        most = Math.max(most, underWay);
        await Promise.resolve();
        underWay -= 1;
        return { kind: 'value', value: readWorld(call), drift: [] };
      },
      runner: { waitForEnd: () => Promise.reject(new Error('no read runs long here')) },
      catalogue,
      clock: new ManualClock(NOW),
      target: 'default',
      caller: { client: { channel: 'call' } as never },
      timeZone: 'UTC',
      onProgress: (percent) => shown.push(percent),
    },
  );
  const answer = insightResult(result, { details: args['details'] === true, timeZone: 'UTC' });
  return { ...weigh(answer), structured: (answer.structuredContent ?? {}) as Arguments, reads, most, shown };
}

/** Counts what a model reads of an answer: its text or its data, whichever is longer. */
function weigh({ content, structuredContent }: CallToolResult) {
  const text = content.map((part) => ('text' in part ? part.text : '')).join('\n');
  return { text, tokens: Math.max(countTokens(text), countTokens(JSON.stringify(structuredContent))) };
}

test('the large archive has 10,000 users, more than 100,000 runs and 40 stores', () => {
  const { users, workerResults, stores } = world.state;
  expect([users.length, stores.length]).toEqual([10_000, 40]);
  expect(workerResults.length).toBeGreaterThan(100_000);
  expect(new Set(users.map(({ userName }) => userName)).size).toBe(10_000);
});

test.each(questions.map((question) => [question.question, question] as const))(
  'a large archive answers "%s" within its calls, reads and tokens, and each answer says what it did not look at',
  async (_question, { tool, args, calls, reads, tokens }) => {
    const answers: Awaited<ReturnType<typeof ask>>[] = [];
    for (let offset: number | undefined = 0; offset !== undefined;) {
      const answer = await ask(tool, { ...args, ...(offset > 0 && { offset }) });
      expect(answer.structured['notLookedAt']).not.toEqual([]);
      answers.push(answer);
      offset = readNextOffset(answer.structured['next']);
    }
    const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0);
    expect(answers).toHaveLength(calls);
    expect(sum(answers.map((answer) => answer.reads))).toBeLessThanOrEqual(reads);
    expect(sum(answers.map((answer) => answer.tokens))).toBeLessThanOrEqual(tokens);
    expect(Math.max(...answers.map((answer) => answer.tokens))).toBeLessThanOrEqual(args['details'] === true ? 5000 : 2000);
  },
);

test('no question costs more than 3 calls and 8,000 tokens', () => {
  expect(Math.max(...questions.map(({ calls }) => calls))).toBeLessThanOrEqual(3);
  expect(Math.max(...questions.map(({ tokens }) => tokens))).toBeLessThanOrEqual(8000);
});

test('a report on very many accounts looks at 5,000 of them, 8 at a time, says which it left out, and shows progress', async () => {
  const first = await ask('user_audit', { details: true });
  expect(first.structured['headline']).toContain('5,000 of 10,000 accounts looked at');
  expect(first.structured['notLookedAt']).toContain(
    'The accounts after number 5000 of 10000, by name: one answer looks at 5000 at most, for 25 seconds. offset 5000 goes on.',
  );
  expect(first.structured['next']).toBe('Call again with offset 5000 for the remaining accounts.');
  expect(first.most).toBeLessThanOrEqual(8);
  expect(first.shown.length).toBeGreaterThan(20);
  expect(first.tokens).toBeLessThanOrEqual(5000);
  const second = await ask('user_audit', { offset: 5000 });
  expect(second.structured['notLookedAt']).toContain('The first 5000 accounts by name, as asked for.');
});

test.each([
  ['GetUsers', {}],
  ['GetStores', {}],
  ['GetProfiles', {}],
  ['GetWorkerResults', { fromIncluding: '2026-11-21T09:00:30', toExcluding: '2026-11-22T09:00:30', timeZoneID: 'UTC' }],
  ['GetJobs', {}],
  ['GetChildFolders', {}],
  ['GetStoreIndexes', { id: 4 }],
  ['GetFolderStatistics', {}],
])('on a large archive a page of %s takes at most 2,000 tokens, and says how many rows there are', (name, args) => {
  const command = commandNamed(name);
  const value = readWorld({ command, args });
  const answer = valueResult(command.output, { kind: 'value', value, drift: [] }, { tool: name, query: {}, timeZone: 'UTC' });
  expect(weigh(answer).tokens).toBeLessThanOrEqual(2000);
  expect((answer.structuredContent as Arguments)['total']).toBe((value as readonly unknown[]).length);
});
