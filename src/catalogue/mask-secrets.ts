import { MASK } from '../masking/masks.ts';
import { maskValue } from '../masking/mask-value.ts';
import type { Command } from './define-command.ts';
import { fieldTraits, isSecretReference } from './fields.ts';

/**
 * Returns the arguments as people and files may see them: fields declared secret, secrets inside objects, and the credentials in texts such as
 * the command of a job, masked. A reference to a secret is kept: it does not reveal the secret.
 */
export function maskSecrets(command: Pick<Command, 'input'>, args: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(args).map(([name, value]) => {
      const schema = command.input[name];
      const { secret } = schema ? fieldTraits(schema) : {};
      const isMasked = secret === true && value !== undefined && value !== null && !isSecretReference(value);
      return [name, isMasked ? MASK : maskValue(value, { keepsReferences: true })];
    }),
  );
}
