import { mapStrings } from '../base/map-strings.ts';
import { isSecretName, MASK, maskCredentialParts } from '../catalogue/mask-secrets.ts';

/**
 * Masks every known credential in a read's result, at any depth: texts under the name of one, the passwords of URLs with a login, and parts
 * such as `password=…` of connection strings and commands. What tells of a credential without being one stays, as do null, empty texts,
 * numbers and switches. Returns the same reference where nothing changed.
 */
export function maskCredentials(value: unknown): unknown {
  return mapStrings(value, (text, name) => (name !== undefined && isCredential(name, text) ? MASK : maskCredentialParts(text)));
}

/** XML without types writes numbers and switches as texts: a number under a plural is how many there are. */
function isCredential(name: string, text: string): boolean {
  if (text === '' || !isSecretName(name)) return false;
  return !/^(?:true|false)$/i.test(text) && !(/s$/i.test(name) && /^\d+$/.test(text));
}
