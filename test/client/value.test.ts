import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import * as z from 'zod';
import { anything, describeList, nothing, record, type Output } from '../../src/catalogue/outputs.ts';
import { checkValue } from '../../src/client/value.ts';
import { commands } from '../helpers/server-catalogue.ts';

const users = describeList({
  userName: z.string(),
  id: z.int(),
  active: z.boolean().optional(),
  note: z.string().nullable(),
  rights: z.array(z.string()).optional(),
  home: z.looseObject({ folder: z.string() }).nullish(),
});

const JOHN = { userName: 'johndoe', id: 1, note: null };

describe('drift', () => {
  test('a value of the declared shape passes unchanged, undeclared fields included', () => {
    const value = [{ ...JOHN, active: true, rights: ['read'], home: { folder: 'a', since: 2026 }, brandNew: { a: [1] } }];
    expect(checkValue(users, value)).toEqual({ value, drift: [] });
  });

  test('optional fields may be missing', () => {
    expect(checkValue(users, [JOHN])).toEqual({ value: [JOHN], drift: [] });
  });

  test('a missing field is reported by its place', () => {
    expect(checkValue(users, [JOHN, { userName: 'amira', note: null }])).toEqual({
      value: [JOHN, { userName: 'amira', note: null }],
      drift: [{ path: '1.id', expected: 'number' }],
    });
  });

  test.each([
    ['userName', 7, 'string'],
    ['userName', null, 'string'],
    ['id', '1', 'number'],
    ['id', 1.5, 'number'],
    ['active', 'true', 'boolean'],
    ['note', 7, 'string'],
    ['rights', 'read', 'array'],
    ['home', 'x', 'object'],
    ['home', [], 'object'],
  ])('a mistyped field (%s is %j) stays in its place and is reported', (name, got, expected) => {
    const value = [{ ...JOHN, [name]: got }];
    expect(checkValue(users, value)).toEqual({ value, drift: [{ path: `0.${name}`, expected, got }] });
  });

  test('null where a field may only be missing is reported', () => {
    expect(checkValue(users, [{ ...JOHN, active: null, rights: null }])).toEqual({
      value: [{ ...JOHN, active: null, rights: null }],
      drift: [
        { path: '0.active', expected: 'boolean', got: null },
        { path: '0.rights', expected: 'array', got: null },
      ],
    });
  });

  test('what does not fit inside of a nested object or list is reported by its whole path', () => {
    const value = [{ ...JOHN, rights: ['read', 5, 'write'], home: { folder: false, size: 3 } }];
    expect(checkValue(users, value)).toEqual({
      value,
      drift: [
        { path: '0.rights.1', expected: 'string', got: 5 },
        { path: '0.home.folder', expected: 'string', got: false },
      ],
    });
  });

  test('a row that is no object stays in the list', () => {
    expect(checkValue(users, [JOHN, 'amira', null])).toEqual({
      value: [JOHN, 'amira', null],
      drift: [
        { path: '1', expected: 'object', got: 'amira' },
        { path: '2', expected: 'object', got: null },
      ],
    });
  });

  test.each<[string, Output, unknown, string]>([
    ['a list', users, { items: [] }, 'array'],
    ['a record', record({ version: z.string() }), [], 'object'],
    ['nothing', nothing, { ok: true }, 'null'],
  ])('a value that is not even %s stays as it came', (_, output, got, expected) => {
    expect(checkValue(output, got)).toEqual({ value: got, drift: [{ path: '', expected, got }] });
  });

  test('a value whose shape is not known is passed through', () => {
    const value = { a: [1, null, { b: 'c' }] };
    expect(checkValue(anything, value)).toEqual({ value, drift: [] });
  });

  test('a long list of differences is cut and counted', () => {
    const { drift } = checkValue(
      users,
      Array.from({ length: 30 }, () => ({ ...JOHN, id: 'x' })),
    );
    expect(drift).toHaveLength(21);
    expect([drift[0], drift[19], drift[20]]).toEqual([
      { path: '0.id', expected: 'number', got: 'x' },
      { path: '19.id', expected: 'number', got: 'x' },
      { path: '', expected: '10 more differences of the same kinds' },
    ]);
  });

  test('twenty differences are all shown', () => {
    const { drift } = checkValue(
      users,
      Array.from({ length: 20 }, () => ({ ...JOHN, id: 'x' })),
    );
    expect(drift.map(({ path }) => path)).toEqual(Array.from({ length: 20 }, (_, row) => `${row}.id`));
  });

  test('a member called __proto__ is data', () => {
    const value = JSON.parse('[{"userName":"johndoe","id":1,"note":null,"__proto__":{"admin":true}}]') as unknown;
    const checked = checkValue(users, value).value as readonly Record<string, unknown>[];
    expect([checked[0]?.admin, JSON.stringify(checked)]).toEqual([undefined, JSON.stringify(value)]);
  });
});

