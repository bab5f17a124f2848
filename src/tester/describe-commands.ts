import * as z from 'zod';
import type { Command } from '../catalogue/define-command.ts';
import type { Insight } from '../catalogue/define-insight.ts';
import { findZoneArgument } from '../catalogue/complete-times.ts';
import { callerShape, fieldTraits, innermost, wireType } from '../catalogue/fields.ts';
import { toolName } from '../catalogue/naming.ts';
import { neededAccess } from '../policy/access.ts';
import { certainRisks, mildestEffect, possibleRisks, worstEffect } from '../policy/decide.ts';
import { INSIGHTS_GROUP, type CommandInfo, type FieldInfo, type FieldKind } from './web/protocol.ts';

/** Returns what the page needs to know of a command to make a form of it; `timeZone` is the one of calls that name none. */
export function describeCommand(command: Command, timeZone?: string): CommandInfo {
  const { name, title, summary, group, longRunning, doubtful = false, since, input, output, examples, mergesInto } = command;
  const mildest = mildestEffect(command);
  const certain = certainRisks(command);
  return {
    name,
    tool: toolName(name),
    title,
    summary,
    group,
    effects: [mildest, worstEffect(command)],
    risks: { certain, possible: possibleRisks(command).filter((risk) => !certain.includes(risk)) },
    ...(worstEffect(command) !== 'read' && { putBack: command.irreversible ?? true }),
    needs: neededAccess(mildest),
    isLong: longRunning === true,
    isDoubtful: doubtful,
    ...(since !== undefined && { since }),
    fields: describeFields(input).map((field) => ({
      ...field,
      ...(timeZone !== undefined && field.name === findZoneArgument(command) && { default: timeZone }),
    })),
    example: examples[0],
    ...(mergesInto && { configuration: mergesInto.argument }),
    ...(output.list?.bytes && { bytes: output.list.bytes }),
  };
}

/** Returns the same of an insight, which only reads. */
export function describeInsight({ name, title, summary, input, examples }: Insight): CommandInfo {
  return {
    name,
    tool: name,
    title,
    summary,
    group: INSIGHTS_GROUP,
    effects: ['read', 'read'],
    risks: { certain: [], possible: [] },
    needs: 'read-only',
    isLong: false,
    isDoubtful: false,
    fields: Object.entries(input).map(([field, schema]) => describeField(field, schema)),
    example: examples[0],
  };
}

/** Describes the arguments of a command or an insight as callers write them. */
export function describeFields(input: Command['input']): readonly FieldInfo[] {
  return Object.entries(callerShape(input)).map(([name, schema]) => describeField(name, schema, input[name]));
}

/** Describes an argument as callers write it; `sent` is its declaration, where the wire has one. */
function describeField(name: string, schema: z.ZodType, sent = schema): FieldInfo {
  const { description = '', default: fallback, anyOf } = jsonSchema.parse(z.toJSONSchema(schema, { io: 'input' }));
  const choices = listChoices(schema);
  const { names, presets, choiceOf } = { ...fieldTraits(schema), ...fieldTraits(sent) };
  return {
    name,
    kind: getKind(sent, choices !== undefined),
    description: description || (sent.description ?? ''),
    isRequired: !schema.safeParse(undefined).success,
    ...(mayHoldSecret(sent) && { mayHoldSecret: true }),
    isNullable: anyOf?.some(({ type }) => type === 'null') ?? false,
    ...(fallback !== undefined && { default: fallback }),
    ...(choices && { choices }),
    ...(presets && { presets }),
    ...(names && { names }),
    ...(choiceOf && { choiceOf }),
  };
}

/** A configuration can contain passwords, and the action of a job those of the command that it runs. */
function mayHoldSecret(schema: z.ZodType): boolean {
  const { secret, isAction = false } = fieldTraits(schema);
  return secret === 'inside' || isAction;
}

/** What is read of a field's JSON Schema. */
const jsonSchema = z.object({
  description: z.string().optional(),
  default: z.union([z.string(), z.boolean(), z.number()]).optional(),
  anyOf: z.array(z.object({ type: z.string().optional() })).optional(),
});

function getKind(schema: z.ZodType, hasChoices: boolean): FieldKind {
  if (fieldTraits(schema).secret === true) return 'secret';
  switch (wireType(schema)) {
    case 'bool':
      return 'boolean';
    case 'csv':
      return hasChoices ? 'choices' : 'list';
    case 'json':
      return 'json';
    case 'datetime':
      return 'datetime';
    case 'number':
      return hasChoices ? 'choice' : 'number';
    case 'string':
      return hasChoices ? 'choice' : 'text';
  }
}

/** Returns the values that a field, or each entry of its list, may have; undefined where they are not a closed set. */
function listChoices(schema: z.core.$ZodType): readonly (string | number)[] | undefined {
  const inner = innermost(schema);
  if (inner instanceof z.core.$ZodArray) return listChoices(inner._zod.def.element);
  if (!(inner instanceof z.core.$ZodEnum) && !(inner instanceof z.core.$ZodLiteral)) return undefined;
  return [...inner._zod.values].filter((value) => typeof value === 'string' || typeof value === 'number');
}
