import { describe, expect, test } from 'vitest';
import { toolList } from '../helpers/server-catalogue.ts';

/** What a provider does not take anywhere in a schema. */
const REFUSED = {
  Gemini: [
    'exclusiveMinimum',
    'exclusiveMaximum',
    'const',
    'propertyNames',
    'patternProperties',
    '$ref',
    '$defs',
    'oneOf',
    'allOf',
    'not',
    'if',
    'multipleOf',
    'uniqueItems',
    'contains',
    'prefixItems',
    'dependentRequired',
  ],
  OpenAI: [
    'propertyNames',
    'patternProperties',
    'oneOf',
    'allOf',
    'not',
    'if',
    'dependentRequired',
    'dependentSchemas',
    'prefixItems',
    'unevaluatedProperties',
  ],
  Anthropic: ['$ref', 'not', 'if', 'propertyNames', 'patternProperties', 'dependentRequired', 'prefixItems'],
} as const;

type Schema = Readonly<Record<string, unknown>>;

/** Returns every schema in a schema with its path. */
function schemasIn(value: unknown, path: string): readonly (readonly [path: string, schema: Schema])[] {
  if (typeof value !== 'object' || value === null) return [];
  if (Array.isArray(value)) return value.flatMap((entry, index) => schemasIn(entry, `${path}[${index}]`));
  const schema = value as Schema;
  const inner = Object.entries(schema).flatMap(([key, held]) => {
    if (key === 'properties') return Object.entries(held as Schema).flatMap(([name, entry]) => schemasIn(entry, `${path}.${name}`));
    return ['items', 'anyOf', 'oneOf', 'allOf', 'additionalProperties'].includes(key) ? schemasIn(held, `${path}.${key}`) : [];
  });
  return [[path, schema], ...inner];
}

const schemas = toolList.flatMap(({ tool }) => [
  ...schemasIn(tool.inputSchema, `${tool.name} in`),
  ...schemasIn(tool.outputSchema, `${tool.name} out`),
]);

describe('the schemas of all tools', () => {
  test.each(Object.entries(REFUSED))('hold nothing that %s refuses', (_provider, refused) => {
    expect(schemas.length).toBeGreaterThan(500);
    const found = schemas.flatMap(([path, schema]) => refused.filter((word) => word in schema).map((word) => `${path}: ${word}`));
    expect(found).toEqual([]);
  });

  test('say of every array what its entries are', () => {
    expect(schemas.filter(([, { type, items }]) => type === 'array' && typeof items !== 'object').map(([path]) => path)).toEqual([]);
  });

  test('list texts alone: Gemini takes no numbers there', () => {
    const wrong = schemas.filter(([, { enum: values }]) => Array.isArray(values) && values.some((value) => typeof value !== 'string'));
    expect(wrong.map(([path]) => path)).toEqual([]);
  });

  test('are objects at their root, without alternatives', () => {
    const roots = toolList.map(({ tool }) => tool.inputSchema as Schema);
    expect(
      roots.filter((root) => root['type'] !== 'object' || 'anyOf' in root || 'oneOf' in root || 'allOf' in root || 'enum' in root),
    ).toEqual([]);
  });

  test('have names that every provider takes', () => {
    const names = toolList.flatMap(({ tool }) => [
      tool.name,
      ...Object.keys((tool.inputSchema as { properties?: object }).properties ?? {}),
    ]);
    expect(names.filter((name) => !/^[a-zA-Z0-9_-]{1,64}$/.test(name))).toEqual([]);
  });
});
