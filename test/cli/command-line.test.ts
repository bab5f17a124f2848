import { describe, expect, test } from 'vitest';
import {
  defineAction,
  defineSubcommand,
  flag,
  optionalArgument,
  option,
  otherArguments,
  argument,
} from '../../src/cli/define-subcommand.ts';
import { readPlainOptions } from '../../src/cli/known-options.ts';
import { parseCommandLine } from '../../src/cli/parse-command-line.ts';
import { subcommands } from '../../src/cli/subcommands.ts';
import { oneOf, text, wholeNumber } from '../../src/config/setting-types.ts';
import { runBinary } from '../helpers/run-binary.ts';

const examples = [{ line: 'demo', shows: 'nothing' }] as const;
const demo = defineSubcommand({
  name: 'demo',
  summary: 'try the reader',
  settings: 'state',
  action: defineAction({
    options: {
      limit: option(wholeNumber(1, 99), 'how many', 7),
      kind: option(oneOf(['a', 'b']), 'which kind'),
      olderThan: option(text(), 'since when'),
      noWait: flag('do not wait'),
      json: flag('as JSON'),
    },
    arguments: { first: optionalArgument(text('FIRST'), 'the first word'), rest: otherArguments(text('WORD'), 'the others') },
    examples: [...examples],
    run: () => undefined,
  }),
});
const strict = defineSubcommand({
  name: 'strict',
  summary: 'take one word',
  settings: 'none',
  defaultAction: 'list',
  actions: {
    list: defineAction({ summary: 'list', options: { json: flag('as JSON') }, examples: [...examples], run: () => undefined }),
    show: defineAction({
      summary: 'show',
      arguments: { id: argument(text('ID'), 'the id') },
      examples: [...examples],
      run: () => undefined,
    }),
  },
});

function given(...args: readonly string[]): unknown {
  const parsed = parseCommandLine(demo, args);
  return 'given' in parsed ? parsed.given : parsed.print;
}

const NOTHING = { limit: 7, kind: undefined, olderThan: undefined, noWait: false, json: false, first: undefined, rest: [], flags: {} };

describe('the command line', () => {
  test.each<[readonly string[], object]>([
    [[], {}],
    [['--json'], { json: true }],
    [['--no-wait'], { noWait: true }],
    [['--limit', '12'], { limit: 12 }],
    [['--limit=12'], { limit: 12 }],
    [['--kind', 'a', '--kind', 'b'], { kind: 'b' }],
    [['--older-than', '-x'], { olderThan: '-x' }],
    [['--older-than=--x'], { olderThan: '--x' }],
    [['--older-than', 'with blanks/ü'], { olderThan: 'with blanks/ü' }],
    [['one', '--json', 'two', 'three=3'], { first: 'one', rest: ['two', 'three=3'], json: true }],
    [['--', '--json'], { first: '--json' }],
    [['--state-dir', '/x', '--config=/y'], { flags: { '--state-dir': '/x', '--config': '/y' } }],
  ])('%j is read', (args, read) => {
    expect(given(...args)).toEqual({ ...NOTHING, ...read });
  });

  test.each<[readonly string[], string]>([
    [['--limt', '3'], 'Unknown option --limt; did you mean --limit?'],
    [['--limt=3'], 'Unknown option --limt; did you mean --limit?'],
    [['--Limit', '3'], 'Unknown option --Limit; did you mean --limit?'],
    [['--wait'], 'Unknown option --wait; see mailstore-mcp demo --help.'],
    [['--url', 'https://a'], 'Unknown option --url; see mailstore-mcp demo --help.'],
    [['-u'], 'Unknown option -u; see mailstore-mcp demo --help.'],
    [['--__proto__', 'x'], 'Unknown option --__proto__; see mailstore-mcp demo --help.'],
    [['--json=true'], '--json must be given without a value. Its value is not shown, since it may be a password.'],
    [['--json='], '--json must be given without a value. Its value is not shown, since it may be a password.'],
    [['--limit'], '--limit needs a value; write --limit NUMBER.'],
    [['--limit='], '--limit needs a value; write --limit NUMBER.'],
    [['--limit', ''], '--limit needs a value; write --limit NUMBER.'],
    [['--older-than', '--json'], '--older-than needs a value; write --older-than TEXT.'],
    [['--limit', '100'], "--limit is '100', but must be a whole number from 1 to 99."],
    [['--kind', 'A'], "--kind is 'A', but must be a, b"],
  ])('%j is refused: %s', (args, message) => {
    expect(() => given(...args)).toThrow(message);
    expect(() => given(...args)).toThrow(expect.objectContaining({ audience: 'configuration' }));
  });

  test.each<[readonly string[], string]>([
    [['shwo', 'x'], "There is no subcommand 'strict shwo'; did you mean show?"],
    [['show'], 'mailstore-mcp strict show needs ID, the id; see mailstore-mcp strict show --help.'],
    [['list', 'json'], "Unexpected word 'json'; did you mean --json?"],
    [['show', 'a', 'b'], "Unexpected word 'b'; see mailstore-mcp strict show --help."],
    [['show', 'a', '--json'], 'Unknown option --json; see mailstore-mcp strict show --help.'],
  ])('strict %j is refused: %s', (args, message) => {
    expect(() => parseCommandLine(strict, args)).toThrow(message);
  });
});

