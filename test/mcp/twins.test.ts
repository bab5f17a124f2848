import { expect, test } from 'vitest';
import { toolName } from '../../src/catalogue/naming.ts';
import { catalogueFor } from '../../tools/index.ts';
import { callTool, initialize, sandboxForTest, startPipe, startServer, untilTestEnds } from '../helpers/start-server.ts';

const { commands } = catalogueFor('server');

/** Ways to write a name that a reader may take for the same one. */
const SPELLINGS: readonly ((name: string) => string)[] = [
  (name) => name.toUpperCase(),
  (name) => (name[0] ?? '').toUpperCase() + name.slice(1),
  (name) => `${name}\u200B`,
  (name) => name.replace(/[a-z]/, (letter) => String.fromCharCode(letter.charCodeAt(0) + 0xfee0)),
];

/** At the top, a name that the command does not have is refused as such. */
const REFUSED = /which MailStore may take for the same one|does not take/;

/** Returns the value once for each object in it, at every depth, with a name in two spellings in that object. */
function listTwins(value: unknown, spell: (name: string) => string): readonly unknown[] {
  if (Array.isArray(value)) {
    return value.flatMap((entry, index) => listTwins(entry, spell).map((twin) => value.with(index, twin) as unknown));
  }
  if (typeof value !== 'object' || value === null) return [];
  const entries: readonly (readonly [string, unknown])[] = Object.entries(value);
  const [[name, first] = ['note', 1]] = entries.filter(([own]) => spell(own) !== own);
  return [
    { ...value, [name]: first, [spell(name)]: first },
    { ...value, 'Gru\u0308n': 1, Grün: 2 },
    ...entries.flatMap(([own, inner]) => listTwins(inner, spell).map((twin) => ({ ...value, [own]: twin }))),
  ];
}

test(
  'a name in two spellings is refused for every command and in every object of its arguments, and nothing is sent',
  { timeout: 180_000 },
  async () => {
    const sandbox = await sandboxForTest();
    const server = untilTestEnds(await startServer({ sandbox, access: 'full' }));
    await callTool(server, 'get_server_info', {});
    const before = sandbox.requests.length;
    const wrong: unknown[] = [];
    let count = 0;
    for (const { name, examples } of commands) {
      const example: object = examples[0] ?? {};
      for (const spell of SPELLINGS) {
        for (const args of listTwins(example, spell)) {
          const { isError, text } = await callTool(server, toolName(name), args as Record<string, unknown>);
          count++;
          if (!isError || !REFUSED.test(text)) wrong.push([name, args, text]);
        }
      }
      // The same in the text of an argument that is an object.
      for (const [argument, value] of Object.entries(example)) {
        if (typeof value !== 'object' || value === null) continue;
        const [twin] = listTwins(value, (own) => own.toUpperCase());
        if (twin === undefined) continue;
        const { isError, text } = await callTool(server, toolName(name), { ...example, [argument]: JSON.stringify(twin) });
        count++;
        if (!isError || !REFUSED.test(text)) wrong.push([name, argument, twin, text]);
      }
    }
    expect(wrong).toEqual([]);
    expect(count).toBeGreaterThan(commands.length * SPELLINGS.length * 2);
    // The server's own first read may come late.
    expect(sandbox.requests.slice(before).filter(({ path }) => !path.endsWith('/GetServerInfo'))).toEqual([]);
  },
);

test.each([
  ['an object', '{"config":{"legalHoldEnabled":true,"__proto__":{"LegalHoldEnabled":false}}}', 'config has a field __proto__'],
  ['a text of JSON', JSON.stringify({ config: '{"a":{"\\u005f_proto__":{"legalHoldEnabled":false}}}' }), 'config.a has a field __proto__'],
])('fields that come along under the name of the prototype reach neither a person nor MailStore: in %s', async (_, args, message) => {
  const sandbox = await sandboxForTest();
  const questions: string[] = [];
  const onElicit = ({ message: question }: { message: string }) => {
    questions.push(question);
    return { action: 'accept' as const, content: { confirm: true } };
  };
  const server = untilTestEnds(await startServer({ sandbox, access: 'full', onElicit }));
  const before = structuredClone(sandbox.world.state.compliance);
  const { isError, text } = await callTool(server, 'set_compliance_configuration', JSON.parse(args) as Record<string, unknown>);
  expect([isError, text]).toEqual([true, expect.stringContaining(message)]);
  expect(questions).toEqual([]);
  expect(sandbox.world.state.compliance).toEqual(before);
  const list = await callTool(server, 'get_jobs', JSON.parse('{"where":{"__proto__":{"enabled":false}}}') as Record<string, unknown>);
  expect([list.isError, list.text]).toEqual([true, expect.stringContaining('where has a field __proto__')]);
});

test('a field under the name of the prototype at the top of the arguments is refused, and nothing is sent', async () => {
  const sandbox = await sandboxForTest();
  const pipe = untilTestEnds(startPipe({ sandbox, access: 'full' }));
  await initialize(pipe);
  const params = '{"name":"set_user_full_name","arguments":{"userName":"johndoe","fullName":"x","__proto__":{"a":1}}}';
  const { error } = await pipe.request('tools/call', JSON.parse(params) as Record<string, unknown>);
  expect(error).toMatchObject({ code: -32602, message: expect.stringContaining('have a field __proto__') as string });
  expect(sandbox.world.user('johndoe').fullName).toBe('John Doe');
});
