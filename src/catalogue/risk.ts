import type { DecisionContext, Risk } from './define-command.ts';
import { foldName } from '../base/name-twins.ts';
import { isRow, readRow, type Row } from '../base/rows.ts';
import { isSecretName } from '../masking/secret-names.ts';

/** True when two names may mean the same account or archive. */
export function isSameName(one: unknown, other: unknown): boolean {
  return typeof one === 'string' && typeof other === 'string' && foldName(one) === foldName(other);
}

/** Returns a login name without its domain: `EXAMPLE\admin` and `admin@example.com` are both `admin`. */
function localPart(name: string): string {
  return (
    foldName(name)
      .replace(/^.*[\\/]/, '')
      .split('@', 1)[0] ?? ''
  );
}

/** True when a call is about the account that this server itself logs in with; true where that is not known. */
export function isOwnLogin(name: unknown, { login }: DecisionContext): boolean {
  return login === undefined || typeof name !== 'string' || isSameName(name, login) || localPart(name) === localPart(login);
}

/** Returns the risks whose condition holds. */
export function listRisks(conditions: Partial<Readonly<Record<Risk, boolean>>>): readonly Risk[] {
  return (Object.keys(conditions) as Risk[]).filter((risk) => conditions[risk]);
}

/** True for a path on a drive of the server's own machine. A share, a device, a URL and anything that is not clearly such a path is none. */
export function isLocalPath(path: unknown): boolean {
  return typeof path === 'string' && /^[A-Za-z]:[\\/](?![\\/])[^\p{Cc}:*?"<>|%]*$/u.test(path) && !/(?:^|[\\/])\.\.(?:[\\/]|$)/.test(path);
}

/** Lays the fields that a caller states over those of a configuration object; objects inside it are merged likewise, lists are replaced. */
export function mergeConfiguration(current: Row, given: Row): Row {
  const merged: Record<string, unknown> = Object.assign(Object.create(null) as object, current);
  for (const [name, value] of Object.entries(given)) {
    const before = Object.hasOwn(current, name) ? current[name] : undefined;
    merged[name] = isRow(before) && isRow(value) ? mergeConfiguration(before, value) : value;
  }
  return { ...merged };
}

/**
 * Returns the names of fields that a caller states otherwise than they are set, and of all that the caller states where it is not known what is
 * set. Lists are compared without regard to their order.
 */
export function changedFields(current: unknown, given: unknown): readonly string[] {
  return Object.entries(readRow(given))
    .filter(([name, value]) => !isRow(current) || !Object.hasOwn(current, name) || !isSameSetting(current[name], value))
    .map(([name]) => name);
}

function isSameSetting(one: unknown, other: unknown): boolean {
  if (Array.isArray(one) && Array.isArray(other)) {
    return one.length === other.length && one.every((entry) => other.some((candidate) => isSameSetting(entry, candidate)));
  }
  if (isRow(one) && isRow(other)) {
    const names = Object.keys(one);
    return (
      names.length === Object.keys(other).length &&
      names.every((name) => Object.hasOwn(other, name) && isSameSetting(one[name], other[name]))
    );
  }
  return one === other || (one === '' && other === null) || (one === null && other === '');
}

/** Says which fields change and how, with the value that is set and the one that is stated; undefined where none does. Secrets are not shown. */
export function describeChanges(current: unknown, given: unknown): string | undefined {
  const said = changedFields(current, given).map((name) => {
    if (isSecretName(name)) return `${name} (not shown)`;
    return `${name} ${isRow(current) && Object.hasOwn(current, name) ? `${JSON.stringify(current[name])} → ` : ''}${JSON.stringify(readRow(given)[name])}`;
  });
  return said.length === 0 ? undefined : `Changes: ${said.join(', ')}.`;
}