describe('the reader of plain options, which serve starts with', () => {
  const serveLike = defineSubcommand({
    name: 'plain',
    summary: 'serve',
    settings: 'all',
    action: defineAction({ options: { sandbox: flag('embedded') }, examples: [...examples], run: () => undefined }),
  });

  test.each<readonly string[][]>([
    [[]],
    [['--sandbox']],
    [['--url', 'https://a', '--sandbox', '--access', 'full', '--access', 'read-only']],
  ])('%j is read as the library reads it', (args) => {
    const plain = readPlainOptions(serveLike, args);
    expect(plain).toBeDefined();
    expect(plain).toEqual(parseCommandLine(serveLike, args));
  });

  test.each([[['--url']], [['--url', '--sandbox']], [['--url=https://a']], [['--acess', 'full']], [['-h']], [['word']]])(
    '%j is left to the library',
    (args) => {
      expect(readPlainOptions(serveLike, args)).toBeUndefined();
    },
  );
});

describe('every subcommand', () => {
  const names = Object.keys(subcommands);

  test.each(names)('%s has examples that its own declaration reads', async (name) => {
    const declaration = await subcommands[name as keyof typeof subcommands]();
    for (const action of Object.values(declaration.actions)) {
      for (const { line } of action.examples) {
        const [first, ...words] = ((line.split(/ [|>]/)[0] ?? '').match(/"[^"]*"|\S+/g) ?? []).map((word) => word.replaceAll('"', ''));
        expect(first).toBe(name);
        expect(() => parseCommandLine(declaration, words)).not.toThrow();
      }
    }
  });

  test.each(names)('%s shows its own help with examples for --help, -h and help', async (name) => {
    const [long, short, help] = await Promise.all([runBinary([name, '--help']), runBinary([name, '-h']), runBinary(['help', name])]);
    expect(long).toMatchObject({ code: 0, stderr: '' });
    expect(long.stdout).toContain(`Usage: mailstore-mcp ${name}`);
    expect(long.stdout).toContain(`Examples:\n  mailstore-mcp ${name}`);
    expect([short.stdout, help.stdout]).toEqual([long.stdout, long.stdout]);
  });

  test.each(names)('%s has help whose lines are no longer than 80 characters', async (name) => {
    const { stdout } = await runBinary([name, '--help']);
    expect(stdout.split('\n').filter((line) => line.length > 80)).toEqual([]);
  });

  test.each(names)('%s refuses an option that it does not have, with exit code 2', async (name) => {
    const { code, stdout, stderr } = await runBinary([name, '--no-such-option-at-all'], {}, { input: '' });
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    // A client has no other help than what its server says: the command that checks it.
    const [sentence, doctor] = stderr.split(' Correct "args" in the client');
    expect(sentence).toMatch(/^mailstore-mcp: Unknown option --no-such-option-at-all; see mailstore-mcp \w+.* --help\.\n?$/);
    expect(doctor !== undefined).toBe(name === 'serve');
  });
});

test.each([
  ['call', '--list'],
  ['--help'],
  ['call', 'archive_health', '--help'],
  ['call', 'CreateUser', '--help'],
  ['audit', 'show', '--help'],
])('mailstore-mcp %s %s has no line longer than 80 characters but for examples', async (...args) => {
  const { stdout } = await runBinary(args.filter((word) => word !== undefined));
  expect(stdout.split('\n').filter((line) => line.length > 80 && !line.startsWith('  mailstore-mcp '))).toEqual([]);
});

test.each([['-v'], ['--version'], ['version'], ['tasks', '-v'], ['serve', '--version'], ['audit', 'verify', '-v']])(
  'mailstore-mcp %s %s shows the version',
  async (...args) => {
    expect(await runBinary(args.filter((word) => word !== undefined))).toEqual({ code: 0, stdout: '0.1.0\n', stderr: '' });
  },
);

test.each([
  ['tasks', 'prune'],
  ['audit', 'show'],
  ['changes', 'revert'],
])('mailstore-mcp help %s %s shows the help of that action', async (name, action) => {
  const { stdout, code } = await runBinary(['help', name, action]);
  expect(code).toBe(0);
  expect(stdout).toContain(`Usage: mailstore-mcp ${name} ${action}`);
  expect(stdout).toContain('Settings:');
});

test('help for a subcommand that does not exist names the nearest one', async () => {
  expect(await runBinary(['help', 'taks'])).toEqual({
    code: 2,
    stdout: '',
    stderr: "mailstore-mcp: There is no subcommand 'taks'; did you mean tasks?\n",
  });
});
