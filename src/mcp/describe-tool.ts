import * as z from 'zod';
import { isIdempotent, type Command, type InputShape } from '../catalogue/define-command.ts';
import type { Insight } from '../catalogue/define-insight.ts';
import type { Plan } from '../catalogue/define-plan.ts';
import { isRow } from '../base/rows.ts';
import { callerShape, fieldTraits } from '../catalogue/fields.ts';
import { toolName } from '../catalogue/naming.ts';
import { worstEffect, mildestEffect } from '../policy/decide.ts';
import { isListed, listFields } from './list-query.ts';
import {
  aroundSchema,
  changeSchema,
  clockSchema,
  driftSchema,
  generatedSchema,
  insightOutput,
  pageSchema,
  planOutput,
  taskOutput,
} from './task-output.ts';
import type { JsonSchema, ListedTool, ToolDefinition } from './tool-definition.ts';

type ObjectSchema = ToolDefinition['inputSchema'];

/** Returns the tool of a command: name, text, schemas and annotations all follow from the declaration. */
export function describeTool(command: Command): ToolDefinition {
  const effect = worstEffect(command);
  return {
    name: toolName(command.name),
    title: command.title,
    description: command.summary,
    inputSchema: describeInput({ ...callerShape(command.input), ...(isListed(command) && listFields) }),
    outputSchema: command.longRunning ? taskOutput : describeOutput(command),
    annotations: {
      readOnlyHint: effect === 'read',
      destructiveHint: effect === 'destructive' || (command.irreversible !== undefined && command.nothingLost !== true),
      idempotentHint: isIdempotent(command),
      openWorldHint: false,
    },
    _meta: { 'mailstore/command': command.name },
  };
}

export function listTool(command: Command): ListedTool {
  return {
    tool: describeTool(command),
    group: command.group,
    effect: mildestEffect(command),
    ...(command.doubtful && { doubtful: true }),
    ...(command.longRunning && { longRunning: true }),
  };
}

/** Returns the tool of an insight. */
export function listInsight({ name, title, summary, input, room }: Insight): ListedTool {
  return {
    group: 'insights',
    effect: 'read',
    ...(room && { room: room.name }),
    tool: {
      name,
      title,
      description: summary,
      inputSchema: describeInput(input),
      outputSchema: insightOutput,
      annotations: { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
    },
  };
}

/** The arguments of a plan: those of its first call, and the id that runs it. */
export function planShape(plan: Plan): InputShape {
  return {
    // Of a call that names a plan alone, nothing may be filled in.
    ...Object.fromEntries(Object.entries(plan.input).map(([name, schema]) => [name, withoutDefault(schema).optional()])),
    planId: z.string().min(1).optional().describe('From the first call: runs its steps.'),
  };
}

function withoutDefault(schema: z.ZodType): z.ZodType {
  return schema instanceof z.ZodDefault ? (schema.unwrap() as z.ZodType).describe(schema.description ?? '') : schema;
}

/** Returns the tool of a plan. */
export function listPlan(plan: Plan): ListedTool {
  const { name, title, summary } = plan;
  return {
    group: 'plans',
    effect: 'write',
    tool: {
      name,
      title,
      description: summary,
      inputSchema: describeInput(planShape(plan)),
      outputSchema: planOutput,
      annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: false, openWorldHint: false },
    },
  };
}

/** Returns the JSON Schema of a tool's arguments. */
export function describeInput(fields: InputShape): ObjectSchema {
  return asObject(slim(z.toJSONSchema(z.strictObject(fields), { io: 'input' })));
}

function describeOutput(command: Command): ObjectSchema {
  const value = loosen(slim(z.toJSONSchema(command.output.schema)));
  const isRead = worstEffect(command) === 'read';
  const hasSecret = Object.values(command.input).some((schema) => fieldTraits(schema).secret !== undefined);
  const beside = {
    ...aroundSchema,
    ...(command.showsClock && clockSchema),
    drift: driftSchema,
    ...(!isRead && { change: changeSchema }),
    ...(!isRead && hasSecret && { generated: generatedSchema }),
  };
  switch (command.output.kind) {
    case 'list':
      return {
        type: 'object',
        properties: { items: { ...value, type: 'array' }, ...pageSchema, ...beside },
      };
    case 'record':
      return asObject({ ...value, properties: { ...(value['properties'] as object), ...beside } });
    case 'value':
      return { type: 'object', properties: { result: value, ...beside } };
  }
}

function asObject(schema: JsonSchema): ObjectSchema {
  return { ...schema, type: 'object' };
}

/**
 * Leaves out what a model pays for and does not need, the dialect of the schema, that a text or a list is not empty, and the bounds of a safe integer, and rewrites what some
 * providers refuse: an exclusive bound of integers as the next one, a constant as the one value of a list, a list of numbers as their range,
 * and an array without a type of its entries as one of any.
 */
