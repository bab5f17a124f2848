import type { Command } from './define-command.ts';
import { fieldTraits } from './fields.ts';

/** What stands in the place of a secret. */
const MASK = '***';

/** Names under which an object of settings holds a secret. */
const SECRET_NAME = /pass(?:word|phrase)|secret|private_?key|encryption_?key|token|credential/i;

/** Returns the arguments as people and files may see them: fields declared secret, and secrets inside objects of settings, masked. */
export function maskSecrets(command: Command, args: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(args).map(([name, value]) => {
      const schema = command.input[name];
      const { secret } = schema ? fieldTraits(schema) : {};
      if (value === undefined || value === null || secret === undefined) return [name, value];
      return [name, secret === true ? MASK : maskInside(value)];
    }),
  );
}

function maskInside(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(maskInside);
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => {
      const isSecret = SECRET_NAME.test(name) && inner !== null && typeof inner !== 'number' && typeof inner !== 'boolean';
      return [name, isSecret ? MASK : maskInside(inner)];
    }),
  );
}