describe('values that came as text', () => {
  const check = (output: Output, value: unknown) => checkValue(output, value, { fromText: true });

  test.each<[z.ZodType, unknown, unknown]>([
    [z.int(), '42', 42],
    [z.number(), '-1.5e3', -1500],
    [z.number(), 42, 42],
    [z.boolean(), 'true', true],
    [z.boolean(), 'False', false],
    [z.string(), '42', '42'],
    [z.string(), '', ''],
    [z.null(), '', null],
    [z.string().nullable(), '', ''],
    [z.number().nullish(), '', null],
    [z.number().nullish(), '7', 7],
    [z.array(z.number()), '', []],
    [z.array(z.number()), { item: '1' }, [1]],
    [z.array(z.number()), { item: ['1', '2'] }, [1, 2]],
    [z.array(z.number()), ['1', '2'], [1, 2]],
    [z.array(z.looseObject({ id: z.number() })), { user: { id: '1' } }, [{ id: 1 }]],
    [z.looseObject({ id: z.number().optional() }), '', {}],
  ])('%# %j become what the declaration says', (schema, text, value) => {
    expect(check({ kind: 'value', schema }, text)).toEqual({ value, drift: [] });
  });

  test.each<[z.ZodType, unknown, string]>([
    [z.number(), 'many', 'number'],
    [z.number(), '', 'number'],
    [z.number(), ' ', 'number'],
    [z.number(), 'Infinity', 'number'],
    [z.boolean(), 'yes', 'boolean'],
    [z.array(z.string()), 'a', 'array'],
  ])('%# %j is still no %s', (schema, got, expected) => {
    expect(check({ kind: 'value', schema }, got)).toEqual({ value: got, drift: [{ path: '', expected, got }] });
  });

  test('text of an answer stays text where its type is not known', () => {
    expect(checkValue({ kind: 'value', schema: z.number() }, '42')).toEqual({
      value: '42',
      drift: [{ path: '', expected: 'number', got: '42' }],
    });
  });
});

describe('a value of any shape that a server sends', () => {
  const outputs = commands.map(({ name, output }) => ({ name, output }));
  /** Values of JSON that often have the names of declared fields. */
  const names = [...new Set(commands.flatMap(({ output }) => fieldNames(output.schema)))];
  const json = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 4, withCrossShrink: true },
      fc.constantFrom<unknown>(null, true, false, 0, 1, -1.5, '', '7', 'true', 'text'),
      fc.array(tie('value'), { maxLength: 4 }),
      fc.dictionary(fc.oneof(fc.constantFrom(...names), fc.string()), tie('value'), { maxKeys: 6 }),
    ),
  })).value;

  test.each([false, true])('checking never throws, and what does not fit is reported (from text: %s)', (fromText) => {
    fc.assert(
      fc.property(fc.constantFrom(...outputs), json, ({ output }, value) => {
        const checked = checkValue(output, value, { fromText });
        const fits = z.safeParse(output.schema, checked.value).success;
        expect(fits || checked.drift.length > 0).toBe(true);
        expect(checked.drift.length).toBeLessThanOrEqual(21);
      }),
      { numRuns: 500 },
    );
  });

  test('a value that fits is never reported, and loses nothing', () => {
    fc.assert(
      fc.property(fc.constantFrom(...outputs), json, ({ output }, value) => {
        fc.pre(z.safeParse(output.schema, value).success);
        expect(checkValue(output, value).drift).toEqual([]);
      }),
      { numRuns: 300, maxSkipsPerRun: 1000 },
    );
  });

  test('nothing is lost and nothing is moved', () => {
    fc.assert(
      fc.property(fc.constantFrom(...outputs), json, ({ output }, value) => {
        expect(checkValue(output, value).value).toEqual(value);
      }),
      { numRuns: 500 },
    );
  });
});

function fieldNames(schema: z.core.$ZodType): string[] {
  if (schema instanceof z.ZodArray) return fieldNames(schema.element);
  return schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
}