function slim(schema: unknown): JsonSchema {
  return mapSchema(
    schema,
    ({
      $schema: _,
      minLength,
      minItems,
      minimum,
      maximum,
      exclusiveMinimum,
      exclusiveMaximum,
      const: constant,
      propertyNames: _names,
      anyOf,
      ...rest
    }) => {
      const lowest = typeof exclusiveMinimum === 'number' && rest['type'] === 'integer' ? exclusiveMinimum + 1 : minimum;
      const highest = typeof exclusiveMaximum === 'number' && rest['type'] === 'integer' ? exclusiveMaximum - 1 : maximum;
      const { enum: values, ...others } = rest;
      return {
        ...others,
        ...(Array.isArray(anyOf) && joinVariants(anyOf as readonly JsonSchema[])),
        ...(minLength !== undefined && minLength !== 1 && { minLength }),
        ...(minItems !== undefined && minItems !== 1 && { minItems }),
        ...(Array.isArray(values) && !isNumbers(values) && { enum: values }),
        ...(rest['type'] === 'array' && !('items' in rest) && { items: {} }),
        ...(typeof constant === 'string' && { enum: [constant] }),
        ...(lowest !== undefined && lowest !== Number.MIN_SAFE_INTEGER && { minimum: lowest }),
        ...(highest !== undefined && highest !== Number.MAX_SAFE_INTEGER && { maximum: highest }),
        ...describeRange(rest),
      };
    },
  );
}

/**
 * Returns variants as a model reads them: those of one required field each, such as `{fromEnv}` or `{fromFile}`, become one object. The server's own
 * schema refuses more than one of them, and a model reads the names either way.
 */
function joinVariants(variants: readonly JsonSchema[]): JsonSchema {
  const single = variants.filter(
    ({ properties, required }) =>
      isRow(properties) && Object.keys(properties).length === 1 && Array.isArray(required) && required.length === 1,
  );
  if (single.length < 2) return { anyOf: variants };
  const properties = Object.assign({}, ...single.map((variant) => variant['properties'] as object)) as object;
  const joined = { type: 'object', properties, additionalProperties: false };
  const others = variants.filter((variant) => !single.includes(variant));
  return others.length === 0 ? joined : { anyOf: [...others, joined] };
}

function describeRange({ enum: values, description }: Record<string, unknown>): Record<string, unknown> {
  if (!isNumbers(values)) return {};
  const text = typeof description === 'string' ? `${description} ` : '';
  return {
    type: 'integer',
    description: `${text}One of ${values.join(', ')}.`,
    minimum: Math.min(...values),
    maximum: Math.max(...values),
  };
}

function isNumbers(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every((entry) => typeof entry === 'number');
}

/**
 * Turns a schema into one that names the fields and refuses nothing. The server may answer in any shape, and a client that checks must not
 * refuse an answer; the types are described as text.
 */
function loosen(schema: unknown): JsonSchema {
  if (typeof schema !== 'object' || schema === null) return {};
  const { $ref, $defs, type, enum: values, anyOf = [], description, properties, items } = schema as SchemaParts;
  const variants = anyOf.map(loosen);
  const shaped = variants.find((variant) => 'properties' in variant || 'items' in variant || '$ref' in variant);
  const types = [...(values ?? [type].flat()), ...anyOf.map((variant) => variant.type)]
    .filter((name) => name !== undefined)
    .map((name) => (typeof name === 'string' ? name : JSON.stringify(name)));
  const isLeaf = properties === undefined && items === undefined && shaped === undefined;
  const words = [description, isLeaf && types.length > 0 && `(${types.join(' or ')})`].filter(Boolean).join(' ');
  return {
    ...shaped,
    ...($ref !== undefined && { $ref }),
    ...($defs && { $defs: mapValues($defs, loosen) }),
    ...(words !== '' && { description: words }),
    ...(properties && { properties: mapValues(properties, loosen) }),
    ...(items !== undefined && { items: loosen(items) }),
  };
}

interface SchemaParts {
  readonly $ref?: string;
  readonly $defs?: Readonly<Record<string, unknown>>;
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly SchemaParts[];
  readonly description?: string;
  readonly properties?: Readonly<Record<string, unknown>>;
  readonly items?: unknown;
}

function mapValues<Value, Result>(record: Readonly<Record<string, Value>>, change: (value: Value) => Result): Record<string, Result> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, change(value)]));
}

/** Applies `change` to a schema and to every schema inside it. */
function mapSchema(schema: unknown, change: (schema: Record<string, unknown>) => Record<string, unknown>): JsonSchema {
  if (Array.isArray(schema)) return schema.map((entry) => mapEntry(entry, change)) as unknown as JsonSchema;
  const changed = change(schema as Record<string, unknown>);
  return Object.fromEntries(
    Object.entries(changed).map(([key, value]) => {
      if (key === 'properties' || key === '$defs') {
        return [key, Object.fromEntries(Object.entries(value as object).map(([name, inner]) => [name, mapEntry(inner, change)]))];
      }
      return [
        key,
        ['items', 'anyOf', 'oneOf', 'allOf', 'additionalProperties', 'propertyNames'].includes(key) ? mapEntry(value, change) : value,
      ];
    }),
  );
}

function mapEntry(value: unknown, change: (schema: Record<string, unknown>) => Record<string, unknown>): unknown {
  return typeof value === 'object' && value !== null ? mapSchema(value, change) : value;
}
