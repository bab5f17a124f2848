import type { PageFields, PageRequest } from './page.ts';
import type { SqlValue } from './sqlite.ts';

/** The expression in SQL that gives a field; an object is a column of JSON. */
export interface FieldColumns<Fields extends PageFields = PageFields> {
  readonly values: Readonly<Record<Fields['names'][number], string>>;
  readonly objects: Readonly<Record<Fields['objects'][number], string>>;
}

/** A part of a statement with the values for its question marks. */
export interface SqlPart {
  readonly sql: string;
  readonly params: readonly SqlValue[];
}

/** Returns the conditions of a page, each after `AND`. */
export function writeConditions(columns: FieldColumns, { where = {} }: Pick<PageRequest, 'where'>): SqlPart {
  const parts = Object.entries(where).map(([field, values]): SqlPart => {
    const column = findColumn(columns, field);
    if (!column) return { sql: 'AND 0', params: [] };
    const texts = values.flatMap((value) => {
      if (typeof value === 'boolean') return [String(value), value ? '1' : '0'];
      return value === null ? [] : [String(value).toLowerCase()];
    });
    const isOneOf = `lower(CAST(${column.sql} AS TEXT)) IN (${texts.map(() => '?').join(', ')})`;
    if (!values.includes(null)) return { sql: `AND ${isOneOf}`, params: [...column.params, ...texts] };
    return { sql: `AND (${isOneOf} OR ${column.sql} IS NULL)`, params: [...column.params, ...texts, ...column.params] };
  });
  return { sql: parts.map(({ sql }) => sql).join(' '), params: parts.flatMap(({ params }) => params) };
}

/** Returns the order of a page; rows that are alike in it come newest first. */
export function writeOrder(columns: FieldColumns, { sort }: Pick<PageRequest, 'sort'>): SqlPart {
  const column = sort && findColumn(columns, sort.field);
  if (!column) return { sql: 'ORDER BY number DESC', params: [] };
  return { sql: `ORDER BY ${column.sql} ${sort.isDescending ? 'DESC' : 'ASC'} NULLS LAST, number DESC`, params: column.params };
}

function findColumn({ values, objects }: FieldColumns, field: string): SqlPart | undefined {
  const own = Object.hasOwn(values, field) ? values[field] : undefined;
  if (own !== undefined) return { sql: own, params: [] };
  const [name = '', ...path] = field.split('.');
  const json = Object.hasOwn(objects, name) ? objects[name] : undefined;
  if (json === undefined || path.some((part) => part.includes('"'))) return undefined;
  return path.length === 0
    ? { sql: json, params: [] }
    : { sql: `json_extract(${json}, ?)`, params: [`$${path.map((part) => `."${part}"`).join('')}`] };
}
