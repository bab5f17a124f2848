import { readdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { type Command, GROUPS, isIdempotent } from '../../src/catalogue/define-command.ts';
import { fieldTraits, innermost, sentFields, wireType } from '../../src/catalogue/fields.ts';
import { toolName } from '../../src/catalogue/naming.ts';
import { commands, findCommand } from '../helpers/server-catalogue.ts';
import { catalogueFor } from '../../tools/index.ts';
import { DOUBTFUL, REFERENCE, SERVER_ONLY } from './reference-facts.ts';

interface Difference {
  /** What is declared instead of the reference's fact; null means an argument that is absent. */
  readonly declared: unknown;
  readonly reason: string;
}

const nullClears = 'leaving it out would clear the value, so that has to be stated: null clears';
const constantRaw = 'only true is accepted, so it is sent and not asked';
const notInTheReference = 'the reference knows no arguments, yet the command cannot do without; the server’s metadata decides';
const pattern = 'a pattern says the same as the 32 words at a fraction of the length';

/** Where a declaration says something else than the reference, by `Command.fact` or `Command.argument`. */
const DIFFERENCES: Readonly<Record<string, Difference>> = {
  'SetUserDistinguishedName.distinguishedName': { declared: 'string', reason: nullClears },
  'SetUserFullName.fullName': { declared: 'string', reason: nullClears },
  'SetUserEmailAddresses.emailAddresses': { declared: 'csv', reason: nullClears },
  'SetUserPop3UserNames.pop3UserNames': { declared: 'csv', reason: nullClears },
  'GetCredentialSettings.id': { declared: 'number', reason: notInTheReference },
  'SetCredentialSettings.id': { declared: 'number', reason: notInTheReference },
  'SetCredentialSettings.settings': { declared: 'json secrets inside', reason: notInTheReference },
  'DeleteCredential.id': { declared: 'number', reason: notInTheReference },
  'CreateJob.dayOfMonth': { declared: 'string?', reason: pattern },
  'SetJobSchedule.dayOfMonth': { declared: 'string?', reason: pattern },
  'GetProfiles.raw': { declared: null, reason: constantRaw },
  'CreateProfile.raw': { declared: null, reason: constantRaw },
  'RunTemporaryProfile.raw': { declared: null, reason: constantRaw },
};

const TOOL_WORD = /(?<![\w$])[a-z]+(?:_[a-z\d]+)+(?!\w)/g;

describe('the commands', () => {
  test('all 93 commands of MailStore Server are declared once each, and nothing else', () => {
    expect(Object.keys(REFERENCE)).toHaveLength(93);
    expect(commands.map(({ name }) => name).toSorted()).toEqual(Object.keys(REFERENCE).toSorted());
  });

  test('each group has a file of its own, which exports its commands under their wire names and nothing else', async () => {
    const folder = new URL('../../tools/', import.meta.url);
    // A group of many commands has more than one file; what its questions share exports no command.
    const filesByGroup = new Map<string, readonly string[]>([['stores', ['stores', 'store-maintenance']]]);
    const groupFiles = GROUPS.map((group) => filesByGroup.get(group) ?? [group]);
    const listed = readdirSync(folder).filter((name) => name.endsWith('.ts'));
    expect(listed.toSorted()).toEqual(
      ['index', 'describe-store', 'describe-user', 'account-cautions', ...groupFiles.flat()].map((name) => `${name}.ts`).toSorted(),
    );
    for (const [position, group] of GROUPS.entries()) {
      const modules = await Promise.all(
        (groupFiles[position] ?? []).map(async (name) => z.looseObject({}).parse(await import(new URL(`${name}.ts`, folder).href))),
      );
      const exported = Object.assign({}, ...modules) as Record<string, unknown>;
      const declared = commands.filter((command) => command.group === group);
      expect(Object.values(exported)).toEqual(expect.arrayContaining(declared));
      expect(Object.keys(exported).toSorted()).toEqual(declared.map(({ name }) => exportName(name)).toSorted());
    }
  });

  test('they come in the order of the groups', () => {
    expect([...new Set(commands.map(({ group }) => group))]).toEqual(GROUPS);
  });

  test('a command is found by its exact wire name', () => {
    expect(findCommand('GetUserInfo')?.name).toBe('GetUserInfo');
    expect(findCommand('getuserinfo')).toBeUndefined();
    expect(findCommand('toString')).toBeUndefined();
  });
});

describe('the facts', () => {
  test.each(commands.map((command) => [command.name, command] as const))(
    '%s is declared as the reference describes it',
    (name, command) => {
      expect(declaredFacts(command)).toEqual(expectedFacts(name));
    },
  );

  test('every difference from the reference is one', () => {
    const stale = Object.entries(DIFFERENCES).filter(([at, { declared }]) => referenceFact(at) === declared);
    expect(stale).toEqual([]);
  });

  test('commands that only MailStore Server has are not offered for the Service Provider Edition', () => {
    expect(commands.filter(({ editions }) => !editions.includes('server'))).toEqual([]);
    expect(listNames(({ editions }) => !editions.includes('spe'))).toEqual(SERVER_ONLY.toSorted());
  });

  test('commands that no source shows in full are marked as doubtful', () => {
    expect(listNames(({ doubtful }) => doubtful === true)).toEqual(DOUBTFUL.toSorted());
  });

  test('what has only one accepted value is sent without being asked', () => {
    expect(Object.fromEntries(commands.flatMap(({ name, constants }) => (constants ? [[name, constants]] : [])))).toEqual({
      GetProfiles: { raw: 'true' },
      CreateProfile: { raw: 'true' },
      RunTemporaryProfile: { raw: 'true' },
    });
  });

  test("a time zone that is not given is the server's own", () => {
    const zones = commands.flatMap(({ name, input }) =>
      Object.entries(input)
        .filter(([argument]) => argument.toLowerCase() === 'timezoneid')
        .map(([argument, schema]) => `${name} ${argument}=${String(schema.parse(undefined))}`),
    );
    expect(zones.toSorted()).toEqual([
      'CreateJob timeZoneId=$Local',
      'GetJobResults timeZoneId=$Local',
      'GetWorkerResults timeZoneID=$Local',
      'SendStatusReport timeZoneId=$Local',
      'SetJobSchedule timeZoneId=$Local',
    ]);
  });

  test.each(['CreateJob', 'SetJobSchedule'])('%s takes the days of the month that the reference lists, and no other word', (name) => {
    const days = Array.from({ length: 31 }, (_, index) => String(index + 1));
    const tried = [...days, 'Last', '0', '32', '01', '1.5', '-1', 'last', 'First', '1 ', ''];
    const accepted = tried.filter((day) => findCommand(name)?.input.dayOfMonth?.safeParse(day).success);
    expect(REFERENCE[name]?.args.dayOfMonth).toBe(`string?: ${[...days, 'Last'].join('|')}`);
    expect(accepted).toEqual([...days, 'Last']);
  });

  test('clearing a value has to be stated', () => {
    const cleared = Object.keys(DIFFERENCES).filter((at) => DIFFERENCES[at]?.reason === nullClears);
    expect(cleared).toHaveLength(4);
    for (const at of cleared) {
      const [name = '', argument = ''] = at.split('.');
      const accepts = (value: unknown) => findCommand(name)?.input[argument]?.safeParse(value).success;
      expect([at, accepts(null), accepts(undefined), accepts(''), accepts([])]).toEqual([at, true, false, false, false]);
    }
  });
});

describe('the effect and the risks', () => {
  test('depend on what was read only where the range is stated', () => {
    expect(listNames(({ effectRange }) => effectRange !== undefined)).toEqual(listNames(({ effectOf }) => effectOf !== undefined));
    expect(listNames(({ risk, risks }) => risk !== undefined && risks === undefined)).toEqual([]);
    expect(listNames(({ decidesFrom, risk, effectOf }) => decidesFrom !== undefined && (risk ?? effectOf) === undefined)).toEqual([]);
  });

  test('are judged from commands that read', () => {
    const reads = commands.flatMap(({ decidesFrom = {}, mergesInto }) => [
      ...Object.values(decidesFrom).flatMap((look) => ('read' in look ? [look.read] : [])),
      ...(mergesInto ? [mergesInto.read] : []),
    ]);
    expect(reads.filter((read) => findCommand(read)?.effect !== 'read')).toEqual([]);
  });
});

describe('the words', () => {
  test('tool names are snake_case, different and at most 40 characters long', () => {
    const names = commands.map(({ name }) => toolName(name));
    expect(names.filter((name) => !/^[a-z][a-z\d]*(?:_[a-z\d]+)*$/.test(name) || name.length > 40)).toEqual([]);
    expect(repeated(names)).toEqual([]);
  });

  test('summaries are different sentences of at most 160 characters', () => {
    const summaries = commands.map(({ summary }) => summary);
    expect(summaries.filter((summary) => summary.length > 160 || !/^[A-Z].*\S\.$/.test(summary))).toEqual([]);
    expect(repeated(summaries)).toEqual([]);
  });

  test('titles are different and without a full stop', () => {
    const titles = commands.map(({ title }) => title);
    expect(titles.filter((title) => !/^[A-Z].*[^.\s]$/.test(title))).toEqual([]);
    expect(repeated(titles)).toEqual([]);
  });

  test('every tool that a summary or a description names exists', () => {
    const { insights, plans } = catalogueFor('server');
    const names = new Set([...commands.map(({ name }) => toolName(name)), ...[...insights, ...plans].map(({ name }) => name)]);
    const unknown = commands.flatMap(({ name, summary, input }) =>
      [summary, ...Object.values(input).map((schema) => schema.description ?? '')]
        .flatMap((text) => text.match(TOOL_WORD) ?? [])
        .filter((word) => !names.has(word))
        .map((word) => `${name}: ${word}`),
    );
    expect(unknown).toEqual([]);
  });
});

describe('the examples', () => {
  test('use arguments that exist, with values that are accepted', () => {
    const refused = commands.flatMap(({ name, input, examples }) =>
      examples.flatMap((example) => {
        const { error } = z.strictObject(input).safeParse(example);
        return error ? [`${name} ${JSON.stringify(example)}: ${z.prettifyError(error)}`] : [];
      }),
    );
    expect(refused).toEqual([]);
  });
});

describe('an argument that keeps its value when absent', () => {
  test('is an optional one, and is read with a command that reads', () => {
    const keeping = commands.flatMap(({ name, input, keepAbsent }) => (keepAbsent ? [{ name, input, ...keepAbsent }] : []));
    expect(keeping.map(({ name }) => name).toSorted()).toEqual(['SetProfileServerSideExecution', 'SetStoreProperties']);
    for (const { input, names, read } of keeping) {
      expect(names.filter((argument) => !input[argument]?.safeParse(undefined).success)).toEqual([]);
      expect(findCommand(read)?.effect).toBe('read');
    }
  });
});

type Facts = Readonly<Record<string, unknown>>;

/** Returns what the reference says of a command, changed by the deliberate differences. */
function expectedFacts(name: string): Facts {
  const fact = REFERENCE[name];
  if (!fact) return {};
  const { args, ...rest } = fact;
  const facts: Record<string, unknown> = { ...rest, longRunning: fact.longRunning === true, ...args };
  for (const [at, { declared }] of Object.entries(DIFFERENCES)) {
    const [command = '', key = ''] = at.split('.');
    if (command !== name) continue;
    if (declared === null) delete facts[key];
    else facts[key] = declared;
  }
  return facts;
}

function referenceFact(at: string): unknown {
  const [name = '', key = ''] = at.split('.');
  const fact = REFERENCE[name];
  return (key === 'effect' ? fact?.effect : fact?.args[key]) ?? null;
}

function declaredFacts(command: Command): Facts {
  const { group, effect, longRunning = false, input } = command;
  const args = Object.entries(sentFields(input)).map(([name, schema]): [string, string] => [name, describeArgument(schema)]);
  return { group, effect, longRunning, idempotent: isIdempotent(command), ...Object.fromEntries(args) };
}

/** Returns an argument in the notation of the reference; one that the server may do without has a question mark. */
function describeArgument(schema: z.ZodType): string {
  const { secret, mandatory } = fieldTraits(schema);
  const question = !mandatory && schema.safeParse(undefined).success ? '?' : '';
  const mark = secret === 'inside' ? ' secrets inside' : secret ? ' secret' : '';
  const words = listWords(schema);
  return `${wireType(schema)}${question}${mark}${words ? `: ${words.join('|')}` : ''}`;
}

/** Returns the values that a field lists, or undefined when it takes any of its type. */
function listWords(schema: z.core.$ZodType): string[] | undefined {
  const inner = innermost(schema);
  if (inner instanceof z.ZodArray) return listWords(inner.element);
  if (inner instanceof z.ZodEnum) return inner.options.map(String);
  if (inner instanceof z.ZodLiteral) return [...inner.values].map(String);
  return undefined;
}

function listNames(matches: (command: Command) => boolean): string[] {
  return commands
    .filter(matches)
    .map(({ name }) => name)
    .toSorted();
}

function repeated(values: readonly string[]): string[] {
  return values.filter((value, index) => values.indexOf(value) !== index);
}

function exportName(wireName: string): string {
  return wireName.slice(0, 1).toLowerCase() + wireName.slice(1);
}
