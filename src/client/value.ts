import * as z from 'zod';
import type { Output } from '../catalogue/outputs.ts';

/** A field whose value is not of the declared shape. The value itself stands here and no longer in its place. */
export interface Drift {
  /** Where it stood, such as `3.fullName`; empty for the whole value. */
  readonly path: string;
  readonly expected: string;
  /** The value that came; absent when the field was missing. */
  readonly got?: unknown;
}

export interface CheckedValue {
  readonly value: unknown;
  readonly drift: readonly Drift[];
}

/** More drift than this is counted instead of listed: a changed list would repeat itself for every row. */
const DRIFT_LIMIT = 20;

/**
 * Compares a value with the declared output: what fits stays (fields that are not declared included), what does not fit is taken out and
 * reported as drift, so that the declared types hold for what remains. `fromText` converts leaves that a dialect could only write as text.
 */
export function checkValue(output: Output, value: unknown, options: { readonly fromText?: boolean } = {}): CheckedValue {
  const drift: Drift[] = [];
  const kept = check(output.schema, value, [], drift, options.fromText ?? false);
  const more = drift.length - DRIFT_LIMIT;
  return {
    value: kept === MISFIT ? undefined : kept,
    drift: more > 0 ? [...drift.slice(0, DRIFT_LIMIT), { path: '', expected: `${more} more differences of the same kinds` }] : drift,
  };
}

const MISFIT = Symbol('misfit');
type Path = readonly (string | number)[];

function check(schema: z.core.$ZodType, value: unknown, path: Path, drift: Drift[], fromText: boolean): unknown {
  const { def } = schema._zod;
  if (isDef<z.core.$ZodObjectDef>(def, 'object'))
    return checkObject(schema, def, fromText && value === '' ? {} : value, path, drift, fromText);
  if (isDef<z.core.$ZodArrayDef>(def, 'array')) return checkArray(schema, def, fromText ? listOf(value) : value, path, drift, fromText);
  if (isDef<z.core.$ZodOptionalDef>(def, 'optional', 'nullable', 'default')) {
    const empty = value === undefined || value === null || (fromText && value === '' && schema instanceof z.ZodNullable);
    if (!empty) return check(def.innerType, value, path, drift, fromText);
    if (z.safeParse(schema, value).success) return value;
    return z.safeParse(schema, null).success ? null : misfit(schema, value, path, drift);
  }
  const parsed = z.safeParse(schema, fromText ? leafOf(schema, value) : value);
  return parsed.success ? parsed.data : misfit(schema, value, path, drift);
}

/** Tells the kind of a type by its definition: zod's classes answer `instanceof` by a search, which a call would make for each field. */
function isDef<Def extends z.core.$ZodTypeDef>(def: z.core.$ZodTypeDef, ...types: readonly z.core.$ZodTypeDef['type'][]): def is Def {
  return types.includes(def.type);
}

function checkObject(
  schema: z.core.$ZodType,
  def: z.core.$ZodObjectDef,
  value: unknown,
  path: Path,
  drift: Drift[],
  fromText: boolean,
): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return misfit(schema, value, path, drift);
  const kept: Record<string, unknown> = { ...value };
  for (const [name, field] of Object.entries(def.shape)) {
    if (!(name in kept)) {
      if (field._zod.optin !== 'optional') drift.push({ path: [...path, name].join('.'), expected: nameOf(field) });
      continue;
    }
    const checked = check(field, kept[name], [...path, name], drift, fromText);
    if (checked === MISFIT) delete kept[name];
    else kept[name] = checked;
  }
  return kept;
}

function checkArray(
  schema: z.core.$ZodType,
  def: z.core.$ZodArrayDef,
  value: unknown,
  path: Path,
  drift: Drift[],
  fromText: boolean,
): unknown {
  if (!Array.isArray(value)) return misfit(schema, value, path, drift);
  return value.map((entry, index) => check(def.element, entry, [...path, index], drift, fromText)).filter((entry) => entry !== MISFIT);
}

function misfit(schema: z.core.$ZodType, got: unknown, path: Path, drift: Drift[]): typeof MISFIT {
  drift.push({ path: path.join('.'), expected: nameOf(schema), ...(got !== undefined && { got }) });
  return MISFIT;
}

function nameOf(schema: z.core.$ZodType): string {
  const { def } = schema._zod;
  if (def.type === 'pipe') return nameOf((def as z.core.$ZodPipeDef).out);
  return 'innerType' in def ? nameOf(def.innerType as z.core.$ZodType) : def.type;
}

/** A list of one row, or of none, looks like an object or an empty text where types are not written. */
function listOf(value: unknown): unknown {
  if (value === '' || value === null) return [];
  if (typeof value !== 'object' || Array.isArray(value)) return value;
  const rows = Object.values(value);
  return rows.length === 1 ? [rows[0]].flat() : [value];
}

function leafOf(schema: z.core.$ZodType, value: unknown): unknown {
  if (typeof value !== 'string') return value;
  if (schema instanceof z.ZodNumber && value.trim() !== '' && Number.isFinite(Number(value))) return Number(value);
  if (schema instanceof z.ZodBoolean && /^(?:true|false)$/i.test(value)) return value.toLowerCase() === 'true';
  if (schema instanceof z.ZodNull && value === '') return null;
  return value;
}
