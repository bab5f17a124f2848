import { maskJson } from './mask-json.ts';
import { MASK } from './masks.ts';
import { mayHoldCredential, maskText } from './mask-text.ts';

/**
 * Returns a JSON value with its credentials masked, at any depth; the same reference where nothing changed. With `keepsReferences` objects that
 * only say where a secret is, such as `{"fromEnv": "MAILSTORE_SECRET_X"}`, stay readable.
 */
export function maskValue(value: unknown, { keepsReferences = false }: { readonly keepsReferences?: boolean } = {}): unknown {
  if (typeof value === 'string') return maskText(value);
  if (typeof value !== 'object' || value === null) return value;
  const json = JSON.stringify(value);
  if (!mayHoldCredential(json)) return value;
  const masked = maskJson(json, { change: () => MASK, text: maskText, keepsReferences });
  return masked === undefined || masked === json ? value : (JSON.parse(masked) as unknown);
}
