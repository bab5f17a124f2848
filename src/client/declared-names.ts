import type * as z from 'zod';
import type { Catalogue } from '../catalogue/catalogue.ts';

/** Names by which the dialects and the metadata are read. */
const WIRE_NAMES = [
  'error message details token statusVersion statusCode statusText percentProgress logOutput result messages type text time',
  'status statusToken statusUrl name args arguments nullable isNullable enumValues longRunning path root item',
]
  .join(' ')
  .split(' ');

/**
 * Returns a function that collects the names that an answer is read by: the fields that commands declare, and those of the API itself. Such a name
 * stays readable even if it is somebody's password, because the password `statusCode` would otherwise make every answer unreadable.
 */
export function declaredNames({ commands }: Catalogue): () => ReadonlySet<string> {
  // Hardly ever needed: only where a known secret is the name of a member.
  let names: ReadonlySet<string> | undefined;
  return () => {
    names ??= new Set([
      ...WIRE_NAMES,
      ...commands.flatMap(({ input, output }) => [
        ...Object.keys(input),
        ...Object.values(input).flatMap(listNames),
        ...listNames(output.schema),
      ]),
    ]);
    return names;
  };
}

function listNames(schema: z.core.$ZodType): readonly string[] {
  const { def } = schema._zod;
  if ('shape' in def) {
    const shape = def.shape as z.core.$ZodShape;
    return [...Object.keys(shape), ...Object.values(shape).flatMap(listNames)];
  }
  const inner = [
    ...(['element', 'innerType', 'in', 'out', 'valueType'] as const).flatMap((part) =>
      part in def ? [Reflect.get(def, part) as z.core.$ZodType] : [],
    ),
    ...('options' in def ? (def.options as readonly z.core.$ZodType[]) : []),
  ];
  return inner.flatMap(listNames);
}
