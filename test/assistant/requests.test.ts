import { countTokens } from 'gpt-tokenizer/encoding/o200k_base';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startSandbox, type Sandbox } from '../../src/sandbox/sandbox.ts';
import { callTool, startServer, type RunningServer, type ToolAnswer } from '../helpers/start-server.ts';
import { requests } from './requests.ts';

type Row = Readonly<Record<string, unknown>>;

let sandbox: Sandbox;
let server: RunningServer;
beforeAll(async () => {
  sandbox = await startSandbox({ seed: 'default', runSeconds: 0.1 });
  server = await startServer({
    sandbox,
    access: 'full',
    onElicit: (params) => {
      const { requestedSchema } = params as unknown as { requestedSchema: { properties: { confirm: { type: string; title: string } } } };
      const { type, title } = requestedSchema.properties.confirm;
      return { action: 'accept', content: { confirm: type === 'boolean' ? true : title.replace(/^.*: type /, '') } };
    },
  });
});
afterAll(async () => {
  await server.close();
  await sandbox.close();
});

/** What changes by itself: profiles run, jobs start, and a read is logged. */
const BY_ITSELF = ['lastStartDateTimeUtc', 'lastCompleteDateTimeUtc', 'nextStartDateTimeUtc', 'creationDateTimeUtc', 'password'];

/** Returns what of the archive is under the control of an administrator, by `<part> <id>` and the fields there. */
function readWorld(): ReadonlyMap<string, Row> {
  const { users, jobs, stores, profiles, compliance, retentionPolicies, smtp, directoryServices, credentials, folders } = structuredClone(
    sandbox.world.state,
  ) as unknown as Record<string, unknown>;
  const parts = new Map<string, Row>();
  const add = (part: string, rows: unknown, id: string) => {
    for (const row of rows as Row[]) {
      parts.set(`${part} ${String(row[id])}`, Object.fromEntries(Object.entries(row).filter(([name]) => !BY_ITSELF.includes(name))));
    }
  };
  add('users', users, 'userName');
  add('jobs', jobs, 'id');
  add('stores', stores, 'id');
  add('profiles', profiles, 'id');
  add('credentials', credentials, 'ID');
  for (const [part, value] of Object.entries({ compliance, retentionPolicies, smtp, directoryServices })) parts.set(part, value as Row);
  parts.set('folders', { names: folders });
  return parts;
}

function listDifferences(before: ReadonlyMap<string, Row>, after: ReadonlyMap<string, Row>): readonly string[] {
  const keys = [...new Set([...before.keys(), ...after.keys()])];
  return keys
    .flatMap((key) => {
      const [was, is] = [before.get(key), after.get(key)];
      if (!was || !is) return [key];
      return [...new Set([...Object.keys(was), ...Object.keys(is)])]
        .filter((field) => JSON.stringify(was[field]) !== JSON.stringify(is[field]))
        .map((field) => `${key}.${field}`);
    })
    .toSorted();
}

/** Returns a field of an answer, or of the first row of its list. */
function readField({ structured }: ToolAnswer, field: string): unknown {
  const [row = structured] = (structured['items'] ?? []) as readonly Row[];
  return row[field];
}

test('there are forty requests, in German and in English', () => {
  expect(requests).toHaveLength(40);
  expect(
    requests.filter(({ request }) => /[äöüß„]|\b(?:der|die|ist|wie|wer|was|wann|bitte|und|soll)\b/i.test(request)).length,
  ).toBeGreaterThanOrEqual(16);
});

// One archive for all of them, in this order: a request may rest on what one before it has made.
test.each(requests.map((request) => [request.request, request] as const))(
  '%s',
  async (_request, { steps, finds, changes = [], tokens }) => {
    const before = readWorld();
    const answers: ToolAnswer[] = [];
    for (const { tool, args = {}, fromBefore = {} } of steps) {
      const last = answers.at(-1);
      const taken = Object.fromEntries(Object.entries(fromBefore).map(([name, field]) => [name, last && readField(last, field)]));
      const answer = await callTool(server, tool, { ...args, ...taken });
      expect([tool, answer.isError, answer.isError ? answer.text : '']).toEqual([tool, false, '']);
      answers.push(answer);
    }
    const texts = answers.map(({ text }) => text).join('\n');
    for (const found of finds) expect(texts).toContain(found);
    expect(listDifferences(before, readWorld())).toEqual([...changes].toSorted());
    const read = answers.map(({ text, structured }) => Math.max(countTokens(text), countTokens(JSON.stringify(structured))));
    expect(read.reduce((sum, count) => sum + count, 0)).toBeLessThanOrEqual(tokens);
    expect(Math.max(...read)).toBeLessThanOrEqual(2100);
  },
);
