import { expect, test } from 'vitest';
import * as z from 'zod';
import { zodToJsonSchema } from 'zod-to-json-schema';

const input = z.strictObject({ userName: z.string().min(1), privileges: z.array(z.enum(['none', 'read'])) });

// The converter's types were written for zod 3, and accept nothing from zod 4.
const convert = zodToJsonSchema as unknown as (schema: z.ZodType) => Record<string, unknown>;

test('zod-to-json-schema turns a zod 4 schema into an empty one without an error, and so cannot describe a tool', () => {
  expect(convert(input)).toEqual({ $schema: 'http://json-schema.org/draft-07/schema#' });
});

test('zod’s own converter keeps the arguments of the same schema, their order and what is required', () => {
  expect(z.toJSONSchema(input, { io: 'input' })).toEqual({
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    type: 'object',
    properties: {
      userName: { type: 'string', minLength: 1 },
      privileges: { type: 'array', items: { type: 'string', enum: ['none', 'read'] } },
    },
    required: ['userName', 'privileges'],
    additionalProperties: false,
  });
});
