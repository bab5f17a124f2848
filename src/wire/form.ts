import { MailStoreError } from '../base/errors.ts';
import type { Command } from '../catalogue/define-command.ts';
import { sentFields, wireType, type WireType } from '../catalogue/fields.ts';

/**
 * Encodes parsed arguments as `application/x-www-form-urlencoded` UTF-8 text, in the order of the declaration; null and absent arguments
 * are left out. Throws MailStoreError `unsendable` for a NUL or half a surrogate pair, which would arrive as something else.
 */
export function encodeForm(command: Command, args: Readonly<Record<string, unknown>>): string {
  const form = new URLSearchParams();
  for (const [name, schema] of Object.entries(sentFields(command.input))) {
    const value = args[name];
    if (value === undefined || value === null) continue;
    const text = fieldText(value, wireType(schema));
    if (text.includes('\0') || !text.isWellFormed()) throw new MailStoreError('unsendable', { argument: name });
    form.append(name, text);
  }
  for (const [name, value] of Object.entries(command.constants ?? {})) form.append(name, value);
  return form.toString();
}

function fieldText(value: unknown, type: WireType): string {
  if (type === 'json') return JSON.stringify(value);
  if (type === 'csv') return (value as readonly unknown[]).join(',');
  return String(value);
}
