import * as z from 'zod';
import type { Output } from '../catalogue/outputs.ts';
import type { Message } from '../wire/reply.ts';

/** A value that is not of the declared shape. It stays in its place. */
export interface Drift {
  /** Where it is, such as `3.fullName`; empty for the whole value. */
  readonly path: string;
  readonly expected: string;
  /** The value that came; absent when the field was missing. */
  readonly got?: unknown;
}

export interface CheckedValue {
  readonly value: unknown;
  readonly drift: readonly Drift[];
  /** Sentences about the call for the caller; none by default. */
  readonly notes?: readonly string[];
  /** Lines that came with the value; absent where none did. */
  readonly messages?: readonly Message[];
}

/** More drift than this is counted instead of listed: a changed list would repeat itself for every row. */
const DRIFT_LIMIT = 20;

/**
 * Compares a value with the declared output and reports what does not fit as drift. Everything stays in its place, so that nothing that the
 * server said is hidden by a wrong declaration. `fromText` converts the texts of a dialect without types to the declared types.
 */
export function checkValue(output: Output, value: unknown, options: { readonly fromText?: boolean } = {}): CheckedValue {
  const drift: Drift[] = [];
  const checked = check(output.schema, value, [], drift, options.fromText ?? false);
  const more = drift.length - DRIFT_LIMIT;
  return {
    value: checked,
    drift: more > 0 ? [...drift.slice(0, DRIFT_LIMIT), { path: '', expected: `${more} more differences of the same kinds` }] : drift,
  };
}

/** Where the value that is looked at is; each step is added for the time that it is looked at. */
type Path = (string | number)[];

function check(schema: z.core.$ZodType, value: unknown, path: Path, drift: Drift[], fromText: boolean): unknown {
  const { def } = schema._zod;
  // Not by `instanceof`: with zod's classes it searches, once for each field of each row.
  switch (def.type) {
    case 'object':
      return checkObject(schema, def as z.core.$ZodObjectDef, fromText && value === '' ? {} : value, path, drift, fromText);
    case 'array':
      return checkArray(schema, def as z.core.$ZodArrayDef, fromText ? readList(value) : value, path, drift, fromText);
    case 'optional':
    case 'nullable':
    case 'default': {
      const isEmpty = value === undefined || value === null || (fromText && value === '' && def.type === 'nullable');
      if (!isEmpty) return check((def as z.core.$ZodOptionalDef).innerType, value, path, drift, fromText);
      if (z.safeParse(schema, value).success) return value;
      return z.safeParse(schema, null).success ? null : misfit(schema, value, path, drift);
    }
    default: {
      const parsed = z.safeParse(schema, fromText ? readLeaf(schema, value) : value);
      return parsed.success ? parsed.data : misfit(schema, value, path, drift);
    }
  }
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
  const checked: Record<string, unknown> = { ...value };
  for (const [name, field] of Object.entries(def.shape)) {
    if (!Object.hasOwn(checked, name)) {
      if (field._zod.optin !== 'optional') drift.push({ path: [...path, name].join('.'), expected: nameType(field) });
      continue;
    }
    path.push(name);
    checked[name] = check(field, checked[name], path, drift, fromText);
    path.pop();
  }
  return checked;
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
  return value.map((entry, index) => {
    path.push(index);
    const checked = check(def.element, entry, path, drift, fromText);
    path.pop();
    return checked;
  });
}

function misfit(schema: z.core.$ZodType, got: unknown, path: Path, drift: Drift[]): unknown {
  drift.push({ path: path.join('.'), expected: nameType(schema), ...(got !== undefined && { got }) });
  return got;
}

function nameType(schema: z.core.$ZodType): string {
  const { def } = schema._zod;
  if (def.type === 'pipe') return nameType((def as z.core.$ZodPipeDef).out);
  return 'innerType' in def ? nameType(def.innerType as z.core.$ZodType) : def.type;
}

/** Where types are not written, a list of one row looks like an object, and an empty list like an empty text. */
function readList(value: unknown): unknown {
  if (value === '' || value === null) return [];
  if (typeof value !== 'object' || Array.isArray(value)) return value;
  const rows = Object.values(value);
  return rows.length === 1 ? [rows[0]].flat() : [value];
}

function readLeaf(schema: z.core.$ZodType, value: unknown): unknown {
  if (typeof value !== 'string') return value;
  if (schema instanceof z.ZodNumber && value.trim() !== '' && Number.isFinite(Number(value))) return Number(value);
  if (schema instanceof z.ZodBoolean && /^(?:true|false)$/i.test(value)) return value.toLowerCase() === 'true';
  if (schema instanceof z.ZodNull && value === '') return null;
  return value;
}
