import type * as z from 'zod';
import { MailStoreError } from '../base/errors.ts';
import { nearest } from '../base/nearest.ts';
import type { Row } from '../base/rows.ts';
import { innermost } from '../catalogue/fields.ts';

/** A shorter beginning of a name may be a word of its own. */
const SHORTENED_LENGTH = 5;

interface StatedFields {
  readonly given: Row;
  /** The fields that the server shows now, and those that are declared. */
  readonly known: readonly string[];
}

/**
 * Refuses a field that is neither shown nor declared and is probably meant to be one that is: the server would leave the setting as it is without a
 * word. A field that is like none of them may be new. Throws MailStoreError `mistypedField`.
 */
export function refuseMistypedFields(
  names: { readonly tool: string; readonly read: string },
  argument: string,
  { given, known }: StatedFields,
): void {
  for (const field of Object.keys(given)) {
    if (known.includes(field)) continue;
    const longer = [...new Set(known)].filter((name) => field.length >= SHORTENED_LENGTH && name.startsWith(field));
    const meant = nearest(field, known, { maxDistance: 2 }) ?? (longer.length === 1 ? longer[0] : undefined);
    if (meant !== undefined) throw new MailStoreError('mistypedField', { ...names, field: `${argument}.${field}`, meant });
  }
}

/** Returns the names of the fields that a configuration object is declared with. */
export function declaredFields(schema: z.core.$ZodType | undefined): readonly string[] {
  const inner = schema && innermost(schema);
  return inner?._zod.def.type === 'object' ? Object.keys((inner as z.core.$ZodObject)._zod.def.shape) : [];
}
