import { readRow } from '../base/rows.ts';
import { MASK } from '../masking/masks.ts';
import { isSecretName } from '../masking/secret-names.ts';

/**
 * True when settings as they were read may lack a secret: one that is masked, as a value or a name, or an empty one, since some reads leave secrets empty. Sent back,
 * they could take the place of the real one.
 */
export function mayLackSecret(value: unknown): boolean {
  if (typeof value === 'string') return value.includes(MASK);
  if (Array.isArray(value)) return value.some(mayLackSecret);
  return Object.entries(readRow(value)).some(
    ([name, inner]) => name.includes(MASK) || (isSecretName(name) && (inner === null || inner === '')) || mayLackSecret(inner),
  );
}
