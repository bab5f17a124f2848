import { countTokens } from 'gpt-tokenizer/encoding/o200k_base';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import * as z from 'zod';
import { toolName } from '../../src/catalogue/naming.ts';
import { worstEffect } from '../../src/policy/decide.ts';
import { startSandbox, type Sandbox } from '../../src/sandbox/sandbox.ts';
import { commands } from '../helpers/server-catalogue.ts';
import { getUsers } from '../../tools/users.ts';
import { callTool, startServer, type RunningServer, type ToolAnswer } from '../helpers/start-server.ts';

const USERS = 10_000;
const MOST_TOKENS = 2000;
const MOST_TOKENS_ASKED_FOR = 5000;

let sandbox: Sandbox;
let server: RunningServer;

beforeAll(async () => {
  sandbox = await startSandbox({ seed: 'default', runSeconds: 0.05 });
  const { users, folders } = sandbox.world.state;
  const amira = sandbox.world.user('amira');
  for (let i = users.length; i < USERS; i++) {
    const userName = `user.${String(i).padStart(5, '0')}`;
    users.push({
      ...structuredClone(amira),
      userName,
      fullName: `User Number ${i}`,
      distinguishedName: `CN=User Number ${i},OU=Staff,DC=example,DC=com`,
    });
    folders.push(userName, `${userName}/Inbox`);
  }
  server = await startServer({ sandbox, env: { MAILSTORE_INLINE_WAIT_MS: '20000' } });
});

afterAll(async () => {
  await server.close();
  await sandbox.close();
});

describe('in an archive of ten thousand users', () => {
  const reads = commands
    .filter((command) => worstEffect(command) === 'read')
    .map((command) => [toolName(command.name), command.examples] as const);

  test.each(reads)('the answer of %s stays under 2,000 tokens by default, as text and as data', async (tool, examples) => {
    for (const example of examples) {
      const { text, structured, isError } = await callTool(server, tool, example);
      expect(isError).toBe(false);
      expect(countTokens(text)).toBeLessThanOrEqual(MOST_TOKENS);
      expect(countTokens(JSON.stringify(structured))).toBeLessThanOrEqual(MOST_TOKENS);
    }
  });

  test('a list that is suddenly something else does not fill the answer either', async () => {
    const users = sandbox.world.state.users.map(({ userName }) => ({ userName }));
    const emulate = vi.spyOn(getUsers, 'emulate').mockImplementation(() => ({ users }) as never);
    const { text, structured } = await callTool(server, 'get_users');
    emulate.mockRestore();
    expect(countTokens(text)).toBeLessThanOrEqual(MOST_TOKENS);
    expect(countTokens(JSON.stringify(structured))).toBeLessThanOrEqual(MOST_TOKENS);
    expect(structured).toMatchObject({
      result: { users: expect.arrayContaining([{ userName: 'johndoe' }]) as unknown },
      resultCut: expect.stringMatching(/^The answer has [\d,]+ characters; long lists and texts in it are cut/) as unknown,
      drift: [{ path: '', expected: 'array', got: expect.stringContaining('johndoe') as unknown }],
    });
  });
});

describe('a list', () => {
  test('a list shows fifty rows by default, and how many there are in all', async () => {
    const page = readPage(await callTool(server, 'get_users', { fields: ['userName', 'fullName'] }));
    expect([page.items.length, page.total, page.nextOffset]).toEqual([50, USERS, 50]);
  });

  test('followed by nextOffset gives every row exactly once', async () => {
    const isWanted = (fullName: string | null) => /number 1/i.test(fullName ?? '');
    const expected = sandbox.world.state.users.filter(({ fullName }) => isWanted(fullName)).map(({ userName }) => userName);
    const names: unknown[] = [];
    let offset: number | undefined = 0;
    while (offset !== undefined) {
      const page = readPage(await callTool(server, 'get_users', { match: 'number 1', limit: 500, offset, fields: ['userName'] }));
      names.push(...page.items.map(({ userName }) => userName));
      offset = page.nextOffset;
    }
    expect(names).toEqual(expected);
    expect(names).toHaveLength(1000);
  });

  test('followed by nextOffset with the default size gives every match exactly once', async () => {
    const names: unknown[] = [];
    let offset: number | undefined = 0;
    while (offset !== undefined) {
      const page = readPage(await callTool(server, 'get_users', { match: 'NUMBER 99', offset }));
      expect(page.total).toBe(110);
      names.push(...page.items.map(({ userName }) => userName));
      offset = page.nextOffset;
    }
    const expected = sandbox.world.state.users.filter(({ fullName }) => fullName?.includes('Number 99'));
    expect(names).toEqual(expected.map(({ userName }) => userName));
  });

  test('has no nextOffset on its last page, and none beyond it', async () => {
    const last = readPage(await callTool(server, 'get_users', { offset: USERS - 1 }));
    expect([last.items.length, last.total, 'nextOffset' in last]).toEqual([1, USERS, false]);
    expect(readPage(await callTool(server, 'get_users', { offset: USERS + 5 }))).toMatchObject({ items: [], total: USERS });
  });

  test('a list of wide rows ends before its limit rather than growing too large for a client', async () => {
    const page = await callTool(server, 'get_users', { limit: 500 });
    const { items, nextOffset } = readPage(page);
    expect(items.length).toBeGreaterThan(50);
    expect(items.length).toBeLessThan(500);
    expect(nextOffset).toBe(items.length);
    expect(countTokens(page.text)).toBeLessThanOrEqual(MOST_TOKENS_ASKED_FOR);
    expect(countTokens(JSON.stringify(page.structured))).toBeLessThanOrEqual(MOST_TOKENS_ASKED_FOR);
  });

  test('looks for a match in nested values as well, upper or lower case', async () => {
    const page = readPage(await callTool(server, 'get_child_folders', { match: 'USER.05000' }));
    expect(page.total).toBeGreaterThan(0);
    expect(page.items.every((row) => JSON.stringify(row).includes('user.05000'))).toBe(true);
  });
});

const page = z.object({ items: z.array(z.record(z.string(), z.unknown())), total: z.int(), nextOffset: z.int().optional() });

function readPage({ structured }: ToolAnswer): z.infer<typeof page> {
  return page.parse(structured);
}
