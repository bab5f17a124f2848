import { expect, test } from 'vitest';
import { describeCommand } from '../../../../src/tester/describe-commands.ts';
import { makeDrafts, EMPTY_DRAFT, readDrafts, type Draft } from '../../../../src/tester/web/page/drafts.ts';
import type { FieldInfo, FieldKind } from '../../../../src/tester/web/protocol.ts';
import { commands } from '../../../helpers/server-catalogue.ts';

function field(kind: FieldKind, more: Partial<FieldInfo> = {}): FieldInfo {
  return { name: 'it', kind, description: '', isRequired: true, isNullable: false, ...more };
}

function read(info: FieldInfo, draft: Partial<Draft>) {
  return readDrafts([info], { it: { ...EMPTY_DRAFT, ...draft } });
}

test.each<[string, FieldInfo, Partial<Draft>, unknown]>([
  ['a text', field('text'), { text: ' as written ' }, ' as written '],
  ['a number', field('number'), { text: '12' }, 12],
  ['a tick', field('boolean'), { text: 'false' }, false],
  ['a choice of numbers', field('choice', { choices: [5, 10] }), { text: '10' }, 10],
  ['chips', field('choices', { choices: ['read', 'write'] }), { entries: ['read'] }, ['read']],
  [
    'chips and what is still being written',
    field('list'),
    { entries: ['a@example.com'], text: 'b@example.com' },
    ['a@example.com', 'b@example.com'],
  ],
  ['a time', field('datetime'), { text: '2026-11-01T00:00' }, '2026-11-01T00:00'],
  ['an object', field('json'), { text: '{"a": [1]}' }, { a: [1] }],
  ['null', field('text', { isNullable: true }), { isNull: true }, null],
  ['a secret', field('secret'), { text: 'Quiet-Harbour-41' }, 'Quiet-Harbour-41'],
  ['a secret in a variable', field('secret'), { way: 'fromEnv', text: 'MAILSTORE_SECRET_JANE' }, { fromEnv: 'MAILSTORE_SECRET_JANE' }],
  ['a secret in a file', field('secret'), { way: 'fromFile', text: 'jane.txt' }, { fromFile: 'jane.txt' }],
  ['a secret to be generated', field('secret'), { way: 'generate' }, { generate: true }],
])('%s is sent as its value', (_name, info, draft, value) => {
  expect(read(info, draft)).toEqual({ args: { it: value }, problems: [] });
});

test.each<[string, FieldInfo, Partial<Draft>, string]>([
  ['what is required and empty', field('text'), {}, 'has to be stated'],
  ['what may be cleared and is neither', field('list', { isNullable: true }), {}, 'has to be stated, or cleared'],
  ['a fraction', field('number'), { text: '1.5' }, 'has to be a whole number'],
  ['a list where an object belongs', field('json'), { text: '[1]' }, 'has to be a JSON object, such as {"name": "value"}'],
])('%s is a problem before anything is sent', (_name, info, draft, message) => {
  expect(read(info, draft)).toEqual({ args: {}, problems: [{ field: 'it', message }] });
});

test('broken JSON is a problem that says where', () => {
  expect(read(field('json'), { text: '{"a": }' }).problems[0]?.message).toMatch(/^is no JSON: .+/);
});

test('what is optional and empty is not sent', () => {
  expect(read(field('boolean', { isRequired: false }), {})).toEqual({ args: {}, problems: [] });
});

test('a masked secret of the history leaves its field empty', () => {
  expect(makeDrafts([field('secret')], { it: '***' })).toEqual({ it: EMPTY_DRAFT });
});

test('the examples of every command fill in its form so that it sends the same', () => {
  const differing = commands.flatMap(({ examples, ...command }) =>
    examples.flatMap((example) => {
      const { fields } = describeCommand({ ...command, examples });
      const { args, problems } = readDrafts(fields, makeDrafts(fields, example));
      return problems.length === 0 && roundTrip(args) === roundTrip(example) ? [] : [{ command: command.name, example, args, problems }];
    }),
  );
  expect(differing).toEqual([]);
});

/** The control for times states midnight, which a date alone means. */
function roundTrip(args: Readonly<Record<string, unknown>>): string {
  const texts = Object.entries(args).map(
    ([name, value]) => `${name}=${JSON.stringify(value).replace(/^"(\d{4}-\d\d-\d\d)"$/, '"$1T00:00:00"')}`,
  );
  return texts.toSorted().join('&');
}
